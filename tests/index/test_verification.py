"""Faults that doctor finds: damaged bytes, broken laws."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.index import files
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from tests.conftest import Run


@pytest.mark.parametrize("name", sorted({*ARRAYS, *LATE_ARRAYS, *TEXTS}))
def test_doctor_names_the_file(small_index: Path, name: str) -> None:
    """One bit anywhere in any file is found, and the fault names the file and the remedy."""
    path = small_index / generation_folder(1) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    index = papersearch.open(small_index)
    faults = index.verify()
    assert name in {fault.file for fault in faults}
    assert all(fault.command.startswith("papersearch index") for fault in faults)


def test_doctor_checks_laws_and_not_only_sums(small_index: Path) -> None:
    """Arrays that break their laws are found even when manifest and checksums agree with them."""
    folder = small_index / generation_folder(1)
    for name, spoil in {
        "vectors.npy": lambda array: array * 2,
        "postings.papers.npy": lambda array: array[::-1],
        "postings.offsets.npy": lambda array: array[::-1],
        "lengths.npy": lambda array: array + 1,
        "postings.impacts.npy": lambda array: -array,
        "ids.papers.npy": lambda array: array * 0,
    }.items():
        content = (folder / name).read_bytes()
        manifests = [small_index / "manifest.json", folder / "manifest.json"]
        written = [path.read_bytes() for path in manifests]
        (folder / name).unlink()
        record = files.write_file(folder / name, np.ascontiguousarray(spoil(np.load(io.BytesIO(content)))))
        for path in manifests:
            fields = json.loads(path.read_bytes())
            fields["files"][name] = record._asdict()
            path.write_text(json.dumps(fields))
        assert papersearch.open(small_index).verify(), name
        (folder / name).write_bytes(content)
        for path, old in zip(manifests, written, strict=True):
            path.write_bytes(old)
    assert papersearch.open(small_index).verify() == []


def test_doctor_on_the_command_line(run: Run, small_corpus: Path, small_index: Path) -> None:
    """A whole index is exit 0 and one line; a damaged one exit 2, each fault with its remedy."""
    done = run("doctor", cwd=small_corpus.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("all is well\n")
    path = small_index / generation_folder(1) / "positions.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    done = run("doctor", cwd=small_corpus.parent)
    assert done.returncode == 2
    assert done.stdout.startswith("positions.npy has another SHA-256 than the manifest says\n")
    assert "papersearch index --full --index index" in done.stdout
    faults = json.loads(run("doctor", "--json", cwd=small_corpus.parent).stdout)["faults"]
    assert faults[0]["file"] == "positions.npy"
