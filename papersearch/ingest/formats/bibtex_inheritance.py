"""Fields that an entry of BibTeX takes from another: by `crossref` from its book, by `xdata` from a set.

The other entry may come later, so an entry waits for it, within a bound. What waits too long is read
without what it would inherit, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter

from papersearch.ingest.formats.bibtex_entries import Entry
from papersearch.text.amounts import amount
from papersearch.types import FindingKind

_PARENTS = frozenset(
    "proceedings mvproceedings book mvbook collection mvcollection reference mvreference periodical xdata".split()
)
_INHERITED = frozenset(
    "date year month publisher series volume number issue journal journaltitle school institution organization "
    "eventtitle".split()
)
_DATES = frozenset({"date", "year", "month"})
_MAX_PARENTS = 20_000
_MAX_INHERITED_CHARACTERS = 2000
"""Longest field that is inherited: names of books and publishers are shorter."""

_MAX_WAITING_CHARACTERS = 8_000_000
_MAX_SETS = 8
"""Most `xdata` entries that one entry names."""


def with_inherited(entries: Iterable[Entry], add: Callable[[FindingKind, int, str], None]) -> Iterator[Entry]:
    """Yield the entries with what they inherit; one that waits comes right before the entry it waited for."""
    family = _Family()
    for entry in entries:
        yield from family.arrived(entry)
    yield from family.left()
    if family.orphans:
        n = len(family.orphans)
        names = f"crossref or xdata, in {amount(n, 'record')}"
        add("field not read", family.orphans[0], f"{names}: no such entry in the file")


class _Family:
    """The entries that others may inherit from, and those that wait for one."""

    def __init__(self) -> None:
        self.orphans: list[int] = []
        self._parents: dict[str, Entry] = {}
        self._waiting: dict[str, list[Entry]] = {}
        self._n_characters = 0

    def arrived(self, entry: Entry) -> Iterator[Entry]:
        """Yield what is complete now that `entry` has been read: what waited for an entry, then the entry."""
        released = iter((entry,))
        above: list[tuple[Entry, Iterator[Entry]]] = []  # a chain of entries may be as long as the file
        while True:
            for child in released:
                if (complete := self._ready(child)) is not None:
                    above.append((complete, released))
                    released = self._released(complete)
                    break
            else:
                if not above:
                    return
                complete, released = above.pop()
                yield complete

    def _ready(self, entry: Entry) -> Entry | None:
        """Return an entry with what it inherits, or None while it waits for an entry that is not read yet."""
        missing = self._missing(entry)
        length = sum(map(len, entry.fields.values()))
        if missing and self._n_characters + length <= _MAX_WAITING_CHARACTERS:
            self._n_characters += length
            self._waiting.setdefault(missing, []).append(entry)
            return None
        if missing:
            self.orphans.append(entry.first_line)
        complete = self._completed(entry)
        self._remember(complete)
        return complete

    def _released(self, entry: Entry) -> Iterator[Entry]:
        """Yield the entries that waited for this one."""
        for child in self._waiting.pop(entry.key.lower(), ()) if entry.key else ():
            self._n_characters -= sum(map(len, child.fields.values()))
            yield child

    def left(self) -> Iterator[Entry]:
        """Yield the entries that wait in vain."""
        waiting = [entry for entries in self._waiting.values() for entry in entries]
        for entry in sorted(waiting, key=attrgetter("first_line")):
            self.orphans.append(entry.first_line)
            yield self._completed(entry)

    def _missing(self, entry: Entry) -> str | None:
        return next((key for key in _named(entry.fields) if key not in self._parents), None)

    def _remember(self, entry: Entry) -> None:
        key = entry.key.lower()
        if entry.kind in _PARENTS and key and key not in self._parents and len(self._parents) < _MAX_PARENTS:
            short = {name: value for name, value in entry.fields.items() if _is_inherited(entry.kind, name, value)}
            self._parents[key] = entry._replace(fields=short)

    def _completed(self, entry: Entry) -> Entry:
        """Return an entry with the fields that it inherits; its own come first."""
        fields = dict(entry.fields)
        for key in _named(entry.fields):
            parent = self._parents.get(key)
            if parent:
                inherited = parent.fields if parent.kind == "xdata" else _from_book(entry.kind, parent.fields)
                is_dated = not _DATES.isdisjoint(fields)
                for name, value in inherited.items():
                    if not (is_dated and name in _DATES):
                        fields.setdefault(name, value)
        return entry._replace(fields=fields) if len(fields) > len(entry.fields) else entry


def _named(fields: Mapping[str, str]) -> list[str]:
    """Return the keys of the entries that one with these fields inherits from."""
    if "xdata" not in fields and "crossref" not in fields:
        return []
    keys = [*fields.get("xdata", "").split(",")[:_MAX_SETS], fields.get("crossref", "")]
    return [key for key in (key.strip(" {}\t\n").lower() for key in keys) if key]


def _is_inherited(kind: str, name: str, value: str) -> bool:
    is_of_book = name in _INHERITED or name in ("title", "booktitle")
    return len(value) <= _MAX_INHERITED_CHARACTERS and (is_of_book or kind == "xdata")


def _from_book(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what an entry of this type inherits from its book: the title is that of the book."""
    inherited = {name: value for name, value in fields.items() if name in _INHERITED}
    title = fields.get("booktitle") or fields.get("title")
    if title:
        inherited["journaltitle" if kind in ("article", "suppperiodical") else "booktitle"] = title
    return inherited
