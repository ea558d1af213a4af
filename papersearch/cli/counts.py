"""Counts of an index's files and findings, and the fields of all counts in JSON.

`docs/schema/stats-1.json` describes the document; `output/stats_table.py` prints tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from papersearch.cli.output.build import index_fields
from papersearch.types import NAME_KINDS, Counted, Finding

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.index.counts import Tally
    from papersearch.index.manifest import Manifest
    from papersearch.types import NearDuplicates

_PURPOSES = {
    "papers": ("papers", "dumps", "ids", "titles", "identifiers", "organisations", *NAME_KINDS),
    "words": ("terms", "postings", "positions", "lengths", "expansions", "words"),
    "vectors": ("vectors", "probes", "texts"),
    "late interaction": ("pieces",),
    "findings": ("report",),
}
_PURPOSE_OF = {name: purpose for purpose, names in _PURPOSES.items() for name in names}
_OTHER = "other"


class FileGroup(NamedTuple):
    """Files of the index with a common purpose: their number, their bytes, and their share of all bytes."""

    name: str
    n_files: int
    size: int
    share: float


def group_files(manifest: Manifest) -> list[FileGroup]:
    """Group the index's files by purpose, in a fixed order."""
    sizes: dict[str, list[int]] = {purpose: [] for purpose in (*_PURPOSES, _OTHER)}
    for name, record in manifest.files.items():
        sizes[_PURPOSE_OF.get(name.split(".")[0], _OTHER)].append(record.size)
    total = sum(map(sum, sizes.values()))
    return [
        FileGroup(name, len(group), sum(group), sum(group) / total if total else 0.0)
        for name, group in sizes.items()
    ]


def count_kinds(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """Count findings by kind, most frequent first."""
    return Counter(str(finding.kind) for finding in findings).most_common()


def stats_fields(index: Index, duplicates: NearDuplicates | None = None) -> dict[str, Any]:
    """Return every count for JSON, with near-duplicates if they were looked for. Fields are only ever added."""
    manifest, findings = index.manifest, index.findings()
    held = index.counts()
    encoder, late = manifest.encoder, manifest.late
    return {
        **index_fields(manifest, findings),
        "years": _by_name(held.years),
        "undated": held.n_undated,
        "years_inferred": _by_name(held.years_inferred),
        "months": _by_name(held.months),
        "added": _by_name(held.added),
        "organisations": _tally_fields(held.organisations),
        "authors": _tally_fields(held.authors),
        "categories": _tally_fields(held.categories),
        "venues": _tally_fields(held.venues),
        "with_links": held.n_with_links,
        "with_source_code": held.n_with_code,
        "link_hosts": _tally_fields(held.hosts),
        "finding_kinds": dict(count_kinds(findings)),
        "parts": [
            {"name": part.name, "files": part.n_files, "size": part.size, "share": part.share}
            for part in group_files(manifest)
        ],
        "encoder": {
            "name": encoder.name,
            "dimensions": encoder.dimensions,
            "query_backend": encoder.query_backend,
            "query_prefix": encoder.query_prefix,
            "paper_prefix": encoder.paper_prefix,
        }
        if encoder
        else None,
        "late_interaction": {"pieces": late.n_pieces, "dimensions": late.dimensions} if late else None,
        "near_duplicates": None if duplicates is None else near_duplicate_fields(duplicates),
        "weights": None if index.weights is None else index.weights.asdict(),
    }


def near_duplicate_fields(found: NearDuplicates) -> dict[str, Any]:
    """Return groups of near-duplicates for JSON."""
    groups = [[paper.asdict() for paper in group] for group in found.groups]
    return {"compared": found.n_compared, "groups": groups}


def _by_name(counts: Sequence[Counted]) -> dict[str, int]:
    return {one.value: one.n_papers for one in counts}


def _tally_fields(tally: Tally) -> dict[str, Any]:
    top = [{"name": one.value, "papers": one.n_papers} for one in tally.top]
    return {"papers": tally.n_papers, "distinct": tally.n_distinct, "top": top}
