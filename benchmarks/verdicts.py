"""The verdicts on queries that a corpus answers, and on near misses.

    python benchmarks/verdicts.py INDEX [COLLECTION...] [--indexes FOLDER]

INDEX is an index of `corpus/`, whose queries are in `made/verdict-queries.tsv`: topics of its papers,
and topics of their field that none has. A collection is as in `quality.py`. Each of its topics is
judged twice: with its relevant papers, and without them, as a near miss of its field. Prints the
table of docs/ranking.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from quality import Collection

import papersearch
from papersearch.evaluation.qrels import read_qrels
from papersearch.types import VERDICTS, Mode, Verdict

QUERIES = Path(__file__).parent / "made" / "verdict-queries.tsv"
DEPTH = 100
WAYS: list[tuple[str, Mode, bool]] = [
    ("hybrid", "hybrid", True),
    ("hybrid, without late interaction", "hybrid", False),
    ("semantic", "semantic", True),
    ("keyword", "keyword", True),
]


def best(verdicts: Iterable[Verdict | None]) -> Verdict:
    """Return the best verdict; weak if there is none."""
    return min((verdict for verdict in verdicts if verdict is not None), key=VERDICTS.index, default="weak")


def of_queries(index: papersearch.Index, mode: Mode, late: bool) -> Iterator[tuple[str, Verdict]]:
    """Yield the kind of each query on the corpus, and its verdict."""
    for line in QUERIES.read_text(encoding="utf-8").splitlines():
        kind, query = line.split("\t")
        yield kind, best([index.search(query, mode=mode, late=late).verdict])


def of_topics(folder: Path, indexes: Path, mode: Mode, late: bool) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict on each topic of a collection, with and without its relevant papers."""
    collection = Collection(folder, indexes)
    relevant = {(qrel.query_id, qrel.doc_id) for qrel in read_qrels(folder / "qrels.tsv") if qrel.relevance > 0}
    for topic in collection.topics:
        hits = collection.index.search(topic.text, k=DEPTH, mode=mode, late=late, literal=True).hits
        if any((topic.topic_id, hit.paper.paper_id) in relevant for hit in hits[:10]):
            yield "answerable", best(hit.verdict for hit in hits)
        others = (hit.verdict for hit in hits if (topic.topic_id, hit.paper.paper_id) not in relevant)
        yield "absent", best(others)


def row(name: str, judged: Iterable[tuple[str, Verdict]]) -> None:
    """Print the share of each verdict among answerable queries, and among absent ones."""
    counts = Counter(judged)
    cells = []
    for kind in ("answerable", "absent"):
        whole = sum(counts[kind, verdict] for verdict in VERDICTS) or 1
        cells += [f"{counts[kind, verdict] / whole:.3f}".lstrip("0") for verdict in VERDICTS]
    print(f"| {name} |", " | ".join(cells), "|", flush=True)


def main() -> None:
    """Judge, and print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("index", type=Path, metavar="INDEX")
    options.add_argument("collections", nargs="*", type=Path, metavar="COLLECTION")
    options.add_argument("--indexes", type=Path, help="where indexes are kept; nowhere, if not given")
    arguments = options.parse_args()
    kinds = [f"{kind}: {verdict}" for kind in ("answerable", "absent") for verdict in VERDICTS]
    print("| |", " | ".join(kinds), "|")
    print("|---|" + "---|" * len(kinds))
    index = papersearch.open(arguments.index)
    for name, mode, late in WAYS:
        row(f"queries, {name}", of_queries(index, mode, late))
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.collections:
            row(folder.name, of_topics(folder, arguments.indexes or Path(scratch), "hybrid", True))


if __name__ == "__main__":
    main()
