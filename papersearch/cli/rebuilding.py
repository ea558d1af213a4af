"""The command that brings an index up to date, with the choices that it was built with.

A build without options takes the usual places and the default model. A hint to build must name what
differs, or the build would encode every paper anew, or find another corpus.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.errors import CommandError, typed
from papersearch.errors import PapersearchError

if TYPE_CHECKING:
    from papersearch.dense.encoders import EncoderRecord
    from papersearch.index.manifest import Manifest

BUILD = "papersearch index"


def build_command(
    index_path: Path | None, *options: str, manifest: Manifest | None = None, names_index: bool = False
) -> str:
    """Compose the command that brings the index in `index_path` up to date.

    None stands for an index that is not known. Without `manifest`, it is read from the index.
    With `names_index` the index is named even if it would be found: for commands with --full.
    """
    if index_path is None:
        return typed(BUILD, *options)
    from papersearch.index.generations import read_manifest

    if manifest is None:
        with suppress(PapersearchError):
            manifest = read_manifest(index_path)
    chosen = [*options, *_places(index_path, manifest, names_index=names_index)]
    if manifest is not None and manifest.encoder is not None:
        chosen += [*_model_options(manifest.encoder), *_late_option(manifest)]
    return typed(BUILD, *chosen)


def _places(index_path: Path, manifest: Manifest | None, *, names_index: bool) -> list[str]:
    """Name the index and its corpus, as far as a command without options would not find them."""
    from papersearch.cli.locations import find_locations  # imports numpy

    try:
        usual = find_locations(None, None)
    except CommandError:
        return ["--index", str(index_path)]
    chosen: list[str] = []
    corpus = index_path / manifest.corpus if manifest is not None and manifest.corpus is not None else None
    if corpus is not None and corpus.resolve() != usual.corpus_path.resolve():
        chosen += ["--corpus", _shown(corpus)]
    if names_index or index_path.resolve() != usual.index_path.resolve():
        chosen += ["--index", _shown(index_path)]
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


def _late_option(manifest: Manifest) -> list[str]:
    """Name the choice about late interaction, where it is another than the number of papers makes."""
    from papersearch.dense.late import MAX_PAPERS

    has_late = manifest.late is not None
    if has_late == (manifest.n_papers <= MAX_PAPERS):
        return []
    return ["--late" if has_late else "--no-late"]
