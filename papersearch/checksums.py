"""SHA-256 of files and bytes.

`hashlib` is imported inside the functions: it loads OpenSSL, and a query computes no checksum.
"""

from __future__ import annotations

from pathlib import Path

from papersearch.user_files import open_regular


def sha256_of(content: bytes) -> str:
    """Return the digest of `content` in hexadecimal."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the digest of a regular file's bytes in hexadecimal. Raises OSError, also for a pipe."""
    import hashlib

    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
