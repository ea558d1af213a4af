"""Compare the answers of two checkouts, byte for byte.

    python benchmarks/same_answers.py BEFORE AFTER --index FOLDER... --topics FILE... [--queries 200]

BEFORE and AFTER are checkouts of this project; both open the same indexes. Queries are drawn evenly
from the topics and asked in every mode, as JSON and as plain lines. A list of commands whose output
and exit codes are a contract is run as well. Prints each difference, and exits with 1 if there is
any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

COMMANDS = [
    ["pipeline bubbles", "--explain", "--json"],
    ["pipeline bubbles", "--facets", "--suggest", "--json"],
    ["pipeline bubbles", "--format", "table", "--color", "always"],
    ["pipeline bubbles", "--format", "bibtex"],
    ["pipeline bubbles", "--format", "ris"],
    ["pipeline bubbles", "--format", "csv"],
    ["pipeline bubbles", "--format", "markdown"],
    ["pipeline bubbles", "--jsonl", "--fold", "-k", "50"],
    ["pipeline bubbles", "--since", "2025", "--sort", "date"],
    ["pipeline bubbles", "--has-code", "--strict", "-k", "30"],
    ['"mixture of experts" -survey title:expert'],
    ["pipelne parallelism", "-k", "1"],
    ["banana muffin recipe", "--strict"],
    ["show", "gpipe", "--json"],
    ["show", "gpipe"],
    ["similar", "gpipe", "--json"],
    ["similar", "gpipe", "-k", "3", "--format", "table"],
    ["open", "gpipe", "--print"],
    ["stats", "--json"],
    ["doctor", "--json"],
    ["show", "nosuchpaper"],
    ["--since", "x", "bubbles"],
    ["bubbles", "--org", "nobody"],
    ["", "--json"],
]


def run(checkout: Path, index: Path, arguments: list[str], stdin: str | None = None) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PAPERSEARCH_INDEX": str(index.resolve())}
    done = subprocess.run(
        [sys.executable, "-m", "papersearch", *arguments],
        cwd=checkout,  # the package of the current folder is the one that runs
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def topics_of(paths: list[Path], n: int) -> list[str]:
    """Return `n` topics, evenly spread over the files."""
    texts = [json.loads(line)["text"] for path in paths for line in path.read_text().splitlines()]
    return [" ".join(text.split()) for text in texts[:: max(1, len(texts) // n)][:n]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--index", type=Path, nargs="+", required=True)
    parser.add_argument("--topics", type=Path, nargs="+", required=True)
    parser.add_argument("--queries", type=int, default=200)
    chosen = parser.parse_args()
    topics = "".join(f"{n}\t{text}\n" for n, text in enumerate(topics_of(chosen.topics, chosen.queries)))
    cases: list[tuple[str, list[str], str | None]] = [
        (f"{mode} {form}", ["batch", "-", "--mode", mode, "--format", form], topics)
        for mode in ("hybrid", "keyword", "semantic")
        for form in ("jsonl", "trec")
    ]
    cases += [
        (f"{mode} operators", ["batch", "-", "--mode", mode, "--operators"], topics)
        for mode in ("hybrid", "keyword")
    ]
    cases += [(" ".join(command), command, None) for command in COMMANDS]
    n_different = 0
    for index in chosen.index:
        for name, arguments, stdin in cases:
            one, other = (run(checkout, index, arguments, stdin) for checkout in (chosen.before, chosen.after))
            digest = hashlib.sha256(other[1].encode()).hexdigest()[:12]
            if one == other:
                print(f"same       {index.name}: {name} ({other[0]}, {digest})", flush=True)
                continue
            n_different += 1
            parts = [what for what, a, b in zip(("exit", "stdout", "stderr"), one, other, strict=True) if a != b]
            print(f"DIFFERENT  {index.name}: {name}: {', '.join(parts)}", flush=True)
            for a, b in zip(one[2].splitlines(), other[2].splitlines(), strict=False):
                if a != b:
                    print(f"    before: {a}\n    after:  {b}")
    print(f"{n_different} different of {len(cases) * len(chosen.index)}")
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main())
