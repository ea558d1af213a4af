"""Names of the standard library on each platform, as the stubs of the type checker have them."""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

PLATFORMS = ("linux", "darwin", "win32")


@functools.cache
def names_on(module: str, platform: str) -> frozenset[str]:
    """Return the names of a module of the standard library; none where the platform lacks the module."""
    path = _stub(module)
    if path is None:
        return frozenset()
    return frozenset(_defined(ast.parse(path.read_text(encoding="utf-8")).body, module, platform))


@functools.cache
def missing_on(module: str, platform: str) -> frozenset[str]:
    """Return the names of a module that another platform has and this one lacks."""
    everywhere = frozenset[str]().union(*(names_on(module, known) for known in PLATFORMS))
    return everywhere - names_on(module, platform)


def _stub(module: str) -> Path | None:
    checker = importlib.util.find_spec("mypy")
    assert checker is not None
    assert checker.origin is not None
    place = Path(checker.origin).parent / "typeshed" / "stdlib" / module.replace(".", "/")
    return next((path for path in (place.with_suffix(".pyi"), place / "__init__.pyi") if path.exists()), None)


def _defined(body: list[ast.stmt], module: str, platform: str) -> Iterator[str]:
    """Yield the names that statements define; of what the stub itself imports, only what it passes on."""
    for statement in body:
        match statement:
            case ast.If(test, then, otherwise):
                yield from _defined(then if _holds(test, platform) else otherwise, module, platform)
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield name
            case ast.Assign(targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(ast.Name(name)):
                yield name
            case ast.ImportFrom(source, [ast.alias("*")], 0) if source:
                yield from names_on(source, platform)
            case ast.ImportFrom(_, aliases):
                yield from (alias.asname for alias in aliases if alias.asname)


def _holds(test: ast.expr, platform: str) -> bool:
    known = SimpleNamespace(platform=platform, version_info=sys.version_info)
    return bool(eval(compile(ast.Expression(test), "stub", "eval"), {"sys": known, "TYPE_CHECKING": True}))
