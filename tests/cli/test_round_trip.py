"""What each format keeps of each field: 300 real and 300 hostile papers, exported and read back.

docs/exports.md has the table; it is compared with what is measured here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import orjson
import pytest

import papersearch
from papersearch.cli.output.exports import export
from papersearch.cli.output.json_documents import papers as json_document
from papersearch.ingest.formats import bibtex as bibtex_format
from papersearch.ingest.reading import ingest
from papersearch.ingest.record import admit, complain_about
from papersearch.types import Finding, Paper
from tests.cli.export_readers import FIELDS, READERS, Fields, known
from tests.cli.hostile_papers import hostile_papers
from tests.conftest import PROJECT

PAGE = PROJECT / "docs" / "exports.md"

READ_BACK = "title abstract authors date year categories links organisation arxiv_id doi".split()
"""Fields that our own JSON gives back."""

READ_BACK_FROM_BIBTEX = "title abstract author_names date year month year_inferred categories".split()
_MOSTLY = 0.9


@pytest.fixture(scope="module")
def six_hundred(real_index: papersearch.Index) -> list[Paper]:
    """Return 300 papers of the corpus and 300 hostile ones."""
    return [*list(real_index.papers())[:300], *hostile_papers(300)]


def share_kept(papers: Sequence[Paper], read: Sequence[Fields], field: str) -> float:
    """Return the share of the papers with a value in `field` whose value came back."""
    pairs = [(known(paper), fields) for paper, fields in zip(papers, read, strict=True)]
    having = [(paper[field], fields.get(field)) for paper, fields in pairs if field in paper]
    return sum(is_same(value, back) for value, back in having) / len(having)


def is_same(value: object, back: object) -> bool:
    """Return whether a value came back; an address may be percent-encoded."""
    return value == back or (isinstance(value, str) and isinstance(back, str) and value == unquote(back))


def said(share: float) -> str:
    """Return the word for a share in the table."""
    if share in (0, 1):
        return "yes" if share else "–"
    return "mostly" if share >= _MOSTLY else "partly"


def measured(papers: Sequence[Paper]) -> list[str]:
    """Return the rows of the table."""
    read = {name: reader(papers) for name, reader in READERS.items()}
    rows = [f"| field | {' | '.join(READERS)} |", f"|---|{'---|' * len(READERS)}"]
    for field in FIELDS:
        cells = [said(share_kept(papers, read[name], field)) for name in READERS]
        rows.append(f"| `{field}` | {' | '.join(cells)} |")
    return rows


def test_our_json_is_read_back(six_hundred: list[Paper], tmp_path: Path) -> None:
    """Our own JSON, put into a corpus as a document or as lines, gives the same papers, and no finding."""
    document = json_document(six_hundred)
    lines = b"\n".join(map(orjson.dumps, orjson.loads(document)["papers"]))
    for name, content in (("mine.json", document), ("mine.jsonl", lines)):
        (tmp_path / name).write_bytes(content)
        read = ingest([tmp_path / name])
        assert read.findings == ()
        again = {paper.paper_id: paper for paper in read.papers}
        for paper in six_hundred:
            for field in READ_BACK:
                assert getattr(again[paper.paper_id], field) == getattr(paper, field), (paper.paper_id, field)
            assert known(again[paper.paper_id]) == known(paper)


LOST: dict[str, set[str]] = {
    "ris": {"organisation", "links"},
    "csv": set(),
    "csl-json": {"links", "citation_key"},
}
"""Fields that a format has no place for, or writes in another form."""

MADE = {"ris": {"url", "publisher"}, "csv": {"url"}, "csl-json": {"url", "citation_key"}}
"""Fields that an export makes from others: the page of an identifier, a key to cite by."""


@pytest.mark.parametrize("name", sorted(LOST))
def test_our_exports_are_read_back(six_hundred: list[Paper], tmp_path: Path, name: str) -> None:
    """Our own RIS, CSV and CSL-JSON, put into a corpus, give the same papers, and no finding."""
    (tmp_path / "mine").write_bytes(export(six_hundred, name))
    read = ingest([tmp_path / "mine"])
    assert (read.findings, len(read.papers)) == ((), len(six_hundred))
    again = {paper.paper_id: paper for paper in read.papers}
    for paper in six_hundred:
        written, back = known(paper), known(again[paper.paper_id])
        for field in written.keys() - LOST[name]:
            assert is_same(written[field], back.get(field)), (paper.paper_id, field)
        assert back.keys() - written.keys() <= MADE[name]
        assert name != "ris" or back.get("publisher") == written.get("publisher", written.get("organisation"))


def test_our_markdown_is_named(six_hundred: list[Paper], tmp_path: Path) -> None:
    """Our own list in Markdown holds too little of a paper, and is skipped with what it is."""
    (tmp_path / "mine.md").write_bytes(export(six_hundred, "markdown"))
    (finding,) = ingest([tmp_path]).findings
    assert (finding.kind, finding.detail.partition(",")[0]) == ("file skipped", "a list of papers in Markdown")


def test_our_bibtex_is_read_back(six_hundred: list[Paper], tmp_path: Path) -> None:
    """Our own BibTeX gives equal papers back, hard ones too, and no finding."""
    (tmp_path / "mine.bib").write_bytes(export(six_hundred, "bibtex"))
    with (tmp_path / "mine.bib").open("rb") as stream:
        findings: list[Finding] = []
        complain = complain_about("mine.bib", findings.append)
        records = list(bibtex_format.read(stream, stream.peek(), complain))
        read = [admit(record, "mine.bib", findings.append) for record in records]
    assert len(read) == len(six_hundred)
    assert findings == []
    for paper, again in zip(six_hundred, read, strict=True):
        assert again is not None
        for field in READ_BACK_FROM_BIBTEX:
            assert getattr(again, field) == getattr(paper, field), (paper.paper_id, field)
        for field in ("arxiv_id", "doi", "url"):
            value = getattr(paper, field)
            assert value is None or is_same(value, getattr(again, field)), (paper.paper_id, field)


@pytest.mark.slow
def test_the_table_of_the_documents(six_hundred: list[Paper]) -> None:
    """docs/exports.md says of every field and format what comes back."""
    rows = re.findall(
        r"^\|.*\|$", PAGE.read_text(encoding="utf-8").partition("## What comes back")[2], re.MULTILINE
    )
    assert rows[: len(FIELDS) + 2] == measured(six_hundred)
