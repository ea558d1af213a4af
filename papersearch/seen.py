"""What saved searches have shown, so that each shows a new paper once.

New to a search are papers that came into the collection after the newest one at its last run. The
first run takes those of the last build. All that is shown is written down by id, and not shown again:
also when an index is rolled back or built anew, and when times of papers change. A paper under
another id is the same one if a paper that was shown is gone and has its identifier, or its title where
no identifier contradicts.

The file is beside that of the searches. It is written after the output: a run that fails shows the
same papers again. For every search it has an entry for each index, and in it one for each reader: the
verb, or the kind of output, that shows papers once.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import orjson

from papersearch import clock, saved
from papersearch.errors import SearchesNotWritable, SearchesUnreadable
from papersearch.index.files import replace_file
from papersearch.index.locking import alone_by
from papersearch.index.typed_json import read_value
from papersearch.remote.addresses import address_in
from papersearch.remote.calls import MAX_K
from papersearch.search.days import with_dates
from papersearch.text.same_paper import ByNames, Names, names_of
from papersearch.types import Count
from papersearch.user_files import read_bounded
from papersearch.values import Value, fields_of

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.saved import SavedSearch
    from papersearch.types import Filters, Hit, Results

Reader = Literal["run", "digest", "atom"]

_VERSION = 2
_MAX_BYTES = 1 << 26
_MOST = 1000
"""Greatest number of new papers of one search that a run looks for."""


class Shown(Value):
    """A paper that was shown: its names as they are compared, and when, in seconds since 1970."""

    title: str
    at: Count
    arxiv_id: str = ""
    doi: str = ""

    @property
    def names(self) -> Names:
        """The names by which the paper may be there under another id."""
        return Names(self.arxiv_id, self.doi, self.title)


class Record(Value):
    """What one search has shown to one reader.

    query: the search as it is in the file of searches; if it changes, its next run is a first one
    since: papers that came later are new, in seconds since 1970
    shown: papers by id
    """

    query: str
    since: Count
    shown: Mapping[str, Shown]


_Records: TypeAlias = dict[str, dict[str, dict[str, Record]]]
"""Records by name of search, place of index, and reader."""


class News(NamedTuple):
    """New papers of a search.

    results: the answer with new hits alone
    n_more: new papers that `k` cut off: the next run shows them
    record: to be kept when the hits have been shown
    """

    results: Results
    n_more: int
    record: Record


class Seen:
    """The records of an index and a reader, read from the file; `keep` writes them."""

    def __init__(self, searches: Path, place: str, reader: Reader) -> None:
        self._path = file_beside(searches)
        self._place = _place(searches, place)
        self._reader = reader
        self._records = _read(self._path)

    def record(self, name: str) -> Record | None:
        """Return what the search of this name has shown; None before its first run."""
        return self._records.get(name, {}).get(self._place, {}).get(self._reader)

    def keep(self, records: Mapping[str, Record]) -> None:
        """Write these records by name of search; others stay as they are. Raises SearchesNotWritable."""
        records = {name: record for name, record in records.items() if record != self.record(name)}
        if not records:
            return
        every = _read(self._path)
        for name, record in records.items():
            every.setdefault(name, {}).setdefault(self._place, {})[self._reader] = record
        _write(self._path, every)


def file_beside(searches: Path) -> Path:
    """Return the file that belongs to a file of searches."""
    return Path(os.path.realpath(searches)).with_suffix(".seen.json")


def taking_turns(searches: Path) -> AbstractContextManager[None]:
    """Let one process at a time show new papers of this file of searches, which may be replaced meanwhile."""
    return alone_by(file_beside(searches).with_suffix(".lock"))


def news_of(index: Index, search: SavedSearch, record: Record | None, k: int | None) -> News:
    """Return at most `k` papers that are new to a search. Raises QueryError and NothingEncoded."""
    query = orjson.dumps(saved.fields(search)).decode()
    shown = record.shown if record is not None else {}
    since = record.since if record is not None and record.query == query else None
    newer = search._replace(filters=_newer(search.filters, since))
    results, unseen, is_whole = _unseen(index, newer, shown, _MOST if k is None else min(k, _MOST))
    hits = tuple(hit.replace(rank=rank) for rank, hit in enumerate(unseen[:k], 1))
    left = {hit.paper.paper_id for hit in unseen[len(hits) :]}
    at = clock.now()
    last_added = min(index.manifest.last_added, at)
    is_settled = index.encoded.is_complete or search.mode == "keyword"
    if is_settled and not left and is_whole:
        since = last_added
    elif since is None:
        since = max(0, last_added - 1)
    known = {
        hit.paper.paper_id: Shown(at=at, **names_of(hit.paper)._asdict())
        for hit in results.hits
        if hit.paper.paper_id not in left
    }
    return News(
        results=results.replace(hits=hits, emptied_by=None if hits else "shown"),
        n_more=len(left),
        record=Record(query=query, since=since, shown={**known, **shown}),
    )


def _unseen(
    index: Index, search: SavedSearch, shown: Mapping[str, Shown], wanted: int
) -> tuple[Results, list[Hit], bool]:
    """Return an answer, its hits that were not shown, and whether no paper is ranked after them.

    An index on a server bounds the papers of an answer. One that is full of papers that were shown is
    asked for again without them, until `wanted` hits are new.
    """
    most = _MOST + len(shown)
    if address_in(index.place) is not None:
        most = min(most, MAX_K)
    filters, known = search.filters, ByNames((one.names, paper_id) for paper_id, one in shown.items())
    while True:
        results = index.search(search.query, most, search.mode, strict=True, filters=filters)
        is_whole = len(results.hits) < most
        unseen = _without_shown(results.hits, shown, known, index)
        if is_whole or len(unseen) >= min(wanted, most):
            return results, unseen, is_whole
        new = {hit.paper.paper_id for hit in unseen}
        passed = (hit.paper.paper_id for hit in results.hits if hit.paper.paper_id not in new)
        filters = filters.replace(without=(*(filters.without or ()), *passed))


def forget(searches: Path, name: str) -> None:
    """Forget what a search has shown. Raises a SavedSearchError."""
    path = file_beside(searches)
    with taking_turns(searches):
        every = _read(path)
        if every.pop(name, None) is not None:
            _write(path, every)


def _newer(filters: Filters, since: int | None) -> Filters:
    """Return filters that leave papers of the last build alone, or those that came after an instant."""
    if since is None:
        return filters.replace(new=True)
    own, later = with_dates(filters).added_since, clock.instant_of(since + 1)
    return filters.replace(added_since=later if own is None else max(own, later))


def _without_shown(hits: Sequence[Hit], shown: Collection[str], known: ByNames[str], index: Index) -> list[Hit]:
    """Return the hits whose papers were shown neither under their id nor under one that is gone."""
    unseen = [hit for hit in hits if hit.paper.paper_id not in shown]
    same = [set(known.of(hit.paper)) for hit in unseen]
    asked = list(set().union(*same))
    gone = {name for name, found in zip(asked, index.look_up(asked) if asked else (), strict=True) if found is None}
    return [hit for hit, names in zip(unseen, same, strict=True) if gone.isdisjoint(names)]


def _place(searches: Path, place: str) -> str:
    """Return the place of an index relative to the file of searches, so that both can move together."""
    if address_in(place) is not None:
        return place
    folder = file_beside(searches).parent
    try:
        return Path(os.path.relpath(os.path.realpath(place), folder)).as_posix()
    except ValueError:  # on another drive
        return str(Path(place).resolve())


def _read(path: Path) -> _Records:
    """Read the records; there are none if the file does not exist. Raises SearchesUnreadable."""
    try:
        fields = orjson.loads(read_bounded(path, _MAX_BYTES))
        if not isinstance(fields, dict) or fields.get("version") not in (1, _VERSION):
            raise ValueError("it was not written by this release")
        searches = fields["searches"]
        every: _Records = read_value(_Records, _of_version_1(searches) if fields["version"] == 1 else searches)
        records = (one for places in every.values() for readers in places.values() for one in readers.values())
        if any(one.since >= clock.LATEST for one in records):
            raise ValueError("it has an instant that no index can hold")
        return every
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SearchesUnreadable(path=path, cause=str(reason)) from error


def _of_version_1(fields: Any) -> Any:
    """Return fields of version 1, which kept no identifiers of papers, as those of version 2."""
    if not isinstance(fields, dict):
        return fields
    if fields.keys() == {"title", "at"} and isinstance(fields["title"], str):
        return {**fields, "arxiv_id": "", "doi": ""}
    return {name: _of_version_1(field) for name, field in fields.items()}


def _write(path: Path, every: _Records) -> None:
    try:
        fields = {"version": _VERSION, "searches": every}
        content = orjson.dumps(fields, default=fields_of, option=orjson.OPT_INDENT_2)
        replace_file(path, content + b"\n")
    except OSError as error:
        raise SearchesNotWritable(path=path, cause=error.strerror or str(error)) from error
