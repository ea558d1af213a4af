"""Names of authors: read from one string or from a list in one string, and written for reading.

A name is never guessed into existence: where a string cannot be split with certainty, the caller is
told so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from papersearch.types import AuthorName


class SplitNames(NamedTuple):
    """The names of a list; `is_certain` is false where the list could be split in another way."""

    names: tuple[AuthorName, ...]
    is_certain: bool


def parse_name(written: str) -> AuthorName:
    """Return the parts of one name, written "Given Family" or "Family, Given" or "Family, Jr., Given"."""
    given, _, family = written.rpartition(" ")
    return AuthorName(family=family, given=given) if given else AuthorName(literal=written)


def split_names(written: str) -> SplitNames:
    """Return the names that are joined in one string."""
    parts = re.split(r",\s+(?:and\s+)?|\s+and\s+", re.sub(r"\([^()]*\)", "", written))
    return SplitNames(tuple(parse_name(part.strip()) for part in parts if part.strip()), is_certain=True)


def displayed(name: AuthorName) -> str:
    """Return a name as it is read: "Jan van der Berg", "Martin Luther King Jr."."""
    if name.literal:
        return name.literal
    return " ".join(filter(None, (name.given, name.particle, name.family, name.suffix)))
