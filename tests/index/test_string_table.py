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


def test_beginnings_are_found_in_place() -> None:
    """`find_prefix` finds the same strings as a scan of all strings, for any prefix."""
    strings = sorted({"", "a", "ab", "abc", "abd", "b", "é", "éa", "\U0001f600", "z" * 50, "zz"})
    text, offsets = pack_strings(strings)
    table = StringTable(bytes(text), offsets)
    for prefix in [*strings, "ac", "c", "zzz", "\uffff"]:
        expected = [string for string in strings if string.startswith(prefix)]
        assert [table[place] for place in table.find_prefix(prefix)] == expected
