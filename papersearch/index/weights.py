"""The file of tuned weights, beside an index: read with the index, and written for people to read.

It belongs to the collection and not to a generation: builds and rollbacks leave it as it is. What it says
is checked like the contents of any file.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papersearch.errors import WeightsUnreadable
from papersearch.index.layout import WEIGHTS
from papersearch.types import DEFAULT_WEIGHTS, Weights
from papersearch.user_files import read_bounded
from papersearch.values import fields_of

_MOST = {"keyword": 10.0, "late_interaction": 10.0, "feedback": 10.0, "neighbours": 1.0}
"""Greatest value of each weight; the least is 0."""

_MAX_BYTES = 1 << 16


def checked_weights(values: Mapping[str, Any]) -> Weights:
    """Make weights of values by name; those that are missing have their defaults. Raises ValueError."""
    weights: dict[str, float] = {}
    for name, value in values.items():
        if name not in _MOST:
            raise ValueError(f"unknown weight {name[:40]!r}: expected {', '.join(_MOST)}")
        if type(value) not in (int, float) or not 0 <= value <= _MOST[name]:
            raise ValueError(f"{name}: expected a number from 0 to {_MOST[name]:g}")
        weights[name] = float(value)
    return Weights(**weights)


def read_weights(index_path: Path) -> Weights | None:
    """Read the weights of the index in a folder; None without a file of them. Raises WeightsUnreadable."""
    import tomllib  # few collections are tuned

    path = index_path / WEIGHTS
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # a link could lead out of it
            raise ValueError("it is not a regular file")
        return checked_weights(tomllib.loads(read_bounded(path, _MAX_BYTES).decode("utf-8-sig")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:  # tomllib's errors are ValueErrors
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        raise WeightsUnreadable(path=path, cause=cause) from error


def write_weights(index_path: Path, weights: Weights, told: str) -> Path:
    """Write the weights of the index in a folder, below the line `told` about them; return the file's path.

    Readers see the file before or the new one, complete. Raises IndexNotWritable.
    """
    from papersearch.index.generations import write_errors
    from papersearch.index.locking import alone
    from papersearch.index.removal import replace_locked

    lines = ["# Weights of hybrid ranking. Without this file the defaults count.", f"# {told}", ""]
    for name, value in fields_of(weights).items():
        lines.append(f"{name} = {value!r}  # {getattr(DEFAULT_WEIGHTS, name):g} by default")
    path = index_path / WEIGHTS
    with write_errors(path), alone(index_path):
        replace_locked(path, ("\n".join(lines) + "\n").encode(), is_alone=True)
    return path


def remove_weights(index_path: Path) -> bool:
    """Remove the file of weights; tell whether there was one. Raises IndexNotWritable."""
    from papersearch.index.files import sync_folder
    from papersearch.index.generations import write_errors

    path = index_path / WEIGHTS
    with write_errors(path):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(index_path)
    return True
