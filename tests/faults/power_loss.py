"""What a disk may hold after a loss of power: recorded calls, of which those that were not synced may be lost.

A recording is the state of a folder, and the calls that changed it. After a loss of power the disk has
every change that was synced: the content of a file by `fsync` of the file, its name by `fsync` of the
folder. Of the others POSIX promises nothing. `KEPT` has what file systems make of them: nothing, names
without content, content cut or with holes, the first changes in order, or each one by chance.
"""

from __future__ import annotations

import itertools
import os
import random
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from tests.faults.disk_calls import creates, observed

_SECTOR = 512


class Names(NamedTuple):
    """Names in folders that change at once: (folder, name, node); the node is None if the name goes."""

    changes: tuple[tuple[int, str, int | None], ...]


class Bytes(NamedTuple):
    """Bytes that are written to a file."""

    node: int
    offset: int
    content: bytes


class Size(NamedTuple):
    """A file that gets another size."""

    node: int
    size: int


class Sync(NamedTuple):
    """A file or folder whose changes before are on the disk from now on."""

    node: int


Operation: TypeAlias = Names | Bytes | Size | Sync

Keep: TypeAlias = "Callable[[Sequence[Operation], random.Random], list[Operation | None]]"
"""Function of the changes that were not synced, in order: what the disk has of each, None if nothing."""


class Disk(NamedTuple):
    """Files and folders by number; 0 is the outermost folder."""

    folders: dict[int, dict[str, int]]
    files: dict[int, bytes]


class Recording(NamedTuple):
    """A folder as it was, all of it synced, the calls that changed it, and the folders that they made."""

    before: Disk
    operations: tuple[Operation, ...]
    made: frozenset[int]

    def unsynced(self, n: int) -> list[int]:
        """Return the numbers of those of the first n operations that a loss of power may undo."""
        synced: set[int] = set()
        found = []
        for number in range(n - 1, -1, -1):
            match self.operations[number]:
                case Sync(node):
                    synced.add(node)
                case Names(changes):
                    if not synced & {folder for folder, *_ in changes}:
                        found.append(number)
                case Bytes(node) | Size(node):
                    if node not in synced:
                        found.append(number)
        return found[::-1]

    def disk(self, n: int, keep: Keep, drawn: random.Random) -> Disk:
        """Return a state of the disk after a loss of power that follows n operations.

        keep: what remains of the operations that were not synced
        """
        open_ = self.unsynced(n)
        kept = dict(zip(open_, keep([self.operations[number] for number in open_], drawn), strict=True))
        folders: dict[int, dict[str, int]] = {node: {} for node in self.made}
        folders |= {node: dict(names) for node, names in self.before.folders.items()}
        files = dict(self.before.files)
        for number in range(n):
            operation = kept.get(number, self.operations[number])
            match operation:
                case Names(changes):
                    for folder, name, node in changes:
                        if node is None:
                            folders[folder].pop(name, None)
                        else:
                            folders[folder][name] = node
                case Bytes(node, offset, content):
                    held = files.get(node, b"").ljust(offset, b"\0")
                    files[node] = held[:offset] + content + held[offset + len(content) :]
                case Size(node, size):
                    files[node] = files.get(node, b"")[:size].ljust(size, b"\0")
        return Disk(folders, files)


def record(folder: Path, work: Callable[[], object]) -> Recording:
    """Do `work` and record what it changes below `folder`."""
    recorder = _Recorder(folder)
    with observed(folder, recorder.observe):
        work()
    return Recording(recorder.before, tuple(recorder.operations), frozenset(recorder.made))


def read_disk(folder: Path) -> Disk:
    """Read a folder as a disk, all of it synced."""
    return _Recorder(folder).before


def contents(disk: Disk, node: int = 0, above: str = "") -> dict[str, bytes | None]:
    """Return the bytes of each file of a disk by its path below the outermost folder; None of a folder."""
    found: dict[str, bytes | None] = {}
    for name, inner in disk.folders.get(node, {}).items():
        place = f"{above}{name}"
        if inner in disk.folders:
            found |= {place: None, **contents(disk, inner, f"{place}/")}
        else:
            found[place] = disk.files.get(inner, b"")
    return found


def write_disk(disk: Disk, folder: Path) -> None:
    """Write the files and folders of a disk into an empty folder."""
    for place, content in contents(disk).items():
        if content is None:
            (folder / place).mkdir()
        else:
            (folder / place).write_bytes(content)


class _Recorder:
    """The state of a folder at first, and the calls that an observer has seen since."""

    def __init__(self, folder: Path) -> None:
        self.before = Disk({}, {})
        self.operations: list[Operation] = []
        self.made: set[int] = set()
        self._numbers = itertools.count()
        self._nodes: dict[tuple[int, int], int] = {}
        self._lock = threading.Lock()
        self._scan(folder)

    def observe(
        self, name: str, arguments: tuple[Any, ...], options: dict[str, Any], make: Callable[[], Any]
    ) -> Any:
        """Make a call, and record it if it changes anything below the folder."""
        with self._lock:  # a build writes in two threads, and the order counts
            if name in ("write", "pwrite", "ftruncate", "fsync"):
                return self._change_content(name, arguments, make)
            if name == "open":
                return self._open(arguments, options.get("dir_fd"), make)
            return self._change_names(name, arguments, options.get("dir_fd"), make)

    def _scan(self, place: Path) -> int:
        status = place.stat()
        if (known := self._node(status)) is not None:  # a file may have several names
            return known
        node = self._new(status)
        if stat.S_ISDIR(status.st_mode):
            names = self.before.folders[node] = {}
            names.update({inner.name: self._scan(inner) for inner in place.iterdir()})
        else:
            self.before.files[node] = place.read_bytes()
        return node

    def _node(self, status: os.stat_result) -> int | None:
        return self._nodes.get((status.st_dev, status.st_ino))

    def _new(self, status: os.stat_result) -> int:
        """Give a number to a new file or folder; the system may use that of an inode again."""
        node = self._nodes[status.st_dev, status.st_ino] = next(self._numbers)
        return node

    def _change_content(self, name: str, arguments: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        descriptor = arguments[0]
        node = self._node(os.fstat(descriptor))
        offset = os.lseek(descriptor, 0, os.SEEK_CUR) if name == "write" else arguments[-1]
        result = make()
        if node is None:
            return result
        if name == "fsync":
            self.operations.append(Sync(node))
        elif name == "ftruncate":
            self.operations.append(Size(node, arguments[1]))
        else:
            self.operations.append(Bytes(node, offset, bytes(arguments[1])[:result]))
        return result

    def _open(self, arguments: tuple[Any, ...], within: int | None, make: Callable[[], Any]) -> Any:
        if not creates(arguments):
            return make()
        is_new = not _exists(arguments[0], within)
        descriptor = make()
        folder, name = self._place(arguments[0], within)
        if folder is not None and is_new:
            self.operations.append(Names(((folder, name, self._new(os.fstat(descriptor))),)))
        elif folder is not None and arguments[1] & os.O_TRUNC:
            self.operations.append(Size(self._known(os.fstat(descriptor)), 0))
        return descriptor

    def _change_names(
        self, name: str, arguments: tuple[Any, ...], within: int | None, make: Callable[[], Any]
    ) -> Any:
        folder, old = self._place(arguments[0], within)
        moved = Path(arguments[0]).stat() if name in ("rename", "replace", "link") else None
        result = make()
        if moved is not None:
            target, new = self._place(arguments[1], within)
            if target is not None:
                gone = [] if name == "link" or folder is None else [(folder, old, None)]
                self.operations.append(Names((*gone, (target, new, self._known(moved)))))
        elif folder is not None:
            node = None
            if name == "mkdir":
                node = self._new(os.stat(arguments[0], dir_fd=within))
                self.made.add(node)
            self.operations.append(Names(((folder, old, node),)))
        return result

    def _known(self, status: os.stat_result) -> int:
        """Return the number of a file or folder below the recorded one."""
        node = self._node(status)
        assert node is not None, "it comes from elsewhere"
        return node

    def _place(self, path: Any, within: int | None) -> tuple[int | None, str]:
        """Return the number of the folder that a path names something in, and the name."""
        folder, name = os.path.split(os.fspath(path))
        return self._node(os.stat(folder or ".", dir_fd=within)), name


def _exists(path: Any, within: int | None) -> bool:
    try:
        os.stat(path, dir_fd=within)
    except FileNotFoundError:
        return False
    return True


def _keeping(names: Callable[[int, random.Random], list[bool]], forms: str) -> Keep:
    """Return a choice of names, given their number, and of one form by chance for each content."""

    def keep(operations: Sequence[Operation], drawn: random.Random) -> list[Operation | None]:
        choices = iter(names(sum(isinstance(one, Names) for one in operations), drawn))
        kept: list[Operation | None] = []
        for one in operations:
            if isinstance(one, Names):
                kept.append(one if next(choices) else None)
            else:
                kept.append(_FORMS[drawn.choice(forms.split())](one, drawn))
        return kept

    return keep


def _zeros(one: Operation, drawn: random.Random) -> Operation:
    return one._replace(content=bytes(len(one.content))) if isinstance(one, Bytes) else one


def _cut(one: Operation, drawn: random.Random) -> Operation:
    return (
        one._replace(content=one.content[: drawn.randrange(len(one.content) + 1)])
        if isinstance(one, Bytes)
        else one
    )


def _sectors(one: Operation, drawn: random.Random) -> Operation:
    if not isinstance(one, Bytes):
        return one
    pieces = [one.content[start : start + _SECTOR] for start in range(0, len(one.content), _SECTOR)]
    return one._replace(content=b"".join(drawn.choice((piece, bytes(len(piece)))) for piece in pieces))


_FORMS: dict[str, Callable[[Operation, random.Random], Operation | None]] = {
    "none": lambda one, drawn: None,
    "whole": lambda one, drawn: one,
    "zeros": _zeros,
    "cut": _cut,
    "sectors": _sectors,
}
_ANY_FORM = " ".join(_FORMS)


def _first(n: int, drawn: random.Random) -> list[bool]:
    n_kept = drawn.randrange(n + 1)
    return [number < n_kept for number in range(n)]


def _one(n: int, drawn: random.Random) -> list[bool]:
    chosen = drawn.randrange(max(n, 1))
    return [number == chosen for number in range(n)]


KEPT: dict[str, Keep] = {
    "nothing": _keeping(lambda n, drawn: [False] * n, "none"),
    "names without content": _keeping(lambda n, drawn: [True] * n, "none"),
    "names and zeros": _keeping(lambda n, drawn: [True] * n, "zeros"),
    "names and cut content": _keeping(lambda n, drawn: [True] * n, "cut"),
    "names and some sectors": _keeping(lambda n, drawn: [True] * n, "sectors"),
    "content without names": _keeping(lambda n, drawn: [False] * n, "whole"),
    "the first names": _keeping(_first, _ANY_FORM),
    "one name": _keeping(_one, _ANY_FORM),
    "all names but one": _keeping(lambda n, drawn: [not kept for kept in _one(n, drawn)], _ANY_FORM),
    "any names": _keeping(lambda n, drawn: [drawn.random() < 0.5 for _ in range(n)], _ANY_FORM),
}
"""What a loss of power may leave of changes that were not synced."""


def everything(operations: Sequence[Operation], drawn: random.Random) -> list[Operation | None]:
    """Keep all changes, as if there were no loss of power."""
    return list(operations)
