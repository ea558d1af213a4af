"""The way from a file of XML to its records, which all formats in XML share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple, TypeAlias

from papersearch.ingest.formats.few_findings import FewFindings
from papersearch.ingest.formats.xml.document import Ancestors, Layout
from papersearch.ingest.formats.xml.elements import elements
from papersearch.ingest.formats.xml.tree import Element, local
from papersearch.ingest.formats.xml.unread import UnreadElements
from papersearch.ingest.record import Complain, NotADump, Record

# Possessive, because the number of ways to divide a run of comments doubles with each.
_ROOT = re.compile(
    rb"\A(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*+<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)(?=[\s/>])",
    re.DOTALL | re.IGNORECASE,
)


class Rejected(NamedTuple):
    """An element of papers that gives none, and the reason."""

    why: str


ToRecords: TypeAlias = Callable[[Element, Ancestors], Iterable[Record | Rejected]]


def root_of(head: bytes) -> str | None:
    """Return the name of the first element, without prefix, or None if `head` is not XML."""
    found = _ROOT.match(head)
    return found[1].decode("ascii", "replace") if found else None


def ancestor(ancestors: Ancestors, name: str) -> dict[str, str]:
    """Return the attributes of the innermost element of a name around an element."""
    return next((attributes for written, attributes in reversed(ancestors) if local(written) == name), {})


def is_below(ancestors: Ancestors, name: str) -> bool:
    """Return whether there is an element of this name around an element."""
    return any(local(written) == name for written, _ in ancestors)


def read_records(
    stream: IO[bytes], head: bytes, complain: Complain, layout: Layout, to_records: ToRecords
) -> Iterator[Record]:
    """Yield the records of a file; report elements that give none, faults, and fields that were not read.

    Raises NotADump for a file without any record.
    """
    faults = FewFindings(complain, are_held=True)
    unread = UnreadElements()
    for element, ancestors in elements(stream, head, layout, faults.add):
        for record in to_records(element, ancestors):
            if isinstance(record, Rejected):
                faults.add("not a record", element.first_line, record.why)
                continue
            faults.release()
            unread.add(element, record)
            yield record
    if faults.are_held:
        raise NotADump(_why_not(faults))
    faults.end()
    unread.report(complain)


def _why_not(faults: FewFindings) -> str:
    """Return why a file has no paper, by its first fault."""
    first = next(iter(faults.held), None)
    return f"XML without a paper; line {first.line}: {first.detail}" if first else "XML without a paper"
