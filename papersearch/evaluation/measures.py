"""Measures of a run, computed by ir-measures, which calls trec_eval's own code.

A topic with judgements but without an answer counts as zero, as with trec_eval's `-c`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeAlias

import ir_measures
from ir_measures import AP, RR, Qrel, R, ScoredDoc, Success, nDCG
from scipy.stats import ttest_rel

MEASURES = {"nDCG@10": nDCG @ 10, "Recall@100": R @ 100, "MRR@10": RR @ 10, "Success@1": Success @ 1, "AP": AP}
NAMES = tuple(MEASURES)

PerTopic: TypeAlias = Mapping[str, Mapping[str, float]]
"""Measure to topic id to value."""


class Comparison(NamedTuple):
    """Two runs, named by their modes, compared by one measure.

    difference: mean over the topics of first minus second
    p: two-sided p of a paired t-test
    """

    first: str
    second: str
    measure: str
    difference: float
    p: float


class Evaluation(NamedTuple):
    """The values of all runs and measures over the same topics: those with judgements."""

    topic_ids: tuple[str, ...]
    per_topic: Mapping[str, PerTopic]
    comparisons: tuple[Comparison, ...]

    def mean(self, mode: str, measure: str) -> float:
        """Return the mean of a measure over all judged topics."""
        values = self.per_topic[mode][measure]
        return sum(values.values()) / len(values)


def evaluate(qrels: Sequence[Qrel], runs: Mapping[str, Sequence[ScoredDoc]]) -> Evaluation:
    """Measure each mode's run on the judged topics, and compare the modes pairwise.

    A relevance below 0 counts as 0: trec_eval's code reads it as an index, and may crash.
    """
    topic_ids = tuple(dict.fromkeys(qrel.query_id for qrel in qrels))
    from_zero = [qrel._replace(relevance=max(0, qrel.relevance)) for qrel in qrels]
    evaluator = ir_measures.evaluator(MEASURES.values(), from_zero)
    names = {str(measure): name for name, measure in MEASURES.items()}
    per_topic: dict[str, PerTopic] = {}
    for mode, run in runs.items():
        values = {name: dict.fromkeys(topic_ids, 0.0) for name in NAMES}
        for metric in evaluator.iter_calc(run) if run else ():
            values[names[str(metric.measure)]][metric.query_id] = float(metric.value)
        per_topic[mode] = values
    comparisons = tuple(
        _compare(first, second, name, per_topic) for first, second in combinations(runs, 2) for name in NAMES
    )
    return Evaluation(topic_ids, per_topic, comparisons)


def _compare(first: str, second: str, measure: str, per_topic: Mapping[str, PerTopic]) -> Comparison:
    """Compare two modes by one measure.

    p is 1 if they are equal on every topic, and nan if a t-test is impossible otherwise.
    """
    left = list(per_topic[first][measure].values())
    right = list(per_topic[second][measure].values())
    difference = (sum(left) - sum(right)) / len(left)
    # A single topic, or the same difference everywhere, has no variance to test against.
    differs = len(left) > 1 and len({a - b for a, b in zip(left, right, strict=True)}) > 1
    p = float(ttest_rel(left, right).pvalue) if differs else (1.0 if difference == 0 else float("nan"))
    return Comparison(first, second, measure, difference, p)
