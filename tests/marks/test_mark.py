"""Marks and the papers that they belong to, after builds that rename, remove and add papers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.errors import InvalidMark, UnknownTag
from papersearch.marks.mark import MAX_NOTE, MAX_TAG, Change, Mark, Marks, narrowed, resolved
from papersearch.search.filter_table import MarkFilters
from papersearch.types import NO_FILTERS, Filters
from tests.marks.collection import Collection, paper

GPIPE = Mark("gpipe-1", ("moe",), True, "good", "GPipe: Easy Scaling", "1811.06965v5", "10.1000/ABC")


@pytest.mark.parametrize(
    ("now", "is_found"),
    [
        (paper("gpipe-1", "Another title"), True),
        (paper("renamed", "Another title", arxiv_id="1811.06965"), True),
        (paper("renamed", "Another title", doi="10.1000/abc"), True),
        (paper("renamed", "gpipe - easy scaling!"), True),
        (paper("renamed", "GPipe: Easy Scaling", arxiv_id="2401.00001"), False),
        (paper("renamed", "GPipe: Easy Scaling", doi="10.1000/other"), False),
        (paper("gpipe-12", "Another title"), False),
    ],
)
def test_a_paper_is_found_again(now: object, is_found: bool) -> None:
    """A mark follows its paper by id, arXiv id of any version, DOI in any case, or title without contradiction."""
    there = Collection(now)  # type: ignore[arg-type]  # a paper
    [mark] = Marks([GPIPE]).of(there.papers, there)
    assert (mark is not None) == is_found
    if mark is not None:
        assert (mark.tags, mark.is_read, mark.note) == (GPIPE.tags, GPIPE.is_read, GPIPE.note)
        assert mark.paper_id == there.papers[0].paper_id


def test_a_namesake_has_no_mark() -> None:
    """While the marked paper is in the collection, a paper of the same title has no mark of its own."""
    mark = Mark("intro-1", ("moe",), title="Introduction")
    there = Collection(paper("intro-1", "Introduction"), paper("intro-2", "Introduction"))
    assert [found is not None for found in Marks([mark]).of(there.papers, there)] == [True, False]
    assert resolved([mark], there) == ["intro-1"]
    assert resolved([mark._replace(paper_id="gone")], there) == [None], "two papers may be meant"


def test_resolved_marks() -> None:
    """A mark leads to its id, else by arXiv id, DOI, or title unless an identifier contradicts, to one paper."""
    there = Collection(paper("a", "Apples"), paper("b", "Bees", arxiv_id="2401.00001"), paper("c", doi="10.1000/c"))
    marks = [
        Mark("a", title="Bees"),
        Mark("gone", title="apples."),
        Mark("gone", title="Bees", arxiv_id="2401.00002"),
        Mark("", title="Bees"),
        Mark("gone", title="Cats"),
        Mark("gone", title="Cats", arxiv_id="2401.00001"),
        Mark("gone", title="Bees", arxiv_id="9999.00001", doi="10.1000/c"),
    ]
    assert resolved(marks, there) == ["a", "a", None, "b", None, "b", "c"]


def test_marks_of_one_paper_are_joined() -> None:
    """Two machines may have marked a paper under two ids: tags, states and notes of both count."""
    first = Mark("x", ("MoE", "todo"), False, "one", arxiv_id="1811.06965")
    second = Mark("y", ("moe", "later"), True, "two", arxiv_id="1811.06965v2")
    there = Collection(paper("x", arxiv_id="1811.06965"))
    [mark] = Marks([first, second, first]).of(there.papers, there)
    assert mark is not None
    assert (mark.tags, mark.is_read, mark.note) == (("MoE", "todo", "later"), True, "one; two")


def test_tags() -> None:
    """Case does not tell tags apart; an unknown tag is an error that names the nearest."""
    marks = Marks([Mark("a", ("MoE",)), Mark("b", ("moe", "routing")), Mark("c")])
    assert marks.tags() == {"MoE": 2, "routing": 1}
    assert [mark.paper_id for mark in marks.tagged(["moe"])] == ["a", "b"]
    assert [mark.paper_id for mark in marks.tagged(["Routing", "MOE"])] == ["a", "b"]
    with pytest.raises(UnknownTag) as caught:
        marks.tagged(["moe", "rooting"])
    assert (caught.value.tag, caught.value.nearest) == ("rooting", ("routing",))
    with pytest.raises(UnknownTag):
        Marks().tagged(["moe"])


tags = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
marked = st.dictionaries(st.sampled_from("stuvwxyz"), st.tuples(tags, st.booleans()))


@given(
    marked,
    st.sets(st.sampled_from("stuvwx")),
    st.none() | st.sets(st.sampled_from("stuv")),
    tags,
    st.booleans(),
    st.booleans(),
)
def test_conditions_on_marks(
    given_marks: dict[str, tuple[tuple[str, ...], bool]],
    present: set[str],
    within: set[str] | None,
    wanted: tuple[str, ...],
    unread: bool,
    read: bool,
) -> None:
    """Papers within the narrowed filters have a tag, are read or not as is asked, and were within before."""
    there = Collection(*map(paper, sorted(present)))
    marks = Marks(Mark(name, *each) for name, each in given_marks.items())
    known = {tag for each, _ in given_marks.values() for tag in each}
    if not known.issuperset(wanted):
        with pytest.raises(UnknownTag):
            narrowed(NO_FILTERS, MarkFilters(wanted), marks, there)
        return
    before = Filters(within=None if within is None else tuple(sorted(within)), since="2024")
    after, lost = narrowed(before, MarkFilters(wanted, unread, read), marks, there)
    assert after.since == "2024"

    def is_kept(name: str) -> bool:
        own, is_read = given_marks.get(name, ((), False))
        is_tagged = not wanted or not set(own).isdisjoint(wanted)
        is_wanted = is_tagged and not (unread and is_read) and not (read and not is_read)
        return (within is None or name in within) and is_wanted

    left = {
        name
        for name in present
        if (after.within is None or name in after.within) and name not in (after.without or ())
    }
    assert left == {name for name in present if is_kept(name)}
    asked = {
        name
        for name, (own, is_read) in given_marks.items()
        if not set(own).isdisjoint(wanted) or (read and is_read)
    }
    assert sorted(mark.paper_id for mark in lost) == sorted(asked - present)


def test_changes() -> None:
    """A change adds and removes tags in any case, and leaves alone what it does not name."""
    before = Mark("a", ("MoE", "old"), True, "note")
    after = Change(("moe", " new\n"), ("OLD",)).checked().applied(before)
    assert after == Mark("a", ("MoE", "new"), True, "note")
    assert Change(note="", is_read=False).checked().applied(before) == Mark("a", ("MoE", "old"))


@pytest.mark.parametrize(
    "change",
    [
        Change(("",)),
        Change((" \x1b[31m ",)),
        Change(untags=("\x00",)),
        Change(("x" * (MAX_TAG + 1),)),
        Change(note="x" * (MAX_NOTE + 1)),
    ],
)
def test_what_cannot_be_kept(change: Change) -> None:
    """A tag has some characters that can be printed, and not too many; a note is bounded."""
    with pytest.raises(InvalidMark):
        change.checked()
