"""Arguments: what is read is what the schema allows, and every fault is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from papersearch.cli.agents.arguments import ArgumentError, Arguments, meant_by
from papersearch.cli.agents.tools import TOOLS, Tool
from papersearch.search.filter_table import FILTER_ROWS

BY_NAME = {tool.name: tool for tool in TOOLS}
SCHEMAS = {tool.name: tool.arguments.schema() for tool in TOOLS}
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.text(st.characters(codec=None), max_size=3),  # half surrogate pairs too
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def fitting(shape: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that a schema of one argument allows, and values just beside."""
    if "enum" in shape:
        return st.sampled_from([*shape["enum"], "fuzzy", shape["enum"][0].upper()])
    match shape["type"]:
        case "integer":
            least, most = shape["minimum"], shape["maximum"]
            return st.integers(least - 1, most + 1) | st.sampled_from([float(least), least + 0.5, str(least), True])
        case "boolean":
            return st.booleans() | st.sampled_from([0, 1, "true"])
        case "array":
            texts = st.text(max_size=4) | st.just("x" * (shape["items"]["maxLength"] + 1)) | st.just(5)
            return st.lists(texts, max_size=3) | st.just(["x"] * (shape["maxItems"] + 1)) | st.just("x")
    return st.text(max_size=8) | st.just("x" * (shape["maxLength"] + 1)) | st.just(["x"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[Tool, dict[str, Any]]:
    tool = draw(st.sampled_from(TOOLS))
    shapes = SCHEMAS[tool.name]["properties"]
    chosen = draw(st.lists(st.sampled_from(sorted(shapes)), unique=True, max_size=5))
    given = {name: draw(fitting(shapes[name]) | JSON) for name in chosen}
    if draw(st.integers(0, 4)) == 0:
        given[draw(st.sampled_from(["limit", "", "filters", "k ", "\ud800"]))] = draw(JSON)
    return tool, given


def read(arguments: Arguments, given: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return arguments.read(given)
    except ArgumentError:
        return None


@given(calls())
def test_what_is_read_is_what_the_schema_allows(call: tuple[Tool, dict[str, Any]]) -> None:
    """Arguments are read exactly if jsonschema accepts them, but null is an optional argument left out."""
    tool, given = call
    schema = SCHEMAS[tool.name]
    optional = set(schema["properties"]) - set(schema.get("required", []))
    without_null = {name: value for name, value in given.items() if value is not None or name not in optional}
    values = read(tool.arguments, given)
    assert (values is not None) == VALIDATORS[tool.name].is_valid(without_null)
    if values is not None:
        assert set(values) == set(schema["properties"])
        json.dumps(values).encode("utf-8")


@given(calls())
def test_every_fault_is_told_at_once(call: tuple[Tool, dict[str, Any]]) -> None:
    """An error names the argument of each fault, and all arguments of the tool, in bounded length."""
    tool, given = call
    try:
        tool.arguments.read(given)
    except ArgumentError as error:
        *faults, known = error.message.split("\n")
        assert known.startswith(f"{tool.name} takes")
        assert all(name in known for name in SCHEMAS[tool.name]["properties"])
        for name, value in given.items():
            if read(tool.arguments, {**passing(tool), name: value}) is None and value is not None:
                assert any(name in fault or repr(name) in fault for fault in faults) or len(faults) > 5
        assert len(error.message) < 2_000


def passing(tool: Tool) -> dict[str, Any]:
    """Return arguments that every tool can read."""
    needed = tool.arguments.schema().get("required", [])
    return {name: "moe" if name == "query" else ["gpipe"] for name in needed}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_schemas(tool: Tool) -> None:
    """A schema is valid, forbids other arguments, describes each one, and its defaults obey it."""
    schema = tool.arguments.schema()
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    for name, shape in schema["properties"].items():
        assert shape["description"].endswith((".", ")")), name
        assert "--" not in shape["description"]
        if "default" in shape:
            Draft202012Validator(shape).validate(shape["default"])
    assert read(tool.arguments, passing(tool)) is not None


@pytest.mark.parametrize(
    ("tool", "unknown", "meant"),
    [
        ("search", "limit", "k"),
        ("search", "top_k", "k"),
        ("search", "K", "k"),
        ("search", "q", "query"),
        ("search", "Query", "query"),
        ("search", "querry", "query"),
        ("search", "org", "organisations"),
        ("search", "organization", "organisations"),
        ("search", "--has-code", "has_code"),
        ("search", "hasCode", "has_code"),
        ("search", "from_date", "since"),
        ("search", "order_by", "sort"),
        ("similar", "paper_id", "papers"),
        ("similar", "abstract", "text"),
        ("similar", "limit", "k"),
        ("show", "id", "papers"),
        ("show", "query", "papers"),
        ("cite", "as", "format"),
        ("cite", "stile", "style"),
    ],
)
def test_what_was_meant(tool: str, unknown: str, meant: str) -> None:
    """An unknown argument is an error that names the one that was probably meant."""
    with pytest.raises(ArgumentError) as raised:
        BY_NAME[tool].arguments.read({**passing(BY_NAME[tool]), unknown: 2})
    assert f"unknown argument {unknown!r}: did you mean {meant}?" in raised.value.message


@pytest.mark.parametrize("row", FILTER_ROWS, ids=lambda row: row.name)
def test_the_other_names_of_filters_are_understood(row: Any) -> None:
    """A filter's option and its word in a line of filters lead to its argument."""
    known = tuple(BY_NAME["search"].arguments.schema()["properties"])
    assert {meant_by(name, known) for name in (row.field, row.name, f"--{row.name}", row.word)} == {row.field}


def test_what_was_meant_is_not_invented() -> None:
    """A name like none of the arguments gets no suggestion."""
    with pytest.raises(ArgumentError) as raised:
        BY_NAME["stats"].arguments.read({"zzzz": 1})
    assert raised.value.message == "unknown argument 'zzzz'\nstats takes duplicates, detail"


def test_wrong_types_are_told() -> None:
    """Wrong types, nested or not, are told with what was expected and found; nothing is converted."""
    with pytest.raises(ArgumentError) as raised:
        BY_NAME["search"].arguments.read(
            {"query": {"text": "moe"}, "k": "5", "has_code": "yes", "mode": "fuzzy", "since": 2024}
        )
    assert raised.value.message.splitlines()[:-1] == [
        "query: expected a text of at most 100,000 characters, found an object",
        "k: expected a whole number from 1 to 100, found the text '5'",
        "mode: expected hybrid, keyword or semantic, found the text 'fuzzy'",
        "since: expected a text of at most 100 characters, found 2024",
        "has_code: expected true or false, found the text 'yes'",
    ]


def test_many_faults_are_counted() -> None:
    """Of thousands of unknown arguments a few are named, and the rest counted."""
    with pytest.raises(ArgumentError) as raised:
        BY_NAME["search"].arguments.read({"query": "moe", **{f"{'x' * 500}{n}": n for n in range(5_000)}})
    assert "4995 more are wrong" in raised.value.message
    assert len(raised.value.message) < 1_000
