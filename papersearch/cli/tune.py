"""The verb `tune`: weights of hybrid ranking from the user's own judgements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli.errors import CommandError, typed
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    DebugOption,
    JsonOption,
    OperatorsOption,
    PlacesGroup,
    RecordFormat,
    RecordFormatOption,
)
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from papersearch.cli.output.printer import Printer
    from papersearch.evaluation.tuning import Tuning


class TuneOptions(NamedTuple):
    """Options of `tune`."""

    topics: Annotated[
        Optional[str],
        typer.Argument(
            help="One query per line, id<TAB>text, JSON lines or CSV with a header; - is standard input.",
            metavar="TOPICS",
            show_default=False,
        ),
    ] = None
    qrels: Annotated[
        Optional[Path],
        typer.Argument(help="Judgements, in TREC's or BEIR's form.", show_default=False, metavar="QRELS"),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what tuning gains, and write nothing.")] = False
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the default weights.")] = False
    operators: OperatorsOption = False
    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(TuneOptions)
def tune(options: TuneOptions) -> int:
    """Tune the weights of hybrid mode to your judgements.

    What tuning gains is measured on topics that were held out. Weights that gain more than noise
    are written to weights.toml in the index; without that file the defaults count.
    """
    if options.reset:
        return _reset(options)
    if options.topics is None or options.qrels is None:
        missing = "TOPICS" if options.topics is None else "QRELS"
        raise CommandError(f"expected {missing}", "papersearch tune topics.tsv judgements.qrels")
    from papersearch.cli.batch import n_processes_for, read_typed_topics
    from papersearch.cli.index_access import open_index
    from papersearch.cli.output.progress import map_progress
    from papersearch.cli.output.tuning import print_tuning, tuning_fields
    from papersearch.evaluation.qrels import read_qrels
    from papersearch.evaluation.tuning import judged_topics, tuned, written
    from papersearch.remote.addresses import refuse_address

    printer = open_printer(options.format_, options.color, json=options.json)
    judged = judged_topics(read_typed_topics(options.topics), read_qrels(options.qrels))
    opened = open_index(options.places)
    refuse_address(opened.place, "tune weights")
    with map_progress() as progress:
        tuning = tuned(
            opened,
            judged,
            literal=not options.operators,
            n_processes=n_processes_for(opened),
            progress=lambda done, total: progress("ranking topics", done, total),
        )
    if not options.dry_run:
        tuning = written(tuning, opened.path)
    printer.document(lambda: tuning_fields(tuning), lambda console: print_tuning(console, tuning))
    _say_outcome(printer, tuning, options)
    return EXIT_HITS if tuning.gains else EXIT_NO_HITS


def _say_outcome(printer: Printer, tuning: Tuning, options: TuneOptions) -> None:
    from papersearch.evaluation.tuning import SURE
    from papersearch.types import DEFAULT_WEIGHTS

    if tuning.path is not None:
        back = typed("papersearch tune --reset", *options.places.as_typed())
        printer.hint(f"hybrid mode ranks by {tuning.path} from now on", f"to go back: {back}")
    elif tuning.gains:
        printer.hint("nothing is written, because of --dry-run")
    elif tuning.weights == DEFAULT_WEIGHTS:
        printer.hint("nothing is written: no weights are surely better than the defaults")
    else:
        gained = f"{tuning.after - tuning.before:+.4f}, p = {tuning.p:.3f}"
        why = "they rank no better" if tuning.after <= tuning.before else "the gain may be noise"
        printer.hint(
            f"nothing is written: on topics held out {why} ({gained}; p must be at most {SURE:g})",
            "judge more topics",
        )


def _reset(options: TuneOptions) -> int:
    """Remove the file of weights, also one that cannot be read."""
    from papersearch.cli.locations import find_locations
    from papersearch.errors import IndexMissing
    from papersearch.index.weights import remove_weights
    from papersearch.remote.addresses import refuse_address

    if options.topics is not None or options.dry_run:
        given = "TOPICS" if options.topics is not None else "--dry-run"
        raise CommandError(f"cannot take {given} beside --reset", "papersearch tune --reset")
    printer = open_printer(options.format_, options.color, json=options.json)
    path = find_locations(options.places).index_path
    refuse_address(path, "reset weights")
    if not path.is_dir():
        raise IndexMissing(path=path)
    is_removed = remove_weights(path)
    printer.hint("the default weights count again" if is_removed else "no weights are tuned: the defaults count")
    return EXIT_HITS if is_removed else EXIT_NO_HITS
