"""Exports read back by independent parsers: bibtexparser, rispy, csv, markdown-it."""

from __future__ import annotations

import csv
import io
import re

import bibtexparser
import pytest
import rispy
from bibtexparser.bparser import BibTexParser
from markdown_it import MarkdownIt

import papersearch
from papersearch.cli.output.addresses import page_of, search_for
from papersearch.cli.output.exports import export
from papersearch.types import Organisation, Paper
from tests.conftest import Run

FORMATS = ("bibtex", "ris", "csv", "markdown")


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
    authors=("Ada Lovelace", "Bell and Howell", "José Núñez"),
    organisation=Organisation(handle="acme", name="ACME {Labs}"),
    categories=("cs.LG", "cs.DC"),
    arxiv_id="2401.00001v2",
    doi="10.1000/a(b)c;1",
    links=("https://github.com/a/b",),
)
HOSTILE = [
    paper(
        paper_id="x}, evil = {1", title="\\input{/etc/passwd} $\\write18{rm}$ }, year = {1999", authors=("} and {",)
    ),
    paper(paper_id="X-evil-1", title='=HYPERLINK("http://x","y")', abstract="\nTY  - BOOK\nER  - \n"),
    paper(paper_id="@book", title="# [click](javascript:alert(1)) <script>", abstract="+1-2"),
    paper(paper_id="1. one", title="1. one - two", authors=("-x", "@y")),
]


def bibtex(papers: list[Paper]) -> list[dict[str, str]]:
    """Return the entries that bibtexparser finds, in order."""
    parser = BibTexParser(ignore_nonstandard_types=False, common_strings=True)
    entries: list[dict[str, str]] = bibtexparser.loads(export(papers, "bibtex").decode(), parser).entries
    return entries


def rows(papers: list[Paper]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export(papers, "csv").decode(), newline="")))


def test_bibtex_of_a_known_paper() -> None:
    """Every field comes back from BibTeX, as LaTeX that typesets the paper's text."""
    [entry] = bibtex([KNOWN])
    assert entry["ID"] == "2401.00001v2"
    assert entry["title"] == r"{Pipelines \& bubbles: 100\% of \$5 at 50\_000 \#1}"
    assert entry["author"] == "Ada Lovelace and {Bell and Howell} and José Núñez"
    assert (entry["year"], entry["month"]) == ("2024", "3")
    assert (entry["eprint"], entry["eprinttype"], entry["doi"]) == ("2401.00001v2", "arxiv", "10.1000/a(b)c;1")
    assert entry["url"] == "https://arxiv.org/abs/2401.00001v2"
    assert entry["organization"] == r"ACME \textbraceleft{}Labs\textbraceright{}"
    assert entry["abstract"] == (
        r"It costs \textasciitilde{}10\textasciicircum{}6 \textbraceleft{}units\textbraceright{}"
        r" \textbackslash{} in M$^3$ViT."
    )


def test_nothing_is_invented() -> None:
    """A paper with only a title has only a title in exports; an inferred year is marked as inferred."""
    bare = paper(author_count=7)
    assert bibtex([bare]) == [{"ENTRYTYPE": "misc", "ID": "a-paper-123456", "title": "{A title}"}]
    [record] = rispy.loads(export([bare], "ris").decode())
    assert {key: value for key, value in record.items() if value} == {
        "type_of_reference": "GEN",
        "id": "a-paper-123456",
        "title": "A title",
    }
    [row] = rows([bare])
    assert [name for name, cell in row.items() if cell] == ["paper_id", "title", "year_inferred"]
    assert export([bare], "markdown") == b"- A title\n"
    inferred = paper(date="2025-03-11", year=2025, year_inferred=True)
    assert bibtex([inferred])[0]["note"] == "year inferred from the page"
    assert b"2025 (inferred)" in export([inferred], "markdown")
    assert rows([inferred])[0]["year_inferred"] == "true"


def test_ris_of_a_known_paper() -> None:
    """Every field comes back from RIS unchanged."""
    [record] = rispy.loads(export([KNOWN], "ris").decode())
    assert (record["id"], record["title"], record["abstract"]) == (KNOWN.paper_id, KNOWN.title, KNOWN.abstract)
    assert record["authors"] == list(KNOWN.authors)
    assert (record["year"], record["date"], record["doi"]) == ("2024", "2024/03/09", KNOWN.doi)
    assert record["keywords"] == list(KNOWN.categories)


def test_csv_of_a_known_paper() -> None:
    """Every field comes back from CSV unchanged, with lists joined."""
    [row] = rows([KNOWN])
    assert (row["title"], row["abstract"], row["doi"]) == (KNOWN.title, KNOWN.abstract, KNOWN.doi)
    assert row["authors"].split("; ") == list(KNOWN.authors)
    assert (row["date"], row["year"], row["organisation"]) == ("2024-03-09", "2024", "ACME {Labs}")


def test_markdown_of_a_known_paper() -> None:
    """A paper is one Markdown item with a link to its page and its unchanged text."""
    html = MarkdownIt().render(export([KNOWN], "markdown").decode())
    assert '<a href="https://arxiv.org/abs/2401.00001v2">Pipelines &amp; bubbles: 100% of $5' in html
    assert html.count("<li>") == html.count("<a ") == 1


def test_hostile_text_stays_text() -> None:
    """For any title, each format has one record per paper.

    The title adds no command, formula, link or field.
    """
    entries = bibtex(HOSTILE)
    assert len(entries) == len(HOSTILE)
    assert len({entry["ID"].lower() for entry in entries}) == len(HOSTILE)
    assert all(re.fullmatch(r"[A-Za-z0-9:._-]+", entry["ID"]) for entry in entries)
    assert all(set(entry) <= {"ENTRYTYPE", "ID", "title", "author", "abstract"} for entry in entries)
    known = r"\\text(?:backslash|asciicircum|asciitilde|braceleft|braceright)\{\}|\\[&%$#_]"
    for entry in entries:
        for field in set(entry) - {"ENTRYTYPE", "ID"}:
            assert not set(re.sub(known, "", entry[field])) & set("\\&%$#_~^")
    records = rispy.loads(export(HOSTILE, "ris").decode())
    assert [record["type_of_reference"] for record in records] == ["GEN"] * len(HOSTILE)
    cells = [cell for row in rows(HOSTILE) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    html = MarkdownIt().render(export(HOSTILE, "markdown").decode())
    assert html.count("<li>") == len(HOSTILE)
    assert not re.search(r"<(?:a|h\d|ol|script|code|em|strong)\b", html)
    assert "1. one - two" in html


@pytest.mark.parametrize("chosen", FORMATS)
def test_the_real_corpus_is_exported_whole(real_index: papersearch.Index, chosen: str) -> None:
    """Each parser finds all 302 papers of the corpus once, in order."""
    papers = list(real_index.papers())
    content = export(papers, chosen).decode()
    if chosen == "bibtex":
        assert [entry["ID"] for entry in bibtex(papers)] == [paper.paper_id for paper in papers]
    elif chosen == "ris":
        assert [record["title"] for record in rispy.loads(content)] == [paper.title for paper in papers]
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
    assert re.findall(r"@misc\{(.+),", found.stdout) == ids
    assert run("similar", ids[0], "-k", "2", "--format", "ris", env=env).stdout.count("TY  - GEN\n") == 2
    nothing = run("qqqqzzzz", "--mode", "keyword", "--format", "csv", env=env)
    assert (nothing.returncode, nothing.stdout.count("\n")) == (1, 1)


def test_page_of_a_paper() -> None:
    """A paper's page is on arXiv, else its DOI, without characters that end a link."""
    assert page_of(KNOWN.replace(arxiv_id=None)) == "https://doi.org/10.1000/a(b)c;1"
    assert page_of(paper(doi='10.1/x"> <y')) == "https://doi.org/10.1/x%22%3E%20%3Cy"
    assert page_of(paper()) is None
    assert search_for(paper(title='A & "b"')).endswith("&query=%22A%20%26%20%22b%22%22")
