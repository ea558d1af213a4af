"""The options of reranking, and the reranker that they name; only a command that reranks imports this."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from papersearch.cli.errors import complain
from papersearch.search.reranking import DEFAULT_TOP, Reranker

if TYPE_CHECKING:
    from papersearch.types import Results

_GOES_ON = "run the same command again: it goes on from there"


class RerankOptions(NamedTuple):
    """A model that reranks, the number of papers that it is for, and the time that it has."""

    model: str
    top: int = DEFAULT_TOP
    seconds: float | None = None

    @contextmanager
    def opened(self, *, for_many: bool = False) -> Iterator[Reranker]:
        """Yield the reranker; its progress is drawn on a terminal.

        for_many: it reranks many answers, which are printed meanwhile: a terminal that shows them has no
            bar. At the end a line says how many answers are reranked in part.
        """
        from papersearch.cli.locations import user_folder
        from papersearch.cli.output.progress import Bar, Silent

        shown = Silent() if for_many and sys.stdout.isatty() else Bar()
        reranker = Reranker(
            self.model,
            top=self.top,
            seconds=self.seconds,
            cache=user_folder("cache") / "rerankers",
            progress=shown,
            announce=lambda message: complain(message, ""),
        )
        try:
            yield reranker
        finally:
            shown.stop()
        if for_many and (n_cut := reranker.n_cut):
            answers = f"{n_cut:,} answer{' is' if n_cut == 1 else 's are'}"
            complain(f"{answers} reranked in part, for {self.seconds:g} s each", _GOES_ON)

    def say(self, results: Results) -> None:
        """Say where an answer is not reranked as it was asked for."""
        reranked = results.reranked
        if reranked is None:
            complain("nothing is reranked: the query has no words to rank by", "")
        elif reranked.n_papers < reranked.n_wanted:
            complain(
                f"{reranked.n_papers:,} of {reranked.n_wanted:,} papers are reranked after {self.seconds:g} s; "
                "the others follow in their own order",
                _GOES_ON,
            )


def read_rerank_options(values: Mapping[str, Any]) -> RerankOptions:
    """Read the options, of which at least one is given."""
    model, top, seconds = values["rerank"], values["rerank_top"], values["rerank_seconds"]
    for name, value in (("--rerank-top", top), ("--rerank-seconds", seconds)):
        if model is None and value is not None:
            raise typer.BadParameter("expected --rerank beside it", param_hint=name)
    if not model.strip():
        raise typer.BadParameter("expected a folder or a name of the hub, found ''", param_hint="--rerank")
    if seconds is not None and not 0 < seconds < math.inf:
        raise typer.BadParameter(f"expected seconds above 0, found {seconds:g}", param_hint="--rerank-seconds")
    return RerankOptions(model, top or DEFAULT_TOP, seconds)
