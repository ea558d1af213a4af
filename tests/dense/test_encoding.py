"""The encoding of a corpus: what is reused, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from papersearch.dense.background import learn_background
from papersearch.dense.encoding import EncodedCorpus, Gathering, ModelConstants, TextEncoding, text_hash
from papersearch.dense.late import Encoded
from papersearch.index.journal import Journal
from tests.memory import with_peak

CONSTANTS = ModelConstants(
    np.eye(4, 16, dtype=np.float32), np.ones(300, dtype=np.bool_), np.zeros((16, 8), dtype=np.float32)
)


def made(text: str) -> TextEncoding:
    """Return an encoding that depends on the text alone."""
    drawn = np.random.default_rng(int.from_bytes(text_hash(text)[:4]))
    n_pieces = int(drawn.integers(0, 100))
    vector = drawn.standard_normal(16).astype(np.float32)
    return TextEncoding(
        vector / np.linalg.norm(vector),
        drawn.integers(0, 300, n_pieces).astype(np.uint32),
        np.arange(n_pieces, dtype=np.uint32),
        drawn.integers(-127, 128, (n_pieces, 8)).astype(np.int8),
    )


class Drawing:
    """An encoder that draws encodings, and counts them."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode_for_index(
        self, texts: Sequence[str], constants: ModelConstants | None, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        for number in reversed(range(len(texts))):
            self.texts.append(texts[number])
            receive(number, made(texts[number]))

    def encode_together(self, texts: Sequence[str]) -> list[Encoded]:
        raise AssertionError("the constants are known")

    def vocabulary(self) -> list[str]:
        raise AssertionError("the constants are known")


def encode(folder: Path, texts: Sequence[str], known: dict[bytes, TextEncoding]) -> tuple[EncodedCorpus, list[str]]:
    """Encode a corpus with a journal in `folder`; return it, and the texts that were encoded."""
    folder.mkdir()
    encoder = Drawing()
    with closing(Journal(folder, "a" * 64)) as journal:
        journal.load()
        gathering = Gathering(texts, known, CONSTANTS, with_late=True)
        assert gathering.encode(lambda: encoder, journal, lambda done, total: None) == len(encoder.texts)
        found = gathering.corpus()
    return found, encoder.texts


def test_each_text_is_encoded_once(tmp_path: Path) -> None:
    """Known and equal texts are not encoded again, and every paper has the encoding of its text."""
    texts = ["one", "two", "one", "three", "four", "two"]
    found, new = encode(tmp_path / "index", texts, {text_hash(text): made(text) for text in ("two", "four")})
    assert sorted(new) == ["one", "three"]
    assert found.n_encoded == len(texts)
    assert found.pieces is not None
    for doc_idx, text in enumerate(texts):
        rows = slice(*map(int, found.pieces.offsets[doc_idx : doc_idx + 2]))
        pieces = found.pieces
        expected = made(text)
        ours = (found.vectors[doc_idx], pieces.ids[rows], pieces.starts[rows], pieces.vectors[rows])
        assert all(np.array_equal(a, b) for a, b in zip(ours, expected, strict=True))


@pytest.mark.slow
def test_memory_is_that_of_the_result(tmp_path: Path) -> None:
    """Encodings are on disk until they are stacked: the peak is the result and some bytes per text."""
    texts = [f"paper {number}" for number in range(4000)]
    (found, _), peak = with_peak(lambda: encode(tmp_path / "index", texts, {}))
    assert found.pieces is not None
    arrays = (found.vectors, found.pieces.vectors, found.pieces.ids, found.pieces.starts)
    size = sum(array.nbytes for array in arrays)
    assert size > 3_000_000
    assert peak < size + len(texts) * 700


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_the_background_of_a_part_is_that_of_its_papers(share: float) -> None:
    """Papers without a vector do not count: the background is that of the others alone, in the same bits.

    The others are not copied: memory stays below half of the vectors'.
    """
    numbers = np.random.default_rng(7)
    vectors = numbers.standard_normal((120_000, 64), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    probes, is_encoded = vectors[:8].copy(), numbers.random(len(vectors)) < share
    found, peak = with_peak(lambda: learn_background(probes, vectors, is_encoded))
    assert found == learn_background(probes, vectors[is_encoded])
    assert peak < vectors.nbytes / 2
