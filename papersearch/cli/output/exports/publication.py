"""What the formats share: the kind of a publication, its authors in parts, its pages and its address."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from papersearch.cli.output.addresses import page_of, web_address
from papersearch.text.names import parse_name
from papersearch.types import AuthorName, Paper

Kind = Literal["article", "conference", "preprint", "other"]

_CONFERENCE_WORD = re.compile(
    r"\b(?:proceedings|proc\.|conference|conf\.|workshops?|symposium|symp\.|congress|meeting|findings of"
    r"|lecture notes|neural information processing systems)(?!\w)",
    re.IGNORECASE,
)
_CONFERENCES = frozenset(
    "aaai acl aistats asplos bmvc ccs chi cikm coling colt conll corl cvpr eacl eccv emnlp eurosys focs "
    "hpca icassp iccv icde iclr icml icra icse ijcai ijcnlp interspeech iros isca iswc jcdl kdd lrec miccai mlsys "
    "naacl ndss neurips nips nsdi oopsla osdi pldi popl ppopp recsys sigir sigmod soda sosp stoc uai uist "
    "wacv wsdm www".split()
)
"""Conferences that sources name by their letters alone: "ICML 2024"."""

_JOURNAL_WORD = re.compile(
    r"\b(?:journal|j\.|transactions|trans\.|letters|lett\.|reviews?|rev\.|annals|ann\.|archives?|bulletin"
    r"|magazine|quarterly|acta|advances|annual|nature|science|plos|ieee access|jmlr|tmlr|tacl|pnas|bmj|jama)(?!\w)",
    re.IGNORECASE,
)
_PREPRINT = re.compile(r"\b(?:arxiv|corr|biorxiv|medrxiv|preprints?)\b", re.IGNORECASE)
_PAGE_RANGE = re.compile(r"([^\s,;‐-―-]+) ?[‐-―-]{1,2} ?([^\s,;‐-―-]+)")


class NotedPaper(NamedTuple):
    """A paper with what its reader says of it: tags, which become keywords, and a note."""

    paper: Paper
    tags: tuple[str, ...] = ()
    note: str = ""

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords of the paper, and the tags after them."""
        return self.paper.categories + self.tags


def kind_of(paper: Paper) -> Kind:
    """Return the kind of a publication, from its venue. An issue belongs to a journal."""
    venue = paper.venue or ""
    if not venue or _PREPRINT.search(venue):
        return "preprint" if paper.arxiv_id or venue else "other"
    if paper.issue:
        return "article"
    letters = re.match(r"[a-z]+", venue.lower())
    if _CONFERENCE_WORD.search(venue) or (letters and letters[0] in _CONFERENCES):
        return "conference"
    return "article" if paper.volume or _JOURNAL_WORD.search(venue) else "other"


def authors_of(paper: Paper) -> tuple[AuthorName, ...]:
    """Return the authors in parts; those of an older index are strings."""
    return paper.author_names or tuple(map(parse_name, paper.authors))


def family_with_particle(name: AuthorName) -> str:
    """Return "van der Berg", or the whole name of a group."""
    return " ".join(filter(None, (name.particle, name.family))) or name.literal or name.given or ""


def inverted(name: AuthorName) -> str:
    """Return a name as "Family, Given, Suffix"; a group as it is."""
    if name.literal or not name.family:
        return family_with_particle(name)
    parts = [family_with_particle(name), name.given or "", name.suffix or ""]
    while not parts[-1]:
        parts.pop()
    return ", ".join(parts)


def page_range(pages: str) -> tuple[str, str | None]:
    """Return the first and the last page; None for the last if `pages` is one page, or several ranges."""
    found = _PAGE_RANGE.fullmatch(pages)
    return (found[1], found[2]) if found else (pages, None)


def address(paper: Paper) -> str | None:
    """Return the address that the source gives, else the paper's page; None if neither is known."""
    return (web_address(paper.url) if paper.url else None) or page_of(paper)


def numbered_date(paper: Paper) -> tuple[int, ...]:
    """Return year, month and day as far as they are known."""
    if paper.date:
        return tuple(map(int, paper.date.split("-")))
    if paper.year is None:
        return ()
    return (paper.year, paper.month) if paper.month else (paper.year,)
