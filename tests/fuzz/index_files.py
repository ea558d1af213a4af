"""Doors of the files that describe an index and its parts, and of the journal of its encodings."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson

from papersearch.dense.encoding import TextEncoding
from papersearch.errors import StoredIndexError
from papersearch.index.journal import FOLDER, Journal
from papersearch.index.layout import files_of
from papersearch.index.manifest import decode_manifest, encode_manifest
from papersearch.index.part_records import PART, encode_part, read_part
from papersearch.index.shards import decode_shards, encode_shards
from papersearch.ingest.stored import decode_appearance, encode_appearance
from tests.fuzz.door import Door, Enter, headed
from tests.fuzz.tiny import tiny_index

_GOLDEN = Path(__file__).parents[1] / "golden"
_KEY = "k" * 64


def _opened(folder: Path) -> Enter:
    def enter(content: bytes) -> None:
        """Read what the first line names; what is read is written, and read again as the same."""
        name, body = headed(content)
        if name in ("manifest.json", "old manifest.json"):
            _enter_manifest(body, is_reused=name.startswith("old"))
        elif name == "shards.json":
            _enter_shards(body)
        elif name == PART:
            (folder / PART).write_bytes(body)
            part = read_part(folder)
            if part is not None:
                (folder / PART).write_bytes(encode_part(part))
                assert read_part(folder) == part
        elif name == "appearances.jsonl":
            _enter_appearance(body)

    return enter


def _enter_manifest(content: bytes, *, is_reused: bool) -> None:
    try:
        manifest = decode_manifest(content, "index", is_reused=is_reused)
    except StoredIndexError as error:
        assert error.message
        return
    known = files_of(has_late_interaction=True, is_partial=True)
    assert manifest.files.keys() <= known or is_reused
    assert not any("/" in name or name.startswith(".") for name in manifest.files)
    assert all(manifest.axis(letter) >= 0 for letter in ("N", "T+1", "D", "V"))
    assert manifest.folder.startswith("generation-")
    if not is_reused:
        assert decode_manifest(encode_manifest(manifest), "index") == manifest
    repr(manifest)


def _enter_shards(content: bytes) -> None:
    try:
        described = decode_shards(content, Path("index"))
    except StoredIndexError as error:
        assert error.message
        return
    assert decode_shards(encode_shards(described), Path("index")) == described
    assert sum(one.n_papers for one in described.shards) == described.n_papers
    assert not any(".." in one.folder for one in described.shards)


def _enter_appearance(content: bytes) -> None:
    try:
        one = decode_appearance(content.decode("utf-8"))
    except ValueError:
        return
    assert decode_appearance(encode_appearance(one)) == one


def _open_journal(folder: Path) -> Enter:
    (folder / FOLDER).mkdir()
    path = folder / FOLDER / f"{_KEY[:16]}.frames"
    added = TextEncoding(np.ones(3, np.float32), *(np.zeros(0, np.uint32),) * 2, np.zeros((0, 2), np.int8))

    def enter(content: bytes) -> None:
        """Read an input as a journal, and as the content of its one frame."""
        enter_frames(content)
        enter_frames(_framed(content))

    def enter_frames(content: bytes) -> None:
        """Read a journal: every encoding in it can be read, and another one be added."""
        path.write_bytes(content)
        journal = Journal(folder, _KEY)
        try:
            journal.load()
            assert path.read_bytes() == content[: path.stat().st_size]
            for digest in list(journal):
                encoding = journal[digest]
                assert len(encoding.pieces) == len(encoding.piece_vectors)
            journal.add(b"d" * 32, added)
            assert b"d" * 32 in journal
        finally:
            journal.close()

    return enter


def _files(folder: Path) -> Iterator[bytes]:
    index = tiny_index(folder / "index")
    yield b"manifest.json\n" + encode_manifest(index.manifest)
    for place in sorted(_GOLDEN.glob("format-*/manifest.json")):
        yield b"old manifest.json\n" + place.read_bytes()
    yield b"shards.json\n" + orjson.dumps(_SHARDS | {"format_version": index.manifest.format_version})
    yield b"part.json\n" + orjson.dumps(
        _PART | {"encoder": orjson.loads(encode_manifest(index.manifest))["encoder"]}
    )
    yield b"appearances.jsonl\n" + orjson.dumps(_APPEARANCE)


def _frames(folder: Path) -> Iterator[bytes]:
    for n_pieces in (0, 2):
        vector, pieces = np.ones(3, np.float32), np.zeros(n_pieces, np.uint32)
        rows = np.zeros((n_pieces, 2), np.int8)
        shape = struct.pack("<32sIII", b"d" * 32, 3, n_pieces, 2)
        content = shape + b"".join(one.tobytes() for one in (vector, pieces, pieces, rows))
        yield content
        yield _framed(content)


def _framed(content: bytes) -> bytes:
    return struct.pack("<8sQI", b"encoding", len(content), zlib.crc32(content)) + content


_SHARDS = {
    "kind": "papersearch-shards", "generation": 1, "written_by": "papersearch 0.1.0", "n_papers": 5,
    "n_terms": 9, "parts": "0" * 64,
    "shards": [
        {"folder": "shards/00001-of-00002", "n_papers": 3, "start": 0, "manifest": "0" * 64},
        {"folder": "shards/00002-of-00002", "n_papers": 2, "start": 3, "manifest": "0" * 64},
    ],
}  # fmt: skip
_PART = {
    "format_version": 1, "written_by": "papersearch 0.1.0", "analyzer": "a", "number": 1, "n_parts": 2,
    "listing": "0" * 64, "choices": {"places": ["../corpus"], "corpus": None, "late": None, "abstracts_only": False,
    "languages": ["en"]}, "generation": 1, "n_appearances": 1, "dumps": [], "skipped": [], "archives": [],
    "files": {"read/keys.npy": {"size": 1, "sha256": "0" * 64}},
}  # fmt: skip
_APPEARANCE = {
    "dump": "d", "first_line": 1, "last_line": 2, "title": "Moths", "abstract": "", "links": [], "mirror_links": [],
    "authors": ["Ada Grove"], "categories": [], "organisation": None,
    "author_names": [{"family": "Grove", "given": "Ada"}],
}  # fmt: skip
_JSON = (
    *'{ } [ ] : , " \\" \\u0000 null true false -1 0 1.5 1e999 18446744073709551615 18446744073709551616'.split(),
    "\n",
)

DOORS = {
    "index-files": Door(_opened, _files, (*_JSON, "../", "shards/", "generation-", "/etc/passwd"), 30_000),
    "journal": Door(_open_journal, _frames, ("encoding", "\0\0\0\0", "\uffff")),
}
"""The doors of an index's own files."""
