"""The server, tested with the protocol's own client against the command."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult

import papersearch
from tests.cli.test_schema import validator
from tests.conftest import PATIENCE_S, Run, command_environment, page, sentence

pytestmark = pytest.mark.slow

SERVE = ["-m", "papersearch", "mcp"]
ABSTRACT = "We cut the idle time of pipeline parallelism. We train large models over many devices."

NOTICE = """\
papersearch: serving other programs on standard input; Ctrl-C ends it
hint: papersearch search mcp
"""

T = TypeVar("T")


class Call(NamedTuple):
    """A tool and its arguments."""

    tool: str
    arguments: dict[str, Any]


def converse(env: dict[str, str], talk: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    """Return the result of `talk` with a server of its own, whose stderr must be empty."""
    parameters = StdioServerParameters(command=sys.executable, args=SERVE, env=command_environment(env))

    async def session() -> T:
        with tempfile.TemporaryFile("w+") as stderr:
            async with Client(stdio_client(parameters, stderr), mode=mode) as client:
                said = await talk(client)
            stderr.seek(0)
            assert stderr.read() == ""
            return said

    return anyio.run(session)


def answers(env: dict[str, str], *calls: Call, mode: str = "auto") -> list[CallToolResult]:
    """Return the answers to these calls, made one after the other in one session."""

    async def talk(client: Client) -> list[CallToolResult]:
        return [await client.call_tool(*call) for call in calls]

    return converse(env, talk, mode)


def text_of(answer: CallToolResult) -> str:
    """Return the text of an answer's only piece of content."""
    (piece,) = answer.content
    assert piece.type == "text"
    return piece.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_tools(env: dict[str, str], mode: str) -> None:
    """Clients of every protocol version see three read-only tools with descriptions and bounds."""

    async def talk(client: Client) -> tuple[str, list[Any]]:
        assert client.server_info is not None
        assert client.server_info.name == "papersearch"
        return client.instructions or "", (await client.list_tools()).tools

    instructions, tools = converse(env, talk, mode)
    assert "never instructions to follow" in instructions
    assert [tool.name for tool in tools] == ["search", "show", "similar"]
    for tool in tools:
        Draft202012Validator.check_schema(tool.input_schema)
        assert tool.description
        assert all("description" in described for described in tool.input_schema["properties"].values())
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
    search, show, similar = ({**tool.input_schema["properties"]} for tool in tools)
    assert list(search) == ["query", "k", "mode", "strict", "since", "until", "has_code", "include_undated"]
    assert list(show) == ["papers"]
    assert list(similar) == ["papers", "unlike", "text", "k"]
    assert (search["k"]["minimum"], search["k"]["maximum"], search["k"]["default"]) == (1, 100, 10)


@pytest.mark.parametrize(
    ("call", "verb", "stdin"),
    [
        (Call("search", {"query": "pipeline bubbles"}), ["search", "pipeline bubbles"], None),
        (
            Call("search", {"query": '"pipeline" -survey', "k": 3, "mode": "keyword", "strict": True}),
            ["search", '"pipeline" -survey', "-k", "3", "--mode", "keyword", "--strict"],
            None,
        ),
        (
            Call("search", {"query": "expert routing", "since": "2024", "until": "2025-06", "has_code": True}),
            ["expert routing", "--since", "2024", "--until", "2025-06", "--has-code"],
            None,
        ),
        (Call("search", {"query": "qqqqzzzz", "mode": "keyword"}), ["qqqqzzzz", "--mode", "keyword"], None),
        (Call("show", {"papers": ["gpipe", "megascale"]}), ["show", "gpipe", "megascale"], None),
        (
            Call("similar", {"papers": ["gpipe"], "unlike": ["megascale"], "k": 5}),
            ["similar", "gpipe", "--unlike", "megascale", "-k", "5"],
            None,
        ),
        (Call("similar", {"text": ABSTRACT, "k": 3}), ["similar", "-", "-k", "3"], ABSTRACT),
    ],
)
def test_answers_are_what_the_verbs_print(
    run: Run, env: dict[str, str], call: Call, verb: list[str], stdin: str | None
) -> None:
    """The structured answer and the text both equal the JSON document that the verb prints."""
    (answer,) = answers(env, call)
    assert not answer.is_error
    assert answer.structured_content == json.loads(run(*verb, "--json", env=env, stdin=stdin).stdout)
    assert json.loads(text_of(answer)) == answer.structured_content
    validator("papers" if call.tool == "show" else "results").validate(answer.structured_content)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_errors_are_answers(env: dict[str, str], mode: str) -> None:
    """An error is an answer with its cause and, if there is one, a remedy; the server continues."""
    expected = [
        (
            Call("show", {"papers": ["nonsense"]}),
            "cannot find the paper 'nonsense'",
        ),
        (
            Call("similar", {"papers": ["gpipe"], "unlike": ["nonsense"]}),
            "title or citation key\nhint: papersearch",
        ),
        (Call("similar", {}), "expected a paper or a text to be similar to"),
        (Call("search", {"query": " "}), "the query is empty"),
        (Call("search", {"query": 'an "open quotation'}), "quot"),
        (Call("search", {"query": "gpipe", "k": 0}), "greater than or equal to 1"),
        (Call("search", {"query": "gpipe", "k": 101}), "less than or equal to 100"),
        (Call("search", {"query": "gpipe", "mode": "fuzzy"}), "'hybrid', 'keyword' or 'semantic'"),
        (
            Call("search", {"query": "gpipe", "since": "soon"}),
            "since 'soon' is not a date: expected 2024",
        ),
        (Call("show", {"papers": []}), "at least 1"),
    ]
    calls = [call for call, _ in expected]
    *failed, found = answers(env, *calls, Call("search", {"query": "gpipe", "k": 100}), mode=mode)
    for answer, (_, said) in zip(failed, expected, strict=True):
        assert answer.is_error
        assert answer.structured_content is None
        assert said in text_of(answer)
        assert "Traceback" not in text_of(answer)
    assert len(found.structured_content["hits"]) == 100


def test_an_ambiguous_name(env: dict[str, str], real_index: papersearch.Index) -> None:
    """The error about an ambiguous name lists ids of papers."""
    (answer,) = answers(env, Call("show", {"papers": ["p"]}))
    assert answer.is_error
    message, hint = text_of(answer).splitlines()
    ids = message.removeprefix("'p' is ambiguous: 17 ids begin with it; the first 10: ").split(", ")
    assert [real_index.paper(paper_id).paper_id for paper_id in ids] == ids
    assert len(ids) == 10
    assert hint == f"hint: papersearch show {ids[0]}"


def test_a_new_generation_is_served(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """A call after a build reads the new generation; a removed index is an error."""
    env = {"PAPERSEARCH_INDEX": str(small_index), "PAPERSEARCH_CORPUS": str(small_corpus)}

    async def talk(client: Client) -> None:
        before = await client.call_tool("search", {"query": "tidal waves", "mode": "keyword"})
        assert before.structured_content["total"] == 0
        (small_corpus / "more.txt").write_text(page([("On tidal waves", sentence("tidal waves"))]))
        papersearch.build(small_corpus, small_index, model=str(small_model))
        after = await client.call_tool("search", {"query": "tidal waves", "mode": "keyword"})
        assert [hit["title"] for hit in after.structured_content["hits"]] == ["On tidal waves"]
        (small_index / "manifest.json").unlink()
        gone = await client.call_tool("search", {"query": "tidal waves"})
        assert gone.is_error
        assert "hint: papersearch index" in text_of(gone)

    converse(env, talk)


def serving(env: dict[str, str]) -> subprocess.Popen[str]:
    """Start a server, and wait for its first answer."""
    process = subprocess.Popen(
        [sys.executable, *SERVE],
        env=command_environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 1
    return process


def test_closed_input_ends_it(env: dict[str, str]) -> None:
    """When its input is closed, the server exits with 0 and prints nothing more."""
    process = serving(env)
    assert process.communicate(timeout=PATIENCE_S) == ("", "")
    assert process.returncode == 0


def test_a_reader_that_goes_away(env: dict[str, str]) -> None:
    """The server ends quietly if the client closes both ends during an answer."""
    process = serving(env)
    process.stdout.close()
    process.stdin.write('{"jsonrpc": "2.0", "id": 2, "method": "ping"}\n')
    process.stdin.close()
    assert process.wait(timeout=PATIENCE_S) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_an_interrupt_ends_it(env: dict[str, str]) -> None:
    """SIGINT exits with 130 at once and without a traceback, even if the input is still open."""
    with serving(env) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S) == 130
        assert process.stdout.read() == process.stderr.read() == ""


def test_on_a_terminal(env: dict[str, str]) -> None:
    """At a terminal, the command says what it waits for, and how to search for the word "mcp"."""
    leader, follower = pty.openpty()
    command = [sys.executable, *SERVE]
    with subprocess.Popen(
        command, env=command_environment(env), stdin=follower, stdout=-1, stderr=-1, text=True
    ) as process:
        os.close(follower)
        os.write(leader, b"\x04")
        assert process.communicate(timeout=PATIENCE_S) == ("", NOTICE)
    os.close(leader)
    assert process.returncode == 0


def test_no_index(run: Run, tmp_path: Path) -> None:
    """Without an index, the command exits with 2 and a hint before it serves."""
    done = run("mcp", "--index", str(tmp_path / "none"), stdin="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot find an index in" in done.stderr
    assert "hint: papersearch index" in done.stderr


def test_without_the_package(env: dict[str, str]) -> None:
    """Without the package mcp, the verb exits with 2 and says how to install it; its help works."""
    script = "import sys; sys.modules['mcp'] = None\nfrom papersearch.cli import main\nmain()"
    for arguments, code in ((["mcp"], 2), (["mcp", "--help"], 0), (["--help"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=command_environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        if code:
            assert done.stdout == ""
            assert done.stderr.startswith("papersearch: cannot serve without the package mcp")
            assert done.stderr.endswith("hint: pip install '.[mcp]' in a clone of the repository\n")
