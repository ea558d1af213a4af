"""Files of an index with other content, under checksums that fit: what only the checks behind them can find."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from papersearch.index.blocks import Summing, closed
from papersearch.index.checked_json import decode_checked, encode_checked
from papersearch.index.layout import CHECKSUMS, FIRST_CHECKED_VERSION


def rewrite_json(path: Path, /, **changes: Any) -> None:
    """Change fields of a manifest, `shards.json` or `part.json`; of an older format it has no checksum."""
    fields = {**decode_checked(path.read_bytes())[0], **changes}
    version = fields["format_version"]
    if type(version) is int and version < FIRST_CHECKED_VERSION:
        path.write_text(json.dumps(fields))
    else:
        path.write_bytes(encode_checked(fields))


@contextmanager
def replaced(path: Path, content: bytes | None) -> Iterator[None]:
    """Put `content` in place of a file's own in a `with` block, or remove the file if it is None."""
    own = path.read_bytes()
    path.unlink()  # what an open index has mapped stays
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(own)


def record_anew(index_path: Path, folder: Path, *names: str) -> None:
    """Give the files of these names in the generation's folder, and all blocks, checksums that fit."""
    fields, _ = decode_checked((folder / "manifest.json").read_bytes())
    files = fields["files"]
    files.update({name: _record(folder / name) for name in names})
    sums = [_sums(folder / name) for name in files if name != CHECKSUMS]
    np.save(folder / CHECKSUMS, closed(np.concatenate(sums)))
    files[CHECKSUMS] = _record(folder / CHECKSUMS)
    for manifest in (index_path / "manifest.json", folder / "manifest.json"):
        rewrite_json(manifest, files=files)


def _record(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _sums(path: Path) -> np.ndarray[Any, np.dtype[np.uint64]]:
    summing = Summing()
    summing.add(path.read_bytes())
    return summing.sums()
