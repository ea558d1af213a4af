"""Blocks of postings: as narrow as their numbers allow, and the same postings from any of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from papersearch.lexical.inverting import NARROW, narrowed
from papersearch.lexical.statistics import Merging, statistics_of
from papersearch.text.words import plain_word


@given(numbers=st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 300)))
def test_the_narrowest_type_holds_the_numbers(numbers: list[int]) -> None:
    """Numbers keep their values, in the narrowest of the three types that can hold all of them."""
    found = narrowed(np.array(numbers, dtype=np.int64))
    assert found.tolist() == numbers
    fitting = [kind for kind in NARROW if all(number <= np.iinfo(kind).max for number in numbers)]
    assert found.dtype == fitting[0]


def test_a_build_holds_half_of_the_postings_at_a_time() -> None:
    """Two pairs of arrays are made one after the other, and the second takes the blocks with it."""
    statistics = statistics_of([["bubble", "model", "bubble"], ["model"], []], plain_word)
    whole = statistics_of([["bubble", "model", "bubble"], ["model"], []], plain_word).postings()
    merging = Merging(statistics)
    doc_indices, impacts = merging.papers_and_impacts()
    assert statistics.blocks
    starts, positions = merging.starts_and_positions()
    assert not statistics.blocks
    assert doc_indices.tolist() == whole.doc_indices.tolist() == [0, 0, 1]
    assert impacts.tolist() == whole.impacts.tolist()
    assert starts.tolist() == whole.starts.tolist() == [0, 0, 1]
    assert positions.tolist() == whole.positions.tolist() == [0, 2, 1, 0]
