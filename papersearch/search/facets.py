"""Facets: counts of the answering papers by year, month, organisation, dump, author, category and venue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from papersearch.search.most_named import most_named
from papersearch.search.protocol import Counts
from papersearch.search.verdict import answers
from papersearch.types import NAME_KINDS, Counted, Facets

if TYPE_CHECKING:
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.protocol import CountOf
    from papersearch.search.shards import Shards
    from papersearch.search.work import Work
    from papersearch.types import BoolArray, IntArray

_Key = TypeVar("_Key", int, str)

_BLOCK = 65_536
"""Papers judged at once, so that memory does not grow with the index."""


def answering(
    work: Work, request: CountOf, judged: IntArray, are_answers: BoolArray, index: OpenedIndex
) -> IntArray:
    """Return the papers, ascending, whose verdict is not weak; that of `judged` (K,) is known."""
    if not request.asked.query.plain:  # nothing is ranked, and everything that is allowed is an answer
        return work.allowed
    is_answer = np.zeros(index.manifest.n_papers, dtype=np.bool_)
    for start in range(0, len(work.allowed), _BLOCK):
        papers = work.allowed[start : start + _BLOCK]
        is_answer[papers] = _are_answers(papers, work, request, index)
    is_answer[list(work.titled)] = True
    is_answer[judged] = are_answers
    return np.flatnonzero(is_answer)


def _are_answers(papers: IntArray, work: Work, request: CountOf, index: OpenedIndex) -> BoolArray:
    """Tell which of `papers` (K,) have a verdict that is not weak."""
    background, cosines = request.background, work.cosines(request.bounds)
    coverage = work.matched.coverage(papers, request.asked.statistics)
    n_words = request.asked.query.n_words
    is_answer = answers(None, coverage, background, n_words)
    judged = np.arange(len(papers)) if index.is_encoded is None else np.flatnonzero(index.is_encoded[papers])
    if cosines is not None:  # only papers that the estimates cannot decide need an exact cosine
        estimates, covered = cosines.estimates[papers[judged]].astype(np.float64), coverage[judged]
        is_answer[judged] = sure = answers(estimates - cosines.margin, covered, background, n_words)
        doubt = np.flatnonzero(answers(estimates + cosines.margin, covered, background, n_words) & ~sure)
        exact = cosines.exact(papers[judged[doubt]])
        is_answer[judged[doubt]] = answers(exact, covered[doubt], background, n_words)
    return is_answer


def count(papers: IntArray, index: OpenedIndex) -> Counts:
    """Count the facets of `papers` (K,), distinct doc_idx."""
    facts = index.facts
    dates = facts.dates[papers].astype(np.int64)
    months = dates[dates % 10_000 > 0]
    is_answer = np.zeros(len(facts.dates), dtype=np.bool_)
    is_answer[papers] = True
    held = {}
    for number, name in enumerate(index.dump_names):
        of_dump = np.zeros(len(is_answer), dtype=np.bool_)
        of_dump[facts.of_dump(number)] = True  # a paper may appear twice in a dump
        held[name] = int((of_dump & is_answer).sum())
    organisations = _counted(facts.organisations[papers].astype(np.int64))
    organisations.pop(0, None)
    return Counts(
        n_papers=len(papers),
        n_undated=int((dates == 0).sum()),
        years=_counted(dates[dates > 0] // 10_000),
        months=_counted(months // 10_000 * 12 + months // 100 % 100 - 1),
        organisations={facts.organisation_lines[number - 1]: n for number, n in organisations.items()},
        dumps=held,
        names={kind: index.names(kind).tally(is_answer) for kind in NAME_KINDS},
    )


def facets_of(counts: Sequence[Counts], shards: Shards) -> Facets:
    """Make facets of the counts of all shards, which are asked for the names that are shown."""
    return Facets(
        n_papers=sum(each.n_papers for each in counts),
        n_undated=sum(each.n_undated for each in counts),
        years=_every(_sum(each.years for each in counts), str),
        months=_every(_sum(each.months for each in counts), lambda month: f"{month // 12:04}-{month % 12 + 1:02}"),
        organisations=_most_first(
            Counted(value=line.partition("\t")[0], n_papers=n)
            for line, n in sorted(_sum(each.organisations for each in counts).items())
        ),
        dumps=_most_first(
            Counted(value=name, n_papers=n) for name, n in _sum(each.dumps for each in counts).items()
        ),
        **{kind: most_named(kind, [each.names[kind] for each in counts], shards) for kind in NAME_KINDS},
    )


def _counted(numbers: IntArray) -> dict[int, int]:
    """Count each number that occurs."""
    counts = np.bincount(numbers)
    return {number: int(counts[number]) for number in np.flatnonzero(counts).tolist()}


def _sum(counts: Iterable[Mapping[_Key, int]]) -> Counter[_Key]:
    total: Counter[_Key] = Counter()
    for each in counts:
        total.update(each)
    return total


def _every(counts: Mapping[int, int], name: Callable[[int], str]) -> tuple[Counted, ...]:
    """Count each number from the least to the greatest, including numbers in between that do not occur."""
    if not counts:
        return ()
    numbers = range(min(counts), max(counts) + 1)
    return tuple(Counted(value=name(number), n_papers=counts.get(number, 0)) for number in numbers)


def _most_first(counted: Iterable[Counted]) -> tuple[Counted, ...]:
    return tuple(sorted((each for each in counted if each.n_papers), key=lambda each: (-each.n_papers, each.value)))
