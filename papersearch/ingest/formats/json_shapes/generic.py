"""Records of any other source, by the names that fields usually have. BEIR's documents are among them.

An object is a paper if it has a title and an abstract. A `text` is an abstract beside BEIR's `_id`,
or where the object has an id, a title and a text alone;
a `summary` or a `description` is one beside something that only papers have.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from papersearch.ingest.formats.json_shapes.fields import (
    Fields,
    Lines,
    arxiv_ids,
    count,
    date_of_parts,
    dates,
    day_in_mail,
    day_of_milliseconds,
    identifier,
    inner,
    label,
    mentioned_arxiv_ids,
    objects,
    passage,
    strings,
    subjects,
    text,
)
from papersearch.ingest.formats.json_shapes.names import plain_name
from papersearch.ingest.formats.json_shapes.people import Person, joined, people
from papersearch.ingest.record import Record
from papersearch.types import Organisation

NAME = "JSON"
ABOUT = "your own records: objects with `title` and `abstract`"

_MAX_CACHED = 64


class _Places(NamedTuple):
    """The fields of one object that may hold each part of a paper, the surest first."""

    title: tuple[str, ...]
    abstract: tuple[str, ...]
    passage: tuple[str, ...]
    authors: tuple[str, ...]
    date: tuple[str, ...]
    id: tuple[str, ...]
    arxiv_id: tuple[str, ...]
    doi: tuple[str, ...]
    identifiers: tuple[str, ...]
    categories: tuple[str, ...]
    venue: tuple[str, ...]
    volume: tuple[str, ...]
    issue: tuple[str, ...]
    pages: tuple[str, ...]
    publisher: tuple[str, ...]
    url: tuple[str, ...]
    citation_key: tuple[str, ...]


_NAMES = _Places(
    title=tuple(
        "title papertitle articletitle documenttitle maintitle worktitle titleen entitle titles headline".split()
    ),
    abstract=tuple(
        "abstract abstracttext abstractnote paperabstract abstracten abstractraw abstractbody abstracts".split()
    ),
    passage=("text", "summary", "description", "descriptions"),
    authors=tuple(
        "authorsparsed authornames authors author authorlist authorslist authorships paperauthors creators "
        "creator creatornames authorfullnames fullauthors authorstring authorsstring".split()
    ),
    date=tuple(
        "firstpublicationdate publicationdate publisheddate datepublished published publishedat publishedon "
        "pubdate publishdate dateofpublication date dateissued issued coverdate onlinedate releasedate year "
        "publicationyear pubyear publishedyear yearpublished yearofpublication publishyear created submitted "
        "submitteddate submissiondate datesubmitted createdat".split()
    ),
    id=tuple(
        "id paperid corpusid docid documentid docno uid pid corduid articleid bibcode entryid arxivid "
        "pmid key".split()
    ),
    arxiv_id=tuple("arxivid arxiv arxiveprint eprint arxivids arxiveprints arxivurl".split()),
    doi=("doi", "dois", "doiurl", "paperdoi"),
    identifiers=tuple("externalids externalid identifier identifiers url urlabs link pdfurl".split()),
    categories=tuple(
        "categories category fieldsofstudy s2fieldsofstudy keywords keyword authorkeywords tags subjects "
        "subject".split()
    ),
    venue=tuple(
        "venue journal journaltitle journalname containertitle publicationtitle publicationname booktitle "
        "conference".split()
    ),
    volume=("volume", "journalvolume"),
    issue=("issue", "number", "journalissue"),
    pages=("pages", "page", "pagerange", "startingpage"),
    publisher=("publisher", "publishername"),
    url=("url", "urlabs", "landingpageurl", "htmlurl", "link"),
    citation_key=("citationkey", "citekey", "bibtexkey"),
)

_BARE_IDS = frozenset({"id", "docid", "doc_id", "docno"})
_BARE = _BARE_IDS | {"title", "text"}
_PAPER_MARKS = frozenset({"doi", "arxivid", "arxiv", "journal", "venue", "pmid", "externalids", "bibcode"})
_READ = frozenset(name for names in _NAMES for name in names) | {
    "links", "organization", "organisation", "numcomments", "commentcount", "upvotes", "authorcount", "metadata",
    "updated", "updatedate", "updatedat", "month", "day",
}  # fmt: skip


def matches(fields: Fields) -> bool:
    """Return whether the object has a title and an abstract under one of their usual names."""
    if "_id" in fields and "title" in fields and "text" in fields:
        return isinstance(fields["_id"], str | int)
    if _is_bare_document(fields):
        return True
    places = _places(fields)
    if not places.title or not _title(fields, places.title):
        return _has_metadata(fields) and matches(_flat(fields))
    if _first(fields, places.abstract):
        return True
    if _has_metadata(fields) and matches(_flat(fields)):
        return True
    is_marked = any(fields[name] for name in fields if plain_name(name) in _PAPER_MARKS)
    return is_marked and bool(_abstract(fields, places))


def _is_bare_document(fields: Fields) -> bool:
    """Return whether an object has an id, a title and a text, and nothing that other things have.

    Test collections of other projects than BEIR have this form. A post has an author or a score too.
    """
    return (
        fields.keys() <= _BARE
        and not _BARE_IDS.isdisjoint(fields)
        and bool(text(fields.get("title")))
        and bool(text(fields.get("text")))
    )


def is_read(name: str) -> bool:
    """Return whether a field of this name is read."""
    return plain_name(name) in _READ


def read(fields: Fields, lines: Lines) -> Record:
    """Return the paper. Its texts may hold markup and LaTeX, as nobody says that they do not."""
    given = _flat(fields)
    places = _places(given)
    record_id = identifier(given, *places.id)
    external: Fields = {}
    others: list[Any] = []
    if places.identifiers:
        external = {name.lower(): value for key in places.identifiers for name, value in inner(given, key).items()}
        others = [given[key] for key in places.identifiers]
        others += [entry.get("id") for entry in _identifiers(given, places)]
    authors, joined_authors = _authors(given, places.authors)
    return Record(
        first_line=lines.first,
        last_line=lines.last,
        title=_title(given, places.title),
        abstract=_abstract(given, places),
        has_markup=True,
        has_latex=True,
        authors=authors,
        joined_authors=joined_authors,
        author_count=count(given.get("author_count")),
        dates=_dates(given, places.date),
        record_id=record_id,
        citation_key=identifier(given, *places.citation_key),
        arxiv_ids=[
            *strings(*(given[key] for key in places.arxiv_id), external.get("arxiv")),
            *(arxiv_ids(record_id) if record_id else ()),
            *(mentioned_arxiv_ids(*strings(*others)) if others else ()),
        ],
        dois=strings(*(given[key] for key in places.doi), external.get("doi"), *others, _if_doi(record_id)),
        categories=subjects(*(given[key] for key in places.categories)),
        links=strings(given.get("links")),
        organisation=_organisation(inner(given, "organization") or inner(given, "organisation")),
        comment_count=count(given.get("numComments", given.get("comment_count"))),
        upvotes=count(given.get("upvotes")),
        venue=_venue(given, places.venue),
        volume=identifier(given, *places.volume),
        issue=identifier(given, *places.issue),
        pages=identifier(given, *places.pages),
        publisher=identifier(given, *places.publisher),
        url=next((found for key in places.url if (found := text(given[key])).startswith("http")), None),
        fields=list(fields),
    )


def _places(fields: Fields) -> _Places:
    keys = tuple(fields)
    return _places_of(keys) if len(keys) <= _MAX_CACHED else _places_of.__wrapped__(keys)


@lru_cache(maxsize=256)
def _places_of(keys: tuple[str, ...]) -> _Places:
    """Return where an object with these keys keeps its parts."""
    by_name = {plain_name(key): key for key in reversed(keys)}
    return _Places(*(tuple(by_name[name] for name in names if name in by_name) for names in _NAMES))


def _has_metadata(fields: Fields) -> bool:
    found = fields.get("metadata")
    return isinstance(found, dict) and bool(found) and "metadata" not in found


def _flat(fields: Fields) -> Fields:
    """Return the fields with those of `metadata` among them; the outer ones count first."""
    return {**fields["metadata"], **fields, "metadata": None} if _has_metadata(fields) else fields


def _first(fields: Fields, names: Iterable[str]) -> str:
    for name in names:
        if (found := passage(fields[name])) and not found.isspace():
            return found
    return ""


def _title(fields: Fields, names: Iterable[str]) -> str:
    """Return the title; a list of objects keeps it under `title` again."""
    for name in names:
        if (found := text(fields[name])).strip():
            return found
    within = (entry["title"] for name in names for entry in objects(fields[name]) if "title" in entry)
    return next(map(text, within), "")


def _abstract(fields: Fields, places: _Places) -> str:
    if found := _first(fields, places.abstract) or _first(fields, places.passage):
        return found
    described = (
        text(entry.get("description"))
        for name in places.passage
        for entry in objects(fields[name])
        if entry.get("descriptionType", "Abstract") == "Abstract"
    )
    return next(described, "")


def _authors(fields: Fields, names: Iterable[str]) -> tuple[list[Person], str | None]:
    """Return the authors of the first field that names some: a list, or all in one string."""
    for name in names:
        value = fields[name]
        if isinstance(value, str):
            if written := joined(value):
                return [], written
        elif found := people(value):
            return found, None
    return [], None


def _dates(fields: Fields, names: Iterable[str]) -> list[Any]:
    """Return what may be dates. A finer date goes before the coarser one that it agrees with."""
    known = dates(*[_date(fields[name], fields) for name in names])
    if len(known) > 1 and (first := str(known[0])).isdigit():
        finer = [date for date in known[1:] if str(date).startswith(f"{first}-")]
        return finer[:1] + known
    return known


def _date(value: Any, fields: Fields) -> Any:
    """Return a date in one value, whatever form it has."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):  # nearly all
        return day_in_mail(value)
    if isinstance(value, dict):
        if "year" in value:
            return _with_month(value["year"], value)
        return date_of_parts(value.get("$date") or value.get("date") or value)
    if isinstance(value, int) and not isinstance(value, bool):
        if value > 10**11:
            return day_of_milliseconds(value)
        if value > 10**9:
            return day_of_milliseconds(value * 1000)
        return _with_month(value, fields) if value < 10_000 else value
    return value


def _with_month(year: Any, fields: Fields) -> Any:
    month = count(fields.get("month"))
    written = label(year)
    return f"{written}-{month:02}" if written and len(written) == 4 and month and month <= 12 else written


def _identifiers(fields: Fields, places: _Places) -> list[Fields]:
    return [entry for key in places.identifiers for entry in objects(fields[key]) if "id" in entry]


def _if_doi(record_id: str | None) -> str | None:
    return record_id if record_id and record_id.lower().startswith(("10.", "https://doi.org/", "doi:")) else None


def _venue(fields: Fields, names: Iterable[str]) -> str | None:
    for name in names:
        if found := label(fields[name]) or identifier(inner(fields, name), "title"):
            return found
    return None


def _organisation(fields: Fields) -> Organisation | None:
    if not fields:
        return None
    handle = text(fields.get("handle")) or text(fields.get("name"))
    return (
        Organisation(handle=handle, name=text(fields.get("fullname")) or text(fields.get("name")) or handle)
        if handle
        else None
    )
