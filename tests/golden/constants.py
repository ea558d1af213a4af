"""Writes the constants of the default model; run `python -m tests.golden.constants` from the root.

They are learned by numpy, as a build learns those of any other model. Another processor or version
of numpy gives other last digits. So the file is written again only if the model or the way of
learning changes, and then every index is built anew: `encoding.ENCODING` gets another name.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from papersearch.checksums import sha256_of
from papersearch.dense import models
from papersearch.dense.bulk import NumpyEncoder
from papersearch.dense.encoding import ModelConstants, learn_constants
from papersearch.dense.known_constants import CONSTANTS_FILE
from papersearch.dense.reference import MAX_LENGTH


def learned() -> ModelConstants:
    """Learn the constants of the packaged model."""
    folder = models.locate(None, sys.stdout.write).folder
    return learn_constants(NumpyEncoder(folder, MAX_LENGTH, ("", ""), n_workers=0))


def write(path: Path = CONSTANTS_FILE) -> None:
    """Write the file, and say which checksum belongs into `known_constants.py`."""
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **learned()._asdict())
    sys.stdout.write(f'CONSTANTS_SHA256 = "{sha256_of(path.read_bytes())}"\n')


if __name__ == "__main__":
    write()
