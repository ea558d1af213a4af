"""The checks before a join: all parts are there, complete, of this corpus, and made in the same way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from papersearch.checksums import sha256_of_file
from papersearch.dense.encoders import identity_of
from papersearch.errors import CorpusMissing, PartUnusable
from papersearch.index.layout import FORMAT_VERSION, generation_folder
from papersearch.index.part_records import (
    APPEARANCES,
    FINDINGS,
    PART,
    READ,
    FoundPart,
    PartRecord,
    find_parts,
    fingerprint,
    part_folder,
    places_below,
)
from papersearch.index.staleness import dump_changed, file_of
from papersearch.ingest.corpus_files import corpus_files
from papersearch.text.analysis import ANALYZER
from papersearch.values import Value
from papersearch.version import __version__

_FOLDER = re.compile(r"([0-9]{5,})-of-([0-9]{5,})")
_Shared = TypeVar("_Shared")


class PartFiles(Value):
    """The files of one part that are to be checked, below the folder of the index."""

    index_path: str
    folder: str
    record: PartRecord


def checked_parts(index_path: Path, places: Sequence[Path] | None) -> list[PartRecord]:
    """Return the parts of an index in their order, as far as their records tell. Raises PartUnusable.

    places: what they should have been built from; None takes what they say, if it is there
    """
    found = find_parts(index_path)
    n_parts = _number_of_parts(index_path, found)
    records = _complete(index_path, found, n_parts)
    choices = usual([record.choices for record in records])
    for record in records:
        if (record.format_version, record.written_by, record.analyzer) != release():
            raise _unusable(index_path, record, f"was built by another release, {record.written_by}")
    listing, paths = _corpus(index_path, places, choices.places)
    if listing is None:
        listing = usual([record.listing for record in records])
    for record in records:
        if record.listing != listing:
            raise _unusable(index_path, record, "is older than the corpus: files came, went or changed their size")
        if paths is not None and (fault := older(record, paths)):
            raise _unusable(index_path, record, fault)
    for fault, value_of in _SHARED:
        known = [value for record in records if (value := value_of(record)) is not None]
        common = usual(known) if known else None
        for record in records:
            if value_of(record) not in (common, None):
                raise _unusable(index_path, record, fault)
    return records


def check_part(part: PartFiles) -> str | None:
    """Return what is wrong with the files of a part, or None: a step of the join."""
    return check_files(Path(part.index_path) / part.folder, part.record)


def check_files(place: Path, record: PartRecord) -> str | None:
    """Return what is wrong with the files of the part in the folder `place`, or None. Reads all of them."""
    expected = {f"{READ}/{name}" for name in (*APPEARANCES, FINDINGS)}
    inner = re.compile(rf"{generation_folder(record.generation)}/[a-z0-9.]+")
    if not expected <= record.files.keys() or not all(
        name in expected or inner.fullmatch(name) for name in record.files
    ):
        return "is damaged: it lists other files than a part has"
    for name, one in record.files.items():
        try:
            if (place / name).stat().st_size != one.size or sha256_of_file(place / name) != one.sha256:
                return f"is damaged or unfinished: {name} has changed"
        except OSError:
            return f"is damaged or unfinished: {name} is missing"
    return None


def versions_of(index_path: Path, parts: Sequence[PartRecord]) -> list[tuple[int, ...]]:
    """Return what changes whenever a part is built again, for each part."""
    places = (index_path / part_folder(one.number, one.n_parts) for one in parts)
    return [(*_version(place / PART), *_version(place / READ)) for place in places]


def _version(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:  # the check of files names what is missing
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def raise_for_changes(index_path: Path, parts: Sequence[PartRecord], versions: Sequence[tuple[int, ...]]) -> None:
    """Raise PartUnusable for a part that was built again meanwhile, which locks prevent where there are any."""
    for record, before, now in zip(parts, versions, versions_of(index_path, parts), strict=True):
        if before != now:
            raise _unusable(index_path, record, "was built again during the join")


def raise_for_files(index_path: Path, record: PartRecord, fault: str | None) -> None:
    """Raise PartUnusable for a fault of a part's files."""
    if fault is not None:
        raise _unusable(index_path, record, fault)


def release() -> tuple[int, str, str]:
    """Return format version, release and analyzer, which all parts share with the join."""
    return FORMAT_VERSION, f"papersearch {__version__}", ANALYZER


def _number_of_parts(index_path: Path, found: Sequence[FoundPart]) -> int:
    """Return the number of parts, which all folders share."""
    counts: Counter[int] = Counter()
    for one in found:
        named = _FOLDER.fullmatch(Path(one.folder).name)
        if named is None or not 1 <= int(named[1]) <= int(named[2]):
            raise PartUnusable(path=index_path, name=one.folder, fault="is not a part", part=None)
        counts[int(named[2])] += 1
    if not counts:
        raise PartUnusable(path=index_path, name="it", fault="has no part", part=(1, 1))
    n_parts = max(counts, key=lambda n: (counts[n] / n, counts[n]))
    for one in found:
        if not one.folder.endswith(f"-of-{n_parts:05}"):
            fault = f"belongs to another cut: the others are parts of {n_parts}"
            raise PartUnusable(path=index_path, name=one.folder, fault=fault, part=None)
    return n_parts


def _complete(index_path: Path, found: Sequence[FoundPart], n_parts: int) -> list[PartRecord]:
    """Return the records of all parts; raise PartUnusable if one is missing, unfinished or doubled."""
    by_folder = {one.folder: one.record for one in found}
    records = []
    for number in range(1, n_parts + 1):
        folder = part_folder(number, n_parts)
        record = by_folder.get(folder)
        fault = None
        if record is None:
            fault = "is unfinished" if folder in by_folder else "is missing"
        elif (record.number, record.n_parts) != (number, n_parts):
            fault = f"is doubled: its folder holds {record.name}"
        if fault is not None:
            name, part = f"part {number}/{n_parts}", (number, n_parts)
            raise PartUnusable(path=index_path, name=name, fault=fault, part=part)
        records += [record] if record is not None else []
    return records


def _corpus(
    index_path: Path, places: Sequence[Path] | None, stored: Sequence[str]
) -> tuple[str | None, dict[str, Path] | None]:
    """Return the fingerprint of the corpus now, and its files by name; None where it is not here."""
    try:
        listing = corpus_files(places_below(stored, index_path) if places is None else places)
    except CorpusMissing:
        if places is not None:
            raise
        return None, None
    return fingerprint(listing), {file.name: file.path for file in listing.files}


def older(record: PartRecord, paths: dict[str, Path]) -> str | None:
    """Return which dump has changed since a part was built, or None."""
    for dump in record.dumps:
        try:
            if dump_changed(dump, paths[file_of(dump.name, paths)]):
                return f"is older than {dump.name}"
        except (OSError, KeyError):
            return f"has {dump.name}, which cannot be read now"
    return None


def _checksum(record: PartRecord, name: str) -> str | None:
    """Return the SHA-256 of a file of a part's index; None if the part does not have it."""
    found = record.files.get(f"{generation_folder(record.generation)}/{name}")
    return found.sha256 if found else None


_OTHER_CONSTANTS = "was encoded on a machine that computes other constants of the model"

_SHARED: tuple[tuple[str, Callable[[PartRecord], Any]], ...] = (
    ("was built with other choices than the other parts", lambda record: record.choices),
    (
        "was encoded by another model, or with other prefixes or another precision",
        lambda record: identity_of(record.encoder) if record.encoder else None,
    ),
    (_OTHER_CONSTANTS, lambda record: _checksum(record, "probes.npy")),
    (_OTHER_CONSTANTS, lambda record: _checksum(record, "pieces.basis.npy")),
)
"""What all parts share, after the fault of one that differs from most; None if a part does not have it.

A part without papers has no encoder and no probes. One that is too large for word pieces has no basis.
"""


def usual(values: Sequence[_Shared]) -> _Shared:
    """Return the value that most parts have, the first of equally frequent ones."""
    counts = Counter(values)
    return max(values, key=lambda value: counts[value])


def _unusable(index_path: Path, record: PartRecord, fault: str) -> PartUnusable:
    return PartUnusable(path=index_path, name=record.name, fault=fault, part=(record.number, record.n_parts))
