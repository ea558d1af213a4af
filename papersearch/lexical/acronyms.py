"""Acronyms learned from the abstracts: "Mixture-of-Experts (MoE)".

Schwartz and Hearst, "A Simple Algorithm for Identifying Abbreviation Definitions in
Biomedical Text" (PSB 2003): a short form in brackets after its long form, or the reverse,
whose characters are found in order, from the right, in the words before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from papersearch.types import Expansion

if TYPE_CHECKING:
    from papersearch.analysis import Analyzer

_BRACKETED = re.compile(r"\(([^()]{2,80})\)")
_SHORT_FORM = re.compile(r"[A-Za-z0-9][\w.+/-]{1,9}")
_SENTENCE_END = re.compile(r"[.!?;:]\s|[()\[\]]")
_MAX_WORDS = 8


class SortedStrings(Protocol):
    """Strings in ascending order, found by how they begin."""

    def __getitem__(self, position: int, /) -> str: ...

    def find_prefix(self, prefix: str) -> range: ...


class Acronym(NamedTuple):
    """A short form, its long form (both as most papers write them), and how many papers
    define it so."""

    short: str
    long: str
    n_papers: int


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """The (short form, long form) pairs that `text` defines, in order."""
    for bracket in _BRACKETED.finditer(text):
        inner = re.split(r"[,;]\s", bracket[1])[0].strip()
        before = text[max(0, bracket.start() - 200) : bracket.start()].rstrip()
        before = _SENTENCE_END.split(before)[-1]
        if _is_short_form(inner):
            long = best_long_form(inner, " ".join(before.split()[-_words_allowed(inner) :]))
            if long:
                yield inner, long
        else:  # the reverse: MoE (mixture of experts)
            words = before.split()
            short = words[-1].strip("\"'`*") if words else ""
            if _is_short_form(short) and best_long_form(short, inner) == inner:
                yield short, inner


def best_long_form(short: str, candidate: str) -> str | None:
    """The shortest end of `candidate` that holds the letters and digits of `short` in order,
    the first at the beginning of a word; None when there is none.

    Schwartz and Hearst 2003, figure 1, and its tests on the result.
    """
    place = len(candidate)
    for number, character in reversed(list(enumerate(short.lower()))):
        if not character.isalnum():
            continue
        place -= 1
        while place >= 0 and (
            candidate[place].lower() != character or (number == 0 and place > 0 and candidate[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
    start = max(candidate.rfind(" ", 0, place + 1), -1) + 1
    long = candidate[start:].strip(" \"'`*,~")
    words = long.split()
    n_letters = sum(map(str.isalnum, short))
    too_long = len(words) > min(n_letters + 5, n_letters * 2, _MAX_WORDS)
    if too_long or len(long) <= len(short) or short.lower() in (word.lower() for word in words):
        return None
    # One word is seldom abbreviated by its letters: "Transformer (Trans)" is no acronym.
    return long if len(re.findall(r"[^\W_]+", long)) > 1 else None


def learn(texts: Iterable[str]) -> list[Acronym]:
    """The acronyms that papers define, by short form, then from the most to the least used.

    Spellings of one long form that differ in case, hyphens or plural are one acronym.
    """
    papers: Counter[tuple[str, str]] = Counter()
    written: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for text in texts:
        if "(" not in text:
            continue
        seen: dict[tuple[str, str], tuple[str, str]] = {}
        for short, long in definitions(text):
            seen.setdefault((_folded(short), _folded(long)), (short, long))
        papers.update(seen.keys())
        for key, spelling in seen.items():
            written.setdefault(key, Counter())[spelling] += 1
    learned = []
    for key in sorted(papers, key=lambda key: (key[0], -papers[key], key[1])):
        spellings = written[key]
        short, long = min(spellings, key=lambda spelling: (-spellings[spelling], spelling))
        learned.append(Acronym(short, long, papers[key]))
    return learned


def _is_short_form(text: str) -> bool:
    """Two to ten characters, one of them a letter, and not written like an ordinary word."""
    return (
        _SHORT_FORM.fullmatch(text) is not None
        and any(map(str.isupper, text[1:] if not text.isupper() else text))
        and sum(map(str.isalpha, text)) >= 2
    )


def _words_allowed(short: str) -> int:
    n_letters = sum(map(str.isalnum, short))
    return min(n_letters + 5, n_letters * 2)


def _folded(form: str) -> str:
    """Case, hyphens and a plural's s folded."""
    words = re.findall(r"[^\W_]+", form)
    plain = "".join(words)
    is_plural = plain.endswith("s") and not plain.endswith(("ss", "is", "us"))
    return (plain[:-1] if is_plural else plain).lower()


class ExpansionTable:
    """Acronyms in both directions, found by the first term of either form.

    `lines` are `expansion_lines`, ascending; the table is searched in place.
    """

    def __init__(self, lines: SortedStrings, analyzer: Analyzer) -> None:
        self._lines = lines
        self._analyzer = analyzer

    def expand(self, sequence: Sequence[tuple[int, str]]) -> list[Expansion]:
        """The forms that `sequence`, a query's (position, term), has and their other forms:
        of several meanings the one that most papers define, of overlapping forms the
        longest. A form that the query has in both spellings is left alone."""
        found: list[Expansion] = []
        taken = -1
        for place, (position, term) in enumerate(sequence):
            if position <= taken:
                continue
            options = []
            for number in self._lines.find_prefix(f"{term}\t"):
                _, written, other, count = self._lines[number].split("\t")
                form = self._analyzer.sequence(written)
                if _stands_at(sequence, place, form):
                    options.append((len(form), int(count), written, other))
            if options:
                length, n_papers, written, other = max(options, key=lambda option: (*option[:2], option[2:]))
                taken = sequence[place + length - 1][0]
                other_form = self._analyzer.sequence(other)
                if not any(_stands_at(sequence, at, other_form) for at in range(len(sequence))):
                    found.append(Expansion(written, other, n_papers))
        return list(dict.fromkeys(found))


def expansion_lines(acronyms: Iterable[Acronym], analyzer: Analyzer) -> list[str]:
    """`first term, form, other form, number of papers`, tab-separated, for both directions,
    ascending; forms of which nothing is indexed are left out."""
    lines = []
    for short, long, n_papers in acronyms:
        forms = analyzer.sequence(short), analyzer.sequence(long)
        if all(forms):
            lines.append(f"{forms[0][0][1]}\t{short}\t{long}\t{n_papers}")
            lines.append(f"{forms[1][0][1]}\t{long}\t{short}\t{n_papers}")
    return sorted(lines)


def _stands_at(sequence: Sequence[tuple[int, str]], place: int, form: Sequence[tuple[int, str]]) -> bool:
    """Whether the terms of `form` are those of `sequence` from `place` on, at the same distances."""
    part = sequence[place : place + len(form)]
    return len(part) == len(form) and all(
        (position - part[0][0], term) == wanted for (position, term), wanted in zip(part, form, strict=True)
    )
