"""Chunks of a corpus analysed: the work that one process does, alone or beside others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.acronyms import definitions_in
from papersearch.lexical.inverting import Block, Inverter
from papersearch.text.analysis import Analyzer, stretches, words_of_stretch

if TYPE_CHECKING:
    from papersearch.types import DocIndices


class AnalysedChunk(NamedTuple):
    """Some consecutive papers. block: their postings, terms numbered by the analyst;
    title_positions: (n,) uint32, how many positions each title takes; definitions: of acronyms,
    as `definitions_in` counts them."""

    block: Block
    title_positions: DocIndices
    definitions: Counter[tuple[str, str]]


class Summary(NamedTuple):
    """Of all chunks of one analyst. terms: in order of their numbers; spellings: as
    `Inverter.spellings` counts them."""

    terms: list[str]
    spellings: dict[str, int]


class Analyst:
    """Analyses chunks of papers, one after another."""

    def __init__(self) -> None:
        self._inverter: Inverter[bytes] = Inverter(Analyzer().stretch)

    def analyse(self, texts: Sequence[str], title_lengths: Sequence[int]) -> AnalysedChunk:
        """The papers with these texts, which begin with titles of so many characters."""
        block = self._inverter.invert(list(map(stretches, texts)))
        titles = (text[:length] for text, length in zip(texts, title_lengths, strict=True))
        title_positions = [self._inverter.n_positions(stretches(title)) for title in titles]
        return AnalysedChunk(block, np.array(title_positions, dtype=np.uint32), definitions_in(texts))

    def summary(self) -> Summary:
        """What holds for all chunks so far."""
        return Summary(self._inverter.terms(), self._inverter.spellings(words_of_stretch))
