"""Rankings by words, meaning and both, against float64 brute force."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from papersearch.dense.vectors import PaperVectors, quantize
from papersearch.search.fusion import Signal, combine
from papersearch.search.neighbours import neighbours_of
from papersearch.search.ranking import (
    CANDIDATE_DEPTH,
    Measured,
    Ranking,
    best_of,
    brevity,
    by_both,
    by_keyword,
    by_meaning,
    candidate_signals,
    in_two_tiers,
)
from papersearch.types import DEFAULT_WEIGHTS, Weights
from tests.conftest import PROJECT
from tests.memory import with_peak


def unit_rows(rng: np.random.Generator, n_papers: int, dimensions: int, spread: float) -> npt.NDArray[np.float32]:
    """Unit vectors around one direction: the smaller the spread, the closer their cosines."""
    rows = rng.standard_normal(dimensions) + spread * rng.standard_normal((n_papers, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("spread", [10.0, 0.5, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_int8_decides_nothing(seed: int, spread: float) -> None:
    """Rankings by meaning and by both are those of float64 brute force, however close the
    cosines are; papers alike keep paper order; no estimate errs by more than its margin."""
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng, 700, 24, spread)
    vectors[300:310] = vectors[5]  # ties
    query = unit_rows(rng, 1, 24, 10.0)[0]
    if seed == 0:
        query = vectors[5]
    exact = vectors.astype(np.float64) @ query.astype(np.float64)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(query)
    assert np.abs(cosines.estimates - exact).max() <= cosines.margin < 0.1
    np.testing.assert_allclose(cosines.bounds(), (exact.min(), exact.max()), atol=1e-12)
    allowed = np.flatnonzero(rng.random(700) < 0.9)
    keyword = np.where(rng.random(700) < 0.3, rng.random(700) * 20, 0.0)
    low, high = exact.min(), exact.max()
    both = 0.4 * keyword / keyword.max() + 0.6 * (exact - low) / (high - low)
    words = (float(keyword.min()), float(keyword.max()))
    for k in (1, 10, 100, 650, 900):
        by_cosine = by_meaning(cosines, allowed, k)
        found = cosines.exact(by_cosine.papers)
        assert by_cosine.papers.tolist() == _brute_force(exact, allowed, k)
        np.testing.assert_allclose(by_cosine.scores, found)
        fused = by_both(keyword, cosines, allowed, k, words, cosines.bounds())
        assert fused.papers.tolist() == _brute_force(both, allowed, k)
        np.testing.assert_allclose(fused.scores, both[fused.papers], atol=1e-9)
        assert by_cosine.total == fused.total == len(allowed)


def _brute_force(scores: npt.NDArray[np.float64], allowed: npt.NDArray[np.int64], k: int) -> list[int]:
    """A full sort; what differs by less than arithmetic does counts as equal."""
    return sorted(allowed.tolist(), key=lambda doc: (-round(float(scores[doc]), 12), doc))[:k]


def test_convex_combination_by_hand() -> None:
    """Four papers, worked out with a pencil: words count .4, meaning .6, each from 0 to 1."""
    vectors = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [0.0, 1.0]], np.float32)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(np.array([1.0, 0.0], np.float32))
    ranking = by_both(np.array([0.0, 4.0, 2.0, 0.0]), cosines, np.arange(4), 3, (0.0, 4.0), cosines.bounds())
    assert ranking.papers.tolist() == [1, 2, 0]
    assert ranking.scores.tolist() == pytest.approx([0.76, 0.68, 0.6])


def test_exact_cosines_hold_few_rows() -> None:
    """A query that asks for the exact cosine of every paper never holds a copy of more than some vectors."""
    vectors = np.tile(np.eye(64, 384, dtype=np.float32), (312, 1))
    papers, held = np.arange(len(vectors)), PaperVectors(vectors, *quantize(vectors))
    cosines, peak = with_peak(lambda: held.cosines(vectors[1], papers))
    assert cosines.tolist() == [float(paper % 64 == 1) for paper in papers.tolist()]
    assert peak - cosines.nbytes < 2_000_000


def test_vectors_that_say_nothing() -> None:
    """Papers whose vectors are zero are ranked all the same, in paper order."""
    vectors = np.zeros((3, 4), np.float32)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(np.ones(4, np.float32) / 2)
    assert by_meaning(cosines, np.arange(3), 2).papers.tolist() == [0, 1]


class Erring(NamedTuple):
    """Cosines whose estimates err as far as their margin allows; `looked_up` keeps whose exact
    ones were asked for."""

    true: npt.NDArray[np.float64]
    estimates: npt.NDArray[np.float32]
    margin: float
    looked_up: list[int]

    def exact(self, papers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        self.looked_up.extend(papers.tolist())
        return self.true[papers]

    def bounds(self) -> tuple[float, float]:
        return float(self.true.min()), float(self.true.max())


def erring(cosines: Sequence[float], signs: Sequence[int], margin: float) -> Any:
    """Take the place of Cosines; multiples of 1/16 keep float32 exact."""
    true = np.array(cosines)
    return Erring(true, (true + margin * np.array(signs)).astype(np.float32), margin, [])


SIGNS = list(product((-1, 1), repeat=4))


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_the_greatest_errors_decide_nothing_by_meaning(k: int) -> None:
    """Every four cosines of three values, with every estimate off by the whole margin, rank by the
    exact ones; these are asked of papers in doubt alone."""
    margin = 0.0625
    for cosines in product((0.0, 0.125, 0.5), repeat=4):
        for signs in SIGNS:
            semantic = erring(cosines, signs, margin)
            ranking = by_meaning(semantic, np.arange(4), k)
            assert ranking.papers.tolist() == _brute_force(np.array(cosines), np.arange(4), k)
            kth = sorted(semantic.estimates, reverse=True)[min(k, 4) - 1]
            in_doubt = [doc for doc in range(4) if semantic.estimates[doc] >= kth - 2 * margin or k >= 4]
            assert semantic.looked_up == in_doubt


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_the_greatest_errors_decide_nothing_by_both(k: int) -> None:
    """The same by words and meaning: 0.4 of BM25 and 0.6 of the cosine, each from 0 to 1 over all
    papers; the margin counts as the cosine does."""
    margin = 0.125
    keyword = np.array([0.0, 1.0, 7.0, 0.5])
    n_narrowed = 0
    for cosines in product((-0.25, 0.0625, 0.5), repeat=4):
        width = max(cosines) - min(cosines)
        scaled = (np.array(cosines) - min(cosines)) / width if width else np.zeros(4)
        both = 0.4 * keyword / 7 + 0.6 * scaled
        for signs in SIGNS:
            semantic = erring(cosines, signs, margin)
            ranking = by_both(keyword, semantic, np.arange(4), k, (0.0, 7.0), semantic.bounds())
            assert ranking.papers.tolist() == _brute_force(both, np.arange(4), k)
            np.testing.assert_allclose(ranking.scores, both[ranking.papers], atol=1e-12)
            away = 0.6 * margin / width if width else 0.0
            estimates = semantic.estimates.astype(np.float64)
            estimated = 0.4 * keyword / 7 + 0.6 * (estimates - min(cosines)) / width if width else both
            kth = sorted(estimated, reverse=True)[min(k, 4) - 1]
            surely = {doc for doc in range(4) if estimated[doc] > kth - 2 * away + 1e-9 or k >= 4}
            perhaps = {doc for doc in range(4) if estimated[doc] > kth - 2 * away - 1e-9 or k >= 4}
            assert surely <= set(semantic.looked_up) <= perhaps
            n_narrowed += len(perhaps) < 4
    assert n_narrowed > 0 or k >= 3


def test_bounds_are_of_all_papers() -> None:
    """What is filtered away still says what 0 and 1 are, with any lowest BM25 score."""
    keyword = np.array([1.0, 3.0, 5.0, 4.0])
    semantic = erring([0.0, 0.25, 0.5, 1.0], [0] * 4, 0.0)
    ranking = by_both(keyword, semantic, np.array([1, 3]), 2, (1.0, 5.0), (0.0, 1.0))
    assert ranking.papers.tolist() == [3, 1]
    assert ranking.scores.tolist() == pytest.approx([0.4 * 0.75 + 0.6, 0.4 * 0.5 + 0.6 * 0.25])
    assert ranking.total == 2


def explained(ranking: Ranking, doc_idx: int, score: float) -> list[tuple[object, ...]]:
    """The parts of a score, as plain tuples."""
    return [
        (part.name, *(pytest.approx(n) for n in (part.score, part.normalised, part.weight, part.contribution)))
        for part in ranking.explain(doc_idx, score)
    ]


def test_one_signal_explains_itself() -> None:
    """A ranking by one signal has its scores as they are, counts all that is ranked, and explains
    the papers that it shows."""
    semantic = erring([0.25, 0.0, 0.75, 0.5], [0] * 4, 0.0)
    keyword = np.array([1.0, 7.0, 0.0, 2.0])
    for ranking, papers, scores, name in (
        (by_keyword(keyword, np.array([0, 1, 3]), 2), [1, 3], [7.0, 2.0], "keyword"),
        (by_meaning(semantic, np.array([0, 1, 3]), 2), [3, 0], [0.5, 0.25], "semantic"),
    ):
        assert (ranking.papers.tolist(), ranking.scores.tolist(), ranking.total) == (papers, scores, 3)
        for doc_idx, score in zip(papers, scores, strict=True):
            assert explained(ranking, doc_idx, score) == [(name, score, score, 1.0, score)]
        [tier] = ranking.tiers
        assert tier.papers.tolist() == sorted(papers)
        assert tier.explain(2) is None


def test_both_signals_explain_themselves() -> None:
    """Each of two signals is explained by its own score, normalised score and weight."""
    keyword = np.array([2.0, 0.0, 1.0])
    ranking = by_both(keyword, erring([0.0, 0.5, 0.125], [0] * 3, 0.0), np.arange(3), 2, (0.0, 2.0), (0.0, 0.5))
    assert ranking.papers.tolist() == [1, 0]
    assert explained(ranking, 0, 0.4) == [("keyword", 2.0, 1.0, 0.4, 0.4), ("semantic", 0.0, 0.0, 0.6, 0.0)]
    assert explained(ranking, 1, 0.6) == [("keyword", 0.0, 0.0, 0.4, 0.0), ("semantic", 0.5, 1.0, 0.6, 0.6)]
    assert ranking.tiers[0].explain(2) is None
    assert ranking.tiers[0].scores_by("semantic", np.array([1, 0])).tolist() == [0.5, 0.0]
    assert ranking.tiers[0].scores_by("keyword", np.array([0])).tolist() == [2.0]


def test_what_no_signal_gave_is_the_exact_title_s() -> None:
    """What a score has beyond its signals is a part of its own, from 1e-12 on; a paper of no tier
    has nothing else."""
    ranking = by_keyword(np.array([1.0, 7.0]), np.arange(2), 2)
    assert explained(ranking, 0, 7.0)[1:] == [("exact title", 1.0, 1.0, 6.0, 6.0)]
    assert explained(ranking, 0, 0.25)[1:] == [("exact title", 1.0, 1.0, -0.75, -0.75)]
    assert explained(ranking, 5, 7.0) == [("exact title", 1.0, 1.0, 7.0, 7.0)]
    assert explained(ranking, 5, 0.0) == []
    assert explained(ranking, 5, 1e-12) == []
    assert len(explained(ranking, 5, 1.5e-12)) == 1


def test_signals_of_the_candidates_by_hand() -> None:
    """BM25 counts 0.7, the cosine 1 and late interaction 0.6; zero stays zero, and a cosine below
    zero is the least."""
    keyword, cosines, late = np.array([0.0, 4.0]), np.array([0.5, 0.25]), np.array([-0.5, 0.5])
    signals = candidate_signals(keyword, cosines, late)
    assert [signal.name for signal in signals] == ["keyword", "semantic", "late interaction"]
    assert [(signal.low, signal.high) for signal in signals] == [(0.0, 4.0), (0.0, 0.5), (-0.5, 0.5)]
    spreads = [0.7 * 4 / 2, 1.0 * 0.5 / 0.125, 0.6 * 1.0 / 0.5]
    assert [signal.weight for signal in signals] == pytest.approx([share / sum(spreads) for share in spreads])
    assert [signal.name for signal in candidate_signals(keyword, cosines, None)] == ["keyword", "semantic"]
    assert candidate_signals(keyword[:0], cosines[:0], None) == []


@pytest.mark.parametrize(("n_words", "expected"), [(0, 1.0), (1, 1.0), (16, 1.0), (32, 0.5), (64, 0.25)])
def test_long_queries_lean_on_words_and_cosine(n_words: int, expected: float) -> None:
    """From sixteen words on, late interaction counts by the square of what is left of a query's brevity;
    the weight of keywords rises towards 0.85."""
    assert brevity(n_words) == expected
    keyword, cosines, late = np.array([0.0, 4.0]), np.array([0.5, 0.25]), np.array([-0.5, 0.5])
    signals = candidate_signals(keyword, cosines, late, expected)
    spreads = [(0.85 - 0.15 * expected) * 4 / 2, 1.0 * 0.5 / 0.125, 0.6 * expected**2 * 1.0 / 0.5]
    assert [signal.weight for signal in signals] == pytest.approx([share / sum(spreads) for share in spreads])


def test_the_best_of_the_candidates() -> None:
    """The best by these signals are named by their place in the corpus; of none, none."""
    signals = [Signal("keyword", np.array([1.0, 3.0, 2.0]), 0.0, 3.0, 1.0)]
    assert best_of(np.array([4, 6, 9]), signals, 2).tolist() == [6, 9]
    assert best_of(np.array([4, 6, 9]), signals, 9).tolist() == [6, 9, 4]
    assert best_of(np.array([], dtype=np.int64), [], 2).tolist() == []


@pytest.fixture
def base() -> Ranking:
    """Return five papers by BM25: 3, 1, 4, 0, 2."""
    return by_keyword(np.array([2.0, 6.0, 1.0, 8.0, 4.0]), np.arange(5), 5)


def test_two_tiers_by_hand(base: Ranking) -> None:
    """The candidates are ranked by their own signals; the rest keeps its order below them, scaled by
    the least candidate's new score over its old one."""
    candidates = np.array([1, 3, 4])
    signals = [Signal("semantic", np.array([0.5, 1.0, 0.25]), 0.0, 1.0, 1.0)]
    ranking = in_two_tiers(base, candidates, signals, 9)
    assert ranking.papers.tolist() == [3, 1, 4, 0, 2]
    assert ranking.scores.tolist() == [1.0, 0.5, 0.25, 0.125, 0.0625]  # 2 and 1, times 0.25 / 4
    assert ranking.total == 5
    assert explained(ranking, 4, 0.25) == [("semantic", 0.25, 0.25, 1.0, 0.25)]
    assert explained(ranking, 2, 0.0625) == [("keyword", 1.0, 1.0, 0.0625, 0.0625)]
    signals = [Signal("semantic", np.array([1.0, 0.5, 0.75]), 0.0, 1.0, 1.0)]
    assert in_two_tiers(base, candidates, signals, 4).papers.tolist() == [1, 4, 3, 0]
    assert in_two_tiers(base, candidates, signals, 4).scores.tolist() == [1.0, 0.75, 0.5, 0.25]
    assert in_two_tiers(base, candidates, signals, 2).papers.tolist() == [1, 4]


def test_tiers_at_their_edges(base: Ranking) -> None:
    """Without candidates nothing changes; where the last candidate had no score, the rest has none;
    a small one is a score."""
    nobody = np.array([], dtype=np.int64)
    assert in_two_tiers(base, nobody, [], 2) is base
    candidates, signals = np.array([0]), [Signal("semantic", np.array([0.5]), 0.0, 1.0, 1.0)]
    worthless = by_keyword(np.array([0.0, 0.0]), np.arange(2), 2)
    assert in_two_tiers(worthless, candidates, signals, 2).scores.tolist() == [0.5, 0.0]
    below = by_keyword(np.array([-1.0, -2.0]), np.arange(2), 2)
    assert in_two_tiers(below, candidates, signals, 2).scores.tolist() == [0.5, 0.0]
    small = by_keyword(np.array([0.5, 0.25]), np.arange(2), 2)
    assert in_two_tiers(small, candidates, signals, 2).scores.tolist() == [0.5, 0.25]


def test_figures_are_the_document_s() -> None:
    """docs/ranking.md says the weights and the depth that the code has."""
    told = (PROJECT / "docs" / "ranking.md").read_text(encoding="utf-8")
    weights = DEFAULT_WEIGHTS
    assert f"count {weights.keyword:g}, 1 and {weights.late_interaction:g}" in told
    assert f"moves by {weights.feedback:g} towards" in told
    assert f"the first {CANDIDATE_DEPTH}." in told


@pytest.mark.parametrize("is_partial", [False, True])
@pytest.mark.parametrize(
    "weights", [DEFAULT_WEIGHTS, Weights(keyword=2.0, late_interaction=0.1, feedback=3.0, neighbours=0.5)]
)
def test_weighed_by_hand(weights: Weights, is_partial: bool) -> None:
    """The query moves towards the two candidates that come first, encoded ones alone, by the weight of feedback
    times brevity; cosines with it replace the first ones; papers that are not encoded have what is expected of
    them; the neighbours have their share."""
    chance = np.random.default_rng(3)
    vectors = unit_rows(chance, 40, 16, 1.0)
    query = unit_rows(chance, 1, 16, 1.0)[0]
    is_encoded = np.ones(40, dtype=bool)
    keyword, late = chance.random(40) * 9, chance.random(40)
    cosines = (vectors @ query).astype(np.float64)
    first = candidate_signals(keyword, cosines, late, 0.5, weights)
    best = np.argsort(-combine(first))[:2]
    if is_partial:
        is_encoded[best[0]] = False
    mean = vectors[best[is_encoded[best]]].mean(axis=0).astype(np.float64)
    moved = query + 0.5 * weights.feedback * mean / np.linalg.norm(mean)
    semantic = vectors @ (moved / np.linalg.norm(moved))
    expected = np.where(is_encoded, semantic, 0.125)
    near = None if is_partial else neighbours_of(vectors)
    measured = Measured(
        candidates=np.arange(100, 140),
        keyword=keyword,
        cosines=cosines,
        late=late,
        vectors=vectors,
        near=near,
        is_encoded=is_encoded,
        query=query,
        brevity=0.5,
        expect=(lambda vector: np.full(40, 0.125)) if is_partial else None,
    )
    found = measured.weighed(weights)
    own = candidate_signals(keyword, expected, late, 0.5, weights)
    for signal, wanted in zip(found, own, strict=False):
        share = 1.0 if is_partial else 1 - weights.neighbours
        np.testing.assert_allclose(signal.scores, wanted.scores, atol=1e-6)
        assert signal.weight == pytest.approx(share * wanted.weight, abs=1e-6)
    assert [signal.name for signal in found[3:]] == ([] if is_partial else ["neighbours"])


def test_weights_are_of_their_signals() -> None:
    """A weight counts for its own signal: of equal spreads, by the share of all; meaning has 1."""
    scores = np.array([0.0, 1.0])
    weights = Weights(keyword=0.5, late_interaction=2.5)
    shares = [signal.weight for signal in candidate_signals(scores, scores, scores, weights=weights)]
    assert shares == pytest.approx([0.125, 0.25, 0.625])
