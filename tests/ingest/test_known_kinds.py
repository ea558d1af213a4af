"""Files of known kinds that are not read: each is named, with the way out."""

from __future__ import annotations

import io
import pickle
import sqlite3
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.known_kinds import kind_of
from papersearch.ingest.reading import ingest


def zipped(*names: str, first: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x" * 50)
    return made.getvalue()


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("corpus.jsonl"))
    return made.getvalue()


def database(*tables: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (a)")
        return connection.serialize()


XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
KINDS: dict[str, tuple[str, bytes | str]] = {
    "PDF": ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
    "PDF after a blank": ("a PDF", b"\n\n%PDF-1.4\n"),
    "SQLite": ("an SQLite database", database("notes")),
    "a log of SQLite's": ("a journal of SQLite", b"\x37\x7f\x06\x82\0\x2d\xe2\x18\0\0\x10\0"),
    "xlsx": ("an Excel table", zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")),
    "docx": ("a Word document", zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")),
    "odt": ("an OpenDocument file", zipped("content.xml", first=b"application/vnd.oasis.opendocument.text")),
    "ods": ("an ODS table", zipped("content.xml", first=b"application/vnd.oasis.opendocument.spreadsheet")),
    "epub": ("an EPUB book", zipped("META-INF/container.xml", first=b"application/epub+zip")),
    "tar": ("a tar archive", tarred()),
    "pickle": ("a pickle of Python", pickle.dumps([{"title": "x"}])),
    "PNG": ("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "JPEG": ("an image", b"\xff\xd8\xff\xe0\0\x10JFIF"),
    "refer": ("an EndNote file (refer)", "%0 Journal Article\n%T On Moths\n"),
    "DOIs": ("a table without titles (CSV or TSV)", "DOI,Year\n10.5555/a,2020\n"),
    "DOIs after numbers": ("a table without titles (CSV or TSV)", 'n;"DOI";Year\r\n'),
    "MODS": ("MODS XML", XML + '<modsCollection xmlns="http://www.loc.gov/mods/v3"><mods/>'),
    "Atom": ("an Atom feed", '<feed xmlns="http://www.w3.org/2005/Atom">'),
    "Zotero RDF": ("Zotero RDF", '<rdf:RDF\n xmlns:z="http://www.zotero.org/namespaces/export#">'),
    "RDF": ("RDF", '<rdf:RDF xmlns:dc="http://purl.org/dc/elements/1.1/">'),
    "other XML": ("XML of an unknown kind", XML + "<library><book/></library>"),
    "web page": ("a web page", "<!DOCTYPE html>\n<html><head><title>Daily Papers</title>"),
    "web page in capitals": ("a web page", "\n<!-- saved -->\n<HTML><BODY>"),
    "LaTeX": ("a LaTeX document", "% a paper\n\n\\documentclass[a4paper]{article}\n"),
    "OPML": ("OPML", XML + '<opml version="2.0"><head><title>x</title></head></opml>'),
    "METS": ("METS XML", XML + '<mets:mets xmlns:mets="http://www.loc.gov/METS/">'),
    "MARC XML": ("MARC XML", XML + '<marc:collection xmlns:marc="http://www.loc.gov/MARC21/slim">'),
    "MARC": ("MARC", "01841cam a2200385Ma 4500001000700000"),
    "DataCite XML": ("DataCite XML", XML + '<resource xmlns="http://datacite.org/schema/kernel-4">'),
    "Word's sources": (
        "a list of sources of Word",
        '<b:Sources xmlns:b="http://x.example/officeDocument/2006/bibliography">',
    ),
    "refer without types": ("an EndNote file (refer)", "%T Corn\n%A Newman, W. H.\n%D 1891\n"),
    "refer with an empty type": ("an EndNote file (refer)", "%0\n%A Grove\n%T Moths\n"),
    "Ovid": ("Ovid's tagged text", "<1. >\nVN  - Ovid Technologies\nTI  - Moths\n"),
    "RefWorks": ("RefWorks tagged text", "RT Book, Section\nSR Electronic(1)\nID 206\nA1 Grove,Ada\n"),
    "a printed bibliography": (
        "a bibliography as LaTeX prints it",
        "% made\n\\begin{thebibliography}{9}\n\\bibitem{a} A. Grove.\n",
    ),
    "hayagriva": ("hayagriva", "zygos:\n    type: Article\n    title: Moths\n"),
    "papis": ("YAML", "author: Grove, Ada\ndoi: 10.5555/a\ntitle: Moths\n"),
    "CFF below a message": ("a CITATION.cff file", "message: cite it\nauthors:\n  - name: x\ncff-version: 1.2.0\n"),
    "CFF": ("a CITATION.cff file", "# note\ncff-version: 1.2.0\ntitle: x\n"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_known_kind_is_named(tmp_path: Path, kind: str) -> None:
    """Each kind is one finding that says what the file is and what to do, whatever the file's name."""
    what, content = KINDS[kind]
    (tmp_path / "download").write_bytes(content.encode() if isinstance(content, str) else content)
    found = ingest([tmp_path])
    (finding,) = found.findings
    assert (finding.kind, finding.file, found.papers) == ("file skipped", "download", ())
    said, _, advice = finding.detail.partition(", which is not read: ")
    assert said == what
    assert advice


@pytest.mark.parametrize(
    "kind", [kind for kind, (_, content) in KINDS.items() if isinstance(content, str) and content.isascii()]
)
def test_a_known_kind_in_utf16(tmp_path: Path, kind: str) -> None:
    """A kind of text is known in other encodings too."""
    what, content = KINDS[kind]
    assert isinstance(content, str)
    (tmp_path / "download").write_bytes(content.encode("utf-16"))
    assert ingest([tmp_path]).findings[0].detail.startswith(what)


@pytest.mark.parametrize(
    "text",
    [
        "# Notes\n\nThe title of this is short.\n",
        "On moths, lamps and doors\n\nWe count moths.\n",
        "user@example.org wrote {this}\n",
        "x < y and y > z\n",
        "1 0 d3 1\n1 0 d4 0\n",
        "",
    ],
)
def test_plain_text_is_of_no_known_kind(text: str) -> None:
    """Text without a mark is not taken for a kind of file."""
    assert kind_of(text.encode()) is None


@given(st.binary(max_size=400))
def test_any_bytes_have_a_kind_or_none(head: bytes) -> None:
    """No bytes are an error."""
    assert kind_of(head) is None or ", which is not read: " in str(kind_of(head))
