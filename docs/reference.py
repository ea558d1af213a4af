"""Write the reference of the command line: the output of `--help` for every verb.

    python docs/reference.py docs/cli.md

Runs the command once per section, in a pipe of 100 columns, without environment variables that
would change the output.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from papersearch.cli.app import VERBS

COLUMNS = 100
HEAD = """# Command reference

`make reference` writes this page. Below the next two sections it is the output of `papersearch --help` and
`papersearch COMMAND --help`.

## Where the corpus and the index are

The corpus folder and the index folder are found separately. The first of these places decides:

1. the option: `--corpus`, `--index`;
2. the environment variable: `PAPERSEARCH_CORPUS`, `PAPERSEARCH_INDEX`;
3. the nearest folder, at or above the current one, that contains `corpus/` or an index made by papersearch;
4. the user's data folder, by the platform's convention.

The file of saved searches is found in the same way: by `PAPERSEARCH_SEARCHES`, then as `searches.toml` in the
nearest such folder, then in the user's configuration folder.

A query without an index builds it first. A query whose corpus has changed answers from the existing index and says
so on stderr.

## Commands and queries

The first word is a command only where it equals one exactly. Any other first word begins a query:
`papersearch search index` searches for "index". Type `--` before a query that starts with a dash.
[json.md](json.md) describes formats and exit codes.
"""

_STEERING = ("PAPERSEARCH_", "_PAPERSEARCH_", "_TYPER_", "TERMINAL_WIDTH", "FORCE_", "LANG", "LC_")


def reference() -> str:
    """Return the whole page."""
    sections = [["papersearch"], *(["papersearch", verb] for verb in VERBS)]
    return HEAD + "".join(f"\n## {' '.join(words)}\n\n```text\n{_help(words[1:])}```\n" for words in sections)


def _help(words: list[str]) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_STEERING)}
    environment = {**kept, "COLUMNS": str(COLUMNS), "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "papersearch", *words, "--help"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8").stdout


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
