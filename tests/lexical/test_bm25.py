"""The stored postings against rank_bm25 itself."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.lexical.bm25 import K1, B
from papersearch.lexical.definition import LuceneBM25
from papersearch.lexical.indexing import analyse_corpus
from papersearch.lexical.inverting import SHORTEST_SPELLING
from papersearch.lexical.statistics import statistics_of
from papersearch.text.analysis import Analyzer
from papersearch.text.paper_text import paper_text
from papersearch.text.words import TITLE_PREFIX, is_spelling, plain_word
from tests.conftest import n_positions

WORDS = st.lists(st.sampled_from("pipeline bubble model data expert route cache token".split()), max_size=12)


def corpus_queries(index: papersearch.Index, n_queries: int) -> list[str]:
    """Return queries drawn from the corpus: 1 to 8 neighbouring words, and whole sentences."""
    drawn = random.Random(7)
    queries = []
    for _ in range(n_queries):
        words = paper_text(index.papers()[drawn.randrange(len(index))]).split()
        start = drawn.randrange(len(words))
        words = [
            word.replace('"', "").lstrip("-") for word in words[start : start + drawn.choice((1, 2, 3, 5, 8, 30))]
        ]
        queries.append(" ".join(words))
    return [query for query in queries if query.strip()]


@pytest.fixture(scope="module")
def reference(real_index: papersearch.Index) -> LuceneBM25:
    """Return rank_bm25's own structures over the same papers, with Lucene's idf."""
    analyzer = Analyzer()
    return LuceneBM25([analyzer.terms(paper_text(paper)) for paper in real_index.papers()])


def test_stored_scores_equal_rank_bm25(real_index: papersearch.Index, reference: LuceneBM25) -> None:
    """For 300 queries drawn from the corpus, every paper's score equals rank_bm25's to 1e-6."""
    asked = Analyzer().query_terms
    drawn = corpus_queries(real_index, 400)
    queries = [query for query in drawn if not any(term.startswith(TITLE_PREFIX) for term in asked(query))]
    assert len(queries) >= 300
    worst = 0.0
    for query in queries:
        expected = reference.get_scores(asked(query))
        worst = max(worst, float(np.abs(real_index.keyword_scores(query) - expected).max()))
    assert worst <= 1e-6


def test_some_scores_are_not_zero(real_index: papersearch.Index) -> None:
    """The comparison above compares scores other than zero."""
    scores = [real_index.keyword_scores(query).max() for query in corpus_queries(real_index, 50)]
    assert sum(score > 1 for score in scores) > 40


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_any_corpus_scores_as_rank_bm25(corpus: list[list[str]], query: list[str]) -> None:
    """Scores agree on random small corpora, with empty papers and repeated query terms."""
    if not any(corpus):
        return  # rank_bm25 divides by the mean length
    expected = LuceneBM25(corpus).get_scores(query)
    postings = statistics_of(corpus, plain_word).postings()
    scores, matched = postings.score(query, len(corpus))
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    assert matched.tolist() == [bool(set(query) & set(terms)) for terms in corpus]


WRITTEN = st.text(alphabet="abcdTHE0.-$^+* é深度学\n", max_size=30)
PAPERS = st.lists(st.tuples(WRITTEN, WRITTEN), max_size=9)


@given(PAPERS)
def test_any_texts_are_indexed_as_analysed(papers: list[tuple[str, str]]) -> None:
    """Postings, positions, lengths and spellings equal those of the analyzer's tokens, paper by paper.

    The stop words of titles are indexed, but a paper is not longer by them.
    """
    analyzer = Analyzer()
    texts, titles = [f"{title}\n{abstract}" for title, abstract in papers], [title for title, _ in papers]
    analysed = analyse_corpus(texts, list(map(len, titles)), n_workers=0)
    tokens = [analyzer.tokens(text, title_length=len(title)) for text, title in zip(texts, titles, strict=True)]
    assert analysed.statistics.doc_lengths.tolist() == [len(analyzer.terms(text)) for text in texts]
    assert analysed.title_positions.tolist() == [n_positions(analyzer, title) for title in titles]
    counted = Counter(word.lower() for text in texts for word in analyzer.words(text) if is_spelling(word))
    expected = {word: n for word, n in counted.items() if len(word) >= SHORTEST_SPELLING}
    found = zip(analysed.spellings, analysed.spelling_counts.tolist(), strict=True)
    assert list(found) == sorted(expected.items())
    postings = analysed.statistics.postings()
    assert list(postings.terms) == sorted({token.term for found in tokens for token in found})
    for term in postings.terms:
        places = [
            (doc_idx << 32) | token.position
            for doc_idx, found in enumerate(tokens)
            for token in found
            if token.term == term
        ]
        assert postings.occurrences(term).tolist() == places


def test_score_of_one_paper_by_hand() -> None:
    """The score of one term in two papers equals idf times saturation, computed by hand."""
    postings = statistics_of([["bubble", "pipeline"], ["model", "data", "token", "cache"]], plain_word).postings()
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    saturation = 1 * (K1 + 1) / (1 + K1 * (1 - B + B * 2 / 3))
    scores, _ = postings.score(["bubble"], 2)
    assert scores.tolist() == pytest.approx([idf * saturation, 0.0])


def test_corpus_without_terms() -> None:
    """A corpus of stop words has an empty vocabulary, and no query matches."""
    scores, matched = statistics_of([[], []], plain_word).postings().score(["bubble"], 2)
    assert scores.tolist() == [0.0, 0.0]
    assert not matched.any()


@given(words=st.permutations("expert pipeline training memory the routing".split()))
def test_order_of_query_terms_is_irrelevant(real_index: papersearch.Index, words: list[str]) -> None:
    """Keyword scores do not change with the order of the words."""
    expected = real_index.keyword_scores("expert pipeline training memory the routing")
    assert (real_index.keyword_scores(" ".join(words)) == expected).all()


@given(
    documents=st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=2, max_size=6),
    term=st.sampled_from("abcd"),
    data=st.data(),
)
def test_bm25_rises_with_tf(documents: list[list[str]], term: str, data: st.DataObject) -> None:
    """A query term written once more, in place of another word of the paper, raises the paper's BM25."""
    doc_idx = data.draw(st.sampled_from(range(len(documents))))
    document = documents[doc_idx]
    others = [place for place, word in enumerate(document) if word != term]
    if term not in document or not others:
        return
    richer = [*documents]
    richer[doc_idx] = [term if place == others[0] else word for place, word in enumerate(document)]

    def score(corpus: list[list[str]]) -> float:
        return float(statistics_of(corpus, plain_word).postings().score([term], len(corpus))[0][doc_idx])

    assert score(richer) > score(documents)
