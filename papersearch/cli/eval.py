"""The verb `eval`: retrieval measures of each mode, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli.batch import n_processes_for, read_typed_topics
from papersearch.cli.errors import CommandError
from papersearch.cli.index_access import open_index
from papersearch.cli.notices import warn_if_partial
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    DebugOption,
    JsonOption,
    LateOption,
    ModeChoice,
    OperatorsOption,
    PlacesGroup,
    RecordFormat,
    RecordFormatOption,
    RerankGroup,
    TopicsArgument,
)
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from papersearch.types import Mode

BY_DEFAULT = "hybrid, defaults"
"""Name of hybrid mode without the tuned weights that are in force."""


class EvalOptions(NamedTuple):
    """Options of `eval`."""

    topics: TopicsArgument
    qrels: Annotated[
        Path, typer.Argument(help="Judgements, in TREC's or BEIR's form.", show_default=False, metavar="QRELS")
    ]
    mode: Annotated[
        Optional[list[ModeChoice]],
        typer.Option(
            "--mode",
            help="Ranking mode; may be given again. All by default; hybrid with --rerank.",
            show_default=False,
        ),
    ] = None
    per_query: Annotated[bool, typer.Option("--per-query", help="Print the measures of every topic, too.")] = False
    operators: OperatorsOption = False
    late: LateOption = True
    rerank: RerankGroup = GROUP
    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(EvalOptions)
def evaluate(options: EvalOptions) -> None:
    """Measure rankings against judgements, side by side.

    Where weights are tuned, hybrid mode is measured with them, and with the defaults.
    """
    from papersearch.cli.output.evaluation import evaluation_fields, print_evaluation
    from papersearch.evaluation.measures import evaluate as measure
    from papersearch.evaluation.qrels import read_qrels
    from papersearch.evaluation.runs import RUN_DEPTH, reranked, run_of, scored
    from papersearch.evaluation.sharing import Asking
    from papersearch.types import DEFAULT_WEIGHTS, MODES
    from papersearch.values import fields_of

    printer = open_printer(options.format_, options.color, json=options.json)
    topics, qrels, late, literal = options.topics, options.qrels, options.late, not options.operators
    read, judged = read_typed_topics(topics), read_qrels(qrels)
    judged_ids = {qrel.query_id for qrel in judged}
    asked = [topic for topic in read if topic.topic_id in judged_ids]
    if not asked:
        raise CommandError(f"no topic of {topics} has judgements in {qrels}", "check that their ids are the same")
    missing = len(judged_ids) - len(asked)
    if missing:
        said = "topic is not in {}, and counts" if missing == 1 else "topics are not in {}, and count"
        printer.hint(f"{missing:,} judged {said.format(topics)} as zero")
    opened = open_index(options.places)
    modes: list[Mode] = ["hybrid"] if options.rerank else list(MODES)
    if options.mode:
        modes = [choice.value for choice in dict.fromkeys(options.mode)]
    for mode in modes:
        warn_if_partial(opened, opened.encoded, mode)
    n_processes = n_processes_for(opened)
    askings = {str(mode): Asking(RUN_DEPTH, mode, late, literal) for mode in modes}
    if opened.weights is not None and "hybrid" in askings:
        askings[BY_DEFAULT] = askings["hybrid"]._replace(weights=fields_of(DEFAULT_WEIGHTS))
    if options.rerank is None:
        runs = {name: scored(run_of(opened, asked, asking, n_processes)) for name, asking in askings.items()}
    else:
        found = {name: list(run_of(opened, asked, asking, n_processes)) for name, asking in askings.items()}
        runs = {name: scored(run) for name, run in found.items()}
        with options.rerank.opened(for_many=True) as rerank:
            for mode in modes:  # under the weights in force
                runs[f"{mode} reranked"] = scored(reranked(opened, found[mode], askings[mode], rerank))
    result = measure(judged, runs)
    printer.document(
        lambda: evaluation_fields(result, per_query=options.per_query),
        lambda console: print_evaluation(console, result, per_query=options.per_query),
    )
