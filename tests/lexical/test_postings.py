"""Look-ups in ascending numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.lexical.postings import are_in, in_both, values_at

NUMBERS = st.one_of(st.integers(0, 20), st.integers(2**32 - 3, 2**32 - 1))
SOUGHT = st.one_of(st.integers(-3, 20), st.integers(2**32 - 3, 2**32 + 20))


@pytest.mark.parametrize("stored", [np.int64, np.uint32])
@given(held=st.sets(NUMBERS), sought=st.lists(SOUGHT))
def test_numbers_are_found_as_in_a_mapping(stored: type[np.generic], held: set[int], sought: list[int]) -> None:
    """Numbers in any order, some of which the stored type cannot hold, are found as in a set and a mapping."""
    ascending, asked = np.array(sorted(held), dtype=stored), np.array(sought, dtype=np.int64)
    assert are_in(ascending, asked).tolist() == [number in held for number in sought]
    values = {number: place + 0.5 for place, number in enumerate(sorted(held))}
    found = values_at(ascending, np.array(list(values.values())), asked)
    assert found.tolist() == [values.get(number, 0.0) for number in sought]


@given(st.sets(SOUGHT), st.sets(SOUGHT))
def test_the_intersection_is_that_of_sets(first: set[int], second: set[int]) -> None:
    """What both have is found in order, whichever is longer or empty."""
    arrays = (np.array(sorted(numbers), dtype=np.int64) for numbers in (first, second))
    assert in_both(*arrays).tolist() == sorted(first & second)
