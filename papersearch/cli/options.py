"""Options of several verbs; options of a single verb are declared in its module.

A verb combines them in a named tuple (`signatures`). Options that filter papers are made
from the table of filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Optional, TypeAlias

import typer

from papersearch.cli import completion
from papersearch.cli.locations import Places
from papersearch.cli.output.terminal import typed_path, typed_text
from papersearch.cli.signatures import Group, parameter
from papersearch.search.filter_table import (
    FILTER_ROWS,
    MARK_ROWS,
    FilterRow,
    MarkFilters,
    make_filters,
    make_mark_filters,
)

if TYPE_CHECKING:
    from papersearch.cli.maps import MapFiles
    from papersearch.cli.reranking import RerankOptions
    from papersearch.types import Filters


class ModeChoice(str, Enum):
    """`types.Mode` for Typer."""

    hybrid = "hybrid"
    keyword = "keyword"
    semantic = "semantic"


class SortChoice(str, Enum):
    """`types.Sort` for Typer."""

    relevance = "relevance"
    date = "date"


class Format(str, Enum):
    """Formats of hits and of whole papers."""

    auto = "auto"
    table = "table"
    plain = "plain"
    tsv = "tsv"
    json = "json"
    jsonl = "jsonl"
    bibtex = "bibtex"
    ris = "ris"
    csl_json = "csl-json"
    csv = "csv"
    markdown = "markdown"


class RecordFormat(str, Enum):
    """Formats of figures."""

    auto = "auto"
    table = "table"
    json = "json"
    jsonl = "jsonl"


class Color(str, Enum):
    """Values of `--color`."""

    auto = "auto"
    always = "always"
    never = "never"


CorpusOption = Annotated[
    Optional[Path], typer.Option("--corpus", help="Folder of the dumps.", metavar="FOLDER", show_default=False)
]
CollectionsOption = Annotated[
    Optional[list[str]],
    typer.Option(
        "--collection",
        "-c",
        help="Collection by name; several are searched as one, and all is every one.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.collections,
    ),
]
IndexOption = Annotated[
    Optional[Path],
    typer.Option(
        "--index", help="Folder of the index, or address of a server.", metavar="FOLDER", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="Short for --format jsonl.")]
ColorOption = Annotated[Color, typer.Option("--color", help="Colours: on a terminal, always, never.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
ModeOption = Annotated[ModeChoice, typer.Option("--mode", help="Ranking mode.")]
TopOption = Annotated[int, typer.Option("--top", "-k", min=1, help="Number of papers.", metavar="K")]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Output format; auto is a table on a terminal, else plain.")
]
PaperFormatOption = Annotated[Format, typer.Option("--format", help="Output format; auto is the same as table.")]
RecordFormatOption = Annotated[
    RecordFormat, typer.Option("--format", help="Output format; auto is the same as table.")
]
KeyOption = Annotated[
    Optional[str],
    typer.Option(
        "--key",
        help="Citation keys of --format bibtex and csl-json, such as {family}{year}{word}.",
        metavar="PATTERN",
        show_default=False,
    ),
]
StyleOption = Annotated[
    Optional[str],
    typer.Option(
        "--style",
        help="References in a citation style: apa, ieee, nature, ... or a .csl file.",
        metavar="STYLE",
        show_default=False,
        autocompletion=completion.styles,
    ),
]
CopyOption = Annotated[
    bool, typer.Option("--copy", help="Copy what a pipe would get to the clipboard, and print nothing.")
]
LateOption = Annotated[
    bool, typer.Option("--late/--no-late", help="Rank by late interaction too, if the index has it.")
]
OperatorsOption = Annotated[
    bool, typer.Option("--operators", help='Read "phrases", -exclusions, fields and AND, OR, NOT in the topics.')
]
WordsArgument = Annotated[
    Optional[list[str]],
    typer.Argument(help="Words to search for; none are needed where filters name papers.", show_default=False),
]
NamesArgument = Annotated[
    list[str],
    typer.Argument(
        help="Ids, addresses, citation keys, titles, or numbers of the last results; - reads standard input.",
        show_default=False,
        autocompletion=completion.paper_ids,
    ),
]
SearchNamesArgument = Annotated[
    Optional[list[str]],
    typer.Argument(
        help="Names of searches; all by default.", show_default=False, autocompletion=completion.searches
    ),
]
TopicsArgument = Annotated[
    str,
    typer.Argument(
        help="JSON lines, CSV, id<TAB>text, or one query per line; - reads standard input.", show_default=False
    ),
]


def _filter_option(row: FilterRow) -> Parameter:
    """Return the option that a row of the table describes."""
    option = typer.Option(
        f"--{row.name}",
        help=row.help,
        metavar=row.value or None,
        show_default=row.kind == "switch",
        autocompletion=getattr(completion, row.known) if row.known else None,
    )
    if row.kind == "switch":
        return parameter(row.field, Annotated[bool, option], False)
    return parameter(row.field, Annotated[Optional[list[str] if row.kind == "list" else str], option], None)


def _typed_filters(values: Mapping[str, Any]) -> Filters:
    """Build filters from options; dates are not read yet, but files of papers are. Raises CommandError."""
    typed = {name: _typed_value(_OPTIONS[name], value) for name, value in values.items() if value is not None}
    return make_filters(typed)


def _typed_marks(values: Mapping[str, Any]) -> MarkFilters:
    """Build conditions on marks from options."""
    return make_mark_filters({**values, "tags": list(map(typed_text, values["tags"] or ()))})


def _typed_value(row: FilterRow, value: Any) -> Any:
    if row.kind == "papers":
        from papersearch.cli.listed_names import read_listed

        return read_listed(value, f"--{row.name}")
    return list(map(typed_text, value)) if isinstance(value, list) else value


_OPTIONS = {row.field: row for row in FILTER_ROWS}


def _filter_group(rows: Iterable[FilterRow]) -> Group:
    return Group(tuple(map(_filter_option, rows)), _typed_filters)


_AMONG = [row for row in FILTER_ROWS if row.kind == "papers"]


def _map_files(values: Mapping[str, Any]) -> MapFiles | None:
    """Read the files of maps; a verb without a map does not import what draws them."""
    if values["map"] is None and values["svg"] is None:
        return None
    from papersearch.cli.maps import read_map_files

    return read_map_files(values["map"], values["svg"])


def _reranking(values: Mapping[str, Any]) -> RerankOptions | None:
    """Read the options of reranking; a verb without a reranker does not import it."""
    if all(value is None for value in values.values()):
        return None
    from papersearch.cli.reranking import read_rerank_options

    return read_rerank_options(values)


def _rerank_option(name: str, kind: Any, metavar: str, help: str, most: int | None = None) -> Parameter:
    least = None if most is None else 1
    option = typer.Option(f"--{name}", help=help, metavar=metavar, show_default=False, min=least, max=most)
    return parameter(name.replace("-", "_"), Annotated[Optional[kind], option], None)


def _map_option(name: str, help: str) -> Parameter:
    option = typer.Option(f"--{name}", help=help, metavar="FILE", show_default=False)
    return parameter(name, Annotated[Optional[str], option], None)


def _typed_places(values: Mapping[str, Any]) -> Places:
    """Read the places that options name."""
    corpus, index = (values.get(name) for name in ("corpus_path", "index_path"))
    return Places(
        typed_path(corpus) if corpus is not None else None,
        typed_path(index) if index is not None else None,
        tuple(values["collections"] or ()),
    )


_COLLECTIONS = parameter("collections", CollectionsOption, None)
_CORPUS = parameter("corpus_path", CorpusOption, None)
_INDEX = parameter("index_path", IndexOption, None)

GROUP: Any = None
"""Default of a field whose value always comes from a group of options."""

if TYPE_CHECKING:
    PlacesGroup: TypeAlias = Places
    IndexGroup: TypeAlias = Places
    FilterGroup: TypeAlias = Filters
    SavedFilterGroup: TypeAlias = Filters
    AmongGroup: TypeAlias = Filters
    MarkGroup: TypeAlias = MarkFilters
    MapGroup: TypeAlias = MapFiles | None
    RerankGroup: TypeAlias = RerankOptions | None
else:  # `types` is imported by the verbs that search, not by help
    PlacesGroup = Annotated[Any, Group((_COLLECTIONS, _CORPUS, _INDEX), _typed_places)]
    IndexGroup = Annotated[Any, Group((_COLLECTIONS, _INDEX), _typed_places)]
    FilterGroup = Annotated[Any, _filter_group(FILTER_ROWS)]
    SavedFilterGroup = Annotated[Any, _filter_group(row for row in FILTER_ROWS if row.is_saved)]
    AmongGroup = Annotated[Any, _filter_group(_AMONG)]
    MarkGroup = Annotated[Any, Group(tuple(map(_filter_option, MARK_ROWS)), _typed_marks)]
    MapGroup = Annotated[
        Any,
        Group(
            (
                _map_option(
                    "map", "Write a map of the papers, a page (.html) or a picture (.svg); - prints the page."
                ),
                _map_option("svg", "Write the map as a picture; - prints it."),
            ),
            _map_files,
        ),
    ]
    RerankGroup = Annotated[
        Any,
        Group(
            (
                _rerank_option(
                    "rerank",
                    str,
                    "MODEL",
                    "Reorder the first papers by a cross-encoder, a folder or a name of the hub.",
                ),
                _rerank_option(
                    "rerank-top", int, "N", "Number of papers that --rerank reorders; 50 unless given.", 100
                ),
                _rerank_option(
                    "rerank-seconds",
                    float,
                    "S",
                    "Time for --rerank once its model is open; later papers keep their order.",
                ),
            ),
            _reranking,
        ),
    ]


class ReportOptions(NamedTuple):
    """Options of a verb that reports on an index, and has no others."""

    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False
