"""Answers while 0, 1, 50, 99 and 100 % of the papers are encoded: honest, and no paper is hidden."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.dense.vectors import PaperVectors, quantize
from papersearch.errors import NothingEncoded
from papersearch.search.partial import Expected, late_with_expected, moments_of, with_expected
from papersearch.types import EncodedShare, Hit, Mode, Results
from tests.conftest import CORPUS
from tests.growing import encode_in_part

QUERIES = ["pipeline bubbles", "pipeline", '"mixture of experts" routing', "speech -recognition", "xyzzy"]
N_PAPERS = 302
COUNTS = [3, 151, pytest.param(299, marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=COUNTS)
def part(
    request: pytest.FixtureRequest, any_index: papersearch.Index, tmp_path_factory: pytest.TempPathFactory
) -> papersearch.Index:
    """Return the index of the committed corpus with one of the counts of texts encoded."""
    path = tmp_path_factory.mktemp("partial") / "index"
    shutil.copytree(any_index.path, path)
    encode_in_part(CORPUS, path, request.param)
    return papersearch.open(path)


def encoded_papers(index: papersearch.Index) -> set[str]:
    """Return the ids of the papers with a vector, by the length of its row."""
    lengths = np.linalg.norm(index._opened.vectors.exact, axis=1)
    return {index._opened.paper_ids[doc_idx] for doc_idx in np.flatnonzero(lengths > 0.5)}


def ids(hits: Results | Sequence[Hit]) -> list[str]:
    return [hit.paper.paper_id for hit in hits]


def test_a_part_is_whole(part: papersearch.Index) -> None:
    """The doctor finds no fault, and the counts agree."""
    assert part.verify() == []
    share = EncodedShare(n_encoded=len(encoded_papers(part)), n_papers=N_PAPERS)
    assert part.encoded == part.search("pipeline").encoded == share
    assert not share.is_complete


@pytest.mark.parametrize("query", QUERIES)
def test_no_paper_is_hidden(part: papersearch.Index, any_index: papersearch.Index, query: str) -> None:
    """Hybrid mode ranks the same papers as a complete index does."""
    found, expected = part.search(query, 400), any_index.search(query, 400)
    assert (found.mode_used, found.total, sorted(ids(found))) == ("hybrid", expected.total, sorted(ids(expected)))


@pytest.mark.parametrize("query", QUERIES)
def test_papers_without_a_vector_rank_by_words(part: papersearch.Index, query: str) -> None:
    """They have no cosine and the verdict of words; with more words, in pairs too, comes a higher rank."""
    encoded, hits = encoded_papers(part), part.search(query, 400, explain=True).hits
    words = {hit.paper.paper_id: hit for hit in part.search(query, 400, "keyword")}
    others = [hit for hit in hits if hit.paper.paper_id not in encoded]
    assert {hit.semantic_score is None for hit in others} <= {True}
    assert all(hit.semantic_score is not None for hit in hits if hit.paper.paper_id in encoded)
    for hit in others:
        assert hit.verdict == (words[hit.paper.paper_id].verdict if hit.paper.paper_id in words else "weak")
    head = [hit for hit in others if hit.rank <= 100]
    for above, below in pairwise(head):
        pairs = [signal_of(hit, "keyword") - (hit.keyword_score or 0.0) for hit in (above, below)]
        if (above.keyword_score or 0.0) < (below.keyword_score or 0.0):
            assert pairs[0] > pairs[1]


def signal_of(hit: Hit, name: str) -> float:
    """Return the raw score of one signal."""
    assert hit.explanation is not None
    return next(signal.score for signal in hit.explanation.signals if signal.name == name)


def test_explanations_say_what_is_expected(part: papersearch.Index) -> None:
    """Contributions add up, and a signal is marked where the paper has no vector."""
    encoded = encoded_papers(part)
    for hit in part.search("pipeline bubbles", 150, explain=True):
        assert hit.explanation is not None
        assert sum(signal.contribution for signal in hit.explanation.signals) == pytest.approx(hit.score)
        for signal in hit.explanation.signals:
            is_dense = signal.name in ("semantic", "late interaction")
            assert signal.expected == (is_dense and hit.paper.paper_id not in encoded)


@pytest.mark.parametrize("query", QUERIES)
def test_meaning_alone(part: papersearch.Index, any_index: papersearch.Index, query: str) -> None:
    """Semantic mode ranks the encoded papers, in the order and with the scores of a complete index."""
    encoded = encoded_papers(part)
    found = part.search(query, 400, "semantic")
    expected = [hit for hit in any_index.search(query, 400, "semantic") if hit.paper.paper_id in encoded]
    assert [(hit.paper, hit.score) for hit in found] == [(hit.paper, hit.score) for hit in expected]
    assert found.total == len(found)


def test_strict_and_facets_agree(part: papersearch.Index) -> None:
    """Facets count what strict mode leaves, encoded or not."""
    for query in QUERIES:
        found = part.search(query, 400, strict=True, facets=True)
        assert found.facets is not None
        assert found.facets.n_papers == len(found)


def test_words_alone_are_as_ever(part: papersearch.Index, any_index: papersearch.Index) -> None:
    """Keyword mode answers as a complete index does."""
    for query in QUERIES:
        ours, theirs = (index.search(query, 50, "keyword", facets=True) for index in (part, any_index))
        assert ours.replace(encoded=None) == theirs.replace(encoded=None)


@pytest.mark.slow
def test_similar_papers(part: papersearch.Index, any_index: papersearch.Index) -> None:
    """An example without a vector is encoded for the occasion; the answer is that of a complete index.

    Papers without a vector are left out of the answer.
    """
    encoded = encoded_papers(part)
    without = sorted(set(ids(any_index.search("pipeline", 400))) - encoded)[:1]
    for like, unlike in ((without, ()), (sorted(encoded)[:1], without), ([*without, sorted(encoded)[0]], ())):
        found = part.similar(like, unlike, 400)
        expected = [hit for hit in any_index.similar(like, unlike, 400) if hit.paper.paper_id in encoded]
        assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-5)
        assert set(ids(found)) == encoded - {*like, *unlike}


@pytest.mark.slow
def test_the_complete_index_is_as_ever(any_index: papersearch.Index, tmp_path: Path, small_model: Path) -> None:
    """An index that was completed from a part answers bit for bit as one that was built in one go."""
    path = shutil.copytree(any_index.path, tmp_path / "index")
    encode_in_part(CORPUS, path, 40)
    papersearch.build(CORPUS, path, model=str(small_model))  # the complete generation is on disk: nothing is new
    index = papersearch.open(path)
    assert index.encoded.is_complete
    modes: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")
    for mode in modes:
        for query in QUERIES:
            assert index.search(query, 50, mode, explain=True) == any_index.search(query, 50, mode, explain=True)


@given(st.integers(0, 10_000), st.integers(1, 30))
def test_expected_cosines(seed: int, n_encoded: int) -> None:
    """Encoded papers keep their exact cosines; the others' rise with their words; bounds are of encoded ones."""
    drawn = np.random.default_rng(seed)
    rows = drawn.standard_normal((30, 6)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    is_encoded = np.zeros(30, dtype=np.bool_)
    is_encoded[drawn.permutation(30)[:n_encoded]] = True
    stored = np.where(is_encoded[:, np.newaxis], rows, np.float32(0))
    query, keyword = rows[0], np.where(drawn.random(30) < 0.5, drawn.random(30) * 9, 0.0)
    known = PaperVectors(stored, *quantize(stored)).scan(query)
    moments = moments_of(known, is_encoded)
    assert moments.n == n_encoded
    assert moments.mean == pytest.approx(known.estimates[is_encoded].mean(), abs=1e-6)
    assert moments.deviation == pytest.approx(known.estimates[is_encoded].std(), abs=1e-6)
    expected = Expected(moments, (keyword.min(), keyword.max()))
    cosines = with_expected(known, is_encoded, keyword, expected)
    exact = rows.astype(np.float64) @ query.astype(np.float64)
    every = np.arange(30)
    np.testing.assert_allclose(cosines.exact(every)[is_encoded], exact[is_encoded], atol=1e-6)
    bounds = (exact[is_encoded].min(), exact[is_encoded].max())
    np.testing.assert_allclose(known.bounds(is_encoded), bounds, atol=1e-6)
    assert np.abs(cosines.estimates - cosines.exact(every)).max() <= cosines.margin
    others = np.flatnonzero(~is_encoded)
    order = others[np.argsort(keyword[others], kind="stable")]
    assert (np.diff(cosines.exact(order)) >= 0).all()


def test_late_interaction_of_few_says_nothing() -> None:
    """Below ten encoded candidates nothing is expected; from ten on, from their mean and spread."""
    late, keyword = np.arange(20.0), np.arange(20.0) * 3
    is_encoded = np.arange(20) < 10
    assert late_with_expected(late, np.arange(20) < 9, keyword) is None
    found: Any = late_with_expected(late, is_encoded, keyword)
    assert (found[:10] == late[:10]).all()
    assert found[10:] == pytest.approx(4.5 + 1.6 * late[:10].std() * (keyword[10:] - 28.5) / keyword.std())


def test_errors_tell_what_to_type(any_index: papersearch.Index, tmp_path: Path) -> None:
    """At 0 % an error has the next command."""
    from papersearch.cli.hints import hint_of

    path = shutil.copytree(any_index.path, tmp_path / "index")
    encode_in_part(CORPUS, path, 0)
    index = papersearch.open(path)
    assert index.manifest.encoder is None
    with pytest.raises(NothingEncoded) as caught:
        index.search("pipeline", mode="semantic")
    assert hint_of(caught.value) == f"papersearch index --index {path}"
    assert ids(index.search("pipeline")) == ids(any_index.search("pipeline", mode="keyword"))
