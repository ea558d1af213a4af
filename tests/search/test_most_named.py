"""The names with the most papers over shards, recounted from the names themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.index import name_tables
from papersearch.index.name_tables import NameTable
from papersearch.index.string_table import StringTable, pack_strings
from papersearch.search import most_named
from papersearch.search.protocol import NamesAt
from papersearch.search.shards import Shards

N_PAPERS = 8
KEYS: dict[str, Callable[[bytes], int]] = {
    "usual": crc32,
    "few": lambda name: crc32(name) % 3,
    "the same": lambda name: 7,
    "the greatest": lambda name: 2**32 - 1 - crc32(name) % 2,
}

Entries = list[tuple[str, int, set[int]]]
"""Names as they are shown, each with a number that only its line has, and its papers."""

NAMES = st.sampled_from(
    [f"{given} {family}" for given in "ABÉ" for family in ("Chen", "Doe", "王", "d'O", "a\u2028b")]
)
ENTRIES = st.lists(
    st.tuples(NAMES, st.integers(0, 2), st.sets(st.integers(0, N_PAPERS - 1))),
    max_size=20,
    unique_by=lambda entry: entry[:2],
)


def table(entries: Entries) -> NameTable:
    lines = sorted((f"|{number}{shown}|\t\t\t{shown}", sorted(papers)) for shown, number, papers in entries)
    starts = np.cumsum([0, *(len(papers) for _, papers in lines)]).astype(np.uint64)
    papers = np.array([paper for _, papers in lines for paper in papers], dtype=np.uint32)
    return NameTable("authors", StringTable(*pack_strings(line for line, _ in lines)), starts, papers)


def shards_of(tables: Sequence[NameTable], asked_at_once: list[int]) -> Any:
    """Return shards that answer for their names alone, and note how many names each is asked for."""

    def call(method: str, asked: Sequence[tuple[int, NamesAt]], /) -> list[Any]:
        assert method == "names_at"
        asked_at_once.extend(len(request.places) for _, request in asked)
        return [[tables[number].shown(place) for place in request.places.tolist()] for number, request in asked]

    indexes: Any = tables
    manifest: Any = None
    return Shards(call, indexes, manifest, Path())


@pytest.mark.slow
@pytest.mark.parametrize("keys", KEYS)
@given(shards=st.lists(ENTRIES, min_size=1, max_size=4), kept=st.sets(st.integers(0, N_PAPERS - 1)))
def test_names_are_those_of_a_recount(keys: str, shards: list[Entries], kept: set[int]) -> None:
    """Over any shards, and whatever names share a key, the most frequent names come first, then by text."""
    is_kept = np.isin(np.arange(N_PAPERS), list(kept))
    expected: Counter[str] = Counter()
    for entries in shards:
        for shown, _, papers in entries:
            expected[shown] += len(papers & kept)
    with (
        mock.patch.object(name_tables, "crc32", KEYS[keys]),
        mock.patch.object(name_tables, "_LINES", 3),
        mock.patch.object(name_tables, "_BLOCK", 5),
        mock.patch.object(most_named, "_AT_ONCE", 4),
        mock.patch.object(most_named, "N_NAMED", 3),
    ):
        tables = [table(entries) for entries in shards]
        found = most_named.most_named("authors", [one.tally(is_kept) for one in tables], shards_of(tables, []))
    wanted = sorted(((-n, shown) for shown, n in expected.items() if n), key=lambda each: each)[:3]
    assert [(-one.n_papers, one.value) for one in found] == wanted


def test_a_shared_key_hides_no_name() -> None:
    """A name with more papers than any other is first, though keys that many rare names share have more papers."""
    rare: Entries = [(f"{letter}{number}", 0, {number}) for letter in "ABC" for number in range(N_PAPERS)]
    tables = [table([*rare, ("Often", 0, {0, 1, 2})])]
    with (
        mock.patch.object(name_tables, "crc32", lambda name: name[0]),
        mock.patch.object(most_named, "N_NAMED", 3),
    ):
        tallies = [one.tally(np.ones(N_PAPERS, dtype=np.bool_)) for one in tables]
        found = most_named.most_named("authors", tallies, shards_of(tables, []))
    assert [(one.value, one.n_papers) for one in found] == [("Often", 3), ("A0", 1), ("A1", 1)]


@pytest.mark.slow
def test_few_names_are_read() -> None:
    """A shard is asked for the texts of names that may be shown, not of all that it counted."""
    papers = set(range(N_PAPERS))
    many: Entries = [(f"Rare {number}", 0, {number % N_PAPERS}) for number in range(20_000)]
    often: Entries = [(f"Often {number:02}", 0, papers) for number in range(20)]
    tables = [table([*many, *often]) for _ in range(3)]
    asked: list[int] = []
    tallies = [one.tally(np.ones(N_PAPERS, dtype=np.bool_)) for one in tables]
    found = most_named.most_named("authors", tallies, shards_of(tables, asked))
    assert [(one.value, one.n_papers) for one in found] == [(shown, 3 * N_PAPERS) for shown, _, _ in often]
    assert sum(asked) < 100


def test_names_are_read_in_bounded_answers() -> None:
    """Where all names have as many papers, all are read, but no answer grows with their number."""
    entries: Entries = [(f"Author {number:05}", 0, {number % N_PAPERS}) for number in range(20_000)]
    tables = [table(entries[half::2]) for half in (0, 1)]
    asked: list[int] = []
    tallies = [one.tally(np.ones(N_PAPERS, dtype=np.bool_)) for one in tables]
    found = most_named.most_named("authors", tallies, shards_of(tables, asked))
    assert [(one.value, one.n_papers) for one in found] == [(shown, 1) for shown, _, _ in entries[:20]]
    assert sum(asked) == 20_000
    assert max(asked) < 6_000
