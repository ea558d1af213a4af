"""Several collections in one index: their dumps are as in one corpus, their encodings are taken over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import papersearch
from papersearch.errors import CorpusMissing
from papersearch.index.generations import open_current
from papersearch.index.staleness import is_stale
from tests.conftest import page, sentence
from tests.growing import B

ORIGINAL = ("On pipeline bubbles", sentence("pipeline bubbles"))


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Return two corpora that have one paper in common, a folder below one, and a file that is not a dump."""
    found = {"ml": tmp_path / "a" / "one", "bio": tmp_path / "b" / "two"}
    (found["ml"] / "deep").mkdir(parents=True)
    found["bio"].mkdir(parents=True)
    (found["ml"] / "page.txt").write_text(page([ORIGINAL, ("On graphs", sentence("graph colouring"))]))
    (found["ml"] / "deep" / "page.txt").write_text(page([("On speech", sentence("speech recognition"))]))
    (found["bio"] / "page.txt").write_text(page([("On folding", sentence("protein folding")), ORIGINAL]))
    (found["bio"] / "notes.bin").write_bytes(b"\0\1")
    return found


def files_in(index: Path) -> dict[str, bytes]:
    """Return the files of an index's generation, but for the manifest."""
    folder = index / open_current(index).manifest.folder
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "manifest.json"}


def every(index: Path) -> list[papersearch.Paper]:
    """Return the papers of an index."""
    return list(papersearch.open(index).papers())


@pytest.mark.slow
@pytest.mark.usefixtures("at_one_time")
def test_the_index_is_that_of_one_corpus(folders: dict[str, Path], tmp_path: Path, small_model: Path) -> None:
    """Collections together give, byte for byte, the index of one corpus that has them as folders."""
    whole = tmp_path / "whole"
    for name, folder in folders.items():
        shutil.copytree(folder, whole / name)
    one, several = tmp_path / "one-index", tmp_path / "index"
    papersearch.build(whole, one, model=str(small_model))
    papersearch.build(folders, several, model=str(small_model))
    assert files_in(several) == files_in(one)
    manifests = [open_current(index).manifest for index in (one, several)]
    assert manifests[1].corpus == {name: os.path.relpath(folder, several) for name, folder in folders.items()}
    same = [
        one.replace(corpus=None, dumps=tuple(dump.replace(mtime_ns=0) for dump in one.dumps), skipped=())
        for one in manifests
    ]
    assert same[0] == same[1]


def test_every_text_is_encoded_once(folders: dict[str, Path], tmp_path: Path, small_model: Path) -> None:
    """Encodings, and the times at which papers first came, are those of the collections' own indexes."""
    own = {name: tmp_path / f"{name}-index" for name in folders}
    for name, folder in folders.items():
        papersearch.build(folder, own[name], model=str(small_model))
    together = tmp_path / "index"
    report = papersearch.build(folders, together, model=str(small_model), known_from=list(own.values()))
    assert (report.n_papers, report.n_encoded) == (4, 0)
    added = {paper.paper_id: paper.added for name in own for paper in every(own[name])}
    assert {paper.paper_id for paper in every(together)} == added.keys()
    assert all(paper.added in added.values() for paper in every(together))
    fresh = tmp_path / "fresh"
    papersearch.build(folders, fresh, model=str(small_model))
    unlike = {"papers.added.npy"}
    assert {name: one for name, one in files_in(together).items() if name not in unlike} == {
        name: one for name, one in files_in(fresh).items() if name not in unlike
    }


def test_words_alone_keep_what_is_encoded(folders: dict[str, Path], tmp_path: Path, small_model: Path) -> None:
    """A build without a model takes over the encodings of the collections that have some."""
    papersearch.build(folders["ml"], tmp_path / "ml-index", model=str(small_model))
    papersearch.build(folders["bio"], tmp_path / "bio-index", words_only=True)
    known_from = [tmp_path / "ml-index", tmp_path / "bio-index"]
    manifest = papersearch.build(folders, tmp_path / "index", words_only=True, known_from=known_from).manifest
    assert manifest is not None and manifest.encoder is not None
    assert (manifest.n_papers, manifest.n_encoded) == (4, 3)


def test_papers_say_where_they_are_from(folders: dict[str, Path], tmp_path: Path, small_model: Path) -> None:
    """A hit, a paper and a similar paper name their collections, which an index of one corpus does not."""
    papersearch.build(folders, tmp_path / "index", model=str(small_model))
    opened = papersearch.open(tmp_path / "index")
    assert opened.manifest.collections == ("bio", "ml")
    found = {paper.title: paper.collections for paper in every(tmp_path / "index")}
    assert found == {
        "On pipeline bubbles": ("bio", "ml"),
        "On graphs": ("ml",),
        "On speech": ("ml",),
        "On folding": ("bio",),
    }
    assert all(hit.paper.collections == found[hit.paper.title] for hit in opened.search("on", k=9))
    assert opened.similar(["On graphs"], k=9)[0].paper.collections
    papersearch.build(folders["ml"], tmp_path / "alone", model=str(small_model))
    assert {paper.collections for paper in every(tmp_path / "alone")} == {()}


@pytest.mark.parametrize("change", ["none", "grow", "new", "another folder", "one less", "other names"])
def test_staleness(folders: dict[str, Path], tmp_path: Path, small_model: Path, change: str) -> None:
    """An index of collections is stale when a dump of any has changed, and for other collections."""
    index = tmp_path / "index"
    manifest = papersearch.build(folders, index, model=str(small_model)).manifest
    assert manifest is not None
    asked = dict(folders)
    if change == "grow":
        with (folders["bio"] / "page.txt").open("a") as file:
            file.write("more")
    elif change == "new":
        (folders["ml"] / "deep" / "new.txt").write_text(page([B]))
    elif change == "another folder":
        asked["bio"] = shutil.copytree(folders["bio"], tmp_path / "moved")
    elif change == "one less":
        del asked["bio"]
    elif change == "other names":
        asked = {"x": folders["ml"], "bio": folders["bio"]}
    assert is_stale(manifest, index, asked) == (change != "none")
    outcome = papersearch.build(asked, index, model=str(small_model)).outcome
    assert outcome == ("up to date" if change == "none" else "published")
    assert not papersearch.open(index).is_stale()


def test_a_folder_that_is_missing(folders: dict[str, Path], tmp_path: Path, small_model: Path) -> None:
    """A collection without its folder is an error of a build, and no reason to call an index stale."""
    papersearch.build(folders, tmp_path / "index", model=str(small_model))
    shutil.rmtree(folders["bio"])
    assert not papersearch.open(tmp_path / "index").is_stale()
    with pytest.raises(CorpusMissing):
        papersearch.build(folders, tmp_path / "index", model=str(small_model))
    assert len(papersearch.open(tmp_path / "index")) == 4
