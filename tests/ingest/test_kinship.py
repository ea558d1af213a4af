"""Kinship by keys: the papers of stored appearances, and what is told of them, equal those of a merge."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.ingest import kinship
from papersearch.ingest.appearance import Appearance
from papersearch.ingest.doubts import kept_apart
from papersearch.ingest.identity import group
from papersearch.ingest.kinship import keys_of, papers_of
from papersearch.ingest.stored import decode_appearance, encode_appearance
from papersearch.types import AuthorName, Organisation
from tests.ingest.test_merging import APPEARANCES, one


def kin(appearances: Sequence[Appearance]) -> kinship.Kinship:
    keys = [keys_of(each) for each in appearances]
    flat = np.array([key for of_one in keys for key in of_one], dtype=np.uint64)
    return papers_of(appearances, flat, np.cumsum([0, *map(len, keys)]))


@pytest.mark.slow
@settings(max_examples=300)
@given(APPEARANCES, st.randoms(use_true_random=False))
def test_papers_and_findings_are_those_of_a_whole_merge(
    appearances: list[Appearance], chance: random.Random
) -> None:
    """Grouping kin alone gives the papers of grouping all, in their order, and the same findings."""
    chance.shuffle(appearances)
    whole, found = group(appearances), kin(appearances)
    ranges = zip(found.ends[:-1].tolist(), found.ends[1:].tolist(), strict=True)
    assert [found.places[start:stop].tolist() for start, stop in ranges] == whole.partition.classes()
    assert found.findings == list(kept_apart(whole))


@settings(max_examples=50)
@given(APPEARANCES)
def test_keys_that_collide_change_nothing(appearances: list[Appearance]) -> None:
    """Keys of two bits, nearly all of which collide, give the same papers."""
    with mock.patch.object(kinship, "_hash", lambda text: len(text) % 4):
        found = kin(appearances)
    papers = [part.tolist() for part in np.split(found.places, found.ends[1:-1])][: len(found.ends) - 1]
    assert papers == group(appearances).partition.classes()


def test_only_kin_are_read() -> None:
    """An appearance that shares nothing with another is never read."""

    read: set[int] = set()

    class Counting(list[Appearance]):
        def __getitem__(self, place: int) -> Appearance:  # type: ignore[override]
            read.add(place)
            return super().__getitem__(place)

    listed = Counting([one("Moths"), one("Lamps", "Light."), one("Bees", doi="10.1/a"), one("moths!", "")])
    assert len(kin(listed).ends) == 4
    assert read == {0, 3}


FULL = replace(
    one("“Moths”\u2028"),
    links=("https://a", "https://b"),
    mirror_links=("https://m",),
    organisation=Organisation(handle="o", name="O"),
    authors=("A B",),
    author_names=(AuthorName(family="B", given="A"), AuthorName(literal="C")),
    categories=("x",),
    comment_count=0,
    date="2024-05-06",
    year=2024,
    year_inferred=True,
    namespace="n",
    record_id="\x85",
)


@given(APPEARANCES)
def test_stored_appearances(appearances: list[Appearance]) -> None:
    """An appearance comes back from its line, of which it needs one."""
    for each in (*appearances, FULL, replace(FULL, abstract="a\nb")):
        line = encode_appearance(each)
        assert "\n" not in line
        assert decode_appearance(line) == each


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "null", '{"dump": 1}', encode_appearance(FULL)[:-1] + ', "x": 1}']
)
def test_other_lines(line: str) -> None:
    """A line that is not an appearance is a ValueError."""
    with pytest.raises(ValueError):  # of orjson too, whose message is its own
        decode_appearance(line)
