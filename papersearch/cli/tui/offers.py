"""Completion of what is typed on the second line of `papersearch browse`: filters, and tags."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from papersearch.api import Index
from papersearch.cli.completion import begins
from papersearch.cli.tui.filter_words import ROWS, last_word
from papersearch.cli.tui.shelf import Shelf, last_tag, read_tags, written_tags
from papersearch.search.filter_table import FilterRow
from papersearch.text.cleaning import clean_text

MOST = 20
"""Greatest number of offers: a longer list is not read on one line."""


class Offers(NamedTuple):
    """Ways to complete a line.

    lines: the whole line, completed in each way
    said: the part of it that is new in each way, or what a filter does, for people
    """

    lines: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def filter_offers(line: str, index: Index, shelf: Shelf | None) -> Offers:
    """Complete the last word of a line of filters: its name, or a value that the index or a mark has."""
    word = last_word(line)
    before = line[: len(line) - len(word.written)]
    if not word.is_valued:
        rows = [row for row in ROWS.values() if word.written and row.word.startswith(word.written.lower())]
        words = [row.word if row.kind == "switch" else f"{row.word}:" for row in rows]
        said = [f"{words[0]} {rows[0].help}"] if len(rows) == 1 else words
        return Offers(tuple(before + each for each in words), tuple(said))
    row = ROWS.get(word.name.lower())
    if row is None:
        return Offers()
    found = map(clean_text, _values(row, word.value, index, shelf))
    values = list(islice((value for value in found if '"' not in value), MOST))  # a line cannot hold such a mark
    lines = tuple(f"{before}{row.word}:{_quoted(value)}" for value in values)
    return Offers(lines, tuple(values) if values or word.value else (row.help,))


def tag_offers(line: str, shelf: Shelf | None) -> Offers:
    """Complete the last tag of a line by the tags that there are."""
    typed = last_tag(line)
    if shelf is None or not typed:
        return Offers()
    before = line[: len(line) - len(typed)]
    given = {tag.casefold() for tag in read_tags(before)}
    known = shelf.marks().tags()
    tags = [tag for tag in known if begins(tag, typed) and tag.casefold() not in given][:MOST]
    return Offers(tuple(before + written_tags([tag]) for tag in tags), tuple(tags))


def _values(row: FilterRow, beginning: str, index: Index, shelf: Shelf | None) -> Iterable[str]:
    """Return the names that a filter knows and that have this beginning."""
    names: Iterable[str] = ()
    match row.known:
        case "authors" | "categories" | "venues" as kind:  # accents do not count
            return (one.value for one in index.names_beginning_with(kind, beginning, MOST))
        case "organisations":
            names = (one.handle for one in index.organisations())
        case "dumps":
            names = (dump.name for dump in index.manifest.dumps)
        case "tags" if shelf is not None:
            names = shelf.marks().tags()
    return (name for name in names if begins(name, beginning))


def _quoted(value: str) -> str:
    """Write a value of a filter: in quotation marks, if it has a blank."""
    return f'"{value}"' if " " in value or not value else value
