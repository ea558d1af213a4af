"""Models of every kind that people choose, compared with sentence-transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch.dense import bulk, choice, encoders, models, static
from papersearch.dense.encoding import learn_constants
from papersearch.dense.late import MAX_PIECES, compress
from papersearch.dense.prefixes import Prefixes, choose_prefixes
from papersearch.dense.reference import ReferenceEncoder
from papersearch.errors import ModelDamaged
from papersearch.text.paper_text import paper_text
from tests.dense.families import FAMILIES, OTHERS, make_static

TEXTS = [
    "pipeline bubbles",
    "a",
    "How does one keep the idle time of pipeline parallelism low in heterogeneous clusters?",
    "written </s> in <pad> the text <s>, naïve façade 模型 10^5",
    "window after window " * 30,
]


VARIANTS = ("bert, greatest", "bert, last", "roberta", "nomic, renamed")
"""Families that differ little from others, which the quick tests have."""


def files_of(folder: Path) -> models.ModelFiles:
    return models.locate(str(folder), pytest.fail)


def library(folder: Path) -> Any:
    """Load sentence-transformers with the model in float32."""
    return SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})


def unit_rows(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def described(folder: Path) -> encoders.EncoderRecord:
    """Describe the model as a first build does."""
    model = files_of(folder)
    prefixes = choose_prefixes(model)
    identity = encoders.Identity(models.fingerprint(model), "", prefixes.query, prefixes.paper)
    return choice.describe(model, identity, None, [], TEXTS, lambda: ReferenceEncoder(model, "cpu", prefixes))


def papers_of(folder: Path, found: encoders.EncoderRecord) -> list[Any]:
    """Encode TEXTS as a build does, where numpy computes them."""
    papers: dict[int, Any] = {}
    encoder = choice.open_paper_encoder(files_of(folder), found, lambda: pytest.fail("the library is loaded"))
    encoder.encode_for_index(TEXTS, None, lambda number, encoding: papers.update({number: encoding.vector}))
    return [papers[number] for number in range(len(TEXTS))]


@pytest.mark.parametrize(
    "family", [pytest.param(name, marks=pytest.mark.slow) if name in VARIANTS else name for name in FAMILIES]
)
def test_numpy_computes_it(tmp_path: Path, family: str) -> None:
    """Queries are encoded by numpy, to 1e-5 as by sentence-transformers, and their word pieces too."""
    folder = FAMILIES[family](tmp_path / "model")
    found = described(folder)
    assert found.query_backend == "numpy"
    ours, theirs = encoders.open_query_encoder(found), library(folder)
    expected = [unit_rows(theirs.encode(text)) for text in TEXTS]
    for text, vector in zip(TEXTS, expected, strict=True):
        encoded = ours.encode(text)
        states = theirs.encode(text, output_value="token_embeddings").numpy()
        assert encoded.states.shape == states.shape
        assert np.abs(encoded.states - states).max() <= 1e-4
        assert np.abs(encoded.vector - vector).max() <= 1e-5
    for vector, paper_vector in zip(expected, papers_of(folder, found), strict=True):
        assert np.abs(paper_vector - vector).max() <= 1e-5
    together = ours.encode_many(TEXTS)
    assert all((one.vector == ours.encode(text).vector).all() for one, text in zip(together, TEXTS, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["mpnet", "modernbert", "nomic", "bert, wider"])
def test_workers_compute_the_same(tmp_path: Path, family: str) -> None:
    """Worker processes give every architecture the bits that one process gives it."""
    folder = FAMILIES[family](tmp_path / "model")
    alone, shared = dict[int, Any](), dict[int, Any]()
    texts = [f"{text} {number}" for number in range(8) for text in TEXTS]
    bulk.NumpyEncoder(folder, 512, ("", ""), n_workers=0).encode_for_index(texts, None, alone.__setitem__)
    bulk.NumpyEncoder(folder, 512, ("", ""), n_workers=2).encode_for_index(texts, None, shared.__setitem__)
    assert all((alone[number].vector == shared[number].vector).all() for number in range(len(texts)))


@pytest.mark.parametrize("other", OTHERS)
def test_the_library_computes_it(tmp_path: Path, other: str) -> None:
    """A model that numpy does not compute goes through sentence-transformers, in float32."""
    folder = OTHERS[other](tmp_path / "model")
    found = described(folder)
    assert found.query_backend == "sentence-transformers"
    ours, theirs = encoders.open_query_encoder(found), library(folder)
    for text in TEXTS:
        assert np.abs(ours.encode(text).vector - unit_rows(theirs.encode(text))).max() <= 1e-6


@pytest.mark.parametrize("form", ["sentence-transformers", "model2vec", "model2vec with mapping"])
def test_static_embeddings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Papers and queries of static embeddings equal sentence-transformers', which is never loaded."""
    folder = make_static(tmp_path / "model", form)
    theirs = SentenceTransformer(str(folder), device="cpu")
    expected = [theirs.encode(text) for text in TEXTS]
    monkeypatch.setattr(ReferenceEncoder, "__init__", lambda *arguments: pytest.fail("the library is loaded"))
    found = described(folder)
    assert (found.query_backend, found.max_length) == ("numpy", static.UNLIMITED)
    ours = encoders.open_query_encoder(found)
    papers = papers_of(folder, found)
    for number, text in enumerate(TEXTS):
        for vector in (ours.encode(text).vector, papers[number]):
            assert np.abs(vector - unit_rows(expected[number])).max() <= 1e-5


def test_word_pieces_of_static_embeddings(tmp_path: Path) -> None:
    """Stored word pieces are the rows of the table, compressed, at their places in the text."""
    model = files_of(make_static(tmp_path / "model", "model2vec with mapping"))
    encoder = static.StaticEncoder(model, Prefixes(paper="passage: "))
    constants = learn_constants(encoder)
    stored: dict[int, Any] = {}
    encoder.encode_for_index(TEXTS, constants, stored.__setitem__)
    plain = static.StaticEncoder(model, Prefixes(query="passage: "))
    for number, text in enumerate(TEXTS):
        encoded, found = plain.encode(text), stored[number]
        assert (found.vector == encoded.vector).all()
        kept = constants.kept[encoded.pieces]
        assert found.pieces.tolist() == encoded.pieces[kept][:MAX_PIECES].tolist()
        exact = compress(encoded.states[kept][:MAX_PIECES], constants.basis).astype(int)
        assert np.abs(found.piece_vectors - exact).max(initial=0) <= 1  # rounded from other last digits
        vocabulary = encoder.vocabulary()
        assert all(
            text.startswith(vocabulary[piece].replace("\u0120", " ").strip(), start)
            for piece, start in zip(found.pieces.tolist(), found.starts.tolist(), strict=True)
            if vocabulary[piece].isascii() and start
        )


def test_a_table_that_is_too_small(tmp_path: Path) -> None:
    """A table without a row for each word piece is damaged, and is not read past its end."""
    from safetensors.numpy import load_file, save_file

    folder = make_static(tmp_path / "model", "model2vec")
    rows = load_file(folder / "model.safetensors")["embeddings"]
    save_file({"embeddings": rows[:-1].copy()}, folder / "model.safetensors")
    with pytest.raises(ModelDamaged, match="rows"):
        static.StaticEncoder(files_of(folder), Prefixes())


@pytest.mark.parametrize("kind", ["static", "bert, wider", "bert, narrower"])
def test_an_index_of_it(tmp_path: Path, small_corpus: Path, kind: str) -> None:
    """An index by such a model is whole, answers by meaning, and stores what the library computes."""
    folder = tmp_path / "model"
    make_static(folder, "model2vec") if kind == "static" else FAMILIES[kind](folder)
    papersearch.build(small_corpus, tmp_path / "index", model=str(folder))
    index = papersearch.open(tmp_path / "index")
    assert index.verify() == []
    results = index.search("pipeline bubbles", explain=True)
    assert results.mode_used == "hybrid"
    assert "late interaction" in str(results[0].explanation)
    theirs = library(folder) if kind != "static" else SentenceTransformer(str(folder), device="cpu")
    expected = unit_rows(theirs.encode([paper_text(paper) for paper in index.papers()], batch_size=1))
    assert np.abs(index._opened.vectors.exact - expected).max() <= 1e-5
    assert papersearch.build(small_corpus, tmp_path / "index", model=str(folder)).outcome == "up to date"
