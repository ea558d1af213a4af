"""Writes the golden index of the current format; run `python -m tests.golden.write` from the root.

Indexes of the formats that a build reuses are kept whole. Of an older format only the manifest is kept:
its index is refused.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import papersearch
from papersearch.index.layout import FORMAT_VERSION, OLDEST_REUSABLE_VERSION

GOLDEN = Path(__file__).parent


def write() -> None:
    """Build the index of `corpus`, and remove the files of builds and of formats that are of no use."""
    folder = GOLDEN / f"format-{FORMAT_VERSION}"
    shutil.rmtree(folder, ignore_errors=True)
    papersearch.build(GOLDEN / "corpus", folder, late=True)
    for left in folder.glob(".*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.rmtree(GOLDEN / f"format-{OLDEST_REUSABLE_VERSION - 1}" / "generation-000001", ignore_errors=True)
    sys.stdout.write(f"{folder}: written; commit it with tests/golden\n")


if __name__ == "__main__":
    write()
