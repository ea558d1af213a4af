"""The arguments of a search: checked as they are given, and resolved as every step of the pipeline reads them.

A client of a server checks them too, so this module imports no numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from papersearch.text.cleaning import clean_text
from papersearch.types import (
    DEFAULT_WEIGHTS,
    NAME_KINDS,
    NO_FILTERS,
    FilterOptions,
    Filters,
    LibraryPaper,
    Mode,
    Paper,
    Sort,
    Weights,
)

if TYPE_CHECKING:
    from papersearch.search.reranking import Reranker
    from papersearch.text.query import Query

DEFAULT_K = 10


class Request(NamedTuple):
    """Search options after the mode has been resolved.

    reason: why `mode_used` differs from `mode`; None if it does not
    looks_up: one word that no paper has may be an id or a citation key
    tuned: weights in place of the defaults
    """

    k: int
    mode: Mode
    mode_used: Mode
    reason: str | None
    late: bool
    explain: bool = False
    strict: bool = False
    filters: Filters = NO_FILTERS
    sort: Sort = "relevance"
    fold: bool = False
    facets: bool = False
    related: bool = False
    looks_up: bool = False
    tuned: Weights | None = None

    @property
    def weights(self) -> Weights:
        """The weights of hybrid mode."""
        return DEFAULT_WEIGHTS if self.tuned is None else self.tuned


def leaves_undated_out(filters: Filters, query: Query | None = None) -> bool:
    """Tell whether a date filter, or a range of years in the query, may leave papers undecided."""
    if filters.include_undated:
        return False
    if filters.since is not None or filters.until is not None:
        return True
    return query is not None and any(clause.field == "year" for clause in query.fields)


def names_papers(filters: Filters) -> bool:
    """Tell whether filters name papers, so that a query need not."""
    return filters.replace(include_undated=False) != NO_FILTERS


def check_arguments(
    k: int, mode: Mode, sort: Sort = "relevance", rerank: Reranker | None = None, instruction: str | None = None
) -> None:
    """Raise ValueError for an unknown sort or mode, a `k` below 1, and arguments that exclude each other."""
    for what, found, known in (("sort", sort, get_args(Sort)), ("mode", mode, get_args(Mode))):
        if found not in known:
            raise ValueError(f"unknown {what} {found!r}: expected {' or '.join(known)}")
    if k < 1:
        raise ValueError(f"expected k of at least 1, found {k}")
    if rerank is not None and sort != "relevance":
        raise ValueError(f"expected sort 'relevance' beside rerank, found {sort!r}")
    if instruction is not None and mode == "keyword":
        raise ValueError("expected another mode than 'keyword' beside instruction: it encodes no query")
    if instruction is not None and not clean_text(instruction).strip():
        raise ValueError("expected an instruction, found an empty text")


def searched_k(k: int, rerank: Reranker | None) -> int:
    """Return the number of papers to search for where `k` are wanted."""
    return k if rerank is None else max(k, rerank.top)


def chosen_filters(filters: Filters, narrowed: FilterOptions) -> Filters:
    """Return the filters of a call that has either `filters` or filter keywords.

    Dates that move with today are resolved. Raises TypeError for both at once, for an unknown keyword,
    and for a date of another type, and InvalidDate.
    """
    unknown = sorted(narrowed.keys() - FilterOptions.__annotations__.keys())
    if unknown:
        raise TypeError(f"unknown keyword {unknown[0]!r}")
    if narrowed and filters != NO_FILTERS:
        raise TypeError(f"expected filters or keywords of filters ({', '.join(sorted(narrowed))}), not both")
    given: dict[str, Any] = dict(narrowed)
    papers = [name for name in ("within", "without") if given.get(name) is not None]
    for name in (*NAME_KINDS, "organisations", "dumps", *papers):
        if name in given:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    chosen = filters.replace(**given)
    written = {"since": chosen.since, "until": chosen.until, "added_since": chosen.added_since}
    for name, day in written.items():
        if not isinstance(day, str | None):
            raise TypeError(f'{name}: expected a text such as "2025", not {day!r}')
    if all(day is None for day in written.values()):
        return chosen
    from papersearch.search.days import with_dates  # not for a search without dates

    return with_dates(chosen)


def as_library(papers: Sequence[Paper | LibraryPaper]) -> tuple[LibraryPaper, ...]:
    """Return what a library tells of its papers, cleaned: of each its texts, identifiers and name."""
    return tuple(
        LibraryPaper(
            paper_id=clean_text(getattr(paper, "citation_key", None) or paper.paper_id),
            title=clean_text(paper.title),
            abstract=clean_text(paper.abstract),
            doi=paper.doi,
            arxiv_id=paper.arxiv_id,
        )
        for paper in papers
    )
