"""Tables of papers: headers of producers, tables of other things, damage, rows as the csv module has them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats import tables
from papersearch.ingest.formats.table_fields import has_fields
from papersearch.ingest.formats.table_rows import read_rows
from papersearch.ingest.reading import Ingest, ingest, is_dump
from papersearch.types import Finding, Provenance
from tests.ingest.formats.damage import damaged, reading, records
from tests.memory import peak_of, takes_less

ABSTRACT = "We study how lanterns guide moths across a night garden and measure the detours they take."


def table(*rows: Sequence[str], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Return rows as the standard library writes them."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    return written.getvalue()


def read(tmp_path: Path, content: str | bytes, *, is_named: bool = False) -> Ingest:
    """Ingest a file with this content, named itself or found in its folder."""
    (tmp_path / "download").write_bytes(content.encode() if isinstance(content, str) else content)
    return ingest([tmp_path / "download" if is_named else tmp_path])


KAGGLE = f"""titles,summaries,terms
Lantern Maps for Moths,"{ABSTRACT}","['moths', 'lantern maps']"
"""

PRODUCERS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "Zotero": (
        {
            "Key": "YVC6GC78", "Item Type": "journalArticle", "Publication Year": "2026",
            "Author": "Grove, Ada; Lind, Bo",
            "Title": "Maps of <i>Lux</i>", "Publication Title": "Journal of Moths", "ISSN": "1234-5678",
            "DOI": "10.5555/moth_1", "Url": "https://x.example/1", "Abstract Note": ABSTRACT, "Date": "2026-04-02",
            "Date Added": "2027-01-01 10:00:00", "Pages": "1-9", "Issue": "3", "Volume": "12",
            "Journal Abbreviation": "J. Moths", "Publisher": "Press", "Extra": "arXiv:2504.01234 [cs]",
            "Manual Tags": "moths; lantern maps", "Automatic Tags": "Light, artificial", "Editor": "Roe, Rick",
        },
        {
            "paper_id": "YVC6GC78", "authors": ("Ada Grove", "Bo Lind"), "title": "Maps of Lux",
            "date": "2026-04-02",
            "venue": "Journal of Moths", "pages": "1-9", "issue": "3", "volume": "12", "publisher": "Press",
            "doi": "10.5555/moth_1", "arxiv_id": "2504.01234", "url": "https://x.example/1",
            "categories": ("moths", "lantern maps", "Light, artificial"), "abstract": ABSTRACT,
        },
    ),
    "Scopus": (
        {
            "Authors": "Grove A.; Lind B.", "Author full names": "Grove, Ada (58975); Lind, Bo (57190)",
            "Author(s) ID": "58975; 57190", "Title": "Maps", "Year": "2026", "Source title": "Journal of Moths",
            "Volume": "12", "Issue": "", "Art. No.": "e12", "Page start": "", "Page end": "", "Cited by": "3",
            "DOI": "10.5555/a", "Link": "https://www.scopus.com/x", "Abstract": "[No abstract available]",
            "Author Keywords": "moths; lantern maps", "Index Keywords": "light", "Source": "Scopus",
            "EID": "2-s2.0-1",
        },
        {
            "authors": ("Ada Grove", "Bo Lind"), "year": 2026, "venue": "Journal of Moths", "pages": "e12",
            "abstract": "", "categories": ("moths", "lantern maps", "light"), "paper_id": "2-s2.0-1",
        },
    ),
    "Web of Science": (
        {
            "Publication Type": "J", "Authors": "Grove, A; Lind, B", "Author Full Names": "Grove, Ada; Lind, Bo",
            "Group Authors": "Moth Consortium", "Article Title": "Maps", "Source Title": "JOURNAL OF MOTHS",
            "Author Keywords": "moths; lantern maps", "Keywords Plus": "LIGHT", "Abstract": ABSTRACT,
            "Publication Date": "APR 2", "Publication Year": "2026", "Start Page": "45", "End Page": "67",
            "DOI": "10.5555/a", "UT (Unique WOS ID)": "WOS:1", "Pubmed Id": "",
        },
        {
            "authors": ("Ada Grove", "Bo Lind", "Moth Consortium"), "title": "Maps", "date": "2026-04-02",
            "pages": "45-67", "paper_id": "WOS:1", "categories": ("moths", "lantern maps", "LIGHT"),
        },
    ),
    "Web of Science's tags": (
        {
            "PT": "J", "AU": "Grove, A", "AF": "Grove, Ada", "TI": "Maps", "SO": "J MOTHS",
            "DE": "moths; lantern maps",
            "ID": "LIGHT", "AB": ABSTRACT, "PD": "APR 2", "PY": "2026", "DI": "10.5555/a", "UT": "WOS:1",
        },
        {
            "authors": ("Ada Grove",), "venue": "J MOTHS", "date": "2026-04-02", "paper_id": "WOS:1",
            "categories": ("moths", "lantern maps", "LIGHT"), "abstract": ABSTRACT,
        },
    ),
    "Embase": (
        {
            "Title": "Maps", "Original Title": "", "Author Names": "Grove A., Lind B.",
            "Source": "J. Moths (2026) 1:2",
            "Source title": "Journal of Moths", "Publication Year": "2026", "First Page": "1", "Last Page": "9",
            "Date of Publication": "2 April 2026", "Abstract": ABSTRACT, "DOI": "10.5555/a", "Medline PMID": "12",
        },
        {
            "authors": ("A. Grove", "B. Lind"), "date": "2026-04-02", "pages": "1-9", "venue": "Journal of Moths",
            "paper_id": "12",
        },
    ),
    "IEEE Xplore": (
        {
            "Document Title": "Maps", "Authors": "A. Grove; B. Lind", "Publication Title": "IEEE Moths",
            "Publication Year": "2026", "Start Page": "1", "End Page": "9",
            "Abstract": ABSTRACT, "DOI": "10.5555/a",
            "PDF Link": "https://ieee.example/1", "Author Keywords": "moths;lantern maps", "Publisher": "IEEE",
        },
        {
            "title": "Maps", "authors": ("A. Grove", "B. Lind"), "venue": "IEEE Moths", "pages": "1-9",
            "categories": ("moths", "lantern maps"),
        },
    ),
    "Dimensions": (
        {
            "Rank": "1", "Publication ID": "pub.1", "DOI": "10.5555/a", "PMID": "", "Title": "Maps",
            "Abstract": ABSTRACT,
            "Source title": "Journal of Moths", "Publication date": "2026-04-02", "PubYear": "2026",
            "Pagination": "1-9",
            "Authors": "Grove, Ada; Lind, Bo", "Authors (Raw Affiliation)": "Grove, Ada (X); Lind, Bo (Y)",
        },
        {"authors": ("Ada Grove", "Bo Lind"), "date": "2026-04-02", "pages": "1-9", "venue": "Journal of Moths"},
    ),
    "Lens.org": (
        {
            "Lens ID": "000-463", "Title": "Maps", "Date Published": "2026-04-02", "Publication Year": "2026",
            "Source Title": "Journal of Moths", "Author/s": "Ada Grove; Bo Lind", "Abstract": ABSTRACT,
            "Issue Number": "3", "Start Page": "1", "End Page": "9", "Keywords": "moths; lantern maps",
            "PMID": "12",
        },
        {"paper_id": "000-463", "authors": ("Ada Grove", "Bo Lind"), "issue": "3", "date": "2026-04-02"},
    ),
    "EBSCO": (
        {
            "Article Title": "Maps", "Author": "Grove, Ada; Lind, Bo", "Journal Title": "Moths",
            "ISSN": '="12345678"',
            "Publication Date": "4/30/2026", "First Page": "1", "Accession Number": '="176"', "DOI": "10.5555/a",
            "Abstract": ABSTRACT, "Keywords": "", "PLink": "https://search.ebscohost.com/x",
        },
        {"title": "Maps", "venue": "Moths", "date": "2026-04-30", "paper_id": "176", "pages": "1"},
    ),
    "ProQuest": (
        {
            "Title": "Maps", "Abstract": ABSTRACT, "Authors": "Grove, Ada; Lind, Bo",
            "digitalObjectIdentifier": "10.5555/a",
            "pubdate": "Apr 2, 2026", "pubtitle": "Moths", "startPage": "1", "year": "2026",
            "subjectTerms": "Moths",
        },
        {"doi": "10.5555/a", "venue": "Moths", "date": "2026-04-02", "categories": ("Moths",)},
    ),
    "RefWorks": (
        {
            "Reference Type": "Journal Article", "Authors, Primary": "van den Hoven,null;Smits,Maarten L. J.",
            "Title Primary": "Maps", "Periodical Full": "Moths", "Pub Year": "2026", "Pub Month & Day": "04/02",
            "Abstract": ABSTRACT,
        },
        {"authors": ("van den Hoven", "Maarten L. J. Smits"), "venue": "Moths", "date": "2026-04-02"},
    ),
    "Rayyan": (
        {
            "key": "rayyan-1", "title": "Maps", "year": "2026", "month": "4", "day": "2", "journal": "Moths",
            "authors": "Grove, Ada and Lind, Bo", "abstract": ABSTRACT, "doi": "10.5555/a", "pubmed_id": "",
        },
        {"date": "2026-04-02", "authors": ("Ada Grove", "Bo Lind"), "paper_id": "rayyan-1"},
    ),
    "ASReview": (
        {
            "record_id": "0", "title": "Maps", "authors": "['Ada Grove', \"Bo O'Lind\"]", "abstract": ABSTRACT,
            "keywords": "['moths', 'lantern maps']", "included": "1", "year": "2026.0",
        },
        {"authors": ("Ada Grove", "Bo O'Lind"), "categories": ("moths", "lantern maps"), "year": 2026},
    ),
    "arXiv on Kaggle": (
        {
            "id": "0704.0001", "submitter": "Grove", "authors": "Ada Grove and Bo Lind",
            "title": "Maps of C\\^ot\\'e",
            "doi": "", "categories": "hep-ph cs.LG", "abstract": ABSTRACT, "update_date": "2015-05-13",
        },
        {
            "arxiv_id": "0704.0001", "year": 2007, "year_inferred": True, "title": "Maps of Côté",
            "categories": ("hep-ph", "cs.LG"),
        },
    ),
    "Embase, with a citation": (
        {
            "Title": "Maps", "Author Names": "Grove A., van der Berg J.", "Abstract": ABSTRACT,
            "Source": "Journal of Moths (2014) 3:3 (152-163). Date of Publication: 1 Jul 2014",
            "Emtree Medical Index Terms": "abdominal pain, adult, case report, lantern (diagnosis, care), moth",
        },
        {
            "venue": "Journal of Moths", "year": 2014, "authors": ("A. Grove", "J. van der Berg"),
            "categories": ("abdominal pain", "adult", "case report", "lantern (diagnosis, care)", "moth"),
        },
    ),
    "Ovid": (
        {
            "ORN": "1", "VN": "Ovid Technologies", "DB": "Embase", "UI": "2011722477",
            "PM": "29635641 [https://x.example/?term=29635641]", "TI": "Maps",
            "SO": "Journal of Moths. 25 (1) (no pagination), 2018. Article Number: tay018.",
            "AU": "Grove A.\n\nLind B.", "MH": "adult\n\n*moth, wild", "AB": ABSTRACT,
        },
        {
            "paper_id": "29635641", "title": "Maps", "venue": "Journal of Moths", "year": 2018,
            "authors": ("A. Grove", "B. Lind"), "categories": ("adult", "*moth, wild"), "abstract": ABSTRACT,
        },
    ),
    "DSpace": (
        {
            "id": "1", "dc.title[en]": "Maps", "dc.contributor.author": "Grove, Ada||Lind, Bo",
            "dc.date.issued": "2026-04-17", "dc.description.abstract[en]": ABSTRACT, "dc.publisher[]": "Press",
            "dc.identifier.doi[en]": "10.5555/a", "dc.subject[en]": "moths||lantern maps",
            "dc.identifier.uri": "https://x.example/1/2",
        },
        {
            "title": "Maps", "authors": ("Ada Grove", "Bo Lind"), "date": "2026-04-17", "abstract": ABSTRACT,
            "doi": "10.5555/a", "categories": ("moths", "lantern maps"), "publisher": "Press",
            "url": "https://x.example/1/2",
        },
    ),
    "OpenAlex": (
        {
            "id": "https://openalex.org/W1", "doi": "https://doi.org/10.5555/a", "title": "Maps",
            "publication_year": "2026", "publication_date": "2026-04-02", "abstract": ABSTRACT,
            "authorships.author.display_name": "Ada Grove|Bo Lind",
        },
        {"doi": "10.5555/a", "date": "2026-04-02", "authors": ("Ada Grove", "Bo Lind")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCERS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_producers_write(tmp_path: Path, name: str, delimiter: str) -> None:
    """The columns of each producer are understood, whatever separates them, with a byte order mark."""
    fields, expected = PRODUCERS[name]
    found = read(tmp_path, "\ufeff" + table(list(fields), list(fields.values()), delimiter=delimiter))
    assert found.findings == ()
    (paper,) = found.papers
    assert {field: getattr(paper, field) for field in expected} == expected


FIELDS = (
    ["TITLE", "Lantern Maps, for Moths"], ["AUTHOR NAMES", "Grove A.", "van der Berg J.", "Lind B."],
    ["SOURCE", "Journal of Moths (2026) 21 Article Number: 12."], ["SOURCE TITLE", "Journal of Moths"],
    ["PUBLICATION YEAR", "2026"], ["VOLUME", "21"], ["DATE OF PUBLICATION", "2 Apr 2026"], ["ABSTRACT", ABSTRACT],
    ["AUTHOR KEYWORDS", "Lantern, oil", "Moth"], ["PUI", "L2"], ["MEDLINE PMID", "12"], ["DOI", "10.5555/a"],
)  # fmt: skip


@pytest.mark.parametrize("between", ["\n", ""])
@pytest.mark.parametrize("begin", ["", '"SEARCH QUERY","moths:ti,ab"\n----\n\n'])
def test_a_table_with_one_field_a_row(tmp_path: Path, between: str, begin: str) -> None:
    """Embase may write a field a row, its name first; a blank row or the first name begins the next paper."""
    entries = [table(*FIELDS, quoting=csv.QUOTE_ALL), table(["TITLE", "B"], ["DOI", "10.5555/b"])]
    found = read(tmp_path, begin + between.join(entries))
    assert found.findings == ()
    first, second = sorted(found.papers, key=lambda paper: paper.provenance[0].first_line)
    assert (first.title, first.abstract, first.date) == ("Lantern Maps, for Moths", ABSTRACT, "2026-04-02")
    assert first.authors == ("A. Grove", "J. van der Berg", "B. Lind")
    assert (first.venue, first.volume, first.doi, first.paper_id) == ("Journal of Moths", "21", "10.5555/a", "12")
    assert first.categories == ("Lantern, oil", "Moth")
    at = begin.count("\n") + 1
    assert first.provenance == (Provenance(dump="download", first_line=at, last_line=at + 11),)
    assert (second.title, second.doi) == ("B", "10.5555/b")


@pytest.mark.parametrize(
    "content",
    ['"TITLE","A site"\n"AUTHOR","Me"\n', '"Title","A"\n"Year","B"\n"DOI","C"\n"Authors","D"\n'],
)
def test_settings_are_not_entries(content: str) -> None:
    """Some names before values do not make a table of papers."""
    assert not has_fields(content.encode())


def test_a_table_of_kaggle(tmp_path: Path) -> None:
    """Titles, summaries and a list as Python prints it are a paper."""
    found = read(tmp_path, KAGGLE)
    (paper,) = found.papers
    assert (found.findings, paper.abstract) == ((), ABSTRACT)
    assert (paper.title, paper.categories) == ("Lantern Maps for Moths", ("moths", "lantern maps"))
    assert paper.provenance == (Provenance(dump="download", first_line=2, last_line=2),)


@pytest.mark.parametrize("begin", ["sep=,\n", '"SEARCH QUERY","moths:ti,ab"\n----\n\n', "About the data: x, y\n"])
def test_lines_before_the_header(tmp_path: Path, begin: str) -> None:
    """A separator, a query or a remark may precede the header; line numbers count them."""
    rows = table(
        ["Title", "Authors", "Abstract", "Year"], ["Maps", "Grove, Ada", 'One\ntwo, "three"', "2026"], ["B"] * 4
    )
    found = read(tmp_path, begin + rows)
    first, _ = sorted(found.papers, key=lambda paper: paper.provenance[0].first_line)
    at = begin.count("\n") + 2
    assert (first.abstract, first.year) == ('One two, "three"', 2026)
    assert first.provenance == (Provenance(dump="download", first_line=at, last_line=at + 1),)


NO_ABSTRACTS = table(["PMID", "Title", "Authors", "DOI"], ["12", "Maps", "Grove A, Lind B.", "10.5555/a"])


def test_a_table_without_abstracts(tmp_path: Path) -> None:
    """Titles alone are read where the file is named, not where it lies in a folder."""
    found = read(tmp_path, NO_ABSTRACTS)
    (finding,) = found.findings
    assert (found.papers, finding.kind) == ((), "file skipped")
    assert finding.detail == "a table without a column for abstracts, which is read only where it is named itself"
    assert not is_dump(tmp_path / "download")
    named = read(tmp_path, NO_ABSTRACTS, is_named=True)
    assert (named.findings, [paper.paper_id for paper in named.papers]) == ((), ["12"])
    assert named.papers[0].authors == ("A Grove", "B Lind")


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        "id,title,price\n1,Garden lantern,9.99\n",
        "title,summary,rating\nA film,Moths fly.,5\n",
        "id;title;stock;description\n1;Lantern;3;A lamp.\n",
    ],
)
def test_what_is_sold_is_refused(tmp_path: Path, content: str, is_named: bool) -> None:
    """A price list is refused even where it is named."""
    found = read(tmp_path, content, is_named=is_named)
    (finding,) = found.findings
    assert (found.papers, finding.kind) == ((), "file skipped")
    assert "without a column for abstracts" in finding.detail


@pytest.mark.parametrize(
    "content",
    [
        "name,title_id\nx,y\n",
        "# Title, abstract and more\n\nSome text, and more.\n",
        "| title | abstract |\n|---|---|\n| Maps | Moths |\n",
        "Title\nMaps\n",
        "Source title,Journal Title\nMoths,Moths\n",
        "abstract,label\nMoths fly.,1\n",
    ],
)
def test_other_text_is_not_a_table_of_papers(tmp_path: Path, content: str) -> None:
    """Without a header that names titles a file is not read as a table."""
    assert not tables.matches(content.encode())
    assert read(tmp_path, content).papers == ()


def test_columns_that_are_not_read_are_said(tmp_path: Path) -> None:
    """A column that may carry what a paper lacks is one finding, with the number of its rows."""
    rows = [["Maps of moths", "", "Moths fly."], ["Maps of owls", "Owls fly.", "Owls"], ["Bats", "", "Bats fly."]]
    (finding,) = read(tmp_path, table(["title", "abstract", "description"], *rows)).findings
    assert (finding.kind, finding.line, finding.detail) == ("field not read", 2, "description, in 2 records")


def test_zotero_s_notes_are_passed_over(tmp_path: Path) -> None:
    """A note or an attachment gives no paper."""
    rows = [["A1", "note", "Remark", "x"], ["A2", "journalArticle", "Maps", ABSTRACT]]
    found = read(tmp_path, table(["Key", "Item Type", "Title", "Abstract Note"], *rows))
    assert ([paper.title for paper in found.papers], found.findings) == (["Maps"], ())


HEADER = ["id", "title", "abstract"]


def damaged_rows(row: str) -> tuple[list[str], list[Finding]]:
    """Return the titles and findings of a table with one raw row between good ones."""
    findings: list[Finding] = []
    good = [[f"k{n}", f"Title {n}", f'Text "{n}",\nin two lines'] for n in range(4)]
    content = table(HEADER, *good[:2]) + row + table(*good[2:])
    return [record.title for record in records(tables, content.encode(), findings)], findings


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ('k9,"Open title,text\n', "“k9”: its quotation marks do not match"),
        ("k9,A title\n", "“k9”: 2 cells in place of 3"),
        ("k9,A title,text, with a comma\n", "“k9”: 4 cells in place of 3"),
        ('k9,"A" title" x\n', "“k9”: its quotation marks do not match"),
    ],
)
def test_a_damaged_row_costs_itself(row: str, detail: str) -> None:
    """A row that cannot be read is named by line and key; the rows around it stay."""
    titles, findings = damaged_rows(row)
    assert titles == ["Title 0", "Title 1", "Title 2", "Title 3"]
    assert [(one.kind, one.line, one.detail) for one in findings] == [("not a record", 6, detail)]


def test_marks_that_were_not_doubled() -> None:
    """Quotation marks within a text need not be doubled where the row can be told all the same."""
    titles, findings = damaged_rows('k9,Maps "of" moths,"a "good" row"\n')
    assert (titles[2], findings) == ('Maps "of" moths', [])
    assert len(titles) == 5


def test_tabs_need_no_quoting(tmp_path: Path) -> None:
    """Where tabs separate, a text that begins with a quotation mark keeps it."""
    found = read(tmp_path, f'TI\tAU\tPT\tSO\tAB\n"Deep" moths\tGrove, A\tJ\tX\t{ABSTRACT}\n')
    assert [paper.title for paper in found.papers] == ['"Deep" moths']


def test_damage_in_every_place() -> None:
    """Wherever bytes are left out or replaced, rows two before and two after the damage stay."""
    good = [[f"k{n}", f"Title {n}", f'Text "{n}",\nin two lines'] for n in range(5)]
    middle = table(["k9", 'A "title", quoted', "One\ntwo\nthree"]).encode()
    for one in damaged(middle, 3):
        content = table(HEADER, *good[:2]).encode() + one + b"\n" + table(*good[2:]).encode()
        titles = [record.title for record in records(tables, content)]
        assert {"Title 0", "Title 1", "Title 4"} <= set(titles), one
        assert len(titles) <= 7


CELL = st.text(st.sampled_from("ab ,;\"\n'\u00e4"), max_size=12)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_rows_agree_with_the_standard_library(rows: list[list[str]], delimiter: str) -> None:
    """The cells that the csv module writes come back, with the lines that they take."""
    written = table(*rows, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    lines = list(enumerate(written.splitlines(keepends=True), 1))
    found = list(read_rows(lines, delimiter, 3))
    assert [row.cells for row in found] == rows
    assert all(row.fault == "" for row in found)
    assert [row.first_line for row in found[1:]] == [row.last_line + 1 for row in found[:-1]]
    assert sum(row.last_line - row.first_line + 1 for row in found) == len(lines)


@given(st.lists(st.sampled_from(['a","', '"', "x,y,z", '"x","y","z"', '""', "a", ",,", '"a\n']), max_size=60))
def test_every_line_is_in_one_row(lines: list[str]) -> None:
    """However damaged, each line belongs to one row: none is lost, none is read twice."""
    numbered = list(enumerate((f"{line}\n" for line in lines), 1))
    found = list(read_rows(numbered, ",", 3))
    places = [number for row in found for number in range(row.first_line, row.last_line + 1)]
    assert places == [number for number, _ in numbered]


def test_open_rows_do_not_cost_their_square() -> None:
    """Lines that all leave a quotation open are read again a bounded number of times."""
    taken = 0

    def lines() -> object:
        nonlocal taken
        for number in range(1, 30_001):
            taken += 1
            yield number, 'a","\n'

    found = list(read_rows(lines(), ",", 3))  # type: ignore[arg-type]
    assert taken == 30_000
    assert sum(row.last_line - row.first_line + 1 for row in found) == 30_000


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(content: bytes) -> None:
    """No bytes are an error."""
    tables.matches(content)
    tables.only_if_named(content)
    records(tables, b"id,title,abstract\n" + content)
    records(tables, content)


def test_memory_is_flat() -> None:
    """Ten times the rows take no more memory."""
    head, row = table(HEADER).encode(), table(["1", "Maps", ABSTRACT]).encode()
    reading(tables, head + row * 1000, 1000)()
    few, many = reading(tables, head + row * 100, 100), reading(tables, head + row * 1000, 1000)
    assert takes_less(peak_of(few) * 1.5, many)
