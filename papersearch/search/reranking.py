"""Reranking: the first hits of an answer in the order of a cross-encoder's scores.

It needs nothing but an answer, whose hits have their texts. So answers of a server are reranked as those
of an index in a folder are: the model runs on the client.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.dense.cross_encoders import describe, find_cross_encoder, is_untouched, open_scorer
from papersearch.errors import RerankerUnusable
from papersearch.search.score_cache import ScoreCache, text_key
from papersearch.text.paper_text import paper_text
from papersearch.types import Hit, Reranked, Results

if TYPE_CHECKING:
    from papersearch.dense.cross_encoders import CrossEncoderRecord, Scorer

DEFAULT_TOP = 50
MOST_RERANKED = 100
"""Greatest number of papers that are reranked. That many are judged in every search, so reranking changes
nothing of an answer but the order of its hits."""


class Reranker:
    """A cross-encoder that reranks the first hits of answers. It is opened when it is first needed.

    model: a folder, or a name of the hub; it runs no code of its own
    top: the number of hits that are reranked, at most 100
    seconds: the time for the scores of one answer, after the model is open; None sets no limit
    cache: a folder that keeps scores between searches; None keeps them for this object alone
    progress: called with a step, the texts that are done, and all of them
    announce: called with each message for the user

    `n_cut` counts the answers in which some papers were not scored, for want of time.
    With `seconds`, an answer depends on the speed of the machine; else the same index, query and model
    always give the same answer. Raises RerankerUnusable for a model that is not a cross-encoder.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        top: int = DEFAULT_TOP,
        seconds: float | None = None,
        cache: str | Path | None = None,
        progress: Callable[[str, int, int], None] = lambda step, done, total: None,
        announce: Callable[[str], None] = lambda message: None,
    ) -> None:
        if not 1 <= top <= MOST_RERANKED:
            raise ValueError(f"expected a top from 1 to {MOST_RERANKED}, found {top}")
        if seconds is not None and not 0 < seconds < math.inf:
            raise ValueError(f"expected seconds above 0, found {seconds}")
        self.name = str(model)
        self.top = top
        self.seconds = seconds
        self._model = find_cross_encoder(self.name, announce)
        self._cache = ScoreCache(None if cache is None else Path(cache))
        self.n_cut = 0
        self._progress = progress
        self._described: CrossEncoderRecord | None = None
        self._scorer: Scorer | None = None
        self._latest: tuple[str, dict[str, float]] | None = None

    def __repr__(self) -> str:
        return f"<Reranker {self.name!r}: the first {self.top}>"

    def rerank(self, results: Results, k: int) -> Results:
        """Return the first `k` hits of an answer, after the first `top` of it are reranked.

        Papers whose title is the query stay first. The others are scored in their order; if the time
        ends, those that have a score come first in the order of their scores, and the others follow in
        theirs. Equal scores keep the order. An answer that nothing ranks is only cut.
        """
        if not results.is_ranked or results.reading is None:
            return results.replace(hits=results.hits[:k])
        n_titles = sum(hit.exact_title for hit in results.hits)  # these are first in every ranking
        wanted = results.hits[n_titles : self.top]
        scores = self.scores(results.reading.ranked_by, [paper_text(hit.paper) for hit in wanted])
        order = sorted(range(len(scores)), key=lambda place: -scores[place])
        reranked = [
            wanted[place].replace(rerank_score=scores[place], rank_before=wanted[place].rank) for place in order
        ]
        hits = (*results.hits[:n_titles], *reranked, *results.hits[n_titles + len(scores) :])[:k]
        return results.replace(
            hits=tuple(_renumbered(hit, rank) for rank, hit in enumerate(hits, 1)),
            reranked=Reranked(model=self.name, n_papers=len(scores), n_wanted=len(wanted)),
        )

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return the scores of the first `texts`, of all of them unless the time ends. Raises RerankerUnusable."""
        if not texts:
            return []
        described = self._description()
        known = self._known(described, query)
        n_known = len(known)
        found: list[float] = []
        end: float | None = None
        try:
            for text in texts:
                key = text_key(text)
                if key not in known:
                    if end is None:
                        scorer = self._opened(described)
                        end = time.monotonic() + (math.inf if self.seconds is None else self.seconds)
                    elif time.monotonic() >= end:
                        self.n_cut += 1
                        break
                    self._progress("reranking", len(found), len(texts))
                    known[key] = self._checked(scorer(query, text))
                found.append(known[key])
        finally:  # also after an interrupt
            if len(known) > n_known:
                self._cache.keep_scores(described, query, known)
        return found

    def _known(self, described: CrossEncoderRecord, query: str) -> dict[str, float]:
        """Return the scores that are known for a query: those of the last one are kept here."""
        if self._latest is None or self._latest[0] != query:
            self._latest = query, self._cache.scores(described, query)
        return self._latest[1]

    def _description(self) -> CrossEncoderRecord:
        """Return what is known of the model, after opening it if nothing is."""
        if self._described is None:
            folder = self._model.folder
            known = self._cache.described(folder)
            if known is None or not is_untouched(known, self._model):
                self._progress("opening the reranker", 0, 0)
                known, self._scorer = describe(self._model)
                self._cache.keep_description(folder, known)
            self._described = known
        return self._described

    def _opened(self, described: CrossEncoderRecord) -> Scorer:
        if self._scorer is None:
            self._progress("opening the reranker", 0, 0)
            self._scorer = open_scorer(self._model, described)
        return self._scorer

    def _checked(self, score: float) -> float:
        if not math.isfinite(score):
            raise RerankerUnusable(name=self.name, cause="it gives a score that is not a number")
        return score


def _renumbered(hit: Hit, rank: int) -> Hit:
    return hit if hit.rank == rank else hit.replace(rank=rank)
