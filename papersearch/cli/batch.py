"""The verb `batch`: many queries, answered on every core."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.index_access import filters_for, open_index
from papersearch.cli.notices import warn_if_partial
from papersearch.cli.options import (
    GROUP,
    AmongGroup,
    DebugOption,
    LateOption,
    ModeChoice,
    ModeOption,
    OperatorsOption,
    PlacesGroup,
    RerankGroup,
    TopicsArgument,
)
from papersearch.cli.output.printer import Printer
from papersearch.cli.output.terminal import typed_path
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersearch.api import Index
    from papersearch.evaluation.sharing import Asking
    from papersearch.evaluation.topics import Topic
    from papersearch.search.reranking import Reranker

_DEPTHS = {"jsonl": 10, "trec": 100}


class RunFormat(str, Enum):
    """Formats of a run."""

    auto = "auto"
    jsonl = "jsonl"
    trec = "trec"


class BatchOptions(NamedTuple):
    """Options of `batch`."""

    topics: TopicsArgument
    top: Annotated[
        Optional[int],
        typer.Option("--top", "-k", min=1, help="Papers per topic; 10, or 100 in a TREC run.", metavar="K"),
    ] = None
    mode: ModeOption = ModeChoice.hybrid
    format_: Annotated[
        RunFormat, typer.Option("--format", help="One JSON object per hit (auto, jsonl), or a TREC run.")
    ] = RunFormat.auto
    tag: Annotated[str, typer.Option("--tag", help="The name of a TREC run.")] = "papersearch"
    operators: OperatorsOption = False
    late: LateOption = True
    rerank: RerankGroup = GROUP
    among: AmongGroup = GROUP
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(BatchOptions)
def batch(options: BatchOptions) -> int:
    """Answer many queries at once, on every core."""
    if not options.tag or len(options.tag.split()) != 1:
        raise typer.BadParameter(f"expected one word, found {options.tag!r}", param_hint="--tag")
    read = read_typed_topics(options.topics)
    chosen = "jsonl" if options.format_.value == "auto" else options.format_.value
    printer = Printer(chosen)
    opened = open_index(options.places)
    warn_if_partial(opened, opened.encoded, options.mode.value)
    options = options._replace(among=filters_for(opened, options.among))
    k = options.top or _DEPTHS[chosen]
    found = False
    with nullcontext() if options.rerank is None else options.rerank.opened(for_many=True) as rerank:
        for lines in (_trec if chosen == "trec" else _json_lines)(opened, read, k, options, rerank):
            found = found or bool(lines)
            printer.write(lines)
    return EXIT_HITS if found else EXIT_NO_HITS


def _trec(
    opened: Index, topics: Sequence[Topic], k: int, options: BatchOptions, rerank: Reranker | None
) -> Iterator[bytes]:
    """Yield the lines of a TREC run, one topic at a time."""
    from papersearch.evaluation.runs import reranked, run_of, trec_lines

    asking = _asking(k, options)
    run = run_of(opened, topics, asking, n_processes_for(opened))
    for topic, ranking in run if rerank is None else reranked(opened, run, asking, rerank):
        yield trec_lines(topic, ranking, options.tag).encode("utf-8", "replace")


def _json_lines(
    opened: Index, topics: Sequence[Topic], k: int, options: BatchOptions, rerank: Reranker | None
) -> Iterator[bytes]:
    """Yield a JSON object per hit and line, many topics at a time."""
    from papersearch.cli.output.topic_answers import answer_topics
    from papersearch.evaluation.sharing import Answering, answers
    from papersearch.evaluation.topics import in_parts

    answer: Answering = answer_topics if rerank is None else partial(answer_topics, rerank=rerank)
    n_processes = n_processes_for(opened) if rerank is None else 1
    yield from answers(opened, in_parts(topics, k), answer, _asking(k, options), n_processes)


def _asking(k: int, options: BatchOptions) -> Asking:
    from papersearch.evaluation.sharing import Asking

    among, literal = options.among, not options.operators
    return Asking(k, options.mode.value, options.late, literal, among.within, among.without)


def n_processes_for(index: Index) -> int:
    """Return how many processes share the topics: one for a server, or a model that has threads of its own."""
    from papersearch.processes import n_spare_processors
    from papersearch.remote.addresses import address_in

    if address_in(index.place) is not None:
        return 1
    encoder = index.manifest.encoder
    return 1 + n_spare_processors() if encoder is None or encoder.query_backend == "numpy" else 1


def read_typed_topics(name: str) -> list[Topic]:
    """Read the topics of a file, or those on standard input, called `-`."""
    from papersearch.evaluation.topics import parse_topics, read_topics

    if name != "-":
        return read_topics(typed_path(Path(name)))
    from papersearch.cli.listed_names import claim_standard_input

    claim_standard_input("-")
    return parse_topics(sys.stdin.buffer, "standard input")
