"""Joining the parts of an index: papers merged over all parts, statistics added up, shards published.

`join_papers` decides which appearances are one paper, from keys alone. Then each shard merges, analyses and
encodes a range of the papers, here or elsewhere (`shard_build`). `join_sums` adds up what they have
counted. Each shard is weighed by the sums and published, and `shards.json` comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from papersearch.checksums import sha256_of
from papersearch.dense.background import Background
from papersearch.dense.vectors import Quantization
from papersearch.errors import StoredIndexError
from papersearch.index import files, join_sums, shard_build
from papersearch.index.generations import write_errors
from papersearch.index.journal import FOLDER as JOURNAL
from papersearch.index.layout import FORMAT_VERSION, written_order
from papersearch.index.locking import is_locked, writing
from papersearch.index.manifest import NAME_COUNTS, Manifest
from papersearch.index.part_checks import (
    PartFiles,
    check_part,
    checked_parts,
    raise_for_changes,
    raise_for_files,
    release,
    versions_of,
)
from papersearch.index.part_records import PartRecord, encode_part, part_folder, places_below
from papersearch.index.part_steps import on_all_processors
from papersearch.index.parts import QUIET, Watch, check_whole
from papersearch.index.removal import remove_litter
from papersearch.index.report import BuildStep, Outcome
from papersearch.index.shard_build import JOINING, WHOLE, Analysed, Publication, Step, Weighed, Weighing
from papersearch.index.shards import (
    ShardRecord,
    Shards,
    next_generation,
    open_each,
    publish_shards,
    read_shards,
    shard_folder,
)
from papersearch.index.words import everything_kept, lexical_record
from papersearch.types import Count, DumpFile, Finding
from papersearch.values import Value

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_WORTH_WORKERS = 8192
"""Number of appearances from which workers save more time than their start takes."""

Run = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""Function that applies a step to each of several values, anywhere, and yields the results in order."""


class JoinReport(Value):
    """The outcome of a join.

    n_encoded: number of texts that the model encoded, which only merging over parts has made
    n_added, n_removed: number of papers relative to the shards before
    """

    outcome: Outcome
    generation: Count
    n_shards: Count
    n_papers: Count
    n_appearances: Count
    n_encoded: Count
    n_added: Count
    n_removed: Count
    n_left_out: Count
    dumps: tuple[DumpFile, ...]
    findings: tuple[Finding, ...]


def here(step: Callable[[_Task], _Result], tasks: Sequence[_Task]) -> Iterator[_Result]:
    """Apply a step to each value in this process."""
    return map(step, tasks)


def join(
    index_path: str | Path,
    *,
    places: Sequence[str | Path] | None = None,
    full: bool = False,
    device: str | None = None,
    run: Run | None = None,
    watch: Watch = QUIET,
) -> JoinReport:
    """Join the parts of an index into as many shards, and publish them.

    places: the corpus, if it is not where the parts found it
    full: join again even if nothing has changed
    device: as for `api.build`, for texts that only merging has made
    run: None takes the processors of this machine

    Waits while another process joins the index or builds a part of it. The shards before answer until the end, and
    after any error. Raises PartUnusable, CorpusError, ModelError or StoredIndexError.
    """
    index_path = Path(index_path)
    check_whole(index_path)
    corpus = list(map(Path, places)) if places is not None else None
    with writing(index_path, watch.announce), ExitStack() as held:
        for part in checked_parts(index_path, corpus):  # none may change while it is read
            held.enter_context(writing(index_path / _folder(part), watch.announce))
        parts = checked_parts(index_path, corpus)
        versions = versions_of(index_path, parts)
        if run is None:
            is_small = sum(part.n_appearances for part in parts) < _WORTH_WORKERS
            run = here if is_small else on_all_processors
        tasks = [PartFiles(index_path=str(index_path), folder=_folder(one), record=one) for one in parts]
        for record, fault in zip(parts, _over(run, check_part, tasks, "checking parts", watch), strict=True):
            raise_for_files(index_path, record, fault)
        before = _before(index_path)
        is_alone = is_locked(index_path)
        remove_litter(index_path, (f".{JOINING}*",), is_alone=is_alone)
        folder = files.beside(index_path / JOINING)
        try:
            if before is not None and before.parts == _identity(parts) and not full:
                for shard in before.shards:  # of a join that was killed right after it had published
                    files.remove(index_path / shard.folder / JOURNAL)
                return _unchanged(index_path, before)
            with write_errors(index_path):
                return _Join(index_path, folder, parts, versions, before, is_alone, device, run, watch).publish()
        finally:
            files.remove(folder)


class _Whole(NamedTuple):
    """The statistics of the whole that every manifest has."""

    n_papers: int
    mean_length: float
    n_left_out: int
    last_added: int
    said: join_sums.Said
    sums: join_sums.Sums
    quantization: Quantization
    background: Background


class _Join(NamedTuple):
    """One join, after its parts were checked.

    folder: what has its results until they are published
    versions: what changes where a part is built again meanwhile
    is_alone: locks keep other writers away
    """

    index_path: Path
    folder: Path
    parts: Sequence[PartRecord]
    versions: Sequence[tuple[int, ...]]
    before: Shards | None
    is_alone: bool
    device: str | None
    run: Run
    watch: Watch

    def publish(self) -> JoinReport:
        """Decide about papers, build the shards, and publish them."""
        from papersearch.index.join_papers import decide

        (self.folder / WHOLE).mkdir(parents=True)
        generation = next_generation(self.index_path, self.before, is_alone=self.is_alone)
        self.watch.progress("merging papers", 0, 0)
        with everything_kept():
            decided = decide(self.folder, self.parts, self.before, generation, self.device)
        steps = decided.steps
        analysed: list[Analysed] = self.over(shard_build.analyse_shard, steps, "building shards")
        said = join_sums.said(self.index_path, self.parts, decided, analysed)
        n_papers, n_left_out = sum(one.n_papers for one in analysed), sum(one.n_left_out for one in analysed)
        if not n_papers:
            from papersearch.index.publishing import nothing_to_index

            places = places_below(self.parts[0].choices.places, self.index_path)
            raise nothing_to_index(said.findings, n_left_out, places)
        sums = join_sums.add_up(steps, said.findings)
        mean_length = sum(one.n_words for one in analysed) / n_papers
        largest = max(one.largest for one in analysed)
        weighings = [
            Weighing(step=step, n_papers=n_papers, mean_length=mean_length, largest=largest) for step in steps
        ]
        weighed: list[Weighed] = self.over(shard_build.weigh_shard, weighings, "weighing shards")
        quantization = Quantization(scale=weighed[0].scale, error=max(one.error for one in weighed))
        background = join_sums.background(steps)
        last_added = max(one.last_added for one in analysed)
        whole = _Whole(n_papers, mean_length, n_left_out, last_added, said, sums, quantization, background)
        publications = [
            Publication(step=step, manifest=self.manifest(generation, step, one, by, whole), is_alone=self.is_alone)
            for step, one, by in zip(steps, analysed, weighed, strict=True)
        ]
        checksums = self.over(shard_build.publish_shard, publications, "publishing")
        described = self.describe(generation, analysed, checksums, sums.n_terms)
        raise_for_changes(self.index_path, self.parts, self.versions)
        publish_shards(self.index_path, described, self.before, is_alone=self.is_alone)
        for step in steps:
            files.remove(step.shard_path / JOURNAL)
        return JoinReport(
            outcome="published",
            generation=generation,
            n_shards=len(steps),
            n_papers=n_papers,
            n_appearances=sum(one.n_appearances for one in analysed),
            n_encoded=sum(one.n_encoded for one in analysed),
            n_added=decided.n_added,
            n_removed=decided.n_removed,
            n_left_out=n_left_out,
            dumps=said.dumps,
            findings=tuple(said.findings),
        )

    def over(self, step: Callable[[Any], Any], tasks: Sequence[Any], name: BuildStep) -> list[Any]:
        """Apply a step to all shards, with progress."""
        return list(_over(self.run, step, tasks, name, self.watch))

    def manifest(self, generation: int, step: Step, one: Analysed, weighed: Weighed, whole: _Whole) -> Manifest:
        """Return the manifest of a shard; without papers it has no encoder."""
        version, written_by, _ = release()
        records = {**one.files, **weighed.files, **whole.sums.files}
        choices = self.parts[0].choices
        return Manifest(
            format_version=version,
            generation=generation,
            part=0,
            written_by=written_by,
            files={name: records[name] for name in written_order(records)},
            n_papers=one.n_papers,
            n_appearances=one.n_appearances,
            n_terms=one.n_terms,
            n_postings=one.n_postings,
            n_positions=one.n_positions,
            n_expansions=whole.sums.n_expansions,
            n_organisations=one.n_organisations,
            **{name: getattr(one, name) for name in NAME_COUNTS},
            n_words=whole.sums.n_words,
            n_identifiers=one.n_identifiers,
            lexical=lexical_record(choices.languages, whole.mean_length),
            corpus=choices.corpus,
            abstracts_only=choices.abstracts_only,
            n_left_out=whole.n_left_out,
            last_added=whole.last_added,
            dumps=whole.said.dumps,
            skipped=whole.said.skipped,
            n_encoded=one.n_papers,
            n_probes=one.n_probes,
            encoder=step.encoder if one.n_papers else None,
            quantization=whole.quantization,
            late=one.late,
            background=whole.background if one.n_papers else None,
        )

    def describe(
        self, generation: int, analysed: Sequence[Analysed], checksums: Sequence[str], n_terms: int
    ) -> Shards:
        """Return the description of the whole; `checksums` are those of the shards' manifests."""
        counts = [one.n_papers for one in analysed]
        starts = accumulate(counts, initial=0)
        records = (
            ShardRecord(folder=shard_folder(number, len(counts)), n_papers=n, start=start, manifest=checksum)
            for number, (n, start, checksum) in enumerate(zip(counts, starts, checksums, strict=False), 1)
        )
        return Shards(
            format_version=FORMAT_VERSION,
            generation=generation,
            written_by=release()[1],
            n_papers=sum(counts),
            n_terms=n_terms,
            parts=_identity(self.parts),
            shards=tuple(records),
        )


def _over(
    run: Run, step: Callable[[Any], Any], tasks: Sequence[Any], name: BuildStep, watch: Watch
) -> Iterator[Any]:
    watch.progress(name, 0, len(tasks))
    for number, result in enumerate(run(step, tasks), 1):
        yield result
        watch.progress(name, number, len(tasks))


def _folder(part: PartRecord) -> str:
    return part_folder(part.number, part.n_parts)


def _identity(parts: Sequence[PartRecord]) -> str:
    """Return the SHA-256 of what was joined."""
    return sha256_of(b"".join(map(encode_part, parts)))


def _before(index_path: Path) -> Shards | None:
    """Return the published shards, or None if there are none to read."""
    try:
        return read_shards(index_path)
    except StoredIndexError:
        return None


def _unchanged(index_path: Path, before: Shards) -> JoinReport:
    """Return the report of a join that has nothing to do. Raises a StoredIndexError."""
    opened = open_each(index_path, before, leased=False)
    first = opened[0].manifest
    return JoinReport(
        outcome="up to date",
        generation=before.generation,
        n_shards=len(before.shards),
        n_papers=before.n_papers,
        n_appearances=sum(one.manifest.n_appearances for one in opened),
        n_encoded=0,
        n_added=0,
        n_removed=0,
        n_left_out=first.n_left_out,
        dumps=first.dumps,
        findings=opened[0].findings(),
    )
