"""Whether two descriptions are of one paper, where its id may have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from papersearch.text.identifiers import folded_doi, without_version
from papersearch.text.identity import title_key

if TYPE_CHECKING:
    from papersearch.types import Paper

_Value = TypeVar("_Value")


class Names(NamedTuple):
    """Identifiers and the title of a paper, as they are compared; unknown ones are empty."""

    arxiv_id: str
    doi: str
    title: str

    def lookup_keys(self) -> Iterator[str]:
        """Yield keys: two descriptions of one paper share at least one."""
        for kind, name in zip(self._fields, self, strict=True):
            if name:
                yield f"{kind} {name}"


class ByNames(Generic[_Value]):
    """Values by the names of papers."""

    def __init__(self, named: Iterable[tuple[Names, _Value]]) -> None:
        self._by_key: dict[str, list[tuple[Names, _Value]]] = {}
        for names, value in named:
            for key in names.lookup_keys():
                self._by_key.setdefault(key, []).append((names, value))

    def of(self, paper: Paper) -> Iterator[_Value]:
        """Yield the values of the papers that are the same as this one; a value may come twice."""
        own = names_of(paper)
        for key in own.lookup_keys():
            for names, value in self._by_key.get(key, ()):
                if are_same(own, names):
                    yield value


def names_of(paper: Paper) -> Names:
    """Return the names of a paper, whose identifiers are bare."""
    return Names(without_version(paper.arxiv_id or ""), folded_doi(paper.doi or ""), title_key(paper.title))


def are_same(one: Names, other: Names) -> bool:
    """Tell whether two papers share an identifier, or their title where no identifier contradicts."""
    pairs = ((one.arxiv_id, other.arxiv_id), (one.doi, other.doi))
    known = [first == second for first, second in pairs if first and second]
    return any(known) or (not known and one.title == other.title != "")
