"""Every error a caller may want to catch, as one tree.

    PapersearchError
    ├── QueryError            the query cannot be read (empty, unbalanced quotes)
    ├── CorpusError           the corpus gives nothing to index
    ├── StoredIndexError      the index on disk cannot be used
    │   ├── IndexMissing          there is none
    │   ├── IndexForeign          the folder holds something that is not ours
    │   ├── IndexVersionError     written in a format this release does not read
    │   ├── IndexDamaged          a file is missing, short, or not what the manifest says
    │   └── IndexNotWritable      the folder refuses a new generation
    ├── ModelError            the encoder's files are missing, changed, or unusable
    ├── SavedSearchError      saved searches cannot be read, written or found
    ├── EvaluationError       topics or qrels cannot be read, or do not fit together
    └── PaperLookupError      an id or title names no paper
        └── AmbiguousPaper        or names several (field `candidates`)

Each carries `message` (what failed and why) and `hint` (what to type next).
They become text and an exit code in one place, the command line's boundary.
"""

from __future__ import annotations


class PapersearchError(Exception):
    """Base of all errors raised on purpose; `hint` may be empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class QueryError(PapersearchError):
    """The query cannot be read as a query."""


class CorpusError(PapersearchError):
    """The corpus is missing, empty, or holds nothing that can be indexed."""


class StoredIndexError(PapersearchError):
    """The index on disk cannot be used."""


class IndexMissing(StoredIndexError):
    """There is no index at the given place."""


class IndexForeign(StoredIndexError):
    """The folder holds files that papersearch did not write."""


class IndexVersionError(StoredIndexError):
    """The index is written in a format that this release does not read; `is_newer` than any
    that it knows."""

    def __init__(self, message: str, hint: str, is_newer: bool = False) -> None:
        super().__init__(message, hint)
        self.is_newer = is_newer


class IndexDamaged(StoredIndexError):
    """A file of the index is missing, short, or not what the manifest says."""


class IndexNotWritable(StoredIndexError):
    """The index folder cannot be written; the previous index is untouched."""


class ModelError(PapersearchError):
    """The encoder's files are missing, are not the expected ones, or cannot be used."""


class SavedSearchError(PapersearchError):
    """The file of saved searches cannot be read or written, or has no search of that name."""


class EvaluationError(PapersearchError):
    """Topics or qrels cannot be read, or do not fit together."""


class PaperLookupError(PapersearchError):
    """An id, id prefix or title names no paper."""


class AmbiguousPaper(PaperLookupError):
    """An id prefix names several papers; `candidates` holds up to ten of their ids."""

    def __init__(self, message: str, hint: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message, hint)
        self.candidates = candidates
