"""Filters against the papers themselves, asked one by one."""

from __future__ import annotations

import calendar
import json
import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.errors import EmptyDateRange, InvalidDate, PaperLookupError, UnknownFilterValue
from papersearch.text.identity import title_key
from papersearch.types import MODES, Filters, Mode, Paper

QUERY = "mixture of experts training"


def span(paper: Paper) -> tuple[date, date] | None:
    """The first and the last day that the paper may be of."""
    if paper.date:
        day = date.fromisoformat(paper.date)
        return day, day
    if paper.year is None:
        return None
    first, last = paper.month or 1, paper.month or 12
    return date(paper.year, first, 1), date(paper.year, last, calendar.monthrange(paper.year, last)[1])


def bound(written: str, *, first: bool) -> date:
    year, month, day, *_ = [*map(int, written.split("-")), 0, 0]
    if first:
        return date(year, month or 1, day or 1)
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


@cache
def ranked(index: papersearch.Index, mode: Mode, since: str | None = None) -> dict[str, Paper]:
    """What the query finds where nothing is filtered, or only old papers are left out, by id."""
    results = index.search(QUERY, k=1000, mode=mode, filters=Filters(since=since))
    return {hit.paper.paper_id: hit.paper for hit in results}


@cache
def papers_of(index: papersearch.Index) -> list[Paper]:
    return list(index.papers())


def fits(paper: Paper, since: str | None, until: str | None) -> bool | None:
    """Whether the paper is of the range; None when its date does not say."""
    known = span(paper)
    if known is None:
        return None
    low = bound(since, first=True) if since else date.min
    high = bound(until, first=False) if until else date.max
    if low <= known[0] and known[1] <= high:
        return True
    return None if low <= known[1] and known[0] <= high else False


dates = st.one_of(
    st.none(),
    st.integers(2016, 2026).map(str),
    st.builds(lambda year, month: f"{year}-{month:02}", st.integers(2016, 2026), st.integers(1, 12)),
    st.dates(date(2016, 1, 1), date(2026, 12, 31)).map(str),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(dates, dates, st.booleans(), st.sampled_from(MODES))
def test_dates(
    any_index: papersearch.Index, since: str | None, until: str | None, undated: bool, mode: Mode
) -> None:
    """Just the papers of the range are ranked; those that cannot be told are counted, or kept
    when that is asked for."""
    if since and until and bound(since, first=True) > bound(until, first=False):
        with pytest.raises(EmptyDateRange, match="is after"):
            any_index.search(QUERY, mode=mode, filters=Filters(since=since, until=until))
        return
    unfiltered = ranked(any_index, mode)
    wanted = {
        name: verdict for name, paper in unfiltered.items() if (verdict := fits(paper, since, until)) is not False
    }
    filters = Filters(since=since, until=until, include_undated=undated)
    # Evidence of every hit takes most of a search: `test_lists_of_papers` finds the papers of both alike.
    found = {one.paper_id for one in next(any_index.rank_many([QUERY], 1000, mode, filters=filters))}
    results = any_index.search(QUERY, k=3, mode=mode, filters=filters)
    assert {hit.paper.paper_id for hit in results} <= found
    if since is None and until is None:
        assert found == set(unfiltered)
        assert results.undated is None
    elif undated:
        assert found == set(wanted)
        assert results.undated is None
    else:
        assert found == {name for name, verdict in wanted.items() if verdict}
        assert results.undated is not None
        assert results.undated.n_papers == list(wanted.values()).count(None)
        assert {paper.paper_id for paper in results.undated.papers} <= set(wanted) - found
    assert results.total == len(found)


def test_filters_come_before_the_cutoff(any_index: papersearch.Index) -> None:
    """With k papers left by the filters, all k are found, however low they rank without."""
    of_year = [paper for paper in any_index.papers() if paper.year == 2024]
    found = any_index.search("reward hacking", k=len(of_year), filters=Filters(since="2024", until="2024"))
    assert len(of_year) > 1
    assert {hit.paper.year for hit in found} == {2024}
    assert len(found) == found.total


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> papersearch.Index:
    """Index records: one of a known day, one of a month, one of a year, others of none of them."""
    folder = tmp_path_factory.mktemp("records")
    fields = [
        {"_id": "day", "title": "Pipeline bubbles by day", "text": "We measure them.", "date": "2018-11-16"},
        {"_id": "month", "title": "Pipeline bubbles by month", "text": "We measure them.", "date": "2018-11"},
        {"_id": "year", "title": "Pipeline bubbles by year", "text": "We measure them.", "year": 2018},
        {"_id": "none", "title": "Pipeline bubbles at some time", "text": "We measure them."},
        {"_id": "far", "title": "Pipeline bubbles too far off", "text": "We measure them.", "year": 99999},
    ]
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in fields), encoding="utf-8")
    papersearch.build([path], folder / "index", model=str(small_model))
    return papersearch.open(folder / "index")


@pytest.mark.parametrize(
    ("since", "until", "kept", "undecided"),
    [
        ("2018", "2018", {"day", "month", "year"}, {"none", "far"}),
        ("2018-11", None, {"day", "month"}, {"year", "none", "far"}),
        ("2018-11", "2018-11", {"day", "month"}, {"year", "none", "far"}),
        ("2018-12", None, set(), {"year", "none", "far"}),
        (None, "2018-10", set(), {"year", "none", "far"}),
        (None, "2018-11-15", set(), {"month", "year", "none", "far"}),
        (None, "2018-11-16", {"day"}, {"month", "year", "none", "far"}),
        ("2018-11-17", None, set(), {"month", "year", "none", "far"}),
        ("2017", "2019-06", {"day", "month", "year"}, {"none", "far"}),
        ("2019", None, set(), {"none", "far"}),
    ],
)
def test_a_year_or_month_alone_decides_where_it_can(
    records: papersearch.Index, since: str | None, until: str | None, kept: set[str], undecided: set[str]
) -> None:
    """A range that cuts a paper's year or month in two does not decide; one that holds it whole does."""
    results = records.search("pipeline bubbles", filters=Filters(since=since, until=until))
    assert {hit.paper.paper_id for hit in results} == kept
    assert results.undated is not None
    assert results.undated.n_papers == len(undecided)
    assert {paper.paper_id for paper in results.undated.papers} <= undecided
    everything = records.search("pipeline bubbles", filters=Filters(since=since, until=until, include_undated=True))
    assert {hit.paper.paper_id for hit in everything} == kept | undecided


def test_newest_first(records: papersearch.Index) -> None:
    """A known day comes before its month alone, a month before its year alone, and a year before none."""
    found = [hit.paper.paper_id for hit in records.search("pipeline bubbles", sort="date")]
    assert found[:3] == ["day", "month", "year"]
    assert set(found[3:]) == {"none", "far"}


def is_repository(link: str) -> bool:
    """The corpus links to no other hosts of source code."""
    return (
        re.match(r"https?://(www\.)?(github\.com|gitlab\.com|bitbucket\.org|gist\.github\.com)/", link) is not None
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_organisations_dumps_and_code(any_index: papersearch.Index, mode: Mode) -> None:
    """Each filter keeps what the papers say of themselves; two of one kind add up, kinds multiply."""
    papers = list(any_index.papers())
    organisation = next(paper.organisation for paper in papers if paper.organisation)
    dumps = sorted({place.dump for paper in papers for place in paper.provenance})
    cases = [
        (Filters(organisations=(organisation.name.upper(),)), lambda p: p.organisation == organisation),
        (Filters(organisations=(organisation.handle,)), lambda p: p.organisation == organisation),
        (Filters(dumps=(dumps[0],)), lambda p: dumps[0] in {place.dump for place in p.provenance}),
        (Filters(dumps=tuple(dumps[:2])), lambda p: {place.dump for place in p.provenance} & set(dumps[:2])),
        (Filters(has_code=True), lambda p: any(map(is_repository, p.links))),
        (
            Filters(has_code=True, dumps=(dumps[2],)),
            lambda p: any(map(is_repository, p.links)) and dumps[2] in {place.dump for place in p.provenance},
        ),
    ]
    unfiltered = {hit.paper.paper_id for hit in any_index.search(QUERY, k=1000, mode=mode)}
    for filters, belongs in cases:
        found = {hit.paper.paper_id for hit in any_index.search(QUERY, k=1000, mode=mode, filters=filters)}
        assert found == {paper.paper_id for paper in papers if belongs(paper)} & unfiltered
    assert cases[0][1](next(paper for paper in papers if paper.organisation == organisation))


listed = st.none() | st.sets(st.integers(0, 301), max_size=40)


@pytest.mark.slow
@settings(max_examples=30)
@given(listed, listed, st.sampled_from(MODES), st.none() | st.just("2024"))
def test_lists_of_papers(
    any_index: papersearch.Index, within: set[int] | None, without: set[int] | None, mode: Mode, since: str | None
) -> None:
    """Just the papers of one list that are not of the other are ranked, beside any other filter."""
    every = [paper.paper_id for paper in papers_of(any_index)]
    inside, outside = (None if one is None else tuple(every[at] for at in sorted(one)) for one in (within, without))
    filters = Filters(within=inside, without=outside, since=since)
    results = any_index.search(QUERY, k=1000, mode=mode, filters=filters)
    is_listed = {
        paper_id: (inside is None or paper_id in inside) and paper_id not in (outside or ()) for paper_id in every
    }
    # Probability spreads over those that are left, so only the papers themselves are compared.
    assert {hit.paper.paper_id for hit in results} == {
        paper_id for paper_id in ranked(any_index, mode, since) if is_listed[paper_id]
    }
    if since:
        assert results.undated is not None
        undated = [paper for paper in papers_of(any_index) if fits(paper, since, None) is None]
        assert results.undated.n_papers <= sum(is_listed[paper.paper_id] for paper in undated)
    near = any_index.similar([every[0]], k=40, filters=Filters(within=inside, without=outside))
    others = {one for one in every[1:] if is_listed[one]}
    assert near.total == len(others)
    assert {hit.paper.paper_id for hit in near} <= others
    assert len(near) == min(40, len(others))  # all of them, where there is a list
    ranked_ids = next(any_index.rank_many([QUERY], 1000, mode, filters=filters))
    assert [one.paper_id for one in ranked_ids] == [hit.paper.paper_id for hit in results]


def test_names_of_listed_papers(any_index: papersearch.Index) -> None:
    """Papers of a list go by any of their names, once or more often; the first unknown name is an error."""
    first, second, *_ = any_index.papers()
    results = any_index.search(QUERY, within=[first.paper_id, second.title, first.paper_id])
    assert {hit.paper.paper_id for hit in results} == {first.paper_id, second.paper_id}
    assert len(any_index.search(QUERY, within=first.paper_id)) == 1
    assert any_index.search(QUERY, within=[]).hits == ()
    assert any_index.search(QUERY, within=[]).emptied_by == "filters"
    assert any_index.search(QUERY, without=[]).hits == any_index.search(QUERY).hits
    for keyword in ("within", "without"):
        unknown = ["no such paper", *(f"nor this, {number}" for number in range(9))]
        with pytest.raises(PaperLookupError, match="no such paper"):
            any_index.search(QUERY, **{keyword: [first.paper_id, *unknown]})


def test_looking_up(any_index: papersearch.Index) -> None:
    """`look_up` finds whole ids, identifiers in any dress, and whole titles in any form; no beginnings."""
    papers = list(any_index.papers())
    ids = [paper.paper_id for paper in papers]
    assert any_index.look_up([*ids, ids[0][:-1], "", "no such"]) == (*ids, None, None, None)
    titles = [f" {paper.title.upper()}!" for paper in papers]
    for paper, found in zip(papers, any_index.look_up(titles, "title"), strict=True):
        alike = [one.paper_id for one in papers if title_key(one.title) == title_key(paper.title)]
        assert found == (paper.paper_id if len(alike) == 1 else None)
    assert any_index.look_up([]) == ()


def test_identifiers_are_looked_up(tmp_path: Path, small_model: Path) -> None:
    """Identifiers in any dress lead to their one paper, and other words to none."""
    records = [
        {"id": "a", "title": "On apples", "abstract": "Apples.", "arxiv_id": "2401.00001"},
        {"id": "b", "title": "On bees", "abstract": "Bees.", "doi": "10.1000/Bees"},
    ]
    (tmp_path / "records.json").write_text(json.dumps(records))
    papersearch.build(tmp_path / "records.json", tmp_path / "index", model=str(small_model))
    index = papersearch.open(tmp_path / "index")
    names = ["arXiv:2401.00001v3", "https://doi.org/10.1000/bees", "doi:10.1000/BEES", "2401.00002", "apples", ""]
    apples, bees = (paper.paper_id for paper in index.papers())
    assert index.look_up(names, "identifier") == (apples, bees, bees, None, None, None)


def test_what_there_is_not(any_index: papersearch.Index) -> None:
    """An unknown name is an error with the nearest known; a wrong date one with an example."""
    unknown = r"unknown organisation 'Mircosoft': did you mean .*[mM]icrosoft"
    with pytest.raises(UnknownFilterValue, match=unknown) as caught:
        any_index.search(QUERY, filters=Filters(organisations=("Mircosoft",)))
    assert (caught.value.field, caught.value.value) == ("organisations", "Mircosoft")
    assert caught.value.nearest[0].casefold() == "microsoft"
    assert {*caught.value.nearest, "Gensyn"} <= set(caught.value.known)
    unknown = r"unknown dump '000_91903588e50e3793.txt': did you mean 000_91903588e50e3792"
    with pytest.raises(UnknownFilterValue, match=unknown):
        any_index.search(QUERY, filters=Filters(dumps=("000_91903588e50e3793.txt",)))
    with pytest.raises(UnknownFilterValue, match=r"unknown organisation ''$"):
        any_index.search(QUERY, filters=Filters(organisations=("",)))
    for wrong in (
        "",
        "24",
        "2024-13",
        "2024-02-30",
        "2024-1-1-1",
        "soon",
        "２０２４",
        "0000",
        "2024-00",
        "-1",
    ):
        with pytest.raises(InvalidDate, match="is not a date"):
            any_index.search(QUERY, filters=Filters(since=wrong))


def test_similar_is_filtered_alike(any_index: papersearch.Index) -> None:
    """What is near is filtered before the cutoff too, and what is undated said."""
    paper = any_index.papers()[0]
    everything = any_index.similar([paper.paper_id], k=1000)
    results = any_index.similar([paper.paper_id], k=1000, filters=Filters(since="2024", until="2024"))
    expected = [hit.paper.paper_id for hit in everything if fits(hit.paper, "2024", "2024")]
    assert [hit.paper.paper_id for hit in results] == expected
    assert results.undated is not None
    assert results.undated.n_papers == sum(fits(hit.paper, "2024", "2024") is None for hit in everything)
