"""Likeness of abstracts: whether one is a cut or edited version of the other.

Words are compared, not sentences: an edit touches most sentences and few words. The measure is the
share of words, counted with repetition and without stop words, that two abstracts have in common.
A cut abstract is compared with a beginning of the other that has as many words.

The thresholds come from titles that occur twice in public collections. Of 19 conference papers
with an edited workshop version, 15 share more than half of the words with it. Papers that only
share a title, such as letters to a journal, share less than a third. A short text is weaker
evidence, so three quarters of its words must be shared.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from papersearch.ingest.partition import Partition
from papersearch.text.shortening import is_cut
from papersearch.text.words import STOP_WORDS

SHARE = 0.5
SHORT_SHARE = 0.75
SHORT = 20
"""Words of an abstract below which it is short."""

TOPIC = 3
"""Repetitions that make a word a topic. If each of two abstracts has a topic that the other lacks,
they are not alike, whatever else they share: one author may write two abstracts by one pattern."""

_EXTRACT = 40
"""Letters of a cut abstract that has no mark of a cut."""

_ALL_PAIRS = 64
_NEIGHBOURS = 8
"""Up to `_ALL_PAIRS` abstracts are compared in pairs. Of more, each is compared with its
`_NEIGHBOURS` in the order of their first words, and in the order of their last words."""

# Scripts without blanks between words, whose words are read as pairs of letters.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_UNSPACED_WORD = re.compile(f"[{_UNSPACED}]")


@dataclass(frozen=True)
class Wording:
    """The words of one abstract, in order and without case."""

    words: tuple[str, ...]
    is_marked_cut: bool = False

    @cached_property
    def letters(self) -> str:
        """The letters and digits alone, so that hyphens and blanks do not count."""
        return "".join(self.words)

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of times that each word occurs."""
        return _counts(self.words)


def wording(abstract: str) -> Wording:
    """Return the words of an abstract."""
    folded = abstract if abstract.isascii() else unicodedata.normalize("NFKC", abstract)
    return Wording(tuple(_words(folded.casefold())), is_cut(abstract))


def are_alike(first: Wording, second: Wording) -> bool:
    """Return whether one abstract is a cut or edited version of the other."""
    short, long = sorted((first, second), key=lambda abstract: (len(abstract.words), abstract.words))
    if is_part(short, long):
        return True
    least = SHORT_SHARE if short.counts.total() < SHORT else SHARE
    shared = _shared(short.counts, long.counts)
    if shared < least * short.counts.total():  # no share can be larger than this one
        return False
    beginning = _counts(long.words[: len(short.words)])
    share = max(_share(short.counts, beginning), _share(short.counts, long.counts))
    return share >= least and not (_has_own_topic(short.counts, long) and _has_own_topic(beginning, short))


def is_part(short: Wording, long: Wording) -> bool:
    """Return whether `long` contains all of `short`, which may end within a word."""
    if short.letters == long.letters or (short.words and short.words == long.words[: len(short.words)]):
        return True
    if short.is_marked_cut and len(short.words) > 2 and long.letters.startswith(short.letters):
        return True
    return len(short.letters) >= _EXTRACT and short.letters in long.letters


def alike_classes(abstracts: Iterable[Wording]) -> list[list[int]]:
    """Return the positions of `abstracts` in classes: alike ones share a class, directly or by others."""
    listed = list(abstracts)
    classes = Partition(len(listed))
    for one, other in _pairs(listed):
        if classes.root(one) != classes.root(other) and are_alike(listed[one], listed[other]):
            classes.unite(one, other)
    return classes.classes()


def _words(folded: str) -> Iterator[str]:
    for word in _WORD.findall(folded):
        if word.isascii() or not _UNSPACED_WORD.match(word) or len(word) == 1:
            yield word
        else:
            yield from (word[place : place + 2] for place in range(len(word) - 1))


def _counts(words: Sequence[str]) -> Counter[str]:
    """Count words, without stop words unless there are no others."""
    return Counter(word for word in words if word not in STOP_WORDS) or Counter(words)


def _shared(one: Counter[str], other: Counter[str]) -> int:
    """Return the number of words that two counts have in common, with repetition."""
    return sum(min(count, other[word]) for word, count in one.items() if word in other)


def _share(one: Counter[str], other: Counter[str]) -> float:
    """Return the shared part of two counts: 1 for equal ones, 0 for those without a common word."""
    shared = _shared(one, other)
    return shared / (one.total() + other.total() - shared) if shared else 0.0


def _has_own_topic(counts: Counter[str], other: Wording) -> bool:
    """Return whether a word is repeated that `other` does not even contain within a compound."""
    return any(count >= TOPIC and word.removesuffix("s") not in other.letters for word, count in counts.items())


def _pairs(abstracts: Sequence[Wording]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of positions to compare: all pairs, or neighbours where there are many."""
    places = range(len(abstracts))
    if len(abstracts) <= _ALL_PAIRS:
        yield from ((one, other) for one in places for other in range(one))
        return
    orders: tuple[Callable[[int], tuple[str, ...]], ...] = (
        lambda place: abstracts[place].words,
        lambda place: abstracts[place].words[::-1],
    )
    for order in orders:
        by_words = sorted(places, key=order)
        for at, one in enumerate(by_words):
            yield from ((one, other) for other in by_words[at + 1 : at + 1 + _NEIGHBOURS])
