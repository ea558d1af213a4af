"""The fuzzer of one door, by atheris: `python -m tests.fuzz.driver DOOR SECONDS FOLDER`.

FOLDER keeps the corpus and in `failed/` the failures: a later run goes on with both.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from pathlib import Path
from pkgutil import iter_modules

import atheris

from tests.fuzz.mutations import mutated

_MEMORY_MB = 2048
_SLOWEST_S = 60
_MOST_WORDS = 400
_WORD = re.compile(rb"[A-Za-z_][\w-]{1,18}|\W{1,3}")

_PACKAGES = (
    "dense.architectures", "evaluation", "index", "ingest.formats.json_shapes", "ingest.formats.xml", "ingest",
    "lexical", "marks", "remote", "search", "serving", "text",
)  # fmt: skip
"""Packages of which every module is instrumented, also one that no seed imports."""

os.fsync = lambda fd: None


def main() -> None:
    """Let the seeds in, with all that they import instrumented, and fuzz until the time is over."""
    name, seconds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    corpus, failed = folder / "corpus", folder / "failed"
    own, of_seeds = folder / "own", folder / "seeds"
    failed_before = [path.read_bytes() for path in failed.glob("*") if path.suffix != ".txt"]
    for place in (failed, own, of_seeds):
        shutil.rmtree(place, ignore_errors=True)
    for place in (corpus, failed, own, of_seeds):
        place.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["papersearch"]):
        from tests.fuzz.door import kept_inputs
        from tests.fuzz.doors import DOORS
        from tests.fuzz.failures import Failures, LastInput

        for package in _PACKAGES:
            for module in iter_modules(import_module(f"papersearch.{package}").__path__):
                import_module(f"papersearch.{package}.{module.name}")
        door = DOORS[name]
        failures = Failures(door.opened(own), failed, LastInput(folder / "last", door.longest))
        kept = [path.read_bytes() for path in kept_inputs(name)]
        seeds = [*door.seeds(of_seeds), *kept, *failed_before]
        for place, seed in enumerate(seeds):
            failures.enter(seed)
            (corpus / f"seed-{place}").write_bytes(seed)
    tokens = folder / "tokens"
    tokens.write_text("".join(f'"{_escaped(one)}"\n' for one in _tokens(seeds, door.tokens)), encoding="ascii")
    options = [
        f"-max_total_time={seconds}", f"-max_len={door.longest}", f"-dict={tokens}", f"-artifact_prefix={failed}/",
        f"-rss_limit_mb={_MEMORY_MB}", f"-timeout={_SLOWEST_S}", "-keep_seed=1", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], failures.enter, custom_mutator=_mutated)
    atheris.Fuzz()


def _tokens(seeds: Iterable[bytes], named: Iterable[str]) -> list[bytes]:
    """Return the words and signs of the seeds, and what the door names."""
    words = dict.fromkeys(word for seed in seeds for word in _WORD.findall(seed))
    return [*islice(words, _MOST_WORDS), *(token.encode() for token in named if token)]


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{code:02x}" for code in token)


def _mutated(content: bytes, most: int, seed: int) -> bytes:
    return mutated(content, most, random.Random(seed), atheris.Mutate)


if __name__ == "__main__":
    main()
