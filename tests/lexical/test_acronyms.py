"""Acronyms: Schwartz and Hearst's algorithm on their own examples, and its use in queries."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.index.string_table import StringTable, pack_strings
from papersearch.lexical.acronyms import (
    Acronym,
    ExpansionTable,
    best_long_form,
    definitions,
    definitions_in,
    expansion_lines,
    learn,
)
from papersearch.text.analysis import Analyzer


def table_of(*acronyms: Acronym) -> ExpansionTable:
    return ExpansionTable(StringTable(*pack_strings(expansion_lines(acronyms, Analyzer()))), Analyzer())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We use heat shock transcription factor (HSF) here.", [("HSF", "heat shock transcription factor")]),
        ("a Mixture-of-Experts (MoE) layer", [("MoE", "Mixture-of-Experts")]),
        ("for large language models (LLMs), which", [("LLMs", "large language models")]),
        ("Retrieval-Augmented Generation (RAG; Lewis et al.)", [("RAG", "Retrieval-Augmented Generation")]),
        ("an MoE (mixture of experts) layer", [("MoE", "mixture of experts")]),
        ("They met (see below) and left (2019).", []),
        ("Transformers (Trans) are no acronym", []),
        ("a set of papers (SOP", []),
        ("no long form (XYZ) here", []),
    ],
)
def test_definitions_by_hand(text: str, expected: list[tuple[str, str]]) -> None:
    """Every definition is found with its whole long form, and nothing else is found."""
    assert list(definitions(text)) == expected


def test_best_long_form_is_the_shortest() -> None:
    """The long form does not include the words before its first letter."""
    assert best_long_form("HSF", "in which heat shock transcription factor") == "heat shock transcription factor"


def long_form_by_steps(short: str, candidate: str) -> int:
    """Return the offset of the long form's first letter, or -1 if there is none.

    A literal version of Schwartz and Hearst's figure 1, one character at a time.
    """
    place = len(candidate)
    for number, letter in reversed(list(enumerate(short.lower()))):
        if letter.isalnum():
            place -= 1
            while place >= 0 and (
                candidate[place].lower() != letter or (number == 0 and place > 0 and candidate[place - 1].isalnum())
            ):
                place -= 1
            if place < 0:
                return -1
    return place


@given(st.text(alphabet="aAbİß-. ", min_size=2), st.text(alphabet="aAbİıß-. "))
def test_long_form_is_that_of_the_figure(short: str, candidate: str) -> None:
    """A long form starts with the word that contains the letter found by the figure's algorithm."""
    place = long_form_by_steps(short, candidate)
    long = best_long_form(short, candidate)
    assert long is None or place >= 0
    if long is not None:
        assert long == candidate[candidate.rfind(" ", 0, place + 1) + 1 :].strip(" \"'`*,~")


@given(st.text())
def test_definitions_stand_in_the_text(text: str) -> None:
    """In any text, both forms occur literally, and the long one contains the short one's letters."""
    for short, long in definitions(text):
        assert short in text
        assert long in " ".join(text.split()) or long in text
        letters = iter(long.lower())
        assert all(character in letters for character in short.lower() if character.isalnum())


def test_spellings_are_counted_together() -> None:
    """Spellings that differ in case, hyphens or plural are one acronym, in the most common spelling."""
    texts = [
        "Mixture-of-Experts (MoE)",
        "mixture of experts (MoE)",
        "Mixture of Experts (MoEs)",
        "Mixture-of-Experts (MoE)",
    ]
    assert learn(definitions_in(texts)) == [Acronym("MoE", "Mixture-of-Experts", 4)]


@given(st.lists(st.lists(st.integers(0, 2), max_size=3), max_size=6))
def test_acronyms_are_counted_by_paper(corpus: list[list[int]]) -> None:
    """An acronym counts once per defining paper, in the spelling that most papers use first."""
    written = [("MoE", "Mixture-of-Experts"), ("MoE", "mixture of experts"), ("MoE", "Mother of Eve")]
    texts = [" and ".join(f"the {written[n][1]} ({written[n][0]})" for n in paper) for paper in corpus]
    firsts = [next((n for n in paper if n < 2), None) for paper in corpus]  # of the two spellings
    spelt = written[0][1] if firsts.count(0) >= firsts.count(1) else written[1][1]
    expected = [("MoE", spelt, len(firsts) - firsts.count(None))]
    expected += [(*written[2], sum(2 in paper for paper in corpus))]
    ordered = sorted(
        expected, key=lambda acronym: (-acronym[2], acronym[1].replace("-", "").replace(" ", "").lower())
    )
    assert learn(definitions_in(texts)) == [Acronym(*acronym) for acronym in ordered if acronym[2]]


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("MoE", ["Mixture-of-Experts"]),
        ("moe routing", ["Mixture-of-Experts"]),
        ("mixture of experts routing", ["MoE"]),
        ("a mixture-of-expert layer", ["MoE"]),
        ("experts of mixture", []),
        ("MoE mixture of experts", []),
        ("LLM serving", ["large language models"]),
    ],
)
def test_expansion_both_ways(query: str, other: list[str]) -> None:
    """Either form finds the other, in any inflection, unless the query contains both."""
    table = table_of(Acronym("MoE", "Mixture-of-Experts", 9), Acronym("LLMs", "large language models", 99))
    assert [expansion.other for expansion in table.expand(Analyzer().sequence(query))] == other


def test_the_most_frequent_meaning_wins() -> None:
    """The long form that more papers define wins; of overlapping forms, the longest wins."""
    table = table_of(
        Acronym("CoE", "Composition of Experts", 2),
        Acronym("CoE", "Chain of Experts", 3),
        Acronym("CE", "cross entropy", 1),
    )
    assert [e.other for e in table.expand(Analyzer().sequence("CoE"))] == ["Chain of Experts"]
    table = table_of(Acronym("LM", "language model", 9), Acronym("LLM", "large language model", 1))
    assert [e.other for e in table.expand(Analyzer().sequence("a large language model"))] == ["LLM"]


def test_moe_finds_mixture_of_experts(real_index: papersearch.Index) -> None:
    """In keyword mode, either form also finds papers that contain only the other."""
    both = [real_index.search(query, k=302, mode="keyword") for query in ("MoE", '"mixture of experts"')]
    assert [results.expansions[0].other for results in both] == ["Mixture-of-Experts", "MoE"]
    texts = {hit.paper.paper_id: f"{hit.paper.title} {hit.paper.abstract}".lower() for hit in both[0]}
    assert any("moe" not in text for text in texts.values())
    only_phrase = [hit for hit in both[0] if "moe" not in texts[hit.paper.paper_id]]
    assert all(hit.verdict != "weak" for hit in only_phrase)


FORM_WORDS = [
    "Mixture",
    "of",
    "experts",
    "EXPERTS",
    "pre-training",
    "The",
    "skies",
    "4bit",
    "naïve",
    "MoE",
    "GAN",
    "U-Net",
]


@given(
    st.lists(st.lists(st.sampled_from(FORM_WORDS), min_size=1, max_size=4).map(" ".join), max_size=12),
    st.lists(st.sampled_from([*FORM_WORDS, "mixtures", "expert", "sky"]), min_size=1, max_size=7).map(" ".join),
)
def test_no_form_is_missed_for_its_initials(forms: list[str], query: str) -> None:
    """What the initials of plain words rule out does not occur in the query: an analysis of all finds no more."""
    analyzer = Analyzer()
    table = table_of(*(Acronym(form, f"other {form}", n) for n, form in enumerate(forms)))
    found = table.expand(analyzer.sequence(query))
    with mock.patch("papersearch.lexical.acronyms._may_occur_at", return_value=True):
        assert table.expand(analyzer.sequence(query)) == found
