"""What a user or a machine can do wrong: a clear error, nothing lost, what can be indexed is."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

import papersearch
from papersearch.errors import (
    CorpusError,
    IndexDamaged,
    IndexForeign,
    IndexMissing,
    IndexNotWritable,
    IndexVersionError,
    ModelUnusable,
    StoredIndexError,
)
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from papersearch.index.staleness import is_stale
from papersearch.ingest.lines import MAX_LINE_BYTES, read_lines
from papersearch.ingest.reading import ingest
from papersearch.types import Filters
from tests.conftest import page, sentence

A, B = ("On apples", sentence("apples")), ("On bees", sentence("bees"))


def answers(index_path: Path) -> Any:
    """All that an index answers to a query, in every mode."""
    index = papersearch.open(index_path)
    return [index.search("pipeline bubbles", mode=mode) for mode in ("hybrid", "keyword", "semantic")]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_nothing(folder: Path) -> None:
    pass


def write_binary(folder: Path) -> None:
    (folder / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")


def write_readme(folder: Path) -> None:
    (folder / "README.md").write_text("# Notes\n")


def write_half_title(folder: Path) -> None:
    (folder / "page.txt").write_text(page([]) + "\nOn be")


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (write_nothing, "no dumps"),
        (write_binary, "photo.txt: file skipped (binary file)"),
        (write_readme, "README.md: file skipped"),
        (write_half_title, "page.txt:11: title without abstract (On be)"),
    ],
)
def test_nothing_to_index(tmp_path: Path, prepare: Callable[[Path], None], told: str) -> None:
    """A corpus without a single paper is an error that names what was found, and no index."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    prepare(corpus)
    with pytest.raises(CorpusError) as caught:
        papersearch.build(corpus, tmp_path / "index")
    assert told in caught.value.message
    with pytest.raises(IndexMissing):
        papersearch.open(tmp_path / "index")


def test_missing_corpus(tmp_path: Path) -> None:
    """A corpus that does not exist is an error, not an empty index."""
    with pytest.raises(CorpusError, match="no such file or folder"):
        papersearch.build(tmp_path / "nowhere", tmp_path / "index")


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    """A line with a bad byte is reported with its number, and its paper is indexed."""
    text = page([A, B]).encode().replace(b"about apples", b"about \xff apples", 1)
    (tmp_path / "page.txt").write_bytes(text)
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == [A[0], B[0]]
    assert "about \N{REPLACEMENT CHARACTER} apples" in found.papers[0].abstract
    assert [(finding.kind, finding.line) for finding in found.findings] == [("bytes not UTF-8", 13)]


def test_a_line_of_50_megabytes(tmp_path: Path) -> None:
    """An endless line costs neither the papers around it nor memory of its own size."""
    with (tmp_path / "page.txt").open("wb") as file:
        file.write(page([A]).encode() + b"\n")
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(f"\n\n{B[0]}\n\n{B[1]}\n".encode())
    tracemalloc.start()
    found = ingest([tmp_path])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [paper.title for paper in found.papers] == [A[0], B[0]]
    assert [(finding.kind, finding.line) for finding in found.findings] == [("line too long", 15)]
    assert peak < 5_000_000


@pytest.mark.parametrize("excess", [-1, 0, 1, 2])
def test_the_longest_line(tmp_path: Path, excess: int) -> None:
    """The limit is exact, and the line after a long one keeps its number and text."""
    path = tmp_path / "lines.txt"
    path.write_bytes(b"x" * (MAX_LINE_BYTES + excess) + b"\nnext\n")
    with path.open("rb") as stream:
        first, second = read_lines(stream)
    assert (first.fault is not None) == (excess > 0)
    assert len(first.text) == (0 if excess > 0 else MAX_LINE_BYTES + excess)
    assert second == (2, "next", None)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe, a loop of links, a dangling link: named and skipped, and nothing hangs."""
    (tmp_path / "page.txt").write_text(page([A]))
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    found: list[Any] = []
    reader = threading.Thread(target=lambda: found.append(ingest([tmp_path])), daemon=True)
    reader.start()
    reader.join(10)
    assert [paper.title for paper in found[0].papers] == [A[0]]
    assert {file.name for file in found[0].skipped} == {"pipe.txt", "loop.txt", "gone.txt"}


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose reading is refused is named with the reason; the others are indexed."""
    (tmp_path / "page.txt").write_text(page([A]))
    (tmp_path / "secret.txt").write_text(page([B]))
    real_open = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith("secret.txt"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == [A[0]]
    assert "Permission denied" in found.findings[0].detail


def test_index_in_an_impossible_place(small_corpus: Path, tmp_path: Path) -> None:
    """A path that cannot become a folder is refused before any work."""
    with pytest.raises(IndexNotWritable, match="cannot write"):
        papersearch.build(small_corpus, "/proc/nowhere/index")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(IndexForeign, match="is a file"):
        papersearch.build(small_corpus, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_read_only_index(small_corpus: Path, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that refuses new files: an error before the model is loaded, the old index intact."""
    before, content = answers(small_index), tree(small_index)

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(IndexNotWritable, match="Read-only file system"):
        papersearch.build(small_corpus, small_index, model="/nowhere/at/all")
    assert (answers(small_index), tree(small_index)) == (before, content)


def test_foreign_folder(small_corpus: Path, tmp_path: Path) -> None:
    """A folder with files of others is neither read nor written."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "index.html").write_text("<html>")
    before = tree(folder)
    for attempt in (lambda: papersearch.open(folder), lambda: papersearch.build(small_corpus, folder)):
        with pytest.raises(IndexForeign):
            attempt()
    assert tree(folder) == before


def change_manifest(index_path: Path, **changes: Any) -> None:
    path = index_path / "manifest.json"
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), **changes}))


def test_newer_format(small_corpus: Path, small_index: Path) -> None:
    """An index of a later release is refused by opening and by building, and left as it is."""
    change_manifest(small_index, format_version=99)
    before = tree(small_index)
    for attempt in (lambda: papersearch.open(small_index), lambda: papersearch.build(small_corpus, small_index)):
        with pytest.raises(IndexVersionError, match="format 99") as caught:
            attempt()
        assert caught.value.is_newer
    assert tree(small_index) == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"kind": "something"}', b'{"kind": "papersearch-index"}', b"\xff"]
)
def test_manifest_that_is_none(small_index: Path, content: bytes) -> None:
    """Whatever stands in place of a manifest, opening gives an error of the index."""
    (small_index / "manifest.json").write_bytes(content)
    with pytest.raises(StoredIndexError):
        papersearch.open(small_index)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_papers": "4"},
        {"n_papers": -1},
        {"n_papers": True},
        {"format_version": True},
        {"background": {"mean": "0.3", "deviation": 0.1}},
        {"late": {"n_pieces": 1}},
        {"dumps": [{"name": "page.txt"}]},
        {"skipped": {}},
        {"generation": "../../etc"},
        {"files": {"../../etc/passwd": {"size": 1, "sha256": ""}}},
        {"files": []},
        {"encoder": {"name": "x"}},
        {"surplus": 1},
        {"dumps": None},
        {"corpus": 7},
    ],
)
def test_manifest_with_wrong_fields(small_index: Path, changes: dict[str, Any]) -> None:
    """A field of another type, a file of another name or a path is refused at the door."""
    change_manifest(small_index, **changes)
    with pytest.raises(IndexDamaged, match="manifest"):
        papersearch.open(small_index)


NOT_READ_BY_QUERIES = {"texts.sha256.npy", "probes.npy"}
UNKNOWN = "bubblles"  # so that spellings are looked up
EVERY_FILTER = Filters(since="2020", organisations=("acme",), dumps=("page.txt",), has_code=True, new=True)


@pytest.mark.parametrize("damage", ["missing", "empty", "shorter", "longer", "other shape"])
@pytest.mark.parametrize("name", sorted({*ARRAYS, *LATE_ARRAYS, *TEXTS} - {"report.json"}))
def test_damaged_files(small_index: Path, name: str, damage: str) -> None:
    """Each file of the index damaged in each way: IndexDamaged that names it, nothing else."""
    path = small_index / generation_folder(1) / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "other shape" and name.endswith(".npy"):
        array = np.load(path)
        swapped = array.reshape(-1, 1)[:, 0].astype(array.dtype.newbyteorder(">"))
        np.save(path, swapped if array.itemsize > 1 else array.reshape(-1, 1))  # a byte has no order
    else:
        changed = {"empty": b"", "shorter": content[:-1], "longer": content + b"x", "other shape": content[1:]}
        path.write_bytes(changed[damage])
    if damage == "other shape" and name in NOT_READ_BY_QUERIES:
        assert name in {fault.file for fault in papersearch.open(small_index).verify()}
        return
    with pytest.raises(IndexDamaged, match=name.split(".")[0]) as caught:
        index = papersearch.open(small_index)
        index.search(f"pipeline bubbles {UNKNOWN}", filters=EVERY_FILTER)
        index.paper("on-pipeline")
    assert (caught.value.path, caught.value.file) == (small_index, name)


def test_damage_within_an_array(small_index: Path) -> None:
    """What opening cannot see shows while reading: IndexDamaged, for one query and for many."""
    path = small_index / generation_folder(1) / "postings.papers.npy"
    papers = np.load(path)
    np.save(path, np.full_like(papers, 4_000_000_000))
    index = papersearch.open(small_index)
    for ask in (
        lambda: index.search("pipeline bubbles"),
        lambda: list(index.search_many(["pipeline bubbles"])),
        lambda: list(index.rank_many(["pipeline bubbles"])),
    ):
        with pytest.raises(IndexDamaged, match="is damaged") as caught:
            ask()
        assert (caught.value.path, caught.value.file) == (small_index, None)


def test_a_damaged_index_can_be_built_anew(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """What the error says to type mends it."""
    before = answers(small_index)
    (small_index / "manifest.json").write_bytes(b"{")
    papersearch.build(small_corpus, small_index, model=str(small_model), full=True)
    assert answers(small_index) == before


def test_generations(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """Two generations stay; an index that is open answers on after it has been replaced twice."""
    opened = papersearch.open(small_index)
    before = opened.search("pipeline bubbles")
    (small_corpus / "more.txt").write_text(page([B]))
    for _ in range(2):
        papersearch.build(small_corpus, small_index, model=str(small_model), full=True)
    assert opened.search("pipeline bubbles") == before
    # The first is still being read; whoever publishes after its reader removes it.
    assert [path.name for path in sorted(small_index.glob("generation-*"))] == [
        generation_folder(number) for number in (1, 2, 3)
    ]
    del opened
    papersearch.build(small_corpus, small_index, model=str(small_model), full=True)
    assert [path.name for path in sorted(small_index.glob("generation-*"))] == [
        generation_folder(number) for number in (3, 4)
    ]
    assert len(papersearch.open(small_index)) == 5


def test_same_corpus_same_bytes(small_corpus: Path, tmp_path: Path, small_model: Path) -> None:
    """Two builds of one corpus write the same files."""
    trees = []
    for name in ("one", "two"):
        papersearch.build(small_corpus, tmp_path / name, model=str(small_model))
        trees.append(tree(tmp_path / name / generation_folder(1)))
    assert trees[0] == trees[1]


def test_manifest_checksums(small_index: Path) -> None:
    """The manifest has the size and SHA-256 of every file of the generation."""
    import hashlib

    manifest = papersearch.open(small_index).manifest
    files = tree(small_index / generation_folder(1))
    assert files.pop("manifest.json") == (small_index / "manifest.json").read_bytes()
    assert {name: (record.size, record.sha256) for name, record in manifest.files.items()} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    }


@pytest.mark.parametrize(
    "change", ["none", "touch", "grow", "same size", "new", "gone", "new junk", "junk to dump"]
)
def test_staleness(small_corpus: Path, small_model: Path, change: str) -> None:
    """An index is stale exactly when the dumps' contents have changed, not their times."""
    page_path, notes = small_corpus / "page.txt", small_corpus / "notes.txt"
    notes.write_text("not a dump")
    index_path = small_corpus.parent / "index"
    manifest = papersearch.build(small_corpus, index_path, model=str(small_model)).manifest
    text = page_path.read_text()
    if change == "touch":
        os.utime(page_path, ns=(1, 1))
        os.utime(notes, ns=(1, 1))
    elif change == "grow":
        page_path.write_text(text + "\nmore")
    elif change == "same size":
        page_path.write_text(text.replace("graph", "grape"))
        os.utime(page_path, ns=(1, 1))
    elif change == "new":
        (small_corpus / "new.txt").write_text(page([B]))
    elif change == "gone":
        page_path.unlink()
    elif change == "new junk":
        (small_corpus / "photo.png").write_bytes(b"\0")
    elif change == "junk to dump":
        notes.write_text(page([B]))
    assert is_stale(manifest, index_path, small_corpus) == (change not in ("none", "touch", "new junk"))
    assert not is_stale(manifest, index_path, small_corpus.parent)


@pytest.mark.parametrize("change", ["removed", "rewritten", "touched"])
def test_model_after_the_build(small_corpus: Path, small_model: Path, tmp_path: Path, change: str) -> None:
    """Without its model, or with another in its place, an index answers by keywords and says why;
    a model that was only touched is the same one."""
    import shutil

    folder = tmp_path / "model-copy"
    shutil.copytree(small_model, folder)
    papersearch.build(small_corpus, tmp_path / "index", model=str(folder))
    weights = folder / "model.safetensors"
    if change == "removed":
        shutil.rmtree(folder)
    else:
        data = bytearray(weights.read_bytes())
        if change == "rewritten":
            data[-1] ^= 1
        weights.write_bytes(data)
        os.utime(weights, ns=(1, 1))
    results = papersearch.open(tmp_path / "index").search("pipeline bubbles")
    assert results.mode == "hybrid"
    assert results.mode_used == ("hybrid" if change == "touched" else "keyword")
    assert bool(results.mode_reason) == (change != "touched")
    assert results[0].paper.title == "On pipeline bubbles"


def test_model_that_is_none(small_corpus: Path, tmp_path: Path) -> None:
    """A missing model folder, and a folder that holds no model, are errors before any encoding."""
    (tmp_path / "empty").mkdir()
    for model in ("./nowhere", str(tmp_path / "empty")):
        with pytest.raises(ModelUnusable):
            papersearch.build(small_corpus, tmp_path / "index", model=model)
