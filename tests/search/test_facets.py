"""What the papers found say of themselves, recounted."""

from __future__ import annotations

from collections import Counter

import pytest

import papersearch
from papersearch.types import MODES, Mode
from tests.search.test_filters import QUERY


@pytest.mark.parametrize("mode", MODES)
def test_facets(real_index: papersearch.Index, mode: Mode) -> None:
    """They count the papers that are not judged weak, by what each says of itself."""
    results = real_index.search(QUERY, k=1000, mode=mode, facets=True)
    facets = results.facets
    assert facets is not None
    answering = [hit.paper for hit in results if hit.verdict != "weak"]
    assert 1 < len(answering) < len(real_index)
    assert facets.n_papers == len(answering)
    assert facets.n_undated == sum(paper.year is None for paper in answering)
    years = Counter(str(paper.year) for paper in answering if paper.year)
    assert {one.value: one.n_papers for one in facets.years if one.n_papers} == dict(years)
    months = Counter(paper.date[:7] for paper in answering if paper.date)
    assert {one.value: one.n_papers for one in facets.months if one.n_papers} == dict(months)
    assert [one.value for one in facets.months] == sorted(one.value for one in facets.months)
    first, last = min(months), max(months)
    n_between = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1
    assert len(facets.months) == n_between
    organisations = Counter(paper.organisation.handle for paper in answering if paper.organisation)
    assert {one.value: one.n_papers for one in facets.organisations} == dict(organisations)
    dumps = Counter(dump for paper in answering for dump in {place.dump for place in paper.provenance})
    assert {one.value: one.n_papers for one in facets.dumps} == dict(dumps)
    assert [one.n_papers for one in facets.dumps] == sorted(dumps.values(), reverse=True)
