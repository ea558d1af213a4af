"""Install papersearch for one Python and run the tests there, to try other versions.

    python -m tests.versions FOLDER --python python3.13 [--lowest] [--without-torch] [pytest's arguments...]

Makes a virtual environment in FOLDER by uv, with the newest versions that `pyproject.toml` allows, or
with the lowest ones that it declares. Then an index of the shipped corpus is built and asked, and the
quick tests run. Prints the versions of the dependencies first, and pytest's output last.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
EXTRAS = "dev,map,mcp,parquet,serve,styles,tui"
NO_TORCH = "torch; python_version < '3'\n"
QUERY = "pipeline bubbles"


def install(folder: Path, python: str, *, is_lowest: bool, has_torch: bool) -> Path:
    """Make the environment, and return its Python."""
    subprocess.run(["uv", "venv", "--clear", "--python", python, folder], check=True)
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    overrides = folder / "overrides.txt"
    overrides.write_text("" if has_torch else NO_TORCH, encoding="utf-8")
    resolution = "lowest-direct" if is_lowest else "highest"
    command = ["uv", "pip", "install", "--python", interpreter, "--resolution", resolution, "--override", overrides]
    subprocess.run([*command, f"{PROJECT}[{EXTRAS}]"], check=True)
    return interpreter


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--lowest", action="store_true")
    parser.add_argument("--without-torch", action="store_true")
    chosen, arguments = parser.parse_known_args()
    folder = chosen.folder.resolve()
    python = install(folder, chosen.python, is_lowest=chosen.lowest, has_torch=not chosen.without_torch)
    subprocess.run(["uv", "pip", "freeze", "--python", python], check=True)
    index = folder / "index"
    command = [python, "-W", "error", "-m", "papersearch"]
    for verb in (["index", "corpus", "--index", index], [QUERY, "--index", index], ["doctor", "--index", index]):
        subprocess.run([*command, *verb], cwd=PROJECT, check=True)
    plugin = ["-p", "tests.without_torch"] if chosen.without_torch else []
    return subprocess.run([python, "-m", "pytest", *plugin, *arguments], cwd=PROJECT).returncode


if __name__ == "__main__":
    sys.exit(main())
