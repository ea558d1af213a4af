"""What the user typed becomes a Query, or an error that shows where it went wrong.

Quotation marks must balance, because they mark exact phrases.
"""

from __future__ import annotations

from typing import NamedTuple

from papersearch.analysis import Analyzer
from papersearch.cleaning import clean_text
from papersearch.errors import QueryError
from papersearch.identity import title_key

MAX_QUERY_LENGTH = 20_000
"""Characters; a pasted abstract is a tenth of it. Anything longer is not a query."""


class Query(NamedTuple):
    """A query ready to be ranked.

    text: as typed, cleaned; what the encoder reads. terms: for the postings, sorted,
    repeats kept (BM25 counts them). title_key: to find a paper whose title this is.
    """

    text: str
    terms: tuple[str, ...]
    title_key: str


def parse_query(raw: str, analyzer: Analyzer) -> Query:
    """Read one query. Raises QueryError when it is empty, overlong or unbalanced."""
    text = clean_text(raw)
    if not text:
        raise QueryError("the query is empty", 'papersearch "pipeline bubbles"')
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError(
            f"the query has {len(text):,} characters; at most {MAX_QUERY_LENGTH:,} are read",
            "shorten it to a question, a title or one abstract",
        )
    key = title_key(text)
    quotes = [place for place, character in enumerate(text) if character == '"']
    if len(quotes) % 2:
        place = quotes[-1]
        start = max(0, place - 30)
        shown = text[start : place + 30]
        raise QueryError(
            f"a quotation mark is never closed:\n  {shown}\n  {' ' * (place - start)}^",
            "close it, or leave it out",
        )
    return Query(text, tuple(sorted(analyzer.terms(text))), key)
