"""A large bibliography with damage in every tenth entry: what is whole is kept, what is lost is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.made import made_papers
from benchmarks.made.damage import DAMAGES, PERIOD, damage_of, damaged_bibtex
from benchmarks.made.text_files import bibtex as written
from papersearch.ingest.reading import ingest
from papersearch.types import Paper
from tests.ingest.formats.test_bibtex import reading
from tests.memory import peak_of, takes_less


def papers_of(path: Path, text: str) -> dict[str, list[Paper]]:
    """Return the papers of a bibliography by citation key, without the lines that they come from."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    found: dict[str, list[Paper]] = {}
    for paper in ingest([path]).papers:
        found.setdefault(paper.citation_key or "", []).append(paper.replace(provenance=(), paper_id=""))
    return found


@pytest.mark.parametrize("n_papers", [600, pytest.param(3000, marks=pytest.mark.soak)])
def test_damage_in_every_tenth_entry(tmp_path: Path, n_papers: int) -> None:
    """Every whole entry is kept with its values; one that is lost is named with its line and key."""
    made = list(made_papers(n_papers))
    entries = list(damaged_bibtex(made))
    entries[-1] = entries[-1][: len(entries[-1]) // 2]  # the file is cut
    path = tmp_path / "library.bib"
    found = papers_of(path, "".join(entries))
    whole = papers_of(tmp_path / "whole.bib", "".join(map(written, made)))
    for paper in made[:-1]:
        if damage_of(paper.number) is None:
            assert whole[paper.key][0] in found[paper.key], paper.key
    assert set(found) - {"", "within"} <= set(whole)
    findings = {
        finding.line: finding.detail for finding in ingest([path]).findings if finding.kind == "not a record"
    }
    assert len(findings) <= n_papers // PERIOD + 1
    read = {paper.doi for papers in found.values() for paper in papers}
    first_line = 1
    for paper, entry in zip(made, entries, strict=True):
        if paper.doi not in read:
            assert any(
                findings.get(first_line + place, "").startswith(_key_in(entry))
                for place in range(entry.count("\n"))
            ), f"{damage_of(paper.number)}: line {first_line}"
        first_line += entry.count("\n")


def _key_in(entry: str) -> str:
    """Return the key of an entry as far as it is there."""
    return re.search(r"made\d*|mad?", entry)[0]  # type: ignore[index]


@pytest.mark.slow
def test_damage_takes_no_memory() -> None:
    """The reader's memory does not grow with the number of damaged entries."""
    few, many = ("".join(damaged_bibtex(made_papers(n))).encode("utf-8", "surrogateescape") for n in (1500, 6000))
    assert takes_less(peak_of(reading(few)) + 300_000, reading(many))


def test_the_damages_are_damages() -> None:
    """Each damage changes an entry."""
    entry = written(next(made_papers(1)))
    assert all(damage(entry) != entry for damage in DAMAGES.values())
