"""The steps of a search, from the parsed query to its results.

Read `answer` from top to bottom: it is the only place that orders the steps. `api` encodes the
query before them and reports errors of damaged files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.lexical.bm25 import idf_of_each
from papersearch.search.candidates import Opening, Retrieved, open_query, rank, titled_in, titles_first
from papersearch.search.duplicates import fold
from papersearch.search.hits import Judged, make_hits
from papersearch.search.protocol import CountOf, Phrase
from papersearch.search.request import leaves_undated_out
from papersearch.search.verdict import count_verdicts, strength
from papersearch.types import (
    NO_FILTERS,
    VERDICTS,
    Emptier,
    Facets,
    Hit,
    Note,
    RelatedTerm,
    Results,
    Undated,
    UnknownWord,
    verdict_of,
)

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.lexical.matching import Statistics
    from papersearch.search.candidates import Ranked
    from papersearch.search.request import Request
    from papersearch.search.shards import Shards
    from papersearch.text.query import Query
    from papersearch.types import IntArray, Verdict

JUDGED_DEPTH = 100
"""Least number of papers judged, whatever `k` is, before the results say that none answers."""

COUNTED = 1_000
"""Number of papers up to which all are judged, to be counted: more would take as long as ranking them."""

_ENOUGH = 10
"""Least number of answers from which related terms are learned; below it, weak papers are used too."""

_DIGITS_OF_A_YEAR = 4

UNDATED_NAMED = 10
"""Greatest number of undated papers that results name."""

_MOST_OF_A_NAME = 5
_RARE = 200
"""Greatest number of words of a name, and the number of papers of which one at most has a rare word."""


def answer(query: Query, encoded: Encoded | None, how: Request, shards: Shards) -> Results:
    """Retrieve, judge, sort, fold and cut the papers, and make results of them.

    A query without words to rank by is answered by `listing`.
    """
    if not query.plain:
        from papersearch.search.listing import newest  # most queries have words

        return newest(query, how, shards)
    n_judged = max(how.k, JUDGED_DEPTH)
    n_papers = shards.manifest.n_papers
    found = retrieve(query, encoded, how._replace(k=max(n_judged, n_papers if n_papers <= COUNTED else 0)), shards)
    if how.looks_up and _is_unknown_word(query, found.opening, shards):
        from papersearch.search.identified import answer_looked_up, look_up_word

        if (looked_up := look_up_word(query.text.strip(), shards)) is not None:
            return answer_looked_up(looked_up, how, shards)
    every = _judge(found.order, found.titled, found.opening, found.ranked, shards)
    judged = every[:n_judged]
    best = min((one.verdict for one in judged), key=VERDICTS.index, default=None)
    answering = [one for one in judged if one.verdict != "weak"]
    if how.strict:
        judged = answering
    if how.sort == "date":
        dates = found.ranked.rows.dates[found.ranked.places(found.order)]
        judged = sorted(answering or judged, key=lambda one: -int(dates[one.place]))
    groups = _folded(judged, found, shards) if how.fold else [[one] for one in judged]
    groups = groups[: how.k]
    hits = make_hits([group[0] for group in groups], found, how, shards)
    if how.fold:
        hits = [_with_duplicates(hit, group, found, shards) for hit, group in zip(hits, groups, strict=True)]
    opening = found.opening
    return Results(
        query=query.text,
        mode=how.mode,
        mode_used=how.mode_used,
        mode_reason=how.reason,
        total=found.total,
        hits=tuple(hits),
        expansions=opening.asked.expansions,
        verdict=best,
        verdicts=count_verdicts(one.verdict for one in every),
        filters=how.filters,
        sort=how.sort,
        undated=_undated(opening, how, shards) if leaves_undated_out(how.filters, query) else None,
        unknown_words=_unknown_words(query, opening, shards),
        related=_related(found, answering if len(answering) >= _ENOUGH else judged, shards)
        if how.related
        else None,
        facets=_facets(found, every, shards) if how.facets else None,
        emptied_by=None if hits else _emptied_by(found, how),
        reading=query.reading,
        notes=_notes(query, best, opening, shards),
        encoded=shards.encoded_share,
        weights=how.tuned if how.mode_used == "hybrid" else None,
    )


def _is_unknown_word(query: Query, opening: Opening, shards: Shards) -> bool:
    """Tell whether a query is one word, which may be a name: no paper has it, in these parts or joined.

    A year or a smaller number is never such a word. Plain words cost no question to the shards.
    """
    word = query.text.strip()
    if len(word.split()) != 1 or not query.sequence or query.required or query.excluded or query.prefixes:
        return False
    if query.terms == (query.sequence[0][1],):  # a word of one term
        is_number = word.isdecimal() and len(word) <= _DIGITS_OF_A_YEAR
        terms = {query.terms[0], *(other for _, others in query.alternatives for other in others)}
        return not is_number and terms.isdisjoint(opening.asked.statistics.idf)
    first = query.sequence[0][0]
    parts = tuple((place - first, term) for place, term in query.sequence)
    phrases = [Phrase(parts), *(Phrase(((0, joined),)) for joined, _ in query.compounds)]
    return not any(map(any, shards.every("frequencies", phrases)))


def retrieve(
    query: Query, encoded: Encoded | None, how: Request, shards: Shards, *, judged: bool = True
) -> Retrieved:
    """Match, filter and rank the papers, and return the first k; `judged`: with what a verdict needs."""
    opening = open_query(query, encoded, how, shards)
    ranked = rank(opening, how, shards, judged=judged)
    rows = ranked.rows
    titled = titled_in(rows)
    is_ranked = {"keyword": rows.is_matched, "semantic": rows.is_encoded}.get(how.mode_used)
    order, scores = titles_first(ranked.ranking, titled, how.k)
    return Retrieved(
        order=order,
        scores=scores,
        opening=opening,
        ranked=ranked,
        titled=frozenset(titled),
        total=ranked.ranking.total + (0 if is_ranked is None else int((~is_ranked[rows.spelling >= 0]).sum())),
    )


def _judge(
    papers: IntArray, titled: frozenset[int], opening: Opening, ranked: Ranked, shards: Shards
) -> list[Judged]:
    """Judge how well each of `papers` (K,) answers."""
    background, rows, n_words = shards.manifest.background, ranked.rows, opening.asked.query.n_words
    relief = ranked.relief or {}
    at = ranked.places(papers)
    has_cosine = rows.is_encoded[at] & (opening.encoded is not None)
    columns = zip(
        papers.tolist(), rows.cosines[at].tolist(), has_cosine.tolist(), rows.coverage[at].tolist(), strict=True
    )
    judged = []
    for place, (number, cosine, has, coverage) in enumerate(columns):
        known = cosine if has else None
        how_well = 1.0
        if number not in titled:
            how_well = strength(known, coverage, background, n_words, relief.get(number))
        judged.append(Judged(place, verdict_of(how_well), how_well, known))
    return judged


def _folded(judged: Sequence[Judged], found: Retrieved, shards: Shards) -> list[list[Judged]]:
    """Group near-duplicates under the best of them."""
    papers = found.order[[one.place for one in judged]]
    return [[judged[place] for place in group] for group in fold(shards.vectors(found.owned(papers)))]


def _with_duplicates(hit: Hit, group: Sequence[Judged], found: Retrieved, shards: Shards) -> Hit:
    return hit.replace(duplicates=shards.named(found.owned(found.order[[one.place for one in group[1:]]])))


def _emptied_by(found: Retrieved, how: Request) -> Emptier:
    """Return the step that left no paper."""
    bounds = found.opening.bounds
    if how.filters != NO_FILTERS and not bounds.n_kept:
        return "filters"
    if not bounds.n_allowed:
        return "operators"
    return "verdict" if found.total else "words"


def _undated(opening: Opening, how: Request, shards: Shards) -> Undated:
    """Count the papers that a date filter left undecided, and name the best that answer."""
    ranked = rank(opening, how._replace(k=UNDATED_NAMED), shards, undecided=True)
    papers = ranked.ranking.papers
    judged = _judge(papers, frozenset(), opening, ranked, shards)
    answering = papers[[one.place for one in judged if one.verdict != "weak"]]
    named = shards.named(ranked.owned.at(ranked.places(answering)))
    return Undated(n_papers=opening.bounds.n_undecided, papers=named)


def _unknown_words(query: Query, opening: Opening, shards: Shards) -> tuple[UnknownWord, ...]:
    if all(term in opening.asked.statistics.idf for term in query.terms):
        return ()
    from papersearch.search.spelling import unknown_words

    return unknown_words(query, shards)


def _notes(query: Query, best: Verdict | None, opening: Opening, shards: Shards) -> tuple[Note, ...]:
    statistics = opening.asked.statistics
    if statistics.spelled.prefixes:
        from papersearch.lexical.conditions import notes_on

        return query.notes + notes_on(statistics.spelled)
    if not _may_be_a_name(query, best, statistics):
        return query.notes
    from papersearch.search.name_notes import notes_on_names

    return query.notes + notes_on_names(query, shards)


def _may_be_a_name(query: Query, best: Verdict | None, statistics: Statistics) -> bool:
    """Tell whether the words of a query may be a name: only then are names looked up, in files of their own.

    One of the words is in no paper, all are rare or begin with a capital letter, or no paper answers well.
    """
    words = query.plain.split()
    if len(words) > _MOST_OF_A_NAME or query.required or query.excluded:
        return False
    if best in (None, "weak") or any(term not in statistics.idf for term in query.terms):
        return True
    if all(word[0].isupper() and not word.isupper() for word in words) or (len(words) == 1 and "." in words[0]):
        return True
    rare = float(idf_of_each(max(1, statistics.n_papers // _RARE), statistics.n_papers))
    return all(statistics.idf[term] >= rare for term in query.terms)


def _related(found: Retrieved, judged: Sequence[Judged], shards: Shards) -> tuple[RelatedTerm, ...]:
    from papersearch.search.related import RELATED_DEPTH, related_terms

    papers = shards.papers(found.owned(found.order[[one.place for one in judged[:RELATED_DEPTH]]]))
    asked = found.opening.asked
    return related_terms(papers, asked.statistics.marked(asked.query, shards.analyzer), shards)


def _facets(found: Retrieved, judged: Sequence[Judged], shards: Shards) -> Facets:
    """Count all papers whose verdict is not weak, whatever `k` is."""
    from papersearch.search.facets import facets_of

    opening, order = found.opening, np.argsort(found.order)
    is_answer = np.array([one.verdict != "weak" for one in judged], dtype=np.bool_)
    request = CountOf(
        opening.asked, opening.bounds, shards.manifest.background, found.order[order], is_answer[order]
    )
    return facets_of(shards.every("count", request), shards)
