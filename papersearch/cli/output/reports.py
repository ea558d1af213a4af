"""What a build brought and what is wrong with an index, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from papersearch.cli.errors import repair_of
from papersearch.cli.output.json_documents import SCHEMA_VERSION, dump
from papersearch.cli.output.table import write
from papersearch.text.cleaning import clean_text
from papersearch.types import Finding

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.api import Index
    from papersearch.index.manifest import Manifest
    from papersearch.index.report import BuildReport
    from papersearch.index.verification import Fault

_SHOWN_FINDINGS = 20
_ROUTINE = frozenset({"mirror link rewritten"})
"""Findings that a build mentions by number only; `stats` has them all."""


def print_build(console: Console, report: BuildReport, index_path: Path) -> None:
    """What came in and what it changed, in a few lines; every finding that may have cost the
    user a paper."""
    counts = counted(report.n_papers, report.n_appearances, report.n_dumps)
    what = {"published": "indexed in", "up to date": "up to date in", "dry run": "would be indexed in"}
    write(console, Text(f"{counts}, {what[report.outcome]} {index_path}"))
    changes = report.changes
    added, changed, removed = len(changes.added), len(changes.changed), len(changes.removed)
    is_first = added == report.n_papers and not removed
    if report.outcome == "dry run" or (report.outcome == "published" and not is_first):
        encoded = "to encode" if report.outcome == "dry run" else "encoded"
        merged = report.n_appearances - report.n_papers
        summary = f"{added} new, {changed} changed, {removed} gone, {merged} merged; {report.n_encoded} {encoded}"
        write(console, Text(summary, style="dim"))
    if report.outcome != "up to date":
        print_findings(console, report.findings, _ROUTINE)


def build_document(report: BuildReport, *, indent: bool) -> bytes:
    """The same as JSON: what the index holds (if there is one), and what the build did."""
    document = (
        index_fields(report.manifest, report.findings) if report.manifest else {"schema_version": SCHEMA_VERSION}
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


def rollback_document(index: Index, *, indent: bool) -> bytes:
    """What the index holds after going back, as JSON."""
    return dump({**index_fields(index.manifest, index.findings()), "outcome": "rolled back"}, indent=indent)


def print_faults(console: Console, index: Index, faults: Sequence[Fault]) -> None:
    """Each fault with its file and the command that mends it; or that there is none."""
    manifest = index.manifest
    if not faults:
        what = f"{len(manifest.files)} files, {manifest.n_papers} papers, format {manifest.format_version}"
        write(console, Text(clean_text(f"{index.path}, generation {manifest.generation}: {what}: all is well")))
    for fault in faults:
        write(console, Text(clean_text(f"{fault.file} {fault.what}"), overflow="fold"))
        write(
            console, Text(clean_text(f"  mend it by: {repair_of(fault, index.path)}"), style="dim", overflow="fold")
        )


def faults_document(index: Index, faults: Sequence[Fault], *, indent: bool) -> bytes:
    """The same as JSON."""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "generation": index.manifest.generation,
        "format_version": index.manifest.format_version,
        "faults": [
            {"file": fault.file, "what": fault.what, "command": repair_of(fault, index.path)} for fault in faults
        ],
    }
    return dump(fields, indent=indent)


def index_fields(manifest: Manifest, findings: Sequence[Finding]) -> dict[str, Any]:
    """What an index holds, as far as its manifest tells; JSON of a build and of `stats` begin so."""
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
        "findings": [finding.asdict() for finding in findings],
    }


def counted(n_papers: int, n_appearances: int, n_dumps: int) -> str:
    """The three counts in words."""
    dumps = f"{n_dumps} dump{'' if n_dumps == 1 else 's'}"
    papers = f"{n_papers} paper{'' if n_papers == 1 else 's'}"
    return f"{papers} ({n_appearances} appearances in {dumps})"


def print_findings(
    console: Console,
    findings: Sequence[Finding],
    routine: frozenset[str],
    at_most: int = _SHOWN_FINDINGS,
) -> None:
    """Findings one by one, those of `routine` kinds by number."""
    listed = [finding for finding in findings if finding.kind not in routine]
    for finding in listed[:at_most]:
        place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
        write(console, Text(clean_text(f"{place}: {finding.kind}: {finding.detail}"), style="dim", overflow="fold"))
    if len(listed) > at_most:
        write(console, Text(f"and {len(listed) - at_most} more: papersearch stats", style="dim"))
    for kind, count in sorted(Counter(f.kind for f in findings if f.kind in routine).items()):
        write(console, Text(f"{count} × {kind}: papersearch stats", style="dim"))
