"""What several verbs take: options, formats, and what they mean."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from papersearch.cli import completion
from papersearch.cli.errors import complain
from papersearch.cli.output.terminal import ColorChoice, typed_text

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.locations import Locations
    from papersearch.types import Filters, Results


_MAX_INPUT_BYTES = 1 << 20
"""Of names or an abstract on standard input."""


_NAMED = 3
"""Papers that one line names."""


class ModeChoice(str, Enum):
    """`types.Mode` for Typer."""

    hybrid = "hybrid"
    keyword = "keyword"
    semantic = "semantic"


class Format(str, Enum):
    """Formats of a search."""

    auto = "auto"
    table = "table"
    plain = "plain"
    tsv = "tsv"
    json = "json"
    jsonl = "jsonl"
    bibtex = "bibtex"
    ris = "ris"
    csv = "csv"
    markdown = "markdown"


EXPORTS = frozenset({"bibtex", "ris", "csv", "markdown"})


class SortChoice(str, Enum):
    """`types.Sort` for Typer."""

    relevance = "relevance"
    date = "date"


class PaperFormat(str, Enum):
    """Formats of whole papers."""

    auto = "auto"
    table = "table"
    json = "json"
    jsonl = "jsonl"
    bibtex = "bibtex"
    ris = "ris"
    csv = "csv"
    markdown = "markdown"


class RecordFormat(str, Enum):
    """Formats of figures."""

    auto = "auto"
    table = "table"
    json = "json"
    jsonl = "jsonl"


class Color(str, Enum):
    """When stdout carries escapes."""

    auto = "auto"
    always = "always"
    never = "never"


CorpusOption = Annotated[
    Optional[Path], typer.Option("--corpus", help="Folder of the dumps.", metavar="FOLDER", show_default=False)
]
IndexOption = Annotated[
    Optional[Path], typer.Option("--index", help="Folder of the index.", metavar="FOLDER", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="Short for --format jsonl.")]
ColorOption = Annotated[Color, typer.Option("--color", help="Colours: on a terminal, always, never.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
ModeOption = Annotated[ModeChoice, typer.Option("--mode", help="Which ranking.")]
TopOption = Annotated[int, typer.Option("--top", "-k", min=1, help="How many papers.", metavar="K")]
FormatOption = Annotated[
    Format, typer.Option("--format", help="How to print; auto is a table on a terminal, else plain.")
]
RecordFormatOption = Annotated[
    RecordFormat, typer.Option("--format", help="How to print; auto is the same as table.")
]
NamesArgument = Annotated[
    list[str],
    typer.Argument(
        help="Ids, beginnings of ids, or titles; - reads them from standard input, one a line.",
        show_default=False,
        autocompletion=completion.paper_ids,
    ),
]
_DATE = "YYYY[-MM[-DD]]"
SinceOption = Annotated[
    Optional[str], typer.Option("--since", help="Of this date or later.", metavar=_DATE, show_default=False)
]
UntilOption = Annotated[
    Optional[str], typer.Option("--until", help="Of this date or earlier.", metavar=_DATE, show_default=False)
]
OrganisationOption = Annotated[
    Optional[list[str]],
    typer.Option(
        "--org",
        help="Of this organisation; may be given again.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.organisations,
    ),
]
DumpOption = Annotated[
    Optional[list[str]],
    typer.Option(
        "--dump",
        help="Read from this dump; may be given again.",
        metavar="FILE",
        show_default=False,
        autocompletion=completion.dumps,
    ),
]
HasCodeOption = Annotated[bool, typer.Option("--has-code", help="With a link to a repository of source code.")]
NewOption = Annotated[bool, typer.Option("--new", help="Only papers that the last build added.")]
IncludeUndatedOption = Annotated[
    bool, typer.Option("--include-undated", help="Keep papers whose dates do not decide.")
]
LateOption = Annotated[
    bool, typer.Option("--late/--no-late", help="Rank by late interaction too, where the index has it.")
]
TopicsArgument = Annotated[
    str,
    typer.Argument(
        help="JSON lines, id<TAB>text, or one query per line; - reads standard input.", show_default=False
    ),
]
OperatorsOption = Annotated[
    bool, typer.Option("--operators", help='Read "phrases", -exclusions and title: in the topics.')
]


def chosen_format(chosen: str, json: bool, jsonl: bool) -> str:
    """One format out of the option and its two short forms, which must not contradict it."""
    wanted = {name for name, on in (("json", json), ("jsonl", jsonl)) if on}
    if chosen != "auto":
        wanted.add(chosen)
    if len(wanted) > 1:
        raise typer.BadParameter(f"expected one format, found {' and '.join(sorted(wanted))}")
    return wanted.pop() if wanted else "auto"


def chosen_hit_format(chosen: str, json: bool, jsonl: bool) -> str:
    """The same for hits, of which auto is a table on a terminal and plain lines in a pipe."""
    chosen = chosen_format(chosen, json, jsonl)
    if chosen == "auto":
        return "table" if sys.stdout.isatty() else "plain"
    return chosen


def chosen_filters(
    since: str | None,
    until: str | None,
    organisations: Sequence[str] | None,
    dumps: Sequence[str] | None,
    has_code: bool,
    new: bool,
    include_undated: bool,
) -> Filters:
    """One value out of the options; the dates are read now, so that a wrong one costs nothing."""
    from papersearch.types import Filters

    return Filters(
        since=since,
        until=until,
        organisations=tuple(map(typed_text, organisations or ())),
        dumps=tuple(map(typed_text, dumps or ())),
        has_code=has_code,
        new=new,
        include_undated=include_undated,
    )


def warn_of_undated(results: Results) -> None:
    """One line on stderr where a date filter could not decide, naming what would answer."""
    undated = results.undated
    if undated is None or not undated.n_papers:
        return
    were = "paper of unknown date was" if undated.n_papers == 1 else "papers of unknown date were"
    said = f"{undated.n_papers} {were} left out"
    if undated.papers:
        named = "; ".join(paper.title or paper.paper_id for paper in undated.papers[:_NAMED])
        said += f"; the best of them: {named}"
    complain(said, "--include-undated keeps them")


def warn_of_filters(results: Results) -> None:
    """The same, and one line where filters leave nothing."""
    from papersearch.types import NO_FILTERS

    warn_of_undated(results)
    if results.total == 0 and results.filters != NO_FILTERS and not (results.undated and results.undated.n_papers):
        new = "the last build added no paper that the filters keep"
        complain(new if results.filters.new else "the filters leave no paper", "")


def chosen_color(color: Color) -> ColorChoice:
    return color.value


def warn_if_stale(opened: Index, locations: Locations) -> None:
    """One line on stderr where the corpus has other dumps than the index."""
    if opened.is_stale(locations.corpus_path):
        complain(f"{locations.corpus_path} has changed since the index was built", "papersearch index")


def open_index(corpus: Path | None, index: Path | None) -> Index:
    """The index that a command reads; said on stderr when it is stale."""
    from papersearch import api
    from papersearch.cli.locations import find_locations

    locations = find_locations(corpus, index)
    opened = api.open(locations.index_path)
    warn_if_stale(opened, locations)
    return opened


def _name_in(line: str) -> str:
    """The name on a line of input: all of it, or the id of a plain line of results."""
    row = line.split("\t")
    return (row[2] if len(row) > 3 and row[0].isdigit() else line).strip()


def read_names(opened: Index, names: Sequence[str]) -> tuple[list[str], str | None]:
    """Names of papers as typed, - replaced by the lines of standard input; or, where its first
    line names no paper, the text that stands there."""
    from papersearch.errors import AmbiguousPaper, PaperLookupError

    found: list[str] = []
    text = None
    for name in names:
        if name != "-":
            found.append(typed_text(name))
            continue
        read = sys.stdin.buffer.read(_MAX_INPUT_BYTES).decode("utf-8", "replace")
        lines = [_name_in(line) for line in read.splitlines() if line.strip()]
        try:
            if lines:
                opened.paper(lines[0])
            found += lines
        except AmbiguousPaper:
            raise
        except PaperLookupError:
            text = read
    return found, text


def read_ids(opened: Index, names: Sequence[str], place: str = "-") -> list[str]:
    """The same where only names can stand; `place`: what an error calls standard input."""
    found, text = read_names(opened, names)
    if text is not None:
        raise typer.BadParameter("expected ids or titles on standard input, one a line", param_hint=place)
    return found


def write_bytes(content: bytes) -> None:
    """Bytes to stdout, past any encoding: JSON and TSV are UTF-8 everywhere."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
