"""The verb `index` with --part or --join: an index that is built in parts, and joined."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from papersearch.cli.errors import BuildInterrupted, CommandError
from papersearch.cli.rebuilding import same_command
from papersearch.cli.standard_input import STANDARD_INPUT

if TYPE_CHECKING:
    from papersearch.cli.index import BuildOptions
    from papersearch.cli.locations import Locations
    from papersearch.cli.output.printer import Printer
    from papersearch.cli.output.progress import ProgressForm

_PART = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")


def build_in_parts(options: BuildOptions, locations: Locations, printer: Printer) -> None:
    """Build the part that was asked for, or join all parts."""
    form = options.progress_form(printer)
    if options.join:
        _check_join(options)
        _join(options, locations, printer, form)
        return
    number, n_parts = _part(options.part or "")
    check_alone(options, "--part")
    if STANDARD_INPUT in (options.dumps or ()):
        raise typer.BadParameter("--part cannot read standard input: every part lists the same files")
    _build(options, locations, printer, form, number, n_parts)


def _part(written: str) -> tuple[int, int]:
    """Read a part as 3/20. Raises BadParameter."""
    found = _PART.fullmatch(written)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise typer.BadParameter(f"--part {written} is not a part: expected I/N from 1/N to N/N, such as 3/20")
    return int(found[1]), int(found[2])


def _check_join(options: BuildOptions) -> None:
    """Raise BadParameter for an option that a join cannot have."""
    of_parts = (options.model, options.query_prefix, options.paper_prefix, options.late, options.abstracts_only)
    if any(one is not None for one in (*of_parts, options.language)):
        raise typer.BadParameter("--join takes the model and the choices of its parts: give them with --part")
    check_alone(options, "--join", part=options.part)


def check_alone(options: BuildOptions, mode: str, **others: object) -> None:
    """Raise BadParameter if an option was given that a build with the option `mode` cannot have.

    others: values of further such options, by their names without dashes
    """
    excluded = {
        **{f"--{name}": value for name, value in others.items()},
        "--words-only": options.words_only,
        "--dry-run": options.dry_run,
        "--rollback": options.rollback,
        "--as": options.name,
    }
    if any(excluded.values()):
        *names, last = excluded
        raise typer.BadParameter(f"{mode} cannot be used with {', '.join(names)} or {last}")


def corpus_of(options: BuildOptions, locations: Locations, mode: str) -> list[Path] | Path:
    """Return the dumps that were named, or the corpus. Raises CommandError without either."""
    corpus = locations.one_corpus()
    if not options.dumps and not corpus.is_dir():
        raise CommandError(f"cannot find a corpus in {corpus}", f"name it: papersearch index FOLDER {mode}")
    return options.dumps or corpus


def _build(
    options: BuildOptions, locations: Locations, printer: Printer, form: ProgressForm, number: int, n_parts: int
) -> None:
    from papersearch import api
    from papersearch.cli.output.parts import part_fields, print_part
    from papersearch.cli.output.progress import build_progress

    corpus = corpus_of(options, locations, f"--part {number}/{n_parts}")
    try:
        with build_progress(form) as progress:
            report = api.build_part(
                corpus,
                locations.index_path,
                number,
                n_parts,
                **options.choices,
                abstracts_only=bool(options.abstracts_only),
                language=options.checked_language or "en",
                progress=progress,
                reading=progress.reading,
                announce=progress.announce,
            )
    except KeyboardInterrupt as interrupt:
        raise BuildInterrupted("no encoding of the part is lost", same_command()) from interrupt
    printer.document(lambda: part_fields(report), lambda console: print_part(console, report, locations.index_path))


def _join(options: BuildOptions, locations: Locations, printer: Printer, form: ProgressForm) -> None:
    from papersearch import api
    from papersearch.cli.output.parts import join_fields, print_join
    from papersearch.cli.output.progress import build_progress

    named = locations.one_corpus() if locations.collections else options.places.corpus_path
    corpus: list[Path] | Path | None = options.dumps or named
    try:
        with build_progress(form) as progress:
            report = api.join_parts(
                locations.index_path,
                corpus=corpus,
                device=options.device_or_none,
                full=options.full,
                progress=progress,
                announce=progress.announce,
            )
    except KeyboardInterrupt as interrupt:
        safe = f"nothing was published: {locations.index_path} is as it was before, and its parts are whole"
        raise BuildInterrupted(safe, same_command()) from interrupt
    printer.document(lambda: join_fields(report), lambda console: print_join(console, report, locations.index_path))
