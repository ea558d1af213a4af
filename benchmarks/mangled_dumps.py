"""The effect of mangled dumps on what an ingest finds.

    python benchmarks/mangled_dumps.py [--mutations 10000]

Prints a line of figures, and exits with 1 if an intact paper was missed, memory grew, or an exception was
raised. Everything happens in a scratch folder.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
from pathlib import Path

from papersearch.ingest.reading import ingest

PROJECT = Path(__file__).parents[1]


def main() -> int:
    """Mangle dumps; return 1 if the figures are not as they should be."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--mutations", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        is_good = mutations(arguments.mutations, random.Random(arguments.seed), Path(name))
    return 0 if is_good else 1


def mutations(n: int, drawn: random.Random, scratch: Path) -> bool:
    """Mangle the lines of one paper of a dump; check that every paper not beside it is still found."""
    dumps = sorted((PROJECT / "corpus").glob("0*.txt"))
    records = scratch / "records.jsonl"
    titles = [f"Paper number {n} on topic {n * 7}" for n in range(40)]
    records.write_text(
        "".join(json.dumps({"_id": str(n), "title": t, "text": t * 9}) + "\n" for n, t in enumerate(titles))
    )
    sources = [(path.read_bytes(), ingest([path]).papers) for path in [*dumps, records]]
    missing = 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # a forked process starts with its parent's
    target = scratch / "mutated"
    for _ in range(n):
        content, papers = drawn.choice(sources)
        chosen = drawn.randrange(len(papers))
        place = papers[chosen].provenance[0]
        lines = content.split(b"\n")
        region = b"\n".join(lines[place.first_line - 1 : place.last_line])
        mangled = mangle(region, drawn)
        target.write_bytes(b"\n".join([*lines[: place.first_line - 1], mangled, *lines[place.last_line :]]))
        found = {paper.title for paper in ingest([target]).papers}
        intact = [paper.title for n, paper in enumerate(papers) if abs(n - chosen) > 1]
        missing += len([title for title in intact if title not in found])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) // 1024
    print(f"{n} mangled dumps read: {missing} intact papers missed, {grown} MB more")
    return missing == 0 and grown < 200


def mangle(region: bytes, drawn: random.Random) -> bytes:
    """Replace bytes, remove, double or cut off a piece, or insert random bytes."""
    place = drawn.randrange(len(region) + 1)
    other = min(len(region), place + drawn.choice((1, 5, 200)))
    noise = drawn.choice(
        (b"\x00", b"\xff\xfe", b"\x1b]0;x\x07", b"\r", b'"', b"{", "\u202e".encode(), drawn.randbytes(20))
    )
    noise = noise.replace(b"\n", b" ")
    return drawn.choice(
        (
            region[:place] + noise + region[other:],
            region[:place] + region[other:],
            region[:place] + region[place:other] * 3 + region[other:],
            region[:place],
            region[:place] + noise + region[place:],
        )
    )


if __name__ == "__main__":
    sys.exit(main())
