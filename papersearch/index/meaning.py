"""The dense side of a build: encodings that are known, the ones to make, and their files.

A text is encoded once. Its encoding comes from a generation on disk, from the journal of an
interrupted build, or from the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from papersearch.dense import models
from papersearch.dense.choice import (
    choose_backend,
    cost_of_queries,
    describe,
    encoding_by,
    open_paper_encoder,
    remarks,
)
from papersearch.dense.encoders import Identity, identity_of
from papersearch.dense.encoding import EncodedCorpus, Gathering
from papersearch.dense.known_constants import known_constants
from papersearch.dense.reference import ReferenceEncoder
from papersearch.dense.vectors import Quantization, quantize
from papersearch.errors import ModelUnusable
from papersearch.index import previous
from papersearch.index.generations import open_generations
from papersearch.index.journal import Journal, journal_key
from papersearch.index.manifest import LateRecord

if TYPE_CHECKING:
    from papersearch.dense.encoders import EncoderRecord
    from papersearch.dense.encoding import PaperEncoder
    from papersearch.dense.late import PieceVectors
    from papersearch.index.build_request import Encoder
    from papersearch.index.files import Content
    from papersearch.index.generation import Generation
    from papersearch.index.report import Progress

WORDS_FIRST = 100
"""Number of texts to encode from which a build first publishes without them. Fewer take seconds,
and one more publication would cost as much."""

LEAST_STEP = 500
"""Least number of papers that a milestone adds."""


class Meaning:
    """The encodings of a corpus during a build.

    encoder: None leaves the model alone: known encodings are kept, and none is made
    index_paths: of the index, and of others whose encodings are taken over
    full: leave out what generations and the journal have
    """

    def __init__(
        self,
        texts: Sequence[str],
        encoder: Encoder | None,
        index_paths: Sequence[Path],
        before: Generation | None,
        *,
        with_late: bool,
        full: bool,
        progress: Progress,
        announce: Callable[[str], None],
    ) -> None:
        self._texts = texts
        self._encoder = encoder
        self._with_late = with_late
        self._full = full
        self._progress = progress
        self._announce = announce
        self._index_path, *others = index_paths
        self._journal: Journal | None = None
        self._opened: ReferenceEncoder | None = None
        self._record: EncoderRecord | None = None
        self._quantization: Quantization | None = None
        self._before = before.manifest.encoder if before is not None and not full else None
        on_disk = [] if full else open_generations(self._index_path)
        of_others = [one for place in others for one in open_generations(place)]
        if self._before is None and of_others:
            self._before = of_others[0].manifest.encoder
        on_disk += of_others
        found = [one.manifest.encoder for one in on_disk if one.manifest.encoder is not None]
        if encoder is not None:
            fingerprint = models.fingerprint(encoder.model)
            self._encoders = [one for one in found if one.fingerprint == fingerprint]
            encoding = encoding_by(choose_backend(encoder.model, encoder.device, self._encoders))
            self._identity = Identity(fingerprint, encoding, *encoder.prefixes[:2])
        else:
            self._encoders = []
            self._identity = identity_of(self._before) if self._before else Identity("", "", "", "")
        self._packaged = known_constants(self._identity) if encoder is not None else None
        known, constants = previous.encodings(on_disk, self._identity, self._packaged, with_late=with_late)
        self._is_known = constants is not None
        self._gathering = Gathering(texts, known, constants or self._packaged, with_late=with_late)

    @property
    def n_encoded(self) -> int:
        """Number of papers that are encoded."""
        return self._gathering.n_encoded

    def n_missing(self) -> int:
        """Count the texts that no generation on disk has encoded."""
        return len(self._gathering.missing())

    def loses_nothing(self, before: Generation | None) -> bool:
        """Return whether the known encodings are those of `before`, as far as its papers remain."""
        if before is None or before.manifest.encoder is None:
            return True
        return self._before is not None and identity_of(self._before) == self._identity and self._is_known

    def corpus(self) -> EncodedCorpus:
        """Return the corpus as far as it is encoded. Raises ModelUnusable unless vectors are numbers."""
        encoded = self._gathering.corpus()
        if not np.isfinite(encoded.vectors).all():
            self.discard_journal()
            name = self._encoder.model.name if self._encoder else self._identity.fingerprint
            raise ModelUnusable(name=name, cause="its vectors are not numbers")
        return encoded

    def encode(self, milestone: Callable[[], object]) -> int:
        """Encode the texts that are missing; return their number.

        `milestone` is called whenever the number of encoded papers has doubled. An interrupt loses
        no encoding: the journal has them.
        """
        encoder, reached = self._encoder, next_milestone(self.n_encoded)
        if encoder is None:
            return 0

        def show(done: int, total: int) -> None:
            nonlocal reached
            self._progress("encoding", done, total)
            if self.n_encoded >= reached and total - done >= LEAST_STEP:
                milestone()
                reached = next_milestone(self.n_encoded)
                self._progress("encoding", done, total)

        described = self._describe(encoder)
        key = journal_key(identity_of(described), self._packaged, with_late=self._with_late)
        self._journal = Journal(self._index_path, key, fresh=self._full)
        self._journal.load()

        def open_encoder() -> PaperEncoder:
            self._progress("loading the model", 0, 0)
            return open_paper_encoder(encoder.model, described, lambda: self._open(encoder))

        return self._gathering.encode(open_encoder, self._journal, show)

    def discard_journal(self) -> None:
        """Remove the journal, after its encodings have been published."""
        if self._journal is not None:
            self._journal.discard()

    def close(self) -> None:
        """Close the journal; the next build reads it again."""
        if self._journal is not None:
            self._journal.close()

    def files(self, encoded: EncodedCorpus) -> Iterator[tuple[str, Content]]:
        """Yield name and content of each file."""
        no_probes = np.zeros((0, 0), dtype=np.float32)
        coarse, self._quantization = quantize(encoded.vectors)
        yield "vectors.npy", encoded.vectors
        yield "vectors.int8.npy", coarse
        yield "texts.sha256.npy", encoded.hashes
        yield "probes.npy", encoded.constants.probes if encoded.constants else no_probes
        if encoded.n_encoded < len(encoded.is_encoded):
            yield "papers.encoded.npy", encoded.is_encoded.astype(np.uint8)
        if encoded.pieces is not None:
            for name, array in encoded.pieces._asdict().items():
                yield f"pieces.{name}.npy", array

    def fields(self, encoded: EncodedCorpus) -> dict[str, Any]:
        """Return the manifest's fields, after `files` has yielded every file."""
        late, record = None, None
        if encoded.n_encoded:
            record = self._describe(self._encoder) if self._encoder else self._before
        if encoded.pieces is not None:
            late = late_record(encoded.pieces)
        return {
            "n_encoded": encoded.n_encoded,
            "n_probes": len(encoded.constants.probes) if encoded.constants else 0,
            "encoder": record,
            "quantization": self._quantization,
            "late": late,
            "background": encoded.background,
        }

    def _describe(self, encoder: Encoder) -> EncoderRecord:
        """Describe the encoder, once in a build."""
        if self._record is None:
            model, device = encoder.model, encoder.device
            if self._identity[2:] not in [identity_of(one)[2:] for one in self._encoders]:
                for remark in remarks(model, encoder.prefixes):
                    self._announce(remark)
            self._record = describe(
                model, self._identity, device, self._encoders, self._texts, lambda: self._open(encoder)
            )
            if self._opened is not None and self._record.query_backend != "numpy":
                self._announce(cost_of_queries(self._opened))
        return self._record

    def _open(self, encoder: Encoder) -> ReferenceEncoder:
        if self._opened is None:
            self._progress("loading the model", 0, 0)
            self._opened = ReferenceEncoder(encoder.model, encoder.device, encoder.prefixes)
        return self._opened


def late_record(pieces: PieceVectors) -> LateRecord:
    """Return the manifest's record of late interaction."""
    n_pieces, dimensions = pieces.vectors.shape
    return LateRecord(
        n_pieces=n_pieces, n_vocabulary=len(pieces.weights), width=len(pieces.basis), dimensions=dimensions
    )


def next_milestone(n_encoded: int) -> int:
    """Return the number of encoded papers at which a build that has `n_encoded` publishes again.

    The numbers double, so that all milestones together cost about as much as the last publication.
    """
    return max(2 * n_encoded, n_encoded + LEAST_STEP)
