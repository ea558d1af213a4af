"""Text to terms: words are split, normalised and stemmed, and each term keeps its place in the text.

A written word can be several words and one word at the same time: "pre-training", "GPT-4o",
"M$^3$ViT", "IL6". A paper is indexed by the parts of such a word and by the whole, so that every
spelling finds it. A query asks for the parts, and for the whole where the parts say too little.

Stop words are indexed where they are likely to be names: in titles, and in capitals ("WHO"). Only a
query that has no other word searches titles for them. Keywords follow the text, each behind a gap in
the positions, so that no phrase runs into one. A change here changes every index, so a build writes
`analysis_name` into the manifest and opening an index checks it.

A collection is in English, in another language, or in several of which each paper is in one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from papersearch.text.words import ASCII, ENGLISH, NAMES, TITLE_PREFIX, Word, WordAnalysis, patterns_of

_ANALYSIS = 3
"""Number of this analysis; raise it with every change of behaviour."""

_OF_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.$^_{}+#*")
_BETWEEN_AS_SPACES = bytes(code if code in _OF_WORDS else ord(" ") for code in range(256))
"""Translation table: bytes that no ASCII word contains become spaces."""

_OF_TITLE = b"\0"
"""First byte of a stretch of a title, if it has a stop word."""

_BEFORE_KEYWORD = b"\1"
"""A stretch that is only a gap."""

_GAP = 1 << 14
"""Positions before each keyword, more than the words of the longest query."""

_SECOND_LANGUAGE = 2
"""First byte of a stretch in the second language of a collection; the third has the next one, and so on."""

_FEWEST_SHOUTED = 4
"""Number of words from which a query in capitals is taken as typed in capitals, not as names."""


def analysis_name(languages: Sequence[str]) -> str:
    """Return the name of the analysis of texts in these languages, as a manifest has it."""
    return f"snowball-{'+'.join(NAMES[language] for language in languages)}-{_ANALYSIS}"


ANALYZER = analysis_name((ENGLISH,))
"""Name of the analysis of English."""


def languages_of_analysis(name: str) -> tuple[str, ...] | None:
    """Return the languages of an analysis of any number, or None if one is unknown."""
    codes = {language: code for code, language in NAMES.items()}
    stemmer, _, rest = name.partition("-")
    languages = [codes.get(language, "") for language in rest.rpartition("-")[0].split("+")]
    is_known = stemmer == "snowball" and all(languages) and len(set(languages)) == len(languages)
    return tuple(languages) if is_known else None


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
    """Return the ranges that `matches` cover, ascending; matches that overlap give one range.

    `matches` must be sorted by start.
    """
    spans: list[tuple[int, int]] = []
    for _, start, end in matches:
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return tuple(spans)


class Analyzer:
    """Analyzer of a collection: splits text into words, normalises, stems and drops stop words.

    languages: those of the collection. Each text is in one of them: `of` returns its analyzer. All
        other methods read texts of the first language.

    The stemmers are Snowball's. An analyzer caches the words it has seen, so one instance should
    serve a whole build. It is not safe to share between threads.
    """

    def __init__(self, languages: Sequence[str] = (ENGLISH,)) -> None:
        self.languages = tuple(languages)
        self._others = tuple(Analyzer((language,)) for language in languages[1:])
        analysis = _word_analysis(languages[0])
        self.analyse = analysis.analyse
        self.stop_words = analysis.stop_words
        self._stop_words_as_bytes = frozenset(word.encode() for word in analysis.stop_words)
        self._signs = {bytes([_SECOND_LANGUAGE + place]): other for place, other in enumerate(self._others)}
        self._words: dict[str, Word] = {}
        self._of_title: dict[bytes, bytes] = {}

    @property
    def each(self) -> tuple[Analyzer, ...]:
        """The analyzers of all languages, this one first."""
        return (self, *self._others)

    @property
    def keeps_initials(self) -> bool:
        """True if the term of a plain word begins as the word does: some stemmers take prefixes away."""
        return self.languages[0] == ENGLISH

    def of(self, text: str) -> Analyzer:
        """Return the analyzer of the language of a text."""
        if not self._others:
            return self
        from papersearch.text.languages import language_of  # few collections have several

        return self.each[self.languages.index(language_of(text, self.languages))]

    def tokens(self, text: str, *, title_length: int = 0) -> list[Token]:
        """Return the tokens of `text` as papers are indexed, ascending by position.

        Its first `title_length` characters are a title, whose stop words are indexed too.
        """
        found: list[Token] = []
        position = 0
        for part, shift, is_title in ((text[:title_length], 0, True), (text[title_length:], title_length, False)):
            for match in patterns_of(part).word.finditer(part):
                word = self.word(match[0])
                offset = shift + match.start()
                for term, place, start, end, is_whole in in_title(word) if is_title else word.tokens:
                    found.append(Token(term, position + place, offset + start, offset + end, is_whole))
                position += word.n_parts
        return found

    def terms(self, text: str) -> list[str]:
        """Return the terms of `tokens(text)`, repeats included."""
        return [term for match in self.words(text) for term in self.word(match).terms]

    def words(self, text: str) -> list[str]:
        """Return the words of `text` as they are written."""
        found: list[str] = patterns_of(text).word.findall(text)
        return found

    def stretch(self, written: bytes) -> list[Word]:
        """Analyse each word of one of the `stretches`, without caching the result.

        The tokens of a title's words include their stop words, the terms do not.
        """
        if written == _BEFORE_KEYWORD:
            return [Word((), (), (), _GAP)]
        if (other := self._signs.get(written[:1])) is not None:
            return other.stretch(written[1:])
        words = map(self.analyse, words_of_stretch(written))
        if written[:1] == _OF_TITLE:
            return [word._replace(tokens=in_title(word)) for word in words]
        return list(words)

    def signed(self, pieces: list[bytes], of: Analyzer) -> list[bytes]:
        """Return the `stretches` of a text with the sign of its language, whose analyzer is `of`."""
        sign = next((sign for sign, other in self._signs.items() if other is of), None)
        return pieces if sign is None else [sign + piece for piece in pieces]

    def title_stretches(self, title: str) -> list[bytes]:
        """Return the `stretches` of a title, with a sign at those that have stop words."""
        found = self._of_title
        for piece in (pieces := stretches(title)):
            if piece not in found:
                if piece.isalpha():  # most pieces are one plain word: it is not worth an analysis
                    has_stops = piece.lower() in self._stop_words_as_bytes
                else:
                    has_stops = any(word.stops for word in self.stretch(piece))
                found[piece] = _OF_TITLE + piece if has_stops else piece
        return [found[piece] for piece in pieces]

    def query_terms(self, text: str) -> list[str]:
        """Return the terms to look up in the postings, repeats included.

        They are the parts of every word. The whole word is added if it mixes letters and digits
        ("4o"), or if one of its parts is a stop word ("few-shot"). Stop words are looked up in
        titles if there is no other word.
        """
        words = self._asked(text)
        stops = [] if any(map(self._has_content, words)) else [token[0] for word in words for token in word.stops]
        return [term for word in words for term in word.query_terms] + stops

    def compounds(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return (another term, terms) for the words that a paper may have in another form.

        The other term alone says the same as the terms together: "pretrain" as "pre" and "train".
        """
        words = self._asked(text)
        found = [(word.compound, word.query_terms) for word in words if word.compound]
        if not any(map(self._has_content, words)):  # lower case finds the name in capitals
            stops = {token[0] for word in words for token in word.stops}
            found += [(stop.removeprefix(TITLE_PREFIX).upper(), (stop,)) for stop in sorted(stops)]
        asked = set(self.query_terms(text))
        return [(other, terms) for other, terms in found if other not in asked]

    def sequence(self, text: str) -> list[tuple[int, str]]:
        """Return the parts of `text` as (distance from the first part, term): an exact phrase.

        Stop words belong to it only if it has no other word.
        """
        parts = self.placed(text)
        return [(position - parts[0][0], term) for position, term in parts]

    def sequences(self, text: str) -> list[tuple[tuple[int, str], ...]]:
        """Return the different sequences of `text` in all languages."""
        return list(dict.fromkeys(tuple(each.sequence(text)) for each in self.each))

    def placed(self, text: str) -> list[tuple[int, str]]:
        """Return the parts of `sequence`, with their positions in `text`."""
        found, stops = [], []
        position = 0
        for word in self._asked(text):
            found += [(position + place, term) for term, place, _, _, is_whole in word.tokens if not is_whole]
            stops += [(position + place, term) for term, place, _, _, _ in word.stops]
            position += word.n_parts
        return found or stops

    def first_term(self, text: str) -> str | None:
        """Return the first term of `sequence(text)`, or None if it is empty."""
        words = self._asked(text)
        parts = (term for word in words for term, _, _, _, is_whole in word.tokens if not is_whole)
        stops = (token[0] for word in words for token in word.stops)
        return next(chain(parts, stops), None)

    def matches(self, terms: Collection[str], text: str, *, is_title: bool = False) -> list[Match]:
        """Return the tokens of `text` whose term is in `terms`, by start, of equal starts the
        longest first."""
        found: list[Match] = []
        initials = "".join(sorted({term.removeprefix(TITLE_PREFIX)[0] for term in terms}))
        is_quick = self.keeps_initials and text.isascii()
        words, group = (_words_beginning(initials), 1) if is_quick else (patterns_of(text).word, 0)
        for match in words.finditer(text):
            if not match[group]:
                continue
            word, offset = self.word(match[group]), match.start(group)
            for term, _, start, end, _ in in_title(word) if is_title else word.tokens:
                if term in terms:
                    found.append(Match(term, offset + start, offset + end))
        return sorted(found, key=lambda match: (match.start, -match.end))

    def spans(self, terms: Collection[str], text: str, *, is_title: bool = False) -> tuple[tuple[int, int], ...]:
        """Return the character ranges of `text` whose term is in `terms`, ascending and disjoint."""
        return disjoint(self.matches(terms, text, is_title=is_title))

    def word(self, written: str) -> Word:
        """Return the analysis of one written word, from the cache if it is known."""
        word = self._words.get(written)
        if word is None:
            word = self._words[written] = self.analyse(written)
        return word

    def _asked(self, text: str) -> list[Word]:
        """Return the words of a query; a query typed in capitals has its stop words in lower case."""
        words = self.words(text)
        if len(words) >= _FEWEST_SHOUTED and text.isupper():
            words = [lower if (lower := word.lower()) in self.stop_words else word for word in words]
        return list(map(self.word, words))

    def _has_content(self, word: Word) -> bool:
        """Tell whether a word of a query is more than stop words, in capitals or not."""
        return any(term.lower() not in self.stop_words for term in word.query_terms)


def _word_analysis(language: str) -> WordAnalysis:
    """Return the analysis of the words of a language."""
    if language == ENGLISH:
        return WordAnalysis()
    from papersearch.text.languages import AccentedAnalysis  # most collections are in English

    return AccentedAnalysis(language)


def is_of_title(term: str) -> bool:
    """Tell whether a term is that of a stop word in a title."""
    return term.startswith(TITLE_PREFIX)


def in_title(word: Word) -> tuple[tuple[str, int, int, int, bool], ...]:
    """Return the tokens of a word of a title: its stop words are indexed too."""
    if not word.stops:
        return word.tokens
    return tuple(sorted(word.tokens + word.stops, key=lambda token: (token[1], token[4])))


def stretches(text: str) -> list[bytes]:
    """Split `text` on characters that cannot occur in a word; the pieces are UTF-8.

    A piece may hold one word, several, or none. Pieces keep the order of the text. In a corpus
    nearly all pieces are single words, and few are distinct, so a build analyses each distinct
    piece once. Splitting takes a sixth of the time of finding the words themselves.
    """
    if not text.isascii():
        return [word.encode() for word in patterns_of(text).word.findall(text)]
    # A point belongs to a word only before a digit, so one at the end of a word is a separator.
    return text.encode().translate(_BETWEEN_AS_SPACES).replace(b". ", b" ").split()


def keyword_stretches(keywords: Iterable[str]) -> list[bytes]:
    """Return the `stretches` of keywords, with a gap before each."""
    return [piece for keyword in keywords for piece in (_BEFORE_KEYWORD, *stretches(keyword))]


def words_of_stretch(written: bytes) -> list[str]:
    """Return the words of one of the `stretches`, as they are written."""
    text = written.decode()
    if written.isalpha():  # bytes.isalpha accepts ASCII letters only
        return [text]
    found: list[str] = patterns_of(text).word.findall(text)
    return found


@lru_cache(maxsize=256)
def _words_beginning(initials: str) -> re.Pattern[str]:
    """Return a pattern whose group 1 matches words that can have a term with one of these initials.

    It is for ASCII text. Most words are plain letters, and the stem of a plain word begins as the
    word does. The pattern skips plain words with other initials without a call back to Python.
    """
    letters = "".join(letter + letter.upper() for letter in initials if letter.isascii() and letter.isalpha())
    other = rf"(?![{letters}])[A-Za-z]++" if letters else "[A-Za-z]++"
    joined = r"[-0-9$^_}+#*]|\.(?i:net)"
    between = r"[^A-Za-z0-9.]|\.(?!(?i:net))"
    return re.compile(rf"(?:{other}(?!{joined})|{between})*+(?:({ASCII.word.pattern})|\Z|\.)")
