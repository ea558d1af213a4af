"""The arguments of a build, as its steps pass them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from papersearch.dense.choice import choose_backend, encoding_by
from papersearch.dense.encoders import is_untouched
from papersearch.dense.late import MAX_PAPERS
from papersearch.text.analysis import languages_of_analysis
from papersearch.text.words import ENGLISH

if TYPE_CHECKING:
    from papersearch.dense.encoders import EncoderRecord
    from papersearch.dense.models import ModelFiles
    from papersearch.dense.prefixes import Prefixes
    from papersearch.index.generation import Generation
    from papersearch.index.report import Progress
    from papersearch.ingest.corpus_files import Corpus
    from papersearch.types import DumpProgress

    Places: TypeAlias = Sequence[Path] | Mapping[str, Path]


def corpus_places(
    corpus: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
) -> tuple[Places, Corpus | None]:
    """Return the files and folders to read, and the corpus; None if dumps were named."""
    if isinstance(corpus, Mapping):
        folders = {name: Path(corpus[name]) for name in sorted(corpus)}
        return folders, folders
    return places_of(corpus)


def places_of(corpus: str | Path | Sequence[str | Path]) -> tuple[list[Path], Path | None]:
    """Return the files and folders of a corpus, and the corpus folder; None if dumps were named."""
    if not isinstance(corpus, str | Path):
        return [Path(place) for place in corpus], None
    return [Path(corpus)], Path(corpus) if Path(corpus).is_dir() else None


class Encoder(NamedTuple):
    """The model of a build, and how it is run.

    device: a torch device; None chooses one
    """

    model: ModelFiles
    prefixes: Prefixes
    device: str | None

    def has_made(self, described: EncoderRecord) -> bool:
        """Tell whether a record describes this encoder: model, files, prefixes and kind of encoding."""
        return (
            described.encoding == encoding_by(choose_backend(self.model, self.device, [described]))
            and (described.query_prefix, described.paper_prefix) == self.prefixes[:2]
            and (described.name, described.source) == (self.model.name, self.model.source)
            and is_untouched(described, self.model)
        )


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The arguments of a build, with the model located.

    corpus: None if dumps were named one by one
    known_from: other indexes, whose encodings and times of papers are taken over
    encoder: None for words alone
    most_texts: number of new texts beyond which the encoder is left out; None for no limit
    """

    places: Places
    corpus: Corpus | None
    index_path: Path
    known_from: Sequence[Path]
    encoder: Encoder | None
    most_texts: int | None
    late: bool | None
    abstracts_only: bool | None
    languages: tuple[str, ...] | None
    full: bool
    progress: Progress
    reading: DumpProgress
    announce: Callable[[str], None]

    @property
    def named(self) -> list[Path]:
        """The files and folders to read."""
        return list(self.places.values() if isinstance(self.places, Mapping) else self.places)

    def keeps_late(self, n_papers: int) -> bool:
        """Tell whether an index of `n_papers` papers stores word pieces for late interaction."""
        return n_papers <= MAX_PAPERS if self.late is None else self.late

    def languages_after(self, before: Generation | None) -> tuple[str, ...]:
        """Return the languages of the papers: those of the index before, unless chosen."""
        if self.languages is not None:
            return self.languages
        known = languages_of_analysis(before.manifest.lexical.analyzer) if before is not None else None
        return known or (ENGLISH,)

    def leaves_out(self, before: Generation | None) -> bool:
        """Tell whether papers without abstract are left out: as in the index before, unless chosen."""
        if self.abstracts_only is not None:
            return self.abstracts_only
        return before is not None and before.manifest.abstracts_only
