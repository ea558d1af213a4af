"""Zip archives: their members are files of the corpus under names of their own, `archive.zip/member`.

Each member is unpacked alone, into a temporary folder, and read like any file. Number and sizes are
bounded; what lies in an archive inside an archive is not read.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from papersearch.ingest.corpus_files import CorpusFile
from papersearch.ingest.decompression import DAMAGE, TOO_LARGE, most_unpacked
from papersearch.ingest.distinct import numbered
from papersearch.ingest.known_kinds import is_zip
from papersearch.ingest.record import LONGEST_QUOTED, Report
from papersearch.ingest.streams import PROBE_BYTES
from papersearch.text.cleaning import clean_text
from papersearch.types import Finding
from papersearch.user_files import open_regular

_MAX_MEMBERS = 1000
_PIECE = 1 << 16
_DAMAGE = (*DAMAGE, zipfile.BadZipFile, struct.error, NotImplementedError, ValueError, RuntimeError)
_ENCRYPTED = 1


class Source(NamedTuple):
    """A file to read: as in `CorpusFile`, and the archive that it comes from, if any."""

    name: str
    path: Path
    is_named: bool
    archive: CorpusFile | None = None


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive that may hold dumps, and not a document in that form."""
    try:
        with open_regular(path) as file:
            return is_zip(file.read(PROBE_BYTES)) and zipfile.is_zipfile(file)
    except (OSError, zipfile.BadZipFile):
        return False


def with_members(
    files: Iterable[CorpusFile], report: Report, archives: list[CorpusFile] | None = None
) -> Iterator[Source]:
    """Yield the files, and in place of an archive its members; a member's file lasts until the next one.

    Archives are appended to `archives`.
    """
    for file in files:
        if not is_archive(file.path):
            yield Source(*file)
            continue
        if archives is not None:
            archives.append(file)
        try:
            with zipfile.ZipFile(file.path) as archive, TemporaryDirectory(prefix="papersearch-") as folder:
                yield from _members(file, archive, Path(folder) / "member", report)
        except _DAMAGE as error:
            report(_damaged(file.name, str(error)))


def _members(file: CorpusFile, archive: zipfile.ZipFile, target: Path, report: Report) -> Iterator[Source]:
    left = most_unpacked(file.path.stat().st_size)
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_hidden(one.filename)]
    if not members:
        report(Finding(kind="file skipped", file=file.name, line=None, detail="a zip archive without files"))
    if len(members) > _MAX_MEMBERS:
        detail = f"{len(members):,} files in a zip archive; the first {_MAX_MEMBERS:,} are read: unpack it"
        report(Finding(kind="file skipped", file=file.name, line=None, detail=detail))
    del members[_MAX_MEMBERS:]
    names = numbered(f"{file.name}/{clean_text(member.filename)}" for member in members)
    for name, member in zip(names, members, strict=True):
        if member.flag_bits & _ENCRYPTED:
            report(Finding(kind="file skipped", file=name, line=None, detail="encrypted: unpack the archive first"))
            continue
        left, fault = _unpack(archive, member, target, left)
        if fault:
            report(_damaged(name, fault))
        yield Source(name, target, is_named=False, archive=file)
        if left <= 0:
            return


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> tuple[int, str]:
    """Unpack a member, as far as it can be read; return how many bytes are left, and what is wrong."""
    try:
        with target.open("wb") as file, archive.open(member) as packed:
            while piece := packed.read(_PIECE):
                left -= len(piece)
                if left <= 0:
                    return left, TOO_LARGE
                file.write(piece)
    except _DAMAGE as error:
        return left, str(error)
    return left, ""


def _is_hidden(name: str) -> bool:
    """Return whether a member is hidden, as those are that macOS adds, or has a path out of the archive."""
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part != ".")


def _damaged(name: str, why: str) -> Finding:
    # An error may quote the name of a member, which may be long.
    detail = f"{why[:LONGEST_QUOTED] or 'cannot be unpacked'}; what came before is kept"
    return Finding(kind="file damaged", file=name, line=None, detail=detail)
