"""Completion of values from an index, safe for the shell.

Typer implements the shells' protocols and completes verbs, options and enumerations. This module
looks up values in an index, by one function for each kind, which options take as `autocompletion`.
A shell evaluates completions, so values that need quoting are left out. A failure gives an empty
answer without a message.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import typer

from papersearch.cli.output.terminal import speak_utf8, typed_text
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.last_results import ShownPaper
    from papersearch.types import NameKind

    Offers = Iterable[tuple[str, str]]
    """Values, each with its description."""

_MOST = 100
"""Greatest number of values offered at once: a longer list is not read."""

_HELP_LENGTH = 80

_PLAIN = re.compile(r"[\w./@%+,:][\w./@%+,=:-]*")
"""Values that need no shell quoting, and are not options."""

# Typer does not escape backslashes for zsh, and sends descriptions through Rich, which reads
# brackets as markup.
_HARMLESS = str.maketrans({"\\": "", "$": "", "`": "’", "'": "’", '"': "”", "[": "(", "]": ")"})


def paper_ids(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the id of a paper, described by its title.

    The last results of this terminal come by their short ids. Before the first letter, they are all
    that is offered.
    """

    def look(opened: Index) -> Offers:
        typed = typed_text(incomplete)
        shown = [paper for paper in _last_results(opened) if paper.short_id.startswith(typed)]
        yield from ((paper.short_id, paper.title) for paper in shown[:_MOST])
        if not shown or typed:
            known = {paper.short_id for paper in shown}
            found = opened.ids_beginning_with(typed, _MOST)
            yield from ((paper.paper_id, paper.title) for paper in found if paper.paper_id not in known)

    return _of_index(context, look)


def organisations(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the handle of an organisation, described by its name."""

    def look(opened: Index) -> Offers:
        names = {one.handle: one.name for one in opened.organisations()}
        yield from islice(_as_typed(names, typed_text(incomplete)), _MOST)

    return _of_index(context, look)


def authors(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the family name of an author."""
    return _names(context, "authors", incomplete)


def categories(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete a category, or one above others."""
    return _names(context, "categories", incomplete)


def venues(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete a word of the name of a venue."""
    return _names(context, "venues", incomplete)


def styles(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of an installed citation style."""
    from papersearch.cli.output.exports.styles import style_names

    return list(islice(style_names(typed_text(incomplete)), _MOST))


def dumps(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the name of a dump, described by the number of papers in it."""

    def look(opened: Index) -> Offers:
        found = (dump for dump in opened.manifest.dumps if begins(dump.name, typed_text(incomplete)))
        for dump in islice(found, _MOST):
            yield dump.name, _papers(dump.n_appearances)

    return _of_index(context, look)


def searches(incomplete: str) -> list[tuple[str, str]]:
    """Complete the name of a saved search, described by its query."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches

    found = saved.read(find_searches()).values()
    offers = ((one.name, one.query) for one in found if begins(one.name, typed_text(incomplete)))
    return _harmless(islice(offers, _MOST))


def collections(incomplete: str) -> list[tuple[str, str]]:
    """Complete the name of a collection, described by its corpus or its server."""
    from papersearch.cli.registry import ALL, find_registry, read_collections

    found = read_collections(find_registry())
    offers = {**{name: str(one.corpus or one.index_path) for name, one in found.items()}, ALL: "every collection"}
    typed = typed_text(incomplete)
    return _harmless((name, said) for name, said in offers.items() if found and name.startswith(typed))


def tags(incomplete: str) -> list[tuple[str, str]]:
    """Complete a tag, described by the number of papers that have it."""
    from papersearch.cli.locations import find_marks
    from papersearch.marks.file import read_marks

    found = {tag: _papers(count) for tag, count in read_marks(find_marks()).tags().items()}
    return _harmless(islice(_as_typed(found, typed_text(incomplete)), _MOST))


def begins(name: str, typed: str) -> bool:
    """Return whether a name completes what was typed, here and in `browse`; case does not count."""
    return name.casefold().startswith(typed.casefold())


def _as_typed(known: Mapping[str, str], typed: str) -> Offers:
    """Yield names of which case does not count, each with its description, as shells take them.

    These take offers that begin with what was typed, capitals included.
    """
    for name, said in known.items():
        value = name if name.startswith(typed) else typed + name[len(typed) :]
        if begins(name, typed) and value.casefold() == name.casefold():
            yield value, said


def _names(context: typer.Context, kind: NameKind, incomplete: str) -> list[tuple[str, str]]:
    from papersearch.text.folding import fold

    typed = typed_text(incomplete)

    def look(opened: Index) -> Offers:
        for one in opened.names_beginning_with(kind, typed, _MOST):
            # Shells take offers that begin with what was typed, capitals and accents included.
            value = one.value if one.value.startswith(typed) else typed + one.value[len(fold(typed)) :]
            yield value, _papers(one.n_papers)

    return _of_index(context, look)


def _papers(n_papers: int) -> str:
    from papersearch.text.amounts import amount

    return amount(n_papers, "paper")


def _last_results(opened: Index) -> Sequence[ShownPaper]:
    """Return the last results of this terminal, if they are from this index."""
    from papersearch.cli import last_results

    last = last_results.find()
    return last.papers if last is not None and last.place == last_results.place_of(opened) else ()


def _of_index(context: typer.Context, look: Callable[[Index], Offers]) -> list[tuple[str, str]]:
    """Return what `look` finds in the index that the options before the cursor choose."""
    from papersearch.cli.index_access import open_at
    from papersearch.cli.locations import Places, find_locations

    named = tuple(context.params.get("collections") or ())
    locations = find_locations(Places(_folder(context, "corpus_path"), _folder(context, "index_path"), named))
    return _harmless(look(open_at(locations.index_path)))


def _harmless(offers: Offers) -> list[tuple[str, str]]:
    """Keep values that need no shell quoting, and remove metacharacters from their descriptions."""
    return [
        (value, shorten(clean_text(said).translate(_HARMLESS), _HELP_LENGTH, placeholder="..."))
        for value, said in offers
        if _PLAIN.fullmatch(value)
    ]


def _folder(context: typer.Context, option: str) -> Path | None:
    """Return the folder of an option earlier on the line, expanded as the shell will expand it."""
    typed = context.params.get(option)
    return Path(os.path.expandvars(typed)).expanduser() if typed else None


@contextmanager
def answering() -> Iterator[None]:
    """Turn an error while answering a shell into an empty answer and exit code 1."""
    # Typer prints descriptions on a Rich console; a wrapped line would become two offers.
    os.environ["COLUMNS"] = "1000"
    os.environ.pop("TERMINAL_WIDTH", None)
    try:
        _count_bash_words()
        speak_utf8()
        yield
    except Exception:
        sys.exit(1)  # fish then offers file names


def _count_bash_words() -> None:
    """Join --index=FOLDER, which bash splits into three words, to the two that Typer expects.

    Words after the cursor are left out: an empty one would shift Typer's count.
    """
    words = os.environ.get("COMP_WORDS", "").split("\n")
    place = int(os.environ.get("COMP_CWORD", "0"))
    if len(words) <= place:
        return
    typed = words[: place + 1]
    is_sign = [word == "=" and before.startswith("--") for before, word in zip(["", *typed], typed, strict=False)]
    kept = [word for word, left_out in zip(typed, is_sign, strict=True) if not left_out]
    os.environ["COMP_WORDS"] = "\n".join(kept)
    os.environ["COMP_CWORD"] = str(len(kept) - (not is_sign[-1]))
