"""The cursor among hits that change, compared with a walk over all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from papersearch.cli.tui.cursor import Cursor
from papersearch.types import Evidence, Hit, Paper, PaperName

RANKINGS = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), min_size=1, max_size=6)


def hits(names: str | list[str], folded: dict[str, str] | None = None) -> list[Hit]:
    """Return a hit for each letter; `folded` names the near-duplicates of some."""
    return [
        Hit(
            rank=rank,
            paper=Paper(paper_id=name, title=name, abstract=""),
            score=1 / rank,
            keyword_score=None,
            semantic_score=None,
            exact_title=False,
            verdict=None,
            evidence=Evidence(text="", start=0, end=0, text_spans=(), title_spans=()),
            duplicates=tuple(PaperName(paper_id=one, title=one) for one in (folded or {}).get(name, "")),
        )
        for rank, name in enumerate(names, 1)
    ]


@given(RANKINGS, st.sampled_from("abcdefgh"), st.integers(0, 7))
def test_it_is_at_its_paper_or_the_nearest_row(rankings: list[list[str]], paper: str, row: int) -> None:
    """In every ranking the cursor is at its paper; without the paper, at the row where it was last."""
    cursor = Cursor(paper, row, is_put=True)
    last = row
    for ranking in rankings:
        found = hits(ranking)
        cursor = cursor.followed(found)
        if paper in ranking:
            last = ranking.index(paper)
            assert cursor.nearest(found) == last
        else:
            assert cursor.nearest(found) == min(last, max(len(ranking) - 1, 0))


@given(RANKINGS)
def test_an_unmoved_cursor_shows_the_best_of_each_query(rankings: list[list[str]]) -> None:
    """A cursor that nobody has moved is at the best hit of every query."""
    cursor = Cursor()
    for ranking in rankings:
        found = hits(ranking)
        cursor = cursor.released().followed(found)
        assert cursor.nearest(found) == 0


def test_it_follows_a_paper_under_a_near_duplicate() -> None:
    """The cursor is at the hit that its paper is folded into, and at the paper where it is a hit itself."""
    cursor = Cursor("c", 2, is_put=True)
    assert cursor.row_in(hits("abx", {"b": "c"})) == 1
    assert cursor.row_in(hits("abc", {"b": "c"})) == 2
    assert cursor.followed(hits("abx", {"b": "c"})).row_in(hits("xyzc")) == 3


def test_a_moved_cursor_stays_for_the_next_query() -> None:
    """A cursor that the reader has put at a paper keeps it when another query is typed."""
    cursor = Cursor("c", 2, is_put=True)
    assert cursor.released().followed(hits("cab")).nearest(hits("cab")) == 0
