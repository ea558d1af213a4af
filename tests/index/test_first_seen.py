"""When papers first came into the collection, through builds of every kind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch import clock
from papersearch.index.first_seen import FirstSeen, Lost, _time_of_build, with_lost
from papersearch.index.layout import OLDEST_REUSABLE_VERSION, generation_folder
from papersearch.types import Paper
from tests.conftest import sentence
from tests.growing import records
from tests.index.parts_of import built_and_joined
from tests.rewriting import rewrite_json

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (1_700_000_000 + 86_400 * day for day in range(4))

Build = Callable[..., dict[str, int | None]]


def record(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "title": f"On {name}", "abstract": sentence(name), **fields}


@pytest.fixture
def build(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Return a function that builds the dumps given by name, at a time, and tells when each paper came."""

    def make(seconds: int, dumps: dict[str, list[dict[str, Any]]], **options: Any) -> dict[str, int | None]:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(seconds))
        shutil.rmtree(tmp_path / "corpus", ignore_errors=True)
        (tmp_path / "corpus").mkdir()
        for name, papers in dumps.items():
            (tmp_path / "corpus" / name).write_text("".join(json.dumps(one) + "\n" for one in papers))
        papersearch.build(tmp_path / "corpus", tmp_path / "index", model=str(small_model), **options)
        return times(papersearch.open(tmp_path / "index"))

    return make


def times(index: papersearch.Index) -> dict[str, int | None]:
    """Return the time of each paper by its id."""
    return {one.paper_id: clock.seconds_of(one.added) if one.added else None for one in index.papers()}


def test_times_survive_builds(build: Build, tmp_path: Path) -> None:
    """A paper keeps its time when dumps are renamed or changed, in a build anew, and after a rollback."""
    first = build(MONDAY, {"a.jsonl": [record("apples"), record("bees")]})
    assert first == {"apples": MONDAY, "bees": MONDAY}
    assert build(TUESDAY, {"a.jsonl": [record("apples"), record("bees"), record("figs")]}) == {
        **first,
        "figs": TUESDAY,
    }
    changed = {"b.jsonl": [record("figs"), record("apples", abstract=sentence("pears"))]}
    assert build(WEDNESDAY, changed) == {"figs": TUESDAY, "apples": MONDAY}
    assert build(THURSDAY, changed, full=True) == {"figs": TUESDAY, "apples": MONDAY}
    index = papersearch.open(tmp_path / "index")
    assert index.manifest.last_added == TUESDAY
    assert index.verify() == []
    papersearch.rollback(tmp_path / "index")
    assert times(papersearch.open(tmp_path / "index")) == {"figs": TUESDAY, "apples": MONDAY}


def test_what_a_rollback_left_is_not_new_again(build: Build, tmp_path: Path) -> None:
    """Papers of a generation that was rolled back keep the time of that generation when they come again."""
    build(MONDAY, {"a.jsonl": [record("apples")]})
    both = {"a.jsonl": [record("apples"), record("bees")]}
    assert build(TUESDAY, both)["bees"] == TUESDAY
    papersearch.rollback(tmp_path / "index")
    assert times(papersearch.open(tmp_path / "index")) == {"apples": MONDAY}
    assert build(WEDNESDAY, both) == {"apples": MONDAY, "bees": TUESDAY}


def test_a_paper_under_another_id(build: Build) -> None:
    """A paper that is gone under its id gives its time to the one with its identifier or title."""
    build(
        MONDAY,
        {
            "a.jsonl": [
                record("apples", doi="10.1000/APPLES"),
                record("bees", arxiv_id="2401.00001v1"),
                record("figs"),
                record("kiwis", doi="10.1000/kiwis"),
            ]
        },
    )
    found = build(
        TUESDAY,
        {
            "a.jsonl": [
                record("1", title="Of apples", doi="10.1000/apples"),
                record("2", title="Of bees", arxiv_id="2401.00001v2"),
                record("3", title="On Figs!"),
                record("4", title="On kiwis", doi="10.1000/other"),
                record("5", title="On plums"),
            ]
        },
    )
    assert found == {"1": MONDAY, "2": MONDAY, "3": MONDAY, "4": TUESDAY, "5": TUESDAY}


def test_merged_papers_keep_the_earliest_time(build: Build) -> None:
    """Of two papers that turn out to be one, the earlier time is kept, whichever id is left."""
    pears = record("pears", title="On apples and pears", doi="10.1000/1")
    build(MONDAY, {"b.jsonl": [pears]})
    assert build(TUESDAY, {"a.jsonl": [record("apples")], "b.jsonl": [pears]}) == {
        "apples": TUESDAY,
        "pears": MONDAY,
    }
    assert build(WEDNESDAY, {"a.jsonl": [{**pears, "id": "apples"}], "b.jsonl": [pears]}) == {"apples": MONDAY}


LATER_FILES = ("papers.added.npy", "checksums.npy")


def date_back(index_path: Path, version: int) -> None:
    """Make an index one of an older format, which does not say when papers came."""
    for manifest in index_path.rglob("manifest.json"):
        fields = json.loads(manifest.read_bytes())
        files = {name: record for name, record in fields["files"].items() if name not in LATER_FILES}
        rewrite_json(manifest, format_version=version, files=files)


@pytest.mark.parametrize("version", [OLDEST_REUSABLE_VERSION - 1, OLDEST_REUSABLE_VERSION])
def test_of_an_older_format(build: Build, tmp_path: Path, version: int) -> None:
    """Papers of an index of an older format came at an unknown time; those of the build after it at its time."""
    build(MONDAY, {"a.jsonl": [record("apples"), record("bees")]})
    date_back(tmp_path / "index", version)
    found = build(TUESDAY, {"a.jsonl": [record("apples"), record("1", title="On bees"), record("figs")]})
    assert found == {"apples": None, "1": None, "figs": TUESDAY}
    index = papersearch.open(tmp_path / "index")
    assert [hit.paper.paper_id for hit in index.search("study", added_since="1980")] == ["figs"]
    assert build(WEDNESDAY, {"a.jsonl": [record("apples"), record("figs")]}) == {"apples": None, "figs": TUESDAY}


def test_another_paper_than_one_of_the_format_before(build: Build, tmp_path: Path) -> None:
    """A paper with the title of one of the format before, and another DOI, is new: its records are read."""
    build(MONDAY, {"a.jsonl": [record("apples"), record("bees", doi="10.1000/1")]})
    date_back(tmp_path / "index", OLDEST_REUSABLE_VERSION)
    found = build(TUESDAY, {"a.jsonl": [record("apples"), record("1", title="On bees", doi="10.1000/2")]})
    assert found == {"apples": None, "1": TUESDAY}


@pytest.mark.parametrize("name", ["papers.added.npy", "ids.txt"])
def test_a_damaged_file_gives_no_time(build: Build, tmp_path: Path, name: str) -> None:
    """Times are taken from intact files alone: a damaged one makes papers new, and the doctor finds it."""
    build(MONDAY, {"a.jsonl": [record("apples")]})
    path = tmp_path / "index" / generation_folder(1) / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    assert papersearch.open(tmp_path / "index").verify()
    assert build(TUESDAY, {"a.jsonl": [record("apples"), record("bees")]}) == {"apples": TUESDAY, "bees": TUESDAY}


def test_parts_of_a_generation_have_one_time(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that is finished later gives its papers the time of its first publication."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    records(corpus, *range(9))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(MONDAY))
    papersearch.build(corpus, index_path, words_only=True)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(TUESDAY))
    papersearch.build(corpus, index_path, model=str(small_model))
    index = papersearch.open(index_path)
    assert index.encoded.is_complete
    assert set(times(index).values()) == {MONDAY}


@pytest.mark.slow
def test_shards_keep_times(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A join keeps times as a build does: by id, by identifier or title, and after a rollback."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()

    def join(seconds: int, first: list[Any], second: list[Any]) -> dict[str, int | None]:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(seconds))
        for name, papers in (("a.jsonl", first), ("b.jsonl", second)):
            (corpus / name).write_text("".join(json.dumps(one) + "\n" for one in papers))
        built_and_joined(corpus, index_path, 2, small_model)
        index = papersearch.open(index_path)
        assert index.verify() == []
        assert index.manifest.last_added == max(filter(None, times(index).values()))
        return times(index)

    join(MONDAY, [record("apples")], [record("bees"), record("figs", doi="10.1000/1")])
    found = join(
        TUESDAY, [record("1", doi="10.1000/1"), record("apples")], [record("kiwis"), record("2", title="On bees")]
    )
    assert found == {"1": MONDAY, "apples": MONDAY, "kiwis": TUESDAY, "2": MONDAY}
    papersearch.rollback(index_path)
    found = join(WEDNESDAY, [record("plums"), record("apples")], [record("kiwis")])
    assert found == {"plums": WEDNESDAY, "apples": MONDAY, "kiwis": TUESDAY}


def test_the_time_of_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build's papers are later than any before, unless one of these is of a clock that was wrong."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(MONDAY))
    assert _time_of_build(0) == MONDAY
    assert _time_of_build(MONDAY) == MONDAY + 1
    assert _time_of_build(MONDAY + 3_600) == MONDAY + 3_601
    assert _time_of_build(MONDAY + 10 * 365 * 86_400) == MONDAY


KEYS = st.sampled_from([None, "1", "2"])
PAPERS = st.lists(st.tuples(KEYS, KEYS, st.sampled_from(["", "A", "B", "C"])), max_size=6)


@settings(max_examples=200)
@given(PAPERS, st.lists(st.tuples(KEYS, KEYS, st.sampled_from(["", "a", "b"]), st.integers(0, 9)), max_size=6))
def test_times_of_lost_papers(
    now: list[tuple[str | None, str | None, str]], gone: list[tuple[str | None, str | None, str, int]]
) -> None:
    """A paper has the earliest of its own time and of those of lost papers that are the same, pair by pair."""
    papers = [
        Paper(paper_id=str(n), title=title, abstract="x", arxiv_id=arxiv and f"2401.0000{arxiv}v3", doi=doi)
        for n, (arxiv, doi, title) in enumerate(now)
    ]
    lost = [
        Lost(arxiv_id=arxiv and f"2401.0000{arxiv}", doi=doi, title=title, added=added)
        for arxiv, doi, title, added in gone
    ]
    expected = []
    for arxiv, doi, title in now:
        time = 5
        for other_arxiv, other_doi, other_title, added in gone:
            agree = (bool(arxiv) and arxiv == other_arxiv) or (bool(doi) and doi == other_doi)
            differ = bool(arxiv and other_arxiv and arxiv != other_arxiv) or bool(
                doi and other_doi and doi != other_doi
            )
            if agree or (not differ and title and title.lower() == other_title):
                time = min(time, added)
        expected.append(time)
    own = FirstSeen({}, tuple(lost), 5).of([paper.paper_id for paper in papers])
    assert with_lost(papers, own, lost).tolist() == expected


def test_the_filter(build: Build, tmp_path: Path) -> None:
    """`added_since` keeps what came on that local day or later, or at that instant or later."""
    build(MONDAY, {"a.jsonl": [record("apples")]})
    build(WEDNESDAY, {"a.jsonl": [record("apples"), record("figs")]})
    index = papersearch.open(tmp_path / "index")

    def found(added_since: str) -> set[str]:
        return {hit.paper.paper_id for hit in index.search("study", added_since=added_since)}

    assert found(clock.instant_of(MONDAY)) == {"apples", "figs"}
    assert found(clock.instant_of(MONDAY + 1)) == {"figs"}
    assert found(clock.instant_of(WEDNESDAY + 1)) == set()
    assert found(clock.local_day(clock.instant_of(MONDAY))) == {"apples", "figs"}
    assert found(clock.local_day(clock.instant_of(WEDNESDAY))) == {"figs"}
    assert found("1d") == set()
    assert index.search("study", added_since="100y").filters.added_since is not None
    assert index.similar(["apples"], added_since="2020").hits[0].paper.added == clock.instant_of(WEDNESDAY)
