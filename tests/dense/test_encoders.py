"""The numpy encoder and the stored vectors, compared with sentence-transformers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch.dense import architectures, bert, encoders, models, wordpiece
from papersearch.dense.reference import ReferenceEncoder
from papersearch.errors import ModelError
from papersearch.text.paper_text import paper_text
from tests.conftest import make_model
from tests.dense.papers_with_states import encode_papers

TEXTS = [
    "pipeline bubbles",
    "a",
    "?!",
    "How does one keep the idle time of pipeline parallelism low in heterogeneous clusters?",
    "Mixture-of-Experts (MoE) über naïve façade 模型 \U0001f600 M$^3$ViT 10^5",
    "word " * 700,
]


def default_model() -> models.ModelFiles:
    """Return the packaged model; nothing may be announced, since nothing is downloaded."""
    return models.locate(None, lambda message: pytest.fail(message))


def numpy_encoder(
    folder: Path,
    max_length: int,
    tokenizer: Callable[[Path, int], architectures.Tokenizer] = wordpiece.LibraryTokenizer,
) -> architectures.NumpyTransformer:
    """Return the numpy encoder of a model, with the library's tokenizer or the package's own."""
    encoder = architectures.open_encoder(folder, tokenizer(folder, max_length), "")
    assert encoder is not None
    return encoder


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_numpy_equals_the_library(library: Any, text: str) -> None:
    """The vector of any query equals sentence-transformers' to 1e-5, at any length."""
    expected = library.encode(text, normalize_embeddings=True)
    ours = numpy_encoder(default_model().folder, 512, wordpiece.WordPieces).encode(text)
    assert np.abs(ours.vector - expected).max() <= 1e-5


def test_word_piece_states_equal_the_library(library: Any) -> None:
    """The last hidden states of every word piece equal the library's token embeddings."""
    for text in TEXTS:
        expected = library.encode(text, output_value="token_embeddings").numpy()
        ours = numpy_encoder(default_model().folder, 512).encode(text)
        assert ours.states.shape == expected.shape == (len(ours.pieces), 384)
        assert np.abs(ours.states - expected).max() <= 1e-4


def test_stored_vectors_are_the_library_s(library: Any, real_index: papersearch.Index) -> None:
    """A sample of the stored vectors equals sentence-transformers' for title and abstract."""
    stored = real_index._opened.vectors.exact
    assert stored.shape == (302, 384)
    for doc_idx in (0, 150, 301):
        text = paper_text(real_index.papers()[doc_idx])
        expected = library.encode(text, normalize_embeddings=True)
        assert np.abs(stored[doc_idx] - expected).max() <= 1e-5


def test_stored_vectors_have_length_one(real_index: papersearch.Index) -> None:
    """Every stored vector is a unit vector, so that inner products are cosines."""
    np.testing.assert_allclose(np.linalg.norm(real_index._opened.vectors.exact, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_other_bert_models(tmp_path: Path, pooling: str) -> None:
    """A model made for this test, with either pooling, is encoded as by the library."""
    folder = make_model(tmp_path / "model", pooling=pooling)
    library = SentenceTransformer(str(folder), device="cpu")
    encoder = numpy_encoder(folder, 128)
    for text in TEXTS:
        expected = library.encode(text, normalize_embeddings=True)
        assert np.abs(encoder.encode(text).vector - expected).max() <= 1e-5


def test_query_prompt_is_part_of_the_query(tmp_path: Path) -> None:
    """A model with a query prompt uses it for queries and not for papers."""
    folder = make_model(tmp_path / "model", prompts={"query": "query: ", "document": ""})
    batch = ReferenceEncoder(models.ModelFiles("m", "folder", folder))
    described = encoders.record(models.ModelFiles("m", "folder", folder), "", batch, 32, TEXTS)
    assert (described.query_prefix, described.query_backend) == ("query: ", "numpy")
    ours = encoders.open_query_encoder(described)
    library = SentenceTransformer(str(folder), device="cpu")
    np.testing.assert_allclose(ours.encode("model").vector, library.encode("query: model"), atol=1e-5)
    [(paper, _)] = encode_papers(batch, ["model"])
    np.testing.assert_allclose(paper.vector, library.encode("model"), atol=1e-5)


def test_bfloat16_is_near_float32(monkeypatch: pytest.MonkeyPatch, real_index: papersearch.Index) -> None:
    """Papers in bfloat16 have a mean cosine of at least .9995 with float32; queries stay float32."""
    monkeypatch.setenv("PAPERSEARCH_PRECISION", "bfloat16")
    batch = ReferenceEncoder(default_model(), "cpu")
    chosen = (0, 150)
    texts = [paper_text(real_index.papers()[place]) for place in chosen]
    vectors = np.array([encoded.vector for encoded, _ in encode_papers(batch, texts)])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    cosines = (vectors * real_index._opened.vectors.exact[list(chosen)]).sum(axis=1)
    assert 0.9995 <= cosines.mean() < 0.9999999
    monkeypatch.delenv("PAPERSEARCH_PRECISION")
    expected = ReferenceEncoder(default_model(), "cpu").encode("pipeline bubbles").vector
    assert (batch.encode("pipeline bubbles").vector == expected).all()


def test_an_unknown_precision_is_refused(monkeypatch: pytest.MonkeyPatch, small_model: Path) -> None:
    """A precision other than the two known words is refused."""
    monkeypatch.setenv("PAPERSEARCH_PRECISION", "float8")
    with pytest.raises(ModelError, match="float8"):
        ReferenceEncoder(models.ModelFiles("m", "folder", small_model))


def test_other_architectures_fall_back(tmp_path: Path) -> None:
    """A model that numpy cannot compute (here: another activation) is encoded by the library."""
    folder = make_model(tmp_path / "model", hidden_act="relu")
    model = models.ModelFiles("m", "folder", folder)
    described = encoders.record(model, models.fingerprint(model), ReferenceEncoder(model), 32, TEXTS)
    assert described.query_backend == "sentence-transformers"
    expected = SentenceTransformer(str(folder), device="cpu").encode("model", normalize_embeddings=True)
    np.testing.assert_allclose(encoders.open_query_encoder(described).encode("model").vector, expected, atol=1e-6)


@pytest.fixture(scope="module")
def tokenizers_pair() -> tuple[wordpiece.WordPieces, wordpiece.LibraryTokenizer]:
    """Return the package's own tokenizer of the default model, and the library's."""
    folder = default_model().folder
    return wordpiece.WordPieces(folder, 512), wordpiece.LibraryTokenizer(folder, 512)


@settings(max_examples=500)
@given(text=st.text() | st.text(alphabet=st.characters(max_codepoint=0x250)))
def test_word_pieces_equal_the_library(
    tokenizers_pair: tuple[wordpiece.WordPieces, wordpiece.LibraryTokenizer], text: str
) -> None:
    """Text in any script is split as by the tokenizers library."""
    ours, library = tokenizers_pair
    assert ours.ids(text) == library.ids(text)


@pytest.mark.parametrize("text", [*TEXTS, "what does [MASK] do?", "[CLS]", "x" * 101, "un" * 49, "##s"])
def test_unusual_words_equal_the_library(
    tokenizers_pair: tuple[wordpiece.WordPieces, wordpiece.LibraryTokenizer], text: str
) -> None:
    """Special tokens typed as text, very long words and continuation marks are split alike."""
    ours, library = tokenizers_pair
    assert ours.ids(text) == library.ids(text)


@pytest.mark.slow
def test_word_pieces_of_the_corpus_equal_the_library(
    real_index: papersearch.Index, tokenizers_pair: tuple[wordpiece.WordPieces, wordpiece.LibraryTokenizer]
) -> None:
    """All abstracts are split alike, and the build has recorded it."""
    ours, library = tokenizers_pair
    assert all(ours.ids(paper.abstract) == library.ids(paper.abstract) for paper in real_index.papers())
    assert real_index.manifest.encoder.query_tokenizer == "vocab.txt"


def test_models_without_vocabulary_file(copied_model: Path) -> None:
    """Without `vocab.txt` the library's tokenizer is used, with vectors that pass the comparison of a build."""
    for name in ("vocab.txt", "special_tokens_map.json"):
        (copied_model / name).unlink(missing_ok=True)
    model = models.ModelFiles("m", "folder", copied_model)
    described = encoders.record(model, "", ReferenceEncoder(model), 32, TEXTS)
    assert (described.query_backend, described.query_tokenizer) == ("numpy", "tokenizer.json")


def test_default_weights_are_checked(small_model: Path) -> None:
    """A folder that claims to be the default model but has other weights is refused."""
    with pytest.raises(ModelError, match="is not the published"):
        models.fingerprint(models.ModelFiles(models.DEFAULT_MODEL, "package", small_model))


def test_packaged_weights_are_the_published_ones() -> None:
    """The packaged model's weights have the official SHA-256."""
    assert models.fingerprint(default_model()) == models.DEFAULT_MODEL_SHA256


def test_pickled_weights_are_refused(copied_model: Path) -> None:
    """A model folder with pickled weights and no safetensors is not loaded."""
    (copied_model / "model.safetensors").rename(copied_model / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        models.fingerprint(models.locate(str(copied_model), print))


def test_gelu_is_exact() -> None:
    """The activation is x Phi(x) to 1e-6, with math.erf as the oracle."""
    x = np.linspace(-9, 9, 4001, dtype=np.float32)
    expected = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    bert.gelu(x)
    np.testing.assert_allclose(x, expected, atol=1e-6)


@pytest.mark.parametrize("damage", ["cut", "header", "empty", "short header"])
def test_damaged_weights_are_an_error(copied_model: Path, damage: str) -> None:
    """Weights that are cut, or whose header is not JSON, raise ModelError."""
    weights = copied_model / "model.safetensors"
    content = weights.read_bytes()
    damaged = {
        "cut": content[: len(content) // 2],
        "header": content[:8] + b"x" * 40 + content[48:],
        "empty": b"",
        "short header": b"\xff" * 7,
    }
    weights.write_bytes(damaged[damage])
    with pytest.raises(ModelError):
        numpy_encoder(copied_model, 128).encode("pipeline bubbles")
