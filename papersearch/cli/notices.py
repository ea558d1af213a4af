"""Notices on stderr about an answer: undated papers, unknown words, a stale index."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.errors import complain, typed
from papersearch.cli.rebuilding import build_command
from papersearch.remote.addresses import address_in
from papersearch.search.filter_table import NO_MARK_FILTERS, MarkFilters

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.locations import Locations
    from papersearch.types import EncodedShare, Mode, Results

_READS_LIKE_A_COMMAND = {
    "find": "--help",
    "help": "--help",
    "list": "stats",
    "ls": "stats",
    "status": "stats",
    "update": "index",
    "usage": "--help",
    "version": "--version",
}
"""Words that other programs have as commands, and what they mean here."""

_NAMED = 3
"""Greatest number of papers that one line names."""


def warn_if_stale(opened: Index, locations: Locations) -> None:
    """Say that the corpus has other dumps than the index."""
    if opened.is_stale(locations.corpus):
        say_stale(opened, locations.corpus_name)


def say_stale(opened: Index, corpus_name: str) -> None:
    """Say that a corpus has changed, with the command that brings the index up to date."""
    complain(f"{corpus_name} has changed since the index was built", _build_command(opened))


def warn_if_partial(opened: Index, encoded: EncodedShare | None, mode: Mode) -> None:
    """Say how many papers are encoded, where an answer depends on it."""
    if encoded is None or encoded.is_complete or mode == "keyword":
        return
    others = "the others are ranked by their words" if mode == "hybrid" else "the others are left out"
    complain(
        f"{encoded.n_encoded:,} of {encoded.n_papers:,} papers are encoded; {others}",
        _build_command(opened),
    )


def warn_of_mode(opened: Index, reason: str, name: str = "") -> None:
    """Say why an answer is by keywords alone; `name` is that of a saved search."""
    whose = f"{name}: " if name else ""
    complain(f"{whose}answering by keywords alone: {reason}", _build_command(opened))


def _build_command(opened: Index) -> str:
    """Compose the command that brings the index up to date, if it can be built from here."""
    is_remote = address_in(opened.place) is not None
    return build_command(Path(opened.place), manifest=None if is_remote else opened.manifest)


def warn_of_reading(results: Results) -> None:
    """Say what of the query was read otherwise than it may have been meant."""
    for note in results.notes:
        if note.kind in ("author", "category"):
            from papersearch.search.filter_table import clause_of

            field = "cat" if note.kind == "category" else "author"
            complain(note.message, typed("papersearch", clause_of(field, note.part)))
        else:
            complain(note.message, "")


def warn_of_command(query: Sequence[str]) -> None:
    """Say on a terminal that a query was searched for, where its only word reads like a command."""
    meant = _READS_LIKE_A_COMMAND.get(query[0]) if len(query) == 1 and sys.stderr.isatty() else None
    if meant is not None:
        complain(f"searching for the word {query[0]}", f"papersearch {meant}")


def warn_of_undated(results: Results) -> None:
    """Say how many papers a date filter could not decide about, and name the best of them."""
    undated = results.undated
    if undated is None or not undated.n_papers:
        return
    were = "paper of unknown date was" if undated.n_papers == 1 else "papers of unknown date were"
    said = f"{undated.n_papers:,} {were} left out"
    if undated.papers:
        named = "; ".join(paper.title or paper.paper_id for paper in undated.papers[:_NAMED])
        said += f"; the {'best' if results.is_ranked else 'first'} of them: {named}"
    complain(said, "--include-undated keeps them")


def warn_of_filters(results: Results, wanted: MarkFilters = NO_MARK_FILTERS) -> None:
    """Say what a date filter could not decide about, and that no paper is left where there are filters.

    `wanted` are the conditions on marks.
    """
    from papersearch.types import NO_FILTERS

    warn_of_undated(results)
    is_filtered = results.filters != NO_FILTERS or any(wanted)
    if results.total or not is_filtered or (results.undated and results.undated.n_papers):
        return
    if results.emptied_by == "identifier":  # a note says so
        return
    if results.filters.new and results.emptied_by == "filters":
        complain("the last build added no paper that the filters keep", "")
        return
    from papersearch.cli.output.reasons import why_empty

    complain(why_empty(results, 0, wanted), "")


def say_doubts(results: Results, name: str = "") -> None:
    """Say what makes an answer doubtful, a line each; `name` tells it from another answer."""
    if results.verdict != "weak" and not results.unknown_words:
        return
    from papersearch.cli.output.reasons import doubts

    whose = f"{name}: " if name else ""
    for doubt in doubts(results):
        complain(f"{whose}{doubt}", "")


def offer_words(results: Results, query: Sequence[str]) -> None:
    """Name each unknown word with the words spelt like it, and the corrected command to type."""
    offered = [unknown for unknown in results.unknown_words if unknown.instead]
    if not offered:
        return
    import re

    said = "; ".join(
        f"no paper has the word {unknown.word}: did you mean {' or '.join(unknown.instead)}?" for unknown in offered
    )
    instead = {unknown.word: unknown.instead[0] for unknown in offered}
    whole_words = re.compile(
        rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(instead, key=len, reverse=True)))})(?!\w)"
    )
    # Repeat the typed line with its options, if it contains the query.
    words = sys.argv[1:] if set(query) <= set(sys.argv[1:]) else [results.query]
    corrected = [
        whole_words.sub(lambda found: instead[found[0]], word) if word in (*query, results.query) else word
        for word in words
    ]
    complain(said, typed("papersearch", *corrected))
