"""The middle step of a join: what the shards have counted, added up into the statistics of the whole.

All are sums of whole numbers, and maxima. So they do not depend on the order of the shards, and equal
those of a build in one go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from papersearch.dense.background import Background, background_of
from papersearch.index import files
from papersearch.index.part_records import FINDINGS, PartRecord, part_folder, read_findings
from papersearch.index.report import decode_findings, encode_findings
from papersearch.index.shard_build import WHOLE, Analysed, Step
from papersearch.index.stored_parts import array, table
from papersearch.index.string_table import table_files
from papersearch.ingest.reading import DumpsRead, all_findings, with_findings, without
from papersearch.lexical.acronyms import expansion_lines, learn
from papersearch.text.analysis import Analyzer
from papersearch.types import DumpFile, Finding, SkippedFile

if TYPE_CHECKING:
    from papersearch.index.files import Content, FileRecord
    from papersearch.index.join_papers import Decided


class Said(NamedTuple):
    """The contents of the dumps besides papers, as a build in one go reports them."""

    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    findings: list[Finding]


class Sums(NamedTuple):
    """The sizes of the whole, and the records of the files that all its shards have."""

    n_terms: int
    n_expansions: int
    n_words: int
    files: dict[str, FileRecord]


def said(index_path: Path, parts: Sequence[PartRecord], decided: Decided, analysed: Sequence[Analysed]) -> Said:
    """Return the dumps and findings of all parts, and those of merging."""
    of_parts = [read_findings(index_path / part_folder(part.number, part.n_parts)) for part in parts]
    merging = [one for step in decided.steps for one in decode_findings((step.folder / FINDINGS).read_bytes())]
    read = DumpsRead(
        appearances=(),
        dumps=tuple(dump for part in parts for dump in part.dumps),
        skipped=tuple(file for part in parts for file in part.skipped),
        archives=tuple(file for part in parts for file in part.archives),
        findings=tuple(one for found in of_parts for one in found["findings"]),
        notes_left=tuple(one for found in of_parts for one in found["notes_left"]),
    )
    findings = all_findings(read, [*decided.about_names, *merging, *decided.kept_apart])
    dumps = with_findings(read.dumps, findings)
    if parts[0].choices.abstracts_only:
        dumps = without(dumps, sum((Counter(one.left_out) for one in analysed), Counter()))
    return Said(dumps, read.skipped + read.archives, findings)


def add_up(steps: Sequence[Step], findings: Sequence[Finding]) -> Sums:
    """Add up terms, acronyms, spellings and word pieces; write the files of the whole. Raises OSError."""
    df: Counter[str] = Counter()
    definitions: Counter[tuple[str, str]] = Counter()
    spellings: Counter[str] = Counter()
    for folder in (step.folder for step in steps):
        terms = table(folder, "terms").all()
        counts = np.diff(array(folder / "postings.offsets.npy").astype(np.int64)).tolist()
        for term, count in zip(terms, counts, strict=True):
            df[term] += count
        for short, long, count in orjson.loads((folder / "definitions.json").read_bytes()):
            definitions[short, long] += count
        spellings.update(orjson.loads((folder / "spellings.json").read_bytes()))
    terms, spelt = sorted(df), sorted(spellings)
    lines = expansion_lines(learn(definitions), Analyzer(steps[0].languages))
    whole = steps[0].folder.parent / WHOLE
    beside: list[tuple[str, Content]] = [
        *table_files("terms", terms),
        ("terms.df.npy", np.array([df[term] for term in terms], dtype=np.int64)),
    ]
    if of_pieces := _found(steps, "pieces.df.npy"):
        beside.append(("pieces.df.npy", np.sum([array(path) for path in of_pieces], axis=0)))
    for name, content in beside:
        files.write_file(whole / name, content)
    shared: list[tuple[str, Content]] = [
        *table_files("words", spelt),
        ("words.counts.npy", np.array([spellings[word] for word in spelt], dtype=np.uint32)),
        *table_files("expansions", lines),
        ("report.json", encode_findings(findings)),
    ]
    records = {name: files.write_file(whole / name, content).record for name, content in shared}
    return Sums(len(terms), len(lines), len(spelt), records)


def background(steps: Sequence[Step]) -> Background:
    """Return the background of the whole, from the best cosines in each shard."""
    best = [array(path) for path in _found(steps, "best.npy")]
    return background_of(np.max(best, axis=0))


def _found(steps: Sequence[Step], name: str) -> list[Path]:
    """Return the files of this name that steps have written: a shard without papers writes none."""
    return [path for step in steps if (path := step.folder / name).exists()]
