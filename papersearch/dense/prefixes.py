"""Prefixes that a model expects before queries and before papers, and where they are named.

A model that was trained with a prefix ranks worse without it. Some models name theirs in
`config_sentence_transformers.json`, under various names. Others name them only in the text that
describes the model, its card; the cards of popular models are listed here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from papersearch.dense.model_folder import body_folder, read_optional

if TYPE_CHECKING:
    from papersearch.dense.models import ModelFiles

Origin = Literal["given", "model", "card", "none"]


class Prefixes(NamedTuple):
    """Texts that go before each query and before each paper.

    origin: where they come from: the caller, the model's own files, its card, or nowhere
    named: the names of the prompts, or the name of the card
    unused: names of the model's prompts, of which none is for search
    """

    query: str = ""
    paper: str = ""
    origin: Origin = "none"
    named: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


class PrefixNotice(str):
    """Announcement of prefixes that the caller may want to override."""

    __slots__ = ()


_QUERY_PROMPTS = (
    *("query", "search_query", "retrieval.query", "retrieval_query", "s2p_query", "web_search_query"),
    *("Retrieval-query", "InformationRetrieval-query"),
)
_PAPER_PROMPTS = (
    *("document", "passage", "corpus", "search_document", "retrieval.passage", "retrieval.document"),
    *(
        "retrieval_document",
        "s2p_document",
        "search_passage",
        "Retrieval-document",
        "InformationRetrieval-document",
    ),
)
"""Names of prompts for search, best first. sentence-transformers itself looks for `query`, and for
`document`, `passage` and `corpus`; the others are those of popular models."""

_INSTRUCTION = "Represent this sentence for searching relevant passages: "
_TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query"

_CARDS: tuple[tuple[str, str, str, str], ...] = (
    ("E5 instruct", r"e5-(mistral-7b|large)-instruct", f"{_TASK}\nQuery: ", ""),
    ("E5", r"e5-(small|base|large)", "query: ", "passage: "),
    ("BGE M3", r"bge-m3", "", ""),
    ("BGE", r"bge-(small|base|large)-en", _INSTRUCTION, ""),
    ("BGE", r"bge-(small|base|large)-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    ("Nomic", r"nomic-embed-text|modernbert-embed", "search_query: ", "search_document: "),
    ("GTE Qwen", r"gte-qwen", f"{_TASK}\nQuery: ", ""),
    ("GTE", r"gte-(small|base|large|modernbert|multilingual)", "", ""),
    ("Arctic", r"arctic-embed-[a-z]+-v2", "query: ", ""),
    ("Arctic", r"arctic-embed", _INSTRUCTION, ""),
    ("mxbai", r"mxbai-embed", _INSTRUCTION, ""),
    ("UAE", r"uae-large", _INSTRUCTION, ""),
    ("LEAF", r"mdbr-leaf", _INSTRUCTION, ""),
    ("Stella", r"stella[-_]en", f"{_TASK}.\nQuery: ", ""),
    ("Qwen3", r"qwen3-embedding", f"{_TASK}\nQuery:", ""),
    ("EmbeddingGemma", r"embeddinggemma", "task: search result | query: ", "title: none | text: "),
)
"""Known cards: name, pattern of the model's name in small letters, prefix of queries, of papers.
The first that matches is used."""

_TASKS = (
    re.compile(r"(Instruct: ?).*?(\n *Query: ?)", re.DOTALL),
    re.compile(r"(task: ?).*?( \| query: ?)"),
)
"""Forms of prefixes with an instruction in them: what is before it, and what is after it."""

_REPRESENT = re.compile(r"Represent .*: ?")
"""The form of an instruction of Instructor."""


def choose_prefixes(model: ModelFiles, query: str | None = None, paper: str | None = None) -> Prefixes:
    """Return the prefixes of `model`.

    Given ones count first, then those that the model's own files name, then those of its card.
    """
    found = _of_the_model(model.folder)
    if found.origin == "none":
        found = _of_the_card(model, found)
    if query is None and paper is None:
        return found
    return Prefixes(
        query=found.query if query is None else query,
        paper=found.paper if paper is None else paper,
        origin="given",
    )


def prefix_notice(prefixes: Prefixes) -> PrefixNotice | None:
    """Say which prefixes are used, if the model's user could not expect them; else return None."""
    if prefixes.origin == "card":
        where = f"as the card of {prefixes.named[0]} asks"
    elif prefixes.unused:
        names = ", ".join(sorted(prefixes.unused)[:4])
        return PrefixNotice(f"the model names prompts, and none that is known to be for search ({names})")
    elif prefixes.origin == "model" and not {"query", "document", "passage", "corpus"}.issuperset(prefixes.named):
        where = f"from the model's prompts {' and '.join(prefixes.named)}"
    else:
        return None
    sides = [
        f"{side} begin with {text!r}"
        for side, text in (("queries", prefixes.query), ("papers", prefixes.paper))
        if text
    ]
    return PrefixNotice(f"{' and '.join(sides)}, {where}") if sides else None


def with_instruction(prefix: str, instruction: str) -> str | None:
    """Return a prefix of queries with another instruction; None if it has no place for one.

    Three forms have a place: that of E5 instruct, Qwen3 and their like ("Instruct: ...", "Query:"), that of
    EmbeddingGemma ("task: ... | query: "), and that of Instructor, which is an instruction as a whole
    ("Represent ... for ...: "). A prefix of a known card is a fixed text, whatever its words are.
    """
    for pattern in _TASKS:
        if (found := pattern.fullmatch(prefix)) is not None:
            return f"{found[1]}{instruction}{found[2]}"
    if _REPRESENT.fullmatch(prefix) is not None and prefix.rstrip() != _INSTRUCTION.rstrip():
        return f"{instruction.rstrip(': ')}: "
    return None


def _of_the_model(folder: Path) -> Prefixes:
    """Return the prefixes that the model's own files name."""
    config = read_optional(folder / "config_sentence_transformers.json")
    written = config.get("prompts")
    prompts = {
        name: text
        for name, text in (written.items() if isinstance(written, dict) else ())
        if isinstance(text, str) and text
    }
    default = config.get("default_prompt_name")
    others = (default,) if isinstance(default, str) else ()
    query = _first(prompts, (*_QUERY_PROMPTS, *others))
    paper = _first(prompts, (*_PAPER_PROMPTS, *others))
    named = tuple(dict.fromkeys(name for name in (query, paper) if name is not None))
    if not named:
        return Prefixes(unused=tuple(prompts))
    return Prefixes(prompts.get(query or "", ""), prompts.get(paper or "", ""), "model", named)


def _first(prompts: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in prompts), None)


def _of_the_card(model: ModelFiles, found: Prefixes) -> Prefixes:
    """Return the prefixes of the model's card if it is known, by the model's name; else `found`."""
    for name in _names(model):
        for card, pattern, query, paper in _CARDS:
            if re.search(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])", name):
                return Prefixes(query, paper, "card", (card,))
    return found


def _names(model: ModelFiles) -> list[str]:
    """List the names of a model, in small letters: as given, as its folder's, as its configuration has it.

    The hub's cache has a model's folder under its name, below `snapshots`.
    """
    folder = model.folder
    places = [folder.parent.parent if folder.parent.name == "snapshots" else folder]
    before = read_optional(body_folder(folder) / "config.json").get("_name_or_path")
    names = [model.name, *(place.name for place in places), before if isinstance(before, str) else ""]
    return [re.split(r"/|-{2}", name.rstrip("/"))[-1].lower() for name in names]
