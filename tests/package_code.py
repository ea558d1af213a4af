"""The modules of the package as syntax trees, for laws about its code."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

from tests.conftest import PROJECT

PACKAGE = PROJECT / "papersearch"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return the path of a module within the package."""
    return path.relative_to(PACKAGE).as_posix()


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
