"""Standard input as a file: `-` among files is copied to a private one, which is read like any other."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

STANDARD_INPUT = Path("-")
DEFAULT_NAME = "stdin"


@contextmanager
def with_standard_input(places: Sequence[Path], name: str = DEFAULT_NAME) -> Iterator[list[Path]]:
    """Give `places` with a file called `name` for each `-`, removed at the end.

    Standard input is copied, since a format is detected before its file is read from the beginning.
    """
    if STANDARD_INPUT not in places:
        yield list(places)
        return
    with TemporaryDirectory(prefix="papersearch-") as private:
        # The folder's name tells standard input from a file of the same name.
        copy = Path(private, "standard input", name)
        copy.parent.mkdir()
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [copy if place == STANDARD_INPUT else place for place in places]
