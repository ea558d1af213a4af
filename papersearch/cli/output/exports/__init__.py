"""Papers for reference managers, spreadsheets and notes: BibTeX, RIS, CSL-JSON, CSV, Markdown.

Unknown fields are left out: a count of authors gives no names. Text of papers is escaped for each
format, so that a title cannot become a LaTeX command, a spreadsheet formula or a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from papersearch.cli.output.exports import bibtex, csl_json, markdown, ris, spreadsheet
from papersearch.cli.output.exports.citation_keys import citation_keys
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper
from papersearch.values import Value

_WRITERS = {"ris": ris.write, "csv": spreadsheet.write, "markdown": markdown.write}
_KEYED_WRITERS = {"bibtex": bibtex.write, "csl-json": csl_json.write}

Field = TypeVar("Field")


def export(papers: Sequence[Paper], chosen: str, key_pattern: str | None = None) -> bytes:
    """Write papers in one of the formats, as UTF-8. Raises KeyPatternError."""
    safe = [cleaned(paper) for paper in papers]
    if chosen in _KEYED_WRITERS:
        text = _KEYED_WRITERS[chosen](safe, citation_keys(safe, key_pattern))
    else:
        text = _WRITERS[chosen](safe)
    return text.encode("utf-8", "replace")


def cleaned(field: Field) -> Field:
    """Clean every text in a value: an index may come from elsewhere."""
    found: object = field
    if isinstance(field, str):
        found = clean_text(field)
    elif isinstance(field, tuple):
        found = tuple(map(cleaned, field))
    elif isinstance(field, Value):
        found = field.replace(**{name: cleaned(getattr(field, name)) for name in type(field).__annotations__})
    return found  # type: ignore[return-value]  # of the class of `field`
