"""Papers for reference managers, spreadsheets and notes: BibTeX, RIS, CSL-JSON, CSV, Markdown.

Unknown fields are left out: a count of authors gives no names. Text of papers is escaped for each
format, so that a title cannot become a LaTeX command, a spreadsheet formula or a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from papersearch.cli.output.exports import bibtex, csl_json, markdown, ris, spreadsheet
from papersearch.cli.output.exports.citation_keys import citation_keys
from papersearch.cli.output.exports.publication import NotedPaper
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper
from papersearch.values import Value, fields_of

if TYPE_CHECKING:
    from papersearch.marks.mark import Mark

_WRITERS = {"ris": ris.write, "csv": spreadsheet.write, "markdown": markdown.write}
_KEYED_WRITERS = {"bibtex": bibtex.write, "csl-json": csl_json.write}

Field = TypeVar("Field")


def export(
    papers: Sequence[Paper],
    chosen: str,
    key_pattern: str | None = None,
    marks: Mapping[str, Mark] = MappingProxyType({}),
) -> bytes:
    """Write papers in one of the formats, as UTF-8, with what `marks` say of them by paper id.

    Raises KeyPatternError.
    """
    noted = [_noted(cleaned(paper), marks.get(paper.paper_id)) for paper in papers]
    if chosen in _KEYED_WRITERS:
        keys = citation_keys([one.paper for one in noted], key_pattern)
        text = _KEYED_WRITERS[chosen](noted, keys)
    else:
        text = _WRITERS[chosen](noted)
    return text.encode("utf-8", "replace")


def _noted(paper: Paper, mark: Mark | None) -> NotedPaper:
    """Return a paper with the reader's tags that are not its keywords already, and the reader's note."""
    if mark is None:
        return NotedPaper(paper)
    known = {name.casefold() for name in paper.categories}
    tags = tuple(tag for tag in map(clean_text, mark.tags) if tag.casefold() not in known)
    return NotedPaper(paper, tags, clean_text(mark.note))


def cleaned(field: Field) -> Field:
    """Clean every text in a value: an index may come from elsewhere."""
    found: object = field
    if isinstance(field, str):
        found = clean_text(field)
    elif isinstance(field, tuple):
        found = tuple(map(cleaned, field))
    elif isinstance(field, Value):
        found = field.replace(**{name: cleaned(value) for name, value in fields_of(field).items()})
    return found  # type: ignore[return-value]  # of the class of `field`
