"""Queries that name papers in place of describing them: a look-up, and no ranking.

An identifier as the whole query, in any dress, is looked up; if no paper has it, nothing else is
shown as if it were. One word that no paper has in its text may be an id, the beginning of one, or a
citation key. Identifiers among other words are notes, and the other words rank.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.errors import QueryError
from papersearch.search.hits import make_plain_hits
from papersearch.search.papers import named_by_word, with_key
from papersearch.search.protocol import KeptOf
from papersearch.search.request import leaves_undated_out
from papersearch.search.shards import Owned
from papersearch.text.query import parse_query
from papersearch.types import Explanation, Note, Reading, Results, SignalScore, Undated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.search.protocol import Counts, Kept
    from papersearch.search.request import Request
    from papersearch.search.shards import Shards
    from papersearch.text.dress import Identifier
    from papersearch.text.query import Query
    from papersearch.types import Facets, Paper

_SIGNAL = SignalScore(name="identifier", score=1.0, normalised=1.0, weight=1.0, contribution=1.0)


class LookedUp(NamedTuple):
    """A query that was looked up.

    identifier: what it was read as, in its usual form
    papers: those that have it; none for an identifier that no paper has
    notes: on an identifier of no paper, or of several
    """

    text: str
    identifier: str
    papers: Owned
    notes: tuple[Note, ...] = ()


def look_up_query(text: str, shards: Shards) -> LookedUp | None:
    """Look up a query that is an identifier as a whole, or several; return None for any other query."""
    from papersearch.text.dress import mentioned, whole_identifier  # a word is looked up without it

    if (whole := whole_identifier(text)) is not None:
        owned = with_key(whole.key, shards)
        notes = () if len(owned.papers) == 1 else (_note_on(text, whole, owned, shards),)
        return LookedUp(text, whole.shown, owned, notes)
    words, found = text.split(), mentioned(text)
    if len(found) < 2 or sum(len(places) for _, places in found) != len(words):
        return None
    return _look_up_each(text, [(one, " ".join(words[at] for at in places)) for one, places in found], shards)


def _look_up_each(text: str, found: Sequence[tuple[Identifier, str]], shards: Shards) -> LookedUp | None:
    """Look up identifiers as they are written; return None if one may be a mere number."""
    from papersearch.text.dress import is_sure

    each = [(identifier, written, with_key(identifier.key, shards)) for identifier, written in found]
    if not all(len(owned.papers) or is_sure(written, identifier) for identifier, written, owned in each):
        return None
    unclear = (one for one in each if len(one[2].papers) != 1)
    notes = tuple(_note_on(written, identifier, owned, shards) for identifier, written, owned in unclear)
    shown = ", ".join(identifier.shown for identifier, _ in found)
    return LookedUp(text, shown, _each_once([owned for _, _, owned in each]), notes)


def look_up_word(word: str, shards: Shards) -> LookedUp | None:
    """Look up a word that no paper has in its text, as an id, citation key or short id."""
    named = named_by_word(word, shards)
    if named is None:
        return None
    how, owned = named
    n_papers = len(owned.papers)
    notes = () if n_papers == 1 else (_note_on_several(word, word, how, shards.papers(owned)),)
    return LookedUp(word, word, owned, notes)


def answer_looked_up(looked_up: LookedUp, how: Request, shards: Shards) -> Results:
    """Make results of the papers that were looked up, as far as the filters keep them."""
    kept = _kept(looked_up.papers, how, shards)
    shown = kept.papers.at(slice(how.k))
    explanation = Explanation(signals=(_SIGNAL,), terms=(), coverage=1.0) if how.explain else None
    hits = tuple(
        hit.replace(verdict="strong", strength=1.0, explanation=explanation)
        for hit in make_plain_hits(shown, [1.0] * len(shown.papers), None, {}, shards)
    )
    undated = None
    if leaves_undated_out(how.filters):
        undated = Undated(n_papers=len(kept.undecided.papers), papers=shards.named(kept.undecided))
    is_found = len(looked_up.papers.papers) > 0
    return Results(
        query=looked_up.text,
        mode=how.mode,
        mode_used=how.mode,
        mode_reason=None,
        total=len(kept.papers.papers),
        hits=hits,
        verdict="strong" if hits else None,
        filters=how.filters,
        sort=how.sort,
        undated=undated,
        related=() if how.related else None,
        facets=_facets(kept, shards) if how.facets else None,
        emptied_by=None if hits else "filters" if is_found else "identifier",
        reading=Reading(ranked_by="", identifier=looked_up.identifier),
        notes=looked_up.notes,
        encoded=shards.encoded_share,
    )


def without_mentioned(query: Query, shards: Shards) -> Query:
    """Return a query without the identifiers among its words, with a note on each.

    A number stays a word unless it is some paper's arXiv id. So does all of a query that is a title.
    """
    from papersearch.text.dress import is_sure, mentioned

    words, notes = query.text.split(), []
    taken: set[int] = set()
    for identifier, places in mentioned(query.text):
        if sum(word.count('"') for word in words[: places[0]]) % 2:  # a part of a phrase
            continue
        written = " ".join(words[place] for place in places)
        owned = with_key(identifier.key, shards)
        if len(owned.papers) or is_sure(written, identifier):
            notes.append(_note_on(written, identifier, owned, shards))
            taken.update(places)
    if not notes or shards.has_title(query.title_key):
        return query
    rest = " ".join(word for place, word in enumerate(words) if place not in taken)
    with suppress(QueryError):
        read = parse_query(rest, shards.analyzer)
        if read.terms:
            query = read._replace(text=query.text, title_key=query.title_key)
    return query._replace(notes=(*query.notes, *notes))


class _Kept(NamedTuple):
    """The papers that filters keep, those that a date filter cannot decide, and the facets of each shard."""

    papers: Owned
    undecided: Owned
    counts: list[Counts]


def _kept(owned: Owned, how: Request, shards: Shards) -> _Kept:
    """Ask which papers the filters keep. Raises QueryError."""
    request = KeptOf(owned.papers, shards.resolved(how.filters), how.facets)
    answers: list[Kept] = shards.every("kept", request)
    kept, undecided = (np.concatenate(column) for column in zip(*(each[:2] for each in answers), strict=True))
    is_kept, is_undecided = (np.isin(owned.papers, numbers) for numbers in (kept, undecided))
    counts = [each.counts for each in answers if each.counts is not None]
    return _Kept(owned.at(is_kept), owned.at(is_undecided), counts)


def _facets(kept: _Kept, shards: Shards) -> Facets:
    from papersearch.search.facets import facets_of

    return facets_of(kept.counts, shards)


def _each_once(owned: Sequence[Owned]) -> Owned:
    """Return the papers of several look-ups in their order, each once."""
    every = Owned.joined(owned)
    return every.at(np.sort(np.unique(every.papers, return_index=True)[1]))


def _note_on(written: str, identifier: Identifier, owned: Owned, shards: Shards) -> Note:
    """Say which papers have an identifier that is typed as `written`."""
    papers = shards.papers(owned)
    if len(papers) > 1:
        return _note_on_several(written, identifier.shown, identifier.kind, papers)
    if papers:
        message = f"{identifier.shown} is {shards.short_id(papers[0])}: {papers[0].title or papers[0].paper_id}"
    else:
        message = f"{identifier.shown} is not in this collection"
    return Note(kind="identifier", part=written, message=message)


def _note_on_several(written: str, shown: str, kind: str, papers: Sequence[Paper]) -> Note:
    named = ", ".join(paper.paper_id for paper in papers)
    return Note(kind="identifier", part=written, message=f"{shown}: {len(papers)} papers have this {kind}: {named}")
