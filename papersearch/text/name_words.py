"""Words of names, in the one spelling that all ways of writing them share.

A unit is what blanks and dots part: `Jean-Pierre` is one unit of two words. Apostrophes are left out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypeAlias

from papersearch.text.folding import fold

Units: TypeAlias = tuple[tuple[str, ...], ...]
"""Units of a name in order, each with its words."""

_APOSTROPHES = str.maketrans("", "", "'`´‘’‛ʼʹʻʽ＇")  # these are what people type
_HYPHENS = "-‐‑‒–﹣－"
_OTHER = re.compile(r"[^a-z0-9-]+")


def units_of(text: str) -> Units:
    """Return the units of a name; one without letters and digits has none."""
    if text.isascii():
        plain = _OTHER.sub(" ", text.replace("'", "").replace("`", "").lower())
    else:
        spaced = "".join("-" if letter in _HYPHENS else letter for letter in text.translate(_APOSTROPHES))
        plain = "".join(map(_plain, fold(spaced)))
    units = (tuple(word for word in unit.split("-") if word) for unit in plain.split())
    return tuple(unit for unit in units if unit)


def folded_words(text: str) -> list[str]:
    """Return the words of a name, whose units are split."""
    return [word for unit in units_of(text) for word in unit]


def joined(units: Units) -> str:
    """Return the words of `units` written as one."""
    return "".join(word for unit in units for word in unit)


def _plain(letter: str) -> str:
    """Return a letter, digit, mark or hyphen as it is, and a blank for any other character."""
    return letter if letter == "-" or letter.isalnum() or unicodedata.category(letter)[0] == "M" else " "
