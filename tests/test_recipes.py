"""The recipes of docs/recipes.md, run as they are printed: shell, editors, Zotero, notebooks.

The recipe for fzf is run by tests/cli/test_fzf.py, those for cron and systemd by tests/test_automation.py.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import bibtexparser
import orjson
import pytest

import papersearch
from tests.conftest import CORPUS, PATIENCE_S, PROJECT, command_environment
from tests.ingest.formats.test_zotero_sqlite import Library, moths
from tests.programs import path_with_programs
from tests.recipes import PAGE, block, blocks
from tests.test_tour import Project, complaints, play, steps

pytestmark = pytest.mark.slow

BALANCING = "balancing-pipeline-parallelism-with-faa182"
ELASWAVE = "elaswave-an-elastic-native-system-for-b53896"


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, real_index_path: Path) -> Project:
    """Make a folder with a copy of the corpus and its index, and a home folder with a library of Zotero.

    PATH has the tested `papersearch` and the two scripts of the page.
    """
    root = tmp_path_factory.mktemp("recipes")
    folder, programs = root / "work", root / "bin"
    shutil.copytree(CORPUS, folder / "corpus")
    shutil.copytree(real_index_path, folder / "index")
    papersearch.build(folder / "corpus", folder / "index")  # records the copy as its corpus
    path = path_with_programs(programs)
    for name in ("papers-grep", "papers-cite"):
        (programs / name).write_text(block(f"sh {name}"))
        (programs / name).chmod(0o755)
    (root / "Zotero").mkdir()
    moths(Library(root / "Zotero" / "zotero.sqlite")).database.close()
    changes = {
        "PATH": path,
        "HOME": str(root),
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "",
        "XDG_STATE_HOME": str(root / "state"),
    }
    return Project(folder, command_environment(changes))


@pytest.fixture
def folder(project: Project) -> Iterator[Path]:
    """Return the folder of the recipes, and remove the bibliography that a recipe leaves there."""
    yield project.folder
    (project.folder / "references.bib").unlink(missing_ok=True)


def run(command: list[str], project: Project, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in the folder of the recipes."""
    return subprocess.run(
        command,
        cwd=project.folder,
        env={**project.environment, **options.pop("changes", {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_S,
        stdin=None if "input" in options else subprocess.DEVNULL,
        **options,
    )


def keys_in(bibliography: Path) -> list[str]:
    return [entry.key for entry in bibtexparser.parse_string(bibliography.read_text(encoding="utf-8")).entries]


@needs("jq", "pandoc")
def test_the_recipes_print_what_they_say(project: Project, folder: Path) -> None:
    """Each command prints exactly the lines below it, on stdout and stderr together."""
    played = list(play(steps(PAGE), project))
    assert len(played) > 10
    assert not complaints(played), "\n\n".join(complaints(played))


@needs("jq")
def test_places_are_where_the_papers_are(project: Project, folder: Path) -> None:
    """Each line of papers-grep names a line of a dump that begins the paper's appearance; one a paper."""
    printed = run(["papers-grep", "-k", "400", "--", "models"], project).stdout.splitlines()
    assert len(printed) > 250
    for line in printed:
        name, number, title = re.fullmatch(r"(.+?):(\d+): (.*)", line).groups()  # type: ignore[union-attr]
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        assert title.split()[0] in lines[int(number) - 1]


@needs("jq")
@pytest.mark.parametrize("query", ["it's -survey", '"mixture of experts"', "index", "--json"])
def test_any_query_is_one_argument(project: Project, query: str) -> None:
    """A query behind `--` is taken as it is, whatever it looks like to a shell or to papersearch."""
    expected = run(["papersearch", "search", "--jsonl", "--", query], project).stdout
    titles = [orjson.loads(line)["title"] for line in expected.splitlines()]
    assert titles
    printed = run(["papers-grep", "--", query], project).stdout
    assert [line.split(": ", 1)[1] for line in printed.splitlines()] == titles


def test_keys_of_any_ids(project: Project, folder: Path, tmp_path: Path) -> None:
    """papers-cite prints the key that its entry has, once for each paper, whatever the ids look like."""
    ids = [
        "https://openalex.org/W1",
        "10.1000/a(b)_c",
        "2503.11731",
        "é",
        "a{b",
        "x,y",
        "two words",
        "-k",
        "it's",
        "moe",
    ]
    titles = [f"{id}, once more" for id in [*ids[1:], ids[0]]]  # each looks like the next one's key in an entry
    records = [
        {"id": id, "title": title, "abstract": f"We study {id}. " * 20}
        for id, title in zip(ids, titles, strict=True)
    ]
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "records.jsonl").write_bytes(b"\n".join(map(orjson.dumps, records)))
    place = Project(tmp_path, project.environment)
    assert run(["papersearch", "index", "--words-only"], place).returncode == 0
    read = [paper.paper_id for paper in papersearch.open(tmp_path / "index").papers()]
    assert len(read) == len(ids)
    printed = [run(["papers-cite", id], place).stdout.strip() for id in [*read, *read]]
    assert printed[: len(ids)] == printed[len(ids) :]
    assert keys_in(tmp_path / "references.bib") == printed[: len(ids)]
    assert len(set(printed)) == len(ids)


@needs("less")
@pytest.mark.parametrize("shell", [pytest.param(name, marks=needs(name)) for name in ("bash", "zsh")])
def test_the_functions_of_a_shell(project: Project, folder: Path, tmp_path: Path, shell: str) -> None:
    """The numbers of a paged answer are known to the functions that follow, in bash and in zsh."""
    (tmp_path / "rc").write_text(block("sh bashrc"))
    typed = f". {tmp_path}/rc\npapers 'pipeline bubbles' -k 2\necho ----\npaper 2\necho ----\nnew moe -k 1\n"
    options = ["--norc", "-O", "expand_aliases"] if shell == "bash" else ["--no-rcs", "-o", "aliases"]
    (tmp_path / "typed").write_text(typed)
    narrow = {"COLUMNS": "80"}
    done = run([shell, *options, str(tmp_path / "typed")], project, changes=narrow)
    plain = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    answer, record, new = plain.split("----\n")
    assert "b53896" in answer
    assert max(map(len, answer.splitlines())) <= 80
    assert record == run(["papersearch", "show", ELASWAVE], project, changes=narrow).stdout
    since = ["papersearch", "search", "--format", "table", "--added-since", "7d", "moe", "-k", "1"]
    assert new == run(since, project, changes=narrow).stdout


def neovim(project: Project, *commands: str) -> subprocess.CompletedProcess[str]:
    """Load the recipe into Neovim, run commands of its command line, and leave."""
    given = [part for command in (*commands, "qa!") for part in ("-c", command)]
    started = ["nvim", "--headless", "--clean", "-c", 'let mapleader="\\\\"', "-c", "luafile papers.lua"]
    return run([*started, *given], project)


@pytest.fixture
def nvim(project: Project, folder: Path, tmp_path: Path) -> Path:
    """Put the recipe for Neovim into the folder; return the file that is edited."""
    (folder / "papers.lua").write_text(block("lua"))
    return folder / "edited.tex"


@needs("nvim", "jq")
def test_quickfix_list_of_neovim(project: Project, nvim: Path) -> None:
    """`:Papers` lists the answers in order, and the first entry leads to the paper in its dump."""
    tell = 'lua for _, it in ipairs(vim.fn.getqflist()) do io.write(it.valid, " ", it.text, "\\n") end'
    here = 'lua io.write(vim.fn.expand("%"), ":", vim.fn.line("."), ": ", vim.fn.getline("."))'
    done = neovim(project, "Papers pipeline bubbles", tell, "cfirst", here)
    expected = run(["papers-grep", "-k", "50", "--", "pipeline bubbles"], project).stdout.splitlines()
    *listed, place = done.stdout.splitlines()
    assert listed == [f"1 {line.split(': ', 1)[1]}" for line in expected]
    assert place == expected[0]


@needs("nvim")
@pytest.mark.parametrize(
    ("name", "keys", "expected"),
    [
        ("edited.tex", r"$\\cpipeline bubbles\<CR>2\<CR>", rf"As in \cite{{{ELASWAVE}}}"),
        ("edited.md", r"$\\cpipeline bubbles\<CR>1\<CR>", f"As in [@{BALANCING}]"),
        ("edited.md", r"$\\cpipeline bubbles\<CR>\<CR>", "As in "),
        ("edited.md", r"$\\cquinces -quinces\<CR>", "As in "),
    ],
)
def test_citations_in_neovim(project: Project, nvim: Path, name: str, keys: str, expected: str) -> None:
    """The paper that is chosen is cited in the manner of the file, and is in the bibliography; nothing else is."""
    edited = nvim.with_name(name)
    edited.write_text("As in \n")
    done = neovim(project, f"edit {name}", f'call feedkeys("{keys}", "tx")', "w")
    assert edited.read_text().rstrip("\n") == expected, done.stderr
    cited = re.findall(r"[{@]([\w-]+)[}\]]", expected)
    bibliography = nvim.with_name("references.bib")
    assert (keys_in(bibliography) if bibliography.exists() else []) == cited


@needs("nvim")
def test_records_in_neovim(project: Project, nvim: Path) -> None:
    """The record of the paper that is chosen is shown in a window of its own."""
    feeding = r'call feedkeys("\\ppipeline bubbles\<CR>2\<CR>", "tx")'
    done = neovim(project, feeding, "w shown.txt")
    shown = (nvim.parent / "shown.txt").read_text()
    assert shown == run(["papersearch", "show", ELASWAVE], project).stdout, done.stderr


def emacs(project: Project, expression: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Load the recipe into Emacs, evaluate an expression, and answer its questions by lines of `answers`."""
    (project.folder / "papers.el").write_text(block("elisp"))
    command = ["emacs", "-Q", "--batch", "-l", "papers.el", "--eval", expression]
    return run(command, project, input=answers)


@needs("emacs", "jq")
def test_grep_mode_of_emacs(project: Project, folder: Path) -> None:
    """`M-x papers` lists the answers in order, and its first entry leads to the paper in its dump."""
    done = emacs(
        project,
        """(let ((list-folder default-directory) (list (papers "pipeline bubbles")))
             (while (get-buffer-process list) (accept-process-output nil 0.05))
             (with-current-buffer list (princ (buffer-string)))
             (next-error)
             (with-current-buffer (window-buffer)
               (princ (format "\\nAT %s:%d: %s" (file-relative-name buffer-file-name list-folder)
                              (line-number-at-pos) (buffer-substring (point) (line-end-position))))))""",
    )
    expected = run(["papers-grep", "-k", "50", "--", "pipeline bubbles"], project).stdout.splitlines()
    assert [line for line in done.stdout.splitlines() if line.startswith("corpus/")] == expected
    assert done.stdout.splitlines()[-1] == f"AT {expected[0]}", done.stderr


ANSWER = f"Balancing Pipeline Parallelism with Vocabulary Parallelism (2024) {BALANCING}"


@needs("emacs")
@pytest.mark.parametrize(
    ("mode", "expected"), [("text-mode", f"[@{BALANCING}]"), ("latex-mode", rf"\cite{{{BALANCING}}}")]
)
def test_citations_in_emacs(project: Project, folder: Path, mode: str, expected: str) -> None:
    """The paper that is chosen is cited in the manner of the mode, and is in the bibliography."""
    expression = f"(with-temp-buffer ({mode}) (papers-cite) (princ (buffer-string)))"
    done = emacs(project, expression, f"pipeline bubbles\n{ANSWER}\n")
    assert done.stdout.endswith(expected), done.stderr
    assert keys_in(folder / "references.bib") == [BALANCING]


@needs("emacs")
def test_no_answer_in_emacs(project: Project, folder: Path) -> None:
    """A question without answers is an error of the user's, and nothing is cited."""
    done = emacs(project, "(papers-cite)", "author:nobody\n")
    assert "No paper answers author:nobody" in done.stderr
    assert not (folder / "references.bib").exists()


@needs("emacs")
def test_records_in_emacs(project: Project) -> None:
    """The record of the paper that is chosen is in a help window."""
    expression = '(progn (papers-show) (with-current-buffer "*paper*" (princ (buffer-string))))'
    done = emacs(project, expression, f"pipeline bubbles\n{ANSWER}\n")
    assert done.stdout.endswith(run(["papersearch", "show", BALANCING], project).stdout), done.stderr


class Connector(BaseHTTPRequestHandler):
    """A server in place of Zotero's: it keeps what is sent to it."""

    received: list[tuple[str, str | None, str]]

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8")
        self.received.append((self.path, self.headers["Content-Type"], sent))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


@needs("curl")
def test_results_go_to_the_connector(project: Project) -> None:
    """The recipe sends the export as it is, in a type that Zotero does not take for a form."""
    recipe = block("sh connector")
    Connector.received = []
    with HTTPServer(("127.0.0.1", 0), Connector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run(["sh", "-c", recipe.replace("23119", str(server.server_port))], project)
        server.shutdown()
    export = run(["papersearch", "pipeline bubbles", "-k", "5", "--format", "ris"], project)
    assert (done.returncode, done.stderr) == (0, "")
    ((path, kind, sent),) = Connector.received
    assert (path, kind) == ("/connector/import", "text/plain")
    assert sent.replace("\r\n", "\n") == export.stdout.replace("\r\n", "\n")


def test_notebooks(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells of the page run one after the other, and an answer is shown as a table of its papers."""
    pytest.importorskip("pandas")
    monkeypatch.chdir(project.folder)
    names: dict[str, Any] = {}
    cells = blocks("python")
    assert len(cells) == 3
    for cell in cells:
        exec(cell, names)
    answer, frame, vectors = (names[name] for name in ("answer", "frame", "vectors"))
    assert answer._repr_html_().count("<tr>") == 1 + 5
    assert list(frame.columns) == ["year", "title", "score", "id"]
    assert vectors.shape[0] == len(frame) == 50
    assert frame["score"].is_monotonic_decreasing


def test_the_page_names_every_recipe() -> None:
    """The page has a section for each program, and its blocks are all run or said not to be."""
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert set(sections) >= {"Shell", "fzf", "Neovim", "Emacs", "cron", "systemd", "Zotero", "Notebooks"}
    assert str(PROJECT) not in PAGE
