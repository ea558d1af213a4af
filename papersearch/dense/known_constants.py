"""The constants of the default model, which come with the package.

They depend on the model alone. Learning them takes as long as encoding forty abstracts, and their
last digits differ from processor to processor; here they are the same everywhere.
`python -m tests.golden.constants` makes the file.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersearch.checksums import sha256_of
from papersearch.dense.encoding import ModelConstants
from papersearch.dense.models import DEFAULT_MODEL, DEFAULT_MODEL_SHA256

if TYPE_CHECKING:
    from papersearch.dense.encoders import Identity

CONSTANTS_FILE = Path(__file__).parent / "constants" / f"{DEFAULT_MODEL}.npz"
CONSTANTS_SHA256 = "cd74a8d0a0756f407734953ce563432aa3b60a9e5edfd1f46f4331e4700c6d99"


def known_constants(identity: Identity) -> ModelConstants | None:
    """Return the constants for encodings of this identity, if they come with the package.

    A prefix of queries changes them. They are learned if the file is missing or damaged.
    """
    if identity.fingerprint != DEFAULT_MODEL_SHA256 or identity.query_prefix:
        return None
    try:
        content = CONSTANTS_FILE.read_bytes()
    except OSError:
        return None
    if sha256_of(content) != CONSTANTS_SHA256:
        return None
    arrays = np.load(io.BytesIO(content), allow_pickle=False)
    return ModelConstants(probes=arrays["probes"], kept=arrays["kept"], basis=arrays["basis"])


def are_equal(one: ModelConstants, other: ModelConstants) -> bool:
    """Return whether both have the same probes, and the same word pieces and basis if both have any."""
    if not np.array_equal(one.probes, other.probes):
        return False
    has_pieces = one.basis.size and other.basis.size
    return not has_pieces or (np.array_equal(one.kept, other.kept) and np.array_equal(one.basis, other.basis))
