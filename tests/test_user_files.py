"""Files that a user keeps: all of them are read within a bound."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from papersearch import saved, seen
from papersearch.checksums import sha256_of_file
from papersearch.cli import registry
from papersearch.cli.errors import CommandError
from papersearch.cli.output.exports import styles
from papersearch.errors import PapersearchError, WeightsUnreadable
from papersearch.index.layout import WEIGHTS
from papersearch.index.weights import read_weights
from papersearch.marks import file as marks
from papersearch.user_files import read_bounded
from tests.like_windows import opened_here


@pytest.mark.parametrize("size", [0, 1, 8, 9, 100])
def test_the_bound(tmp_path: Path, size: int) -> None:
    """A file up to the bound is read whole, and a longer one is an error that names the bound."""
    path = tmp_path / "kept"
    path.write_bytes(bytes(range(size)))
    if size <= 8:
        assert read_bounded(path, 8) == bytes(range(size))
        return
    with pytest.raises(OSError, match="it has more than 8 bytes") as refused:
        read_bounded(path, 8)
    assert refused.value.strerror == "it has more than 8 bytes"


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open descriptors are not listed here")


@needs_proc
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "missing"])
def test_what_is_refused_stays_open_nowhere(tmp_path: Path, kind: str) -> None:
    """A folder, a pipe and a device are errors at once, and leave no descriptor open."""
    path = tmp_path / "kept"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    for read in (lambda: read_bounded(path, 8), lambda: sha256_of_file(path)):
        with pytest.raises(OSError, match=r"Is a directory|not a regular file|No such file"):
            read()
    assert path.resolve() not in opened_here()


@needs_proc
def test_what_is_open_is_seen(tmp_path: Path) -> None:
    """The path of an open file is among those that the process has open."""
    path = tmp_path / "kept"
    with path.open("w"):
        assert path.resolve() in opened_here()
    assert path.resolve() not in opened_here()


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "searches": ("papersearch.toml_files._MAX_BYTES", saved.read),
    "collections": ("papersearch.toml_files._MAX_BYTES", registry.read_collections),
    "what was shown": ("papersearch.seen._MAX_BYTES", lambda path: seen.Seen(path.with_name("kept"), "x", "run")),
    "marks": ("papersearch.marks.file._MAX_BYTES", marks.read_marks),
    "a style": ("papersearch.cli.output.exports.styles._MOST_BYTES", lambda path: styles.find_style(str(path))),
}


@pytest.mark.parametrize("which", READERS)
def test_every_reader_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    """What is longer than its reader's bound is refused by name, whatever it is, and stays as it is."""
    bound, read = READERS[which]
    path = tmp_path / "kept.seen.json"
    monkeypatch.setattr(bound, 1000)
    path.write_bytes(b" " * 1001)
    with pytest.raises((PapersearchError, CommandError), match=r"cannot read .*: it has more than 1,000 bytes"):
        read(path)
    assert path.read_bytes() == b" " * 1001


@pytest.mark.parametrize("which", READERS)
@pytest.mark.parametrize("signs", ["x = " + "[" * 50_000, '{"x": ' + "[" * 50_000, "<a>" * 50_000])
def test_deep_nesting(tmp_path: Path, which: str, signs: str) -> None:
    """Brackets within brackets exhaust no reader's recursion: it refuses the file, or reads past them."""
    path = tmp_path / "kept.seen.json"
    path.write_text(signs)
    with suppress(PapersearchError, CommandError):
        READERS[which][1](path)


@pytest.mark.parametrize(
    "content", ["x = " + "[" * 50_000, "keyword = 1e999", "keyword = nan", "keyword = " + "9" * 5000, "\0"]
)
def test_weights_by_an_attacker(tmp_path: Path, content: str) -> None:
    """Weights in an index that nest, overflow or have no value are an error that names the file."""
    (tmp_path / WEIGHTS).write_text(content)
    with pytest.raises(WeightsUnreadable, match=WEIGHTS):
        read_weights(tmp_path)
