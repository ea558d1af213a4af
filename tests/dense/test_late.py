"""Late interaction, compared with a loop over sentence-transformers' token embeddings."""

from __future__ import annotations

import numpy as np
import pytest

import papersearch
from papersearch.dense import late
from papersearch.dense.models import locate
from papersearch.dense.reference import ReferenceEncoder
from papersearch.text.paper_text import paper_text

QUERIES = ["pipeline bubbles", "How are experts routed in a mixture of experts?", "M$^3$ViT"]


@pytest.fixture(scope="module")
def library() -> ReferenceEncoder:
    """Return sentence-transformers with the packaged model."""
    return ReferenceEncoder(locate(None, print), "cpu")


def test_scores_are_weighted_best_cosines(real_index: papersearch.Index, library: ReferenceEncoder) -> None:
    """Scores equal a plain loop over the library's states, within the error of int8.

    Each query piece counts its best cosine among the paper's pieces, weighted by idf.
    """
    pieces = real_index._opened.pieces
    assert pieces is not None
    papers = np.array([0, 17, 120, 301])
    for query in map(library.encode, QUERIES):
        found = pieces.scores(pieces.of_query(query), papers)
        for doc_idx, score in zip(papers.tolist(), found.tolist(), strict=True):
            paper = library.encode_many([paper_text(real_index.papers()[doc_idx])])[0]
            weighted = total = 0.0
            for piece, state in zip(query.pieces, query.states @ pieces.basis, strict=True):
                weight = float(pieces.weights[piece])
                cosines = [
                    state @ other / np.linalg.norm(state) / np.linalg.norm(other)
                    for number, other in zip(paper.pieces, paper.states @ pieces.basis, strict=True)
                    if pieces.weights[number] > 0
                ]
                weighted, total = weighted + weight * max(cosines), total + weight
            assert score == pytest.approx(weighted / total, abs=0.01)


def test_stored_pieces_are_the_papers_own(real_index: papersearch.Index, library: ReferenceEncoder) -> None:
    """A paper's stored pieces are its projected states: unit rows times 127, rounded.

    Stop words and signs are left out; at most 250 pieces, and 16 kB, are stored.
    """
    pieces = real_index._opened.pieces
    assert pieces is not None
    vocabulary = library.vocabulary()
    for doc_idx in (3, 250):
        paper = library.encode_many([paper_text(real_index.papers()[doc_idx])])[0]
        kept = [n for n, piece in enumerate(paper.pieces) if pieces.weights[piece] > 0][: late.MAX_PIECES]
        assert not {"the", "of", ",", ".", "[CLS]", "[SEP]"} & {vocabulary[paper.pieces[n]] for n in kept}
        start, stop = pieces.offsets[doc_idx : doc_idx + 2].tolist()
        projected = paper.states[kept] @ pieces.basis
        expected = 127 * projected / np.linalg.norm(projected, axis=1, keepdims=True)
        assert np.abs(pieces.vectors[start:stop] - expected).max() <= 0.51 + 1e-2
    lengths = np.diff(pieces.offsets.astype(np.int64))
    assert lengths.max() * late.DIMENSIONS <= 16_000


def test_the_basis_is_orthonormal_and_the_model_s_alone(
    real_index: papersearch.Index, library: ReferenceEncoder
) -> None:
    """The basis has orthonormal columns, and learning it again from the model alone gives it again."""
    pieces = real_index._opened.pieces
    assert pieces is not None
    np.testing.assert_allclose(pieces.basis.T @ pieces.basis, np.eye(late.DIMENSIONS), atol=1e-5)
    vocabulary = library.vocabulary()
    kept = late.kept_pieces(vocabulary)
    encoded = library.encode_together(late.basis_texts(vocabulary))
    again = late.basis(np.concatenate([text.states[kept[text.pieces]] for text in encoded]))
    np.testing.assert_allclose(np.abs((again * pieces.basis).sum(axis=0)), 1.0, atol=1e-3)


def test_weights_are_lucene_s_idf() -> None:
    """Weights of two papers equal Lucene's idf by hand; a piece that is not kept has weight zero."""
    weights = late.piece_weights(np.array([1, 2, 0]), 2, np.array([True, True, False]))
    np.testing.assert_allclose(weights, [np.log(2), np.log(1.2), 0.0], rtol=1e-6)


def test_papers_without_pieces_and_queries_of_stop_words() -> None:
    """A paper without pieces and a query of stop words score zero; its neighbours keep their pieces."""
    vectors = np.array([[127, 0], [0, 127], [127, 0]], np.int8)
    pieces = late.PieceVectors(
        vectors,
        np.arange(3, dtype=np.uint32),
        np.zeros(3, dtype=np.uint32),
        np.array([0, 1, 1, 3], np.uint64),
        np.eye(2, dtype=np.float32),
        np.array([0.0, 1.0, 3.0], np.float32),
    )
    papers = np.array([0, 1, 2])
    states = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)
    query = late.Encoded(states[0], np.array([1, 2]), states)
    np.testing.assert_allclose(pieces.scores(pieces.of_query(query), papers), [0.25, 0.0, 1.0], atol=1e-6)
    assert pieces.scores(None, papers).tolist() == [0.0, 0.0, 0.0]
    assert pieces.scores(pieces.of_query(query), papers[:0]).tolist() == []
    asked = pieces.of_query(query)
    assert asked is not None
    assert pieces.beside(asked, 1) is None
    assert pieces.of_query(query._replace(pieces=np.array([0, 0]))) is None
    assert late.example_pieces([pieces.of_paper(1)], pieces.weights) is None
