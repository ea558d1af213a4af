"""Searching a table of strings against searching each of its strings."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from papersearch.index import string_table
from papersearch.index.string_table import StringTable, pack_strings

strings = st.lists(st.text("ab|é", max_size=6)).map(sorted)


@given(strings, st.lists(st.text("ab|é", min_size=1, max_size=3), max_size=3), st.integers(1, 20))
def test_a_scan_in_blocks(held: list[str], parts: list[str], n_bytes: int) -> None:
    """A scan finds the strings with any of several parts, however the text is cut into blocks."""
    text, offsets = pack_strings(held)
    with patch.object(string_table, "_SCANNED", n_bytes):
        found = StringTable(bytes(text), offsets).containing(*parts)
    assert found == [place for place, string in enumerate(held) if any(part in string for part in parts)]


@given(strings, st.integers(1, 5))
def test_blocks(held: list[str], size: int) -> None:
    """Blocks together are all strings in order."""
    text, offsets = pack_strings(held)
    blocks = list(StringTable(bytes(text), offsets).blocks(size))
    assert [string for block in blocks for string in block] == held
    assert all(len(block) == size for block in blocks[:-1])
