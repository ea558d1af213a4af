"""The readers of a crowd: each kind asks in its own way, and every answer is checked."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import papersearch
from crowded.scene import ASKED, PROJECT, Act, K, Outcome, Role, Scene, Wrong, check, check_answers, hits_of
from papersearch.cli.tui.half_typed import HalfTyped
from papersearch.cli.tui.live import LiveIndex, LiveQuery
from papersearch.errors import GenerationGone, StoredIndexError
from papersearch.evaluation import sharing
from papersearch.evaluation.topics import Topic
from papersearch.index.locking import LOCK
from papersearch.remote.index import RemoteIndex
from papersearch.types import Mode


def ask(scene: Scene, index: Any, drawn: random.Random, modes: Sequence[Mode] = ()) -> Outcome:
    """Ask a query; and count the vectors, which tells a part from another."""
    query, mode = drawn.choice([asked for asked in ASKED if not modes or asked[1] in modes])
    check(scene, index, hits_of(index.search(query, K, mode)), query, mode)
    if not modes and drawn.random() < 0.2:
        n_vectors, n_said = int((np.linalg.norm(index.vectors(), axis=1) > 0.5).sum()), index.manifest.n_encoded
        if n_vectors != n_said:
            raise Wrong(f"{n_vectors} vectors in {index.manifest!r}, whose manifest says {n_said}")
    return Counter(answers=1)


def opener(scene: Scene, drawn: random.Random) -> Act:
    """Open an index for every query."""
    return lambda: ask(scene, papersearch.open(drawn.choice(scene.indexes)), drawn)


def holder(scene: Scene, drawn: random.Random) -> Act:
    """Keep an index open, and open it anew now and then where it is not current."""
    index = papersearch.open(drawn.choice(scene.indexes))

    def act() -> Outcome:
        nonlocal index
        if drawn.random() < 0.3:
            index = index.renewed()
        return ask(scene, index, drawn)

    return act


def browser(scene: Scene, drawn: random.Random) -> Act:
    """Search as `browse` does, in a thread of the index, which a build renews."""
    live = LiveIndex(papersearch.open(drawn.choice(scene.indexes)))

    def act() -> Outcome:
        query, mode = drawn.choice(ASKED)
        found = asyncio.run(live.search(LiveQuery(HalfTyped(query, "", False), mode, ""), K))
        check(scene, live._index, hits_of(found.results), query, mode, fold=True)
        return Counter(answers=1)

    return act


def batcher(scene: Scene, drawn: random.Random) -> Act:
    """Answer many queries in two processes; all answers are of the generation that was opened."""

    def act() -> Outcome:
        index = papersearch.open(drawn.choice(scene.indexes))
        asked = [query for query, mode in ASKED if mode == "keyword"] * 4
        parts = [[Topic(str(number), query)] for number, query in enumerate(asked)]
        replies = sharing.answers(index, parts, sharing.rank_topics, sharing.Asking(K, "keyword", True, True), 2)
        for query, reply in zip(asked, replies, strict=True):
            check(scene, index, [tuple(row) for row in json.loads(reply)[0]], query, "keyword")
        return Counter(answers=len(asked))

    return act


def commander(scene: Scene, drawn: random.Random) -> Act:
    """Run the command: a search, or `doctor`."""

    def act() -> Outcome:
        index, query = drawn.choice(scene.indexes), "pipeline topic"
        if drawn.random() < 0.2:
            run_command(scene, "doctor", "--index", str(index))
            return Counter(doctors=1)
        said = json.loads(run_command(scene, query, "--mode", "keyword", "--json", f"-k{K}", "--index", str(index)))
        found = [(hit["paper_id"], hit["score"]) for hit in said["hits"]]
        if found not in (one[query, "keyword", False] for one in scene.expected.values()):
            raise Wrong(f"the command found {found[:3]}")
        return Counter(answers=1)

    return act


def run_command(scene: Scene, *arguments: str) -> bytes:
    """Run papersearch as a process; return its output. Raises Wrong where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "papersearch", *arguments]
    done = subprocess.run(command, cwd=scene.folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise Wrong(f"{arguments} ended with {done.returncode}: {(done.stdout + done.stderr).decode()[-900:]}")
    return done.stdout


def doctor(scene: Scene, drawn: random.Random) -> Act:
    """Verify an index, of which no fault may be found."""

    def act() -> Outcome:
        index = papersearch.open(drawn.choice(scene.indexes))
        if faults := index.verify():
            raise Wrong(f"{index.manifest!r} has faults: {faults[:3]}")
        return Counter(doctors=1)

    return act


def copier(scene: Scene, drawn: random.Random) -> Act:
    """Copy the folder of an index in one of four ways; the copy answers as one state, or is refused."""
    target = scene.folder / f"copy-{os.getpid()}"

    def act() -> Outcome:
        source = drawn.choice(scene.indexes)
        ways = ["cp", "tree", "slow", "locked"] if scene.locks == "working" else ["cp", "tree", "slow"]
        way = drawn.choice(ways)
        try:
            copy_folder(source, target, way, drawn)
            try:
                index = papersearch.open(target)
            except StoredIndexError:
                if way == "locked":
                    raise
                return Counter(copies_refused=1)
            check_answers(scene, index)
            if faults := index.verify():
                raise Wrong(f"a copy has faults, {way}: {faults[:3]}")
            return Counter({"copies": 1, f"copies_{way}": 1})
        finally:
            shutil.rmtree(target, ignore_errors=True)

    return act


def copy_folder(source: Path, target: Path, way: str, drawn: random.Random) -> None:
    """Copy a folder that changes meanwhile, as far as that succeeds."""
    if way == "tree":
        try:
            shutil.copytree(source, target)
        except (shutil.Error, OSError):
            return
    elif way == "slow":  # as over a network, by a program that lists first, and copies in any order
        files = [Path(folder, name) for folder, _, names in os.walk(source) for name in names]
        drawn.shuffle(files)
        for number, path in enumerate(files):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(path, place)
            except OSError:
                continue
            time.sleep(0.005 if number < 200 else 0)  # without locks nothing is removed: there are many
    else:
        held = ["flock", str(source / LOCK)] if way == "locked" else []
        subprocess.run([*held, "cp", "-r", str(source), str(target)], capture_output=True, check=False)


def client(scene: Scene, drawn: random.Random) -> Act:
    """Ask the server of an index, which goes over to the generation that is published."""
    addresses = json.loads((scene.folder / "addresses.json").read_text())
    index: RemoteIndex = papersearch.open(drawn.choice(addresses))  # type: ignore[assignment]  # an address

    def act() -> Outcome:
        nonlocal index
        if drawn.random() < 0.3:
            index = index.renewed()
        try:
            return ask(scene, index, drawn, ["keyword"])
        except GenerationGone:
            index = index.renewed()
            return Counter(generations_gone=1)

    return act


READERS: tuple[tuple[Role, int], ...] = (
    (opener, 1), (holder, 1), (copier, 8), (client, 1), (browser, 1), (opener, 1), (doctor, 8), (commander, 20),
    (holder, 1), (opener, 1), (batcher, 20), (client, 1), (opener, 1), (holder, 1), (copier, 8), (browser, 1),
)  # fmt: skip
"""Kinds of readers, in turn, each with how many times as long as others it pauses."""

OF_PROCESSES = (client, commander, batcher)
"""Readers that start other processes, whose locks cannot be replaced."""
