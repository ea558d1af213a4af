"""The index of several collections together: one build of all their dumps, with their encodings.

Each collection is brought up to date first, so that every text is encoded once, for its own index. The
index of all is then an ordinary one: it ranks as the index of one corpus with these folders would.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from papersearch.cli.errors import CommandError, complain, typed
from papersearch.cli.index_access import run_build
from papersearch.cli.locations import Locations, Places, find_locations
from papersearch.cli.output.build import build_fields, print_build, print_together
from papersearch.dense.encoders import identity_of
from papersearch.errors import PapersearchError, StoredIndexError
from papersearch.index.generations import read_manifest
from papersearch.ingest.corpus_files import folders_of
from papersearch.text.analysis import languages_of_analysis
from papersearch.text.words import ENGLISH

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.cli.index import BuildOptions
    from papersearch.cli.output.printer import Printer
    from papersearch.cli.output.progress import ProgressForm
    from papersearch.index.manifest import Manifest
    from papersearch.index.report import BuildReport


class JointReport(NamedTuple):
    """The reports of the builds: of each collection by name, and of all together."""

    members: Mapping[str, BuildReport]
    joint: BuildReport


def build_joint(locations: Locations, form: ProgressForm = "people", **options: Any) -> JointReport:
    """Bring several collections and their index together up to date; `options` are those of `api.build`.

    Raises CommandError for collections that were built in different ways.
    """
    members = {}
    for one in locations.collections:
        alone = Locations(folders_of(locations.corpus)[one.name], one.index_path, collections=(one,))
        members[one.name] = run_build(alone, None, form, **options)
    return JointReport(members, _build_of_all(locations, form, options))


def _build_of_all(locations: Locations, form: ProgressForm, options: Mapping[str, Any]) -> BuildReport:
    """Build the index of several collections together, with the encodings of their own indexes."""
    manifests = {}
    for one in locations.collections:
        with suppress(StoredIndexError):  # a dry run builds none
            manifests[one.name] = read_manifest(one.index_path)
    choices = {**options, "full": False, **_common_choices(manifests)}
    known_from = [one.index_path for one in locations.collections]
    return run_build(locations, None, form, known_from=known_from, **choices)


def index_together(options: BuildOptions, locations: Locations, printer: Printer) -> None:
    """Build several collections and their index together, and print a report."""
    if options.dumps or options.name:
        raise typer.BadParameter("dumps are indexed for one collection at a time")
    report = build_joint(locations, options.progress_form(printer), **options.of_one_build)

    def fields() -> dict[str, Any]:
        own = [{"name": name, **build_fields(one)} for name, one in report.members.items()]
        return {**build_fields(report.joint), "members": own}

    def show(console: Console) -> None:
        for one in locations.collections:
            print_build(console, report.members[one.name], one.index_path)
        if not options.dry_run:
            print_together(console, report.joint, locations.index_path)

    printer.document(fields, show)


def bring_up_to_date(name: str, options: BuildOptions) -> None:
    """Bring the indexes of several collections up to date that a published collection belongs to.

    One that cannot be built is left as it is, with a message: searching it says that it is stale.
    """
    from papersearch.cli.registry import find_registry, joint_indexes_with, read_collections

    known = read_collections(find_registry())
    for names in joint_indexes_with(name).values():
        if not {*names} <= known.keys():  # a query cannot name them any more
            continue
        try:
            locations = find_locations(Places(collections=names))
            report = _build_of_all(locations, "none", {"device": options.device_or_none})
        except PapersearchError as error:
            complain(f"the index of {', '.join(names)} together is not up to date: {error.message}", "")
        else:
            complain(f"{report.n_papers:,} papers of {', '.join(names)} are searched together", "")


def _common_choices(manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    """Return the choices that all collections were built with, as arguments of a build. Raises CommandError."""
    if not manifests:
        return {}
    (name, first), *others = manifests.items()
    for other, manifest in others:
        if manifest.abstracts_only != first.abstracts_only:
            whole, bare = (name, other) if first.abstracts_only else (other, name)
            raise CommandError(
                f"cannot search {whole} and {bare} together: papers without abstract are left out of {whole} alone",
                typed("papersearch index --abstracts-only -c", bare),
            )
        if manifest.lexical.analyzer != first.lexical.analyzer:
            raise CommandError(
                f"cannot search {name} and {other} together: they are analysed as texts of different languages",
                typed("papersearch index -c", other, "--language", _languages(first)),
            )
    chosen: dict[str, Any] = {"abstracts_only": first.abstracts_only, "language": _languages(first)}
    encoders = {name: one.encoder for name, one in manifests.items() if one.encoder is not None}
    if not encoders:
        return chosen | {"words_only": True, "model": None, "late": None}
    (name, encoder), *others_encoded = encoders.items()
    for other, one in others_encoded:
        if identity_of(one) != identity_of(encoder):
            raise CommandError(
                f"cannot search {name} and {other} together: their models are {encoder.name} and {one.name}, "
                "or have other prefixes",
                typed("papersearch index -c", other, "--model", encoder.name),
            )
    if any(one.encoder is not None and one.late is None for one in manifests.values()):
        chosen["late"] = False
    if encoder.source != "package":
        chosen |= {
            "model": encoder.folder,
            "query_prefix": encoder.query_prefix,
            "paper_prefix": encoder.paper_prefix,
        }
    return chosen


def _languages(manifest: Manifest) -> str:
    """Return the languages of an index as an argument of a build."""
    return ",".join(languages_of_analysis(manifest.lexical.analyzer) or [ENGLISH])
