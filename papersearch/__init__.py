"""Hybrid search over a corpus of research papers, from the command line or from Python.

    import papersearch
    index = papersearch.open("index")
    for hit in index.search("pipeline bubbles", k=10):
        print(hit.rank, hit.score, hit.paper.title)

Names are resolved when they are first used: importing the package imports neither numpy nor
a model library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from papersearch.api import Index, open
    from papersearch.errors import PapersearchError
    from papersearch.index.build import BuildReport, build
    from papersearch.types import Evidence, Filters, Finding, Hit, Mode, Organisation, Paper, Provenance, Results
    from papersearch.version import __version__

_HOMES = {
    "BuildReport": "index.build",
    "Evidence": "types",
    "Filters": "types",
    "Finding": "types",
    "Hit": "types",
    "Index": "api",
    "Mode": "types",
    "Organisation": "types",
    "Paper": "types",
    "PapersearchError": "errors",
    "Provenance": "types",
    "Results": "types",
    "__version__": "version",
    "build": "index.build",
    "open": "api",
}

__all__ = [
    "BuildReport",
    "Evidence",
    "Filters",
    "Finding",
    "Hit",
    "Index",
    "Mode",
    "Organisation",
    "Paper",
    "PapersearchError",
    "Provenance",
    "Results",
    "__version__",
    "build",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"papersearch.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
