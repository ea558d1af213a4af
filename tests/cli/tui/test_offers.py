"""Completion of the second line: filters and tags."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.cli.errors import CommandError
from papersearch.cli.tui.filter_words import ROWS, last_word, parse_filters
from papersearch.cli.tui.offers import filter_offers, tag_offers
from papersearch.cli.tui.shelf import Shelf
from papersearch.marks.file import change_marks
from papersearch.marks.mark import Change
from papersearch.types import Counted


@pytest.fixture
def shelf(tmp_path: Path, real_index: papersearch.Index) -> Shelf:
    """Return a shelf with three tags."""
    path = tmp_path / "marks.jsonl"
    change_marks(
        path, [real_index.search("gpipe", 1)[0].paper], Change(tags=("moe", "Model", "to read")), real_index
    )
    return Shelf(path)


@pytest.mark.parametrize("word", ROWS)
@pytest.mark.parametrize("before", ["", "code ", 'org:"Peking University" '])
def test_every_filter_is_completed(word: str, before: str, real_index: papersearch.Index) -> None:
    """Each beginning of a filter's name is completed to that name, among others, and what is before it stays."""
    row = ROWS[word]
    whole = before + (word if row.kind == "switch" else f"{word}:")
    for end in range(1, len(word) + 1):
        assert whole in filter_offers(before + word[:end], real_index, None).lines
        assert whole in filter_offers(before + word[:end].upper(), real_index, None).lines


def test_values_are_those_of_the_index(real_index: papersearch.Index) -> None:
    """The value of a filter is completed by what the index has, in any case, and the line can then be read."""
    handles = [one.handle for one in real_index.organisations()]
    for handle in handles:
        lines = filter_offers(f"code org:{handle[:2].lower()}", real_index, None).lines
        assert f"code org:{handle}" in lines
    assert filter_offers("org:", real_index, None).said == tuple(handles)
    dumps = [dump.name for dump in real_index.manifest.dumps]
    assert [parse_filters(line).dumps for line in filter_offers("dump:", real_index, None).lines] == [
        (name,) for name in dumps
    ]


@pytest.mark.parametrize("kind", ["authors", "categories", "venues"])
def test_names_are_completed_by_the_index(kind: str) -> None:
    """The value of a filter of names is completed by what the index offers for its beginning, quoted as needed."""
    asked = []

    class Named:
        def names_beginning_with(self, kind: str, beginning: str, limit: int) -> list[Counted]:
            asked.append((kind, beginning))
            return [Counted(value="one", n_papers=2), Counted(value="two words", n_papers=1)]

    word = next(row.word for row in ROWS.values() if row.known == kind)
    offers = filter_offers(f"code {word}:on", cast("papersearch.Index", Named()), None)
    assert asked == [(kind, "on")]
    assert offers.lines == (f"code {word}:one", f'code {word}:"two words"')
    assert offers.said == ("one", "two words")


def test_tags_are_those_of_the_reader(shelf: Shelf, real_index: papersearch.Index) -> None:
    """Tags are completed in the line of filters and in that of tags, where those already given are left out."""
    assert filter_offers("tag:mo", real_index, shelf).lines == ("tag:Model", "tag:moe")
    assert filter_offers("tag:t", real_index, shelf).lines == ('tag:"to read"',)
    assert tag_offers("moe, m", shelf).lines == ("moe, Model",)
    assert tag_offers("t", shelf).lines == ("to read",)
    assert tag_offers("moe, ", shelf).lines == ()


@given(st.text('sinceorg:"20 -', max_size=15))
def test_what_is_offered_begins_as_typed(real_index: papersearch.Index, line: str) -> None:
    """In every line, an offer changes nothing before the last word, and the line is filters or an error."""
    kept = line[: len(line) - len(last_word(line).written)]
    for offered in filter_offers(line, real_index, None).lines:
        assert offered.startswith(kept)
    try:
        parse_filters(line)
    except CommandError as error:
        assert error.message
