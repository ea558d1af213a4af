"""The short form: its size, and that it says what the whole answer says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.cli.agents.short_form import _clipped, _cut_around, short_papers, short_results
from papersearch.text.cleaning import clean_text
from papersearch.types import (
    AuthorName,
    EncodedShare,
    Evidence,
    Hit,
    Note,
    Paper,
    PaperName,
    Results,
    Undated,
    UnknownWord,
)
from tests.cli.hostile_papers import TEXTS

TEXT = st.text(max_size=600) | st.sampled_from([*TEXTS, '"' * 600, "\\" * 600, "字" * 600, "🚀" * 600, "a " * 400])
SPAN = st.tuples(st.integers(0, 300), st.integers(1, 40)).map(lambda pair: (pair[0], sum(pair)))


@st.composite
def hits(draw: st.DrawFn) -> Hit:
    name = st.builds(AuthorName, family=TEXT, given=TEXT, particle=st.none() | TEXT)
    paper = Paper(
        paper_id=clean_text(draw(st.text(min_size=1, max_size=60))) or "x",
        title=draw(TEXT),
        abstract="",
        year=draw(st.none() | st.integers(1900, 2100)),
        authors=tuple(draw(st.lists(TEXT, max_size=4))),
        author_names=tuple(draw(st.lists(name, max_size=4))),
    )
    evidence = Evidence(
        text=draw(TEXT), start=0, end=1, text_spans=tuple(sorted(draw(st.lists(SPAN, max_size=3)))), title_spans=()
    )
    return Hit(
        rank=1,
        paper=paper,
        score=draw(st.floats(-1e300, 1e300)),
        keyword_score=None,
        semantic_score=None,
        exact_title=False,
        verdict=draw(st.sampled_from([None, "strong", "fair", "weak"])),
        evidence=evidence,
        duplicates=tuple(PaperName(paper_id="x", title="y") for _ in range(draw(st.integers(0, 3)))),
    )


@st.composite
def results(draw: st.DrawFn) -> Results:
    note = st.builds(Note, kind=st.just("field"), part=TEXT, message=TEXT)
    unknown = st.builds(UnknownWord, word=TEXT, instead=st.lists(TEXT, max_size=3).map(tuple))
    return Results(
        query=draw(TEXT),
        mode="hybrid",
        mode_used=draw(st.sampled_from(["hybrid", "keyword"])),
        mode_reason=None,
        total=draw(st.integers(0, 10**9)),
        hits=tuple(draw(st.lists(hits(), max_size=2))) * 5,
        verdict=draw(st.sampled_from([None, "strong", "weak"])),
        undated=draw(st.none() | st.builds(Undated, n_papers=st.integers(0, 10**9), papers=st.just(()))),
        unknown_words=tuple(draw(st.lists(unknown, max_size=6))),
        notes=tuple(draw(st.lists(note, max_size=6))),
        encoded=draw(st.none() | st.just(EncodedShare(n_encoded=1, n_papers=10**9))),
        emptied_by=draw(st.sampled_from([None, "filters"])),
    )


@settings(max_examples=25)
@given(results())
def test_ten_hits_take_four_kilobytes(found: Results) -> None:
    """Ten hits take less than 4 kB with texts of any length, and with everything that is said beside them."""
    text = short_results(found)
    told = json.loads(text)
    assert len(text) < 4_000 or len(found.hits) > 10
    assert len(told["hits"]) == len(found.hits)
    for shown, hit in zip(told["hits"], found.hits, strict=True):
        assert shown["short_id"] == hit.paper.paper_id
        assert shown.get("year") == hit.paper.year
        assert shown.get("verdict") == hit.verdict


@pytest.mark.parametrize("letter", ["x", "é", '"', "\\", "字", "🚀"])
def test_the_longest_of_everything(letter: str) -> None:
    """Ten hits take less than 4 kB if every text is as long as it can be, and ids have sixty letters."""
    long = letter * 2_000
    names = tuple(AuthorName(family=long) for _ in range(2))
    paper = Paper(
        paper_id=letter * 60, title=long, abstract=long, year=2025, authors=(long, long), author_names=names
    )
    evidence = Evidence(text=long, start=0, end=9, text_spans=((1_000, 1_005),), title_spans=())
    duplicates = (PaperName(paper_id="x", title="y"),) * 9
    hit = Hit(
        rank=1,
        paper=paper,
        score=-1e300,
        keyword_score=None,
        semantic_score=None,
        exact_title=False,
        verdict="strong",
        evidence=evidence,
        duplicates=duplicates,
    )
    found = Results(
        query=long,
        mode="hybrid",
        mode_used="keyword",
        mode_reason=long,
        total=10**12,
        hits=(hit,) * 10,
        verdict="strong",
        undated=Undated(n_papers=10**12, papers=()),
        unknown_words=(UnknownWord(word=long, instead=(long,) * 9),) * 9,
        notes=(Note(kind="field", part=long, message=long),) * 9,
        encoded=EncodedShare(n_encoded=10**11, n_papers=10**12),
        emptied_by="operators",
    )
    text = short_results(found)
    assert len(text) < 4_000
    assert "more_remarks" in json.loads(text)


QUERIES = (
    "pipeline bubbles",
    "mixture of experts routing",
    '"large language model" -survey',
    "training over slow networks of consumer hardware",
    "a",
    "qqqqzzzz pipelne",
    "title:attention OR title:memory",
    "year: author: (how do they) AND",
    "reinforcement learning from human feedback for code",
    "quantization of activations and weights to four bits without retraining",
)


@pytest.mark.slow
def test_the_real_corpus_in_short(real_index: papersearch.Index) -> None:
    """On many queries of the real corpus the short form is below 4 kB and has the answer's papers in order."""
    titles = [paper.title for paper in real_index.papers()][::15]
    for query in (*QUERIES, *titles):
        found = real_index.search(query)
        text = short_results(found)
        told = json.loads(text)
        assert len(text) < 4_000, query
        assert (told["total"], told["verdict"]) == (found.total, found.verdict)
        assert [hit["short_id"] for hit in told["hits"]] == [hit.short_id for hit in found]
        for shown, hit in zip(told["hits"], found, strict=True):
            assert shown["evidence"].strip("…") in hit.evidence.text
            assert shown["title"].rstrip("…") in hit.paper.title


def test_evidence_keeps_a_matched_word(real_index: papersearch.Index) -> None:
    """Evidence that is cut still has the first of the words that matched."""
    for hit in real_index.search("decentralized training of large language models over the internet", k=60):
        if hit.evidence.text_spans:
            start, end = hit.evidence.text_spans[0]
            assert hit.evidence.text[start:end] in _cut_around(hit.evidence.text, hit.evidence.text_spans, 150)


@given(TEXT, st.integers(0, 200))
def test_clipping(text: str, n_bytes: int) -> None:
    """A clipped text is a beginning of the clean text within the bytes, and is whole if it fits."""
    whole = clean_text(text)
    cut = _clipped(text, n_bytes)
    size = len(json.dumps(cut, ensure_ascii=False).encode()) - 2
    assert size <= n_bytes
    assert whole.startswith(cut.removesuffix("…"))
    if len(json.dumps(whole, ensure_ascii=False).encode()) - 2 <= n_bytes:
        assert cut == whole


@pytest.mark.parametrize(
    ("names", "authors"),
    [
        ([], None),
        (["Doe"], "Doe"),
        (["Doe", "Roe"], "Doe and Roe"),
        (["Doe", "Roe", "Poe"], "Doe et al."),
    ],
)
def test_authors_in_short(names: list[str], authors: str | None, real_index: papersearch.Index) -> None:
    """Two authors are named by their families, more by the first and "et al."."""
    (hit,) = real_index.search("pipeline bubbles", k=1).hits
    named = tuple(AuthorName(family=name, given="J.") for name in names)
    changed = hit.replace(
        paper=hit.paper.replace(author_names=named, authors=tuple(f"J. {name}" for name in names))
    )
    found = real_index.search("pipeline bubbles", k=1).replace(hits=(changed,))
    assert json.loads(short_results(found))["hits"][0].get("authors") == authors


def test_records_in_short(real_index: papersearch.Index) -> None:
    """A short record has every field with a value but the parts of names and the details of places."""
    for paper in list(real_index.papers())[::20]:
        (told,) = json.loads(short_papers([paper]))["papers"]
        whole: dict[str, Any] = paper.asdict()
        assert {name: told[name] for name in ("paper_id", "title", "abstract") if name in told} == {
            name: whole[name] for name in ("paper_id", "title", "abstract") if whole[name]
        }
        assert told["read_from"] == [f"{place.dump}:{place.first_line}" for place in paper.provenance]
        assert not any(value in (None, "", [], False) for value in told.values())
        assert told.get("links", []) == list(paper.links)
