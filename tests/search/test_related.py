"""Words that would narrow a search, counted in the papers found."""

from __future__ import annotations

import papersearch
from papersearch.text.analysis import Analyzer


def test_related_terms_narrow(real_index: papersearch.Index) -> None:
    """Each related term is in more than one, and not in nearly all of the best papers, and none
    is of the query."""
    analyzer = Analyzer()
    for query in ("pipeline parallelism", "mixture of experts", "reinforcement learning exploration"):
        results = real_index.search(query, k=100, related=True)
        assert results.related
        answering = [hit for hit in results if hit.verdict != "weak"]
        chosen = (answering if len(answering) >= 10 else list(results))[:30]
        best = [f"{hit.paper.title}\n{hit.paper.abstract}" for hit in chosen]
        for related in results.related:
            wanted = [term for _, term in analyzer.sequence(related.term)]
            assert not set(wanted) & set(analyzer.terms(query))
            holding = sum(set(wanted) <= set(analyzer.terms(text)) for text in best)
            assert 2 <= related.n_papers <= holding <= len(best)
            assert related.n_papers <= max(2, 0.6 * len(best))


def test_related_is_asked_for(real_index: papersearch.Index) -> None:
    """Without, there is none; with a query that nothing has, there may be none to offer."""
    assert real_index.search("experts").related is None
    assert real_index.search("zzzzqqqq", mode="keyword", related=True).related == ()
