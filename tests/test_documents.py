"""Agreement of the documents with the program: fields, exit codes, commands, paths and links."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import orjson
import pytest

import papersearch
from docs import tables
from papersearch.cli import exit_codes
from papersearch.cli.options import Format
from papersearch.cli.output import json_documents
from papersearch.index import layout
from papersearch.index.manifest import Manifest
from papersearch.remote import calls
from papersearch.remote.asking import LONG_PATIENCE_S, PATIENCE_S
from papersearch.serving.app import Bounds
from papersearch.serving.server import HEADER_SECONDS, KEPT_SECONDS, MAX_CONNECTIONS, MAX_HEADER_BYTES
from tests.conftest import PROJECT, command_environment
from tests.programs import path_with_programs
from tests.test_architecture import LAYERS

DOCS = PROJECT / "docs"
PACKAGE = PROJECT / "papersearch"
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
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


def anchors(page: Path) -> set[str]:
    """Return the names by which links find the headings of a page: small letters, hyphens for blanks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


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


@pytest.mark.parametrize(
    ("page", "heads"),
    [("README.md", ["format"]), ("docs/sources.md", ["not read"]), ("docs/browse.md", ["key", "word"])],
)
def test_the_tables_are_up_to_date(page: str, heads: list[str]) -> None:
    """The tables of formats, keys and filter words equal the output of docs/tables.py."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    assert re.findall(r"^\| (format|not read|key|word) \|", text, flags=re.MULTILINE) == heads
    assert tables.with_tables(text) == text


def test_arrays_are_documented() -> None:
    """docs/format.md names every file of an index, and the arrays in its tables have their dtypes and shapes."""
    page = (DOCS / "format.md").read_text(encoding="utf-8")
    arrays = {**layout.ARRAYS, **layout.LATE_ARRAYS, **layout.PARTIAL_ARRAYS}
    assert {name for name in (*arrays, *layout.TEXTS) if not re.search(rf"[ `]{re.escape(name)}", page)} == set()
    rows = re.findall(r"^\| (`.*?\.npy`) \| `(.*?)` \| \((.*?),?\) \|", page, flags=re.MULTILINE)
    assert len(rows) > 30
    for cell, dtype, shape in rows:
        for name in re.findall(r"`(.*?)`", cell):
            axes = tuple(shape.replace(" ", "").replace("32", "S").split(","))
            assert layout.ArrayFile(dtype, axes) == arrays[name], name


def test_fields_of_the_manifest_are_documented() -> None:
    """docs/format.md describes every field of a manifest, and no other."""
    assert names(section("format.md", "manifest.json")) == {*Manifest.__annotations__, "kind", "checksum"}


def test_the_limits_of_a_server_are_documented() -> None:
    """docs/serve.md has the limits and the calls of the code."""
    page, bounds = (DOCS / "serve.md").read_text(encoding="utf-8"), Bounds()
    for row in (
        f"(`-k`) | {calls.MAX_K:,} |",
        f"`batch --format trec`) | {calls.MAX_RANKED:,} |",
        f"| queries in one request | {calls.MAX_QUERIES}, and {calls.MAX_HITS:,} papers;",
        f"| text of a query or abstract | {calls.MAX_TEXT:,} characters |",
        f"| {calls.MAX_NAME:,} characters, and {calls.MAX_NAMES:,} of them |",
        f"in the filters of a search | {calls.MAX_SEARCHED} |",
        f"or to look up | {calls.MAX_IDS:,} |",
        f"(`similar --library`) | {calls.MAX_LIBRARY:,} |",
        f"`stats --duplicates` | {calls.MAX_COMPARED:,} |",
        f"| body of a request | {calls.MAX_BODY_BYTES >> 20} MiB, within {bounds.body_seconds:g} s |",
        f"| header of a request | {MAX_HEADER_BYTES >> 10} KiB, within {HEADER_SECONDS:g} s |",
        f"| requests waiting | {bounds.n_waiting};",
        f"| {bounds.seconds:g} s; {bounds.long_seconds:g} s for many queries,",
        f"| connections | {MAX_CONNECTIONS:,}, each closed after {KEPT_SECONDS} s",
        f"The client waits {PATIENCE_S:g} s for an answer",
        f"and {LONG_PATIENCE_S:g} s where",
    ):
        assert row in page, row
    listed = section("serve.md", "The requests").split("with a JSON object: ")[1].split(". ")[0]
    assert re.findall(r"`([\w-]+)`", listed) == list(calls.VERBS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every file that a document links to exists, seen from its folder, and has the heading that the link names."""
    text = page.read_text(encoding="utf-8")
    for target, heading in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", text):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not heading or heading in anchors(linked), (target, heading)


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
    """Every path of a module or folder in ARCHITECTURE.md exists, in the package or in the repository."""
    page = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    dotted = {f"{name.replace('.', '/')}.py" for name in re.findall(rf"`((?:{'|'.join(FOLDERS)})\.\w+)", page)}
    named = dotted | set(re.findall(r"`([\w/]+(?:/|\.py))`", page))
    assert len(named) > 100
    assert {name for name in named if not any((root / name).exists() for root in (PACKAGE, PROJECT))} == set()


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


def test_the_layers_are_those_that_are_checked() -> None:
    """The table of folders in ARCHITECTURE.md has the layers that the imports are checked against, by number."""
    page = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.split("\n## Folders\n")[1].split("\n| layer ")[1].split("\n\n")[0]
    listed: list[set[str]] = []
    for number, cell in re.findall(r"^\| (\d*) ?\| (`.*?`) \|", table, flags=re.MULTILINE):
        if number:
            assert int(number) == len(listed) + 1
            listed.append(set())
        listed[-1] |= {name.removesuffix(".py").removesuffix("/") for name in re.findall(r"`([\w./]+)`", cell)}
    assert listed == LAYERS
