"""Zotero's own database, `zotero.sqlite`, read from a private copy.

Zotero may be running: it locks its database, its latest changes may be in the write-ahead log
beside it, and what to take back of an unfinished change in the rollback journal. So the database is
copied with its journals, and the copy is opened, for reading alone. Its items take the shape of
Zotero's API, which a module of `json_shapes` reads. A record's line is the number of its item.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from papersearch.ingest.formats.json_shapes import zotero
from papersearch.ingest.formats.json_shapes.fields import Fields, Lines
from papersearch.ingest.formats.json_shapes.unread import UnreadFields
from papersearch.ingest.journals import journals_of, place_of
from papersearch.ingest.record import MAX_TEXT_LENGTH, Complain, NotADump, Record
from papersearch.ingest.streams import Unreadable, open_stream

NAME = "Zotero's database"
ABOUT = "`zotero.sqlite` itself, also while Zotero runs"

_MAGIC = b"SQLite format 3\0"
_END_OF_NAME = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
"""The end of a rollback journal that names a journal above it."""

_NEEDED = ("items", "itemTypes", "fields", "itemData", "itemDataValues")
_CREATORS = frozenset({"creators", "itemCreators", "creatorTypes"})
_TAGS = frozenset({"tags", "itemTags"})

_TRIES = 3
_MAX_NAMES = 2000
"""Most types of items, fields or creators. Zotero has some hundred of each."""

_MAX_FIELDS = 300
_MAX_ROWS = 10_000
"""Most creators or tags of one item that are read. The largest collaborations have 5,000 members."""

_MAX_VALUE_BYTES = 64 << 20
_STEP = 1_000_000
_FREE_STEPS = 50
_BYTES_PER_STEP = 10_000
"""Size for which a million of SQLite's instructions are allowed. Reading takes fewer by far."""

_DOUBLED_DATE = re.compile(r"(\d{4})-(0\d|1[0-2])-([0-2]\d|3[01]) (.*)", re.DOTALL)


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format, or another SQLite database.

    The names of its tables may be anywhere in the file.
    """
    return head.startswith(_MAGIC)


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the items of one library in order. Raises NotADump for a database of another program."""
    with TemporaryDirectory(prefix="papersearch-") as folder:
        copy = _private_copy(stream, Path(folder))
        try:
            with closing(_opened(copy)) as database:
                yield from _records(database, complain)
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter for names of columns in messages
            cause = (
                "asks for too much work: taken for an attack" if _is_interrupted(error) else f"damaged ({error})"
            )
            raise Unreadable(f"an SQLite database, and {cause}") from error


def _private_copy(stream: IO[bytes], folder: Path) -> Path:
    """Copy a database with its journals.

    A program that begins or ends a journal meanwhile has changed the database under the copy, which is
    then made again.
    """
    copy = folder / "library.sqlite"
    with copy.open("wb") as file:
        mark = _copied(stream, file, copy)
    if mark:
        return copy
    for _ in range(_TRIES - 1):
        with open_stream(Path(stream.name)) as again, copy.open("wb") as file:
            if _copied(again, file, copy):
                return copy
    raise Unreadable("changed while it was copied: close the program that writes it")


def _copied(stream: IO[bytes], file: IO[bytes], copy: Path) -> bool:
    """Copy a database and its journals; return whether these are still those that they were before."""
    name = getattr(stream, "name", None)
    path = place_of(Path(name)) if isinstance(name, str) else None
    before = _heads(path)
    shutil.copyfileobj(stream, file)
    for journal in journals_of(copy):
        journal.unlink()
    for journal in journals_of(path) if path else ():
        copied = copy.with_name(copy.name + journal.name.removeprefix(path.name if path else ""))
        try:
            shutil.copyfile(journal, copied)
        except FileNotFoundError:  # its program has just ended it
            return False
        _refuse_others(copied)
    return _heads(path) == before


def _heads(path: Path | None) -> list[bytes]:
    """Return the headers of a database's journals, which change with each new journal."""
    heads = []
    for journal in journals_of(path) if path else ():
        with suppress(FileNotFoundError), journal.open("rb") as file:
            heads.append(file.read(32))
    return heads


def _refuse_others(journal: Path) -> None:
    """Raise Unreadable for a journal that names another one: SQLite would look for it, and delete it."""
    with journal.open("rb") as file:
        file.seek(max(0, journal.stat().st_size - len(_END_OF_NAME)))
        if file.read() == _END_OF_NAME:
            raise Unreadable("in the middle of a change with other databases: open it in its program first")


def _opened(copy: Path) -> sqlite3.Connection:
    """Open a database that an attacker may have made: nothing in it runs, and its work is bounded."""
    # Only a database that may be written can be rolled back.
    mode = "rw" if any(one.name.endswith("-journal") for one in journals_of(copy)) else "ro"
    database = sqlite3.connect(f"{copy.as_uri()}?mode={mode}", uri=True, isolation_level=None)
    steps = _FREE_STEPS + copy.stat().st_size // _BYTES_PER_STEP
    left = iter(range(steps))
    database.set_progress_handler(lambda: next(left, None) is None, _STEP)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for setting in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "temp_store = FILE"):
        database.execute(f"PRAGMA {setting}")
    return database


def _is_interrupted(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def _records(database: sqlite3.Connection, complain: Complain) -> Iterator[Record]:
    """Yield the records of all items that may be papers."""
    unread = UnreadFields()
    n = 0
    for n, item in enumerate(_items(database), start=1):
        record = zotero.read(item, Lines(n, n))
        if record is not None:
            unread.add(zotero, item, record)
            yield record
    if not n:
        raise NotADump("Zotero's database, without any item")
    unread.report(complain)


def _items(database: sqlite3.Connection) -> Iterator[Fields]:
    """Yield the items of the library as Zotero's API describes them, ascending by their number."""
    tables = _tables(database)
    types = _names(database, "SELECT itemTypeID, typeName FROM itemTypes")
    names = _names(database, "SELECT fieldID, fieldName FROM fields")
    roles = _names(database, "SELECT creatorTypeID, creatorType FROM creatorTypes") if tables >= _CREATORS else {}
    kept = [_WITHOUT[table] for table in _WITHOUT if table in tables]
    items = database.execute(" AND ".join((_ITEMS, *kept)) + " ORDER BY itemID")
    values = _RowsByItem(database.execute(_VALUES, (MAX_TEXT_LENGTH + 1,)), _MAX_FIELDS)
    creators = _RowsByItem(database.execute(_NAMES) if tables >= _CREATORS else (), _MAX_ROWS)
    tags = _RowsByItem(database.execute(_KEYWORDS) if tables >= _TAGS else (), _MAX_ROWS)
    for item_id, type_id, key in items:
        kind = types.get(type_id)
        if kind is None or kind in zotero.NO_PAPERS:
            continue
        item: Fields = {"itemType": kind, "key": key if isinstance(key, str) else None}
        for field_id, value in values.of(item_id):
            if field_id in names and isinstance(value, str):
                name = names[field_id]
                item.setdefault(name, _date(value) if name in zotero.DATES else value)
        item["creators"] = [_creator(roles, *creator) for creator in creators.of(item_id)]
        item["tags"] = [{"tag": tag} for (tag,) in tags.of(item_id)]
        yield item


_ITEMS = "SELECT itemID, itemTypeID, substr(key, 1, 100) FROM items WHERE typeof(itemID) = 'integer'"
_WITHOUT = {
    "deletedItems": "itemID NOT IN (SELECT itemID FROM deletedItems WHERE itemID IS NOT NULL)",
    "feedItems": "itemID NOT IN (SELECT itemID FROM feedItems WHERE itemID IS NOT NULL)",
}
"""Conditions by table: items in the bin and those of subscribed feeds are not in the library."""

# A cross join keeps the order of the tables: items in their own order need no sorting. Values may be
# numbers, which become text.
_VALUES = """
SELECT data.itemID, data.fieldID, substr(known.value, 1, ?)
FROM itemData AS data CROSS JOIN itemDataValues AS known ON known.valueID = data.valueID
WHERE typeof(data.itemID) = 'integer' AND typeof(known.value) <> 'blob' ORDER BY data.itemID
"""
_NAMES = """
SELECT listed.itemID, listed.creatorTypeID, substr(known.firstName, 1, 500), substr(known.lastName, 1, 500),
    known.fieldMode = 1
FROM itemCreators AS listed CROSS JOIN creators AS known ON known.creatorID = listed.creatorID
WHERE typeof(listed.itemID) = 'integer' ORDER BY listed.itemID, listed.orderIndex
"""
_KEYWORDS = """
SELECT listed.itemID, substr(known.name, 1, 500)
FROM itemTags AS listed CROSS JOIN tags AS known ON known.tagID = listed.tagID
WHERE typeof(listed.itemID) = 'integer' ORDER BY listed.itemID, listed.tagID
"""


class _RowsByItem:
    """The rows of a table ascending by item, read in step with the items."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], at_most: int) -> None:
        self._rows = iter(rows)
        self._at_most = at_most
        self._next = next(self._rows, None)

    def of(self, item_id: int) -> list[tuple[Any, ...]]:
        """Return the rows of an item without its number; items are asked for in ascending order."""
        found: list[tuple[Any, ...]] = []
        while self._next is not None and self._next[0] <= item_id:
            if self._next[0] == item_id and len(found) < self._at_most:
                found.append(self._next[1:])
            self._next = next(self._rows, None)
        return found


def _tables(database: sqlite3.Connection) -> set[str]:
    """Return the names of the tables; views and virtual tables, which could run anything, do not count."""
    rows = database.execute("SELECT substr(name, 1, 100) FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
    tables = {name for (name,) in rows}
    if not {"items", "itemData"} <= tables:
        raise NotADump("an SQLite database, which is not read: export its papers as BibTeX or RIS")
    missing = [table for table in _NEEDED if table not in tables]
    if missing:
        raise NotADump(f"Zotero's database, without its table {missing[0]}")
    return tables


def _names(database: sqlite3.Connection, query: str) -> dict[int, str]:
    """Return the names that the first rows of a query give to numbers."""
    return {
        number: name for number, name in database.execute(f"{query} LIMIT {_MAX_NAMES}") if isinstance(name, str)
    }


def _creator(roles: dict[int, str], role: Any, given: Any, family: Any, is_whole: Any) -> Fields:
    """Return a creator; one in a single field is a group, or a name that is not in parts."""
    kind = roles.get(role, "contributor")
    if is_whole:
        return {"creatorType": kind, "name": family}
    return {"creatorType": kind, "firstName": given, "lastName": family}


def _date(written: str) -> str:
    """Return the date that Zotero has parsed, as far as it is known, else as the user typed it.

    Zotero writes both: `2026-04-00 April 2026`.
    """
    found = _DOUBLED_DATE.fullmatch(written)
    if not found:
        return written
    year, month, day, typed = found.groups()
    if year == "0000":
        return typed
    return "-".join((year, *([month] if month != "00" else []), *([day] if "00" not in (month, day) else [])))
