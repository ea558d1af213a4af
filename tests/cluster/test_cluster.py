"""Shards on a Ray cluster of two nodes on loopback: built there, asked there, and asked while nodes die."""

from __future__ import annotations

import http.client
import os
import pickle
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import PapersearchError, ServerError, ShardUnanswered
from papersearch.index.joining import join
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.locking import LOCK
from papersearch.index.parts import PartRequest, build_part
from papersearch.remote.calls import FORMAT_HEADER, MAX_BODY_BYTES, RELEASE_HEADER
from papersearch.types import MODES
from tests.cluster.conftest import Nodes, command_on, needs_ray, served_by, two_nodes
from tests.conftest import CORPUS, wait_until
from tests.growing import tree
from tests.served import Served

pytestmark = [pytest.mark.slow, needs_ray]

N_PARTS = 3
TOPICS = (
    "pipeline bubbles",
    "attention sinks",
    "mixture of experts routing",
    "KV cache",
    '"language model" agents',
    "reinforcement -robot",
    "RAG",
    "title:diffusion",
    "unheardofword model",
    "video OR audio",
)
BOUND_S = 30.0
"""Bound of every wait, for a machine as busy as any: without copies, Ray needs a minute to notice a dead node.

On a quiet one, answers come within patience and a second, and errors within twice the patience.
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients wait longer than the five seconds of users: the machine may be busy."""
    monkeypatch.setenv("PAPERSEARCH_TIMEOUT", str(BOUND_S))


@pytest.fixture(scope="module")
def nodes(ray_folder: Path) -> Iterator[Nodes]:
    with two_nodes(ray_folder) as started:
        yield started


@pytest.fixture(scope="module")
def built_here(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the committed corpus in this process."""
    index = tmp_path_factory.mktemp("here") / "index"
    for number in range(1, N_PARTS + 1):
        build_part(part_of(CORPUS, index, number, small_model))
    join(index)
    return index


@pytest.fixture(scope="module")
def built(nodes: Nodes, built_here: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the committed corpus on the cluster, where one part is there already."""
    folder = tmp_path_factory.mktemp("cluster")
    shutil.copytree(built_here / "parts" / "00001-of-00003", folder / "index" / "parts" / "00001-of-00003")
    arguments = ["index", "--corpus", str(CORPUS), "--index", "index", "--model", str(small_model), "--quiet"]
    done = command_on(nodes, [*arguments, "--ray", nodes.address, "--parts", str(N_PARTS)], folder)
    assert done.returncode == 0, done.stderr
    assert f"joined into {N_PARTS} shards" in done.stdout
    return folder / "index"


def part_of(corpus: Path, index: Path, number: int, model: Path) -> PartRequest:
    """Return the request for one part."""
    return PartRequest(
        places=(str(corpus),),
        corpus=str(corpus),
        index_path=str(index),
        number=number,
        n_parts=N_PARTS,
        model=str(model),
    )


@pytest.fixture(scope="module")
def server(nodes: Nodes, built: Path) -> Iterator[Served]:
    with served_by(nodes, built) as started:
        yield started


def content(folder: Path) -> dict[str, bytes]:
    """Return every file that is published, by name."""
    return {
        name: written
        for name, written in tree(folder).items()
        if "parts" not in Path(name).parts and Path(name).name != LOCK
    }


def options_of(number: int) -> dict[str, Any]:
    """Return options of a search that differ from one query to the next."""
    return [
        {},
        {"explain": True, "k": 3},
        {"since": "2025", "facets": True},
        {"k": 50, "late": False},
        {"sort": "date", "related": True},
        {"fold": True, "strict": True},
    ][number % 6]


def test_the_cluster_builds_the_same_bytes(built: Path, built_here: Path) -> None:
    """Parts and join on the cluster give the same files as in this process, with or without parts from before."""
    here, there = content(built_here), content(built)
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []


def test_every_field_is_equal(server: Served, any_index: papersearch.Index) -> None:
    """Answers of the shards by HTTP and Ray are those of the one index, in every field, floats to the bit."""
    there = papersearch.open(server.address)
    for number, topic in enumerate(TOPICS):
        for place, mode in enumerate(MODES):
            options = options_of(number + place)
            assert there.search(topic, mode=mode, **options) == any_index.search(topic, mode=mode, **options)
    example = any_index.search(TOPICS[0]).hits[0].paper.paper_id
    assert there.similar([example]) == any_index.similar([example])
    assert there.paper(example) == any_index.paper(example)
    assert there.organisations() == any_index.organisations()


def test_hostile_bodies_are_refused(server: Served, any_index: papersearch.Index) -> None:
    """Through Ray Serve, too, bodies that are too large, not JSON or a pickle are refused, and the server lives."""
    headers = {RELEASE_HEADER: papersearch.__version__, FORMAT_HEADER: str(FORMAT_VERSION)}
    too_large = b"x" * (MAX_BODY_BYTES + 1)
    bodies = {
        too_large: 413,
        b"{": 400,
        b"\xff\x00": 400,
        pickle.dumps(os.getpid): 400,
        b'{"k": 1}': 400,
    }
    for body, status in bodies.items():
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=BOUND_S)) as connection:
            try:
                connection.request("POST", "/v1/search", body, headers)
                assert connection.getresponse().status == status
            except ConnectionError:  # it is refused by its length, and cut while the rest is on its way
                assert body == too_large
    with socket.create_connection(("127.0.0.1", server.port)) as opened:
        opened.sendall(b"\x00\xff\r\n\r\n")
    assert papersearch.open(server.address).search(TOPICS[0]) == any_index.search(TOPICS[0])


def test_a_silent_cluster_is_named(nodes: Nodes, built: Path) -> None:
    """A wrong address of the cluster is an error that names it, without a long wait."""
    began = time.monotonic()
    done = command_on(nodes, ["serve", "--index", str(built), "--ray", "127.0.0.1:1"], built.parent)
    assert time.monotonic() - began < 60
    assert done.returncode == 2
    assert "cannot use the cluster at 127.0.0.1:1" in done.stderr


def test_an_answer_is_of_one_generation(
    server: Served, built: Path, small_model: Path, any_index: papersearch.Index, tmp_path: Path
) -> None:
    """While a generation is published, each of 200 answers is wholly of the old or of the new one."""
    corpus = shutil.copytree(CORPUS, tmp_path / "corpus")
    dump = sorted(path for path in corpus.rglob("*") if path.is_file())[0]
    dump.unlink()
    papersearch.build(corpus, tmp_path / "whole", model=str(small_model))
    after = papersearch.open(tmp_path / "whole")
    wanted = [(any_index.search(topic, k=20), after.search(topic, k=20)) for topic in TOPICS]
    assert all(old != new for old, new in wanted[:3])
    n_asked, n_new = 0, 0

    def ask() -> None:
        nonlocal n_asked, n_new
        old, new = wanted[n_asked % len(TOPICS)]
        found = papersearch.open(server.address).search(TOPICS[n_asked % len(TOPICS)], k=20)
        assert found in (old, new)
        n_new += found == new and old != new
        n_asked += 1

    for _ in range(50):
        ask()
    assert n_new == 0
    for number in range(1, N_PARTS + 1):
        build_part(part_of(corpus, built, number, small_model))
        for _ in range(10):
            ask()
    join(built)

    def is_over() -> bool:
        ask()
        return n_asked >= 200 and n_new >= 50

    wait_until(is_over, "the new generation does not answer")


def test_deaths(ray_folder: Path, any_index: papersearch.Index, built_here: Path, tmp_path: Path) -> None:
    """A node's death costs one wait, a shard's death is an error that names it, and the head's is bounded."""
    index = shutil.copytree(built_here, tmp_path / "index")
    wanted = {(topic, mode): any_index.search(topic, mode=mode) for topic in TOPICS for mode in MODES}
    with two_nodes(ray_folder) as nodes, served_by(nodes, index) as server:
        _one_node_dies(nodes, server, wanted)
        _a_shard_dies(nodes, server, index, wanted)
        _the_head_dies(nodes, server, wanted)


def _one_node_dies(nodes: Nodes, server: Served, wanted: dict[tuple[str, str], Any]) -> None:
    """Kill a node during 200 queries: none is wrong, none fails, none waits until Ray notices."""
    there = papersearch.open(server.address)
    slowest = 0.0
    for number in range(200):
        if number == 60:
            nodes.tell("kill")
        topic, mode = list(wanted)[number % len(wanted)]
        began = time.monotonic()
        assert there.search(topic, mode=mode) == wanted[topic, mode]  # type: ignore[arg-type]
        slowest = max(slowest, time.monotonic() - began)
    print(f"slowest of 200 queries: {slowest:.2f} s")
    assert slowest < BOUND_S


def _a_shard_dies(nodes: Nodes, server: Served, index: Path, wanted: dict[tuple[str, str], Any]) -> None:
    """Take the files of a shard away and kill the copies: the error names it, until the files are back."""
    folder = index / "shards" / "00002-of-00003"
    folder.rename(index / "away")
    for pid in _copies(nodes):
        os.kill(pid, signal.SIGKILL)
    causes: list[PapersearchError] = []

    def is_named() -> bool:
        began = time.monotonic()
        try:
            papersearch.open(server.address).search(TOPICS[0])
        except (ShardUnanswered, ServerError) as error:
            causes.append(error)
        assert time.monotonic() - began < BOUND_S
        return bool(causes) and causes[-1].message.startswith("cannot ask shard 2:")

    wait_until(is_named, "no error names the shard")
    (index / "away").rename(folder)

    def answers() -> bool:
        try:
            return papersearch.open(server.address).search(TOPICS[0]) == wanted[TOPICS[0], "hybrid"]
        except (ShardUnanswered, ServerError):
            return False

    wait_until(answers, "the shard does not come back")


def _the_head_dies(nodes: Nodes, server: Served, wanted: dict[tuple[str, str], Any]) -> None:
    """Kill the head's control process: what comes is right, or is an error in bounded time."""
    nodes.tell("behead")
    for number in range(20):
        topic, mode = list(wanted)[number % len(wanted)]
        began = time.monotonic()
        with suppress(ShardUnanswered, ServerError):
            assert papersearch.open(server.address).search(topic, mode=mode) == wanted[topic, mode]  # type: ignore[arg-type]
        assert time.monotonic() - began < BOUND_S


def _copies(nodes: Nodes) -> list[int]:
    """Return the processes of this cluster that have copies of shards."""
    token = nodes.environment["RAY_AUTH_TOKEN"].encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            is_copy = (process / "cmdline").read_bytes().startswith(b"ray::ShardCopy")
            if is_copy and token in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found
