"""Explanations as a table: a branch for each signal and term of the JSON document."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Run


@pytest.mark.parametrize("query", ["pipeline bubbles", "mixture of experts"])
def test_every_signal_and_term_has_a_branch(run: Run, env: dict[str, str], query: str) -> None:
    """The table shows the document's signals by name and contribution, terms by impact, in order."""
    document = json.loads(run(query, "-k", "4", "--json", "--explain", env=env).stdout)
    shown = run(query, "-k", "4", "--format", "table", "--explain", env={**env, "COLUMNS": "200"}).stdout
    place = 0
    for hit in document["hits"]:
        for signal in hit["explanation"]["signals"]:
            expected = f"{signal['contribution']:.3f}  {signal['name']}"
            place = shown.index(expected, place)
            if signal["name"] == "keyword":
                for term in hit["explanation"]["terms"]:
                    place = shown.index(f"{term['impact']:.2f}  {term['term']}", place)
    assert place > 0
