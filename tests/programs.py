"""Programs for PATH: the tested `papersearch` and this Python, in place of those that are installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.conftest import PROJECT


def path_with_programs(folder: Path) -> str:
    """Write `papersearch` and `python` into a folder, and return a PATH that begins with it.

    A program that starts them without the environment, as a client of the Model Context Protocol
    does, gets the tested package too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in (("papersearch", " -m papersearch"), ("python", "")):
        program = folder / name
        package = f'PYTHONPATH="${{PYTHONPATH:-{PROJECT}}}"'
        program.write_text(f'#!/bin/sh\n{package} exec "{sys.executable}"{arguments} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
