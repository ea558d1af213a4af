"""A large collection built in one go and in parts: the files, the answers, and the memory of a shard.

    python benchmarks/many_shards.py ABSTRACTS.jsonl.gz FOLDER [--papers 1000000] [--shards 8]

The abstracts are real; further ones are put together from halves of two of them. Authors, venues and
dates are drawn. One paper in fifty comes a second time, in another dump. Each text has a random unit
vector of its own: encoding is measured elsewhere. The shards that a build in parts makes are compared
with the index that was built in one go and cut: every byte of every file. Then both are asked, and
every field of every answer is compared. FOLDER needs 30 GB for a million papers, and is kept; the parts
are removed before the index is cut. A step that is done is not done again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests.search.cutting, which cuts an index

import numpy as np
import orjson
from scale import encoding_by, made_papers, peak_bytes

import papersearch
from papersearch.api import Index
from papersearch.checksums import sha256_of_file
from papersearch.dense.encoding import TextEncoding, without_pieces
from papersearch.index import shard_build
from papersearch.index.collection import open_collection
from papersearch.index.layout import MANIFEST
from papersearch.index.manifest import decode_manifest
from papersearch.index.opened import OpenedIndex, analyzer_of
from papersearch.index.shards import open_shards
from papersearch.search.shard import Shard
from papersearch.types import MODES
from tests.search.cutting import cut

N_DUMPS = 32
BUILT_AT = "1767225600"

QUERIES: dict[str, dict[str, Any]] = {
    "language model learning": {},
    "pipeline bubbles": {"explain": True},
    "graph neural network": {"facets": True},
    '"reinforcement learning" robot': {"related": True},
    "diffusion model video": {"fold": True, "k": 30},
    "RAG": {"explain": True, "related": True},
    "retrieval-augmented generation": {"since": "2022-06", "facets": True},
    "pipelne paralelism": {},
    "unheardofword model": {"strict": True},
    "quantum annealing -graph": {"sort": "date"},
    "title:diffusion video": {"k": 50},
    "train* mod*": {"explain": True},
    "(language OR vision) AND model NOT survey": {"explain": True},
    '"language model" OR "fine-tuning" data -survey': {"facets": True},
    "author:chen graph": {"explain": True},
    'author:"Mei Chen" OR venue:letters robot': {},
    "cat:cs.CV segmentation year:2019..2021": {"facets": True},
    "author:garcia year:2020": {},
    "": {"authors": ("Mei Chen",), "k": 20},
    "protein folding": {"authors": ("chen", "okafor"), "has_code": True},
    "speech recognition": {"venues": ("workshop",), "until": "2020", "include_undated": True},
    "federated learning privacy": {"categories": ("cs",), "related": True, "facets": True},
}


def main() -> None:
    """Do each step in a process of its own, then compare and measure."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("abstracts", type=Path, help="records as JSON lines, compressed by gzip")
    options.add_argument("folder", type=Path)
    options.add_argument("--papers", type=int, default=1_000_000)
    options.add_argument("--shards", type=int, default=8)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--step", help=argparse.SUPPRESS)
    arguments = options.parse_args()
    folder, n_shards = arguments.folder, arguments.shards
    steps: dict[str, Callable[[], str]] = {
        "dumps": lambda: write_dumps(arguments.abstracts, arguments.papers, folder / "corpus"),
        "whole": lambda: build_whole(folder),
        **{f"part {n}": partial(build_one, folder, n, n_shards) for n in range(1, n_shards + 1)},
        "join": lambda: join(folder),
        "files": lambda: compare_files(folder, n_shards),
        "answers": lambda: compare_answers(folder, arguments.rounds),
        "memory": lambda: measure_memory(folder),
    }
    if arguments.step:
        with peak_bytes() as peak:
            start, said = time.perf_counter(), steps[arguments.step]()
        print(
            f"{arguments.step:<10}{time.perf_counter() - start:>7.0f} s{peak[0] / 1e9:>6.1f} GB  {said}", flush=True
        )
        (folder / f"{arguments.step}.done").touch()
        return
    folder.mkdir(parents=True, exist_ok=True)
    for step in steps:
        if not (folder / f"{step}.done").exists():
            environment = {**os.environ, "SOURCE_DATE_EPOCH": BUILT_AT}
            subprocess.run([sys.executable, *sys.argv, "--step", step], env=environment, check=True)


def write_dumps(source: Path, n_papers: int, corpus: Path) -> str:
    """Write the papers, and some of them again in the dump after."""
    chosen = random.Random(2)
    corpus.mkdir(parents=True, exist_ok=True)
    again: list[dict[str, Any]] = []
    n_again = 0
    size = -(-n_papers // N_DUMPS)
    papers = made_papers(source, n_papers)
    for number in range(N_DUMPS):
        repeated, again = again, []
        with (corpus / f"{number:02}.jsonl").open("wb") as out:
            for place, made in zip(range(size), papers, strict=False):
                paper = described(made, number * size + place, chosen)
                if chosen.random() < 0.02:
                    again.append({**paper, "venue": "Journal of Repeated Results"})
                out.write(orjson.dumps(paper, option=orjson.OPT_APPEND_NEWLINE))
            for paper in repeated:
                out.write(orjson.dumps(paper, option=orjson.OPT_APPEND_NEWLINE))
        n_again += len(repeated)
    return f"{n_papers:,} papers, {n_again:,} of them twice, in {N_DUMPS} dumps"


GIVEN = "Mei Jun Anna Luis Chidi Fatima Ivan Priya Kenji Sofia Omar Elena Tomas Aisha Pierre Ingrid".split()
FAMILY = "Chen Wang Garcia Okafor Mueller Kim Tanaka Silva Novak Haddad Rossi Dubois Larsen Patel Nguyen".split()
SYLLABLES = "ka ro mi ta len dor vis pau nor el sha bin gor ani".split()
CATEGORIES = "cs.LG cs.CV cs.CL cs.RO stat.ML eess.AS q-bio.BM cs.AI math.OC cs.CR".split()
VENUES = ("", "", "Workshop on Large Collections", "Letters of Computing", "Annals of Vision")


def described(made: dict[str, Any], number: int, chosen: random.Random) -> dict[str, Any]:
    """Return a paper with an identifier, authors, categories, a venue and a date."""
    authors = [
        f"{chosen.choice(GIVEN)} {chosen.choice(FAMILY)}{''.join(chosen.choices(SYLLABLES, k=chosen.randrange(4)))}"
        for _ in range(chosen.randint(1, 5))
    ]
    year, month, day = chosen.randint(2010, 2025), chosen.randint(1, 12), chosen.randint(1, 28)
    paper = {
        "id": made["_id"],
        "doi": f"10.5555/made.{number}",
        "title": made["title"],
        "abstract": made["text"],
        "authors": authors,
        "categories": chosen.sample(CATEGORIES, chosen.randint(1, 3)),
        "date": (f"{year}", f"{year}-{month:02}", f"{year}-{month:02}-{day:02}")[min(chosen.randrange(20), 2)],
    }
    venue = chosen.choice(VENUES)
    return {**paper, "venue": venue} if venue else paper


class VectorsOfTexts:
    """An encoder of papers that gives each text a random unit vector, the same one each time."""

    def encode_for_index(
        self, texts: Sequence[str], constants: object, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        """Pass a vector for each text to `receive`."""
        for place, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
            row = np.random.default_rng(seed).standard_normal(384, dtype=np.float32)
            receive(place, without_pieces(row / np.linalg.norm(row)))


def build_whole(folder: Path) -> str:
    """Build one index."""
    with encoding_by(VectorsOfTexts()):
        report = papersearch.build(folder / "corpus", folder / "whole", late=False)
    return f"{report.n_papers:,} papers"


def build_one(folder: Path, number: int, n_parts: int) -> str:
    """Build one part."""
    with encoding_by(VectorsOfTexts()):
        report = papersearch.build_part(folder / "corpus", folder / "shards", number, n_parts, late=False)
    return f"{report.n_papers:,} papers"


def join(folder: Path) -> str:
    """Join the parts."""
    with encoding_by(VectorsOfTexts(), shard_build):
        report = papersearch.join_parts(folder / "shards")
    return f"{report.n_papers:,} papers of {report.n_appearances:,} appearances, {report.n_encoded} texts encoded"


def compare_files(folder: Path, n_shards: int) -> str:
    """Cut the whole into the ranges of the shards, and compare every file."""
    shutil.rmtree(folder / "shards" / "parts")
    n_papers = len(papersearch.open(folder / "whole"))
    ends = [n_papers * number // n_shards for number in range(n_shards + 1)]
    cut(folder / "whole", folder / "cut", [np.arange(start, stop) for start, stop in pairwise(ends)])
    n_files = n_bytes = 0
    for shard, expected in zip(folders(folder / "shards"), folders(folder / "cut"), strict=True):
        names = sorted(path.name for path in shard.iterdir())
        assert names == sorted(path.name for path in expected.iterdir())
        for name in names:
            if name == MANIFEST:
                one, other = (decode_manifest((place / name).read_bytes(), "") for place in (shard, expected))
                assert one == other, shard
            else:
                assert sha256_of_file(shard / name) == sha256_of_file(expected / name), shard / name
            n_files, n_bytes = n_files + 1, n_bytes + (shard / name).stat().st_size
    shutil.rmtree(folder / "cut")
    return f"{n_files} files of {n_bytes / 1e9:.1f} GB in {n_shards} shards equal those of the one index, cut"


def folders(index_path: Path) -> list[Path]:
    """Return the folder of each shard's current generation."""
    return [one.index_path / one.manifest.folder for one in open_shards(index_path, leased=False).generations]


def compare_answers(folder: Path, rounds: int) -> str:
    """Ask both, and compare every field of every answer; tell the CPU time relative to the one index."""
    one, many = (papersearch.open(folder / name) for name in ("whole", "shards"))
    spent: dict[str, list[float]] = {}
    for _ in range(rounds):
        for mode in MODES:
            took = [0.0, 0.0]
            for query, asked in QUERIES.items():
                found = []
                for place, index in enumerate((one, many)):
                    start = time.process_time()
                    found.append(index.search(query, mode=mode, **asked))
                    took[place] += time.process_time() - start
                assert found[0] == found[1], (query, mode)
            spent.setdefault(mode, []).append(took[1] / took[0])
            print(f"{mode}: {took[0] / len(QUERIES) * 1e3:.0f} ms a query in one index", flush=True)
    examples = [hit.paper for hit in one.search("graph neural network").hits[:3]]
    names = [paper.paper_id for paper in examples]
    assert one.similar(names[:2], names[2:]) == many.similar(names[:2], names[2:])
    assert one.recommend(examples) == many.recommend(examples)
    assert one.counts() == many.counts()
    assert list(one.rank_many(filter(None, QUERIES), 200)) == list(many.rank_many(filter(None, QUERIES), 200))
    ratios = ", ".join(f"{mode} {statistics.median(values):.2f}" for mode, values in spent.items())
    return (
        f"every field of {len(QUERIES) * len(MODES)} answers equal; CPU time {ratios} times that of the one index"
    )


class Weighed:
    """A transport to shards in this process that measures what each of them holds at once for a query."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._shards = shards
        self._kept = [0] * len(shards)
        self.peaks = [0] * len(shards)

    def __call__(self, method: str, asked: Sequence[tuple[int, Any]], /) -> list[Any]:
        answers = []
        for number, request in asked:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            answers.append(getattr(self._shards[number], method)(request))
            after, peak = tracemalloc.get_traced_memory()
            self.peaks[number] = max(self.peaks[number], self._kept[number] + peak - before)
            self._kept[number] += after - before  # what it remembers, and the answer
        return answers


def measure_memory(folder: Path) -> str:
    """Measure the memory that a shard takes for a query, of each paper of the shard."""
    collection = open_collection(folder / "shards")
    analyzer = analyzer_of(collection.manifest, collection.path)

    def shards() -> Iterator[Shard]:
        for one, numbers in zip(collection.generations, collection.numbers, strict=True):
            yield Shard(OpenedIndex(one, analyzer), numbers)

    n_papers = max(one.manifest.n_papers for one in collection.generations)
    for query, asked in QUERIES.items():  # modules are imported, and tables mapped
        Index(collection).search(query, **asked)
    most: dict[str, tuple[float, str]] = {}
    tracemalloc.start()
    for mode in MODES:
        for query, asked in QUERIES.items():
            call = Weighed(list(shards()))
            Index(collection, call).search(query, mode=mode, **asked)
            most[mode] = max(most.get(mode, (0.0, "")), (max(call.peaks) / n_papers, query))
    tracemalloc.stop()
    largest = ", ".join(f"{mode} {peak:.0f} ({query})" for mode, (peak, query) in most.items())
    return f"bytes a paper of a shard of {n_papers:,} at most: {largest}"


if __name__ == "__main__":
    main()
