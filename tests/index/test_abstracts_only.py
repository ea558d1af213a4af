"""Papers without abstract, left out: which ones, how many, and that a later build keeps the choice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import papersearch
from papersearch.cli.app import app
from papersearch.errors import NothingToIndex
from papersearch.ingest.reading import ingest

FILES: dict[str, list[tuple[str, str]]] = {
    "a.jsonl": [("Moths at Night", "Moths fly at night."), ("Owls at Noon", ""), ("Bats at Dusk", "")],
    "b.jsonl": [("Owls at Noon", "Owls sleep at noon."), ("Bats at Dusk", "")],
}
"""Owls have their abstract in the second file alone; bats have none in either."""


def write(folder: Path, files: dict[str, list[tuple[str, str]]]) -> Path:
    """Write records of (title, abstract) into the files of a corpus; records of one title are one paper."""
    folder.mkdir(exist_ok=True)
    for name, records in files.items():
        lines = (
            json.dumps({"paper_id": title, "title": title, "abstract": abstract, "provenance": []}) + "\n"
            for title, abstract in records
        )
        (folder / name).write_text("".join(lines))
    return folder


RECORDS = st.lists(
    st.tuples(st.sampled_from(["Moths", "Owls", "Bats"]), st.sampled_from(["", "They fly."])), max_size=5
)


@given(first=RECORDS, second=RECORDS)
def test_what_is_left_out(first: Sequence[tuple[str, str]], second: Sequence[tuple[str, str]]) -> None:
    """The papers are those that have an abstract after merging, and each dump counts those it lost."""
    with TemporaryDirectory() as scratch:
        folder = write(Path(scratch), {"a.jsonl": list(first), "b.jsonl": list(second)})
        whole, kept = ingest([folder]), ingest([folder], abstracts_only=True)
    left_out = [paper for paper in whole.papers if not paper.abstract]
    assert kept.papers == tuple(paper for paper in whole.papers if paper.abstract)
    assert kept.n_left_out == len(left_out)
    assert whole.n_left_out == 0
    places = Counter(place.dump for paper in kept.papers for place in paper.provenance)
    gone = Counter(place.dump for paper in left_out for place in paper.provenance)
    for dump, all_of_it in zip(kept.dumps, whole.dumps, strict=True):
        assert (dump.n_appearances, dump.n_left_out) == (places[dump.name], gone[dump.name])
        assert dump.n_without_abstract + dump.n_left_out == all_of_it.n_without_abstract
    assert kept.n_appearances == sum(places.values())


def test_an_abstract_of_another_file(tmp_path: Path) -> None:
    """A paper whose abstract another file gives is kept; one without any is counted in both, and once in all."""
    kept = ingest([write(tmp_path, FILES)], abstracts_only=True)
    assert [paper.title for paper in kept.papers] == ["Moths at Night", "Owls at Noon"]
    assert [(dump.n_appearances, dump.n_without_abstract, dump.n_left_out) for dump in kept.dumps] == [
        (2, 1, 1),
        (1, 0, 1),
    ]
    assert kept.n_left_out == 1


@pytest.mark.slow
def test_the_choice_is_kept(tmp_path: Path, small_model: Path) -> None:
    """A later build does as the index does, in full or after a change, until it is told otherwise."""
    corpus, index = write(tmp_path / "corpus", FILES), tmp_path / "index"

    def build(**options: bool) -> tuple[str, int, int, bool]:
        report = papersearch.build(corpus, index, model=str(small_model), **options)
        assert report.manifest is not None
        opened = papersearch.open(index)
        assert opened.verify() == []
        assert not opened.is_stale()
        assert (report.n_papers, report.n_left_out) == (len(opened), opened.manifest.n_left_out)
        return report.outcome, report.n_papers, report.n_left_out, report.manifest.abstracts_only

    assert build() == ("published", 3, 0, False)
    assert build(abstracts_only=True) == ("published", 2, 1, True)
    assert build() == ("up to date", 2, 1, True)
    assert build(abstracts_only=True) == ("up to date", 2, 1, True)
    assert build(full=True) == ("published", 2, 1, True)
    write(corpus, {"c.jsonl": [("Ants", ""), ("Bees", "Bees hum.")]})
    assert papersearch.open(index).is_stale()
    assert build() == ("published", 3, 2, True)
    assert build(abstracts_only=False) == ("published", 5, 0, False)
    assert build() == ("up to date", 5, 0, False)


def test_what_changes(tmp_path: Path, small_model: Path) -> None:
    """Papers that are left out count as removed, in a dry run too, and a dry run keeps no choice."""
    corpus, index = write(tmp_path / "corpus", FILES), tmp_path / "index"
    papersearch.build(corpus, index, model=str(small_model))
    dry = papersearch.build(corpus, index, model=str(small_model), abstracts_only=True, dry_run=True)
    assert (dry.outcome, dry.changes.removed, dry.n_left_out) == ("dry run", ("Bats at Dusk",), 1)
    assert papersearch.build(corpus, index, model=str(small_model)).outcome == "up to date"


def test_nothing_is_left(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every paper is left out, the error counts them, and the hint takes them in again."""
    corpus = write(tmp_path / "corpus", {"a.jsonl": [("Owls", ""), ("Bats", "")]})
    with pytest.raises(NothingToIndex) as caught:
        papersearch.build(corpus, tmp_path / "index", model=str(small_model), abstracts_only=True)
    assert caught.value.n_left_out == 2
    assert "2 papers without abstract left out" in caught.value.message
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["index", "--abstracts-only", "--model", str(small_model)])
    assert done.exit_code == 2
    assert "--no-abstracts-only" in done.stderr


def test_the_command_says_it(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`index`, `stats` and `convert` say how many papers are left out, of each file and in all."""
    write(tmp_path / "corpus", FILES)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[str, str]:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    model = ("--model", str(small_model))
    lines = run("index", "--abstracts-only", *model)[0].splitlines()
    assert "1 paper without abstract left out" in lines
    assert "a.jsonl: papersearch's JSON, 2 papers, 1 without abstract, 1 left out" in lines
    assert "b.jsonl: papersearch's JSON, 1 paper, 1 left out" in lines
    for words in (("index", *model), ("stats",)):
        told = json.loads(run(*words, "--json")[0])
        assert (told["papers"], told["abstracts_only"], told["left_out"]) == (2, True, 1)
        assert [dump["left_out"] for dump in told["dumps"]] == [1, 1]
        assert "1 paper without abstract left out" in run(*words)[0]
    out, said = run("convert", "corpus", "--abstracts-only")
    assert [json.loads(line)["title"] for line in out.splitlines()] == ["Moths at Night", "Owls at Noon"]
    assert "1 paper without abstract left out" in said
    document = json.loads(run("convert", "corpus", "--abstracts-only", "--findings", "json")[1])
    assert (document["left_out"], [dump["left_out"] for dump in document["dumps"]]) == (1, [1, 1])
    assert json.loads(run("index", "--no-abstracts-only", "--json", *model)[0])["left_out"] == 0
