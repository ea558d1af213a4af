"""Counts as a line of characters, each as high as its share of the greatest count."""

from __future__ import annotations

from collections.abc import Sequence


def sparkline(counts: Sequence[int], levels: str, none: str) -> str:
    """Return a character for each count: one of `levels`, the lowest first, or `none` for zero."""
    most = max(counts)
    return "".join(levels[(count * len(levels) - 1) // most] if count else none for count in counts)
