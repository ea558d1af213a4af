"""Libraries of the user's own, to which papers are compared: files in any format that a corpus may have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.errors import CommandError, remark, typed
from papersearch.cli.names import read_ids
from papersearch.cli.output.terminal import typed_path, typed_text
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import Paper

_TAG = "tag:"


def read_library(opened: Index, written: str) -> Sequence[Paper]:
    """Return the papers of a file or folder; for `-`, those with the ids on standard input; for
    `tag:NAME`, those that have the tag.

    Raises CommandError without papers, PaperLookupError and MarksError.
    """
    if written == "-":
        return [opened.paper(name) for name in read_ids(opened, ["-"], "--library -")]
    if written.startswith(_TAG):
        from papersearch.cli.narrowing import marked
        from papersearch.search.filter_table import MarkFilters
        from papersearch.types import NO_FILTERS

        tag = typed_text(written.removeprefix(_TAG))
        within = marked(opened, NO_FILTERS, MarkFilters((tag,), unread=False)).within
        return [opened.paper(paper_id) for paper_id in within or ()]
    from papersearch.cli.output.progress import reading_progress
    from papersearch.errors import CorpusMissing
    from papersearch.ingest.reading import ingest

    try:
        with reading_progress() as reading:
            read = ingest([typed_path(Path(written))], reading=reading)
    except CorpusMissing as error:
        raise CommandError(str(error), "correct the path; - reads ids from standard input") from error
    if not read.papers:
        raise CommandError(
            f"cannot find a paper in {written}", typed("papersearch convert", written, "--findings", "list")
        )
    if read.findings:  # a library that is read in part must not rank by that part in silence
        listed = typed("papersearch convert", written, "--findings", "list")
        remark(f"{written}: {amount(len(read.findings), 'finding')}; to read them: {listed}")
    return read.papers
