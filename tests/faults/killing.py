"""Builds that are killed by SIGKILL, at a call that changes the disk or at a moment from outside."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.disk_calls import changes, dying, observed


class Moment(NamedTuple):
    """A moment of a change: before its nth call that changes the disk, or halfway through it if that writes."""

    nth: int
    halfway: bool


def moments(folder: Path, work: Callable[[], object]) -> list[Moment]:
    """Do `work`; return every moment of it."""
    found: list[Moment] = []
    nth = 0

    def observe(name: str, arguments: tuple[Any, ...], options: dict[str, Any], make: Callable[[], Any]) -> Any:
        nonlocal nth
        if changes(name, arguments):
            nth += 1
            found.extend(Moment(nth, halfway) for halfway in (False, True)[: 1 + (name == "write")])
        return make()

    with observed(folder, observe):
        work()
    return found


def killed_at(moment: Moment, folder: Path, work: Callable[[], object]) -> bool:
    """Work in another process that is killed at a moment; return whether it was, and not too late."""

    def doomed() -> None:
        with observed(folder, dying(moment.nth, halfway=moment.halfway)):
            work()

    return killed_by(lambda child: None, doomed)


def killed_by(until: Callable[[int], None], work: Callable[[], object]) -> bool:
    """Work in another process, which `until` may kill by its id; return whether it was, and not too late."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    until(child)
    ended = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(ended) or not ended, "the work has failed"
    return os.WIFSIGNALED(ended)
