"""Elements that carry text, names, a date or an identity, and that nothing read."""

from __future__ import annotations

from collections.abc import Iterator

from papersearch.ingest.formats.few_findings import UnreadNames
from papersearch.ingest.formats.json_shapes.names import Meaning, meaning_of
from papersearch.ingest.formats.xml.tree import Element, plain
from papersearch.ingest.record import Complain, Record

_DEPTH = 3
_OF_OTHERS = frozenset(
    "reference references referencelist ref-list citation citation_list related-article related-object"
    " commentscorrectionslist relations program history permissions license editor source database".split()
)
"""Elements that describe other works, or what is done with this one."""


class UnreadElements:
    """Counts the elements of one file that carry something and were not read."""

    def __init__(self) -> None:
        self._names = UnreadNames()

    def add(self, element: Element, record: Record) -> None:
        """Count the elements of a record that may tell what the record does not."""
        missing = _missing(record)
        if not missing or not (record.title or record.abstract):
            return
        for name in dict.fromkeys(_carrying(element, missing, "", _DEPTH)):
            self._names.add(name, record.first_line)

    def report(self, complain: Complain) -> None:
        """Report each element once, with the number of records in which it was not read."""
        self._names.report(complain)


def _missing(record: Record) -> set[Meaning]:
    """Return what a record does not tell."""
    known: dict[Meaning, object] = {
        "title": record.title,
        "abstract": record.abstract,
        "authors": record.authors or record.joined_authors,
        "date": record.dates or record.arxiv_ids,
        "identity": record.arxiv_ids or record.dois or record.record_id,
    }
    return {meaning for meaning, value in known.items() if not value}


def _carrying(element: Element, missing: set[Meaning], path: str, depth: int) -> Iterator[str]:
    """Yield the paths of elements that carry something missing."""
    for part in element:
        if part.name.lower() in _OF_OTHERS:
            continue
        name = f"{path}{part.name}"[:100]
        meaning = meaning_of(part.name)
        if meaning in missing and any(map(str.isalnum, plain(part))):
            yield name
        elif depth and meaning is None:
            yield from _carrying(part, missing, f"{name}/", depth - 1)
