"""Answers while builds publish: each is wholly of one generation."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pytest

import papersearch
from papersearch.errors import LimitExceeded
from papersearch.index.layout import MANIFEST
from papersearch.remote.calls import (
    CountsCall,
    FindingsCall,
    ManifestCall,
    NearDuplicatesCall,
    PaperCall,
    SearchCall,
)
from papersearch.serving import local
from papersearch.serving.answering import DEADLINE, GenerationUnknown
from papersearch.serving.local import LocalAnswering
from papersearch.serving.verbs import perform
from tests.conftest import PATIENCE_S
from tests.growing import add

SEARCH = SearchCall(query="language", k=50, mode="semantic")


def no_report(error: Exception) -> None:
    raise error


@pytest.mark.slow
def test_each_answer_is_of_one_generation(build: Any, small_corpus: Path, small_index: Path) -> None:
    """While builds publish, every answer to several threads has the papers of the generation that it names."""
    answering = LocalAnswering(small_index, 3, no_report)
    is_over = threading.Event()
    answers: list[tuple[str, int, int]] = []
    seen = threading.Condition()

    def ask() -> None:
        while not is_over.is_set():
            about, result = asyncio.run(answering.answer(SEARCH, None))
            found = orjson.loads(result)
            assert found["total"] == len(found["hits"]) == found["encoded"]["n_papers"] == about.n_papers
            with seen:
                answers.append((about.generation, about.build, about.n_papers))
                seen.notify_all()

    def is_seen(n_papers: int) -> bool:
        return any(answer[2] == n_papers for answer in answers)

    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(ask) for _ in range(3)]
        try:
            for n_papers, name in ((5, "seals"), (6, "whales")):
                add(small_corpus, f"{name}.txt", name)
                build()
                with seen:
                    assert seen.wait_for(lambda wanted=n_papers: is_seen(wanted), PATIENCE_S)  # type: ignore[misc]
        finally:
            is_over.set()
        for one in running:
            one.result()
    assert {(build_, n_papers) for _, build_, n_papers in answers} >= {(2, 5), (3, 6)}
    assert len({name for name, _, _ in answers}) == len({n_papers for _, _, n_papers in answers})


def test_a_named_generation_or_an_error(build: Any, small_corpus: Path, small_index: Path) -> None:
    """A call that names the generation before the current one is answered by it; older ones are unknown."""
    answering = LocalAnswering(small_index, 1, no_report)

    def asked(call: Any, generation: str | None = None) -> Any:
        return asyncio.run(answering.answer(call, generation))

    first = asked(SEARCH)
    whole = {call: asked(call()).result for call in (CountsCall, FindingsCall, ManifestCall)}
    add(small_corpus, "seals.txt", "seals")
    build()
    second = asked(SEARCH)
    assert asked(SEARCH, first.about.generation) == first != second
    for call, result in whole.items():
        assert asked(call(), first.about.generation).result == result
        assert asked(call()).result != result or call is FindingsCall
    add(small_corpus, "whales.txt", "whales")
    build()
    assert asked(SEARCH, second.about.generation) == second
    for unknown in (first.about.generation, "1", "nonsense"):
        with pytest.raises(GenerationUnknown):
            asked(SEARCH, unknown)
    papersearch.rollback(small_index)
    assert asked(SEARCH) == second


def test_a_damaged_publication_is_reported(build: Any, small_corpus: Path, small_index: Path) -> None:
    """Where what was published cannot be opened, the earlier generation answers on, and the error is told once."""
    told: list[Exception] = []
    answering = LocalAnswering(small_index, 1, told.append)
    before = asyncio.run(answering.answer(SEARCH, None))
    (small_index / MANIFEST).write_text("{")
    assert [asyncio.run(answering.answer(SEARCH, None)) for _ in range(3)] == [before] * 3
    assert [type(error) for error in told] == [papersearch.IndexDamaged]
    (small_index / MANIFEST).unlink()
    assert asyncio.run(answering.answer(SEARCH, None)) == before
    build(full=True)
    assert asyncio.run(answering.about()).build > before.about.build


def test_the_thread_of_an_answer_knows_its_deadline(small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is computed in a thread sees the instant that the request has set."""
    answering = LocalAnswering(small_index, 1, no_report)
    seen: list[float] = []
    monkeypatch.setattr(local, "perform", lambda index, call: note())

    def note() -> bytes:
        seen.append(DEADLINE.get())
        return b""

    async def ask(instant: float) -> None:
        DEADLINE.set(instant)
        await answering.answer(SEARCH, None)

    for instant in (5.0, 7.0):
        asyncio.run(ask(instant))
    assert seen == [5.0, 7.0]


def test_an_error_costs_no_thread(small_index: Path) -> None:
    """After any number of errors the index answers as before."""
    answering = LocalAnswering(small_index, 1, no_report)
    for _ in range(5):
        with pytest.raises(papersearch.PaperNotFound):
            asyncio.run(answering.answer(PaperCall(name="nobody"), None))
    assert asyncio.run(answering.answer(SEARCH, None)).about.n_papers == 4


def test_papers_compared_are_limited(small_index: Path) -> None:
    """An index with more papers than a server compares is refused by name; another is answered."""
    index = papersearch.open(small_index)
    assert orjson.loads(perform(index, NearDuplicatesCall()))["n_compared"] == len(index)
    with (
        mock.patch("papersearch.serving.verbs.MAX_COMPARED", len(index) - 1),
        pytest.raises(LimitExceeded, match="papers to compare with each other"),
    ):
        perform(index, NearDuplicatesCall())
