"""Changes of an index that are killed, or lose power, at any moment: the old or the new index is there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from papersearch.index import files
from tests.conftest import PROJECT, command_environment
from tests.faults.changes import CHANGES, Trial
from tests.faults.killing import killed_at, moments
from tests.faults.power_loss import KEPT, contents, everything, read_disk, record, write_disk

N_TRIED = 5
"""Moments tried for each change; benchmarks/kills.py and benchmarks/power_loss.py try as many as one asks for."""

QUICK = ("an update", "a build in parts", "a first join", "a rollback of shards", "weights that go")


@pytest.fixture(
    scope="module",
    params=[name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CHANGES],
)
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Return each change in a folder of its own."""
    return Trial(request.param, tmp_path_factory.mktemp("trial"))


@pytest.mark.slow
def test_a_kill_at_any_moment(trial: Trial) -> None:
    """After a kill the old or the new index answers, and the next change ends as if there had been none."""
    trial.start()
    found = moments(trial.disk, trial.make)
    for moment in random.Random(20).sample(found, min(N_TRIED, len(found))):
        trial.start()
        assert killed_at(moment, trial.disk, trial.make)
        assert trial.broken() == [], moment


@pytest.mark.slow
def test_a_loss_of_power_at_any_moment(trial: Trial) -> None:
    """The same holds if what was not synced is lost; and what has ended is there, whatever is lost."""
    trial.start()
    recording, drawn = trial.record(), random.Random(20)
    n_operations = len(recording.operations)
    states = [(drawn.randrange(n_operations), drawn.choice([*KEPT])) for _ in range(N_TRIED)]
    for n, kept in [(n_operations, "nothing"), *states]:
        trial.lose_power(recording, n, KEPT[kept], drawn)
        assert trial.broken(is_done=n == n_operations) == [], (n, kept)


def test_nothing_bypasses_the_recording(trial: Trial) -> None:
    """What was recorded, made again on a copy of the disk, gives the disk that the change has left."""
    trial.start()
    recording = trial.record()
    made_again = recording.disk(len(recording.operations), everything, random.Random())
    assert contents(made_again) == contents(read_disk(trial.disk))


class Forgetful:
    """`os` that syncs nothing."""

    def __getattr__(self, name: str) -> Any:
        return (lambda descriptor: None) if name == "fsync" else getattr(os, name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("os", Forgetful()),
        ("sync_folder", lambda path: None),
        ("make_folders", lambda path: path.mkdir(parents=True, exist_ok=True)),
        ("rename_folder", lambda path, target, **options: path.rename(target)),
    ],
)
def test_a_missing_sync_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    """Without any one kind of sync, a loss of power at some moment breaks a law."""
    trial, drawn = Trial("a first build", tmp_path), random.Random(1)
    with monkeypatch.context() as changed:
        changed.setattr(files, name, value)
        recording = trial.record()
    last = len(recording.operations)
    assert any(
        trial.lose_power(recording, n, keep, drawn) or trial.broken(is_done=n == last)
        for n in (last, last - 1, last - 3)
        for keep in KEPT.values()
    )


def test_what_is_synced_stays(tmp_path: Path) -> None:
    """A synced file in a synced folder stays; without a sync of one of them its bytes or its name may go."""
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()

    def work() -> None:
        (disk / "folder").mkdir()
        for name in ("kept", "torn", "nameless"):
            descriptor = os.open(disk / "folder" / name, os.O_WRONLY | os.O_CREAT)
            os.write(descriptor, b"content")
            if name != "torn":
                os.fsync(descriptor)
            os.close(descriptor)
            if name != "nameless":
                files.sync_folder(disk / "folder")
        files.sync_folder(disk)

    recording, drawn = record(disk, work), random.Random(1)
    n = len(recording.operations)
    found = [contents(recording.disk(n, keep, drawn)) for keep in [*KEPT.values(), everything] * 9]
    assert {state["folder/kept"] for state in found} == {b"content"}
    assert {state.get("folder/nameless") for state in found} == {b"content", None}
    assert {b"content", b"", bytes(7), b"cont"} <= {state["folder/torn"] for state in found}
    copy.mkdir()
    write_disk(read_disk(disk), copy)
    assert contents(read_disk(copy)) == contents(read_disk(disk)) == found[10]


@pytest.mark.parametrize(
    "number", [pytest.param("1", marks=pytest.mark.slow), pytest.param("2000", marks=pytest.mark.soak)]
)
@pytest.mark.parametrize(("name", "option"), [("kills.py", "--kills"), ("power_loss.py", "--states")])
def test_all_changes(name: str, option: str, number: str) -> None:
    """benchmarks/kills.py and benchmarks/power_loss.py find no broken law, in small and for many minutes."""
    command = [sys.executable, str(PROJECT / "benchmarks" / name), option, number]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=command_environment())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" 0 broken laws\n")
