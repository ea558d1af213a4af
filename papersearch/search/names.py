"""Names of authors, categories and venues in a collection: looked for, offered where unknown, listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.errors import UnknownFilterValue
from papersearch.search.protocol import NamesLike, NamesOf
from papersearch.text.folding import fold
from papersearch.text.name_lines import BAR, compared, is_one_word, read_line
from papersearch.text.name_words import folded_words
from papersearch.types import NAME_KINDS, Counted

if TYPE_CHECKING:
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.shards import Shards
    from papersearch.text.clauses import FieldClause
    from papersearch.types import BoolArray, Filters, NameKind

_OFFERED = 3
_LISTED = 13
"""Number of names that an error knows: more than a message lists."""

_LEAST_LIKENESS = 55
_BLOCK = 65_536
"""Names compared at once, so that memory does not grow with the index."""


class Likeness(NamedTuple):
    """Names of one shard that are spelt like an unknown one, and the first of all.

    near: (how unlike, name, what was compared), the most alike first
    """

    near: list[tuple[float, str, str]]
    first: list[str]


def check_names(asked: Iterable[tuple[NameKind, str]], shards: Shards, *, in_query: bool) -> None:
    """Raise UnknownFilterValue for the first name that no paper has."""
    wanted = list(dict.fromkeys(asked))
    if not wanted:
        return
    for (kind, value), *counts in zip(wanted, *shards.every("n_named", wanted), strict=True):
        if not any(counts):
            raise _unknown(kind, value, shards, in_query)


def check_filters(filters: Filters, shards: Shards) -> None:
    """Raise UnknownFilterValue for the first name of a filter that no paper has."""
    check_names(((kind, name) for kind in NAME_KINDS for name in getattr(filters, kind)), shards, in_query=False)


def check_clauses(clauses: Iterable[FieldClause], shards: Shards) -> None:
    """Raise UnknownFilterValue for the first name of a query that no paper has."""
    named = ((clause.field, clause.value) for clause in clauses)
    check_names(((kind, value) for kind, value in named if kind != "year"), shards, in_query=True)


def having(kind: NameKind, values: Iterable[str], index: OpenedIndex) -> BoolArray:
    """Return a mask of the papers with any of these names, (N,)."""
    names, n_papers = index.names(kind), index.manifest.n_papers
    masks = [names.having(value, n_papers) for value in values]
    mask: BoolArray = np.logical_or.reduce(masks)
    return mask


def n_named(asked: Sequence[tuple[NameKind, str]], index: OpenedIndex) -> list[int]:
    """Count the different names that fit each of these."""
    return [len(index.names(kind).places(value)) for kind, value in asked]


def have_names(asked: Sequence[tuple[NameKind, str]], index: OpenedIndex) -> list[bool]:
    """Tell for each of these whether a name fits it: an author by the whole family name, a category by any key."""
    return [
        bool(index.names(kind).places(value)) if kind == "categories" else index.names(kind).may_have(value)
        for kind, value in asked
    ]


def like(request: NamesLike, index: OpenedIndex) -> Likeness:
    """Find the names that are spelt like an unknown one: keys for one word, otherwise names as they are shown."""
    from rapidfuzz import fuzz, process

    names, with_keys = index.names(request.kind), is_one_word(request.name)
    asked = " ".join(folded_words(request.name))
    best: dict[str, tuple[float, str, str]] = {}
    for block in names.lines.blocks(_BLOCK):
        shown: dict[str, str] = {}
        for line in map(read_line, block):
            for text in compared(line, with_keys=with_keys):
                is_key = with_keys and not (request.kind == "categories" and text == line.keys[0])
                offer = text if is_key else line.shown
                shown[text] = min(shown.get(text, offer), offer)
        found = process.extract(
            asked, list(shown), scorer=fuzz.token_sort_ratio, score_cutoff=_LEAST_LIKENESS, limit=None
        )
        for text, score, _ in found:
            one = (-score, shown[text], text)
            best[text] = min(best.get(text, one), one)
    first = [names.line(place).shown for place in range(min(_LISTED, len(names.lines)))]
    return Likeness(nsmallest(_OFFERED, best.values()), first)


def beginning(request: NamesOf, index: OpenedIndex) -> list[tuple[str, int]]:
    """Return the first keys with a beginning, and the number of papers of the names that have each.

    Names of authors are found by the whole family name, venues by any word.
    """
    names, wanted = index.names(request.kind), BAR + fold(request.beginning)
    places = names.lines.containing(wanted) if request.kind == "venues" else names.lines.find_prefix(wanted)
    found: dict[str, list[int]] = {}
    for place in places:
        line = names.line(place)
        for key in line.keys[:1] if request.kind == "authors" else line.keys:
            if key.startswith(wanted[1:]):
                is_whole = request.kind == "categories" and key == line.keys[0]
                found.setdefault(line.shown if is_whole else key, []).append(place)
    kept = sorted(found, key=in_order)[: request.limit]
    return [(key, len(set().union(*(names.papers_of(place).tolist() for place in found[key])))) for key in kept]


def completed(kind: NameKind, typed: str, limit: int, shards: Shards) -> tuple[Counted, ...]:
    """Return the first keys of the collection with a beginning, each with its number of papers."""
    counts: Counter[str] = Counter()
    for answer in shards.every("names_beginning", NamesOf(kind, typed, limit)):
        counts.update(dict(answer))
    return tuple(Counted(value=key, n_papers=counts[key]) for key in sorted(counts, key=in_order)[:limit])


def in_order(key: str) -> str:
    """Return the sorting key of completed names, which is that of lines."""
    return f"{key}{BAR}"


def _unknown(kind: NameKind, value: str, shards: Shards, in_query: bool) -> UnknownFilterValue:
    answers: list[Likeness] = shards.every("names_like", NamesLike(kind, value))
    best: dict[str, tuple[float, str, str]] = {}
    for one in sorted(near for answer in answers for near in answer.near):
        best.setdefault(one[2], one)
    near = dict.fromkeys(shown for _, shown, _ in sorted(best.values()))
    known = sorted({shown for answer in answers for shown in answer.first})
    return UnknownFilterValue(
        field=kind, value=value, nearest=tuple(near)[:_OFFERED], known=tuple(known), in_query=in_query
    )
