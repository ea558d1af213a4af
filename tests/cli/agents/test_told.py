"""Errors as agents read them."""

from __future__ import annotations

import re

import pytest

from papersearch.cli.agents.told import MAX_MESSAGE, told
from papersearch.errors import AmbiguousPaper, EmptyDateRange, PaperNotFound, PapersearchError, UnknownFilterValue
from tests.test_errors import LEAVES, example

_COMMAND = re.compile(r"(?<!\w)--[a-z]|\bpapersearch [a-z\"-]|\bexport |\bpip |\bgit |\bcurl ")


@pytest.mark.parametrize("kind", LEAVES)
def test_no_error_tells_an_agent_to_type(kind: type[PapersearchError]) -> None:
    """No error of the library tells an agent of a command or an option; each has its cause."""
    error = example(kind)
    text = told(error)
    assert text.startswith(error.message[:100])
    found = _COMMAND.search(text.removeprefix(error.message))
    assert found is None, text


@pytest.mark.parametrize("error", [RuntimeError("--x"), OSError(5, "broken"), MemoryError(), TypeError("\ud800")])
def test_unexpected_errors_are_told(error: Exception) -> None:
    """An error that nobody expects is told, with the user as the remedy, in text that UTF-8 can write."""
    text = told(error)
    assert "user" in text
    text.encode("utf-8")


def test_remedies() -> None:
    """Remedies are arguments to pass."""
    assert told(EmptyDateRange(since="2025", until="2024")).endswith(
        "hint: pass since 2024 and until 2025, or leave one of them out"
    )
    few = UnknownFilterValue(field="dumps", value="x", nearest=(), known=("a.txt", "b.txt"))
    assert told(few) == "unknown dump 'x'\nhint: the dumps of the collection are a.txt, b.txt"
    many = UnknownFilterValue(field="dumps", value="x", nearest=(), known=tuple(map(str, range(1_500))))
    assert told(many).endswith("hint: stats lists the most frequent dumps")
    several = AmbiguousPaper(name="p", matched="id", n_papers=2, candidates=("p1", "p2"))
    assert told(several).endswith("hint: pass one of these ids, such as p1")


def test_length_is_bounded() -> None:
    """An error that quotes what was passed is cut."""
    assert len(told(PaperNotFound(name="x" * 1_000_000))) < MAX_MESSAGE + 200
