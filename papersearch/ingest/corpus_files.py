"""The files of a corpus under names of their own, and the folders left out. No file is opened here."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from papersearch.errors import CorpusMissing
from papersearch.text.cleaning import clean_text

Corpus: TypeAlias = Path | Mapping[str, Path]
"""The folder of a corpus, or the folders of several collections by name."""

_LINKED = "a link to a folder, which is not followed: name the folder itself, or move it here"
_LINKED_INSIDE = "a link to a folder that is read in its own place: remove the link"

_README = re.compile(
    r"readme(?:[._-][a-z]{2}(?:[_-][a-z]+)?)?(?:\.(?:md|markdown|txt|text|rst|adoc|org))?", re.IGNORECASE
)
"""Names of texts that describe a folder, with an optional language, as in `README.zh-CN.md`."""


class CorpusFile(NamedTuple):
    """A file to read: its name for reports, its path, and whether it was named or found in a folder."""

    name: str
    path: Path
    is_named: bool


class SkippedFolder(NamedTuple):
    """A folder whose files are not read: its name for reports, and the reason with what to do."""

    name: str
    why: str


class CorpusListing(NamedTuple):
    """Files to read and folders left out, each ascending by name."""

    files: list[CorpusFile]
    skipped: list[SkippedFolder]


class _Listed(NamedTuple):
    """A file or folder below a place; `inner` is its path from there, and `why` says why it is left out."""

    inner: tuple[str, ...]
    path: Path
    is_named: bool
    why: str | None = None


def corpus_files(places: Iterable[Path] | Mapping[str, Path]) -> CorpusListing:
    """List the files to read below `places`, and the folders left out.

    A folder gives all files below it that are not hidden; links to folders are not followed. A file
    is called by its path from its folder, or by more of its path where two would have one name. Names
    are cleaned, since the author of a dump may have chosen its name too. The name of a collection comes
    before those of its files, like a folder; an empty one adds nothing.

    Raises CorpusMissing for a place that does not exist.
    """
    if isinstance(places, Mapping):
        return _of_collections(places)
    listed: dict[str, _Listed] = {}
    for place in places:
        for one in _below(place):
            listed.setdefault(os.path.abspath(one.path), one)  # noqa: PTH100  # links stay as they are named
    files: list[CorpusFile] = []
    skipped: list[SkippedFolder] = []
    for one, name in zip(listed.values(), _distinct_names(listed), strict=True):
        if one.why is None:
            files.append(CorpusFile(name, one.path, one.is_named))
        else:
            skipped.append(SkippedFolder(name, one.why))
    return CorpusListing(sorted(files), sorted(skipped))


def folders_of(corpus: Corpus) -> Mapping[str, Path]:
    """Return the folders of a corpus by the names of collections; a folder alone has an empty name."""
    return corpus if isinstance(corpus, Mapping) else {"": corpus}


def resolved(corpus: Corpus) -> dict[str, Path]:
    """Return these folders by their whole paths, to be compared."""
    return {name: folder.resolve() for name, folder in folders_of(corpus).items()}


def missing_folder(corpus: Corpus) -> Path | None:
    """Return the first folder of a corpus that does not exist."""
    return next((folder for folder in folders_of(corpus).values() if not folder.is_dir()), None)


def _of_collections(folders: Mapping[str, Path]) -> CorpusListing:
    files: list[CorpusFile] = []
    skipped: list[SkippedFolder] = []
    for name, folder in folders.items():
        listing = corpus_files([folder])
        before = f"{name}/" if name else ""
        files += (one._replace(name=before + one.name) for one in listing.files)
        skipped += (one._replace(name=before + one.name) for one in listing.skipped)
    return CorpusListing(sorted(files), sorted(skipped))


def is_readme(path: Path) -> bool:
    """Return whether a file is called like one that describes its folder, and was never meant to be read."""
    return _README.fullmatch(path.name) is not None


def _below(place: Path) -> Iterator[_Listed]:
    """Yield the files of a place, and the folders below it that are left out."""
    try:
        is_folder = stat.S_ISDIR(place.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise CorpusMissing(path=place) from None
    if not is_folder:
        yield _Listed((place.name,), place, is_named=True)
        return
    whole = Path(os.path.realpath(place))
    ahead = [_Listed((), place, is_named=False)]
    while ahead:
        folder = ahead.pop()
        try:
            with os.scandir(folder.path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            why = f"cannot be listed ({error.strerror or error}): change its permissions, or move it away"
            name = folder.inner or (place.name or str(place),)
            yield folder._replace(inner=name, why=why)
            continue
        for entry in found:
            if entry.name.startswith("."):
                continue
            one = _Listed((*folder.inner, entry.name), folder.path / entry.name, is_named=False)
            if not _is_folder(entry):
                yield one
            elif entry.is_symlink():
                yield one._replace(why=_LINKED_INSIDE if _is_walked(one.path, whole) else _LINKED)
            else:
                ahead.append(one)


def _is_walked(link: Path, whole: Path) -> bool:
    """Return whether the folder that `link` leads to is `whole`, or below it and not hidden."""
    target = Path(os.path.realpath(link))
    return target.is_relative_to(whole) and not any(
        part.startswith(".") for part in target.relative_to(whole).parts
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # reading it will say why
        return False


def _distinct_names(listed: dict[str, _Listed]) -> list[str]:
    """Return a name for each file or folder, given by absolute path.

    Where names are equal, each takes as many folders before it as tell them apart.
    """
    parts = [Path(path).parts for path in listed]
    lengths = [len(one.inner) for one in listed.values()]
    names = [clean_text("/".join(one.inner)) for one in listed.values()]
    while repeated := {name for name, count in Counter(names).items() if count > 1}:
        longer = [
            min(length + 1, len(of_path)) if name in repeated else length
            for name, length, of_path in zip(names, lengths, parts, strict=True)
        ]
        if longer == lengths:  # cleaning made them equal
            from papersearch.ingest.distinct import numbered  # a query lists the dumps, and rarely needs it

            return numbered(names)
        lengths = longer
        names = [
            _tail(of_path, length) if name in repeated else name
            for name, of_path, length in zip(names, parts, lengths, strict=True)
        ]
    return names


def _tail(parts: tuple[str, ...], length: int) -> str:
    return clean_text("/".join(parts[-length:]).replace("//", "/"))
