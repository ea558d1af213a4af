"""Whether the corpus has changed since an index was built from it.

Costs a directory listing and one `stat` per file; a file is read only where its time has
changed and its size has not, or where it is new and must be told from a dump.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from papersearch.ingest import corpus_files, is_dump
from papersearch.storage.manifest import Manifest


def is_stale(manifest: Manifest, index_path: Path, corpus: Path) -> bool:
    """True when `corpus` is the index's own and holds other dumps than the index does."""
    if manifest.corpus is None or not corpus.is_dir():
        return False
    if (index_path / manifest.corpus).resolve() != corpus.resolve():
        return False
    known = {dump.name: dump for dump in manifest.dumps}
    seen = 0
    try:
        for name, path in corpus_files([corpus]):
            dump = known.get(name)
            if dump is None:
                if is_dump(path):
                    return True
                continue
            seen += 1
            status = path.stat()
            if status.st_size != dump.size:
                return True
            if status.st_mtime_ns != dump.mtime_ns:
                with path.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != dump.sha256:
                        return True
    except OSError:
        return True
    return seen != len(known)
