"""Identity and values: which appearances are one paper, and what the paper then says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.merging import merge
from papersearch.types import AuthorName, Finding, Organisation, Paper
from tests.conftest import sentence
from tests.ingest.test_likeness import LONG, MOTHS, pattern

OTHER = sentence("bubbles")
ARXIV = "2604.01234"


def one(
    title: str = "Moth Maps", abstract: str = LONG, dump: str = "a.jsonl", line: int = 1, **known: Any
) -> Appearance:
    """Return an appearance at a line of a dump."""
    return Appearance(dump, line, line, title, abstract, (), **known)


def merged(*appearances: Appearance) -> tuple[list[Paper], list[Finding]]:
    """Merge appearances, each at a line of its own."""
    return merge(replace(each, first_line=n, last_line=n) for n, each in enumerate(appearances, 1))


def parts(papers: Sequence[Paper]) -> set[frozenset[tuple[str, int]]]:
    """Return the partition: the places of each paper."""
    return {frozenset((place.dump, place.first_line) for place in paper.provenance) for paper in papers}


def kinds(findings: Sequence[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


ONE_PAPER = {
    "a DOI in another case": (one(doi="10.5555/MOTH_1"), one("MOTH maps.", OTHER, doi="10.5555/moth_1")),
    "versions of one arXiv id": (one(arxiv_id=ARXIV), one(arxiv_id=f"{ARXIV}v2", abstract=OTHER)),
    "DataCite's DOI": (one(arxiv_id=f"{ARXIV}v1"), one(abstract=OTHER, doi=f"10.48550/arXiv.{ARXIV}")),
    "no title beside a DOI": (one("", LONG, doi="10.1/a"), one("Moth Maps", "", "b.jsonl", doi="10.1/a")),
    "ids of one namespace": (
        one("", LONG, record_id="7", namespace="s2"),
        one("Moth Maps", "", "b.jsonl", record_id="7", namespace="s2"),
    ),
    "a chain of identifiers": (
        one("", doi="10.1/a"),
        one("", OTHER, doi="10.1/a", arxiv_id=ARXIV),
        one(arxiv_id=ARXIV),
    ),
    "a cut title and one identifier": (one("Moth Maps: A Study", doi="10.1/a"), one("Moth maps", "", doi="10.1/a")),
    "a title cut in a word": (one("Moth Maps of old", doi="10.1/a"), one("Moth Ma…", LONG[:90], doi="10.1/a")),
    "a new title of one arXiv id": (one("Moth Maps", arxiv_id=ARXIV), one("Lamp Maps", LONG, arxiv_id=ARXIV)),
    "equal title and abstract": (one(), one(dump="b.txt")),
    "a cut abstract": (one(record_id="1"), one("Moth maps!", LONG[:120], "b.txt")),
    "an edited abstract": (one(), one("Moth maps?", LONG.replace("lantern", "lamp"), "b.txt")),
    "no abstract": (one(), one(abstract="", dump="b.jsonl", record_id="1")),
    "local ids of two files": (one(record_id="1"), one(dump="b.jsonl", record_id="2")),
    "a preprint and its publication": (
        one(doi="10.1101/1"),
        one(doi="10.1038/2"),
        one(doi=f"10.48550/arXiv.{ARXIV}"),
    ),
    "untitled twins": (one(""), one("", LONG.upper(), "b.txt")),
    "two names of one author": (
        one(abstract="", author_names=(AuthorName(family="Grove", given="Ada"),), authors=("Ada Grove",)),
        one(author_names=(AuthorName(family="Grove", given="A."),), authors=("A. Grove",)),
    ),
}


@pytest.mark.parametrize("case", ONE_PAPER)
def test_one_paper(case: str) -> None:
    """An identifier in common, or one title with alike abstracts, makes one paper, in any order."""
    for appearances in (ONE_PAPER[case], ONE_PAPER[case][::-1]):
        papers, _ = merged(*appearances)
        assert [len(paper.provenance) for paper in papers] == [len(appearances)]


SEVERAL = {
    "chapters of one DOI": (one("Kilns", doi="10.1/b"), one("Ovens", doi="10.1/b")),
    "an untitled link": (
        one("Kilns", LONG, doi="10.1/b"),
        one("Ovens", OTHER, arxiv_id=ARXIV),
        one("", sentence("lamps"), doi="10.1/b", arxiv_id=ARXIV),
    ),
    "a cut title of two": tuple(
        one(title, "", doi="10.1/b") for title in ("Moths", "Moths: a study", "Moths: maps")
    ),
    "a cut title with another abstract": (one("Moths", OTHER, doi="10.1/b"), one("Moths: a study", doi="10.1/b")),
    "two prefaces": (one("Preface", pattern("apples")), one("Preface", pattern("pears"))),
    "signs in names": tuple(one(title) for title in ("Learning C", "Learning C++", "Learning C#")),
    "local ids of two files": (one("Wings", record_id="1"), one("Lungs", OTHER, "b.jsonl", record_id="1")),
    "two ids in one file": (one(record_id="1"), one(record_id="2")),
    "two ids of one namespace": (
        one(record_id="1", namespace="s2"),
        one(record_id="2", namespace="s2", dump="b.jsonl"),
    ),
    "two arXiv ids": (one(arxiv_id=ARXIV), one(arxiv_id="2604.01235")),
    "two publishers": (one(doi="10.1/a"), one(doi="10.2/b")),
    "two preprints of one server": (one(doi="10.1101/1"), one(doi="10.1101/2")),
    "no abstract, two candidates": (one("Preface"), one("Preface", OTHER), one("Preface", "")),
    "no abstract, other years": (one("Preface", "", year=1998), one("Preface", year=2010)),
    "no abstract, other authors": (
        one("Preface", "", author_names=(AuthorName(family="Grove"),)),
        one("Preface", author_names=(AuthorName(family="Lind"),)),
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_papers(case: str) -> None:
    """What only looks the same stays apart in any order, and every paper has an id of its own."""
    for appearances in (SEVERAL[case], SEVERAL[case][::-1]):
        papers, _ = merged(*appearances)
        assert [len(paper.provenance) for paper in papers] == [1] * len(appearances)
        assert len({paper.paper_id for paper in papers}) == len(papers)


def test_no_identifier_joins_the_equal_abstract() -> None:
    """Where two identified papers have one title, an unidentified one joins the one of its abstract."""
    edited = LONG.replace("lantern", "lamp")
    papers, _ = merged(
        one(doi="10.1/a"), one(abstract=edited, doi="10.1/b"), one(abstract=edited), one(abstract=MOTHS)
    )
    assert [[place.first_line for place in paper.provenance] for paper in papers] == [[1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("appearances", "expected"),
    [
        (ONE_PAPER["equal title and abstract"], []),
        (ONE_PAPER["ids of one namespace"], []),
        (ONE_PAPER["a cut abstract"], []),
        (ONE_PAPER["a cut title and one identifier"], [("papers merged", 2, "a.jsonl:1")]),
        (ONE_PAPER["a new title of one arXiv id"], [("papers merged", 2, "a.jsonl:1")]),
        (ONE_PAPER["a preprint and its publication"], [("papers merged", 2, "a.jsonl:1")]),
        (ONE_PAPER["an edited abstract"], [("metadata conflict", 2, "a.jsonl:1")]),
        (SEVERAL["chapters of one DOI"], [("papers kept apart", 2, "a.jsonl:1")]),
        (SEVERAL["two prefaces"], [("papers kept apart", 2, "a.jsonl:1")]),
        (SEVERAL["two publishers"], [("papers kept apart", 2, "a.jsonl:1")]),
        (SEVERAL["local ids of two files"], [("id used twice", 2, "a.jsonl:1")]),
        (SEVERAL["signs in names"], []),
    ],
)
def test_findings_name_both_places(appearances: Sequence[Appearance], expected: list[tuple[str, int, str]]) -> None:
    """What was merged or kept apart against appearances is reported with both places, the rest is not."""
    _, findings = merged(*appearances)
    assert [(finding.kind, finding.line) for finding in findings] == [(kind, line) for kind, line, _ in expected]
    for finding, (_, _, place) in zip(findings, expected, strict=True):
        assert place in finding.detail


def test_conflicts_are_short() -> None:
    """A conflict shows where two abstracts part, not both of them."""
    _, (finding,) = merged(one(doi="10.1/a"), one(abstract=f"{MOTHS} {OTHER}", doi="10.1/a"))
    assert finding.kind == "metadata conflict"
    assert "a.jsonl:2" in finding.detail
    assert len(finding.detail) < 250
    assert "“…Forty gardens were" in finding.detail
    assert "“…This paper is about" in finding.detail


def test_values() -> None:
    """The first known value wins, but printed years, fuller dates, longer abstracts and counts win over it."""
    papers, findings = merged(
        one("Moth maps", MOTHS, year=2025, year_inferred=True, upvotes=5, arxiv_id=ARXIV, author_count=2),
        one(year=2024, arxiv_id=f"{ARXIV}v2", doi=f"10.48550/arXiv.{ARXIV}", categories=("moths",), venue="Night"),
        one(
            year=2024,
            month=5,
            arxiv_id=ARXIV,
            comment_count=3,
            doi="10.1038/x",
            venue="Day",
            url="https://a.example",
        ),
        one(
            "Moth Maps",
            "",
            arxiv_id=ARXIV,
            upvotes=4,
            organisation=Organisation(handle="o", name="O"),
            doi="10.1101/y",
        ),
    )
    (paper,) = papers
    assert (paper.title, paper.abstract, paper.arxiv_id) == ("Moth maps", LONG, ARXIV)
    assert (paper.year, paper.month, paper.year_inferred, paper.date) == (2024, 5, False, None)
    assert (paper.upvotes, paper.comment_count, paper.author_count) == (5, 3, 2)
    assert (paper.venue, paper.url, paper.categories) == ("Night", "https://a.example", ("moths",))
    assert (paper.doi, paper.organisation) == ("10.1038/x", Organisation(handle="o", name="O"))
    assert kinds(findings) == ["papers merged"]


def test_a_conflict_of_values() -> None:
    """Another value of the same precision is reported; a coarser date and a first name's initial are not."""
    grove = AuthorName(family="Grove", given="Ada")
    _, findings = merged(
        one(year=2024, month=5, author_names=(grove,), authors=("Ada Grove",)),
        one(year=2024, author_names=(AuthorName(family="Grove", given="A."),), authors=("A. Grove",)),
        one(year=2023, author_names=(AuthorName(family="Lind"),), authors=("Lind",)),
    )
    assert [(finding.kind, finding.line) for finding in findings] == [("metadata conflict", 3)] * 2
    assert "kept 2024-05 of a.jsonl:1, here 2023" in findings[0].detail
    assert "kept Ada Grove of a.jsonl:1, here Lind" in findings[1].detail


def test_the_whole_title_is_kept() -> None:
    """A paper has its whole title, wherever it was cut."""
    for titles in (("Moth Maps", "Moth Maps: A Study"), ("Moth Maps: A Study", "Moth Maps")):
        (paper,), _ = merged(*(one(title, doi="10.1/a") for title in titles))
        assert paper.title == "Moth Maps: A Study"


def test_ids_of_namesakes() -> None:
    """Namesakes have different ids, which do not depend on the order, and the first record keeps its id."""
    namesakes = [one("Preface", pattern(topic)) for topic in ("apples", "pears", "plums")]
    names = [
        {paper.abstract: paper.paper_id for paper in merged(*each)[0]} for each in (namesakes, namesakes[::-1])
    ]
    assert names[0] == names[1]
    assert len(set(names[0].values())) == 3
    alone, _ = merged(namesakes[0])
    assert alone[0].paper_id not in names[0].values()
    records, findings = merged(
        *(one("Preface", pattern(topic), f"{topic}.jsonl", record_id="1") for topic in ("apples", "pears", "plums"))
    )
    assert [paper.paper_id[:2] for paper in records] == ["1", "1-", "1-"]
    assert len({paper.paper_id for paper in records}) == 3
    assert kinds(findings).count("id used twice") == 2


def test_no_choice_of_ids_makes_two_equal() -> None:
    """Where other records have every id that a paper could get, it gets one that none of them has."""
    others = [one(f"Other {n}", record_id=f"1-{n}") for n in range(60)]
    for _ in range(20):
        papers, _ = merged(one("Owls", record_id="1"), *others, one("Bats", OTHER, "b.jsonl", record_id="1"))
        ids = [paper.paper_id for paper in papers]
        assert len(set(ids)) == len(ids) == len(others) + 2
        others.append(one(f"Other {ids[-1]}", record_id=ids[-1]))


APPEARANCES = st.lists(
    st.builds(
        one,
        title=st.sampled_from(
            ["", "", "Moths", "moths!", "Moths: a study", "Moths: maps", "Lamps", "Lamps #", "C", "C++"]
        ),
        abstract=st.sampled_from(["", LONG, LONG[:120], LONG.replace("lantern", "lamp"), OTHER, "One.", "Two."]),
        dump=st.sampled_from(["a.jsonl", "b.jsonl", "c.txt"]),
        record_id=st.sampled_from([None, None, "1", "2", "3"]),
        namespace=st.sampled_from(["", "", "s2"]),
        doi=st.sampled_from([None, None, None, "10.1/a", "10.1/A", "10.1101/b", f"10.48550/arXiv.{ARXIV}"]),
        arxiv_id=st.sampled_from([None, None, None, ARXIV, f"{ARXIV}v2", "2604.01235"]),
        year=st.sampled_from([None, None, 2020, 2021, 2024]),
    ),
    max_size=8,
).map(lambda listed: [replace(each, first_line=n, last_line=n) for n, each in enumerate(listed, 1)])


@pytest.mark.slow
@settings(max_examples=300)
@given(APPEARANCES, st.randoms(use_true_random=False))
def test_the_partition_does_not_depend_on_order(appearances: list[Appearance], chance: random.Random) -> None:
    """Shuffled appearances give the same papers; none is lost, none is in two, and ids are distinct."""
    papers, findings = merge(appearances)
    places = [(place.dump, place.first_line) for paper in papers for place in paper.provenance]
    assert sorted(places) == sorted((each.dump, each.first_line) for each in appearances)
    assert len({paper.paper_id for paper in papers}) == len(papers)
    shuffled = appearances.copy()
    chance.shuffle(shuffled)
    assert parts(merge(shuffled)[0]) == parts(papers)
    firsts = [min(each.first_line for each in paper.provenance) for paper in papers]
    assert firsts == sorted(firsts)
    for kind in {*kinds(findings), f"{len(papers) < len(appearances)=}"}:
        event(kind)


@pytest.mark.slow
@settings(max_examples=300)
@given(APPEARANCES)
def test_merging_is_stable(appearances: list[Appearance]) -> None:
    """Merging the appearances of one paper alone gives that paper again: no outsider holds it together."""
    papers, _ = merge(appearances)
    at = {(each.dump, each.first_line): each for each in appearances}
    for paper in papers:
        own = [at[place.dump, place.first_line] for place in paper.provenance]
        assert parts(merge(own)[0]) == parts([paper])


WORKS = (
    {"Moths", "moths!", "Moths: a study"},
    {"Moths", "moths!", "Moths: maps"},
    {"Lamps", "Lamps #"},
    {"C"},
    {"C++"},
)
"""Titles that one DOI can join. Under an arXiv id or a record's id, a work may have changed its title."""


@pytest.mark.slow
@settings(max_examples=300)
@given(APPEARANCES)
def test_no_chain_joins_two_titles(appearances: list[Appearance]) -> None:
    """Under DOIs, a paper has one title, whole or cut, whatever untitled or cut appearances link."""
    dois = ["10.1/a" if each.doi and "arXiv" in each.doi else each.doi for each in appearances]
    only_dois = [
        replace(each, doi=doi, arxiv_id=None, record_id=None) for each, doi in zip(appearances, dois, strict=True)
    ]
    at = {(each.dump, each.first_line): each for each in only_dois}
    for paper in merge(only_dois)[0]:
        titles = {at[place.dump, place.first_line].title for place in paper.provenance} - {""}
        assert any(titles <= work for work in WORKS)


@pytest.mark.slow
def test_the_generated_appearances_reach_every_branch() -> None:
    """Generated appearances lead to every kind of report on identity, and to none."""
    seen: set[str] = set()

    @settings(max_examples=200, database=None, derandomize=True)
    @given(APPEARANCES)
    def look(appearances: list[Appearance]) -> None:
        papers, findings = merge(appearances)
        seen.update(kinds(findings))
        seen.add("one" if len(papers) == 1 and len(appearances) > 1 else "several")

    look()
    assert seen >= {"papers merged", "papers kept apart", "id used twice", "metadata conflict", "one", "several"}
