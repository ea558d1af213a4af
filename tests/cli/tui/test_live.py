"""Questions to an index in its own thread: one at a time, the latest, and without waiting at the end."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from pathlib import Path
from typing import Any, cast

import papersearch
from papersearch.cli.tui.half_typed import half_typed
from papersearch.cli.tui.live import Answer, Asking, LiveIndex, LiveQuery
from papersearch.errors import GenerationGone, NothingEncoded, PapersearchError
from papersearch.types import Results
from tests.conftest import PATIENCE_S, sentence


class Stub:
    """An index that notes its queries and answers when it is let; `place` is where it seems to be."""

    def __init__(self, place: str = "/folder") -> None:
        self.place = place
        self.asked: list[tuple[str, int]] = []
        self.most_at_once = 0
        self.is_let = threading.Event()
        self.is_asked = threading.Event()
        self._now = 0

    def __len__(self) -> int:
        return 1

    def renewed(self) -> Stub:
        return self

    def search(self, query: str, k: int, mode: str = "hybrid", **_: Any) -> Results:
        if query == "warm":
            return Results(query=query, mode="hybrid", mode_used="hybrid", mode_reason=None, total=0, hits=())
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        self.asked.append((query, k))
        self.is_asked.set()
        assert self.is_let.wait(PATIENCE_S)
        self._now -= 1
        return Results(query=query, mode="hybrid", mode_used="hybrid", mode_reason=None, total=0, hits=())


class Watcher:
    """A view that notes what it is to show."""

    first_hits = 12
    has_hits = False

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.refused: list[PapersearchError] = []

    def can_show(self, results: Results) -> bool:
        return True

    def show(self, query: LiveQuery, answer: Answer | None) -> bool:
        self.shown.append(query.typed.query)
        return True

    def fill(self, answer: Answer) -> None:
        self.shown.append(f"all of {answer.results.query}")

    def refuse(self, query: LiveQuery, error: PapersearchError) -> None:
        self.refused.append(error)


def query(typed: str, **fields: Any) -> LiveQuery:
    return LiveQuery(half_typed(typed), "hybrid", "")._replace(**fields)


def live(stub: Stub) -> LiveIndex:
    return LiveIndex(cast("papersearch.Index", stub))


def test_one_search_at_a_time_and_then_the_latest() -> None:
    """However fast queries come, one search runs, and after it only the latest query is asked and shown."""
    stub, view = Stub(), Watcher()
    index = live(stub)

    async def talk() -> None:
        asking = Asking(index, view, 50)
        assert asking.want(query("a"))
        answering = asyncio.create_task(asking.answer_latest())
        await asyncio.to_thread(stub.is_asked.wait, PATIENCE_S)
        for typed in ("ab", "abc", "abcd"):
            assert not asking.want(query(typed))
        stub.is_let.set()
        await answering
        assert not asking.is_answering

    asyncio.run(talk())
    index.close()
    assert [asked for asked, _ in stub.asked] == ["a", "abcd"]
    assert view.shown == ["abcd"]
    assert stub.most_at_once == 1


def test_a_silent_server_keeps_nobody() -> None:
    """An application that ends does not wait for a server, and does wait for an index of this machine."""
    stub = Stub("http://127.0.0.1:1")
    before = threading.enumerate()
    index = live(stub)

    async def talk() -> None:
        task = asyncio.create_task(index.search(query("a"), 1))
        await asyncio.to_thread(stub.is_asked.wait, PATIENCE_S)
        task.cancel()

    asyncio.run(talk())
    index.close()
    assert stub.most_at_once == 1  # it still waits
    [thread] = [one for one in threading.enumerate() if one.name == "papersearch-index" and one not in before]
    assert thread.daemon
    stub.is_let.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_server_that_gave_up_the_generation_is_asked_again() -> None:
    """If a server does not keep the opened generation, the current one answers, and the answer says so."""
    current = Stub("http://127.0.0.1:1")
    current.is_let.set()

    class Old(Stub):
        def renewed(self) -> Stub:
            return current

        def search(self, query: str, k: int, mode: str = "hybrid", **_: Any) -> Results:
            raise GenerationGone(address=self.place)

    index = live(Old("http://127.0.0.1:1"))
    answer = asyncio.run(index.search(query("a"), 1))
    assert answer.is_renewed
    assert current.asked == [("a", 1)]
    index.close()


def build(corpus: Path, index: Path, model: Path, topics: list[str], **options: Any) -> None:
    """Build an index of one paper for each topic."""
    corpus.mkdir(exist_ok=True)
    records = [{"_id": f"id-{topic}", "title": f"On {topic}", "text": sentence(topic)} for topic in topics]
    (corpus / "records.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n")
    papersearch.build(corpus, index, model=str(model), **options)


def test_a_build_is_noticed(tmp_path: Path, small_model: Path) -> None:
    """After a build, and after two, the next answer is that of the new index; without the folder, of the old."""
    corpus, folder = tmp_path / "corpus", tmp_path / "index"
    build(corpus, folder, small_model, ["routing"])
    index = LiveIndex(papersearch.open(folder))

    def found() -> tuple[set[str], bool]:
        answer = asyncio.run(index.search(query("routing"), 9))
        folded = {other.paper_id for hit in answer.results for other in hit.duplicates}
        return {hit.paper.paper_id for hit in answer.results} | folded, answer.is_renewed

    assert found() == ({"id-routing"}, False)
    build(corpus, folder, small_model, ["routing", "gating"])
    assert found() == ({"id-routing", "id-gating"}, True)
    assert found() == ({"id-routing", "id-gating"}, False)
    build(corpus, folder, small_model, ["routing", "caching"])
    build(corpus, folder, small_model, ["routing", "pruning"])
    assert found() == ({"id-routing", "id-pruning"}, True)
    shutil.rmtree(folder)
    assert found() == ({"id-routing", "id-pruning"}, False)
    index.close()


def test_an_index_without_vectors(tmp_path: Path, small_model: Path) -> None:
    """Before any paper is encoded, words answer, and a search by meaning is refused with the reason."""
    build(tmp_path / "corpus", tmp_path / "index", small_model, ["routing"], words_only=True)
    index, view = LiveIndex(papersearch.open(tmp_path / "index")), Watcher()

    async def ask(wanted: LiveQuery) -> None:
        asking = Asking(index, view, 50)
        asking.want(wanted)
        await asking.answer_latest()

    asyncio.run(ask(query("routing", mode="semantic")))
    assert [type(error) for error in view.refused] == [NothingEncoded]
    asyncio.run(ask(query("routing")))
    assert view.shown == ["routing"]
    index.close()
