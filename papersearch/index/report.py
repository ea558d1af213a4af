"""The messages of a build: its progress, the report at its end, and its findings as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import orjson

from papersearch.index.typed_json import read_value
from papersearch.types import Finding
from papersearch.values import Value, fields_of

if TYPE_CHECKING:
    from papersearch.index.manifest import Manifest
    from papersearch.types import Changes, DumpFile

BuildStep = Literal[
    "reading dumps",
    "analysing",
    "loading the model",
    "encoding",
    "checking the model",
    "publishing",
    "building parts",
    "checking parts",
    "merging papers",
    "building shards",
    "weighing shards",
]
Progress = Callable[[BuildStep, int, int], None]
"""Callback with a step, the amount done and the total amount; the total is 0 if it is unknown."""

Outcome = Literal["published", "up to date", "dry run"]


class BuildReport(Value):
    """The outcome of a build.

    manifest: that of the index now; None if a dry run found no index
    changes: relative to the previous index
    n_encoded: number of texts that the model encoded, or would encode in a dry run
    n_left_out: number of papers that were left out for want of an abstract
    dumps, findings: those of the last build if no dump was read
    """

    outcome: Outcome
    manifest: Manifest | None
    changes: Changes
    n_papers: int
    n_appearances: int
    dumps: tuple[DumpFile, ...]
    n_encoded: int
    findings: tuple[Finding, ...]
    n_left_out: int = 0

    @property
    def n_dumps(self) -> int:
        """Number of dumps."""
        return len(self.dumps)

    def __repr__(self) -> str:
        return f"<BuildReport {self.outcome!r}: {self.n_papers} papers, {self.n_encoded} encoded>"


class _StoredFinding(Value):
    """A finding in a file, of any kind: another release may have more of them."""

    kind: str
    file: str
    line: int | None
    detail: str


def encode_findings(findings: Iterable[Finding]) -> bytes:
    """Return findings as JSON, the content of `report.json`."""
    return orjson.dumps([finding.asdict() for finding in findings])


def decode_findings(content: bytes) -> tuple[Finding, ...]:
    """Return the findings of `encode_findings`. Raises ValueError."""
    return findings_in(orjson.loads(content))


def findings_in(listed: Any) -> tuple[Finding, ...]:
    """Return the findings of a JSON list. Raises ValueError."""
    found: tuple[Any, ...] = read_value(tuple[_StoredFinding, ...], listed)
    return tuple(Finding(**fields_of(one)) for one in found)
