"""What a build says: the steps it goes through, and the report at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.index.manifest import Manifest
    from papersearch.types import Changes, Finding

BuildStep = Literal[
    "reading dumps", "analysing", "loading the model", "encoding", "checking the model", "publishing"
]
Progress = Callable[[BuildStep, int, int], None]
"""A caller's function for progress: gets a step, how much of it is done, and of how much (0: not countable)."""

Outcome = Literal["published", "up to date", "dry run"]


class BuildReport(Value):
    """What a build did. `manifest` is the index as it is now, None when a dry run found none;
    `changes` against what was there before; `n_encoded` texts went (or would go) through the
    model; `findings` of the dumps, those of the last build when nothing had to be read."""

    outcome: Outcome
    manifest: Manifest | None
    changes: Changes
    n_papers: int
    n_appearances: int
    n_dumps: int
    n_encoded: int
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return f"<BuildReport {self.outcome!r}: {self.n_papers} papers, {self.n_encoded} encoded>"
