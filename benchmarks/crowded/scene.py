"""Where the crowd acts: five states of a corpus, what each of them answers, and the check of an answer.

The papers of the states are alike in number and length. Files of two states have the same sizes, so that
only what a file says tells them apart.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unittest import mock

import papersearch
from papersearch.index import opened
from papersearch.index.manifest import Manifest
from papersearch.index.weights import write_weights
from papersearch.types import Mode, Weights
from tests.growing import QuickEncoder, quick_encoding

PROJECT = Path(__file__).parents[2]

N_STATES = 5
N_PAPERS = 60
K = 50
TUNED = Weights(keyword=2.0, late_interaction=0.5)
ASKED: tuple[tuple[str, Mode], ...] = (
    ("pipeline topic", "keyword"),
    ("pipeline topic", "hybrid"),
    ("topic 120", "keyword"),
    ("study topic 130", "semantic"),
)
"""Queries and modes. Papers without a vector matter to all modes but one."""

Locks = Literal["working", "refused", "silent"]
Answer = list[tuple[str, float]]
Outcome = Counter[str]
Act = Callable[[], Outcome]
"""Function that does one thing, and returns what it came to. Raises Wrong."""


class Wrong(AssertionError):
    """An answer or a file that no order of the operations explains."""


class QueryEncoder(QuickEncoder):
    """The encoder of queries that belongs to `QuickEncoder`."""

    in_context = True

    def encode_many(self, texts: Sequence[str]) -> list[Any]:
        return self.encode_together(texts)

    def with_prefix(self, prefix: str) -> QueryEncoder:
        return self


class Scene(NamedTuple):
    """Where all of it happens, and what each state answers.

    expected: answers by state, by whether weights are tuned, and by what is asked
    """

    folder: Path
    model: Path
    locks: Locks
    expected: dict[tuple[int, bool], dict[tuple[str, Mode, bool], Answer]]

    @property
    def indexes(self) -> tuple[Path, Path]:
        """An index that is built in one go, and one in parts."""
        return self.folder / "index", self.folder / "in-parts"

    def corpus(self, state: int) -> Path:
        return self.folder / f"state-{state}"

    def user(self, name: str) -> Path:
        """Return a file that a reader keeps."""
        return self.folder / "user" / name

    def build(self, state: int, **options: Any) -> papersearch.BuildReport:
        return papersearch.build(self.corpus(state), self.indexes[0], model=str(self.model), **options)

    def build_part(self, state: int, number: int, **options: Any) -> None:
        papersearch.build_part(self.corpus(state), self.indexes[1], number, 2, model=str(self.model), **options)


Role = Callable[[Scene, random.Random], Act]
"""Function that makes a process of the crowd, which acts by chance."""


def quick() -> ExitStack:
    """Let builds and queries encode without a model library."""
    stack = ExitStack()
    stack.enter_context(quick_encoding())
    stack.enter_context(mock.patch.object(opened, "open_query_encoder", lambda record: QueryEncoder()))
    return stack


def set_scene(folder: Path, model: Path, locks: Locks) -> Scene:
    """Write the states, compute what they answer, and build both indexes from the first."""
    scene = Scene(folder, model, locks, {})
    scene.user("").mkdir()
    for state in range(N_STATES):
        write_state(scene.corpus(state), state)
        alone = folder / f"alone-{state}"
        papersearch.build(scene.corpus(state), alone, model=str(model))
        for is_tuned in (False, True):
            if is_tuned:
                write_weights(alone, TUNED, "tuned")
            index = papersearch.open(alone)
            scene.expected[state, is_tuned] = {
                (*asked, fold): hits_of(index.search(asked[0], K, asked[1], fold=fold))
                for asked in ASKED
                for fold in (False, True)
            }
    scene.build(0)
    for number in (1, 2):
        scene.build_part(0, number)
    papersearch.join_parts(scene.indexes[1])
    said = [str(one) for one in scene.expected.values()]
    if len(set(said)) != len(said):
        raise ValueError("two states answer alike")
    return scene


def write_state(folder: Path, state: int) -> None:
    """Write 60 papers in three dumps; most of them are in the next state too, under other ids."""
    folder.mkdir()
    numbers = list(range(100 + 7 * state, 100 + 7 * state + N_PAPERS))
    random.Random(state).shuffle(numbers)
    for dump in range(3):
        lines = (
            {"_id": f"p{n}", "title": f"On topic {n}", "text": f"We study pipeline {n % 7} beside topic {n}. " * 3}
            for n in numbers[20 * dump : 20 * dump + 20]
        )
        (folder / f"{dump}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def state_of(manifest: Manifest) -> int:
    """Return the state that a generation was built from."""
    return int(str(manifest.corpus).rpartition("-")[2])


def hits_of(results: Any) -> Answer:
    return [(hit.paper.paper_id, hit.score) for hit in results]


def check_answers(scene: Scene, index: Any) -> None:
    """Ask every query, and raise Wrong for a wrong answer."""
    for query, mode in ASKED:
        check(scene, index, hits_of(index.search(query, K, mode)), query, mode)


def check(scene: Scene, index: Any, found: Answer, query: str, mode: Mode, *, fold: bool = False) -> None:
    """Raise Wrong unless an answer is that of the generation that is open, as far as it is encoded."""
    expected = scene.expected[state_of(index.manifest), index.weights is not None][query, mode, fold]
    if mode != "keyword" and index.manifest.is_partial:
        numbers = {int(paper_id[1:]) for paper_id, _ in found}
        first = 100 + 7 * state_of(index.manifest)
        if not numbers <= set(range(first, first + N_PAPERS)):
            raise Wrong(f"papers of another state than {index.manifest!r} has: {sorted(numbers)}")
    elif found != expected:
        raise Wrong(f"{query!r}, {mode}, {index.manifest!r}: {found[:3]}, expected {expected[:3]}")


def make_model(folder: Path) -> Path:
    """Make the model of the tests, in a process of its own, since it needs its library."""
    code = "import sys, pathlib, tests.conftest as made; made.make_model(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    model = folder / "model" / "small"
    model.parent.mkdir()
    subprocess.run([sys.executable, "-c", code, str(model)], check=True, env=environment, stderr=subprocess.DEVNULL)
    return model


def settle(folder: Path) -> None:
    """Let files of the user's lie in the scene."""
    os.environ |= {
        "PAPERSEARCH_SESSION": "crowd",
        "PAPERSEARCH_TIMEOUT": "300",
        **{f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "STATE", "CACHE", "DATA")},
    }
