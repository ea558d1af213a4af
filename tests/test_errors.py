"""The error tree: fields, messages and copies, and a library without names of commands."""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from papersearch import errors
from papersearch.cli.app import VERBS
from papersearch.errors import PapersearchError
from tests.package_code import MODULES, name_of, parsed

EXAMPLES: dict[str, Any] = {
    "address": "http://papers.example:8765",
    "asked": "2.0",
    "candidates": ("first/a.txt", "second/a.txt"),
    "cause": "Permission denied",
    "clause": '"to be"',
    "device": "cuda:9",
    "fault": "has 5 bytes",
    "field": "since",
    "file": "terms.txt",
    "folder": Path("models/mini"),
    "found": "99",
    "generation": 7,
    "identifier": "arXiv:2503.11731",
    "is_convertible": True,
    "is_corpus": True,
    "is_given": True,
    "is_newer": True,
    "is_reversed": False,
    "in_query": False,
    "known": ("float32", "bfloat16"),
    "length": 50_001,
    "limit": 50_000,
    "line": 3,
    "matched": "id",
    "n_characters": 101,
    "n_copies": 2,
    "n_found": 70,
    "index_path": Path("some/index"),
    "n_left_out": 0,
    "n_papers": 2,
    "n_parts": 20,
    "part": (3, 20),
    "name": "two words",
    "nearest": ("near", "far"),
    "own": "0.2.0",
    "path": Path("some/where"),
    "place": "PAPERSEARCH_TOKEN",
    "places": (Path("corpus"),),
    "position": 4,
    "prefix": "query: ",
    "query": 'say "this',
    "readable": "1 to 4",
    "reasons": ("a.txt: file skipped (empty file)",),
    "seconds": 5.0,
    "sha256": "00ff",
    "shard": 4,
    "since": "2025",
    "tag": "mo",
    "until": "2024",
    "value": "soon",
    "variable": "PAPERSEARCH_PRECISION",
    "what": "format",
}
TOLD = (
    "address",
    "path",
    "folder",
    "file",
    "name",
    "device",
    "value",
    "clause",
    "cause",
    "fault",
    "found",
    "since",
    "until",
    "sha256",
)
"""Fields whose values a message repeats."""


def descendants(kind: type[PapersearchError]) -> Iterator[type[PapersearchError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


OF_THE_LIBRARY = [kind for kind in descendants(PapersearchError) if kind.__module__ == errors.__name__]
LEAVES = [kind for kind in OF_THE_LIBRARY if not kind.__subclasses__()]
FAMILIES = [PapersearchError, *(kind for kind in OF_THE_LIBRARY if kind.__subclasses__())]


def fields_of(kind: type[PapersearchError]) -> list[inspect.Parameter]:
    return list(inspect.signature(kind).parameters.values())


def example(kind: type[PapersearchError]) -> PapersearchError:
    """Make an error of this kind with every field given."""
    given = {field.name: EXAMPLES[field.name] for field in fields_of(kind)}
    if kind is errors.UnknownFilterValue:
        given["field"] = "dumps"
    return kind(**given)


@pytest.mark.parametrize("kind", LEAVES)
def test_fields_are_keywords_and_kept(kind: type[PapersearchError]) -> None:
    """Every field is given by keyword, has a type, and is an attribute afterwards."""
    error = example(kind)
    for field in fields_of(kind):
        assert field.kind is inspect.Parameter.KEYWORD_ONLY
        assert field.annotation is not inspect.Parameter.empty
        assert field.name in vars(error)
    assert set(vars(error)) == {"message", *(field.name for field in fields_of(kind))}


@pytest.mark.parametrize("kind", LEAVES)
def test_messages_name_what_is_wrong(kind: type[PapersearchError]) -> None:
    """A message repeats places, names, values and causes, and is what `str` gives."""
    error = example(kind)
    assert str(error) == error.message
    told = [str(value) for name, value in vars(error).items() if name in TOLD]
    assert [value for value in told if value not in error.message] == []


@pytest.mark.parametrize("kind", LEAVES)
def test_messages_are_sentences(kind: type[PapersearchError]) -> None:
    """A message begins in lower case or with a name, ends without a full stop, and has a verb."""
    message = example(kind).message
    assert not message.endswith(".")
    assert re.match(r"cannot|unknown|expected|.*\b(is|only excludes)\b", message), message


@pytest.mark.parametrize("kind", LEAVES)
def test_errors_survive_copies(kind: type[PapersearchError]) -> None:
    """A pickled or copied error has the same kind, fields, message, arguments and repr."""
    error = example(kind)
    pickled = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for twin in (*pickled, copy.copy(error), copy.deepcopy(error)):
        assert twin is not error
        assert type(twin) is kind
        assert (vars(twin), twin.args, repr(twin)) == (vars(error), error.args, repr(error))


@pytest.mark.parametrize("kind", LEAVES)
def test_repr_makes_the_error_anew(kind: type[PapersearchError]) -> None:
    """The repr of an error with fields is the call that makes an equal one."""
    error = example(kind)
    if fields_of(kind):
        anew = eval(repr(error), {**vars(errors), "PosixPath": Path, "WindowsPath": Path})
        assert vars(anew) == vars(error)
    else:
        assert repr(error) == f"{kind.__name__}(message={error.message!r})"


def test_the_docstring_draws_the_tree() -> None:
    """The module's docstring names every error, each below its family and nowhere else."""
    assert errors.__doc__
    drawn: dict[str, str] = {}
    family = ""
    for line in errors.__doc__.splitlines():
        if branch := re.match(r" {4}[├└]── (\w+)", line):
            family = branch[1]
            drawn[family] = "PapersearchError"
        elif family and re.match(r" {4}[│ ] {5}", line):
            drawn |= dict.fromkeys(re.findall(r"\w+", line), family)
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in OF_THE_LIBRARY}


NO_COMMANDS = {
    "index/part_checks.py": ["papersearch "],  # the same, that all parts share
    "index/publishing.py": ["papersearch "],  # the name and version that a manifest holds
    # What a user must install is known here alone, and is the same for programs.
    "ingest/formats/parquet.py": [
        'a Parquet table, which needs pyarrow to be read: pip install "papersearch[parquet]"',
    ],
    "maps/palette.py": ["--"],  # the start of a property's name in CSS
    "text/latex.py": ["--"],  # LaTeX's en dash
    "text/markup.py": ["<!--"],  # the start of a comment
}
"""Strings of each module that only look like commands, or that install an extra."""


COMMAND = rf"\bpapersearch (?:{'|'.join(VERBS)}|$|[\"'<\[A-Z-])|\bpip install\b"
SPOKEN = re.compile(rf"{COMMAND}|(?<![\w-])--(?:[a-z]|$)")


def commands_in(tree: ast.Module) -> list[str]:
    """Return a module's strings that name a command or an option, except docstrings."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
        if SPOKEN.search(node.value)
    ]


def test_the_library_speaks_of_no_command() -> None:
    """No string outside cli/ contains a command or an option."""
    library = [path for path in MODULES if not name_of(path).startswith("cli/")]
    spoken = {name_of(path): commands_in(parsed(path)) for path in library}
    assert {module: strings for module, strings in spoken.items() if strings} == NO_COMMANDS


@pytest.mark.parametrize(
    "line",
    [
        'hint = "papersearch index"',
        'hint = f"papersearch {verb}"',
        "hint = 'papersearch \"pipeline bubbles\"'",
        'hint = f"then: papersearch saved remove {name}"',
        'message = f"--{name} is no date"',
        'message = f"{a} is after --until {b}"',
        'hint = "pip install papersearch"',
    ],
)
def test_commands_are_recognised(line: str) -> None:
    """`commands_in` recognises each of these strings as a command or an option."""
    assert commands_in(ast.parse(line))


def called_by(tree: ast.Module) -> set[str]:
    """Return the names of the functions and classes that a module calls."""
    return {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def test_families_are_caught_and_never_raised() -> None:
    """The library raises every leaf of the error tree, and no family."""
    called = set().union(*(called_by(parsed(path)) for path in MODULES))
    assert not called & {kind.__name__ for kind in FAMILIES}
    assert called >= {kind.__name__ for kind in LEAVES}
