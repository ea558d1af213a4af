"""The paper store: one JSON object per line, read by offset, found by id, title or identifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson

from papersearch.clock import instant_of
from papersearch.errors import IndexDamaged
from papersearch.text.identity import title_key
from papersearch.types import AuthorName, Organisation, Paper, Provenance
from papersearch.values import fields_of

if TYPE_CHECKING:
    from papersearch.index.string_table import StringTable
    from papersearch.types import DocIndices


class Names(NamedTuple):
    """Names of papers in ascending order, with the doc_idx of each, (N,) or (X,) uint32."""

    strings: StringTable
    papers: DocIndices


class PaperStore(Sequence[Paper]):
    """The papers in paper order: `store[doc_idx]`.

    `added`, (N,), says when each paper first came, in seconds since 1970. `collections` are those that
    the index was built from, if they are several. `open_names` returns all "ids", "titles" (their keys)
    or "identifiers". It is called when a paper is first looked up, since most queries do not.
    """

    def __init__(
        self,
        lines: StringTable,
        added: DocIndices,
        open_names: Callable[[str], Names],
        collections: tuple[str, ...] = (),
    ) -> None:
        self._lines = lines
        self._collections = collections
        self._added = added
        self._open_names = open_names

    @cached_property
    def _ids(self) -> Names:
        return self._open_names("ids")

    @cached_property
    def _titles(self) -> Names:
        return self._open_names("titles")

    @cached_property
    def _identifiers(self) -> Names:
        return self._open_names("identifiers")

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, doc_idx: int) -> Paper:  # type: ignore[override]  # no slices
        paper = decode_paper(self._lines[doc_idx], int(self._added[doc_idx]))
        return paper if not self._collections else paper.replace(collections=_holding(paper, self._collections))

    def identified(self, key: str) -> list[int]:
        """Return doc_idx, ascending, of the papers that `index.identifiers` lists under this key."""
        strings, papers = self._identifiers
        return [int(papers[place]) for place in strings.find(key)]

    def with_short_id(self, beginning: str) -> list[int]:
        """Return doc_idx, ascending, of the papers whose digits for short ids have this beginning."""
        strings, papers = self._identifiers
        return sorted(int(papers[place]) for place in strings.find_prefix(f"short:{beginning}"))

    def titled(self, key: str) -> list[int]:
        """Return doc_idx, ascending, of the papers whose title has this `title_key`.

        Titles that differ in case or punctuation have one key, so several papers may be found.
        """
        return sorted(int(self._titles.papers[place]) for place in self._titles.strings.find(key))

    def spelling(self, doc_idx: int, title: str) -> int:
        """Return how unlike `title` a paper spells its own: 0 for the same characters, 1 but for case, or 2."""
        own, asked = self[doc_idx].title, title.strip().strip('"“”')
        return 0 if own == asked else 1 if own.casefold() == asked.casefold() else 2

    def with_id(self, prefix: str, limit: int) -> tuple[bool, int, list[tuple[str, int]]]:
        """Find the paper with this id, or those whose id has this prefix.

        Returns whether the id is whole, the number of papers, and (paper_id, doc_idx) of at most
        `limit` of them by ascending id.
        """
        strings, papers = self._ids
        whole = strings.find(prefix)
        places = whole or strings.find_prefix(prefix)
        named = [(strings[place], int(papers[place])) for place in places[:limit]]
        return bool(whole), len(places), named

    def has_id(self, paper_id: str) -> bool:
        """Tell whether a paper has exactly this id."""
        return len(self._ids.strings.find(paper_id)) > 0

    def with_ids(self, ids: Iterable[str]) -> DocIndices:
        """Return doc_idx of the papers with exactly these ids; ids that no paper has are left out."""
        strings, papers = self._ids
        return papers[[place for paper_id in ids for place in strings.find(paper_id)]]

    def beginning_with(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return (paper_id, doc_idx) of the papers whose id has this prefix, by ascending id.

        Of more than `limit` papers, the first ones and the last are returned. Their common prefix
        is then the common prefix of all.
        """
        strings, papers = self._ids
        places: Sequence[int] = strings.find_prefix(prefix)
        if len(places) > limit:
            places = [*places[: limit - 1], places[-1]]
        return [(strings[place], int(papers[place])) for place in places]


class PaperIds(Sequence[str]):
    """The ids in paper order. `ids` are ascending; `id_papers`, (N,), are the doc_idx that they belong to."""

    def __init__(self, ids: StringTable, id_papers: DocIndices) -> None:
        self._ids = ids
        self._places = np.empty_like(id_papers)
        self._places[id_papers] = np.arange(len(id_papers), dtype=id_papers.dtype)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, doc_idx: int) -> str:  # type: ignore[override]  # no slices
        return self._ids[int(self._places[doc_idx])]


def encode_paper(paper: Paper) -> str:
    """Return the paper as one line of JSON, without line feed; `decode_paper` reverses it.

    A line says neither when the paper came nor which collections have it: the same dumps give the same
    lines at any time.
    """
    fields = fields_of(paper)
    del fields["added"], fields["collections"]
    return orjson.dumps(fields, default=fields_of).decode()


def decode_paper(line: str, added: int = 0) -> Paper:
    """Return the paper of one line. Raises IndexDamaged if the line does not describe one.

    added: when it first came, in seconds since 1970; 0 if that is unknown
    """
    try:
        fields: dict[str, Any] = orjson.loads(line)
        organisation = fields.pop("organisation")
        provenance = fields.pop("provenance")
        names = fields.pop("author_names")
        return Paper(
            **{**fields, **{name: tuple(fields[name]) for name in ("links", "authors", "categories")}},
            organisation=Organisation(**organisation) if organisation else None,
            provenance=tuple(Provenance(**place) for place in provenance),
            author_names=tuple(AuthorName(**name) for name in names),
            added=instant_of(added) if added else None,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(path=None, file="papers.jsonl", fault="has a line that is not a paper") from error


def _holding(paper: Paper, collections: Sequence[str]) -> tuple[str, ...]:
    """Return the collections that have a paper: the names of its dumps begin with theirs."""
    folders = {place.dump.partition("/")[0] for place in paper.provenance}
    return tuple(name for name in collections if name in folders)


def title_order(papers: Sequence[Paper]) -> tuple[list[str], list[int]]:
    """Return the title keys, ascending, and the doc_idx of each."""
    return _ordered([title_key(paper.title) for paper in papers])


def id_order(papers: Sequence[Paper]) -> tuple[list[str], list[int]]:
    """Return the paper ids, ascending, and the doc_idx of each."""
    return _ordered([paper.paper_id for paper in papers])


def _ordered(names: list[str]) -> tuple[list[str], list[int]]:
    """Return `names`, ascending, and the index of each in `names`; equal names keep their order."""
    order = sorted(range(len(names)), key=lambda doc_idx: (names[doc_idx], doc_idx))
    return [names[doc_idx] for doc_idx in order], order
