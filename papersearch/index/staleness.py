"""Staleness: whether the corpus has changed since an index was built from it.

The check costs a directory listing and one `stat` per file. A file is read in two cases only: its
time has changed and its size has not, or it is new and may be a dump.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from papersearch.index.manifest import Manifest
from papersearch.ingest.corpus_files import Corpus, corpus_files, folders_of, is_readme, missing_folder, resolved
from papersearch.ingest.journals import digest, size_and_time
from papersearch.types import DumpFile, SkippedFile


def is_stale(manifest: Manifest, index_path: Path, corpus: Corpus, *, missing: bool = False) -> bool:
    """Return whether the dumps in `corpus` differ from those of the index.

    `missing` is the answer if the index was built from another corpus, or from none. A file that
    cannot be read makes the index stale, and so do other collections than it was built from.
    """
    own = corpus_of(manifest, index_path)
    if own is None or missing_folder(corpus) is not None:
        return missing
    if resolved(corpus) != resolved(own):
        return missing or isinstance(corpus, Mapping)
    dumps = {dump.name: dump for dump in manifest.dumps}
    skipped = {file.name: file for file in manifest.skipped}
    try:
        files = {file.name: file.path for file in corpus_files(folders_of(corpus)).files}
        found = {name: file_of(name, files) for name in dumps}
        return (
            not all(found.values())
            or any(dump_changed(dump, files[found[name]]) for name, dump in dumps.items())
            or any(
                _became_dump(skipped.get(name), name, files[name]) for name in files.keys() - set(found.values())
            )
        )
    except OSError:
        return True


def corpus_of(manifest: Manifest, index_path: Path) -> Corpus | None:
    """Return the corpus that an index was built from, where it is now; None for single dumps."""
    if manifest.corpus is None or isinstance(manifest.corpus, str):
        return None if manifest.corpus is None else index_path / manifest.corpus
    return {name: index_path / folder for name, folder in manifest.corpus.items()}


def skips_differ(manifest: Manifest, corpus: Corpus) -> bool:
    """Return whether `corpus` has other files and folders that are not read than when it was indexed.

    Their findings are then out of date, though no dump is. A file's time does not count, nor does a
    README.
    """
    listing = corpus_files(folders_of(corpus))
    dumps = {dump.name for dump in manifest.dumps}
    found = {(file.name, file.path.lstat().st_size) for file in listing.files if file.name not in dumps}
    found |= {(folder.name, 0) for folder in listing.skipped}
    known = {(file.name, file.size) for file in manifest.skipped}
    return any(not is_readme(Path(name)) for name, _ in found ^ known)


def file_of(dump: str, files: dict[str, Path]) -> str:
    """Return the name of a dump's file, which is an archive's for a member of one; "" where it is gone."""
    while dump and dump not in files:
        dump = dump.rpartition("/")[0]
    return dump


def dump_changed(dump: DumpFile, path: Path) -> bool:
    """Return whether a dump has other content than when it was read."""
    size, mtime_ns = size_and_time(path)
    if (size, mtime_ns) == (dump.size, dump.mtime_ns):
        return False
    return size != dump.size or digest(path) != dump.sha256


def _became_dump(skipped: SkippedFile | None, name: str, path: Path) -> bool:
    """Return whether a file that is not in the index is a dump now."""
    status = path.lstat()
    if skipped == SkippedFile(name=name, size=status.st_size, mtime_ns=status.st_mtime_ns):
        return False
    from papersearch.ingest.reading import is_dump  # imports the parsers, which are seldom needed

    return is_dump(path)
