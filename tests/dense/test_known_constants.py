"""The constants of the default model that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.checksums import sha256_of_file
from papersearch.dense import encoding, known_constants
from papersearch.dense.background import N_PROBES
from papersearch.dense.encoders import Identity
from papersearch.dense.encoding import ModelConstants
from papersearch.dense.known_constants import CONSTANTS_FILE, CONSTANTS_SHA256
from papersearch.dense.late import DIMENSIONS
from papersearch.dense.models import DEFAULT_MODEL_SHA256
from papersearch.index import meaning
from tests.golden.constants import learned
from tests.growing import add, tree

DEFAULT = Identity(DEFAULT_MODEL_SHA256, "", "", "passage: ")


def packaged() -> ModelConstants:
    found = known_constants.known_constants(DEFAULT)
    assert found is not None
    return found


def test_the_file_is_the_one_that_the_code_names() -> None:
    """The file has the checksum in the code, unit probes, and an orthonormal basis."""
    assert sha256_of_file(CONSTANTS_FILE) == CONSTANTS_SHA256
    found = packaged()
    assert found.probes.shape == (N_PROBES, 384)
    np.testing.assert_allclose(np.linalg.norm(found.probes, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(found.basis.T @ found.basis, np.eye(DIMENSIONS), atol=1e-5)
    assert {array.dtype.str for array in found} == {"<f4", "|b1"}


@pytest.mark.slow
def test_learning_them_again_gives_them_again() -> None:
    """What the command learns here is what the file has: every word piece, and numbers to 1e-5.

    Not bit by bit: another kernel of OpenBLAS adds up in another order. So the file is the definition.
    """
    found, again = packaged(), learned()
    assert np.array_equal(again.kept, found.kept)
    assert np.abs(again.probes - found.probes).max() <= 1e-6
    assert np.abs(again.basis - found.basis).max() <= 1e-5


def test_only_the_default_model_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another model has none, nor has a prefix of queries, a file that is damaged, or none."""
    find = known_constants.known_constants
    assert find(DEFAULT) is not None
    assert find(DEFAULT._replace(fingerprint="0" * 64)) is None
    assert find(DEFAULT._replace(query_prefix="query: ")) is None
    damaged = tmp_path / "constants.npz"
    monkeypatch.setattr(known_constants, "CONSTANTS_FILE", damaged)
    assert find(DEFAULT) is None
    content = bytearray(CONSTANTS_FILE.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert find(DEFAULT) is None


def test_a_build_learns_none(small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with the default model stores the packaged constants, and learns nothing."""
    monkeypatch.setattr(encoding, "learn_constants", lambda encoder: pytest.fail("constants are learned"))
    papersearch.build(small_corpus, tmp_path / "index")
    [generation] = (tmp_path / "index").glob("generation-*")
    assert np.array_equal(np.load(generation / "probes.npy"), packaged().probes)
    assert np.array_equal(np.load(generation / "pieces.basis.npy"), packaged().basis)
    assert np.array_equal(np.load(generation / "pieces.weights.npy") > 0, packaged().kept)


def test_encodings_by_other_constants_are_made_anew(
    small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index whose constants another processor has learned is encoded anew when papers are added."""
    real = packaged()
    others = ModelConstants(real.probes[::-1].copy(), real.kept, real.basis[:, ::-1].copy())
    with monkeypatch.context() as patched:
        patched.setattr(meaning, "known_constants", lambda identity: others)
        assert papersearch.build(small_corpus, tmp_path / "index").n_encoded == 4
    assert papersearch.build(small_corpus, tmp_path / "index").outcome == "up to date"
    add(small_corpus, "more.txt", "owls")
    assert papersearch.build(small_corpus, tmp_path / "index").n_encoded == 5
    papersearch.build(small_corpus, tmp_path / "fresh")
    assert dense_files(tmp_path / "index", 2) == dense_files(tmp_path / "fresh", 1)


def dense_files(index_path: Path, generation: int) -> dict[str, Any]:
    """Return the bytes of the files that encodings make."""
    files = tree(index_path / f"generation-{generation:06}")
    return {name: content for name, content in files.items() if name.startswith(("pieces", "vectors", "probes"))}
