"""When papers first came into the collection, from build to build.

A build keeps what the generations on disk know, so that a paper keeps its time in every build, after a
rollback, and in an index that is built anew. A paper that is gone under its id may be there under
another one: its time goes to each paper that shares an identifier with it, or its title where no
identifier contradicts. Of several times, the earliest one is kept.

An index of an older format says only which papers it had: they came at an unknown time, which is 0. If
a build reuses nothing else of the format, ids and titles are read as far as possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from papersearch import clock
from papersearch.errors import StoredIndexError
from papersearch.index.generation import Generation
from papersearch.index.generations import open_generations
from papersearch.index.layout import KIND, MANIFEST, OLDEST_REUSABLE_VERSION, generation_folder, read_description
from papersearch.index.papers import decode_paper
from papersearch.index.string_table import StringTable
from papersearch.text.same_paper import ByNames, Names, names_of
from papersearch.types import Count
from papersearch.user_files import open_regular
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.types import DocIndices, Paper

ADDED = "papers.added.npy"
UNKNOWN = 0


class Lost(Value):
    """A paper that no build has under its id any more: its identifiers, the key of its title, and its time."""

    arxiv_id: str | None
    doi: str | None
    title: str
    added: Count

    @property
    def names(self) -> Names:
        """The names by which the paper may be there under another id."""
        return Names(self.arxiv_id or "", self.doi or "", self.title)


class FirstSeen(NamedTuple):
    """What earlier builds know.

    added: times of papers by id, in seconds since 1970
    lost: papers that are gone under their id
    build: the time of papers that come with this build
    """

    added: dict[str, int]
    lost: tuple[Lost, ...]
    build: int

    def of(self, ids: Iterable[str]) -> DocIndices:
        """Return the time of each paper by its id alone, (N,)."""
        return np.array([self.added.get(name, self.build) for name in ids], dtype=np.uint32)


def first_seen(places: Iterable[Path], ids: Collection[str]) -> FirstSeen:
    """Read what the generations in these folders know; `ids` are those of the present papers."""
    added: dict[str, int] = {}
    lost: list[Lost] = []
    now = frozenset(ids)
    for place in places:
        for name, title in _of_old_format(place):
            added[name] = UNKNOWN
            lost += [Lost(arxiv_id=None, doi=None, title=title, added=UNKNOWN)] if title else []
        for generation in open_generations(place):
            with suppress(StoredIndexError, IndexError, ValueError):
                lost += _take(generation, added, now)
    return FirstSeen(added, tuple(lost), _time_of_build(max(added.values(), default=0)))


def with_lost(papers: Sequence[Paper], added: DocIndices, lost: Sequence[Lost]) -> DocIndices:
    """Give papers the earlier times of those that they were before under other ids; (N,) each."""
    if not lost:
        return added
    before = ByNames((one.names, one.added) for one in lost)
    earliest = added.copy()
    for place, paper in enumerate(papers):
        earliest[place] = min((int(added[place]), *before.of(paper)))
    return earliest


def _time_of_build(newest: int) -> int:
    """Return the time of this build: later than that of any paper, unless one is of a clock that was wrong."""
    now = clock.build_time()
    return now if newest > now + clock.DAY_S else max(now, newest + 1)


def _take(generation: Generation, added: dict[str, int], now: frozenset[str]) -> Iterator[Lost]:
    """Take the times of a generation into `added`, and yield the papers that are gone."""
    names = ("ids.txt", "ids.papers.npy", ADDED)
    has_times = ADDED in generation.manifest.files
    if not generation.are_intact(names[: 3 if has_times else 2]):
        return
    ids = StringTable(generation.text("ids.txt"), generation.array("ids.offsets.npy")).all()
    papers = generation.array("ids.papers.npy").astype(np.int64)
    times = generation.array(ADDED)[papers].tolist() if has_times else [UNKNOWN] * len(ids)
    lines: StringTable | None = None
    for name, paper, time in zip(ids, papers.tolist(), times, strict=True):
        added[name] = min(time, added.get(name, time))
        if name not in now:
            lines = lines or StringTable(generation.text("papers.jsonl"), generation.array("papers.offsets.npy"))
            yield _lost(decode_paper(lines[paper]), time)


def _lost(paper: Paper, added: int) -> Lost:
    names = names_of(paper)
    return Lost(arxiv_id=names.arxiv_id or None, doi=names.doi or None, title=names.title, added=added)


def _of_old_format(place: Path) -> Iterator[tuple[str, str]]:
    """Yield ids, and title keys, of an index that `open_generations` does not open, as far as they can be read.

    An id and the title key beside it may be of different papers.
    """
    try:
        fields = orjson.loads(read_description(place / MANIFEST))
        if fields["kind"] != KIND or not fields["format_version"] < OLDEST_REUSABLE_VERSION:
            return
        folder = place / generation_folder(int(fields["generation"]), int(fields.get("part", 0)))
        ids, titles = (_strings(folder / name) for name in ("ids.txt", "titles.txt"))
    except (OSError, ValueError, KeyError, TypeError):
        return
    yield from zip(ids, titles, strict=False)


def _strings(path: Path) -> list[str]:
    with open_regular(path, follows_link=False) as file:
        return file.read().decode("utf-8", "replace").split("\n")[:-1]
