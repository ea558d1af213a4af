"""Doors of files of a corpus, in every format that is read, compressed and packed, and in none."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import orjson
import zstandard

from benchmarks.made import PARQUET, made_papers, write_made
from benchmarks.made.damage import DAMAGES
from benchmarks.made.text_files import bibtex
from papersearch.ingest.decompression import is_compressed
from tests.fuzz.door import Door, Enter
from tests.ingest.formats.json_shapes.samples import SAMPLES as JSON_SAMPLES
from tests.ingest.formats.xml.samples import SAMPLES as XML_SAMPLES
from tests.ingest.laws import read_lawfully

LONGEST = 100_000

_JSON_FILES = (
    "JSON lines of papersearch", "CSL-JSON", "Better BibTeX JSON", "OpenAlex", "Crossref", "Semantic Scholar, bulk",
    "arXiv's snapshot", "OpenReview", "Hugging Face's API",
)  # fmt: skip
_XML_FILES = ("PubMed XML", "arXiv Atom", "arXiv OAI-PMH", "EndNote XML", "ACL Anthology", "JATS", "Crossref XML")

_NO_DUMPS = (
    b"", b"\n", b"# Read me\n\nThese are papers.\n", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    b"\x89PNG\r\n\x1a\n\0\0",
    b"PK\x03\x04", b"<!doctype html><title>Moths</title>", b"\x7fELF\x02\x01\x01", b"\xff\xfeT\0Y\0", b"\0" * 40,
)  # fmt: skip


def _opened(folder: Path, *, is_packed: bool = False) -> Enter:
    path = folder / "input"

    def enter(content: bytes) -> None:
        path.write_bytes(content)
        read_lawfully(path, is_packed=is_packed or content.startswith(b"PK") or is_compressed(content))

    return enter


def _made(*formats: str) -> Callable[[Path], Iterator[bytes]]:
    """Return what makes valid files of some formats, with one paper and with three."""

    def seeds(folder: Path) -> Iterator[bytes]:
        for name in formats:
            for n_papers in (1, 3):
                scratch = folder / f"{formats.index(name)}-{n_papers}"
                scratch.mkdir()
                short = (paper._replace(abstract=paper.abstract[-120:]) for paper in made_papers(n_papers))
                place = write_made(name, short, scratch)
                yield (next(place.iterdir()) if place.is_dir() else place).read_bytes()

    return seeds


def _json(folder: Path) -> Iterator[bytes]:
    yield from _made(*_JSON_FILES)(folder)
    yield from (orjson.dumps(sample.record) for sample in JSON_SAMPLES.values())


def _xml(folder: Path) -> Iterator[bytes]:
    yield from _made(*_XML_FILES)(folder)
    yield from (text.encode() for text, _ in XML_SAMPLES.values())


def _bibtex(folder: Path) -> Iterator[bytes]:
    yield from _made("BibTeX")(folder)
    entry = bibtex(next(iter(made_papers(1))))
    yield from (damage(entry).encode("utf-8", "surrogateescape") for damage in DAMAGES.values())


def _packed(folder: Path) -> Iterator[bytes]:
    plain = b"".join(_made("RIS")(folder))
    yield from (pack(plain) for pack in (gzip.compress, bz2.compress, lzma.compress, zstandard.compress))
    for members in ({"moths.ris": plain}, {"a/b.ris": plain, "c.gz": gzip.compress(plain), "d.zip": b"PK\x03\x04"}):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        yield packed.getvalue()


def _door(seeds: Callable[[Path], Iterable[bytes]], *tokens: str) -> Door:
    return Door(_opened, seeds, (*_SIGNS, *tokens), LONGEST)


_SIGNS: Sequence[str] = (
    *r"""{ } " ' \ $ % & # ~ ^ _ @ < > / = ( ) [ ] , ; : - . ! ? | * ` \" \' \& {{ }} "} }, = { --""".split(),
    *"\n|\n\n|\r\n|\t|\0|\x1b[|\u200d|\u0301|\ufeff|é|中|\u2028|\x85".split("|"),
)

DOORS = {
    "json": _door(_json, *"null true NaN 1e999 -1 [[ ]] \\ud800 \\u0000 {}".split()),
    "xml": _door(_xml, *"<!-- --> <![CDATA[ ]]> <!DOCTYPE <!ENTITY <?xml &amp; &lt; &#38; &#x26; &x; </".split()),
    "bibtex": _door(_bibtex, *r"@string{ @comment{ @preamble{ crossref xdata \textbf{ \em \alpha $x$ and".split()),
    "tagged": _door(
        _made("RIS", "nbib", "Web of Science", "arXiv mail"), "ER  - ", "TY  - ", "PT J", "PMID- ", "\\\\"
    ),
    "tables": _door(_made("CSV", "TSV"), "\t", ";", '""', "title", "abstract", "authors", "doi"),
    "daily-papers": _door(_made("Daily Papers, HTML", "Daily Papers, copied"), "data-props", "&quot;", "Subscribe"),
    "notes": _door(
        _made("Markdown notes"), "---\n", "title: ", "doi: ", "- ", ">\n", "|\n", "!!python", "&a", "*a"
    ),
    "zotero": _door(_made("zotero.sqlite"), "SQLite format 3\0", "items", "itemData"),
    "parquet": _door(_made(PARQUET), "PAR1", "ARROW:schema"),
    "packed": _door(_packed, "PK\x01\x02", "PK\x05\x06", "\x1f\x8b\x08"),
    "no-dumps": _door(lambda folder: _NO_DUMPS, "\\x1f\\x8b", "<?xml", "<!doctype html>"),
}
"""The doors of files; formats that are read alike share one."""
