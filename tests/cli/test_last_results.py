"""Numbers of the last results: of this terminal session alone, and refused with a reason."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from papersearch.cli import last_results
from papersearch.cli.app import app
from papersearch.cli.completion import paper_ids
from tests.conftest import command_environment, page, sentence
from tests.terminal import Terminal


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Name a session, with a state folder of its own; return the folder of its file."""
    monkeypatch.setenv("PAPERSEARCH_SESSION", "one")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "papersearch" / "results"


@pytest.fixture
def command(session: Path, monkeypatch: pytest.MonkeyPatch, small_index: Path) -> Any:
    """Run the command in this process, in the project of the small corpus."""
    monkeypatch.chdir(small_index.parent)
    for name in ("PAPERSEARCH_INDEX", "PAPERSEARCH_CORPUS"):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments, **how: CliRunner().invoke(app, list(arguments), **how)


def hits(answer: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer.stdout)["hits"]
    return found


def test_numbers_are_those_of_the_last_results(command: Any) -> None:
    """In every verb a number is the paper of this rank in what was printed last, in the order typed."""
    found = [hit["paper_id"] for hit in hits(command("graph colouring", "--json"))]
    shown = json.loads(command("show", "3", "1", "--json").stdout)["papers"]
    assert [paper["paper_id"] for paper in shown] == [found[2], found[0]]
    assert (
        command("show", "2", "--format", "bibtex").stdout == command("show", found[1], "--format", "bibtex").stdout
    )
    assert command("open", "--print", "4").stdout.startswith(f"{found[3]}\t")
    asked = ("-k", "2", "--json")
    expected = hits(command("similar", found[0], "--unlike", found[2], *asked))
    command("graph colouring")
    answer = command("similar", "1", "--unlike", "3", *asked)
    assert hits(answer) == expected
    near = [hit["paper_id"] for hit in expected]
    assert json.loads(command("show", "1", "--json").stdout)["papers"][0]["paper_id"] == near[0]


def test_a_number_on_standard_input_is_an_id(command: Any) -> None:
    """Only a typed number is a result's."""
    command("graph colouring")
    done = command("show", "-", input="1\n")
    assert (done.exit_code, done.stdout) == (2, "")


def test_what_is_refused(command: Any, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without results, past their end, in another session and in another index, an error says why."""

    def refused(*arguments: str) -> str:
        done = command("show", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        return str(done.stderr)

    assert "cannot find result 1: no search of this terminal is kept" in refused("1")
    command("graph colouring", "-k", "2")
    assert "cannot find result 3: the last search had 2 results" in refused("2", "3")
    assert "papersearch search -- 'graph colouring'" in refused("3")
    monkeypatch.setenv("PAPERSEARCH_SESSION", "two")
    assert "no search of this terminal is kept" in refused("1")
    monkeypatch.setenv("PAPERSEARCH_SESSION", "one")
    small_index.rename(small_index.parent / "elsewhere")
    said = refused("1", "--index", "elsewhere")
    assert "the last search of this terminal was in another one" in said
    assert f"--index {small_index}" in said
    (small_index.parent / "elsewhere").rename(small_index)
    assert command("qqqq", "--mode", "keyword").exit_code == 1
    assert "the last search had no results" in refused("1")


def test_a_renewed_index_keeps_the_numbers(command: Any, build: Any, small_corpus: Path) -> None:
    """After a build a number is the same paper, wherever it ranks now; a paper that is gone is said so."""
    first, second = (hit["paper_id"] for hit in hits(command("graph colouring", "-k", "2", "--json")))
    kept = [("On a paper that is new", sentence("novelty")), ("On graph colouring", sentence("graph colouring"))]
    (small_corpus / "page.txt").write_text(page(kept), encoding="utf-8")
    build()
    assert json.loads(command("show", "1", "--json").stdout)["papers"][0]["paper_id"] == first
    done = command("show", "2")
    assert done.exit_code == 2
    assert f"cannot find result 2: {second} is not in the collection any more" in done.stderr


def test_several_searches_at_once_have_no_numbers(command: Any, tmp_path: Path) -> None:
    """Where each of several tables begins with 1, a number is refused; one search has its own."""
    for name in ("graph", "protein"):
        command("saved", "add", name, f"{name} colouring folding")
    command("saved", "run", "graph")
    assert command("show", "1").exit_code == 0
    command("saved", "run")
    assert "no search of this terminal is kept" in command("show", "1").stderr


def test_an_own_number_of_a_paper(session: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Without results a number is the paper with this id, never one whose id begins with it; id: always is."""
    corpus = tmp_path / "own"
    corpus.mkdir()
    records = [
        {"id": name, "title": f"On {name}", "abstract": sentence("moths")} for name in ("7", "25", "2503.11731")
    ]
    (corpus / "own.jsonl").write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    monkeypatch.setenv("PAPERSEARCH_INDEX", str(tmp_path / "index"))

    def shown(name: str) -> str:
        done = CliRunner().invoke(app, ["show", name, "--format", "ris"])
        return next((line for line in done.stdout.splitlines() if line.startswith("TI")), done.stderr)

    assert CliRunner().invoke(app, ["index", "--corpus", str(corpus), "--words-only"]).exit_code == 0
    assert shown("7").endswith("On 7")
    assert "no search of this terminal is kept" in shown("250")
    CliRunner().invoke(app, ["On 25"])
    assert "the last search had 1 result" in shown("7")
    assert shown("id:7").endswith("On 7")


def test_the_file_is_private_and_goes_when_it_is_old(command: Any, session: Path) -> None:
    """Only its owner reads the file; files of old sessions are removed, and all but the newest of many."""
    session.mkdir(parents=True)
    for number in range(250):
        (session / f"{number}.json").write_text("{}")
        os.utime(session / f"{number}.json", (1, time.time() - number))
    os.utime(session / "0.json", (1, 1))
    command("graph colouring")
    files = list(session.iterdir())
    assert len(files) == 200 and not (session / "0.json").exists()
    [own] = [path for path in files if len(path.name) > 10]
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    os.utime(own, (1, 1))
    assert last_results.find() is None


@pytest.mark.parametrize("state", ["a file", "a folder that is not writable", "a link to nowhere"])
def test_a_search_never_fails_for_its_file(command: Any, session: Path, state: str) -> None:
    """Where nothing can be kept, the search prints the same, and says nothing."""
    before = command("graph colouring")
    last_results._path().unlink()  # type: ignore[union-attr]
    session.rmdir()
    if state == "a file":
        session.write_text("")
    elif state == "a link to nowhere":
        session.symlink_to(session.parent / "no" / "where")
    else:
        session.mkdir(mode=0o500)
        if os.geteuid() == 0:
            session.rmdir()
            session.symlink_to("/proc/self")
    done = command("graph colouring")
    assert (done.exit_code, done.stdout, done.stderr) == (0, before.stdout, before.stderr)


def test_a_place_that_is_not_utf_8(command: Any, small_index: Path) -> None:
    """Results of an index whose folder has a name in another encoding are printed, although none can be kept."""
    folder = small_index.parent / os.fsdecode(b"ix\xff")
    expected = command("graph colouring")
    small_index.rename(folder)
    done = command("graph colouring", "--index", str(folder))
    assert (done.exit_code, done.stdout) == (0, expected.stdout)
    assert "unexpected" not in done.stderr


PAPERS = st.lists(st.lists(st.text(max_size=3) | st.integers() | st.none(), max_size=4), max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.builds(
        lambda **fields: json.dumps(fields).encode(),
        version=st.sampled_from([1, 2, "1", None]),
        place=st.text(max_size=5) | st.integers(),
        query=st.text(max_size=5) | st.none(),
        papers=PAPERS | st.text(max_size=3) | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    )
)
def test_any_contents_are_read(session: Path, content: bytes) -> None:
    """Any contents of the file give results made of texts, or nothing."""
    path = last_results._path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    found = last_results.find()
    if found is not None:
        texts = [found.place, found.query, *(text for paper in found.papers for text in paper)]
        assert all(isinstance(text, str) for text in texts)


def test_a_hostile_file_is_not_read(command: Any, session: Path, tmp_path: Path) -> None:
    """A link, a pipe or a huge file gives no results, and an id in it is only looked up as a whole."""
    command("graph colouring")
    path = last_results._path()
    assert path is not None
    content = path.read_bytes()
    fields = orjson.loads(content)
    fields["papers"][0][0] = "on-graph"  # the beginning of an id
    path.write_bytes(orjson.dumps(fields))
    assert "on-graph is not in the collection any more" in command("show", "1").stderr
    path.write_bytes(content + b" " * (1 << 20))
    assert last_results.find() is None
    path.unlink()
    (tmp_path / "other.json").write_bytes(content)
    path.symlink_to(tmp_path / "other.json")
    assert last_results.find() is None
    path.unlink()
    os.mkfifo(path)
    assert last_results.find() is None


def test_completion_offers_the_short_ids(command: Any, small_index: Path) -> None:
    """Before the first letter the last results are offered in their order; after it, whole ids too."""

    class Context:
        params: dict[str, Any] = {}  # noqa: RUF012

    found = hits(command("graph colouring", "--json"))
    offered = paper_ids(Context(), "")  # type: ignore[arg-type]
    assert offered == [(hit["short_id"], hit["title"]) for hit in found]
    short = found[0]["short_id"]
    assert (short, found[0]["title"]) in paper_ids(Context(), short[:2])  # type: ignore[arg-type]
    assert [name for name, _ in paper_ids(Context(), "on-g")] == [found[0]["paper_id"]]  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="needs ps")
def test_other_systems_ask_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc a session is its terminal, its leader and the leader's start; else it is unknown."""
    monkeypatch.setattr(os, "isatty", lambda stream: stream == 2)
    monkeypatch.setattr(os, "ttyname", lambda stream: f"/dev/pts/{stream}")
    started = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(os.getsid(0))], capture_output=True, text=True, check=False
    ).stdout.strip()
    expected = f"/dev/pts/2 {os.getsid(0)} {started}" if started else None
    assert last_results._of_unix() == expected
    monkeypatch.setattr(os, "isatty", lambda _: False)
    assert last_results._of_unix() is None


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_each_terminal_has_its_own(small_index: Path, tmp_path: Path) -> None:
    """Numbers work in the terminal of the table, also in a pipe there, and in no other one."""
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "dumb"}
    program = f"{sys.executable} -m papersearch"

    def typed(script: str, expected: str) -> None:
        terminal = Terminal(["sh", "-c", script], small_index.parent, command_environment(state))
        terminal.wait_for(expected)
        terminal.close()

    typed(f"{program} graph colouring | cat; {program} show 1; echo end", "no search of this terminal is kept")
    typed(f"{program} graph colouring; {program} show 1 | head -1; echo end", "On graph colouring\r\nend")
    typed(f"{program} show 1; echo end", "no search of this terminal is kept")
    typed(f"{program} graph colouring; setsid {program} show 1; echo end", "no search of this terminal is kept")
