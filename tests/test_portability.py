"""Platforms: what Windows and macOS lack is asked for before it is used.

The oracle for names is the stubs of the type checker, which say for each name of the standard library
on which platforms it exists.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import papersearch
from papersearch.index.locking import LOCK
from tests.conftest import Run, command_environment
from tests.growing import tree
from tests.like_windows import REFUSED_NAME
from tests.package_code import MODULES, name_of, parsed
from tests.platform_names import PLATFORMS, missing_on, names_on

ASKED_BY_CALLERS = {
    "cli/last_results.py": {"os.getsid", "os.ttyname", "os.uname"},  # `_session` asks for os.getsid
    "dense/reference.py": {"os.sysconf"},  # after a file of /proc was opened
    "index/locking.py": {"fcntl.flock", "fcntl.LOCK_EX"},  # `alone_by` asks for fcntl
}
"""Names that a function uses after its caller, or another call, has found the platform."""

PLACES = {
    "cli/last_results.py": {
        "/proc/self/stat",  # asked for
        "/proc/",  # of another process, where there is the former
        "/proc/sys/kernel/random/boot_id",  # where there is the former
        "/bin/ps",  # where there is os.getsid, as POSIX has it
    },
    "dense/accelerators.py": {"/dev"},  # where the platform is not Windows; the folder may be missing
    "dense/reference.py": {"/proc/self/statm"},  # an OSError is expected
}
"""Absolute paths in the code."""

NEEDS_FORK = {"multiprocessing", "concurrent.futures.process", "pty"}
"""Modules whose processes differ between platforms. Workers are programs that start anew, everywhere."""


class Use(NamedTuple):
    """A name of the standard library in a module of the package."""

    module: str
    name: str
    node: ast.AST


def with_parents(tree: ast.Module) -> ast.Module:
    """Let each node of a tree know the one above it."""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    return tree


def uses(tree: ast.Module) -> Iterator[Use]:
    """Yield the names that a module takes from the standard library, by import or as attributes."""
    imported = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                imported[alias.asname or alias.name] = alias.name
                yield Use(alias.name, "", node)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (Use(node.module, alias.name, node) for alias in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            whole = ast.unparse(node.value)
            if whole in imported:
                yield Use(imported[whole], node.attr, node)


@functools.cache
def uses_in(path: Path) -> list[Use]:
    return list(uses(with_parents(parsed(path))))


def is_missing(use: Use, platform: str) -> bool:
    """Return whether a platform lacks the name, or the whole module where it is imported."""
    if use.name:
        return use.name in missing_on(use.module, platform)
    return bool(missing_on(use.module, platform)) and not names_on(use.module, platform)


def is_asked_for(use: Use) -> bool:
    """Return whether a condition before or around the use is false where the name is missing."""
    return any(_allows(above, use) for above in ancestors(use.node))


def _allows(above: ast.AST, use: Use) -> bool:
    match above:
        case ast.Try(handlers=handlers):  # imports are tried
            return not use.name and any("ImportError" in ast.unparse(one.type) for one in handlers if one.type)
        case ast.IfExp(test, then, otherwise) | ast.If(test, [then], [otherwise]):
            return (has(then, use) and asks(test, use)) or (has(otherwise, use) and denies(test, use))
        case ast.If(test, then):
            return any(has(one, use) for one in then) and asks(test, use)
        case ast.BoolOp(operator, values):
            met = asks if isinstance(operator, ast.And) else denies
            place = next((number for number, one in enumerate(values) if has(one, use)), 0)
            return any(met(one, use) for one in values[:place])
        case ast.FunctionDef(body=body):
            before = body[: next(number for number, one in enumerate(body) if has(one, use))]
            return any(isinstance(one, ast.If) and denies(one.test, use) and leaves(one) for one in before)
    return False


def asks(test: ast.expr, use: Use) -> bool:
    """Return whether `test` is true only where the name exists."""
    return ast.unparse(test) in (f"hasattr({use.module}, '{use.name}')", f"{use.module} is not None")


def denies(test: ast.expr, use: Use) -> bool:
    """Return whether `test` is true wherever the name is missing."""
    return ast.unparse(test) in (f"not hasattr({use.module}, '{use.name}')", f"{use.module} is None")


def leaves(branch: ast.If) -> bool:
    return isinstance(branch.body[-1], ast.Return | ast.Raise)


def has(tree: ast.AST, use: Use) -> bool:
    return any(node is use.node for node in ast.walk(tree))


def ancestors(node: ast.AST) -> Iterator[ast.AST]:
    while (above := getattr(node, "parent", None)) is not None:
        yield above
        node = above


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_names_of_some_platforms_are_asked_for(platform: str) -> None:
    """What a platform lacks is used behind a condition, or is in the list with its reason."""
    unasked: dict[str, set[str]] = {}
    for path in MODULES:
        for use in uses_in(path):
            if is_missing(use, platform) and not is_asked_for(use):
                name = f"{use.module}.{use.name}".rstrip(".")
                unasked.setdefault(name_of(path), set()).add(name)
    assert {module: names - ASKED_BY_CALLERS.get(module, set()) for module, names in unasked.items()} == {
        module: set() for module in unasked
    }
    if platform == "win32":
        assert unasked == ASKED_BY_CALLERS


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("import os\nos.fork()", True),
        ("from os import fork", True),
        ("import fcntl", True),
        ("import resource as r\nr.getrusage(0)", True),
        ("import signal\nsignal.SIGKILL", True),
        ("import os\nif hasattr(os, 'fork'):\n    os.fork()", False),
        ("import os\nif not hasattr(os, 'fork'):\n    os.fork()", True),
        ("import os\nif hasattr(os, 'getsid'):\n    os.fork()", True),
        ("import os\ndef f():\n    if not hasattr(os, 'fork'):\n        return\n    os.fork()", False),
        ("import os\ndef f():\n    os.fork()\n    if not hasattr(os, 'fork'):\n        return", True),
        ("import os\ndef f():\n    return not hasattr(os, 'fork') or os.fork()", False),
        ("import os\ndef f():\n    return hasattr(os, 'fork') or os.fork()", True),
        ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", False),
        ("import os\nos.replace('a', 'b')", False),
    ],
)
def test_what_is_asked_for(code: str, is_found: bool) -> None:
    """The test above finds a name without its condition, and no other."""
    assert (
        any(is_missing(use, "win32") and not is_asked_for(use) for use in uses(with_parents(ast.parse(code))))
        == is_found
    )


def test_places_of_one_system_are_listed() -> None:
    """No other absolute path is in the code."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith(("/proc", "/dev", "/bin", "/usr", "/etc", "/tmp", "/var", "/sys"))
            ):
                found.setdefault(name_of(path), set()).add(node.value)
    assert found == PLACES


def test_processes_start_anew() -> None:
    """Nothing is forked: how Python starts processes makes no difference."""
    used = [use for path in MODULES for use in uses_in(path)]
    assert not {use.module for use in used} & NEEDS_FORK
    assert not any("fork" in use.name for use in used)


def text_streams(tree: ast.Module) -> Iterator[tuple[ast.Call, bool]]:
    """Yield the calls that open a stream of text, and whether the stream is written."""
    builtin = {"open"} - {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        modes = [one.value for one in [*call.args, named.get("mode")] if isinstance(one, ast.Constant)]
        mode = next((one for one in modes if isinstance(one, str) and re.fullmatch("[rwaxbt+]{1,3}", one)), None)
        called = ast.unparse(call.func).rpartition(".")[2]
        if called in ("open", "fdopen") and (mode or not call.args or ast.unparse(call.func) in builtin):
            if "b" not in (mode or "r"):
                yield call, not set(mode or "r").isdisjoint("wax+")
        elif called in ("read_text", "write_text", "TextIOWrapper"):
            yield call, called != "read_text"
        elif ast.unparse(named.get("text", call)) == "True":  # the pipes of a process
            yield call, False


@pytest.mark.slow
def test_text_has_an_encoding_and_line_ends() -> None:
    """A stream of text names its encoding, and its line ends where it is written."""
    found = 0
    for path in MODULES:
        for call, is_written in text_streams(parsed(path)):
            named = {keyword.arg for keyword in call.keywords}
            place = f"{path}:{call.lineno}"
            is_positional = ast.unparse(call.func).endswith(".read_text") and bool(call.args)
            assert "encoding" in named or is_positional, place
            assert "newline" in named or not is_written, place
            found += 1
    assert found > 5


WITHOUT_DEFAULTS = ("-X", "warn_default_encoding", "-W", "error::EncodingWarning")
"""Options of Python by which a text stream without a named encoding is an error."""

A_READER = """
import gc
import sys
from pathlib import Path

from tests.like_windows import install

install()
import papersearch

corpus, index = map(Path, sys.argv[1:])
[generation] = index.glob("generation-*")


def build(number):
    (corpus / "more.json").write_text(f'{{"title": "More {number}", "abstract": "Of it."}}', "utf-8")
    papersearch.build(corpus, index, words_only=True)


reader = papersearch.open(index)
[before] = reader.search("protein folding", k=1, mode="keyword")
names = set(generation.iterdir())
for number in range(3):
    build(number)
assert set(generation.iterdir()) == names
assert list(reader.search("protein folding", k=1, mode="keyword")) == [before]
del reader, before
gc.collect()
build(3)
assert not generation.exists()
assert not [path.name for path in index.iterdir() if path.name.startswith(".") and path.name != ".lock"]
"""


def python_like_windows(*arguments: str, cwd: Path) -> bytes:
    """Run Python as where a text stream's encoding is not UTF-8; return what it prints."""
    done = subprocess.run(
        [sys.executable, *WITHOUT_DEFAULTS, *arguments],
        cwd=cwd,
        env=command_environment({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "XDG_STATE_HOME": str(cwd / "state")}),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def like_windows(*arguments: str, cwd: Path) -> bytes:
    """Run a command of papersearch as on Windows; return what it prints."""
    return python_like_windows("-m", "tests.like_windows", *arguments, cwd=cwd)


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="Linux alone tells which files a process uses"
)


@pytest.mark.slow
@needs_proc
def test_an_index_has_the_same_bytes(small_corpus: Path, run: Run) -> None:
    """A build as on Windows makes the files that any build makes, and a query prints the same bytes."""
    project = small_corpus.parent
    like_windows("index", "--index", "theirs", cwd=project)
    papersearch.build(small_corpus, project / "ours")
    (project / "theirs" / LOCK).unlink()
    (project / "ours" / LOCK).unlink()
    assert tree(project / "theirs") == tree(project / "ours")
    query = ("protein folding", "--format", "tsv", "--index")
    theirs = like_windows(*query, "theirs", cwd=project)
    assert b"\r" not in theirs
    assert theirs.decode() == run(*query, "ours", cwd=project).stdout


@pytest.mark.slow
@needs_proc
def test_a_reader_without_locks(small_corpus: Path, tmp_path: Path) -> None:
    """Where there are no locks and open files cannot be removed, a generation that is read stays whole.

    It goes when nobody reads it.
    """
    papersearch.build(small_corpus, tmp_path / "new", words_only=True)
    python_like_windows("-c", A_READER, str(small_corpus), str(tmp_path / "new"), cwd=tmp_path)


@needs_proc
@pytest.mark.slow
def test_verbs(small_corpus: Path) -> None:
    """What is written beside an index can be written as on Windows, and has names that all systems allow."""
    project = small_corpus.parent
    with zipfile.ZipFile(small_corpus / "packed.zip", "w") as archive:
        for number, name in enumerate(["CON.json", "a:b?.json", "dot.", "x\\y.json", "X\\Y.json"]):
            archive.writestr(name, json.dumps({"title": f"Packed {number}", "abstract": "Moths fly."}))
    like_windows("index", cwd=project)
    for command in [
        ("index", "--full"),
        ("index", "--rollback"),
        ("moths", "--json"),
        ("saved", "add", "a:b", "protein folding"),
        ("saved", "run", "a:b", "--new"),
        ("mark", "--tag", "read", "packed-0"),
        ("stats",),
        ("doctor",),
    ]:
        like_windows(*command, cwd=project)
    paths = list(project.rglob("*"))
    assert not [path for path in paths if REFUSED_NAME.fullmatch(path.name)]
    assert len({str(path).casefold() for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        *((name, True) for name in ("a:b", "nul", "Con.txt", "end.", "end ", "a\\b")),
        *((name, False) for name in ("console", ".lock", "generation-000001", "papers.since.npy")),
    ],
)
def test_refused_names(name: str, is_refused: bool) -> None:
    """The names that Windows refuses are known."""
    assert (REFUSED_NAME.fullmatch(name) is not None) == is_refused
