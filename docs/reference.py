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

What `papersearch --help` and `papersearch COMMAND --help` print, written by `make reference`.
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
