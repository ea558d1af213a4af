"""The options of reranking, and the reranker that they name.

Nothing here imports a model: help and completion load the options of every verb.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Optional, TypeAlias

import typer

from papersearch.cli.errors import complain
from papersearch.cli.signatures import Group, parameter

if TYPE_CHECKING:
    from papersearch.search.reranking import Reranker
    from papersearch.types import Results


_GOES_ON = "run the same command again: it goes on from there"


class RerankOptions(NamedTuple):
    """A model that reranks, the number of papers that it is for, and the time that it has."""

    model: str
    top: int | None
    seconds: float | None


def _chosen(values: Mapping[str, Any]) -> RerankOptions | None:
    """Read the options; None without a model."""
    model, top, seconds = values["rerank"], values["rerank_top"], values["rerank_seconds"]
    for name, value in (("--rerank-top", top), ("--rerank-seconds", seconds)):
        if model is None and value is not None:
            raise typer.BadParameter("expected --rerank beside it", param_hint=name)
    if model is None:
        return None
    if not model.strip():
        raise typer.BadParameter("expected a folder or a name of the hub, found ''", param_hint="--rerank")
    if seconds is not None and not 0 < seconds < math.inf:
        raise typer.BadParameter(f"expected seconds above 0, found {seconds:g}", param_hint="--rerank-seconds")
    return RerankOptions(model, top, seconds)


if TYPE_CHECKING:
    RerankGroup: TypeAlias = RerankOptions | None
else:
    RerankGroup = Annotated[
        Any,
        Group(
            (
                parameter(
                    "rerank",
                    Annotated[
                        Optional[str],
                        typer.Option(
                            "--rerank",
                            help="Reorder the first papers by a cross-encoder, a folder or a name of the hub.",
                            metavar="MODEL",
                            show_default=False,
                        ),
                    ],
                    None,
                ),
                parameter(
                    "rerank_top",
                    Annotated[
                        Optional[int],
                        typer.Option(
                            "--rerank-top",
                            min=1,
                            max=100,
                            help="Number of papers that --rerank reorders; 50 unless given.",
                            metavar="N",
                            show_default=False,
                        ),
                    ],
                    None,
                ),
                parameter(
                    "rerank_seconds",
                    Annotated[
                        Optional[float],
                        typer.Option(
                            "--rerank-seconds",
                            help="Time for --rerank once its model is open; later papers keep their order.",
                            metavar="S",
                            show_default=False,
                        ),
                    ],
                    None,
                ),
            ),
            _chosen,
        ),
    ]


@contextmanager
def open_reranker(options: RerankOptions | None, *, for_many: bool = False) -> Iterator[Reranker | None]:
    """Yield the reranker of these options, or None without; its progress is drawn on a terminal.

    for_many: it reranks many answers, which are printed meanwhile: a terminal that shows them has no bar.
        At the end a line says how many answers are reranked in part.
    """
    if options is None:
        yield None
        return
    from papersearch.cli.locations import user_folder
    from papersearch.cli.output.progress import Bar, Silent
    from papersearch.search.reranking import DEFAULT_TOP, Reranker

    shown = Silent() if for_many and sys.stdout.isatty() else Bar()
    reranker = Reranker(
        options.model,
        top=options.top or DEFAULT_TOP,
        seconds=options.seconds,
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
        complain(f"{answers} reranked in part, for {options.seconds:g} s each", _GOES_ON)


def say_reranked(results: Results, options: RerankOptions | None) -> None:
    """Say where an answer is not reranked as it was asked for."""
    if options is None:
        return
    reranked = results.reranked
    if reranked is None:
        complain("nothing is reranked: the query has no words to rank by", "")
    elif reranked.n_papers < reranked.n_wanted and options.seconds is not None:
        complain(
            f"{reranked.n_papers} of {reranked.n_wanted} papers are reranked after {options.seconds:g} s; "
            "the others follow in their own order",
            _GOES_ON,
        )
