"""Reproducibility to the last bit: no result depends on the texts beside it in a batch.

Values are compared without any tolerance. `CONTRIBUTING.md` says how to run these tests under other
kernels of OpenBLAS, which sum in other orders.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.cli.output.json_documents import envelope
from papersearch.dense import architectures, models, wordpiece
from papersearch.dense.background import learn_background
from papersearch.dense.late import Alignment, Encoded, PieceVectors, QueryPieces
from papersearch.dense.products import WHOLE, row_dots, whole, whole_products
from papersearch.dense.reference import ReferenceEncoder
from papersearch.dense.vectors import PaperVectors, quantize
from papersearch.search.duplicates import LIKENESS, fold
from tests.conftest import sentence

N_ROWS = [1, 7, 64, 65, 192, 700, 1024, 1030]
"""Numbers of rows around the sizes of tiles and blocks."""

QUERIES = [
    "pipeline bubbles",
    "moe",
    "How are experts routed in a mixture of experts?",
    "M$^3$ViT",
    "a",
    "pipeline stalls",
    sentence("low-rank adaptation", 900),
    "expert routing",
    sentence("speculative decoding", 500),
]


def unit_rows(numbers: np.random.Generator, n: int, width: int) -> Any:
    rows = numbers.standard_normal((n, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def at_cosine(numbers: np.random.Generator, vector: Any, cosine: float) -> Any:
    """Return a unit vector with this cosine to `vector`, within the precision of float32."""
    away = numbers.standard_normal(len(vector))
    away -= (away @ vector) * vector.astype(np.float64)
    return (cosine * vector + np.sqrt(1 - cosine**2) * away / np.linalg.norm(away)).astype(np.float32)


def splits(numbers: np.random.Generator, n: int) -> list[np.ndarray[Any, Any]]:
    """Draw 0 to n - 1, shuffled, in a few parts."""
    order = numbers.permutation(n)
    cuts = np.sort(numbers.integers(0, n + 1, 3))
    return [part for part in np.split(order, cuts) if len(part)]


@pytest.mark.parametrize("n_rows", N_ROWS)
@pytest.mark.parametrize("n_asked", [1, 3, 8, 40])
def test_whole_products_are_exact(n_rows: int, n_asked: int) -> None:
    """Products equal those of Python's whole numbers exactly, also for the extremes of int8."""
    numbers = np.random.default_rng(n_rows)
    stored = numbers.integers(-128, 128, (n_rows, 64)).astype(np.int8)
    stored[0] = -128
    rows = whole(unit_rows(numbers, n_asked, 64))
    rows[0] = whole(np.full(64, -1 / 8, dtype=np.float32))  # the rows with the largest sums
    expected = stored.astype(np.int64) @ rows.astype(np.int64).T
    assert np.abs(expected).max() > 2**23
    assert (whole_products(stored, rows) == expected).all()


def test_whole_numbers_are_near() -> None:
    """Rounding moves no component of a unit row by more than 1/32,000."""
    rows = unit_rows(np.random.default_rng(1), 100, 64)
    assert np.abs(whole(rows) / WHOLE - rows).max() <= 0.5 / WHOLE + 1e-7


@pytest.mark.parametrize("n_rows", N_ROWS)
@pytest.mark.parametrize("width", [1, 3, 64, 384])
def test_row_dots_do_not_depend_on_other_rows(n_rows: int, width: int) -> None:
    """Every split, order and stride of the rows gives the same bits."""
    numbers = np.random.default_rng(n_rows)
    rows, vector = unit_rows(numbers, n_rows, width), unit_rows(numbers, 1, width)[0]
    together = row_dots(rows, vector)
    assert (row_dots(np.asfortranarray(rows), vector) == together).all()
    assert (row_dots(np.repeat(rows, 2, axis=0)[::2], vector) == together).all()
    for part in splits(numbers, n_rows):
        assert (row_dots(rows[part], vector) == together[part]).all()
    np.testing.assert_allclose(
        together, rows.astype(np.float64) @ vector.astype(np.float64), rtol=1e-12, atol=1e-15
    )


def made_pieces(numbers: np.random.Generator, n_papers: int) -> PieceVectors:
    lengths = numbers.integers(0, 250, n_papers)
    offsets = np.zeros(n_papers + 1, dtype=np.uint64)
    np.cumsum(lengths, out=offsets[1:])
    n_pieces = int(offsets[-1])
    return PieceVectors(
        numbers.integers(-128, 128, (n_pieces, 64)).astype(np.int8),
        numbers.integers(0, 500, n_pieces).astype(np.uint32),
        np.arange(n_pieces, dtype=np.uint32),
        offsets,
        np.linalg.qr(numbers.standard_normal((96, 64)))[0].astype(np.float32),
        np.abs(numbers.standard_normal(500)).astype(np.float32),
    )


@pytest.mark.parametrize("seed", range(6))
def test_late_interaction_does_not_depend_on_other_papers(seed: int) -> None:
    """Any subset of the papers, in any order, has the scores of all papers together."""
    numbers = np.random.default_rng(seed)
    pieces = made_pieces(numbers, 60)
    n_asked = int(numbers.integers(1, 30))
    states = numbers.standard_normal((n_asked, 96)).astype(np.float32)
    query = pieces.of_query(Encoded(states[0], numbers.integers(0, 500, n_asked), states))
    together = pieces.scores(query, np.arange(60))
    for part in splits(numbers, 60):
        assert (pieces.scores(query, part) == together[part]).all()


@pytest.mark.parametrize("seed", range(6))
def test_equal_ranges_are_equally_like(seed: int) -> None:
    """A sentence has the same likeness alone and twice in a text, regardless of the text around it."""
    numbers = np.random.default_rng(seed)
    lengths = numbers.integers(1, 30, 9)
    lengths[7] = lengths[2]
    ends = np.cumsum(lengths)
    ranges = np.stack([ends - lengths, ends], axis=1)
    n_pieces = int(ends[-1])
    rows = numbers.integers(-127, 128, (n_pieces, 64)).astype(np.int8)
    weights = np.abs(numbers.standard_normal(n_pieces)).astype(np.float32)
    first, second = (slice(*ranges[place]) for place in (2, 7))
    rows[second], weights[second] = rows[first], weights[first]
    asked_weights = np.abs(numbers.standard_normal(5)).astype(np.float32)
    asked = QueryPieces(whole(unit_rows(numbers, 5, 64)), WHOLE, asked_weights / asked_weights.sum())
    alignment = Alignment(asked, rows, weights, np.arange(n_pieces))
    found = alignment.likeness(ranges)
    assert found[2] == found[7]
    for place in range(9):
        assert alignment.likeness(ranges[[place]])[0] == found[place]
    alone = Alignment(asked, rows[first], weights[first], np.arange(lengths[2]))
    assert alone.likeness(np.array([[0, lengths[2]]]))[0] == found[2]


def test_the_background_does_not_depend_on_the_order_of_papers() -> None:
    """Any order of the papers, in several blocks, gives the mean and deviation of float64 arithmetic."""
    numbers = np.random.default_rng(3)
    probes, vectors = unit_rows(numbers, 20, 384), unit_rows(numbers, 9000, 384)
    vectors[8500] = vectors[17]  # a best paper of a probe, in the second block too
    probes[0] = vectors[17]
    vectors[100:160] = [at_cosine(numbers, probe, 0.9) for probe in probes[1:4] for _ in range(20)]  # nearly equal
    found = learn_background(probes, vectors)
    for seed in range(3):
        assert learn_background(probes, vectors[np.random.default_rng(seed).permutation(9000)]) == found
    best = (probes.astype(np.float64) @ vectors.astype(np.float64).T).max(axis=1)
    assert (found.mean, found.deviation) == pytest.approx((best.mean(), best.std()), abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
@settings(max_examples=50)
def test_pairs_at_the_threshold_fold_alike(seed: int, n_others: int) -> None:
    """The exact cosine decides on folding of two papers whose float32 cosine equals the threshold.

    Other papers do not change it.
    """
    numbers = np.random.default_rng(seed)
    one = unit_rows(numbers, 1, 384)[0]
    other = at_cosine(numbers, one, LIKENESS)
    cosine = math.fsum((one.astype(np.float64) * other.astype(np.float64)).tolist())
    expected = [[0, 1]] if cosine >= LIKENESS else [[0], [1]]
    groups = fold(np.stack([one, other, *unit_rows(numbers, n_others, 384)]))
    assert [group for group in groups if min(group) < 2] == expected


@pytest.mark.parametrize("seed", range(3))
def test_cosines_do_not_depend_on_other_papers(seed: int) -> None:
    """A paper's exact cosine has the same bits in every subset and order."""
    numbers = np.random.default_rng(seed)
    exact = unit_rows(numbers, 300, 384)
    vectors = PaperVectors(exact, *quantize(exact))
    query = unit_rows(numbers, 1, 384)[0]
    together = vectors.cosines(query, np.arange(300))
    for part in splits(numbers, 300):
        assert (vectors.cosines(query, part) == together[part]).all()


def encoders_for(folder: Path) -> list[Any]:
    ours = architectures.open_encoder(folder, wordpiece.LibraryTokenizer(folder, 128), "")
    assert ours is not None
    return [ours, ReferenceEncoder(models.ModelFiles("m", "folder", folder), "cpu")]


def equal(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_query_s_vector_does_not_depend_on_other_queries(small_model: Path) -> None:
    """In every batch, each query has the vector, word pieces and states that it has alone."""
    numbers = np.random.default_rng(0)
    texts = [*QUERIES, *QUERIES[::-1], ""]
    for encoder in encoders_for(small_model):
        alone = [encoder.encode(text) for text in texts]
        for part in [np.arange(len(texts)), *splits(numbers, len(texts))]:
            for place, encoded in zip(part, encoder.encode_many([texts[n] for n in part]), strict=True):
                assert equal(encoded, alone[place])


def test_the_packaged_model_too(real_index: papersearch.Index) -> None:
    """The packaged model, whose longer rows use other kernels, is independent of batches too."""
    encoder = real_index._opened.encoder
    for text, encoded in zip(QUERIES, encoder.encode_many(QUERIES), strict=True):
        assert equal(encoded, encoder.encode(text))


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_many_queries_are_answered_as_one(real_index: papersearch.Index, mode: Any) -> None:
    """`search_many` and `rank_many` equal `search`, byte for byte, in every split."""
    alone = [real_index.search(query, mode=mode, literal=True) for query in QUERIES]
    written = [envelope(results) for results in alone]
    for part in [np.arange(len(QUERIES)), *splits(np.random.default_rng(5), len(QUERIES))]:
        queries = [QUERIES[place] for place in part]
        for place, results in zip(part, real_index.search_many(queries, mode=mode), strict=True):
            assert envelope(results) == written[place]
        for place, ranked in zip(part, real_index.rank_many(queries, k=100, mode=mode), strict=True):
            many = [(paper.paper_id, paper.score) for paper in ranked[:10]]
            assert many == [(hit.paper.paper_id, hit.score) for hit in alone[place]]


def test_equal_texts_score_equally(tmp_path: Path, small_model: Path) -> None:
    """Papers with equal texts have equal scores, verdicts and evidence, and are in paper order.

    A smaller k does not change them.
    """
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    lines = []
    for n in range(40):
        text = sentence("pipeline bubbles", 400) if n % 4 == 0 else sentence(f"topic {n}", 200 + 37 * n)
        lines.append(f'{{"_id": "p{n:02}", "title": "", "text": "{text}"}}')
    (corpus / "records.jsonl").write_text("\n".join(lines))
    papersearch.build(corpus, tmp_path / "index", model=str(small_model))
    index = papersearch.open(tmp_path / "index")
    for query in ("pipeline bubbles", "how does a pipeline stall", "topic 3"):
        results = index.search(query, k=40)
        twins = [hit for hit in results if int(hit.paper.paper_id[1:]) % 4 == 0]
        assert len(twins) == 10
        assert [hit.paper.paper_id for hit in twins] == sorted(hit.paper.paper_id for hit in twins)
        assert len({(h.score, h.semantic_score, h.keyword_score, h.verdict, h.evidence) for h in twins}) == 1
        for k in (1, 3, 11):
            assert tuple(index.search(query, k=k)) == results.hits[:k]


def test_examples_in_any_order(real_index: papersearch.Index) -> None:
    """The order of the papers given to `similar` does not change the answer."""
    ids = [paper.paper_id for paper in list(real_index.papers())[:5]]
    one = real_index.similar(ids[:3], ids[3:])
    other = real_index.similar([ids[2], ids[0], ids[1]], ids[:2:-1])
    assert one.hits == other.hits
