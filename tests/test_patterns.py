"""Regular expressions on hostile text: none of them takes more than time that grows with the length."""

from __future__ import annotations

import ast
import pkgutil
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import papersearch
from tests.pumping import pumped

SIZE = 5000
LONGEST_S = 10.0
"""CPU after which a search is ended: on any machine, a linear one takes a small part of it."""

NOISE_S = 0.02
TRIALS = 5
"""Comparisons of two lengths, one right after the other, of which one must show linear time."""

METHODS = {"search", "match", "fullmatch", "sub", "finditer", "findall", "split"}
USED_AS = {
    "dense.prefixes._TASKS": {"fullmatch"},
    "text.dress._PAGES": {"match"},
    "ingest.formats.ris._TAG": {"match"},
    "ingest.formats.ris._LOOSE_TAG": {"match"},
    "ingest.formats.ris._LAYOUT": {"match"},
}
"""Methods of patterns that are not used by their names."""

BOUNDED = {
    "ingest.formats.bibtex._MARK": "sees the first 8 kB of a file",
    "ingest.formats.daily_papers_blocks._WITH_DATE": "sees one line, and takes the first place that fits",
    "ingest.known_kinds._XML_KINDS": "sees the first 8 kB of a file",
    "ingest.formats.ris._UNTYPED": "sees the first 8 kB of a file",
    "text.latex._LAST_WORD": "sees 40 characters",
}
"""Patterns whose texts are bounded, and what bounds them."""


class Used(NamedTuple):
    """A pattern, the name by which it is used, and the methods that are called."""

    name: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in a value of a module."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, tuple | list | set | frozenset | dict):
        for inner in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from patterns_in(inner, depth + 1)


def used_patterns() -> Iterator[Used]:
    """Yield the patterns of all modules, those within functions included."""
    for module in pkgutil.walk_packages(papersearch.__path__, "papersearch."):
        if module.name.startswith("papersearch.cluster") or module.name.endswith("__main__"):
            continue
        short = module.name.removeprefix("papersearch.")
        found = import_module(module.name)
        source = Path(found.__file__ or "").read_text(encoding="utf-8")
        for name, value in vars(found).items():
            for pattern in () if name.startswith("__") else patterns_in(value):
                called = USED_AS.get(f"{short}.{name}") or set(re.findall(rf"\b{name}\.(\w+)", source)) & METHODS
                yield Used(f"{short}.{name}", pattern, frozenset(called or METHODS))
        for call in ast.walk(ast.parse(source)):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and ast.unparse(call.func.value) == "re"
                and call.func.attr in METHODS
                and isinstance(call.args[0], ast.Constant)
            ):
                pattern = re.compile(call.args[0].value, re.IGNORECASE if "IGNORECASE" in ast.unparse(call) else 0)
                yield Used(f"{short}:{call.lineno}", pattern, frozenset({call.func.attr}))


class TooSlow(Exception):
    """The end of a search that takes too much CPU."""


def _end(*_: object) -> None:
    raise TooSlow


def cpu_of(work: Callable[[], object], most_s: float = LONGEST_S) -> float:
    """Return the CPU that `work` takes; raise TooSlow after `most_s`."""
    signal.setitimer(signal.ITIMER_PROF, most_s)
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def work_of(used: Used, method: str, text: str) -> Callable[[], object]:
    """Return the search of a text as the package makes it, to its end."""
    subject: Any = text.encode("utf-8", "replace") if isinstance(used.pattern.pattern, bytes) else text
    if method == "sub":
        return lambda: used.pattern.sub(subject[:0], subject)
    if method == "finditer":
        return lambda: deque(used.pattern.finditer(subject), maxlen=0)
    return lambda: getattr(used.pattern, method)(subject)


def worst_of(used: Used) -> tuple[float, str, int]:
    """Return the longest CPU of a text of `SIZE`, the method, and the number of the text."""
    texts = enumerate(pumped(used.pattern, SIZE))
    each = (
        (cpu_of(work_of(used, method, text)), method, place) for place, text in texts for method in used.methods
    )
    return max(each, default=(0.0, "", 0))


def text_of(used: Used, size: int, place: int) -> str:
    """Return the text of this number, or an empty one where a pattern of this size has fewer."""
    return next(islice(pumped(used.pattern, size), place, None), "")


def is_linear(used: Used, method: str, place: int) -> bool:
    """Tell whether four times a text has taken less than ten times the CPU, at least once."""
    searches = [work_of(used, method, text_of(used, size, place)) for size in (SIZE, 4 * SIZE)]
    for _ in range(TRIALS):
        once, longer = map(cpu_of, searches)
        if longer <= 10 * once + NOISE_S:
            return True
    return False


@pytest.mark.slow
def test_every_pattern_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the text takes less than ten times the CPU, for each pattern and the texts that strain it."""
    before = signal.signal(signal.SIGPROF, _end)
    faults = []
    n = 0
    try:
        for used in used_patterns():
            if used.name in BOUNDED:
                continue
            n += 1
            try:
                _, method, place = worst_of(used)
                if method and not is_linear(used, method, place):
                    faults.append((used.name, method, text_of(used, SIZE, place)[:40]))
            except TooSlow:
                faults.append((used.name, "too slow", ""))
    finally:
        signal.signal(signal.SIGPROF, before)
    assert n > 300
    assert faults == [], "\n".join(map(str, faults))


@pytest.mark.parametrize(
    "pattern", [r"\s+$", r"(a+)+b", r"(?:<!--.{0,2000}?-->\s*)*<html", r"[a-z]+\*", r"a*,?a*x"]
)
def test_texts_strain_patterns(pattern: str) -> None:
    """Texts are found that make a pattern of a known fault slow, quadratic or worse."""
    used = Used("", re.compile(pattern), frozenset({"search"}))
    before = signal.signal(signal.SIGPROF, _end)
    try:
        with pytest.raises(TooSlow):
            for text in pumped(used.pattern, 20 * SIZE):
                cpu_of(work_of(used, "search", text), 0.1)
    finally:
        signal.signal(signal.SIGPROF, before)
