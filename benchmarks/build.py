"""Builds as whole processes, beside sentence-transformers and another local tool.

    python benchmarks/build.py [--corpus corpus] [--rounds 3] [--fresh] [--abstracts FILE.jsonl.gz]
        [--llm PATH]

Adds the corpus's last dump to an index of the others, with the default model, by numpy and on the
device `cpu` of sentence-transformers, in turn. A build of an unchanged corpus is timed beside
`papersearch stats`, and a cold hybrid query beside the imports that it cannot do without.

`--fresh` builds the whole corpus too, beside `llm embed-multi` with its plugin
`llm-sentence-transformers`: it stores a vector of the first 256 word pieces of each abstract, and no
words. `--abstracts` names records as JSON lines: all of them are indexed by words, and 128 of them
encoded beside sentence-transformers' own `encode` (`encoding.py`).

Processor time counts the workers of a build; on a machine with other work, read it rather than the
wall-clock time.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measuring import Cost, process

PROJECT = Path(__file__).parents[1]
LIBRARY = ("--device", "cpu")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "PAPERSEARCH_PRECISION": "float32"}


def command(*arguments: str | Path) -> Cost:
    """Run papersearch; return what it costs, with its workers."""
    return process([sys.executable, "-m", "papersearch", *arguments], ENVIRONMENT)


def adding(folder: Path, corpus: Path, *options: str) -> Callable[[], Cost]:
    """Return a function that adds the last dump to an index of the others, and tells the cost."""
    fewer, index = folder / "fewer", folder / f"index{''.join(options)}"
    if not fewer.exists():
        fewer.mkdir()
        for dump in sorted(corpus.glob("0*.txt"))[:-1]:
            shutil.copy2(dump, fewer)
    command("index", "--corpus", fewer, "--index", index, *options)

    def add() -> Cost:
        copy = folder / "copy"
        shutil.copytree(index, copy)
        try:
            return command("index", "--corpus", corpus, "--index", copy, *options)
        finally:
            shutil.rmtree(copy)

    return add


def fresh(folder: Path, corpus: Path, *options: str) -> Callable[[], Cost]:
    """Return a function that builds the corpus's index anew, and tells the cost."""

    def build() -> Cost:
        index = folder / "fresh"
        try:
            return command("index", "--corpus", corpus, "--index", index, *options)
        finally:
            shutil.rmtree(index, ignore_errors=True)

    return build


def by_llm(folder: Path, corpus: Path, program: str) -> Callable[[], Cost]:
    """Return a function that embeds the corpus's abstracts with `llm`, and tells the cost.

    Raises FileNotFoundError or CalledProcessError if it cannot.
    """
    sys.path.insert(0, str(PROJECT))
    import papersearch
    from papersearch.dense import models
    from papersearch.text.paper_text import paper_text

    ENVIRONMENT.update(LLM_USER_PATH=str(folder / "llm"), HF_HUB_OFFLINE="1")
    texts, model = folder / "texts", models.locate(None, print).folder
    process([program, "sentence-transformers", "register", model, "--lazy"], ENVIRONMENT)
    texts.mkdir()
    papersearch.build(corpus, folder / "listed", words_only=True)
    for paper in papersearch.open(folder / "listed").papers():
        (texts / f"{paper.paper_id}.txt").write_text(paper_text(paper), encoding="utf-8")

    def embed() -> Cost:
        database = folder / "embedded.db"
        database.unlink(missing_ok=True)
        named = ("-m", f"sentence-transformers/{model}", "-d", database)
        return process([program, "embed-multi", "papers", "--files", texts, "*.txt", *named], ENVIRONMENT)

    return embed


def words_first(folder: Path, abstracts: Path) -> Callable[[], Cost]:
    """Return a function that indexes all abstracts by words, and tells the cost."""
    dump = folder / "abstracts.jsonl"
    with gzip.open(abstracts) as packed, dump.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)

    def build() -> Cost:
        try:
            return command("index", dump, "--index", folder / "words", "--words-only")
        finally:
            shutil.rmtree(folder / "words", ignore_errors=True)

    return build


def contenders(arguments: argparse.Namespace, folder: Path) -> dict[str, Callable[[], Cost]]:
    """Return what is measured, in pairs of which each first one is divided by its second."""
    corpus = arguments.corpus.resolve()
    whole = folder / "whole"
    command("index", "--corpus", corpus, "--index", whole)
    found = {
        "one dump more, numpy": adding(folder, corpus),
        "one dump more, library": adding(folder, corpus, *LIBRARY),
        "nothing new": lambda: command("index", "--corpus", corpus, "--index", whole),
        "stats": lambda: command("stats", "--corpus", corpus, "--index", whole),
        "cold hybrid query": lambda: command(
            "pipeline bubbles", "--corpus", corpus, "--index", whole, "--format", "plain"
        ),
        "its imports": lambda: process([sys.executable, "-c", "import numpy, typer, rich.table"], ENVIRONMENT),
    }
    if arguments.fresh:
        found["fresh, numpy"] = fresh(folder, corpus)
        found["fresh, library"] = fresh(folder, corpus, *LIBRARY)
        try:
            by = by_llm(folder, corpus, arguments.llm)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"llm is left out: {error}")
        else:
            found["fresh, numpy, again"] = fresh(folder, corpus)
            found["llm embed-multi"] = by
    if arguments.abstracts:
        found["words of all abstracts"] = words_first(folder, arguments.abstracts)
        found["nothing new, again"] = found["nothing new"]
    return found


def main() -> None:
    """Run each contender once per round, in turn; print medians, and the ratios of each pair."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--corpus", type=Path, default=PROJECT / "corpus")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--fresh", action="store_true")
    options.add_argument("--abstracts", type=Path, help="records as JSON lines, compressed by gzip")
    options.add_argument("--llm", default="llm", help="the command of that tool, where it is not on the path")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measured = contenders(arguments, Path(scratch))
        costs: dict[str, list[Cost]] = {name: [] for name in measured}
        for _ in range(arguments.rounds):
            for name, contender in measured.items():
                costs[name].append(contender())
    print_pairs(
        {
            name: Cost(*(statistics.median(each) for each in zip(*found, strict=True)))
            for name, found in costs.items()
        }
    )
    if arguments.abstracts:
        print(flush=True)
        encoding = [sys.executable, PROJECT / "benchmarks" / "encoding.py", arguments.abstracts]
        subprocess.run([*map(str, encoding), "--rounds", str(arguments.rounds)], env=ENVIRONMENT, check=True)


def print_pairs(medians: dict[str, Cost]) -> None:
    """Print a line for each contender, and how many times the next one's cost it is."""
    print(f"{'process':<24}{'s':>8}{'it / next':>11}{'processor s':>13}{'it / next':>11}")
    names = list(medians)
    for first, second in zip(names[::2], names[1::2], strict=True):
        for name in (first, second):
            wall, processor = medians[name]
            other = medians[second]
            print(
                f"{name:<24}{wall:>8.2f}{wall / other.wall:>11.2f}"
                f"{processor:>13.2f}{processor / other.processor:>11.2f}"
            )


if __name__ == "__main__":
    main()
