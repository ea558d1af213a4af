"""Reranking, against a stable sort by the scores of sentence-transformers; the budget of time; the cache."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import CrossEncoder

import papersearch
from papersearch.errors import RerankerUnusable
from papersearch.evaluation.runs import reranked, run_of
from papersearch.evaluation.sharing import Asking
from papersearch.evaluation.topics import Topic
from papersearch.search import reranking, score_cache
from papersearch.search.pipeline import JUDGED_DEPTH
from papersearch.search.reranking import MOST_RERANKED, Reranker
from papersearch.text.paper_text import paper_text
from papersearch.types import Hit, Mode, Reranked, Results
from tests.dense.tiny_cross_encoders import keep_description, make_cross_encoder
from tests.served import Served

QUERY = "pipeline bubbles"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny cross-encoder that numpy computes."""
    return make_cross_encoder(tmp_path_factory.mktemp("reranker") / "model")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """Return a cache that knows the model and no scores."""
    return keep_description(model, tmp_path_factory.mktemp("described"))


@pytest.fixture
def kept(tmp_path: Path, described: Path) -> Path:
    """Return such a cache for one test."""
    return shutil.copytree(described, tmp_path / "kept")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, described: Path) -> Path:
    """Return such a cache for the cases of one test, of which the first need the model."""
    return shutil.copytree(described, tmp_path_factory.mktemp("shared") / "kept")


@pytest.fixture(scope="module")
def judge(model: Path) -> Callable[[str, str], float]:
    """Return the score of sentence-transformers."""
    loaded = CrossEncoder(str(model), device="cpu", model_kwargs={"dtype": torch.float32})
    known: dict[tuple[str, str], float] = {}

    def score(query: str, text: str) -> float:
        if (query, text) not in known:
            known[query, text] = float(loaded.predict([(query, text)])[0])
        return known[query, text]

    return score


class Counting(Reranker):
    """A reranker with a function in place of a model, and a clock that each score advances by a second."""

    def __init__(self, model: Path, score: Callable[[str, str], float], **options: Any) -> None:
        super().__init__(model, **options)
        self.asked: list[str] = []
        self._score = score

    def _opened(self, described: Any) -> Callable[[str, str], float]:
        def scorer(query: str, text: str) -> float:
            self.asked.append(text)
            CLOCK[0] += 1.0
            return self._score(query, text)

        return scorer


CLOCK = [0.0]


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the clock of reranking by one that scores advance."""
    monkeypatch.setattr(reranking.time, "monotonic", lambda: CLOCK[0])


def by_length(query: str, text: str) -> float:
    """Score a text by its length, with many ties."""
    return float(len(text) // 300)


def bare(hit: Hit) -> Hit:
    """Return a hit without what reranking changes."""
    return hit.replace(rank=0, rerank_score=None, rank_before=None)


def reordered(plain: Results, top: int, k: int, score: Callable[[str, str], float]) -> list[Hit]:
    """Rerank by brute force: a stable sort of the hits that are neither a title nor beyond `top`."""
    hits = list(plain.hits)
    titles = [hit for hit in hits if hit.exact_title]
    first = hits[len(titles) : top]
    ranked = sorted(first, key=lambda hit: (-score(plain.query, paper_text(hit.paper)), hit.rank))
    return [*titles, *ranked, *hits[len(titles) + len(first) :]][:k]


def test_top_is_what_is_judged() -> None:
    """The greatest number of papers to rerank is the number judged in every search."""
    assert MOST_RERANKED == JUDGED_DEPTH


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
@pytest.mark.parametrize(("k", "top"), [(10, 20), (30, 20), (1, 5), (3, 1)])
def test_it_is_a_stable_sort_by_the_library(
    any_index: papersearch.Index, model: Path, shared: Path, judge: Any, mode: Mode, k: int, top: int
) -> None:
    """The first hits are in the order of CrossEncoder's scores, the others where they were, all else equal."""
    reranker = Reranker(model, top=top, cache=shared)
    found = any_index.search(QUERY, k, mode, rerank=reranker, explain=True, facets=True)
    plain = any_index.search(QUERY, max(k, top), mode, explain=True, facets=True)
    expected = reordered(plain, top, k, judge)
    assert list(map(bare, found)) == list(map(bare, expected))
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
    n = min(top, len(plain))
    assert found.reranked == Reranked(model=str(model), n_papers=n, n_wanted=n)
    scored = [hit for hit in found if hit.rerank_score is not None]
    assert len(scored) == min(n, k)
    before = {hit.paper.paper_id: hit.rank for hit in plain}
    for hit in scored:
        assert hit.rerank_score == pytest.approx(judge(QUERY, paper_text(hit.paper)), abs=1e-5)
        assert hit.rank_before == before[hit.paper.paper_id]
    assert found.replace(hits=(), reranked=None) == any_index.search(
        QUERY, k, mode, explain=True, facets=True
    ).replace(hits=())


def test_titles_stay_first(any_index: papersearch.Index, model: Path, kept: Path) -> None:
    """A paper whose whole title is the query stays first, whatever its score would be."""
    title = any_index.papers()[5].title
    reranker = Counting(model, lambda query, text: -float(text.startswith(title)), top=20, cache=kept)
    found = any_index.search(title, rerank=reranker)
    assert found[0].exact_title
    assert found[0].rerank_score is None
    assert found.reranked == Reranked(model=str(model), n_papers=19, n_wanted=19)


@pytest.mark.parametrize("options", [{"strict": True}, {"fold": True}, {"since": "2025"}, {"literal": True}])
def test_with_other_options(any_index: papersearch.Index, model: Path, kept: Path, options: Any) -> None:
    """Other options restrict and fold papers before they are reranked."""
    query = "mixture of experts"
    found = any_index.search(query, 15, rerank=Counting(model, by_length, top=40, cache=kept), **options)
    plain = any_index.search(query, 40, **options)
    assert list(map(bare, found)) == list(map(bare, reordered(plain, 40, 15, by_length)))


@pytest.mark.parametrize("query", ["year:2025", "10.1000/nothing", "arXiv:2503.99999"])
def test_nothing_ranks(any_index: papersearch.Index, model: Path, query: str) -> None:
    """An answer in whose query nothing ranks is as without a reranker, and the model is not opened."""
    reranker = Counting(model, lambda *pair: pytest.fail("it is scored"))
    assert any_index.search(query, 7, rerank=reranker) == any_index.search(query, 7)


def test_operators_are_not_read_as_words(any_index: papersearch.Index, model: Path, kept: Path) -> None:
    """The reranker reads the words that rank: conditions and exclusions are not among them."""
    asked: list[str] = []
    reranker = Counting(model, lambda query, text: float(asked.append(query) or 0), top=3, cache=kept)
    any_index.search('routing "mixture of experts" -survey year:2000-', rerank=reranker)
    assert set(asked) == {"routing mixture of experts"}


def test_many_are_reranked_as_one(any_index: papersearch.Index, model: Path, kept: Path) -> None:
    """`search_many`, and runs that are reranked, have the order of single searches; places keep their scores."""
    queries = [QUERY, "expert routing", "nothing of this qqqq"]
    reranker = Counting(model, by_length, top=30, cache=kept)
    singles = [any_index.search(query, 50, rerank=reranker, literal=True) for query in queries]
    assert list(any_index.search_many(queries, 50, rerank=reranker)) == singles
    topics = [Topic(str(number), query) for number, query in enumerate(queries)]
    for k in (50, 5):
        asking = Asking(k, "hybrid", True, True)
        run = list(run_of(any_index, topics, asking))
        found = list(reranked(any_index, run, asking, reranker))
        assert [topic for topic, _ in found] == topics
        assert [[paper.paper_id for paper in ranking] for _, ranking in found] == [
            [hit.paper.paper_id for hit in one][:k] for one in singles
        ]
        scores = [[[paper.score for paper in ranking] for _, ranking in each] for each in (run, found)]
        assert scores[0] == scores[1]


def test_a_server_answers_the_same(
    server: Served, real_index: papersearch.Index, model: Path, kept: Path, patient: None
) -> None:
    """An answer of a server is reranked here, and equals that of the index, alone and of many."""
    remote = papersearch.open(server.address)
    reranker = Reranker(model, top=8, cache=kept)
    assert remote.search(QUERY, 5, rerank=reranker) == real_index.search(QUERY, 5, rerank=reranker)
    many = [list(index.search_many([QUERY, "moe"], 3, rerank=reranker)) for index in (remote, real_index)]
    assert many[0] == many[1]


@pytest.mark.slow
@given(scores=st.lists(st.sampled_from([0.0, -0.0, 1.0, 1e-300, -5.0]), min_size=12, max_size=12))
def test_ties_keep_the_order(
    any_index: papersearch.Index, model: Path, described: Path, scores: Sequence[float]
) -> None:
    """Papers with equal scores keep their order, whatever the scores are."""
    plain = any_index.search(QUERY, 12, "keyword")
    by_text = dict(zip((paper_text(hit.paper) for hit in plain), scores, strict=True))

    def score(query: str, text: str) -> float:
        return by_text[text]

    reranker = Counting(model, score, top=12)
    reranker._described = score_cache.ScoreCache(described).described(model.resolve())
    found = any_index.search(QUERY, 12, "keyword", rerank=reranker)
    assert list(map(bare, found)) == list(map(bare, reordered(plain, 12, 12, score)))


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize("n", [1, 7, 19, 20, 50])
def test_the_time_ends(any_index: papersearch.Index, model: Path, tmp_path: Path, described: Path, n: int) -> None:
    """With time for n scores, the answer is that of the first n alone; asking again goes on from there."""
    cached, kept = (shutil.copytree(described, tmp_path / name) for name in ("cached", "kept"))
    limited = Counting(model, by_length, top=20, seconds=n, cache=cached)
    found = any_index.search(QUERY, 20, rerank=limited)
    exact = any_index.search(QUERY, 20, rerank=Counting(model, by_length, top=min(n, 20), cache=kept))
    assert found.hits == exact.hits
    assert found.reranked == Reranked(model=str(model), n_papers=min(n, 20), n_wanted=20)
    assert limited.n_cut == (n < 20)
    n_asked = n
    while found.reranked.n_papers < 20:
        again = Counting(model, by_length, top=20, seconds=n, cache=cached)
        found = any_index.search(QUERY, 20, rerank=again)
        n_asked += n
        assert found.reranked == Reranked(model=str(model), n_papers=min(n_asked, 20), n_wanted=20)
    assert found == any_index.search(QUERY, 20, rerank=Counting(model, by_length, top=20, cache=kept))


@pytest.fixture
def filled(any_index: papersearch.Index, model: Path, described: Path, tmp_path: Path) -> Path:
    """Return a cache with the scores of one query."""
    cache = shutil.copytree(described, tmp_path / "filled")
    any_index.search(QUERY, rerank=Counting(model, by_length, top=10, cache=cache))
    return cache


def test_a_text_is_scored_once(any_index: papersearch.Index, model: Path, filled: Path) -> None:
    """What is in the cache is not scored again; another query, text or model is."""
    known = Counting(model, by_length, top=10, cache=filled)
    any_index.search(QUERY, rerank=known)
    assert known.asked == []
    more = Counting(model, by_length, top=14, cache=filled)
    any_index.search(QUERY, rerank=more)
    assert len(more.asked) == 4
    for query in (f"{QUERY} again", QUERY.upper()):
        other = Counting(model, by_length, top=10, cache=filled)
        any_index.search(query, rerank=other)
        assert len(other.asked) == 10


def test_another_model_is_not_confused(
    any_index: papersearch.Index, model: Path, filled: Path, tmp_path: Path
) -> None:
    """Scores of a model are not taken for another, not even for one that replaces it in its folder."""
    folder = make_cross_encoder(tmp_path / "other", layer_norm_eps=0.5)
    other = Counting(folder, by_length, top=10, cache=filled)
    any_index.search(QUERY, rerank=other)
    assert len(other.asked) == 10
    make_cross_encoder(folder, layer_norm_eps=0.1)
    replaced = Counting(folder, by_length, top=10, cache=filled)
    any_index.search(QUERY, rerank=replaced)
    assert len(replaced.asked) == 10


def test_known_scores_open_no_model(
    any_index: papersearch.Index, model: Path, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every score is in the cache, the model is neither opened nor hashed."""
    for name in ("open_scorer", "describe"):
        monkeypatch.setattr(reranking, name, lambda *arguments: pytest.fail("the model is opened"))
    found = any_index.search(QUERY, rerank=Reranker(model, top=10, cache=filled))
    assert found.reranked == Reranked(model=str(model), n_papers=10, n_wanted=10)


DAMAGE: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"version": 1, "content": {"0a',
    "not JSON": b"\x80\x04cos\nsystem\n",
    "another version": b'{"version": 2, "content": {}}',
    "a list": b'{"version": 1, "content": [1, 2]}',
    "not an object": b"[]",
    "texts": b'{"version": 1, "content": {"a": "b"}}',
    "not numbers": b'{"version": 1, "content": {"a": null, "b": NaN}}',
    "deep": b"[" * 100_000,
    "too large": b'{"version": 1, "content": {"a": 1.0}}' + b" " * (1 << 20),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_a_miss(any_index: papersearch.Index, model: Path, filled: Path, kept: Path, damage: str) -> None:
    """A cache that is damaged changes no answer, and is mended."""
    expected = any_index.search(QUERY, rerank=Counting(model, by_length, top=10, cache=kept))
    for path in filled.iterdir():
        path.write_bytes(DAMAGE[damage])
    assert any_index.search(QUERY, rerank=Counting(model, by_length, top=10, cache=filled)) == expected
    again = Counting(model, by_length, top=10, cache=filled)
    assert any_index.search(QUERY, rerank=again) == expected
    assert again.asked == []


def test_a_cache_that_cannot_be(any_index: papersearch.Index, model: Path, kept: Path, tmp_path: Path) -> None:
    """A cache that cannot be written, or whose folder is a file, changes no answer."""
    expected = any_index.search(QUERY, rerank=Counting(model, by_length, top=10, cache=kept))
    (tmp_path / "file").write_text("x")
    for cache in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nothing")):
        assert any_index.search(QUERY, rerank=Counting(model, by_length, top=10, cache=cache)) == expected


def test_the_cache_is_private_and_tells_nothing(filled: Path) -> None:
    """Only its owner reads the cache, which has neither words of queries nor of papers."""
    for path in filled.glob("query-*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "bubbles" not in path.read_text().lower()
        scores = json.loads(path.read_text())["content"]
        assert all(set(key) <= set("0123456789abcdef") for key in scores)
        assert len(scores) == 10


def test_a_link_is_not_followed(any_index: papersearch.Index, model: Path, filled: Path, tmp_path: Path) -> None:
    """A link in place of a file of the cache is not read, and what it leads to is not written."""
    [path] = filled.glob("query-*")
    outside = tmp_path / "outside"
    content = path.read_bytes()
    outside.write_bytes(content)
    path.unlink()
    path.symlink_to(outside)
    reranker = Counting(model, by_length, top=12, cache=filled)
    any_index.search(QUERY, rerank=reranker)
    assert len(reranker.asked) == 12
    assert outside.read_bytes() == content


def test_the_cache_is_bounded(model: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of files is bounded, the newest stay; so is the number of scores in a file."""
    monkeypatch.setattr(score_cache, "_MOST_FILES", 5)
    monkeypatch.setattr(score_cache, "_MOST_SCORES", 3)
    for number in range(9):
        Counting(model, by_length, cache=kept).scores(f"query {number}", list("abcdef"))
        [
            os.utime(path, (2e9 + number, 2e9 + number))
            for path in kept.glob("query-*")
            if path.stat().st_mtime < 2e9
        ]
    assert len(list(kept.iterdir())) <= 6
    latest = Counting(model, by_length, cache=kept)
    latest.scores("query 8", list("abcdef"))
    assert latest.asked == list("abc")


def test_an_interrupt_loses_no_score(any_index: papersearch.Index, model: Path, kept: Path) -> None:
    """Scores that were computed before an interrupt are not computed again."""

    def interrupted(query: str, text: str) -> float:
        if len(first.asked) == 6:
            raise KeyboardInterrupt
        return by_length(query, text)

    first = Counting(model, interrupted, top=10, cache=kept)
    with pytest.raises(KeyboardInterrupt):
        any_index.search(QUERY, rerank=first)
    second = Counting(model, by_length, top=10, cache=kept)
    any_index.search(QUERY, rerank=second)
    assert len(second.asked) == 5


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf")])
def test_scores_that_are_not_numbers(any_index: papersearch.Index, model: Path, kept: Path, score: float) -> None:
    """A model whose score is not a number is refused, and the score is not kept."""
    reranker = Counting(model, lambda query, text: score, cache=kept)
    with pytest.raises(RerankerUnusable, match="not a number"):
        any_index.search("a query of its own", rerank=reranker)


def test_progress_and_steps(any_index: papersearch.Index, model: Path, kept: Path) -> None:
    """Progress tells the opening of the model, and each text that is scored, of all."""
    told: list[tuple[str, int, int]] = []
    reranker = Reranker(model, top=3, cache=kept, progress=lambda *step: told.append(step))
    any_index.search(QUERY, rerank=reranker)
    any_index.search(QUERY, rerank=reranker)
    assert told == [("opening the reranker", 0, 0), *(("reranking", done, 3) for done in range(3))]


@pytest.mark.parametrize(
    "options", [{"top": 0}, {"top": 101}, {"seconds": 0}, {"seconds": -1.0}, {"seconds": float("nan")}]
)
def test_arguments_out_of_range(options: Any) -> None:
    """Numbers out of range are refused before the model is looked for."""
    with pytest.raises(ValueError, match="expected"):
        Reranker("nowhere", **options)


def test_a_list_by_date_is_not_reranked(any_index: papersearch.Index, model: Path) -> None:
    """Sorting by date and reranking exclude each other."""
    with pytest.raises(ValueError, match="sort 'relevance'"):
        any_index.search(QUERY, sort="date", rerank=Reranker(model))
