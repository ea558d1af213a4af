"""Filters that name papers: lists of names, and the reader's marks, as ids of the index that is asked.

The names that lead to no paper are said on stderr, and the others are searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from papersearch.cli.errors import complain

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.errors import PaperLookupError
    from papersearch.marks.mark import Mark
    from papersearch.search.filter_table import MarkFilters
    from papersearch.types import Filters

_NAMED = 10
"""Greatest number of lost names that have a line each."""


def narrowed(opened: Index, filters: Filters, wanted: MarkFilters, *, quietly: bool = False) -> Filters:
    """Return filters whose papers are ids of the index, within the papers that have the wanted marks.

    quietly: do not say which names lead to no paper
    Raises BadParameter for a list without any paper of the index, and MarksError.
    """
    if filters.within is not None:
        filters = filters.replace(within=_ids(opened, filters.within, "--within", quietly=quietly))
    if filters.without:
        filters = filters.replace(without=_ids(opened, filters.without, "--without", quietly=quietly))
    return marked(opened, filters, wanted, quietly=quietly)


def marked(opened: Index, filters: Filters, wanted: MarkFilters, *, quietly: bool = False) -> Filters:
    """Return filters, which name papers by ids alone, within the papers that have the wanted marks.

    quietly: do not say which marked papers the index does not have
    Raises MarksError.
    """
    if not any(wanted):
        return filters
    from papersearch.cli.locations import find_marks
    from papersearch.marks import mark
    from papersearch.marks.file import read_marks

    filters, lost = mark.narrowed(filters, wanted, read_marks(find_marks()), opened)
    if not quietly:
        _say_lost(lost)
    return filters


def _say_lost(marks: Sequence[Mark]) -> None:
    """Say which marked papers the index does not have; their marks are kept."""
    if not marks:
        return
    named = "; ".join(mark.name for mark in marks[:3])
    counted = "1 marked paper is" if len(marks) == 1 else f"{len(marks):,} marked papers are"
    more = ", and others" if len(marks) > 3 else ""
    complain(f"{counted} not in this collection: {named}{more}", "")


def find_ids(opened: Index, names: Sequence[str]) -> tuple[tuple[str, ...], list[PaperLookupError]]:
    """Return the ids of the papers of these names, and an error for each name without a paper."""
    from papersearch.errors import PaperLookupError

    found = dict(zip(names, opened.look_up(names), strict=True)) if names else {}
    lost = []
    for name in [name for name, paper_id in found.items() if paper_id is None]:
        try:
            found[name] = opened.paper(name).paper_id
        except PaperLookupError as error:
            lost.append(error)
    return tuple(dict.fromkeys(filter(None, found.values()))), lost


def _ids(opened: Index, names: Sequence[str], option: str, *, quietly: bool) -> tuple[str, ...]:
    """Return the ids of the papers of these names. Raises BadParameter if none of them is in the index."""
    ids, lost = find_ids(opened, names)
    if names and not ids:
        if len(names) == 1:
            raise typer.BadParameter(f"expected a file of names, or a paper: {lost[0]}", param_hint=option)
        raise typer.BadParameter("expected ids or titles, one a line, of papers in the index", param_hint=option)
    if quietly:
        return ids
    for reason in lost[:_NAMED]:
        complain(str(reason), "")
    if len(lost) > _NAMED:
        complain(f"{len(lost) - _NAMED:,} more names lead to no paper", "to see all of them: papersearch show -")
    return ids
