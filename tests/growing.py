"""A small corpus that grows: its dumps, the answers of its index, and leftovers of builds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import papersearch
from papersearch.dense import encoders, models
from papersearch.dense.choice import encoding_by
from papersearch.dense.encoders import EncoderRecord
from papersearch.dense.encoding import TextEncoding, stored_form
from papersearch.dense.feedback import unit
from papersearch.dense.late import Encoded
from papersearch.index import meaning, previous, publishing, shard_build
from papersearch.index.locking import LOCK
from tests.conftest import page, sentence

QUERIES = ["pipeline bubbles", "speech recognition", "ASR", "On paper 3"]


def answers(index_path: Path, decimals: int = 12) -> list[list[tuple[str, float]]]:
    """Return the index's results for a few queries, in comparable form."""
    index = papersearch.open(index_path)
    return [[(h.paper.paper_id, round(h.score, decimals)) for h in index.search(q, k=50)] for q in QUERIES]


def leftovers(index_path: Path) -> list[str]:
    """List files that a build should have removed."""
    return [path.name for path in index_path.iterdir() if path.name.startswith(".") and path.name != LOCK]


def add(corpus: Path, name: str, *topics: str) -> None:
    (corpus / name).write_text(page([(f"On {topic}", sentence(topic)) for topic in topics]))


A, B = ("On apples", sentence("apples")), ("On bees", sentence("bees"))


def answers_in_every_mode(index_path: Path) -> Any:
    """Return the index's results for a query in every mode."""
    index = papersearch.open(index_path)
    return [index.search("pipeline bubbles", mode=mode) for mode in ("hybrid", "keyword", "semantic")]


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def encode_in_part(corpus: Path, index_path: Path, n_texts: int, seed: int = 0) -> None:
    """Publish a part of the index in which a random `n_texts` of its texts are encoded."""

    def some(*arguments: Any, **options: Any) -> Any:
        known, constants = encodings(*arguments, **options)
        kept = random.Random(seed).sample(sorted(known), n_texts)
        return {digest: known[digest] for digest in kept}, constants

    encodings = previous.encodings
    with mock.patch.object(previous, "encodings", some):
        papersearch.build([corpus], index_path, words_only=True)  # a named dump is read in any case


def records(corpus: Path, *numbers: int) -> None:
    """Write a dump of short papers, one for each number; no two have the same text."""
    lines = (
        {"_id": f"p{n}", "title": f"On topic {n}", "text": f"We study pipeline {n % 7} beside topic {n}. " * 3}
        for n in numbers
    )
    (corpus / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


class QuickEncoder:
    """An encoder of 8 dimensions that needs no model library: vectors come from the text's hash."""

    def encode_for_index(
        self, texts: Sequence[str], constants: Any, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        for number, text in enumerate(texts):
            receive(number, stored_form(self.encode(text), np.arange(4), constants))

    def encode_together(self, texts: Sequence[str]) -> list[Encoded]:
        return [self.encode(text) for text in texts]

    def encode(self, text: str) -> Encoded:
        drawn = np.random.default_rng(list(text.encode()))
        states = drawn.standard_normal((4, 8)).astype(np.float32)
        return Encoded(unit(states.sum(axis=0)), drawn.integers(0, 4, 4), states)

    def vocabulary(self) -> list[str]:
        return ["pipeline", "bubble", "topic", "study"]


def quick_encoding() -> Any:
    """Let builds encode with `QuickEncoder` in a `with` block, and publish at every doubling from four on.

    The model's folder is only hashed.
    """
    stack = ExitStack()
    stack.enter_context(mock.patch.object(meaning, "LEAST_STEP", 4))
    stack.enter_context(mock.patch.object(publishing, "WORDS_FIRST", 4))
    stack.enter_context(mock.patch.object(meaning, "describe", _quick_record))
    for module in (meaning, shard_build):
        stack.enter_context(mock.patch.object(module, "open_paper_encoder", lambda *rest: QuickEncoder()))
    return stack


def _quick_record(model: models.ModelFiles, identity: encoders.Identity, *rest: Any) -> EncoderRecord:
    return EncoderRecord(
        **encoders.place_of(model),
        fingerprint=identity.fingerprint,
        dimensions=8,
        max_length=128,
        encoding=encoding_by("numpy"),
        query_prefix=identity.query_prefix,
        paper_prefix=identity.paper_prefix,
        query_backend="numpy",
        query_tokenizer="vocab.txt",
    )
