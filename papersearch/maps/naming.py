"""Names of groups: the terms that are frequent in a group and rare in the others.

Terms are words and pairs of adjacent words of titles and abstracts, weighed as related terms are, by
their part of a Kullback-Leibler divergence. A group is known by the papers nearest to its middle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.search.related import forms, overlaps, worth
from papersearch.text.paper_text import paper_text

if TYPE_CHECKING:
    from papersearch.maps.clusters import Grouping
    from papersearch.search.related import Form
    from papersearch.text.analysis import Analyzer
    from papersearch.types import Float64Array, IntArray, Paper

N_TERMS = 3
"""Greatest number of terms in a name."""

_READ = 60
"""Papers of a fine group that are read."""

_LONGEST = 1500
"""Characters of a paper that are read: what a paper is about comes first."""

_LEAST_SHARE = 0.1
_LEAST_PAPERS = 2
"""Share and number of a group's papers that have each term of its name."""

_KEPT_BY_PAIR = 0.5
"""Share of a word's papers from which a pair that contains the word replaces it: it says more."""

_LONGEST_TERM = 30


class _Shares(NamedTuple):
    """The share of a group's papers that have each term, and the number of its papers."""

    having: dict[Form, float]
    n_papers: int


def name_groups(
    papers: Sequence[Paper], places: Float64Array, grouping: Grouping, analyzer: Analyzer
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the terms of each coarse group and of each fine one, the most telling first.

    papers, places: those that are grouped, N of them. A name is empty where no term tells groups apart.
    """
    if len(papers) == 0:
        return [], []
    spellings: dict[Form, Counter[str]] = {}
    fine = [
        _shares([papers[number] for number in _nearest(places, members)], len(members), spellings, analyzer)
        for members in _members(grouping.fine)
    ]
    parents = [int(grouping.coarse[members[0]]) for members in _members(grouping.fine)]
    coarse = [
        _together([one for one, parent in zip(fine, parents, strict=True) if parent == number])
        for number in range(max(parents) + 1)
    ]
    everywhere = _together(fine)
    names, fine_names = (
        [_name(one, everywhere, spellings) if len(level) > 1 else () for one in level] for level in (coarse, fine)
    )
    return names, fine_names


def _members(labels: IntArray) -> list[IntArray]:
    return [np.flatnonzero(labels == number) for number in range(int(labels.max()) + 1)]


def _nearest(places: Float64Array, members: IntArray) -> list[int]:
    """Return the members nearest to the middle of a group, as many as are read."""
    away = np.square(places[members] - np.median(places[members], axis=0)).sum(axis=1)
    return [int(number) for number in members[np.argsort(away, kind="stable")[:_READ]]]


def _shares(
    papers: Sequence[Paper], n_papers: int, spellings: dict[Form, Counter[str]], analyzer: Analyzer
) -> _Shares:
    """Count the terms of some papers of a group of `n_papers`, and their spellings."""
    having: Counter[Form] = Counter()
    for paper in papers:
        text = paper_text(paper)[:_LONGEST]
        for form, spelling in forms(text, (), analyzer.of(text)).items():
            having[form] += 1
            spellings.setdefault(form, Counter())[spelling] += 1
    return _Shares({form: n / len(papers) for form, n in having.items()}, n_papers)


def _together(groups: Sequence[_Shares]) -> _Shares:
    """Add up groups, each by the number of its papers."""
    n_papers = sum(one.n_papers for one in groups)
    having: dict[Form, float] = {}
    for one in groups:
        for form, share in one.having.items():
            having[form] = having.get(form, 0) + share * one.n_papers / n_papers
    return _Shares(having, n_papers)


def _name(group: _Shares, everywhere: _Shares, spellings: dict[Form, Counter[str]]) -> tuple[str, ...]:
    """Return the terms of a group, in their most frequent spelling."""
    least = max(_LEAST_SHARE, min(_LEAST_PAPERS, group.n_papers) / group.n_papers - 1e-9)
    weighed = {
        form: worth(share, everywhere.having[form]) for form, share in group.having.items() if share >= least
    }
    pairs = [form for form in weighed if len(form) > 1]
    for pair in pairs:
        for word in ((one,) for one in pair):
            if word in weighed and group.having[pair] >= _KEPT_BY_PAIR * group.having[word]:
                weighed[pair] = max(weighed[pair], weighed[word])
    chosen: list[Form] = []
    for form in sorted(weighed, key=lambda form: (-weighed[form], -len(form), form)):
        if weighed[form] <= 0 or len(chosen) == N_TERMS:
            break
        if not any(overlaps(form, other) for other in chosen) and len(_spelt(form, spellings)) <= _LONGEST_TERM:
            chosen.append(form)
    return tuple(_spelt(form, spellings) for form in chosen)


def _spelt(form: Form, spellings: dict[Form, Counter[str]]) -> str:
    """Return the most frequent spelling of a term."""
    return min(spellings[form], key=lambda text: (-spellings[form][text], text))
