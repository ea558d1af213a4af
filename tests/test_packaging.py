"""The wheel and the source archive: the package, and every file that its tests need."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PROJECT, command_environment

pytestmark = pytest.mark.slow

FOLDERS = ("benchmarks", "corpus", "docs", "papersearch", "tests")
FILES = (
    *("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *("MANIFEST.in", "Makefile", "constraints.txt", "pyproject.toml", "setup.py"),
)


class Built(NamedTuple):
    """The files of the source tree, and the two archives built from it."""

    tree: set[str]
    wheel: Path
    archive: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build both archives from a copy of the source tree, as `python -m build` does."""
    source = tmp_path_factory.mktemp("packaging") / "source"
    source.mkdir()
    for name in FILES:
        shutil.copy(PROJECT / name, source / name)
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    tree = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    script = (
        "from setuptools import build_meta; build_meta.build_sdist('../built'); build_meta.build_wheel('../built')"
    )
    (source.parent / "built").mkdir()
    environment = command_environment({"PYTHONPATH": ""})
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = source.parent.glob("built/*.whl")
    (archive,) = source.parent.glob("built/*.tar.gz")
    return Built(tree, wheel, archive)


def test_the_archive_holds_the_source_tree(built: Built) -> None:
    """Each file of the package, tests, documents, corpus and benchmarks is in the source archive."""
    with tarfile.open(built.archive) as archive:
        members = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert built.tree - members == set()


def test_the_archives_tests_can_be_collected(built: Built, tmp_path: Path) -> None:
    """pytest collects every test module in the unpacked source archive."""
    with tarfile.open(built.archive) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-m", ""]
    environment = command_environment({"PYTHONPATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})  # others may warn
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    collected = set(re.findall(r"^(tests/.*?\.py)\b", done.stdout, flags=re.MULTILINE))
    assert collected == {name for name in built.tree if re.match(r"tests/(.*/)?test_[^/]*\.py$", name)}


def test_the_wheel_holds_the_package_alone(built: Built) -> None:
    """The wheel has every file of the package, the licence, and nothing from another folder."""
    names = set(zipfile.ZipFile(built.wheel).namelist())
    package = {name for name in names if ".dist-info/" not in name}
    assert package == {name for name in built.tree if name.startswith("papersearch/")}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_description_needs_no_repository(built: Built) -> None:
    """The description in the metadata is the README without relative pictures and links."""
    with zipfile.ZipFile(built.wheel) as wheel:
        (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        description = wheel.read(metadata).decode("utf-8").partition("\n\n")[2]
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert description.startswith(readme.partition("\n")[0])
    assert "![" in readme
    assert "![" not in description
    assert re.findall(r"\]\((?!https?:)", description) == []
    plain = {line for line in readme.splitlines() if "](" not in line}
    assert plain - set(description.splitlines()) == set()
