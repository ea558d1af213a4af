"""Words of a query that no paper has, and the words of the corpus that are spelt like them.

Terms are stems, so the vocabulary is searched for stems near the word's own; what is offered
is how the papers write them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from papersearch.types import UnknownWord

if TYPE_CHECKING:
    from papersearch.analysis import Analyzer
    from papersearch.parts import Parts
    from papersearch.query import Query

_SHORTEST = 5
"""Letters: of shorter words, too many others are near."""

_TWO_EDITS_FROM = 6
"""Letters from which on two slips are allowed for; below, one."""

_OFFERED = 3
_WEIGHED = 24
_LOOKED_INTO = 5


def unknown_words(query: Query, parts: Parts) -> tuple[UnknownWord, ...]:
    """The words of the query of which no paper has any form, each with what may have been
    meant; stop words are none."""
    postings, analyzer = parts.postings, parts.analyzer
    unknown = []
    for word in dict.fromkeys(analyzer.words(query.plain)):
        terms = analyzer.word(word).terms
        if terms and all(postings.find(term) is None for term in terms):
            unknown.append(UnknownWord(word, _instead(word, parts)))
    return tuple(unknown)


def _instead(word: str, parts: Parts) -> tuple[str, ...]:
    folded = word.lower()
    if len(folded) < _SHORTEST or not any(map(str.isalpha, folded)):
        return ()
    from rapidfuzz import process
    from rapidfuzz.distance import OSA  # neighbours that changed places are one slip

    edits = 2 if len(folded) >= _TWO_EDITS_FROM else 1
    vocabulary = parts.terms.all()
    near = {
        place: term
        for stem in parts.analyzer.word(word).terms
        for term, _, place in process.extract(
            stem, vocabulary, scorer=OSA.distance, score_cutoff=edits, limit=_WEIGHED
        )
    }
    found: dict[str, tuple[int, int]] = {}
    for place, term in near.items():
        start, stop = int(parts.postings.offsets[place]), int(parts.postings.offsets[place + 1])
        papers = parts.postings.doc_idx[start:stop][:_LOOKED_INTO].tolist()
        written = _written(term, [parts.texts[doc_idx] for doc_idx in papers], parts.analyzer)
        distance = OSA.distance(folded, written)
        if distance <= edits:
            worth = (distance, start - stop)  # the nearest, then the most frequent
            found[written] = min(found.get(written, worth), worth)
    return tuple(sorted(found, key=lambda written: (*found[written], written)))[:_OFFERED]


def _written(term: str, texts: Sequence[str], analyzer: Analyzer) -> str:
    """How `texts` mostly write the term, in lower case."""
    forms = Counter(text[start:end].lower() for text in texts for _, start, end in analyzer.matches({term}, text))
    return min(forms, key=lambda form: (-forms[form], form), default=term)
