"""The verbs for many queries: answer them, and measure the answers."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from papersearch.cli.errors import EXIT_HITS, EXIT_NO_HITS, CommandError, complain
from papersearch.cli.options import (
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    IndexOption,
    JsonOption,
    LateOption,
    ModeChoice,
    OperatorsOption,
    RecordFormat,
    RecordFormatOption,
    TopicsArgument,
    chosen_color,
    chosen_format,
    open_index,
    write_bytes,
)
from papersearch.cli.output.terminal import open_console, speak_utf8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.api import Index
    from papersearch.evaluation.topics import Topic
    from papersearch.types import Mode

_DEPTHS = {"jsonl": 10, "trec": 100}


class RunFormat(str, Enum):
    """Formats of a run."""

    auto = "auto"
    jsonl = "jsonl"
    trec = "trec"


def batch(
    topics: TopicsArgument,
    top: Annotated[
        Optional[int],
        typer.Option("--top", "-k", min=1, help="Papers per topic; 10, in a TREC run 100.", metavar="K"),
    ] = None,
    mode: Annotated[ModeChoice, typer.Option("--mode", help="Which ranking.")] = ModeChoice.hybrid,
    format_: Annotated[
        RunFormat, typer.Option("--format", help="One JSON object per hit (auto, jsonl), or a TREC run.")
    ] = RunFormat.auto,
    tag: Annotated[str, typer.Option("--tag", help="The name of a TREC run.")] = "papersearch",
    operators: OperatorsOption = False,
    late: LateOption = True,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Answer many queries at once, on every core."""
    if not tag or len(tag.split()) != 1:
        raise typer.BadParameter(f"expected one word, found {tag!r}", param_hint="--tag")
    read = _topics(topics)
    speak_utf8()
    opened = open_index(corpus, index)
    chosen = "jsonl" if format_.value == "auto" else format_.value
    k = top or _DEPTHS[chosen]
    n_processes = _processes(opened)
    found = False
    if chosen == "trec":
        from papersearch.evaluation.runs import make_run, trec_lines

        run = make_run(opened, read, mode.value, k, late=late, literal=not operators, n_processes=n_processes)
        for topic, ranking in run:
            found = found or bool(ranking)
            write_bytes(trec_lines(topic, ranking, tag).encode("utf-8", "replace"))
    else:
        from papersearch.cli.output.json_documents import topic_lines
        from papersearch.evaluation.topics import as_texts, in_parts
        from papersearch.processes import in_order

        def answer(part: Sequence[Topic]) -> bytes:
            results = opened.search_many(as_texts(part), k, mode.value, late=late, literal=not operators)
            return b"".join(topic_lines(topic.topic_id, one) for topic, one in zip(part, results, strict=True))

        for lines in in_order(answer, in_parts(read, k), n_processes):
            found = found or bool(lines)
            write_bytes(lines)
    return EXIT_HITS if found else EXIT_NO_HITS


def evaluate(
    topics: TopicsArgument,
    qrels: Annotated[
        Path, typer.Argument(help="Judgements, in TREC's or BEIR's form.", show_default=False, metavar="QRELS")
    ],
    mode: Annotated[
        Optional[list[ModeChoice]],
        typer.Option(
            "--mode", help="Which rankings; may be given several times. All, if not given.", show_default=False
        ),
    ] = None,
    per_query: Annotated[bool, typer.Option("--per-query", help="The measures of every topic, too.")] = False,
    operators: OperatorsOption = False,
    late: LateOption = True,
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Measure rankings against judgements, side by side."""
    from papersearch.cli.output import evaluation
    from papersearch.evaluation.measures import evaluate as measure
    from papersearch.evaluation.qrels import read_qrels
    from papersearch.evaluation.runs import make_run, scored
    from papersearch.types import MODES

    chosen = chosen_format(format_.value, json, False)
    read, judged = _topics(topics), read_qrels(qrels)
    judged_ids = {qrel.query_id for qrel in judged}
    asked = [topic for topic in read if topic.topic_id in judged_ids]
    if not asked:
        raise CommandError(f"no topic of {topics} has judgements in {qrels}", "check that their ids are the same")
    missing = len(judged_ids) - len(asked)
    if missing:
        complain(f"{missing} judged topics are not in {topics}, and count as zero", "")
    speak_utf8()
    opened = open_index(corpus, index)
    modes: list[Mode] = [choice.value for choice in dict.fromkeys(mode)] if mode else list(MODES)
    n_processes = _processes(opened)
    runs = {
        name: scored(make_run(opened, asked, name, late=late, literal=not operators, n_processes=n_processes))
        for name in modes
    }
    result = measure(judged, runs)
    if chosen in ("json", "jsonl"):
        write_bytes(evaluation.document(result, per_query=per_query, indent=chosen == "json"))
    else:
        evaluation.print_evaluation(open_console(chosen_color(color)), result, per_query=per_query)


def _processes(index: Index) -> int:
    """How many to share the topics between: one where the model's library has threads of its own."""
    from papersearch.processes import n_copies

    return n_copies() if index.manifest.encoder.query_backend == "numpy" else 1


def _topics(name: str) -> list[Topic]:
    from papersearch.evaluation.topics import parse_topics, read_topics

    return parse_topics(sys.stdin.buffer, "standard input") if name == "-" else read_topics(Path(name))
