"""Standard input as a file: `-` among files is copied to a private one, which is read like any other.

The name of the copy is that of the dump: papers and findings name it as their place.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from papersearch.cli.errors import CommandError
from papersearch.errors import NothingToIndex

STANDARD_INPUT = Path("-")
DEFAULT_NAME = "stdin"

_LONGEST_NAME = 255
"""Greatest number of bytes in the name of a file."""


@contextmanager
def with_standard_input(places: Sequence[Path], name: str = DEFAULT_NAME) -> Iterator[list[Path]]:
    """Give `places` with a file called `name` for each `-`, removed at the end.

    Standard input is copied, since a format is detected before its file is read from the beginning.
    """
    if STANDARD_INPUT not in places:
        yield list(places)
        return
    from tempfile import TemporaryDirectory  # imports much

    with TemporaryDirectory(prefix="papersearch-") as private:
        # The folder's name tells standard input from a file of the same name.
        copy = Path(private, "standard input", name)
        copy.parent.mkdir()
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            yield [copy if place == STANDARD_INPUT else place for place in places]
        except NothingToIndex as error:  # it names the copy
            named = tuple(Path("standard input") if place == copy else place for place in error.places)
            raise NothingToIndex(places=named, reasons=error.reasons) from error


def checked_name(name: str | None, places: Sequence[Path]) -> str:
    """Return the name of standard input. Raises CommandError for one that no file can have."""
    if name is None:
        return DEFAULT_NAME
    if STANDARD_INPUT not in places:
        raise CommandError("cannot use --as without standard input", "papersearch index - --as NAME")
    if name in ("", ".", "..") or "/" in name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise CommandError(
            f"cannot use {name!r} as a name of standard input", "expected the name of a file: --as papers.bib"
        )
    return name
