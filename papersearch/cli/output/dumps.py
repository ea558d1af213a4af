"""The dumps of a build, said plainly: format, papers, papers without abstract, findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from papersearch.text.amounts import amount
from papersearch.types import DumpFile

_FEW = 10
"""Greatest number of dumps that have a line each."""


class _Sum(NamedTuple):
    """The counts of dumps, added up."""

    n_papers: int
    n_without_abstract: int
    n_left_out: int
    n_findings: int


def dump_lines(dumps: Sequence[DumpFile]) -> list[str]:
    """Return a line for each of a few dumps, or for each format of many, that of most papers first."""
    if len(dumps) <= _FEW:
        return [f"{dump.name}: {dump.format}, {_counted(_sum([dump]))}" for dump in dumps]
    by_format: dict[str, list[DumpFile]] = {}
    for dump in dumps:
        by_format.setdefault(dump.format, []).append(dump)
    sums = {name: _sum(of_format) for name, of_format in by_format.items()}
    return [
        f"{name}: {amount(len(by_format[name]), 'file')}, {_counted(sums[name])}"
        for name in sorted(sums, key=lambda name: (-sums[name].n_papers, name))
    ]


def dump_fields(dumps: Iterable[DumpFile]) -> list[dict[str, Any]]:
    """Return the fields of each dump in JSON."""
    return [
        {
            "name": dump.name,
            "appearances": dump.n_appearances,
            "format": dump.format,
            "without_abstract": dump.n_without_abstract,
            "left_out": dump.n_left_out,
            "findings": dump.n_findings,
        }
        for dump in dumps
    ]


def left_out_line(n_papers: int) -> str:
    """Say how many papers were left out in all; one in several dumps counts once."""
    return f"{amount(n_papers, 'paper')} without abstract left out"


def _sum(dumps: Sequence[DumpFile]) -> _Sum:
    return _Sum(
        sum(dump.n_appearances for dump in dumps),
        sum(dump.n_without_abstract for dump in dumps),
        sum(dump.n_left_out for dump in dumps),
        sum(dump.n_findings for dump in dumps),
    )


def _counted(held: _Sum) -> str:
    """Return the counts in words, without those that are 0; papers are always counted."""
    words = [amount(held.n_papers, "paper")]
    words += [f"{held.n_without_abstract:,} without abstract"] if held.n_without_abstract else []
    words += [f"{held.n_left_out:,} left out"] if held.n_left_out else []
    words += [amount(held.n_findings, "finding")] if held.n_findings else []
    return ", ".join(words)
