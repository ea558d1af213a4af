"""What a build brought and what an index holds, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from papersearch.cleaning import clean_text
from papersearch.cli.records import SCHEMA_VERSION, dump
from papersearch.cli.table import write
from papersearch.types import Finding

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.builder import BuildReport
    from papersearch.searcher import Index
    from papersearch.storage.manifest import Manifest
    from papersearch.storage.verification import Fault

_SHOWN_FINDINGS = 20
_ROUTINE = frozenset({"mirror link rewritten"})
"""Findings that a build mentions by number only; `stats` has them all."""


def print_build(console: Console, report: BuildReport, index_path: Path) -> None:
    """What came in and what it changed, in a few lines; every finding that may have cost the
    user a paper."""
    counts = _counts(report.n_papers, report.n_appearances, report.n_dumps)
    what = {"published": "indexed in", "up to date": "up to date in", "dry run": "would be indexed in"}
    write(console, Text(f"{counts}, {what[report.outcome]} {index_path}"))
    added, changed, removed = map(len, report.changes)
    is_first = added == report.n_papers and not removed
    if report.outcome == "dry run" or (report.outcome == "published" and not is_first):
        encoded = "to encode" if report.outcome == "dry run" else "encoded"
        merged = report.n_appearances - report.n_papers
        summary = f"{added} new, {changed} changed, {removed} gone, {merged} merged; {report.n_encoded} {encoded}"
        write(console, Text(summary, style="dim"))
    if report.outcome != "up to date":
        _print_findings(console, report.findings, _ROUTINE)


def build_document(report: BuildReport, *, indent: bool) -> bytes:
    """The same as JSON: what the index holds (if there is one), and what the build did."""
    document = (
        _document(report.manifest, report.findings) if report.manifest else {"schema_version": SCHEMA_VERSION}
    )
    document |= {
        "papers": report.n_papers,
        "appearances": report.n_appearances,
        "outcome": report.outcome,
        "added": report.changes.added,
        "changed": report.changes.changed,
        "removed": report.changes.removed,
        "merged": report.n_appearances - report.n_papers,
        "encoded": report.n_encoded,
    }
    return dump(document, indent=indent)


def print_stats(console: Console, index: Index) -> None:
    """Counts, dumps, dates, model and size, and every finding of the build."""
    manifest = index.manifest
    facts = Table.grid(padding=(0, 2))
    facts.add_column()
    facts.add_column(overflow="fold")
    for name, value in _facts(index):
        facts.add_row(Text(name, style="bold"), Text(clean_text(value)))
    write(console, facts)
    console.print()
    dumps = Table.grid(padding=(0, 2))
    dumps.add_column(overflow="fold")
    dumps.add_column(justify="right")
    for dump_ in manifest.dumps:
        dumps.add_row(Text(clean_text(dump_.name)), Text(f"{dump_.n_appearances} papers", style="dim"))
    write(console, dumps)
    findings = index.findings()
    if findings:
        console.print()
        _print_findings(console, findings, frozenset(), len(findings))


def stats_document(index: Index, *, indent: bool) -> bytes:
    """The same as JSON."""
    document = _document(index.manifest, index.findings())
    years = Counter(paper.year for paper in index.papers())
    document["years"] = {str(year): years[year] for year in sorted(y for y in years if y is not None)}
    document["undated"] = years[None]
    return dump(document, indent=indent)


def print_faults(console: Console, index: Index, faults: Sequence[Fault]) -> None:
    """Each fault with its file and the command that mends it; or that there is none."""
    manifest = index.manifest
    if not faults:
        what = f"{len(manifest.files)} files, {manifest.n_papers} papers, format {manifest.format_version}"
        write(console, Text(clean_text(f"{index.path}, generation {manifest.generation}: {what}: all is well")))
    for fault in faults:
        write(console, Text(clean_text(f"{fault.file} {fault.what}"), overflow="fold"))
        write(console, Text(clean_text(f"  mend it by: {fault.command}"), style="dim", overflow="fold"))


def faults_document(index: Index, faults: Sequence[Fault], *, indent: bool) -> bytes:
    """The same as JSON."""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "generation": index.manifest.generation,
        "format_version": index.manifest.format_version,
        "faults": [fault._asdict() for fault in faults],
    }
    return dump(fields, indent=indent)


def _document(manifest: Manifest, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "papers": manifest.n_papers,
        "appearances": manifest.n_appearances,
        "dumps": [{"name": dump.name, "appearances": dump.n_appearances} for dump in manifest.dumps],
        "terms": manifest.n_terms,
        "postings": manifest.n_postings,
        "model": manifest.encoder.name,
        "generation": manifest.generation,
        "format_version": manifest.format_version,
        "size": sum(record.size for record in manifest.files.values()),
        "findings": [finding._asdict() for finding in findings],
    }


def _facts(index: Index) -> list[tuple[str, str]]:
    manifest = index.manifest
    years = [paper.year for paper in index.papers() if paper.year is not None]
    inferred = sum(paper.year_inferred for paper in index.papers())
    dated = f"{len(years)} papers, {min(years)} to {max(years)} ({inferred} years inferred)" if years else "none"
    size = sum(record.size for record in manifest.files.values()) / 1e6
    return [
        ("papers", _counts(manifest.n_papers, manifest.n_appearances, len(manifest.dumps))),
        ("dated", dated),
        ("with links", f"{sum(bool(paper.links) for paper in index.papers())} papers"),
        ("words", f"{manifest.n_terms} distinct terms, {manifest.n_postings} postings"),
        ("model", f"{manifest.encoder.name}, {manifest.encoder.dimensions} dimensions"),
        ("index", f"{index.path}, generation {manifest.generation}, {size:.1f} MB"),
    ]


def _counts(n_papers: int, n_appearances: int, n_dumps: int) -> str:
    dumps = f"{n_dumps} dump{'' if n_dumps == 1 else 's'}"
    papers = f"{n_papers} paper{'' if n_papers == 1 else 's'}"
    return f"{papers} ({n_appearances} appearances in {dumps})"


def _print_findings(
    console: Console,
    findings: Sequence[Finding],
    routine: frozenset[str],
    at_most: int = _SHOWN_FINDINGS,
) -> None:
    listed = [finding for finding in findings if finding.kind not in routine]
    for finding in listed[:at_most]:
        place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
        write(console, Text(clean_text(f"{place}: {finding.kind}: {finding.detail}"), style="dim", overflow="fold"))
    if len(listed) > at_most:
        write(console, Text(f"and {len(listed) - at_most} more: papersearch stats", style="dim"))
    for kind, count in sorted(Counter(f.kind for f in findings if f.kind in routine).items()):
        write(console, Text(f"{count} × {kind}: papersearch stats", style="dim"))
