"""Completion: by the protocol of each shell, and in the shells themselves."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

import papersearch
from papersearch.cli.app import VERBS
from tests.conftest import CORPUS, PATIENCE_S, command_environment, held_at
from tests.terminal import Terminal, terminal_environment

pytestmark = pytest.mark.slow

ORGANISATIONS = ["CognizantAI", "Gensyn", "PekingUniversity", "Uchicago", "microsoft", "nebius"]
GPIPE = "gpipe-efficient-training-of-giant-neural-86739e"
MODES = ["hybrid", "keyword", "semantic"]
SHELLS = ["bash", "zsh", "fish"]

Offer = Callable[..., "subprocess.CompletedProcess[str]"]


def as_asked(shell: str, words: list[str]) -> dict[str, str]:
    """Return the environment in which a shell's script asks to complete the last of `words`."""
    asked = {"_PAPERSEARCH_COMPLETE": f"complete_{shell}"}
    if shell == "bash":  # which splits words at equals signs
        parts = [part for word in words for part in re.split("(=)", word)]
        return {**asked, "COMP_WORDS": "\n".join(["papersearch", *parts]), "COMP_CWORD": str(len(parts))}
    return {
        **asked,
        "_TYPER_COMPLETE_ARGS": " ".join(["papersearch", *words]),
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }


def values(shell: str, printed: str) -> list[str]:
    """Return the values in a shell's answer."""
    if shell == "zsh":
        return re.findall(r'^(?:_arguments \'\*: :\(\()?"([^"]+)"', printed, flags=re.MULTILINE)
    return [line.split("\t")[0] for line in printed.splitlines() if line]


@pytest.fixture
def answer(tmp_path: Path, real_index_path: Path) -> Offer:
    """Ask as a shell does, in a folder with neither corpus nor index."""

    def ask(shell: str, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "searches.toml").write_text('[moe]\nquery = "experts"\n[bubbles]\nquery = "bubbles"\n')
        places = {
            "PAPERSEARCH_INDEX": str(real_index_path),
            "PAPERSEARCH_CORPUS": str(CORPUS),
            "PAPERSEARCH_SEARCHES": str(tmp_path / "searches.toml"),
        }
        environment = command_environment({**places, **as_asked(shell, list(words)), **changes})
        return subprocess.run(
            [sys.executable, "-m", "papersearch"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return ask


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], list(VERBS)),
        (["st"], ["stats"]),
        (["--mode", ""], MODES),
        (['"pipeline bubbles"', "--mode", ""], MODES),
        (['"pipeline bubbles"', "--mode", "s"], ["semantic"]),
        (["search", "bubbles", "--color", "a"], ["auto", "always"]),
        (["show", "--format", "r"], ["ris"]),
        (["batch", "--format", ""], ["auto", "jsonl", "trec"]),
        (["--frobnicate", "bubbles", "--mode", "k"], ["keyword"]),
        (["--expl"], ["--explain"]),
        (["show", "gp"], [GPIPE]),
        (["show", "gpipe", "skipp"], ["skippipe-partial-and-reordered-a914e3"]),
        (["similar", "gp"], [GPIPE]),
        (["similar", "skippipe", "--unlike", "gp"], [GPIPE]),
        (["-k", "3", "similar", "gp"], [GPIPE]),
        (["open", "gp"], [GPIPE]),
        (["bubbles", "--org", ""], ORGANISATIONS),
        (["similar", "gpipe", "--org", "micro"], ["microsoft"]),
        (["similar", "gpipe", "--org", "MiCRO"], ["MiCROsoft"]),
        (["similar", "gpipe", "--org", "g"], ["gensyn"]),
        (["bubbles", "--dump", "00"], sorted(path.name for path in CORPUS.glob("00*.txt"))),
        (["bubbles", "--sort", ""], ["relevance", "date"]),
        (["saved", ""], ["add", "list", "show", "remove", "run", "digest"]),
        (["saved", "add", "x", "bubbles", "--org", "nebi"], ["nebius"]),
        (["saved", "run", "mo"], ["moe"]),
        (["saved", "remove", ""], ["moe", "bubbles"]),
        (["show", "no-paper-begins-so"], []),
        (["show", "--index", "/nowhere", "gp"], []),
        (["show", "--index=/nowhere", "gp"], []),
        (["--index", "/nowhere", "show", "gp"], []),
        (['"pipeline', "bub"], []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_offers(answer: Offer, shell: str, words: list[str], expected: list[str]) -> None:
    """Each shell gets exactly the matching values, and stderr is empty."""
    done = answer(shell, *words)
    assert (values(shell, done.stdout), done.stderr) == (expected, "")


@pytest.mark.parametrize("joint", [" ", "="])
@pytest.mark.parametrize("shell", SHELLS)
def test_index_on_the_line(answer: Offer, real_index_path: Path, shell: str, joint: str) -> None:
    """--index earlier on the line takes precedence; ~ and variables in it are expanded as in the shell."""
    words = ["show", *f"--index{joint}{real_index_path}".split(" "), "gp"]
    assert values(shell, answer(shell, *words, PAPERSEARCH_INDEX="/nowhere").stdout) == [GPIPE]
    words = ["show", "--index", f"~/{real_index_path.name}", "gp"]
    changes = {"PAPERSEARCH_INDEX": "/nowhere", "HOME": str(real_index_path.parent)}
    assert values(shell, answer(shell, *words, **changes).stdout) == [GPIPE]
    words = ["show", "--index", "$PLACE", "gp"]
    changes = {"PAPERSEARCH_INDEX": "/nowhere", "PLACE": str(real_index_path)}
    assert values(shell, answer(shell, *words, **changes).stdout) == [GPIPE]


def test_bash_sees_an_equals_sign_as_a_word(answer: Offer) -> None:
    """In bash, --mode=TAB and --mode=s TAB complete the value."""
    assert values("bash", answer("bash", "bubbles", "--mode=s").stdout) == ["semantic"]
    cut = {"COMP_WORDS": "papersearch\nbubbles\n--mode\n=", "COMP_CWORD": "3"}
    assert values("bash", answer("bash", **cut).stdout) == MODES


def test_bash_words_behind_the_cursor(answer: Offer) -> None:
    """Words after the cursor are not completed."""
    line = {"COMP_WORDS": "papersearch\nshow\n\n--format\nris", "COMP_CWORD": "2"}
    assert len(values("bash", answer("bash", **line).stdout)) == 100
    line = {"COMP_WORDS": "papersearch show gp", "COMP_CWORD": "2"}  # joined by spaces, as documented
    assert values("bash", answer("bash", **line).stdout) == [GPIPE]


def test_many_ids(answer: Offer, real_index: papersearch.Index) -> None:
    """If there are too many ids, the last one is offered too.

    Otherwise a shell would insert letters that only the first ids have in common.
    """
    ids = sorted(paper.paper_id for paper in real_index.papers())
    assert values("bash", answer("bash", "show", "").stdout) == [*ids[:99], ids[-1]]


def test_titles_are_said(answer: Offer) -> None:
    """In shells that show descriptions, each id has its title, on one line."""
    title = "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism"
    assert answer("fish", "show", "gp").stdout == f"{GPIPE}\t{title}\n"
    assert title.replace(":", r"\\:") in answer("zsh", "show", "gp").stdout
    narrow = answer("fish", "show", "m", COLUMNS="20", TERMINAL_WIDTH="20").stdout
    assert narrow == answer("fish", "show", "m").stdout
    assert all(line.count("\t") == 1 for line in narrow.splitlines())


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_any_locale(answer: Offer, tmp_path: Path, locale: str) -> None:
    """Ids are offered even if the locale cannot encode their titles."""
    make_index(tmp_path, [("umlaut", "Über Pipelines")])
    done = answer("fish", "show", "", PAPERSEARCH_INDEX=str(tmp_path / "index"), LC_ALL=locale)
    assert (done.stdout, done.stderr) == ("umlaut\tÜber Pipelines\n", "")


def make_index(folder: Path, papers: list[tuple[str, str]]) -> None:
    """Build an index in `folder` of records with these (id, title) pairs."""
    lines = [{"_id": paper_id, "title": title, "text": f"An abstract about {title}."} for paper_id, title in papers]
    (folder / "records.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    papersearch.build(folder / "records.jsonl", folder / "index", words_only=True)


HOSTILE = [
    ("good", r"\") ; touch harm; x=(\" $(touch harm) `touch harm` \$(touch harm)"),
    ("markup", "[/red] of [bold]brackets[/] and 'quotes' \" \\' ; touch harm"),
    ("evil$(touch harm)", "An id that a shell would run"),
    ("two words", "An id that would be two words"),
    ("-k", "An id that would be an option"),
    ("semi;touch harm", "An id that would be two commands"),
]


@pytest.mark.parametrize("shell", SHELLS)
def test_an_index_from_elsewhere_runs_nothing(answer: Offer, tmp_path: Path, shell: str) -> None:
    """Ids that need quoting are not offered; titles lose the metacharacters of shells."""
    make_index(tmp_path, HOSTILE)
    done = answer(shell, "show", "", PAPERSEARCH_INDEX=str(tmp_path / "index"))
    assert (values(shell, done.stdout), done.stderr) == (["good", "markup"], "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_damaged_index_is_silent(answer: Offer, small_index: Path, shell: str) -> None:
    """If the index cannot be read, nothing is offered and no message is printed."""
    next(small_index.glob("generation-*/ids.txt")).write_bytes(b"\xff" * 100)
    done = answer(shell, "show", "", PAPERSEARCH_INDEX=str(small_index))
    assert (values(shell, done.stdout), done.stderr) == ([], "")
    (small_index / "manifest.json").write_text("{")
    done = answer(shell, "show", "", PAPERSEARCH_INDEX=str(small_index))
    assert (values(shell, done.stdout), done.stderr) == ([], "")


@pytest.mark.parametrize("words", [[""], ["--"], ["bubbles", "--mode", ""], ["show", "--format", ""]])
def test_only_ids_import_numpy(words: list[str]) -> None:
    """Completing verbs, options and enumerations imports neither numpy nor a model library."""
    script = (
        "import os, sys; sys.argv = ['papersearch']; os._exit = lambda code: None\n"
        "from papersearch.cli import main; main()\n"
        "heavy = {'numpy', 'scipy', 'tokenizers', 'torch', 'sentence_transformers', 'papersearch.api'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    environment = command_environment(as_asked("bash", words))
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout
    assert done.stderr == "[]\n"


SET_UP = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {script}; bind 'set bell-style none'"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "bindkey -e; autoload -Uz compinit; compinit -u -d {folder}/dump; source {script}",
    ),
    "fish": (["fish", "--no-config", "-i"], "source {script}"),
}


@pytest.fixture
def shell_environment(tmp_path: Path, real_index_path: Path) -> dict[str, str]:
    return terminal_environment(tmp_path, real_index_path)


@contextmanager
def typing_at(shell: str, folder: Path, environment: dict[str, str]) -> Iterator[Terminal]:
    """Open a shell that has evaluated the output of --show-completion."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    command, set_up = SET_UP[shell]
    script = folder / "completion-script"
    asked = subprocess.run(
        [command[0], "-c", f"papersearch --show-completion > {script}; true"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stderr == ""
    terminal = Terminal(command, folder, environment)
    try:
        terminal.type(f"{set_up.format(script=script, folder=folder)}; echo rea''dy\n")
        terminal.wait_for("ready")
        yield terminal
    finally:
        terminal.close()


@pytest.mark.typed
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "shown", "expected"),
    [
        ("papersearch show gp", "neural-86739e", ["papersearch", "show", GPIPE]),
        ("papersearch similar skippipe --unlike gp", "neural-86739e", ["--unlike", GPIPE]),
        ('papersearch "pipeline bubbles" --mode se', "semantic", ["pipeline bubbles", "--mode", "semantic"]),
        ("papersearch --mode k", "keyword", ["papersearch", "--mode", "keyword"]),
        ("papersearch doc", "doctor", ["papersearch", "doctor"]),
    ],
)
def test_in_the_shell(
    tmp_path: Path, shell_environment: dict[str, str], shell: str, typed: str, shown: str, expected: list[str]
) -> None:
    """TAB after these words completes them to the expected command."""
    with typing_at(shell, tmp_path, shell_environment) as terminal:
        terminal.type(f"{typed}\t")
        terminal.wait_for(shown)
        terminal.type("\x01printf '<%s>' \r")  # at the beginning of the line, so that it prints its words
        terminal.wait_for("".join(f"<{word}>" for word in expected))


@pytest.mark.typed
@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_runs_nothing_of_an_index(tmp_path: Path, shell_environment: dict[str, str], shell: str) -> None:
    """Hostile ids and titles, listed by a shell, leave no trace in the folder."""
    make_index(tmp_path, HOSTILE)
    environment = {**shell_environment, "PAPERSEARCH_INDEX": str(tmp_path / "index")}
    with typing_at(shell, tmp_path, environment) as terminal:
        terminal.type("papersearch show \t\t")
        terminal.wait_for("good")
        terminal.wait_for("markup")
    assert not list(tmp_path.rglob("harm"))


def test_install_for_each_shell(tmp_path: Path, shell_environment: dict[str, str]) -> None:
    """--install-completion writes the script for the shell that runs it."""
    for shell, place in {
        "bash": ".bash_completions/papersearch.sh",
        "zsh": ".zfunc/_papersearch",
        "fish": ".config/fish/completions/papersearch.fish",
    }.items():
        if shutil.which(shell):
            command = [shell, "-c", "papersearch --install-completion; true"]
            subprocess.run(command, env=shell_environment, cwd=tmp_path, capture_output=True, check=True)
            assert f"complete_{shell}" in (tmp_path / place).read_text()


WAITING = """
import sys
from papersearch import saved
from papersearch.cli import main
saved.read = lambda path: open(path).read()
sys.exit(main())
"""
"""A command that waits for a pipe in place of the saved searches."""


@pytest.mark.parametrize("shell", SHELLS)
def test_an_interrupt_is_quiet(shell: str, tmp_path: Path) -> None:
    """An interrupt while a shell waits for offers ends the answer without a word."""
    os.mkfifo(tmp_path / "searches.toml")
    environment = command_environment(
        {"PAPERSEARCH_SEARCHES": str(tmp_path / "searches.toml"), **as_asked(shell, ["saved", "run", "p"])}
    )
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with held_at(tmp_path / "searches.toml", process):
        process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_S) == ("", "")
    assert process.returncode == -signal.SIGINT
