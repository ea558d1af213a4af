"""What a shell offers after TAB out of an index, and what keeps such an answer harmless.

Typer speaks with the shells, and knows verbs, options and enumerations by itself. Values of an
index are looked up here: one function for each kind, given to an option as `autocompletion`. A
shell evaluates what it is offered, so nothing of an index reaches it that a shell might obey;
and nobody asked for a message, so whatever fails is an empty answer.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
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

    Offers = Iterable[tuple[str, str]]
    """Values and what is said of each."""

_MOST = 100
"""Values offered at once: more than that nobody reads."""

_HELP_LENGTH = 80

_PLAIN = re.compile(r"[\w./@%+,:][\w./@%+,=:-]*")
"""Values that no shell reads as anything but themselves, nor papersearch as an option."""

# Typer's escapes for zsh do not know the backslash, and Rich, through which it sends the help,
# takes brackets for markup.
_HARMLESS = str.maketrans({"\\": "", "$": "", "`": "’", "'": "’", '"': "”", "[": "(", "]": ")"})


def paper_ids(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids that begin so, each with its paper's title."""

    def look(opened: Index) -> Offers:
        papers = opened.papers()
        for paper_id, doc_idx in papers.beginning_with(typed_text(incomplete), _MOST):
            yield paper_id, papers[doc_idx].title

    return _of_index(context, look)


def organisations(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Handles that begin so, each with the organisation's name."""

    def look(opened: Index) -> Offers:
        found = (one for one in opened.organisations() if one.handle.startswith(typed_text(incomplete)))
        yield from islice(found, _MOST)

    return _of_index(context, look)


def dumps(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Names of dumps that begin so, each with how many papers appear in it."""

    def look(opened: Index) -> Offers:
        found = (dump for dump in opened.manifest.dumps if dump.name.startswith(typed_text(incomplete)))
        for dump in islice(found, _MOST):
            yield dump.name, f"{dump.n_appearances} papers"

    return _of_index(context, look)


def searches(incomplete: str) -> list[tuple[str, str]]:
    """Names of saved searches that begin so, each with its query."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches

    found = saved.read(find_searches()).values()
    offers = ((one.name, one.query) for one in found if one.name.startswith(typed_text(incomplete)))
    return _harmless(islice(offers, _MOST))


def _of_index(context: typer.Context, look: Callable[[Index], Offers]) -> list[tuple[str, str]]:
    """What `look` finds in the index that the line so far means, made harmless."""
    from papersearch import api
    from papersearch.cli.locations import find_locations

    places = find_locations(_folder(context, "corpus_path"), _folder(context, "index_path"))
    return _harmless(look(api.open(places.index_path)))


def _harmless(offers: Offers) -> list[tuple[str, str]]:
    """Those whose values no shell takes for more, and what is said of them without what one might obey."""
    return [
        (value, shorten(clean_text(said).translate(_HARMLESS), _HELP_LENGTH, placeholder="..."))
        for value, said in offers
        if _PLAIN.fullmatch(value)
    ]


def _folder(context: typer.Context, option: str) -> Path | None:
    """The folder that an option names earlier on the line, where no shell has expanded it yet."""
    typed = context.params.get(option)
    return Path(os.path.expandvars(typed)).expanduser() if typed else None


@contextmanager
def answering() -> Iterator[None]:
    """Around an answer to a shell: an error within it is none, and exit 1."""
    # Typer sends help through a Rich console; a line that this one wraps would be two offers.
    os.environ["COLUMNS"] = "1000"
    os.environ.pop("TERMINAL_WIDTH", None)
    try:
        _count_bash_words()
        speak_utf8()
        yield
    except Exception:
        sys.exit(1)  # to fish this says that file names may be offered


def _count_bash_words() -> None:
    """Make --index=FOLDER, three words to bash, the two that Typer expects; and leave out what
    stands behind the cursor, since an empty word there would spoil its count."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    place = int(os.environ.get("COMP_CWORD", "0"))
    if len(words) <= place:
        return
    typed = words[: place + 1]
    is_sign = [word == "=" and before.startswith("--") for before, word in zip(["", *typed], typed, strict=False)]
    kept = [word for word, left_out in zip(typed, is_sign, strict=True) if not left_out]
    os.environ["COMP_WORDS"] = "\n".join(kept)
    os.environ["COMP_CWORD"] = str(len(kept) - (not is_sign[-1]))
