"""Texts that are cut: the mark that sources leave at the end, and the one that is written here."""

from __future__ import annotations

_MARKS = ("…", "...")


def is_cut(text: str) -> bool:
    """Tell whether a text ends with the mark of a cut, as its source wrote it."""
    return text.endswith(_MARKS)


def shortened(text: str, longest: int) -> str:
    """Return a text in at most `longest` characters, with an ellipsis in place of what is left out."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
