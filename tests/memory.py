"""Memory that Python allocates during a piece of work."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


def with_peak(work: Callable[[], _Result]) -> tuple[_Result, int]:
    """Return what `work` returns, and the most memory that this process takes meanwhile, in bytes.

    Other threads add to it.
    """
    tracemalloc.start()
    try:
        result = work()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_of(work: Callable[[], object]) -> int:
    """Return the most memory that this process takes during `work`, in bytes."""
    return with_peak(work)[1]


def takes_less(n_bytes: float, work: Callable[[], object]) -> bool:
    """Return whether `work` takes less memory, at the third try at the latest.

    A thread beside the tests, such as the one that hands them out, may take memory meanwhile.
    """
    return any(peak_of(work) < n_bytes for _ in range(3))
