"""The reader's marks in `papersearch browse`: tags, notes and what has been read, as one file keeps them.

Only the index's thread uses a shelf: finding the paper of a mark asks the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from papersearch.api import Index
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change, Mark, Marks, distinct
from papersearch.types import Paper

_CELL = re.compile(r' *+(?:"(?P<quoted>(?:[^"]|"")*+)"?)?(?P<plain>[^,]*+)(?:,|\Z)')
"""A tag with the comma after it, as the csv module reads it: that one refuses more than 131,072 characters."""


class Shelf:
    """The file of marks, read again whenever it has changed: other programs may write it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks = Marks()
        self._read_as: tuple[int, ...] = ()

    def marks(self) -> Marks:
        """Return all marks. Raises MarksUnreadable."""
        found = self._state()
        if found != self._read_as:
            self._marks = read_marks(self._path)
            self._read_as = found
        return self._marks

    def of(self, papers: Sequence[Paper], index: Index) -> dict[str, Mark]:
        """Return the marks of those papers that have one, by paper id. Raises MarksUnreadable."""
        found = self.marks().of(papers, index)
        return {paper.paper_id: mark for paper, mark in zip(papers, found, strict=True) if mark is not None}

    def change(self, papers: Sequence[Paper], change: Change, index: Index) -> None:
        """Change the marks of papers. Raises MarksError."""
        change_marks(self._path, papers, change, index)

    def _state(self) -> tuple[int, ...]:
        """Return what changes with the file; nothing for a missing one."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino


def common_tags(marks: Iterable[Mark | None]) -> tuple[str, ...]:
    """Return the tags that all of these papers have, in the order and spelling of the first."""
    first, *others = ((mark.tags if mark else ()) for mark in marks)
    kept = [{tag.casefold() for tag in tags} for tags in others]
    return tuple(tag for tag in first if all(tag.casefold() in tags for tags in kept))


def tag_change(before: Sequence[str], after: Sequence[str]) -> Change:
    """Return the change of marks that makes the tags `after` of those `before`."""
    kept = {tag.casefold() for tag in after}
    return Change(tags=tuple(after), untags=tuple(tag for tag in before if tag.casefold() not in kept))


def written_tags(tags: Iterable[str]) -> str:
    """Write tags on one line, with commas between them, for `read_tags`."""
    return ", ".join(map(_written_tag, tags))


def read_tags(line: str) -> tuple[str, ...]:
    """Read the tags on a line: #moe is moe, and a tag with a comma is in quotation marks."""
    cells = ((cell["quoted"] or "").replace('""', '"') + cell["plain"] for cell in _CELL.finditer(line))
    found = (tag.strip().removeprefix("#") for tag in cells)
    return distinct(tag for tag in found if tag)


def last_tag(line: str) -> str:
    """Return the tag that is being typed at the end of a line, as it is written there."""
    return line.rpartition(",")[2].lstrip()


def _written_tag(tag: str) -> str:
    shown = f"#{tag}" if tag.startswith("#") else tag
    quoted = shown.replace('"', '""')
    return f'"{quoted}"' if "," in shown or '"' in shown else shown
