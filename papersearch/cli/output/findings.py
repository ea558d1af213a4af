"""Findings of a build for people: one by one for those who ask, summed up for everybody else.

A detail can quote a whole abstract. Only JSON has it whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import FAINT
from papersearch.text.cleaning import clean_text
from papersearch.text.shortening import shortened
from papersearch.types import Finding

if TYPE_CHECKING:
    from rich.console import Console

_LONGEST_DETAIL = 200
_SHOWN, _SHOWN_IN_PIPE = 10, 3
_ROUTINE = frozenset({"mirror link rewritten"})
"""Kinds of findings that a build only counts, because they never cost a paper."""

ALL_OF_THEM = "papersearch stats"
"""Command that lists every finding."""


def list_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print findings one by one."""
    for line in listed(findings):
        _print(console, line)


def sum_up_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print findings in short."""
    for line in summed_up(findings, ALL_OF_THEM, is_terminal=sys.stdout.isatty()):
        _print(console, line)


def listed(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line for each finding."""
    return (clean_text(f"{_place(finding)}: {finding.kind}: {_detail(finding)}") for finding in findings)


def summed_up(findings: Sequence[Finding], all_of_them: str, *, is_terminal: bool) -> Iterator[str]:
    """Yield a line for each finding of a rare kind, and one for all of a frequent kind.

    A terminal gets more of them one by one than a pipe, whose reader may be a log. `all_of_them`
    says how to list them all.
    """
    at_most = _SHOWN if is_terminal else _SHOWN_IN_PIPE
    for kind, of_kind in _by_kind(findings).items():
        if kind in _ROUTINE:
            yield f"{len(of_kind)} × {kind}: {all_of_them}"
        elif len(of_kind) <= at_most:
            yield from listed(of_kind)
        else:
            first = clean_text(f"{_place(of_kind[0])}: {_detail(of_kind[0])}")
            yield f"{len(of_kind)} × {kind}: {all_of_them}; the first: {first}"


def in_short(findings: Sequence[Finding]) -> str:
    """Return the number of findings of each kind in words; empty if there are none but routine ones."""
    counted = ((kind, len(of_kind)) for kind, of_kind in _by_kind(findings).items() if kind not in _ROUTINE)
    return ", ".join(f"{n} × {kind}" for kind, n in counted)


def _by_kind(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Group findings by kind, those that are not routine first, in order of appearance."""
    grouped: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.kind in _ROUTINE):
        grouped.setdefault(finding.kind, []).append(finding)
    return grouped


def _place(finding: Finding) -> str:
    return finding.file if finding.line is None else f"{finding.file}:{finding.line}"


def _detail(finding: Finding) -> str:
    return shortened(finding.detail, _LONGEST_DETAIL)


def _print(console: Console, text: str) -> None:
    write(console, Text(text, style=FAINT, overflow="fold"))
