"""Frozen values that pass between modules, and the letters of array axes.

Nothing here computes. The axis letters hold for every docstring of the package: N papers, T distinct
terms, P postings, O their positions, D vector dimensions, K cutoff or candidates, Q queries, L word
pieces of one text. A paper's position in [0, N) is its `doc_idx`; it is internal and never shown.
`values` gives the reason why public values are neither dataclasses nor named tuples. Values that
never reach a caller are named tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
"""Non-negative number of things; the annotation carries the least value."""

Span: TypeAlias = tuple[int, int]
"""Half-open range of character offsets."""

DumpProgress: TypeAlias = Callable[[str, int, int], None]
"""Callback with the name of a dump, the bytes of it that are read, and its size."""

_NAMED = 3
"""Number of papers named in the repr of results."""

_LONGEST = 60
"""Most characters of a title or query in a repr."""


class Provenance(Value):
    """The place where one appearance of a paper was read: dump and lines, from 1, both inclusive."""

    dump: str
    first_line: int
    last_line: int


class DumpFile(Value):
    """A dump at the time of the build, described well enough to detect a later change.

    format: name of the format that it was read as
    n_appearances: appearances of papers that are kept
    n_without_abstract: those of them without an abstract
    n_left_out: appearances of papers that are left out for want of an abstract
    n_findings: findings in this file, those of merging included
    """

    name: str
    size: int
    mtime_ns: int
    sha256: str
    format: str
    n_appearances: int
    n_without_abstract: int
    n_left_out: int
    n_findings: int


class SkippedFile(Value):
    """A file of the corpus that is not a dump, at the time of the build; a folder not read has zeros."""

    name: str
    size: int
    mtime_ns: int


class Organisation(Value):
    """The organisation of a paper; pages show it in place of an author count."""

    handle: str
    name: str


class AuthorName(Value):
    """The parts of one author's name. A group, such as a collaboration, has `literal` alone.

    particle: "van der" in "Jan van der Berg", without which the name is sorted
    suffix: "Jr." or "III"
    """

    family: str | None = None
    given: str | None = None
    particle: str | None = None
    suffix: str | None = None
    literal: str | None = None


class Paper(Value):
    """One paper, merged from all its appearances. `None` means that no dump gives the value.

    date: ISO 8601 (YYYY-MM-DD); None unless the day is known
    year, month: known whenever `date` is, and perhaps without it; a month needs a year
    year_inferred: the source prints no year, and it was derived: from the other dates of the page,
        or from the arXiv id. A month without a day is derived with it.
    authors, author_names: the same authors as written and in parts, in reading order
    arxiv_id, doi: bare, without prefix or address; a version stays with an arXiv id
    citation_key: the key of the paper in the bibliography that it was read from
    added: when the paper first came into the collection, as an instant (2026-03-16T08:00:00Z)
    collections: names of the collections that have the paper, where several are searched as one

    Title or abstract may be empty, but not both.
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
    month: int | None = None
    author_names: tuple[AuthorName, ...] = ()
    venue: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    url: str | None = None
    citation_key: str | None = None
    added: str | None = None
    collections: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Paper {self.paper_id!r}: {_shortened(self.title)}>"


FindingKind = Literal[
    "file skipped",
    "folder skipped",
    "field not read",
    "not a date",
    "not an identifier",
    "authors not told apart",
    "papers merged",
    "papers kept apart",
    "title without abstract",
    "abstract without title",
    "metadata without paper",
    "metadata not understood",
    "line too long",
    "bytes not UTF-8",
    "mirror link rewritten",
    "metadata conflict",
    "not a record",
    "not valid JSON",
    "record without text",
    "text cut",
    "id used twice",
    "file damaged",
]


class Finding(Value):
    """One remark of a build about a file, for its report. `line` counts from 1."""

    kind: FindingKind
    file: str
    line: int | None
    detail: str


class Changes(Value):
    """The changes that a build makes: ids of papers added, changed and removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Evidence(Value):
    """The sentence of the abstract that best answers a query, and its matched words.

    `start` and `end` are the offsets of `text` in the abstract. `text_spans` are offsets in `text`,
    `title_spans` offsets in the title. `keywords` are those with words of the query that neither
    title nor abstract has.
    """

    text: str
    start: int
    end: int
    text_spans: tuple[Span, ...]
    title_spans: tuple[Span, ...]
    keywords: tuple[str, ...] = ()


SignalName = Literal["keyword", "semantic", "late interaction", "neighbours", "exact title", "identifier"]
Verdict = Literal["strong", "fair", "weak"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

FAIR_STRENGTH, STRONG_STRENGTH = 0.5, 0.625
"""Strengths from which a paper is fair and strong."""


def verdict_of(strength: float) -> Verdict:
    """Return the verdict on a paper of this strength."""
    if strength >= STRONG_STRENGTH:
        return "strong"
    return "fair" if strength >= FAIR_STRENGTH else "weak"


class TermImpact(Value):
    """The contribution of one term, one pair of neighbours, one expansion, or another form of a word or
    phrase to a paper's lexical score."""

    term: str
    kind: Literal["term", "pair", "expansion", "form"]
    impact: float


class SignalScore(Value):
    """One signal of a paper: its score, raw and normalised, its weight for this query, and the product.

    expected: the paper is not encoded yet, and the score is what its words promise
    """

    name: SignalName
    score: float
    normalised: float
    weight: float
    contribution: float
    expected: bool = False


class Explanation(Value):
    """The parts of a score.

    The contributions of `signals` add up to the hit's score. The impacts of `terms` add up to the
    score of the keyword signal. `coverage` is the share of the query's words, weighted by idf, that
    the paper contains.
    """

    signals: tuple[SignalScore, ...]
    terms: tuple[TermImpact, ...]
    coverage: float


class Expansion(Value):
    """An acronym of the query and its long form in the corpus, or the reverse."""

    written: str
    other: str
    n_papers: int


class LibraryPaper(Value):
    """A paper of a reader's own library, which the collection need not have.

    paper_id: a name by which the reader knows it, such as its citation key
    """

    paper_id: str
    title: str
    abstract: str = ""
    doi: str | None = None
    arxiv_id: str | None = None


class LibraryMatch(Value):
    """The paper of a reader's library that is most like a hit, and how like it is, at most 1."""

    paper_id: str
    title: str
    likeness: float


class Hit(Value):
    """A ranked paper.

    score: higher is better; it never rises with the rank, and its scale depends on the mode
    keyword_score: BM25, or None if the mode does not use it
    semantic_score: cosine of query and paper, or None if the mode does not use it
    exact_title: the query is the whole title
    verdict: how well the paper answers, compared with the scores of unrelated queries on this
        corpus; None for papers similar to examples
    explanation: the parts of the score, if requested
    duplicates: near-duplicates folded into this hit
    library_match: the nearest paper of the reader's library; None in other searches
    short_id: the short form of the paper's id, which finds it too
    strength: how well the paper answers, in [0, 1]: fair from 0.5, strong from 0.625. It depends on no
        other hit, and compares across queries and corpora. Of papers similar to examples it is their
        likeness. None if it is unknown.
    rerank_score: the score of the reranker; None unless this hit was reranked
    rank_before: the rank before hits were reranked; None unless this hit was reranked

    Where hits are reranked, their other scores are as before, and `score` may rise with the rank.
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
    library_match: LibraryMatch | None = None
    short_id: str = ""
    strength: float | None = None
    rerank_score: float | None = None
    rank_before: int | None = None

    def __repr__(self) -> str:
        return f"<Hit {self.rank}, {self.score:.3f}: {_shortened(self.paper.title or self.paper.paper_id)}>"


class Filters(Value):
    """Conditions on the papers of a search. A paper must meet all of them.

    since, until: a year, month or day (2024, 2024-06, 2024-06-15), or words that move with today (7d,
        3 months, yesterday, last week); both inclusive
    authors: by any of these; a family name, or a whole name in either order, with initials or without
    categories: of any of these, or of one below it: cs has cs.LG
    venues: published at one whose name has all words of any of these
    organisations: any of these, by handle or name
    dumps: read from any of these, by name
    has_code: with a link to a repository of source code
    added_since: came into the collection on such a date or later, or at an instant (2024-06-15T08:00:00Z) or
        later; leaves out papers that came before this was recorded
    new: added by the last build
    within: one of these papers, by any of their names; none of them keeps no paper, None keeps all
    without: none of these papers, by any of their names
    include_undated: keep papers whose date is unknown or too coarse to decide
    """

    since: str | None = None
    until: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    dumps: tuple[str, ...] = ()
    has_code: bool = False
    added_since: str | None = None
    new: bool = False
    within: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None
    include_undated: bool = False


NO_FILTERS = Filters()


class FilterOptions(TypedDict, total=False):
    """The fields of `Filters` as keywords of a search. Names may come in any iterable, or be one string."""

    since: str | None
    until: str | None
    authors: str | Iterable[str]
    categories: str | Iterable[str]
    venues: str | Iterable[str]
    organisations: str | Iterable[str]
    dumps: str | Iterable[str]
    has_code: bool
    added_since: str | None
    new: bool
    within: str | Iterable[str] | None
    without: str | Iterable[str] | None
    include_undated: bool


NameKind = Literal["authors", "categories", "venues"]
NAME_KINDS: tuple[NameKind, ...] = get_args(NameKind)
"""Kinds of names by which papers are found, as `Filters` calls them."""

Sort = Literal["relevance", "date"]

LookUpBy = Literal["id", "identifier", "title"]
"""Kinds of names that are looked up many at a time."""


class Weights(Value):
    """Weights of hybrid ranking, of which the defaults suit most collections; docs/ranking.md has the figures.

    keyword, late_interaction: of these signals' spreads over the candidates, where meaning has 1
    feedback: of the first papers, where the query has 1
    neighbours: the share of a score that the nearest candidates give, in [0, 1]
    """

    keyword: float = 0.7
    late_interaction: float = 0.6
    feedback: float = 0.7
    neighbours: float = 0.25


DEFAULT_WEIGHTS = Weights()


class PaperName(Value):
    """The id and title of a paper."""

    paper_id: str
    title: str


class NearDuplicate(Value):
    """One paper of a group of near-duplicates.

    likeness: cosine with the first paper of the group; 1 for that paper itself
    """

    paper_id: str
    short_id: str
    title: str
    year: int | None
    likeness: float


class NearDuplicates(Value):
    """Groups of near-duplicates in a whole collection.

    n_compared: papers that have a vector; the others are not compared
    groups: of two papers or more, in paper order
    """

    n_compared: Count
    groups: tuple[tuple[NearDuplicate, ...], ...]


class Undated(Value):
    """Papers left out by a date filter because their date is unknown or too coarse.

    n_papers: their number
    papers: up to ten of them that would answer, best first
    """

    n_papers: int
    papers: tuple[PaperName, ...]


class UnknownWord(Value):
    """A word of the query that occurs in no paper, and the words with the most similar spelling."""

    word: str
    instead: tuple[str, ...]


class Note(Value):
    """A remark about a part of the query that was read otherwise than its author may have meant.

    kind: "author" and "category" say that the words of the whole query, by which papers were ranked,
        are such a name too
    part: the part as it was typed
    message: one line for people
    """

    kind: Literal["field", "operator", "parenthesis", "prefix", "title", "identifier", "author", "category"]
    part: str
    message: str


class Reading(Value):
    """A query as it was understood.

    ranked_by: the words that rank, as typed; empty if the query has only conditions
    required, excluded: conditions on the papers, written with AND, OR, NOT and parentheses
    identifier: the identifier or name of a paper that the whole query is: it was looked up, and no
        words rank
    """

    ranked_by: str
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    identifier: str | None = None


class RelatedTerm(Value):
    """One or two words that narrow the search, and the number of the best papers that contain them."""

    term: str
    n_papers: int


class Counted(Value):
    """A value of a facet and its number of papers."""

    value: str
    n_papers: int


class Facets(Value):
    """Counts of the papers that answer better than weakly.

    years, months: ascending, without gaps; a paper without a known month counts in `years` only
    organisations, dumps: most papers first
    authors, categories, venues: most papers first, the first twenty
    n_undated: papers without a year
    """

    n_papers: int
    n_undated: int
    years: tuple[Counted, ...]
    months: tuple[Counted, ...]
    organisations: tuple[Counted, ...]
    dumps: tuple[Counted, ...]
    authors: tuple[Counted, ...] = ()
    categories: tuple[Counted, ...] = ()
    venues: tuple[Counted, ...] = ()


class RankedPaper(Value):
    """The id and score of a ranked paper, as runs need them."""

    paper_id: str
    score: float


class EncodedShare(Value):
    """How far an index is encoded: `n_encoded` of its `n_papers` papers have a vector."""

    n_encoded: int
    n_papers: int

    @property
    def is_complete(self) -> bool:
        """True if every paper has a vector."""
        return self.n_encoded == self.n_papers


class Reranked(Value):
    """The reranking of an answer by a model.

    model: the name of the model, or its folder, as it was given
    n_papers: number of papers that were put into the order of the model's scores, the best before
    n_wanted: number of papers that would have been with more time
    """

    model: str
    n_papers: int
    n_wanted: int


Emptier = Literal["filters", "operators", "words", "verdict", "identifier", "shown"]


class VerdictCounts(Value):
    """Numbers of papers by verdict."""

    strong: int
    fair: int
    weak: int

    @property
    def total(self) -> int:
        """The number of papers judged."""
        return self.strong + self.fair + self.weak


class Results(Value):
    """The answer to one query. Iterate over it, index it, or read `hits`.

    mode_used: differs from `mode` only if the encoder cannot be loaded, or no paper is encoded yet;
        `mode_reason` gives the cause
    encoded: how far the index is encoded. Hybrid mode ranks papers without a vector by words alone
    total: papers ranked before the cutoff: in keyword mode those with a word of the query,
        otherwise all that phrases, exclusions and filters leave
    expansions: acronyms of the query that were searched in their other form too
    verdict: the best among the first hundred papers, or None without papers
    verdicts: numbers of papers by verdict: of all that are ranked if they are few, else of the first
        hundred, or of the first `k` if they are more; None for papers similar to examples
    undated: papers that a date filter could not decide, or None without such a filter
    unknown_words: words of the query that occur in no paper
    emptied_by: the step after which no paper was left: filters; operators, which are phrases,
        exclusions and title: words; words, of which keyword mode needs one; the verdict, where
        weak papers are left out; the identifier, which no paper has; or shown, where only papers
        count that were not shown before. None if there are hits.
    related, facets: None unless requested
    reading: the query as it was understood; None for papers similar to examples
    notes: parts of the query that were read otherwise than its author may have meant
    reranked: how the first hits were reranked; None if they were not, or nothing in the query ranks
    weights: the tuned weights that ranked the papers; None for the defaults, which all but hybrid mode have
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
    reading: Reading | None = None
    notes: tuple[Note, ...] = ()
    emptied_by: Emptier | None = None
    encoded: EncodedShare | None = None
    verdicts: VerdictCounts | None = None
    reranked: Reranked | None = None
    weights: Weights | None = None

    @property
    def is_ranked(self) -> bool:
        """False for a list of papers, the newest first: the query has nothing to rank by."""
        return self.reading is None or bool(self.reading.ranked_by)

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
    """Quote a text for a short repr, without the end of a long one."""
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")
