"""The words of a collection in shards, for the conditions of a query."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from papersearch.lexical.conditions import spell
from papersearch.lexical.forms import SCANNED, beginning_with
from papersearch.search.protocol import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.lexical.forms import Terms
    from papersearch.lexical.matching import Spelled
    from papersearch.search.shards import Shards
    from papersearch.text.analysis import Analyzer
    from papersearch.text.query import Query


def spelled(query: Query, shards: Shards) -> Spelled:
    """Find how the collection spells the conditions of a query.

    The conditions are read again until all that they depend on is known: few times, as each asks for
    many words at once.
    """
    vocabulary = _Vocabulary(shards)
    found = spell(query, vocabulary)
    while vocabulary.ask():
        found = spell(query, vocabulary)
    return found


class _Vocabulary:
    """The words of which shards have told; others are taken for unknown, and are asked for next."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._counts: dict[Phrase, int | None] = {}
        self._beginnings: dict[str, Sequence[str] | None] = {}

    @property
    def analyzer(self) -> Analyzer:
        return self._shards.analyzer

    def n_papers(self, terms: Terms, *, in_title: bool = False) -> int:
        """Count the papers with a phrase, as in `forms.Vocabulary`."""
        return self._counts.setdefault(Phrase(terms, in_title), None) or 0

    def beginning(self, prefix: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return words with a beginning, as in `forms.Vocabulary`."""
        return beginning_with(prefix, self._shards.tables.words), self._beginnings.setdefault(prefix, None) or ()

    def ask(self) -> bool:
        """Ask for what was missing, and tell whether anything was."""
        phrases = [phrase for phrase, count in self._counts.items() if count is None]
        prefixes = [prefix for prefix, words in self._beginnings.items() if words is None]
        if phrases:
            for phrase, *counts in zip(phrases, *self._shards.every("frequencies", phrases), strict=True):
                self._counts[phrase] = sum(counts)
        if prefixes:
            for prefix, *terms in zip(prefixes, *self._shards.every("beginning", prefixes), strict=True):
                self._beginnings[prefix] = _first(terms)
        return bool(phrases or prefixes)


def _first(lists: Sequence[Sequence[str]]) -> Sequence[str]:
    """Merge ascending lists as one list of the whole would begin."""
    return lists[0] if len(lists) == 1 else sorted(set(chain.from_iterable(lists)))[:SCANNED]
