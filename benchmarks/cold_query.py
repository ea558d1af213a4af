"""The cost of one query as a cold process, against two peers on the same 302 papers.

    python benchmarks/cold_query.py [--index FOLDER] [--rounds 9]

One peer is `python -c "import numpy, typer, rich.table"`, the floor of any such tool. The other is
`plain_script.py`, the script that this tool replaces. Help, version and completion are compared
with `python -c "import typer, rich"`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import PAPERSEARCH, commands, environment, medians, peak_private_bytes, print_table

import papersearch

HERE = Path(__file__).parent
QUERY = "pipeline bubbles"


def main() -> None:
    """Build what is missing, measure, print medians and ratios."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--index", type=Path, help="an index built from corpus/; built if not given")
    options.add_argument("--rounds", type=int, default=9, help="at least 7")
    arguments = options.parse_args()
    rounds = max(arguments.rounds, 7)
    with tempfile.TemporaryDirectory() as scratch:
        index = arguments.index or Path(scratch) / "index"
        if arguments.index is None:
            papersearch.build(HERE.parent / "corpus", index)
        lines = Path(scratch) / "papers.jsonl"
        opened = papersearch.open(index)
        lines.write_bytes((index / f"generation-{opened.manifest.generation:06d}" / "papers.jsonl").read_bytes())
        pickled = Path(scratch) / "plain.pickle"
        plain = [sys.executable, str(HERE / "plain_script.py")]
        subprocess.run([*plain, "build", str(lines), str(pickled)], check=True, stderr=subprocess.DEVNULL)
        query = [PAPERSEARCH, "--index", str(index), QUERY]
        imports = [sys.executable, "-c", "import numpy, typer, rich.table"]
        processes = {
            "imports": imports,
            "plain": [*query, "--format", "plain"],
            "JSON": [*query, "--json"],
            "table": [*query, "--format", "table"],
            "keyword": [*query, "--mode", "keyword"],
            "script": [*plain, "query", str(pickled), QUERY],
        }
        print(f"{len(opened)} papers, {rounds} rounds, medians")
        times = medians(commands(processes), rounds)
        print_table(
            times,
            "process",
            {
                "x imports": lambda value: value / times["imports"],
                "script / it": lambda value: times["script"] / value,
            },
        )
        peak = max(peak_private_bytes(processes[name]) for name in ("plain", "JSON", "table"))
        least = peak_private_bytes(imports)
        print(f"private memory at its peak: {peak / 1e6:.0f} MB (imports: {least / 1e6:.0f} MB)\n")
    light = {
        "imports": [sys.executable, "-c", "import typer, rich"],
        "--help": [PAPERSEARCH, "--help"],
        "--version": [PAPERSEARCH, "--version"],
    }
    completing = {"_PAPERSEARCH_COMPLETE": "complete_bash", "COMP_WORDS": "papersearch st", "COMP_CWORD": "1"}

    def complete() -> float:
        with environment(**completing):
            return commands({"": [PAPERSEARCH]})[""]()

    lights = medians({**commands(light), "completion": complete}, rounds)
    print_table(lights, "process", {"x imports": lambda value: value / lights["imports"]})


if __name__ == "__main__":
    main()
