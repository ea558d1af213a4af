"""Headers of safetensors files: whatever they say, a tensor is right or an error names the file."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papersearch.dense.safetensors_file import SafetensorsFile
from papersearch.errors import ModelDamaged

GOOD: dict[str, Any] = {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}
DATA = np.arange(16, dtype="<f4").tobytes()


def written(path: Path, header: bytes, length: int | None = None) -> Path:
    """Write a file with this header, and 64 bytes of data."""
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + DATA)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [-4, -4]},
        {"shape": [-1, -16]},
        {"shape": ["4", 4]},
        {"shape": [4.0, 4]},
        {"shape": [True, 16]},
        {"shape": [2**62, 0], "data_offsets": [0, 0]},
        {"shape": [2**63, 2**63]},
        {"shape": [1] * 70 + [16]},
        {"shape": [], "data_offsets": [0, 4]},
        {"shape": None},
        {"shape": {"4": 4}},
        {"data_offsets": [0.0, 64.0]},
        {"data_offsets": [-64, 0]},
        {"data_offsets": [64, 128]},
        {"data_offsets": [2**64 - 64, 2**64 - 1]},
        {"data_offsets": [0, 64, 1]},
        {"data_offsets": "ab"},
        {"data_offsets": None},
        {"dtype": "F33"},
        {"dtype": []},
    ],
)
def test_numbers_that_do_not_fit(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Sizes and places that are negative, huge, of another type or beyond the file are an error of the model."""
    path = written(tmp_path / "m.safetensors", orjson.dumps({"x": GOOD | changes}))
    for take in (SafetensorsFile.tensor, SafetensorsFile.length, SafetensorsFile.whole_numbers):
        with pytest.raises(ModelDamaged):
            take(SafetensorsFile(path), "x")


@pytest.mark.parametrize(
    "header", [b"[1]", b'"x"', b"null", b"5", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b""]
)
def test_headers_that_are_no_object(tmp_path: Path, header: bytes) -> None:
    """A header that is not an object of JSON is refused when the file is opened, however deep it nests."""
    with pytest.raises(ModelDamaged, match="its header"):
        SafetensorsFile(written(tmp_path / "m.safetensors", header))


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**63, 2**64 - 1])
def test_lengths_of_headers(tmp_path: Path, length: int) -> None:
    """A length of the header that the file does not have is an error, and takes no memory."""
    with pytest.raises(ModelDamaged):
        SafetensorsFile(written(tmp_path / "m.safetensors", orjson.dumps({"x": GOOD}), length))


NUMBERS = (
    st.integers(-(2**63), 2**64 - 1) | st.integers(-2, 70) | st.floats(allow_nan=False) | st.none() | st.booleans()
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entry=st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F32", "F16", "BF16", "I8", "I64"]),
            "shape": st.lists(NUMBERS, max_size=4),
            "data_offsets": st.lists(NUMBERS, max_size=3),
        }
    )
)
def test_any_entry(tmp_path: Path, entry: dict[str, Any]) -> None:
    """An entry gives a tensor of its shape, within the file, or an error of the model."""
    file = SafetensorsFile(written(tmp_path / "m.safetensors", orjson.dumps({"x": entry})))
    try:
        found = file.tensor("x")
    except ModelDamaged:
        return
    assert list(found.shape) == entry["shape"]
    assert found.nbytes <= 4 * len(DATA)
