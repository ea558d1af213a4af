"""The report of a build, for people and for programs, and the fields that reports share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from papersearch.cli.output.dumps import dump_fields, dump_lines, left_out_line
from papersearch.cli.output.findings import ALL_OF_THEM, in_short, sum_up_findings
from papersearch.cli.output.json_documents import SCHEMA_VERSION
from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import FAINT
from papersearch.cli.rebuilding import build_command
from papersearch.text.amounts import amount
from papersearch.text.analysis import languages_of_analysis
from papersearch.types import Finding

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.api import Index
    from papersearch.index.manifest import Manifest
    from papersearch.index.report import BuildReport


def print_build(console: Console, report: BuildReport, index_path: Path) -> None:
    """Print what was indexed and what changed, and the dumps and findings in short."""
    counts = counted(report.n_papers, report.n_appearances, report.n_dumps)
    what = {"published": "indexed in", "up to date": "up to date in", "dry run": "would be indexed in"}
    write(console, Text(f"{counts}, {what[report.outcome]} {index_path}"))
    if report.manifest is not None and report.manifest.is_partial and report.outcome != "dry run":
        waiting = report.manifest.n_papers - report.manifest.n_encoded
        command = build_command(index_path, manifest=report.manifest)
        said = f"{waiting} of them are searched by words alone; to encode them: {command}"
        write(console, Text(said, overflow="fold"))
    changes = report.changes
    added, changed, removed = len(changes.added), len(changes.changed), len(changes.removed)
    is_first = added == report.n_papers and not removed
    if report.outcome == "dry run" or (report.outcome == "published" and not is_first):
        encoded = "to encode" if report.outcome == "dry run" else "encoded"
        merged = report.n_appearances - report.n_papers
        summary = f"{added} new, {changed} changed, {removed} gone, {merged} merged; {report.n_encoded} {encoded}"
        write(console, Text(summary, style=FAINT))
    if report.n_left_out:
        write(console, Text(left_out_line(report.n_left_out), style=FAINT))
    if report.outcome != "up to date":
        for line in dump_lines(report.dumps):
            write(console, Text(line, style=FAINT))
        sum_up_findings(console, report.findings)
    elif found := in_short(report.findings):
        write(console, Text(f"not everything was understood: {found}: {ALL_OF_THEM}", style=FAINT))


def print_together(console: Console, report: BuildReport, index_path: Path) -> None:
    """Print what several collections have together."""
    write(
        console, Text(f"{counted(report.n_papers, report.n_appearances, report.n_dumps)}, together in {index_path}")
    )


def build_fields(report: BuildReport) -> dict[str, Any]:
    """Return the fields of the index, if there is one, and the outcome of the build."""
    held = index_fields(report.manifest, report.findings) if report.manifest else {"schema_version": SCHEMA_VERSION}
    return {
        **held,
        "findings": [finding.asdict() for finding in report.findings],
        "dumps": dump_fields(report.dumps),
        "papers": report.n_papers,
        "appearances": report.n_appearances,
        "outcome": report.outcome,
        "added": report.changes.added,
        "changed": report.changes.changed,
        "removed": report.changes.removed,
        "merged": report.n_appearances - report.n_papers,
        "encoded": report.n_encoded,
        "left_out": report.n_left_out,
    }


def rollback_fields(index: Index) -> dict[str, Any]:
    """Return the fields of the index after a rollback."""
    return {**index_fields(index.manifest, index.findings()), "outcome": "rolled back"}


def index_fields(manifest: Manifest, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return fields from the manifest, which are the first in the JSON of a build and of `stats`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "papers": manifest.n_papers,
        "papers_encoded": manifest.n_encoded,
        "appearances": manifest.n_appearances,
        "dumps": dump_fields(manifest.dumps),
        "abstracts_only": manifest.abstracts_only,
        "languages": languages_of_analysis(manifest.lexical.analyzer),
        "left_out": manifest.n_left_out,
        "terms": manifest.n_terms,
        "postings": manifest.n_postings,
        "model": manifest.encoder.name if manifest.encoder else None,
        "generation": manifest.generation,
        "format_version": manifest.format_version,
        "size": sum(record.size for record in manifest.files.values()),
        "findings": [finding.asdict() for finding in findings],
        "collections": manifest.collections,
    }


def counted(n_papers: int, n_appearances: int, n_dumps: int) -> str:
    """Return the three counts in words."""
    appearances = f"{amount(n_appearances, 'appearance')} in {amount(n_dumps, 'dump')}"
    return f"{amount(n_papers, 'paper')} ({appearances})"
