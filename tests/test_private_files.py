"""Files that only their owner reads."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from papersearch.private_files import read_private, write_private

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no permissions")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_others_read_nothing(tmp_path: Path, umask: int) -> None:
    """A private file, and a folder that is made for it, are their owner's alone under any umask."""
    path = tmp_path / "made" / "file"
    before = os.umask(umask)
    try:
        write_private(path, b"own")
        write_private(path, b"own again")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert read_private(path, 100, 1) == b"own again"


@pytest.mark.parametrize("kind", ["pipe", "link", "device"])
def test_what_lies_in_its_place(tmp_path: Path, kind: str) -> None:
    """A pipe, a device or a link in its place is not read, and a write replaces it and follows no link."""
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_bytes(b"other")
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(other if kind == "link" else "/dev/zero")
    with suppress(OSError):
        assert read_private(path, 100, 1) is None
    write_private(path, b"own")
    assert read_private(path, 100, 1) == b"own"
    assert other.read_bytes() == b"other"
