"""The committed dumps, compared with what plain regular expressions find in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from papersearch.ingest.formats.daily_papers import HEADER_LINES
from papersearch.ingest.reading import Ingest, ingest
from papersearch.types import Organisation, Paper
from tests.conftest import CORPUS

DATED = "003_754a33801e2b48b9.txt"


@pytest.fixture(scope="module")
def read() -> Ingest:
    """Ingest the corpus."""
    return ingest([CORPUS])


@pytest.fixture(scope="module")
def dated(read: Ingest) -> list[Paper]:
    """Return the papers of the dump with metadata."""
    return [paper for paper in read.papers if any(place.dump == DATED for place in paper.provenance)]


def raw_lines(dump: str) -> list[str]:
    return (CORPUS / dump).read_text(encoding="utf-8").split("\n")


def test_counts(read: Ingest) -> None:
    """392 appearances are 302 papers, and every long line of the raw files is one appearance."""
    assert (read.n_appearances, len(read.papers), len(read.dumps)) == (392, 302, 5)
    long_lines = sum(len(line) > 250 for dump in read.dumps for line in raw_lines(dump.name))
    assert read.n_appearances == long_lines == sum(len(paper.provenance) for paper in read.papers)


def test_metadata_counts(dated: list[Paper]) -> None:
    """Dump 003 has 59 papers, 57 dates, 50 author counts, 7 organisations, and comment counts.

    Regular expressions find the same in the raw file.
    """
    raw = "\n".join(raw_lines(DATED))
    dates = re.findall(r"·\n([A-Z][a-z]{2}) (\d+)(?:, (\d{4}))?(?: (\d+))?(?:\n|$)", raw)
    assert (len(dated), len(dates)) == (59, 57)
    assert sum(paper.date is not None for paper in dated) == 57
    assert sum(paper.author_count is not None for paper in dated) == 50 == raw.count(" authors\n")
    assert sum(paper.organisation is not None for paper in dated) == 7
    assert sorted(p.comment_count for p in dated if p.comment_count is not None) == sorted(
        int(comments) for _, _, _, comments in dates if comments
    )
    assert sum(paper.year_inferred for paper in dated) == sum(not year for _, _, year, _ in dates) == 10


def test_inferred_years_are_the_page_s_own(dated: list[Paper]) -> None:
    """A day without a year gets the year after the latest printed one, and is marked as inferred."""
    printed = {paper.year for paper in dated if paper.year is not None and not paper.year_inferred}
    assert max(filter(None, printed)) == 2025
    assert {paper.year for paper in dated if paper.year_inferred} == {2026}


def test_known_papers(read: Ingest) -> None:
    """Two papers agree with the dump as read by a person."""
    papers = {paper.title.split(":")[0]: paper for paper in read.papers}
    gpipe = papers["GPipe"]
    assert (gpipe.date, gpipe.year_inferred, gpipe.author_count) == ("2018-11-16", False, 11)
    skippipe = papers["SkipPipe"]
    assert skippipe.organisation == Organisation(handle="Gensyn", name="Gensyn")
    assert skippipe.links == ("https://github.com/gensyn-ai/skippipe",)
    chicago = next(paper for paper in read.papers if paper.organisation and "Chicago" in paper.organisation.name)
    assert chicago.organisation == Organisation(handle="Uchicago", name="University of Chicago")


@pytest.mark.parametrize("beginning", ["SCALE: Selective", "Endless Terminals"])
def test_papers_without_metadata_keep_to_themselves(dated: list[Paper], beginning: str) -> None:
    """The two papers without a metadata block get no metadata, and their neighbours keep theirs."""
    place = next(i for i, paper in enumerate(dated) if paper.title.startswith(beginning))
    assert (dated[place].date, dated[place].author_count) == (None, None)
    assert all(neighbour.date for neighbour in (dated[place - 1], dated[place + 1]))


def test_provenance_is_where_the_paper_stands(read: Ingest) -> None:
    """An appearance's first line is the title, and its abstract is on a line up to the last."""
    for paper in read.papers:
        for place in paper.provenance:
            lines = raw_lines(place.dump)[place.first_line - 1 : place.last_line]
            assert lines[0].casefold() == paper.title.casefold()
            abstract = next(line for line in lines if len(line) > 250)
            start, written = ("".join(filter(str.isalnum, text[:70])) for text in (paper.abstract, abstract))
            assert start[:50] == written[:50]  # signs of LaTeX apart


def test_nothing_is_dropped_in_silence(read: Ingest) -> None:
    """Every line that is not blank belongs to a header, a paper or a finding."""
    for dump in read.dumps:
        told = {
            number
            for paper in read.papers
            for place in paper.provenance
            if place.dump == dump.name
            for number in range(place.first_line, place.last_line + 1)
        }
        told |= {finding.line for finding in read.findings if finding.file == dump.name and finding.line}
        left = [line for number, line in enumerate(raw_lines(dump.name), 1) if line and number not in told]
        assert [line for line in left if line not in HEADER_LINES] == [left[-1]]
        assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}", left[-1])


def test_links_are_clean(read: Ingest) -> None:
    """No link leads to a mirror, ends in punctuation, or lacks a scheme; all GitHub links are found."""
    links = {link for paper in read.papers for link in paper.links}
    assert not any("workers.dev" in link or "hf-" in link for link in links)
    assert all(re.fullmatch(r"https?://[^\s{}]+[\w/-]", link) for link in links)
    raw = "\n".join(line for dump in read.dumps for line in raw_lines(dump.name))
    assert {link.split("github.com/")[1] for link in links if "//github.com/" in link} == {
        found.rstrip("./") + ("/" if found.rstrip(".").endswith("/") else "")
        for found in re.findall(r"github\.com/([\w./-]+)", raw)
    }


def test_mirrors_are_reported_and_conflict_free(read: Ingest) -> None:
    """Each rewritten link is reported, and nothing else differs between the dumps."""
    raw = "\n".join(line for dump in read.dumps for line in raw_lines(dump.name))
    kinds = [finding.kind for finding in read.findings]
    assert kinds.count("mirror link rewritten") == raw.count("workers.dev") == 7
    assert set(kinds) == {"mirror link rewritten"}


def test_the_readme_is_named_and_skipped(read: Ingest) -> None:
    """The corpus's own README is reported as skipped, not read as a dump."""
    assert [file.name for file in read.skipped] == ["README.md"]


def test_dumps_are_committed_byte_for_byte() -> None:
    """The dumps still have the sizes of the pages that were copied."""
    sizes = [path.stat().st_size for path in sorted(Path(CORPUS).glob("*.txt"))]
    assert sizes == [138581, 164137, 119745, 102597, 149104]
