"""Mutation testing: change the code in one place, and see whether the module's tests fail.

    python benchmarks/mutants.py [--module NAME...] [--processes N]

A mutant is a module with one comparison, operator, constant, condition, bound of a slice, return
value or call changed. It is killed when one of the module's quick tests fails; tests that need
an index are left out. Prints each survivor that docs/mutants.md does not list as
equivalent, then a line a module, and exits with 1 where a mutant survives or an entry of the
document names no survivor.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import hypothesis
import numpy  # noqa: F401  # loaded once, before the processes are forked
import pytest

PROJECT = Path(__file__).parents[1]
DOCUMENT = PROJECT / "docs" / "mutants.md"
TESTS = {
    "papersearch.search.topk": "tests/search/test_topk.py",
    "papersearch.search.fusion": "tests/search/test_fusion.py",
    "papersearch.search.ranking": "tests/search/test_ranking.py",
    "papersearch.search.verdict": "tests/search/test_verdict.py",
    "papersearch.text.query": "tests/text/test_query.py",
}

PATIENCE_S = 120
"""Timeout of a mutant: one that runs longer hangs, and counts as killed."""

SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}


class Mutant(NamedTuple):
    """One change of a module: its name, "function: before → after", and the changed source."""

    name: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Make every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    made = []
    for path in _places(tree):
        shown = _shown(path)
        before = ast.unparse(shown)
        for change in _changes(path):
            restore = change()
            after = "pass" if isinstance(shown, _LEFT_OUT) else ast.unparse(shown)
            changed = ast.unparse(tree)
            restore()
            name = f"{_function(path)}: {_difference(before, after)}"
            seen[name] += 1
            made.append(Mutant(name if seen[name] == 1 else f"{name} #{seen[name]}", changed))
    return made


_LEFT_OUT = (ast.Expr, ast.Continue)
_CHANGED_WITHIN = (*_LEFT_OUT, ast.If, ast.IfExp, ast.While, ast.comprehension, ast.Return)
_EXPRESSIONS = (ast.Compare, ast.BoolOp, ast.BinOp, ast.Call, ast.Subscript, ast.IfExp)


def _shown(path: list[ast.AST]) -> ast.AST:
    """Choose the node that names a change of the last node: itself, or the expression around it."""
    if isinstance(path[-1], _CHANGED_WITHIN):
        return path[-1]
    around = (node for node in reversed(path[:-1]) if isinstance(node, (ast.stmt, *_EXPRESSIONS)))
    return next(around, path[-2])


def _difference(before: str, after: str) -> str:
    """Name a change by the first lines of both."""
    return f"{before.splitlines()[0]} → {(after.splitlines() or [''])[0]}"


def _function(path: list[ast.AST]) -> str:
    names = [node.name for node in path if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return ".".join(names) or "module"


def _places(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """Walk all nodes but annotations and docstrings, each with its ancestors."""

    def walk(path: list[ast.AST]) -> Iterator[list[ast.AST]]:
        yield path
        for field, value in ast.iter_fields(path[-1]):
            if field in ("annotation", "returns", "decorator_list", "bases"):
                continue
            for child in value if isinstance(value, list) else [value]:
                is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
                if isinstance(child, ast.AST) and not is_docstring and not _is_for_types(child):
                    yield from walk([*path, child])

    return (path for path in walk([tree]) if len(path) > 1)


def _is_for_types(node: ast.AST) -> bool:
    """Tell whether a node is an import, code for type checkers only, or the message of an error."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.annotation) == "TypeAlias"
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr))


def _changes(path: list[ast.AST]) -> Iterator[Any]:
    """Give functions that change the last node of the path, each returning one that restores it."""
    node, parent = path[-1], path[-2]
    for old, new in _replacements(path):
        owner = parent if old is node else node
        yield lambda owner=owner, old=old, new=new: _replace(owner, old, new)


def _replacements(path: list[ast.AST]) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Give (old, new) for the last node of the path, or for one of its children."""
    node = path[-1]
    yield from ((node, other()) for other in SWAPPED.get(type(node), ()))
    match node:
        case ast.Constant():
            yield from ((node, ast.Constant(value)) for value in _other_values(node, path))
        case ast.UnaryOp():
            yield node, node.operand
        case ast.If() | ast.IfExp() | ast.While():
            yield from ((node.test, ast.Constant(value)) for value in (True, False))
        case ast.comprehension() if node.ifs:
            yield node.ifs[0], ast.Constant(True)
        case ast.Slice():
            yield from ((bound, None) for bound in (node.lower, node.upper, node.step) if bound is not None)
        case ast.Return() if node.value is not None and ast.unparse(node.value) != "None":
            yield node.value, ast.Constant(None)
        case ast.Expr() | ast.Continue():
            yield node, ast.Pass()


def _other_values(node: ast.Constant, path: list[ast.AST]) -> Sequence[bool | int | float | str]:
    value = node.value
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value + 1, value - 1]
    is_message = any(isinstance(ancestor, ast.Raise) for ancestor in path)
    return ["mutated"] if isinstance(value, str) and not is_message else []


def _replace(parent: ast.AST, old: ast.AST | None, new: ast.AST | None) -> Any:
    """Put `new` in the place of `old`, and return a function that takes it back."""
    for field, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, field, new)
            return lambda: setattr(parent, field, old)
        if isinstance(value, list):
            for place, child in enumerate(value):
                if child is old:
                    value[place] = new
                    return lambda: value.__setitem__(place, old)
    raise AssertionError("no such child")


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """An importer that gives one module another source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, name: str, path: object, target: object = None) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, f"{self.name} (mutant)", "exec"), module.__dict__)


class QuickTests:
    """A pytest plugin that leaves out tests of an index, by whichever model."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        slow = {"real_index_path", "small_model"}
        items[:] = [item for item in items if not slow & set(getattr(item, "fixturenames", ()))]


def survives(module: str, source: str) -> bool:
    """Run the module's tests, in a forked process, against a source of it; return whether all pass."""
    sys.meta_path.insert(0, Loader(module, source))
    with tempfile.TemporaryDirectory() as folder:
        hypothesis.configuration.set_hypothesis_home_dir(folder)
        hypothesis.settings.register_profile(
            "mutants", deadline=None, derandomize=True, database=None, phases=(hypothesis.Phase.generate,)
        )
        quiet = ("-x", "-q", "-pno:cacheprovider", "-pno:xdist", "-Wignore::pytest.PytestAssertRewriteWarning")
        return pytest.main([TESTS[module], *quiet, "--hypothesis-profile=mutants"], plugins=[QuickTests()]) == 0


def start(module: str, source: str) -> int:
    """Fork a process that exits with 0 if the mutant survives."""
    pid = os.fork()
    if pid == 0:
        ended = 1
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            signal.alarm(PATIENCE_S)
            ended = 0 if survives(module, source) else 1
        finally:
            os._exit(ended)
    return pid


def surviving(module: str, made: list[Mutant], n_processes: int) -> list[str]:
    """Name the mutants that no test kills."""
    running: dict[int, Mutant] = {}
    found = []
    waiting = list(reversed(made))
    while waiting or running:
        while waiting and len(running) < n_processes:
            mutant = waiting.pop()
            running[start(module, mutant.source)] = mutant
        pid, status = os.wait()
        mutant = running.pop(pid)
        if status == 0:
            found.append(mutant.name)
    return found


def equivalent(module: str) -> set[str]:
    """Read the names of a module's equivalent mutants from the document."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    _, _, section = text.partition(f"## {module}\n")
    return set(re.findall(r"^- `(.*)`: ", section.partition("\n## ")[0], re.MULTILINE))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--module", nargs="+", choices=TESTS, default=list(TESTS))
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    os.chdir(PROJECT)
    sys.path.insert(0, str(PROJECT))
    failed = False
    for module in chosen.module:
        source = (PROJECT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        if surviving(module, [Mutant("as it is", source)], 1) == []:
            raise SystemExit(f"the tests of {module} fail without any change")
        made = mutants(source)
        found = surviving(module, made, chosen.processes)
        listed = equivalent(module)
        for name in found:
            if name not in listed:
                print(f"  survives: {name}", flush=True)
        for name in sorted(listed - set(found)):
            print(f"  listed as equivalent, and does not survive: {name}", flush=True)
        print(f"{module}: {len(made)} mutants, {len(found)} survive, {len(listed)} equivalent", flush=True)
        failed = failed or set(found) != listed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
