"""Names of fields, whatever their spelling, and what they mean."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from papersearch.ingest.formats.json_shapes.people import whole_name

Meaning: TypeAlias = Literal["title", "abstract", "authors", "date", "identity"]

_PREFIX = re.compile(r"(?:dc|dcterms|prism|schema|bibo|citation)[:._]")
_NO_LETTER = re.compile(r"[\W_]+")

_WORDS: dict[Meaning, str] = {
    "title": "title titles maintitle papertitle articletitle documenttitle worktitle titletext titleen entitle "
    "headline",
    "abstract": "abstract abstracts abstracttext abstractnote abstractraw abstracten paperabstract "
    "abstractinvertedindex abstractbody summary body bodytext fulltext description descriptions",
    "authors": "author authors authorlist authorslist authorstring authorsstring authornames authorsparsed "
    "authorships authorfullnames authorfullname fullauthors paperauthors creator creators creatorname creatornames "
    "contributors writers writer byline",
    "date": "date dates year years pubdate pubyear publicationdate publicationyear published publishedat "
    "publishedon publisheddate publishedyear "
    "publishdate publishyear datepublished dateissued issued created createdat "
    "yearpublished yearofpublication dateofpublication coverdate coverdisplaydate submitted submitteddate "
    "submissiondate datesubmitted firstpublicationdate earliestdate preprintdate onlinedate releasedate "
    "firstsubmitted pdate cdate",
    "identity": "doi dois doiurl paperdoi arxiv arxivid arxivids arxiveprint arxiveprints arxivurl eprint eprints "
    "externalid externalids identifier identifiers",
}
_MEANINGS: dict[str, Meaning] = {name: meaning for meaning, names in _WORDS.items() for name in names.split()}


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return a name without case, prefix and separators: `dc:Publication-Date` is `publicationdate`."""
    return _NO_LETTER.sub("", _PREFIX.sub("", name[:100].lower(), count=1))


def meaning_of(name: str) -> Meaning | None:
    """Return what a field of this name says of a paper, or None for all that concerns no paper."""
    return _MEANINGS.get(plain_name(name))


def carries(value: Any, meaning: Meaning, depth: int = 4) -> bool:
    """Return whether a value may hold something of this meaning."""
    if isinstance(value, str):
        return whole_name(value) is not None if meaning == "authors" else bool(value.strip())
    if isinstance(value, int | float):
        return meaning == "date" and not isinstance(value, bool) and value != 0
    if depth and isinstance(value, dict):
        return any(carries(entry, meaning, depth - 1) for entry in value.values()) or (
            meaning == "abstract" and any(map(str.isalpha, value))
        )
    return (
        bool(depth) and isinstance(value, list) and any(carries(entry, meaning, depth - 1) for entry in value[:20])
    )
