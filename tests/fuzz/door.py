"""The description of a door: a way by which bytes from elsewhere enter the product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

KEPT = Path(__file__).parent / "kept"
"""Inputs that once broke a law, in a folder for each door."""

Enter: TypeAlias = Callable[[bytes], object]
"""Lets an input in, and asserts the laws. Any exception is a failure."""


class Door(NamedTuple):
    """A door, for the fuzzer and for tests.

    opened: makes, with a folder for files of its own, the function that lets inputs in
    seeds: valid inputs, made with the help of an empty folder
    tokens: words and signs with a meaning, besides those of the seeds
    longest: greatest length of an input
    """

    opened: Callable[[Path], Enter]
    seeds: Callable[[Path], Iterable[bytes]]
    tokens: Sequence[str] = ()
    longest: int = 20_000


def kept_inputs(name: str) -> list[Path]:
    """List the inputs of a door that once broke a law."""
    folder = KEPT / name
    return sorted(folder.iterdir()) if folder.is_dir() else []


def headed(content: bytes) -> tuple[str, bytes]:
    """Split an input into its first line, which says what the rest is, and the rest."""
    head, _, body = content.partition(b"\n")
    return head.decode("utf-8", "replace").strip(), body
