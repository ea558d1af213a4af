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
    {"clock", "user_files", "values"},
    {"checksums", "errors", "private_files", "processes", "types", "version"},
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


SERVED = {
    "starlette": "serving",
    "uvicorn": "serving",
    "prometheus_client": "serving",
    "http": "remote",
    "ray": "cluster",
}
"""Packages of one room alone; `mcp` brings some of them."""


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms of the package from which a module imports, anywhere in its code."""
    names = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("papersearch.")}


def test_every_room_has_a_layer() -> None:
    """Every module belongs to a layer."""
    assert {room_of(path) for path in modules()} == set(HEIGHT)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """A module imports from its own room or from lower layers, never sideways or up."""
    room = room_of(path)
    for other in imported_rooms(path) - {room}:
        assert other in HEIGHT, f"{other} is no room"
        assert HEIGHT[other] < HEIGHT[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_knows_typer_and_rich(path: Path) -> None:
    """Typer and Rich are imported in cli/ alone; click, pickle and eval nowhere."""
    tree = parsed(path)
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    called = {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not imported & {"click", "pickle", "marshal", "shelve"}
    assert not called & {"eval", "exec"}
    if room_of(path) != "cli":
        assert not imported & {"typer", "rich"}
    assert all(SERVED[name] == room_of(path) for name in imported & SERVED.keys())


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """Every module begins with a docstring."""
    assert ast.get_docstring(parsed(path))


def test_public_names_are_what_is_promised() -> None:
    """Every public name resolves, and is listed once."""
    assert sorted(set(papersearch.__all__), key=str.lower) == sorted(papersearch.__all__, key=str.lower)
    assert all(getattr(papersearch, name) is not None for name in papersearch.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        papersearch.__getattr__("nothing")


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
