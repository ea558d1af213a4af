"""Refusals before a join: each part that does not fit is named, and nothing is published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

import papersearch
from papersearch.errors import IndexForeign, IndexInParts, PartsNotJoined, PartUnusable
from papersearch.index import build_request, join_papers
from papersearch.index.part_records import cut, fingerprint, part_folder
from papersearch.ingest.corpus_files import CorpusFile, CorpusListing
from tests.conftest import make_model
from tests.index.parts_of import build_parts, contents, cut_whole, differing, records
from tests.index.test_joining import PAPERS
from tests.rewriting import rewrite_json


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Path:
    """Return a folder with a corpus and the three parts of its index."""
    folder = tmp_path_factory.mktemp("checks")
    (folder / "corpus").mkdir()
    for name, paper in zip("abc", PAPERS, strict=False):
        records(folder / "corpus" / f"{name}.jsonl", [{**paper, "abstract": paper["abstract"][:120]}])
    build_parts(folder / "corpus", folder / "index", 3, small_model)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """Return a copy of it that a test may damage."""
    return shutil.copytree(built, tmp_path / "copy")


def place(folder: Path, number: int, n_parts: int = 3) -> Path:
    return folder / "index" / part_folder(number, n_parts)


def says(folder: Path, number: int, **changes: Any) -> None:
    """Change fields in the record of a part."""
    rewrite_json(place(folder, number) / "part.json", **changes)


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rewrite(folder: Path) -> None:
    """Change a dump, but not its size."""
    path = folder / "corpus" / "b.jsonl"
    path.write_text(path.read_text().replace("about", "About"))
    os.utime(path, ns=(1, 1))


OTHER_RELEASE = "part 2/3 was built by another release"
OLDER = "part 1/3 is older than the corpus"
REFUSED: dict[str, tuple[Callable[[Path], object], str, tuple[int, int] | None]] = {
    "missing": (lambda folder: shutil.rmtree(place(folder, 2)), "part 2/3 is missing", (2, 3)),
    "unfinished": (lambda folder: (place(folder, 3) / "part.json").unlink(), "part 3/3 is unfinished", (3, 3)),
    "a damaged record": (lambda folder: says(folder, 1, n_parts="3"), "part 1/3 is unfinished", (1, 3)),
    "doubled": (
        lambda folder: shutil.copytree(place(folder, 1), place(folder, 2), dirs_exist_ok=True),
        "part 2/3 is doubled: its folder holds part 1/3",
        (2, 3),
    ),
    "of another cut": (
        lambda folder: shutil.copytree(place(folder, 1), place(folder, 1, 4)),
        "parts/00001-of-00004 belongs to another cut: the others are parts of 3",
        None,
    ),
    "a folder of others": (
        lambda folder: (folder / "index" / "parts" / "x").mkdir(),
        "parts/x is not a part",
        None,
    ),
    "a number too large": (
        lambda folder: shutil.copytree(place(folder, 1), place(folder, 4)),
        "parts/00004-of-00003 is not a part",
        None,
    ),
    "a new dump": (
        lambda folder: records(folder / "corpus" / "d.jsonl", PAPERS[3:4]),
        OLDER,
        (1, 3),
    ),
    "a longer dump": (lambda folder: grow(folder / "corpus" / "b.jsonl"), OLDER, (1, 3)),
    "a changed dump": (rewrite, "part 2/3 is older than b.jsonl", (2, 3)),
    "another release": (
        lambda folder: says(folder, 2, written_by="papersearch 0.0"),
        f"{OTHER_RELEASE}, papersearch 0.0",
        (2, 3),
    ),
    "another format": (lambda folder: says(folder, 2, format_version=9), OTHER_RELEASE, (2, 3)),
    "another listing": (
        lambda folder: says(folder, 3, listing="0" * 64),
        "part 3/3 is older than the corpus",
        (3, 3),
    ),
    "a changed byte": (
        lambda folder: change_a_byte(place(folder, 2) / "read" / "appearances.jsonl"),
        "part 2/3 is damaged or unfinished: read/appearances.jsonl has changed",
        (2, 3),
    ),
    "a vector changed": (
        lambda folder: change_a_byte(place(folder, 3) / "generation-000001" / "vectors.npy"),
        "part 3/3 is damaged or unfinished: generation-000001/vectors.npy has changed",
        (3, 3),
    ),
    "a file gone": (
        lambda folder: shutil.rmtree(place(folder, 1) / "read"),
        "part 1/3 is damaged or unfinished",
        (1, 3),
    ),
    "files elsewhere": (
        lambda folder: says(folder, 1, files={"../../../corpus/a.jsonl": {"size": 1, "sha256": "0"}}),
        "part 1/3 is damaged: it lists other files than a part has",
        (1, 3),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(folder: Path, name: str) -> None:
    """A part that does not fit is refused by name, and nothing is published."""
    damage, message, part = REFUSED[name]
    damage(folder)
    with pytest.raises(PartUnusable) as raised:
        papersearch.join_parts(folder / "index")
    assert message in raised.value.message
    assert raised.value.part == part
    assert not (folder / "index" / "shards.json").exists()
    assert list((folder / "index").glob(".joining*")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"abstracts_only": True}, "part 2/3 was built with other choices than the other parts"),
        ({"language": "de"}, "part 2/3 was built with other choices than the other parts"),
        ({"late": False}, "part 2/3 was built with other choices than the other parts"),
        ({"paper_prefix": "paper: "}, "part 2/3 was encoded by another model, or with other prefixes"),
        ({"model": "other"}, "part 2/3 was encoded by another model, or with other prefixes"),
    ],
)
def test_a_part_made_in_another_way(
    folder: Path, tmp_path: Path, small_model: Path, options: dict[str, Any], message: str
) -> None:
    """A part with other choices, another model or prefix is the one that is named, not the others."""
    if "model" in options:
        options = {"model": str(make_model(tmp_path / "bert", num_hidden_layers=1))}
    papersearch.build_part(folder / "corpus", folder / "index", 2, 3, **{"model": str(small_model), **options})
    with pytest.raises(PartUnusable) as raised:
        papersearch.join_parts(folder / "index")
    assert message in raised.value.message
    papersearch.build_part(folder / "corpus", folder / "index", 2, 3, model=str(small_model))
    assert papersearch.join_parts(folder / "index").n_papers == 3


def test_parts_with_and_without_word_pieces(
    folder: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of which only some are small enough for word pieces give the shards of the whole, which has none.

    The next join knows the text that merging has made.
    """
    cut_off = {**PAPERS[0], "title": "On pipeline bubbles: more", "abstract": PAPERS[0]["abstract"][:60]}
    records(folder / "corpus" / "d.jsonl", [*PAPERS[1:], cut_off])
    for module in (build_request, join_papers):
        monkeypatch.setattr(module, "MAX_PAPERS", 3)
    shutil.rmtree(folder / "index")
    build_parts(folder / "corpus", folder / "index", 2, small_model)
    basis = [set(place(folder, number, 2).glob("*/pieces.basis.npy")) for number in (1, 2)]
    assert list(map(bool, basis)) == [True, False]
    assert papersearch.join_parts(folder / "index").n_encoded == 1
    papersearch.build(folder / "corpus", folder / "whole", model=str(small_model))
    assert differing(contents(folder / "index"), cut_whole(folder / "whole", folder / "cut", 2)) == []
    assert papersearch.join_parts(folder / "index", full=True).n_encoded == 0


def test_what_a_join_does_not_read(folder: Path) -> None:
    """A file of a part that no join reads may be gone: only the others are listed and checked."""
    for number in (1, 2, 3):
        (place(folder, number) / "generation-000001" / "vectors.int8.npy").unlink()
    assert papersearch.join_parts(folder / "index").n_papers == 3


@pytest.mark.parametrize("name", ["probes.npy", "pieces.basis.npy"])
def test_other_constants(folder: Path, name: str) -> None:
    """A part with other constants of the model is the one that is named."""
    files = orjson.loads((place(folder, 2) / "part.json").read_bytes())["files"]
    files[f"generation-000001/{name}"]["sha256"] = "0" * 64
    says(folder, 2, files=files)
    with pytest.raises(PartUnusable, match="part 2/3 was encoded on a machine that computes other constants"):
        papersearch.join_parts(folder / "index")


def test_each_refusal_is_mended_by_building(folder: Path, small_model: Path) -> None:
    """Building the named part is all that a damaged, doubled or outdated one needs."""
    shutil.copytree(place(folder, 1), place(folder, 2), dirs_exist_ok=True)
    change_a_byte(place(folder, 3) / "generation-000001" / "vectors.npy")
    rewrite(folder)
    for _ in range(5):
        try:
            papersearch.join_parts(folder / "index")
            break
        except PartUnusable as error:
            assert error.part is not None
            number, n_parts = error.part
            papersearch.build_part(folder / "corpus", folder / "index", number, n_parts, model=str(small_model))
    assert len(papersearch.open(folder / "index")) == 3


def test_the_corpus_may_be_gone_or_elsewhere(folder: Path) -> None:
    """Parts that agree are joined without their corpus, and compared with it where it is now."""
    moved = (folder / "corpus").rename(folder / "moved")
    assert papersearch.join_parts(folder / "index").outcome == "published"
    assert papersearch.join_parts(folder / "index", corpus=moved).outcome == "up to date"
    grow(moved / "a.jsonl")
    with pytest.raises(PartUnusable):
        papersearch.join_parts(folder / "index", corpus=moved)


def test_an_index_in_one_go_and_one_in_parts(folder: Path, small_index: Path, small_model: Path) -> None:
    """Neither is built over the other, and parts that are not joined cannot be opened."""
    with pytest.raises(PartsNotJoined):
        papersearch.open(folder / "index")
    for _ in range(2):
        with pytest.raises(IndexInParts):
            papersearch.build(folder / "corpus", folder / "index", model=str(small_model))
        papersearch.join_parts(folder / "index")
    for refused in (
        lambda: papersearch.build_part(folder / "corpus", small_index, 1, 2, model=str(small_model)),
        lambda: papersearch.join_parts(small_index),
    ):
        with pytest.raises(IndexForeign, match="built in one go"):
            refused()
    assert len(papersearch.open(small_index)) == 4
    with pytest.raises(PartUnusable, match="has no part"):
        papersearch.join_parts(folder / "empty")


@pytest.mark.parametrize(("number", "n_parts"), [(0, 3), (4, 3), (1, 0), (-1, -1)])
def test_parts_that_cannot_be(folder: Path, number: int, n_parts: int) -> None:
    """A number that is not one of the parts is a ValueError."""
    with pytest.raises(ValueError, match="expected a part from 1 to"):
        papersearch.build_part(folder / "corpus", folder / "index", number, n_parts)


def test_the_cut(tmp_path: Path) -> None:
    """Every file is in one part, in order, and no part has a file more than its share of bytes."""
    sizes = [0, 10, 500, 3, 0, 90, 90, 1000, 1, 1, 40]
    listed = []
    for number, size in enumerate(sizes):
        path = tmp_path / f"{number:02}"
        path.write_bytes(bytes(size))
        listed.append(CorpusFile(path.name, path, is_named=False))
    listing = CorpusListing(listed, [])
    for n_parts in range(1, 14):
        parts = cut(listing, n_parts)
        assert len(parts) == n_parts
        assert [file for part in parts for file in part.files] == listed
        for part in parts:
            own = [max(sizes[int(file.name)], 1) for file in part.files]
            assert sum(own) <= sum(max(size, 1) for size in sizes) / n_parts + max(own, default=0)
    assert fingerprint(listing) == fingerprint(CorpusListing(list(listed), []))
    assert fingerprint(listing) != fingerprint(CorpusListing(listed[1:], []))
