"""Encodings of a build that has not ended yet, so that none is lost when it does not end well.

Small files beside the generations, each complete or not there. They belong to one model;
whoever builds next takes from them what it needs, and removes them when it has published.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from papersearch.dense.encoding import TextEncoding
from papersearch.index.files import remove

FOLDER = ".encoded"
_PER_FILE = 64
_PAUSE = 1.0
"""At least so many encodings, and so many seconds, between two writes: a few seconds of work
where encoding is slow, and few files where it is quick."""


class Journal:
    """The journal of one index for one model; `key` tells models apart."""

    def __init__(self, index_path: Path, key: str) -> None:
        self._folder = index_path / FOLDER
        self._key = key[:16]
        self._waiting: dict[bytes, TextEncoding] = {}
        self._flushed = time.monotonic()

    def load(self) -> dict[bytes, TextEncoding]:
        """What earlier builds left, by text hash; a file that cannot be read is removed."""
        found: dict[bytes, TextEncoding] = {}
        for path in sorted(self._folder.glob("*")):
            if not path.name.startswith(f"{self._key}-") or path.suffix != ".npz":
                remove(path)
                continue
            try:
                found |= _read(path)
            except Exception:  # whatever a damaged archive makes numpy and zipfile raise
                remove(path)
        return found

    def add(self, digest: bytes, encoding: TextEncoding) -> None:
        """Remember one more; written with its neighbours."""
        self._waiting[digest] = encoding
        if len(self._waiting) >= _PER_FILE and time.monotonic() - self._flushed >= _PAUSE:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting. A journal that cannot be written costs time, not the build."""
        if not self._waiting:
            return
        digests, encodings = list(self._waiting), list(self._waiting.values())
        name = f"{self._key}-{digests[0].hex()[:16]}.npz"
        temporary = self._folder / f".{name}"
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            with temporary.open("wb") as file:
                np.savez(
                    file,
                    digests=np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32),
                    vectors=np.array([encoding.vector for encoding in encodings]),
                    lengths=np.array([len(encoding.pieces) for encoding in encodings]),
                    pieces=np.concatenate([encoding.pieces for encoding in encodings]),
                    starts=np.concatenate([encoding.starts for encoding in encodings]),
                    piece_vectors=np.concatenate([encoding.piece_vectors for encoding in encodings]),
                )
            temporary.replace(self._folder / name)
        self._waiting.clear()
        self._flushed = time.monotonic()

    def discard(self) -> None:
        """All of it is published now."""
        remove(self._folder)


def _read(path: Path) -> dict[bytes, TextEncoding]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        digests, vectors, lengths = stored["digests"], stored["vectors"], stored["lengths"]
        parts = [stored[name] for name in ("pieces", "starts", "piece_vectors")]
    ends = np.cumsum(lengths)
    return {
        digest.tobytes(): TextEncoding(vector, *(part[end - length : end] for part in parts))
        for digest, vector, length, end in zip(digests, vectors, lengths, ends, strict=True)
    }
