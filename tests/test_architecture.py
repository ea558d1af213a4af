"""The layers of ARCHITECTURE.md: imports go down only, and a query imports little."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import papersearch
from tests.conftest import command_environment
from tests.package_code import MODULES, PACKAGE, name_of, parsed

# From the bottom up; a module imports from its own folder or from layers below it.
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


def test_every_module_has_a_layer() -> None:
    """Every module belongs to a layer."""
    assert {room_of(path) for path in MODULES} == set(HEIGHT)


def test_imports_go_down() -> None:
    """A module imports from its own folder or from lower layers, never sideways or up."""
    others = {
        path: {name.split(".")[1] for name in imported(path) if name.startswith("papersearch.")} for path in MODULES
    }
    wrong = [
        f"{name_of(path)} imports {other}"
        for path in MODULES
        for other in others[path] - {room_of(path)}
        if HEIGHT.get(other, len(LAYERS)) >= HEIGHT[room_of(path)]
    ]
    assert len(set().union(*others.values())) > 10
    assert wrong == []


def test_only_the_command_line_knows_typer_and_rich() -> None:
    """Typer and Rich are imported in cli/ alone, as the packages of each other room are there; click is nowhere."""
    found = {(name.split(".")[0], room_of(path)) for path in MODULES for name in imported(path)}
    assert {(name, room) for name, room in found if name in OF_ONE_ROOM} == {
        (name, room) for name, room in OF_ONE_ROOM.items() if room
    }


def test_every_module_says_what_it_is_for() -> None:
    """Every module begins with a docstring."""
    assert [name_of(path) for path in MODULES if not ast.get_docstring(parsed(path))] == []


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
