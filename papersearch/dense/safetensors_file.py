"""Tensors of a safetensors file, memory-mapped: opening reads the header, using a row reads a row.

Loading with the safetensors library would read whole tensors into memory, 47 MB of which a query
does not need. Its row slices would not, but cost a query more CPU time. The format is eight bytes
of header length, little-endian, then a JSON header, then the data.
"""

from __future__ import annotations

import math
import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from papersearch.errors import ModelDamaged
from papersearch.user_files import open_regular

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import Float32Array, IntArray

_MAX_HEADER_BYTES = 100_000_000  # the format's own limit
_MOST_AXES = 8
_DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),  # the upper half of a float32
    "F64": np.dtype("<f8"),
    "I8": np.dtype("i1"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
}


class SafetensorsFile:
    """Read-only view of one file; raises ModelDamaged if the file is not valid."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with open_regular(path) as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ModelDamaged(path=path, fault=str(error)) from error
        length = int.from_bytes(self._bytes[:8], "little")
        if len(self._bytes) < 8 or length > min(_MAX_HEADER_BYTES, len(self._bytes) - 8):
            raise self._fault("its header is cut")
        try:
            header = orjson.loads(self._bytes[8 : 8 + length])
        except orjson.JSONDecodeError as error:
            raise self._fault("its header is not JSON") from error
        if not isinstance(header, dict):
            raise self._fault("its header lists no tensors")
        self._header: dict[str, Any] = header
        self._start = 8 + length
        self._tensors: dict[str, Float32Array] = {}  # those that were used, so that each is converted once

    def __contains__(self, name: str) -> bool:
        return name in self._header

    def length(self, name: str) -> int:
        """Return the number of rows of a tensor."""
        stored, _ = self._stored(name)
        if stored.ndim == 0:
            raise self._fault(f"tensor {name} has no rows")
        return len(stored)

    def names(self) -> list[str]:
        """Return the names of the tensors."""
        return [name for name in self._header if name != "__metadata__"]

    def tensor(self, name: str) -> Float32Array:
        """Return the tensor as float32: a view of the file if it is stored so, otherwise a copy.

        Raises ModelError if it is missing, cut, or of another type.
        """
        if name not in self._tensors:
            self._tensors[name] = self.rows(name, slice(None))
        return self._tensors[name]

    def rows(self, name: str, chosen: slice | IntArray) -> Float32Array:
        """Return some rows of a tensor as float32, without converting the others."""
        stored, is_upper_half = self._stored(name)
        picked = stored[chosen]
        if is_upper_half:
            return (picked.astype(np.uint32) << 16).view(np.float32)
        return picked.astype(np.float32, copy=False)

    def whole_numbers(self, name: str) -> IntArray:
        """Return a tensor of whole numbers."""
        return self._stored(name)[0].astype(np.int64)

    def _stored(self, name: str) -> tuple[npt.NDArray[Any], bool]:
        """Return a view of the tensor as it is stored, and whether it holds halves of float32.

        Raises ModelError as `tensor` does.
        """
        try:
            entry = self._header[name]
            dtype, shape = _DTYPES[entry["dtype"]], tuple(entry["shape"])
            start, stop = entry["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise self._fault(f"it has no float tensor {name}") from error
        if not 0 < len(shape) <= _MOST_AXES or not all(
            type(number) is int and 0 <= number <= len(self._bytes) for number in (*shape, start, stop)
        ):
            raise self._fault(f"tensor {name} has no shape")
        count = math.prod(shape)
        if stop - start != count * dtype.itemsize or not start <= stop <= len(self._bytes) - self._start:
            raise self._fault(f"tensor {name} is cut")
        flat: npt.NDArray[Any] = np.frombuffer(self._bytes, dtype, count, self._start + start)
        return flat.reshape(shape), entry["dtype"] == "BF16"

    def _fault(self, what: str) -> ModelDamaged:
        return ModelDamaged(path=self._path, fault=what)
