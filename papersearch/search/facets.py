"""Facets: counts of the answering papers by year, month, organisation and dump."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from papersearch.types import Counted, Facets

if TYPE_CHECKING:
    from papersearch.index.opened import OpenedIndex
    from papersearch.types import IntArray


def count_facets(papers: IntArray, index: OpenedIndex) -> Facets:
    """Count the facets of `papers` (K,), distinct doc_idx."""
    facts = index.facts
    dates = facts.dates[papers].astype(np.int64)
    organisations = np.bincount(facts.organisations[papers].astype(np.int64))
    is_answer = np.zeros(len(facts.dates), dtype=np.bool_)
    is_answer[papers] = True
    held = []
    for number, name in enumerate(index.dump_names):
        of_dump = np.zeros(len(is_answer), dtype=np.bool_)
        of_dump[facts.of_dump(number)] = True  # a paper may appear twice in a dump
        held.append(Counted(value=name, n_papers=int((of_dump & is_answer).sum())))
    return Facets(
        n_papers=len(papers),
        n_undated=int((dates == 0).sum()),
        years=_every(dates[dates > 0] // 10_000, str),
        months=_every(
            dates[dates % 10_000 > 0] // 10_000 * 12 + dates[dates % 10_000 > 0] // 100 % 100 - 1,
            lambda month: f"{month // 12:04}-{month % 12 + 1:02}",
        ),
        organisations=_most_first(
            Counted(value=facts.organisation(int(number) - 1).handle, n_papers=int(organisations[number]))
            for number in np.flatnonzero(organisations)
            if number > 0
        ),
        dumps=_most_first(held),
    )


def _every(numbers: IntArray, name: Callable[[int], str]) -> tuple[Counted, ...]:
    """Count each number from the least to the greatest, including numbers in between that do not occur."""
    if len(numbers) == 0:
        return ()
    least = int(numbers.min())
    counts = np.bincount(numbers - least)
    return tuple(Counted(value=name(least + place), n_papers=int(n)) for place, n in enumerate(counts))


def _most_first(counted: Iterable[Counted]) -> tuple[Counted, ...]:
    return tuple(sorted((each for each in counted if each.n_papers), key=lambda each: (-each.n_papers, each.value)))
