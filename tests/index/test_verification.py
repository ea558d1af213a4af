"""Faults that the doctor finds: damaged bytes and broken invariants."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from tests.conftest import Run
from tests.growing import add
from tests.rewriting import record_anew, replaced


@pytest.fixture(scope="module")
def copied_once(small_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the small index once: each test puts back what it has replaced."""
    return shutil.copytree(small_project / "index", tmp_path_factory.mktemp("copied") / "index")


@pytest.mark.parametrize("name", sorted({*ARRAYS, *LATE_ARRAYS, *TEXTS}))
def test_doctor_names_the_file(copied_once: Path, name: str) -> None:
    """A flipped bit in the middle of any file is found, and the fault names the file and its part."""
    path = copied_once / generation_folder(1) / name
    content = bytearray(path.read_bytes())
    if not content:
        pytest.skip("the papers of this corpus have no names: an empty file has no bits")
    content[len(content) // 2] ^= 4
    with replaced(path, bytes(content)):
        faults = papersearch.open(copied_once).verify()
    assert name in {fault.file for fault in faults}
    assert {fault.part for fault in faults if fault.file != "model"} == {"index"}


def highest(array: np.ndarray) -> np.ndarray:
    return np.full_like(array, np.iinfo(array.dtype).max)


BROKEN_LAWS: dict[str, Callable[[Any], Any]] = {
    "vectors.npy": lambda array: array * 2,
    "probes.npy": lambda array: array * 2,
    "vectors.int8.npy": lambda array: array * 0,
    "postings.papers.npy": lambda array: array[::-1],
    "postings.papers.npy, too high": highest,
    "postings.offsets.npy": lambda array: array[::-1],
    "postings.starts.npy": lambda array: array + 1,
    "postings.impacts.npy": lambda array: -array,
    "papers.offsets.npy": lambda array: array + 1,
    "words.offsets.npy": lambda array: array[::-1],
    "pieces.offsets.npy": lambda array: array * 0,
    "lengths.npy": lambda array: array + 1,
    "terms.idf.npy": lambda array: array * np.nan,
    "ids.papers.npy": lambda array: array * 0,
    "titles.papers.npy": lambda array: array * 0,
    "pieces.basis.npy": lambda array: array * 2,
    "pieces.ids.npy": highest,
    "pieces.starts.npy": lambda array: array[::-1],
    "pieces.weights.npy": lambda array: -1 - array,
    "papers.dates.npy": lambda array: array + 1,
    "papers.added.npy": lambda array: array + 1,
    "papers.organisations.npy": lambda array: array + 1,
    "ids.txt": lambda content: b"\n".join(content.split(b"\n")[-2::-1]) + b"\n",
    "titles.txt": lambda content: b"\n".join(content.split(b"\n")[-2::-1]) + b"\n",
    "identifiers.txt": lambda content: content.swapcase(),
    "identifiers.papers.npy": lambda array: array[::-1],
    "terms.txt": lambda content: b"z" + content[1:],
    "words.txt": lambda content: b"z" + content[1:],
    "organisations.txt": lambda content: content.swapcase(),
}


@pytest.mark.parametrize("case", BROKEN_LAWS)
def test_doctor_checks_laws_and_not_only_sums(small_index: Path, case: str) -> None:
    """A file that breaks its invariants is named, even if its checksum is right."""
    folder, name = small_index / generation_folder(1), case.split(",")[0]
    path = folder / name
    if name.endswith(".npy"):
        np.save(path, np.ascontiguousarray(BROKEN_LAWS[case](np.load(path))))
    else:
        path.write_bytes(BROKEN_LAWS[case](path.read_bytes()))
    record_anew(small_index, folder, name)
    faults = papersearch.open(small_index).verify()
    assert name in {fault.file for fault in faults}
    assert {fault.part for fault in faults} == {"index"}


def test_files_that_are_gone_or_shorter(small_index: Path) -> None:
    """A missing file, a file of another size, and a manifest unlike its generation's are each named."""
    folder = small_index / generation_folder(1)
    index = papersearch.open(small_index)
    (folder / "positions.npy").unlink()
    (folder / "lengths.npy").write_bytes(b"short")
    (folder / "manifest.json").write_text("{}")
    found = {fault.file: fault.what for fault in index.verify()}
    assert set(found) == {"positions.npy", "lengths.npy", "manifest.json"}
    (folder / "manifest.json").unlink()
    assert "manifest.json" in {fault.file for fault in index.verify()}


def test_doctor_on_the_command_line(run: Run, small_corpus: Path, small_index: Path) -> None:
    """doctor prints one line and exits with 0, or prints each fault with its remedy and exits with 2."""
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


def test_a_publication_since_is_no_fault(small_corpus: Path, small_index: Path, build: Any) -> None:
    """doctor accepts the manifest of a later publication beside an open generation, and reports a damaged one."""
    opened = papersearch.open(small_index)
    add(small_corpus, "new.txt", "quantum annealing")
    build()
    assert opened.verify() == []
    (small_index / "manifest.json").write_bytes(b"{}")
    assert [fault.file for fault in opened.verify()] == ["manifest.json"]


def test_doctor_says_what_it_cannot_know(run: Run, small_corpus: Path, small_index: Path) -> None:
    """doctor says whether the corpus has changed, or that it cannot tell since the corpus is not there."""

    def stale() -> tuple[object, str]:
        done = run("doctor", "--json", cwd=small_corpus.parent)
        assert done.returncode == 0
        return json.loads(done.stdout)["stale"], done.stderr

    assert stale() == (False, "")
    elsewhere = small_corpus.rename(small_corpus.with_name("elsewhere"))
    known, said = stale()
    assert known is None
    assert said == f"papersearch: cannot tell whether the corpus has changed: {small_corpus.name} is missing\n"
    elsewhere.rename(small_corpus)
    (small_corpus / "more.jsonl").write_text('{"title": "One more", "abstract": "Of an added paper."}\n')
    known, said = stale()
    assert known is True
    assert "has changed since the index was built" in said
