"""Whether two descriptions are of one paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.same_paper import ByNames, Names, are_same, names_of
from papersearch.types import Paper


def paper_of(arxiv_id: str | None, doi: str | None, title: str) -> Paper:
    return Paper(paper_id="x", title=title, abstract="x", arxiv_id=arxiv_id, doi=doi)


def described(arxiv_id: str | None, doi: str | None, title: str) -> Names:
    return names_of(paper_of(arxiv_id, doi, title))


DESCRIPTIONS = st.tuples(
    st.sampled_from([None, "2401.00001", "2401.00001v2", "2401.00002"]),
    st.sampled_from([None, "10.1000/A", "10.1000/a", "10.1000/b"]),
    st.sampled_from(["", "On Apples", "On apples.", "On Bees"]),
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("2401.00001", None, "A"), ("2401.00001v3", None, "B"), True),
        ((None, "10.1000/A", "A"), (None, "10.1000/a", "B"), True),
        (("2401.00001", "10.1/x", "A"), ("2401.00001", "10.1/y", "B"), True),
        ((None, None, "A: b"), ("2401.00001", None, "a b"), True),
        (("2401.00001", None, "A"), (None, "10.1000/a", "A"), True),
        (("2401.00001", None, "A"), ("2401.00002", None, "A"), False),
        (("2401.00001", "10.1/x", "A"), ("2401.00001", "10.1/y", "A"), True),
        ((None, "10.1/x", "A"), (None, "10.1/y", "A"), False),
        ((None, None, ""), (None, None, ""), False),
        ((None, None, "A"), (None, None, "B"), False),
    ],
)
def test_examples(
    one: tuple[str | None, str | None, str], other: tuple[str | None, str | None, str], expected: bool
) -> None:
    """A shared identifier decides; a title does where no identifier of one kind differs, and an empty one never."""
    assert are_same(described(*one), described(*other)) == expected
    assert are_same(described(*other), described(*one)) == expected


@given(DESCRIPTIONS, DESCRIPTIONS)
def test_one_paper_has_a_common_key(
    one: tuple[str | None, str | None, str], other: tuple[str | None, str | None, str]
) -> None:
    """Two descriptions of one paper share a key, so that a look-up by keys misses none."""
    first, second = described(*one), described(*other)
    if are_same(first, second):
        assert set(first.lookup_keys()) & set(second.lookup_keys())


@given(DESCRIPTIONS, st.lists(DESCRIPTIONS, max_size=5))
def test_values_by_names(
    one: tuple[str | None, str | None, str], others: list[tuple[str | None, str | None, str]]
) -> None:
    """The values of a paper are those of all descriptions that are of the same paper."""
    names = [described(*other) for other in others]
    expected = {place for place, other in enumerate(names) if are_same(described(*one), other)}
    assert set(ByNames(zip(names, range(5), strict=False)).of(paper_of(*one))) == expected
