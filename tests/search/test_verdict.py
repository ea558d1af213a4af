"""Whether a hit answers: the thresholds exactly, queries on the corpus, and on nothing in it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import papersearch
from papersearch.dense.background import Background
from papersearch.search.verdict import answers, is_like, judge
from papersearch.types import Verdict

PLAIN = Background(mean=0.0, deviation=1.0)
JUST = 1e-6


@pytest.mark.parametrize(
    ("cosine", "coverage", "expected"),
    [
        (3.0, 0.5, "strong"),  # 2 · 3 + 6 · 0.5 - 6.5 = 2.5
        (3.0 - JUST, 0.5, "fair"),
        (4.5, 0.0, "strong"),
        (4.5 - JUST, 0.0, "fair"),
        (1.75, 0.5, "fair"),  # 2 · 1.75 + 6 · 0.5 - 6.5 = 0
        (1.75 - JUST, 0.5, "weak"),
        (3.25, 0.0, "fair"),
        (3.25 - JUST, 0.0, "weak"),
        (-9.0, 1.0, "fair"),  # every word is there
        (-9.0, 1.0 - JUST, "weak"),
        (-9.0, 1 - 1e-9, "weak"),
        (-9.0, 1 - 0.5e-9, "fair"),
    ],
)
def test_thresholds_of_meaning_and_words(cosine: float, coverage: float, expected: Verdict) -> None:
    """With a cosine: a weighted sum, at and just below each threshold; a paper with every word is fair."""
    assert judge(cosine, coverage, PLAIN) == expected
    assert answers(np.array([cosine]), np.array([coverage]), PLAIN).tolist() == [expected != "weak"]


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [(0.5, "strong"), (0.5 - JUST, "fair"), (0.25, "fair"), (0.25 - JUST, "weak"), (1.0, "strong"), (0.0, "weak")],
)
def test_thresholds_of_words_alone(coverage: float, expected: Verdict) -> None:
    """Without a cosine: half and a quarter of the query's idf."""
    assert judge(None, coverage, PLAIN) == expected
    assert answers(None, np.array([coverage]), PLAIN).tolist() == [expected != "weak"]


@pytest.mark.parametrize(
    ("background", "enough"),
    [
        (Background(mean=0.25, deviation=0.125), 0.25 + 3.25 * 0.125),
        (Background(mean=0.25, deviation=0.02), 0.25 + 3.25 * 0.02),
        (Background(mean=0.25, deviation=0.001), 0.25 + 3.25 * 0.02),  # never less than 0.02
        (Background(mean=0.25, deviation=0.0), 0.25 + 3.25 * 0.02),
    ],
)
def test_cosines_count_in_deviations_from_the_background(background: Background, enough: float) -> None:
    """Without a word in common, 3.25 deviations above the mean answer; a deviation is 0.02 at least."""
    for cosine, is_answer in ((enough + JUST, True), (enough - JUST, False)):
        assert (judge(cosine, 0.0, background) == "fair") == is_answer
        assert answers(np.array([cosine]), np.zeros(1), background).tolist() == [is_answer]


@pytest.mark.parametrize(
    ("background", "enough"),
    [
        (Background(mean=0.25, deviation=0.125), 0.625),
        (Background(mean=-0.5, deviation=1.0), 2.5),
        (Background(mean=0.0, deviation=0.0), 3 * 0.02),
        (Background(mean=0.0, deviation=0.01), 3 * 0.02),
    ],
)
def test_a_paper_like_this_corpus(background: Background, enough: float) -> None:
    """A text is like the corpus from three deviations above the background's mean, exactly."""
    assert is_like(enough, background)
    assert is_like(enough + JUST, background)
    assert not is_like(enough - JUST, background)


def test_many_are_judged_as_one() -> None:
    """`answers` is `judge`, paper by paper, on a grid around every threshold; no verdict is missing there."""
    cosines, coverages = np.arange(-1.0, 5.0, 0.25), np.arange(0.0, 1.125, 0.125)
    pairs = np.array(list(product(cosines, coverages)))
    background = Background(mean=0.5, deviation=0.75)
    verdicts = [judge(cosine, coverage, background) for cosine, coverage in pairs.tolist()]
    assert set(verdicts) == {"strong", "fair", "weak"}
    found = answers(pairs[:, 0], pairs[:, 1], background)
    assert found.tolist() == [verdict != "weak" for verdict in verdicts]


def test_more_never_answers_less() -> None:
    """A greater cosine or more of the query's words never lowers the verdict."""
    order = ("weak", "fair", "strong")
    cosines, coverages = np.arange(-1.0, 5.0, 0.25).tolist(), np.arange(0.0, 1.125, 0.125).tolist()
    heights = np.array([[order.index(judge(one, other, PLAIN)) for other in coverages] for one in cosines])
    assert (np.diff(heights, axis=0) >= 0).all()
    assert (np.diff(heights, axis=1) >= 0).all()
    assert set(heights.ravel()) == {0, 1, 2}


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
