"""Maps of papers: the files that `--map` and `--svg` name, and what is drawn into them.

The packages that place papers are optional and slow to import: only these options import them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from papersearch.cli.errors import CommandError, complain, typed
from papersearch.cli.output.named_files import write_named
from papersearch.cli.output.printer import Printer
from papersearch.cli.output.terminal import typed_path
from papersearch.remote.addresses import address_in
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.maps.paper_map import PaperMap
    from papersearch.types import Hit, Paper, Results

_STDOUT = "-"
_PAGES = (".html", ".htm")
_PICTURES = (".svg",)


class MapFiles(NamedTuple):
    """Where maps are written: None for none, `-` for standard output."""

    page: str | None = None
    picture: str | None = None

    @property
    def takes_stdout(self) -> bool:
        """True if a map is printed in place of what the verb prints."""
        return _STDOUT in self

    def refuse(self, format: str) -> None:
        """Raise typer.BadParameter if a map and the verb's own output, in `format`, share standard output."""
        if self.takes_stdout and format != "auto":
            raise typer.BadParameter(f"cannot print a map and {format} on one output", param_hint="--map -")

    def beside(self, print_output: Callable[[], None], draw: Callable[[], None]) -> None:
        """Print what the verb prints, unless a map takes its place, and draw the map.

        A reader that closes its pipe early, such as head, does not cost the map.
        """
        closed = None
        if not self.takes_stdout:
            try:
                print_output()
            except BrokenPipeError as error:
                closed = error
        draw()
        if closed is not None:
            raise closed

    def draw_collection(self, index: Index) -> None:
        """Draw and write the map of all papers."""
        from papersearch.cli.output.progress import map_progress
        from papersearch.maps.drawing import draw_collection

        with map_progress() as progress:
            drawn = draw_collection(index, _name_of(index), progress)
        self._write(drawn, index)

    def draw_answer(self, index: Index, query: str, ask: Callable[[int], Results], least: int) -> None:
        """Draw and write the map of an answer: the papers that are not weak, and the best `least` ones.

        ask: gives the best papers, as many as it is told
        """
        from papersearch.maps.drawing import MOST_HITS

        hits = [hit for hit in ask(max(least, MOST_HITS)) if hit.verdict != "weak" or hit.rank <= least]
        self._draw_hits(index, query, hits, ())

    def draw_similar(
        self, index: Index, examples: Sequence[Paper], ask: Callable[[int], Results], least: int, title: str = ""
    ) -> None:
        """Draw and write the map of papers similar to examples, or to what `title` names."""
        from papersearch.maps.drawing import MOST_SIMILAR

        self._draw_hits(index, title or _like_title(examples), list(ask(max(least, MOST_SIMILAR))), examples)

    def _draw_hits(self, index: Index, title: str, hits: Sequence[Hit], examples: Sequence[Paper]) -> None:
        from papersearch.cli.output.progress import map_progress
        from papersearch.maps.drawing import draw_answer

        if not hits:
            complain("cannot draw a map: no paper answers", "")
            return
        with map_progress() as progress:
            drawn = draw_answer(index, title, hits, examples, progress)
        self._write(drawn, index)

    def _write(self, drawn: PaperMap, index: Index) -> None:
        """Write the map, and say on stderr where. Raises CommandError."""
        from papersearch.cli.output.addresses import page_of

        _tell_missing(drawn, index)
        counted = amount(drawn.n_shown, "paper")
        if self.page is not None:
            from papersearch.maps.page import page

            _write(self.page, page(drawn, page_of), counted)
        if self.picture is not None:
            from papersearch.maps.picture import picture

            _write(self.picture, picture(drawn), counted)


def read_map_files(page: str | None, picture: str | None) -> MapFiles | None:
    """Read `--map` and `--svg`, and check that maps can be drawn and written, before anything is computed.

    Returns None if no map is asked for.
    """
    if page is None and picture is None:
        return None
    if page is not None and _is_picture(page):
        if picture is not None:
            raise typer.BadParameter(f"expected one picture: --map {page} is another", param_hint="--svg")
        page, picture = None, page
    if page == picture:
        raise typer.BadParameter(f"expected another file than --map {page}", param_hint="--svg")
    for option, name in (("--map", page), ("--svg", picture)):
        if name is not None:
            _check(name, option)
    from papersearch.maps.projection import check_installed

    check_installed()
    return MapFiles(page, picture)


def _like_title(papers: Sequence[Paper]) -> str:
    """Return the title of a map of papers similar to these, or to a text if there are none."""
    if not papers:
        return "Papers like the given text"
    more = f" and {len(papers) - 1} more" if len(papers) > 1 else ""
    return f"Papers like “{papers[0].title or papers[0].paper_id}”{more}"


def _name_of(index: Index) -> str:
    """Return a name of the collection for people: its corpus if that is known, else its index."""
    if address_in(index.place) is not None:
        return index.place
    corpus = index.manifest.corpus
    if index.manifest.collections:
        return f"Papers of {', '.join(index.manifest.collections)}"
    folder = index.path / corpus if isinstance(corpus, str) else index.path
    return f"Papers of {folder.resolve().name or folder}"


def _tell_missing(drawn: PaperMap, index: Index) -> None:
    """Say how many papers are not on the map, since they have no vector."""
    if not drawn.n_missing:
        return
    from papersearch.cli.rebuilding import build_command

    are = "paper has no vector and is" if drawn.n_missing == 1 else "papers have no vector and are"
    complain(f"{drawn.n_missing:,} {are} not on the map", build_command(index.path, manifest=index.manifest))


def _is_picture(name: str) -> bool:
    """Tell by the suffix whether a map is a picture. Raises typer.BadParameter for another suffix."""
    path = typed_path(Path(name))
    suffix = path.suffix.lower()
    if suffix in _PICTURES:
        return True
    if name != _STDOUT and suffix not in _PAGES and (path.is_file() or not path.exists()):
        raise typer.BadParameter(f"expected a name that ends in .html or .svg, found {name!r}", param_hint="--map")
    return False


def _check(name: str, option: str) -> None:
    """Raise CommandError unless a file of this name can be written, or BadParameter if there is no name."""
    if name == _STDOUT:
        return
    path = typed_path(Path(name))
    if not name:
        raise typer.BadParameter("expected a name of a file, found ''", param_hint=option)
    if path.is_dir():
        raise CommandError(
            f"cannot write a map to {name!r}: it is a folder", f"name a file in it, such as {path / 'map.html'}"
        )
    if not path.parent.is_dir():
        raise CommandError(
            f"cannot write a map to {name!r}: there is no folder {path.parent}", typed("mkdir -p", path.parent)
        )
    if not os.access(path.parent if not path.exists() or path.is_file() else path, os.W_OK):
        raise CommandError(f"cannot write a map to {name!r}: {path.parent} is not writable", "")


def _write(name: str, content: bytes, counted: str) -> None:
    """Write a map to standard output, a pipe, or a file, which is replaced as a whole."""
    if name == _STDOUT:
        Printer().write(content)
        return
    path = typed_path(Path(name))
    try:
        write_named(path, content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}", "") from error
    complain(f"wrote a map of {counted} to {path}", "")
