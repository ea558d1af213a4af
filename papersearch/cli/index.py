"""The verb `index`: build the index, bring it up to date, or go back to the build before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Optional, TypedDict

import typer

from papersearch.cli.errors import CommandError, complain, typed
from papersearch.cli.index_access import run_build
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    DebugOption,
    JsonOption,
    PlacesGroup,
    RecordFormat,
    RecordFormatOption,
)
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes
from papersearch.cli.standard_input import checked_name, with_standard_input
from papersearch.remote.addresses import refuse_address

if TYPE_CHECKING:
    from papersearch.cli.locations import Locations
    from papersearch.cli.output.printer import Printer
    from papersearch.cli.output.progress import ProgressForm


class BuildChoices(TypedDict):
    """The arguments that a build in one go, one in parts and one on a cluster share."""

    model: str | None
    query_prefix: str | None
    paper_prefix: str | None
    device: str | None
    late: bool | None
    full: bool


class BuildOptions(NamedTuple):
    """Options of `index`."""

    dumps: Annotated[
        Optional[list[Path]],
        typer.Argument(
            help="Index these files or folders in place of the corpus; - reads standard input.", show_default=False
        ),
    ] = None
    name: Annotated[
        Optional[str],
        typer.Option("--as", help="Name of standard input among the dumps.", metavar="NAME", show_default=False),
    ] = None
    model: Annotated[
        Optional[str],
        typer.Option("--model", help="Another sentence-transformers model, by folder or name.", show_default=False),
    ] = None
    query_prefix: Annotated[
        Optional[str],
        typer.Option(
            "--query-prefix",
            help="Text before each query, in place of what the model's files or card name.",
            metavar="TEXT",
            show_default=False,
        ),
    ] = None
    paper_prefix: Annotated[
        Optional[str],
        typer.Option(
            "--paper-prefix", help="Text before each paper, likewise.", metavar="TEXT", show_default=False
        ),
    ] = None
    device: Annotated[
        str,
        typer.Option(
            "--device",
            help="Device on which sentence-transformers encodes papers: cpu, cuda, ...; "
            "auto takes a GPU, or numpy where there is none.",
        ),
    ] = "auto"
    late: Annotated[
        Optional[bool],
        typer.Option(
            "--late/--no-late",
            help="Store word pieces for late interaction, 10 kB a paper; by default up to 50,000 papers.",
            show_default=False,
        ),
    ] = None
    abstracts_only: Annotated[
        Optional[bool],
        typer.Option(
            "--abstracts-only/--no-abstracts-only",
            help="Leave out papers without abstract, or take them in again; later builds keep the choice.",
            show_default=False,
        ),
    ] = None
    language: Annotated[
        Optional[str],
        typer.Option(
            "--language",
            help="Language of the papers, as de; or several, as en,de, each paper in one of them. "
            "Later builds keep the choice, which is English at first.",
            metavar="CODE",
            show_default=False,
        ),
    ] = None
    full: Annotated[bool, typer.Option("--full", help="Build from scratch, as if there were no index.")] = False
    words_only: Annotated[
        bool,
        typer.Option(
            "--words-only/--encode",
            help="Stop before encoding, without a model; a later build encodes.",
            show_default=False,
        ),
    ] = False
    part: Annotated[
        Optional[str],
        typer.Option(
            "--part",
            help="Build one part of the corpus, as 3/20, on any machine; then --join.",
            metavar="I/N",
            show_default=False,
        ),
    ] = None
    join: Annotated[bool, typer.Option("--join", help="Join the parts into one index, and publish it.")] = False
    ray: Annotated[
        Optional[str],
        typer.Option(
            "--ray",
            help="Build all parts and join them, on the Ray cluster with its head at HOST:PORT.",
            metavar="HOST:PORT",
            show_default=False,
        ),
    ] = None
    n_parts: Annotated[
        Optional[int],
        typer.Option(
            "--parts",
            min=1,
            max=99_999,
            help="With --ray: number of parts; by default as many as before, or one a node.",
            metavar="N",
            show_default=False,
        ),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the build before the last.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False
    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False

    @property
    def choices(self) -> BuildChoices:
        """What every kind of build is told."""
        return BuildChoices(
            model=self.model,
            query_prefix=self.query_prefix,
            paper_prefix=self.paper_prefix,
            device=self.device_or_none,
            late=self.late,
            full=self.full,
        )

    @property
    def of_one_build(self) -> dict[str, Any]:
        """What `api.build` is told."""
        of_it = {
            "abstracts_only": self.abstracts_only,
            "words_only": self.words_only,
            "dry_run": self.dry_run,
            "language": self.checked_language,
        }
        return {**self.choices, **of_it}

    @property
    def device_or_none(self) -> str | None:
        """The device that was named."""
        return None if self.device == "auto" else self.device

    @property
    def checked_language(self) -> str | None:
        """The languages that were named. Raises BadParameter for an unknown one."""
        from papersearch.text.languages import languages_in

        try:
            return None if self.language is None else ",".join(languages_in(self.language))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--language") from error

    def progress_form(self, printer: Printer) -> ProgressForm:
        """Return the form in which progress is told."""
        return "none" if self.quiet else "programs" if printer.is_json else "people"


@takes(BuildOptions)
def build_index(options: BuildOptions) -> None:
    """Build the index from the corpus, or bring it up to date.

    An index of files that are named, standard input among them, is not compared with the corpus.
    The next build without names reads the corpus again, and only that.

    Where much is to encode, the papers can be searched by words within seconds, and more and
    more of them by meaning. Ctrl-C loses nothing; the next build goes on.

    A corpus that is too large for one machine is built in parts: one call with --part I/N for each,
    started by anything, and then one with --join.
    """
    from papersearch.cli.locations import find_locations

    printer = open_printer(options.format_, options.color, json=options.json)
    locations = find_locations(options.places)
    refuse_address(locations.index_path, "roll back" if options.rollback else "build an index")
    if options.ray is not None:
        from papersearch.cli.index_on_ray import build_on_ray

        build_on_ray(options, locations, printer)
        return
    if options.n_parts is not None:
        raise typer.BadParameter("--parts needs --ray: without it, each part is built by a call with --part")
    if options.part is not None or options.join:
        from papersearch.cli.index_parts import build_in_parts

        build_in_parts(options, locations, printer)
        return
    _check(options, n_collections=len(locations.collections))
    if not options.rollback and not options.dumps:
        _check_corpus(locations)
    if options.rollback:
        _roll_back(locations, printer)
    elif len(locations.collections) > 1:
        from papersearch.cli.joint_index import index_together

        index_together(options, locations, printer)
    else:
        _build(options, locations, printer)


def _check(options: BuildOptions, *, n_collections: int) -> None:
    """Raise BadParameter for options that exclude each other."""
    if options.rollback and n_collections > 1:
        raise typer.BadParameter("--rollback takes one collection")
    if options.rollback and (options.dumps or options.name or options.of_one_build != BuildOptions().of_one_build):
        raise typer.BadParameter(
            "--rollback cannot be used with dumps or the options of a build: the build before has its own"
        )
    of_the_model = (options.model, options.query_prefix, options.paper_prefix, options.device_or_none, options.late)
    if options.words_only and any(one is not None for one in of_the_model):
        raise typer.BadParameter(
            "--words-only cannot be used with --model, a prefix, --device or --late: it loads no model"
        )


def _check_corpus(locations: Locations) -> None:
    """Raise CommandError for a collection whose name means an index alone."""
    for one in locations.collections:
        if one.corpus is None:
            said = f"cannot build {one.name}: its name means the index in {one.index_path}, without a corpus"
            raise CommandError(said, typed("papersearch index --corpus FOLDER --index", one.index_path))


def _build(options: BuildOptions, locations: Locations, printer: Printer) -> None:
    """Build the index of one corpus, then those of several collections that it belongs to."""
    from papersearch.cli.output.build import build_fields, print_build

    places = options.dumps or []
    with with_standard_input(places, checked_name(options.name, places)) as dumps:
        report = run_build(locations, dumps or None, options.progress_form(printer), **options.of_one_build)
    printer.document(
        lambda: build_fields(report), lambda console: print_build(console, report, locations.index_path)
    )
    if locations.collections and report.outcome == "published":
        from papersearch.cli.joint_index import bring_up_to_date

        bring_up_to_date(locations.collections[0].name, options)


def _roll_back(locations: Locations, printer: Printer) -> None:
    """Make the build before the last one current; only programs read a result."""
    from papersearch import api
    from papersearch.cli.output.build import rollback_fields

    manifest = api.rollback(locations.index_path, announce=lambda message: complain(message, ""))
    printer.hint(f"{locations.index_path} is back at generation {manifest.generation}")
    if printer.is_json:
        opened = api.open(locations.index_path)
        printer.document(lambda: rollback_fields(opened), lambda console: None)
