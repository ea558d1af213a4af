"""The command with an index on a server: the same bytes as with the same index in a folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

import papersearch
from papersearch.cli.app import app
from papersearch.cli.options import Format, RecordFormat
from papersearch.cli.tui.half_typed import half_typed
from papersearch.cli.tui.live import LiveIndex, LiveQuery
from tests.conftest import CORPUS, PATIENCE_S, PROJECT, Run, command_environment
from tests.growing import add, encode_in_part
from tests.served import Served, served

GPIPE = "gpipe-efficient-training-of-giant-neural-86739e"

SEARCHES = [
    ["pipeline bubbles", "-k", "3"],
    ["pipeline bubbles", "--explain", "--facets", "--suggest", "--fold", "-k", "20"],
    ["language models", "--mode", "keyword", "--sort", "date", "--since", "2024", "--include-undated"],
    ["language models", "--mode", "semantic", "--strict", "--until", "2024-06", "--has-code"],
    ['"pipeline parallelism" -survey title:pipeline'],
    ["(MoE OR routing) AND expert* NOT vision", "--no-late"],
    ["qwertyuiop asdfgh", "--strict"],
    ["pipline bubles"],
    ["language", "--org", "nebius"],
    ["language", "--new", "-k", "1"],
]
OTHERS = [
    ["similar", GPIPE, "-k", "4"],
    ["similar", "gpipe", "--unlike", "balancing-pipeline", "--since", "2020", "--json"],
    ["show", "gpipe", "balancing-pipeline"],
    ["open", "--print", "gpipe"],
    ["stats"],
    ["stats", "--json"],
    ["stats", "--duplicates"],
    ["stats", "--duplicates", "--json"],
    ["reinforcement learning", "--within", "gpipe", "--explain"],
    ['"reinforcement learning"', "--within", "gpipe", "--explain", "--since", "2024"],
    ["moe routing", "--against", "pipeline parallelism", "--json"],
    ["moe routing", "--against", "pipeline parallelism", "--format", "table"],
]
ERRORS = [
    ["show", "no-such-paper"],
    ["show", "a"],
    ["similar", "no-such-paper"],
    ["search", '"to be'],
    ["x", "--since", "soon"],
    ["x", "--org", "nobody"],
    ["x", "--dump", "nothing.txt"],
    ["-k", "0", "x"],
    ["-survey", "--json"],
]
FORMATS = [
    *(["pipeline bubbles", "-k", "3", "--format", one.value] for one in Format),
    *(["show", GPIPE, "--format", one.value] for one in Format),
    *(["stats", "--format", one.value] for one in RecordFormat),
    ["similar", GPIPE, "--format", "bibtex", "--key", "{family}{year}"],
]
TABLE = ["--format", "table"]
COMMANDS = [
    *SEARCHES,
    *([*search, "--json"] for search in SEARCHES),
    *OTHERS,
    *ERRORS,
    *(pytest.param([*search, *TABLE], marks=pytest.mark.slow) for search in SEARCHES),
    *(pytest.param(command, marks=pytest.mark.slow) for command in FORMATS),
]

READ_FROM_STDIN = [
    (["similar", "-"], b"We cut the idle time of pipeline parallelism, and train large models."),
    (["similar", "-", "--json"], f"{GPIPE}\n".encode()),
    (["show", "-", "--jsonl"], f"# ids\n{GPIPE}\nno-such-paper\n".encode()),
    (["batch", "-", "-k", "3"], b"1\tpipeline bubbles\n2\texpert routing\n3\tNOT an operator\n"),
    (
        ["batch", "-", "--format", "trec", "--mode", "keyword", "--operators"],
        b'1\t"pipeline parallelism"\n2\tMoE\n',
    ),
]


def printed(arguments: list[str], index: str, stdin: bytes | None = None) -> tuple[int, bytes, str]:
    """Return exit code, standard output and standard error of a command in this process."""
    env = {
        "PAPERSEARCH_INDEX": index,
        "PAPERSEARCH_CORPUS": str(CORPUS / "nowhere"),
        "PAPERSEARCH_TIMEOUT": str(PATIENCE_S),
        "COLUMNS": "100",
    }
    done = CliRunner(env=env).invoke(app, arguments, input=stdin)
    return done.exit_code, done.stdout_bytes, done.stderr.replace(index, "INDEX")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_server_prints_the_same(arguments: list[str], server: Served, real_index_path: Path) -> None:
    """Exit code, output and messages are the same with an index in a folder and on a server."""
    local, remote = printed(arguments, str(real_index_path)), printed(arguments, server.address)
    if arguments[0] == "stats":  # its table names the place
        local = (local[0], local[1].replace(str(real_index_path).encode(), b"INDEX"), local[2])
        remote = (remote[0], remote[1].replace(server.address.encode(), b"INDEX"), remote[2])
        local, remote = ((code, b" ".join(out.split()), said) for code, out, said in (local, remote))
    assert remote == local
    assert (remote[0] == 2) == (arguments in ERRORS)


@pytest.mark.parametrize(("arguments", "stdin"), READ_FROM_STDIN)
def test_a_server_answers_standard_input(
    arguments: list[str], stdin: bytes, server: Served, real_index_path: Path
) -> None:
    """What is asked on standard input has the same output from a server."""
    assert printed(arguments, server.address, stdin) == printed(arguments, str(real_index_path), stdin)


def test_eval_asks_a_server(server: Served, real_index_path: Path, tmp_path: Path) -> None:
    """Measures of rankings from a server are those of the index."""
    (tmp_path / "topics.tsv").write_text("1\tpipeline bubbles\n2\texpert routing\n")
    (tmp_path / "qrels").write_text(f"1 0 {GPIPE} 1\n2 0 {GPIPE} 1\n")
    arguments = ["eval", str(tmp_path / "topics.tsv"), str(tmp_path / "qrels"), "--json", "--per-query"]
    local = printed(arguments, str(real_index_path))
    assert local[0] == 0
    assert printed(arguments, server.address) == local


def test_saved_searches_ask_a_server(
    server: Served, real_index_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved searches are kept here, and run on a server."""
    monkeypatch.setenv("PAPERSEARCH_SEARCHES", str(tmp_path / "searches.toml"))
    for name, query in (("bubbles", "pipeline bubbles"), ("experts", "expert routing")):
        assert printed(["saved", "add", name, query, "--since", "2023"], server.address)[0] == 0
    for arguments in (["saved", "run", "--json"], ["saved", "run", "experts", "--new"]):
        assert printed(arguments, server.address) == printed(arguments, str(real_index_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "option"),
    [("show balancing", []), ("x --org ne", []), ("x --dump ", []), ("show gp", ["--index"])],
)
def test_completion_asks_a_server(
    words: str, option: list[str], server: Served, real_index_path: Path, run: Run
) -> None:
    """Ids, organisations and dumps are completed from a server as from its index."""

    def offered(index: str) -> str:
        given = words.split(" ")
        if option:
            given = [given[0], *option, index, *given[1:]]
        asked = {
            "_PAPERSEARCH_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_ARGS": " ".join(["papersearch", *given]),
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        done = run(env={"PAPERSEARCH_INDEX": index, "PAPERSEARCH_TIMEOUT": str(PATIENCE_S), **asked})
        assert done.returncode == 0
        return done.stdout

    assert offered(server.address) == offered(str(real_index_path)) != ""


@pytest.mark.usefixtures("patient")
def test_browsing_asks_a_server(server: Served, real_index_path: Path) -> None:
    """What browse shows of a server's answers is that of its index."""
    asked = LiveQuery(half_typed("pipeline bubbles"), "hybrid", "since:2023")

    async def found(place: str) -> Any:
        live = LiveIndex(papersearch.open(place))
        try:
            first = await live.search(asked, 8)
            return [first, await live.search(asked._replace(like=first.results[0].paper), 3)]
        finally:
            live.close()

    assert asyncio.run(found(server.address)) == asyncio.run(found(str(real_index_path)))


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
def test_tools_for_programs_ask_a_server(server: Served, real_index_path: Path) -> None:
    """The tools of `mcp` give a server's answers as those of its index."""
    from papersearch.cli.agents.server import AgentServer
    from tests.cli.agents.asking import Call, answers

    calls = [
        Call("search", {"query": "pipeline bubbles", "k": 2, "since": "2023", "facets": True, "detail": "full"}),
        Call("similar", {"papers": [GPIPE], "k": 2}),
        Call("show", {"papers": [GPIPE]}),
        Call("show", {"papers": ["no-such-paper"]}),
        Call("cite", {"papers": [GPIPE]}),
        Call("stats", {}),
    ]

    def told(place: str) -> list[Any]:
        return [
            (answer.content, answer.is_error)
            for answer in answers(AgentServer(papersearch.open(place)).protocol_server(), *calls)
        ]

    assert told(server.address) == told(str(real_index_path))


@pytest.mark.usefixtures("patient")
def test_browsing_goes_on_with_a_later_generation(build: Any, small_corpus: Path, small_index: Path) -> None:
    """Browsing goes on after builds, when a server no longer keeps the generation that was opened."""
    with served(small_index) as found:
        live = LiveIndex(papersearch.open(found.address))
        for name in ("seals", "whales"):
            add(small_corpus, f"{name}.txt", name)
            build()
            assert printed(["whales"], found.address)[0] == 0  # which the server answers from the new one
        answer = asyncio.run(live.search(LiveQuery(half_typed("whales"), "semantic", ""), 9))
        live.close()
    assert answer.results.total == len(live) == 6


@pytest.mark.slow
@pytest.mark.parametrize("n_encoded", [0, 3])
def test_an_index_that_is_partly_encoded(small_corpus: Path, small_index: Path, n_encoded: int) -> None:
    """What a server's index lacks is said as of one in a folder, without a command to build it here."""
    encode_in_part(small_corpus, small_index, n_encoded)
    with served(small_index) as found:
        for arguments in (["moths"], ["moths", "--mode", "semantic"], ["moths", "--json"]):
            here, there = printed(arguments, str(small_index)), printed(arguments, found.address)
            assert there[:2] == here[:2]
            said = [line for line in here[2].splitlines() if "papersearch index" not in line]
            assert there[2].splitlines() == said
            assert "encoded" in there[2]


@pytest.mark.parametrize(
    "arguments",
    [["index"], ["index", "--rollback"], ["index", "--dry-run", "FILE"], ["doctor"], ["serve"]],
    ids=" ".join,
)
def test_what_writes_is_refused(arguments: list[str], run: Run, tmp_path: Path) -> None:
    """A verb that writes, or reads whole files, refuses an address by name with exit code 2, and writes nothing."""
    (tmp_path / "FILE").write_text("")
    done = run(*arguments, "--index", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert "the index at http://127.0.0.1:1 is on a server\nhint: run it where the index is" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]


def test_a_query_to_a_server_imports_little(server: Served) -> None:
    """A query to a server imports neither numpy, nor the encoder, nor what serves."""
    script = (
        "import atexit, os, sys\n"
        "leave = os._exit\n"
        "def end(code):\n"
        "    print(sorted({'numpy', 'simsimd', 'Stemmer', 'papersearch.api', 'starlette', 'uvicorn', 'ray'}"
        " & set(sys.modules)), file=sys.stderr, flush=True)\n"
        "    leave(code)\n"
        "os._exit = end\n"
        "from papersearch.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "pipeline bubbles", "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=command_environment(server.env), cwd="/"
    )
    assert done.stderr == "[]\n"
    assert orjson.loads(done.stdout)["hits"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it(number: signal.Signals, code: int, small_index: Path) -> None:
    """Ctrl-C ends a server with 130 and SIGTERM with 0, without a word on standard error."""
    with served(small_index) as found:
        assert printed(["protein"], found.address)[0] == 0
        found.process.send_signal(number)
        _, stderr = found.process.communicate(timeout=PATIENCE_S)
        assert (found.process.returncode, stderr) == (code, "")


@pytest.mark.slow
def test_the_line_that_it_prints(small_index: Path) -> None:
    """A server prints one line with its address when it listens, as text or as JSON."""
    command = [sys.executable, "-m", "papersearch", "serve", "--port", "0", "--index", str(small_index)]
    for option in ([], ["--json"]):
        with subprocess.Popen(
            [*command, *option], env=command_environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.terminate()
            assert process.stdout.read() == ""
        if option:
            told = orjson.loads(line)
            assert told == {"schema_version": 1, "address": told["address"], "generation": 1, "papers": 4}
        else:
            assert line.startswith(f"serving 4 papers of {small_index} at http://127.0.0.1:")


@pytest.mark.slow
def test_another_host_needs_a_token(run: Run, small_index: Path, tmp_path: Path) -> None:
    """A server that other machines reach does not start without a token, or with one that cannot be sent."""
    (tmp_path / "spaced").write_text("two words\n")
    for env, message in (
        ({}, "cannot listen at 0.0.0.0 without a token: other machines reach it"),
        ({"PAPERSEARCH_TOKEN": "two words"}, "cannot read the token in PAPERSEARCH_TOKEN: expected letters"),
        ({"PAPERSEARCH_TOKEN_FILE": str(tmp_path / "none")}, f"cannot read the token in {tmp_path}/none: No such"),
        (
            {"PAPERSEARCH_TOKEN_FILE": str(tmp_path / "spaced")},
            f"cannot read the token in {tmp_path}/spaced: expected",
        ),
    ):
        done = run("serve", "--host", "0.0.0.0", "--port", "0", "--index", str(small_index), env=env)
        assert done.returncode == 2
        assert message in done.stderr
        assert "two words" not in done.stderr


def test_a_token_opens_it(run: Run, small_index: Path, tmp_path: Path) -> None:
    """A server with a token answers requests that show it, whether it is in a file or a variable, and no others."""
    secret = tmp_path / "token"
    secret.write_text("s3cret-t0ken\n")
    with served(small_index, "--host", "0.0.0.0", "--token-file", str(secret), "--log") as found:
        address = f"http://127.0.0.1:{found.port}"
        env = {**found.env, "PAPERSEARCH_INDEX": address}
        for given, code, message in (
            ({"PAPERSEARCH_TOKEN": "s3cret-t0ken"}, 0, ""),
            ({"PAPERSEARCH_TOKEN_FILE": str(secret)}, 0, ""),
            ({"PAPERSEARCH_TOKEN": "wrong"}, 2, f"cannot use {address}: it refuses the token"),
            ({}, 2, f"cannot use {address}: it asks for a token\nhint: export PAPERSEARCH_TOKEN=TOKEN"),
        ):
            done = run("protein folding", env={**env, **given})
            assert done.returncode == code
            assert message in done.stderr
        found.process.terminate()
        _, logged = found.process.communicate(timeout=PATIENCE_S)
    assert "search answered" in logged
    assert "about wrong token" in logged
    assert not any(word in logged for word in ("s3cret", "t0ken", "protein", "folding"))


def test_a_port_that_is_taken(run: Run, small_index: Path) -> None:
    """A port that another program listens at is refused with exit code 2."""
    with served(small_index) as found:
        done = run("serve", "--port", str(found.port), "--index", str(small_index))
        assert done.returncode == 2
        assert f"cannot listen at {found.address}: Address already in use" in done.stderr


def test_without_its_packages(run: Run, small_index: Path, tmp_path: Path) -> None:
    """Without the packages of a server, serve names them and how to install them."""
    (tmp_path / "starlette").mkdir()
    (tmp_path / "starlette" / "__init__.py").write_text("raise ImportError('gone')")
    done = run(
        "serve", "--index", str(small_index), env={"PYTHONPATH": os.pathsep.join([str(tmp_path), str(PROJECT)])}
    )
    assert done.returncode == 2
    assert "cannot serve without the packages starlette, uvicorn and prometheus-client: gone" in done.stderr
    assert "hint: pip install '.[serve]'" in done.stderr
