"""Hybrid search over a corpus of research papers, from the command line or from Python.

    import papersearch
    index = papersearch.open("index")
    for hit in index.search("pipeline bubbles", k=10):
        print(hit.rank, hit.score, hit.paper.title)

Names are resolved when they are first used: importing the package imports neither numpy nor
a model library. Type checkers read the imports below, and know no other name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersearch.api import Index, build, build_part, join_parts, open, rollback
    from papersearch.dense.background import Background
    from papersearch.dense.encoders import EncoderRecord, QueryBackend, QueryTokenizer
    from papersearch.dense.models import ModelFile, Source
    from papersearch.dense.vectors import Quantization
    from papersearch.errors import (
        AmbiguousDump,
        AmbiguousPaper,
        CannotListen,
        CorpusError,
        CorpusMissing,
        EmptyDateRange,
        EmptyQuery,
        EvaluationError,
        GenerationGone,
        IndexBusy,
        IndexDamaged,
        IndexForeign,
        IndexInParts,
        IndexMissing,
        IndexNotWritable,
        IndexUnreadable,
        IndexVersionError,
        InvalidAddress,
        InvalidDate,
        InvalidTimeout,
        LimitExceeded,
        ModelChanged,
        ModelDamaged,
        ModelError,
        ModelGone,
        ModelNeedsCode,
        ModelNotPublished,
        ModelUnconverted,
        ModelUnusable,
        NoEarlierGeneration,
        NothingEncoded,
        NothingToCompare,
        NothingToIndex,
        NotServed,
        OnlyExclusions,
        PaperLookupError,
        PaperNotFound,
        PapersearchError,
        PartsNotJoined,
        PartUnusable,
        QrelsUnreadable,
        QueryError,
        QueryTooComplex,
        QueryTooLong,
        ReleaseRefused,
        SavedSearchError,
        SearchesNotWritable,
        SearchesUnreadable,
        SearchExists,
        ServerBusy,
        ServerError,
        ServerFailed,
        ServerForeign,
        ServerSilent,
        ServerUnreachable,
        StoredIndexError,
        TokenRefused,
        TokenUnreadable,
        TopicsUnreadable,
        UnclosedQuote,
        UnindexedClause,
        UnknownFilterValue,
        UnknownPrecision,
        UnknownSearch,
    )
    from papersearch.index.counts import PaperCounts, Tally
    from papersearch.index.files import FileRecord
    from papersearch.index.joining import JoinReport
    from papersearch.index.manifest import LateRecord, LexicalRecord, Manifest
    from papersearch.index.parts import PartReport
    from papersearch.index.report import BuildReport, BuildStep, Outcome, Progress
    from papersearch.index.verification import Fault
    from papersearch.remote.index import RemoteIndex, RemotePapers
    from papersearch.search.papers import Papers
    from papersearch.types import (
        AuthorName,
        Changes,
        Count,
        Counted,
        DumpFile,
        DumpProgress,
        Emptier,
        EncodedShare,
        Evidence,
        Expansion,
        Explanation,
        Facets,
        FilterOptions,
        Filters,
        Finding,
        FindingKind,
        Hit,
        Mode,
        Note,
        Organisation,
        Paper,
        PaperName,
        Provenance,
        RankedPaper,
        Reading,
        RelatedTerm,
        Results,
        SignalName,
        SignalScore,
        SkippedFile,
        Sort,
        Span,
        TermImpact,
        Undated,
        UnknownWord,
        Verdict,
    )
    from papersearch.version import __version__

_HOMES = (
    "version",
    "errors",
    "types",
    "api",
    "remote.index",
    "index.counts",
    "index.manifest",
    "index.report",
    "index.verification",
    "dense.encoders",
    "dense.models",
    "index.parts",
    "index.joining",
)
"""Modules that have the public names, the cheapest to import first."""

__all__ = [
    "__version__",
    "AmbiguousDump",
    "AmbiguousPaper",
    "AuthorName",
    "Background",
    "build",
    "build_part",
    "BuildReport",
    "BuildStep",
    "CannotListen",
    "Changes",
    "CorpusError",
    "CorpusMissing",
    "Count",
    "Counted",
    "DumpFile",
    "DumpProgress",
    "Emptier",
    "EmptyDateRange",
    "EmptyQuery",
    "EncodedShare",
    "EncoderRecord",
    "EvaluationError",
    "Evidence",
    "Expansion",
    "Explanation",
    "Facets",
    "Fault",
    "FileRecord",
    "FilterOptions",
    "Filters",
    "Finding",
    "FindingKind",
    "GenerationGone",
    "Hit",
    "Index",
    "IndexBusy",
    "IndexDamaged",
    "IndexForeign",
    "IndexInParts",
    "IndexMissing",
    "IndexNotWritable",
    "IndexUnreadable",
    "IndexVersionError",
    "InvalidAddress",
    "InvalidDate",
    "join_parts",
    "JoinReport",
    "InvalidTimeout",
    "LateRecord",
    "LexicalRecord",
    "LimitExceeded",
    "Manifest",
    "Mode",
    "ModelChanged",
    "ModelDamaged",
    "ModelError",
    "ModelFile",
    "ModelGone",
    "ModelNeedsCode",
    "ModelNotPublished",
    "ModelUnconverted",
    "ModelUnusable",
    "NoEarlierGeneration",
    "Note",
    "NothingEncoded",
    "NothingToCompare",
    "NothingToIndex",
    "NotServed",
    "OnlyExclusions",
    "open",
    "Organisation",
    "Outcome",
    "Paper",
    "PaperCounts",
    "PaperLookupError",
    "PaperName",
    "PaperNotFound",
    "Papers",
    "PapersearchError",
    "PartReport",
    "PartsNotJoined",
    "PartUnusable",
    "Progress",
    "Provenance",
    "QrelsUnreadable",
    "Quantization",
    "QueryBackend",
    "QueryError",
    "QueryTokenizer",
    "QueryTooComplex",
    "QueryTooLong",
    "RankedPaper",
    "Reading",
    "RelatedTerm",
    "ReleaseRefused",
    "RemoteIndex",
    "RemotePapers",
    "Results",
    "rollback",
    "SavedSearchError",
    "SearchesNotWritable",
    "SearchesUnreadable",
    "SearchExists",
    "ServerBusy",
    "ServerError",
    "ServerFailed",
    "ServerForeign",
    "ServerSilent",
    "ServerUnreachable",
    "SignalName",
    "SignalScore",
    "SkippedFile",
    "Sort",
    "Source",
    "Span",
    "StoredIndexError",
    "Tally",
    "TermImpact",
    "TokenRefused",
    "TokenUnreadable",
    "TopicsUnreadable",
    "UnclosedQuote",
    "Undated",
    "UnindexedClause",
    "UnknownFilterValue",
    "UnknownPrecision",
    "UnknownSearch",
    "UnknownWord",
    "Verdict",
]

if not TYPE_CHECKING:  # to a type checker it would make every name an attribute

    def __getattr__(name: str) -> object:
        """Find a public name in its home, and keep it."""
        if name in __all__:
            from importlib import import_module

            for home in _HOMES:
                found = vars(import_module(f"papersearch.{home}"))
                if name in found:
                    globals()[name] = found[name]
                    return found[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
