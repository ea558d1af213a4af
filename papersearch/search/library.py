"""Papers for a reader: those that most resemble a library of the reader's own.

A reader has several interests, so the mean of the library's vectors lies between them and near
none. Here each paper is compared with every paper of the library in whitened space, and the
likenesses are joined by a logarithm of the mean of exponentials, which is a soft maximum: it is
between the greatest likeness (interests far apart) and their mean (one interest). docs/ranking.md
has figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.whitening import UNIT, Whitening, sums_of, whitened, whitening_of
from papersearch.search.hits import make_plain_hits
from papersearch.search.papers import titled, with_key
from papersearch.search.pipeline import UNDATED_NAMED
from papersearch.search.protocol import Resembling, ResemblingOf
from papersearch.search.request import leaves_undated_out
from papersearch.search.shards import Owned
from papersearch.search.similar import undated_of
from papersearch.search.topk import top_k
from papersearch.search.verdict import likeness_at
from papersearch.search.work import encoded, filtered
from papersearch.text.dress import whole_identifier
from papersearch.text.paper_text import paper_text
from papersearch.types import LibraryMatch, Results

if TYPE_CHECKING:
    from papersearch.dense.whitening import Sums
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.shards import Shards
    from papersearch.types import Filters, Float32Array, Float64Array, IntArray, LibraryPaper

SOFTNESS = 0.2
"""Scale of the soft maximum: likenesses that differ by much more do not add up."""

SAMPLE = 20_000
"""Number of papers from which the whitening is learned: more of them change no digit that counts."""

_DECIMALS = 9
"""Decimals of a score: below them, sums of exponentials may differ between processors."""

_BLOCK = 65_536
"""Papers scored at once, so that memory does not grow with the index."""


def find_for_library(library: Sequence[LibraryPaper], k: int, filters: Filters, shards: Shards) -> Results:
    """Return the `k` papers that most resemble `library`, at least one paper, without those it has."""
    held = [_held(paper, shards) for paper in library]
    vectors = _vectors(library, held, shards)
    whitening = whitening_of(_sampled(shards))
    rows = np.concatenate(list(whitened(vectors, whitening)))
    order = np.lexsort(rows.T)  # so that the order of the library has no effect
    request = ResemblingOf(
        rows[order],
        whitening,
        np.unique(Owned.joined(held).papers),
        shards.resolved(filters),
        k,
        UNDATED_NAMED if leaves_undated_out(filters) else 0,
    )
    answers: list[Resembling] = shards.every("resembling", request)
    near = Owned.answered([one.papers for one in answers])
    scores = np.concatenate([one.scores for one in answers])
    best = near.best(scores, k)
    nearest = [library[order[row]] for row in np.concatenate([one.nearest for one in answers])[best].tolist()]
    likenesses = np.concatenate([one.likenesses for one in answers])[best]
    # Evidence is chosen by the words of the titles that brought a paper here.
    titles = {paper.title: shards.analyzer.of(paper_text(paper)) for paper in nearest}
    terms = [term for title, analyzer in titles.items() for term in analyzer.terms(title)]
    idf = {term: value for found in shards.every("idf", terms) for term, value in found.items()}
    hits = make_plain_hits(near.at(best), scores[best].tolist(), None, idf, shards)
    return Results(
        # Without commas in a large number, as JSON has always had it.
        query=f"a library of {len(library)} paper{'' if len(library) == 1 else 's'}",
        mode="semantic",
        mode_used="semantic",
        mode_reason=None,
        total=sum(one.n_ranked for one in answers),
        hits=tuple(
            hit.replace(
                strength=likeness_at(likeness / whitening.deviation),
                library_match=LibraryMatch(paper_id=paper.paper_id, title=paper.title, likeness=likeness),
            )
            for hit, likeness, paper in zip(hits, likenesses.tolist(), nearest, strict=True)
        ),
        filters=filters,
        undated=undated_of(answers, shards) if leaves_undated_out(filters) else None,
        emptied_by=None if hits else "filters",
        encoded=shards.encoded_share,
    )


def _sampled(shards: Shards) -> list[Sums]:
    """Return sums of encoded papers: of a sample, or of all where a sample has none."""
    for step in (max(1, -(-shards.manifest.n_encoded // SAMPLE)), 1):
        found = [share for share in shards.every("sums", step) if share.n]
        if found:
            break
    return found


def sampled_sums(index: OpenedIndex, numbers: IntArray, step: int) -> Sums:
    """Sum up the vectors of the encoded papers whose `numbers` (N,) in the whole are multiples of `step`."""
    papers = encoded(np.flatnonzero(numbers % step == 0), index)
    return sums_of(index.vectors.exact[papers])


def resembling(index: OpenedIndex, papers: IntArray, request: ResemblingOf) -> Resembling:
    """Return those of `papers`, ascending, that most resemble a library; all by doc_idx."""
    allowed, undecided, _ = filtered(papers, request.filters, index)
    ranked, doubted = encoded(allowed, index), encoded(undecided, index)
    scores = _scores(ranked, request, index)
    best = np.sort(top_k(scores, request.k, np.arange(len(ranked))))
    likenesses = _likenesses(index.vectors.exact[ranked[best]], request.library, request.whitening)
    in_doubt = _scores(doubted, request, index) if request.n_undecided else np.zeros(len(doubted))
    first = np.sort(top_k(in_doubt, request.n_undecided, np.arange(len(doubted))))
    nearest = likenesses.argmax(axis=1)
    return Resembling(
        papers=ranked[best],
        scores=scores[best],
        likenesses=likenesses[np.arange(len(best)), nearest],
        nearest=nearest,
        n_ranked=len(ranked),
        undecided=doubted[first],
        undecided_scores=in_doubt[first],
        n_undecided=len(undecided),
    )


def _scores(papers: IntArray, request: ResemblingOf, index: OpenedIndex) -> Float64Array:
    """Return the soft maximum of the likenesses of `papers` (K,) to the library, (K,)."""
    scores = [np.zeros(0)]
    for start in range(0, len(papers), _BLOCK):
        vectors = index.vectors.exact[papers[start : start + _BLOCK]]
        for rows in whitened(vectors, request.whitening):
            likenesses = rows @ request.library.T / UNIT
            # exp of at most 1 / SOFTNESS = 5 neither overflows nor vanishes.
            means = np.ascontiguousarray(np.exp(likenesses / SOFTNESS)).mean(axis=1)
            scores.append(np.round(SOFTNESS * np.log(means), _DECIMALS))
    return np.concatenate(scores)


def _likenesses(vectors: Float32Array, library: Float64Array, whitening: Whitening) -> Float64Array:
    """Return the cosines of vectors (K, D) with those of the library in whitened space, (K, L)."""
    rows = [block @ library.T / UNIT for block in whitened(vectors, whitening)]
    return np.concatenate([np.zeros((0, len(library))), *rows])


def _held(paper: LibraryPaper, shards: Shards) -> Owned:
    """Return the papers of the collection that are this one: of its identifiers, and of its title."""
    found = [
        with_key(identifier.key, shards)
        for written in (paper.arxiv_id, paper.doi)
        if written and (identifier := whole_identifier(written)) is not None
    ]
    if paper.title:
        found.append(titled(paper.title, shards))
    both = Owned.joined(found)
    return both.at(np.unique(both.papers, return_index=True)[1])


def _vectors(library: Sequence[LibraryPaper], held: Sequence[Owned], shards: Shards) -> Float32Array:
    """Return the vectors of the library, (L, D): those that the collection knows are not computed again."""
    known = {place: owned.at(slice(0, 1)) for place, owned in enumerate(held) if len(owned.papers)}
    examples = shards.each("examples", Owned.joined([*known.values()]))
    vectors: dict[int, Float32Array] = {
        place: example.vector for place, example in zip(known, examples, strict=True) if example.vector is not None
    }
    missing = [place for place in range(len(library)) if place not in vectors]
    if missing:
        found = shards.encoder.encode_many([paper_text(library[place]) for place in missing])
        vectors |= {place: one.vector for place, one in zip(missing, found, strict=True)}
    return np.array([vectors[place] for place in range(len(library))], dtype=np.float32)
