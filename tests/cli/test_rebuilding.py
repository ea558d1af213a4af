"""Hints to build: the command that is named keeps what the index was built with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import papersearch
from papersearch.cli import index_access
from papersearch.cli.app import app
from tests.cli.conftest import hinted
from tests.conftest import Run, make_model, page, sentence
from tests.growing import add

CHOICES: dict[str, Sequence[str]] = {
    "nothing": [],
    "prefixes": ["--query-prefix", "query: ", "--paper-prefix", "a paper's text: "],
    "no late interaction": ["--no-late"],
    "no papers without abstract": ["--abstracts-only"],
    "languages": ["--language", "de,en"],
}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, small_corpus: Path) -> Callable[..., Any]:
    """Return a function that runs the command in the project of the small corpus."""
    monkeypatch.chdir(small_corpus.parent)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


def kept(index_path: Path) -> Any:
    """Return what a build without options might change."""
    manifest = papersearch.open(index_path).manifest
    encoder = manifest.encoder
    assert encoder is not None
    chosen = encoder.name, encoder.fingerprint, encoder.query_prefix, encoder.paper_prefix
    return chosen, manifest.late is None, manifest.abstracts_only, manifest.lexical.analyzer, manifest.corpus


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "places"),
    [*((choice, []) for choice in CHOICES), ("prefixes", ["--corpus", "other dumps", "--index", "other index"])],
)
def test_a_stale_index_is_built_again_as_it_was(
    command: Callable[..., Any], small_corpus: Path, small_model: Path, choice: str, places: list[str]
) -> None:
    """The command that a stale index hints at keeps model, prefixes and choices: it encodes new texts alone."""
    if places:
        small_corpus = small_corpus.rename(small_corpus.with_name("other dumps"))
    index_path = small_corpus.parent / (places[-1] if places else "index")
    assert command("index", "--model", small_model, *CHOICES[choice], *places).exit_code == 0
    before = kept(index_path)
    add(small_corpus, "2026.txt", "owls")
    hint = hinted(command("search", "bubbles", *places).stderr)
    built = command(*hint, "--json")
    assert json.loads(built.stdout)["encoded"] == 1
    assert kept(index_path) == before
    assert command("search", "bubbles", *places).stderr == ""


@pytest.mark.slow
def test_a_changed_model_is_named(command: Callable[..., Any], small_corpus: Path, tmp_path: Path) -> None:
    """Where the model has changed since the build, the hint names it: a build by it is an index of this model."""
    modes = ("hybrid", "semantic")
    folder = make_model(tmp_path / "a model")
    assert command("index", "--model", folder, "--no-late").exit_code == 0
    config = folder / "config_sentence_transformers.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "prompts": {"query": "about "}}))
    told = [command("search", "bubbles", "--mode", mode).stderr for mode in modes]
    assert all("is not the one the index was built with" in said for said in told)
    [hint, other] = map(hinted, told)
    assert hint == other
    assert command(*hint).exit_code == 0
    encoder = papersearch.open(small_corpus.parent / "index").manifest.encoder
    assert encoder is not None
    assert encoder.name == str(folder)
    assert [command("search", "bubbles", "--mode", mode).stderr for mode in modes] == ["", ""]


def test_doctor_says_how_far_it_is_encoded(command: Callable[..., Any], small_model: Path) -> None:
    """`doctor --json` has the numbers of encoded and of all papers, before and after they are encoded."""
    for options, n_encoded in (["--words-only"], 0), (["--model", small_model], 4):
        assert command("index", *options).exit_code == 0
        found = json.loads(command("doctor", "--json").stdout)
        assert found["encoded"] == {"n_encoded": n_encoded, "n_papers": 4}


def test_few_texts_are_encoded_for_a_first_query(
    command: Callable[..., Any], small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first query asks the build to encode up to MOST_TEXTS texts."""
    asked: list[int | None] = []

    def run_build(locations: Any, *, most_texts: int) -> Any:
        asked.append(most_texts)
        return papersearch.build(locations.corpus, locations.index_path, words_only=True)

    monkeypatch.setattr(index_access, "run_build", run_build)
    assert command("search", "bubbles").exit_code == 0
    assert asked == [index_access.MOST_TEXTS]


def test_many_texts_are_not_encoded_for_a_first_query(run: Run, tmp_path: Path) -> None:
    """A first query over many papers is answered by words; one line says so, with the command that goes on."""
    (tmp_path / "corpus").mkdir()
    topics = [f"topic number {number}" for number in range(index_access.MOST_TEXTS)]
    papers = [(f"On {topic}", sentence(topic)) for topic in ["pipeline bubbles", *topics]]
    (tmp_path / "corpus" / "many.txt").write_text(page(papers))
    answer = run("pipeline bubbles", "--json")
    found = json.loads(answer.stdout)
    assert found["hits"][0]["title"] == "On pipeline bubbles"
    assert (found["mode"], found["mode_used"]) == ("hybrid", "keyword")
    assert found["encoded"] == {"n_encoded": 0, "n_papers": 501}
    assert answer.stderr.splitlines() == [
        "papersearch: building an index of corpus, once",
        "papersearch: 501 papers can be searched by words; to search them by meaning too, which takes long to "
        "prepare: papersearch index",
    ]
    again = run("pipeline bubbles", "--json")
    assert again.stdout == answer.stdout
    assert again.stderr.splitlines()[-1] == "hint: papersearch index"
