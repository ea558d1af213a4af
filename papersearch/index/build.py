"""A build: what is to be done, and in which order.

A build reads dumps into papers, makes postings and encodings of them, and publishes a generation.
It copies encodings from earlier generations, so that each text is encoded once. Postings and
statistics are computed again from all papers: an updated index equals a fresh one.

Where many texts are new, it publishes first what words alone can answer, then a part whenever the
number of encoded papers has doubled, and at last the complete generation. The parts share all files
that no encoding changes. A build that finds an unfinished generation goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

from papersearch.dense import models
from papersearch.dense.prefixes import choose_prefixes
from papersearch.index import files
from papersearch.index.build_request import BuildRequest, Encoder, corpus_places
from papersearch.index.generation import Generation
from papersearch.index.generations import check_writable, open_before
from papersearch.index.journal import FOLDER as JOURNAL
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.locking import writing
from papersearch.index.report import BuildReport, Progress
from papersearch.index.staleness import is_stale, skips_differ
from papersearch.text.analysis import analysis_name
from papersearch.text.languages import languages_in
from papersearch.types import Changes, DumpProgress


def build(
    corpus: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    index_path: str | Path,
    *,
    known_from: Sequence[str | Path] = (),
    model: str | None = None,
    query_prefix: str | None = None,
    paper_prefix: str | None = None,
    device: str | None = None,
    late: bool | None = None,
    abstracts_only: bool | None = None,
    language: str | None = None,
    full: bool = False,
    words_only: bool = False,
    most_texts: int | None = None,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
    reading: DumpProgress = lambda dump, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> BuildReport:
    """Bring the index up to date; `api.build` documents the arguments."""
    index_path = Path(index_path)
    places, folders = corpus_places(corpus)
    if not dry_run:
        check_writable(index_path)
    encoder = None
    if not words_only:
        found = models.locate(model, announce)
        encoder = Encoder(found, choose_prefixes(found, query_prefix, paper_prefix), device)
    request = BuildRequest(
        places=places,
        corpus=folders,
        index_path=index_path,
        known_from=tuple(map(Path, known_from)),
        encoder=encoder,
        most_texts=most_texts,
        late=late,
        abstracts_only=abstracts_only,
        languages=None if language is None else languages_in(language),
        full=full,
        progress=progress,
        reading=reading,
        announce=announce,
    )
    if dry_run:
        return _update(request, dry_run=True)
    with writing(index_path, announce):
        return _update(request, dry_run=False)


def _update(request: BuildRequest, *, dry_run: bool) -> BuildReport:
    before = open_before(request.index_path, leased=dry_run)
    state = "stale" if before is None or request.full else _state(request, before)
    if before is not None and (state == "complete" or (state == "words" and request.encoder is None)):
        if state == "complete" and not dry_run:  # a build that was killed right after its last publication
            files.remove(request.index_path / JOURNAL)
        return _unchanged(before)
    from papersearch.index import publishing  # the parsers and more: not for an index that is up to date

    source = publishing.unfinished(before) if before is not None and state == "words" else None
    if source is None:
        source = publishing.read(request, before)
    meaning = publishing.open_meaning(request, source, before)
    if request.most_texts is not None and meaning.n_missing() > request.most_texts:
        request = replace(request, encoder=None)
        meaning = publishing.open_meaning(request, source, before)
    if dry_run:
        manifest = before.manifest if before else None
        return publishing.report("dry run", manifest, source, meaning.n_missing())
    with closing(meaning):
        return publishing.Publishing(request, source, meaning).run(before)


def _state(request: BuildRequest, before: Generation) -> Literal["stale", "words", "complete"]:
    """Tell how much of an index a build may keep: nothing ("stale"), its words, or all ("complete").

    This is as cheap as the check for staleness.
    """
    manifest, described = before.manifest, before.manifest.encoder
    if manifest.format_version != FORMAT_VERSION:
        return "stale"
    if request.corpus is None or is_stale(manifest, request.index_path, request.corpus, missing=True):
        return "stale"
    if skips_differ(manifest, request.corpus):
        return "stale"
    if manifest.lexical.analyzer != analysis_name(request.languages_after(before)):
        return "stale"
    if manifest.abstracts_only != request.leaves_out(before):
        return "stale"
    if request.encoder is None or manifest.is_partial or described is None:
        return "words"
    is_same_late = (manifest.late is not None) == request.keeps_late(manifest.n_papers)
    return "complete" if is_same_late and request.encoder.has_made(described) else "stale"


def _unchanged(before: Generation) -> BuildReport:
    manifest = before.manifest
    return BuildReport(
        outcome="up to date",
        manifest=manifest,
        changes=Changes(added=(), changed=(), removed=()),
        n_papers=manifest.n_papers,
        n_appearances=manifest.n_appearances,
        dumps=manifest.dumps,
        n_encoded=0,
        findings=before.findings(),
        n_left_out=manifest.n_left_out,
    )
