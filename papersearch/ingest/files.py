"""Which files a corpus has. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from papersearch.errors import CorpusError


def corpus_files(places: Iterable[Path]) -> list[tuple[str, Path]]:
    """The files to read, as (name for reports, path), ascending by name.

    A folder gives all files below it that are not hidden; links to folders are not followed.
    Raises CorpusError for a place that does not exist.
    """
    found: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            for path in sorted(place.rglob("*")):
                name = path.relative_to(place).as_posix()
                hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
                if not hidden and not path.is_dir():
                    found[name] = path
        elif place.exists():
            found[place.name] = place
        else:
            raise CorpusError(f"{place}: no such file or folder", "papersearch index --corpus FOLDER")
    return sorted(found.items())
