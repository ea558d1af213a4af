"""Errors as agents read them: what failed, why, and what to pass next, in the names of arguments.

An agent calls tools. It types no command, so that a remedy outside the tools is the user's: it is told
what to ask of them.
"""

from __future__ import annotations

from papersearch import errors
from papersearch.cli.agents.arguments import ArgumentError
from papersearch.cli.errors import CommandError
from papersearch.cli.hints import explained
from papersearch.errors import PapersearchError
from papersearch.text.cleaning import without_surrogates

MAX_MESSAGE = 2_000
"""Longest message: one may quote what an agent passed."""

_LISTED = 20
"""Greatest number of values that a remedy lists."""


def told(error: Exception) -> str:
    """Return the text of an answer that is an error."""
    message = error.message if isinstance(error, PapersearchError) else explained(error)[0]
    if len(message) > MAX_MESSAGE:
        message = f"{message[:MAX_MESSAGE]}..."
    remedy = _remedy(error)
    return without_surrogates(f"{message}\nhint: {remedy}" if remedy else message)


def _remedy(error: Exception) -> str:
    match error:
        case ArgumentError():
            return ""
        case errors.QueryError():
            return _query_remedy(error)
        case errors.PaperNotFound():
            return "search finds papers by topic, title or author; its hits have the short_id to pass"
        case errors.AmbiguousPaper():
            return f"pass one of these ids, such as {error.candidates[0]}"
        case errors.ModelError():
            return "search with mode keyword needs no model; for other modes, ask the user to build the index again"
        case errors.ServerError() | errors.ClusterError():
            return _server_remedy(error)
        case errors.StoredIndexError():
            return "no argument helps: ask the user to check the index, or to build it again"
        case PapersearchError() if not isinstance(error, CommandError):
            return ""
    return "no argument helps: tell the user"  # the hint of a CommandError is a command


def _query_remedy(error: errors.QueryError) -> str:
    match error:
        case errors.EmptyQuery():
            return "pass words, a question or a title as query"
        case errors.QueryTooLong():
            return "pass a question or a title as query, or an abstract as text of similar"
        case errors.QueryTooComplex():
            return "ask for less at a time, or leave the parentheses out"
        case errors.OnlyExclusions():
            return "add words to rank by, as in: pipeline bubbles -survey"
        case errors.UnclosedQuote():
            return "close the quotation mark, or leave it out"
        case errors.UnindexedClause():
            return f"leave {error.clause} out, or pass a longer phrase"
        case errors.NothingToCompare():
            return "pass papers, text, or both"
        case errors.EmptyDateRange():
            return f"pass since {error.until} and until {error.since}, or leave one of them out"
        case errors.UnknownFilterValue() if not error.nearest:
            return _known_values(error)
    return ""


def _known_values(error: errors.UnknownFilterValue) -> str:
    """Say which values a filter, or a clause of the query, takes."""
    where = "the query" if error.in_query else error.field
    if not error.known:
        return f"leave it out of {where}: no paper of the collection has {error.field}"
    if len(error.known) <= _LISTED:
        return f"the {error.field} of the collection are {', '.join(error.known)}"
    return f"stats lists the most frequent {error.field}"


def _server_remedy(error: errors.ServerError | errors.ClusterError) -> str:
    match error:
        case errors.LimitExceeded():
            return f"ask for {error.limit:,} at most"
        case (
            errors.GenerationGone()
            | errors.ServerBusy()
            | errors.ServerSilent()
            | errors.ShardUnanswered()
            | errors.ShardRefused()
        ):
            return "make the same call again"
    return "no argument helps: ask the user to check the server of the index"
