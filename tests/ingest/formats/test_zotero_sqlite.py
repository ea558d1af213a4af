"""Zotero's database: what is read and what is not, a library in use, damage, and hostile databases."""

from __future__ import annotations

import gzip
import io
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made.library import SCHEMA
from papersearch.ingest.formats import zotero_sqlite
from papersearch.ingest.formats.json_shapes import zotero
from papersearch.ingest.formats.json_shapes.fields import Lines
from papersearch.ingest.journals import size_and_time
from papersearch.ingest.reading import Ingest, ingest
from papersearch.ingest.record import admit
from papersearch.ingest.streams import Unreadable, open_stream
from papersearch.types import AuthorName, Finding
from tests.ingest.formats.damage import records

ABSTRACT = "We study how lanterns guide moths across a night garden and measure the detours they take."
TYPES = ("attachment", "journalArticle", "note", "annotation", "conferencePaper", "preprint", "thesis")
ROLES = ("author", "editor", "contributor")
SAMPLE_SCHEMA = """
CREATE TABLE version(schema text,version int);
CREATE TABLE itemTypes(itemTypeID integer primary key,typeName text);
CREATE TABLE items(itemID integer primary key,itemTypeID int,libraryID int,key text);
CREATE TABLE fields(fieldID integer primary key,fieldName text);
CREATE TABLE itemDataValues(valueID integer primary key,value);
CREATE TABLE itemData(itemID int,fieldID int,valueID int);
CREATE TABLE creators(creatorID integer primary key,firstName text,lastName text,fieldMode int);
CREATE TABLE creatorTypes(creatorTypeID integer primary key,creatorType text);
CREATE TABLE itemCreators(itemID int,creatorID int,creatorTypeID int,orderIndex int);
CREATE TABLE deletedItems(itemID int);
CREATE TABLE tags(tagID integer primary key,name text);
CREATE TABLE itemTags(itemID int,tagID int,type int);
"""


class Library:
    """A library of Zotero's, made item by item."""

    def __init__(self, path: Path | str, schema: str = SCHEMA, version: int = 121) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript(schema)
        self.database.execute("INSERT INTO version VALUES ('userdata', ?)", (version,))
        for table, names in (("itemTypes", TYPES), ("creatorTypes", ROLES)):
            for number, name in enumerate(names, start=1):
                columns = "itemTypeID, typeName" if table == "itemTypes" else "creatorTypeID, creatorType"
                self.database.execute(f"INSERT INTO {table} ({columns}) VALUES (?, ?)", (number, name))
        self.n = 0

    def add(
        self,
        kind: str = "journalArticle",
        creators: Iterable[tuple[str, str, str, int]] = (),
        tags: Iterable[str] = (),
        **fields: Any,
    ) -> int:
        """Add an item; creators are role, given name, family name and mode."""
        self.n += 1
        key = f"{self.n:08}"
        self.database.execute(
            "INSERT INTO items (itemID, itemTypeID, libraryID, key) VALUES (?, ?, 1, ?)",
            (self.n, TYPES.index(kind) + 1, key),
        )
        for name, value in fields.items():
            field = self.number("fields", "fieldID", fieldName=name)
            held = self.number("itemDataValues", "valueID", value=value)
            self.database.execute("INSERT INTO itemData VALUES (?, ?, ?)", (self.n, field, held))
        for order, (role, given_name, family, mode) in enumerate(creators):
            who = self.number("creators", "creatorID", firstName=given_name, lastName=family, fieldMode=mode)
            row = (self.n, who, ROLES.index(role) + 1, order)
            self.database.execute("INSERT INTO itemCreators VALUES (?, ?, ?, ?)", row)
        for tag in tags:
            row = (self.n, self.number("tags", "tagID", name=tag), 0)
            self.database.execute("INSERT INTO itemTags VALUES (?, ?, ?)", row)
        return self.n

    def number(self, table: str, number: str, **values: Any) -> int:
        """Return the number of a row with these values, which is added where there is none."""
        where = " AND ".join(f"{name} IS ?" for name in values)
        found = self.database.execute(
            f"SELECT {number} FROM {table} WHERE {where}", tuple(values.values())
        ).fetchone()
        if found:
            return int(found[0])
        marks = ", ".join("?" * len(values))
        made = self.database.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
        )
        return int(made.lastrowid or 0)

    def content(self) -> bytes:
        """Return the bytes of the database."""
        return self.database.serialize()


def read(tmp_path: Path, library: Library) -> Ingest:
    """Read a library as a file of any name."""
    (tmp_path / "download").write_bytes(library.content())
    return ingest([tmp_path / "download"])


def moths(library: Library) -> Library:
    """Add the paper about moths, its file, and one paper in the bin."""
    library.add(
        creators=[("author", "Ada", "Grove", 0), ("author", "Bo", "Lind", 0), ("editor", "Ed", "Itor", 0)],
        tags=["moths", "lantern maps"],
        title="Lantern Maps for Moths",
        abstractNote=ABSTRACT,
        date="2026-04-02 April 2, 2026",
        DOI="10.5555/moth_1",
    )
    library.add("attachment", title="Full Text PDF")
    thrown_away = library.add(title="Thrown Away")
    library.database.execute("INSERT INTO deletedItems (itemID) VALUES (?)", (thrown_away,))
    return library


@pytest.mark.parametrize("schema", [SCHEMA, SAMPLE_SCHEMA])
@pytest.mark.parametrize("version", [119, 120, 121, 125])
def test_a_library(tmp_path: Path, schema: str, version: int) -> None:
    """A library gives its papers alone: no files, no editors, nothing of the bin."""
    found = read(tmp_path, moths(Library(":memory:", schema, version)))
    (paper,) = found.papers
    assert (paper.title, paper.abstract) == ("Lantern Maps for Moths", ABSTRACT)
    assert paper.authors == ("Ada Grove", "Bo Lind")
    assert (paper.date, paper.doi, paper.arxiv_id) == ("2026-04-02", "10.5555/moth_1", None)
    assert (paper.categories, paper.paper_id, found.findings) == (("moths", "lantern maps"), "00000001", ())


def test_every_field_of_a_bibliography(tmp_path: Path) -> None:
    """Venue, volume, issue, pages, publisher, URL, arXiv id and citation key are read, numbers too."""
    library = Library(":memory:")
    library.add(
        "conferencePaper",
        creators=[("author", "", "Night and Day Collaboration", 1)],
        title="Owls at <i>Noon</i>",
        proceedingsTitle="Owls of 2025",
        volume=12,
        issue="3",
        pages="1-9",
        publisher="Owl Press",
        url="https://example.org/owls",
        extra="arXiv: 2504.01234v2 [cs.CL]\nCitation Key: grove2025",
    )
    (paper,) = read(tmp_path, library).papers
    assert paper.title == "Owls at Noon"
    assert paper.author_names == (AuthorName(literal="Night and Day Collaboration"),)
    assert (paper.venue, paper.volume, paper.issue, paper.pages) == ("Owls of 2025", "12", "3", "1-9")
    assert (paper.publisher, paper.url) == ("Owl Press", "https://example.org/owls")
    assert (paper.arxiv_id, paper.citation_key) == ("2504.01234v2", "grove2025")


@pytest.mark.parametrize(
    ("written", "date", "year", "month"),
    [
        ("2026-04-02 April 2, 2026", "2026-04-02", 2026, 4),
        ("2026-04-00 04/2026", None, 2026, 4),
        ("2025-00-00 Spring 2025", None, 2025, None),
        ("2025-00-02 2025", None, 2025, None),
        ("2025", None, 2025, None),
        ("0000-00-00 no date", None, None, None),
    ],
)
def test_both_forms_of_a_date(
    tmp_path: Path, written: str, date: str | None, year: int | None, month: int | None
) -> None:
    """A date is what Zotero has parsed of it, as far as that goes."""
    library = Library(":memory:")
    library.add(title="On Moths", date=written)
    (paper,) = read(tmp_path, library).papers
    assert (paper.date, paper.year, paper.month) == (date, year, month)


def test_notes_annotations_and_feeds_are_left_out(tmp_path: Path) -> None:
    """Notes, annotations and the items of feeds are not papers of the library."""
    library = moths(Library(":memory:"))
    library.add("note", title="A Note")
    library.add("annotation", title="An Annotation")
    fed = library.add(title="From a Feed")
    library.database.execute("INSERT INTO feedItems VALUES (?, 'x')", (fed,))
    assert [paper.title for paper in read(tmp_path, library).papers] == ["Lantern Maps for Moths"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_library_in_use(tmp_path: Path, packed: bool) -> None:
    """What a running Zotero has only in its write-ahead log is read, and its files stay as they are."""
    path = tmp_path / "zotero.sqlite"
    library = Library(path)
    library.database.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
    moths(library)
    library.database.execute("BEGIN IMMEDIATE")
    library.add(title="Not Committed")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert b"Lantern Maps" not in before["zotero.sqlite"]
    if packed:
        (tmp_path / "zotero.sqlite").write_bytes(gzip.compress(before["zotero.sqlite"]))
        before["zotero.sqlite"] = (tmp_path / "zotero.sqlite").read_bytes()
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == ["Lantern Maps for Moths"]
    assert found.findings == ()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["zotero.sqlite", "library.sqlite"])
def test_a_link_to_a_library_in_use(tmp_path: Path, name: str) -> None:
    """A link in the corpus gives what the library has in its log, and a change in the log changes the dump."""
    library = Library(tmp_path / "zotero.sqlite")
    library.database.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
    moths(library)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / name).symlink_to(Path("..", "zotero.sqlite"))
    before = ingest([corpus])
    assert [paper.title for paper in before.papers] == ["Lantern Maps for Moths"]
    library.add(title="Owls at Noon")
    after = ingest([corpus])
    assert [paper.title for paper in after.papers] == ["Lantern Maps for Moths", "Owls at Noon"]
    assert before.dumps[0].sha256 != after.dumps[0].sha256
    assert size_and_time(corpus / name) == (after.dumps[0].size, after.dumps[0].mtime_ns)
    assert size_and_time(corpus / name) != (before.dumps[0].size, before.dumps[0].mtime_ns)


def test_a_library_in_write_ahead_mode_without_a_log(tmp_path: Path) -> None:
    """A library that was closed in write-ahead mode is read without a log."""
    library = Library(tmp_path / "zotero.sqlite")
    library.database.execute("PRAGMA journal_mode = WAL")
    moths(library).database.close()
    (tmp_path / "zotero.sqlite-wal").unlink(missing_ok=True)
    assert len(ingest([tmp_path]).papers) == 1


def test_a_new_log_while_copying_is_noticed(tmp_path: Path) -> None:
    """A copy is made again until no other log has begun meanwhile; a library that never rests is an error."""
    path = tmp_path / "zotero.sqlite"
    moths(Library(path)).database.close()
    log = tmp_path / "zotero.sqlite-wal"

    class Written(io.BytesIO):
        name = str(path)

        def read(self, size: int | None = -1, /) -> bytes:
            log.write_bytes(b"")  # a log without frames
            log.write_bytes(b"\x37\x7f\x06\x82" + b"\0" * 28)
            return super().read(size)

    with Written(path.read_bytes()) as stream:
        found = list(zotero_sqlite.read(stream, b"", lambda *_: None))
    assert [record.title for record in found] == ["Lantern Maps for Moths"]


@pytest.mark.parametrize("function", ["copyfile", "open"])
def test_a_journal_that_ends_while_copying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    """A library whose program ends its journal meanwhile is copied again, and read."""
    path, journal = tmp_path / "zotero.sqlite", tmp_path / "zotero.sqlite-journal"
    moths(Library(path)).database.close()
    journal.write_bytes(b"x" * 32)
    owner, name = (shutil, "copyfile") if function == "copyfile" else (Path, "open")
    original = getattr(owner, name)

    def late(*given: Any, **options: Any) -> Any:
        if given[0] == journal:
            journal.unlink(missing_ok=True)
        return original(*given, **options)

    monkeypatch.setattr(owner, name, late)
    found = ingest([path])
    assert ([paper.title for paper in found.papers], found.findings) == (["Lantern Maps for Moths"], ())


def unfinished(folder: Path) -> dict[str, bytes]:
    """Make a library in the middle of a change that has reached its file; return the files as they are now."""
    library = moths(Library(folder / "zotero.sqlite"))
    library.database.executescript("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
    library.database.execute("BEGIN IMMEDIATE")
    library.database.execute(
        "UPDATE itemDataValues SET value = 'Unfinished' WHERE value = 'Lantern Maps for Moths'"
    )
    for n in range(300):
        library.add(title=f"Unfinished {n}", abstractNote="x" * 2000)
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    library.database.execute("ROLLBACK")
    library.database.close()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return files


def test_an_unfinished_change_is_taken_back(tmp_path: Path) -> None:
    """A library whose program writes, or was killed, is read as before the change, and its files stay."""
    files = unfinished(tmp_path)
    assert files["zotero.sqlite-journal"].startswith(b"\xd9\xd5\x05\xf9")
    assert b"Unfinished" in files["zotero.sqlite"]
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == ["Lantern Maps for Moths"]
    assert found.findings == ()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files
    (tmp_path / "zotero.sqlite-journal").unlink()
    assert ingest([tmp_path]).dumps[0].sha256 != found.dumps[0].sha256


def test_a_journal_that_names_another_deletes_nothing(tmp_path: Path) -> None:
    """SQLite deletes the journal that a journal names, which may be any file: such a journal is refused."""
    unfinished(tmp_path)
    victim = tmp_path / "kept.txt"
    victim.write_text("precious")
    name = str(victim).encode()
    end = len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") + b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
    with (tmp_path / "zotero.sqlite-journal").open("ab") as file:
        file.write(b"\0\0\0\0" + name + end)
    found = ingest([tmp_path / "zotero.sqlite"])
    assert [(one.kind, one.detail.partition(":")[0]) for one in found.findings] == [
        ("file damaged", "in the middle of a change with other databases")
    ]
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("mark", [b"SQLite format 3\0", b"PAR1", b"PK\x03\x04"])
def test_a_binary_file_stays_as_it_is(tmp_path: Path, mark: bytes) -> None:
    """Carriage returns in a binary file are not taken for ends of lines."""
    content = mark + b"\r\0\r\r" * 5000
    (tmp_path / "download").write_bytes(content)
    with open_stream(tmp_path / "download") as stream:
        assert b"".join(iter(lambda: stream.read(1 << 20), b"")) == content


def test_another_program_s_database(tmp_path: Path) -> None:
    """A database of another program is skipped, named, with the way out."""
    with closing(sqlite3.connect(tmp_path / "notes.db")) as database:
        database.execute("CREATE TABLE notes (title, abstract)")
    (finding,) = ingest([tmp_path]).findings
    assert (finding.kind, finding.detail.partition(",")[0]) == ("file skipped", "an SQLite database")


@pytest.mark.parametrize("table", ["itemTypes", "fields", "itemDataValues"])
def test_a_missing_table_is_named(tmp_path: Path, table: str) -> None:
    """A library without a table that holds its texts is skipped, and the table named."""
    library = moths(Library(":memory:"))
    library.database.execute(f"DROP TABLE {table}")
    (finding,) = read(tmp_path, library).findings
    assert (finding.kind, table in finding.detail) == ("file skipped", True)


@pytest.mark.parametrize("table", ["creators", "tags", "deletedItems", "creatorTypes"])
def test_a_table_that_is_not_needed(tmp_path: Path, table: str) -> None:
    """A library without names, tags or a bin still gives titles and abstracts."""
    library = moths(Library(":memory:"))
    library.database.execute(f"DROP TABLE {table}")
    assert read(tmp_path, library).papers[0].abstract == ABSTRACT


@pytest.mark.parametrize(
    "attack",
    [
        "DROP TABLE tags; CREATE VIEW tags AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS tagID, 'x' AS name FROM n",
        "CREATE TRIGGER t AFTER INSERT ON items BEGIN DELETE FROM items; END",
        "UPDATE itemTags SET itemID = 'x'; UPDATE itemCreators SET orderIndex = x'00ff', creatorTypeID = 'y'",
        "INSERT INTO items (itemID, itemTypeID, libraryID, key) VALUES (-5, 'x', 1, x'ff'), (9e15, 2, 2, 'k')",
        "INSERT INTO itemDataValues VALUES (900, zeroblob(3000000)); INSERT INTO fields VALUES (900, x'00', 1);"
        " INSERT INTO itemData VALUES (1, 900, 900)",
        "UPDATE creators SET firstName = x'ff', lastName = 7",
    ],
)
def test_hostile_contents_cost_themselves(tmp_path: Path, attack: str) -> None:
    """Views, triggers and values of wrong types neither run nor cost the other values."""
    library = moths(Library(":memory:"))
    library.database.executescript(attack)
    assert "Lantern Maps for Moths" in [paper.title for paper in read(tmp_path, library).papers]


def test_work_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that multiplies its rows is given up as an attack."""
    monkeypatch.setattr(zotero_sqlite, "_STEP", 100_000)
    library = Library(":memory:", SAMPLE_SCHEMA.replace("valueID integer primary key", "valueID int"))
    moths(library)
    library.database.executescript(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO itemData SELECT 1, 1, 77 FROM n;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO itemDataValues SELECT 77, NULL FROM n;"
    )
    (finding,) = read(tmp_path, library).findings
    assert (finding.kind, "attack" in finding.detail) == ("file damaged", True)


def damage(content: bytes) -> tuple[list[Finding], bool]:
    """Read damaged bytes; return the findings, and whether the file could be read to its end."""
    findings: list[Finding] = []
    try:
        records(zotero_sqlite, content, findings)
    except Unreadable:
        return findings, False
    return findings, True


WHOLE = moths(Library(":memory:")).content()


@settings(max_examples=150)
@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=60), st.booleans())
def test_damage_is_named(at: int, noise: bytes, cut: bool) -> None:
    """A database that is cut short or overwritten raises nothing but the error for a damaged file."""
    damage(WHOLE[:at] + noise + (b"" if cut else WHOLE[at + len(noise) :]))


def test_every_page_may_be_damaged() -> None:
    """A page of other bytes, wherever it lies, raises nothing but the error for a damaged file."""
    read_to_end = [damage(WHOLE[:at] + b"\xa5" * 512 + WHOLE[at + 512 :])[1] for at in range(0, len(WHOLE), 512)]
    assert set(read_to_end) == {True, False}


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["title", "abstractNote", "DOI", "volume", "extra", "publicationTitle", "archiveID"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50),
        min_size=1,
    )
)
def test_the_database_and_the_api_agree(fields: dict[str, str]) -> None:
    """An item of the database is the paper that Zotero's API makes of it."""
    library = Library(":memory:")
    library.add(**fields)
    (record,) = zotero_sqlite.read(io.BytesIO(library.content()), b"", lambda *_: None)
    other = zotero.read({"itemType": "journalArticle", "key": "00000001", "creators": [], **fields}, Lines(1, 1))
    assert other is not None
    assert admit(record, "f", lambda _: None) == admit(other, "f", lambda _: None)


def test_a_change_in_the_log_changes_the_dump(tmp_path: Path) -> None:
    """A dump is described with its log, so that a later change in the log alone is seen."""
    library = moths(Library(tmp_path / "zotero.sqlite"))
    library.database.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
    library.add(title="Owls at Noon")
    (before,) = ingest([tmp_path]).dumps
    library.add(title="Same Key, Another Paper")
    (after,) = ingest([tmp_path]).dumps
    assert before.size < after.size
    assert before.sha256 != after.sha256
    assert size_and_time(tmp_path / "zotero.sqlite") == (after.size, after.mtime_ns)
