"""What exports of bibliographies share: inverted names, dates in several fields, pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from papersearch.ingest.dates import PartialDate, parse_date
from papersearch.text.identifiers import bare_arxiv_id
from papersearch.text.names import is_group
from papersearch.types import AuthorName

_LONGEST = 2000
"""Most characters of a field that are searched for an arXiv id."""

_INVERTED = re.compile(r"([^,;]+),([^,;]+)(?:,([^,;]+))?")
_ENDS_IN_INITIALS = re.compile(r"(?:^|\s)[A-Z]{1,3}$")
_VANCOUVER = re.compile(
    r"(?P<family>\S.*?) (?P<given>[^\W\d_]{1,3})(?: (?P<suffix>Jr|Sr|\d(?:st|nd|rd|th)|I{2,3}|IV))?"
)
_ARTICLE_NUMBER = re.compile(r"[A-Za-z]{0,3}\d{1,7}")
_ENDS_TITLE = ("?", "!", ".", ":")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")


def one_name(written: str) -> AuthorName | str:
    """Return the parts of a name that has a field to itself: "Family, Given, Suffix".

    A name in another shape, such as that of a group, stays as it is written.
    """
    found = _INVERTED.fullmatch(written.strip())
    if not found or is_group(written) or _ENDS_IN_INITIALS.search(found[1]):
        return written
    return AuthorName(family=found[1].strip(), given=found[2].strip(), suffix=found[3] and found[3].strip())


def vancouver_name(written: str) -> AuthorName | str:
    """Return the parts of a name as MEDLINE abbreviates it: "Grove AB Jr"."""
    found = _VANCOUVER.fullmatch(written.strip())
    if not found or not found["given"].isupper() or "," in written:
        return written
    return AuthorName(**found.groupdict())


def first_published(days: Iterable[str], years: Iterable[str] = ()) -> list[str]:
    """Return dates for a record: the year of the source, as exactly as one of its dates tells it.

    A day without a year, such as "APR 2", belongs to the year in the other field.
    """
    years = [year for year in years if year.strip()]
    days = [day for day in days if day.strip()]
    if years and not all(map(_YEAR.search, days)):
        days = [day if _YEAR.search(day) or day.isdigit() else f"{day} {years[0]}" for day in days]
    given = [*years, *days]
    if len(given) < 2:
        return given
    read = [(date, written) for written in given if (date := parse_date(written)) is not None]
    of_year = [(date, written) for date, written in read if date.year == read[0][0].year]
    best = max(of_year, key=lambda pair: _exactness(pair[0]), default=None)
    if best is None:
        return given
    readable = {written for _, written in read}
    # The door reports these. Seasons in any spelling, "SPR 2011", tell nothing more than the year.
    unreadable = [
        written for written in given if written not in readable and re.search(r"\d", _YEAR.sub("", written))
    ]
    return [*unreadable, best[1]]


def _exactness(date: PartialDate) -> int:
    return 2 if date.day else 1 if date.month else 0


def with_subtitle(title: str, subtitle: str) -> str:
    """Return a title with its subtitle, after a colon unless the title ends in a sign of its own."""
    if not title or not subtitle:
        return title or subtitle
    return f"{title}{'' if title.rstrip('} ').endswith(_ENDS_TITLE) else ':'} {subtitle}"


def page_range(first: str, last: str) -> str | None:
    """Return a range of pages; the first may be the whole range."""
    first, last = first.strip(), last.strip()
    if not first or not last or first == last or re.search(r"\d\s*[-‐-―]+\s*\d", first):
        return first or last or None
    return f"{first}-{last}"


def article_number(identifiers: Iterable[str]) -> str | None:
    """Return the number of an article, which journals without pages have, among identifiers of publishers."""
    return next(filter(_ARTICLE_NUMBER.fullmatch, identifiers), None)


def arxiv_ids_in(places: Iterable[str]) -> list[str]:
    """Return the arXiv ids in texts that name them: `arXiv:2504.01234`, or an address."""
    marked = (place for place in places if "rxiv" in place.lower() or "huggingface.co/papers" in place)
    words = (word for place in marked for word in (place[:_LONGEST], *place[:_LONGEST].split(maxsplit=20)[:20]))
    found = map(bare_arxiv_id, words)
    return list(dict.fromkeys(filter(None, found)))


def web_addresses(places: Iterable[str]) -> list[str]:
    """Return the addresses in fields that may hold several, separated by blanks or semicolons."""
    words = (word for place in places for word in place.replace(";http", " http").split())
    return [word.rstrip(";,") for word in words if word.startswith(("http://", "https://"))]


def split_at_semicolons(places: Iterable[str]) -> list[str]:
    """Return keywords, of which a field may hold several."""
    return [part.strip() for place in places for part in place.split(";") if part.strip()]
