"""Notes on queries that are names: words rank by titles and abstracts, in which authors are not named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.search.filter_table import clause_of
from papersearch.types import Note

if TYPE_CHECKING:
    from papersearch.search.shards import Shards
    from papersearch.text.query import Query
    from papersearch.types import NameKind

_KINDS: tuple[tuple[NameKind, str, str], ...] = (
    ("authors", "author", "the name of an author"),
    ("categories", "cat", "a category"),
)


def notes_on_names(query: Query, shards: Shards) -> tuple[Note, ...]:
    """Note that the words of a query are the name of an author, or a category."""
    wanted = [(kind, query.plain) for kind, _, _ in _KINDS]
    known = zip(*shards.every("have_names", wanted), strict=True)
    return tuple(
        Note(
            kind="author" if kind == "authors" else "category",
            part=query.plain,
            message=f"{query.plain} is {what}: {clause_of(field, query.plain)} finds the papers",
        )
        for (kind, field, what), is_known in zip(_KINDS, known, strict=True)
        if any(is_known)
    )
