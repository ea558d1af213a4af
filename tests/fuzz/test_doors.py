"""Laws of every way by which bytes enter: seeds and kept inputs on every run, minutes of fuzzing in `soak`."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import orjson
import pytest

from tests.conftest import PROJECT
from tests.fuzz.door import KEPT, kept_inputs
from tests.fuzz.doors import DOORS
from tests.fuzz.failures import Failures, LastInput, TooSlow, last_input, shortened, timed
from tests.fuzz.mutations import within_json

SECONDS = int(os.environ.get("PAPERSEARCH_FUZZ_SECONDS", "3600"))
"""Time for all doors together."""

N_SEEDS = 4
"""Seeds of a door that are tried on every run."""

FRAMED = (8).to_bytes(8, "little") + b'{"a": 1}' + b"data"
"""A header of JSON behind its length, and data behind it."""

NAMED = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


@pytest.fixture(autouse=True)
def in_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder without a corpus, a configuration or a token."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("PAPERSEARCH_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("name", DOORS)
def test_no_kept_input_breaks_a_law(name: str, tmp_path: Path) -> None:
    """Inputs that once broke a law of a door, and some of its seeds, keep all of them."""
    own, of_seeds = tmp_path / "own", tmp_path / "seeds"
    own.mkdir()
    of_seeds.mkdir()
    enter = DOORS[name].opened(own)
    seeds = list(DOORS[name].seeds(of_seeds))
    for content in (*seeds[:: max(1, len(seeds) // N_SEEDS)], *(path.read_bytes() for path in kept_inputs(name))):
        assert len(content) <= DOORS[name].longest
        timed(enter, content)


def test_every_kept_input_has_a_reason() -> None:
    """The page of kept inputs names each of them, in the folder of a door, and nothing else."""
    kept = {path.relative_to(KEPT).as_posix() for path in KEPT.glob("*/*")}
    assert set(NAMED.findall((KEPT / "README.md").read_text("utf-8"))) == kept
    assert {name.partition("/")[0] for name in kept} <= DOORS.keys()


def test_failures_are_told_apart_and_made_short(tmp_path: Path) -> None:
    """Each sort of failure is written down once, by the shortest input that has it, with its traceback."""

    def enter(content: bytes) -> None:
        if b"x" in content:
            raise KeyError("x")
        assert b"yz" not in content

    failures = Failures(enter, tmp_path, LastInput(tmp_path / "last", 9))
    for content in (b"aaaxbbb", b"x" * 9, b"1y2yz3", b"yz", b"fine"):
        failures.enter(content)
    assert last_input(tmp_path / "last") == b"fine"
    assert [(tmp_path / name).read_bytes() for name in "12"] == [b"x", b"yz"]
    assert len(list(tmp_path.iterdir())) == 5
    assert "KeyError at test_doors.py" in (tmp_path / "1.txt").read_text()
    assert shortened(b"a-b-c", lambda cut: cut.startswith(b"a") and b"c" in cut) == b"ac"


def test_slow_inputs_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes more CPU than its length allows fails at the third time, and not before."""
    clock = iter([0, 9, 9, 18, 18, 27, 0, 9, 9, 9.5])
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    with pytest.raises(TooSlow, match=r"9\.0 s for 3 bytes"):
        timed(lambda content: None, b"abc")
    timed(lambda content: None, b"abc")


@pytest.mark.parametrize(
    "content", [b'{"a": [1, {"b": 2}]}', b'name\n{"a": 1}', b'x\n\n{"a": 1}\ny', b"name\n" + FRAMED]
)
def test_mutations_within_json(content: bytes) -> None:
    """Values of JSON are changed where it lies, alone or behind a first line, and the rest keeps its bytes."""
    made = {within_json(content, random.Random(seed)) for seed in range(100)} - {None}
    assert len(made) > 5
    for changed in made:
        assert changed.partition(b"\n")[0] == content.partition(b"\n")[0] or content.startswith(b"{")
    if content.endswith(FRAMED):
        headers = [changed.removeprefix(b"name\n") for changed in made]
        assert all(orjson.loads(one[8 : 8 + int.from_bytes(one[:8], "little")]) is not None for one in headers)
        assert all(one.endswith(b"data") for one in headers)
    assert within_json(b"no JSON", random.Random(1)) is None


@pytest.mark.soak
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed: pip install '.[fuzz]'")
@pytest.mark.parametrize("name", DOORS)
def test_no_input_breaks_a_law(name: str, tmp_path: Path) -> None:
    """No input that a coverage-guided fuzzer finds breaks a law, or takes more than a second for 100 kB."""
    seconds = str(max(1, SECONDS // len(DOORS)))
    command = [sys.executable, "-m", "tests.fuzz", "--only", name, "--seconds", seconds, "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    reports = [path.read_text("utf-8", "replace") for path in sorted(tmp_path.glob("*/failed/*.txt"))]
    log = (tmp_path / name / "log").read_text("utf-8", "replace")
    assert done.returncode == 0, "\n".join((done.stdout, *reports, log[-2000:]))
