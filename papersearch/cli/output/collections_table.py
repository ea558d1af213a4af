"""Collections as a list: blocks on a terminal, tab-separated lines in a pipe, and fields for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import FAINT, TITLE
from papersearch.errors import PapersearchError
from papersearch.remote.addresses import address_in
from papersearch.text.amounts import amount
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.cli.registry import NamedCollection

_MARGIN = "  "


class HeldCollection(NamedTuple):
    """A collection with what its index has now.

    n_papers: None if the index cannot be read here: `fault` says why
    is_stale: None if that is unknown
    """

    name: str
    corpus: str | None
    index_place: str
    n_papers: int | None
    is_stale: bool | None
    fault: str = ""


def held(collection: NamedCollection) -> HeldCollection:
    """Look at the index of a collection, without asking a server."""
    name, corpus, place, _ = collection
    address = address_in(place)
    if address is not None:
        return HeldCollection(name, None, address, None, None, "on a server")
    from papersearch.index.collection import open_collection
    from papersearch.index.staleness import corpus_of, is_stale
    from papersearch.ingest.corpus_files import missing_folder

    said = None if corpus is None else str(corpus)
    try:
        opened = open_collection(place)
    except PapersearchError as error:
        return HeldCollection(name, said, str(place), None, None, error.message)
    built_from = corpus or corpus_of(opened.manifest, place)
    stale = None
    if built_from is not None and missing_folder(built_from) is None:
        stale = is_stale(opened.manifest, place, built_from, missing=True)
    return HeldCollection(name, said, str(place), opened.manifest.n_papers, stale)


def fields(one: HeldCollection) -> dict[str, Any]:
    """Return the fields of a collection for JSON."""
    return {
        "name": one.name,
        "corpus": one.corpus,
        "index": one.index_place,
        "papers": one.n_papers,
        "stale": one.is_stale,
        "fault": one.fault or None,
    }


def row(one: HeldCollection) -> tuple[str, ...]:
    """Return the cells of a line: name, papers, state, corpus, index."""
    return (
        one.name,
        "" if one.n_papers is None else str(one.n_papers),
        _state(one),
        one.corpus or "",
        one.index_place,
    )


def print_collections(console: Console, collections: Sequence[HeldCollection]) -> None:
    """Print each collection with its papers and state, and its places below."""
    lines = []
    for one in collections:
        count = "" if one.n_papers is None else f"  {amount(one.n_papers, 'paper')}"
        state = _state(one)
        lines.append(Text.assemble((one.name, TITLE), count, (f"  {state}" if state else "", FAINT)))
        place = clean_text(one.corpus or one.index_place)
        lines.append(Text(f"{_MARGIN}{place}", style=FAINT, overflow="fold"))
    if lines:
        write(console, Text("\n").join(lines))


def _state(one: HeldCollection) -> str:
    """Return what is to be known of an index: it is fine, or stale, or cannot be read."""
    return clean_text(one.fault) if one.fault else "has changed since it was indexed" if one.is_stale else ""
