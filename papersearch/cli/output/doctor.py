"""The faults of an index, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from papersearch.cli.hints import repair_of
from papersearch.cli.output.json_documents import SCHEMA_VERSION
from papersearch.cli.output.terminal import FAINT
from papersearch.cli.rebuilding import build_command
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.api import Index
    from papersearch.index.verification import Fault


def print_faults(console: Console, index: Index, faults: Sequence[Fault]) -> None:
    """Print each fault with its file and the command that mends it, or that all is well; count findings."""
    from rich.text import Text

    from papersearch.cli.output.findings import ALL_OF_THEM, in_short
    from papersearch.cli.output.table import write

    manifest = index.manifest
    if not faults:
        what = f"{len(manifest.files)} files, {manifest.n_papers:,} papers, format {manifest.format_version}"
        write(console, Text(clean_text(f"{index.path}, generation {manifest.generation}: {what}: all is well")))
        if manifest.is_partial:
            command = build_command(index.path, manifest=manifest)
            said = f"{manifest.n_encoded} of the papers are encoded; to encode the others: {command}"
            write(console, Text(said, style=FAINT, overflow="fold"))
        if found := in_short(index.findings()):
            said = f"not everything was understood when it was built: {found}: {ALL_OF_THEM}"
            write(console, Text(said, style=FAINT, overflow="fold"))
    for fault in faults:
        write(console, Text(clean_text(f"{fault.file} {fault.what}"), overflow="fold"))
        write(
            console, Text(clean_text(f"  mend it by: {repair_of(fault, index.path)}"), style=FAINT, overflow="fold")
        )


def fault_fields(index: Index, faults: Sequence[Fault]) -> dict[str, Any]:
    """Return the faults, and which build has them."""
    return {
        "schema_version": SCHEMA_VERSION,
        "generation": index.manifest.generation,
        "format_version": index.manifest.format_version,
        "encoded": index.encoded.asdict(),
        "faults": [
            {"file": fault.file, "what": fault.what, "command": repair_of(fault, index.path)} for fault in faults
        ],
    }
