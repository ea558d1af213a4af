"""The steps of a build on a graphics processor, and the share of each in which the device computed.

    python benchmarks/gpu_build.py CORPUS... [--device cuda] [--no-late] [--no-parts]

A second process asks the driver twenty times a second; that needs `pip install nvidia-ml-py`. Prints a
line for each step, with the share of its time, and one for the encoding of all texts. `--no-parts`
leaves out what a build publishes while it encodes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import papersearch
from papersearch.index import meaning

INTERVAL = 0.05


def sample(path: Path) -> None:
    """Write the time, the device's share of the last interval and its memory to `path`, until killed."""
    import pynvml

    pynvml.nvmlInit()
    device = pynvml.nvmlDeviceGetHandleByIndex(0)
    with path.open("w", buffering=1) as file:
        while True:
            share = pynvml.nvmlDeviceGetUtilizationRates(device).gpu
            file.write(f"{time.time():.3f},{share},{pynvml.nvmlDeviceGetMemoryInfo(device).used >> 20}\n")
            time.sleep(INTERVAL)


def steps_of(options: argparse.Namespace, index: Path) -> tuple[int, list[tuple[str, float, float]]]:
    """Build; return the number of texts encoded, and the name, begin and end of each step."""
    begun: list[tuple[str, float]] = []

    def progress(step: str, done: int, total: int) -> None:
        if not begun or begun[-1][0] != step:
            begun.append((step, time.time()))

    report = papersearch.build(
        options.corpus, index, device=options.device, late=options.late, progress=progress, announce=print
    )
    ends = [*(start for _, start in begun[1:]), time.time()]
    return report.n_encoded, [(step, start, end) for (step, start), end in zip(begun, ends, strict=True)]


def told(steps: list[tuple[str, float, float]], samples: list[tuple[float, float, float]]) -> tuple[float, str]:
    """Return the seconds of some steps, and the share of them in which the device computed."""
    found = [share for moment, share, _ in samples if any(start <= moment <= end for _, start, end in steps)]
    return sum(end - start for _, start, end in steps), f"{sum(found) / len(found):.0f} %" if found else "-"


def main() -> None:
    """Build, and print the table."""
    if sys.argv[1] == "--sample":
        sample(Path(sys.argv[2]))
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("corpus", nargs="+", type=Path)
    options.add_argument("--device", default=None)
    options.add_argument("--late", action=argparse.BooleanOptionalAction, default=None)
    options.add_argument("--parts", action=argparse.BooleanOptionalAction, default=True)
    arguments = options.parse_args()
    if not arguments.parts:
        meaning.LEAST_STEP = 10**9
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "samples.csv")
        sampler = subprocess.Popen([sys.executable, __file__, "--sample", str(path)])
        n_encoded, steps = steps_of(arguments, Path(scratch, "index"))
        sampler.kill()
        lines = path.read_text().splitlines()[:-1] if path.exists() else []  # the last may be cut
    samples = [(moment, share, used) for moment, share, used in (map(float, line.split(",")) for line in lines)]
    for step in steps:
        print(f"{step[0]:<20}{told([step], samples)[0]:>8.2f} s{told([step], samples)[1]:>8}")
    encoding = [step for step in steps if step[0] == "encoding"]
    spent, share = told(encoding, samples)
    print(
        f"encoding: {spent:.1f} s, {n_encoded / spent:.0f} abstracts/s, busy {share}, device memory up to "
        f"{max((used for _, _, used in samples), default=0):.0f} MB"
    )


if __name__ == "__main__":
    main()
