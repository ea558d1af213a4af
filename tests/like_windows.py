"""A command of papersearch that finds on this machine what it would find on Windows.

    python -m tests.like_windows index corpus

For the package's own modules alone, the standard library lacks what Windows lacks, and the platform is
called so. Descriptors of `os.open` translate line ends. For the whole process, a file that is open or
mapped can be neither removed nor renamed, nor can a folder above it, and names that Windows refuses
cannot be made. Processes of workers are as everywhere.
"""

from __future__ import annotations

import builtins
import errno
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.platform_names import missing_on, names_on

O_BINARY = 1 << 30

REFUSED_NAME = re.compile(
    r'.*[<>:"|?*\\\x00-\x1f].*|.*[. ]|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?', re.IGNORECASE | re.DOTALL
)
"""Names that Windows does not allow: "Naming Files, Paths, and Namespaces" in its documentation."""

_import = builtins.__import__
_open, _write = os.open, os.write


class LikeWindows:
    """A module without the names that Windows lacks, and with `changes`."""

    def __init__(self, module: ModuleType, **changes: Any) -> None:
        absent = missing_on(module.__name__, "win32")
        vars(self).update(_module=module, _absent=absent, _changes=changes)

    def __getattr__(self, name: str) -> Any:
        if name in self._changes:
            return self._changes[name]
        if name in self._absent:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}", name=name)
        return getattr(self._module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._module, name, value)


class _Descriptors:
    """The functions of `os` for descriptors, which are in text mode unless O_BINARY is given."""

    def __init__(self) -> None:
        self.text: set[int] = set()

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        if Path(os.fspath(path)).is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        descriptor = _open(path, flags & ~O_BINARY, mode)
        (self.text.discard if flags & O_BINARY else self.text.add)(descriptor)
        return descriptor

    def write(self, descriptor: int, content: Any) -> int:
        if descriptor not in self.text:
            return _write(descriptor, content)
        _write(descriptor, bytes(content).replace(b"\n", b"\r\n"))
        return len(content)


def install() -> None:
    """Change this process, for good."""
    descriptors = _Descriptors()
    known: dict[str, Any] = {
        "sys": LikeWindows(sys, platform="win32"),
        "os": LikeWindows(
            os,
            name="nt",
            O_BINARY=O_BINARY,
            open=descriptors.open,
            write=descriptors.write,
        ),
    }

    def imported(name: str, importer: Any = None, *rest: Any, **named: Any) -> Any:
        module = _import(name, importer, *rest, **named)
        asked_by = str((importer or {}).get("__name__", "")).partition(".")[0]
        if asked_by != "papersearch" or name not in sys.stdlib_module_names:
            return module
        if missing_on(name, "win32") and not names_on(name, "win32"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return known.setdefault(name, LikeWindows(module)) if missing_on(name, "win32") or name == "sys" else module

    builtins.__import__ = imported
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise the error that Windows raises for a call of the operating system."""
    match event, arguments:
        case "open", (str() | bytes() as path, _, int(flags)) if flags & os.O_CREAT:
            _check_name(path)
        case "os.mkdir", (path, _, _):
            _check_name(path)
        case "os.rename", (source, target, *_):
            _check_name(target)
            _check_closed(source)
            _check_closed(target)
        case (("os.remove" | "os.rmdir"), (path, folder)):
            _check_closed(Path(f"/proc/self/fd/{folder}").readlink() / path if folder >= 0 else path)


def _check_name(path: Any) -> None:
    if any(REFUSED_NAME.fullmatch(part) for part in Path(os.fsdecode(path)).parts if part not in ("/", "..")):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)


def _check_closed(path: Any) -> None:
    whole = Path(os.path.realpath(os.fsdecode(path)))
    if any(used.is_relative_to(whole) for used in _used()):
        raise PermissionError(errno.EACCES, "the file is used by a process", path)


def opened_here() -> set[Path]:
    """Return the paths of what this process has open; it may be closed soon after."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # it was closed meanwhile, as the folder's own is
            found.add(descriptor.readlink())
    return found


def _used() -> set[Path]:
    """Return the paths of files that this process has open or mapped; folders are not."""
    found = opened_here()
    with Path("/proc/self/maps").open(encoding="utf-8", errors="surrogateescape") as maps:
        found.update(Path(line.split(maxsplit=5)[5].rstrip("\n")) for line in maps if "/" in line)
    return {path for path in found if not path.is_dir()}


if __name__ == "__main__":
    install()
    from papersearch.cli import main

    main()
