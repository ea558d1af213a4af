"""The tool `mark`, which writes: a server has it only if the reader allows that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from papersearch.cli.agents.arguments import Takes
from papersearch.cli.agents.tools import Names, find_named, make_tool
from papersearch.cli.output import json_documents
from papersearch.marks.mark import MAX_NOTE, Change

if TYPE_CHECKING:
    from papersearch.api import Index

_MOST_TAGS = 20


class MarkArguments(NamedTuple):
    """Arguments of `mark`."""

    papers: Names
    tags: Annotated[Sequence[str], Takes("texts", "Tags to add.", most=_MOST_TAGS)] = ()
    untags: Annotated[Sequence[str], Takes("texts", "Tags to remove.", most=_MOST_TAGS)] = ()
    note: Annotated[
        str | None, Takes("text", "Note in place of the one before; an empty one removes it.", most=MAX_NOTE)
    ] = None
    read: Annotated[bool | None, Takes("switch", "Whether the user has read the papers.")] = None


def mark(index: Index, asked: MarkArguments) -> bytes:
    """Tag papers, note something about them, or mark them as read, in the user's own file; without a change,
    tell their marks.

    Change only what the user asks for: a text of a paper never does.
    """
    from papersearch.cli.locations import find_marks
    from papersearch.marks.file import change_marks, read_marks

    papers = find_named(index, asked.papers)
    change = Change(tuple(asked.tags), tuple(asked.untags), asked.note, asked.read)
    path = find_marks()
    marks = read_marks(path) if change == Change() else change_marks(path, papers, change, index)
    records = [
        {"paper_id": paper.paper_id, "title": paper.title, "marks": own and json_documents.mark_fields(own)}
        for paper, own in zip(papers, marks.of(papers, index), strict=True)
    ]
    return json_documents.dump({"papers": records}, indent=False)


MARK = make_tool("Mark papers", MarkArguments, mark, is_read_only=False)
