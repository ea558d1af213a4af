"""Acronyms learned from the abstracts: "Mixture-of-Experts (MoE)".

Schwartz and Hearst, "A Simple Algorithm for Identifying Abbreviation Definitions in Biomedical
Text" (PSB 2003). A definition is a short form in brackets after its long form, or the reverse. The
characters of the short form must occur in order in the long form, matched from the right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from papersearch.text.words import STOP_WORDS
from papersearch.types import Expansion

if TYPE_CHECKING:
    from papersearch.text.analysis import Analyzer

_BRACKETED = re.compile(r"\(([^()]{2,80})\)")
_SHORT_FORM = re.compile(r"[A-Za-z0-9][\w.+/-]{1,9}")
_SENTENCE_END = re.compile(r"[.!?;:]\s|[()\[\]]")
_ENUMERATED = re.compile(r"[,;]\s")
_WORDS = re.compile(r"[^\W_]+")
_REACH = 200
"""Largest distance from a bracket to the beginning of its long form, in characters."""
_MAX_WORDS = 8


class SortedStrings(Protocol):
    """Strings in ascending order that can be searched by prefix."""

    def __getitem__(self, position: int, /) -> str: ...

    def find_prefix(self, prefix: str) -> range: ...


class Acronym(NamedTuple):
    """A short form, its long form, and the number of papers that define it.

    Both forms are spelled as most papers spell them.
    """

    short: str
    long: str
    n_papers: int


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the (short form, long form) pairs that `text` defines, in order."""
    for bracket in _BRACKETED.finditer(text):
        inner = _ENUMERATED.split(bracket[1], 1)[0].strip()
        before = text[max(0, bracket.start() - _REACH) : bracket.start()].split()
        if _is_short_form(inner):
            candidate = _end_of_sentence(" ".join(before[-_words_allowed(inner) :]))
            long = best_long_form(inner, candidate) if candidate else None
            if long:
                yield inner, long
        elif before and not before[-1].islower():  # the reverse: MoE (mixture of experts)
            short = _end_of_sentence(before[-1]).strip("\"'`*")
            if _is_short_form(short) and best_long_form(short, inner) == inner:
                yield short, inner


def _end_of_sentence(words: str) -> str:
    """Return the end of `words` that follows the last sentence end or bracket.

    `words` are separated by single spaces.
    """
    return _SENTENCE_END.split(words)[-1].strip()


def best_long_form(short: str, candidate: str) -> str | None:
    """Return the shortest end of `candidate` that spells out `short`, or None.

    It must contain the letters and digits of `short` in order, the first at the beginning of a
    word. Schwartz and Hearst 2003, figure 1, and the paper's tests on the result.
    """
    lowered = _lowered_in_place(candidate)
    place = len(candidate)
    for number, character in reversed(list(enumerate(short.lower()))):
        if not character.isalnum():
            continue
        place = lowered.rfind(character, 0, place)
        while number == 0 and place > 0 and candidate[place - 1].isalnum():
            place = lowered.rfind(character, 0, place)
        if place < 0:
            return None
    start = candidate.rfind(" ", 0, place + 1) + 1
    long = candidate[start:].strip(" \"'`*,~")
    words = long.split()
    too_long = len(words) > min(_words_allowed(short), _MAX_WORDS)
    if too_long or len(long) <= len(short) or short.lower() in (word.lower() for word in words):
        return None
    # One word is seldom abbreviated by its letters: "Transformer (Trans)" is not an acronym.
    return long if len(_WORDS.findall(long)) > 1 else None


def _lowered_in_place(text: str) -> str:
    """Return `text` in lower case with unchanged offsets; a letter that becomes several is kept."""
    if text.isascii():
        return text.lower()
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


def definitions_in(texts: Iterable[str]) -> Counter[tuple[str, str]]:
    """Count the texts that define each (short form, long form).

    If a text spells one acronym in several ways, the first spelling counts.
    """
    n_papers: Counter[tuple[str, str]] = Counter()
    for text in texts:
        if "(" in text:
            found = list(definitions(text))
            if len(found) > 1:
                found = list({_key(*pair): pair for pair in reversed(found)}.values())
            n_papers.update(found)
    return n_papers


def learn(n_papers: Mapping[tuple[str, str], int]) -> list[Acronym]:
    """Return the acronyms behind these definitions, by short form, the most used first.

    `n_papers` is the number of papers per definition. Spellings of one long form that differ in
    case, hyphens or plural are one acronym.
    """
    spellings: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in n_papers:
        spellings.setdefault(_key(*pair), []).append(pair)
    learned = []
    for (short_key, long_key), written in spellings.items():
        short, long = min(written, key=lambda spelling: (-n_papers[spelling], spelling))
        acronym = Acronym(short, long, sum(n_papers[spelling] for spelling in written))
        learned.append((short_key, -acronym.n_papers, long_key, acronym))
    return [acronym for *_, acronym in sorted(learned)]


def _key(short: str, long: str) -> tuple[str, str]:
    """Return the key that all spellings of one acronym share."""
    return _form_key(short), _form_key(long)


def _is_short_form(text: str) -> bool:
    """Return whether `text` is spelled like an acronym.

    It has two to ten characters and at least two letters. A capital follows its first character.
    """
    return (
        _SHORT_FORM.fullmatch(text) is not None
        and any(map(str.isupper, text[1:] if not text.isupper() else text))
        and sum(map(str.isalpha, text)) >= 2
    )


def _words_allowed(short: str) -> int:
    """Return the largest number of words in a long form (Schwartz and Hearst 2003)."""
    n_letters = sum(map(str.isalnum, short))
    return min(n_letters + 5, n_letters * 2)


def _form_key(form: str) -> str:
    """Return `form` without its case, hyphens and plural s."""
    plain = "".join(_WORDS.findall(form))
    is_plural = plain.endswith("s") and not plain.endswith(("ss", "is", "us"))
    return (plain[:-1] if is_plural else plain).lower()


class ExpansionTable:
    """Acronyms in both directions, looked up by the first term of either form.

    `lines` are `expansion_lines`, ascending; they are searched in place.
    """

    def __init__(self, lines: SortedStrings, analyzer: Analyzer) -> None:
        self._lines = lines
        self._analyzer = analyzer

    def expand(self, sequence: Sequence[tuple[int, str]]) -> list[Expansion]:
        """Return the acronym forms that a query contains, each with its other form.

        `sequence` is the query as (position, term). Of several meanings, the one that most papers
        define wins; of overlapping forms, the longest. A form is skipped if the query contains its
        other form too.
        """
        found: list[Expansion] = []
        taken, terms = -1, dict(sequence)
        for place, (position, term) in enumerate(sequence):
            if position <= taken:
                continue
            options = []
            for number in self._lines.find_prefix(f"{term}\t"):
                _, written, other, count = self._lines[number].split("\t")
                if self._analyzer.keeps_initials and not _may_occur_at(position, written, terms):
                    continue
                form = self._analyzer.sequence(written)
                if _occurs_at(sequence, place, form):
                    options.append((len(form), int(count), written, other))
            if options:
                length, n_papers, written, other = max(options, key=lambda option: (*option[:2], option[2:]))
                taken = sequence[place + length - 1][0]
                other_form = self._analyzer.sequence(other)
                if not any(_occurs_at(sequence, at, other_form) for at in range(len(sequence))):
                    found.append(Expansion(written=written, other=other, n_papers=n_papers))
        return list(dict.fromkeys(found))


def expansion_lines(acronyms: Iterable[Acronym], analyzer: Analyzer) -> list[str]:
    """Return the lines of the table, ascending, two per acronym: one for each direction.

    A line is `first term, form, other form, number of papers`, separated by tabs. An acronym is
    left out if one of its forms has no indexed term.
    """
    lines = []
    for short, long, n_papers in acronyms:
        first_of_short, first_of_long = analyzer.first_term(short), analyzer.first_term(long)
        if first_of_short and first_of_long:
            lines.append(f"{first_of_short}\t{short}\t{long}\t{n_papers}")
            lines.append(f"{first_of_long}\t{long}\t{short}\t{n_papers}")
    return sorted(lines)


def _may_occur_at(position: int, written: str, terms: Mapping[int, str]) -> bool:
    """Return False if `written` cannot occur in a query at `position`; `terms`: by position.

    It is for plain words of English, whose terms begin as they do. A table has a hundred forms that
    begin with a common word, and to analyse them all takes longer than the rest of a query.
    """
    words = written.split()
    if len(words) == 1 or not "".join(words).isascii() or not "".join(words).isalpha() or written.isupper():
        return True
    if words[0].lower() in STOP_WORDS:  # positions count from the first other word
        return True
    return all(
        word.lower() in STOP_WORDS or terms.get(position + place, "")[:1].lower() == word[0].lower()
        for place, word in enumerate(words)
    )


def _occurs_at(sequence: Sequence[tuple[int, str]], place: int, form: Sequence[tuple[int, str]]) -> bool:
    """Return whether `form` occurs in `sequence` at index `place`: same terms, same distances."""
    part = sequence[place : place + len(form)]
    return len(part) == len(form) and all(
        (position - part[0][0], term) == wanted for (position, term), wanted in zip(part, form, strict=True)
    )
