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


def test_the_table_tells_how_the_query_was_read(run: Run, env: dict[str, str]) -> None:
    """With --explain, lines below the heading say what ranks, what is required and what is excluded."""
    arguments = ('moe AND "pre-training" NOT survey', "-k", "1", "--format", "table")
    shown = run(*arguments, "--explain", env=env).stdout.splitlines()[1:5]
    assert shown == [
        "ranked by: moe pre-training",
        "must have: moe",
        'must have: "pre-training"',
        "must not have: survey",
    ]
    assert "must have" not in run(*arguments, env=env).stdout


@pytest.mark.parametrize("query", ["moe AND routing OR title:expert", '"pre-training" -survey', "rout* experts"])
def test_terms_add_up_with_other_forms(run: Run, env: dict[str, str], query: str) -> None:
    """The impacts of terms, other forms included, add up to the keyword score in every mode with words."""
    for mode in ("keyword", "hybrid"):
        hits = json.loads(run(query, "-k", "200", "--json", "--explain", "--mode", mode, env=env).stdout)["hits"]
        for hit in hits:
            [keyword] = [one for one in hit["explanation"]["signals"] if one["name"] == "keyword"] or [None]
            if keyword is not None:
                impacts = sum(term["impact"] for term in hit["explanation"]["terms"])
                assert impacts == pytest.approx(keyword["score"])
