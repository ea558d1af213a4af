"""The command that brings an index up to date, with the choices that it was built with.

A build without options takes the usual places and the default model. A hint to build must name what
differs, or the build would encode every paper anew, or find another corpus.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.errors import CommandError, typed
from papersearch.errors import PapersearchError
from papersearch.remote.addresses import address_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.dense.encoders import EncoderRecord
    from papersearch.index.manifest import Manifest

BUILD = "papersearch index"


def build_command(
    index_path: Path | None, *options: str, manifest: Manifest | None = None, names_index: bool = False
) -> str:
    """Compose the command that brings the index in `index_path` up to date.

    None means an unknown index. Without `manifest`, it is read from the index. An index on a server is
    built there, by no command of this machine.
    With `names_index` the index is named even if it would be found: for commands with --full.
    """
    if index_path is None:
        return typed(BUILD, *options)
    if address_in(index_path) is not None:
        return ""
    from papersearch.index.generations import read_manifest
    from papersearch.text.analysis import languages_of_analysis

    if manifest is None:
        with suppress(PapersearchError):
            manifest = read_manifest(index_path, is_reused=True)
    chosen = [*options, *_places(index_path, manifest, names_index=names_index)]
    if manifest is not None:
        chosen += _language_option(languages_of_analysis(manifest.lexical.analyzer))
    if manifest is not None and manifest.encoder is not None:
        chosen += [*_model_options(manifest.encoder), *_late_option(manifest)]
    return typed(BUILD, *chosen)


def same_command() -> str:
    """Compose the command that was typed."""
    return typed("papersearch", *sys.argv[1:])


def part_command(index_path: Path, number: int, n_parts: int) -> str:
    """Compose the command that builds a part of an index, with the places and choices of most other parts."""
    from papersearch.dense.encoders import identity_of
    from papersearch.index.part_checks import usual
    from papersearch.index.part_records import find_parts, places_below

    records = [one.record for one in find_parts(index_path) if one.record is not None]
    if not records:
        return typed(BUILD, "CORPUS", "--part", f"{number}/{n_parts}", "--index", index_path)
    choices = usual([record.choices for record in records])
    places = [os.path.normpath(place) for place in places_below(choices.places, index_path)]
    chosen = places if choices.corpus is None else ["--corpus", *places]
    chosen += ["--part", f"{number}/{n_parts}", "--index", str(index_path)]
    encoders = [record.encoder for record in records if record.encoder is not None]
    if encoders:
        same = usual([identity_of(one) for one in encoders])
        chosen += _model_options(next(one for one in encoders if identity_of(one) == same))
    if choices.late is not None:
        chosen.append("--late" if choices.late else "--no-late")
    if choices.abstracts_only:
        chosen.append("--abstracts-only")
    chosen += _language_option(choices.languages)
    return typed(BUILD, *chosen)


def _places(index_path: Path, manifest: Manifest | None, *, names_index: bool) -> list[str]:
    """Name the index and its corpus, as far as a command without options would not find them."""
    from papersearch.cli.locations import Places, find_locations
    from papersearch.cli.registry import names_at
    from papersearch.errors import StoredIndexError
    from papersearch.index.staleness import corpus_of
    from papersearch.ingest.corpus_files import resolved

    try:
        if names := names_at(index_path):
            return Places(collections=names).as_typed()
        usual = find_locations()
    except (CommandError, StoredIndexError):
        return Places(index_path=index_path).as_typed()
    chosen: list[str] = []
    corpus = corpus_of(manifest, index_path) if manifest is not None else None
    if isinstance(corpus, Path) and resolved(usual.corpus) != resolved(corpus):
        chosen += ["--corpus", _shown(corpus)]
    if names_index or index_path.resolve() != usual.index_path.resolve():
        chosen += ["--index", str(index_path)]
    return chosen


def _shown(path: Path) -> str:
    """Return a path from the current folder, if it lies there."""
    whole = path.resolve()
    with suppress(ValueError, OSError):
        return str(whole.relative_to(Path.cwd()))
    return str(whole)


def _model_options(described: EncoderRecord) -> list[str]:
    """Name the model, unless it is the packaged one, and prefixes that its files do not name."""
    from papersearch.dense.models import DEFAULT_MODEL, ModelFiles
    from papersearch.dense.prefixes import choose_prefixes

    chosen: list[str] = []
    if described.name != DEFAULT_MODEL:
        folder, name = Path(described.folder), Path(described.name)
        is_path = folder.parts[-len(name.parts) :] == name.parts or described.name.startswith((".", "/", "~"))
        chosen += ["--model", described.folder if is_path else described.name]  # else a name at the hub
    if described.source == "package":
        return chosen
    found = choose_prefixes(ModelFiles(described.name, described.source, Path(described.folder)))
    if described.query_prefix != found.query:
        chosen += ["--query-prefix", described.query_prefix]
    if described.paper_prefix != found.paper:
        chosen += ["--paper-prefix", described.paper_prefix]
    return chosen


def _language_option(languages: Sequence[str] | None) -> list[str]:
    """Name the languages of an index, unless English is the only one."""
    from papersearch.text.words import ENGLISH

    if languages is None or tuple(languages) == (ENGLISH,):
        return []
    return ["--language", ",".join(languages)]


def _late_option(manifest: Manifest) -> list[str]:
    """Name the choice about late interaction, where it is another than the number of papers makes."""
    from papersearch.dense.late import MAX_PAPERS

    has_late = manifest.late is not None
    if has_late == (manifest.n_papers <= MAX_PAPERS):
        return []
    return ["--late" if has_late else "--no-late"]
