"""Encoding of a corpus: known encodings are reused, the other texts go through the model.

A text's encoding depends only on the text and the model, so it is stored under the text's SHA-256.
One forward pass gives both the paper's vector and its word pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from papersearch.dense.background import Background, learn_background, probes
from papersearch.dense.late import (
    MAX_PIECES,
    Encoded,
    PieceVectors,
    basis,
    basis_texts,
    compress,
    kept_pieces,
    piece_weights,
    plain_words,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import BoolArray, Float32Array, IntArray


ENCODING = "title and abstract to 512, 64 dimensions, 3"
"""Name of the stored form of an encoding; raise its number with every change. `choice.encoding_by`
adds the encoder."""


_NO_PIECES = np.zeros(0, dtype=np.uint32)
_NO_ROWS = np.zeros((0, 0), dtype=np.int8)


class TextEncoding(NamedTuple):
    """The encoding of one text as an index stores it.

    vector: (D,) float32, a unit vector
    pieces: (L,) uint32, ids of the stored word pieces
    starts: (L,) uint32, offset of each in the text, in characters
    piece_vectors: (L, C) int8

    Without late interaction the last three are empty.
    """

    vector: Float32Array
    pieces: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint32]
    piece_vectors: npt.NDArray[np.int8]


def without_pieces(vector: Float32Array) -> TextEncoding:
    """Return the encoding of a text without late interaction."""
    return TextEncoding(vector, _NO_PIECES, _NO_PIECES, _NO_ROWS)


class ModelConstants(NamedTuple):
    """Arrays that depend on the model alone.

    probes: (B, D) vectors of random queries
    kept: (V,) mask of the word pieces that are stored
    basis: (D, C), see `late.basis`
    """

    probes: Float32Array
    kept: BoolArray
    basis: Float32Array


class EncodedCorpus(NamedTuple):
    """The encoding of a corpus, of all papers or of some.

    vectors: (N, D) float32 unit rows in paper order; zero for papers that are not encoded
    is_encoded: (N,)
    hashes: (N, 32) uint8, SHA-256 of the texts
    pieces: the papers' word pieces for late interaction, or None
    constants, background: None if no paper is encoded
    """

    vectors: Float32Array
    is_encoded: BoolArray
    hashes: npt.NDArray[np.uint8]
    pieces: PieceVectors | None
    constants: ModelConstants | None
    background: Background | None

    @property
    def n_encoded(self) -> int:
        """Number of papers that are encoded."""
        return int(self.is_encoded.sum())


class PaperEncoder(Protocol):
    """Protocol of an encoder of a corpus: in numpy, by worker processes, or by sentence-transformers."""

    def encode_for_index(
        self, texts: Sequence[str], constants: ModelConstants | None, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        """Encode `texts` as papers; pass each one's number and encoding to `receive` as soon as it is done.

        `constants` are those of late interaction; None leaves it out. Texts are done in any order.
        `receive` is called in the caller's thread. It may take its time, for instance to publish:
        encoding goes on meanwhile where other processes do it. Its exceptions, an interrupt too,
        end the work.
        """

    def encode_together(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts as queries, in the order given."""

    def vocabulary(self) -> list[str]:
        """List the model's word pieces by id; an unused id has an empty string."""


def text_hash(text: str) -> bytes:
    """Return the key under which a text's encoding is stored."""
    import hashlib  # imported here for the reason given in `checksums`

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class EncodingStore(Protocol):
    """Protocol of a store of encodings by text hash, from which they are read when they are used."""

    def __contains__(self, digest: object) -> bool: ...

    def __getitem__(self, digest: bytes) -> TextEncoding: ...

    def add(self, digest: bytes, encoding: TextEncoding) -> None: ...


class Gathering:
    """Encodings of a corpus's texts, gathered one by one; `corpus` is what they make so far."""

    def __init__(
        self,
        texts: Sequence[str],
        known: Mapping[bytes, TextEncoding],
        constants: ModelConstants | None,
        *,
        with_late: bool,
    ) -> None:
        self._texts = texts
        self._with_late = with_late
        self._constants = constants
        self._known = known
        self._store: EncodingStore | None = None
        self._hashes = [text_hash(text) for text in texts]
        self._first: dict[bytes, int] = {}  # the first paper of each text
        self._repeated: dict[bytes, list[int]] = {}  # and the others
        for doc_idx, digest in enumerate(self._hashes):
            if self._first.setdefault(digest, doc_idx) != doc_idx:
                self._repeated.setdefault(digest, []).append(doc_idx)
        self._is_encoded = np.zeros(len(texts), dtype=np.bool_)
        self._n_encoded = 0
        self._vectors = np.zeros((len(texts), 0), dtype=np.float32)
        if constants is not None:
            self._take(known, constants)

    @property
    def n_encoded(self) -> int:
        """Number of papers that are encoded."""
        return self._n_encoded

    def missing(self) -> dict[bytes, int]:
        """Return the texts without an encoding, each with its first paper, in paper order."""
        return {digest: doc_idx for digest, doc_idx in self._first.items() if not self._is_encoded[doc_idx]}

    def corpus(self) -> EncodedCorpus:
        """Return the corpus as far as it is encoded; its vectors change with the next text."""
        constants, pieces, background = self._constants, None, None
        if constants is not None and self._n_encoded:
            if self._with_late:
                pieces = _stacked(self._hashes, self._is_encoded, self._encoding_of, constants)
            complete = self._n_encoded == len(self._hashes)
            background = learn_background(constants.probes, self._vectors, None if complete else self._is_encoded)
            if not complete:
                background = background.expected_for(len(self._hashes), self._n_encoded)
        return EncodedCorpus(
            vectors=self._vectors if background else np.zeros((len(self._hashes), 0), dtype=np.float32),
            is_encoded=self._is_encoded,
            hashes=np.frombuffer(b"".join(self._hashes), dtype=np.uint8).reshape(len(self._hashes), 32),
            pieces=pieces,
            constants=constants if background else None,
            background=background,
        )

    def encode(
        self,
        open_encoder: Callable[[], PaperEncoder],
        store: EncodingStore,
        progress: Callable[[int, int], None],
    ) -> int:
        """Encode the texts that neither the known encodings nor `store` have; return their number.

        `store` must come from the same encoder as the known encodings and the constants. It
        receives every new encoding as soon as it is computed, and keeps them out of memory. The
        encoder is opened only if texts are missing, or if the model's constants are unknown.
        `progress` is called with the number of new texts that are done and the number of all new
        texts.
        """
        self._store = store
        encoder = None
        if self._constants is None:
            encoder = open_encoder()
            self._constants = learn_constants(encoder)
        constants = self._constants
        self._take(store, constants)
        missing = self.missing()
        if not missing:
            return 0
        digests, done = list(missing), 0

        def receive(number: int, encoding: TextEncoding) -> None:
            nonlocal done
            store.add(digests[number], encoding)
            self._mark(digests[number], encoding)
            done += 1
            progress(done, len(missing))

        progress(0, len(missing))
        wanted = _Picked(self._texts, list(missing.values()))
        (encoder or open_encoder()).encode_for_index(wanted, constants if self._with_late else None, receive)
        return len(missing)

    def _take(self, encodings: EncodingStore | Mapping[bytes, TextEncoding], constants: ModelConstants) -> None:
        """Take what is missing from these encodings."""
        if not self._n_encoded:
            self._vectors = np.zeros((len(self._hashes), constants.probes.shape[1]), dtype=np.float32)
        for digest in self.missing():
            if digest in encodings:
                self._mark(digest, encodings[digest])

    def _mark(self, digest: bytes, encoding: TextEncoding) -> None:
        """Fill in the vector of each paper with this text."""
        for doc_idx in (self._first[digest], *self._repeated.get(digest, ())):
            self._n_encoded += not self._is_encoded[doc_idx]
            self._vectors[doc_idx] = encoding.vector
            self._is_encoded[doc_idx] = True

    def _encoding_of(self, digest: bytes) -> TextEncoding:
        if digest in self._known or self._store is None:
            return self._known[digest]
        return self._store[digest]


class _Picked(Sequence[str]):
    """Some of the texts, each built when it is read."""

    def __init__(self, texts: Sequence[str], places: Sequence[int]) -> None:
        self._texts = texts
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> str:  # type: ignore[override]  # no slices
        return self._texts[self._places[number]]


def learn_constants(encoder: PaperEncoder) -> ModelConstants:
    """Compute the constants of a model from its vocabulary, without any paper."""
    from papersearch.dense.threads import one_thread  # not for a query

    vocabulary = encoder.vocabulary()
    kept = kept_pieces(vocabulary)
    learned_from, asked = basis_texts(vocabulary), probes(plain_words(vocabulary))
    encoded = encoder.encode_together([*learned_from, *asked])
    states = [text.states[kept[text.pieces]] for text in encoded[: len(learned_from)]]
    with one_thread()():
        learned = basis(np.concatenate(states))
    return ModelConstants(
        probes=np.array([text.vector for text in encoded[len(learned_from) :]], dtype=np.float32),
        kept=kept,
        basis=learned,
    )


def stored_form(encoded: Encoded, starts: IntArray, constants: ModelConstants | None) -> TextEncoding:
    """Return the form of an encoding in an index: at most MAX_PIECES word pieces, compressed.

    starts: (L,) offset of each word piece in the text
    constants: None leaves late interaction out
    """
    if constants is None:
        return without_pieces(encoded.vector)
    chosen = stored_places(encoded.pieces, constants)
    return TextEncoding(
        encoded.vector,
        encoded.pieces[chosen].astype(np.uint32),
        starts[chosen].astype(np.uint32),
        compress(encoded.states[chosen], constants.basis),
    )


def stored_places(pieces: IntArray, constants: ModelConstants, is_real: BoolArray | bool = True) -> IntArray:
    """Return which of a text's word pieces (L,) are stored; `is_real` is False for padding."""
    return np.flatnonzero(constants.kept[pieces] & is_real)[:MAX_PIECES]


def _stacked(
    hashes: Sequence[bytes],
    is_encoded: BoolArray,
    encoding_of: Callable[[bytes], TextEncoding],
    constants: ModelConstants,
) -> PieceVectors:
    """Concatenate the word pieces of all papers; weight each piece by its idf over the encoded ones.

    A paper that is not encoded has no word pieces. Each encoding is read twice, so that only the
    result needs memory.
    """
    offsets = np.zeros(len(hashes) + 1, dtype=np.uint64)
    df = np.zeros(len(constants.kept), dtype=np.int64)
    encoded = np.flatnonzero(is_encoded).tolist()
    for doc_idx in encoded:
        pieces = encoding_of(hashes[doc_idx]).pieces
        offsets[doc_idx + 1] = len(pieces)
        df[np.unique(pieces)] += 1
    np.cumsum(offsets, out=offsets)
    n_pieces, dimensions = int(offsets[-1]), constants.basis.shape[1]
    stacked = PieceVectors(
        vectors=np.empty((n_pieces, dimensions), dtype=np.int8),
        ids=np.empty(n_pieces, dtype=np.uint32),
        starts=np.empty(n_pieces, dtype=np.uint32),
        offsets=offsets,
        basis=constants.basis,
        weights=piece_weights(df, len(encoded), constants.kept),
    )
    for doc_idx in encoded:
        encoding, rows = encoding_of(hashes[doc_idx]), slice(int(offsets[doc_idx]), int(offsets[doc_idx + 1]))
        stacked.vectors[rows] = encoding.piece_vectors
        stacked.ids[rows] = encoding.pieces
        stacked.starts[rows] = encoding.starts
    return stacked
