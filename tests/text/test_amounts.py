"""Numbers of things in words."""

from __future__ import annotations

import pytest

from papersearch.text.amounts import amount


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 papers"), (1, "1 paper"), (2, "2 papers"), (999, "999 papers"), (1000, "1,000 papers")],
)
def test_amounts(number: int, expected: str) -> None:
    """One thing is said in the singular, and thousands have a comma."""
    assert amount(number, "paper") == expected
