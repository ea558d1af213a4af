"""Evidence: the sentence of an abstract that answers a query best, with its matches.

A sentence's score has two parts. One is its share of the query's words, weighted by idf. The
other is its likeness to the query, if the index keeps word pieces. The first sentence with the
best score wins, so an abstract without any match gives its first sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING

import numpy as np

from papersearch.text.analysis import Analyzer, Match, disjoint
from papersearch.text.paper_text import abstract_start, keywords_of, paper_text
from papersearch.types import Evidence, Paper, Span

if TYPE_CHECKING:
    from papersearch.dense.late import Alignment

WORDS_WEIGHT = 0.5
"""Score of a sentence that has every word of the query; a likeness is 2 at most. Figures in
docs/ranking.md."""

# A full stop, question or exclamation mark, closing marks, white space, then a character that
# can begin a sentence. `_ABBREVIATION` excludes abbreviations afterwards.
_BOUNDARY = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[$`]*[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|etc|cf|vs|resp|approx|w\.r\.t|a\.k\.a|Fig|Figs|Eq|Eqs|Sec|Tab|No|Dr|Prof|St)"
    r"|\b[A-Z])\.$"
)


def sentences(text: str) -> list[Span]:
    """Split `text` into sentences: ordered, disjoint, non-empty ranges of characters."""
    spans: list[Span] = []
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        stop = boundary.start() + 1
        if _ABBREVIATION.search(text, max(start, stop - 12), stop):
            continue
        spans.append((start, start + len(text[start : boundary.end()].rstrip())))
        start = boundary.end()
    end = len(text.rstrip())
    if end > start:
        spans.append((start, end))
    return spans


def find_evidence(
    paper: Paper, idf: Mapping[str, float], analyzer: Analyzer, alignment: Alignment | None = None
) -> Evidence:
    """Choose the best sentence of a paper for a query, and mark the matches.

    idf: the query's terms, each with its idf
    alignment: the query's word pieces aligned with the paper's text
    """
    analyzer = analyzer.of(paper_text(paper))
    matches = analyzer.matches(idf, paper.abstract)
    spans = sentences(paper.abstract)
    whole = sum(idf[term] for term in sorted(idf)) or 1.0
    worth = [
        sum(idf[term] for term in sorted({match.term for match in matches if start <= match.start < end})) / whole
        for start, end in spans
    ]
    if alignment is not None and spans:
        likeness = alignment.likeness(np.array(spans) + abstract_start(paper)).tolist()
        worth = [WORDS_WEIGHT * words + meaning for words, meaning in zip(worth, likeness, strict=True)]
    start, end = spans[worth.index(max(worth))] if spans else (0, 0)
    in_title = analyzer.matches(idf, paper.title, is_title=True)
    within = (Match(term, a - start, b - start) for term, a, b in matches if start <= a < end)
    return Evidence(
        text=paper.abstract[start:end],
        start=start,
        end=end,
        text_spans=disjoint(within),
        title_spans=disjoint(in_title),
        keywords=_keywords(paper, idf.keys() - {match.term for match in (*in_title, *matches)}, analyzer),
    )


def _keywords(paper: Paper, terms: Set[str], analyzer: Analyzer) -> tuple[str, ...]:
    """Return the keywords that have one of these terms."""
    if not terms or not paper.categories:
        return ()
    return tuple(keyword for keyword in keywords_of(paper) if analyzer.matches(terms, keyword))
