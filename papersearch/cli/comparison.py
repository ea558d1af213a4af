"""Two queries compared: how many papers answer each, and which answer both or one alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import typer

from papersearch.types import Facets

if TYPE_CHECKING:
    from papersearch.types import Hit, Results

MOST = 1_000
"""Greatest number of papers of each answer that are compared, which is also the most that a server gives."""

_NO_FACETS = Facets(n_papers=0, n_undated=0, years=(), months=(), organisations=(), dumps=())
_FORMATS = ("table", "plain", "tsv", "json")


class Comparison(NamedTuple):
    """The papers that answer two queries better than weakly, with facets.

    other: the second query
    facets: of all papers that answer the first query, and of those that answer the second
    both: papers of both answers, in the order of the first; first, second: papers of one answer alone
    is_cut: an answer has more papers than were compared
    """

    other: str
    facets: tuple[Facets, Facets]
    both: tuple[Hit, ...]
    first: tuple[Hit, ...]
    second: tuple[Hit, ...]
    is_cut: bool

    @property
    def is_empty(self) -> bool:
        """True if no paper answers either query."""
        return not (self.both or self.first or self.second)


def compare_answers(search: Callable[..., Results], first: str, second: str) -> tuple[Comparison, Results]:
    """Compare what `search` answers to two queries; returns the answer to the second one too."""
    answers = [search(query, MOST, strict=True, facets=True) for query in (first, second)]
    return compare(*answers), answers[1]


def compare(first: Results, second: Results) -> Comparison:
    """Compare two answers, without their weak papers and with facets."""
    facets = (first.facets or _NO_FACETS, second.facets or _NO_FACETS)
    ids = [{hit.paper.paper_id for hit in results} for results in (first, second)]
    return Comparison(
        other=second.query,
        facets=facets,
        both=tuple(hit for hit in first if hit.paper.paper_id in ids[1]),
        first=tuple(hit for hit in first if hit.paper.paper_id not in ids[1]),
        second=tuple(hit for hit in second if hit.paper.paper_id not in ids[0]),
        is_cut=facets[0].n_papers > len(first) or facets[1].n_papers > len(second),
    )


def refuse_format(format: str, style: str | None) -> None:
    """Raise BadParameter for a form of output that has no place for a comparison."""
    if format not in _FORMATS or style is not None:
        form = f"as {format}" if style is None else "in a citation style"
        raise typer.BadParameter(
            f"cannot print a comparison {form}: expected --format {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}",
            param_hint="--against",
        )
