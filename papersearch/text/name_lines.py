"""Names of papers as lines of an index: authors, categories and venues, and the keys that find them.

A line has four fields with tabs between them: its keys, as in `|vandenberg|denberg|berg|`, then given
names and suffix, which only authors have, and the name as it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from papersearch.text.author_match import LITERAL, asked_author, stored_author
from papersearch.text.folding import fold
from papersearch.text.name_words import joined, units_of

if TYPE_CHECKING:
    from papersearch.types import AuthorName, NameKind, Paper

BAR = "|"
"""Character around keys, which no key has."""

_LEVEL = re.compile(r"\.(?=\S)")
_ALL_BELOW = re.compile(r"\.\*?$")
_UNIMPORTANT = frozenset("a an and at des for in of on the".split())


class NameLine(NamedTuple):
    """A name of an index: its keys, given names and suffix of an author, and how it is shown."""

    keys: tuple[str, ...]
    given: str
    suffix: str
    shown: str


class Asked(NamedTuple):
    """A name that is looked for.

    anchors: keys of which a line has at least one if it fits, ascending
    fits: tells whether a line is a name like it
    """

    anchors: tuple[str, ...]
    fits: Callable[[NameLine], bool]


def lines_of(kind: NameKind, paper: Paper) -> Iterator[str]:
    """Yield the lines of a paper's names of one kind, each name once."""
    if kind == "categories":
        yield from map(_category_line, dict.fromkeys(map(_shown, paper.categories)))
    elif kind == "venues":
        if paper.venue:
            yield _line(_venue_keys(paper.venue), "", "", _shown(paper.venue))
    else:
        named: dict[str, AuthorName] = {}
        for written, name in zip(paper.authors, paper.author_names, strict=True):
            named.setdefault(_shown(written), name)
        yield from (author_line(name, shown) for shown, name in named.items())


def author_line(name: AuthorName, shown: str) -> str:
    """Return the line of an author."""
    return _line(*stored_author(name), shown)


def read_line(line: str) -> NameLine:
    """Return the fields of a line. Raises ValueError."""
    keys, given, suffix, shown = line.split("\t")
    return NameLine(tuple(filter(None, keys.split(BAR))), given, suffix, shown)


def shown_in(line: str) -> str:
    """Return how the name of a line is shown."""
    return line.rpartition("\t")[2]


def asked_name(kind: NameKind, text: str) -> Asked:
    """Return a name as people type it, ready to be compared with lines."""
    if kind == "authors":
        author = asked_author(text)
        anchors = tuple(sorted(filter(None, author.anchors)))
        return Asked(anchors, lambda line: author.fits(line.keys, line.given, line.suffix))
    if kind == "categories":
        key = _ALL_BELOW.sub("", _category_key(text))
        return Asked((key,) if key else (), lambda line: key in line.keys)
    units = units_of(text)
    wanted = [unit for unit in units if joined((unit,)) not in _UNIMPORTANT] or list(units)

    def fits(line: NameLine) -> bool:
        return all("".join(unit) in line.keys or all(word in line.keys for word in unit) for unit in wanted)

    longest = max(wanted, key=lambda unit: len("".join(unit)), default=())
    return Asked(tuple(sorted({"".join(longest), max(longest, key=len, default="")} - {""})), fits)


def is_one_word(text: str) -> bool:
    """Tell whether a name that is looked for is compared with single keys of lines."""
    return len(units_of(text)) == 1


def compared(line: NameLine, *, with_keys: bool) -> tuple[str, ...]:
    """Return what of a line is compared with a name that fits none: each key, or the name in small letters."""
    if with_keys:
        return line.keys
    return (
        f"{line.keys[0]} {line.given}" if line.given not in ("", LITERAL) and line.keys else line.shown.casefold(),
    )


def _line(keys: tuple[str, ...], given: str, suffix: str, shown: str) -> str:
    return f"{BAR}{BAR.join(keys)}{BAR}\t{given}\t{suffix}\t{shown}"


def _shown(name: str) -> str:
    """Return a name without line feeds and tabs."""
    return " ".join(name.split())


def _category_line(category: str) -> str:
    key = _category_key(category)
    above = (key[: found.start()] for found in _LEVEL.finditer(key))
    return _line(tuple(dict.fromkeys((key, *filter(None, above)))), "", "", category)


def _category_key(category: str) -> str:
    return " ".join(fold(category).replace(BAR, " ").split())


def _venue_keys(venue: str) -> tuple[str, ...]:
    units = units_of(venue)
    return tuple(dict.fromkeys([*(word for unit in units for word in unit), *map("".join, units)]))
