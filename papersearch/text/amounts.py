"""Numbers of things in words."""

from __future__ import annotations


def amount(number: int, noun: str) -> str:
    """Return "1 paper" or "1,234 papers"; the plural of `noun` is made by an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
