"""The door for records: facts are read, and what cannot be read is reported."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.record import Record, admit
from papersearch.types import AuthorName, Finding
from tests.text.test_names import names


def admitted(**facts: Any) -> tuple[Appearance, list[tuple[str, str]]]:
    """Admit a record with these facts, and with a title; return the appearance, and kinds and details reported."""
    findings: list[Finding] = []
    record = Record(**{"first_line": 3, "last_line": 3, "title": "On moths", **facts})
    appearance = admit(record, "moths.jsonl", findings.append)
    assert appearance is not None
    assert all((finding.file, finding.line) == ("moths.jsonl", 3) for finding in findings)
    return appearance, [(finding.kind, finding.detail) for finding in findings]


def dated(**facts: Any) -> tuple[int | None, int | None, str | None, bool]:
    """Return year, month, date of a record, and whether they are inferred; nothing may be reported."""
    appearance, findings = admitted(**facts)
    assert findings == []
    return appearance.year, appearance.month, appearance.date, appearance.year_inferred


def test_dates() -> None:
    """The first date counts; a month and a year are kept without a day."""
    assert dated(dates=["Mon, 2 Apr 2007 19:18:42 GMT", "2023-08-03"]) == (2007, 4, "2007-04-02", False)
    assert dated(dates=[None, "", {"year": 2026, "month": 4, "day": None}]) == (2026, 4, None, False)
    assert dated(dates=["2021.0"]) == (2021, None, None, False)
    assert dated(dates=[(2026, 4)], date_inferred=True) == (2026, 4, None, True)
    assert dated() == (None, None, None, False)


def test_inferred_dates() -> None:
    """Without a date, the arXiv id tells year and month; a later change tells the day only without it."""
    assert dated(arxiv_ids=["0704.4321"]) == (2007, 4, None, True)
    assert dated(arxiv_ids=["hep-th/9901001"], updated=["2023-08-03"]) == (1999, 1, None, True)
    assert dated(dois=["10.48550/arXiv.2504.01234"], updated=["2025-08-03"]) == (2025, 4, None, True)
    assert dated(updated=["2023-08-03"]) == (2023, 8, "2023-08-03", True)
    assert dated(dates=["2007"], arxiv_ids=["0704.4321"], updated=["2023-08-03"]) == (2007, None, None, False)


def test_unreadable_dates() -> None:
    """What is not a date is reported, and the next one counts; lost parts are reported too."""
    appearance, findings = admitted(dates=["forthcoming", 0, "2021-02-30"])
    assert (appearance.year, appearance.month, appearance.date) == (2021, 2, None)
    assert findings == [
        ("not a date", "cannot read a date in “forthcoming”"),
        ("not a date", "cannot read a date in “0”"),
        ("not a date", "cannot read day 30 of this month in “2021-02-30”; 2021-02 is kept"),
    ]


@pytest.mark.parametrize(
    ("dois", "arxiv_ids", "doi", "arxiv_id"),
    [
        (["https://doi.org/10.9999/w123"], [], "10.9999/w123", None),
        ([], ["http://arxiv.org/abs/2101.00001v2"], None, "2101.00001v2"),
        (["10.48550/arXiv.2101.00001"], [], "10.48550/arXiv.2101.00001", "2101.00001"),
        (["", "https://example.org/10"], ["W123"], None, None),
        (["10.5555/moth_1"], ["moth-1", "arXiv:2504.01234"], "10.5555/moth_1", "2504.01234"),
    ],
)
def test_identifiers(dois: list[str], arxiv_ids: list[str], doi: str | None, arxiv_id: str | None) -> None:
    """Identifiers are stored bare, and places that may hold one say nothing when they do not."""
    appearance, findings = admitted(dois=dois, arxiv_ids=arxiv_ids, dates=["2021"])
    assert (appearance.doi, appearance.arxiv_id, findings) == (doi, arxiv_id, [])


def test_unreadable_identifiers() -> None:
    """A DOI that holds none, and an arXiv id with an impossible month, are reported."""
    assert admitted(dois=["see the page"])[1] == [("not an identifier", "cannot read a DOI in “see the page”")]
    assert admitted(arxiv_ids=["arXiv:2113.00001"])[1] == [
        ("not an identifier", "cannot read an arXiv id in “arXiv:2113.00001”")
    ]
    appearance, findings = admitted(dois=["arXiv:2101.00001"])
    assert (appearance.arxiv_id, [kind for kind, _ in findings]) == ("2101.00001", ["not an identifier"])


def test_authors() -> None:
    """Parts, single names and joined names all become names in parts, and as people read them."""
    jane, berg = AuthorName(given="Jane", family="Doe"), AuthorName(given="Jan", particle="van der", family="Berg")
    group = AuthorName(literal="The Moth Collaboration")
    for facts in (
        {"authors": [jane, AuthorName(given="Jan", family="van der Berg"), AuthorName(family=group.literal)]},
        {"authors": ["Jane Doe", "van der Berg, Jan", "The Moth Collaboration"]},
        {"authors": ["Doe, Jane; van der Berg, Jan", "The Moth Collaboration"]},
        {"authors": ["Jane Doe, Jan van der Berg and The Moth Collaboration"]},
        {"joined_authors": "Doe, Jane and van der Berg, Jan and {The Moth Collaboration}"},
        {"joined_authors": "Jane Doe, Jan van der Berg and The Moth Collaboration"},
    ):
        appearance, findings = admitted(**facts)
        assert appearance.author_names == (jane, berg, group)
        assert appearance.authors == ("Jane Doe", "Jan van der Berg", "The Moth Collaboration")
        assert (appearance.author_count, findings) == (3, [])


def test_a_group_taken_for_a_person() -> None:
    """A group whose last word a program took for a family name is whole again."""
    for name in ("Consortium, PsychENCODE", AuthorName(family="Consortium", given="PsychENCODE")):
        appearance, findings = admitted(authors=[name])
        assert (appearance.author_names, findings) == ((AuthorName(literal="PsychENCODE Consortium"),), [])
    assert admitted(authors=["Group, of moths"])[0].authors == ("Group, of moths",)


def test_nobody_is_named() -> None:
    """What a source writes where it knows no author names nobody."""
    appearance, findings = admitted(authors=["[Anonymous]"])
    assert (appearance.authors, appearance.author_count, findings) == ((), None, [])


def test_braces_hold_a_name_together() -> None:
    """In BibTeX, a name in braces is one name without any doubt, whatever its commas."""
    name = "{Council on Moths, Owls, Bats and Resuscitation}"
    appearance, findings = admitted(authors=[name], is_bibtex=True, has_latex=True)
    assert (appearance.authors, findings) == ((name[1:-1],), [])


def test_the_first_of_several_addresses() -> None:
    """An address is one, where a source joins several."""
    assert admitted(url="https://x.example/a https://y.example/b")[0].url == "https://x.example/a"


def test_pages_have_one_hyphen() -> None:
    """Every sign for a hyphen between pages becomes the one that people type; a dash stays."""
    for hyphen in ("-", "\u2010", " \u2011 ", "\u2212"):
        assert admitted(pages=f"43{hyphen}58")[0].pages == "43-58"
    assert admitted(pages="43–58")[0].pages == "43–58"


@pytest.mark.parametrize(
    ("written", "abstract"),
    [
        ("Abstract: We count moths.", "We count moths."),
        ("ABSTRACT. We count moths.", "We count moths."),
        ("Abstract—We count moths.", "We count moths."),
        ("abstract - We count moths.", "We count moths."),
        ("Abstract\nThe moths are counted.", "The moths are counted."),
        ("Abstract Background: Moths.", "Background: Moths."),
        ("SUMMARY We count moths.", "We count moths."),
        ("Abstract: Abstract: We count.", "We count."),
        ("A B S T R A C T We count.", "We count."),
        ("Abstract syntax trees are trees.", "Abstract syntax trees are trees."),
        ("Abstract Meaning Representation is counted.", "Abstract Meaning Representation is counted."),
        ("Abstract-based counting.", "Abstract-based counting."),
        ("Abstraction: the art of moths.", "Abstraction: the art of moths."),
        ("Summary statistics of moths.", "Summary statistics of moths."),
        ("[No abstract available]", ""),
        ("Abstract not available.", ""),
        ("Abstract: no abstract", ""),
        ("-", ""),
        ("No abstract art is harmless to moths.", "No abstract art is harmless to moths."),
    ],
)
def test_the_heading_of_an_abstract(written: str, abstract: str) -> None:
    """The heading of an abstract is not part of it, and an abstract that says it is missing is missing."""
    appearance, findings = admitted(abstract=written)
    assert (appearance.abstract, findings) == (abstract, [])


@pytest.mark.parametrize(
    "heading",
    [
        "<jats:title>Abstract</jats:title>",
        "<jats:sec>\n <jats:title>ABSTRACT:</jats:title>",
        "<h4>Abstract</h4>",
        "<b>Summary</b> ",
        "<p>Abstract</p>",
    ],
)
def test_the_heading_of_an_abstract_in_markup(heading: str) -> None:
    """An element that holds the heading alone goes, whatever word follows it; other headings stay."""
    appearance, _ = admitted(abstract=f"{heading}<p>Engineers count moths.</p>", has_markup=True)
    assert appearance.abstract == "Engineers count moths."
    appearance, _ = admitted(abstract="<jats:title>Aims</jats:title><p>Engineers count.</p>", has_markup=True)
    assert appearance.abstract == "Aims Engineers count."


def test_authors_of_whom_not_all_are_known() -> None:
    """A list that is cut or cannot be split gives no number of authors, and the latter is reported."""
    appearance, findings = admitted(joined_authors="Doe, Jane and others")
    assert (appearance.authors, appearance.author_count, findings) == (("Jane Doe",), None, [])
    appearance, findings = admitted(authors=["Jane Doe", "Rick Roe", "et al."])
    assert (appearance.authors, appearance.author_count, findings) == (("Jane Doe", "Rick Roe"), None, [])
    appearance, findings = admitted(authors=["Jane Doe", "Rick Roe"], has_all_authors=False)
    assert (appearance.authors, appearance.author_count, findings) == (("Jane Doe", "Rick Roe"), None, [])
    appearance, findings = admitted(authors=["Grove, Ada, Lind, Bo"], author_count=2)
    assert (appearance.authors, appearance.author_count) == (("Grove, Ada, Lind, Bo",), 2)
    reported = [("authors not told apart", "cannot tell the authors apart in “Grove, Ada, Lind, Bo”")]
    assert findings == reported
    assert admitted(authors=["Jane Doe", "Grove, Ada, Lind, Bo"])[1] == reported


@pytest.mark.parametrize(
    "given",
    [
        {"dois": ["x" * 50_000]},
        {"arxiv_ids": ["arXiv:" + "x" * 50_000]},
        {"dates": ["x" * 50_000]},
        {"dates": [{"date-parts": [2026, "x"], "raw": "x" * 50_000}]},
        {"authors": ["Grove, Ada, Lind, Bo, " * 3000]},
    ],
)
def test_findings_about_long_values_are_short(given: dict[str, Any]) -> None:
    """A finding shows the beginning of a value, however long that is."""
    ((_, detail),) = admitted(**given)[1]
    assert len(detail) < 300


def test_a_cut_text_says_how_much_is_kept() -> None:
    """A title or an abstract over its bound is cut there, and the finding has that bound."""
    appearance, findings = admitted(title="x" * 1001)
    assert (len(appearance.title), findings) == (
        1000,
        [("text cut", "only 1,000 characters of its title are kept")],
    )
    appearance, findings = admitted(abstract="x" * 100_001)
    assert (len(appearance.abstract), findings) == (
        100_000,
        [("text cut", "only 100,000 characters of it are kept")],
    )


whole_names = st.sampled_from(["The Moth Collaboration", "Madonna", "王芳", "Doe J"]).map(
    lambda literal: AuthorName(literal=literal)
)
some_dates = st.one_of(
    st.none(),
    st.integers(1950, 2030).map(lambda year: {"year": year, "month": None}),
    st.builds(lambda year, month: {"year": year, "month": month}, st.integers(1950, 2030), st.integers(1, 12)),
    st.dates().filter(lambda day: 1000 <= day.year <= 2100).map(str),
)


@given(st.lists(names | whole_names, max_size=4), some_dates, st.booleans(), st.booleans())
def test_facts_read_back(listed: list[AuthorName], date: object, is_inferred: bool, has_identifiers: bool) -> None:
    """What a record became, written field by field and read again, becomes the same."""
    identifiers = {"dois": ["doi:10.5555/moth_1"], "arxiv_ids": ["arXiv:2101.00001v2"]} if has_identifiers else {}
    first, findings = admitted(authors=listed, dates=[date], date_inferred=is_inferred, **identifiers)
    again, more = admitted(
        authors=first.author_names,
        dates=[first.date, {"year": first.year, "month": first.month}],
        date_inferred=first.year_inferred,
        dois=[first.doi] if first.doi else [],
        arxiv_ids=[first.arxiv_id] if first.arxiv_id else [],
    )
    assert (again, findings, more) == (first, [], [])
