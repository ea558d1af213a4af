"""Names of papers in a file or on standard input, one a line.

A line is a name, or a line of this program's own output: of results or of marks, in tab-separated
or JSON lines; of a reading list in Markdown; or of a run. A JSON document is read as well.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from papersearch.cli.errors import CommandError
from papersearch.cli.output.terminal import typed_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_INPUT_BYTES = 1 << 26
"""Limit of names, or of an abstract, on standard input or in a file."""

_SCORE = re.compile(r"-?\d+\.\d{6}")
_RUN = re.compile(r"\S+ Q0 (\S+) \d+ \S+ \S+")
_LISTS = ("searches", "hits", "papers", "marks")
"""Lists in documents of this program whose records are papers, or have such lists."""

_reader: list[tuple[object, str]] = []
"""Standard input that was read, if it was, and the argument that it was read for."""


def read_standard_input(argument: str) -> bytes:
    """Read standard input for an argument of the command. Raises CommandError if another one has read it."""
    claim_standard_input(argument)
    return _bounded(sys.stdin.buffer, "standard input")


def claim_standard_input(argument: str) -> None:
    """Say which argument of the command reads standard input. Raises CommandError if another one has."""
    for stream, other in _reader:
        if stream is sys.stdin:
            raise CommandError(
                f"cannot read standard input twice, for {other} and for {argument}",
                "save one list in a file: --within FILE",
            )
    _reader[:] = [(sys.stdin, argument)]


def read_listed(place: str, option: str) -> list[str]:
    """Return the names in a file, or on standard input for `-`; where there is no such file, the name itself.

    What is written like a path, and not like an identifier, is a file. Raises CommandError.
    """
    if place == "-":
        return names_in(read_standard_input(f"{option} -"))
    try:
        with typed_path(Path(place)).open("rb") as file:
            return names_in(_bounded(file, place))
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        if isinstance(error, FileNotFoundError) and _may_name_a_paper(place):
            return [place]
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(
            f"cannot read {option} {place}: {reason}", f"name a file of ids, one a line, or: {option} -"
        ) from error


def _may_name_a_paper(place: str) -> bool:
    """Tell whether a place that is not there may be a paper: an identifier, or without the signs of a path."""
    if place.strip() and not place.startswith("~") and "/" not in place and "\\" not in place:
        return True
    from papersearch.text.dress import whole_identifier

    return whole_identifier(place) is not None


def _bounded(file: BinaryIO, place: str) -> bytes:
    """Read a file. Raises CommandError for one that is too long: a list cut short would be another list."""
    read = file.read(_MAX_INPUT_BYTES + 1)
    if len(read) > _MAX_INPUT_BYTES:
        raise CommandError(f"cannot read {place}: it has more than {_MAX_INPUT_BYTES:,} bytes", "give ids alone")
    return read


def names_in(read: bytes) -> list[str]:
    """Return the names in lines, without blank lines and comments, or in a JSON document."""
    if read.lstrip()[:1] == b"{" and (named := _in_document(read)) is not None:
        return named
    lines = read.decode("utf-8-sig", "replace").splitlines()
    return [_name_in(line) for line in lines if line.strip() and not line.startswith("#")]


def _in_document(read: bytes) -> list[str] | None:
    """Return the ids in a document of results, papers or marks; None if it is not one."""
    import orjson

    try:
        document = orjson.loads(read)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or "paper_id" in document or document.keys().isdisjoint(_LISTS):
        return None
    return list(_ids_of(document))


def _ids_of(document: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of the hits, papers and marks of a document, and of the answers of saved searches."""
    for key in _LISTS:
        records = document.get(key)
        for record in records if isinstance(records, list) else ():
            if isinstance(record, dict):
                if isinstance(record.get("paper_id"), str):
                    yield record["paper_id"]
                elif key == "searches":
                    yield from _ids_of(record)


def _name_in(line: str) -> str:
    """Return the id in a line of this program's output, or any other line whole."""
    line = line.strip()
    if line.startswith("{") and (paper_id := _id_in(line)):
        return paper_id
    if "<!--" in line:
        from papersearch.cli.output.exports.markdown import id_in

        return id_in(line) or line
    if found := _RUN.fullmatch(line):
        return found[1]
    cells = line.split("\t")
    for place in (1, 2):  # behind the name of a saved search, everything is one cell further
        if len(cells) > place + 1 and cells[place - 1].isdigit() and _SCORE.fullmatch(cells[place]):
            return cells[place + 1].strip()
    if len(cells) > 3 and cells[0].isdigit():
        return cells[2].strip()
    return cells[0].strip() if len(cells) > 1 and not cells[0].isdigit() else line


def _id_in(line: str) -> str | None:
    """Return the paper id of a JSON object; None if it has none."""
    import orjson

    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    paper_id = found.get("paper_id") if isinstance(found, dict) else None
    return paper_id if isinstance(paper_id, str) else None
