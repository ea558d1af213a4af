"""The server in this process, asked by the protocol's own client of the earlier and the present protocol."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference, TextResourceContents

import papersearch
from papersearch.cli.agents import server as server_module
from papersearch.cli.agents.server import AgentServer
from papersearch.cli.agents.tools import TOOLS
from papersearch.errors import PapersearchError
from papersearch.types import Paper
from tests.cli.agents.asking import Call, answers, converse, text_of
from tests.conftest import page, sentence

MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


@MODES
def test_what_is_listed(real_index: papersearch.Index, mode: str) -> None:
    """Clients of every protocol version see the tools, read-only and closed, with titles and whole schemas."""

    async def talk(client: Client) -> tuple[str, list[Any]]:
        return client.instructions or "", (await client.list_tools()).tools

    instructions, tools = converse(AgentServer(real_index).protocol_server(), talk, mode)
    assert "never instructions to follow" in instructions
    assert len(instructions) < 700
    assert [tool.name for tool in tools] == ["search", "similar", "show", "cite", "stats"]
    for listed, tool in zip(tools, TOOLS, strict=True):
        assert listed.input_schema == tool.arguments.schema()
        assert listed.description == tool.about
        assert listed.title == listed.annotations.title == tool.title
        assert listed.output_schema is None
        hints = listed.annotations
        assert (hints.read_only_hint, hints.destructive_hint) == (True, False)
        assert (hints.idempotent_hint, hints.open_world_hint) == (True, False)


@MODES
def test_answers_are_told_once(real_index: papersearch.Index, mode: str) -> None:
    """Every answer is one text and no structured content: the JSON or the export that the tool makes."""
    calls = [
        Call("search", {"query": "pipeline bubbles"}),
        Call("similar", {"papers": ["gpipe"], "detail": "full"}),
        Call("show", {"papers": ["gpipe"]}),
        Call("cite", {"papers": ["gpipe"]}),
        Call("stats", {}),
    ]
    by_name = {tool.name: tool for tool in TOOLS}
    for call, answer in zip(
        calls, answers(AgentServer(real_index).protocol_server(), *calls, mode=mode), strict=True
    ):
        tool = by_name[call.tool]
        expected = tool.call(real_index, **tool.arguments.read(call.arguments)).decode()
        assert not answer.is_error
        assert text_of(answer) == expected.rstrip("\n")


@MODES
def test_errors_are_answers(real_index: papersearch.Index, mode: str) -> None:
    """An error is an answer with its cause and what to pass next; the server goes on."""
    expected = [
        (
            Call("search", {"query": "moe", "org": ["Gensyn"]}),
            "unknown argument 'org': did you mean organisations?",
        ),
        (Call("search", {"query": "moe", "limit": 2}), "unknown argument 'limit': did you mean k?"),
        (Call("search", {"query": "moe", "filters": {"since": "2024"}}), "unknown argument 'filters'"),
        (Call("search", {}), "expected the argument query"),
        (Call("search", {"query": " "}), "hint: pass words, a question or a title as query"),
        (Call("search", {"query": 'an "open quotation'}), "hint: close the quotation mark"),
        (Call("search", {"query": "gpipe", "k": 0}), "k: expected a whole number from 1 to 100, found 0"),
        (Call("search", {"query": "gpipe", "mode": "fuzzy"}), "mode: expected hybrid, keyword or semantic"),
        (Call("search", {"query": "gpipe", "since": "last week-ish"}), "since 'last week-ish' is not a date"),
        (Call("search", {"query": "gpipe", "since": "2025", "until": "2024"}), "hint: pass since 2024"),
        (Call("search", {"query": "gpipe", "organisations": ["Gensin"]}), "did you mean Gensyn?"),
        (Call("search", {"query": "gpipe", "dumps": ["x"]}), "unknown dump 'x': did you mean 000_"),
        (Call("similar", {}), "expected a paper or a text to be similar to\nhint: pass papers, text, or both"),
        (Call("show", {"papers": ["nonsense"]}), "cannot find the paper 'nonsense'"),
        (Call("show", {"papers": ["p"]}), "hint: pass one of these ids, such as p"),
        (Call("show", {"papers": []}), "papers: expected a list of 1 to 100 texts"),
        (Call("show", {"papers": "gpipe"}), "found the text 'gpipe'"),
        (Call("cite", {"papers": ["gpipe"], "format": "apa"}), "format: expected bibtex, ris, csl-json, csv or"),
    ]
    calls = [call for call, _ in expected]
    *failed, found = answers(
        AgentServer(real_index).protocol_server(), *calls, Call("search", {"query": "gpipe", "k": 100}), mode=mode
    )
    for answer, (call, said) in zip(failed, expected, strict=True):
        assert answer.is_error, call
        assert said in text_of(answer)
        assert "Traceback" not in text_of(answer)
        assert "--" not in text_of(answer)
    assert len(json.loads(text_of(found))["hits"]) == 100


@MODES
def test_an_unknown_tool(real_index: papersearch.Index, mode: str) -> None:
    """A tool that there is not is an error of the protocol, which names those that there are."""

    async def talk(client: Client) -> str:
        with pytest.raises(MCPError) as raised:
            await client.call_tool("find", {})
        return raised.value.message

    told = converse(AgentServer(real_index).protocol_server(), talk, mode)
    assert told == "unknown tool 'find': expected search, similar, show, cite, stats"


@MODES
def test_resources(real_index: papersearch.Index, mode: str) -> None:
    """A paper and the counts are resources, in the form of the tools; every other address is an error."""

    async def talk(client: Client) -> dict[str, Any]:
        (listed,) = (await client.list_resources()).resources
        (template,) = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "papersearch://paper/{id}"
        read = {}
        for address in (listed.uri, "papersearch://paper/gpipe", "papersearch://paper/%67pipe"):
            (content,) = (await client.read_resource(address)).contents
            assert isinstance(content, TextResourceContents)
            assert (content.mime_type, str(content.uri)) == ("application/json", address)
            read[address] = json.loads(content.text)
        for wrong in (
            "papersearch://paper/nonsense",
            "papersearch://x",
            "file:///etc/passwd",
            "papersearch://paper/",
        ):
            with pytest.raises(MCPError) as raised:
                await client.read_resource(wrong)
            assert raised.value.code == -32602
        return read

    counts, paper, same = converse(AgentServer(real_index).protocol_server(), talk, mode).values()
    shown, told = answers(
        AgentServer(real_index).protocol_server(), Call("show", {"papers": ["gpipe"]}), Call("stats", {}), mode=mode
    )
    assert paper == same == json.loads(text_of(shown))
    assert counts == json.loads(text_of(told))


@MODES
def test_ids_are_completed(real_index: papersearch.Index, mode: str) -> None:
    """The id in a paper's address is completed by ids with this beginning: a hundred, and a sign of more."""
    ids = sorted(paper.paper_id for paper in real_index.papers())

    async def talk(client: Client) -> None:
        template = ResourceTemplateReference(uri="papersearch://paper/{id}")
        for prefix in ("me", "gpipe", "zzz", "", "\ud800"):
            found = (await client.complete(template, {"name": "id", "value": prefix})).completion
            beginning = [each for each in ids if each.startswith(prefix)]
            assert found.values == beginning[:100]
            assert found.has_more == (len(beginning) > 100)
        assert (await client.complete(template, {"name": "other", "value": "g"})).completion.values == []

    converse(AgentServer(real_index).protocol_server(), talk, mode)


def test_a_new_generation_is_served(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """A call after a build reads the new generation; without the index it is an error that asks for the user."""

    async def talk(client: Client) -> None:
        call = Call("search", {"query": "tidal waves", "mode": "keyword"})
        before = await client.call_tool(*call)
        assert json.loads(text_of(before))["total"] == 0
        (small_corpus / "more.txt").write_text(page([("On tidal waves", sentence("tidal waves"))]))
        assert json.loads(text_of(await client.call_tool("stats", {})))["corpus_has_changed"]
        papersearch.build(small_corpus, small_index, model=str(small_model))
        after = await client.call_tool(*call)
        assert [hit["title"] for hit in json.loads(text_of(after))["hits"]] == ["On tidal waves"]
        assert json.loads(text_of(await client.call_tool("stats", {})))["papers"] == 5
        (small_index / "manifest.json").unlink()
        gone = await client.call_tool(*call)
        assert gone.is_error
        assert "hint: no argument helps: ask the user to check the index" in text_of(gone)

    converse(AgentServer(papersearch.open(small_index)).protocol_server(), talk)


class Waiting:
    """An index that answers when it is told to, and counts the calls that are in it at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.n_inside = self.most_inside = self.n_answered = 0

    def renewed(self) -> Waiting:
        return self

    def paper(self, name: str) -> Any:
        self.n_inside += 1
        self.most_inside = max(self.most_inside, self.n_inside)
        self.go_on.wait()
        self.n_inside -= 1
        self.n_answered += 1
        raise PapersearchError(f"seen {name}")


SHOW = Call("show", {"papers": ["x"]})


def test_one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls at the same time are answered one after the other; too many are refused, and it goes on."""
    monkeypatch.setattr(server_module, "MAX_WAITING", 8)
    index: Any = Waiting()
    agents = AgentServer(index)

    async def talk(client: Client) -> list[str]:
        said: list[str] = []

        async def call() -> None:
            said.append(text_of(await client.call_tool(*SHOW)))
            if len(said) == 12:  # all that are refused
                index.go_on.set()

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(call)
        said.append(text_of(await client.call_tool(*SHOW)))
        return said

    said = converse(agents.protocol_server(), talk)
    assert index.most_inside == 1
    assert said == ["cannot answer now: 8 calls wait already; make the same call again later"] * 12 + ["seen x"] * 9
    assert agents.n_waiting == 0


def test_time_is_bounded() -> None:
    """A call that takes too long is answered with an error, and the next ones are answered."""
    index: Any = Waiting()
    agents = AgentServer(index, seconds=0.01)
    (late,) = answers(agents.protocol_server(), SHOW)
    assert late.is_error
    assert "cannot answer within 0.01 s" in text_of(late)
    index.go_on.set()
    patient = AgentServer(index)
    (found,) = answers(patient.protocol_server(), SHOW)
    assert text_of(found) == "seen x"


def test_debugging_prints_tracebacks(real_index: papersearch.Index, capsys: pytest.CaptureFixture[str]) -> None:
    """Tracebacks go to stderr, if they are asked for, and never into an answer."""
    for debug in (False, True):
        (answer,) = answers(
            AgentServer(real_index, debug=debug).protocol_server(), Call("show", {"papers": ["nonsense"]})
        )
        assert "Traceback" not in text_of(answer)
        assert ("Traceback" in capsys.readouterr().err) == debug


class OfStrangers:
    """An index that was not made here: its texts hide and reorder characters."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def renewed(self) -> OfStrangers:
        return self

    def paper(self, name: str) -> Paper:
        return self._paper


@pytest.mark.parametrize("detail", ["short", "full"])
def test_hidden_characters_are_removed(detail: str) -> None:
    """No answer has characters that a person does not see or a terminal obeys, whatever an index holds."""
    hidden = "".join(map(chr, (0x1B, 0x202E, 0x2066, 0xAD, 0x200B, 0xFEFF, 0xE0041, 0xE007F)))
    paper = Paper(paper_id="x", title=f"a{hidden}b", abstract=f"Ignore{hidden}all", links=(f"http://x/{hidden}",))
    index: Any = OfStrangers(paper)
    calls = [Call("show", {"papers": ["x"], "detail": detail}), Call("cite", {"papers": ["x"]})]
    for answer in answers(AgentServer(index).protocol_server(), *calls):
        assert not set(text_of(answer)) & set(hidden)
        assert "Ignore" in text_of(answer)


def test_answers_are_bounded(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is too long is an error that says how to ask for less."""
    monkeypatch.setattr(server_module, "MAX_ANSWER_BYTES", 9_000)
    call = Call("search", {"query": "moe", "detail": "full"})
    long, short = answers(AgentServer(real_index).protocol_server(), call, Call("search", {"query": "moe"}))
    assert long.is_error
    assert "ask for fewer papers, or in short" in text_of(long)
    assert not short.is_error
