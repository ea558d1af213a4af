"""Written words: how they are found in a text, and the terms of each.

A word is letters, digits and their marks, with the joints that connect its parts ("pre-training",
"M$^3$ViT") and the signs that make a name ("C++", "C#", ".NET", "A*"). `WordAnalysis` gives the
terms of one word; `analysis` applies it to texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import Stemmer

from papersearch.text.folding import fold
from papersearch.text.scripts import JOINERS, MARKS, UNSPACED, VOICING

# Snowball's English stop words. Contractions are left out: the apostrophe splits them before.
_STOP_WORDS = """i me my myself we our ours ourselves you your yours yourself yourselves he him his
himself she her hers herself it its itself they them their theirs themselves what which who whom
this that these those am is are was were be been being have has had having do does did doing would
should could ought a an the and but if or because as until while of at by for with about against
between into through during before after above below to from up down in out on off over under again
further then once here there when where why how all any both each few more most other some such no
nor not only own same so than too very can will just s t"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

ENGLISH = "en"

NAMES = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ru": "russian",
    "sv": "swedish",
}  # fmt: skip
"""Snowball's name of each language that has a stemmer and a list of stop words, by its code of ISO 639-1."""

TITLE_PREFIX = "title:"
"""Beginning of the term of a stop word in a title. No other term has a colon."""


class _Signs(NamedTuple):
    """Characters of the signs that can end a name, and the class of those that make words."""

    plus: str
    sharp: str
    star: str
    word: str


def _sign(signs: _Signs) -> str:
    """Return the pattern of the sign that ends a part, with what may surround it.

    `WordAnalysis` decides whether the sign makes a name of the part before it.
    """
    plus, sharp, star = (f"[{characters}]" for characters in signs[:3])
    word = signs.word
    # "C++", "C++17" and "B+", but not "x+y".
    pluses = rf"{plus}{plus}(?:(?!{plus}|\w)|(?=\d\d(?!\w)))|(?<=[A-Z])(?<!{word}[A-Z]){plus}(?!{plus}|\w)"
    # "C#", but not "issue#" or "a##b".
    sharps = rf"(?<=[A-Za-z])(?<!{word}[A-Za-z]){sharp}(?!{sharp}|\w)"
    # "A*", "RRT$^*$", but not the emphasis of "*A*".
    emphasis = "".join(rf"(?<!\*[A-Za-z]{{{n}}})" for n in range(1, 6))
    stars = rf"(?<=[A-Za-z]){emphasis}(?:\$?\^\{{?)?{star}(?:(?!{star}|\w)(?:\}}?\$)?)"
    return rf"(?:(?=[{''.join(signs[:3])}$^])(?:{pluses}|{sharps}|{stars}))"


class Patterns(NamedTuple):
    """Patterns of a written word, and of its parts; a part has its sign in group 2."""

    word: re.Pattern[str]
    part: re.Pattern[str]


def _patterns(letter: str, digit: str, either: str, hyphen: str, signs: _Signs) -> Patterns:
    """Compile the patterns.

    Possessive quantifiers (`*+`, `++`) prevent backtracking, which would be slow. The parameters
    match a letter, a digit, either of them, and a hyphen.
    """
    # Letters and digits; a number keeps its decimal point ("3.5", "v1.5b").
    plain = rf"(?:{letter}*+{digit}++(?:\.{digit}++)+{either}*+|{either}++)"
    # ".NET" and "asp.net", but not the end of "example.net".
    word = signs.word
    dot_net = rf"\.(?:NET(?!{word})|(?:(?<!{word}\.)|(?<=(?i:asp|ado)\.))[Nn]et(?!{word}))"
    # Joints connect the parts of one word: hyphens, and LaTeX's sub- and superscript marks.
    joint = rf"(?:{hyphen}|\$?[\^_]\{{?|\}}?\$|\}}|(?={dot_net}))"
    part = rf"(?:{plain}|{dot_net})"
    sign = _sign(signs)
    return Patterns(re.compile(rf"{part}{sign}?+(?:{joint}{part}{sign}?+)*+"), re.compile(rf"({part})({sign})?"))


ASCII = _patterns("[A-Za-z]", "[0-9]", "[A-Za-z0-9]", "-", _Signs("+", "#", "*", r"\w"))
_MARK = re.compile(f"[{MARKS}{JOINERS}]")
_MARKED = rf"[{MARKS}{JOINERS}]*+"


def patterns_of(text: str) -> Patterns:
    """Return the patterns for a text.

    Those for all texts take 15 ms to compile and three times as long to match. A text of ASCII
    characters, or without marks, has the same words by narrower ones.
    """
    if text.isascii():
        return ASCII
    return _wide_patterns(with_marks=_MARK.search(text) is not None)


@cache
def _wide_patterns(*, with_marks: bool) -> Patterns:
    """Compile the patterns for texts with and without marks; few starts of the program need the first."""
    marked, word = (_MARKED, rf"[\w{MARKS}{JOINERS}]") if with_marks else ("", r"\w")
    signs = _Signs(r"+\uff0b", r"#\uff03\u266f", r"*\uff0a\u2217", word)
    return _patterns(rf"(?:[^\W\d_]++{marked})", r"\d", rf"(?:[^\W_]++{marked})", r"[-\u2010-\u2013\u2212]", signs)


@cache
def _run() -> re.Pattern[str]:
    """Return the pattern of runs of letters and runs of digits.

    A single letter after digits belongs to them ("70b", "4o").
    """
    letter = rf"[^\W\d_]{_MARKED}"
    return re.compile(rf"[\d.]+(?:{letter})?+(?![^\W\d_])|(?:{letter})++|[\d.]+")


@cache
def _script_run() -> re.Pattern[str]:
    """Return the pattern of runs of a script without blanks, in group 1, and of other runs."""
    return re.compile(rf"([{UNSPACED}][{UNSPACED}{MARKS}{JOINERS}]*+)|[^{UNSPACED}]++")


@cache
def _character() -> re.Pattern[str]:
    """Return the pattern of a character of such a script, with its marks."""
    marks = f"{MARKS}{JOINERS}{VOICING}"
    return re.compile(rf"[^{marks}][{marks}]*+|[{marks}]++")


_ACRONYMS = re.compile(r"[A-Z][A-Z0-9]+s")
_SPELT_OUT = re.compile(r"[^aeiouy\W\d_]{3,}(?<!s)s|[^aeiouy\W\d_]pus")
_STARRED = re.compile(r"[A-Z]{2,5}|[A-Za-z]")

_SIGN_MARKS = str.maketrans({"$": None, "{": None, "}": None, "^": None, "\u266f": "#", "\u2217": "*"})

_Token: TypeAlias = tuple[str, int, int, int, bool]


class Word(NamedTuple):
    """The analysis of one written word.

    tokens: (term, position, start, end, is_whole); positions and characters count from the word's
        start
    terms: the terms of the tokens, in the same order
    query_terms: the terms that a query looks up
    n_parts: the positions that the word takes, stop words included
    stops: the tokens of its stop words, which only titles are indexed by
    compound: the term of the whole word, if it has several parts and `query_terms` lacks it
    """

    tokens: tuple[_Token, ...]
    terms: tuple[str, ...]
    query_terms: tuple[str, ...]
    n_parts: int
    stops: tuple[_Token, ...] = ()
    compound: str | None = None


def plain_word(term: str) -> list[Word]:
    """Wrap a piece of text that is already a term as its only word."""
    return [Word(((term, 0, 0, len(term), False),), (term,), (term,), 1)]


def is_spelling(written: str) -> bool:
    """Tell whether a word is letters alone, of a script that separates its words."""
    if not written.isalpha() or written.isascii():
        return written.isalpha()
    run = _script_run().match(written)
    return run is not None and not run[1]


class _Parts:
    """The parts of one word, collected from left to right; each takes one position.

    normals: the normalised parts
    spelt: the parts as they are stemmed
    names: the normalised parts, with the signs that make names
    """

    def __init__(self, analysis: WordAnalysis) -> None:
        self._term = analysis.term
        self._stem = analysis.stem
        self._spelling = analysis.spelling
        self._stop_words = analysis.stop_words
        self.normals: list[str] = []
        self.spelt: list[str] = []
        self.names: list[str] = []
        self._tokens: list[_Token] = []
        self._stops: list[_Token] = []
        self._asked: list[str] = []
        self._mixed: set[str] = set()
        self._is_joined = True

    def add(self, written: str, normal: str, start: int, end: int) -> None:
        """Add a part of letters or digits."""
        place = len(self.normals)
        if normal in self._stop_words:
            self._stops.append((TITLE_PREFIX + normal, place, start, end, False))
            if _is_name(written, normal):
                self._tokens.append((normal.upper(), place, start, end, False))
                self._asked.append(normal.upper())
        elif normal:
            term = self._term(written, normal)
            self._tokens.append((term, place, start, end, False))
            self._asked.append(term)
        self._append(normal, self._spelling(written, normal))

    def add_name(self, name: str, start: int, end: int) -> None:
        """Add a name that is not stemmed."""
        self._tokens.append((name, len(self.normals), start, end, False))
        self._asked.append(name)
        self._append(name, name)

    def add_runs_of_scripts(self, part: str, start: int) -> None:
        """Add a part that may mix scripts, letters and digits."""
        if part.isascii():
            self._add_runs(part, start)
            return
        for run in _script_run().finditer(part):
            if run[1]:
                self._add_unspaced(run[1], start + run.start())
            else:
                self._add_runs(run[0], start + run.start())

    def sign(self, part: str, sign: str, start: int, end: int) -> None:
        """Add the sign after the last part, written `part`, if it makes a name."""
        sign = fold(sign).translate(_SIGN_MARKS)
        if not self._is_joined or (sign == "*" and not _STARRED.fullmatch(part)):
            return
        name, place = fold(part) + sign, len(self.normals) - 1
        if name[: -len(sign)] != self.normals[-1]:  # letters and digits are several parts: the name is a whole
            first = next(token for token in self._tokens if token[2] == start)
            self._tokens.append((name, first[1], start, end, True))
            self._asked.append(name)
            return
        plain = [token for token in self._tokens if token[1] == place]
        self._tokens = [token for token in self._tokens if token[1] != place]
        if len(part) > 1 or sign == "+":
            self._tokens += [(term, at, begin, stop, True) for term, at, begin, stop, _ in plain]
        else:  # C++ is not a kind of C
            self._stops = [token for token in self._stops if token[1] != place]
            for token in plain:
                self._asked.remove(token[0])
            self.normals[-1] = self.spelt[-1] = name
        self._tokens.append((name, place, start, end, False))
        self._asked.append(name)
        self.names[-1] = name

    def word(self, length: int) -> Word:
        """Return the analysis of the word, which is `length` characters long."""
        n_parts, compound = len(self.normals), None
        if n_parts > 1 and self._is_joined:
            whole, name = "".join(self.normals), "".join(self.names)
            if name != whole:
                self._tokens.append((name, 0, 0, length, True))
                compound = name
            if whole not in self._mixed:
                term = self._stem("".join(self.spelt))
                self._tokens.append((term, 0, 0, length, True))
                if 0 < len(self._stops) < n_parts:
                    self._asked.append(term)
                compound = compound or (None if term in self._asked else term)
        tokens = sorted(self._tokens, key=lambda token: (token[1], token[4]))
        terms = tuple([token[0] for token in tokens])
        return Word(tuple(tokens), terms, tuple(self._asked), n_parts, tuple(self._stops), compound)

    def _add_runs(self, part: str, start: int) -> None:
        """Add a part of letters and digits, as its runs and as a whole."""
        normal = fold(part)
        runs = [(run[0], *run.span()) for run in _run().finditer(normal)]
        if len(runs) > 1:
            whole = self._stem(self._spelling(part, normal))
            self._tokens.append((whole, len(self.normals), start, start + len(part), True))
            self._asked.append(whole)
            self._mixed.add(normal)
        # Normalising may change the length; then each run gets the range of the whole part.
        same_length = len(normal) == len(part)
        for run, first, last in runs if len(runs) > 1 else [(normal, 0, len(normal))]:
            begin, stop = (first, last) if same_length else (0, len(part))
            self.add(part[begin:stop], run, start + begin, start + stop)

    def _add_unspaced(self, run: str, start: int) -> None:
        """Add a run of a script without blanks: its characters, and its pairs of neighbours.

        Each character takes one position. Several are looked up by their pairs, one by itself.
        """
        self._is_joined = False
        place = len(self.normals)
        characters = [(fold(one[0]), start + one.start(), start + one.end()) for one in _character().finditer(run)]
        characters = [one for one in characters if one[0]]
        is_single = len(characters) == 1
        for number, (character, begin, end) in enumerate(characters):
            self._tokens.append((character, place + number, begin, end, not is_single))
            self._append(character, character)
        pairs = [
            (first[0] + second[0], place + number, first[1], second[2], False)
            for number, (first, second) in enumerate(pairwise(characters))
        ]
        self._tokens += pairs
        self._asked += [pair[0] for pair in pairs] if pairs else [one[0] for one in characters]

    def _append(self, normal: str, spelt: str) -> None:
        self.normals.append(normal)
        self.spelt.append(spelt)
        self.names.append(normal)


def _is_name(written: str, normal: str) -> bool:
    """Tell whether a stop word is written as a name: WHO, IT, the T of "T cell", but not A or I."""
    return written.isupper() and (len(normal) > 1 or normal in "cdst")


def stemmer(language: str) -> Callable[[str], str]:
    """Return Snowball's stemmer of a language."""
    # Without its own cache, which takes longer than stemming.
    stem: Callable[[str], str] = Stemmer.Stemmer(language, 0).stemWord
    return stem


class WordAnalysis:
    """Analysis of single words of English: their parts, normalised and stemmed.

    stem: function that returns the stem of a spelling
    """

    stop_words: frozenset[str] = STOP_WORDS

    def __init__(self) -> None:
        self.stem: Callable[[str], str] = stemmer("english")

    def spelling(self, written: str, normal: str) -> str:
        """Return what is stemmed of a part: in English the normalised part."""
        return normal

    def analyse(self, written: str) -> Word:
        """Analyse one written word, joints included, by the cheapest method that covers it."""
        if written.isascii():
            if written.isalpha():
                return self._plain(written)
            if all(map(str.isalpha, written.split("-"))):
                return self._hyphenated(written)
        elif not unicodedata.is_normalized("NFC", written):
            return self._composed(written)
        return self.mixed(written)

    def _composed(self, written: str) -> Word:
        """Analyse a word whose letters are decomposed; each token gets the range of the whole word."""
        word = self.analyse(unicodedata.normalize("NFC", written))
        whole = (0, len(written))
        return word._replace(
            tokens=tuple((term, place, *whole, is_whole) for term, place, _, _, is_whole in word.tokens),
            stops=tuple((term, place, *whole, is_whole) for term, place, _, _, is_whole in word.stops),
        )

    def mixed(self, written: str) -> Word:
        """Analyse any word.

        This is the general case. It agrees with `_plain` and `_hyphenated` on the words they
        accept.
        """
        parts = _Parts(self)
        for match in patterns_of(written).part.finditer(written):
            part, start = match[1], match.start()
            if part[0] == ".":
                parts.add_name(part.lower(), start, match.end())
            elif part.isascii() and part.isalpha():
                parts.add(part, part.lower(), start, start + len(part))
            else:
                parts.add_runs_of_scripts(part, start)
            if match[2]:
                parts.sign(part, match[2], start, match.end())
        return parts.word(len(written))

    def _plain(self, written: str) -> Word:
        """Analyse a word of ASCII letters alone, the most common kind."""
        lower = written.lower()
        if lower in self.stop_words:
            stops = ((TITLE_PREFIX + lower, 0, 0, len(written), False),)
            if _is_name(written, lower):
                return Word(((written, 0, 0, len(written), False),), (written,), (written,), 1, stops)
            return Word((), (), (), 1, stops)
        term = self.term(written, lower)
        return Word(((term, 0, 0, len(written), False),), (term,), (term,), 1)

    def _hyphenated(self, written: str) -> Word:
        """Analyse a word of ASCII letters with single hyphens, the next most common kind."""
        pieces, normals = written.split("-"), written.lower().split("-")
        if not self.stop_words.isdisjoint(normals):
            return self.mixed(written)
        tokens: list[_Token] = []
        start = 0
        for place, (piece, normal) in enumerate(zip(pieces, normals, strict=True)):
            tokens.append((self.term(piece, normal), place, start, start + len(piece), False))
            start += len(piece) + 1
        asked = tuple([token[0] for token in tokens])
        whole = self.stem("".join(normals))
        tokens.insert(1, (whole, 0, 0, len(written), True))
        terms = tuple([token[0] for token in tokens])
        return Word(tuple(tokens), terms, asked, len(pieces), (), None if whole in asked else whole)

    def term(self, written: str, normal: str) -> str:
        """Return the stem of one part.

        Snowball removes a plural s only from parts that look like words. Plurals of acronyms (LLMs,
        llms, GPUs, gpus) are therefore reduced to the singular here.
        """
        if normal.endswith("s") and (_ACRONYMS.fullmatch(written) or _SPELT_OUT.fullmatch(normal)):
            return normal[:-1]
        return self.stem(self.spelling(written, normal))
