"""Citation keys as people type them: doe2024pipeline.

A key depends on its paper alone, unless two papers of one export would have the same key: then the
second one, by paper id, gets a letter. A key that came with a paper from its bibliography is kept.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

from papersearch.cli.output.exports.publication import authors_of
from papersearch.types import AuthorName, Paper

DEFAULT_PATTERN = "{family}{year}{word}"

_MAX_PART = 40
"""Longest part of a key, in characters."""

_TITLE_WORDS = 3
_FORMULA = re.compile(r"\$[^$]*\$")
_WORD = re.compile(r"[a-z0-9]+(?:[-'’.][a-z0-9]+)*")
_FORBIDDEN = re.compile(r"[^A-Za-z0-9+./:_-]+")
_FORBIDDEN_IN_KEPT = re.compile(r"[^\w!*+./:?-]+")
"""Characters that BibTeX or biber forbids in keys, and some that \\cite cannot take."""

_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "ı": "i",
        "ŋ": "n",
        "ŧ": "t",
        "ĸ": "k",
    }
)
"""Lower-case letters that Unicode does not decompose."""

_STOP_WORDS = frozenset(
    "a an and are as at by can do does for from how in into is it its of on or our the their to toward "
    "towards under using via we what when where which why with".split()
)
_GROUP_WORDS = frozenset({"collaboration", "collaborations", "consortium", "group", "team"})


class KeyPatternError(Exception):
    """A pattern of citation keys that cannot be read; the message says why."""


def checked_pattern(pattern: str) -> str:
    """Return a pattern of citation keys. Raises KeyPatternError."""
    _parts(pattern)
    return pattern


def citation_keys(papers: Sequence[Paper], pattern: str | None = None) -> list[str]:
    """Return a key for each paper; no two are equal, in any case. Raises KeyPatternError.

    With a pattern, keys from bibliographies are not kept.
    """
    parts = _parts(pattern or DEFAULT_PATTERN)
    keys: dict[int, str] = {}
    taken: set[str] = set()
    letters: dict[str, Iterator[str]] = {}  # behind each wanted key, so that none is tried twice
    by_id = sorted(range(len(papers)), key=lambda number: papers[number].paper_id)
    if pattern is None:  # those that are kept come first
        by_id.sort(key=lambda number: papers[number].citation_key is None)
    for number in by_id:
        paper = papers[number]
        kept = _FORBIDDEN_IN_KEPT.sub("-", paper.citation_key or "").strip("-") if pattern is None else ""
        wanted = kept or _filled(paper, parts)
        ahead = letters.setdefault(wanted.lower(), _letters())  # BibTeX ignores case
        key = next(key for each in ahead if (key := wanted + each).lower() not in taken)
        taken.add(key.lower())
        keys[number] = key
    return [keys[number] for number in range(len(papers))]


def _parts(pattern: str) -> list[tuple[str, str | None]]:
    """Return the parts of a pattern: text, and the name of the placeholder after it. Raises KeyPatternError."""
    try:
        parsed = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise KeyPatternError(f"cannot read the pattern {pattern}: {error}") from None
    parts = []
    for text, name, form, conversion in parsed:
        if name is not None and (form or conversion or name not in PLACEHOLDERS):
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise KeyPatternError(f"unknown placeholder {{{name}}}; known are {known}")
        parts.append((text, name))
    return parts


def _filled(paper: Paper, parts: Sequence[tuple[str, str | None]]) -> str:
    """Fill in a pattern. Where its placeholders tell no more than the date, the key is the paper id."""
    values = {name: PLACEHOLDERS[name](paper) for _, name in parts if name is not None}
    others = [value for name, value in values.items() if name not in ("year", "month")]
    key = _allowed("".join(text + (values[name] if name else "") for text, name in parts))
    return key if key and (any(others) or not others) else _allowed(paper.paper_id) or "paper"


def _letters() -> Iterator[str]:
    """Yield nothing, then a, b, …, z, aa, ab, … to put behind a key."""
    yield ""
    number = 0
    while True:
        letters, rest = "", number
        while rest >= 0:
            letters = string.ascii_lowercase[rest % 26] + letters
            rest = rest // 26 - 1
        yield letters
        number += 1


def _allowed(key: str) -> str:
    return _FORBIDDEN.sub("-", _folded(key, lower=False)).strip("-")


def _folded(text: str, *, lower: bool = True) -> str:
    """Return text without accents; letters that are not Latin stay."""
    decomposed = unicodedata.normalize("NFKD", text.lower() if lower else text)
    return "".join(one for one in decomposed if not unicodedata.combining(one)).translate(_LETTERS)


def _compact(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _folded(text))[:_MAX_PART]


def _title_words(paper: Paper) -> list[str]:
    """Return the words of the title that tell something, or all of them if none does."""
    words = _WORD.findall(_folded(_FORMULA.sub(" ", paper.title)))
    return [_compact(word) for word in words if word not in _STOP_WORDS] or [_compact(word) for word in words]


def _family(paper: Paper) -> str:
    authors = authors_of(paper)
    return _family_of(authors[0]) if authors else ""


def _family_of(name: AuthorName) -> str:
    if name.family:
        return _compact(name.family)
    words = _WORD.findall(_folded(name.literal or name.given or ""))
    telling = [word for word in words if word not in _STOP_WORDS | _GROUP_WORDS]
    return _compact((telling or words or [""])[0])


def _family_or_word(paper: Paper) -> str:
    return _family(paper) or "".join(_title_words(paper)[:1])


def _word(paper: Paper) -> str:
    """Return the first word of the title that the key does not have already."""
    return "".join(_title_words(paper)[:1] if _family(paper) else _title_words(paper)[1:2])


PLACEHOLDERS: Mapping[str, Callable[[Paper], str]] = {
    "family": _family_or_word,
    "year": lambda paper: "" if paper.year is None else str(paper.year),
    "month": lambda paper: "" if paper.month is None else f"{paper.month:02}",
    "word": _word,
    "words": lambda paper: "".join(_title_words(paper)[:_TITLE_WORDS]),
    "id": lambda paper: paper.paper_id,
    "arxiv": lambda paper: paper.arxiv_id or "",
    "doi": lambda paper: paper.doi or "",
}
"""What a pattern may name. A paper without authors has the first word of its title for a family."""
