"""Instructions for one query, against sentence-transformers' `prompt`, and where they have no place."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch.dense import choice, encoders, models
from papersearch.dense.prefixes import _CARDS, Prefixes, with_instruction
from papersearch.dense.reference import ReferenceEncoder
from papersearch.errors import InstructionRefused, NothingEncoded
from papersearch.types import Mode
from tests.dense.families import FAMILIES, OTHERS, make_static
from tests.served import Served

QWEN = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
PLACES = {
    "Instruct: Find it\nQuery: ": "Instruct: TEXT\nQuery: ",
    QWEN: "Instruct: TEXT\nQuery:",
    "Instruct: Two\nlines.\nQuery: ": "Instruct: TEXT\nQuery: ",
    "Instruct: \nQuery: ": "Instruct: TEXT\nQuery: ",
    "task: search result | query: ": "task: TEXT | query: ",
    "Represent the Science question for retrieving supporting documents: ": "TEXT: ",
    "Represent the question for retrieval:": "TEXT: ",
}
NO_PLACE = [
    "",
    "query: ",
    "search_query: ",
    "Represent this sentence for searching relevant passages: ",
    "Represent this sentence for searching relevant passages:",
    "为这个句子生成表示以用于检索相关文章：",
    "Instruct: no query",
    "Query: ",
    "title: none | text: ",
    "Represent a thing",
]


@pytest.mark.parametrize("prefix", PLACES)
def test_places(prefix: str) -> None:
    """An instruction replaces that of a prefix, and nothing else of it."""
    assert with_instruction(prefix, "TEXT") == PLACES[prefix]


@pytest.mark.parametrize("prefix", NO_PLACE)
def test_prefixes_without_a_place(prefix: str) -> None:
    """A fixed text, and no prefix at all, have no place for an instruction."""
    assert with_instruction(prefix, "TEXT") is None


@pytest.mark.parametrize("card", _CARDS, ids=lambda card: f"{card[0]} {card[1]}")
def test_cards_with_an_instruction(card: tuple[str, str, str, str]) -> None:
    """Of the known cards, those with a task in their prefix take an instruction, and no others do."""
    name, _, query, _ = card
    takes = name in ("E5 instruct", "GTE Qwen", "Stella", "Qwen3", "EmbeddingGemma")
    assert (with_instruction(query, "TEXT") is not None) == takes


@given(st.sampled_from([*PLACES][:5]), st.text(min_size=1), st.text(min_size=1))
def test_the_last_instruction_counts(prefix: str, first: str, second: str) -> None:
    """Replacing an instruction twice is replacing it by the second, whatever a line of it holds."""
    first, second = (" ".join(text.split()) or "x" for text in (first, second))
    once = with_instruction(prefix, first)
    assert once is not None
    if " | query: " not in first:
        assert with_instruction(once, second) == with_instruction(prefix, second)


MODELS: dict[str, Any] = {
    "numpy": lambda folder: FAMILIES["roberta"](folder),
    "text by text": lambda folder: FAMILIES["mpnet"](folder),
    "static": lambda folder: make_static(folder, "sentence-transformers"),
    "library": lambda folder: OTHERS["another architecture"](folder),
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind == "text by text" else kind for kind in MODELS]
)
def test_an_instruction_is_the_librarys_prompt(tmp_path: Path, kind: str) -> None:
    """A query with an instruction has the vector of `encode(prompt=...)`, and the encoder keeps its own."""
    folder = MODELS[kind](tmp_path / "model")
    model = models.locate(str(folder), pytest.fail)
    prefixes = Prefixes(query="Instruct: Find it\nQuery: ")
    identity = encoders.Identity(models.fingerprint(model), "", prefixes.query, "")
    found = choice.describe(model, identity, None, [], [], lambda: ReferenceEncoder(model, "cpu", prefixes))
    encoder = encoders.open_query_encoder(found)
    prompt = with_instruction(prefixes.query, "Criticise it")
    assert prompt is not None
    kwargs = {} if kind == "static" else {"model_kwargs": {"dtype": torch.float32}}
    library = SentenceTransformer(str(folder), device="cpu", **kwargs)
    vectors = []
    for prefix, expected in ((prompt, prompt), (None, prefixes.query)):
        vector = library.encode("pipeline bubbles", prompt=expected)
        vectors.append(encoder.encode_many(["pipeline bubbles"], prefix)[0].vector)
        assert np.abs(vectors[-1] - vector / np.linalg.norm(vector)).max() <= 1e-5
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
def test_a_search_with_an_instruction(tmp_path: Path, small_corpus: Path, small_model: Path, mode: Mode) -> None:
    """A query with an instruction is ranked as by an index whose queries all have it."""
    indexes = []
    for name in ("Find it", "Judge it"):
        prefix = f"Instruct: {name}\nQuery: "
        papersearch.build(small_corpus, tmp_path / name, model=str(small_model), query_prefix=prefix)
        indexes.append(papersearch.open(tmp_path / name))
    # Without late interaction, whose basis each of the two learned with its own prefix.
    ask = partial(indexes[0].search, "protein data", mode=mode, late=False)
    usual, found = ask(), ask(instruction=" Judge \n it\u200b ")
    expected = indexes[1].search("protein data", mode=mode, late=False)
    scores = [[(hit.paper.paper_id, hit.semantic_score, hit.score) for hit in one] for one in (found, expected)]
    assert scores[0] == scores[1]
    assert [hit.semantic_score for hit in usual] != [hit.semantic_score for hit in found]
    assert ask() == usual


def test_what_is_refused(real_index: papersearch.Index) -> None:
    """A model without a place is refused by name, for every query; so are keyword mode and no text."""
    for query in ("pipeline bubbles", "year:2025", "10.1000/nothing"):
        with pytest.raises(InstructionRefused, match=r"all-MiniLM-L6-v2.*no prefix"):
            real_index.search(query, instruction="Find it")
    with pytest.raises(ValueError, match="another mode"):
        real_index.search("pipeline bubbles", mode="keyword", instruction="Find it")
    for nothing in ("", " \n", "\u200b"):
        with pytest.raises(ValueError, match="empty"):
            real_index.search("pipeline bubbles", instruction=nothing)


def test_a_server_refuses_the_same(server: Served, real_index: papersearch.Index, patient: None) -> None:
    """A server applies an instruction, or refuses it with the error of the index."""
    with pytest.raises(InstructionRefused) as local:
        real_index.search("pipeline bubbles", instruction="Find it")
    with pytest.raises(InstructionRefused) as remote:
        papersearch.open(server.address).search("pipeline bubbles", instruction="Find it")
    assert remote.value.message == local.value.message


def test_words_alone(tmp_path: Path, small_corpus: Path) -> None:
    """An index without a model answers by words and says why, with an instruction as without one."""
    papersearch.build(small_corpus, tmp_path / "index", words_only=True)
    index = papersearch.open(tmp_path / "index")
    assert index.search("protein", instruction="Find it") == index.search("protein")
    with pytest.raises(NothingEncoded):
        index.search("protein", mode="semantic", instruction="Find it")
