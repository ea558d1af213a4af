"""The files of a corpus, listed by name. No file is opened here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from papersearch.errors import CorpusMissing
from papersearch.text.cleaning import clean_text


def corpus_files(places: Iterable[Path]) -> list[tuple[str, Path]]:
    """Return the files to read as (name for reports, path), ascending by name.

    A folder gives all files below it that are not hidden; links to folders are not followed. Names
    are cleaned, since the author of a dump may have chosen its name too. Raises CorpusMissing for a
    place that does not exist.
    """
    found: set[tuple[str, Path]] = set()
    for place in places:
        if place.is_dir():
            for path in place.rglob("*"):
                inner = path.relative_to(place)
                hidden = any(part.startswith(".") for part in inner.parts)
                if not hidden and not path.is_dir():
                    found.add((clean_text(inner.as_posix()), path))
        elif place.exists():
            found.add((clean_text(place.name), place))
        else:
            raise CorpusMissing(path=place)
    return sorted(found)
