"""Text to terms: words are split, normalised and stemmed, and each term keeps its place in the text.

A written word can be several words and one word at the same time: "pre-training", "GPT-4o",
"M$^3$ViT", "IL6". A paper is indexed by the parts of such a word and by the whole, so that every
spelling finds it. A query asks for the parts, and for the whole where the parts say too little. A
change here changes every index, so a build writes `ANALYZER` into the manifest and opening an index
checks it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

import Stemmer

ANALYZER = "snowball-english-2"
"""Name of this analysis; raise its number with every change of behaviour."""

# Snowball's English stop words. Contractions are left out: the apostrophe splits them before.
_STOP_WORDS = """i me my myself we our ours ourselves you your yours yourself yourselves he him his
himself she her hers herself it its itself they them their theirs themselves what which who whom
this that these those am is are was were be been being have has had having do does did doing would
should could ought a an the and but if or because as until while of at by for with about against
between into through during before after above below to from up down in out on off over under again
further then once here there when where why how all any both each few more most other some such no
nor not only own same so than too very can will just s t"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def _patterns(letter: str, digit: str, either: str, hyphen: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile the patterns of a written word and of its parts.

    Possessive quantifiers (`*+`, `++`) prevent backtracking, which would be slow. The parameters
    are character classes: a letter, a digit, either of them, and a hyphen.
    """
    # Letters and digits; a number keeps its decimal point ("3.5", "v1.5b").
    part = rf"(?:{letter}*+{digit}++(?:\.{digit}++)+{either}*+|{either}++)"
    # Joints connect the parts of one word: hyphens, and LaTeX's sub- and superscript marks.
    joint = rf"(?:{hyphen}|\$?[\^_]\{{?|\}}?\$|\}})"
    return re.compile(rf"{part}(?:{joint}{part})*+"), re.compile(part)


_WORD, _PARTS = _patterns(r"[^\W\d_]", r"\d", r"[^\W_]", r"[-\u2010-\u2013\u2212]")
_ASCII_WORD, _ASCII_PARTS = _patterns("[A-Za-z]", "[0-9]", "[A-Za-z0-9]", "-")
"""Patterns for ASCII text, which take a third of the time."""

_OF_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.$^_{}")
_BETWEEN_AS_SPACES = bytes(code if code in _OF_WORDS else ord(" ") for code in range(256))
"""Translation table: bytes that no ASCII word contains become spaces."""

# Runs of letters and runs of digits. A single letter after digits belongs to them ("70b", "4o").
_RUN = re.compile(r"[\d.]+[^\W\d_]?(?![^\W\d_])|[^\W\d_]+|[\d.]+")
_ACRONYMS = re.compile(r"[A-Z][A-Z0-9]+s")
_SPELT_OUT = re.compile(r"[^aeiouy\W\d_]{3,}(?<!s)s|[^aeiouy\W\d_]pus")
_GREEK = {ord(letter): unicodedata.name(letter).split()[-1].lower() for letter in "αβγδεζηθικλμνξοπρστυφχψως"}


class Token(NamedTuple):
    """One occurrence of a term in a text, at the characters [start, end).

    Positions count the smallest parts of the text from 0, stop words included. A word that is also
    indexed whole (`is_whole`) has the position of its first part.
    """

    term: str
    position: int
    start: int
    end: int
    is_whole: bool


class Match(NamedTuple):
    """A wanted term found in a text, at the characters [start, end)."""

    term: str
    start: int
    end: int


def disjoint(matches: Iterable[Match]) -> tuple[tuple[int, int], ...]:
    """Return the ranges of `matches`, without matches that start inside an earlier one.

    `matches` must be sorted by start; of equal starts the first wins.
    """
    spans: list[tuple[int, int]] = []
    for _, start, end in matches:
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return tuple(spans)


class Analyzer:
    """Analyzer for English: splits text into words, normalises, stems and drops stop words.

    Normalising is NFKC, lower case, no accents, and Greek letters by name. The stemmer is Snowball's
    English one. An analyzer caches the words it has seen, so one instance should serve a whole
    build. It is not safe to share between threads.
    """

    def __init__(self) -> None:
        self._stem = Stemmer.Stemmer("english", 0).stemWord  # 0: its own cache takes longer than stemming
        self._words: dict[str, Word] = {}

    def tokens(self, text: str) -> list[Token]:
        """Return the tokens of `text` as papers are indexed, ascending by position."""
        found: list[Token] = []
        position = 0
        for match in _words_of(text).finditer(text):
            word = self.word(match[0])
            offset = match.start()
            for term, place, start, end, is_whole in word.tokens:
                found.append(Token(term, position + place, offset + start, offset + end, is_whole))
            position += word.n_parts
        return found

    def terms(self, text: str) -> list[str]:
        """Return the terms of `tokens(text)`, repeats included."""
        return [term for match in self.words(text) for term in self.word(match).terms]

    def words(self, text: str) -> list[str]:
        """Return the words of `text` as they are written."""
        found: list[str] = _words_of(text).findall(text)
        return found

    def stretch(self, written: bytes) -> list[Word]:
        """Analyse each word of one of the `stretches`, without caching the result."""
        return list(map(self._analyse, words_of_stretch(written)))

    def query_terms(self, text: str) -> list[str]:
        """Return the terms to look up in the postings, repeats included.

        They are the parts of every word. The whole word is added if it mixes letters and digits
        ("4o"), or if one of its parts is a stop word ("few-shot").
        """
        return [term for match in self.words(text) for term in self.word(match).query_terms]

    def sequence(self, text: str) -> list[tuple[int, str]]:
        """Return the parts of `text` as (distance from the first part, term): an exact phrase."""
        parts = [(token.position, token.term) for token in self.tokens(text) if not token.is_whole]
        return [(position - parts[0][0], term) for position, term in parts]

    def first_term(self, text: str) -> str | None:
        """Return the first term of `sequence(text)`, or None if it is empty."""
        tokens = (token for word in self.words(text) for token in self.word(word).tokens)
        return next((term for term, _, _, _, is_whole in tokens if not is_whole), None)

    def matches(self, terms: Collection[str], text: str) -> list[Match]:
        """Return the tokens of `text` whose term is in `terms`, by start, of equal starts the
        longest first."""
        found: list[Match] = []
        initials = "".join(sorted({term[0] for term in terms}))
        words = _words_beginning(initials) if text.isascii() else _WORD
        for match in words.finditer(text):
            written, offset = match[match.lastindex or 0], match.start(match.lastindex or 0)
            for term, _, start, end, _ in self.word(written).tokens if written else ():
                if term in terms:
                    found.append(Match(term, offset + start, offset + end))
        return sorted(found, key=lambda match: (match.start, -match.end))

    def spans(self, terms: Collection[str], text: str) -> tuple[tuple[int, int], ...]:
        """Return the character ranges of `text` whose term is in `terms`, ascending and disjoint."""
        return disjoint(self.matches(terms, text))

    def word(self, written: str) -> Word:
        """Return the analysis of one written word, from the cache if it is known."""
        word = self._words.get(written)
        if word is None:
            word = self._words[written] = self._analyse(written)
        return word

    def _analyse(self, written: str) -> Word:
        """Analyse one written word, joints included, by the cheapest method that covers it."""
        if written.isascii():
            if written.isalpha():
                return self._plain(written)
            if all(map(str.isalpha, written.split("-"))):
                return self._hyphenated(written)
        return self._mixed(written)

    def _mixed(self, written: str) -> Word:
        """Analyse any word.

        This is the general case. It agrees with `_plain` and `_hyphenated` on the words they
        accept.
        """
        parts: list[tuple[str, int, int]] = []
        wholes: list[tuple[str, int, int, int]] = []
        for match in (_ASCII_PARTS if written.isascii() else _PARTS).finditer(written):
            if match[0].isascii() and match[0].isalpha():
                parts.append((match[0].lower(), *match.span()))
                continue
            normal = _normalised(match[0])
            runs = [(run[0], *run.span()) for run in _RUN.finditer(normal)]
            # Normalising may change the length; then each run gets the range of the whole part.
            same_length = len(normal) == len(match[0])
            if len(runs) > 1:
                wholes.append((normal, len(parts), match.start(), match.end()))
            for run, start, end in runs if len(runs) > 1 else [(normal, 0, len(normal))]:
                if same_length:
                    parts.append((run, match.start() + start, match.start() + end))
                else:
                    parts.append((run, match.start(), match.end()))
        tokens = [
            (self._term(written[start:end], part), place, start, end, False)
            for place, (part, start, end) in enumerate(parts)
            if part not in STOP_WORDS
        ]
        mixed = [(self._stem(whole), place, start, end, True) for whole, place, start, end in wholes]
        query_terms = [token[0] for token in tokens + mixed]
        compound = "".join(part for part, _, _ in parts)
        compounds = []
        if len(parts) > 1 and compound not in {whole for whole, *_ in wholes}:
            compounds = [(self._stem(compound), 0, 0, len(written), True)]
            if 0 < len(tokens) < len(parts):
                query_terms.append(compounds[0][0])
        ordered = sorted(tokens + mixed + compounds, key=lambda token: (token[1], token[4]))
        return Word(tuple(ordered), tuple(t[0] for t in ordered), tuple(query_terms), len(parts))

    def _plain(self, written: str) -> Word:
        """Analyse a word of ASCII letters alone, the most common kind."""
        lower = written.lower()
        if lower in STOP_WORDS:
            return Word((), (), (), 1)
        term = self._term(written, lower)
        return Word(((term, 0, 0, len(written), False),), (term,), (term,), 1)

    def _hyphenated(self, written: str) -> Word:
        """Analyse a word of ASCII letters with single hyphens, the next most common kind."""
        parts = written.split("-")
        tokens: list[tuple[str, int, int, int, bool]] = []
        start = 0
        for place, part in enumerate(parts):
            lowered = part.lower()
            if lowered not in STOP_WORDS:
                tokens.append((self._term(part, lowered), place, start, start + len(part), False))
            start += len(part) + 1
        query_terms = [token[0] for token in tokens]
        compound = self._stem("".join(parts).lower())
        if 0 < len(tokens) < len(parts):
            query_terms.append(compound)
        after_first = 1 if tokens and tokens[0][1] == 0 else 0
        tokens.insert(after_first, (compound, 0, 0, len(written), True))
        return Word(tuple(tokens), tuple([token[0] for token in tokens]), tuple(query_terms), len(parts))

    def _term(self, written: str, normal: str) -> str:
        """Return the stem of one part.

        Snowball removes a plural s only from parts that look like words. Plurals of acronyms (LLMs,
        llms, GPUs, gpus) are therefore reduced to the singular here.
        """
        if normal.endswith("s") and (_ACRONYMS.fullmatch(written) or _SPELT_OUT.fullmatch(normal)):
            return normal[:-1]
        stem: str = self._stem(normal)
        return stem


def stretches(text: str) -> list[bytes]:
    """Split `text` on characters that cannot occur in a word; the pieces are UTF-8.

    A piece may hold one word, several, or none. Pieces keep the order of the text. In a corpus
    nearly all pieces are single words, and few are distinct, so a build analyses each distinct
    piece once. Splitting takes a sixth of the time of finding the words themselves.
    """
    if not text.isascii():
        return [word.encode() for word in _WORD.findall(text)]
    # A point belongs to a word only before a digit, so one at the end of a word is a separator.
    return text.encode().translate(_BETWEEN_AS_SPACES).replace(b". ", b" ").split()


def words_of_stretch(written: bytes) -> list[str]:
    """Return the words of one of the `stretches`, as they are written."""
    text = written.decode()
    if written.isalpha():  # bytes.isalpha accepts ASCII letters only
        return [text]
    found: list[str] = _words_of(text).findall(text)
    return found


def _words_of(text: str) -> re.Pattern[str]:
    """Return the pattern that finds the words of `text`."""
    return _ASCII_WORD if text.isascii() else _WORD


@lru_cache(maxsize=256)
def _words_beginning(initials: str) -> re.Pattern[str]:
    """Return a pattern whose group 1 matches words that can have a term with one of these initials.

    It is for ASCII text. Most words are plain letters, and the stem of a plain word begins as the
    word does. The pattern skips plain words with other initials without a call back to Python.
    """
    letters = "".join(letter + letter.upper() for letter in initials if letter.isascii() and letter.isalpha())
    other = rf"(?![{letters}])[A-Za-z]++" if letters else "[A-Za-z]++"
    return re.compile(rf"(?:{other}(?![-0-9$^_}}])|[^A-Za-z0-9])*+({_ASCII_WORD.pattern}|\Z)")


class Word(NamedTuple):
    """The analysis of one written word.

    tokens: (term, position, start, end, is_whole); positions and characters count from the word's
        start
    terms: the terms of the tokens, in the same order
    query_terms: the terms that a query looks up
    n_parts: the positions that the word takes, stop words included
    """

    tokens: tuple[tuple[str, int, int, int, bool], ...]
    terms: tuple[str, ...]
    query_terms: tuple[str, ...]
    n_parts: int


def plain_word(term: str) -> list[Word]:
    """Wrap a piece of text that is already a term as its only word."""
    return [Word(((term, 0, 0, len(term), False),), (term,), (term,), 1)]


def _normalised(part: str) -> str:
    """Normalise compatibility forms, case and accents; replace Greek letters by their names."""
    if part.isascii():
        return part.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", part).lower())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", plain).translate(_GREEK)
