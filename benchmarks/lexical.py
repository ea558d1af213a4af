"""Lexical search against its peers, on the same analysed abstracts.

    python benchmarks/lexical.py ABSTRACTS.jsonl.gz [--papers 42606] [--rounds 5]

Peers are rank_bm25's `get_scores` (with the same idf: the scores must be equal), bm25s on its numpy
path, and SQLite FTS5. Queries are drawn from the titles: two, three and five words, and common
ones. Scoring and the best ten are timed, then opening against unpickling.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import orjson
from measuring import medians, print_table, timed
from scale import RandomVectors, encoding_by, made_papers, write_abstracts

import papersearch
from papersearch.lexical.definition import LuceneBM25
from papersearch.search.topk import top_k
from papersearch.text.analysis import Analyzer
from papersearch.text.paper_text import paper_text

COMMON = ["model", "learning", "language model", "deep learning model", "data analysis method"]


def main() -> None:
    """Build, compare the scores, measure, print medians per query and ratios."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("abstracts", type=Path, help="records as JSON lines, compressed by gzip")
    options.add_argument("--papers", type=int, default=42_606)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--queries", type=int, default=20)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        index_path = Path(scratch) / "index"
        build_lexical(arguments.abstracts, arguments.papers, Path(scratch), index_path)
        index = papersearch.open(index_path)
        texts = [paper_text(paper) for paper in index.papers()]
        analyzer = Analyzer()
        terms = [analyzer.terms(text) for text in texts]
        queries = [analyzer.query_terms(query) for query in [*drawn(index, arguments.queries), *COMMON]]
        queries = [query for query in queries if query]
        oracle = LuceneBM25(terms)
        compare_scores(index, oracle, queries)

        def best_ten(query: list[str]) -> Any:
            scores, matched = index._opened.postings.score(query, len(index))
            return top_k(scores, 10, np.flatnonzero(matched))

        retriever = bm25s.BM25(method="lucene", k1=oracle.k1, b=oracle.b, backend="numpy")
        retriever.index(terms, show_progress=False)
        database = sqlite3.connect(":memory:")
        database.execute("CREATE VIRTUAL TABLE papers USING fts5(terms, tokenize='unicode61')")
        database.executemany("INSERT INTO papers VALUES (?)", ((" ".join(document),) for document in terms))
        contenders: dict[str, Callable[[list[str]], Any]] = {
            "papersearch, scores": lambda query: index._opened.postings.score(query, len(index)),
            "bm25s, scores": lambda query: retriever.get_scores(query),
            "papersearch, best ten": best_ten,
            "bm25s, best ten": lambda query: retriever.retrieve(
                [query], k=10, show_progress=False, n_threads=0, backend_selection="numpy"
            ),
            "SQLite FTS5, best ten": lambda query: database.execute(
                "SELECT rowid FROM papers WHERE papers MATCH ? ORDER BY rank LIMIT 10",
                (" OR ".join(f'"{term}"' for term in query),),
            ).fetchall(),
        }

        def per_query(work: Callable[[list[str]], Any], asked: list[list[str]]) -> Callable[[], float]:
            return lambda: timed(lambda: [work(query) for query in asked]) / len(asked)

        times = medians({name: per_query(work, queries) for name, work in contenders.items()}, arguments.rounds)
        few = queries[:: max(1, len(queries) // 5)]
        times["rank_bm25, scores"] = medians({"": per_query(oracle.get_scores, few)}, 1)[""]
        own = times["papersearch, scores"]
        print(f"{len(index):,} papers, {len(queries)} queries; scores equal rank_bm25's to 1e-6")
        print_table(times, "per query", {"x our scores": lambda value: value / own})
        pickled = Path(scratch) / "pickle"
        with pickled.open("wb") as file:
            pickle.dump(oracle, file)

        def unpickle() -> None:
            with pickled.open("rb") as file:
                pickle.load(file)

        opening = medians(
            {
                "papersearch": lambda: timed(lambda: papersearch.open(index_path)._opened.postings),
                "unpickling rank_bm25": lambda: timed(unpickle),
            },
            3,
        )
        print_table(opening, "opening", {"x papersearch": lambda value: value / opening["papersearch"]})


def build_lexical(abstracts: Path, n_papers: int, scratch: Path, index_path: Path) -> None:
    """Index the first abstracts with random vectors, which lexical search does not use."""
    dump = scratch / "abstracts.jsonl"
    write_abstracts(made_papers(abstracts, n_papers), dump)
    with encoding_by(RandomVectors()):
        papersearch.build(dump, index_path, late=False)


def drawn(index: papersearch.Index, n_queries: int) -> list[str]:
    """Return neighbouring words of titles."""
    chosen = random.Random(5)
    queries = []
    for number in range(n_queries):
        words = index.papers()[chosen.randrange(len(index))].title.split()
        start = chosen.randrange(len(words))
        queries.append(" ".join(words[start : start + (2, 3, 5)[number % 3]]))
    return queries


def compare_scores(index: papersearch.Index, oracle: LuceneBM25, queries: list[list[str]]) -> None:
    """Stop unless every score equals rank_bm25's."""
    for query in queries[:: max(1, len(queries) // 5)]:
        ours, _ = index._opened.postings.score(query, len(index))
        if not np.allclose(ours, oracle.get_scores(query), atol=1e-6):
            sys.exit(f"scores for {orjson.dumps(query).decode()} differ from rank_bm25's")


if __name__ == "__main__":
    main()
