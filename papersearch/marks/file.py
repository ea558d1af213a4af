"""The file of marks, which belongs to the reader.

It has one line of JSON for each paper, ascending by paper id, and a blank line between two papers:
a version control then merges changes to different papers. JSON is what a query can afford: ten
thousand lines are read in hundredths of a second, which TOML takes in seconds.

The reader may edit it by hand. Lines of papers that do not change keep their bytes, and comments
stay above their paper.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from papersearch.errors import MarksNotWritable, MarksUnreadable
from papersearch.marks.mark import Change, Finder, Mark, Marks, distinct, joined
from papersearch.text.cleaning import clean_text
from papersearch.user_files import read_bounded

if TYPE_CHECKING:
    from papersearch.types import Paper

_MAX_BYTES = 1 << 26
_HEADER = "# Marks of papers, one a line, by paper id. Edit them as you like.\n"
_CONFLICT = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
_KEYS: dict[str, Callable[[Mark], Any]] = {
    "paper_id": lambda mark: mark.paper_id,
    "tags": lambda mark: mark.tags,
    "read": lambda mark: mark.is_read,
    "note": lambda mark: mark.note,
    "title": lambda mark: mark.title,
    "arxiv_id": lambda mark: mark.arxiv_id,
    "doi": lambda mark: mark.doi,
}
"""The keys of a line, in order, with their values."""

_NAMES = ("paper_id", "title", "arxiv_id", "doi")
"""Keys that identify the paper; a line has one of them at least."""


def read_marks(path: Path) -> Marks:
    """Read the marks of a file; there are none if it does not exist.

    Raises MarksUnreadable if the file cannot be read or a line is not a mark.
    """
    return _marks_in(_content(path), path)


def change_marks(path: Path, papers: Sequence[Paper], change: Change, index: Finder) -> Marks:
    """Change the marks of papers of an index, and return all marks.

    Changes by several processes follow each other. A mark that says nothing any more is removed. If
    the file is a link, the file that it leads to is replaced.

    Raises InvalidMark for a tag or a note that cannot be kept, MarksUnreadable and MarksNotWritable.
    """
    from papersearch.index.files import replace_file
    from papersearch.index.locking import alone

    change = change.checked()
    target = Path(os.path.realpath(path))
    try:
        if not path.is_symlink():  # the folder that a link leads to may be away for a while
            target.parent.mkdir(parents=True, exist_ok=True)
        with alone(target.parent):
            before = _lines_in(_content(path), path)
            after = before.changed(papers, change, index)
            if after != before:
                replace_file(target, after.content())
    except OSError as error:
        raise MarksNotWritable(path=path, cause=error.strerror or str(error)) from error
    return after.marks()


class _Line(NamedTuple):
    """A mark, its line, and the comments above it. Texts end with a line feed or are empty.

    Comments whose mark was removed have an empty line.
    """

    mark: Mark
    text: str
    comments: str = ""


class _Lines(NamedTuple):
    """A file of marks: a header, the lines of marks, and comments at the end."""

    header: str = _HEADER
    lines: tuple[_Line, ...] = ()
    rest: str = ""

    def marks(self) -> Marks:
        return Marks(line.mark for line in self.lines if line.text)

    def content(self) -> bytes:
        """Return the file's bytes."""
        blocks = [self.header, *(line.comments + line.text for line in self.lines), self.rest]
        return "\n".join(filter(None, blocks)).encode("utf-8", "replace")

    def changed(self, papers: Sequence[Paper], change: Change, index: Finder) -> _Lines:
        """Return the file with the marks of `papers` changed, in order."""
        named = list({paper.paper_id: paper for paper in papers}.values())
        lines: list[_Line | None] = list(self.lines)
        for paper, places in zip(named, self.marks().places(named, index), strict=True):
            own = [line for at in places if (line := lines[at]) is not None]
            after = change.applied(joined(paper, [line.mark for line in own]))
            if [line.mark for line in own] == [after] or (after.is_empty and not own):
                continue
            for at in places:
                lines[at] = None
            comments = "".join(line.comments for line in own)
            lines.append(_Line(after, "" if after.is_empty else _written(after), comments))
        kept = [line for line in lines if line is not None and line.text + line.comments]
        return self._replace(lines=tuple(sorted(kept, key=lambda line: _order(line.mark))))


@lru_cache(maxsize=1)
def _marks_in(content: bytes, path: Path) -> Marks:
    """Parse the marks of a file: once, because a command reads them for its filters and for each output."""
    return _lines_in(content, path).marks()


def _lines_in(content: bytes, path: Path) -> _Lines:
    """Parse the content of a file; one that does not exist has none. Raises MarksUnreadable."""
    header, comments, lines = "", "", []
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.strip()
        if line.startswith(b"#"):
            comments += line.decode("utf-8", "replace") + "\n"
        elif line:
            lines.append(_Line(_mark_in(line, path, number), line.decode("utf-8") + "\n", comments))
            comments = ""
        elif comments and not lines and not header:  # a blank line ends the header
            header, comments = comments, ""
    if not lines and not header:
        return _Lines(comments or _HEADER)
    return _Lines(header, tuple(lines), comments)


def _content(path: Path) -> bytes:
    """Return the bytes of the file; none if it does not exist. Raises MarksUnreadable."""
    try:
        return read_bounded(path, _MAX_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise MarksUnreadable(path=path, cause=error.strerror or str(error)) from error


def _mark_in(line: bytes, path: Path, number: int) -> Mark:
    """Parse one line. Raises MarksUnreadable, which names it."""
    try:
        if line.startswith(_CONFLICT):
            raise ValueError("a conflict of a merge is not resolved")
        return _mark_from(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise MarksUnreadable(path=path, line=number, cause=f"it is not JSON: {error.msg}") from error
    except ValueError as error:
        raise MarksUnreadable(path=path, line=number, cause=str(error)) from error


def _mark_from(fields: Any) -> Mark:
    """Return the mark of a JSON object. Raises ValueError."""
    if not isinstance(fields, dict):
        raise ValueError("expected an object in braces")
    if unknown := sorted(fields.keys() - _KEYS.keys()):
        raise ValueError(f"unknown key {unknown[0]!r}: expected {', '.join(_KEYS)}")
    texts = {key: text for key in (*_NAMES, "note") if (text := fields.get(key))}
    for key, text in texts.items():
        if not isinstance(text, str):
            raise ValueError(f"expected text for {key}")
    cleaned = {key: written for key, text in texts.items() if (written := clean_text(text))}
    if cleaned.keys().isdisjoint(_NAMES):
        raise ValueError(f"expected one of {', '.join(_NAMES)}")
    tags, is_read = fields.get("tags") or [], fields.get("read") or False
    tags = [tags] if isinstance(tags, str) else tags
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("expected a list of texts for tags")
    if not isinstance(is_read, bool):
        raise ValueError("expected true or false for read")
    return Mark(tags=distinct(filter(None, map(clean_text, tags))), is_read=is_read, **cleaned)


def _written(mark: Mark) -> str:
    """Return the line of a mark; what is empty is left out."""
    fields = {key: value for key, value_of in _KEYS.items() if (value := value_of(mark))}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE).decode()


def _order(mark: Mark) -> str:
    return mark.paper_id or mark.arxiv_id or mark.doi or mark.title
