"""Small files that several threads and processes replace at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from papersearch.index.files import replace_file
from papersearch.private_files import write_private


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
