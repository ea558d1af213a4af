"""The verb `saved digest`: what is new to saved searches, for a mail, a page or a reader of feeds."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli.options import GROUP, DebugOption, JsonOption, PlacesGroup, SearchNamesArgument
from papersearch.cli.output.named_files import write_named
from papersearch.cli.output.printer import Printer, chosen_format
from papersearch.cli.saved_answers import new_papers
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from papersearch.seen import Reader


class DigestFormat(str, Enum):
    """Formats of a digest."""

    auto = "auto"
    text = "text"
    markdown = "markdown"
    html = "html"
    json = "json"
    atom = "atom"


class DigestOptions(NamedTuple):
    """Options of `saved digest`."""

    names: SearchNamesArgument = None
    top: Annotated[
        Optional[int],
        typer.Option(
            "--top",
            "-k",
            min=1,
            help="Number of papers of a search; all by default.",
            metavar="K",
            show_default=False,
        ),
    ] = None
    format_: Annotated[DigestFormat, typer.Option("--format", help="Output format; auto is text.")] = (
        DigestFormat.auto
    )
    json: JsonOption = False
    output: Annotated[
        Optional[Path],
        typer.Option("--output", "-o", help="File to replace, in one step.", metavar="FILE", show_default=False),
    ] = None
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(DigestOptions)
def digest(options: DigestOptions) -> int:
    """Print what is new to all searches, for mail, pages and feeds.

    Each paper is shown once, and nothing is printed if nothing is new. json and atom are always
    printed. An atom feed has the last thirty days; all other formats share what they have shown.
    """
    from papersearch.cli.locations import find_locations
    from papersearch.cli.output.digests import digest_of

    chosen = chosen_format(options.format_.value, json=options.json)
    chosen = "text" if chosen == "auto" else chosen
    reader: Reader = "atom" if chosen == "atom" else "digest"
    locations = find_locations(options.places)
    with new_papers(options.names or (), locations, reader, options.top) as found:
        content = digest_of(found, chosen)
        if content and options.output is not None:
            write_named(options.output, content)
        elif content:
            Printer(chosen).write(content)
    return found.exit_code
