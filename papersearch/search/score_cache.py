"""Scores of texts for queries, and what is known of rerankers, kept in a folder between searches.

A file has the scores of one query by one model. Names and keys are hashes, so that the folder
reveals neither queries nor papers. Nothing depends on it: what is damaged, old or foreign is computed again.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from papersearch.checksums import sha256_of
from papersearch.dense.cross_encoders import CrossEncoderRecord
from papersearch.index.typed_json import read_value
from papersearch.private_files import read_private, remove_old, write_private
from papersearch.values import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = 1
_KEY_LETTERS = 32
"""Letters of a hash that are kept, 128 bits."""

_KEPT_DAYS = 90
_MOST_FILES = 2_000
_MOST_SCORES = 1_000
"""Greatest number of texts whose scores for one query are kept, the latest."""

_MOST_BYTES = 1 << 20
_FAILURES = (OSError, ValueError, TypeError, OverflowError, RecursionError)
"""Failures of a cache, none of which may end a search."""


class ScoreCache:
    """The cache in a folder; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def described(self, model: Path) -> CrossEncoderRecord | None:
        """Return what is known of the model in a folder; None if nothing is."""
        with suppress(*_FAILURES):
            described: CrossEncoderRecord = read_value(CrossEncoderRecord, self._read(self._of_model(model)))
            return described
        return None

    def keep_description(self, model: Path, described: CrossEncoderRecord) -> None:
        """Keep what is known of a model."""
        self._write(self._of_model(model), fields_of(described))

    def scores(self, described: CrossEncoderRecord, query: str) -> dict[str, float]:
        """Return the known scores of texts for a query, by the key of each text."""
        with suppress(*_FAILURES):
            scores: dict[str, float] = read_value(dict[str, float], self._read(self._of_query(described, query)))
            return scores
        return {}

    def keep_scores(self, described: CrossEncoderRecord, query: str, scores: Mapping[str, float]) -> None:
        """Keep the scores of texts for a query, the latest of them last."""
        kept = list(scores.items())[-_MOST_SCORES:]
        self._write(self._of_query(described, query), dict(kept))

    def _of_model(self, model: Path) -> str:
        return f"model-{text_key(str(model))}.json"

    def _of_query(self, described: CrossEncoderRecord, query: str) -> str:
        return f"query-{text_key(f'{described.fingerprint} {described.backend} {query}')}.json"

    def _read(self, name: str) -> Any:
        """Return the content of a file; None if there is none. Raises _FAILURES."""
        content = None if self._folder is None else read_private(self._folder / name, _MOST_BYTES, _KEPT_DAYS)
        fields = None if content is None else orjson.loads(content)
        return fields["content"] if isinstance(fields, dict) and fields.get("version") == _VERSION else None

    def _write(self, name: str, content: Any) -> None:
        if self._folder is None:
            return
        with suppress(*_FAILURES):
            path = self._folder / name
            write_private(path, orjson.dumps({"version": _VERSION, "content": content}, default=fields_of))
            remove_old(self._folder, path, _MOST_FILES, _KEPT_DAYS)


def text_key(text: str) -> str:
    """Return the hash by which the cache knows a text, a query or a model."""
    return sha256_of(text.encode("utf-8", "surrogatepass"))[:_KEY_LETTERS]
