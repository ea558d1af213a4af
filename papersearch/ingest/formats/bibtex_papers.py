"""Entries of BibTeX and BibLaTeX as papers: which field means what, in the files of their producers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from papersearch.ingest.dates import parse_date
from papersearch.ingest.formats.bibliographic import with_subtitle
from papersearch.ingest.formats.bibtex_entries import Entry
from papersearch.ingest.record import Record
from papersearch.text.identifiers import bare_arxiv_id
from papersearch.text.names import is_suffix, split_at_commas, split_outside_braces
from papersearch.types import AuthorName

Fields = Mapping[str, str]

NOT_PAPERS = frozenset("xdata set control settings ieeetranbstctl acscontrol bibnote glossary".split())
"""Types of entries that describe no paper, but how others are printed."""

_NUMBERED = frozenset("techreport report patent thesis phdthesis mastersthesis standard manual online".split())
"""Types whose number is not that of a journal's issue."""

_IN_A_BOOK = frozenset("inproceedings conference incollection inbook suppbook bookinbook".split())
_AND = re.compile(r"(?<!\S)and(?!\S)", re.IGNORECASE)
_PART_OF_NAME = re.compile(r"\"?(family|given|prefix|suffix)\s*+=\s*+(.*)", re.DOTALL)
_PHANTOM = re.compile(r"\\vphantom\s*(?:\{\\[{}]\}|\\[{}])")
_LINE_FEED = re.compile(r"(?:\$\\backslash\$n(?!(?:abla|u|eq?|eg|ot|i|oindent|ewline)(?![a-z])))+")
_DASHES = re.compile(r"(?<!\s)\s*+(?:-{2,3}|[\u2010-\u2015]|\\textendash(?:\{\})?)\s*+")
_ADDRESS = re.compile(r"https?://[^\s{}]+")
_ESCAPE = re.compile(r"\\([_#%&$~^{}])(?:\{\})?|\{([_#%&$~^-])\}")
_TILDE = re.compile(r"\{?\\textasciitilde(?:\{\})?\}?|\$\\sim\$")
_NOTE_OF_ARXIV = re.compile(
    r"\s*+\{?\s*+(?:eprint:?\s*+)?arxiv:\s*+(\S+?)(?:\s*+\[[\w.-]++\])?\s*+\}?\s*+", re.IGNORECASE
)
_VOLUME_OF_CORR = re.compile(r"\{*+abs/(\S*[^\s}])\}*+")
_KEYWORD_LINE = re.compile(r"[*(\d]*[A-Z{\\][^\n]{0,79}(?<![,;])\Z")
_SIMPLE_MONTH = re.compile(r"[A-Za-z]+\.?|\d{1,2}")
_SEASON = re.compile(r"(?:spr|sum|fal|aut|win)[a-z]*", re.IGNORECASE)
_LESS_THAN = re.compile(r"\{\\textless(?:\{\})?\}|\\textless\{\}|\$<\$")
_GREATER_THAN = re.compile(r"\{\\textgreater(?:\{\})?\}|\\textgreater\{\}|\$>\$")
_INFERRED = "year inferred"

_COMMAND = re.compile(r"\\[A-Za-z]+\s*(?:\{[^{}]*\})?")
_ID_OF_WEB_OF_SCIENCE = re.compile(r"(?:WOS|ISI|MEDLINE|BCI|CCC|KJD|SCIELO|RSCI):[A-Z0-9]{8,20}")
_NUMBER_OF_NAMESAKE = re.compile(r"\s\d{4}\s*\Z")


def record_of(entry: Entry) -> Record:
    """Return what an entry says of a paper."""
    fields = entry.fields
    doi = _bare(fields.get("doi", ""))
    url = _address(fields.get("url", "")) or _address(fields.get("howpublished", ""))
    venue = _venue(entry)
    publisher = _first(fields, "publisher", "institution", "school", "organization")
    dois = [one for one in (doi, url or "", _bare(fields.get("ee", ""))) if one]
    return Record(
        first_line=entry.first_line,
        last_line=entry.last_line,
        title=_title(fields),
        abstract=_text(fields.get("abstract", "")),
        has_markup=True,
        has_latex=True,
        is_bibtex=True,
        authors=_authors(fields, entry.key),
        dates=_dates(fields),
        date_inferred=_bare(fields.get("note", "")) == _INFERRED,
        record_id=entry.key or None,
        namespace="wos" if _ID_OF_WEB_OF_SCIENCE.fullmatch(entry.key) else "",
        citation_key=entry.key or None,
        arxiv_ids=_arxiv_ids(fields, url or ""),
        dois=dois,
        categories=_keywords(fields),
        venue=_text(venue) if venue else None,
        volume=fields.get("volume"),
        issue=None if entry.kind in _NUMBERED else _issue(fields),
        pages=_pages(fields),
        publisher=_text(publisher) if publisher else None,
        url=url,
        fields=list(fields),
    )


def _first(fields: Fields, *names: str) -> str | None:
    return next((fields[name] for name in names if _bare(fields.get(name, ""))), None)


def _text(written: str) -> str:
    r"""Return a text without the phantoms that balance its braces, with the tags that LaTeX spells `$<$`.

    Mendeley writes `$\backslash$n` for a line feed of its source.
    """
    if "phantom" in written:
        written = _PHANTOM.sub("", written)
    if "$\\backslash$n" in written:
        written = _LINE_FEED.sub(" ", written)
    if "textless" in written or "$<$" in written:
        written = _GREATER_THAN.sub(">", _LESS_THAN.sub("<", written))
    return written


def _bare(written: str) -> str:
    """Return a value without the braces and blanks around it."""
    return written.strip("{} \t\r\n") if written else ""


def _title(fields: Fields) -> str:
    title = _text(_first(fields, "title", "maintitle", "booktitle") or "")
    subtitle = _text(fields.get("subtitle", "")) if fields.get("title") else ""
    return with_subtitle(title, subtitle) if _bare(subtitle) else title


def _venue(entry: Entry) -> str | None:
    """Return where a paper appeared. A book is its own place, of which its series tells more."""
    fields = entry.fields
    names: tuple[str, ...] = ("journal", "journaltitle", "booktitle", "eventtitle", "series")
    if entry.kind in _IN_A_BOOK:
        names = ("booktitle", "journal", "journaltitle", "maintitle", "eventtitle", "series")
    if not fields.get("title"):
        names = tuple(name for name in names if name != "booktitle")
    found = _first(fields, *names)
    if found is None and entry.kind == "misc":
        elsewhere = fields.get("howpublished", "")
        is_place = bool(_bare(elsewhere)) and not re.search(r"\\url|\\href|://|www\.|access", elsewhere)
        return elsewhere if is_place else None
    return found


def _issue(fields: Fields) -> str | None:
    number = _first(fields, "number", "issue")
    return None if number and bare_arxiv_id(number) else number


def _pages(fields: Fields) -> str | None:
    pages = _first(fields, "pages", "eid", "articleno", "art_number", "article-number")
    return _DASHES.sub("-", pages) if pages else None


def _authors(fields: Fields, key: str) -> Sequence[AuthorName | str]:
    """Return the authors. Only an "and" outside of braces separates them; DBLP numbers namesakes."""
    written = fields.get("author", "")
    if not _bare(written):
        group = _bare(fields.get("collaboration", ""))
        return [AuthorName(literal=group)] if group else ()
    pieces = (" ".join(piece.split()) for piece in split_outside_braces(_AND, written))
    names = [piece for piece in pieces if piece.strip("{} ,;")]
    if key.startswith("DBLP:"):
        names = [_NUMBER_OF_NAMESAKE.sub("", name) for name in names]
    return [_in_parts(name) if "=" in name or "\\{" in name or name.count(",") > 1 else name for name in names]


def _in_parts(written: str) -> AuthorName | str:
    """Return a name with a suffix or with braces of its own, or BibLaTeX's long form: "family=Berg, given=Jan"."""
    parts = [part.strip() for part in split_at_commas(written)]
    if "\\{" in written and len(parts) < 3:  # a brace of the name itself, once the escapes are gone
        return AuthorName(family=parts[0], given=parts[1] if len(parts) == 2 else None)
    if len(parts) == 3 and is_suffix(_bare(parts[1])):
        return AuthorName(family=parts[0], suffix=parts[1], given=parts[2])
    named = {part[1]: part[2].removesuffix('"') for part in map(_PART_OF_NAME.fullmatch, parts) if part}
    if "family" not in named:
        return written
    return AuthorName(
        family=named["family"],
        given=named.get("given"),
        particle=named.get("prefix"),
        suffix=named.get("suffix"),
    )


def _dates(fields: Fields) -> list[object]:
    """Return the dates of an entry: BibLaTeX's, then year with month and day, then the year alone."""
    names = ("date", "year", "month", "day", "early access date")
    date, year, month, day, early = (_bare(fields.get(name, "")) for name in names)
    year = _bare(_COMMAND.sub("", year)) if "\\" in year else year  # for the order of entries
    month = " ".join(month.replace("~", " ").replace("{", "").replace("}", "").split())
    found: list[object] = [date]
    if year and month and not _SEASON.fullmatch(month):
        parts = [year, month, day]
        exact = parse_date(parts) if _SIMPLE_MONTH.fullmatch(month) else None
        found.append(parts if exact and exact.month else f"{month} {year}")
    return [*found, year, early]


def _arxiv_ids(fields: Fields, url: str) -> list[str]:
    """Return where an arXiv id may be, the surest place first."""
    found: list[str] = []
    kind = _bare(fields.get("archiveprefix") or fields.get("eprinttype") or "").lower()
    eprint = _bare(fields.get("eprint", ""))
    if eprint and kind in ("", "arxiv"):
        subject = _bare(fields.get("primaryclass") or fields.get("eprintclass") or "")
        if eprint.isdigit() and len(eprint) == 7 and subject:
            eprint = f"{subject}/{eprint}"
        has_prefix = kind == "" or "arxiv" in eprint.lower()
        found.append(eprint if has_prefix else f"arXiv:{eprint}")
    found += filter(None, (_bare(fields.get(name, "")) for name in ("arxivid", "arxiv")))
    journal = fields.get("journal") or fields.get("journaltitle") or ""
    volume = _VOLUME_OF_CORR.fullmatch(fields.get("volume", "").strip())
    notes = (_NOTE_OF_ARXIV.fullmatch(fields.get(name, "")) for name in ("number", "note", "howpublished", "pages"))
    others = [journal, volume[1] if volume else "", url, *(note[1] for note in notes if note)]
    return [*found, *(one for one in others if one and bare_arxiv_id(one))]


def _keywords(fields: Fields) -> list[str]:
    """Return the keywords."""
    names = ("author_keywords", "author-keywords", "keywords", "keyword", "mendeley-tags", "tags")
    found: list[str] = []
    for written in filter(None, (fields.get(name, "").strip() for name in names)):
        if written.startswith("{") and written.endswith("}") and "{" not in written[1:]:
            written = written[1:-1]
        found += split_outside_braces(_separator(written), written)
    return [keyword.strip() for keyword in found if keyword.strip()]


def _separator(written: str) -> re.Pattern[str]:
    """Return what separates keywords. EndNote writes one a line, in which a comma is part of it."""
    if ";" in written:
        return re.compile(r";|\n\s*\n")
    lines = [line.strip() for line in written.split("\n")]
    is_list = len(lines) > 1 and all(_KEYWORD_LINE.match(line) for line in lines)
    return re.compile(r"\n") if is_list and written.count(",") < len(lines) else re.compile(",")


def _address(written: str) -> str | None:
    """Return the web address in a value, without LaTeX's escapes."""
    if "://" not in written:
        return None
    if "\\" in written or "{" in written:
        written = _TILDE.sub("~", written).replace("\\url", "").replace("\\href", "")
        written = _ESCAPE.sub(lambda found: found[1] or found[2], written)
    found = _ADDRESS.search(written)
    return found[0] if found else None


def unread(fields: Iterable[str], record: Record) -> list[str]:
    """Return the fields that carry text, names or a date, and were not read."""
    missing = {
        "abstract": not record.abstract.strip(),
        "authors": not record.authors,
        "date": not any(record.dates),
    }
    return [name for name in fields if missing.get(_MEANINGS.get(name, ""))]


_MEANINGS = {
    **dict.fromkeys("annote annotation description review summary abstractnote".split(), "abstract"),
    **dict.fromkeys("editor editors authors creator translator".split(), "authors"),
    **dict.fromkeys("eventdate origdate issue_date published".split(), "date"),
}
"""Fields that are not read, and what they mean. They are reported where an entry has nothing else."""
