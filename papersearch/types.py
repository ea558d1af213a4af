"""The frozen values that cross borders between modules, and the names of array axes.

Nothing here computes. Axis letters, used in every docstring of the package:
N papers, T distinct terms, P postings, D vector dimensions, K cutoff, L word pieces.
A paper's position in [0, N) is its `doc_idx`; it is internal and never shown.
Values are named tuples rather than frozen dataclasses, here and wherever a query passes:
defining a dataclass takes six times as long, and every query pays for every definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Float32Array: TypeAlias = npt.NDArray[np.float32]
    Float64Array: TypeAlias = npt.NDArray[np.float64]
    IntArray: TypeAlias = npt.NDArray[np.int64]
    DocIndices: TypeAlias = npt.NDArray[np.uint32]
    BoolArray: TypeAlias = npt.NDArray[np.bool_]

Mode = Literal["hybrid", "keyword", "semantic"]
MODES: tuple[Mode, ...] = get_args(Mode)

Span: TypeAlias = tuple[int, int]
"""Half-open range of character offsets."""


class Provenance(NamedTuple):
    """Where one appearance of a paper was read: dump file and lines, counted from 1, inclusive."""

    dump: str
    first_line: int
    last_line: int


class DumpFile(NamedTuple):
    """A dump as it was when it was read: enough to tell later whether it has changed."""

    name: str
    size: int
    mtime_ns: int
    sha256: str
    n_appearances: int


class SkippedFile(NamedTuple):
    """A file of the corpus that was no dump, as it was then."""

    name: str
    size: int
    mtime_ns: int


class Organisation(NamedTuple):
    """The organisation that a page shows in place of an author count."""

    handle: str
    name: str


class Paper(NamedTuple):
    """One paper, merged over all its appearances; `None` means that no dump says.

    `date` is ISO 8601 (YYYY-MM-DD). `year_inferred` is true when the page printed a
    day without a year and the year was derived from the page (never a guess from text).
    """

    paper_id: str
    title: str
    abstract: str
    date: str | None
    year: int | None
    year_inferred: bool
    author_count: int | None
    organisation: Organisation | None
    comment_count: int | None
    links: tuple[str, ...]
    provenance: tuple[Provenance, ...]


FindingKind = Literal[
    "file skipped",
    "title without abstract",
    "abstract without title",
    "metadata without paper",
    "metadata not understood",
    "line too long",
    "bytes not UTF-8",
    "mirror link rewritten",
    "metadata conflict",
]


class Finding(NamedTuple):
    """Something in a file that the reader of a report should know. `line` counts from 1."""

    kind: FindingKind
    file: str
    line: int | None
    detail: str


class Evidence(NamedTuple):
    """The sentence of the abstract that best answers a query, and what matched.

    `start` and `end` are offsets of `text` in the abstract; `text_spans` are offsets in
    `text`, `title_spans` in the paper's title.
    """

    text: str
    start: int
    end: int
    text_spans: tuple[Span, ...]
    title_spans: tuple[Span, ...]


class Hit(NamedTuple):
    """A ranked paper. `score` is the ranking's own; higher is better, never rising with rank.

    `keyword_score` is the BM25 score, `semantic_score` the cosine between the query's and
    the paper's vector; `None` where the mode used does not look at that side.
    `exact_title` is true when the query is the paper's whole title.
    """

    rank: int
    paper: Paper
    score: float
    keyword_score: float | None
    semantic_score: float | None
    exact_title: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to one query: iterate it, index it, or take `hits`.

    `total` counts the papers that the query ranks, before the cutoff: those with a query
    term in keyword mode, all of them otherwise. `mode_used` differs from `mode` only when
    the encoder is out of reach, and then `mode_reason` says why.
    """

    query: str
    mode: Mode
    mode_used: Mode
    mode_reason: str | None
    total: int
    hits: tuple[Hit, ...]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __getitem__(self, position: int) -> Hit:
        return self.hits[position]
