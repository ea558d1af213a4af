"""The sentence of an abstract that answers a query best, and what in it matched.

A sentence is worth the sum of the idf of the distinct query terms it holds; the earliest of
the best wins, and the abstract's first sentence when none holds any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from papersearch.analysis import Analyzer, Match, disjoint
from papersearch.types import Evidence, Paper, Span

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


def find_evidence(paper: Paper, idf: Mapping[str, float], analyzer: Analyzer) -> Evidence:
    """The best sentence for the query terms that `idf` holds, with the matches marked."""
    matches = analyzer.matches(idf, paper.abstract)
    best, best_worth = (0, 0), -1.0
    for start, end in sentences(paper.abstract):
        terms = {match.term for match in matches if start <= match.start < end}
        worth = sum(idf[term] for term in sorted(terms))
        if worth > best_worth:
            best, best_worth = (start, end), worth
    start, end = best
    within = (Match(term, a - start, b - start) for term, a, b in matches if start <= a < end)
    return Evidence(
        text=paper.abstract[start:end],
        start=start,
        end=end,
        text_spans=disjoint(within),
        title_spans=analyzer.spans(idf, paper.title),
    )
