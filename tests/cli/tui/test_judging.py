"""Judgements that `browse` adds to a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

import papersearch
from papersearch.evaluation.judging import topics_beside
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.topics import read_topics
from tests.cli.browsing import QUERY, asked, browse, browser_of, press, said

pytestmark = pytest.mark.typed


def test_the_paper_under_the_cursor_is_judged(real_index: papersearch.Index, tmp_path: Path) -> None:
    """F5 judges the paper under the cursor by the query as it was answered: it answers, and no longer, in turns."""
    path = tmp_path / "mine.qrels"
    first, second = asked(real_index)[:2]

    def judged() -> list[tuple[str, int]]:
        return [(one.doc_id, one.relevance) for one in read_qrels(path)]

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f5")
        await said(pilot, "answers · ")
        assert judged() == [(first, 1)]
        await press(pilot, "down", "alt+j")
        await said(pilot, "answers · ")
        assert judged() == [(first, 1), (second, 1)]
        await press(pilot, "f5")
        await said(pilot, "does not answer · ")
        assert judged() == [(first, 1), (second, 0)]

    browse(real_index, talk, QUERY, judged=path)
    assert [topic.text for topic in read_topics(topics_beside(path))] == [QUERY]


def test_judgements_in_one_breath_are_turns(real_index: papersearch.Index, tmp_path: Path) -> None:
    """A paper that is judged twice, before the first judgement is written, does not answer."""
    path = tmp_path / "mine.qrels"
    first, *_ = asked(real_index)

    async def talk(pilot: Pilot[list[str]]) -> None:
        for _ in range(2):
            browser_of(pilot).action_judge()
        await pilot.app.workers.wait_for_complete()
        assert [(one.doc_id, one.relevance) for one in read_qrels(path)] == [(first, 0)]

    browse(real_index, talk, QUERY, judged=path)


def test_what_is_not_judged(real_index: papersearch.Index, tmp_path: Path) -> None:
    """Without a file, beside papers similar to one, and where nothing ranks, the status line says why not; a file
    that cannot be written is named."""

    async def without_file(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f5")
        await said(pilot, "no file for judgements")

    browse(real_index, without_file, QUERY)

    async def without_query(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+s")
        await press(pilot, "f5")
        await said(pilot, "no query to judge by")

    browse(real_index, without_query, QUERY, judged=tmp_path / "mine.qrels")

    async def without_folder(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f5")
        await said(pilot, "cannot write judgements")

    browse(real_index, without_folder, QUERY, judged=tmp_path / "nowhere" / "mine.qrels")
    assert not list(tmp_path.iterdir())
