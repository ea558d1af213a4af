"""The line of tags, and the reader's marks as the application reads them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.cli.tui.shelf import Shelf, common_tags, read_tags, tag_change, written_tags
from papersearch.errors import MarksUnreadable
from papersearch.marks.file import change_marks
from papersearch.marks.mark import Change, Mark, distinct
from papersearch.text.cleaning import clean_text

TAGS = st.lists(st.text("ab ,\"#:;ß'", min_size=1, max_size=6).map(clean_text).filter(bool), max_size=5).map(
    distinct
)


@given(TAGS)
def test_tags_come_back_from_their_line(tags: tuple[str, ...]) -> None:
    """Tags with any commas, quotation marks and signs come back from their line."""
    assert read_tags(written_tags(tags)) == tags


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("", ()),
        (" , ,", ()),
        ("moe", ("moe",)),
        ("#moe, #to read", ("moe", "to read")),
        ("moe,MoE,  routing ", ("moe", "routing")),
        ('"a, b", c', ("a, b", "c")),
        ('"open', ("open",)),
    ],
)
def test_lines_of_tags(line: str, tags: tuple[str, ...]) -> None:
    """Commas are between tags; a number sign before one, and one in another case, are left out."""
    assert read_tags(line) == tags


@given(st.text('ab ,"#:;', max_size=12))
def test_lines_of_tags_are_csv(line: str) -> None:
    """Any line is read as the csv module reads it."""
    (cells,) = csv.reader([line], skipinitialspace=True) if line else [[]]
    assert read_tags(line) == distinct(filter(None, (cell.strip().removeprefix("#") for cell in cells)))


def test_a_line_of_tags_has_no_bound() -> None:
    """A text that was pasted by mistake is a tag, however long it is: a change of marks refuses it."""
    assert read_tags("a" * 200_000) == ("a" * 200_000,)


@given(st.lists(TAGS, min_size=1, max_size=3), TAGS)
def test_only_what_was_changed_on_the_line_changes(papers: list[tuple[str, ...]], after: tuple[str, ...]) -> None:
    """Of several papers the common tags become those on the line, and each paper keeps its others."""
    before = common_tags([Mark("x", tags=tags) if tags else None for tags in papers])
    change = tag_change(before, after)
    for tags in papers:
        folded = {tag.casefold() for tag in change.applied(Mark("x", tags=tags)).tags}
        own = {tag.casefold() for tag in tags} - {tag.casefold() for tag in before}
        assert folded == own | {tag.casefold() for tag in after}


def test_it_is_read_again_after_a_change(real_index: papersearch.Index, tmp_path: Path) -> None:
    """Marks that another program changes, removes or damages are seen at the next question."""
    path = tmp_path / "marks.jsonl"
    shelf = Shelf(path)
    papers = [hit.paper for hit in real_index.search("gpipe", 2)]
    assert shelf.of(papers, real_index) == {}
    change_marks(path, papers[:1], Change(tags=("moe",)), real_index)
    assert shelf.of(papers, real_index)[papers[0].paper_id].tags == ("moe",)
    path.write_text("no mark\n")
    with pytest.raises(MarksUnreadable):
        shelf.marks()
    path.unlink()
    assert shelf.of(papers, real_index) == {}
