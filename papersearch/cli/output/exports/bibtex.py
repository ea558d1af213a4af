"""BibTeX in biblatex's dialect, such that classic BibTeX styles read it as well.

`doi`, `url` and `eprint` are verbatim fields. `date` holds the day; `year` and `month` are beside
it for classic styles. `archivePrefix` and `primaryClass` are names that biblatex gives to
`eprinttype` and `eprintclass`; both names of one field would be an error of biber's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from papersearch.cli.output.exports.latex_text import latex, verbatim
from papersearch.cli.output.exports.publication import (
    NotedPaper,
    address,
    authors_of,
    family_with_particle,
    kind_of,
    numbered_date,
    page_range,
)
from papersearch.text.paper_text import is_arxiv_class
from papersearch.types import AuthorName, Paper

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WITHOUT_CLASSES = ("astro-ph", "cond-mat")
"""Archives that have classes now: their older papers have none."""

_SEPARATOR = re.compile(r"[,{}]|(?:^|\s)and(?:\s|$)", re.IGNORECASE)


def write(papers: Sequence[NotedPaper], keys: Sequence[str]) -> str:
    """Return one entry per paper."""
    return "\n".join(map(_entry, papers, keys))


def _entry(noted: NotedPaper, key: str) -> str:
    """Return an entry. Styles require an author of articles and conference papers."""
    paper = noted.paper
    kind = {"article": "article", "conference": "inproceedings"}.get(kind_of(paper), "misc")
    if not authors_of(paper) or not paper.title:
        kind = "misc"
    published = {"article": _journal, "inproceedings": _proceedings, "misc": _elsewhere}[kind](paper)
    date = numbered_date(paper)
    fields = {
        "title": f"{{{latex(paper.title)}}}" if paper.title else None,  # braces keep its capitals
        "author": " and ".join(map(_author, authors_of(paper))),
        "key": None if authors_of(paper) else key,  # classic styles sort by it where nobody is named
        "date": "-".join(f"{number:0{width}}" for number, width in zip(date, (4, 2, 2), strict=False)),
        "year": str(date[0]) if date else None,
        "month": _MONTHS[date[1] - 1] if len(date) > 1 else None,
        **published,
        "note": "year inferred" if paper.year_inferred else None,
        "eprint": verbatim(paper.arxiv_id) if paper.arxiv_id else None,
        "archivePrefix": "arXiv" if paper.arxiv_id else None,
        "primaryClass": _primary_class(paper),
        "doi": verbatim(paper.doi) if paper.doi else None,
        "url": address(paper),
        "keywords": ", ".join(latex(name.replace(",", " ")) for name in noted.keywords),
        "annote": latex(noted.note),
        "abstract": latex(paper.abstract),
    }
    lines = [_field(name, value) for name, value in fields.items() if value]
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _field(name: str, value: str) -> str:
    """Return a line; the month is a macro, which a style writes in its own language."""
    return f"  {name} = {value}" if name == "month" else f"  {name} = {{{value}}}"


def _journal(paper: Paper) -> Mapping[str, str | None]:
    return {
        "journal": latex(paper.venue or ""),
        "volume": latex(paper.volume or ""),
        "number": latex(paper.issue or ""),
        "pages": _pages(paper),
    }


def _proceedings(paper: Paper) -> Mapping[str, str | None]:
    return {
        "booktitle": latex(paper.venue or ""),
        "volume": latex(paper.volume or ""),
        "pages": _pages(paper),
        "publisher": latex(paper.publisher or ""),
        "organization": latex(paper.organisation.name) if paper.organisation else None,
    }


def _elsewhere(paper: Paper) -> Mapping[str, str | None]:
    """Return where a paper appeared as one text, for an entry without a journal."""
    issue = f"({paper.issue})" if paper.issue else ""
    volume = f"{paper.volume or ''}{issue}"
    place = ", ".join(filter(None, (" ".join(filter(None, (paper.venue, volume))), paper.pages)))
    organisation = paper.publisher or (paper.organisation.name if paper.organisation else "")
    return {"howpublished": latex(place), "organization": latex(organisation)}


def _pages(paper: Paper) -> str:
    first, last = page_range(paper.pages or "")
    return latex(first) if last is None else f"{latex(first)}--{latex(last)}"


def _primary_class(paper: Paper) -> str | None:
    """Return the first category if it is a class of arXiv, and the paper is there."""
    first = paper.categories[0] if paper.categories else ""
    return first if paper.arxiv_id and (first in _WITHOUT_CLASSES or is_arxiv_class(first)) else None


def _author(name: AuthorName) -> str:
    """Return one name as "Family, Suffix, Given"; braces keep a group from being split."""
    if name.literal or not name.family:
        return f"{{{latex(family_with_particle(name))}}}"
    family = _part(family_with_particle(name))
    if not name.given:
        whole = " ".join(filter(None, (family_with_particle(name), name.suffix)))
        return f"{{{latex(whole)}}}" if " " in whole else family
    return ", ".join([family, *([_part(name.suffix)] if name.suffix else []), _part(name.given)])


def _part(text: str) -> str:
    """Escape a part of a name; braces keep a comma, a brace or an "and" in it from separating."""
    escaped = latex(text)
    return f"{{{escaped}}}" if _SEPARATOR.search(text) else escaped
