"""The effect of damaged files on an index: bits flipped, files cut.

    python benchmarks/damage.py [--rounds 10000] [--seed 1]

Each round damages one file of one index, asks for everything that an index answers, and repairs the
file. In half of the rounds, every file counts as large, and is checked where it is read. Prints a line of
figures, and exits with 1 if any damage gave another answer, was not found by `doctor`, or ended in
anything else than an error of papersearch. Everything happens in a scratch folder, with a model of
two layers made for it.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy

import papersearch
from papersearch.errors import PapersearchError
from papersearch.index import generation as opened

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from tests.conftest import make_model  # noqa: E402  # needs the path above

TOPICS = ("pipeline bubbles", "protein folding", "graph colouring", "speech recognition (ASR)", "reward hacking")
QUESTIONS: dict[str, Callable[[papersearch.Index], Any]] = {
    "hybrid": lambda index: index.search("pipeline bubbles", 50, explain=True, facets=True, related=True),
    "keyword": lambda index: index.search("ASR speach", 50, "keyword", explain=True),
    "semantic": lambda index: index.search("how do proteins fold", 50, "semantic"),
    "phrase": lambda index: index.search('"protein folding" title:graph OR bubb*', 50),
    "names": lambda index: index.search("author:doe cat:cs.LG year:2024-", 50),
    "filters": lambda index: index.search("study", 50, since="2024-03", added_since="1990", has_code=False),
    "identifier": lambda index: index.search("arXiv:2401.00003v2", 50),
    "similar": lambda index: index.similar([index.papers()[3].paper_id], k=9),
    "papers": lambda index: list(index.papers()),
    "ranked": lambda index: list(index.rank_many(["graph colouring", "reward"], 9)),
    "findings": lambda index: index.findings(),
}


def main() -> None:
    """Damage an index and one in shards, in turn."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--rounds", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        indexes = list(built(Path(scratch)))
        whole = [damage(index, arguments.rounds // 2, random.Random(arguments.seed)) for index in indexes]
    sys.exit(not all(whole))


def built(folder: Path) -> Iterator[Path]:
    """Build one index in one go and the same corpus in two shards."""
    corpus, model = folder / "corpus", str(make_model(folder / "model"))
    corpus.mkdir()
    for part in range(2):
        papers = [paper(number) for number in range(part * 15, part * 15 + 15)]
        (corpus / f"{part}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in papers), encoding="utf-8")
    papersearch.build(corpus, folder / "index", model=model)
    yield folder / "index"
    for number in (1, 2):
        papersearch.build_part(corpus, folder / "shards", number, 2, model=model)
    papersearch.join_parts(folder / "shards")
    shutil.rmtree(folder / "shards" / "parts")
    yield folder / "shards"


def paper(number: int) -> dict[str, Any]:
    """Return a record with everything that an index keeps of a paper."""
    topic = TOPICS[number % len(TOPICS)]
    return {
        "id": f"paper-{number}",
        "title": f"On {topic} {number}",
        "abstract": f"We study {topic}, paper {number} of many. Automatic speech recognition (ASR) is not it. " * 3,
        "authors": ["Jane Doe", f"Ada van der Berg {number % 3}"],
        "categories": ["cs.LG", f"cs.{'CV' if number % 2 else 'CL'}"],
        "venue": f"Venue {number % 4}",
        "arxiv_id": f"2401.{number:05}",
        "date": f"2024-0{1 + number % 9}-11",
        "url": "https://github.com/a/b" if number % 2 else "https://example.org/x",
    }


def damage(index_path: Path, n: int, drawn: random.Random) -> bool:
    """Damage files of one index, and print what became of the answers."""
    right = {name: str(ask(papersearch.open(index_path))) for name, ask in QUESTIONS.items()}
    files = [
        path for path in sorted(index_path.rglob("*")) if path.is_file() and path.stat().st_size and is_read(path)
    ]
    seen: collections.Counter[str] = collections.Counter()
    for round_ in range(n):
        path = files[round_ % len(files)]
        content = path.read_bytes()
        path.unlink()  # the file that is mapped stays as it is
        path.write_bytes(damaged(content, drawn))
        with mock.patch.object(opened, "_SMALL", 0 if round_ // len(files) % 2 else opened._SMALL):
            seen["found"] += is_found(index_path)
            for name, ask in QUESTIONS.items():
                seen[outcome(index_path, ask, right[name])] += 1
        path.unlink()
        path.write_bytes(content)
    n_answers = n * len(QUESTIONS)
    print(
        f"{n} damages: {seen['found']} found by doctor; of {n_answers} answers {seen['right']} "
        f"as before, {seen['refused']} refused, {seen['wrong']} other, {seen['failed']} ended otherwise",
        flush=True,
    )
    return seen["found"] == n and not seen["wrong"] and not seen["failed"]


def is_read(path: Path) -> bool:
    """Return whether a query or the doctor reads a file: not locks, and not what is kept for a rollback."""
    return not path.name.startswith(".") and not path.match("shards/generation-*.json")


def damaged(content: bytes, drawn: random.Random) -> bytes:
    """Flip a bit, or cut."""
    if drawn.random() < 0.75:
        place = drawn.randrange(len(content))
        return content[:place] + bytes([content[place] ^ 1 << drawn.randrange(8)]) + content[place + 1 :]
    return content[: drawn.randrange(len(content))]


def is_found(index_path: Path) -> bool:
    """Return whether the doctor finds anything; one that cannot open the index does."""
    try:
        return bool(papersearch.open(index_path).verify())
    except PapersearchError:
        return True


def outcome(index_path: Path, ask: Callable[[papersearch.Index], Any], right: str) -> str:
    """Return what became of one answer."""
    try:
        return "right" if str(ask(papersearch.open(index_path))) == right else "wrong"
    except PapersearchError:
        return "refused"
    except Exception as error:  # what must not be
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return "failed"


if __name__ == "__main__":
    main()
