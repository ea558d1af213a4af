"""The journal of a running build: its encodings, saved in case the build is interrupted.

It consists of small files beside the generations, each complete or absent. They belong to one
model. The next build reuses the encodings that it needs and removes the files after publishing.
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
"""Thresholds of a write: this many encodings, and this many seconds since the last one. That is a
few seconds of work where encoding is slow, and few files where it is fast."""


class Journal:
    """The journal of one index for one model; `key` identifies the model."""

    def __init__(self, index_path: Path, key: str) -> None:
        self._folder = index_path / FOLDER
        self._key = key[:16]
        self._waiting: dict[bytes, TextEncoding] = {}
        self._flushed = time.monotonic()

    def load(self) -> dict[bytes, TextEncoding]:
        """Return the encodings of earlier builds by text hash; remove files that cannot be read."""
        found: dict[bytes, TextEncoding] = {}
        for path in sorted(self._folder.glob("*")):
            if not path.name.startswith(f"{self._key}-") or path.suffix != ".npz":
                remove(path)
                continue
            try:
                found |= _read(path)
            except Exception:  # numpy and zipfile raise many types for a damaged archive
                remove(path)
        return found

    def add(self, digest: bytes, encoding: TextEncoding) -> None:
        """Add one encoding; it is written together with others."""
        self._waiting[digest] = encoding
        if len(self._waiting) >= _PER_FILE and time.monotonic() - self._flushed >= _PAUSE:
            self.flush()

    def flush(self) -> None:
        """Write the waiting encodings. A failure is ignored: it costs time later, not the build."""
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
        """Remove the journal, after its encodings have been published."""
        remove(self._folder)


def _read(path: Path) -> dict[bytes, TextEncoding]:
    """Read the encodings of one file by text hash."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        digests, vectors, lengths = stored["digests"], stored["vectors"], stored["lengths"]
        parts = [stored[name] for name in ("pieces", "starts", "piece_vectors")]
    ends = np.cumsum(lengths)
    return {
        digest.tobytes(): TextEncoding(vector, *(part[end - length : end] for part in parts))
        for digest, vector, length, end in zip(digests, vectors, lengths, ends, strict=True)
    }
