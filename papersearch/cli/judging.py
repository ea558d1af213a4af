"""The judgements of `search --judge`: which of the hits answer the query, as the reader says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.errors import CommandError, complain, typed
from papersearch.cli.listed_names import claim_standard_input
from papersearch.evaluation.judging import add_judgements, check_judgements

if TYPE_CHECKING:
    from papersearch.types import Results

_RANGE = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")
_EXAMPLE = "numbers such as 1 3-5, all, or none"


def check(path: Path) -> None:
    """Raise an error before the search if judgements could not be added, or answers not be read."""
    claim_standard_input("--judge")
    check_judgements(path)


def ask(path: Path, results: Results) -> None:
    """Ask which hits answer the query, and add that to the judgements; an empty line adds nothing.

    A terminal is asked again after a mistake.
    """
    if not results.hits or not results.is_ranked:
        complain("there is nothing to judge: no paper was ranked", "")
        return
    n_hits = len(results.hits)
    while True:
        line = _answer(n_hits)
        if not line:
            complain("nothing is judged", "")
            return
        try:
            relevant = chosen(line, n_hits)
        except ValueError as error:
            if not sys.stdin.isatty():
                raise CommandError(f"cannot read {line[:60]!r}: {error}", f"give {_EXAMPLE}") from error
            complain(str(error), "")
            continue
        break
    relevance = {hit.paper.paper_id: int(hit.rank in relevant) for hit in results}
    judged = add_judgements(path, results.query, relevance)
    complain(
        f"{len(relevant)} of {n_hits} papers answer: judged in {path}, as topic {judged.topic_id}",
        f"after some queries: {typed('papersearch tune', judged.topics_path, path)}",
    )


def chosen(line: str, n_hits: int) -> set[int]:
    """Return the ranks that a line names: "1 3-5", "all" or "none". Raises ValueError."""
    words = line.replace(",", " ").split()
    if len(words) == 1 and words[0].lower() in ("all", "none"):
        return set(range(1, n_hits + 1)) if words[0].lower() == "all" else set()
    ranks: set[int] = set()
    for word in words:
        if (found := _RANGE.fullmatch(word)) is None:
            raise ValueError(f"expected {_EXAMPLE}, found {word[:40]!r}")
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= n_hits:
            raise ValueError(f"expected numbers from 1 to {n_hits}, found {word}")
        ranks.update(range(first, last + 1))
    return ranks


def _answer(n_hits: int) -> str:
    """Ask on standard error, if a terminal answers, and read a line; empty at the end of the input."""
    if sys.stdin.isatty():
        print(f"Which of the {n_hits} answer? {_EXAMPLE}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
