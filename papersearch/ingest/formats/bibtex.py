"""The dump format BibTeX: bibliographies of BibTeX and BibLaTeX.

Zotero, JabRef, Mendeley, Scopus, Web of Science, DBLP, the ACL Anthology and Google Scholar write
it. An entry that cannot be read is reported with its line and key; those around it are read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO, cast

from papersearch.ingest.formats.bibtex_entries import MAX_ENTRY_CHARACTERS, read_entries
from papersearch.ingest.formats.bibtex_inheritance import with_inherited
from papersearch.ingest.formats.bibtex_papers import NOT_PAPERS, record_of, unread
from papersearch.ingest.formats.few_findings import FewFindings, UnreadNames
from papersearch.ingest.lines import Line
from papersearch.ingest.record import Complain, NotADump, Record
from papersearch.types import FindingKind

NAME = "BibTeX"
ABOUT = "`.bib` files, BibLaTeX too: Zotero, JabRef, Mendeley, Scopus, Google Scholar, papersearch"

_SHOWN: dict[FindingKind, int] = {"not a record": 1500}
"""Lost entries that are named by line and key: each is one to mend."""

_WORDS = rb"[^\s,{}()@\"=;]*(?:[ \t]+[^\s,{}()@\"=;]+)*"
_MARK = re.compile(
    rb"\A%%+ -\*-BibTeX-\*-"
    rb"|^[ \t]*@[ \t]*(?:string\s*[{(]\s*[^\s=(){}]+\s*=|(?:preamble|comment)\s*\{"
    rb"|[a-z]+[ \t]*\{\s*(?:%s\s*,\s*(?:%%[^\n]*\s*)*(?:[a-z][\w -]*=|[}]|\Z)|[a-z][\w-]*\s*=\s*[{\"\d])"
    rb"|[a-z]+\{[^\s,{}()@\"=]+,?[ \t]*\r?\n\s*[a-z][\w-]*[ \t]*=[ \t]*[{\"\d]"
    rb"|[a-z]+[ \t]*\(\s*%s,[ \t]*\n\s*[a-z][\w-]*\s*=)" % (_WORDS, _WORDS),
    re.MULTILINE | re.IGNORECASE,
)
"""An entry with its key and first field, or a macro, preamble or comment.

Annotations of programs and rules of style sheets begin with an at sign as well.
"""

_OTHERS = (b"<", b"{", b"[", b"---\n")
"""Beginnings of web pages, JSON and notes, which may quote an entry."""

_ENCODING = re.compile(rb"^%+\s*Encoding:\s*([\w-]+)", re.MULTILINE | re.IGNORECASE)


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return b"@" in head and not head.lstrip().startswith(_OTHERS) and _MARK.search(head) is not None


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file; report entries that cannot be read, and fields that were not.

    A paper that inherits from a later entry comes after that entry. Raises NotADump for a file
    without an entry of a paper.
    """
    complaints = FewFindings(complain, shown=_SHOWN)

    def lose(line: int, key: str, why: str) -> None:
        complaints.add("not a record", line, f"{key or 'an entry'}: {why}; it is lost, and the next one is read")

    entries = read_entries(_lines(stream, head, complaints), lose)
    papers = (entry for entry in with_inherited(entries, complaints.add) if entry.kind not in NOT_PAPERS)
    unread_names = UnreadNames()
    has_paper = False
    for entry in papers:
        record = record_of(entry)
        for name in unread(entry.fields, record):
            unread_names.add(name, entry.first_line)
        has_paper = True
        yield record
    complaints.end()
    if not has_paper:
        raise NotADump("BibTeX without an entry of a paper")
    unread_names.report(complain)


def _lines(stream: IO[bytes], head: bytes, complaints: FewFindings) -> Iterator[Line]:
    """Return the lines of a file, in the encoding that JabRef names at its beginning."""
    named = _ENCODING.search(head)
    encoding = _codec(named[1].decode("ascii")) if named else None
    recoded = cast("IO[bytes]", _Recoded(stream, encoding)) if encoding else stream
    return complaints.lines(recoded, MAX_ENTRY_CHARACTERS)


def _codec(name: str) -> str | None:
    """Return the encoding of this name, or None if it is unknown or needs no decoding."""
    try:
        found = codecs.lookup(name.replace("ISO8859_", "iso8859-"))
    except LookupError:
        return None
    return found.name if re.match(r"cp\d|iso8859|mac|koi8", found.name) else None


class _Recoded:
    """Lines of a file as UTF-8: one that is not UTF-8 is in another encoding."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding

    def readline(self, size: int) -> bytes:
        """Return the next line, or its next `size` bytes."""
        raw = self._stream.readline(size)
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode(self._encoding, "replace").encode("utf-8")
        return raw
