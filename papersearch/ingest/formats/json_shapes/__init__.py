"""The shapes of papers in JSON: one module per source, chosen per record by keys that only it has.

A shape has `matches(fields)`, `read(fields, lines)` and KNOWN, the names that it reads or that say
nothing of a paper. `read` returns None for an object that belongs to the source but is not a paper.
"""

from __future__ import annotations

from types import ModuleType

from papersearch.ingest.formats.json_shapes import (
    arxiv,
    beir,
    crossref,
    csl,
    europe_pmc,
    generic,
    hugging_face,
    inspire,
    openalex,
    openreview,
    own,
    paperlists,
    semantic_scholar,
    zotero,
)
from papersearch.ingest.formats.json_shapes.fields import Fields

SHAPES: tuple[ModuleType, ...] = (
    beir,
    own,
    arxiv,
    semantic_scholar,
    openalex,
    hugging_face,
    zotero,
    crossref,
    csl,
    europe_pmc,
    inspire,
    openreview,
    paperlists,
    generic,
)
"""The shapes, from the surest mark to the loosest."""


def shape_of(fields: Fields) -> ModuleType | None:
    """Return the shape of an object, or None if it is not a paper of a known shape."""
    return next((shape for shape in SHAPES if shape.matches(fields)), None)
