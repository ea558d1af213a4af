"""Names of groups: terms of their papers that other groups lack."""

from __future__ import annotations

import numpy as np

from papersearch.maps.clusters import Grouping
from papersearch.maps.naming import N_TERMS, name_groups
from papersearch.text.analysis import Analyzer
from papersearch.types import Paper

TOPICS = {
    "sparse routing": "A sparse routing of tokens to experts balances the load.",
    "protein folding": "We predict protein folding from sequences of residues.",
    "speech recognition": "Speech recognition of children with an acoustic encoder.",
}
COMMON = "We propose a new method and show that it improves results on common benchmarks."


def papers_of(topic: str, n_papers: int) -> list[Paper]:
    return [
        Paper(paper_id=f"{topic}-{number}", title=f"On {topic} {number}", abstract=f"{TOPICS[topic]} {COMMON}")
        for number in range(n_papers)
    ]


def named(sizes: dict[str, int]) -> dict[str, tuple[str, ...]]:
    """Name groups of these sizes, each of one topic."""
    papers = [paper for topic, size in sizes.items() for paper in papers_of(topic, size)]
    labels = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    places = np.random.default_rng(0).random((len(papers), 2))
    coarse, fine = name_groups(papers, places, Grouping(labels, labels), Analyzer())
    assert coarse == fine
    return dict(zip(sizes, coarse, strict=True))


def test_a_name_is_of_its_group_alone() -> None:
    """Each term of a name is in the topic's own texts and in no other's; words of all groups name none."""
    for topic, terms in named({"sparse routing": 90, "protein folding": 20, "speech recognition": 7}).items():
        assert 1 <= len(terms) <= N_TERMS
        own = f"{topic} {TOPICS[topic]}".lower()
        for term in terms:
            assert term.lower() in own
            assert all(term.lower() not in text.lower() for name, text in TOPICS.items() if name != topic)


def test_terms_of_a_name_have_no_common_word() -> None:
    """No word is twice in a name."""
    for terms in named({"sparse routing": 12, "protein folding": 12, "speech recognition": 12}).values():
        words = " ".join(terms).lower().split()
        assert len(words) == len(set(words))


def test_the_only_group_has_no_name() -> None:
    """Where all papers are one group, nothing tells it from others."""
    assert named({"sparse routing": 5}) == {"sparse routing": ()}


def test_papers_without_words_have_no_name() -> None:
    """Groups of papers without any term have empty names, and no papers have no groups."""
    papers = [Paper(paper_id=str(number), title="…", abstract="") for number in range(6)]
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert name_groups(papers, np.zeros((6, 2)), Grouping(labels, labels), Analyzer()) == ([(), ()], [(), ()])
    none = np.zeros(0, dtype=np.int64)
    assert name_groups([], np.zeros((0, 2)), Grouping(none, none), Analyzer()) == ([], [])
