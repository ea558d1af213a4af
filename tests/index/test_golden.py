"""An index of each format, written by an earlier release."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import papersearch
from papersearch.cli.hints import hint_of
from papersearch.errors import IndexVersionError
from papersearch.index.layout import FORMAT_VERSION, OLDEST_REUSABLE_VERSION
from papersearch.types import AuthorName, Changes
from tests.conftest import Run

GOLDEN = Path(__file__).parents[1] / "golden"


def test_golden_index_of_this_format(run: Run) -> None:
    """An index by this format's first release opens, passes the doctor, and has the same answers."""
    index = papersearch.open(GOLDEN / f"format-{FORMAT_VERSION}")
    assert [fault for fault in index.verify() if fault.file != "model"] == []
    results = index.search("pipeline bubbles")
    assert results.mode_used == "hybrid"
    assert [hit.paper.title for hit in results] == [
        "On pipeline bubbles",
        "Mixture of experts at scale",
        "On protein folding",
        "M$^3$ViT",
        "Lantern moths at sea",
    ]
    assert results[0].score == pytest.approx(1.0)
    assert results[0].keyword_score == pytest.approx(index.keyword_scores("pipeline bubbles")[0])
    assert index.search("MoE", mode="keyword").expansions[0].other == "mixture of experts"
    assert index.search('"mixture of experts" title:scale').total == 1
    moths = index.paper("Lantern moths at sea")
    assert (moths.date, moths.year, moths.month, moths.year_inferred) == (None, 2026, 4, True)
    assert (moths.arxiv_id, moths.doi) == ("2604.01234v2", "10.5555/moth_1")
    assert moths.author_names[0] == AuthorName(given="Jan", particle="van der", family="Berg")
    assert index.search("moths", since="2026-04", until="2026-04").total == 1


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION))
def test_golden_index_of_an_older_format(version: int) -> None:
    """An index of an older format is refused, and the hint is the command that builds it again."""
    with pytest.raises(IndexVersionError, match=f"format {version}") as caught:
        papersearch.open(GOLDEN / f"format-{version}")
    named = f"--index {GOLDEN / f'format-{version}'}"
    corpus = "" if version < OLDEST_REUSABLE_VERSION else f"--corpus {os.path.relpath(GOLDEN / 'corpus')} "
    assert hint_of(caught.value) == f"papersearch index {corpus}{named}"


@pytest.mark.parametrize("version", range(OLDEST_REUSABLE_VERSION, FORMAT_VERSION))
def test_the_formats_before_keep_their_encodings(tmp_path: Path, version: int) -> None:
    """The first build over an index of a format before encodes nothing, and finds no paper new or changed."""
    old = shutil.copytree(GOLDEN / f"format-{version}", tmp_path / "old")
    shutil.copytree(GOLDEN / "corpus", tmp_path / "corpus")
    before = {
        name: (old / "generation-000001" / name).read_bytes() for name in ("vectors.npy", "pieces.vectors.npy")
    }
    planned = papersearch.build(tmp_path / "corpus", old, late=True, dry_run=True)
    report = papersearch.build(tmp_path / "corpus", old, late=True)
    assert (planned.n_encoded, report.n_encoded, report.outcome) == (0, 0, "published")
    assert report.changes == Changes(added=(), changed=(), removed=())
    assert report.manifest is not None and report.manifest.format_version == FORMAT_VERSION
    for name, content in before.items():
        assert (old / "generation-000002" / name).read_bytes() == content
    index = papersearch.open(old)
    assert [fault for fault in index.verify() if fault.file != "model"] == []
    assert len(index.search("moths", new=True)) == 0
    assert papersearch.build(tmp_path / "corpus", old, late=True).outcome == "up to date"


def test_a_damaged_index_of_the_format_before_gives_nothing(tmp_path: Path) -> None:
    """Vectors that do not match their checksum are not taken over: their papers are encoded again."""
    old = shutil.copytree(GOLDEN / f"format-{OLDEST_REUSABLE_VERSION}", tmp_path / "old")
    path = old / "generation-000001" / "vectors.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert papersearch.build(GOLDEN / "corpus", old, late=True, dry_run=True).n_encoded == 5


def test_a_manifest_of_the_format_before_may_lack_files(tmp_path: Path) -> None:
    """A manifest of the format before that lists no files is one whose index gives nothing."""
    old = shutil.copytree(GOLDEN / f"format-{OLDEST_REUSABLE_VERSION}", tmp_path / "old")
    for manifest in old.rglob("manifest.json"):
        manifest.write_text(json.dumps({**json.loads(manifest.read_bytes()), "files": {}}))
    assert papersearch.build(GOLDEN / "corpus", old, late=True).n_encoded == 5


def test_an_old_format_is_built_anew(tmp_path: Path, small_corpus: Path, small_model: Path) -> None:
    """The command in the hint works: a build replaces an index of an old format."""
    shutil.copytree(GOLDEN / "format-1", tmp_path / "old")
    report = papersearch.build(small_corpus, tmp_path / "old", model=str(small_model))
    assert (report.outcome, report.manifest and report.manifest.format_version) == ("published", FORMAT_VERSION)
    assert len(papersearch.open(tmp_path / "old")) == 4
