"""Tools: parity with the command line, and answers that are those of the library."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.cli.agents.arguments import ArgumentError
from papersearch.cli.agents.tools import TOOLS
from papersearch.cli.comparison import compare
from papersearch.cli.counts import stats_fields
from papersearch.cli.output import json_documents
from papersearch.cli.output.exports import export
from papersearch.cli.output.exports.references import references
from papersearch.cli.search import search as search_command
from papersearch.cli.show import show as show_command
from papersearch.cli.similar import similar as similar_command
from papersearch.cli.stats import stats as stats_command
from papersearch.errors import EmptyQuery
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change
from papersearch.search.filter_table import FILTER_ROWS, MARK_ROWS
from tests.cli.test_references import INSTALLED
from tests.growing import encode_in_part

BY_NAME = {tool.name: tool for tool in TOOLS}
ABSTRACT = "We cut the idle time of pipeline parallelism. We train large models over many devices."

OF_THE_TERMINAL = {
    "format_",
    "json",
    "jsonl",
    "color",
    "copy",
    "map",
    "svg",
    "corpus_path",
    "index_path",
    "collections",
    "debug",
    "late",
}
"""Options of verbs that are about output, places and the measuring of models."""

OF_THE_READER = {"library", "judge"}
"""The options about a bibliography and judgements, which are files of the user."""

OF_MODELS = {"instruction", "rerank", "rerank_top", "rerank_seconds"}
"""Options that name a model of the user, or tell the index's what to do; an agent is not to choose them."""

OF_CITATIONS = {"key", "style"}

NAMED_OTHERWISE = {"top": "k"}


def asked(index: papersearch.Index, tool: str, **arguments: Any) -> bytes:
    """Call a tool as the server does: by arguments that are read and checked."""
    return BY_NAME[tool].call(index, **BY_NAME[tool].arguments.read(arguments))


@pytest.mark.parametrize(
    ("tool", "command"),
    [("search", search_command), ("similar", similar_command), ("show", show_command), ("stats", stats_command)],
)
def test_parity_with_the_command_line(tool: str, command: Any) -> None:
    """A tool has every option of its verb that is not about the terminal; citations have a tool of their own."""
    options = (
        set(inspect.signature(command).parameters) - OF_THE_TERMINAL - OF_THE_READER - OF_MODELS - OF_CITATIONS
    )
    named = {NAMED_OTHERWISE.get(option, option) for option in options}
    assert named - set(BY_NAME[tool].arguments.schema()["properties"]) == set()
    assert not OF_CITATIONS - set(BY_NAME["cite"].arguments.schema()["properties"])


@pytest.mark.parametrize("tool", ["search", "similar"])
def test_every_filter_is_an_argument(tool: str) -> None:
    """Both tools that rank take each filter of the table, in the order of the table."""
    served = [row.field for row in (*FILTER_ROWS, *MARK_ROWS)]
    properties = list(BY_NAME[tool].arguments.schema()["properties"])
    assert [name for name in properties if name in served] == served


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ({"query": "pipeline bubbles"}, {}),
        ({"query": "moe", "k": 3, "mode": "keyword", "strict": True}, {}),
        ({"query": "moe", "since": "2024", "until": "2025-06", "has_code": True}, {}),
        ({"query": "training", "organisations": ["Gensyn"], "include_undated": True}, {}),
        ({"query": "training", "dumps": ["000_91903588e50e3792.txt"], "new": True, "k": 100}, {}),
        ({"query": "routing", "sort": "date", "fold": True, "explain": True, "facets": True}, {}),
        ({"query": "routing", "suggest": True, "since": None}, {"related": True}),
        ({"query": "qqqqzzzz", "mode": "keyword"}, {}),
    ],
)
def test_the_full_answer_is_that_of_the_command(
    arguments: dict[str, Any], keywords: dict[str, Any], real_index: papersearch.Index
) -> None:
    """With full detail a search is the JSON document of the library's answer to the same arguments."""
    given = {name: value for name, value in arguments.items() if name != "suggest"}
    expected = json.loads(json_documents.envelope(real_index.search(**given, **keywords)))
    assert json.loads(asked(real_index, "search", **arguments, detail="full")) == expected
    short = json.loads(asked(real_index, "search", **arguments))
    assert [hit["short_id"] for hit in short["hits"]] == [hit["short_id"] for hit in expected["hits"]]
    assert ("facets" in short, "narrow_by" in short) == (bool(expected["facets"]), bool(expected["related"]))
    for shown, hit in zip(short["hits"], expected["hits"], strict=True):
        assert shown.get("explanation") == hit["explanation"]
        assert shown.get("duplicates", 0) == len(hit["duplicates"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"papers": ["gpipe"], "unlike": ["megascale"], "k": 5},
        {"text": ABSTRACT, "k": 3},
        {"papers": ["gpipe"], "text": ABSTRACT, "has_code": True, "since": "2023"},
        {"papers": ["gpipe"], "organisations": ["Gensyn"]},
    ],
)
def test_similar_papers_are_those_of_the_library(arguments: dict[str, Any], real_index: papersearch.Index) -> None:
    """Similar papers, filtered or not, are those of the library, in both forms."""
    given = {**arguments, "like": arguments.get("papers", ())}
    given.pop("papers", None)
    expected = json.loads(json_documents.envelope(real_index.similar(**given)))
    assert json.loads(asked(real_index, "similar", **arguments, detail="full")) == expected
    short = json.loads(asked(real_index, "similar", **arguments))
    assert [hit["short_id"] for hit in short["hits"]] == [hit["short_id"] for hit in expected["hits"]]


def test_show_in_full(real_index: papersearch.Index) -> None:
    """With full detail, records are those that the verb prints as JSON."""
    papers = [real_index.paper(name) for name in ("gpipe", "megascale")]
    shown = asked(real_index, "show", papers=["gpipe", "megascale"], detail="full")
    assert json.loads(shown) == json.loads(json_documents.papers(papers))


@pytest.mark.parametrize("format", ["bibtex", "ris", "csl-json", "csv", "markdown"])
def test_citations_are_the_exports(format: str, real_index: papersearch.Index) -> None:
    """A citation is the export of the papers in the order named, byte for byte."""
    papers = [real_index.paper(name) for name in ("megascale", "gpipe")]
    assert asked(real_index, "cite", papers=["megascale", "gpipe"], format=format) == export(papers, format)


@pytest.mark.parametrize("format", ["bibtex", "ris", "csl-json", "csv", "markdown"])
def test_citations_have_the_marks(
    format: str, real_index: papersearch.Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's tags and note go with a citation, as with the same export of `show`."""
    path = tmp_path / "marks.jsonl"
    monkeypatch.setenv("PAPERSEARCH_MARKS", str(path))
    papers = [real_index.paper(name) for name in ("megascale", "gpipe")]
    change_marks(path, papers[1:], Change(tags=("to cite",), note="see section 3"), real_index)
    cited = asked(real_index, "cite", papers=["megascale", "gpipe"], format=format)
    [mark] = read_marks(path)
    assert cited == export(papers, format, marks={papers[1].paper_id: mark})
    assert cited.count(b"to cite") == (0 if format == "markdown" else 1)


def test_citation_keys(real_index: papersearch.Index) -> None:
    """A pattern makes the keys; one that cannot be read, or a format without keys, is an error of the argument."""
    cited = asked(real_index, "cite", papers=["gpipe"], key="{year}x")
    assert cited.startswith(b"@misc{2018x,")
    for arguments in ({"key": "{nonsense}"}, {"key": "{year}", "format": "ris"}):
        with pytest.raises(ArgumentError, match=r"^key: "):
            asked(real_index, "cite", papers=["gpipe"], **arguments)


@pytest.mark.skipif(not INSTALLED, reason="needs pandoc and the styles of pip install '.[styles]'")
def test_references_in_a_style(real_index: papersearch.Index) -> None:
    """References are those of the style's name, as text or Markdown."""
    papers = [real_index.paper(name) for name in ("gpipe", "megascale")]
    for arguments, writer in (({}, "plain"), ({"format": "markdown"}, "markdown")):
        cited = asked(real_index, "cite", papers=["gpipe", "megascale"], style="APA", **arguments)
        assert cited.decode().split("\n") == references(papers, "apa", writer)


@pytest.mark.parametrize(
    "arguments",
    [
        {"style": "apaa"},
        {"style": "/etc/passwd"},
        {"style": "../../secret.csl"},
        {"style": ""},
        {"style": "apa", "key": "{year}"},
        {"style": "apa", "format": "ris"},
    ],
)
def test_styles_are_named(arguments: dict[str, str], real_index: papersearch.Index) -> None:
    """A style that is not installed is an error, and a path is refused: nothing is read from it."""
    with pytest.raises(ArgumentError, match="style"):
        asked(real_index, "cite", papers=["gpipe"], **arguments)


def test_stats(real_index: papersearch.Index) -> None:
    """Counts in full are those of the verb; in short they say the same, and are below 4 kB."""
    whole = json.loads(asked(real_index, "stats", detail="full"))
    assert whole == json.loads(json_documents.dump(stats_fields(real_index)))
    text = asked(real_index, "stats")
    short = json.loads(text)
    papers = list(real_index.papers())
    assert len(text) < 4_000
    assert short["papers"] == len(papers)
    assert short["undated"] == sum(paper.year is None for paper in papers)
    assert short["years"] == {
        year: n for year in whole["years"] if (n := sum(str(paper.year) == year for paper in papers))
    }
    with_one = [paper.organisation.name for paper in papers if paper.organisation]
    assert short["organisations"]["papers"] == len(with_one)
    assert set(short["organisations"]["top"]) <= set(with_one)
    assert short["dumps"]["number"] == len(real_index.manifest.dumps)
    assert sum(short["not_understood"].values()) == len(real_index.findings())


def test_queries_are_compared(real_index: papersearch.Index) -> None:
    """A comparison in full is that of the command; in short it has numbers, and the first papers of both."""
    queries = {"query": "moe routing", "against": "pipeline parallelism"}
    answers = [real_index.search(query, 1_000, strict=True, facets=True) for query in queries.values()]
    expected = compare(*answers)
    whole = json.loads(asked(real_index, "search", **queries, detail="full"))
    document = json_documents.envelope(real_index.search("moe routing", facets=True), None, expected)
    assert whole == json.loads(document)
    short = json.loads(asked(real_index, "search", **queries))["comparison"]
    assert (short["both"], short["first_alone"], short["second_alone"]) == tuple(map(len, expected[2:5]))
    assert [one["short_id"] for one in short["first_of_both"]] == [hit.short_id for hit in expected.both[:10]]
    assert short["facets"]["papers"] == answers[1].facets.n_papers  # type: ignore[union-attr]


def test_stats_with_duplicates(real_index: papersearch.Index) -> None:
    """On request, counts have the groups of near-duplicates: all of them in full, the first ones in short."""
    groups = real_index.near_duplicates()
    whole = json.loads(asked(real_index, "stats", duplicates=True, detail="full"))
    assert whole == json.loads(json_documents.dump(stats_fields(real_index, groups)))
    short = json.loads(asked(real_index, "stats", duplicates=True))["near_duplicates"]
    assert (short["compared"], short["groups"]) == (len(real_index), len(groups.groups))
    assert [[one["short_id"] for one in group] for group in short["first"]] == [
        [one.short_id for one in group] for group in groups.groups[:10]
    ]
    assert "near_duplicates" not in json.loads(asked(real_index, "stats"))


def test_descriptions_are_short() -> None:
    """All that an agent reads of the tools before the first call takes less than 12 kB, and names no command."""
    said = json.dumps([(tool.name, tool.title, tool.about, tool.arguments.schema()) for tool in TOOLS])
    assert len(said) < 12_000
    assert "--" not in said
    assert all(tool.is_read_only for tool in TOOLS)


@pytest.mark.parametrize("n_encoded", [0, 3])
def test_an_index_that_is_partly_encoded(small_corpus: Path, small_index: Path, n_encoded: int) -> None:
    """A short answer says how far the index is encoded, and in which mode it was found."""
    encode_in_part(small_corpus, small_index, n_encoded)
    index = papersearch.open(small_index)
    found = index.search("moths")
    told = json.loads(asked(index, "search", query="moths"))
    assert told.get("encoded") == f"{n_encoded} of {len(index)}"
    assert told.get("mode_used", "hybrid") == found.mode_used
    assert json.loads(asked(index, "stats"))["papers_encoded"] == n_encoded


def test_all_lost_papers_are_named(real_index: papersearch.Index) -> None:
    """An error about several names that lead to no paper names each, up to ten, and counts the others."""
    for tool in ("show", "cite"):
        with pytest.raises(ArgumentError) as raised:
            asked(real_index, tool, papers=["gpipe", "nonsense", "p", "gibberish"])
        told = raised.value.message.splitlines()
        assert [line.split("'")[1] for line in told] == ["nonsense", "p", "gibberish"]
    with pytest.raises(ArgumentError, match="; 5 more names do not lead to one paper"):
        asked(real_index, "show", papers=[f"nonsense{number}" for number in range(15)])


def test_a_list_of_papers_has_no_scores(real_index: papersearch.Index) -> None:
    """Papers that conditions alone choose have neither scores nor verdicts; without conditions it is an error."""
    expected = [hit.short_id for hit in real_index.search("", within=["gpipe", "megascale"])]
    told = json.loads(asked(real_index, "search", query="", within=["gpipe", "megascale"]))
    assert [hit["short_id"] for hit in told["hits"]] == expected
    assert not {"score", "verdict"} & {name for hit in told["hits"] for name in hit}
    assert "verdict" not in told
    with pytest.raises(EmptyQuery):
        asked(real_index, "search", query="")
