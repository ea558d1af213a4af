"""An index of each format, written by an earlier release."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import papersearch
from papersearch.cli.hints import hint_of
from papersearch.errors import IndexVersionError
from tests.conftest import Run

GOLDEN = Path(__file__).parents[1] / "golden"


def test_golden_index_of_this_format(run: Run) -> None:
    """An index by this format's first release opens, passes the doctor, and has the same answers."""
    index = papersearch.open(GOLDEN / "format-4")
    assert [fault for fault in index.verify() if fault.file != "model"] == []
    results = index.search("pipeline bubbles")
    assert results.mode_used == "hybrid"
    assert [hit.paper.title for hit in results] == [
        "On pipeline bubbles",
        "Mixture of experts at scale",
        "On protein folding",
        "M$^3$ViT",
    ]
    assert results[0].score == pytest.approx(1.0)
    assert results[0].keyword_score == pytest.approx(index.keyword_scores("pipeline bubbles")[0])
    assert index.search("MoE", mode="keyword").expansions[0].other == "mixture of experts"
    assert index.search('"mixture of experts" title:scale').total == 1


@pytest.mark.parametrize("version", [1, 2, 3])
def test_golden_index_of_an_older_format(version: int) -> None:
    """An index of an older format is refused, and the hint is the command that builds it again."""
    with pytest.raises(IndexVersionError, match=f"format {version}") as caught:
        papersearch.open(GOLDEN / f"format-{version}")
    assert hint_of(caught.value) == f"papersearch index --index {GOLDEN / f'format-{version}'}"


def test_an_old_format_is_built_anew(tmp_path: Path, small_corpus: Path, small_model: Path) -> None:
    """The command in the hint works: a build replaces an index of an old format."""
    shutil.copytree(GOLDEN / "format-1", tmp_path / "old")
    report = papersearch.build(small_corpus, tmp_path / "old", model=str(small_model))
    assert (report.outcome, report.manifest and report.manifest.format_version) == ("published", 4)
    assert len(papersearch.open(tmp_path / "old")) == 4
