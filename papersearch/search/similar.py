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
from papersearch.search.verdict import is_like
from papersearch.text.paper_text import paper_text
from papersearch.types import Results, Undated

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded, QueryPieces
    from papersearch.search.protocol import Example, Nearest, Resembling
    from papersearch.search.shards import Shards
    from papersearch.types import Filters, Float32Array, Verdict


def find_similar(
    like: Sequence[str], unlike: Sequence[str], text: str, k: int, filters: Filters, shards: Shards
) -> Results:
    """Return the `k` papers nearest to the examples `like` and `text`, if not empty, and away from `unlike`."""
    liked, avoided = ([_example(name, shards) for name in names] for names in (like, unlike))
    # The model is loaded after the look-ups, so that an unknown name costs no wait for it.
    pasted = shards.encoder.encode(text) if text else None
    numbers = np.array([number for number, _ in (*liked, *avoided)], dtype=np.int64)
    direction = _direction(liked, avoided, pasted, shards)
    request = NearestOf(direction, numbers, shards.resolved(filters), k, UNDATED_NAMED)
    answers: list[Nearest] = shards.every("nearest", request)
    near = Owned.answered([one.papers for one in answers])
    cosines = np.concatenate([one.cosines for one in answers])
    best = near.best(cosines, k)
    examples, others = ([example.paper for _, example in each] for each in (liked, avoided))
    # Evidence is chosen by the words of the titles and of the pasted text.
    of = shards.analyzer.of
    of_titles = (term for paper in examples for term in of(paper_text(paper)).terms(paper.title))
    terms = [*of_titles, *of(text).terms(text)]
    idf = {term: value for found in shards.every("idf", terms) for term, value in found.items()}
    hits = make_hits_near(near.at(best), cosines[best].tolist(), _pieces(liked, pasted, shards), idf, shards)
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
        undated=undated_of(answers, shards) if leaves_undated_out(filters) else None,
        emptied_by=None if hits else "filters",
        encoded=shards.encoded_share,
    )


def _example(name: str, shards: Shards) -> tuple[int, Example]:
    """Return the number of the paper of this name, and the paper as an example."""
    owned = find(name, shards)
    [example] = shards.each("examples", owned)
    return int(owned.papers[0]), example


def undated_of(answers: Sequence[Nearest | Resembling], shards: Shards) -> Undated:
    """Count the papers that a date filter left undecided, and name the best of them."""
    undecided = Owned.answered([one.undecided for one in answers])
    scores = np.concatenate([one.undecided_scores for one in answers])
    named = shards.named(undecided.at(undecided.best(scores, UNDATED_NAMED)))
    return Undated(n_papers=sum(one.n_undecided for one in answers), papers=named)


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
