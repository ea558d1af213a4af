"""The frozen values that cross borders between modules, and the names of array axes.

Nothing here computes. Axis letters, used in every docstring of the package:
N papers, T distinct terms, P postings, O their positions, D vector dimensions, K cutoff or
candidates, Q queries, L word pieces of one text.
A paper's position in [0, N) is its `doc_idx`; it is internal and never shown.
`values` says why they are neither dataclasses nor named tuples. Inside the library, where no
value reaches a caller, named tuples do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypedDict, get_args, overload

from papersearch.values import Value

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

Count: TypeAlias = Annotated[int, 0]
"""A number of things: its least value is the annotation's."""

Span: TypeAlias = tuple[int, int]
"""Half-open range of character offsets."""


_NAMED = 3
"""Papers that the repr of results names."""

_LONGEST = 60
"""Characters of a title or query in a repr."""


class Provenance(Value):
    """Where one appearance of a paper was read: dump file and lines, counted from 1, inclusive."""

    dump: str
    first_line: int
    last_line: int


class DumpFile(Value):
    """A dump as it was when it was read: enough to tell later whether it has changed."""

    name: str
    size: int
    mtime_ns: int
    sha256: str
    n_appearances: int


class SkippedFile(Value):
    """A file of the corpus that was no dump, as it was then."""

    name: str
    size: int
    mtime_ns: int


class Organisation(Value):
    """The organisation that a page shows in place of an author count."""

    handle: str
    name: str


class Paper(Value):
    """One paper, merged over all its appearances; `None` means that no dump says.

    `date` is ISO 8601 (YYYY-MM-DD). `year_inferred` is true when the page printed a
    day without a year and the year was derived from the page (never a guess from text).
    Title or abstract may be empty, never both.
    """

    paper_id: str
    title: str
    abstract: str
    date: str | None = None
    year: int | None = None
    year_inferred: bool = False
    author_count: int | None = None
    organisation: Organisation | None = None
    comment_count: int | None = None
    links: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    arxiv_id: str | None = None
    doi: str | None = None
    upvotes: int | None = None

    def __repr__(self) -> str:
        return f"<Paper {self.paper_id!r}: {_shortened(self.title)}>"


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
    "not a record",
    "record without text",
    "text cut",
    "id used twice",
    "file damaged",
]


class Finding(Value):
    """Something in a file that the reader of a report should know. `line` counts from 1."""

    kind: FindingKind
    file: str
    line: int | None
    detail: str


class Changes(Value):
    """What a build changes: ids of papers that came, that say something else, that went."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Evidence(Value):
    """The sentence of the abstract that best answers a query, and what matched.

    `start` and `end` are offsets of `text` in the abstract; `text_spans` are offsets in
    `text`, `title_spans` in the paper's title.
    """

    text: str
    start: int
    end: int
    text_spans: tuple[Span, ...]
    title_spans: tuple[Span, ...]


SignalName = Literal["keyword", "semantic", "late interaction", "exact title"]
Verdict = Literal["strong", "fair", "weak"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class TermImpact(Value):
    """What a term of the query, a pair of neighbours, or an acronym's other form added to
    the lexical score of a paper."""

    term: str
    kind: Literal["term", "pair", "expansion"]
    impact: float


class SignalScore(Value):
    """One signal of a paper: its own score, that score normalised, the weight it has for
    this query, and their product."""

    name: SignalName
    score: float
    normalised: float
    weight: float
    contribution: float


class Explanation(Value):
    """Why a paper has its score: contributions of `signals` add up to the hit's score, the
    impacts of `terms` to the score of the keyword signal.

    `coverage` is the share of the query's words, by idf, that the paper holds.
    """

    signals: tuple[SignalScore, ...]
    terms: tuple[TermImpact, ...]
    coverage: float


class Expansion(Value):
    """An acronym of the query and what the corpus says it stands for, or the reverse."""

    written: str
    other: str
    n_papers: int


class Hit(Value):
    """A ranked paper. `score` is the ranking's own; higher is better, never rising with rank.

    `keyword_score` is the BM25 score, `semantic_score` the cosine between the query's and
    the paper's vector; `None` where the mode used does not look at that side.
    `exact_title` is true when the query is the paper's whole title. `verdict` says how well
    the paper answers at all, by what this corpus's papers score for unrelated queries; None where
    there is no query, but papers to be similar to.
    `explanation` is there when it was asked for. `duplicates` are papers below that say nearly
    the same, and are folded into this one.
    """

    rank: int
    paper: Paper
    score: float
    keyword_score: float | None
    semantic_score: float | None
    exact_title: bool
    verdict: Verdict | None
    evidence: Evidence
    explanation: Explanation | None = None
    duplicates: tuple[PaperName, ...] = ()

    def __repr__(self) -> str:
        return f"<Hit {self.rank}, {self.score:.3f}: {_shortened(self.paper.title or self.paper.paper_id)}>"


class Filters(Value):
    """Which papers a search looks at; those that fit all of these.

    `since`, `until`: a year, month or day (2024, 2024-06, 2024-06-15), both inclusive.
    `organisations`: any of them, by handle or name. `dumps`: any of them, by name. `has_code`:
    with a link to a repository of source code. `new`: that the last build added.
    `include_undated`: those too of which the dates do not decide.
    """

    since: str | None = None
    until: str | None = None
    organisations: tuple[str, ...] = ()
    dumps: tuple[str, ...] = ()
    has_code: bool = False
    new: bool = False
    include_undated: bool = False


NO_FILTERS = Filters()


class FilterOptions(TypedDict, total=False):
    """The fields of `Filters` as keywords of a search. Names may come in any iterable, or be one string."""

    since: str | None
    until: str | None
    organisations: str | Iterable[str]
    dumps: str | Iterable[str]
    has_code: bool
    new: bool
    include_undated: bool


Sort = Literal["relevance", "date"]


class PaperName(Value):
    """A paper by its id and title, where no more is needed."""

    paper_id: str
    title: str


class Undated(Value):
    """The papers that a date filter left out because their dates do not decide: how many, and
    those of them that would answer, best first, ten at most."""

    n_papers: int
    papers: tuple[PaperName, ...]


class UnknownWord(Value):
    """A word of the query that no paper has, and the words of papers that are spelt most like it."""

    word: str
    instead: tuple[str, ...]


class RelatedTerm(Value):
    """A word or two that would narrow the search, and how many of the best papers have it."""

    term: str
    n_papers: int


class Counted(Value):
    """A value of a facet and how many papers have it."""

    value: str
    n_papers: int


class Facets(Value):
    """The shape of an answer: its `n_papers` that answer better than weakly, by year, by month
    (none left out between the first and the last), by organisation (handle) and by dump, most
    papers first. `n_undated` have no year; those of a known year but not month are in `years`
    alone."""

    n_papers: int
    n_undated: int
    years: tuple[Counted, ...]
    months: tuple[Counted, ...]
    organisations: tuple[Counted, ...]
    dumps: tuple[Counted, ...]


class RankedPaper(Value):
    """A hit without its paper: what a run needs."""

    paper_id: str
    score: float


class Results(Value):
    """The answer to one query: iterate it, index it, or take `hits`.

    `total` counts the papers that the query ranks, before the cutoff: those with a query
    term in keyword mode, otherwise all that phrases and exclusions leave. `mode_used` differs
    from `mode` only when the encoder is out of reach, and then `mode_reason` says why.
    `expansions` are the acronyms that were looked for in their other form too. `verdict` is
    the best among the first hundred papers, None when there are no papers. `undated` is there
    with a date filter; `facets` and `related` when they were asked for. `unknown_words`: words
    of the query that no paper has.
    """

    query: str
    mode: Mode
    mode_used: Mode
    mode_reason: str | None
    total: int
    hits: tuple[Hit, ...]
    expansions: tuple[Expansion, ...] = ()
    verdict: Verdict | None = None
    filters: Filters = NO_FILTERS
    sort: Sort = "relevance"
    undated: Undated | None = None
    unknown_words: tuple[UnknownWord, ...] = ()
    related: tuple[RelatedTerm, ...] | None = None
    facets: Facets | None = None

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    @overload
    def __getitem__(self, position: int) -> Hit: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Hit, ...]: ...

    def __getitem__(self, position: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[position]

    def __repr__(self) -> str:
        first = [_shortened(hit.paper.title or hit.paper.paper_id) for hit in self.hits[:_NAMED]]
        named = ", ".join([*first, *(["..."] if len(self) > _NAMED else [])])
        counts = f"{len(self)} of {self.total} papers"
        return f"<Results {_shortened(self.query)}, {self.mode_used}: {counts}{': ' if named else ''}{named}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks; every text of a paper or query is escaped."""
        from html import escape  # no query of the command line shows HTML

        rows = (
            (
                str(hit.rank),
                f"{hit.score:.3f}",
                "" if hit.paper.year is None else str(hit.paper.year),
                hit.paper.title or hit.paper.paper_id,
                hit.evidence.text,
            )
            for hit in self.hits
        )
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        head = "".join(f"<th>{name}</th>" for name in ("rank", "score", "year", "title", "evidence"))
        caption = f"{escape(self.query)}: {len(self)} of {self.total} papers, {self.mode_used}"
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shortened(text: str) -> str:
    """Quote a text for a short repr, its end left out where it is long."""
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")
