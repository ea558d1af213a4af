"""The recipes of docs/sources.md, executed from top to bottom: their commands print their output."""

from __future__ import annotations

import importlib.util
import re

import pytest

from papersearch.ingest.formats import daily_papers, notes
from papersearch.ingest.formats.json_shapes import SHAPES
from papersearch.ingest.reading import _FORMATS
from tests.conftest import PROJECT, command_environment
from tests.programs import path_with_programs
from tests.test_tour import Project, Step, complaints, play, steps

PAGE = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Step, str]]:
    """Run all commands in an empty folder; return each with its output."""
    root = tmp_path_factory.mktemp("sources")
    folder = root / "papers"
    folder.mkdir()
    changes = {"PATH": path_with_programs(root / "bin"), "LC_ALL": "C.UTF-8", "HOME": str(root)}
    return list(play(steps(PAGE), Project(folder, command_environment(changes))))


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is not installed")
def test_the_recipes_print_what_they_say(played: list[tuple[Step, str]]) -> None:
    """Each command prints exactly the lines below it, on stdout and stderr together."""
    assert len(played) > 25
    assert not complaints(played), "\n\n".join(complaints(played))


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is not installed")
def test_all_sources_tell_of_one_paper(played: list[tuple[Step, str]]) -> None:
    """Every file of the recipes is read, and all but one, which has no identifier, make one paper."""
    last, printed = played[-1]
    assert last.command.startswith("papersearch index --dry-run")
    n_files = len({name for step in steps(PAGE) for name in re.findall(r"corpus/[\w.-]+", step.command)})
    assert printed.startswith(f"2 papers ({n_files} appearances in {n_files} dumps)")


def test_every_format_has_a_recipe() -> None:
    """Each format and each source of JSON has a word in the recipes; BEIR and JATS need none."""
    words = {
        "Daily Papers": "Hugging Face",
        "Daily Papers (HTML)": "HTML",
        "Markdown note": "Obsidian",
        "Crossref XML": "Crossref",
        "arXiv JSON": "metadata snapshot",
        "arXiv Atom": "Atom",
        "arXiv mail": "daily mail",
        "EndNote XML": "EndNote",
        "ACL Anthology XML": "data/xml",
        "PubMed XML": "retmode=xml",
        "PubMed (nbib)": ".nbib",
        "Hugging Face papers": "hf papers ls",
        "CSL-JSON": "CSL JSON",
        "Zotero JSON": "Zotero",
        "Zotero's database": "zotero.sqlite",
        "papersearch's JSON": "papersearch convert",
        "JSON": "JSON lines",
        "table": "CSV",
    }
    names = {one.NAME for one in (*_FORMATS, *SHAPES)} - {"BEIR", "JATS XML", "paperlists"}
    assert {name for name in names if words.get(name, name) not in PAGE} == set()
    assert {daily_papers.NAME, notes.NAME} <= set(words)


def test_no_step_depends_on_the_network() -> None:
    """Commands that fetch something are in blocks that are not run."""
    assert not [step for step in steps(PAGE) if re.search(r"(?:^|[\s|;])(?:curl|hf|wget)\s", step.command)]
