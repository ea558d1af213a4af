"""Exports read back by independent parsers: bibtexparser, rispy, csv, markdown-it, a schema of CSL-JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import unquote

import bibtexparser
import jsonschema
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import papersearch
from papersearch.cli.output.addresses import page_of, search_for, web_address
from papersearch.cli.output.exports import export
from papersearch.cli.output.exports.markdown import id_in
from papersearch.text.cleaning import clean_text
from papersearch.types import AuthorName, Organisation, Paper
from tests.cli.csl_schema import CSL_DATA
from tests.cli.hostile_papers import hostile_papers
from tests.conftest import Run

FORMATS = ("bibtex", "ris", "csl-json", "csv", "markdown")


def paper(**fields: object) -> Paper:
    """Make a paper with the given fields only."""
    bare = Paper(paper_id="a-paper-123456", title="A title", abstract="")
    return bare.replace(**fields)


KNOWN = paper(
    paper_id="2401.00001v2",
    title="Pipelines & bubbles: 100% of $5 at 50_000 #1",
    abstract="It costs ~10^6 {units} \\ in M$^3$ViT.",
    date="2024-03-09",
    year=2024,
    month=3,
    authors=("Ada Lovelace", "Bell and Howell", "Martin Luther King Jr.", "Jan van der Berg"),
    author_names=(
        AuthorName(family="Lovelace", given="Ada"),
        AuthorName(literal="Bell and Howell"),
        AuthorName(family="King", given="Martin Luther", suffix="Jr."),
        AuthorName(family="Berg", given="Jan", particle="van der"),
    ),
    organisation=Organisation(handle="acme", name="ACME {Labs}"),
    categories=("cs.LG", "cs.DC"),
    arxiv_id="2401.00001v2",
    doi="10.1000/a(b)_c;1#%",
    links=("https://github.com/a/b",),
)
ARTICLE = paper(
    title="An article",
    year=2023,
    month=4,
    authors=("Ada Lovelace",),
    author_names=(AuthorName(family="Lovelace", given="Ada"),),
    venue="Journal of Tests",
    volume="12",
    issue="3",
    pages="45-67",
    publisher="Press",
    doi="10.1007/978-3-030-00001-7_4",
)
HOSTILE = [
    paper(
        paper_id="x}, evil = {1", title="\\input{/etc/passwd} $\\write18{rm}$ }, year = {1999", authors=("} and {",)
    ),
    paper(paper_id="X-evil-1", title='=HYPERLINK("http://x","y")', abstract="\nTY  - BOOK\nER  - \n"),
    paper(paper_id="@book", title="# [click](javascript:alert(1)) <script>", abstract="+1-2"),
    paper(paper_id="1. one", title="1. one - two", authors=("-x", "@y"), url="javascript:alert(1)"),
    paper(paper_id="--> <script>", title="<!-- paper_id: other -->", doi="10.1/a{b"),
]


def bibtex(papers: list[Paper]) -> list[dict[str, str]]:
    """Return the entries that bibtexparser finds, in order, with their type and key."""
    library = bibtexparser.parse_string(export(papers, "bibtex").decode())
    assert library.failed_blocks == []
    return [
        {"type": entry.entry_type, "key": entry.key, **{name: one.value for name, one in entry.fields_dict.items()}}
        for entry in library.entries
    ]


def written_names(*names: AuthorName) -> str:
    """Return the authors of an entry as BibTeX has them."""
    return bibtex([paper(author_names=names)])[0]["author"]


def ris(papers: list[Paper]) -> list[dict[str, Any]]:
    return list(rispy.loads(export(papers, "ris").decode()))


def csl(papers: list[Paper]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(export(papers, "csl-json"))
    return items


def rows(papers: list[Paper]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export(papers, "csv").decode("utf-8-sig"), newline="")))


def test_bibtex_of_a_known_paper() -> None:
    """Every field comes back from BibTeX, text as LaTeX that prints it, identifiers as they are."""
    [entry] = bibtex([KNOWN])
    assert (entry["type"], entry["key"]) == ("misc", "lovelace2024pipelines")
    assert entry["title"] == r"{Pipelines \& bubbles: 100\% of \$5 at 50\_000 \#1}"
    assert (
        entry["author"] == "Lovelace, Ada and {Bell and Howell} and King, Jr., Martin Luther and van der Berg, Jan"
    )
    assert (entry["date"], entry["year"], entry["month"]) == ("2024-03-09", "2024", "mar")
    assert (entry["eprint"], entry["archivePrefix"], entry["primaryClass"]) == ("2401.00001v2", "arXiv", "cs.LG")
    assert entry["doi"] == "10.1000/a(b)_c;1#%"
    assert entry["url"] == "https://arxiv.org/abs/2401.00001v2"
    assert entry["keywords"] == "cs.LG, cs.DC"
    assert entry["organization"] == r"ACME \{Labs\}"
    assert (
        entry["abstract"]
        == r"It costs \textasciitilde{}10\textasciicircum{}6 \{units\} \textbackslash{} in M$^3$ViT."
    )


def test_a_month_is_a_macro() -> None:
    """A style writes the month in its own language, so it has no braces; a month needs no day."""
    for known, date in ((KNOWN, "2024-03-09"), (KNOWN.replace(date=None), "2024-03")):
        content = export([known], "bibtex").decode()
        assert f"  date = {{{date}}},\n  year = {{2024}},\n  month = mar,\n" in content
    assert "month" not in export([paper(year=2024)], "bibtex").decode()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (AuthorName(family="King", given="Martin Luther", suffix="Jr."), "King, Jr., Martin Luther"),
        (AuthorName(family="Berg", given="Jan", particle="van der"), "van der Berg, Jan"),
        (AuthorName(family="de la Cruz", given="Ana"), "de la Cruz, Ana"),
        (AuthorName(literal="The ATLAS Collaboration"), "{The ATLAS Collaboration}"),
        (AuthorName(literal="R&D, and others"), r"{R\&D, and others}"),
        (AuthorName(family="Bell and Sons", given="A."), "{Bell and Sons}, A."),
        (AuthorName(family="Núñez, y", given="José"), "{Núñez, y}, José"),
        (AuthorName(family="王", given="芳"), "王, 芳"),
        (AuthorName(family="Plato"), "Plato"),
        (AuthorName(family="King", suffix="III"), "{King III}"),
    ],
)
def test_names_in_bibtex(name: AuthorName, written: str) -> None:
    """A name keeps its parts, a group is one, and nothing in a name separates names."""
    assert written_names(name) == written
    assert written_names(name, AuthorName(family="Doe", given="Jane")) == f"{written} and Doe, Jane"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{a}", r"\{a\}"),
        ("a } b { c", r"a \vphantom{\{}\} b \{\vphantom{\}} c"),
        ("$x^2$ and $\\alpha_{ij} \\leq 1$", "$x^2$ and $\\alpha_{ij} \\leq 1$"),
        ("$5 to $10", r"\$5 to \$10"),
        ("from $5 and 10$ up", r"from \$5 and 10\$ up"),
        ("$\\input{x}$", r"\$\textbackslash{}input\{x\}\$"),
        ("$\\{x$", r"\$\textbackslash{}\{\vphantom{\}}x\$"),
        ("10--20, --flag, a-b", "10-{}-20, -{}-flag, a-b"),
        ("Erdős 图 ß", "Erdős 图 ß"),
    ],
)
def test_latex_prints_the_text(text: str, printed: str) -> None:
    """Text is escaped once; braces balance for BibTeX, mathematics stays, money is money."""
    assert bibtex([paper(title=text)])[0]["title"] == f"{{{printed}}}"


@pytest.mark.parametrize(
    ("doi", "written"),
    [
        ("10.1007/978-3-030-00001-7_4", "10.1007/978-3-030-00001-7_4"),
        ("10.1000/a_b#c%d&e~f$g^h", "10.1000/a_b#c%d&e~f$g^h"),
        ("10.1000/{a}", "10.1000/{a}"),
        ("10.1000/a{b", "10.1000/a%7Bb"),
        ("10.1000/a\\b}", "10.1000/a%5Cb%7D"),
    ],
)
def test_a_doi_is_verbatim(doi: str, written: str) -> None:
    """biblatex does not interpret a DOI, so nothing in it is escaped; a lone brace would end the field."""
    assert bibtex([paper(doi=doi)])[0]["doi"] == written


@pytest.mark.parametrize(
    ("fields", "types"),
    [
        ({"venue": "Journal of X", "volume": "1", "issue": "2"}, ("article", "JOUR", "article-journal")),
        ({"venue": "Physical Review Letters"}, ("article", "JOUR", "article-journal")),
        ({"venue": "Something", "volume": "7"}, ("article", "JOUR", "article-journal")),
        ({"venue": "Proceedings of the ACM", "volume": "5", "issue": "4"}, ("article", "JOUR", "article-journal")),
        ({"venue": "Proc. of X", "volume": "139"}, ("inproceedings", "CONF", "paper-conference")),
        ({"venue": "Lecture Notes in Math", "volume": "9"}, ("inproceedings", "CONF", "paper-conference")),
        ({"venue": "ICML 2024"}, ("inproceedings", "CONF", "paper-conference")),
        ({"venue": "International Conference on Machine Learning"}, ("inproceedings", "CONF", "paper-conference")),
        ({"venue": "arXiv.org", "volume": "abs/2401.00001", "arxiv_id": "2401.00001"}, ("misc", "UNPB", "article")),
        ({"arxiv_id": "2401.00001"}, ("misc", "UNPB", "article")),
        ({"venue": "Somewhere"}, ("misc", "GEN", "article")),
        ({}, ("misc", "GEN", "article")),
    ],
)  # fmt: skip
def test_the_type_follows_the_venue(fields: dict[str, str], types: tuple[str, str, str]) -> None:
    """The type of an entry is that of its publication; an issue belongs to a journal."""
    one = [ARTICLE.replace(venue=None, volume=None, issue=None).replace(**fields)]
    assert (bibtex(one)[0]["type"], ris(one)[0]["type_of_reference"], csl(one)[0]["type"]) == types


def test_an_article_in_each_format() -> None:
    """Journal, volume, issue and pages go where each format has them."""
    [entry] = bibtex([ARTICLE])
    assert (entry["journal"], entry["volume"], entry["number"], entry["pages"]) == (
        "Journal of Tests",
        "12",
        "3",
        "45--67",
    )
    [record] = ris([ARTICLE])
    assert (record["journal_name"], record["volume"], record["number"]) == ("Journal of Tests", "12", "3")
    assert (record["start_page"], record["end_page"], record["publisher"]) == ("45", "67", "Press")
    assert record["date"] == "2023/04//"
    [item] = csl([ARTICLE])
    assert (item["container-title"], item["volume"], item["issue"], item["page"]) == (
        "Journal of Tests",
        "12",
        "3",
        "45-67",
    )
    assert item["issued"] == {"date-parts": [[2023, 4]]}
    [row] = rows([ARTICLE])
    assert (row["venue"], row["volume"], row["issue"], row["pages"], row["month"]) == (
        "Journal of Tests",
        "12",
        "3",
        "45-67",
        "4",
    )


def test_styles_ask_for_an_author() -> None:
    """Without an author, an entry is @misc, its place one text, and its key says where it is sorted."""
    [entry] = bibtex([ARTICLE.replace(authors=(), author_names=())])
    assert (entry["type"], entry["howpublished"]) == ("misc", "Journal of Tests 12(3), 45-67")
    assert entry["key"] == "article2023"


def test_nothing_is_invented() -> None:
    """A paper with only a title has only a title in exports; an inferred year is marked as inferred."""
    bare = paper(author_count=7)
    content = export([bare], "bibtex").decode()
    assert content == "@misc{title,\n  title = {{A title}},\n  key = {title}\n}\n"
    [record] = ris([bare])
    assert {key: value for key, value in record.items() if value} == {
        "type_of_reference": "GEN",
        "id": "a-paper-123456",
        "title": "A title",
    }
    assert csl([bare]) == [
        {"id": "title", "type": "article", "title": "A title", "note": "paper_id: a-paper-123456"}
    ]
    [row] = rows([bare])
    assert [name for name, cell in row.items() if cell] == ["paper_id", "title", "year_inferred"]
    assert export([bare], "markdown") == b"- A title <!-- paper_id: a-paper-123456 -->\n"
    inferred = paper(date="2025-03-11", year=2025, year_inferred=True)
    assert bibtex([inferred])[0]["note"] == "year inferred"
    assert ris([inferred])[0]["notes"] == ["year inferred"]
    assert "year_inferred: true" in csl([inferred])[0]["note"].splitlines()
    assert b"2025 (inferred)" in export([inferred], "markdown")
    assert rows([inferred])[0]["year_inferred"] == "true"


def test_ris_of_a_known_paper() -> None:
    """Every field comes back from RIS unchanged, and names as "Family, Given, Suffix"."""
    [record] = ris([KNOWN])
    assert (record["id"], record["title"], record["abstract"]) == (KNOWN.paper_id, KNOWN.title, KNOWN.abstract)
    assert record["authors"] == [
        "Lovelace, Ada",
        "Bell and Howell",
        "King, Martin Luther, Jr.",
        "van der Berg, Jan",
    ]
    assert (record["year"], record["date"], record["doi"]) == ("2024", "2024/03/09/", KNOWN.doi)
    assert (record["name_of_database"], record["accession_number"]) == ("arXiv", KNOWN.arxiv_id)
    assert record["keywords"] == list(KNOWN.categories)
    assert export([KNOWN], "ris").count(b"\n") == export([KNOWN], "ris").count(b"\r\n")


def test_csl_json_of_a_known_paper() -> None:
    """Names keep their parts in CSL-JSON, identifiers are bare, and the note has what CSL lacks."""
    [item] = csl([KNOWN])
    assert item["author"] == [
        {"family": "Lovelace", "given": "Ada"},
        {"literal": "Bell and Howell"},
        {"family": "King", "given": "Martin Luther", "suffix": "Jr."},
        {"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"},
    ]
    assert (item["title"], item["abstract"], item["DOI"]) == (KNOWN.title, KNOWN.abstract, KNOWN.doi)
    assert item["issued"] == {"date-parts": [[2024, 3, 9]]}
    assert (item["archive"], item["archive_location"], item["number"]) == (
        "arXiv",
        "2401.00001v2",
        "arXiv:2401.00001v2",
    )
    assert item["note"] == "paper_id: 2401.00001v2\norganisation: ACME {Labs}"


@pytest.mark.parametrize(
    "papers", [[], [KNOWN], HOSTILE, hostile_papers(300)], ids=["none", "known", "few", "many"]
)
def test_csl_json_is_valid(papers: list[Paper]) -> None:
    """Every export is an array of items with the properties, types and names of CSL's schema."""
    jsonschema.validate(csl(papers), CSL_DATA, cls=jsonschema.Draft7Validator)


def test_csv_of_a_known_paper() -> None:
    """Every field comes back from CSV unchanged, with lists joined; a mark tells spreadsheets the encoding."""
    assert export([KNOWN], "csv").startswith("\ufeffpaper_id,".encode())
    [row] = rows([KNOWN])
    assert (row["title"], row["abstract"], row["doi"]) == (KNOWN.title, KNOWN.abstract, KNOWN.doi)
    assert row["authors"] == "Lovelace, Ada; Bell and Howell; King, Martin Luther, Jr.; van der Berg, Jan"
    assert (row["date"], row["year"], row["organisation"]) == ("2024-03-09", "2024", "ACME {Labs}")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(sign: str) -> None:
    """An apostrophe comes before the sign of a formula, and before apostrophes that are in such a place."""
    for text, cell in ((f"{sign}1", f"'{sign}1"), (f"'{sign}1", f"''{sign}1"), (f"'a{sign}", f"'a{sign}")):
        assert rows([paper(title=text)])[0]["title"] == cell


def test_markdown_of_a_known_paper() -> None:
    """A paper is one Markdown item with a link to its page and its unchanged text."""
    html = MarkdownIt().render(export([KNOWN], "markdown").decode())
    assert '<a href="https://arxiv.org/abs/2401.00001v2">Pipelines &amp; bubbles: 100% of $5' in html
    assert html.count("<li>") == html.count("<a ") == 1


@pytest.mark.parametrize("doi", ["10.1016/S0010-8650(80)80003-2", "10.1/a)b", "10.1/a&copy;b_c*d", "10.1/<a>"])
def test_links_of_markdown_lead_to_the_doi(doi: str) -> None:
    """No sign in a DOI ends its link or becomes another sign."""
    html = MarkdownIt().render(export([paper(doi=doi)], "markdown").decode())
    [address] = re.findall(r'<a href="([^"]*)">', html)
    assert unquoted(address) == f"https://doi.org/{doi}"


def unquoted(address: str) -> str:
    """Return an address in HTML without entities and percent signs."""
    return unquote(unescape(address))


def test_hostile_text_stays_text() -> None:
    """For any title, each format has one record per paper.

    The title adds no command, formula, link, comment or field.
    """
    entries = bibtex(HOSTILE)
    assert len(entries) == len(HOSTILE)
    assert len({entry["key"].lower() for entry in entries}) == len(HOSTILE)
    fields = {"type", "key", "title", "author", "abstract", "doi", "url"}
    assert all(set(entry) <= fields for entry in entries)
    known = r"\\text(?:backslash|asciicircum|asciitilde)\{\}|\\vphantom\{\\[{}]\}|\\[&%$#_{}]"
    for entry in entries:
        for field in {"title", "author", "abstract"} & set(entry):
            assert not set(re.sub(known, "", entry[field])) & set("\\&%$#_~^")
    records = ris(HOSTILE)
    assert [record["type_of_reference"] for record in records] == ["GEN"] * len(HOSTILE)
    cells = [cell for row in rows(HOSTILE) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    html = MarkdownIt().render(export(HOSTILE, "markdown").decode())
    assert html.count("<li>") == html.count("<!--") == html.count("-->") == len(HOSTILE)
    assert not re.search(r"<(?:h\d|ol|script|code|em|strong)\b", html)
    assert re.findall(r'<a href="([^"]*)"', html) == ["https://doi.org/10.1/a%7Bb"]
    assert "1. one - two" in html


@pytest.mark.parametrize(
    "formula",
    [r"\input{/etc/passwd}", r"\write18{id}", r"\immediate\write18{id}", r"\openout3=x", r"\catcode`\@=0",
     r"\csname input\endcsname{x}", "^^5cinput{/etc/passwd}", "x^^5cwrite18{id}", "^^^^005cinput{x}", "^^M",
     r"\ ^^5cinput", r"\alpha^^5cinput{x}", r"\text{^^5cinput{x}}"],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "$ {} $", "$x{}$", "${}$", "A ${}$ and ${}$"])
def test_formulas_run_no_command(formula: str, around: str) -> None:
    """No text brings a command into BibTeX that reads, writes or runs anything, nor one by its code."""
    text = around.replace("{}", formula)
    one = paper(title=text, abstract=text, authors=(text,), doi=f"10.1234/{text}", venue=text, citation_key=text)
    written = export([one], "bibtex").decode()
    assert "^^" not in written
    assert not re.search(r"\\(?:input|write|immediate|openout|catcode|csname)", written)


SIGNS = st.text(st.sampled_from("ab \\{}$%&#_^~-\"'`@,;=()<>|\n\té图")) | st.text()


@given(title=SIGNS, family=SIGNS, literal=SIGNS, doi=SIGNS, paper_id=SIGNS)
def test_any_text_is_one_record(title: str, family: str, literal: str, doi: str, paper_id: str) -> None:
    """For any text, each format has one record with the known fields, and what needs no escape is unchanged."""
    names = (AuthorName(family=family or "x", given="Jane"), AuthorName(literal=literal or "y"))
    one = paper(title=title, abstract="z", author_names=names, doi=doi or None, paper_id=paper_id or "w")
    [entry] = bibtex([one])
    assert set(entry) <= {"type", "key", "title", "author", "doi", "url", "abstract"}
    assert all(value.count("{") == value.count("}") for value in entry.values())
    [record], [item], [row] = ris([one]), csl([one]), rows([one])
    assert item.get("title", "") == record.get("title", "") == clean_text(title)
    assert re.sub(r"^'(?='*[=+\-@＝＋－＠])", "", row["title"]) == clean_text(title)
    assert export([one], "markdown").count(b"\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("chosen", FORMATS)
def test_the_real_corpus_is_exported_whole(real_index: papersearch.Index, chosen: str) -> None:
    """Each parser finds all 302 papers of the corpus once, in order."""
    papers = list(real_index.papers())
    content = export(papers, chosen).decode()
    if chosen == "bibtex":
        assert [entry["title"].count("{") for entry in bibtex(papers)] == [
            entry["title"].count("}") for entry in bibtex(papers)
        ]
        assert len({entry["key"].lower() for entry in bibtex(papers)}) == len(papers)
    elif chosen == "ris":
        assert [record["title"] for record in rispy.loads(content)] == [paper.title for paper in papers]
    elif chosen == "csl-json":
        assert [item["title"] for item in csl(papers)] == [paper.title for paper in papers]
    elif chosen == "csv":
        assert [row["abstract"].lstrip("'") for row in rows(papers)] == [p.abstract.lstrip("'") for p in papers]
    else:
        assert MarkdownIt().render(content).count("<li>") == len(papers)


def test_formats_on_the_command_line(run: Run, env: dict[str, str]) -> None:
    """search, similar and show export papers, and a pipe of ids can end in a BibTeX file."""
    ids = [line.split("\t")[2] for line in run("pipeline bubbles", "-k", "3", env=env).stdout.splitlines()]
    found = run("pipeline bubbles", "-k", "3", "--format", "bibtex", env=env)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == run("show", "-", "--format", "bibtex", env=env, stdin="\n".join(ids)).stdout
    keyed = run("pipeline bubbles", "-k", "3", "--format", "bibtex", "--key", "{id}", env=env)
    assert re.findall(r"@misc\{(.+),", keyed.stdout) == ids
    assert run("similar", ids[0], "-k", "2", "--format", "ris", env=env).stdout.count("TY  - GEN\n") == 2
    nothing = run("qqqqzzzz", "--mode", "keyword", "--format", "csv", env=env)
    assert (nothing.returncode, nothing.stdout.count("\n")) == (1, 1)
    nothing = run("qqqqzzzz", "--mode", "keyword", "--format", "csl-json", env=env)
    assert (nothing.returncode, json.loads(nothing.stdout)) == (1, [])


def test_a_reading_list_is_read_back(run: Run, env: dict[str, str]) -> None:
    """show reads the ids in the Markdown of a search, also from a list under a heading's dash."""
    found = run("pipeline bubbles", "-k", "3", "--format", "markdown", env=env).stdout
    ids = [line.split("\t")[2] for line in run("pipeline bubbles", "-k", "3", env=env).stdout.splitlines()]
    shown = json.loads(run("show", "-", "--json", env=env, stdin=found).stdout)["papers"]
    assert [one["paper_id"] for one in shown] == ids
    assert run("show", "-", "--format", "markdown", env=env, stdin=found).stdout == found


@pytest.mark.parametrize("one", HOSTILE, ids=lambda one: one.paper_id)
def test_an_id_comes_back_from_markdown(one: Paper) -> None:
    """Any id is found in the item of its paper, whatever its title says."""
    [line] = export([one], "markdown").decode().splitlines()
    assert id_in(line) == one.paper_id
    assert id_in(f"   {line}  ") == one.paper_id


@pytest.mark.parametrize("line", ["A title", "# A heading", "- A note <!-- mine -->", "<!-- paper_id: x --> after"])
def test_other_lines_have_no_id(line: str) -> None:
    """Only a comment of an item, at its end, is an id."""
    assert id_in(line) is None


def test_page_of_a_paper() -> None:
    """A paper's page is on arXiv, else its DOI, else its source's, without characters that end a link."""
    assert page_of(KNOWN) == "https://arxiv.org/abs/2401.00001v2"
    assert page_of(KNOWN.replace(arxiv_id=None)) == "https://doi.org/10.1000/a(b)_c;1%23%25"
    assert page_of(paper(doi='10.1/x"> <y')) == "https://doi.org/10.1/x%22%3E%20%3Cy"
    assert page_of(paper(url="https://example.org/ä?b=1#c")) == "https://example.org/%C3%A4?b=1#c"
    assert page_of(paper(url="javascript:alert(1)")) is None
    assert page_of(paper()) is None
    assert search_for(paper(title='A & "b"')).endswith("&query=%22A%20%26%20%22b%22%22")


@given(st.text(), st.sampled_from(("https://", "HTTP://", "javascript:", "file:///", "")))
def test_an_address_of_a_source_is_safe(rest: str, scheme: str) -> None:
    """An address is of the web, in ASCII, and has no sign that ends a field, a link or a word; its own stay."""
    address = web_address(scheme + rest)
    if address is None:
        assert not scheme.lower().startswith("http")
        return
    assert address.lower().startswith(("http://", "https://"))
    assert address.isascii()
    assert not set(address) & set("\"'`$<>|\\{}^ \t\r\n")
    assert web_address(address) == address


def test_the_source_gives_the_address() -> None:
    """Exports have the address that the source gives, else the paper's page."""
    given = KNOWN.replace(url="https://example.org/a_b~c")
    for papers, url in (([given], "https://example.org/a_b~c"), ([KNOWN], "https://arxiv.org/abs/2401.00001v2")):
        assert addresses(papers) == {url}


def addresses(papers: Sequence[Paper]) -> set[str]:
    """Return the addresses of one paper in the formats that name them."""
    [one] = papers
    return {bibtex([one])[0]["url"], ris([one])[0]["urls"][0], csl([one])[0]["URL"], rows([one])[0]["url"]}
