"""What the papers found say of themselves, recounted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.search.facets import count, facets_of
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


def test_months_without_days(tmp_path: Path, small_model: Path) -> None:
    """A paper of a month without a day counts in its month; one of a year alone only in its year."""
    dates = ["2018-11-16", "2018-11", "2018", "2019-01", None]
    records = [
        {"_id": f"r{n}", "title": f"On moths {n}", "text": "Moths.", "date": date} for n, date in enumerate(dates)
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    papersearch.build([path], tmp_path / "index", model=str(small_model))
    index = papersearch.open(tmp_path / "index")
    facets = facets_of([count(np.arange(len(dates)), index._opened)], index._shards)
    assert {one.value: one.n_papers for one in facets.years} == {"2018": 3, "2019": 1}
    assert {one.value: one.n_papers for one in facets.months} == {"2018-11": 2, "2018-12": 0, "2019-01": 1}
    assert (facets.n_papers, facets.n_undated) == (5, 1)
