"""Spelling suggestions: the words of a query that no paper has, with similar words of papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.types import UnknownWord

if TYPE_CHECKING:
    from papersearch.index.opened import OpenedIndex
    from papersearch.text.query import Query

_SHORTEST = 5
_TWO_EDITS_FROM = 7
"""Lengths in letters. Words shorter than the first have too many neighbours for a suggestion. Words
from the second length on may differ by two edits."""

_OFFERED = 3


def unknown_words(query: Query, index: OpenedIndex) -> tuple[UnknownWord, ...]:
    """Find the words of the query of which no paper has any form, with suggestions for each.

    Stop words and beginnings of words are left out.
    """
    unknown = []
    for word in dict.fromkeys(index.analyzer.words(query.plain)):
        terms = index.analyzer.word(word).terms
        if terms and word not in query.prefixes and all(index.postings.find(term) is None for term in terms):
            unknown.append(UnknownWord(word=word, instead=_spelt_like(word.lower(), index)))
    return tuple(unknown)


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
