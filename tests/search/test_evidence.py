"""The sentence that answers, by words and by meaning, against sentence-transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch.dense.models import ModelFiles, locate
from papersearch.dense.reference import ReferenceEncoder
from papersearch.search.evidence import find_evidence, sentences
from papersearch.text.analysis import Analyzer
from papersearch.text.paper_text import abstract_start, paper_text
from papersearch.text.query import parse_query
from papersearch.types import Paper
from tests.conftest import make_model
from tests.dense.papers_with_states import encode_papers


@pytest.fixture(scope="module")
def library() -> ReferenceEncoder:
    """Return sentence-transformers with the packaged model."""
    return ReferenceEncoder(locate(None, print), "cpu")


def test_word_pieces_are_where_they_are_said_to_be(
    real_index: papersearch.Index, library: ReferenceEncoder
) -> None:
    """The stored place of a word piece is its place in the paper's text."""
    pieces = real_index._opened.pieces
    assert pieces is not None
    vocabulary = library.vocabulary()
    for doc_idx in range(0, len(real_index), 7):
        text = paper_text(real_index.papers()[doc_idx]).lower()
        start, stop = pieces.offsets[doc_idx : doc_idx + 2].tolist()
        for piece, place in zip(pieces.ids[start:stop].tolist(), pieces.starts[start:stop].tolist(), strict=True):
            written = vocabulary[piece].removeprefix("##")
            assert text.startswith(written, place) or not written.isascii() or not text[place].isascii()


@pytest.mark.parametrize("prompt", ["", "passage: "])
def test_places_count_without_the_prompt(tmp_path: Path, prompt: str) -> None:
    """A prompt before papers moves nothing: places are of the paper's own text."""
    folder = make_model(tmp_path / "model", prompts={"query": "", "document": prompt})
    batch = ReferenceEncoder(ModelFiles("m", "folder", folder), "cpu")
    [(encoded, starts)] = encode_papers(batch, ["a pipeline of the model"])
    vocabulary, pieces = batch.vocabulary(), encoded.pieces.tolist()
    named = {vocabulary[piece]: start for piece, start in zip(pieces, starts.tolist(), strict=True)}
    assert {word: named[word] for word in ("pipeline", "of", "model")} == {"pipeline": 2, "of": 11, "model": 18}


def test_likeness_is_the_sum_that_is_said(real_index: papersearch.Index, library: ReferenceEncoder) -> None:
    """Late interaction and the cosine of weighted means, by loops over the library's own states."""
    pieces = real_index._opened.pieces
    assert pieces is not None
    query = library.encode("experts are routed by a gate")
    for doc_idx in (0, 120):
        paper = real_index.papers()[doc_idx]
        before = abstract_start(paper)
        ranges = np.array([(start + before, end + before) for start, end in sentences(paper.abstract)])
        asked = pieces.of_query(query)
        assert asked is not None
        alignment = pieces.beside(asked, doc_idx)
        assert alignment is not None
        found = alignment.likeness(ranges)
        [(encoded, offsets)] = encode_papers(library, [paper_text(paper)])

        def projected(states: np.ndarray) -> np.ndarray:
            rows = states @ pieces.basis
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

        asked, asked_weights = projected(query.states), pieces.weights[query.pieces]
        rows, weights = projected(encoded.states), pieces.weights[encoded.pieces]
        for (start, end), value in zip(ranges.tolist(), found.tolist(), strict=True):
            within = [n for n, at in enumerate(offsets.tolist()) if start <= at < end and weights[n] > 0]
            late = sum(
                weight * max(float(row @ rows[n]) for n in within)
                for row, weight in zip(asked, asked_weights, strict=True)
            ) / float(asked_weights.sum())
            one, other = asked_weights @ asked, sum(weights[n] * rows[n] for n in within)
            cosine = float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
            assert value == pytest.approx(late + cosine, abs=0.02)


@pytest.mark.slow
def test_meaning_finds_what_words_cannot(real_index: papersearch.Index, library: ReferenceEncoder) -> None:
    """Of forty abstracts, asked for by their titles, the sentence that sentence-transformers
    finds nearest to the title is chosen more often than by words alone."""
    parts = real_index._opened
    assert parts.pieces is not None
    model = SentenceTransformer(str(locate(None, print).folder), device="cpu")
    by_words = by_meaning = n_asked = 0
    for doc_idx in range(3, 302, 7):
        paper = parts.papers[doc_idx]
        spans = sentences(paper.abstract)
        if len(spans) < 4:
            continue
        query = parse_query(paper.title, parts.analyzer, literal=True)
        near = model.encode([query.plain, *(paper.abstract[start:end] for start, end in spans)])
        best = spans[int(np.argmax(near[1:] @ near[0]))]
        idf = parts.postings.idf_of(query.terms)
        asked = parts.pieces.of_query(parts.encoder.encode_many([query.plain])[0])
        assert asked is not None
        words = find_evidence(paper, idf, parts.analyzer)
        meaning = find_evidence(paper, idf, parts.analyzer, parts.pieces.beside(asked, doc_idx))
        by_words += (words.start, words.end) == best
        by_meaning += (meaning.start, meaning.end) == best
        n_asked += 1
    assert n_asked >= 40
    assert by_meaning > by_words
    assert by_meaning / n_asked > 0.5


def test_words_alone_where_there_are_no_pieces() -> None:
    """Without an alignment the sentence with most of the query's words wins, the first of equals;
    an abstract without any of them gives its first sentence, an empty one nothing."""
    analyzer = Analyzer()
    paper = Paper(paper_id="x", title="On cats", abstract="Dogs bark. Cats purr at dogs. Cats and dogs.")
    assert find_evidence(paper, {"cat": 1.0, "dog": 0.5}, analyzer).text == "Cats purr at dogs."
    assert find_evidence(paper, {"bird": 1.0}, analyzer).text == "Dogs bark."
    assert find_evidence(paper, {}, analyzer).text == "Dogs bark."
    nothing = find_evidence(paper.replace(abstract=""), {"cat": 1.0}, analyzer)
    assert (nothing.text, nothing.start, nothing.end, nothing.text_spans) == ("", 0, 0, ())


def test_evidence_is_a_piece_of_the_abstract(real_index: papersearch.Index) -> None:
    """Evidence is abstract[start:end], and every marked span is an inflection of a query word."""
    marked = 0
    for hit in real_index.search("pipeline bubbles", k=60):
        evidence = hit.evidence
        assert hit.paper.abstract[evidence.start : evidence.end] == evidence.text
        words = [evidence.text[start:end] for start, end in evidence.text_spans]
        words += [hit.paper.title[start:end] for start, end in evidence.title_spans]
        assert all(word.lower().startswith(("pipelin", "bubbl")) for word in words)
        marked += len(words)
    assert marked > 50
