"""Measures for people and for programs: modes side by side, and their differences."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from papersearch.cli.output.json_documents import SCHEMA_VERSION
from papersearch.cli.output.table import write
from papersearch.evaluation.measures import NAMES, Comparison, Evaluation
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from rich.console import Console


def print_evaluation(console: Console, evaluation: Evaluation, *, per_query: bool) -> None:
    """Print a row per measure and a column per mode, then the differences between modes and their p."""
    modes = list(evaluation.per_topic)
    means = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    means.add_column(f"{len(evaluation.topic_ids)} topics")
    for mode in modes:
        means.add_column(mode, justify="right")
    for measure in NAMES:
        values = [evaluation.mean(mode, measure) for mode in modes]
        best = max(values)
        means.add_row(measure, *(Text(f"{value:.4f}", style="bold" if value == best else "") for value in values))
    write(console, means)
    if evaluation.comparisons:
        write(console, _comparison_table(evaluation.comparisons))
    if per_query:
        for topic_id in evaluation.topic_ids:
            for measure in NAMES:
                values = [evaluation.per_topic[mode][measure][topic_id] for mode in modes]
                columns = [clean_text(topic_id), measure, *(f"{value:.4f}" for value in values)]
                sys.stdout.write("\t".join(columns) + "\n")


def _comparison_table(comparisons: tuple[Comparison, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("paired t-test")
    pairs = dict.fromkeys((comparison.first, comparison.second) for comparison in comparisons)
    for first, second in pairs:
        table.add_column(f"{first} − {second}", justify="right")
    for measure in NAMES:
        found = {(c.first, c.second): c for c in comparisons if c.measure == measure}
        table.add_row(measure, *(Text(_difference(found[pair])) for pair in pairs))
    return table


def _difference(comparison: Comparison) -> str:
    if math.isnan(comparison.p):
        p = "one topic"
    else:
        p = "p < .001" if comparison.p < 0.001 else f"p = {comparison.p:.3f}".replace("= 0.", "= .")
    return f"{comparison.difference:+.4f}  {p}"


def evaluation_fields(evaluation: Evaluation, *, per_query: bool) -> dict[str, Any]:
    """Return the measures and differences for JSON; the field `per_query` is null unless it was requested."""
    fields: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "topics": len(evaluation.topic_ids),
        "modes": {
            mode: {measure: evaluation.mean(mode, measure) for measure in NAMES} for mode in evaluation.per_topic
        },
        "comparisons": [
            {**comparison._asdict(), "p": None if math.isnan(comparison.p) else comparison.p}
            for comparison in evaluation.comparisons
        ],
        "per_query": None,
    }
    if per_query:
        fields["per_query"] = [
            {"topic_id": topic_id, "mode": mode, **{measure: values[measure][topic_id] for measure in NAMES}}
            for topic_id in evaluation.topic_ids
            for mode, values in evaluation.per_topic.items()
        ]
    return fields
