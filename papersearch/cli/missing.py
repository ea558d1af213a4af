"""Why papers are missing from an answer: their place in it, or what leaves them out.

`search --within ID --explain` asks so. The hits beside it are ranked among themselves alone. The search has
said which names lead to no paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from papersearch.cli.errors import complain
from papersearch.cli.narrowing import find_ids, marked, narrowed
from papersearch.cli.output.reasons import typed_filters
from papersearch.errors import QueryError
from papersearch.search.filter_table import FILTER_ROWS, MARK_ROWS, NO_MARK_FILTERS, make_mark_filters
from papersearch.types import NO_FILTERS, Filters

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.search import SearchOptions
    from papersearch.types import Results

_MOST = 10
"""Greatest number of papers that are looked for: more are a list to search among."""

_DEEPEST = 10_000
_JUDGED = 1_000
"""Places up to which papers are found, and up to which their verdict is told; a server has these limits."""

_WORD = "zq"
"""Word beside a condition of a query, so that words rank."""


def say_places(opened: Index, query: str, options: SearchOptions) -> None:
    """Say the place and the verdict of each paper of `--within` in the answer without it, or why it has none."""
    ids, _ = find_ids(opened, options.filters.within or ())
    if not 0 < len(ids) <= _MOST:
        return
    filters = narrowed(opened, options.filters.replace(within=None), options.marked, quietly=True)
    search = partial(_search(opened, query, options), filters=filters)
    if options.instruction is None:
        deepest = _DEEPEST
        places = _ranked(opened, query, options, filters)
        judged = max((at for paper_id in ids if (at := places.get(paper_id, 0)) <= _JUDGED), default=0)
        best = search(judged) if judged else ()
    else:  # which only a search takes
        deepest = _JUDGED
        best = search(min(len(opened), deepest))
        places = {hit.paper.paper_id: hit.rank for hit in best}
    verdicts = {hit.paper.paper_id: hit.verdict for hit in best}
    without = f"without --within{_ordered_by(options)}"
    for paper_id in ids:
        place = places.get(paper_id)
        if place is None:
            said = "; ".join(_reasons(opened, query, paper_id, options)) or f"is not among the best {deepest:,}"
        else:
            said = f"is number {place:,} {without}"
            verdict = verdicts.get(paper_id)
            said += f", and {verdict}" if verdict else ""
            said += ": --strict leaves it out" if verdict == "weak" and options.strict else ""
        complain(f"{opened.paper(paper_id).title or paper_id} {said}", "")


def _search(opened: Index, query: str, options: SearchOptions) -> partial[Results]:
    """Return the search that was asked for, without its number of hits and its filters."""
    return partial(
        opened.search, query, mode=options.mode.value, late=options.late, instruction=options.instruction
    )


def _ranked(opened: Index, query: str, options: SearchOptions, filters: Filters) -> dict[str, int]:
    """Return the places of the best papers of an answer, from 1, by their ids."""
    k = min(len(opened), _DEEPEST)
    [ranked] = opened.rank_many([query], k, options.mode.value, late=options.late, literal=False, filters=filters)
    return {one.paper_id: place for place, one in enumerate(ranked, start=1)}


def _ordered_by(options: SearchOptions) -> str:
    """Name the option that puts hits into another order than that of their scores, which a place is told in."""
    if options.rerank is not None:
        return " and --rerank"  # which refuses another order
    return "" if options.sort.value == "relevance" else f" and --sort {options.sort.value}"


def _reasons(opened: Index, query: str, paper_id: str, options: SearchOptions) -> Iterator[str]:
    """Yield what leaves a paper out of an answer: filters, conditions of the query, or its words."""
    only = Filters(within=(paper_id,))
    each = _each_filter(opened, only, options)
    if culprits := [option for filters, option in each if not opened.search("", 1, filters=filters)]:
        yield f"is left out by {' and by '.join(culprits)}"
    alone = _search(opened, query, options)(1, filters=only)
    if alone.emptied_by == "operators":
        failed = [clause for clause in _clauses(alone) if _fails(opened, clause, only)]
        yield f"does not meet {' and '.join(failed)}" if failed else "does not meet the conditions of the query"
    elif alone.emptied_by == "words":
        yield "is not encoded yet" if alone.mode_used == "semantic" else "has no word of the query"


def _each_filter(opened: Index, only: Filters, options: SearchOptions) -> Iterator[tuple[Filters, str]]:
    """Yield each filter alone, for the papers of `only`, and the option that sets it."""
    keeps_undated = options.filters.include_undated
    for row in FILTER_ROWS:
        value = getattr(options.filters, row.field)
        if row.field not in ("within", "include_undated") and value != getattr(NO_FILTERS, row.field):
            one = Filters(**{row.field: value})
            filters = only.replace(**{row.field: value}, include_undated=keeps_undated)
            yield narrowed(opened, filters, NO_MARK_FILTERS, quietly=True), typed_filters(one)
    for row in MARK_ROWS:
        value = getattr(options.marked, row.field)
        if value != getattr(NO_MARK_FILTERS, row.field):
            wanted = make_mark_filters({row.field: value})
            yield marked(opened, only, wanted, quietly=True), typed_filters(NO_FILTERS, wanted)


def _clauses(results: Results) -> list[str]:
    """Return the conditions of a query, as they are written in it."""
    if results.reading is None:
        return []
    grouped = (f"({clause})" if " OR " in clause else clause for clause in results.reading.required)
    return [*grouped, *(f"-{clause}" for clause in results.reading.excluded)]


def _fails(opened: Index, clause: str, only: Filters) -> bool:
    """Tell whether no paper of `only` meets a condition."""
    try:
        return opened.search(f"{_WORD} {clause}", 1, "keyword", filters=only).emptied_by == "operators"
    except QueryError:
        return False
