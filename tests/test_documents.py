"""Agreement of the documents with the program: fields, exit codes, commands, paths and links."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import orjson
import pytest

import papersearch
from papersearch.cli import exit_codes
from papersearch.cli.options import Format
from papersearch.cli.output import json_documents
from tests.conftest import PROJECT, command_environment
from tests.programs import path_with_programs

DOCS = PROJECT / "docs"
PAGES = sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md"), *PROJECT.glob("corpus/*.md")])


def section(page: str, heading: str) -> str:
    """Return the text below a heading of the second level."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables in `text`, without their heads."""
    tables = re.findall(r"((?:^\|.*\n)+)", text, flags=re.MULTILINE)
    return [row.split("|")[1].strip() for table in tables for row in table.splitlines()[2:]]


def names(text: str) -> set[str]:
    """Return the words in backquotes in the first cells of the tables in `text`."""
    return {name for cell in first_cells(text) for name in re.findall(r"`([\w-]+)`", cell)}


def test_fields_are_documented(real_index: papersearch.Index) -> None:
    """docs/json.md describes every field of a result and of a hit, and no other."""
    envelope = orjson.loads(json_documents.envelope(real_index.search("pipeline bubbles", k=1)))
    assert names(section("json.md", "Results")) == set(envelope)
    assert names(section("json.md", "Hits")) == set(envelope["hits"][0])


def test_formats_are_documented() -> None:
    """docs/json.md describes every format of a search, and no other."""
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    assert names(page.split("\n## ")[0]) == {choice.value for choice in Format}


def test_exit_codes_are_documented() -> None:
    """docs/json.md describes every exit code, and no other."""
    known = {value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")}
    assert {int(cell) for cell in first_cells(section("json.md", "Exit codes"))} == known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every file that a document links to exists, seen from the document's own folder."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target


def test_every_document_is_listed() -> None:
    """docs/README.md has a link to every document of the folder, and of the repository's root."""
    listed = set(re.findall(r"\]\(([^)#:\s]+)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    documents = {os.path.relpath(page, DOCS) for page in PAGES} - {"README.md"}
    assert documents - listed == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_named_paths_exist(page: Path) -> None:
    """Every module, test and benchmark that a document names by its path exists."""
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"(?<![\w/.-])((?:papersearch|tests|benchmarks|docs)/[\w/.-]*\w)", text):
        assert (PROJECT / name).exists(), name


def test_modules_of_the_architecture_exist() -> None:
    """Every module and folder that ARCHITECTURE.md names by a short path exists in the package."""
    page = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:text|ingest|lexical|dense|index|search|evaluation|cli)/[\w/]*(?:\.py)?)`", page))
    assert named
    assert {name for name in named if not (PROJECT / "papersearch" / name).exists()} == set()


@pytest.mark.slow
def test_collection_commands_run(tmp_path: Path) -> None:
    """The commands of docs/evaluation.md work as printed, on a collection of three papers."""
    page = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
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
    done = subprocess.run(
        f"set -e\n{block}",
        shell=True,
        cwd=tmp_path,
        env=command_environment({"PATH": path_with_programs(tmp_path / "bin")}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 papers (3 appearances in 1 dump), indexed in cranfield/index" in done.stdout
    assert re.search(r"nDCG@10 +1\.0000 +1\.0000 +1\.0000", done.stdout)
    assert (tmp_path / "cranfield.run").read_text().startswith("7 Q0 1 1 ")


def test_promises_name_their_tests() -> None:
    """Every test that ARCHITECTURE.md names is a function in tests/."""
    named = set(re.findall(r"`(test_\w+)`", (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")))
    written = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py"))
    assert named
    assert named - set(re.findall(r"^(?:async )?def (test_\w+)", written, flags=re.MULTILINE)) == set()


def test_every_folder_is_in_the_architecture() -> None:
    """The table of ARCHITECTURE.md has each folder and module at the package's root, and no other."""
    page = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = page.split("\n## Folders\n")[1].split("\n\n")[1:3]
    cells = [row.split("|")[2] for row in "\n".join(rows).splitlines() if row.startswith("|")]
    listed = {name for cell in cells for name in re.findall(r"`([\w./]+)`", cell)}
    package = PROJECT / "papersearch"
    modules = {path.name for path in package.glob("*.py")}
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert listed == modules | folders
