"""Spelling suggestions: the words of a query that no paper has, with similar words of papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.types import UnknownWord

if TYPE_CHECKING:
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.shards import Shards
    from papersearch.text.analysis import Analyzer
    from papersearch.text.query import Query

_SHORTEST = 5
_TWO_EDITS_FROM = 7
"""Lengths in letters. Words shorter than the first have too many neighbours for a suggestion. Words
from the second length on may differ by two edits."""

_OFFERED = 3


def unknown_words(query: Query, shards: Shards) -> tuple[UnknownWord, ...]:
    """Find the words of the query of which no paper has any form, with suggestions for each.

    Stop words and beginnings of words are left out.
    """
    analyzer = shards.analyzer
    words = [word for word in dict.fromkeys(analyzer.words(query.plain)) if word not in query.prefixes]
    terms = {word: _terms(word, analyzer) for word in words}
    sought = sorted({term for word in words for term in terms[word]})
    known = {term for idf in shards.every("idf", sought) for term in idf}
    unknown = [word for word in words if terms[word] and known.isdisjoint(terms[word])]
    return tuple(UnknownWord(word=word, instead=_spelt_like(word.lower(), shards.tables)) for word in unknown)


def _terms(word: str, analyzer: Analyzer) -> set[str]:
    """Return the terms of a word in all languages, or none if it is a stop word of one."""
    found = [each.word(word).terms for each in analyzer.each]
    return set().union(*found) if all(found) else set()


def _spelt_like(word: str, index: OpenedIndex) -> tuple[str, ...]:
    """Find the words of papers at the smallest edit distance, the most frequent first."""
    if len(word) < _SHORTEST or not word.isalpha():
        return ()
    from rapidfuzz import process
    from rapidfuzz.distance import OSA  # counts two swapped letters as one edit

    edits = 2 if len(word) >= _TWO_EDITS_FROM else 1
    near = process.extract(word, index.words.all(), scorer=OSA.distance, score_cutoff=edits, limit=None)
    near.sort(key=lambda found: (found[1], -int(index.word_counts[found[2]]), found[0]))
    return tuple(spelling for spelling, distance, _ in near[:_OFFERED] if distance == near[0][1])
