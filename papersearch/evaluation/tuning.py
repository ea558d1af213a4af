"""Weights of hybrid ranking, tuned to judgements, and the test that tells a gain from noise.

Four weights are chosen from a coarse grid around the defaults. Of all settings within one standard error of
the best one, that nearest to the defaults is chosen (the rule of one standard error; Breiman et al.,
"Classification and Regression Trees", 1984, section 3.4.3). A few judgements thus change little. What tuning
gains is measured by cross-validation: each topic is ranked under weights that were chosen without it. A
randomisation test compares these rankings with those under the defaults, topic by topic (Smucker et al.,
CIKM 2007).

Axis letters besides those of `types`: S settings of the grid. A row of a matrix (Q, S) has the nDCG@10 of one
topic under each setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from papersearch.checksums import sha256_of
from papersearch.errors import TuningImpossible
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.sharing import Asking, answers
from papersearch.evaluation.topics import Topic, as_texts, read_topics
from papersearch.types import DEFAULT_WEIGHTS, Count, Weights
from papersearch.values import Value, fields_of

if TYPE_CHECKING:
    from ir_measures import Qrel

    from papersearch.api import Index
    from papersearch.index.manifest import Manifest
    from papersearch.types import Float64Array, IntArray

LEAST_TOPICS = 10
"""Least number of different topics with a relevant paper: each fold then has one."""

SURE = 0.01
"""Greatest p of a gain that is more than noise."""

N_FOLDS = 10
_DEPTH = 10
_N_SHUFFLES, _AT_ONCE = 10_000, 500
_TOPICS_OF_A_PART = 4

_AXES: Mapping[str, tuple[float, ...]] = {
    "keyword": (0.2, 0.4, 0.7, 1.2, 2.5),
    "late_interaction": (0.0, 0.3, 0.6, 1.2, 2.5),
    "feedback": (0.0, 0.35, 0.7, 1.2),
    "neighbours": (0.0, 0.25, 0.5),
}
"""Values of each weight, a step apart; the defaults are among them."""


class Tuning(Value):
    """The weights that suit some judgements, and what they gain.

    weights: chosen by all topics
    n_topics: number of topics with a relevant paper
    before: mean nDCG@10 with the defaults
    after: that under weights chosen without the topic that is ranked
    p: two-sided, of the difference between these two
    path: the file of weights that was written; None if none was
    """

    weights: Weights
    n_topics: Count
    before: float
    after: float
    p: float
    path: Path | None = None

    @property
    def gains(self) -> bool:
        """Whether tuned weights rank better than the defaults, and not by chance."""
        return self.weights != DEFAULT_WEIGHTS and self.after > self.before and self.p <= SURE


class JudgedTopic(NamedTuple):
    """A topic with the relevance of its judged papers, one of which at least is above 0."""

    topic: Topic
    relevance: Mapping[str, int]


class Setting(NamedTuple):
    """Weights on the grid, and the number of steps between them and the defaults."""

    weights: Weights
    n_steps: int


def tune(
    path: str | Path, topics: str | Path, qrels: str | Path, *, literal: bool = True, dry_run: bool = False
) -> Tuning:
    """Tune hybrid mode of the index at `path` to judgements; write weights that gain more than noise.

    topics, qrels: files, in any form that `read_topics` and `read_qrels` take
    literal: as for `Index.rank_many`
    dry_run: write nothing

    Raises EvaluationError, ModelError and StoredIndexError, and NotServed for an index on a server.
    """
    from papersearch.api import open as open_index
    from papersearch.remote.addresses import refuse_address

    refuse_address(path, "tune weights")
    judged = judged_topics(read_topics(Path(topics)), read_qrels(Path(qrels)))
    tuning = tuned(open_index(path), judged, literal=literal)
    return tuning if dry_run else written(tuning, Path(path))


def judged_topics(topics: Sequence[Topic], qrels: Sequence[Qrel]) -> list[JudgedTopic]:
    """Return the topics with a relevant paper. Raises TuningImpossible if they are few."""
    relevance: dict[str, dict[str, int]] = {}
    for qrel in qrels:
        relevance.setdefault(qrel.query_id, {})[qrel.doc_id] = qrel.relevance
    judged = [JudgedTopic(topic, relevance.get(topic.topic_id, {})) for topic in topics]
    judged = [one for one in judged if any(value > 0 for value in one.relevance.values())]
    n_different = len({_kind(one.topic.text) for one in judged})
    if n_different < LEAST_TOPICS:
        cause = f"expected at least {LEAST_TOPICS} topics with a relevant paper, found {n_different or 'none'}"
        raise TuningImpossible(cause=cause)
    return judged


def _kind(text: str) -> str:
    """Return what equal queries have in common: case and spacing do not count."""
    return " ".join(text.casefold().split())


def tuned(
    index: Index,
    topics: Sequence[JudgedTopic],
    *,
    literal: bool = True,
    n_processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tuning:
    """Choose weights by the judged topics, and measure what they gain.

    progress: called with the number of topics that are ranked, and of all

    Raises TuningImpossible for an index that is not encoded as a whole, and ModelError.
    """
    worth = measure(index, topics, literal=literal, n_processes=n_processes, progress=progress)
    return best_of(grid(index.manifest), worth, folds([one.topic.text for one in topics]))


def measure(
    index: Index,
    topics: Sequence[JudgedTopic],
    *,
    literal: bool = True,
    n_processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Float64Array:
    """Return the nDCG@10 of each topic under each setting of the grid, (Q, S). Raises as `tuned` does."""
    manifest = index.manifest
    if manifest.is_partial or manifest.encoder is None:
        cause = f"{manifest.n_papers - manifest.n_encoded:,} of {manifest.n_papers:,} papers have no vector yet"
        raise TuningImpossible(cause=cause, index_path=index.path)
    gains: list[list[float]] = []
    parts = [topics[start : start + _TOPICS_OF_A_PART] for start in range(0, len(topics), _TOPICS_OF_A_PART)]
    asked = [[one.topic for one in part] for part in parts]
    asking = Asking(_DEPTH, "hybrid", late=True, literal=literal)
    for part, answer in zip(parts, answers(index, asked, rank_grid, asking, n_processes), strict=True):
        for one, (rankings, of_each) in zip(part, orjson.loads(answer), strict=True):
            values = [ndcg(ranking, one.relevance) for ranking in rankings]
            gains.append([values[place] for place in of_each])
        progress(len(gains), len(topics))
    return np.array(gains)


def best_of(settings: Sequence[Setting], worth: Float64Array, fold: IntArray) -> Tuning:
    """Choose weights by the worth (Q, S) of each of the settings, one of which has the defaults.

    fold: of each topic, (Q,)
    """
    n_steps = np.array([setting.n_steps for setting in settings])
    before = worth[:, int(n_steps.argmin())]
    after = cross_validated(worth, n_steps, fold)
    return Tuning(
        weights=settings[choose(worth, n_steps)].weights,
        n_topics=len(worth),
        before=float(before.mean()),
        after=float(after.mean()),
        p=randomisation_test(after - before),
    )


def written(tuning: Tuning, index_path: Path) -> Tuning:
    """Write weights that gain more than noise; return the tuning, with the path of their file."""
    if not tuning.gains:
        return tuning
    from papersearch.index.weights import write_weights

    told = (
        f"Tuned to {tuning.n_topics} topics. nDCG@10 of topics held out: "
        f"{tuning.after:.4f}, by default {tuning.before:.4f}, p = {tuning.p:.4f}."
    )
    return tuning.replace(path=write_weights(index_path, tuning.weights, told))


def grid(manifest: Manifest, start: Weights = DEFAULT_WEIGHTS) -> list[Setting]:
    """Return all settings, with their steps from `start`, which is one of them.

    Without late interaction in the index, its weight stays.
    """
    first = fields_of(start)
    axes = dict(_AXES)
    if manifest.late is None:
        axes["late_interaction"] = (start.late_interaction,)
    settings = []
    for values in product(*axes.values()):
        weights = dict(zip(axes, values, strict=True))
        n_steps = sum(abs(axis.index(weights[name]) - axis.index(first[name])) for name, axis in axes.items())
        settings.append(Setting(Weights(**weights), n_steps))
    return settings


def rank_grid(index: Index, topics: Sequence[Topic], asking: Asking) -> bytes:
    """Rank the papers for each topic under all settings.

    Returns JSON: for each topic the different rankings, and the place among them of that of each setting.
    """
    settings = [setting.weights for setting in grid(index.manifest)]
    found = []
    for rankings in index.rank_under(settings, as_texts(topics), asking.k, literal=asking.literal):
        places: dict[tuple[str, ...], int] = {}
        of_each = [places.setdefault(ranking, len(places)) for ranking in rankings]
        found.append((list(places), of_each))
    return orjson.dumps(found)


def ndcg(ranking: Sequence[str], relevance: Mapping[str, int]) -> float:
    """Return nDCG@10 of paper ids, as trec_eval's ndcg_cut: gains are linear, and negative ones count as none."""
    best = sorted((value for value in relevance.values() if value > 0), reverse=True)
    gained = _dcg([max(0, relevance.get(paper_id, 0)) for paper_id in ranking])
    return gained / _dcg(best)


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains[:_DEPTH], 1))


def choose(worth: Float64Array, n_steps: IntArray) -> int:
    """Return the setting nearest to the defaults among those within one standard error of the best.

    worth: (Q, S); n_steps: (S,), between each setting and the defaults. Of equally near ones the best counts.
    """
    means = worth.mean(axis=0)
    best = int(means.argmax())
    errors = (worth[:, [best]] - worth).std(axis=0, ddof=1) / np.sqrt(len(worth))
    near = np.where(means >= means[best] - errors - 1e-12, n_steps, np.iinfo(np.int64).max)
    nearest = np.flatnonzero(near == near.min())
    return int(nearest[means[nearest].argmax()])


def folds(texts: Sequence[str]) -> IntArray:
    """Assign topics to folds, (Q,): by chance, but always alike, and equal texts to one fold."""
    kinds = list(map(_kind, texts))
    order = sorted(set(kinds), key=lambda kind: sha256_of(kind.encode("utf-8", "replace")))
    fold_of = {kind: place % N_FOLDS for place, kind in enumerate(order)}
    return np.array([fold_of[kind] for kind in kinds])


def cross_validated(worth: Float64Array, n_steps: IntArray, fold: IntArray) -> Float64Array:
    """Return each topic's worth (Q,) under the setting that the topics of the other folds choose."""
    held_out = np.empty(len(worth))
    for number in np.unique(fold):
        is_held = fold == number
        held_out[is_held] = worth[is_held, choose(worth[~is_held], n_steps)]
    return held_out


def randomisation_test(differences: Float64Array) -> float:
    """Return the two-sided p of the mean of `differences` (Q,), were their signs chance."""
    differing = differences[differences != 0]
    if len(differing) == 0:
        return 1.0
    found = abs(float(differing.sum())) - 1e-9  # so that the order of adding does not decide
    chance, as_far = np.random.default_rng(0), 0
    for _ in range(_N_SHUFFLES // _AT_ONCE):
        signs = chance.choice((-1.0, 1.0), (_AT_ONCE, len(differing)))
        as_far += int((np.abs(signs @ differing) >= found).sum())
    return (1 + as_far) / (1 + _N_SHUFFLES)
