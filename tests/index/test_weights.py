"""The file of tuned weights: what it takes, what it refuses, and that every way to ask ranks by it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.cluster.published import current_publication, open_published
from papersearch.errors import IndexNotWritable, ModelUnusable, ServerError, WeightsUnreadable
from papersearch.index.generations import check_writable
from papersearch.index.weights import read_weights, remove_weights, write_weights
from papersearch.search import shards
from papersearch.types import DEFAULT_WEIGHTS, RankedPaper, Weights
from tests.search.cutting import Numbers, cut, every_nth, ranges
from tests.served import served

TUNED = Weights(keyword=2.5, late_interaction=0.0, feedback=0.35, neighbours=0.5)
QUERIES = (
    "pipeline bubbles",
    "expert routing",
    "mixture of experts",
    "how models remember",
    "author",
)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10), st.floats(0, 1))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, keyword: float, late: float, feedback: float, near: float
) -> None:
    """All weights within their bounds come back, to the bit."""
    folder = tmp_path_factory.mktemp("weights")
    weights = Weights(keyword=keyword, late_interaction=late, feedback=feedback, neighbours=near)
    assert write_weights(folder, weights, "why") == folder / "weights.toml"
    assert read_weights(folder) == weights
    assert remove_weights(folder)
    assert not remove_weights(folder)
    assert read_weights(folder) is None


def test_what_a_hand_may_write(tmp_path: Path) -> None:
    """Whole numbers, a byte order mark, Windows' line ends and left out keys are read."""
    (tmp_path / "weights.toml").write_bytes(b"\xef\xbb\xbf# mine\r\nkeyword = 2\r\n")
    assert read_weights(tmp_path) == Weights(keyword=2.0)
    (tmp_path / "weights.toml").write_bytes(b"")
    assert read_weights(tmp_path) == DEFAULT_WEIGHTS


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"keyword = 11", "keyword: expected a number from 0 to 10"),
        (b"keyword = -0.1", "keyword: expected"),
        (b"neighbours = 1.01", "neighbours: expected a number from 0 to 1"),
        (b"feedback = nan", "feedback: expected"),
        (b"feedback = inf", "feedback: expected"),
        (b"late_interaction = true", "late_interaction: expected"),
        (b'keyword = "0.7"', "keyword: expected"),
        (b"keyword = [1]", "keyword: expected"),
        (b"[keyword]\na = 1", "keyword: expected"),
        (b"keyword = 1e999", "keyword: expected"),
        (b"keyword = " + b"9" * 400, "keyword: expected"),
        (b"keyword = 1\nkeyword = 1", "Cannot overwrite a value"),
        (b"late-interaction = 0.5", "unknown weight 'late-interaction'"),
        (b"semantic = 1", "unknown weight 'semantic'"),
        (b'"\\u001b[31m" = 1', "unknown weight"),
        (b"keyword = \xff", "utf-8"),
        (b"keyword: 1", "Expected '='"),
        (b"{}", "Invalid"),
        (b"\0", "Invalid"),
        (b"a=" + b"[" * 30_000, "recursion"),
        (b"#" * 70_000, "more than 65,536 bytes"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: bytes, cause: str) -> None:
    """Everything else is an error that names the file and the cause, and nothing ranks by it."""
    (tmp_path / "weights.toml").write_bytes(content)
    with pytest.raises(WeightsUnreadable, match=r"weights\.toml") as raised:
        read_weights(tmp_path)
    assert cause in raised.value.cause


def test_what_is_no_file(tmp_path: Path) -> None:
    """A folder, a pipe and a link to nowhere are errors: nothing waits, and none counts as no file."""
    place = tmp_path / "weights.toml"
    place.mkdir()
    with pytest.raises(WeightsUnreadable, match="not a regular file"):
        read_weights(tmp_path)
    place.rmdir()
    os.mkfifo(place)
    with pytest.raises(WeightsUnreadable, match="not a regular file"):
        read_weights(tmp_path)
    place.unlink()
    place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(WeightsUnreadable, match="not a regular file"):
        read_weights(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A failed write names the file, and leaves nothing behind."""
    (tmp_path / "weights.toml").mkdir()
    with pytest.raises(IndexNotWritable, match=r"weights\.toml"):
        write_weights(tmp_path, TUNED, "why")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.toml"]


@pytest.fixture
def tuned_path(real_index_path: Path, tmp_path: Path) -> Path:
    """Copy the index and tune it."""
    place = shutil.copytree(real_index_path, tmp_path / "index")
    write_weights(place, TUNED, "by hand")
    return place


def rankings(index: papersearch.Index, weights: Weights | None = None) -> list[list[RankedPaper]]:
    """Rank all papers for each of the queries."""
    return list(index.rank_many(QUERIES, 302, weights=weights))


def test_weights_are_in_force(real_index: papersearch.Index, tuned_path: Path) -> None:
    """A tuned index ranks as an untuned one that is asked with these weights; other modes rank as before; answers
    of hybrid mode alone name the weights; the defaults can be asked for."""
    tuned = papersearch.open(tuned_path)
    assert (tuned.weights, real_index.weights) == (TUNED, None)
    assert rankings(tuned) == rankings(real_index, TUNED) != rankings(real_index)
    assert rankings(tuned, DEFAULT_WEIGHTS) == rankings(real_index)
    for query in QUERIES:
        found = tuned.search(query, 20, explain=True)
        [ranked] = real_index.rank_many([query], 20, weights=TUNED)
        assert [(hit.paper.paper_id, hit.score) for hit in found] == [(one.paper_id, one.score) for one in ranked]
        assert found.weights == TUNED
        assert real_index.search(query).weights is None
        for mode in ("keyword", "semantic"):
            assert tuned.search(query, mode=mode) == real_index.search(query, mode=mode)
    assert [one.weights for one in tuned.search_many(QUERIES[:2])] == [TUNED] * 2
    assert tuned.similar([tuned.papers()[3].paper_id]) == real_index.similar([tuned.papers()[3].paper_id])


def test_the_signals_are_those_of_the_weights(real_index: papersearch.Index, tuned_path: Path) -> None:
    """Weights of zero leave their signals nothing, and contributions add up to the score."""
    found = papersearch.open(tuned_path).search("pipeline bubbles", explain=True)
    for hit in found:
        assert hit.explanation is not None
        of_each = {signal.name: signal for signal in hit.explanation.signals}
        assert of_each["late interaction"].weight == 0
        assert of_each["neighbours"].weight == 0.5
        assert sum(signal.contribution for signal in of_each.values()) == pytest.approx(hit.score)


def test_every_setting_is_what_a_search_ranks(real_index: papersearch.Index) -> None:
    """Rankings under many weights are those of a search under each, operators, titles and conditions included."""
    title = real_index.papers()[9].title
    queries = [*QUERIES, title, "zzzz", '"mixture of experts" routing', "year:2024"]
    settings = [DEFAULT_WEIGHTS, TUNED, Weights(neighbours=0.0), Weights(keyword=0.0, feedback=10.0)]
    found = list(real_index.rank_under(settings, queries, 12, literal=False))
    for weights, of_each in zip(settings, zip(*found, strict=True), strict=True):
        expected = real_index.rank_many(queries, 12, literal=False, weights=weights)
        assert [list(one) for one in of_each] == [[paper.paper_id for paper in one] for one in expected]


def test_rankings_under_weights_need_the_model(real_index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model no ranking is made up: tuning would find that no setting is better than another."""

    def missing(*_: object) -> None:
        raise ModelUnusable(name="gone", cause="there is no such folder")

    monkeypatch.setattr(shards, "query_encoder", missing)
    with pytest.raises(ModelUnusable):
        list(papersearch.open(real_index_path).rank_under([DEFAULT_WEIGHTS], QUERIES))


@pytest.mark.slow
@pytest.mark.parametrize("deal", [ranges, every_nth])
def test_shards_rank_alike(
    real_index: papersearch.Index,
    real_index_path: Path,
    tmp_path: Path,
    deal: Callable[[int, int], list[Numbers]],
) -> None:
    """An index in shards has one file of weights, and ranks to the bit as one in one piece."""
    cut(real_index_path, tmp_path, deal(302, 3))
    write_weights(tmp_path, TUNED, "by hand")
    in_shards = papersearch.open(tmp_path)
    assert in_shards.weights == TUNED
    assert rankings(in_shards) == rankings(real_index, TUNED)
    assert rankings(in_shards, DEFAULT_WEIGHTS) == rankings(real_index)
    [whole] = real_index.rank_under([TUNED], [QUERIES[0]], 20)
    assert list(in_shards.rank_under([TUNED], [QUERIES[0]], 20)) == [whole]


def test_weights_are_published_as_a_build_is(tuned_path: Path) -> None:
    """An open index keeps its weights, knows that they are no longer current, and opens anew with others."""
    tuned = papersearch.open(tuned_path)
    before = rankings(tuned)
    assert tuned.is_current() and tuned.renewed() is tuned
    remove_weights(tuned_path)
    assert not tuned.is_current()
    assert rankings(tuned) == before
    renewed = tuned.renewed()
    assert renewed.weights is None and renewed.is_current()
    check_writable(tuned_path)  # nothing of them is foreign to a build


def test_builds_and_rollbacks_leave_the_weights(
    small_index: Path, build: Callable[..., papersearch.BuildReport]
) -> None:
    """Weights belong to the collection: a build that is new, and one that is taken back, have them."""
    write_weights(small_index, TUNED, "by hand")
    build(full=True)
    assert papersearch.open(small_index).weights == TUNED
    papersearch.rollback(small_index)
    assert papersearch.open(small_index).weights == TUNED


def test_a_wrong_file_stops_every_search(tuned_path: Path) -> None:
    """An index whose weights cannot be read does not open: it would rank otherwise than its owner thinks."""
    (tuned_path / "weights.toml").write_text("keyword = 'much'")
    with pytest.raises(WeightsUnreadable):
        papersearch.open(tuned_path)


@pytest.mark.parametrize("wrong", [{"keyword": -1.0}, {"neighbours": 1.5}, {"feedback": float("nan")}])
def test_wrong_weights_are_refused(real_index: papersearch.Index, wrong: dict[str, float]) -> None:
    """Weights of a call are checked as those of the file are."""
    with pytest.raises(ValueError, match="expected a number from 0 to"):
        next(real_index.rank_many(["x"], weights=Weights(**wrong)))


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
def test_a_server_ranks_by_the_weights(real_index: papersearch.Index, tuned_path: Path) -> None:
    """A server answers as its folder does, takes weights with a request, and notices new ones while it serves."""
    with served(tuned_path) as running:
        remote = papersearch.open(running.address)
        assert remote.weights == TUNED
        assert rankings(remote) == rankings(real_index, TUNED)
        assert rankings(remote, DEFAULT_WEIGHTS) == rankings(real_index)
        assert remote.search(QUERIES[0]).weights == TUNED
        with pytest.raises((ServerError, ValueError)):
            list(remote.rank_many(["x"], weights=Weights(neighbours=3.0)))
        write_weights(tuned_path, Weights(neighbours=0.5), "again")
        renewed = remote.renewed()
        assert renewed.weights == Weights(neighbours=0.5)
        assert rankings(renewed) == rankings(real_index, Weights(neighbours=0.5))
        assert rankings(remote) == rankings(real_index, TUNED)  # the publication that it opened
        remove_weights(tuned_path)
        assert papersearch.open(running.address).weights is None


def test_a_publication_keeps_its_weights(tuned_path: Path) -> None:
    """A publication that is named to other machines has its weights with it, and others are another publication."""
    tuned, _ = current_publication(tuned_path)
    remove_weights(tuned_path)
    untuned, _ = current_publication(tuned_path)
    assert (tuned.weights, untuned.weights) == (TUNED, None)
    assert tuned.checksum != untuned.checksum
    assert (open_published(tuned).weights, open_published(untuned).weights) == (TUNED, None)
