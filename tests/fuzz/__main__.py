"""Coverage-guided fuzzing of the doors: `python -m tests.fuzz --seconds 3600 [--only DOOR ...] [--folder FOLDER]`.

Prints a line of figures for each door: inputs that were executed, branches and features that they
reached, and failures. The exit code is 1 if any input failed; its failure lies then in FOLDER/DOOR/failed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.doors import DOORS
from tests.fuzz.failures import last_input

_BRANCHES = re.compile(r"cov: (\d+)")
_FEATURES = re.compile(r"ft: (\d+)")
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_MEMORY = re.compile(r"stat::peak_rss_mb:\s+(\d+)")
_PROJECT = Path(__file__).parents[2]


class Fuzzed(NamedTuple):
    """The figures of one door: inputs, branches, features, memory in MB, and files of failures."""

    n_executed: int
    n_branches: int
    n_features: int
    memory_mb: int
    failures: tuple[Path, ...]


def main() -> int:
    """Share the time among the doors, one after the other; return 1 if any failed."""
    options = _options()
    names = options.only or list(DOORS)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="papersearch-fuzz-"))
    n_failures = 0
    print(f"{'door':<18} {'inputs':>9} {'branches':>8} {'features':>8} {'MB':>5} {'failures':>8}", flush=True)
    for name in names:
        found = fuzzed(name, max(1, options.seconds // len(names)), folder / name)
        n_failures += len(found.failures)
        figures = f"{found.n_executed:>9} {found.n_branches:>8} {found.n_features:>8} {found.memory_mb:>5}"
        print(f"{name:<18} {figures} {len(found.failures):>8}", flush=True)
        for path in found.failures:
            print(f"    {path}", flush=True)
    return 1 if n_failures else 0


def fuzzed(name: str, seconds: int, folder: Path) -> Fuzzed:
    """Fuzz one door in a process of its own, whose output lies in FOLDER/log."""
    folder.mkdir(parents=True, exist_ok=True)
    log, failed, last = folder / "log", folder / "failed", folder / "last"
    command = [sys.executable, "-m", "tests.fuzz.driver", name, str(seconds), str(folder)]
    with log.open("wb") as output:
        done = subprocess.run(command, cwd=_PROJECT, stdout=output, stderr=output, check=False)
    told = log.read_text("utf-8", "replace")
    n_executed, memory_mb = _figure(_EXECUTED, told), _figure(_MEMORY, told)
    if done.returncode or not n_executed:  # it crashed, hung or took too much memory, at this input
        failed.mkdir(exist_ok=True)
        (failed / "crashed").write_bytes(last_input(last) if last.exists() else b"")
    failures = tuple(path for path in sorted(failed.iterdir()) if path.suffix != ".txt")
    return Fuzzed(n_executed, _figure(_BRANCHES, told), _figure(_FEATURES, told), memory_mb, failures)


def _figure(pattern: re.Pattern[str], told: str) -> int:
    """Return the last number that a log has of a kind; 0 without one."""
    return int((pattern.findall(told) or ["0"])[-1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600, help="time for all doors together")
    parser.add_argument("--only", nargs="+", choices=list(DOORS), metavar="DOOR", help=f"of {', '.join(DOORS)}")
    parser.add_argument("--folder", type=Path, help="corpora and failures, which a later run goes on with")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
