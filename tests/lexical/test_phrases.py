"""Phrases in the postings, against a loop over the words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.lexical.bm25 import bm25_saturation
from papersearch.lexical.phrases import DocumentLengths, phrase_impacts, phrase_papers
from papersearch.lexical.statistics import statistics_of
from papersearch.text.words import plain_word

TERMS = "pipeline bubble model data".split()
DOCUMENTS = st.lists(st.lists(st.sampled_from(TERMS), max_size=12), min_size=1, max_size=6)


@given(DOCUMENTS, st.lists(st.sampled_from(TERMS), min_size=1, max_size=3), st.data())
def test_phrases_are_found_as_by_looking(
    documents: list[list[str]], phrase: list[str], data: st.DataObject
) -> None:
    """A phrase is found at the same positions as by a loop over the words."""
    _check_phrase(documents, phrase, data)


@given(DOCUMENTS, st.lists(st.sampled_from(TERMS), min_size=2, max_size=3), st.data())
def test_phrases_of_a_common_term(documents: list[list[str]], phrase: list[str], data: st.DataObject) -> None:
    """A term of most papers is looked for in those that a rarer one leaves; the phrase is as by looking."""
    around = [["model", "data", "model"]] * 40
    _check_phrase([*around[:20], *documents, *around[20:]], phrase, data)


def _check_phrase(documents: list[list[str]], phrase: list[str], data: st.DataObject) -> None:
    postings = statistics_of(documents, plain_word).postings()
    expected = [
        (doc_idx, start)
        for doc_idx, terms in enumerate(documents)
        for start in range(len(terms) - len(phrase) + 1)
        if terms[start : start + len(phrase)] == phrase
    ]
    sequence = list(enumerate(phrase))
    docs, starts, tf = postings.phrase(sequence)
    assert list(zip(docs.tolist(), starts.tolist(), strict=True)) == expected
    assert tf.sum() == len(expected)
    chosen = sorted(data.draw(st.sets(st.integers(0, len(documents) - 1))))
    docs, starts, _ = postings.phrase(sequence, _array(chosen))
    assert list(zip(docs.tolist(), starts.tolist(), strict=True)) == [e for e in expected if e[0] in chosen]


@given(DOCUMENTS, st.lists(st.sampled_from(TERMS), min_size=1, max_size=3), st.data())
def test_papers_and_impacts_are_those_of_the_occurrences(
    documents: list[list[str]], phrase: list[str], data: st.DataObject
) -> None:
    """Papers with a phrase or a word, in titles or anywhere, and its impacts follow from a loop over the words."""
    postings = statistics_of(documents, plain_word).postings()
    title = [data.draw(st.integers(0, len(terms))) for terms in documents]
    lengths = DocumentLengths(
        np.array([len(terms) for terms in documents], np.uint32), 5.0, np.array(title, np.uint32)
    )
    starts = [
        [start for start in range(len(terms)) if terms[start : start + len(phrase)] == phrase]
        for terms in documents
    ]
    sequence = list(enumerate(phrase))
    having = [doc_idx for doc_idx, found in enumerate(starts) if found]
    assert phrase_papers(postings, sequence, lengths, in_title=False).tolist() == having
    titled = [doc for doc in having if any(start + len(phrase) <= title[doc] for start in starts[doc])]
    assert phrase_papers(postings, sequence, lengths, in_title=True).tolist() == titled
    chosen = sorted(data.draw(st.sets(st.sampled_from(having)))) if having else []
    for asked, papers in ((None, having), (_array(chosen), chosen)):
        docs, impacts = phrase_impacts(postings, sequence, 2.0, lengths, asked)
        assert docs.tolist() == papers
        expected = [
            2.0 * bm25_saturation(np.float64(len(starts[doc])), np.float64(len(documents[doc])), 5.0)
            for doc in papers
        ]
        assert impacts.tolist() == expected


def _array(numbers: list[int]) -> papersearch.types.IntArray:
    return np.array(numbers, dtype=np.int64)
