"""Validation of JSON output against docs/schema/results-1.json by a JSON Schema validator."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError

from papersearch.cli.output.json_documents import SCHEMA_VERSION
from papersearch.types import FindingKind
from tests.conftest import PROJECT, Run

SCHEMA = json.loads((PROJECT / "docs" / "schema" / f"results-{SCHEMA_VERSION}.json").read_text(encoding="utf-8"))


def validator(name: str) -> Draft202012Validator:
    """Make a validator of one of the schema's definitions."""
    return Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{name}"}]})


def test_the_schema_is_one() -> None:
    """The schema is valid in the draft that it names."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "arguments",
    [
        ("pipeline bubbles",),
        ("pipeline bubbles", "--explain", "-k", "120"),
        ("MoE routing", "--mode", "keyword", "--explain"),
        ("MoE routing", "--mode", "semantic"),
        ("GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", "--explain"),
        ("qqqqzzzz", "--mode", "keyword"),
        ("similar", "gpipe", "--unlike", "megascale", "--since", "2024"),
        ("expert routing", "--since", "2024", "--org", "microsoft", "--sort", "date", "--fold"),
        ("expert rouuting", "--facets", "--suggest", "--has-code", "--new"),
    ],
)
def test_results(run: Run, env: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Every envelope and every JSON line conforms to the schema."""
    validator("results").validate(json.loads(run(*arguments, "--json", env=env).stdout))
    for line in run(*arguments, "--jsonl", env=env).stdout.splitlines():
        validator("hit").validate(json.loads(line))


def test_a_comparison(run: Run, env: dict[str, str]) -> None:
    """An answer that is compared with another conforms to the schema."""
    compared = json.loads(run("MoE routing", "--against", "pipeline parallelism", "--json", env=env).stdout)
    validator("results").validate(compared)
    del compared["comparison"]["both"][0]["year"]
    with pytest.raises(ValidationError):
        validator("results").validate(compared)


def test_papers(run: Run, env: dict[str, str]) -> None:
    """Whole records conform to the schema, as one document and line by line."""
    names = ("gpipe", "megascale")
    validator("papers").validate(json.loads(run("show", *names, "--json", env=env).stdout))
    for line in run("show", *names, "--jsonl", env=env).stdout.splitlines():
        validator("paper").validate(json.loads(line))


def test_saved_searches(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Answers of saved searches conform to the schema, as one document and line by line."""
    (tmp_path / "searches.toml").write_text('[a]\nquery = "bubbles"\n[b]\nquery = "experts"\nsince = "2024"\n')
    env = {**env, "PAPERSEARCH_SEARCHES": str(tmp_path / "searches.toml")}
    document = json.loads(run("saved", "run", "--json", env=env).stdout)
    validator("searches").validate(document)
    assert [search["name"] for search in document["searches"]] == ["a", "b"]
    for line in run("saved", "run", "--jsonl", env=env).stdout.splitlines():
        validator("search_hit").validate(json.loads(line))


def test_lines_of_a_batch(run: Run, env: dict[str, str]) -> None:
    """Every line of a batch conforms to the schema and names its topic."""
    lines = run("batch", "-", env=env, stdin="pipeline bubbles\nmixture of experts\n").stdout.splitlines()
    for line in lines:
        validator("topic_hit").validate(json.loads(line))
    assert len(lines) == 20


def test_the_schema_can_fail(run: Run, env: dict[str, str]) -> None:
    """The schema rejects a missing field, an unknown field and a field of another type."""
    answer: dict[str, Any] = json.loads(run("pipeline bubbles", "--json", env=env).stdout)
    for change in (
        lambda hit: hit.pop("upvotes"),
        lambda hit: hit.update(colour="red"),
        lambda hit: hit.update(year="2024"),
        lambda hit: hit.update(verdict="good"),
        lambda hit: hit["evidence"].update(text_spans=[[1]]),
    ):
        changed = copy.deepcopy(answer)
        change(changed["hits"][0])
        with pytest.raises(ValidationError):
            validator("results").validate(changed)


def test_every_kind_of_finding_is_listed() -> None:
    """The schema and the page for programs list exactly the kinds of findings."""
    kinds = set(get_args(FindingKind))
    schema = json.loads((PROJECT / "docs/schema/stats-1.json").read_text())
    assert set(schema["properties"]["findings"]["items"]["properties"]["kind"]["enum"]) == kinds
    section = (PROJECT / "docs/json.md").read_text().split("## Findings")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {kind for row in rows for kind in re.findall("`([^`]+)`", row)} == kinds
