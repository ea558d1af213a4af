"""Worker processes: the results of one process, also when workers fail."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from papersearch import processes
from papersearch.processes import LOST, Worker, as_done, employed, in_order, n_spare_processors
from tests.conftest import PATIENCE_S, command_environment, wait_until
from tests.services import own_pid, square, squaring, there

HERE = os.getpid()


@contextmanager
def squares(n_parts: int, n_workers: int, *fault: bytes) -> Iterator[Iterator[bytes]]:
    """Yield the squares in order, by this process and some workers."""
    with employed(squaring, n_workers, *fault) as workers:
        with closing(in_order(range(n_parts), square, workers, there)) as found:
            yield found
        assert len(workers) == n_workers


@pytest.mark.parametrize("n_workers", [0, 1, 2, 5])
def test_results_come_in_order(n_workers: int) -> None:
    """Any number of workers gives the results of one process, in order, again and again."""
    with employed(squaring, n_workers) as workers:
        assert len(workers) == n_workers
        for n_parts in (0, 1, 2, 3, 40):
            assert list(in_order(range(n_parts), square, workers, there)) == list(map(square, range(n_parts)))


def test_workers_do_part_of_the_work() -> None:
    """Workers compute parts: here, a part of this process waits until a worker has finished one."""
    done_there = Event()

    def here(number: int) -> int:
        assert done_there.wait(PATIENCE_S)
        return os.getpid()

    def ask(worker: Worker, number: int) -> int:
        (pid,) = worker.ask()
        done_there.set()
        return int(pid)

    with employed(own_pid, 2) as workers:
        found = set(in_order(range(20), here, workers, ask))
        assert found & {worker.pid for worker in workers}


@pytest.mark.parametrize("n_workers", [0, 1, 5])
def test_every_result_comes_once(n_workers: int) -> None:
    """`as_done` yields every part once, with its result, by any number of workers, again and again."""
    with employed(squaring, n_workers) as workers:
        for n_parts in (0, 1, 3, 40):
            found = list(as_done(range(n_parts), square, workers, there))
            assert sorted(found) == [(number, square(number)) for number in range(n_parts)]


def test_a_result_waits_for_no_other() -> None:
    """A part that takes long holds up no later part, unlike with `in_order`."""
    released = Event()

    def ask(worker: Worker, number: int) -> int:
        if number == 0:
            assert released.wait(PATIENCE_S)
        return number

    def here(number: int) -> int:
        return ask(workers[0], number) if number else -1

    with employed(own_pid, 2) as workers:
        found = []
        with closing(as_done(range(12), here, workers, ask, ahead=4)) as results:
            for number, result in results:
                found.append((number, result))
                if len(found) == 11:
                    released.set()
    assert dict(found) in ({number: number for number in range(12)}, {0: -1} | {n: n for n in range(1, 12)})


def test_workers_stay_a_bounded_way_ahead() -> None:
    """While the reader is busy, `ahead` parts per process are computed, and no more."""
    done: list[int] = []
    n_read = 0
    excess: list[int] = []

    def ask(worker: Worker, number: int) -> int:
        done.append(number)
        excess.append(len(done) - n_read)
        return number

    with (
        employed(own_pid, 1) as workers,
        closing(as_done(range(100), lambda number: number, workers, ask, ahead=5)) as results,
    ):
        for _ in results:
            n_read += 1
            if n_read == 1:
                wait_until(lambda: len(done) >= 9, "the worker goes on while the reader is busy")
    assert n_read == 100
    assert max(excess) <= 10


FAULTS = [b"kill", b"end", b"raise", b"raise at once", b"cut short", b"babble"]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_worker_leaves_is_done_here(fault: bytes) -> None:
    """If a worker is killed, ends, fails or sends a malformed frame, the results are the same."""
    with squares(30, 3, fault) as found:
        assert list(found) == list(map(square, range(30)))


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_worker_leaves_is_done_in_any_order(fault: bytes) -> None:
    """The same holds for `as_done`."""
    with employed(squaring, 3, fault) as workers:
        found = list(as_done(range(30), square, workers, there))
    assert sorted(found) == [(number, square(number)) for number in range(30)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_worker_says_so(fault: bytes) -> None:
    """A request to a lost worker raises one of `LOST` and does not block."""
    with employed(squaring, 1, fault) as (worker,):
        if fault != b"raise at once":
            assert there(worker, 3) == square(3)
        with pytest.raises(LOST):
            there(worker, 4)


def test_a_worker_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """If workers cannot be started, this process computes all parts."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with employed(squaring, 2) as workers:
        assert workers == []
        assert list(in_order(range(3), square, workers, there)) == list(map(square, range(3)))


@pytest.mark.parametrize("start", ["raise SystemExit(3)", "print('x' * 100)", "import papersearch_that_is_not"])
def test_a_program_that_is_not_a_worker(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a program ends at once or writes other output, this process computes all parts."""
    monkeypatch.setattr(processes, "_START", start)
    with squares(9, 2) as found:
        assert list(found) == list(map(square, range(9)))


@pytest.mark.parametrize("n_workers", [0, 2])
def test_errors_are_raised_here(n_workers: int) -> None:
    """An error is raised once, in its turn, after the results before it."""
    failed: list[int] = []

    def here(number: int) -> bytes:
        if number == 5:
            failed.append(number)
            raise ValueError("five")
        return square(number)

    def ask(worker: Worker, number: int) -> bytes:
        return here(number) if number == 5 else there(worker, number)

    with employed(squaring, n_workers) as workers:
        found = in_order(range(9), here, workers, ask)
        assert [next(found) for _ in range(5)] == list(map(square, range(5)))
        with pytest.raises(ValueError, match="five"):
            next(found)
        assert list(found) == []
    assert 1 <= len(failed) <= 2  # twice where a worker's thread failed first


def test_little_is_done_ahead() -> None:
    """With a slow reader, only few parts are computed ahead."""
    taken: list[int] = []

    def ask(worker: Worker, number: int) -> bytes:
        taken.append(number)
        return there(worker, number)

    def here(number: int) -> bytes:
        taken.append(number)
        return square(number)

    with employed(squaring, 2) as workers, closing(in_order(range(200), here, workers, ask)) as found:
        for number, _ in enumerate(found):
            assert max(taken) <= number + processes._AHEAD * 3


def has_ended(pid: int) -> bool:
    """Return whether the process does not exist, or is a zombie."""
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="processes and pipes as files")


@pytest.mark.slow
@needs_proc
def test_leaving_early_leaves_nothing() -> None:
    """A reader that stops early leaves neither a process nor a pipe."""
    gc.collect()  # closes pipes of other tests
    before = set(Path("/proc/self/fd").iterdir())
    with employed(squaring, 3) as workers:
        found = in_order(range(100), square, workers, there)
        assert next(found) == square(0)
        found.close()  # type: ignore[attr-defined]  # a generator
    assert all(has_ended(worker.pid) for worker in workers)
    assert set(Path("/proc/self/fd").iterdir()) <= before  # what other tests have left may close meanwhile


@pytest.mark.parametrize("program", ["", "/usr/bin/blender", "/opt/search/app"])
def test_no_other_program_is_started(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No workers are started in a program that embeds Python."""
    monkeypatch.setattr(processes, "n_cores", lambda: 4)
    assert n_spare_processors() == 3
    monkeypatch.setattr(sys, "executable", program)
    assert n_spare_processors() == 0


def test_what_a_worker_prints_is_not_a_reply() -> None:
    """Output of a library in a worker does not break the protocol."""
    with employed(own_pid, 1) as (worker,):
        assert [int(pid) for (pid,) in (worker.ask(), worker.ask())] == [worker.pid, worker.pid]
        assert worker.pid != HERE


def run_script(script: str, *arguments: str, **how: object) -> subprocess.CompletedProcess[str]:
    """Run a Python script as a program of its own, away from this process's group."""
    return subprocess.run(
        [sys.executable, *(arguments or ("-c", script))],
        capture_output=True,
        text=True,
        start_new_session=True,
        **{"env": command_environment(), **how},  # type: ignore[call-overload]
    )


SCRIPT = """
from papersearch.lexical.workers import analyse_there, analysing
from papersearch.processes import employed
print("once")
with employed(analysing, 1, b"en") as [worker]:
    print(analyse_there(worker, ["pipeline bubbles"], [8]).title_positions.tolist())
"""


def test_a_script_without_a_guard_in_a_hostile_folder(tmp_path: Path) -> None:
    """A script without an import guard runs once, and workers ignore modules of the current folder."""
    script, folder = tmp_path / "script.py", tmp_path / "here"
    script.write_text(SCRIPT, encoding="utf-8")
    folder.mkdir()
    for name in ("orjson", "numpy", "struct", "papersearch", "sitecustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    done = run_script(SCRIPT, str(script), cwd=folder)
    assert (done.stdout, done.stderr) == ("once\n[1]\n", "")


def test_workers_import_the_package_of_their_program(tmp_path: Path) -> None:
    """Workers import the package from the folder of their program, not an installed one."""
    (tmp_path / "installed" / "papersearch").mkdir(parents=True)
    (tmp_path / "installed" / "papersearch" / "__init__.py").write_text("raise SystemExit('installed')")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "papersearch").symlink_to(Path(processes.__file__).parent, target_is_directory=True)
    (tmp_path / "here" / "struct.py").write_text("raise SystemExit('stray')")
    script = f"import sys; del sys.path[0]; import struct; sys.path.insert(0, ''){SCRIPT}"
    environment = command_environment({"PYTHONPATH": str(tmp_path / "installed")})
    done = run_script(script, cwd=tmp_path / "here", env=environment)
    assert (done.stdout, done.stderr) == ("once\n[1]\n", "")


INTERRUPTED = """
import os, signal, sys
from papersearch.processes import employed, in_order
from tests.services import square, squaring, there
at = int(sys.argv[1])
try:
    with employed(squaring, 2) as workers:
        print(*(worker.pid for worker in workers), flush=True)
        if at == 0:
            os.killpg(0, signal.SIGINT)
        for number, _ in enumerate(in_order(range(99), square, workers, there)):
            if number == at:
                os.killpg(0, signal.SIGINT)  # as a terminal does
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(os.name != "posix", reason="signals to process groups")
@pytest.mark.parametrize("at", [0, 1, 50])
def test_an_interrupt_ends_the_workers(at: int, tmp_path: Path) -> None:
    """An interrupt of the whole group leaves no worker, even during their start.

    Workers print nothing.
    """
    script = tmp_path / "script.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n{INTERRUPTED}")
    done = run_script("", str(script), str(at))
    pids, *said = done.stdout.splitlines()
    assert (said, done.stderr) == (["interrupted"], "")
    assert all(has_ended(int(pid)) for pid in pids.split())


@needs_proc
def test_workers_end_with_their_program() -> None:
    """Workers end when their program is killed, because their standard input ends."""
    script = (
        "import os, signal\nfrom papersearch.lexical.workers import analysing\n"
        "from papersearch.processes import Worker\nworker = Worker(analysing, b'en')\n"
        "worker.ask()\nprint(worker.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    pid = int(run_script(script).stdout)
    wait_until(lambda: has_ended(pid), "the worker is still there")


def test_places_of_functions() -> None:
    """`function_at` finds the function that `place_of` names."""
    function: Callable[..., object] = processes.function_at(processes.place_of(square))
    assert function is square
