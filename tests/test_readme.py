"""The README is executable: its commands run and print what it says, its tables are complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

import papersearch
from papersearch.cli.app import VERBS
from papersearch.cli.output import json_documents
from tests.conftest import CORPUS, PROJECT, command_environment

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def dialogues() -> list[tuple[str, str]]:
    """(command, what it prints) of every console block."""
    found = []
    for block in fences("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.fixture
def shell_environment(tmp_path: Path, real_index_path: Path) -> dict[str, str]:
    """A PATH on which `papersearch` and `python` are the ones under test, and the real index."""
    shim = tmp_path / "papersearch"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m papersearch "$@"\n')
    shim.chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    places = {"PAPERSEARCH_INDEX": str(real_index_path), "PAPERSEARCH_CORPUS": str(CORPUS)}
    return command_environment({**places, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"})


@pytest.mark.parametrize(("command", "output"), dialogues())
def test_commands_print_what_the_readme_says(
    command: str, output: str, tmp_path: Path, shell_environment: dict[str, str]
) -> None:
    """Each command of a console block prints exactly the lines below it, and nothing on stderr."""
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=shell_environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (output, "")


def test_there_are_dialogues() -> None:
    """The test above has something to run."""
    assert len(dialogues()) >= 4


def test_python_example_runs(tmp_path: Path, real_index_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python block prints three hits."""
    (block,) = fences("python")
    script = block.replace('"index"', repr(str(real_index_path)))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=command_environment(), capture_output=True, text=True, check=True)
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == ["1", "2", "3"]


@pytest.mark.slow
def test_collection_commands_run(tmp_path: Path, shell_environment: dict[str, str]) -> None:
    """The commands on a judged collection work as printed, on one of three papers."""
    (block,) = [block for block in fences("sh") if "cranfield" in block]
    folder = tmp_path / "cranfield"
    folder.mkdir()
    records = [
        {"_id": "1", "title": "slipstream", "text": "an experimental study of a wing in a propeller slipstream ."},
        {"_id": "2", "title": "shear flow", "text": "simple shear flow past a flat plate ."},
        {"_id": "3", "title": "boundary layer", "text": "the boundary layer in simple shear flow ."},
    ]
    (folder / "corpus.jsonl").write_text("".join(orjson.dumps(record).decode() + "\n" for record in records))
    (folder / "topics.jsonl").write_text('{"_id": "7", "text": "wings in a slipstream"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n7\t1\t2\n")
    environment = {name: value for name, value in shell_environment.items() if not name.startswith("PAPERSEARCH_")}
    done = subprocess.run(
        f"set -e\n{block}", shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 papers (3 appearances in 1 dump), indexed in cranfield/index" in done.stdout
    assert re.search(r"nDCG@10 +1\.0000 +1\.0000 +1\.0000", done.stdout)
    assert (tmp_path / "cranfield.run").read_text().startswith("7 Q0 1 1 ")


def test_make_targets_exist() -> None:
    """Every `make` command that the README names is in the Makefile."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"demo", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))


def test_envelope_is_documented(real_index: papersearch.Index) -> None:
    """Every field of the envelope and of a hit stands in the README's tables, and no other."""
    envelope = orjson.loads(json_documents.envelope(real_index.search("pipeline bubbles", k=1)))
    section = README.split("## In scripts")[1].split("| exit code")[0]
    tables = re.findall(r"((?:^\|.*\n)+)", section, flags=re.MULTILINE)
    documented = [
        {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
        for table in tables
    ]
    assert documented == [set(envelope), set(envelope["hits"][0])]


def test_verbs_are_documented() -> None:
    """Every verb has a row in the README's table."""
    assert set(VERBS) == set(re.findall(r"^\| `papersearch ([a-z]+)", README, flags=re.MULTILINE))


def test_links_lead_somewhere() -> None:
    """Every file that the README links to exists."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (PROJECT / target).exists(), target
