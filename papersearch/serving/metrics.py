"""Measurements of a server, in the text format of Prometheus. None holds a word of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

if TYPE_CHECKING:
    from papersearch.remote.calls import About
    from papersearch.serving.turns import Turns

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_BOUNDS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """The measurements of one application, in a registry of its own."""

    def __init__(self, turns: Turns) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "papersearch_requests", "Requests, by verb and outcome.", ["verb", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "papersearch_request_seconds",
            "Time from the request's header to its answer, waiting included.",
            ["verb"],
            buckets=_BOUNDS_S,
            registry=registry,
        )
        self._generation = Gauge("papersearch_generation", "Number of the current build.", registry=registry)
        self._papers = Gauge("papersearch_papers", "Papers of the current generation.", registry=registry)
        self._encoded = Gauge("papersearch_papers_encoded", "Those of them with a vector.", registry=registry)
        running = Gauge("papersearch_requests_running", "Requests that are being answered.", registry=registry)
        waiting = Gauge("papersearch_requests_waiting", "Requests that wait for a turn.", registry=registry)
        running.set_function(lambda: turns.n_running)
        waiting.set_function(lambda: turns.n_waiting)

    def count(self, verb: str, outcome: str, seconds: float) -> None:
        """Add a request; `verb` and `outcome` are from fixed lists."""
        self._requests.labels(verb, outcome).inc()
        self._seconds.labels(verb).observe(seconds)

    def exposition(self, about: About | None) -> bytes:
        """Return all measurements; those of the index are as of `about`."""
        if about is not None:
            self._generation.set(about.build)
            self._papers.set(about.n_papers)
            self._encoded.set(about.n_encoded)
        written: bytes = generate_latest(self._registry)
        return written
