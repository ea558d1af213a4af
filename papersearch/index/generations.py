"""Opening the current generation of an index, publishing a new one, and rolling back.

A generation is a folder that never changes after publication. To publish, a build writes a folder
under another name, syncs it, renames it, and then replaces the manifest. So a reader has the old
generation or the new one, complete. The previous generation stays, and so does any generation with
a reader. Writers must hold `locking.writing` while they use this module.
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersearch.errors import (
    IndexBusy,
    IndexDamaged,
    IndexForeign,
    IndexInParts,
    IndexMissing,
    IndexNotWritable,
    IndexUnreadable,
    IndexVersionError,
    NoEarlierGeneration,
    PartsNotJoined,
    StoredIndexError,
)
from papersearch.index import files, locking
from papersearch.index.blocks import closed
from papersearch.index.generation import Generation
from papersearch.index.layout import (
    CHECKSUMS,
    MANIFEST,
    PARTS,
    SHARDS,
    files_of,
    generation_folder,
    read_description,
    written_order,
)
from papersearch.index.manifest import Manifest, decode_manifest, encode_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from papersearch.index.files import Content, FileRecord, WrittenFile

_OURS = re.compile(
    r"generation-\d{6,}(-\d+)?|manifest\.json|part\.json|weights\.toml|read|numbers\.npy|\..*|README.*"
)
_FOLDER = re.compile(r"generation-(\d+)(?:-([1-9]\d*))?")
_BUILDING = "building"
_TORN = "as in a copy made during a build"
ATTEMPTS = 100
"""Times that opening begins again because a build has replaced what was being opened."""


def open_current(index_path: Path, *, leased: bool = True, is_reused: bool = False) -> Generation:
    """Open the generation that the manifest names. Raises a StoredIndexError.

    is_reused: also one of an older format, from which a build takes what it can

    With `leased`, nobody removes its files while it is open. Pass False while holding
    `locking.writing`: your own lease would block the cleanup.
    """
    for _ in range(ATTEMPTS):
        content = _manifest_content(index_path)
        manifest = decode_manifest(content, str(index_path), is_reused=is_reused)
        folder, fault = index_path / manifest.folder, f"has files of another build than its manifest, {_TORN}"
        try:
            if folder.is_symlink():
                raise IndexDamaged(path=index_path, file=folder.name, fault="is a link")
            lease = locking.lease(folder / MANIFEST) if leased else None
            own = read_description(folder / MANIFEST) if lease is None else lease[:]
        except (FileNotFoundError, NotADirectoryError):
            own, fault = None, f"is missing, {_TORN}"
        except OSError as error:
            own, fault = None, f"cannot be read ({error.strerror or error})"
        if own != content:
            # Either others have been published since the manifest was read, or the index is damaged.
            if _manifest_content(index_path) == content:
                raise IndexDamaged(path=index_path, file=folder.name, fault=fault)
            continue
        opened = Generation(index_path, manifest, lease)
        opened.check_files()
        return opened
    raise IndexBusy(path=index_path)


def open_before(index_path: Path, *, leased: bool) -> Generation | None:
    """Open the current generation for a build, also of an older format; None if it is missing or unreadable."""
    try:
        return open_current(index_path, leased=leased, is_reused=True)
    except StoredIndexError:
        return None


def open_generations(index_path: Path) -> list[Generation]:
    """Open every publication on disk from which a build takes encodings, the newest first, without leases."""
    found = []
    for folder in reversed(_folders(index_path)):
        place = index_path / generation_folder(*folder) / MANIFEST
        with suppress(StoredIndexError, OSError):
            manifest = decode_manifest(read_description(place), str(index_path), is_reused=True)
            if (manifest.generation, manifest.part) == folder:
                found.append(Generation(index_path, manifest, None))
    return found


def read_manifest(index_path: Path, *, is_reused: bool = False) -> Manifest:
    """Read the current manifest, or one of an older format that a build reuses. Raises a StoredIndexError."""
    return decode_manifest(_manifest_content(index_path), str(index_path), is_reused=is_reused)


def _manifest_content(index_path: Path) -> bytes:
    """Return the bytes of the current manifest. Raises a StoredIndexError."""
    content = read_current(index_path, MANIFEST)
    if content is not None:
        return content
    if (index_path / PARTS).is_dir():
        raise PartsNotJoined(path=index_path)
    if _foreign_entries(index_path):
        raise IndexForeign(path=index_path, cause="it holds other files, and not an index")
    raise IndexMissing(path=index_path)


def read_current(index_path: Path, file: str) -> bytes | None:
    """Return the content of `manifest.json` or `shards.json` in a folder; None where there is none.

    Raises IndexDamaged or IndexUnreadable.
    """
    place = index_path / file
    try:
        if not stat.S_ISREG(place.lstat().st_mode):
            raise IndexDamaged(path=index_path, file=file, fault="is not a regular file")
        return read_description(place)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise IndexUnreadable(path=place, cause=error.strerror or str(error)) from error


def has_shards(index_path: Path) -> bool:
    """Return whether a folder has shards in place of an index of its own."""
    return (index_path / SHARDS).exists()


def check_writable(index_path: Path) -> None:
    """Check before hours of work that publishing will be possible.

    Raises IndexForeign, IndexVersionError for a newer format, or IndexNotWritable.
    """
    if index_path.exists() and not index_path.is_dir():
        raise IndexForeign(path=index_path, cause="it is a file")
    if has_shards(index_path) or (index_path / PARTS).exists():
        raise IndexInParts(path=index_path, n_parts=len(list((index_path / PARTS).glob("*-of-*"))))
    foreign = _foreign_entries(index_path)
    if foreign:
        raise IndexForeign(path=index_path, cause=f"it holds {foreign[0]}, which papersearch did not write")
    if (index_path / MANIFEST).exists():
        try:
            decode_manifest(read_description(index_path / MANIFEST), str(index_path))
        except IndexVersionError as error:
            if error.is_newer:  # an older one is rebuilt
                raise
        except (IndexDamaged, OSError):
            pass  # the rebuild repairs it
    import tempfile  # slow to import, and no query writes

    with write_errors(index_path):
        files.make_folders(index_path)
        with tempfile.TemporaryFile(dir=index_path):
            pass


def next_generation(index_path: Path) -> int:
    """Return the number that the next build's generation gets."""
    return max(generations(index_path), default=0) + 1


def next_part(index_path: Path, generation: int) -> int:
    """Return the number that the next part of a generation gets."""
    return max((part for number, part in _folders(index_path) if number == generation), default=0) + 1


def publish(
    index_path: Path,
    contents: Iterable[tuple[str, Content]],
    describe: Callable[[dict[str, FileRecord]], Manifest],
    *,
    join_is_alone: bool | None = None,
) -> Manifest:
    """Write `contents` as a new generation and make it current; return its manifest.

    `contents` are (name, content) of each file, taken one by one, so that they need not all be in
    memory. While one is written, the next is made. `describe` makes the manifest from the files'
    records. On any failure the current generation stays current. `join_is_alone` is for a shard: whether
    the join, which removes earlier generations, keeps others away by a lock. Raises IndexNotWritable.
    """
    from concurrent.futures import Future, ThreadPoolExecutor  # slow to import, and no query writes

    from papersearch.index.removal import remove_litter, remove_old

    building = files.beside(index_path / _BUILDING)
    is_alone = locking.is_locked(index_path) if join_is_alone is None else join_is_alone
    remove_litter(index_path, (f".{_BUILDING}*", f".{MANIFEST}-*"), is_alone=is_alone)
    try:
        with write_errors(index_path):
            before = _current(index_path)
            files.make_folder(building)
        written: dict[str, Future[WrittenFile]] = {}
        last: Future[WrittenFile] | None = None
        with ThreadPoolExecutor(1) as writer:
            for name, content in contents:
                if last is not None:  # one at a time: more would fill the memory
                    with write_errors(index_path):
                        last.result()
                last = written[name] = writer.submit(files.write_file, building / name, content)
        with write_errors(index_path):
            done = {name: written[name].result() for name in written_order(written)}
            records = {name: file.record for name, file in done.items()}
            sums = closed(np.concatenate([file.sums for file in done.values()]))
            records[CHECKSUMS] = files.write_file(building / CHECKSUMS, sums).record
        manifest = describe(records)
        if set(records) != files_of(has_late_interaction=manifest.late is not None, is_partial=manifest.is_partial):
            raise ValueError("the layout lists other files")
        with write_errors(index_path):
            _make_current(index_path, building, manifest, before, is_alone=is_alone)
    finally:
        files.remove(building)
    if join_is_alone is None:
        remove_old(index_path, _folders(index_path), manifest, before, is_alone=is_alone)
    return manifest


def _make_current(
    index_path: Path, building: Path, manifest: Manifest, before: Manifest | None, *, is_alone: bool
) -> None:
    """Move the finished folder to its final name and replace the manifest.

    If the manifest cannot be replaced, the folder is removed again. Raises OSError or IndexNotWritable.
    """
    from papersearch.index.removal import remove_unread, replace_locked

    content = encode_manifest(manifest)
    files.write_file(building / MANIFEST, content)
    folder = index_path / manifest.folder
    if not is_alone and folder.exists():
        raise IndexNotWritable(path=folder, cause="another build wrote it, and no locks keep builds apart here")
    # A killed build may have left one, which was never current. Without locks it is another's, and this fails.
    files.rename_folder(building, folder, replaces=is_alone)
    try:
        for generation, part in _folders(index_path):
            # What a rollback has undone: the next one would lead there, if this process were killed after this.
            if before is not None and before.generation < generation < manifest.generation:
                remove_unread(index_path / generation_folder(generation, part), is_alone=is_alone)
        replace_locked(index_path / MANIFEST, content, is_alone=is_alone)
    except BaseException:
        current = _current(index_path)
        if current is None or current.folder != manifest.folder:
            files.remove(folder)
        raise


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into IndexNotWritable for `path`."""
    try:
        yield
    except OSError as error:
        raise IndexNotWritable(path=path, cause=error.strerror or str(error)) from error


def rollback(index_path: Path) -> Manifest:
    """Make the generation before the current one current again. Raises a StoredIndexError.

    If that generation was never complete, its last part becomes current. What a killed build has
    removed in part is passed over.
    """
    from papersearch.index.removal import replace_locked

    current = read_manifest(index_path).generation
    earlier = [folder for folder in _folders(index_path) if folder[0] < current]
    if not earlier:
        raise NoEarlierGeneration(path=index_path, generation=current)
    manifest, content = _last_whole(index_path, earlier)
    with write_errors(index_path):
        replace_locked(index_path / MANIFEST, content, is_alone=locking.is_locked(index_path))
    return manifest


def _last_whole(index_path: Path, folders: Iterable[tuple[int, int]]) -> tuple[Manifest, bytes]:
    """Return the manifest, and its bytes, of the last of these publications that has all its files.

    Raises a StoredIndexError.
    """
    faults: list[StoredIndexError] = []
    for folder in reversed([*folders]):
        name = generation_folder(*folder)
        try:
            content = read_description(index_path / name / MANIFEST)
            manifest = decode_manifest(content, str(index_path))
            Generation(index_path, manifest, None).check_files()
            return manifest, content
        except StoredIndexError as error:
            faults.append(error)
        except OSError as error:
            faults.append(
                IndexDamaged(path=index_path, file=name, fault=f"has no manifest ({error.strerror or error})")
            )
    raise faults[0]


def generations(index_path: Path) -> list[int]:
    """Return the numbers of the generations on disk, ascending."""
    return sorted({number for number, _ in _folders(index_path)})


def _folders(index_path: Path) -> list[tuple[int, int]]:
    """Return generation and part of every publication on disk, in the order of publication."""
    found = [
        (int(named[1]), int(named[2] or 0))
        for path in index_path.glob("generation-*")
        if (named := _FOLDER.fullmatch(path.name))
    ]
    return sorted(found, key=lambda folder: (folder[0], folder[1] or math.inf))  # the complete one is the last


def _current(index_path: Path) -> Manifest | None:
    """Return the current manifest, or None if there is none to read."""
    try:
        return read_manifest(index_path)
    except StoredIndexError:
        return None


def _foreign_entries(index_path: Path) -> list[str]:
    """Return the names in the folder that papersearch does not write; dot files are ignored."""
    if not index_path.is_dir():
        return []
    return sorted(entry.name for entry in index_path.iterdir() if not _OURS.fullmatch(entry.name))
