"""An index or a model from elsewhere, with links, pipes and devices in place of its files."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import (
    IndexForeign,
    IndexNotWritable,
    ModelError,
    PapersearchError,
    StoredIndexError,
    WeightsUnreadable,
)
from papersearch.index.journal import FOLDER, Journal
from papersearch.index.layout import MANIFEST, SHARDS, WEIGHTS, generation_folder
from papersearch.index.locking import LOCK
from papersearch.index.parts import check_whole
from papersearch.user_files import read_bounded
from tests.growing import add, tree

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")

WATCHDOG_S = 60


@pytest.fixture(autouse=True)
def _watchdog() -> Iterator[None]:
    """End a test that waits for a pipe."""

    def end(*_: object) -> None:
        raise AssertionError("a pipe or a device is waited for")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(WATCHDOG_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Make a folder of the reader's own, which no index may touch."""
    folder = tmp_path / "own"
    (folder / "minutes-of-meeting").mkdir(parents=True)
    (folder / "minutes-of-meeting" / "page").write_text("own")
    (folder / "file").write_text("own")
    return folder


def put_pipe(path: Path) -> None:
    os.mkfifo(path)


def put_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def put_loop(path: Path) -> None:
    path.symlink_to(path.name)


OTHERS: dict[str, Callable[[Path], None]] = {"pipe": put_pipe, "device": put_device, "loop": put_loop}


def replace(path: Path, kind: str) -> None:
    """Put something else in the place of a file."""
    path.unlink(missing_ok=True)
    OTHERS[kind](path)


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", [MANIFEST, SHARDS, WEIGHTS, f"{generation_folder(1)}/{MANIFEST}"])
def test_no_description_is_waited_for(small_index: Path, build: Any, name: str, kind: str) -> None:
    """A pipe, a device or a loop in place of a description is an error, and no build waits for it."""
    replace(small_index / name, kind)
    if (name, kind) != (SHARDS, "loop"):  # a link to nothing is a file that is missing
        with pytest.raises((StoredIndexError, WeightsUnreadable)):
            papersearch.open(small_index).search("bubbles")
    with suppress(PapersearchError):
        build(full=True)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_project_is_looked_for(tmp_path: Path, run: Any, kind: str) -> None:
    """A folder whose index is a pipe, a device or a loop keeps no command."""
    (tmp_path / "index").mkdir()
    OTHERS[kind](tmp_path / "index" / MANIFEST)
    done = run("bubbles", cwd=tmp_path, env={"PAPERSEARCH_INDEX": ""})
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "name", [LOCK, FOLDER, ".building", generation_folder(2), generation_folder(7), f".{MANIFEST}-{os.getpid()}"]
)
@pytest.mark.parametrize("target", ["file", ".", "new"])
def test_no_build_writes_through_a_link(
    small_index: Path, small_corpus: Path, build: Any, outside: Path, name: str, target: str
) -> None:
    """A link in an index changes nothing that it leads to, whether the build succeeds or says why not."""
    before = tree(outside)
    if name == FOLDER:
        shutil.rmtree(small_index / FOLDER, ignore_errors=True)
    (small_index / name).unlink(missing_ok=True)
    (small_index / name).symlink_to(outside / target)
    add(small_corpus, "new.txt", "dropout")
    with suppress(IndexNotWritable):
        build()
    assert tree(outside) == before
    assert not (outside / "new").exists()


@pytest.mark.parametrize("fresh", [False, True])
def test_a_linked_journal(tmp_path: Path, outside: Path, fresh: bool) -> None:
    """A journal that is a link, or lies in a linked folder, is removed, and its target stays as it was."""
    before = tree(outside)
    (tmp_path / FOLDER).symlink_to(outside, target_is_directory=True)
    Journal(tmp_path, "k" * 64, fresh=fresh).load()
    assert tree(outside) == before
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / f"{'k' * 16}.frames").symlink_to(outside / "file")
    Journal(tmp_path, "k" * 64, fresh=fresh).load()
    assert tree(outside) == before
    assert list((tmp_path / FOLDER).iterdir()) == []


@pytest.mark.parametrize("name", ["shards", "parts", "shards/00001-of-00002", "parts/00001-of-00002"])
def test_parts_and_shards_are_no_links(tmp_path: Path, outside: Path, name: str) -> None:
    """Neither a part nor a join is made where its folder leads out of the index."""
    place = tmp_path / "index" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside, target_is_directory=True)
    with pytest.raises(IndexForeign, match="is a link"):
        check_whole(tmp_path / "index")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "name",
    ["config.json", "modules.json", "tokenizer.json", "model.safetensors", "config_sentence_transformers.json"],
)
def test_no_file_of_a_model_is_waited_for(
    tmp_path: Path, small_model: Path, small_corpus: Path, name: str, kind: str
) -> None:
    """A pipe or a device among the files of a model is an error."""
    folder = shutil.copytree(small_model, tmp_path / "model")
    replace(folder / name, kind)
    with pytest.raises(ModelError):
        papersearch.build(small_corpus, tmp_path / "index", model=str(folder))


@pytest.mark.parametrize("kind", OTHERS)
def test_no_kept_file_is_waited_for(tmp_path: Path, kind: str) -> None:
    """A file that a reader is told to read is regular, or an error says that it is not."""
    OTHERS[kind](tmp_path / "kept")
    with pytest.raises(OSError, match=r"not a regular file|Too many levels"):
        read_bounded(tmp_path / "kept", 100)
