"""The reports of a part and of a join, for people and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from papersearch.cli.output.build import counted
from papersearch.cli.output.dumps import dump_fields, dump_lines, left_out_line
from papersearch.cli.output.findings import sum_up_findings
from papersearch.cli.output.json_documents import SCHEMA_VERSION
from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import FAINT
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.index.joining import JoinReport
    from papersearch.index.parts import PartReport


def print_part(console: Console, report: PartReport, index_path: Path) -> None:
    """Print what a part has, and what is found in its dumps."""
    what = {"published": "built in", "up to date": "up to date in", "dry run": "not built in"}[report.outcome]
    counts = counted(report.n_papers, report.n_appearances, report.n_dumps)
    write(console, Text(f"part {report.number}/{report.n_parts}: {counts}, {what} {index_path}"))
    if report.outcome == "published":
        write(console, Text(f"{report.n_encoded} encoded", style=FAINT))
        sum_up_findings(console, report.findings)


def part_fields(report: PartReport) -> dict[str, Any]:
    """Return the fields of a part."""
    return {
        "schema_version": SCHEMA_VERSION,
        "outcome": report.outcome,
        "part": report.number,
        "parts": report.n_parts,
        "papers": report.n_papers,
        "appearances": report.n_appearances,
        "encoded": report.n_encoded,
        "findings": [finding.asdict() for finding in report.findings],
    }


def print_join(console: Console, report: JoinReport, index_path: Path) -> None:
    """Print what the joined index has, and its dumps and findings in short."""
    counts = counted(report.n_papers, report.n_appearances, len(report.dumps))
    what = "joined into" if report.outcome == "published" else "up to date in"
    write(console, Text(f"{counts}, {what} {amount(report.n_shards, 'shard')} in {index_path}"))
    if report.outcome != "published":
        return
    merged = report.n_appearances - report.n_papers
    summary = f"{report.n_added:,} new, {report.n_removed:,} gone, {merged:,} merged; {report.n_encoded:,} encoded"
    write(console, Text(summary, style=FAINT))
    if report.n_left_out:
        write(console, Text(left_out_line(report.n_left_out), style=FAINT))
    for line in dump_lines(report.dumps):
        write(console, Text(line, style=FAINT))
    sum_up_findings(console, report.findings)


def join_fields(report: JoinReport) -> dict[str, Any]:
    """Return the fields of the joined index."""
    return {
        "schema_version": SCHEMA_VERSION,
        "outcome": report.outcome,
        "generation": report.generation,
        "shards": report.n_shards,
        "papers": report.n_papers,
        "appearances": report.n_appearances,
        "merged": report.n_appearances - report.n_papers,
        "new": report.n_added,
        "gone": report.n_removed,
        "encoded": report.n_encoded,
        "left_out": report.n_left_out,
        "dumps": dump_fields(report.dumps),
        "findings": [finding.asdict() for finding in report.findings],
    }
