"""Texts that are cut, by their sources and here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.shortening import is_cut, shortened


@pytest.mark.parametrize(
    ("text", "expected"), [("Moths…", True), ("Moths ...", True), ("Moths.", False), ("…Moths", False), ("", False)]
)
def test_marks_of_a_cut(text: str, expected: bool) -> None:
    """An ellipsis, of one character or of three dots, is the mark of a cut at the end of a text alone."""
    assert is_cut(text) is expected


@given(st.text("ab  ", max_size=12), st.integers(1, 15))
def test_what_is_too_long_is_cut(text: str, longest: int) -> None:
    """A text that fits is itself. Of a longer one a beginning is left, and the mark, which no blank precedes."""
    shown = shortened(text, longest)
    assert len(shown) <= longest
    if len(text) <= longest:
        assert shown == text
    else:
        assert is_cut(shown) and text.startswith(shown[:-1]) and shown[:-1] == shown[:-1].rstrip()
        assert not text[len(shown) - 1 : longest - 1].strip()
