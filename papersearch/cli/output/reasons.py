"""What is said of an answer besides its hits: how many papers answer, how well, and why there are none."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from papersearch.search.filter_table import (
    FILTER_ROWS,
    MARK_ROWS,
    NO_MARK_FILTERS,
    FilterRow,
    MarkFilters,
    filter_values,
)
from papersearch.text.amounts import amount
from papersearch.types import DEFAULT_WEIGHTS, NO_FILTERS, verdict_of
from papersearch.values import fields_of

if TYPE_CHECKING:
    from papersearch.types import Filters, Hit, Results, Weights

_NAMED = 3
"""Greatest number of words that one line names."""

_CARRYING = 16
"""Number of words up to which each word carries a query."""


def in_words(weights: Weights) -> str:
    """Return the weights that are not the defaults: "keyword 1.2, late interaction 0"."""
    defaults = fields_of(DEFAULT_WEIGHTS)
    changed = {name: value for name, value in fields_of(weights).items() if value != defaults[name]}
    said = (f"{name.replace('_', ' ')} {value:g}" for name, value in changed.items())
    return ", ".join(said) or "the defaults"


def how_many(results: Results) -> str:
    """Say how many papers are shown, and how well how many answer: "best 5 · 2 fair, 300 weak"."""
    if not results.hits:
        return "no papers"
    if results.reading is not None and results.reading.identifier is not None:
        return amount(len(results), "paper")
    first = "newest" if results.sort == "date" else "best"
    shown, counts = f"{first} {len(results):,}", results.verdicts
    if counts is None:
        return f"{shown} of {results.total:,}"
    said = ", ".join(f"{n:,} {name}" for name, n in counts.asdict().items() if n)
    if counts.total < results.total:
        return f"{shown} of {results.total:,} · of the first {counts.total:,}: {said}"
    return f"{shown} · {said}"


def doubts(results: Results, *, names_all: bool = False) -> list[str]:
    """Say what makes an answer doubtful: that no paper answers well, and that none has a word of the query.

    names_all: also words that may be misspelt, for which others are offered elsewhere
    """
    said = []
    if results.verdict == "weak" and results.reading is None:
        said.append("no paper is very similar to this text")
    elif results.verdict == "weak":
        said.append(f"{none_of(results.total, 'match', 'matches')} this well")
    if results.verdict and (missing := missing_words(results, names_all=names_all)):
        said.append(f"no paper has {' or '.join(missing)}")
    return said


def word_of(hit: Hit) -> str:
    """Return the verdict on a hit, or how like it is to examples."""
    return hit.verdict or ("" if hit.strength is None else verdict_of(hit.strength))


def missing_words(results: Results, *, names_all: bool = False) -> list[str]:
    """Return the first words that no paper has; those that may be misspelt only with `names_all`.

    Such a word is the rarest of the query. In a longer text it does not carry the question.
    """
    if len(results.query.split()) > _CARRYING:
        return []
    return [unknown.word for unknown in results.unknown_words if names_all or not unknown.instead][:_NAMED]


def why_empty(results: Results, n_papers: int, wanted: MarkFilters = NO_MARK_FILTERS) -> str:
    """Say why an answer has no hits, without a full stop; `n_papers` is the size of the collection.

    `wanted` are the conditions on marks.
    """
    is_filtered = results.filters != NO_FILTERS or wanted != NO_MARK_FILTERS
    typed = typed_filters(results.filters, wanted) if is_filtered else ""
    kept = f" that {typed} leaves" if is_filtered else ""
    match results.emptied_by:
        case "filters":
            return f"{typed} leaves no paper to rank"
        case "operators":
            return f"no paper{kept} meets the phrases, title: words and exclusions of the query"
        case "words" if results.mode_used == "semantic":
            return f"no paper{kept} is encoded yet"
        case "words":
            return f"no paper{kept} has a word of the query"
        case "identifier":
            return f"{results.reading.identifier if results.reading else results.query} is not in this collection"
        case "shown":
            return "nothing new"
    n_left = results.total if is_filtered else n_papers
    return f"{none_of(n_left, 'answer', 'answers', kept)} the query"


def none_of(n_papers: int, verb: str, verbs: str, kept: str = "") -> str:
    """Say that no paper does it, also where there is one paper alone."""
    return (
        f"the only paper{kept} does not {verb}"
        if n_papers == 1
        else f"none of the {n_papers:,} papers{kept} {verbs}"
    )


def typed_filters(filters: Filters, wanted: MarkFilters = NO_MARK_FILTERS) -> str:
    """Return filters as the options that set them."""
    values = filter_values(filters)
    typed = [_typed(row, value) for row in FILTER_ROWS if (value := values[row.field]) or value == ()]
    typed += [_typed(row, value) for row in MARK_ROWS if (value := getattr(wanted, row.field))]
    return " ".join(filter(None, typed))


def _typed(row: FilterRow, value: Any) -> str:
    """Return the option that sets a filter; papers came from a file and are counted."""
    if row.kind == "papers":
        return f"--{row.name} {amount(len(value), 'paper')}"
    given = value if isinstance(value, tuple) else (value,)
    return " ".join(f"--{row.name}" if one is True else f"--{row.name} {shlex.quote(one)}" for one in given)
