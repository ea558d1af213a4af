"""Every write that can fail: injected errors, a disk that is full, and damages."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.errors import IndexNotWritable
from papersearch.index import files
from papersearch.index.layout import generation_folder
from tests.conftest import PROJECT, command_environment
from tests.faults.disk_calls import failing, observed
from tests.growing import add, answers, leftovers


@pytest.mark.slow
@pytest.mark.parametrize(("code", "step"), [(errno.ENOSPC, 11), (errno.EIO, 13)])
def test_every_write_fails_in_turn(
    small_corpus: Path, small_index: Path, build: Any, tmp_path: Path, code: int, step: int
) -> None:
    """A failing call gives an IndexNotWritable or the new index; the old or the new one answers, without litter."""
    add(small_corpus, "new.txt", "quantum annealing")
    build()  # now both states' texts are known
    kept = shutil.copytree(small_index, tmp_path / "kept")
    old = answers(small_index)
    add(small_corpus, "newer.txt", "protein folding")
    build()
    new = answers(small_index)
    nth, n_refused = 1, 0  # one error at every 11th call that writes, the other at every 13th
    while True:
        shutil.rmtree(small_index)
        shutil.copytree(kept, small_index)
        failure = failing(nth, code)
        try:
            with observed(small_index, failure):
                build(full=False)
        except IndexNotWritable as error:
            assert os.strerror(code) in error.message
            assert answers(small_index) in (old, new)
            n_refused += 1
        else:
            assert answers(small_index) == new
        assert leftovers(small_index) == []
        if not failure.was_done:
            break
        nth += step
    assert n_refused * step > 80


def test_folders_that_cannot_be_synced(small_corpus: Path, small_index: Path, build: Any) -> None:
    """A file system that syncs no folders, as some over a network, has an index all the same."""

    def observe(name: str, arguments: tuple[Any, ...], options: dict[str, Any], make: Callable[[], Any]) -> Any:
        if name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return make()

    add(small_corpus, "new.txt", "quantum annealing")
    with observed(small_index, observe):
        assert build().n_papers == 5


def test_a_kept_file_is_compared_where_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where links cannot be made, a file is copied in pieces; one that has changed since is refused."""
    content = np.random.default_rng(1).bytes(70_000)
    written = files.write_file(tmp_path / "kept", content)
    kept = files.KeptFile(tmp_path / "kept", *written)

    def observe(name: str, arguments: tuple[Any, ...], options: dict[str, Any], make: Callable[[], Any]) -> Any:
        if name == "link":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        return make()

    monkeypatch.setattr(files, "_PIECE", 1 << 14)
    with observed(tmp_path, observe):
        copied = files.write_file(tmp_path / "copied", kept)
    assert (tmp_path / "copied").read_bytes() == content
    assert (copied.record, copied.sums.tolist()) == (written.record, written.sums.tolist())
    (tmp_path / "kept").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    for number, known in enumerate((kept, kept._replace(sums=None))):
        with observed(tmp_path, observe), pytest.raises(OSError, match="its checksum has changed"):
            files.write_file(tmp_path / f"damaged-{number}", known)


def test_folders_that_stay_while_they_are_read(
    small_corpus: Path, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed build left under the same name is replaced, also where an open file keeps its folder."""
    index_path, removed = tmp_path / "other", shutil.rmtree
    papersearch.build(small_corpus, index_path, model=str(small_model), words_only=True)
    left = shutil.copytree(index_path / generation_folder(1, 1), index_path / generation_folder(1))

    def remove(folder: Path, **options: Any) -> None:
        removed(folder, **options)
        if folder == left or folder.name.endswith("-old"):
            folder.mkdir()
            (folder / ".nfs0001").touch()

    with monkeypatch.context() as changed:
        changed.setattr(shutil, "rmtree", remove)
        papersearch.build(small_corpus, index_path, model=str(small_model))
    index = papersearch.open(index_path)
    assert (index.manifest.folder, index.verify()) == (left.name, [])
    add(small_corpus, "new.txt", "quantum annealing")
    papersearch.build(small_corpus, index_path, model=str(small_model))
    assert leftovers(index_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 600 kB, where one can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_disk_that_is_really_full(small_corpus: Path, small_model: Path, small_disk: Path) -> None:
    """On a file system that fills up in the middle of a build, the old index stays."""
    index_path = small_disk / "index"
    papersearch.build(small_corpus, index_path, model=str(small_model))
    before = answers(index_path)
    with (small_disk / "ballast").open("wb") as ballast:
        free = os.statvfs(small_disk)
        ballast.write(bytes(free.f_bavail * free.f_frsize - 20_000))
    add(small_corpus, "new.txt", "quantum annealing")
    with pytest.raises(IndexNotWritable, match="No space left"):
        papersearch.build(small_corpus, index_path, model=str(small_model))
    assert answers(index_path) == before
    (small_disk / "ballast").unlink()
    papersearch.build(small_corpus, index_path, model=str(small_model))
    assert len(papersearch.open(index_path)) == 5


@pytest.mark.slow
def test_faults_in_small() -> None:
    """benchmarks/mangled_dumps.py in small: an ingest finds every paper that is not beside the damage."""
    command = [sys.executable, str(PROJECT / "benchmarks" / "mangled_dumps.py")]
    numbers = ["--mutations", "50"]
    done = subprocess.run(
        [*command, *numbers], capture_output=True, text=True, check=False, env=command_environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.soak
def test_faults_at_large() -> None:
    """The same in full, for a few minutes."""
    command = [sys.executable, str(PROJECT / "benchmarks" / "mangled_dumps.py"), "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=command_environment())
    assert done.returncode == 0, done.stdout + done.stderr
