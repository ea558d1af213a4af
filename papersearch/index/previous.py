"""The previous index as a source for a build: encodings to reuse, and the changes since.

An index that cannot be read, or does not match its checksums, provides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.encoders import Identity, identity_of
from papersearch.dense.encoding import ModelConstants, TextEncoding, without_pieces
from papersearch.dense.known_constants import are_equal
from papersearch.errors import StoredIndexError
from papersearch.index.layout import LATE_ARRAYS
from papersearch.index.papers import decode_paper
from papersearch.index.string_table import StringTable
from papersearch.types import Changes, Paper

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.index.generation import Generation
    from papersearch.types import IntArray

_DENSE = ("texts.sha256.npy", "vectors.npy", "probes.npy")
ENCODED = "papers.encoded.npy"


def encodings(
    generations: Sequence[Generation],
    identity: Identity,
    agreed: ModelConstants | None = None,
    *,
    with_late: bool,
    wanted: Sequence[bytes] | None = None,
    are_checked: bool = False,
) -> tuple[StoredEncodings, ModelConstants | None]:
    """Return the encodings of these generations by text hash, and the model's constants.

    Generations of another model or encoder or without necessary parts are skipped, and so are damaged ones,
    and those with other constants than `agreed`. The first generation with a text wins.

    agreed: the constants that all encodings must share; None takes those of any generation
    wanted: hashes of the texts that are looked for; None for all texts
    are_checked: the files are known to be intact; otherwise only generations with a wanted text are read
    """
    beginnings = None if wanted is None else _beginnings(np.frombuffer(b"".join(wanted), np.uint8).reshape(-1, 32))
    known = StoredEncodings()
    constants: ModelConstants | None = None
    for generation in generations:
        if not _is_of(generation, identity, with_late):
            continue
        try:
            rows = _rows(generation, beginnings)
            if not are_checked and not (len(rows) and _is_intact(generation, with_late)):
                continue
            its_own = _constants(generation, with_late)
            if agreed is not None and not are_equal(its_own, agreed):
                continue
            _add_encodings(generation, rows, known, with_late)
            constants = its_own
        except StoredIndexError:
            continue
    return known, constants


class StoredEncodings(Mapping[bytes, TextEncoding]):
    """The encodings of generations by text hash; each is made when it is read, from mapped files."""

    def __init__(self) -> None:
        self._places: dict[bytes, tuple[Callable[[int], TextEncoding], int]] = {}

    def add(
        self, hashes: npt.NDArray[np.uint8], rows: IntArray, encoding_at: Callable[[int], TextEncoding]
    ) -> None:
        """Add these rows of one generation; texts that are known keep their encodings."""
        for row in rows.tolist():
            self._places.setdefault(hashes[row].tobytes(), (encoding_at, row))

    def take(self, other: StoredEncodings) -> None:
        """Add the encodings of others; texts that are known keep theirs."""
        self._places = other._places | self._places

    def __getitem__(self, digest: bytes) -> TextEncoding:
        encoding_at, row = self._places[digest]
        return encoding_at(row)

    def __contains__(self, digest: object) -> bool:
        return digest in self._places

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _is_of(generation: Generation, identity: Identity, with_late: bool) -> bool:
    """Return whether a generation has encodings of this model and kind."""
    encoder, has_late = generation.manifest.encoder, generation.manifest.late is not None
    return encoder is not None and identity_of(encoder) == identity and (has_late or not with_late)


def _is_intact(generation: Generation, with_late: bool) -> bool:
    """Return whether the encodings of a generation are as its manifest says."""
    partial = (ENCODED,) if generation.manifest.is_partial else ()
    return generation.are_intact((*_DENSE, *partial, *(LATE_ARRAYS if with_late else ())))


def _beginnings(hashes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the first eight bytes of each hash (n, 32) as a number: (n,)."""
    return np.ascontiguousarray(hashes[:, :8]).view(np.uint64).reshape(-1)


def _constants(before: Generation, with_late: bool) -> ModelConstants:
    """Return the constants that a generation was made with."""
    probes = before.array("probes.npy")
    if not with_late:
        return ModelConstants(probes, np.zeros(0, dtype=np.bool_), np.zeros((probes.shape[1], 0), np.float32))
    weights, basis = before.array("pieces.weights.npy"), before.array("pieces.basis.npy")
    return ModelConstants(probes, np.asarray(weights > 0), basis)


def _rows(before: Generation, beginnings: npt.NDArray[np.uint64] | None) -> IntArray:
    """Return the rows of one generation that are encoded.

    beginnings: those of the hashes that are looked for; None takes all rows
    """
    hashes = before.array("texts.sha256.npy")
    rows = np.flatnonzero(before.array(ENCODED)) if before.manifest.is_partial else np.arange(len(hashes))
    return rows if beginnings is None else rows[np.isin(_beginnings(hashes[rows]), beginnings)]


def _add_encodings(before: Generation, rows: IntArray, known: StoredEncodings, with_late: bool) -> None:
    """Add these rows of one generation to `known`."""
    hashes, vectors, _ = (before.array(name) for name in _DENSE)
    if not with_late:
        known.add(hashes, rows, lambda row: without_pieces(vectors[row]))
        return
    piece_vectors, ids, piece_starts, offsets, *_ = (before.array(name) for name in LATE_ARRAYS)

    def encoding_at(row: int) -> TextEncoding:
        places = slice(int(offsets[row]), int(offsets[row + 1]))
        return TextEncoding(vectors[row], ids[places], piece_starts[places], piece_vectors[places])

    known.add(hashes, rows, encoding_at)


def compare(before: Generation | None, papers: Sequence[Paper]) -> Changes:
    """Return the ids of the papers that were added, changed and removed, in paper order.

    The place where a paper was read does not count as a change.
    """
    now = {paper.paper_id: paper for paper in papers}
    known: dict[str, bool] = {}  # id to whether the paper is unchanged
    for paper in papers_of(before):
        other = now.get(paper.paper_id, paper)
        known[paper.paper_id] = other is paper or other.replace(provenance=paper.provenance) == paper
    return Changes(
        added=tuple(name for name in now if name not in known),
        changed=tuple(name for name in now if not known.get(name, True)),
        removed=tuple(name for name in known if name not in now),
    )


def since(before: Generation | None, papers: Sequence[Paper], generation: int) -> npt.NDArray[np.uint32]:
    """Return the generation that first had each paper, (N,) uint32; `generation` for new papers."""
    known: dict[str, int] = {}
    if before is not None:
        try:
            first = before.array("papers.since.npy")
            names = (paper.paper_id for paper in papers_of(before))
            known = dict(zip(names, first.tolist(), strict=True))
        except (StoredIndexError, ValueError):
            known = {}
    return np.array([known.get(paper.paper_id, generation) for paper in papers], dtype=np.uint32)


def papers_of(before: Generation | None) -> Iterator[Paper]:
    """Yield the papers of the previous index in order, as far as they can be read."""
    if before is None:
        return
    with suppress(StoredIndexError):
        lines = StringTable(before.text("papers.jsonl"), before.array("papers.offsets.npy"))
        yield from map(decode_paper, lines)
