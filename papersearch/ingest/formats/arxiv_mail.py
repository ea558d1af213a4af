"""The daily mail of arXiv: new papers with abstracts, and replacements without.

    \\\\
    arXiv:2504.01234
    Date: Wed, 2 Apr 2025 10:00:00 GMT   (215kb,D)

    Title: ...                             a field goes on in lines that begin with blanks
    Authors: ...
    Categories: q-bio.PE cs.LG
    \\\\
      The abstract.
    \\\\ ( https://arxiv.org/abs/2504.01234 ,  215kb)

An entry ends at its address, at a rule, or where the next one begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from papersearch.ingest.formats.few_findings import FewFindings
from papersearch.ingest.record import Complain, NotADump, Record
from papersearch.text.identifiers import bare_arxiv_id

NAME = "arXiv mail"
ABOUT = "arXiv's daily mail, saved as text"

_LABEL = r"(?:Paper(?: ?\(\*cross-listing\*\))?: ?(?:arXiv:)?(?=\S+\d{7})|(?:Paper: )?arXiv:)"
"""What is written before an id; entries of early years name a paper as `Paper: hep-th/9901001`."""

_MARK = re.compile(rf"^(?:>[ ]?)*\\\\[ \t]*\r?\n(?:>[ ]?)*{_LABEL}\S".encode(), re.MULTILINE)
_ID = re.compile(rf"{_LABEL}(\S+)", re.IGNORECASE)
_QUOTATION = re.compile(r"\A(?:>[ ]?)+")
_FIELD = re.compile(r"([A-Z][A-Za-z-]{2,20})(?: \(v1\))?:(?:\s+(.*)|$)")
_RULE = re.compile(r"-{20,}\s*|(?:%{1,3}-{1,3}){8,}+.*")
_SIZE = re.compile(r"(?<!\s)\s*+\([\d.,]++\s*+[kKmM]?b.*$")
_MAX_CHARACTERS = 200_000
"""Most characters of one entry; what comes after them is not kept."""


@dataclass(slots=True)
class _Entry:
    """One entry as far as it was read."""

    first_line: int
    last_line: int
    arxiv_id: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    abstract: list[str] = field(default_factory=list)
    current: str = ""
    is_in_abstract: bool = False
    size: int = 0


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return _MARK.search(head) is not None


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order; report entries that are cut or have no title.

    Raises NotADump for a file without any.
    """
    findings = FewFindings(complain, are_held=True)
    for entry in _entries(stream, findings):
        record = _record(entry)
        if record.title:
            findings.release()
            yield record
        else:
            detail = f"an entry without a title: arXiv:{entry.arxiv_id[:40]}"
            findings.add("not a record", entry.first_line, detail, "an entry without a title")
    if findings.are_held:
        raise NotADump("a mail of arXiv without a paper")
    findings.end()


def _entries(stream: IO[bytes], findings: FewFindings) -> Iterator[_Entry]:
    """Yield the entries of a mail; the last one may be cut."""
    entry: _Entry | None = None
    opening: int | None = None
    for line in findings.lines(stream):
        number, text = line.number, _QUOTATION.sub("", line.text).rstrip()
        if opening is not None and (found := _ID.match(text)):
            if entry:
                yield entry
            entry = _Entry(opening, number, found[1])
        elif entry and _ends(text):
            entry.last_line = number if text.startswith("\\\\") else entry.last_line
            yield entry
            entry = None
        elif entry:
            _add(entry, number, text)
        opening = number if text == "\\\\" else None
    if entry:
        yield entry


def _ends(text: str) -> bool:
    """Return whether a line ends an entry."""
    return text.startswith("\\\\ (") or _RULE.fullmatch(text) is not None


def _add(entry: _Entry, number: int, text: str) -> None:
    """Add a line to an entry: to its abstract, or to one of its fields."""
    if text == "\\\\":
        entry.is_in_abstract = True
        return
    entry.size += len(text) + 1
    if not text or entry.size > _MAX_CHARACTERS:
        return
    entry.last_line = number
    if entry.is_in_abstract:
        entry.abstract.append(text)
    elif (found := _FIELD.match(text)) is not None:
        entry.current = found[1]
        entry.fields.setdefault(found[1], [found[2] or ""])
    elif text.startswith(" ") and entry.current:
        entry.fields[entry.current].append(text.strip())


def _record(entry: _Entry) -> Record:
    """Return the paper. The date of a replacement is not that of the paper, and not named Date."""
    arxiv_id = bare_arxiv_id(entry.arxiv_id)
    fields = {name: " ".join(lines) for name, lines in entry.fields.items()}
    day = _SIZE.sub("", fields.get("Date", ""))
    return Record(
        first_line=entry.first_line,
        last_line=entry.last_line,
        title=fields.get("Title", ""),
        abstract="\n".join(entry.abstract),
        has_latex=True,
        joined_authors=fields.get("Authors") or fields.get("Author"),
        dates=[day] if day else (),
        has_date_in_id=bool(day),
        record_id=arxiv_id or entry.arxiv_id,
        namespace="arxiv",
        arxiv_ids=[entry.arxiv_id],
        dois=fields.get("DOI", "").split(),
        categories=fields.get("Categories", "").split(),
        venue=fields.get("Journal-ref"),
        fields=list(fields),
    )
