"""The rooms of ARCHITECTURE.md: imports go down only, and a query imports little."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

import papersearch
from tests.conftest import PROJECT, command_environment

PACKAGE = PROJECT / "papersearch"

# From the bottom up; a module imports from its own layer's room or from layers below it.
LAYERS = [
    {"values"},
    {"checksums", "clock", "errors", "private_files", "processes", "types", "user_files", "version"},
    {"text"},
    {"ingest", "lexical"},
    {"dense"},
    {"index"},
    {"search"},
    {"remote"},
    {"toml_files"},
    {"api", "marks", "saved"},
    {"seen"},
    {"evaluation", "maps", "serving"},
    {"cluster"},
    {"cli"},
    {"__init__", "__main__"},
]
HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


OF_ONE_ROOM = {
    "typer": "cli",
    "rich": "cli",
    "starlette": "serving",
    "uvicorn": "serving",
    "prometheus_client": "serving",
    "http": "remote",
    "ray": "cluster",
    "click": None,
}
"""The one room that imports a package; None for a package that only others bring."""


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@functools.cache
def imported(path: Path) -> list[str]:
    """Return the dotted names that a module imports, anywhere in its code."""
    names = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "a relative import names no room"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names


def test_every_room_has_a_layer() -> None:
    """Every module belongs to a layer."""
    assert {room_of(path) for path in modules()} == set(HEIGHT)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """A module imports from its own room or from lower layers, never sideways or up."""
    room = room_of(path)
    others = {name.split(".")[1] for name in imported(path) if name.startswith("papersearch.")}
    for other in others - {room}:
        assert other in HEIGHT, f"{other} is no room"
        assert HEIGHT[other] < HEIGHT[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_knows_typer_and_rich(path: Path) -> None:
    """Typer and Rich are imported in cli/ alone, as the packages of each other room are there; click is nowhere."""
    packages = {name.split(".")[0] for name in imported(path)}
    assert {name for name in packages & OF_ONE_ROOM.keys() if OF_ONE_ROOM[name] != room_of(path)} == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """Every module begins with a docstring."""
    assert ast.get_docstring(parsed(path))


def test_a_query_imports_no_model_library(real_index_path: Path) -> None:
    """A hybrid query from Python imports neither torch and its libraries nor Rich."""
    script = (
        "import sys, papersearch; papersearch.open(sys.argv[1]).search('pipeline bubbles');"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'rank_bm25', 'rich', 'typer'}"
        " & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, str(real_index_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=command_environment())
    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_only_the_cluster_imports_ray(real_index_path: Path) -> None:
    """Commands without --ray import neither Ray nor the cluster's modules, installed or not."""
    script = (
        "import sys\nfrom papersearch.cli.app import app\n"
        "try: app(sys.argv[1:])\nexcept SystemExit as done: assert done.code == 0\n"
        "print(sorted({'ray', 'papersearch.cluster'} & set(sys.modules)), file=sys.stderr)"
    )
    for arguments in (["pipeline bubbles"], ["serve", "--help"], ["index", "--help"]):
        command = [sys.executable, "-c", script, *arguments]
        env = command_environment({"PAPERSEARCH_INDEX": str(real_index_path)})
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        assert done.stderr == "[]\n"


def test_public_names_are_no_modules() -> None:
    """No submodule, once imported, hides a public name."""
    assert not {path.stem for path in PACKAGE.iterdir()} & set(papersearch.__all__)
