"""Exports read by the programs that people use: biber, BibTeX, pandoc. A missing program is skipped."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

import papersearch
from papersearch.cli.output.exports import export
from papersearch.types import Paper
from tests.cli.export_readers import csl_json, pandoc
from tests.cli.hostile_papers import hostile_papers

_PATIENCE_S = 1200


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture(scope="module")
def papers(real_index: papersearch.Index) -> list[Paper]:
    """Return papers of the corpus and hostile ones; a bibliography cannot list those without a title."""
    return [*list(real_index.papers())[:60], *(paper for paper in hostile_papers(108) if paper.title)]


def output(command: Sequence[str], folder: Path, stdin: bytes = b"") -> str:
    """Run a program in a folder, and return what it says."""
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, timeout=_PATIENCE_S)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode() + done.stderr.decode()


@needs("biber")
def test_biber_reads_every_entry(papers: list[Paper], tmp_path: Path) -> None:
    """biber finds every entry in biblatex's data model, and warns of a missing year at most."""
    (tmp_path / "papers.bib").write_bytes(export(papers, "bibtex"))
    said = output(["biber", "--tool", "--validate-datamodel", "-O", "read.bib", "papers.bib"], tmp_path)
    warnings = [line for line in said.splitlines() if line.startswith(("WARN", "ERROR"))]
    dateless = sum(paper.year is None for paper in papers)
    assert [line for line in warnings if "'date, year' must be defined" not in line] == []
    assert len(warnings) == dateless
    read = (tmp_path / "read.bib").read_text(encoding="utf-8")
    assert len(re.findall(r"^@[A-Z]+\{", read, flags=re.MULTILINE)) == len(papers)
    dois = re.findall(r"^  DOI = \{(.*)\},$", read, flags=re.MULTILINE)
    assert sorted(dois) == sorted(paper.doi for paper in papers if paper.doi)
    assert read.count("EPRINTTYPE = {arXiv}") == sum(bool(paper.arxiv_id) for paper in papers)


@needs("bibtex")
@pytest.mark.parametrize("style", ["plain", "unsrt", "alpha", "abbrv"])
def test_bibtex_lists_every_entry(papers: list[Paper], tmp_path: Path, style: str) -> None:
    """The classic styles list every entry, and warn of a missing year at most."""
    (tmp_path / "papers.bib").write_bytes(export(papers, "bibtex"))
    (tmp_path / "cited.aux").write_text(f"\\citation{{*}}\n\\bibstyle{{{style}}}\n\\bibdata{{papers}}\n")
    if (
        shutil.which("kpsewhich")
        and not subprocess.run(["kpsewhich", f"{style}.bst"], stdout=subprocess.PIPE).stdout
    ):
        pytest.skip(f"{style}.bst is not installed")
    said = output(["bibtex", "cited"], tmp_path)
    warnings = [line for line in said.splitlines() if line.startswith("Warning")]
    assert [line for line in warnings if "empty year" not in line] == []
    assert (tmp_path / "cited.bbl").read_bytes().count(b"\\bibitem") == len(papers)


@needs("pandoc")
def test_pandoc_reads_the_same_papers(papers: list[Paper]) -> None:
    """pandoc reads from BibTeX what CSL-JSON says: titles, names, dates and identifiers.

    It prints LaTeX's typography: curved apostrophes, and formulas without dollars.
    """
    for read, item in zip(pandoc(papers), csl_json(papers), strict=True):
        for field in ("date", "year", "month", "doi", "url", "citation_key"):
            assert read[field] == item[field], field
        assert [printed(" ".join(name)) for name in read["authors"]] == [
            printed(" ".join(name)) for name in item["authors"]
        ]
        assert printed(read["title"]) == printed(item["title"])
        assert printed(read["abstract"] or "") == printed(item["abstract"] or "")


def printed(text: str) -> str:
    """Return a text without the signs that LaTeX prints otherwise or not at all."""
    straight = re.sub(r"[’‘'`]+|[“”\"]", "'", text)
    return re.sub(r"\$|(?<=\\)[{}]", "", straight)


@needs("pandoc")
@pytest.mark.parametrize("chosen", ["bibtex", "csl-json"])
def test_links_of_a_bibliography_lead_to_the_papers(papers: list[Paper], tmp_path: Path, chosen: str) -> None:
    """In a bibliography by citeproc, the link of each paper is its DOI's address, or the one that it gives."""
    name = {"bibtex": "papers.bib", "csl-json": "papers.json"}[chosen]
    (tmp_path / name).write_bytes(export(papers, chosen))
    page = f"---\nbibliography: {name}\nnocite: '@*'\nlink-citations: true\n---\n"
    html = output(["pandoc", "--citeproc", "--from", "markdown", "--to", "html"], tmp_path, page.encode())
    assert html.count('class="csl-entry"') == len(papers)
    links = {unquote(unescape(link)) for link in re.findall(r'href="(http[^"]*)"', html)}
    for paper in papers:
        if paper.doi:
            assert unquote(f"https://doi.org/{paper.doi}") in links, paper.doi
        elif paper.url:
            assert unquote(paper.url) in links
