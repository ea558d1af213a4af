"""Tuned weights, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from papersearch.cli.output.json_documents import SCHEMA_VERSION
from papersearch.cli.output.table import write
from papersearch.types import DEFAULT_WEIGHTS
from papersearch.values import fields_of

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.evaluation.tuning import Tuning


def print_tuning(console: Console, tuning: Tuning) -> None:
    """Print the measure and each weight, by default and tuned."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{tuning.n_topics} topics")
    table.add_column("defaults", justify="right")
    table.add_column("tuned", justify="right")
    table.add_row("nDCG@10, held out", f"{tuning.before:.4f}", f"{tuning.after:.4f}")
    for name, value in fields_of(tuning.weights).items():
        table.add_row(name.replace("_", " "), f"{getattr(DEFAULT_WEIGHTS, name):g}", f"{value:g}")
    write(console, table)


def tuning_fields(tuning: Tuning) -> dict[str, Any]:
    """Return what tuning found, for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "topics": tuning.n_topics,
        "before": tuning.before,
        "after": tuning.after,
        "p": tuning.p,
        "gains": tuning.gains,
        "weights": tuning.weights.asdict(),
        "defaults": DEFAULT_WEIGHTS.asdict(),
        "written": None if tuning.path is None else str(tuning.path),
    }
