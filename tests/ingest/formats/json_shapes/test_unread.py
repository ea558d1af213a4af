"""Fields that say something of a paper and were not read are named, once per file and field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from papersearch.ingest.formats.json_shapes.names import meaning_of
from papersearch.ingest.reading import ingest

PAPER = {"id": "a", "title": "Owls at Noon", "abstract": "Owls that hunt at noon catch fewer mice."}


def findings(tmp_path: Path, *records: dict[str, Any]) -> list[tuple[str, int | None, str]]:
    """Return the findings on JSON lines of these records, all of which are papers."""
    (tmp_path / "file.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    found = ingest([tmp_path])
    assert len(found.papers) == len(records)
    return [(finding.kind, finding.line, finding.detail) for finding in found.findings]


def test_one_finding_for_each_field(tmp_path: Path) -> None:
    """A field that was not read in many records is one finding, with their number and the first line."""
    strange = [
        {**PAPER, "id": str(n), "title": f"Owls at {n}", "authors": {"n1": [{"who": f"Ada {n}"}]}}
        for n in range(12)
    ]
    assert findings(tmp_path, PAPER, *strange) == [("field not read", 2, "authors, in 12 records")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("authors", [{"who": "Ada Grove"}]),
        ("creators", {"first": [{"who": "Ada Grove"}]}),
        ("full_text", "Once upon a time."),
        ("bodyText", "Once upon a time."),
        ("contributors", ["Ada Grove"]),
        ("byline", "By Ada Grove"),
        ("coverDisplayDate", "April 2026"),
        ("dates", [{"when": "2026"}]),
    ],
)
def test_what_is_not_read_is_said(tmp_path: Path, field: str, value: Any) -> None:
    """A field that means text, names, a date or an identity is named if it was not read."""
    ((kind, line, detail),) = findings(tmp_path, {**PAPER, field: value})
    assert (kind, line, detail) == ("field not read", 1, f"{field}, in 1 record")


def test_fields_inside_unknown_objects(tmp_path: Path) -> None:
    """Names inside an object that no shape knows are named with it."""
    told = findings(tmp_path, {**PAPER, "bibliography_entry": {"authors": ["Ada Grove"], "journal": "Lamps"}})
    assert told == [("field not read", 1, "bibliography_entry.authors, in 1 record")]


@pytest.mark.parametrize(
    "more",
    [
        {"authors": []},
        {"authors": None, "date": "", "doi": None},
        {"authors": ["1234567", "7654321"]},
        {"author": "Anonymous"},
        {"citationCount": 3, "language": "en", "license": "CC-BY", "score": 0.5},
        {"summary": "A second abstract.", "year": 2026, "date": "2026-04-02"},
        {"references": [{"title": "Other", "authors": ["Bo Lind"], "year": 2020}]},
    ],
)
def test_what_says_nothing_is_not_named(tmp_path: Path, more: dict[str, Any]) -> None:
    """Empty fields, second forms of a known value and metadata of other kinds are not findings."""
    assert findings(tmp_path, {**PAPER, **more}) == []


@pytest.mark.parametrize(
    ("names", "meaning"),
    [
        (("title", "Title", "dc:title", "paper_title", "Article Title", "titles"), "title"),
        (("abstract", "abstractNote", "abstractText", "abstract_inverted_index", "Abstract"), "abstract"),
        (("author", "Authors", "authorList", "author_list", "authorships", "creator", "dc:creator"), "authors"),
        (("pubdate", "publication_date", "Publication-Year", "publishedAt", "prism:coverDate", "issued"), "date"),
        (("DOI", "prism:doi", "arxivId", "arXiv_id", "externalids", "eprint"), "identity"),
        (("language", "authorids", "date_added", "subtitle", "editor", "titleCase", "id"), None),
    ],
)
def test_spellings(names: tuple[str, ...], meaning: str | None) -> None:
    """A name means the same in capitals, with separators and with a vocabulary's prefix."""
    assert {name: meaning_of(name) for name in names} == dict.fromkeys(names, meaning)
