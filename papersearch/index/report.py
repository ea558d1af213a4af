"""The messages of a build: its progress, and the report at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.index.manifest import Manifest
    from papersearch.types import Changes, DumpFile, Finding

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
