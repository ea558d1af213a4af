"""Damaged and hostile XML: a fault costs the record around it, and nothing outside the file is read."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from papersearch.ingest.formats.xml import acl, arxiv_atom, crossref, document, endnote, jats, oai_pmh, pubmed
from papersearch.ingest.formats.xml import elements as reader
from papersearch.ingest.formats.xml.document import Layout
from papersearch.ingest.formats.xml.elements import elements
from papersearch.ingest.formats.xml.tree import plain
from papersearch.ingest.reading import Ingest
from papersearch.ingest.record import NotADump, Record, admit
from papersearch.types import Finding
from tests.ingest.formats.xml.samples import PROLOG, SAMPLES
from tests.ingest.formats.xml.test_sources import read
from tests.memory import peak_of, takes_less

FORMATS = (pubmed, arxiv_atom, oai_pmh, endnote, acl, jats, crossref)


def paper(number: int, inside: str = "") -> str:
    """Return a paper of the ACL Anthology on a line of its own."""
    return (
        f'<paper id="{number}"><title>Moth {number}</title><author><first>A</first><last>B</last></author>'
        f"<abstract>We count {number} moths.{inside}</abstract></paper>\n"
    )


def volume(*papers: str) -> str:
    """Return a file with these papers from its fourth line on."""
    meta = "<meta><booktitle>Nowhere</booktitle><year>2026</year></meta>\n"
    return (
        f'{PROLOG}<collection id="2026.nope"><volume id="1">\n{meta}{"".join(papers)}</volume>\n'
        f'<volume id="2">{meta}{paper(99)}</volume></collection>\n'
    )


def ids(found: Ingest) -> list[str]:
    return [one.paper_id for one in found.papers]


BROKEN = {
    "a bare ampersand": paper(2, " R & D"),
    "a bare less-than sign": paper(2, " a < b"),
    "an element not closed": paper(2, " <i>x"),
    "an end tag too many": paper(2, " x</i>"),
    "an attribute without quotation marks": paper(2, " <i a=b>x</i>"),
    "the end tag missing": paper(2).replace("</paper>", ""),
    "an impossible character": paper(2, " &#7;"),
    "a start tag cut": "<paper id=<title>Moth 2</title></paper>\n",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_costs_its_record(tmp_path: Path, fault: str) -> None:
    """The records around a broken one are kept with their ids and lines, and the broken one is named."""
    found = read(tmp_path, volume(paper(1), BROKEN[fault], paper(3), paper(4)))
    assert ids(found) == ["2026.nope-1.1", "2026.nope-1.3", "2026.nope-1.4", "2026.nope-2.99"]
    assert [one.provenance[0].first_line for one in found.papers] == [4, 6, 7, 10]
    (finding,) = found.findings
    assert finding.kind in ("not a record", "file damaged")
    assert finding.line in (5, 6)


def test_many_faults_are_summed_up(tmp_path: Path) -> None:
    """Every second record of a large file is broken: the others are kept, and findings are few."""
    papers = [paper(n, " R & D" if n % 2 else "") for n in range(1, 401)]
    found = read(tmp_path, volume(*papers))
    assert len(found.papers) == 201
    assert len(found.findings) == 11
    assert found.findings[-1].detail == "190 more from here on"


@pytest.mark.parametrize("source", SAMPLES)
def test_a_cut_file_keeps_what_came_before(tmp_path: Path, source: str) -> None:
    """A file that ends inside its second record keeps the first one, and is reported as damaged."""
    text, expected = SAMPLES[source]
    body = text.removeprefix(PROLOG)
    joined = f"{text}{body}"
    whole = len(text.encode())
    found = read(tmp_path, joined.encode()[: whole + len(body) // 3])
    assert [one.title for one in found.papers] == [expected["title"]]
    assert "file damaged" in [finding.kind for finding in found.findings]


def test_joined_documents_are_read_one_after_the_other(tmp_path: Path) -> None:
    """Downloads in several parts are often joined into one file, with all their declarations."""
    found = read(tmp_path, "".join(volume(paper(n)).replace("2026", f"202{n}") for n in range(1, 4)))
    assert len(found.papers) == 6
    assert {finding.kind for finding in found.findings} == {"papers kept apart"}


BOMB = (
    "<!DOCTYPE collection [\n"
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">\n' for n in range(12))
    + '<!ENTITY file SYSTEM "file:///etc/passwd">]>\n'
)


@pytest.mark.parametrize("reference", ["&l11;", "&file;"])
def test_entities_of_the_file_are_not_expanded(tmp_path: Path, reference: str) -> None:
    """An entity that the file declares stays as it is written, in texts; the record is kept."""
    text = volume(paper(1, f" {reference}")).replace(PROLOG, PROLOG + BOMB)
    found = read(tmp_path, text)
    assert found.papers[0].abstract == f"We count 1 moths. {reference}"
    assert {finding.kind for finding in found.findings} == {"metadata not understood"}


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """Neither the external subset of a declaration nor an external entity is opened."""
    secret = tmp_path / "secret"
    secret.write_text('<!ENTITY secret "SECRET">')
    (tmp_path / "corpus").mkdir()
    outside = f'<!DOCTYPE collection SYSTEM "{secret.as_uri()}">\n'
    found = read(tmp_path / "corpus", volume(paper(1, " &secret;")).replace(PROLOG, PROLOG + outside))
    assert ids(found) == ["2026.nope-1.1", "2026.nope-2.99"]
    assert found.papers[0].abstract == "We count 1 moths. &secret;"
    assert [finding.detail for finding in found.findings] == ["entity &secret; is not expanded"]


def test_entities_of_html_are_characters(tmp_path: Path) -> None:
    """Programs write HTML's entities without declaring them."""
    found = read(tmp_path, volume(paper(1, " caf&eacute;&nbsp;&alpha; &amp;eacute;")))
    assert found.papers[0].abstract == "We count 1 moths. café α &eacute;"
    assert found.findings == ()


ENCODINGS = {
    "iso-8859-1": "é",
    "windows-1252": "é–",
    "utf-16": "é–",
    "gb2312": "飞",
    "shift_jis": "蛾",
    "utf-8": "é飞",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_declared_encoding_counts(tmp_path: Path, encoding: str) -> None:
    """Files in other encodings than UTF-8 are read by their declaration."""
    text = volume(paper(1, ENCODINGS[encoding])).replace("UTF-8", encoding)
    found = read(tmp_path, text.encode(encoding))
    assert found.papers[0].abstract == f"We count 1 moths.{ENCODINGS[encoding]}"
    assert found.findings == ()


@pytest.mark.parametrize("encoding", ["hex", "rot13", "unicode_escape", "zlib", "x-nothing", "utf-7"])
def test_an_odd_encoding_is_utf8(tmp_path: Path, encoding: str) -> None:
    """A declaration cannot name any of Python's codecs."""
    found = read(tmp_path, volume(paper(1, " é \\x41 +AGE-")).replace("UTF-8", encoding))
    assert found.papers[0].abstract == "We count 1 moths. é \\x41 +AGE-"


def test_bytes_that_are_not_utf8_cost_themselves(tmp_path: Path) -> None:
    """A bad byte and control characters cost neither the record nor the file."""
    found = read(tmp_path, volume(paper(1, " caf\x0b#")).encode().replace(b"#", b"\xe9"))
    assert found.papers[0].abstract == "We count 1 moths. caf \N{REPLACEMENT CHARACTER}"
    assert [(finding.kind, finding.line) for finding in found.findings] == [("bytes not UTF-8", 4)]


def test_depth_is_bounded(tmp_path: Path) -> None:
    """Elements nested a hundred thousand deep cost no more than their record."""
    deep = "<i>" * 100_000 + "x" + "</i>" * 100_000
    found = read(tmp_path, volume(paper(1), paper(2, deep), paper(3)))
    assert ids(found) == ["2026.nope-1.1", "2026.nope-1.2", "2026.nope-1.3", "2026.nope-2.99"]
    outside = read(tmp_path, volume(paper(1), deep, paper(3)))
    assert ids(outside)[0] == "2026.nope-1.1"


def test_a_file_without_records_is_not_a_dump(tmp_path: Path) -> None:
    """An empty answer is skipped and named."""
    found = read(tmp_path, "<PubmedArticleSet></PubmedArticleSet>")
    assert found.dumps == ()
    assert [finding.kind for finding in found.findings] == ["file skipped"]


def test_an_error_is_not_a_paper(tmp_path: Path) -> None:
    """An answer of arXiv that reports an error gives its reason."""
    entry = "<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>bad id</summary></entry>"
    found = read(tmp_path, f'{PROLOG}<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>')
    assert found.papers == ()
    assert "bad id" in found.findings[0].detail


def records(content: bytes) -> Iterator[Record]:
    """Yield what the format of `content` reads in it."""
    head = content[:8192]
    reader = next((one for one in FORMATS if one.matches(head)), None)
    if reader is not None:
        findings: list[Finding] = []
        for record in reader.read(io.BytesIO(content), head, lambda *_: None):
            admit(record, "x", findings.append)
            yield record


@given(st.sampled_from(sorted(SAMPLES)), st.data())
@settings(max_examples=300)
def test_no_damage_is_an_error(source: str, data: st.DataObject) -> None:
    """Bytes that were cut, exchanged or put in raise nothing but NotADump."""
    content = bytearray(SAMPLES[source][0].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 30)))
        content[start:end] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"<", b">", b"&", b"]]>", b"<!--", b"<![CDATA[", b"</", b"&x;", b"<?xml ?>", b"\0"])
        )
    with contextlib.suppress(NotADump):
        list(records(bytes(content)))


@given(st.integers(1, 8), st.integers(0, 7), st.integers(0, 200), st.binary(max_size=4))
@settings(max_examples=200)
def test_damage_stays_in_its_record(n: int, broken: int, at: int, put: bytes) -> None:
    """Any bytes inside one paper leave the papers before it as they are."""
    assume(at != 1 or put[:1] not in (b"?", b"!"))  # an instruction or declaration ends where it says
    papers = [paper(k).encode() for k in range(n)]
    broken = min(broken, n - 1)
    papers[broken] = papers[broken][:at] + put + papers[broken][at:]
    content = volume("#").encode().replace(b"#", b"".join(papers))
    kept: list[str | None] = []
    with contextlib.suppress(NotADump):  # no paper is left of the only one
        kept = [record.record_id for record in records(content)]
    assert kept[:broken] == [f"2026.nope-1.{k}" for k in range(broken)]
    assert set(kept) >= {f"2026.nope-1.{k}" for k in range(n) if k not in (broken, broken + 1)} or b"<" in put


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.integers(1, 64))
@settings(max_examples=100)
def test_elements_are_those_of_elementtree(texts: list[tuple[str, str]], size: int) -> None:
    """Texts are those that ElementTree finds, in pieces of any size."""
    root = ElementTree.Element("records")
    for title, note in texts:
        record = ElementTree.SubElement(root, "record", {"note": note})
        ElementTree.SubElement(record, "title").text = title
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    class Slow(io.BytesIO):
        def read(self, n: int | None = -1, /) -> bytes:
            return super().read(size)

    found = [
        one.element for one in elements(Slow(content), content, Layout(frozenset({"record"})), lambda *_: None)
    ]
    oracle = ElementTree.fromstring(content)
    assert [(one.get("note"), plain(one, "title")) for one in found] == [
        (one.get("note"), " ".join((one.findtext("title") or "").split())) for one in oracle
    ]


class Endless(io.RawIOBase):
    """A volume of many papers that is made while it is read."""

    def __init__(self, n: int) -> None:
        self._pieces = iter([volume("#").encode().partition(b"#")[0]])
        self._n = n
        self._made = 0

    def read(self, size: int = -1, /) -> bytes:
        head = next(self._pieces, b"")
        if head or self._made == self._n:
            return head
        self._made += 1
        return paper(self._made, " x" * 500).encode()


def test_memory_does_not_grow_with_the_file() -> None:
    """Ten times as many papers take the same memory."""

    def read_all(n: int) -> None:
        assert sum(1 for _ in acl.read(Endless(n), b"", lambda *_: None)) == n  # type: ignore[arg-type]  # a raw stream

    assert takes_less(1.5 * peak_of(partial(read_all, 200)) + 100_000, partial(read_all, 2000))


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record larger than any real one is named and costs itself, by its text or by its elements."""
    monkeypatch.setattr(document, "MAX_RECORD_CHARACTERS", 20_000)
    found = read(tmp_path, volume(paper(1), paper(2, "x" * 30_000), paper(3, "<i/>" * 1000), paper(4)))
    assert ids(found) == ["2026.nope-1.1", "2026.nope-1.4", "2026.nope-2.99"]
    assert [(finding.kind, finding.line) for finding in found.findings] == [
        ("not a record", 5),
        ("not a record", 6),
    ]


def test_faults_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is broken everywhere is given up after many faults, and keeps what came before."""
    monkeypatch.setattr(reader, "_MAX_FAULTS", 5)
    found = read(tmp_path, volume(paper(1), *[paper(n, " R & D") for n in range(2, 20)]))
    assert ids(found) == ["2026.nope-1.1"]
    assert found.findings[-1].detail == "5 faults; the rest is not read"


@pytest.mark.parametrize("behind", ["stray words", "\n\nstray words\n<!-- x -->"])
def test_text_behind_the_last_element_is_said(tmp_path: Path, behind: str) -> None:
    """What follows the last element is one finding, blanks and comments none; a document after it is read."""
    whole = volume(paper(1, ""), paper(2, ""))
    for end in ("", "\n", "\n<!-- x -->\n", "\n<?x y?>\n"):
        assert read(tmp_path, whole + end).findings == ()
    found = read(tmp_path, f"{whole}{behind}")
    assert len(found.papers) == len(read(tmp_path, whole).papers)
    assert [(one.kind, one.detail) for one in found.findings] == [
        ("file damaged", "text behind the last element is not read")
    ]
    another = volume(paper(1, ""), paper(3, "")).replace("<volume", "<volume ", 1)
    both = read(tmp_path, f"{whole}{behind}{another}")
    assert len(both.papers) == len(found.papers) + 1
    assert "text behind the last element is not read" in [one.detail for one in both.findings]
