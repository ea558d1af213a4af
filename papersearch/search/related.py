"""Related terms: terms that would narrow a search, frequent in its best papers and rare elsewhere.

The score of a term is p log2(p / q): its part of a Kullback-Leibler divergence (Carpineto et al.,
"An Information-Theoretic Approach to Automatic Query Expansion", ACM TOIS 2001). Here p is the
share of the best papers that have the term, and q the share of all papers. Two words that are
often adjacent in the best papers are offered as one term.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING, TypeAlias

from papersearch.search.protocol import Phrase
from papersearch.text.paper_text import paper_text
from papersearch.types import RelatedTerm

if TYPE_CHECKING:
    from papersearch.search.shards import Shards
    from papersearch.text.analysis import Analyzer
    from papersearch.types import Paper

RELATED_DEPTH = 30
"""Number of best papers from which related terms are taken."""

_OFFERED = 6
_LEAST, _MOST = 0.1, 0.6
"""Bounds of the share of the best papers that have a term. Below, a term describes single papers;
above, it does not narrow the search."""

_KEPT_BY_PAIR = 0.6
"""Share of a word's papers from which a pair that contains the word replaces it."""

Form: TypeAlias = tuple[str, ...]
"""The terms of a word, or of two adjacent ones."""


def related_terms(papers: Sequence[Paper], asked: Collection[str], shards: Shards) -> tuple[RelatedTerm, ...]:
    """Choose at most six terms of the best papers that are not in `asked`."""
    texts = list(map(paper_text, papers))
    having: Counter[Form] = Counter()
    written: dict[Form, Counter[str]] = {}
    for text in texts:
        for form, spelling in forms(text, asked, shards.analyzer.of(text)).items():
            having[form] += 1
            written.setdefault(form, Counter())[spelling] += 1
    likely = [form for form, n in having.items() if max(2, _LEAST * len(texts)) <= n <= max(2, _MOST * len(texts))]
    phrases = [Phrase(tuple(enumerate(form))) for form in likely]
    df = [sum(counts) for counts in zip(*shards.every("frequencies", phrases), strict=True)]
    n_papers = shards.manifest.n_papers
    worths = {form: worth(having[form] / len(texts), n / n_papers) for form, n in zip(likely, df, strict=True)}
    best = sorted(worths, key=lambda form: (-worths[form], form))
    kept: list[Form] = []
    for form in best:
        inside = any(overlaps(form, other) for other in kept)
        within_pair = len(form) == 1 and any(
            len(other) == 2 and form[0] in other and having[other] >= _KEPT_BY_PAIR * having[form] for other in best
        )
        if not inside and not within_pair:
            kept.append(form)
        if len(kept) == _OFFERED:
            break
    return tuple(
        RelatedTerm(term=min(written[form], key=lambda text: (-written[form][text], text)), n_papers=having[form])
        for form in kept
    )


def forms(text: str, asked: Collection[str], analyzer: Analyzer) -> dict[Form, str]:
    """Return the words and pairs of adjacent words of `text`, each with its first spelling."""
    tokens = [token for token in analyzer.tokens(text) if not token.is_whole]
    found: dict[Form, str] = {}
    for token in tokens:
        is_part = text[token.end : token.end + 1] == "-" or text[token.start - 1 : token.start] == "-"
        if token.term not in asked and len(token.term) > 2 and token.term.isalpha() and not is_part:
            found.setdefault((token.term,), _spelling(text[token.start : token.end]))
    for first, second in pairwise(tokens):
        pair = (first.term, second.term)
        between = text[first.end : second.start]
        if (
            second.position == first.position + 1
            and between in (" ", "-")
            and all((term,) in found for term in pair)
        ):
            found.setdefault(pair, _spelling(text[first.start : second.end]))
    return found


def overlaps(form: Form, other: Form) -> bool:
    """Tell whether two terms have a word in common."""
    return not set(form).isdisjoint(other)


def _spelling(written: str) -> str:
    """Lower all words except acronyms."""
    return " ".join(word if sum(map(str.isupper, word)) > 1 else word.lower() for word in written.split())


def worth(share: float, everywhere: float) -> float:
    """Return the worth of a term by the shares of the best papers and of all papers that have it."""
    return share * log2(share / everywhere) if everywhere > 0 else 0.0
