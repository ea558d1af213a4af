"""Whether a hit answers: the thresholds exactly, queries on the corpus, and on nothing in it."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.dense.background import Background
from papersearch.search import pipeline
from papersearch.search.verdict import answers, is_like, likeness, reliefs, strength
from papersearch.types import Verdict, verdict_of
from tests.dense.families import make_static

PLAIN = Background(mean=0.0, deviation=1.0)
JUST = 1e-6


@pytest.mark.parametrize(
    ("cosine", "coverage", "n_words", "relief", "expected"),
    [
        (4.75 + JUST, 0.5, 4, None, "strong"),  # 0.08 · 4.75 + 0.7 · 0.5 + 1.1 · (0.2 + 0.4 · 0.5) = 1.17
        (4.75 - JUST, 0.5, 4, None, "fair"),
        (1.375 + JUST, 0.5, 4, None, "fair"),  # 0.9
        (1.375 - JUST, 0.5, 4, None, "weak"),
        (11.875 + JUST, 0.0, 1, None, "strong"),
        (8.5 + JUST, 0.0, 1, None, "fair"),
        (8.5 - JUST, 0.0, 1, None, "weak"),
        (3.375 + JUST, 0.5, 8, 0.5, "strong"),  # 0.08 · 3.375 + 0.7 · 0.5 + 1.1 · 0.5 = 1.17
        (3.375 - JUST, 0.5, 22, 0.5, "fair"),  # a sentence gains nothing by its length
        (JUST, 0.5, 22, 0.5, "fair"),
        (-JUST, 0.5, 8, 0.5, "weak"),
        (4.75 + JUST, 0.25, 44, 0.2, "strong"),  # 0.08 · 4.75 + 2 · (0.7 · 0.25 + 1.1 · 0.2) = 1.17
        (4.75 - JUST, 0.25, 44, 0.2, "fair"),
        (1.375 - JUST, 0.25, 44, 0.2, "weak"),
        (4.75 + JUST, 0.125, 88, 0.1, "strong"),
        (4.75 - JUST, 0.125, 880, 0.1, "fair"),  # nor does a page by more than a paragraph
        (-90.0, 1.0, 2, 0.0, "fair"),  # every word is there
        (-90.0, 1.0 - JUST, 2, 0.0, "weak"),
        (-90.0, 1 - 1e-9, 2, None, "weak"),
        (-90.0, 1 - 0.5e-9, 2, None, "fair"),
    ],
)
def test_thresholds_of_meaning_and_words(
    cosine: float, coverage: float, n_words: int, relief: float | None, expected: Verdict
) -> None:
    """With a cosine: a weighted sum, just above and just below each threshold; the shares of a query of
    forty-four words count twice, of eighty-eight and more four times; a paper with every word is fair."""
    assert verdict_of(strength(cosine, coverage, PLAIN, n_words, relief)) == expected
    if relief is None:
        found = answers(np.array([cosine]), np.array([coverage]), PLAIN, n_words)
        assert found.tolist() == [expected != "weak"]


@pytest.mark.parametrize(
    ("coverage", "n_words", "expected"),
    [
        (0.7, 8, "strong"),
        (0.7 - JUST, 8, "fair"),
        (0.4, 1, "fair"),
        (0.4 - JUST, 8, "weak"),
        (0.35, 32, "strong"),
        (0.35 - JUST, 32, "fair"),
        (0.2 - JUST, 32, "weak"),
        (1.0, 2, "strong"),
        (0.0, 0, "weak"),
    ],
)
def test_thresholds_of_words_alone(coverage: float, n_words: int, expected: Verdict) -> None:
    """Without a cosine: seven and four tenths of the query's idf, and half as much of thirty-two words."""
    assert verdict_of(strength(None, coverage, PLAIN, n_words)) == expected
    assert verdict_of(strength(None, coverage, PLAIN, n_words, 0.9)) == expected
    assert answers(None, np.array([coverage]), PLAIN, n_words).tolist() == [expected != "weak"]


@pytest.mark.parametrize(
    ("background", "enough"),
    [
        (Background(mean=0.25, deviation=0.125), 0.25 + 8.5 * 0.125),
        (Background(mean=0.25, deviation=0.02), 0.25 + 8.5 * 0.02),
        (Background(mean=0.25, deviation=0.001), 0.25 + 8.5 * 0.02),  # never less than 0.02
        (Background(mean=0.25, deviation=0.0), 0.25 + 8.5 * 0.02),
    ],
)
def test_cosines_count_in_deviations_from_the_background(background: Background, enough: float) -> None:
    """Without a word in common, 8.5 deviations above the mean answer; a deviation is 0.02 at least."""
    for cosine, is_answer in ((enough + JUST, True), (enough - JUST, False)):
        assert (verdict_of(strength(cosine, 0.0, background, 3)) == "fair") == is_answer
        assert answers(np.array([cosine]), np.zeros(1), background, 3).tolist() == [is_answer]


def test_relief_by_hand() -> None:
    """Relief is the way from what is usual to a cosine of one; ten more of 0.5 count beside the median."""
    late = np.array([0.3, 0.9, 0.7, 0.7, 0.4] * 8)
    usual = (40 * 0.7 + 10 * 0.5) / 50
    assert reliefs(late).tolist() == pytest.approx(((late - usual) / (1 - usual)).tolist())
    assert reliefs(np.array([0.72])).tolist() == pytest.approx([(0.72 - 0.52) / 0.48])  # one says little


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


@pytest.mark.parametrize("n_words", [2, 40])
def test_many_are_judged_as_one(n_words: int) -> None:
    """`answers` agrees with `strength`, paper by paper, on a grid around every threshold with all verdicts."""
    cosines, coverages = np.arange(-1.0, 9.0, 0.25), np.arange(0.0, 1.125, 0.125)
    pairs = np.array(list(product(cosines, coverages)))
    background = Background(mean=0.5, deviation=0.75)
    verdicts = [verdict_of(strength(cosine, coverage, background, n_words)) for cosine, coverage in pairs.tolist()]
    assert set(verdicts) == {"strong", "fair", "weak"}
    found = answers(pairs[:, 0], pairs[:, 1], background, n_words)
    assert found.tolist() == [verdict != "weak" for verdict in verdicts]


def test_more_never_answers_less() -> None:
    """A greater cosine, more relief or more of the query's words never lowers the verdict."""
    order = ("weak", "fair", "strong")
    cosines, shares = np.arange(-1.0, 9.0, 0.5).tolist(), np.arange(0.0, 1.125, 0.125).tolist()
    heights = np.array(
        [
            [
                [order.index(verdict_of(strength(one, other, PLAIN, 12, relief))) for relief in shares]
                for other in shares
            ]
            for one in cosines
        ]
    )
    for axis in range(3):
        assert (np.diff(heights, axis=axis) >= 0).all()
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


@pytest.mark.slow
def test_every_title_is_answered_by_its_neighbours(real_index: papersearch.Index) -> None:
    """Titles of the corpus, asked without the exact title's rule, are not judged unanswered."""
    judged = [real_index.search(f"{paper.title} paper", k=1).verdict for paper in list(real_index.papers())[::6]]
    assert judged.count("weak") == 0


@pytest.mark.parametrize(
    "query", ["oversmoothing in graph neural networks", "music generation from text", "deepfake detection"]
)
def test_near_misses_are_never_strong(real_index: papersearch.Index, query: str) -> None:
    """A topic of the corpus's field that no paper has is not called strong, though its field is there."""
    assert real_index.search(query).verdict != "strong"


@given(
    st.one_of(st.none(), st.floats(-1, 1)),
    st.floats(0, 1),
    st.integers(0, 60),
    st.one_of(st.none(), st.floats(-1, 1)),
    st.floats(0, 1),
)
def test_strength_and_verdict_agree(
    cosine: float | None, coverage: float, n_words: int, relief: float | None, more: float
) -> None:
    """A strength is in [0, 1], is fair where the paper answers, and never falls where evidence grows."""
    background = Background(mean=0.2, deviation=0.05)
    found = strength(cosine, coverage, background, n_words, relief)
    assert 0 <= found <= 1
    if relief is None:
        cosines = None if cosine is None else np.array([cosine])
        assert answers(cosines, np.array([coverage]), background, n_words).item() == (verdict_of(found) != "weak")
    assert strength(cosine, coverage + more * (1 - coverage), background, n_words, relief) >= found
    if cosine is not None:
        assert strength(cosine + more, coverage, background, n_words, relief) >= found


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [(-1.0, 0.0), (0.0, 0.0), (0.45, 0.25), (0.9, 0.5), (1.035, 0.5625), (1.17, 0.625), (1.755, 0.8125), (9, 1.0)],
)  # fmt: skip
def test_the_scale_of_strengths(evidence: float, expected: float) -> None:
    """Strength is linear between the evidence of nothing, of a fair, of a strong and of the strongest paper."""
    assert strength(12.5 * evidence, 0.0, PLAIN, 8, 0.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [(-2.0, 0.0), (0.0, 0.0), (1.5, 0.25), (3.0, 0.5), (6.0, 0.625), (9.0, 0.8125), (12.0, 1.0), (15.0, 1.0)],
)  # fmt: skip
def test_the_scale_of_likeness(deviations: float, expected: float) -> None:
    """Likeness is linear in deviations from the background, and fair from where a paper resembles a text."""
    assert likeness(deviations, PLAIN) == pytest.approx(expected)
    assert is_like(deviations, PLAIN) == (likeness(deviations, PLAIN) >= 0.5)


def test_verdicts_are_counted(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small collection is counted whole, by the verdicts that its hits show; a large one to the depth judged."""
    whole = real_index.search("pipeline bubbles", k=400)
    shown = Counter(hit.verdict for hit in whole)
    assert whole.verdicts is not None
    assert whole.verdicts.asdict() == {verdict: shown[verdict] for verdict in ("strong", "fair", "weak")}
    assert whole.verdicts.total == whole.total == 302
    for k in (1, 5, 150):
        few = real_index.search("pipeline bubbles", k=k)
        assert few.verdicts == whole.verdicts
        assert few.hits == whole.hits[:k]
    monkeypatch.setattr(pipeline, "COUNTED", 301)
    for k, depth in ((5, 100), (150, 150)):
        part = real_index.search("pipeline bubbles", k=k)
        first = Counter(hit.verdict for hit in whole[:depth])
        assert part.verdicts is not None
        assert part.verdicts.asdict() == {verdict: first[verdict] for verdict in ("strong", "fair", "weak")}
        assert part.hits == whole.hits[:k]


def test_strengths_depend_on_no_other_hit(real_index: papersearch.Index) -> None:
    """The strength of a paper does not depend on the rest of the answer: fewer hits, filters, strict answers."""

    def strengths(**options: Any) -> dict[str, float]:
        return {hit.paper.paper_id: hit.strength for hit in real_index.search("expert routing", **options)}

    by_words = strengths(k=302, mode="keyword")
    for narrowed in ({"until": "2024"}, {"has_code": True}, {"dumps": [real_index.manifest.dumps[0].name]}):
        found = strengths(mode="keyword", **narrowed)
        assert found
        assert found.items() <= by_words.items()
    strict = strengths(k=50, strict=True)
    assert strict
    assert strict.items() <= strengths(k=302).items()


def test_a_table_gives_no_relief(tmp_path: Path) -> None:
    """With static embeddings, late interaction orders the hits and changes no strength: its word pieces
    match wherever the words are, and coverage has counted these."""
    index = index_of_sentences(tmp_path, make_static(tmp_path / "model", "sentence-transformers"))
    for query in ("sparse attention kernels", "graph pruning", "optimizer sharding for large models"):
        with_late, without = (index.search(query, k=40, late=late) for late in (True, False))
        strengths = [{hit.paper.paper_id: hit.strength for hit in found} for found in (with_late, without)]
        assert strengths[0] == strengths[1]
        assert with_late.verdicts == without.verdicts
        assert [hit.score for hit in with_late] != [hit.score for hit in without]


def test_a_transformer_gives_relief(real_index: papersearch.Index) -> None:
    """With a transformer, late interaction changes strengths of candidates: its states know their context."""
    with_late, without = (real_index.search("expert routing", k=302, late=late) for late in (True, False))
    strengths = [{hit.paper.paper_id: hit.strength for hit in found} for found in (with_late, without)]
    assert strengths[0].keys() == strengths[1].keys()
    assert strengths[0] != strengths[1]


def index_of_sentences(folder: Path, model: Path) -> papersearch.Index:
    """Index forty papers, of which each has four words of a small vocabulary, with the model of a folder."""
    words = "sparse attention kernels graph pruning optimizer sharding large models tokens".split()
    lines = [
        {
            "_id": f"p{number}",
            "title": f"Paper {number}",
            "text": " ".join(words[(number * n) % 10] for n in range(1, 5)),
        }
        for number in range(40)
    ]
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    papersearch.build([folder / "papers.jsonl"], folder / "index", model=str(model))
    return papersearch.open(folder / "index")
