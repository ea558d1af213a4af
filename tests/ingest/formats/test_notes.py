"""Notes in Markdown: front matter as people and tools write it, vaults of other notes, and damage."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats import notes
from papersearch.ingest.formats.front_matter import fields_of_yaml
from papersearch.ingest.reading import Ingest, ingest
from papersearch.types import AuthorName, Finding
from tests.ingest.formats.damage import damaged, records

ABSTRACT = "We study how lanterns guide moths across a night garden."
NOTE = f"""---
title: "Lantern Maps for Moths"
authors:
  - Ada Grove
  - Bo Lind
date: 2026-04-02
doi: 10.5555/moth_1
citekey: grove2026
tags: [moths, lantern maps]
---

# Lantern Maps for Moths

## Abstract

{ABSTRACT}

## My notes

Read again.
"""


def read(tmp_path: Path, note: str) -> Ingest:
    """Read a note whose file has no telling name."""
    (tmp_path / "download").write_text(note, encoding="utf-8")
    return ingest([tmp_path / "download"])


def test_a_note(tmp_path: Path) -> None:
    """A note with a reference is the paper that it describes, with the abstract of its section."""
    found = read(tmp_path, NOTE)
    (paper,) = found.papers
    assert (paper.title, paper.abstract, found.findings) == ("Lantern Maps for Moths", ABSTRACT, ())
    assert (paper.authors, paper.date, paper.doi) == (("Ada Grove", "Bo Lind"), "2026-04-02", "10.5555/moth_1")
    assert (paper.categories, paper.citation_key) == (("moths", "lantern maps"), "grove2026")
    assert (paper.provenance[0].first_line, paper.provenance[0].last_line) == (1, len(NOTE.splitlines()))


@pytest.mark.parametrize(
    "body",
    [
        f"## Abstract\n{ABSTRACT}\n# Next\nno",
        f"### abstract:\n\n{ABSTRACT}\n\n---\nno",
        f"> [!abstract]\n> {ABSTRACT}\n\nno",
        f"> [!Abstract]- Abstract\n> {ABSTRACT}\nno",
        f">[!abstract]+\n>{ABSTRACT}\n",
        f"**Abstract**: {ABSTRACT}\n\nno",
        f"Abstract:: {ABSTRACT}\n\nno",
        f"> **Abstract**:\n> {ABSTRACT}\n\nno",
    ],
)
def test_where_an_abstract_is(tmp_path: Path, body: str) -> None:
    """An abstract is in a section, a callout or a paragraph of its own, and ends where that ends."""
    (paper,) = read(tmp_path, f"---\ntitle: On Moths\ndoi: 10.5555/x\n---\nno abstract yet\n{body}").papers
    assert paper.abstract == ABSTRACT


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ('authors: ["[[Ada Grove]]", "[[People/Bo Lind|Bo Lind]]"]', ("Ada Grove", "Bo Lind")),
        ("authors:\n  - [[Ada Grove]]\n  - [[Bo Lind]]", ("Ada Grove", "Bo Lind")),
        ("author: Grove, Ada; Lind, Bo", ("Ada Grove", "Bo Lind")),
        ("authors: Ada Grove and Bo Lind", ("Ada Grove", "Bo Lind")),
        ("author:\n- family: Grove\n  given: Ada\n- {given: Bo, family: Lind}", ("Ada Grove", "Bo Lind")),
    ],
)
def test_forms_of_authors(tmp_path: Path, written: str, names: tuple[str, ...]) -> None:
    """Authors are names, links to notes, one string, or parts."""
    (paper,) = read(tmp_path, f"---\ntitle: On Moths\n{written}\nyear: 2026\n---\n").papers
    assert (paper.authors, paper.year) == (names, 2026)
    assert all(isinstance(name, AuthorName) and name.family for name in paper.author_names)


def test_values_stay_as_they_are_written(tmp_path: Path) -> None:
    """An arXiv id keeps its zeros, and a title with a colon needs no quotes."""
    note = "---\ntitle: Lantern: A Study\narxiv: 2504.01230\nabstract: >\n  We study\n  moths.\nrating: *x\n---\n"
    found = read(tmp_path, note)
    (paper,) = found.papers
    assert (paper.title, paper.arxiv_id, paper.abstract) == (
        "Lantern: A Study",
        "2504.01230",
        "We study moths.",
    )
    assert [(one.kind, one.line) for one in found.findings] == [("metadata not understood", 7)]


def test_what_tells_of_the_note(tmp_path: Path) -> None:
    """The day of a note is not that of its paper."""
    note = "---\ntitle: On Moths\nauthors: [Ada Grove]\nyear: 2017\ndate: 2026-01-05\ncreated: 2026-01-06\n---\n"
    (paper,) = read(tmp_path, note).papers
    assert (paper.year, paper.date) == (2017, None)


OTHERS = (
    "# Groceries\n\n- moths\n",
    "---\ntitle: Meeting\ndate: 2026-01-05\nattendees: [Ada, Bo]\ntags: [work]\n---\nWe met.\n",
    "---\ntags: daily\n---\n",
    "---\ntitle: On Jekyll\nauthor: Ada Grove\ndate: 2026-01-05\nlayout: post\n---\n## Abstract\nx\n",
    "---\ntitle: Release\nauthors: [ada]\nslug: release\ntags: [x]\n---\n",
    "---\ntitle: A Clipping\nsource: https://example.org\nauthor:\n  - '[[Ada]]'\npublished: 2026-01-01\n---\nx\n",
    "---\n---\n",
    "",
)


@pytest.mark.parametrize("note", OTHERS)
def test_another_note_is_no_paper(tmp_path: Path, note: str) -> None:
    """A meeting, a post or a clipping is not a paper."""
    assert read(tmp_path, note).papers == ()


MDNOTES = f"""# Lantern Maps for Moths

## Metadata

* Item Type: [[Article]]
* Authors: [[Ada Grove]], [[Bo Lind]]
* Date: [[2026-04-02]]
* Date Added: [[2026-06-01]]
* URL: [https://lamps.example/1](https://lamps.example/1)
* DOI: [10.5555/moth_1](https://doi.org/10.5555/moth_1)
* Cite key: grove2026
* Topics: [[Moths]]

## Abstract

{ABSTRACT}

## Zotero links

* DOI: 10.5555/other
"""


@pytest.mark.parametrize(
    "note",
    [
        MDNOTES,
        MDNOTES.replace("* ", "- **").replace(": ", "**: "),
        NOTE.replace('title: "Lantern Maps for Moths"\n', ""),
        NOTE.replace('title: "Lantern Maps for Moths"\n', "").replace("\n# L", "\nRead in May.\n\n## Notes\n\n# L"),
    ],
    ids=["Mdnotes", "bold", "front matter", "heading below"],
)
def test_a_heading_is_the_title(tmp_path: Path, note: str) -> None:
    """Where the fields name a reference, the heading of the first level is the title."""
    found = read(tmp_path, note)
    (paper,) = found.papers
    assert (paper.title, paper.abstract) == ("Lantern Maps for Moths", ABSTRACT)
    assert (paper.authors, paper.date, paper.doi) == (("Ada Grove", "Bo Lind"), "2026-04-02", "10.5555/moth_1")
    assert (paper.citation_key, found.findings) == ("grove2026", ())


@pytest.mark.parametrize(
    "note",
    [
        "---\nvenue: Room 5\ndate: 2026-04-02\n---\n# Meeting of Monday\n",
        "---\ndoi: 10.5555/moth_1\n---\nNo heading.\n",
        "---\ndoi: 10.5555/moth_1\n---\n# Notes\n",
        "# A tool for moths\n\n- DOI: 10.5281/zenodo.1\n- License: MIT\n\n## Abstract\n\nIt counts moths.\n",
        "# Reading list\n\n- Authors: all of them\n- Topic: moths\n",
    ],
)
def test_a_heading_alone_is_no_title(tmp_path: Path, note: str) -> None:
    """Headings of meetings, tools and lists are not titles of papers."""
    assert read(tmp_path, note).papers == ()


def test_a_vault_of_other_notes(tmp_path: Path) -> None:
    """A vault of a thousand other notes gives no paper and one finding; each note is listed as skipped."""
    for n in range(1000):
        (tmp_path / f"{n:04}.md").write_text(OTHERS[n % len(OTHERS)])
    found = ingest([tmp_path])
    (finding,) = found.findings
    assert (found.papers, finding.kind, finding.file) == ((), "file skipped", "0000.md")
    assert "999 more notes" in finding.detail
    assert len(found.skipped) == 1000
    (tmp_path / "grove.md").write_text(NOTE)
    assert len(ingest([tmp_path]).papers) == 1


def test_lines_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A line that is too long, or not in UTF-8, is a finding, before the abstract and in it."""
    note = b"---\ntitle: Moths \xe9\ndoi: 10.5555/a\n---\n# Abstract\nWe count \xe9.\n" + b"x" * 200_001
    (tmp_path / "a.md").write_bytes(note)
    found = ingest([tmp_path])
    assert [paper.abstract for paper in found.papers] == ["We count \ufffd."]
    assert [(finding.kind, finding.line) for finding in found.findings] == [
        ("bytes not UTF-8", 2), ("bytes not UTF-8", 6), ("line too long", 7)
    ]  # fmt: skip


def test_aliases_are_refused() -> None:
    """Aliases, which multiply a small file to any size, cost their own field."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    fields, faults = fields_of_yaml(bomb + "title: On Moths\n")
    assert fields.keys() == {"a", "title"}
    assert [line for line, _ in faults] == list(range(1, 9))


@pytest.mark.parametrize("hostile", ["x: " + "[" * 50_000, "- " * 20_000, "x: " + "{a: " * 9000, "[[" * 50_000])
def test_depth_is_bounded(tmp_path: Path, hostile: str) -> None:
    """Deep nesting costs its field."""
    found = read(tmp_path, f"---\ntitle: On Moths\ndoi: 10.5555/x\n{hostile}\n---\n")
    assert [paper.title for paper in found.papers] == ["On Moths"]


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=5),
        st.recursive(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
            lambda inner: (
                st.lists(inner, max_size=4) | st.dictionaries(st.text("xyz", min_size=1), inner, max_size=4)
            ),
            max_leaves=10,
        ),
        min_size=1,
    )
)
def test_yaml_reads_the_same(fields: dict[str, object]) -> None:
    """What PyYAML writes comes back as PyYAML reads it, with every value as text."""
    written = yaml.dump(fields, allow_unicode=True, default_style='"')
    assert fields_of_yaml(written) == (yaml.load(written, Loader=yaml.BaseLoader), [])


def test_damage_is_survived() -> None:
    """A note that is cut short or overwritten raises nothing."""
    for content in damaged(NOTE.encode(), 3):
        findings: list[Finding] = []
        records(notes, content, findings)
        notes.matches(content)


@given(st.text(max_size=200))
def test_any_front_matter_is_survived(written: str) -> None:
    """No text is an error."""
    fields_of_yaml(written)
    notes.matches(f"---\n{written}\n---\n".encode("utf-8", "replace"))
