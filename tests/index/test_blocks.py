"""Checksums of blocks: what is read is checked, and nothing else can be read."""

from __future__ import annotations

import mmap
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.errors import IndexDamaged
from papersearch.index import generation as generation_module
from papersearch.index.blocks import (
    BLOCK,
    CheckedBytes,
    CheckedFile,
    CheckedRows,
    Summing,
    are_whole,
    closed,
    n_blocks,
)
from papersearch.index.checked_json import decode_checked, encode_checked
from papersearch.index.layout import generation_folder

HEADER = 128
ROWS = np.random.default_rng(5).integers(0, 1 << 30, (5_000, 24), dtype=np.int32)  # 96 bytes a row, in 30 blocks
CONTENT = bytes(HEADER) + ROWS.tobytes()


def sums_of(content: bytes, cuts: tuple[int, ...] = ()) -> Any:
    """Return the checksums of a file that is written in pieces."""
    summing, edges = Summing(), [0, *sorted(cuts), len(content)]
    for start, stop in pairwise(edges):
        summing.add(content[start:stop])
    return summing.sums()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blocks")


def checked(folder: Path, content: bytes = CONTENT) -> CheckedFile:
    """Map a file with this content, under the checksums of `CONTENT`."""
    path = folder / "rows"
    path.unlink(missing_ok=True)  # an earlier mapping keeps its own file
    path.write_bytes(content)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return CheckedFile(mapped, sums_of(CONTENT), folder, "rows")


def rows_of(file: CheckedFile) -> CheckedRows:
    return CheckedRows(file, np.frombuffer(file.mapped, np.int32, offset=HEADER).reshape(ROWS.shape), HEADER)


@given(st.integers(0, 3 * BLOCK + 5), st.lists(st.integers(0, 3 * BLOCK + 5), max_size=6))
def test_any_pieces_have_the_sums_of_the_whole(size: int, cuts: list[int]) -> None:
    """However a file is cut as it is written, each block of 16 KiB has the XXH3 that the library gives."""
    content = (b"papersearch" * (size // 11 + 1))[:size]
    sums = sums_of(content, tuple(min(cut, size) for cut in cuts))
    expected = [xxhash.xxh3_64_intdigest(content[start : start + BLOCK]) for start in range(0, size, BLOCK)]
    assert sums.tolist() == expected
    assert len(sums) == n_blocks(size)


PLACES = st.integers(0, len(CONTENT) - 1)
KEYS = st.one_of(
    st.integers(-5_000, 4_999),
    st.slices(5_000),
    st.lists(st.integers(-5_000, 4_999), max_size=9).map(lambda numbers: np.array(numbers, dtype=np.int64)),
    st.lists(st.integers(0, 4_999), min_size=1, max_size=4),
    st.tuples(st.integers(0, 4_999), st.integers(0, 23)),
)


def blocks_read(key: Any) -> set[int]:
    """Return the blocks with bytes that a key reads, found by brute force."""
    places = np.arange(len(CONTENT) - HEADER).reshape(len(ROWS), -1)  # of each byte of each row
    places = places.reshape(*ROWS.shape, -1)[key]
    return set(((places.reshape(-1) + HEADER) // BLOCK).tolist())


@settings(max_examples=60)
@given(KEYS, PLACES)
def test_damage_is_found_where_it_is_read(folder: Path, key: Any, place: int) -> None:
    """A key gives what numpy gives, unless a block that it reads is damaged: then it is an error."""
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1
    rows = rows_of(checked(folder, bytes(damaged)))
    try:
        found = rows[key]
    except IndexDamaged as error:
        assert error.file == "rows"
        return
    assert place // BLOCK not in blocks_read(key)
    assert np.array_equal(found, ROWS[key])


@pytest.mark.parametrize("key", [5_000, -5_001, np.array([3, 5_000]), np.array([0, -5_001])])
def test_a_key_out_of_bounds_is_numpys_error(folder: Path, key: Any) -> None:
    """Numbers of rows that do not exist are refused as numpy refuses them."""
    with pytest.raises(IndexError):
        rows_of(checked(folder))[key]


def test_a_block_is_checked_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all rows twice, in any order, computes one checksum for each block."""
    computed = []
    real = xxhash.xxh3_64_intdigest
    monkeypatch.setattr(xxhash, "xxh3_64_intdigest", lambda block: computed.append(len(block)) or real(block))
    rows = rows_of(checked(folder))
    for numbers in (np.arange(4_999, -1, -7), np.arange(5_000), np.arange(10)):
        assert np.array_equal(rows[numbers], ROWS[numbers])
    assert sum(computed) == len(CONTENT)


@pytest.mark.parametrize(
    "read",
    [
        np.asarray,
        lambda rows: np.linalg.norm(rows, axis=1),
        lambda rows: np.take(rows, [0], axis=None),
        lambda rows: np.take(rows, [0], axis=1),
        lambda rows: rows[::2],
        lambda rows: rows[np.ones(5_000, dtype=np.bool_)],
        lambda rows: rows[:, 0],
        lambda rows: rows[...],
        lambda rows: list(rows),
    ],
)
def test_any_other_way_checks_everything(folder: Path, read: Callable[[Any], Any]) -> None:
    """numpy's functions and other keys take the rows for an array, and a damaged one is an error."""
    assert np.array_equal(read(rows_of(checked(folder))), read(ROWS))
    damaged = CONTENT[:-1] + bytes([CONTENT[-1] ^ 128])
    with pytest.raises(IndexDamaged, match="475,136 to 480,127"):
        read(rows_of(checked(folder, damaged)))


@pytest.mark.parametrize("name", ["sum", "astype", "tobytes", "tolist", "view", "reshape", "data", "T", "base"])
def test_there_is_no_way_around_it(folder: Path, name: str) -> None:
    """The rows have no method of an array that would read unchecked bytes."""
    rows = rows_of(checked(folder))
    assert hasattr(ROWS, name)
    assert not hasattr(rows, name)
    with pytest.raises(TypeError):
        memoryview(rows)  # type: ignore[arg-type]  # it has no buffer


@given(st.builds(slice, PLACES, PLACES), PLACES)
@settings(max_examples=40)
def test_slices_of_a_text(folder: Path, part: slice, place: int) -> None:
    """A slice of a text gives its bytes, unless one of its blocks is damaged."""
    damaged = bytearray(CONTENT)
    damaged[place] ^= 16
    start, stop, _ = part.indices(len(CONTENT))
    text = CheckedBytes(checked(folder, bytes(damaged)))
    if start < stop and start // BLOCK <= place // BLOCK <= (stop - 1) // BLOCK:
        with pytest.raises(IndexDamaged):
            text[part]
    else:
        assert text[part] == CONTENT[part]


@pytest.mark.parametrize("bit", range(0, 8 * 8 * 5, 3))
def test_checksums_have_one_of_their_own(bit: int) -> None:
    """A flipped bit among the checksums themselves is found, and so is a cut."""
    sums = closed(np.arange(4, dtype=np.uint64))
    assert are_whole(sums)
    content = bytearray(sums.tobytes())
    content[bit // 8] ^= 1 << bit % 8
    assert not are_whole(np.frombuffer(bytes(content), np.uint64))
    assert not are_whole(sums[:-1])
    assert not are_whole(sums[:0])


def test_every_bit_of_checked_json() -> None:
    """A description with any bit flipped is refused, or has no checksum any more; cut, it is refused."""
    fields = {"kind": "a", "format_version": 8, "files": {"x": [1, 2.5, None]}}
    content = encode_checked(fields)
    assert decode_checked(content) == (fields, True)
    for place in range(len(content) * 8):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        try:
            assert not decode_checked(bytes(damaged))[1]
        except ValueError:
            continue
        assert place // 8 >= len(content) - 50  # of the checksum itself
    for length in range(len(content) - 1):
        with pytest.raises(ValueError, match="is not JSON"):
            decode_checked(content[:length])


def test_large_files_are_checked_where_they_are_read(
    small_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers are the same where every file counts as large, and a damaged one gives none."""
    expected = papersearch.open(small_index).search("pipeline bubbles", explain=True, facets=True)
    monkeypatch.setattr(generation_module, "_SMALL", 0)
    assert papersearch.open(small_index).search("pipeline bubbles", explain=True, facets=True) == expected
    for name in ("vectors.int8.npy", "vectors.npy", "postings.papers.npy", "papers.jsonl", "terms.txt"):
        copy = shutil.copytree(small_index, tmp_path / name)
        path = copy / generation_folder(1) / name
        content = bytearray(path.read_bytes())
        content[-2] ^= 4
        path.write_bytes(content)
        with pytest.raises(IndexDamaged) as caught:
            papersearch.open(copy).search("pipeline bubbles")
        assert caught.value.file == name
