"""The verb `batch`: agreement with single searches, runs, errors and interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

import papersearch
from papersearch.processes import n_spare_processors
from tests.conftest import PATIENCE_S, Run, command_environment, wait_until

TOPICS = '1\tpipeline bubbles\n2\tMoE -experts\n3\tA query with an unclosed " mark\n'


def test_batch_is_search_many_times(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """Each topic's hits are those of a search for its words, in the same order, with its id."""
    done = run("batch", "-", "-k", "5", stdin=TOPICS, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    for topic_id, text in (line.split("\t") for line in TOPICS.splitlines()):
        expected = real_index.search(text, k=5, literal=True)
        found = [hit for hit in hits if hit["topic_id"] == topic_id]
        assert [hit["paper_id"] for hit in found] == [hit.paper.paper_id for hit in expected]
        assert [hit["score"] for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-4)
        assert {hit["query"] for hit in found} == {text}


def test_batch_with_operators(run: Run, env: dict[str, str]) -> None:
    """--operators parses exclusions like a search, and has the same errors."""
    done = run("batch", "-", "--operators", "-k", "302", stdin="MoE -experts\n", env=env)
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    assert hits
    assert not any("expert" in f"{hit['title']} {hit['abstract']}".lower().split() for hit in hits)
    done = run("batch", "-", "--operators", stdin='an "unclosed\n', env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "never closed" in done.stderr


def test_trec_run(run: Run, env: dict[str, str]) -> None:
    """A run has six columns, k lines per topic and descending scores, and the same bytes each time."""
    arguments = ("batch", "-", "--format", "trec", "-k", "20", "--tag", "mine")
    done = run(*arguments, stdin=TOPICS, env=env)
    rows = [line.split(" ") for line in done.stdout.splitlines()]
    assert [len(row) for row in rows] == [6] * 60
    for topic_id in "123":
        mine = [row for row in rows if row[0] == topic_id]
        assert [row[3] for row in mine] == [str(rank) for rank in range(1, 21)]
        scores = [float(row[4]) for row in mine]
        assert all(a > b for a, b in pairwise(scores))
        assert {(row[1], row[5]) for row in mine} == {("Q0", "mine")}
    assert run(*arguments, stdin=TOPICS, env=env).stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("batch", "nowhere.tsv"), "cannot read topics from nowhere.tsv: No such file or directory"),
        (("batch", "-", "--tag", "two words"), "expected one word, found 'two words'"),
        (("batch", "-", "-k", "0"), "0 is not in the range"),
        (("eval", "-", "nowhere"), "cannot read judgements from nowhere: No such file or directory"),
        (("eval", "-", "other"), "no topic of - has judgements in other"),
    ],
)
def test_bad_input(run: Run, env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """Invalid input exits with 2, prints an error with a hint, and nothing on stdout."""
    (tmp_path / "other").write_text("zzz 0 a 1\n")
    done = run(*arguments, stdin=TOPICS, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "hint: " in done.stderr


def processes_of_session(session: int) -> list[int]:
    """Return the processes of a terminal's session, in any process group."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, its_session = place.read_text().rpartition(")")[2].split()[:4]
            if its_session == str(session) and state != "Z":
                found.append(int(place.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes as files")
def test_ctrl_c_ends_every_process(env: dict[str, str]) -> None:
    """SIGINT to all processes at work ends them with exit 130 and one line; none is left."""
    topics = "".join(f"pipeline bubbles {n}\n" for n in range(5000))
    with subprocess.Popen(
        [sys.executable, "-m", "papersearch", "batch", "-"],
        env=command_environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(topics.encode())
        process.stdin.close()
        assert process.stdout.readline().startswith(b'{"topic_id":"1"')
        working = processes_of_session(process.pid)
        assert len(working) == min(1 + n_spare_processors(), 40)  # parts of 128 topics
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        assert process.wait(timeout=PATIENCE_S) == 130
        assert process.stderr.read().startswith(b"papersearch: interrupted")
    wait_until(lambda: not processes_of_session(process.pid), "a process is left")


@pytest.mark.slow
def test_a_reader_of_many_answers_leaves_early(env: dict[str, str], tmp_path: Path) -> None:
    """`batch | head -1`: exit 0, a quiet stderr, and no process is left to hold the pipe."""
    topics = tmp_path / "topics.txt"
    topics.write_text("bubbles\n" * 2000)
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "{sys.executable}" -m papersearch batch "{topics}" | head -1'],
        env=command_environment(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
