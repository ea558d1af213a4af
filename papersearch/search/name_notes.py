"""Notes on queries that are names: words rank by titles and abstracts, in which authors are not named.

Looking a name up reads files that a search for a topic does not need. So it is looked up only where the
words may be a name: one of them is in no paper, all are rare or begin with a capital letter, or no paper
answers them well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.lexical.bm25 import idf_of_each
from papersearch.types import Note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from papersearch.search.shards import Shards
    from papersearch.text.query import Query
    from papersearch.types import NameKind, Verdict

_MOST_WORDS = 5
_RARE = 200
"""A word is rare if at most one paper of so many has it."""

_KINDS: tuple[tuple[NameKind, str, str], ...] = (
    ("authors", "author", "the name of an author"),
    ("categories", "cat", "a category"),
)


def may_be_a_name(query: Query, verdict: Verdict | None, idf: Mapping[str, float], n_papers: int) -> bool:
    """Tell whether it is worth while to look the words of a query up among names."""
    words = query.plain.split()
    if not 0 < len(words) <= _MOST_WORDS or query.required or query.excluded or query.prefixes:
        return False
    if verdict in (None, "weak") or any(term not in idf for term in query.terms):
        return True
    if all(word[0].isupper() and not word.isupper() for word in words) or (len(words) == 1 and "." in words[0]):
        return True
    least = float(idf_of_each(max(1, n_papers // _RARE), n_papers))
    return all(idf[term] >= least for term in query.terms)


def notes_on_names(query: Query, shards: Shards) -> tuple[Note, ...]:
    """Note that the words of a query are the name of an author, or a category."""
    wanted = [(kind, query.plain) for kind, _, _ in _KINDS]
    counts = zip(*shards.every("n_named", wanted), strict=True)
    return tuple(
        Note(
            kind="author" if kind == "authors" else "category",
            part=query.plain,
            message=f"{query.plain} is {what}: {clause_of(field, query.plain)} finds the papers",
        )
        for (kind, field, what), n_names in zip(_KINDS, counts, strict=True)
        if any(n_names)
    )


def clause_of(field: str, name: str) -> str:
    """Return the clause of a query that names an author or a category."""
    return f'{field}:"{name}"' if len(name.split()) > 1 else f"{field}:{name}"
