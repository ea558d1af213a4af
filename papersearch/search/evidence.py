"""The sentence of an abstract that answers a query best, and what in it matched.

A sentence is worth how near it is to the query in meaning (where the index keeps word
pieces) and the share of the query's words, by idf, that it holds. The earliest of the best
wins, and the abstract's first sentence when none is worth anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from papersearch.text.analysis import Analyzer, Match, disjoint
from papersearch.text.paper_text import abstract_start
from papersearch.types import Evidence, Paper, Span

if TYPE_CHECKING:
    from papersearch.dense.late import Alignment

WORDS_WEIGHT = 0.5
"""What holding every word of the query counts for, beside a likeness of 2 at most; figures in
docs/ranking.md."""

# A full stop, question or exclamation mark, closing marks, white space, then something
# that can begin a sentence. Abbreviations are told apart afterwards.
_BOUNDARY = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[$`]*[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|etc|cf|vs|resp|approx|w\.r\.t|a\.k\.a|Fig|Figs|Eq|Eqs|Sec|Tab|No|Dr|Prof|St)"
    r"|\b[A-Z])\.$"
)


def sentences(text: str) -> list[Span]:
    """The sentences of `text` as character ranges: in order, not overlapping, none empty."""
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
    """The best sentence for the query terms that `idf` holds, with the matches marked;
    `alignment`: of the query with the paper's text."""
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
    within = (Match(term, a - start, b - start) for term, a, b in matches if start <= a < end)
    return Evidence(
        text=paper.abstract[start:end],
        start=start,
        end=end,
        text_spans=disjoint(within),
        title_spans=analyzer.spans(idf, paper.title),
    )
