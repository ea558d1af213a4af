"""The verdicts on queries that a corpus answers, and on near misses.

    python benchmarks/verdicts.py INDEX [COLLECTION...] [--indexes FOLDER] [--model MODEL] [--papers N]
        [--way NAME]

INDEX is an index of `corpus/`, whose queries are in `made/verdict-queries.tsv`: topics of its papers,
and topics of their field that none has. A collection is as in `quality.py`. Each of its topics is
judged twice: with its relevant papers, and without them, as a near miss of its field. Prints the
tables of docs/ranking.md.

With `--papers`, a collection is five random parts of N papers. A topic is answerable if a part has one
of its relevant papers, else absent; of these, forty of each part are judged.
"""

from __future__ import annotations

import argparse
import gzip
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from quality import Collection, dump_of

import papersearch
from papersearch.evaluation.qrels import read_qrels
from papersearch.types import VERDICTS, Mode, Verdict

QUERIES = Path(__file__).parent / "made" / "verdict-queries.tsv"
DEPTH = 100
N_PARTS, N_ABSENT = 5, 40
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


def relevant_pairs(folder: Path) -> set[tuple[str, str]]:
    """Return the ids of each topic of a collection and its relevant papers."""
    return {(qrel.query_id, qrel.doc_id) for qrel in read_qrels(folder / "qrels.tsv") if qrel.relevance > 0}


def of_topics(folder: Path, collection: Collection, mode: Mode, late: bool) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict on each topic of a collection, with and without its relevant papers."""
    relevant = relevant_pairs(folder)
    for topic in collection.topics:
        hits = collection.index.search(topic.text, k=DEPTH, mode=mode, late=late, literal=True).hits
        if any((topic.topic_id, hit.paper.paper_id) in relevant for hit in hits[:10]):
            yield "answerable", best(hit.verdict for hit in hits)
        others = (hit.verdict for hit in hits if (topic.topic_id, hit.paper.paper_id) not in relevant)
        yield "absent", best(others)


def parts(known: Path, dump: Path, scratch: Path, n_papers: int, model: str | None) -> Iterator[papersearch.Index]:
    """Yield indexes of random parts of a collection's dump; `known` is the index of the whole."""
    lines = (gzip.open if dump.suffix == ".gz" else open)(dump, "rb").read().splitlines(keepends=True)
    draw = random.Random(5)
    for number in range(N_PARTS):
        part, index = scratch / f"{known.name}-{number}.jsonl", scratch / f"{known.name}-{number}"
        part.write_bytes(b"".join(draw.sample(lines, n_papers)))
        papersearch.build([part], index, known_from=[known], model=model)
        yield papersearch.open(index)


def of_parts(
    folder: Path, collection: Collection, indexes: Iterable[papersearch.Index], mode: Mode, late: bool
) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict on each topic in each part of a collection: is one of its relevant papers there?"""
    relevant = relevant_pairs(folder)
    for index in indexes:
        ids = {paper.paper_id for paper in index.papers()}
        present = {topic for topic, paper in relevant if paper in ids}
        answerable = [topic for topic in collection.topics if topic.topic_id in present]
        others = [topic for topic in collection.topics if topic.topic_id not in present]
        absent = random.Random(5).sample(others, min(N_ABSENT, len(others)))
        for kind, topics in (("answerable", answerable), ("absent", absent)):
            for topic in topics:
                yield kind, best([index.search(topic.text, mode=mode, late=late, literal=True).verdict])


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
    options.add_argument("--model", help="the model of new indexes; the packaged one, if not given")
    options.add_argument("--papers", type=int, metavar="N", help="judge random parts of N papers")
    names = [name for name, _, _ in WAYS]
    options.add_argument("--way", choices=names, default="hybrid", help="the way of searching collections")
    arguments = options.parse_args()
    kinds = [f"{kind}: {verdict}" for kind in ("answerable", "absent") for verdict in VERDICTS]
    print("| |", " | ".join(kinds), "|")
    print("|---|" + "---|" * len(kinds))
    index = papersearch.open(arguments.index)
    for name, mode, late in WAYS:
        row(f"queries, {name}", of_queries(index, mode, late))
    _, mode, late = WAYS[names.index(arguments.way)]
    with tempfile.TemporaryDirectory() as scratch:
        indexes = arguments.indexes or Path(scratch)
        for folder in arguments.collections:
            collection = Collection(folder, indexes, arguments.model)
            if arguments.papers is None:
                row(folder.name, of_topics(folder, collection, mode, late))
                continue
            of_all = parts(indexes / folder.name, dump_of(folder), Path(scratch), arguments.papers, arguments.model)
            row(folder.name, of_parts(folder, collection, of_all, mode, late))


if __name__ == "__main__":
    main()
