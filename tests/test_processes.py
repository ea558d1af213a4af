"""Work shared between processes is the work done by one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import papersearch
from papersearch.evaluation.runs import make_run
from papersearch.evaluation.topics import Topic, in_parts
from papersearch.processes import in_order, n_copies

pytestmark = [
    pytest.mark.skipif(n_copies() == 1, reason="processes are not copied here, or there is one core"),
    # The tests' own process has threads, of model libraries; the commands' processes have none.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

HERE = os.getpid()


def squares(number: int) -> bytes:
    """What no pipe holds at once."""
    return str(number**2).encode() * 50_000


@pytest.mark.parametrize("n_parts", [0, 1, 2, 3, 10])
@pytest.mark.parametrize("n_processes", [1, 2, 3, 16])
def test_results_come_in_order(n_parts: int, n_processes: int) -> None:
    """However many work, and however much there is."""
    assert list(in_order(squares, range(n_parts), n_processes)) == list(map(squares, range(n_parts)))


def killed(number: int) -> None:
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)


def ended(number: int) -> None:
    if number % 2:
        os._exit(1)


def failed(number: int) -> None:
    raise ValueError


@pytest.mark.parametrize("fault", [killed, ended, failed])
def test_what_a_process_leaves_is_done_here(fault: Callable[[int], None]) -> None:
    """A process that is killed, ends or fails costs time only."""

    def work(number: int) -> bytes:
        if os.getpid() != HERE:
            fault(number)
        return squares(number)

    assert list(in_order(work, range(9), 3)) == list(map(squares, range(9)))


def test_a_result_cut_short_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process killed while it writes has said nothing that counts."""

    class Cut(bytes):
        """Says that it is longer than it is; whoever reads waits for the rest until the end."""

        def __len__(self) -> int:
            return 1000

    def work(number: int) -> bytes:
        return Cut(b"cut") if os.getpid() != HERE and number == 3 else squares(number)

    assert list(in_order(work, range(4), 2)) == list(map(squares, range(4)))


def test_errors_are_raised_here() -> None:
    """An error comes where it stands in the order, after the results before it."""

    def work(number: int) -> bytes:
        if number == 5:
            raise ValueError("five")
        return squares(number)

    found = in_order(work, range(9), 3)
    assert [next(found) for _ in range(5)] == list(map(squares, range(5)))
    with pytest.raises(ValueError, match="five"):
        next(found)
    no_process_is_left()


def test_leaving_early_leaves_nothing() -> None:
    """Whoever stops reading leaves neither a process nor a pipe."""
    before = set(Path("/proc/self/fd").iterdir())
    with closing(in_order(squares, range(100), 3)) as found:  # type: ignore[type-var]  # a generator
        assert next(found) == squares(0)
    no_process_is_left()
    assert set(Path("/proc/self/fd").iterdir()) == before


def no_process_is_left() -> None:
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_parts_are_the_topics() -> None:
    """All of them, in order, fewer together where each has many papers."""
    topics = [Topic(str(n), "x") for n in range(1000)]
    for n_hits in (1, 10, 100, 100_000):
        parts = in_parts(topics, n_hits)
        assert [topic for part in parts for topic in part] == topics
    assert len(in_parts(topics, 100_000)) == 1000
    assert len(in_parts(topics)) < 10


def test_a_run_is_the_same_by_many(real_index: papersearch.Index, tmp_path: Path) -> None:
    """To the last bit: what stands together does not depend on how many processes there are."""
    titles = [paper.title for paper in real_index.papers()]
    topics = [Topic(str(n), " ".join(title.split()[:3])) for n, title in enumerate(titles)]
    assert len(in_parts(topics)) > 2
    by_one, by_three = (list(make_run(real_index, topics, "hybrid", 5, n_processes=n)) for n in (1, 3))
    assert by_one == by_three
