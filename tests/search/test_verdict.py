"""Whether a hit answers: queries on the corpus, and on nothing in it."""

from __future__ import annotations

import pytest

import papersearch


@pytest.mark.parametrize("query", ["banana bread recipe", "premier league results", "tomato diseases", "模型"])
def test_nothing_answers(real_index: papersearch.Index, query: str) -> None:
    """A query on nothing in the corpus is judged weak throughout, and leaves nothing when strict."""
    results = real_index.search(query)
    assert results.verdict == "weak"
    assert {hit.verdict for hit in results} == {"weak"}
    assert real_index.search(query, strict=True).hits == ()


@pytest.mark.parametrize("query", ["pipeline bubbles", "MoE", "expert routing", "how to train with long sequences"])
def test_something_answers(real_index: papersearch.Index, query: str) -> None:
    """A query on the corpus has hits that are not weak; strict leaves these, ranked from 1."""
    results = real_index.search(query, k=302)
    strict = real_index.search(query, k=302, strict=True)
    assert results.verdict != "weak"
    assert [hit.paper.paper_id for hit in strict] == [h.paper.paper_id for h in results if h.verdict != "weak"]
    assert [hit.rank for hit in strict] == list(range(1, len(strict) + 1))


def test_every_title_is_answered_by_its_neighbours(real_index: papersearch.Index) -> None:
    """Titles of the corpus, asked without the exact title's rule, are not judged unanswered."""
    judged = [real_index.search(f"{paper.title} paper", k=1).verdict for paper in list(real_index.papers())[::6]]
    assert judged.count("weak") == 0
