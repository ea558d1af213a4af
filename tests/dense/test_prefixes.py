"""Prefixes of queries and papers: where they come from, and that they are used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch.dense.models import ModelFiles
from papersearch.dense.prefixes import PrefixNotice, choose_prefixes, prefix_notice
from papersearch.text.paper_text import paper_text

INSTRUCTION = "Represent this sentence for searching relevant passages: "


def bare(folder: Path, name: str = "model", **config: object) -> ModelFiles:
    """Make a folder with these entries of `config_sentence_transformers.json`, and no weights."""
    folder.mkdir(exist_ok=True)
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config))
    return ModelFiles(name, "folder", folder)


@pytest.mark.parametrize(
    ("name", "query", "paper"),
    [
        ("intfloat/e5-small-v2", "query: ", "passage: "),
        ("models/multilingual-e5-base", "query: ", "passage: "),
        ("intfloat/multilingual-e5-large-instruct", "Instruct: ", ""),
        ("BAAI/bge-small-en-v1.5", INSTRUCTION, ""),
        ("BAAI/bge-m3", "", ""),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("thenlper/gte-small", "", ""),
        ("Snowflake/snowflake-arctic-embed-m-v1.5", INSTRUCTION, ""),
        ("Snowflake/snowflake-arctic-embed-m-v2.0/", "query: ", ""),
        ("mixedbread-ai/mxbai-embed-large-v1", INSTRUCTION, ""),
        ("WhereIsAI/UAE-Large-V1", INSTRUCTION, ""),
        ("/cache/models--intfloat--e5-base-v2", "query: ", "passage: "),
        ("sentence-transformers/all-MiniLM-L6-v2", "", ""),
        ("me/notes5-small", "", ""),
    ],
)
def test_cards(tmp_path: Path, name: str, query: str, paper: str) -> None:
    """A model of a known name gets the prefixes of its card."""
    found = choose_prefixes(bare(tmp_path / "model", name))
    assert (found.query.startswith(query), bool(found.query), found.paper) == (True, bool(query), paper)


@pytest.mark.parametrize("default", [None, [], ["query"], {}, 7, True, "unknown", "other"])
def test_any_default_prompt(tmp_path: Path, default: object) -> None:
    """The default prompt counts if it is the name of a prompt, and anything else is left out."""
    found = choose_prefixes(bare(tmp_path / "model", prompts={"other": "o: "}, default_prompt_name=default))
    assert (found.query, found.origin) == (("o: ", "model") if default == "other" else ("", "none"))


def test_a_card_by_the_place_of_the_model(tmp_path: Path) -> None:
    """A card is also known by the folder's name, in the hub's cache too, and by the original's name."""
    cached = tmp_path / "models--intfloat--e5-small" / "snapshots" / "0ff"
    cached.mkdir(parents=True)
    other = tmp_path / "mine"
    other.mkdir()
    (other / "config.json").write_text('{"_name_or_path": "intfloat/e5-small"}')
    for folder in (cached, other):
        assert choose_prefixes(ModelFiles("mine", "folder", folder)).paper == "passage: "


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ({"query": "q ", "document": "d "}, ("q ", "d ")),
        ({"query": "q ", "passage": "p "}, ("q ", "p ")),
        ({"search_query": "q ", "search_document": "d ", "clustering": "c "}, ("q ", "d ")),
        ({"retrieval.query": "q ", "retrieval.passage": "p "}, ("q ", "p ")),
        ({"s2p_query": "q ", "s2s_query": "s "}, ("q ", "")),
        ({"query": "", "document": ""}, ("query: ", "passage: ")),
    ],
)
def test_prompts_of_the_model(tmp_path: Path, prompts: dict[str, str], expected: tuple[str, str]) -> None:
    """Prompts for search are found under the names in use; an empty one leaves the word to the card."""
    found = choose_prefixes(bare(tmp_path / "e5-small-v2", prompts=prompts))
    assert (found.query, found.paper) == expected


def test_the_default_prompt(tmp_path: Path) -> None:
    """A model's default prompt goes before queries and papers without a prompt of their own."""
    prompts = {"query": "q ", "all": "a "}
    found = choose_prefixes(bare(tmp_path / "model", prompts=prompts, default_prompt_name="all"))
    assert (found.query, found.paper) == ("q ", "a ")


def test_given_prefixes_come_first(tmp_path: Path) -> None:
    """A given prefix replaces the model's and the card's, also an empty one; the other side stays."""
    model = bare(tmp_path / "e5-small-v2")
    assert choose_prefixes(model, query="ask: ")[:2] == ("ask: ", "passage: ")
    assert choose_prefixes(model, query="", paper="")[:2] == ("", "")


def test_what_is_told(tmp_path: Path) -> None:
    """Prefixes of a card or of an unusual prompt are told, and prompts of which none is for search."""
    card = prefix_notice(choose_prefixes(bare(tmp_path / "e5-small")))
    assert isinstance(card, PrefixNotice)
    assert "E5" in card and "'passage: '" in card
    unusual = prefix_notice(choose_prefixes(bare(tmp_path / "model", prompts={"s2p_query": "q "})))
    assert unusual is not None and "s2p_query" in unusual and "papers" not in unusual
    none = prefix_notice(choose_prefixes(bare(tmp_path / "model", prompts={"STS": "s ", "clustering": "c "})))
    assert none is not None and "STS, clustering" in none
    for prompts in ({}, {"query": "q ", "document": "d "}):
        assert prefix_notice(choose_prefixes(bare(tmp_path / "model", prompts=prompts))) is None


def test_an_index_with_prefixes(tmp_path: Path, small_corpus: Path, small_model: Path) -> None:
    """Prefixes are part of an encoding: papers and queries have them, and other ones encode anew."""
    path, told = tmp_path / "index", list[str]()
    folder = shutil.copytree(small_model, tmp_path / "e5-small-v2")

    def build(**given: str) -> papersearch.BuildReport:
        return papersearch.build(small_corpus, path, model=str(folder), announce=told.append, **given)

    assert (build().n_encoded, len(told)) == (4, 1)
    index, library = papersearch.open(path), SentenceTransformer(str(folder), device="cpu")
    texts = [f"passage: {paper_text(paper)}" for paper in index.papers()]
    assert np.abs(index._opened.vectors.exact - library.encode(texts, batch_size=1)).max() <= 1e-5
    query = index._opened.encoder.encode("model").vector
    assert np.abs(query - library.encode("query: model")).max() <= 1e-5
    encoder = index.manifest.encoder
    assert (encoder.query_prefix, encoder.paper_prefix) == ("query: ", "passage: ")
    assert build().outcome == "up to date"
    assert build(query_prefix="", paper_prefix="").n_encoded == 4
    assert build(query_prefix="", paper_prefix="").outcome == "up to date"
    assert build(query_prefix="ask: ", paper_prefix="").n_encoded == 4
    assert papersearch.open(path).manifest.encoder.query_prefix == "ask: "
    assert len(told) == 1


def test_a_changed_prompt_is_noticed(tmp_path: Path, small_corpus: Path, small_model: Path) -> None:
    """A prompt that is written into the model's folder later makes another model of it."""
    folder, path = shutil.copytree(small_model, tmp_path / "model"), tmp_path / "index"
    papersearch.build(small_corpus, path, model=str(folder))
    written = folder / "config_sentence_transformers.json"
    written.write_text(json.dumps({"prompts": {"query": "query: ", "document": "passage: "}}))
    assert papersearch.open(path).search("bubbles").mode_used == "keyword"
    report = papersearch.build(small_corpus, path, model=str(folder))
    assert (report.outcome, report.n_encoded) == ("published", 4)
    assert papersearch.open(path).manifest.encoder.query_prefix == "query: "
    assert papersearch.open(path).search("bubbles").mode_used == "hybrid"
