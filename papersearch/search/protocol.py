"""The values that pass between a searcher and its shards, and the function that carries them.

A shard is an index with some papers of a collection, and with the statistics of the whole. A searcher
asks shards and merges their answers. Each request has everything that its answer needs. So a shard
that was started again answers as the one before it.

All values can be pickled, and none refers to an index. Papers are named by their numbers in the
whole, ascending, as int64. Ties break by these numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from papersearch.dense.background import Background
    from papersearch.dense.late import QueryPieces
    from papersearch.dense.whitening import Whitening
    from papersearch.index.name_tables import Tally
    from papersearch.lexical.forms import Terms
    from papersearch.lexical.matching import Statistics
    from papersearch.search.partial import Moments
    from papersearch.text.query import Query
    from papersearch.types import (
        BoolArray,
        Evidence,
        Expansion,
        Filters,
        Float32Array,
        Float64Array,
        IntArray,
        LookUpBy,
        Mode,
        NameKind,
        Paper,
        TermImpact,
    )


class Call(Protocol):
    """A transport: it carries one method and a request for each of some shards, and returns the answers.

    Shards are numbered from 0. Answers come in the order of `asked`. A transport that has no answer
    from a shard raises an error that names the shard: it never returns fewer answers.
    """

    def __call__(self, method: str, asked: Sequence[tuple[int, Any]], /) -> list[Any]: ...


METHODS = (
    "frequencies",
    "beginning",
    "idf",
    "is_title",
    "open",
    "bounds",
    "spread",
    "best",
    "details",
    "show",
    "count",
    "names_at",
    "nearest",
    "sums",
    "resembling",
    "holds",
    "examples",
    "vectors",
    "papers",
    "paper_ids",
    "find",
    "kept",
    "look_up",
    "ids",
    "organisations",
    "scores",
    "latest",
    "n_named",
    "have_names",
    "names_like",
    "names_beginning",
)
"""The methods of `Shard` that a transport may call. Each has one request, and returns one answer."""


class Phrase(NamedTuple):
    """A sequence of terms at exact distances, in a title or anywhere; one term is a sequence too."""

    terms: Terms
    in_title: bool = False


class Asked(NamedTuple):
    """A query on its way to the shards.

    key: identifies the query, so that a shard can remember what it computed for it
    mode: the mode used
    vector: the encoded query (D,); None in a keyword search
    filters: with full names of dumps
    expansions: its acronyms
    is_partial: some paper of the whole is not encoded
    statistics: what the whole says of the query's words; without idf and expansions in `open`
    """

    key: str
    query: Query
    mode: Mode
    vector: Float32Array | None
    filters: Filters
    expansions: tuple[Expansion, ...]
    is_partial: bool
    statistics: Statistics


class Bounds(NamedTuple):
    """The values that a shard's papers need of the whole to be ranked, and counts of papers.

    words, meaning: the least and the greatest score of all papers, whatever filters leave
    moments: of the cosines of encoded papers; None unless some are not encoded
    n_kept: papers that the filters keep
    n_allowed: those that meet the query's conditions too
    n_ranked: those that the mode ranks
    n_undecided: papers that only the date filter cannot decide, and that the mode ranks or expects
    """

    words: tuple[float, float]
    meaning: tuple[float, float]
    moments: Moments | None
    n_kept: int
    n_allowed: int
    n_ranked: int
    n_undecided: int


class Opened(NamedTuple):
    """The first answer to a query.

    idf: of the query's terms, of its compounds, and of its acronyms' other forms, if a paper here has them
    n_expanded: for each acronym, the number of papers here that have its other form
    bounds: None if they depend on the number of papers in the whole with such a form
    """

    idf: Mapping[str, float]
    n_expanded: tuple[int, ...]
    bounds: Bounds | None


class BestOf(NamedTuple):
    """A request for the `k` best papers under the whole's bounds.

    undecided: rank those that the date filter cannot decide, in place of those that all conditions allow
    judged: compute coverage too
    dated: read dates too
    """

    asked: Asked
    bounds: Bounds
    k: int
    undecided: bool
    judged: bool
    dated: bool


class Rows(NamedTuple):
    """Papers with the signals that rank and judge them, K rows ascending by number.

    papers: numbers in the whole
    keyword: BM25
    cosines: exact, or expected of a paper that is not encoded; 0 in a keyword search
    coverage: 0 unless asked for
    dates: as in `Facts.dates`; 0 unless asked for
    spelling: how unlike the query a paper spells its title, if that is the query; -1 for others
    is_matched: the paper has a word of the query
    is_encoded: the paper has a vector
    is_ranked: the paper is one of the best; a paper whose title is the query comes in any case
    """

    papers: IntArray
    keyword: Float64Array
    cosines: Float64Array
    coverage: Float64Array
    dates: IntArray
    spelling: IntArray
    is_matched: BoolArray
    is_encoded: BoolArray
    is_ranked: BoolArray


class DetailsOf(NamedTuple):
    """A request for the signals of candidates, `papers` (K,).

    pieces: the query's word pieces; None if none has weight
    late: compute late interaction
    """

    asked: Asked
    papers: IntArray
    pieces: QueryPieces | None
    late: bool


class Details(NamedTuple):
    """Signals of K candidates.

    pairs: what adjacent words add to BM25
    late: late interaction; None unless asked for
    vectors: (K, D)
    """

    pairs: Float64Array
    late: Float64Array | None
    vectors: Float32Array


class ShowOf(NamedTuple):
    """A request for what is shown of `papers` (K,).

    idf: of the terms to mark
    pieces: the word pieces that help to choose the evidence
    asked: the query; None if papers are shown for their likeness to examples
    with_pairs: of each paper, whether to explain its pairs; None without explanations
    """

    papers: IntArray
    idf: Mapping[str, float]
    pieces: QueryPieces | None
    asked: Asked | None
    with_pairs: tuple[bool, ...] | None


class Shown(NamedTuple):
    """A paper as it is shown; `terms` explain its words, and are empty unless asked for."""

    paper: Paper
    evidence: Evidence
    terms: tuple[TermImpact, ...]


class CountOf(NamedTuple):
    """A request for the facets of all papers that answer, by the background of the whole.

    judged: papers, ascending, whose verdict is known
    are_answers: which of them have one that is not weak
    """

    asked: Asked
    bounds: Bounds
    background: Background | None
    judged: IntArray
    are_answers: BoolArray


class Counts(NamedTuple):
    """Facets of a shard's papers: numbers of papers by year, month, line of organisation, dump, and name.

    A month is 12 times the year, plus 0 for January. Names have no texts, of which few are shown.
    """

    n_papers: int
    n_undated: int
    years: Mapping[int, int]
    months: Mapping[int, int]
    organisations: Mapping[str, int]
    dumps: Mapping[str, int]
    names: Mapping[NameKind, Tally]


class NamesAt(NamedTuple):
    """A request for names as they are shown, by their places in the table of one kind, (K,)."""

    kind: NameKind
    places: IntArray


class NearestOf(NamedTuple):
    """A request for the `k` papers nearest to `vector` (D,), and for the undecided ones.

    excluded: papers that are left out
    n_undecided: greatest number of papers named that the date filter cannot decide
    """

    vector: Float32Array
    excluded: IntArray
    filters: Filters
    k: int
    n_undecided: int


class Nearest(NamedTuple):
    """The nearest papers and their cosines, ascending by number.

    n_ranked: number of papers that could be ranked
    n_undecided: number of papers that only the date filter cannot decide
    """

    papers: IntArray
    cosines: Float64Array
    n_ranked: int
    undecided: IntArray
    undecided_scores: Float64Array
    n_undecided: int


class ResemblingOf(NamedTuple):
    """A request for the `k` papers that most resemble a library, and for the undecided ones.

    library: whitened rows of its papers, (L, D)
    The other fields are those of `NearestOf`.
    """

    library: Float64Array
    whitening: Whitening
    excluded: IntArray
    filters: Filters
    k: int
    n_undecided: int


class Resembling(NamedTuple):
    """The papers that most resemble a library, ascending by number.

    nearest: for each, the row of the library's paper that is most like it, (K,)
    likenesses: the cosines with those in whitened space, (K,)
    The other fields are those of `Nearest`.
    """

    papers: IntArray
    scores: Float64Array
    likenesses: Float64Array
    nearest: IntArray
    n_ranked: int
    undecided: IntArray
    undecided_scores: Float64Array
    n_undecided: int


class Example(NamedTuple):
    """A paper to which others are compared.

    vector: (D,); None if it is not encoded
    pieces: its stored word pieces, (L, C) and their ids (L,); None without late interaction
    """

    paper: Paper
    vector: Float32Array | None
    pieces: tuple[npt.NDArray[np.int8], npt.NDArray[np.uint32]] | None


Way = Literal["id", "title", "identifier", "short id"]


class LatestOf(NamedTuple):
    """A request for the `k` newest papers that the conditions of a query allow, or of undecided ones."""

    asked: Asked
    k: int
    undecided: bool


class Latest(NamedTuple):
    """The newest papers, ascending by number, (K,), and their dates as in `Facts.dates`, (K,)."""

    papers: IntArray
    dates: IntArray


class NamesLike(NamedTuple):
    """A request for names that are spelt like an unknown one."""

    kind: NameKind
    name: str


class NamesOf(NamedTuple):
    """A request for the first names with a beginning."""

    kind: NameKind
    beginning: str
    limit: int


class FindOf(NamedTuple):
    """A request for the papers of a name; `limit` is the greatest number of them that are listed.

    name: an id or the beginning of one, a title, the key of an identifier, the first digits of a short id
    """

    name: str
    by: Way
    limit: int


class Found(NamedTuple):
    """Papers of a name.

    n_found: their number
    papers: (likeness, paper id, number) of the first, the most alike first; 0 is the same
    """

    n_found: int
    papers: tuple[tuple[int, str, int], ...]


class KeptOf(NamedTuple):
    """A question whether filters keep papers that were looked up, in any order.

    counted: count the facets of those that are kept
    """

    papers: IntArray
    filters: Filters
    counted: bool


class Kept(NamedTuple):
    """Papers that filters keep, and those that only the date filter cannot decide; `counts` if asked for."""

    papers: IntArray
    undecided: IntArray
    counts: Counts | None


class LookUp(NamedTuple):
    """A request for the papers of each name: a whole id, an identifier in any dress, or a title in any form."""

    names: Sequence[str]
    by: LookUpBy


class IdsOf(NamedTuple):
    """A request for the ids with a beginning, ascending: the first ones, and the last."""

    prefix: str
    limit: int
