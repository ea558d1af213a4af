"""Forms of a required or excluded phrase: hyphenated, joined and spaced, and words by their beginning.

The index holds a hyphenated word as its parts, at positions p, p + 1, ..., and as the joined whole
at p; a joined word is one term. So a phrase becomes several sequences of terms:

- the words of the phrase as their parts, which finds the spaced and the hyphenated spelling;
- a hyphenated word, or two neighbours, joined: "pre-training data" is also `pretrain data`;
- a joined word cut in two: "pretraining data" is also `pre train data`.

Nearly every long word can be cut into two words of a large corpus ("network", "important"), so a
cut needs evidence of the corpus itself: somewhere it writes the word with a hyphen there, or as two
adjacent words of three letters and more. A neighbour is joined only where the corpus has the joined
word. Of "few-shot" only one part may be indexed; "shot" alone also matches "one-shot", so
the whole is looked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain, islice, takewhile
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from papersearch.text.syntax import prefixes

if TYPE_CHECKING:
    from papersearch.text.analysis import Analyzer

MAX_FORMS = 256
"""Greatest number of sequences of one phrase in one language; the spelling of the query comes first."""

MAX_PREFIXED = 256
"""Greatest number of terms for the beginning of a word; the terms of most papers are kept."""

SCANNED = 20_000
"""Greatest number of words whose beginning is compared."""

_MOST_PARTS = 32
"""Length of a phrase, in parts, above which its words are neither joined nor cut."""

_SHORTEST_SPACED = 3
"""Letters of each half of a word that is found as two spaced words without a hyphen anywhere."""

Terms: TypeAlias = tuple[tuple[int, str], ...]


class Vocabulary(Protocol):
    """The words of a collection, as the forms of a phrase need them."""

    @property
    def analyzer(self) -> Analyzer: ...

    def n_papers(self, terms: Terms, *, in_title: bool = False) -> int:
        """Count the papers that have `terms` at exactly these distances; one term is a sequence too."""
        ...

    def beginning(self, prefix: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return the first spellings and the first terms with this beginning, both ascending."""
        ...


class _InLanguage:
    """The words of a collection as one of its languages reads them."""

    def __init__(self, vocabulary: Vocabulary, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        self.n_papers, self.beginning = vocabulary.n_papers, vocabulary.beginning


class _Step(NamedTuple):
    """One way to write some parts of a phrase.

    stop: the part that follows
    terms: (distance from the first of these parts, term)
    width: the positions that they take in a text
    """

    stop: int
    terms: Terms
    width: int


class _Part(NamedTuple):
    """The smallest part of a written word; its term is None for a stop word."""

    term: str | None
    written: str
    is_prefix: bool = False


def forms(words: str, vocabulary: Vocabulary) -> list[Terms]:
    """Return the sequences that spell a phrase, without those that have a term of no paper.

    The terms of a sequence are (distance from its first term, term), ascending by distance.
    """
    found = (_forms(words, _InLanguage(vocabulary, analyzer)) for analyzer in vocabulary.analyzer.each)
    return list(dict.fromkeys(chain.from_iterable(found)))


def _forms(words: str, vocabulary: Vocabulary) -> list[Terms]:
    """Return the sequences that spell a phrase in one language."""
    parts, steps = _spelled(words, vocabulary)
    if len(parts) > _MOST_PARTS or not any(part.term for part in parts):
        return [tuple(vocabulary.analyzer.sequence(words))]
    _respell(parts, steps, vocabulary)
    tails: list[list[Terms]] = [[()]]  # for each part from the last, the ways to write the rest
    for each in reversed(steps):
        known = (step for step in dict.fromkeys(each) if _are_known(step.terms, vocabulary))
        ways = (_before(step, tail) for step in known for tail in tails[len(steps) - step.stop])
        tails.append(list(islice(ways, MAX_FORMS)))
    return list(dict.fromkeys(_from_first(terms) for terms in tails[-1] if terms))


def prefix_terms(prefix: str, vocabulary: Vocabulary) -> tuple[list[str], bool]:
    """Return the terms of words with this beginning, ascending, and whether some are left out."""
    analyzer = vocabulary.analyzer
    spellings, terms = vocabulary.beginning("".join(analyzer.words(prefix)).lower())
    found = {*terms, *(term for each in analyzer.each for term in each.terms(prefix))}
    for written in spellings:  # its stem may be shorter than the beginning
        found.update(*(each.word(written).terms for each in analyzer.each))
    n_papers = {term: vocabulary.n_papers(((0, term),)) for term in sorted(found)}
    known = [term for term, n in n_papers.items() if n]
    if len(known) <= MAX_PREFIXED:
        return known, False
    return sorted(sorted(known, key=lambda term: -n_papers[term])[:MAX_PREFIXED]), True


def beginning_with(prefix: str, strings: Sequence[str]) -> list[str]:
    """Return the first of `strings`, ascending, that have this beginning."""
    start = bisect_left(strings, prefix)
    places = range(start, min(start + SCANNED, len(strings)))
    return list(takewhile(lambda string: string.startswith(prefix), (strings[place] for place in places)))


def _before(step: _Step, tail: Terms) -> Terms:
    return step.terms + tuple((step.width + position, term) for position, term in tail)


def _from_first(terms: Terms) -> Terms:
    return tuple((position - terms[0][0], term) for position, term in terms)


def _spelled(words: str, vocabulary: Vocabulary) -> tuple[list[_Part], list[list[_Step]]]:
    """Return the parts of a phrase, and for each the ways of its own spelling: parts, wholes, prefixes."""
    analyzer = vocabulary.analyzer
    parts: list[_Part] = []
    steps: list[list[_Step]] = []
    place = 0
    for written in analyzer.words(words):
        place = words.index(written, place) + len(written)
        is_prefix = bool(prefixes(written if written.endswith("*") else written + words[place : place + 1]))
        word, first = analyzer.word(written), len(parts)
        stop = first + word.n_parts
        singles = {at: (term, start, end) for term, at, start, end, is_whole in word.tokens if not is_whole}
        for at in range(word.n_parts):
            term, start, end = singles.get(at, (None, 0, 0))
            part = _Part(term, written[start:end], is_prefix and at == word.n_parts - 1)
            endings = prefix_terms(part.written, vocabulary)[0] if part.is_prefix else [term] if term else []
            here = first + at + 1
            steps.append([_Step(here, ((0, ending),), 1) for ending in endings] or [_Step(here, (), 1)])
            parts.append(part)
        wholes = (token for token in word.tokens if token[4])
        for whole in (term for term, at, _, end, _ in wholes if (at, end) == (0, len(written))):
            if len(singles) == 1:  # the other parts are not indexed, and this one alone says too little
                [(at, (term, _, _))] = singles.items()
                steps[first] = [_Step(stop, ((0, whole), (at, term)), word.n_parts)]
            steps[first].append(_Step(stop, ((0, whole),), 1))
            if is_prefix:
                joined = prefix_terms("".join(part.written for part in parts[first:]), vocabulary)[0]
                steps[first] += [_Step(stop, ((0, ending),), 1) for ending in joined]
    return parts, steps


def _respell(parts: Sequence[_Part], steps: list[list[_Step]], vocabulary: Vocabulary) -> None:
    """Add the ways to write neighbours as one word, and one word as two."""
    for place, part in enumerate(parts):
        if part.term is None or part.is_prefix:
            continue
        steps[place] += [_Step(place + 1, terms, 2) for terms in _cuts(part, vocabulary)]
        after = parts[place + 1] if place + 1 < len(parts) else None
        if after is not None and after.term is not None and not after.is_prefix:
            joined = _term_of(part.written + after.written, vocabulary)
            if joined is not None and _are_known([(0, joined)], vocabulary):
                steps[place].append(_Step(place + 2, ((0, joined),), 1))


def _cuts(part: _Part, vocabulary: Vocabulary) -> Iterator[Terms]:
    """Yield the ways in which the corpus writes a word as two."""
    analyzer, whole = vocabulary.analyzer, part.term
    if whole is None or not part.written.isalnum():
        return
    for cut in range(1, len(part.written)):
        halves = part.written[:cut], part.written[cut:]
        words = [analyzer.word(half) for half in halves]
        if [word.n_parts for word in words] != [1, 1]:
            continue
        terms = tuple((at, word.terms[0]) for at, word in enumerate(words) if word.terms)
        if not terms or not _are_known(terms, vocabulary):
            continue
        hyphenated = ((0, whole), *terms)
        if len(terms) == 1:  # with a stop word, only the whole tells the hyphenated word from others
            if terms[0][1] != whole and vocabulary.n_papers(hyphenated):
                yield hyphenated
        elif vocabulary.n_papers(hyphenated) or (
            min(map(len, halves)) >= _SHORTEST_SPACED and vocabulary.n_papers(terms)
        ):
            yield terms


def _are_known(terms: Sequence[tuple[int, str]], vocabulary: Vocabulary) -> bool:
    counts = [vocabulary.n_papers(((0, term),)) for _, term in terms]
    return all(counts)  # after all were asked for: a vocabulary of shards asks for those that it lacks together


def _term_of(written: str, vocabulary: Vocabulary) -> str | None:
    """Return the term of a word that has one part alone."""
    word = vocabulary.analyzer.word(written)
    return word.terms[0] if word.n_parts == 1 and len(word.terms) == 1 else None
