"""Text to terms: words, folded and stemmed, with their places in the text.

The same analyzer serves papers and queries; changing what it does changes every index, so
`ANALYZER` is written into the manifest and checked when an index is opened.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

import Stemmer

ANALYZER = "snowball-english-1"
"""Name of this analysis; raise its number with every change of behaviour."""

_WORD = re.compile(r"[^\W_]+")

# Lucene's English stop words (EnglishAnalyzer.ENGLISH_STOP_WORDS_SET).
_STOP_WORDS = """a an and are as at be but by for if in into is it no not of on or such that the
their then there these they this to was will with"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


class Token(NamedTuple):
    """One occurrence of a term: the text's characters [start, end)."""

    term: str
    start: int
    end: int


class Analyzer:
    """Lower-case NFKC words without stop words, stemmed by Snowball's English stemmer.

    Words are maximal runs of letters and digits. Keeps a cache of stems, so one instance
    should serve a whole build; not meant to be shared between threads.
    """

    def __init__(self) -> None:
        self._stem = Stemmer.Stemmer("english").stemWord
        self._terms: dict[str, str] = {}

    def terms(self, text: str) -> list[str]:
        """The terms of `text` in order, repeats included."""
        known = self._terms
        terms = []
        for word in _WORD.findall(text):
            term = known.get(word)
            if term is None:
                term = self._term(word)
            if term:
                terms.append(term)
        return terms

    def tokens(self, text: str) -> list[Token]:
        """The tokens of `text` in order; their terms are exactly `terms(text)`."""
        found = ((self._term(match[0]), *match.span()) for match in _WORD.finditer(text))
        return [Token(term, start, end) for term, start, end in found if term]

    def _term(self, word: str) -> str:
        """The term for one word as written; empty for a stop word."""
        term = self._terms.get(word)
        if term is None:
            folded = unicodedata.normalize("NFKC", word).lower()
            term = "" if folded in STOP_WORDS else self._stem(folded)
            self._terms[word] = term
        return term


def spans_of(terms: Iterable[str], text: str, analyzer: Analyzer) -> tuple[tuple[int, int], ...]:
    """Character ranges of `text` whose term is among `terms`, in order."""
    wanted = frozenset(terms)
    return tuple((t.start, t.end) for t in analyzer.tokens(text) if t.term in wanted)
