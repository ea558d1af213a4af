"""Phrases in the postings, against a loop over the words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.lexical.statistics import statistics_of
from papersearch.text.words import plain_word
from tests.text.test_query import TERMS

DOCUMENTS = st.lists(st.lists(st.sampled_from(TERMS), max_size=12), min_size=1, max_size=6)


@given(DOCUMENTS, st.lists(st.sampled_from(TERMS), min_size=1, max_size=3), st.data())
def test_phrases_are_found_as_by_looking(
    documents: list[list[str]], phrase: list[str], data: st.DataObject
) -> None:
    """A phrase is found at the same positions as by a loop over the words."""
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


def _array(numbers: list[int]) -> papersearch.types.IntArray:

    return np.array(numbers, dtype=np.int64)
