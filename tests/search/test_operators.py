"""Operators in whole searches: all modes, titles that contain operators, and what results tell of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import papersearch
from papersearch.errors import QueryTooComplex
from papersearch.types import MODES, Mode

PAPERS = {
    "s1": ("A survey of mixtures of experts", "This survey covers mixtures of experts. A survey is not a method."),
    "s2": ("Mixtures of experts on one card", "We train mixtures of experts on one card."),
    "pre1": ("Pretraining on tables", "Pretraining on tables helps. We like pretraining data that is clean."),
    "pre2": ("Pre-training on charts", "Pre-training on charts helps. We like pre-training data that is clean."),
    "unet1": ("UNet for cell pictures", "A UNet cuts cells out of pictures. The UNet is small."),
    "unet2": ("U-Net for maps", "A U-Net cuts roads out of maps. The U-Net is large."),
    "not": ("Attention is NOT explanation", "We look at attention weights."),
    "exp": ("Attention and its explanation", "An explanation of attention."),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> papersearch.Index:
    """Index the papers above."""
    folder = tmp_path_factory.mktemp("operators")
    records = ({"_id": name, "title": title, "abstract": text} for name, (title, text) in PAPERS.items())
    (folder / "papers.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    papersearch.build([folder / "papers.jsonl"], folder / "index", model=str(small_model))
    return papersearch.open(folder / "index")


def found(index: papersearch.Index, query: str, mode: Mode = "keyword") -> list[str]:
    """Return the ids of the papers that a query ranks, best first."""
    return [hit.paper.paper_id for hit in index.search(query, len(PAPERS), mode)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mixture of experts AND card", {"s2"}),
        ("mixture of experts AND experts NOT survey", {"s2"}),
        ("survey OR card", {"s1", "s2"}),
        ("(survey OR tables) AND (clean OR method)", {"s1", "pre1"}),
        ('"pre-training data"', {"pre1", "pre2"}),
        ('"pretraining data"', {"pre1", "pre2"}),
        ("title:pre-training", {"pre1", "pre2"}),
        ("title:pretraining", {"pre1", "pre2"}),
        ("title:u-net", {"unet1", "unet2"}),
        ("title:UNet", {"unet1", "unet2"}),
        ("“pre-training” –charts", {"pre1"}),
        ("title:pre*", {"pre1", "pre2"}),
    ],
)
def test_conditions_in_every_mode(index: papersearch.Index, query: str, expected: set[str], mode: Mode) -> None:
    """Every mode ranks exactly the papers that meet the conditions."""
    assert set(found(index, query, mode)) == expected


def test_exclusions_in_every_spelling(index: papersearch.Index) -> None:
    """Each spelling excludes all; in keyword mode nothing else has the word."""
    for word in ("pretraining", "pre-training", '"pre training"'):
        assert found(index, f"helps -{word}") == []
        assert found(index, f"helps NOT {word}") == []


def test_not_leaves_the_survey_out(index: papersearch.Index) -> None:
    """The survey comes first without NOT, and not at all with it."""
    assert found(index, "mixture of experts survey", "hybrid")[0] == "s1"
    assert "s1" not in found(index, "mixture of experts NOT survey", "hybrid")


def test_a_title_with_an_operator(index: papersearch.Index) -> None:
    """A query that is a paper's title is read as words, and a note says so; other text has operators."""
    results = index.search("Attention is NOT explanation", mode="keyword")
    assert results[0].paper.paper_id == "not"
    assert results[0].exact_title
    assert [note.kind for note in results.notes] == ["title"]
    assert "exp" in [hit.paper.paper_id for hit in results]
    assert set(found(index, "Attention NOT explanation")) == set()
    assert set(found(index, "weights of attention NOT tables")) == {"not", "exp"}


def test_literal_queries_rank_by_operators(index: papersearch.Index) -> None:
    """Topics are literal by default: NOT is a word like others, and nothing is noted."""
    topics = ["mixture of experts NOT survey", "mixture of experts not survey"]
    [literal, small] = index.search_many(topics, 8, "keyword")
    assert [hit.paper.paper_id for hit in small] == ["s1", "s2"]
    assert [hit.paper.paper_id for hit in literal] == ["s1", "s2", "not"]
    assert literal.notes == ()
    [operated] = index.search_many(["mixture of experts NOT survey"], 8, "keyword", literal=False)
    assert "s1" not in [hit.paper.paper_id for hit in operated]


def test_results_tell_how_the_query_was_read(index: papersearch.Index) -> None:
    """`reading` has what ranks and the conditions; of similar papers there is none."""
    reading = index.search('moe AND ("expert routing" OR title:gate) NOT survey').reading
    assert reading == papersearch.Reading(
        ranked_by="moe expert routing gate",
        required=("moe", '"expert routing" OR title:gate'),
        excluded=("survey",),
    )
    assert index.search("a plain query").reading == papersearch.Reading(ranked_by="a plain query")
    assert index.similar(["s1"]).reading is None


def test_too_many_terms_of_a_query(index: papersearch.Index) -> None:
    """A limit is an error of the query, with its number."""
    with pytest.raises(QueryTooComplex) as caught:
        index.search(" OR ".join(["moe"] * 300))
    assert (caught.value.n_found, caught.value.limit) == (300, 256)


def test_words_by_their_beginning_rank(index: papersearch.Index) -> None:
    """`word*` ranks the papers with any word of this beginning, and is covered by each of them."""
    hits = index.search("expl* surv*", mode="keyword", explain=True).hits
    assert {hit.paper.paper_id for hit in hits} == {"s1", "not", "exp"}
    assert all(hit.explanation and hit.explanation.coverage > 0 for hit in hits)
    assert index.search("expl*").unknown_words == ()
