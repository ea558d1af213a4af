"""Opening the current generation of an index, and publishing a new one.

A generation is a folder that never changes once it is there. Publishing writes a folder
under another name, syncs it, renames it, and then replaces the manifest: a reader has the
old generation or the new one, whole. The generation before stays.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from papersearch.errors import IndexDamaged, IndexForeign, IndexMissing, IndexNotWritable, StoredIndexError
from papersearch.storage.layout import ARRAYS, KIND, MANIFEST, TEXTS, generation_folder
from papersearch.storage.manifest import FileRecord, Manifest, decode_manifest, encode_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

_KEPT_GENERATIONS = 2
_OURS = re.compile(r"generation-\d{6,}|\.building-\w+|manifest\.json|\.manifest-\w+|\..*|README.*")


class Generation(NamedTuple):
    """An open generation. Arrays and texts are mapped when asked for, and checked then
    against the manifest in all that is cheap: presence, size, dtype, shape."""

    index_path: Path
    manifest: Manifest

    def array(self, name: str) -> npt.NDArray[Any]:
        """The array of the file `name`, read-only, mapped."""
        path = self._checked_path(name)
        described = ARRAYS[name]
        shape = tuple(self.manifest.axis(letter) for letter in described.shape)
        try:
            # A file cannot be mapped where there is nothing in it.
            array = np.load(path, mmap_mode="r" if all(shape) else None, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise self._damaged(name, "cannot be read") from error
        if array.dtype != np.dtype(described.dtype) or array.shape != shape:
            raise self._damaged(name, "has another shape than the manifest says")
        return np.asarray(array)

    def text(self, name: str) -> bytes | mmap.mmap:
        """The bytes of the file `name`, mapped."""
        path = self._checked_path(name)
        if self.manifest.files[name].size == 0:
            return b""
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def _checked_path(self, name: str) -> Path:
        path = self.index_path / generation_folder(self.manifest.generation) / name
        try:
            size = path.stat().st_size
        except OSError as error:
            raise self._damaged(name, "is missing") from error
        if size != self.manifest.files[name].size:
            raise self._damaged(name, f"has {size:,} bytes in place of {self.manifest.files[name].size:,}")
        return path

    def _damaged(self, name: str, what: str) -> IndexDamaged:
        return IndexDamaged(
            f"{self.index_path} is damaged: {name} {what}", f"papersearch index --index {self.index_path}"
        )


def open_current(index_path: Path) -> Generation:
    """The generation that the manifest names. Raises a StoredIndexError."""
    place = index_path / MANIFEST
    try:
        content = place.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        if _foreign_entries(index_path):
            raise IndexForeign(
                f"{index_path} holds files, but no index of papersearch",
                "papersearch index --index ANOTHER_FOLDER",
            ) from error
        raise IndexMissing(f"there is no index in {index_path}", "papersearch index") from error
    except OSError as error:
        raise StoredIndexError(f"{place}: {error.strerror or error}", "papersearch index") from error
    return Generation(index_path, decode_manifest(content, str(index_path)))


def is_index(index_path: Path) -> bool:
    """Whether the folder looks like an index of ours, current or not."""
    try:
        with (index_path / MANIFEST).open("rb") as file:
            return KIND.encode() in file.read(200)
    except OSError:
        return False


def check_writable(index_path: Path) -> None:
    """Raise before hours of work what publishing would raise after them."""
    if index_path.exists() and not index_path.is_dir():
        raise IndexForeign(f"{index_path} is a file", "papersearch index --index ANOTHER_FOLDER")
    foreign = _foreign_entries(index_path)
    if foreign:
        raise IndexForeign(
            f"{index_path} holds files that papersearch did not write ({foreign[0]})",
            "papersearch index --index ANOTHER_FOLDER",
        )
    if (index_path / MANIFEST).exists():
        with suppress(IndexDamaged):  # building anew is what mends it
            decode_manifest((index_path / MANIFEST).read_bytes(), str(index_path))
    try:
        index_path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=index_path):
            pass
    except OSError as error:
        raise _not_writable(index_path, error) from error


def publish(
    index_path: Path,
    files: Mapping[str, bytes | npt.NDArray[Any]],
    describe: Callable[[int, dict[str, FileRecord]], Manifest],
) -> Manifest:
    """Write `files` as a new generation and make it current.

    `describe` gets the generation's number and the files' records and gives the manifest.
    When anything fails, what was current stays current. Raises IndexNotWritable.
    """
    if set(files) != {*ARRAYS, *TEXTS}:
        raise ValueError("the layout lists other files")
    building: Path | None = None
    try:
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=index_path))
        building.chmod(0o755)  # mkdtemp's own is for the builder only
        records = {name: _write(building / name, content) for name, content in sorted(files.items())}
        while True:
            generation = max(_generations(index_path), default=0) + 1
            manifest = describe(generation, records)
            content = encode_manifest(manifest)
            _write(building / MANIFEST, content)
            _sync_folder(building)
            try:
                building.rename(index_path / generation_folder(generation))
                break
            except OSError:
                # Another build took the number meanwhile: take the next one.
                if not (index_path / generation_folder(generation)).exists():
                    raise
        _replace_manifest(index_path, content)
    except OSError as error:
        raise _not_writable(index_path, error) from error
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
    for old in _generations(index_path)[:-_KEPT_GENERATIONS]:
        shutil.rmtree(index_path / generation_folder(old), ignore_errors=True)
    return manifest


def _write(path: Path, content: bytes | npt.NDArray[Any]) -> FileRecord:
    with path.open("wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            np.save(file, content, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileRecord(path.stat().st_size, digest)


def _replace_manifest(index_path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".manifest-", dir=index_path)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(index_path / MANIFEST)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(index_path)


def _sync_folder(path: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _generations(index_path: Path) -> list[int]:
    """Numbers of the generations on disk, ascending."""
    return sorted(int(path.name.removeprefix("generation-")) for path in index_path.glob("generation-*"))


def _foreign_entries(index_path: Path) -> list[str]:
    """Names in the folder that no build of ours would write; dot files are nobody's concern."""
    if not index_path.is_dir():
        return []
    return sorted(entry.name for entry in index_path.iterdir() if not _OURS.fullmatch(entry.name))


def _not_writable(index_path: Path, error: OSError) -> IndexNotWritable:
    return IndexNotWritable(
        f"{index_path} cannot be written: {error.strerror or error}; what was there is untouched",
        "papersearch index --index ANOTHER_FOLDER",
    )
