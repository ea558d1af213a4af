"""Papers by sentence-transformers with the states of their word pieces, which no build keeps whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.dense.reference import _encoded, _vectors_and_states

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.dense.late import Encoded
    from papersearch.dense.reference import ReferenceEncoder
    from papersearch.types import IntArray


def encode_papers(encoder: ReferenceEncoder, texts: Sequence[str]) -> list[tuple[Encoded, IntArray]]:
    """Encode texts as papers, in the order given, each with the offset of its L word pieces in the text, (L,)."""
    done: dict[int, tuple[Encoded, IntArray]] = {}
    for batch, found in encoder._computed(texts, _vectors_and_states, with_starts=True):
        starts = (row[real] for row, real in zip(batch.starts, batch.is_real, strict=True))
        done |= zip(batch.numbers, zip(_encoded(batch, found), starts, strict=True), strict=True)
    return [done[number] for number in range(len(texts))]
