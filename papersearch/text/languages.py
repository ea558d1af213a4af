"""Languages whose words are stemmed, and the language of a text by its stop words.

A collection has one language, or several of which each paper is in one. Papers and queries whose
language is unclear are read as texts of the first. `stop_words.txt` has Snowball's lists
(snowballstem.org, BSD licence), without the English one, which each query needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from papersearch.text.folding import fold
from papersearch.text.words import ENGLISH, NAMES, STOP_WORDS, WordAnalysis, stemmer

_STOP_WORDS_FILE = Path(__file__).parent / "stop_words.txt"

_CLEAR_LEAD = 2
"""Number of different stop words by which another language must lead the first one: "war" and "sea" are
stop words of German and of Spanish."""

_LETTERS = re.compile(r"[^\W\d_]+")


@cache
def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of a language, with and without their accents."""
    if language == ENGLISH:
        return STOP_WORDS
    lines = (line.split() for line in _STOP_WORDS_FILE.read_text(encoding="utf-8").splitlines())
    words = {word for code, *listed in lines if code == language for word in listed}
    return frozenset(words | set(map(fold, words)))


def language_of(text: str, languages: Sequence[str]) -> str:
    """Return the one of `languages` that has the most different stop words in `text`.

    It is the first one unless another clearly has more. Of equals the earlier wins.
    """
    if len(languages) == 1:
        return languages[0]
    words = set(_LETTERS.findall(unicodedata.normalize("NFC", text).lower()))
    counts = {language: len(words & stop_words(language)) for language in languages}
    best = max(languages, key=counts.__getitem__)
    return best if counts[best] >= counts[languages[0]] + _CLEAR_LEAD else languages[0]


def languages_in(written: str) -> tuple[str, ...]:
    """Read codes of languages, separated by commas: "de" or "en,de". Raises ValueError."""
    codes = tuple(code.strip().lower() for code in written.split(","))
    for code in codes:
        if code not in NAMES:
            raise ValueError(f"unknown language {code!r}: expected one or more of {', '.join(NAMES)}")
    return tuple(dict.fromkeys(codes))


class AccentedAnalysis(WordAnalysis):
    """Analysis of words of another language: Snowball's stemmers need accents, and terms have none."""

    def __init__(self, language: str) -> None:
        self.stop_words = stop_words(language)
        stem = stemmer(NAMES[language])
        self.stem = lambda spelling: fold(stem(spelling))

    def spelling(self, written: str, normal: str) -> str:
        """Return a part in lower case with its accents."""
        if written.isascii():
            return normal
        lowered = unicodedata.normalize("NFC", written.lower())
        return lowered if fold(lowered) == normal else normal
