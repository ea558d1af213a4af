"""The steps of `similar`: find the papers nearest to examples.

The examples' vectors replace a query's vector. Papers are ranked by meaning alone; words only help
to choose the evidence of each hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.feedback import between
from papersearch.dense.late import example_pieces
from papersearch.search.hits import make_hits_near
from papersearch.search.papers import find
from papersearch.search.pipeline import UNDATED_NAMED
from papersearch.search.protocol import NearestOf
from papersearch.search.request import leaves_undated_out
from papersearch.search.shards import Owned
from papersearch.search.topk import top_k
from papersearch.search.verdict import is_like
from papersearch.text.paper_text import paper_text
from papersearch.types import Results, Undated

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded, QueryPieces
    from papersearch.search.protocol import Example, Nearest
    from papersearch.search.shards import Shards
    from papersearch.types import Filters, Float32Array, Float64Array, IntArray, Verdict


def find_similar(
    like: Sequence[str], unlike: Sequence[str], text: str, k: int, filters: Filters, shards: Shards
) -> Results:
    """Return the `k` papers nearest to the examples `like` and `text`, if not empty, and away from `unlike`."""
    liked, avoided = ([_example(name, shards) for name in names] for names in (like, unlike))
    # The model is loaded after the look-ups, so that an unknown name costs no wait for it.
    pasted = shards.encoder.encode(text) if text else None
    numbers = np.array([number for number, _ in (*liked, *avoided)], dtype=np.int64)
    direction = _direction(liked, avoided, pasted, shards)
    answers = shards.every("nearest", NearestOf(direction, numbers, shards.resolved(filters), k, UNDATED_NAMED))
    nearest, scores = _best([(one.papers, one.cosines) for one in answers], k)
    examples, others = ([example.paper for _, example in each] for each in (liked, avoided))
    # Evidence is chosen by the words of the titles and of the pasted text.
    terms = shards.analyzer.terms(" ".join([*(paper.title for paper in examples), text]))
    idf = {term: value for found in shards.every("idf", terms) for term, value in found.items()}
    hits = make_hits_near(nearest, scores.tolist(), _pieces(liked, pasted, shards), idf, shards)
    verdict: Verdict | None = None
    # Only a pasted text can be unlike every paper: a paper of the index has others in its field.
    background = shards.manifest.background
    if hits and not examples and not others and background and not is_like(hits[0].score, background):
        verdict = "weak"
    names = [*(paper.paper_id for paper in examples), *([text] if text else [])]
    return Results(
        query=_described(names, [paper.paper_id for paper in others]),
        mode="semantic",
        mode_used="semantic",
        mode_reason=None,
        total=sum(one.n_ranked for one in answers),
        hits=tuple(hits),
        verdict=verdict,
        filters=filters,
        undated=_undated(answers, shards) if leaves_undated_out(filters) else None,
        emptied_by=None if hits else "filters",
        encoded=shards.encoded_share,
    )


def _example(name: str, shards: Shards) -> tuple[int, Example]:
    """Return the number of the paper of this name, and the paper as an example."""
    owned = find(name, shards)
    [example] = shards.each("examples", owned)
    return int(owned.papers[0]), example


def _best(found: Sequence[tuple[IntArray, Float64Array]], k: int) -> tuple[Owned, Float64Array]:
    """Merge (papers, cosines) of all shards: the `k` best papers, best first, and their cosines."""
    papers, cosines = (np.concatenate(column) for column in zip(*found, strict=True))
    shards = np.repeat(np.arange(len(found)), [len(each) for each, _ in found])
    order = np.argsort(papers)
    places = order[top_k(cosines[order], k, np.arange(len(order)))]
    return Owned(papers[places], shards[places]), cosines[places]


def _undated(answers: Sequence[Nearest], shards: Shards) -> Undated:
    nearest, _ = _best([(one.undecided, one.undecided_cosines) for one in answers], UNDATED_NAMED)
    return Undated(n_papers=sum(one.n_undecided for one in answers), papers=shards.named(nearest))


def _direction(
    liked: Sequence[tuple[int, Example]],
    avoided: Sequence[tuple[int, Example]],
    pasted: Encoded | None,
    shards: Shards,
) -> Float32Array:
    """Return the direction from `avoided` to `liked`; the order of the examples has no effect."""
    near = [_vector(example, shards) for _, example in _in_order(liked)]
    if pasted is not None:
        near.append(pasted.vector)
    far = [_vector(example, shards) for _, example in _in_order(avoided)]
    return between(np.array(near), np.array(far))


def _in_order(examples: Sequence[tuple[int, Example]]) -> list[tuple[int, Example]]:
    return sorted(examples, key=lambda each: each[0])


def _vector(example: Example, shards: Shards) -> Float32Array:
    """Return the vector of an example, which is encoded now if it has none."""
    return shards.encoder.encode(paper_text(example.paper)).vector if example.vector is None else example.vector


def _pieces(liked: Sequence[tuple[int, Example]], pasted: Encoded | None, shards: Shards) -> QueryPieces | None:
    """Return the word pieces of the examples, or those of the pasted text if papers have none."""
    if shards.pieces is None:
        return None
    stored = [example.pieces for _, example in _in_order(liked) if example.pieces is not None]
    asked = example_pieces(stored, shards.pieces.weights) if stored else None
    return shards.pieces_of(pasted) if asked is None else asked


def _described(like: Sequence[str], unlike: Sequence[str]) -> str:
    """Describe the examples in words."""
    return " ".join(["like", *like, *(["unlike", *unlike] if unlike else [])])
