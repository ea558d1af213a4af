"""Markdown notes with front matter in YAML, as Obsidian keeps them and tools for Zotero write them.

A note is a paper if its front matter has a title and what only references have. A heading may give the title.
Instead of front matter, a list of fields may follow the heading: Mdnotes, a plugin of Zotero, writes such notes.
The abstract is in the front matter, below a heading, or in a callout. Every value of YAML is read as text,
`2504.01230` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import IO, Any

from papersearch.ingest.formats.few_findings import FewFindings
from papersearch.ingest.formats.front_matter import fields_of_yaml
from papersearch.ingest.formats.json_shapes import generic
from papersearch.ingest.formats.json_shapes.fields import Fields, Lines
from papersearch.ingest.formats.json_shapes.names import plain_name
from papersearch.ingest.formats.json_shapes.unread import UnreadFields
from papersearch.ingest.lines import Line
from papersearch.ingest.record import MAX_TEXT_LENGTH, Complain, NotADump, Record

NAME = "Markdown note"
ABOUT = "notes of Obsidian and other editors, one paper a note"

_START = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_END = re.compile(rb"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_FENCES = ("---", "...")
_MAX_HEAD_LINES = 2000
_MAX_HEAD = 200_000

_MARKS = frozenset(
    "doi dois arxiv arxivid eprint pmid abstract citekey citationkey bibtexkey journal booktitle venue "
    "publicationtitle containertitle proceedings zoterokey".split()
)
_IDENTITIES = frozenset("doi dois arxiv arxivid eprint pmid citekey citationkey bibtexkey zoterokey".split())
"""Fields without which a heading is not the title of a paper: a meeting has a venue too."""

_AUTHORS = frozenset("author authors authornames authorlist creators creator".split())
_YEARS = frozenset("year publicationyear pubyear publicationdate issued".split())
_OF_SITES = frozenset("layout permalink slug draft sidebarposition sidebarlabel image excerpt comments".split())
"""Fields of pages for the web, which have titles and authors too."""

_OF_NOTES = frozenset(
    "created createdat datecreated modified updated updatedat dateadded datemodified lastmodified aliases alias "
    "cssclass cssclasses uid text".split()
)
"""Fields of the note, not of the paper."""

_LINK = re.compile(r"\[\[(?:[^\[\]|]{0,300}\||(?:[^\[\]|]{0,300}/)?)([^\[\]|]{1,300})\]\]")
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_TITLE = re.compile(r"^#[ \t]+(\S+[ \t]+\S.*)$", re.MULTILINE)
"""A heading of the first level, of two words or more."""

_FIELD = re.compile(
    r"^[*-][ \t]+(?:\*\*)?([A-Za-z][A-Za-z ]{1,30}?)(?:\*\*)?::?(?:\*\*)?[ \t]+(\S.*)$", re.MULTILINE
)
_TARGET = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)")
_ABSTRACT = re.compile(r"\W*abstract\W*", re.IGNORECASE)
_CALLOUT = re.compile(r">\s*\[!abstract\][+-]?\s*(.*)", re.IGNORECASE)
_LABEL = re.compile(r"(?:>\s*)?(?:\*\*|__)?abstract(?:\*\*|__)?\s*::?(?:\*\*|__)?\s*(.*)", re.IGNORECASE)


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format: the note of a paper."""
    start = _START.match(head)
    if not start:
        return bool(_listed(head.decode("utf-8", "replace")))
    end = _END.search(head, start.end())
    written = head[start.end() : end.start() if end else len(head)]
    return _is_paper(_titled(_front_matter(written.decode("utf-8", "replace").removesuffix("\n"))[0], head))


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the paper of a note."""
    findings = FewFindings(complain)
    lines = findings.lines(stream)
    last = Line(1, "")
    if _START.match(head):
        written = _front_lines(lines)
        given, faults = _front_matter("\n".join(written))
        for at, detail in faults:
            findings.add("metadata not understood", at + 2, detail)
        fields = _titled(dict(given), head)
        last = Line(len(written) + 2, "")
    else:
        fields = _listed(head.decode("utf-8", "replace"))
    if not _is_paper(fields):
        raise NotADump("a note without the reference of a paper in its front matter")

    def texts() -> Iterator[str]:
        nonlocal last
        for last in lines:
            yield last.text

    abstract = _abstract_of(texts())
    if abstract and not fields.get("abstract"):
        fields["abstract"] = abstract
    record = generic.read(fields, Lines(1, last.number))
    record.record_id = record.record_id or record.citation_key
    unread = UnreadFields()
    unread.add(generic, fields, record)
    yield record
    findings.end()
    unread.report(complain)


@lru_cache(maxsize=1)  # a file is read right after its format was detected
def _front_matter(written: str) -> tuple[Fields, list[tuple[int, str]]]:
    """Return the fields of front matter, cleaned, and its faults."""
    given, faults = fields_of_yaml(written)
    return _cleaned(given), faults


def _front_lines(lines: Iterator[Line]) -> list[str]:
    """Return the lines of the front matter, without its fences."""
    written: list[str] = []
    room = _MAX_HEAD
    for line in islice(lines, 1, _MAX_HEAD_LINES):
        room -= len(line.text) + 1
        if line.text.rstrip() in _FENCES or room < 0:
            break
        written.append(line.text)
    return written


def _titled(fields: Fields, head: bytes) -> Fields:
    """Return front matter with the note's heading as its title, if it has none and marks of a reference."""
    given = {plain_name(name) for name, value in fields.items() if value}
    if "title" in given or not given & _IDENTITIES:
        return fields
    end = _END.search(head, head.find(b"\n"))
    found = _TITLE.search(head[end.end() :].decode("utf-8", "replace")) if end else None
    return {**fields, "title": found[1].strip()} if found else fields


def _listed(head: str) -> Fields:
    """Return the fields in a list below the heading of a note, or no fields if they are not of a reference."""
    title = _TITLE.match(head.lstrip("\ufeff \t\r\n"))
    if not title:
        return {}
    found = {name.strip(): value.strip() for name, value in reversed(_FIELD.findall(head))}
    names = {plain_name(name): name for name in found}
    if not (names.keys() & _IDENTITIES and names.keys() & _AUTHORS):
        return {}
    fields = {name: _unlinked(_TARGET.sub(r"\1", value)) for name, value in found.items()}
    if "citekey" in names:
        fields["citekey"] = fields.pop(names["citekey"])
    return _cleaned({"title": title[1].strip(), **fields})


def _is_paper(fields: Fields) -> bool:
    """Return whether front matter has a title, and what only the reference of a paper has."""
    given = {plain_name(name) for name, value in fields.items() if value}
    if "title" not in given:
        return False
    if given & _MARKS:
        return True
    is_page = bool(given & _OF_SITES)
    return bool(given & _AUTHORS) and not is_page and (bool(given & _YEARS) or "authors" in given)


def _cleaned(given: Fields) -> Fields:
    """Return front matter without links between notes, and without what tells of the note alone."""
    fields = {name: _unlinked(value) for name, value in given.items() if plain_name(name) not in _OF_NOTES}
    year, date = fields.get("year"), fields.get("date")
    if isinstance(year, str) and isinstance(date, str) and year[:4] not in date:  # the day of the note
        del fields["date"]
    for name, value in fields.items():
        meaning = plain_name(name)
        if meaning in ("citekey", "citationkey") and isinstance(value, str):
            fields[name] = value.removeprefix("@")
        if meaning in ("tags", "keywords"):
            fields[name] = _without_hashes(value)
    return fields


def _unlinked(value: Any) -> Any:
    """Return a value with the names of notes in place of links to them; YAML takes one for a list in a list."""
    if isinstance(value, str):
        return _LINK.sub(r"\1", value)
    if isinstance(value, dict):
        return {name: _unlinked(one) for name, one in value.items()}
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], list):
            return _unlinked(value[0])
        return [_unlinked(one[0] if isinstance(one, list) and len(one) == 1 else one) for one in value]
    return value


def _without_hashes(value: Any) -> Any:
    if isinstance(value, str):
        words = value.split()
        is_list = bool(words) and "," not in value and all(word.startswith("#") for word in words)
        return [word.lstrip("#") for word in words] if is_list else value.removeprefix("#")
    return [one.removeprefix("#") if isinstance(one, str) else one for one in value] if value else value


def _abstract_of(lines: Iterator[str]) -> str:
    """Return the abstract in the text of a note; read its lines to the end."""
    found: list[str] = []
    room = MAX_TEXT_LENGTH
    where = ""  # what the abstract is in, once it has begun: a section, a callout or a paragraph
    for line in lines:
        text = line.strip()
        if where and _ends(where, text, has_text=bool(found)):
            where, room = "", 0
        if room <= 0:
            continue
        if where:
            text = text.lstrip("> ") if where != "section" or text.startswith(">") else text
            found += [text[:room]] if text else []
            room -= len(text)
        else:
            where, first = _begun(text)
            found += [first[:room]] if first else []
    return "\n".join(found)


def _begun(text: str) -> tuple[str, str]:
    """Return in what an abstract begins with this line, and its first words; nothing if it does not."""
    heading = _HEADING.fullmatch(text)
    if heading and _ABSTRACT.fullmatch(heading[1]):
        return "section", ""
    if callout := _CALLOUT.fullmatch(text):
        return "callout", "" if _ABSTRACT.fullmatch(callout[1]) else callout[1]
    label = _LABEL.fullmatch(text)
    return ("paragraph", label[1]) if label else ("", "")


def _ends(where: str, text: str, *, has_text: bool) -> bool:
    """Return whether a line is the first one after an abstract."""
    if where == "callout":
        return not text.startswith(">")
    if where == "paragraph":
        return has_text and not text.strip("> ")
    return bool(_HEADING.fullmatch(text)) or (has_text and text in ("---", "***", "___"))
