"""A paper as its source describes it, and the one door through which it enters.

A format's reader fills in a `Record` with what the source wrote, unchanged. `admit` cleans the
texts, reads dates, names and identifiers, and reports what it cannot read. So a format decides
which field means what, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.dates import PartialDate, date_of_arxiv_id, is_blank, read_date
from papersearch.ingest.links import find_links, without_mirrors
from papersearch.ingest.placeholders import abstract_of, without_heading_element
from papersearch.text.cleaning import clean_text
from papersearch.text.identifiers import arxiv_id_of_doi, bare_arxiv_id, bare_doi
from papersearch.text.latex import without_latex
from papersearch.text.markup import without_markup
from papersearch.text.name_lists import SplitNames, is_joined, is_others, split_names
from papersearch.text.names import displayed, group_of_parts, is_group, parse_name, with_particle_apart
from papersearch.types import AuthorName, Finding, FindingKind, Organisation
from papersearch.values import fields_of

MAX_TEXT_LENGTH = 100_000
MAX_TITLE_LENGTH = 1000
"""Longest title, in characters. The limit of a text is fifty times an abstract: a longer one would
slow down every query that finds it."""

MAX_ID_LENGTH = 200
_HYPHENS = re.compile(r"(?<!\s)\s*+[\u2010\u2011\u2212]\s*+")
"""Other signs for a hyphen, which some write between pages."""

_NOBODY = "[Anonymous]"
"""What the Web of Science writes where nobody is named."""

_FIELDS_NAMED = 8
LONGEST_QUOTED = 200
"""Characters of a value that a finding shows: a source may write a whole text where a name belongs."""

_LONGEST_KEPT = 100
_KEPT = 16_384
"""Cleaned texts of at most `_LONGEST_KEPT` characters that are kept: names, categories and venues repeat."""

Report: TypeAlias = Callable[[Finding], None]

_Remark: TypeAlias = Callable[[FindingKind, str], None]
"""A way to report on one record: kind and detail."""

Complain: TypeAlias = Callable[[FindingKind, int, str], None]
"""A reader's way to report: kind, line and detail of a finding about its file."""


class NotADump(Exception):
    """A file of a known format without a paper; the message is one phrase on what it looks like.

    A reader raises it before it yields a record.
    """


@dataclass(slots=True, kw_only=True)
class Record:
    """What one source says of one paper, as the source wrote it.

    first_line, last_line: from 1, inclusive
    has_markup: texts hold HTML or JATS tags and entities
    has_latex: texts hold LaTeX's accents and escapes
    is_bibtex: their braces are those of BibTeX, which hold a name together and protect capitals
    authors: one entry per author, in reading order: parts, or a string with one name
    joined_authors: all authors in one string, where a source joins them
    has_all_authors: false where the source is known to name some authors only, so that counting tells nothing
    dates: what the source gives, the first publication first; the first one that can be read counts
    has_date_in_id: false where an arXiv id does not tell the date, since the source dates another version
    updated: days of a later change, which count as inferred where neither `dates` nor an arXiv id tells
    record_id, namespace: see `Appearance`
    arxiv_ids, dois: where an identifier may be, the surest place first
    fields: the names of the source's fields, for a report on a record without text
    source: the name of its own format, where one reader knows several
    """

    first_line: int
    last_line: int
    title: str = ""
    abstract: str = ""
    has_markup: bool = False
    has_latex: bool = False
    is_bibtex: bool = False
    authors: Sequence[AuthorName | str] = ()
    joined_authors: str | None = None
    author_count: int | None = None
    has_all_authors: bool = True
    dates: Sequence[object] = ()
    date_inferred: bool = False
    has_date_in_id: bool = True
    updated: Sequence[object] = ()
    record_id: str | None = None
    namespace: str = ""
    citation_key: str | None = None
    arxiv_ids: Sequence[str] = ()
    dois: Sequence[str] = ()
    categories: Sequence[str] = ()
    links: Sequence[str] = ()
    organisation: Organisation | None = None
    comment_count: int | None = None
    upvotes: int | None = None
    venue: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    url: str | None = None
    fields: Sequence[str] = ()
    source: str = ""


def admit(record: Record, dump: str, report: Report) -> Appearance | None:
    """Return the paper that a record describes, or None if it has neither title nor abstract.

    Reports a record without text, and values that cannot be read. A value never costs the record.
    """

    def complain(kind: FindingKind, detail: str) -> None:
        report(Finding(kind=kind, file=dump, line=record.first_line, detail=detail))

    def label(written: str | None) -> str | None:
        return (clean_label(written) or None) if written else None

    clean, clean_label = _cleaners(record.has_markup, record.has_latex, record.is_bibtex)
    written = without_heading_element(record.abstract) if record.has_markup else record.abstract
    title, abstract = clean(record.title), abstract_of(clean(written))
    if not title and not abstract:
        fields = clean_text(", ".join(record.fields[:_FIELDS_NAMED])) or "none"
        complain("record without text", f"neither title nor abstract; its fields: {fields}")
        return None
    if len(title) + len(abstract) > MAX_TEXT_LENGTH or len(title) > MAX_TITLE_LENGTH:
        where, most = ("its title", MAX_TITLE_LENGTH) if len(title) > MAX_TITLE_LENGTH else ("it", MAX_TEXT_LENGTH)
        complain("text cut", f"only {most:,} characters of {where} are kept")
        title, abstract = title[:MAX_TITLE_LENGTH], abstract[:MAX_TEXT_LENGTH]
    abstract, mirror_links = without_mirrors(abstract)
    listed = _authors(record, clean_label, complain)
    doi, arxiv_id = _identifiers(record, complain)
    when, is_inferred = _when(record, arxiv_id, complain)
    links = find_links(abstract)
    if record.links:
        links = tuple(dict.fromkeys((*map(clean_text, record.links), *links)))
    record_id = clean_text(record.record_id)[:MAX_ID_LENGTH] if record.record_id else ""
    return Appearance(
        dump=dump,
        first_line=record.first_line,
        last_line=record.last_line,
        title=title,
        abstract=abstract,
        links=links,
        mirror_links=mirror_links,
        date=when.iso if when else None,
        year=when.year if when else None,
        month=when.month if when else None,
        year_inferred=is_inferred,
        author_count=record.author_count or (len(listed.names) if listed.are_all else 0) or None,
        organisation=record.organisation,
        comment_count=record.comment_count,
        record_id=record_id or None,
        namespace=record.namespace,
        authors=listed.texts,
        author_names=listed.names,
        categories=tuple(dict.fromkeys(filter(None, map(clean_label, record.categories)))),
        arxiv_id=arxiv_id,
        doi=doi,
        upvotes=record.upvotes,
        venue=label(record.venue),
        volume=label(record.volume),
        issue=label(record.issue),
        pages=_HYPHENS.sub("-", pages) if (pages := label(record.pages)) else None,
        publisher=label(record.publisher),
        url=clean_text(record.url).partition(" http")[0] or None if record.url else None,
        citation_key=clean_text(record.citation_key) or None if record.citation_key else None,
    )


@cache
def _cleaners(
    has_markup: bool, has_latex: bool, is_bibtex: bool
) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """Return how the texts of a record are cleaned, and the same for labels, which repeat."""

    def clean(text: str) -> str:
        if has_markup:
            text = without_markup(text)
        if has_latex:
            text = without_latex(text, is_bibtex=is_bibtex)
        return clean_text(text)

    kept = lru_cache(_KEPT)(clean)
    return clean, lambda label: (kept if len(label) <= _LONGEST_KEPT else clean)(label)


def complain_about(dump: str, report: Report) -> Complain:
    """Return a reader's way to report on `dump`."""
    return lambda kind, line, detail: report(Finding(kind=kind, file=dump, line=line, detail=detail))


def _with_braces(name: str) -> str:
    """Return a name of BibTeX as text, with the braces that hold words together."""
    return clean_text(without_latex(without_markup(name)))


class _Authors(NamedTuple):
    """The authors in parts and as they are read; `are_all` is false where some may be missing."""

    names: tuple[AuthorName, ...]
    texts: tuple[str, ...]
    are_all: bool


_NO_AUTHORS = _Authors((), (), are_all=False)


def _authors(record: Record, clean: Callable[[str], str], complain: _Remark) -> _Authors:
    """Return the authors in parts; report a list in one string that can be split in several ways."""
    if not record.authors and not record.joined_authors:
        return _NO_AUTHORS
    entries: Sequence[AuthorName | str] = record.authors or tuple(filter(None, (record.joined_authors,)))
    names: list[AuthorName] = []
    texts: list[str] = []
    are_all = record.has_all_authors
    for entry in entries:
        if isinstance(entry, AuthorName):
            found = SplitNames((_cleaned(entry, clean),), is_certain=True)
        elif (record.joined_authors and not record.authors) or is_joined(entry, is_alone=len(entries) == 1):
            # Markup first, since entities have semicolons; LaTeX name by name, since braces hold names together.
            text = without_markup(entry) if record.has_markup else entry
            found = split_names(text, lambda name: clean_text(without_latex(name) if record.has_latex else name))
        else:
            name = parse_name(_with_braces(entry) if record.is_bibtex else clean(entry))
            is_braced = record.is_bibtex and entry.startswith("{") and entry.endswith("}")
            is_certain = is_braced or not name.literal or "," not in name.literal or is_group(name.literal)
            found = SplitNames((name,), is_certain, is_whole=not is_others(entry))
        if not found.is_certain:
            complain("authors not told apart", f"cannot tell the authors apart in {_quoted(entry)}")
        are_all = are_all and found.is_certain and found.is_whole
        for name in found.names:
            text = displayed(name)
            if text and text != _NOBODY and not is_others(text):
                names.append(name)
                texts.append(text)
    return _Authors(tuple(names), tuple(texts), are_all)


def _cleaned(name: AuthorName, clean: Callable[[str], str]) -> AuthorName:
    """Return a name with its parts cleaned. A family name alone, such as that of a group, is the whole name."""
    given = {part: value for part, value in fields_of(name).items() if value}
    known = {part: cleaned for part, value in given.items() if (cleaned := clean(value))}
    if known.keys() == {"family"}:
        return AuthorName(literal=known["family"])
    if known.keys() == {"family", "given"} and (group := group_of_parts(known["family"], known["given"])):
        return AuthorName(literal=group)
    return with_particle_apart(name if known == given else AuthorName(**known))


def _identifiers(record: Record, complain: _Remark) -> tuple[str | None, str | None]:
    """Return DOI and arXiv id; report a DOI in which there is none."""
    if not record.dois and not record.arxiv_ids:
        return None, None
    doi = next(filter(None, map(bare_doi, record.dois)), None)
    arxiv_id = next(filter(None, map(bare_arxiv_id, record.arxiv_ids)), None)
    if doi is None:
        for written in filter(_claims_to_be_doi, record.dois):
            complain("not an identifier", f"cannot read a DOI in {_quoted(written)}")
            arxiv_id = arxiv_id or bare_arxiv_id(written)
    if arxiv_id is None and doi is not None:
        arxiv_id = arxiv_id_of_doi(doi)
    for written in record.arxiv_ids if arxiv_id is None else ():
        if written.strip().lower().startswith("arxiv:"):
            complain("not an identifier", f"cannot read an arXiv id in {_quoted(written)}")
    return doi, arxiv_id


def _claims_to_be_doi(written: str) -> bool:
    """Return whether a text is meant as a DOI: a format may also offer addresses that contain one."""
    return bool(written.strip()) and ("://" not in written or "doi.org/" in written.lower())


def _when(record: Record, arxiv_id: str | None, complain: _Remark) -> tuple[PartialDate | None, bool]:
    """Return the date of first publication, and whether it was inferred."""
    if found := _first_date(record.dates, complain):
        return found, record.date_inferred
    inferred = date_of_arxiv_id(arxiv_id) if arxiv_id and record.has_date_in_id else None
    inferred = inferred or _first_date(record.updated, complain)
    return inferred, inferred is not None


def _first_date(written: Iterable[object], complain: _Remark) -> PartialDate | None:
    """Return the first date that can be read; report those before it that cannot, and lost parts."""
    for value in written:
        if is_blank(value):
            continue
        found = read_date(value)
        if found.date is None:
            complain("not a date", f"cannot read a date in {_quoted(value)}")
            continue
        if found.doubt:
            complain("not a date", f"cannot read {found.doubt} in {_quoted(value)}; {found.date.known} is kept")
        return found.date
    return None


def _quoted(value: object) -> str:
    """Return a value as findings show it."""
    return f"“{clean_text(str(value))[:LONGEST_QUOTED]}”"
