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

_SHOWN_FINDINGS = 20
_ROUTINE = frozenset({"mirror link rewritten"})
"""Findings that a build mentions by number only; `stats` has them all."""


def print_build(console: Console, report: BuildReport, index_path: Path) -> None:
    """What came in, in a few lines; every finding that may have cost the user a paper."""
    manifest = report.manifest
    write(console, Text(f"{_counts(manifest)}, indexed in {index_path}"))
    _print_findings(console, report.ingest.findings, _ROUTINE)


def build_document(report: BuildReport, *, indent: bool) -> bytes:
    """The same as JSON."""
    return dump(_document(report.manifest, report.ingest.findings), indent=indent)


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
        ("papers", _counts(manifest)),
        ("dated", dated),
        ("with links", f"{sum(bool(paper.links) for paper in index.papers())} papers"),
        ("words", f"{manifest.n_terms} distinct terms, {manifest.n_postings} postings"),
        ("model", f"{manifest.encoder.name}, {manifest.encoder.dimensions} dimensions"),
        ("index", f"{index.path}, generation {manifest.generation}, {size:.1f} MB"),
    ]


def _counts(manifest: Manifest) -> str:
    dumps = f"{len(manifest.dumps)} dump{'' if len(manifest.dumps) == 1 else 's'}"
    papers = f"{manifest.n_papers} paper{'' if manifest.n_papers == 1 else 's'}"
    return f"{papers} ({manifest.n_appearances} appearances in {dumps})"


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
