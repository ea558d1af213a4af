"""The verb `mark`: what a reader keeps about papers, in a file of the reader's."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Optional

import typer

from papersearch.cli import completion
from papersearch.cli.errors import CommandError, complain
from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.index_access import open_at
from papersearch.cli.names import find_papers
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    DebugOption,
    JsonlOption,
    JsonOption,
    PlacesGroup,
)
from papersearch.cli.output.printer import open_hit_printer
from papersearch.cli.output.terminal import typed_text
from papersearch.cli.signatures import takes
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from papersearch.cli.output.marks_table import ListedMark
    from papersearch.marks.mark import Change, Mark, Marks


class MarkFormat(str, Enum):
    """Formats of marks."""

    auto = "auto"
    table = "table"
    plain = "plain"
    json = "json"
    jsonl = "jsonl"


def _tags(option: str, help: str) -> Any:
    """Return an option that takes tags."""
    return typer.Option(option, help=help, metavar="NAME", show_default=False, autocompletion=completion.tags)


class MarkOptions(NamedTuple):
    """Options of `mark`."""

    papers: Annotated[
        Optional[list[str]],
        typer.Argument(
            help="Ids, their beginnings, titles or citation keys; - reads them from standard input, one a line.",
            metavar="[ID]...",
            show_default=False,
            autocompletion=completion.paper_ids,
        ),
    ] = None
    tags: Annotated[
        Optional[list[str]],
        _tags("--tag", "Add this tag; may be given again. With --list, list the papers that have it."),
    ] = None
    untags: Annotated[Optional[list[str]], _tags("--untag", "Remove this tag; may be given again.")] = None
    note: Annotated[
        Optional[str],
        typer.Option("--note", help="Keep this note; an empty one removes it.", metavar="TEXT", show_default=False),
    ] = None
    read: Annotated[bool, typer.Option("--read", help="Mark as read. With --list, list what is read.")] = False
    unread: Annotated[
        bool, typer.Option("--unread", help="Mark as not read. With --list, list what is not read.")
    ] = False
    list_: Annotated[bool, typer.Option("--list", help="List all marked papers.")] = False
    format_: Annotated[
        MarkFormat, typer.Option("--format", help="Output format; auto is a table on a terminal, else plain.")
    ] = MarkFormat.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(MarkOptions)
def mark(options: MarkOptions) -> int:
    """Tag papers, note something about them, and mark them as read.

    Without a change, prints the marks of the papers. They are in marks.jsonl beside corpus/ and
    index/, or in your configuration folder.
    """
    from papersearch.cli.locations import find_locations, find_marks
    from papersearch.marks.file import change_marks, read_marks
    from papersearch.marks.mark import Change, mark_of

    _check(options)
    printer = open_hit_printer(options.format_, options.color, json=options.json, jsonl=options.jsonl)
    path = find_marks()
    marks = read_marks(path)
    if options.list_:
        listed = _listed(options, _wanted(options, marks))
        printer.marks(listed)
        if not listed and sys.stdout.isatty() and not printer.is_json:
            printer.hint(
                "no paper has these marks" if len(marks) else "no paper is marked", "papersearch mark ID --read"
            )
        return EXIT_HITS if listed else EXIT_NO_HITS
    change = _change(options)
    marks.tagged(change.untags)  # an unknown tag is likely misspelt
    opened = open_at(find_locations(options.places).index_path)
    papers, lost = find_papers(opened, options.papers or ())
    for error in lost:
        complain(str(error), "")
    if change == Change():
        from papersearch.cli.output.marks_table import ListedMark

        found = marks.of(papers, opened)
        printer.marks([ListedMark(own or mark_of(paper), True) for own, paper in zip(found, papers, strict=True)])
        code = EXIT_HITS if any(found) else EXIT_NO_HITS
    else:
        change_marks(path, papers, change, opened)
        n_papers = len({paper.paper_id for paper in papers})
        complain(f"marked {amount(n_papers, 'paper')} in {path}", "papersearch mark --list")
        code = EXIT_HITS
    return EXIT_ERROR if lost else code


def _check(options: MarkOptions) -> None:
    """Raise an error for options that contradict each other."""
    if options.read and options.unread:
        raise typer.BadParameter("expected --read or --unread, found both")
    if options.list_ and (options.papers or options.untags or options.note is not None):
        raise CommandError("cannot list and change marks at once", "papersearch mark --list --tag NAME")
    if not options.list_ and not options.papers:
        raise CommandError(
            "expected the ids of papers", "papersearch mark ID --tag NAME, or all marks: papersearch mark --list"
        )


def _change(options: MarkOptions) -> Change:
    """Return the change that is asked for. Raises InvalidMark, and BadParameter for a tag to add and to remove."""
    from papersearch.marks.mark import Change

    change = Change(
        tags=tuple(map(typed_text, options.tags or ())),
        untags=tuple(map(typed_text, options.untags or ())),
        note=None if options.note is None else typed_text(options.note),
        is_read=options.read if options.read or options.unread else None,
    ).checked()
    both = {tag.casefold() for tag in change.tags} & {tag.casefold() for tag in change.untags}
    if both:
        raise typer.BadParameter(f"expected --tag or --untag of {min(both)}, found both")
    return change


def _wanted(options: MarkOptions, marks: Marks) -> list[Mark]:
    """Return the marks to list. Raises UnknownTag."""
    found = marks.tagged(list(map(typed_text, options.tags))) if options.tags else list(marks)
    is_any = not options.read and not options.unread
    return [each for each in found if is_any or each.is_read == options.read]


def _listed(options: MarkOptions, marks: Sequence[Mark]) -> list[ListedMark]:
    """Return marks under the present ids of their papers, as far as there is an index."""
    from papersearch.cli.locations import find_locations
    from papersearch.cli.output.marks_table import ListedMark
    from papersearch.errors import IndexMissing, PapersearchError
    from papersearch.marks.mark import resolved

    try:
        opened = open_at(find_locations(options.places).index_path)
        ids = resolved(marks, opened)
    except PapersearchError as error:
        if not isinstance(error, IndexMissing):
            complain(error.message, "")
        return [ListedMark(each, None) for each in marks]
    return [
        ListedMark(each if paper_id is None else each._replace(paper_id=paper_id), paper_id is not None)
        for each, paper_id in zip(marks, ids, strict=True)
    ]
