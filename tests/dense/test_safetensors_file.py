"""Headers of safetensors files that say anything: a tensor of the described shape, or an error of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.dense.safetensors_file import SafetensorsFile
from papersearch.errors import ModelDamaged

DATA = np.arange(12, dtype="<f4")
SIZES = st.integers(-2, 50) | st.sampled_from([None, True, 1.5, "4", [4], 1 << 62])
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "F16", "BF16", "F64", "I8", "I32", "U8", "", None, 4, []]),
        "shape": st.lists(SIZES, max_size=3) | SIZES,
        "data_offsets": st.lists(SIZES, min_size=1, max_size=3) | SIZES,
    },
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "dtype", "shape"]), inner),
    max_leaves=6,
)


def written(folder: Path, header: Any) -> Path:
    """Write a file with this header before `DATA`."""
    content = orjson.dumps(header)
    path = folder / "model.safetensors"
    path.write_bytes(len(content).to_bytes(8, "little") + content + DATA.tobytes())
    return path


@given(st.fixed_dictionaries({"a": ENTRIES}) | st.fixed_dictionaries({"a": ANYTHING}) | ANYTHING)
def test_any_header(tmp_path_factory: pytest.TempPathFactory, header: Any) -> None:
    """A tensor has the shape of its entry, and bytes of the file alone; other entries are errors of the model."""
    path = written(tmp_path_factory.mktemp("header"), header)
    for use in (SafetensorsFile.tensor, SafetensorsFile.length, SafetensorsFile.whole_numbers):
        try:
            found = use(SafetensorsFile(path), "a")
        except ModelDamaged:
            continue
        entry = header["a"]
        shape, (start, stop) = tuple(entry["shape"]), entry["data_offsets"]
        assert 0 <= start <= stop <= DATA.nbytes
        assert found == shape[0] if isinstance(found, int) else found.shape == shape


@pytest.mark.parametrize("shape", [[3, 4], [12], [2, 2, 3], [12, 1], [0]])
def test_what_is_written_is_read(tmp_path: Path, shape: list[int]) -> None:
    """A tensor that is described rightly has the numbers that were written."""
    n_bytes = 4 * int(np.prod(shape))
    path = written(tmp_path, {"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, n_bytes]}})
    assert np.array_equal(SafetensorsFile(path).tensor("a"), DATA[: n_bytes // 4].reshape(shape))
