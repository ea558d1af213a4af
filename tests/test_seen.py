"""What saved searches have shown: each new paper once, through changes of the index."""

from __future__ import annotations

import fcntl
import json
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch import clock, saved, seen
from papersearch.errors import SavedSearchError
from papersearch.index import locking
from papersearch.remote.calls import SearchCall, check_limits
from papersearch.saved import SavedSearch
from papersearch.types import Filters, Mode
from tests.growing import encode_in_part

SEARCH = SavedSearch("pipelines", "pipeline", "keyword")


class Reading:
    """A collection that changes, and a search that is run on it."""

    def __init__(self, folder: Path) -> None:
        self.corpus, self.index_path, self.searches = folder / "corpus", folder / "index", folder / "searches.toml"
        self.corpus.mkdir()
        saved.add(self.searches, SEARCH)
        self.ids: dict[int, str] = {}
        self.n_papers, self.n_names = 3, 0
        self.shown: list[str] = []

    def write(self, **options: Any) -> None:
        lines = (
            json.dumps({"id": name, "title": f"On topic {n}", "abstract": f"A pipeline of topic {n}. " * 9}) + "\n"
            for n, name in self.ids.items()
        )
        (self.corpus / "records.jsonl").write_text("".join(lines))
        papersearch.build([self.corpus / "records.jsonl"], self.index_path, words_only=True, **options)

    def news(self, k: int | None = None, search: SavedSearch = SEARCH) -> list[str]:
        """Show what is new."""
        records = seen.Seen(self.searches, str(self.index_path), "run")
        news = seen.news_of(papersearch.open(self.index_path), search, records.record(search.name), k)
        records.keep({search.name: news.record})
        found = [hit.paper.title for hit in news.results]
        assert [hit.rank for hit in news.results] == list(range(1, len(found) + 1))
        assert k is None or len(found) <= k
        self.shown += found
        return found

    def fail(self) -> None:
        """Find what is new, and fail to show it."""
        before = list(self.shown)
        with mock.patch.object(seen.Seen, "keep"):
            self.news()
        self.shown = before

    def change(self, what: str, value: int) -> None:
        """Add `value` papers, remove or rename the paper at that place, build anew, or go back."""
        if what == "rollback":
            with suppress(papersearch.NoEarlierGeneration):
                papersearch.rollback(self.index_path)
            return
        place = list(self.ids)[value % len(self.ids)]
        if what == "add":
            self.ids |= {n: f"p{n}" for n in range(self.n_papers, self.n_papers + value)}
            self.n_papers += value
        elif what == "remove" and len(self.ids) > 1:
            del self.ids[place]
        elif what == "rename":
            self.n_names += 1
            self.ids[place] = f"q{self.n_names}"
        self.write(full=what == "full")


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    return Reading(tmp_path)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 4)),
        st.tuples(st.just("remove"), st.integers(0, 30)),
        st.tuples(st.just("rename"), st.integers(0, 30)),
        st.tuples(st.just("full"), st.just(0)),
        st.tuples(st.just("rollback"), st.just(0)),
        st.tuples(st.just("run"), st.none() | st.integers(1, 3)),
        st.tuples(st.just("fail"), st.just(0)),
    ),
    max_size=9,
)


@pytest.mark.slow
@settings(max_examples=12)
@given(STEPS)
def test_each_new_paper_is_shown_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    """Between runs the index may change in any way: every paper in it is shown in the end, and none twice."""
    reading = Reading(tmp_path_factory.mktemp("reading"))
    reading.ids = {n: f"p{n}" for n in range(3)}
    reading.write()
    assert len(reading.news()) == 3
    for what, value in steps:
        if what == "run":
            reading.news(value)
        elif what == "fail":
            reading.fail()
        else:
            reading.change(what, value)
    reading.news()
    assert reading.news() == []
    assert len(set(reading.shown)) == len(reading.shown)
    assert {paper.title for paper in papersearch.open(reading.index_path).papers()} <= set(reading.shown)


def test_the_first_run_shows_the_last_build(reading: Reading) -> None:
    """The first run shows what the last build added, later ones what came since."""
    reading.ids = {1: "p1"}
    reading.write()
    reading.ids |= {2: "p2"}
    reading.write()
    assert reading.news() == ["On topic 2"]
    reading.ids |= {3: "p3"}
    reading.write()
    reading.ids |= {4: "p4"}
    reading.write()
    assert sorted(reading.news()) == ["On topic 3", "On topic 4"]
    assert reading.news() == []


def test_a_removed_index_is_new_but_for_what_was_shown(reading: Reading) -> None:
    """An index whose folder was removed has forgotten when papers came; what was shown is not shown again."""
    reading.ids = {1: "p1", 2: "p2"}
    reading.write()
    assert len(reading.news()) == 2
    shutil.rmtree(reading.index_path)
    reading.ids |= {3: "p3"}
    with mock.patch.object(clock, "build_time", lambda: clock.now() - 5):
        reading.write()
    assert reading.news() == ["On topic 3"]


def test_another_query_is_another_search(reading: Reading) -> None:
    """A search whose query or filters change begins anew, without what it has shown."""
    reading.ids = {1: "p1", 2: "p2"}
    reading.write()
    assert reading.news(1, SEARCH) != []
    narrowed = SEARCH._replace(filters=Filters(has_code=True))
    assert reading.news(search=narrowed) == []
    assert len(reading.news(search=SEARCH)) == 1
    assert len(set(reading.shown)) == 2


def test_the_filters_of_the_search_hold(reading: Reading) -> None:
    """The search's own added_since narrows what is new, by the later of both instants."""
    reading.ids = {1: "p1"}
    reading.write()
    old = SEARCH._replace(filters=Filters(added_since="2000"))
    assert reading.news(search=old) == ["On topic 1"]
    reading.ids |= {2: "p2"}
    reading.write()
    late = SEARCH._replace(name="late", filters=Filters(added_since="today"))
    assert reading.news(search=late) == []
    assert reading.news(search=old) == ["On topic 2"]


def test_a_shown_paper_under_another_id(reading: Reading) -> None:
    """A paper that was shown, and gets another id while others are still new, is not shown again."""
    reading.ids = {1: "p1", 2: "p2"}
    reading.write()
    [first] = reading.news(1)
    renamed = int(first.removeprefix("On topic "))
    reading.ids[renamed] = "q"
    reading.write()
    assert reading.news() == [f"On topic {3 - renamed}"]
    assert reading.news() == []


def test_titles_of_different_papers(reading: Reading) -> None:
    """A second paper of the same title is new, as long as the first one is there."""
    reading.ids = {1: "p1"}
    reading.write()
    assert reading.news() == ["On topic 1"]
    other = {
        "id": "other",
        "title": "On topic 1",
        "abstract": "Another pipeline altogether, with moths. " * 9,
        "doi": "10.1/2",
    }
    (reading.corpus / "more.jsonl").write_text(json.dumps(other) + "\n")
    papersearch.build([*reading.corpus.iterdir()], reading.index_path, words_only=True)
    assert len(papersearch.open(reading.index_path)) == 2
    assert reading.news() == ["On topic 1"]


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        ({"title": "Editorial", "doi": "10.1000/1"}, {"title": "Editorial", "doi": "10.1000/2"}, True),
        ({"title": "Editorial"}, {"title": "Editorial", "doi": "10.1000/2"}, False),
        ({"title": "A draft", "arxiv_id": "2401.00001v1"}, {"title": "Final", "arxiv_id": "2401.00001v2"}, False),
        ({"title": "A draft", "doi": "10.1000/A"}, {"title": "Final", "doi": "10.1000/a"}, False),
        ({"title": "A draft"}, {"title": "Final"}, True),
    ],
)
def test_which_paper_was_shown(
    reading: Reading, before: dict[str, str], after: dict[str, str], is_new: bool
) -> None:
    """A paper in the place of one that is gone was shown if it is the same, by identifiers or by its title."""
    built: list[list[str]] = []
    for age, name, fields in ((9, "p", before), (5, "q", after)):
        record = {"id": name, "abstract": f"A pipeline of {name}. " * 9, **fields}
        (reading.corpus / "records.jsonl").write_text(json.dumps(record) + "\n")
        shutil.rmtree(reading.index_path, ignore_errors=True)  # it knows no times of its own any more
        with mock.patch.object(clock, "build_time", lambda age=age: clock.now() - age):
            papersearch.build([reading.corpus / "records.jsonl"], reading.index_path, words_only=True)
        built.append(reading.news(search=SEARCH._replace(filters=Filters(added_since="2000"))))
    assert built == [[before["title"]], [after["title"]] if is_new else []]


def test_a_file_of_the_first_version(reading: Reading) -> None:
    """What was shown is known from a file that kept no identifiers, and the next run keeps them."""
    reading.ids = {1: "p1", 2: "p2"}
    reading.write()
    assert len(reading.news()) == 2
    path = seen.file_beside(reading.searches)
    fields = json.loads(path.read_bytes())
    [[record]] = ([*places.values()] for places in fields["searches"]["pipelines"].values())
    for one in record["shown"].values():
        del one["arxiv_id"], one["doi"]
    path.write_text(json.dumps({**fields, "version": 1}))
    reading.ids |= {3: "p3"}
    shutil.rmtree(reading.index_path)
    with mock.patch.object(clock, "build_time", lambda: clock.now() - 5):
        reading.write()
    assert reading.news() == ["On topic 3"]
    assert json.loads(path.read_bytes())["version"] == 2


class Bounded:
    """An index on a server, whose calls have bounds."""

    place = "http://127.0.0.1:9"

    def __init__(self, index: papersearch.Index) -> None:
        self._index = index
        self.manifest, self.encoded, self.look_up = index.manifest, index.encoded, index.look_up

    def search(self, query: str, k: int, mode: Mode, *, strict: bool, filters: Filters) -> papersearch.Results:
        check_limits(SearchCall(query=query, k=k, mode=mode, strict=strict, filters=filters))
        return self._index.search(query, k, mode, strict=strict, filters=filters)


@pytest.mark.parametrize(("most", "k"), [(3, None), (3, 2), (1, None), (4, 7), (50, 3)])
def test_an_answer_of_a_server_has_few_papers(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, most: int, k: int | None
) -> None:
    """More papers than an answer of a server has are shown in several runs, each once, and none is left out."""
    monkeypatch.setattr(seen, "MAX_K", most)
    monkeypatch.setattr("papersearch.remote.calls.MAX_K", most)
    reading.ids = {n: f"p{n}" for n in range(11)}
    reading.write()
    index, record, runs = Bounded(papersearch.open(reading.index_path)), None, []
    search = SEARCH._replace(filters=Filters(without=("p10",)))
    while True:
        news = seen.news_of(index, search, record, k)  # type: ignore[arg-type]
        record = news.record
        if not news.results.hits:
            break
        runs.append([hit.paper.title for hit in news.results])
        assert [hit.rank for hit in news.results] == list(range(1, len(runs[-1]) + 1))
    assert sorted(title for run in runs for title in run) == sorted(f"On topic {n}" for n in range(10))
    full = min(most, k or most)
    assert all(len(run) == full for run in runs[:-1])
    assert record.since == index.manifest.last_added
    index.manifest = index.manifest.replace(last_added=index.manifest.last_added + 1)
    assert seen.news_of(index, search, record, k).record.since == index.manifest.last_added  # type: ignore[arg-type]


def test_papers_without_a_vector_are_waited_for(small_corpus: Path, small_index: Path, build: Any) -> None:
    """While an index is being encoded, papers that do not answer yet stay new."""
    search = SavedSearch("all", "pipeline bubbles")
    first = seen.news_of(papersearch.open(small_index), search, None, None).record
    (small_corpus / "more.txt").write_text((small_corpus / "page.txt").read_text().replace("On ", "More on "))
    encode_in_part(small_corpus, small_index, 2)
    index = papersearch.open(small_index)
    assert not index.encoded.is_complete
    while_partial = seen.news_of(index, search, first, None).record
    assert while_partial.since == first.since < index.manifest.last_added
    build()
    index = papersearch.open(small_index)
    assert seen.news_of(index, search, while_partial, None).record.since == index.manifest.last_added


def test_searches_indexes_and_readers_are_apart(reading: Reading, tmp_path: Path) -> None:
    """Each search has its own record for each index and each reader, and forgetting one leaves the others."""
    reading.ids = {1: "p1"}
    reading.write()
    index = papersearch.open(reading.index_path)
    for name in ("one", "two"):
        for reader in ("run", "atom"):
            records = seen.Seen(reading.searches, str(reading.index_path), reader)  # type: ignore[arg-type]
            assert records.record(name) is None
            records.keep({name: seen.news_of(index, SEARCH._replace(name=name), None, None).record})
    assert seen.Seen(reading.searches, "http://127.0.0.1:9", "run").record("one") is None
    seen.forget(reading.searches, "one")
    records = seen.Seen(reading.searches, str(reading.index_path), "run")
    assert records.record("one") is None
    assert records.record("two") is not None
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    moved_records = seen.Seen(moved / "searches.toml", str(moved / "index"), "run")
    assert moved_records.record("two") == records.record("two")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 3, "searches": {}}',
        b'{"version": 2, "searches": {"a": {"i": {"run": {"query": "", "since": 0, "shown": {"p": {}}}}}}}',
        b'{"version": 1, "searches": []}',
        b'{"version": 1, "searches": {"a": []}}',
        b'{"version": 1, "searches": {"a": {"index": {"run": {}}}}}',
        b'{"version": 1, "searches": {"a": {"index": {"run": {"query": "", "since": -1, "shown": {}}}}}}',
        b'{"version": 1, "searches": {"a": {"index": {"run": {"query": "", "since": 9e99, "shown": {}}}}}}',
        b'{"version": 1, "searches": {"a": {"index": {"run": {"query": "", "since": 4294967295, "shown": {}}}}}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_not_ours(reading: Reading, content: bytes) -> None:
    """A record that cannot be read is an error which names the file, and the file stays as it is."""
    path = seen.file_beside(reading.searches)
    assert path.name == "searches.seen.json"
    path.write_bytes(content)
    use: Callable[[], object]
    for use in (
        lambda: seen.Seen(reading.searches, "index", "run"),
        lambda: seen.forget(reading.searches, "pipelines"),
    ):
        with pytest.raises(SavedSearchError) as refused:
            use()
        assert refused.value.message.startswith(f"cannot read {path}: ")
    assert path.read_bytes() == content


def test_a_wrong_clock_of_a_build(reading: Reading) -> None:
    """Papers of a build in the future are shown once, and so are those of the builds after it."""
    reading.ids = {1: "p1"}
    with mock.patch.object(clock, "build_time", lambda: clock.now() + 10**9):
        reading.write()
    assert reading.news() == ["On topic 1"]
    reading.ids |= {2: "p2"}
    with mock.patch.object(clock, "build_time", lambda: clock.now() + 5):
        reading.write()
    assert reading.news() == ["On topic 2"]
    assert reading.news() == []


def test_turns_outlast_a_change_of_the_searches(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who shows new papers is waited for, also if a search is added meanwhile; no file stays behind."""
    before = sorted(reading.searches.parent.iterdir())
    has_waited, order, flock = [], [], fcntl.flock
    is_asked = threading.Event()

    def noted(descriptor: int, operation: int) -> None:
        try:
            flock(descriptor, operation | fcntl.LOCK_NB)
            has_waited.append(False)
        except BlockingIOError:
            has_waited.append(True)
            is_asked.set()
            flock(descriptor, operation)

    def second() -> None:
        with seen.taking_turns(reading.searches):
            order.append("second")
        is_asked.set()

    monkeypatch.setattr(locking.fcntl, "flock", noted)
    thread = threading.Thread(target=second)
    with seen.taking_turns(reading.searches):
        saved.add(reading.searches, SEARCH._replace(name="another"))
        thread.start()
        is_asked.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert has_waited[:3] == [False, False, True]  # the turn, the change, and the second turn
    assert sorted(reading.searches.parent.iterdir()) == before


def test_every_turn_is_alone(tmp_path: Path) -> None:
    """Turns that overlap anyhow never run at once: a count that all of them raise loses nothing."""
    searches, count = tmp_path / "searches.toml", tmp_path / "count"
    count.write_text("0")

    def raise_count() -> None:
        for _ in range(40):
            with seen.taking_turns(searches):
                count.write_text(str(int(count.read_text()) + 1))

    threads = [threading.Thread(target=raise_count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count.read_text() == "240"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_turns_where_no_file_can_be_made(tmp_path: Path) -> None:
    """A folder in which no file can be made is read nevertheless."""
    with seen.taking_turns(tmp_path / "none" / "searches.toml"):
        assert list(tmp_path.iterdir()) == []
