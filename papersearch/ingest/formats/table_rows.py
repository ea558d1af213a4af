"""Rows of a table in CSV or TSV, with the lines that each takes, where damage costs its own row.

A quotation mark that is never closed would swallow the rows after it. So a row is first read
strictly. Where that fails, the row ends before the first of its lines that begins a whole row.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_MAX_LINES = 20_000
_MAX_CHARACTERS = 1 << 20
_READ_AGAIN = 4
"""Times that a line may be read again on average. Each row of a hostile file could take in all the rest."""

_DAMAGE = "its quotation marks do not match"
_TOO_LONG = "longer than a row can be"


class Row(NamedTuple):
    """One row: its lines and its cells. With a fault, the cells are only good to name it."""

    first_line: int
    last_line: int
    cells: list[str]
    fault: str = ""


class _Overrun(Exception):
    """A row longer than one may be."""


class _Lines:
    """Lines that can be read again. As an iterator it gives those of one row, within its bounds."""

    def __init__(self, lines: Iterable[tuple[int, str]]) -> None:
        self._source = iter(lines)
        self._ahead: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []
        self._n_characters = 0
        self._credit = _MAX_LINES

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.taken and (
            len(self.taken) >= min(self._credit, _MAX_LINES) or self._n_characters > _MAX_CHARACTERS
        ):
            raise _Overrun
        if not self._ahead:
            self._ahead.append(next(self._source))
        line = self._ahead.popleft()
        self.taken.append(line)
        self._n_characters += len(line[1])
        return line[1]

    def begin(self) -> None:
        """Begin a row: the lines taken so far are done with."""
        self._credit = min(_MAX_LINES, self._credit + _READ_AGAIN * len(self.taken))
        self.taken = []
        self._n_characters = 0

    def give_back(self, n_kept: int = 0) -> None:
        """Put the lines of the row back, from the one after the first `n_kept` on."""
        self._ahead.extendleft(reversed(self.taken[n_kept:]))
        self._credit = max(1, self._credit - len(self.taken) + n_kept)
        self.taken = self.taken[:n_kept]
        self._n_characters = sum(len(text) for _, text in self.taken)


def read_rows(lines: Iterable[tuple[int, str]], delimiter: str, width: int) -> Iterator[Row]:
    """Yield the rows of numbered lines, which end in line feeds; `width` is the number of cells in the header."""
    # The limit is one of the whole process, and is never lowered here.
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CHARACTERS))
    source = _Lines(lines)
    while True:
        source.begin()
        try:
            cells = next(csv.reader(source, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except (csv.Error, _Overrun) as error:
            yield _mended(source, delimiter, width, is_long=isinstance(error, _Overrun))
        else:
            yield Row(source.taken[0][0], source.taken[-1][0], cells)


def _mended(source: _Lines, delimiter: str, width: int, *, is_long: bool) -> Row:
    """Return the row that begins where strict reading failed, read leniently."""
    n_lines = _lines_before_a_row(source, delimiter, width)
    if n_lines is None and not is_long:
        # No whole row begins inside: a text with quotation marks that were not doubled.
        source.give_back()
        try:
            cells = next(csv.reader(source, delimiter=delimiter))
        except (csv.Error, _Overrun, StopIteration):
            cells = []
        if len(cells) == width and _lines_before_a_row(source, delimiter, width) is None:
            plain = _alone(source.taken, delimiter) if len(source.taken) == 1 else cells
            return Row(source.taken[0][0], source.taken[-1][0], plain)
    source.give_back(n_lines or 1)
    first, last = source.taken[0][0], source.taken[-1][0]
    cells = _alone(source.taken, delimiter)
    fault = _TOO_LONG if is_long else _DAMAGE
    return Row(first, last, cells, "" if len(cells) == width else fault)


def _lines_before_a_row(source: _Lines, delimiter: str, width: int) -> int | None:
    """Return the number of lines before the first further line that begins a row, or None."""
    found = (at for at, (_, text) in enumerate(source.taken[1:], 1) if _begins_a_row(text, delimiter, width))
    return next(found, None)


def _begins_a_row(text: str, delimiter: str, width: int) -> bool:
    """Return whether a line is a whole row, or leaves a quotation mark open after its first cell."""
    if delimiter not in text:
        return False
    try:
        return len(next(csv.reader([text], delimiter=delimiter, strict=True))) == width
    except csv.Error as error:
        is_open = "unexpected end" in str(error)
    return is_open and 1 < len(_alone([(0, text)], delimiter)) <= width


def _alone(lines: Sequence[tuple[int, str]], delimiter: str) -> list[str]:
    """Return the cells of lines by themselves, read leniently. Some tables with tabs have no quoting at all."""
    if delimiter == "\t" and len(lines) == 1:
        return lines[0][1].removesuffix("\n").split(delimiter)
    try:
        return next(csv.reader((text for _, text in lines), delimiter=delimiter))
    except (csv.Error, StopIteration):
        return []
