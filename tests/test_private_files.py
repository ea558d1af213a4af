"""Small files of the reader's, which only their owner reads, and which are replaced as a whole."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from papersearch.index.files import replace_file
from papersearch.private_files import read_private, write_private

NEEDS_POSIX = pytest.mark.skipif(os.name != "posix", reason="there are no permissions")


@NEEDS_POSIX
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


@NEEDS_POSIX
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


@NEEDS_POSIX
def test_a_folder_in_its_place_leaves_nothing_open(tmp_path: Path) -> None:
    """A folder in its place is an error each time, and no descriptor stays open."""
    lowest = os.dup(0)
    os.close(lowest)
    for _ in range(3):
        with pytest.raises(OSError, match="directory"):
            read_private(tmp_path, 100, 1)
    again = os.dup(0)
    os.close(again)
    assert again == lowest


@pytest.mark.parametrize("write", [write_private, replace_file])
def test_files_that_are_replaced_at_once_are_whole(tmp_path: Path, write: Callable[[Path, bytes], None]) -> None:
    """A file that threads replace at once is always what one of them wrote, and none of them fails."""
    path = tmp_path / "kept.json"
    written = [bytes([65 + number]) * (number + 1) * 50_000 for number in range(4)]
    write(path, written[0])

    def work(content: bytes) -> None:
        for _ in range(25):
            write(path, content)
            assert path.read_bytes() in written

    threads = [threading.Thread(target=work, args=(content,)) for content in written]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in written
    assert list(tmp_path.iterdir()) == [path]
