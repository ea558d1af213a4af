"""The quality of each part of the ranking, alone and together, on judged collections.

    python benchmarks/quality.py COLLECTION... [--indexes FOLDER] [--model MODEL] [--language CODE]
        [--only TEXT] [--paired] [--tune]

A collection is a folder with `corpus.jsonl` (or `.gz`), `topics.jsonl` and `qrels.tsv`, in BEIR's
form. Its index is built once in FOLDER with the default model or MODEL, or taken from there. Prints
nDCG@10 per collection and the mean, as in the table of docs/ranking.md. The reference points are
rank_bm25's formula with plain analysis, the encoder alone, and reciprocal rank fusion of the two.

With `--paired`, prints for each variant of hybrid mode p of a paired t-test over the topics, per
collection: hybrid mode against it.

With `--tune`, prints what tuning finds: nDCG@10 of topics that were held out, before and after, and p. It
begins at the defaults, and again at weights that suit no collection, as if these were the defaults.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import ir_measures
import numpy as np
import Stemmer
from ir_measures import ScoredDoc, nDCG
from scipy.stats import ttest_rel

import papersearch
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.runs import run_of, scored
from papersearch.evaluation.sharing import Asking
from papersearch.evaluation.topics import read_topics
from papersearch.evaluation.tuning import best_of, folds, grid, judged_topics, measure
from papersearch.lexical import phrases
from papersearch.lexical.statistics import statistics_of
from papersearch.search import candidates, ranking
from papersearch.search.fusion import Signal, combine
from papersearch.search.topk import top_k
from papersearch.text import words
from papersearch.text.paper_text import paper_text
from papersearch.types import DEFAULT_WEIGHTS, Mode, Weights
from papersearch.values import fields_of

Scores = np.ndarray[Any, np.dtype[np.float64]]

LUCENE_STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there "
    "these they this to was will with".split()
)
_STEM = Stemmer.Stemmer("english").stemWord


def dump_of(folder: Path) -> Path:
    """Return the file of a collection's papers."""
    return next(path for path in (folder / "corpus.jsonl", folder / "corpus.jsonl.gz") if path.exists())


class Collection:
    """A judged collection, its index, and the lexical and dense scores for every topic."""

    def __init__(self, folder: Path, indexes: Path, model: str | None = None, language: str | None = None) -> None:
        self.name = folder.name
        if not (indexes / self.name).exists():
            papersearch.build([dump_of(folder)], indexes / self.name, model=model, language=language, late=True)
        self.index = papersearch.open(indexes / self.name)
        self.ids = [paper.paper_id for paper in self.index.papers()]
        self.texts = [paper_text(paper) for paper in self.index.papers()]
        self.qrels = read_qrels(folder / "qrels.tsv")
        judged = {qrel.query_id for qrel in self.qrels}
        self.topics = [topic for topic in read_topics(folder / "topics.jsonl") if topic.topic_id in judged]
        self.measure = ir_measures.evaluator([nDCG @ 10], self.qrels)

    def by_scores(self, score: Callable[[str], Scores]) -> float:
        """Return nDCG@10 of the ranking by the scores (N,) of each topic's text."""
        run = []
        for topic in self.topics:
            scores = score(topic.text)
            best = top_k(scores, 100, np.arange(len(scores)))
            run += [ScoredDoc(topic.topic_id, self.ids[n], -float(rank)) for rank, n in enumerate(best)]
        return float(self.measure.calc_aggregate(run)[nDCG @ 10])

    def by_mode(self, mode: Mode, late: bool = True, **weights: float) -> float:
        """Return nDCG@10 of the index's own ranking; weights that are not given have their defaults."""
        return float(np.mean(self.of_topics(mode, late, **weights)))

    def of_topics(self, mode: Mode, late: bool = True, **weights: float) -> Scores:
        """Return nDCG@10 of each topic (T,), by the index's own ranking."""
        asking = Asking(100, mode, late, literal=True, weights=fields_of(Weights(**weights)))
        run = scored(run_of(self.index, self.topics, asking))
        found = {one.query_id: one.value for one in self.measure.iter_calc(run)}
        return np.array([found[topic.topic_id] for topic in self.topics])


def plain_terms(stop_words: frozenset[str]) -> Callable[[str], list[str]]:
    """Return letters and digits in lower case, stemmed, without stop words."""
    return lambda text: [_STEM(word) for word in re.findall(r"[^\W_]+", text.lower()) if word not in stop_words]


def bm25(collection: Collection, terms: Callable[[str], list[str]]) -> Callable[[str], Scores]:
    """Return every paper's BM25 score for a text, by another analysis."""
    postings = statistics_of(map(terms, collection.texts), words.plain_word).postings()
    return lambda text: postings.score(terms(text), len(collection.ids))[0]


def own_bm25(collection: Collection) -> Callable[[str], Scores]:
    """Return every paper's BM25 score for a text from the index, without acronyms."""
    analyzer, postings = collection.index._opened.analyzer, collection.index._opened.postings
    return lambda text: postings.score(analyzer.query_terms(text), len(collection.ids))[0]


def dense(collection: Collection) -> Callable[[str], Scores]:
    """Return every paper's cosine with a text."""
    texts = [topic.text for topic in collection.topics]
    vectors = {
        text: encoded.vector
        for text, encoded in zip(texts, collection.index._opened.encoder.encode_many(texts), strict=True)
    }
    return lambda text: (collection.index._opened.vectors.exact @ vectors[text]).astype(np.float64)


def reciprocal_ranks(first: Callable[[str], Scores], second: Callable[[str], Scores]) -> Callable[[str], Scores]:
    """Return reciprocal rank fusion, k = 60 (Cormack et al., SIGIR 2009)."""

    def fused(text: str) -> Scores:
        total: Scores = np.zeros(0)
        for score in (first, second):
            scores = score(text)
            ranks = np.empty(len(scores))
            ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
            total = 1 / (60 + ranks) + (total if len(total) else 0.0)
        return total

    return fused


def convex(
    first: Callable[[str], Scores], second: Callable[[str], Scores], weight: float
) -> Callable[[str], Scores]:
    """Return the convex combination of min-max scores, with `weight` for the first."""

    def fused(text: str) -> Scores:
        return combine(
            [
                Signal("keyword", scores, float(scores.min()), float(scores.max()), share)
                for scores, share in ((first(text), weight), (second(text), 1 - weight))
            ]
        )

    return fused


@contextmanager
def changed(**constants: Any) -> Iterator[None]:
    """Run the ranking with other constants than weights: pair, expansion, depth, feedback, sentence."""
    places = {
        "pair": (phrases, "PAIR_WEIGHT"),
        "expansion": (phrases, "EXPANSION_WEIGHT"),
        "depth": (candidates, "CANDIDATE_DEPTH"),
        "feedback": (ranking, "FEEDBACK_DEPTH"),
        "sentence": (ranking, "_SENTENCE"),
    }
    with ExitStack() as stack:
        for name, value in constants.items():
            place, constant = places[name]
            stack.enter_context(mock.patch.object(place, constant, value))
        yield


VARIANTS: list[tuple[str, dict[str, Any], dict[str, float]]] = [
    ("hybrid, without pairs", {"pair": 0.0}, {}),
    ("hybrid, pairs at 0.25", {"pair": 0.25}, {}),
    ("hybrid, pairs at 1", {"pair": 1.0}, {}),
    ("hybrid, without acronyms", {"expansion": 0.0}, {}),
    ("hybrid, acronyms at 0.5", {"expansion": 0.5}, {}),
    ("hybrid, acronyms at 1", {"expansion": 1.0}, {}),
    ("hybrid, without feedback", {}, {"feedback": 0.0}),
    ("hybrid, feedback from 1 at 0.5", {"feedback": 1}, {"feedback": 0.5}),
    ("hybrid, feedback from 2 at 0.3", {}, {"feedback": 0.3}),
    ("hybrid, feedback from 2 at 1", {}, {"feedback": 1.0}),
    ("hybrid, feedback from 3 at 0.5", {"feedback": 3}, {"feedback": 0.5}),
    ("hybrid, weights 1 1 1", {}, {"keyword": 1.0, "late_interaction": 1.0}),
    ("hybrid, weights 0.8 1 0.3", {}, {"keyword": 0.8, "late_interaction": 0.3}),
    ("hybrid, weights 0.8 1 0.5", {}, {"keyword": 0.8, "late_interaction": 0.5}),
    ("hybrid, without neighbours", {}, {"neighbours": 0.0}),
    ("hybrid, neighbours at 0.4", {}, {"neighbours": 0.4}),
    ("hybrid, long requests as short ones", {"sentence": 10**9}, {}),
    ("hybrid, long from 8 words", {"sentence": 8}, {}),
    ("hybrid, 50 candidates", {"depth": 50}, {}),
    ("hybrid, 200 candidates", {"depth": 200}, {}),
]


WRONG = Weights(keyword=2.5, late_interaction=0.0, feedback=0.0, neighbours=0.0)
"""Weights that suit none of the collections: words rank nearly alone."""


def by_weights(weights: dict[str, float], collection: Collection) -> float:
    """Return nDCG@10 of hybrid mode under these weights."""
    return collection.by_mode("hybrid", True, **weights)


def print_tuning(collection: Collection) -> None:
    """Print a row for each start of tuning."""
    judged = judged_topics(collection.topics, collection.qrels)
    worth = measure(collection.index, judged)
    fold = folds([one.topic.text for one in judged])
    for name, start in (("defaults", DEFAULT_WEIGHTS), ("words alone", WRONG)):
        found = best_of(grid(collection.index.manifest, start), worth, fold)
        chosen = " ".join(f"{value:g}" for value in fields_of(found.weights).values())
        cells = [name, found.n_topics, f"{found.before:.4f}", f"{found.after:.4f}", f"{found.p:.4f}", chosen]
        print("|", collection.name, "|", " | ".join(map(str, cells)), "|", flush=True)


def print_paired(collections: list[Collection], only: str) -> None:
    """Print p of hybrid mode against each variant of it."""
    ours = [collection.of_topics("hybrid") for collection in collections]
    without_late: tuple[str, dict[str, Any], dict[str, float]] = ("hybrid, without late interaction", {}, {})
    for name, constants, weights in [without_late, *VARIANTS]:
        if only not in name:
            continue
        with changed(**constants):
            theirs = [c.of_topics("hybrid", name != without_late[0], **weights) for c in collections]
        cells = [
            f"{one.mean() - other.mean():+.4f}, {ttest_rel(one, other).pvalue:.4f}"
            for one, other in zip(ours, theirs, strict=True)
        ]
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


def main() -> None:
    """Build what is missing, measure, print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("collections", nargs="+", type=Path, metavar="COLLECTION")
    options.add_argument("--indexes", type=Path, help="where indexes are kept; nowhere, if not given")
    options.add_argument("--model", help="the model of new indexes; the packaged one, if not given")
    options.add_argument("--language", help="the language of the papers of new indexes; English, if not given")
    options.add_argument("--paired", action="store_true", help="print p of the variants, in place of the table")
    options.add_argument("--tune", action="store_true", help="print what tuning finds, in place of the table")
    options.add_argument("--only", default="", help="print the rows whose name has this text")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        indexes = arguments.indexes or Path(scratch)
        collections = [
            Collection(folder, indexes, arguments.model, arguments.language) for folder in arguments.collections
        ]
        if arguments.tune:
            print("| | from | topics | before | after | p | weights |\n|---|---|---|---|---|---|---|")
            for collection in collections:
                print_tuning(collection)
            return
        if arguments.paired:
            print("| hybrid mode against |", " | ".join(collection.name for collection in collections), "|")
            print("|---|" + "---|" * len(collections))
            print_paired(collections, arguments.only)
            return
        print("| |", " | ".join(collection.name for collection in collections), "| mean |")
        print("|---|" + "---|" * (len(collections) + 1))

        def row(name: str, measure: Callable[[Collection], float]) -> None:
            if arguments.only not in name:
                return
            values = [measure(collection) for collection in collections]
            cells = [f"{value:.4f}"[1:] for value in (*values, sum(values) / len(values))]
            print(f"| {name} |", " | ".join(cells), "|", flush=True)

        lucene, snowball = plain_terms(LUCENE_STOP_WORDS), plain_terms(words.STOP_WORDS)
        row("BM25, Lucene's 33 stop words", lambda c: c.by_scores(bm25(c, lucene)))
        row("BM25, Snowball's stop words", lambda c: c.by_scores(bm25(c, snowball)))
        row("BM25, our analysis", lambda c: c.by_scores(own_bm25(c)))
        row("keyword mode: and acronyms", lambda c: c.by_mode("keyword"))
        row("semantic mode: the encoder alone", lambda c: c.by_mode("semantic"))
        row("reciprocal rank fusion", lambda c: c.by_scores(reciprocal_ranks(own_bm25(c), dense(c))))
        row("convex 0.5, Lucene's stop words", lambda c: c.by_scores(convex(bm25(c, lucene), dense(c), 0.5)))
        row("convex 0.5", lambda c: c.by_scores(convex(own_bm25(c), dense(c), 0.5)))
        row("convex 0.4: the candidates", lambda c: c.by_scores(convex(own_bm25(c), dense(c), 0.4)))
        row("**hybrid mode**", lambda c: c.by_mode("hybrid"))
        row("hybrid, without late interaction", lambda c: c.by_mode("hybrid", late=False))
        for name, constants, weights in VARIANTS:
            with changed(**constants):
                row(name, partial(by_weights, weights))


if __name__ == "__main__":
    main()
