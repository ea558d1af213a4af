"""Tuning: what it chooses and refuses, against brute force, ir-measures and judgements made for the purpose."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import Qrel, ScoredDoc, nDCG

import papersearch
from papersearch.errors import ModelGone, NotServed, TuningImpossible
from papersearch.evaluation.topics import Topic
from papersearch.evaluation.tuning import (
    LEAST_TOPICS,
    N_FOLDS,
    SURE,
    JudgedTopic,
    Setting,
    Tuning,
    best_of,
    choose,
    cross_validated,
    folds,
    grid,
    judged_topics,
    ndcg,
    randomisation_test,
    tuned,
    written,
)
from papersearch.types import DEFAULT_WEIGHTS, Weights

N_SETTINGS = 40
STEPS = np.arange(N_SETTINGS) % 7
SETTINGS = [Setting(Weights(keyword=float(place)) if place else DEFAULT_WEIGHTS, step) for place, step in enumerate(
    np.where(np.arange(N_SETTINGS) == 0, 0, STEPS + 1).tolist()
)]  # fmt: skip


@given(
    st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.integers(-1, 3), min_size=1),
    st.permutations("abcdefghijklmnop"),
    st.integers(0, 16),
)
def test_the_measure_is_that_of_ir_measures(relevance: dict[str, int], ranking: list[str], depth: int) -> None:
    """nDCG@10 of a topic with a relevant paper is what trec_eval computes, with graded and negative judgements."""
    relevance["a"] = 1
    qrels = [Qrel("1", name, value) for name, value in relevance.items()]
    run = [ScoredDoc("1", name, -float(rank)) for rank, name in enumerate(ranking[:depth])]
    expected = ir_measures.calc_aggregate([nDCG @ 10], qrels, run)[nDCG @ 10] if run else 0.0
    assert ndcg(ranking[:depth], relevance) == pytest.approx(expected)


@given(st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=4, max_size=4), min_size=2, max_size=8))
def test_the_choice_by_brute_force(rows: list[list[float]]) -> None:
    """The setting nearest to the defaults, of those whose mean is within one standard error of the best mean;
    the error is that of the difference from the best setting, topic by topic."""
    worth, steps = np.array(rows), np.array([2, 0, 1, 1])
    means = worth.mean(axis=0)
    best = max(range(4), key=lambda place: means[place])
    within = []
    for place in range(4):
        lost = [row[best] - row[place] for row in rows]
        mean = sum(lost) / len(lost)
        variance = sum((one - mean) ** 2 for one in lost) / (len(lost) - 1)
        if mean <= np.sqrt(variance / len(lost)) + 1e-12:
            within.append(place)
    chosen = choose(worth, steps)
    assert steps[chosen] == min(steps[place] for place in within)
    assert means[chosen] == max(means[place] for place in within if steps[place] == steps[chosen])


def test_a_topic_is_ranked_by_weights_that_others_chose() -> None:
    """What a topic alone would choose does not reach its own held-out value."""
    worth = np.zeros((N_FOLDS, N_FOLDS + 1))
    worth[np.arange(N_FOLDS), np.arange(N_FOLDS) + 1] = 1.0  # each topic is right under a setting of its own
    steps = np.arange(N_FOLDS + 1)
    assert cross_validated(worth, steps, np.arange(N_FOLDS)).tolist() == [0.0] * N_FOLDS


def test_equal_topics_are_held_out_together() -> None:
    """Topics of one text, in any case and spacing, share a fold; folds are even, and do not depend on order."""
    texts = [f"topic {number}" for number in range(53)]
    found = folds([*texts, "Topic  7", "TOPIC 7 "])
    assert found[7] == found[53] == found[54]
    assert np.bincount(found[:53]).tolist() == sorted(np.bincount(found[:53]).tolist(), reverse=True)
    assert set(np.bincount(found[:53])) <= {5, 6}
    assert folds(texts[::-1]).tolist() == found[:53][::-1].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_p_is_that_of_every_choice_of_signs(seed: int) -> None:
    """p is near the share of all choices of signs whose mean is as far from 0."""
    differences = np.random.default_rng(seed).normal(0.3, 1.0, 10)
    sums = [abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
            for signs in product((-1, 1), repeat=10)]  # fmt: skip
    exact = sum(one >= abs(differences.sum()) - 1e-12 for one in sums) / len(sums)
    assert randomisation_test(differences) == pytest.approx(exact, abs=0.015)


def test_no_difference_is_no_gain() -> None:
    """Where nothing differs p is 1; a lone sign is never sure."""
    assert randomisation_test(np.zeros(30)) == 1.0
    assert randomisation_test(np.array([0.5, *[0.0] * 30])) == 1.0


@pytest.mark.parametrize("n_topics", [10, 30, 200])
def test_noise_is_refused(n_topics: int) -> None:
    """Where no setting is better than another but by chance, nothing is gained: in 40 of 40 draws."""
    for seed in range(40):
        chance = np.random.default_rng(seed)
        worth = np.clip(
            chance.normal(0.5, 0.25, (n_topics, 1)) + chance.normal(0, 0.1, (n_topics, N_SETTINGS)), 0, 1
        )
        assert not best_of(SETTINGS, worth, np.arange(n_topics) % N_FOLDS).gains, seed


def test_a_real_gain_is_found() -> None:
    """A setting that is better by a third of its spread is chosen from forty, and told from noise."""
    chance = np.random.default_rng(1)
    worth = chance.normal(0.5, 0.1, (200, N_SETTINGS))
    worth[:, 23] += 0.1
    found = best_of(SETTINGS, worth, np.arange(200) % N_FOLDS)
    assert found.gains
    assert found.weights == SETTINGS[23].weights
    assert found.after - found.before == pytest.approx(0.1, abs=0.03)


def test_a_sure_loss_is_no_gain() -> None:
    """A p however small does not make a loss a gain, nor weights that are the defaults."""
    found = Tuning(weights=Weights(keyword=2.0), n_topics=50, before=0.6, after=0.5, p=0.0001)
    assert not found.gains
    assert found.replace(after=0.7).gains
    assert not found.replace(after=0.7, p=SURE + 0.001).gains
    assert not found.replace(after=0.7, weights=DEFAULT_WEIGHTS).gains


def test_topics_without_a_relevant_paper_tell_nothing() -> None:
    """A topic counts if a paper has relevance above 0; the last judgement of a paper counts; few are refused."""
    topics = [Topic(str(number), f"text {number}") for number in range(LEAST_TOPICS + 3)]
    qrels = [Qrel(topic.topic_id, "a", 1) for topic in topics]
    qrels += [Qrel("0", "a", 0), Qrel("1", "a", -1), Qrel("unknown", "a", 1)]
    judged = judged_topics(topics, qrels)
    assert [one.topic.topic_id for one in judged] == [topic.topic_id for topic in topics[2:]]
    with pytest.raises(TuningImpossible, match="at least 10 topics with a relevant paper, found 9"):
        judged_topics(topics[:-2], qrels)
    with pytest.raises(TuningImpossible, match="found none"):
        judged_topics(topics, qrels[-3:])
    with pytest.raises(TuningImpossible, match=r"found 1$"):
        judged_topics([topic._replace(text="One  text") for topic in topics], qrels)


def test_the_grid_has_the_defaults_once(real_index: papersearch.Index) -> None:
    """Exactly one setting is the defaults, at no step; a step changes one weight to a neighbouring value."""
    settings = grid(real_index.manifest)
    assert [one.weights for one in settings if one.n_steps == 0] == [DEFAULT_WEIGHTS]
    assert len({one.weights for one in settings}) == len(settings) == 5 * 5 * 4 * 3
    start = Weights(keyword=2.5, neighbours=0.0)
    assert [one.weights for one in grid(real_index.manifest, start) if one.n_steps == 0] == [start]
    assert max(one.n_steps for one in settings) == 2 + 2 + 2 + 1
    assert {one.weights.late_interaction for one in grid(real_index.manifest.replace(late=None))} == {0.6}


@pytest.fixture(scope="module")
def topics(real_index: papersearch.Index) -> list[Topic]:
    """Return three words of the title of every twelfth paper."""
    titles = [paper.title for paper in real_index.papers()][::12]
    return [Topic(str(number), " ".join(title.split()[1:4])) for number, title in enumerate(titles)]


def judged_like(
    index: papersearch.Index, topics: list[Topic], weights: Weights, relevant: slice = slice(0, 3)
) -> list[JudgedTopic]:
    """Judge as somebody to whom papers are relevant that these weights rank there."""
    [*rankings] = index.rank_many([topic.text for topic in topics], 10, weights=weights)
    return [
        JudgedTopic(topic, {paper.paper_id: 1 for paper in ranking[relevant]})
        for topic, ranking in zip(topics, rankings, strict=True)
    ]


@pytest.mark.slow
def test_judgements_that_the_defaults_do_not_fit(
    real_index: papersearch.Index, topics: list[Topic], tmp_path: Path
) -> None:
    """Where judgements follow words alone, tuning finds weights that rank by words, and gains; by several
    processes the same."""
    judged = judged_like(
        real_index, topics, Weights(keyword=10.0, late_interaction=0.0, feedback=0.0, neighbours=0.0)
    )
    found = tuned(real_index, judged)
    assert found.gains
    assert found.weights.keyword > DEFAULT_WEIGHTS.keyword
    assert found.after > found.before + 0.05
    assert tuned(real_index, judged, n_processes=2) == found
    assert written(found, tmp_path).path == tmp_path / "weights.toml"


@pytest.mark.slow
def test_judgements_by_chance(real_index: papersearch.Index, topics: list[Topic]) -> None:
    """Judgements that have nothing to do with ranks, or that follow the defaults, change nothing."""
    by_default = judged_like(real_index, topics, DEFAULT_WEIGHTS)
    assert tuned(real_index, by_default).weights == DEFAULT_WEIGHTS
    chance = np.random.default_rng(5)
    drawn = []
    for one, [ranking] in zip(
        by_default, real_index.rank_under([DEFAULT_WEIGHTS], [t.text for t in topics], 10), strict=True
    ):
        drawn.append(one._replace(relevance={str(name): 1 for name in chance.choice(ranking, 2, replace=False)}))
    assert not tuned(real_index, drawn).gains


def test_nothing_is_written_without_a_gain(tmp_path: Path) -> None:
    """A tuning that does not gain leaves the folder as it is."""
    found = Tuning(weights=Weights(keyword=2.0), n_topics=50, before=0.6, after=0.61, p=0.5)
    assert written(found, tmp_path) == found
    assert not list(tmp_path.iterdir())


def test_a_partial_index_is_not_tuned(real_index: papersearch.Index, topics: list[Topic], monkeypatch: Any) -> None:
    """An index of which papers have no vector is refused, with the number of these."""
    manifest = real_index.manifest.replace(n_encoded=300, part=1)
    monkeypatch.setattr(papersearch.Index, "manifest", manifest)
    with pytest.raises(
        TuningImpossible, match=f"{len(real_index) - 300} of {len(real_index)} papers have no vector"
    ):
        tuned(real_index, [])


def test_without_the_model_nothing_is_tuned(
    real_index_path: Path, topics: list[Topic], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is gone is an error: words alone would rank alike under every setting, as if nothing gained."""

    def gone(*_: object) -> None:
        raise ModelGone(name="gone")

    index = papersearch.open(real_index_path)
    judged = [JudgedTopic(topic, {"a": 1}) for topic in topics[:LEAST_TOPICS]]
    monkeypatch.setattr("papersearch.search.shards.query_encoder", gone)
    with pytest.raises(ModelGone):
        tuned(index, judged)


def test_a_server_is_not_tuned() -> None:
    """Weights are tuned where the index is: an address is refused before anything is read."""
    with pytest.raises(NotServed):
        papersearch.tune("http://127.0.0.1:1", "nothing", "nothing")
