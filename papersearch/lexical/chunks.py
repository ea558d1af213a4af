"""Analysis of a corpus in chunks: the unit of work of one process, alone or beside others.

An `Analyst` keeps its term numbers from chunk to chunk. Putting the chunks of several analysts
together is the task of `statistics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.acronyms import definitions_in
from papersearch.lexical.inverting import Block, Inverter
from papersearch.text.analysis import Analyzer, keyword_stretches, stretches, words_of_stretch
from papersearch.text.words import ENGLISH

if TYPE_CHECKING:
    from papersearch.types import DocIndices


class AnalysedChunk(NamedTuple):
    """The analysis of n consecutive papers.

    block: their postings, with the analyst's own term numbers
    title_positions: (n,) uint32, the number of positions that each title takes
    definitions: the acronyms they define, as `definitions_in` counts them
    """

    block: Block
    title_positions: DocIndices
    definitions: Counter[tuple[str, str]]


class Summary(NamedTuple):
    """The vocabulary of all chunks of one analyst.

    terms: the terms in order of their numbers
    spellings: the written words, as `Inverter.spellings` counts them
    """

    terms: list[str]
    spellings: dict[str, int]


class Analyst:
    """Analyses chunks of papers, one after another, with one numbering of terms."""

    def __init__(self, languages: Sequence[str] = (ENGLISH,)) -> None:
        self._analyzer = Analyzer(languages)
        self._inverter: Inverter[bytes] = Inverter(self._analyzer.stretch)

    def analyse(
        self, texts: Sequence[str], title_lengths: Sequence[int], keywords: Sequence[Sequence[str]] = ()
    ) -> AnalysedChunk:
        """Analyse papers with these texts; `title_lengths` are the characters of the title in each.

        keywords: of each paper; empty if none has any
        """
        titles: list[list[bytes]] = []
        papers: list[list[bytes]] = []
        signed = self._analyzer.signed
        for text, length, names in zip(texts, title_lengths, keywords or [()] * len(texts), strict=True):
            analyzer = self._analyzer.of(text)
            titles.append(signed(analyzer.title_stretches(text[:length]), analyzer))
            papers.append(titles[-1] + signed(stretches(text[length:]) + keyword_stretches(names), analyzer))
        block = self._inverter.invert(papers)
        title_positions = list(map(self._inverter.n_positions, titles))
        return AnalysedChunk(block, np.array(title_positions, dtype=np.uint32), definitions_in(texts))

    def summary(self) -> Summary:
        """Return the vocabulary of all chunks so far."""
        return Summary(self._inverter.terms(), self._inverter.spellings(words_of_stretch))
