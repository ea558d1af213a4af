"""Collections under names: the file that keeps them, and every verb on one or several of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import papersearch
from tests.conftest import Run, page, sentence
from tests.growing import B
from tests.served import served

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user without any file."""
    return {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE")}


@pytest.fixture
def command(run: Run, home: dict[str, str], tmp_path: Path) -> Command:
    """Return a function that runs commands far from any project, as this user."""
    away = tmp_path / "away"
    away.mkdir()

    def start(*arguments: str, env: dict[str, str] | None = None, **how: Any) -> subprocess.CompletedProcess[str]:
        return run(*arguments, env={**home, **(env or {})}, cwd=away, **how)

    return start


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, small_project: Path, small_model: Path) -> Path:
    """Make what the user of `two` has; tests must copy it before they change it."""
    home = tmp_path_factory.mktemp("collections")
    folders = {"ml": shutil.copytree(small_project / "corpus", home / "ml"), "bio": home / "bio"}
    folders["bio"].mkdir()
    papers = [("On pipeline bubbles", sentence("pipeline bubbles")), ("On genes", sentence("gene expression"))]
    (folders["bio"] / "bio.txt").write_text(page(papers))
    (home / "config" / "papersearch").mkdir(parents=True)
    tables = (f'[{name}]\ncorpus = "../../{name}"\n' for name in folders)
    (home / "config" / "papersearch" / "collections.toml").write_text("".join(tables))
    indexes = home / "data" / "papersearch" / "collections"
    for name, folder in folders.items():
        papersearch.build(folder, indexes / name, model=str(small_model))
    known_from = [indexes / name for name in folders]
    papersearch.build(folders, indexes / "bio+ml", model=str(small_model), known_from=known_from)
    for name, folder in folders.items():
        shutil.copytree(folder, home / "whole" / name)
    papersearch.build(home / "whole", home / "whole-index", model=str(small_model))
    return home


@pytest.fixture
def two(made: Path, tmp_path: Path) -> dict[str, Path]:
    """Keep two collections, ml, and bio with a paper of ml, each with an index, and one of both together."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return {name: tmp_path / name for name in ("ml", "bio")}


def hits_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Return the hits of an answer in JSON."""
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["hits"]
    return found


def together(command: Command, small_model: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build both collections and their index together."""
    return command("index", "-c", "ml", "-c", "bio", "--model", str(small_model), *options)


def test_a_collection_is_found_from_anywhere(command: Command, two: dict[str, Path]) -> None:
    """-c names a corpus and its index, whatever the folder; every verb that reads an index takes it."""
    found = hits_of(command("gene expression", "-c", "bio", "--json"))
    assert [hit["title"] for hit in found][:1] == ["On genes"]
    assert command("show", found[0]["paper_id"], "-c", "bio").stdout.startswith("On genes")
    for verb in (["similar", "On genes"], ["stats"], ["doctor"], ["open", "--print", "On genes"]):
        done = command(*verb, "-c", "bio")
        assert (done.returncode, done.stderr) == (0, ""), verb
    assert not [hit for hit in hits_of(command("on", "-c", "ml", "--json")) if hit["title"] == "On genes"]


@pytest.mark.usefixtures("two")
def test_several_are_one(command: Command, tmp_path: Path) -> None:
    """Several collections are ranked as the index of one corpus with their folders, and hits say whence."""
    for query in ("pipeline bubbles", "gene expression", "on", '"graph colouring" OR genes'):
        several = hits_of(command(query, "-c", "ml", "-c", "bio", "--json"))
        one = hits_of(command(query, "--index", str(tmp_path / "whole-index"), "--json"))
        named = {hit["title"]: hit.pop("collections") for hit in several}
        assert {hit.pop("collections") == [] for hit in one} <= {True}
        for hit in (*several, *one):
            del hit["added"]
        assert several == one
        for title, names in named.items():
            expected = {"On pipeline bubbles": ["bio", "ml"], "On genes": ["bio"]}
            assert names == expected.get(title, ["ml"])


@pytest.mark.usefixtures("two")
def test_order_and_repetition_do_not_matter(command: Command) -> None:
    """The same collections in any order, or as all, are one index."""
    asked = (["ml", "bio"], ["bio", "ml", "bio"], ["all"], ["all", "ml"])
    answers = [command("graph", *(f"--collection={name}" for name in names), "--json") for names in asked]
    assert len({answer.stdout for answer in answers}) == 1
    assert {answer.stderr for answer in answers} == {""}
    named = {"PAPERSEARCH_COLLECTION": "bio, ml"}
    assert command("graph", "--json", env=named).stdout == answers[0].stdout
    assert hits_of(command("graph", "-c", "ml", "--json", env=named))[0]["collections"] == []


@pytest.mark.usefixtures("two")
def test_the_table_names_collections(command: Command) -> None:
    """Beside a title, the table says which collections have the paper, if several are searched."""
    several = command("pipeline bubbles", "-c", "all", "--no-fold", "--format", "table").stdout
    assert "On pipeline bubbles (bio, ml)" in several
    assert "bio" not in command("pipeline bubbles", "-c", "ml", "--format", "table").stdout


def test_a_first_query_builds(command: Command, small_corpus: Path, tmp_path: Path) -> None:
    """A query builds the indexes that are missing, with the default model, and says so."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text(page([B]))
    command("collections", "add", "a", str(small_corpus))
    command("collections", "add", "b", str(other))
    done = command("graph", "-c", "a", "-c", "b", "--json")
    assert "building an index of the corpus of a or b, once" in done.stderr
    assert len(hits_of(done)) == 5
    assert command("graph", "-c", "a", "-c", "b", "--json").stderr == ""
    assert "building" not in command("graph", "-c", "b", "--json").stderr


def test_a_change_is_noticed_and_taken_in(command: Command, two: dict[str, Path], small_model: Path) -> None:
    """A changed collection makes the index of several stale, and building either one brings both up to date."""
    (two["bio"] / "more.txt").write_text(page([B]))
    stale = command("graph", "-c", "ml", "-c", "bio")
    assert "the corpus of bio or ml has changed since the index was built" in stale.stderr
    assert f"papersearch index -c bio -c ml --model {small_model}" in stale.stderr
    built = command("index", "-c", "bio", "--model", str(small_model))
    assert "6 papers of bio, ml are searched together" in built.stderr
    assert command("graph", "-c", "ml", "-c", "bio").stderr == ""


@pytest.mark.usefixtures("two")
def test_reports(command: Command, home: dict[str, str], small_model: Path) -> None:
    """A build of several reports each and all; JSON has the fields of a build, and those of each."""
    shutil.rmtree(Path(home["XDG_DATA_HOME"], "papersearch", "collections", "bio+ml"))
    first = together(command, small_model, "--json")
    report = json.loads(first.stdout)
    assert (report["papers"], report["encoded"], report["outcome"]) == (5, 0, "published")
    assert report["collections"] == ["bio", "ml"]
    assert {one["name"]: one["papers"] for one in report["members"]} == {"bio": 2, "ml": 4}
    again = together(command, small_model)
    assert [line.split(",")[0] for line in again.stdout.splitlines() if "papers (" in line] == [
        "2 papers (2 appearances in 1 dump)",
        "4 papers (4 appearances in 1 dump)",
        "5 papers (6 appearances in 2 dumps)",
    ]
    dry = together(command, small_model, "--dry-run", "--json")
    assert json.loads(dry.stdout)["outcome"] == "up to date"


def test_list_and_remove(command: Command, two: dict[str, Path], home: dict[str, str]) -> None:
    """The list has papers, state and places; removing a name keeps dumps and indexes, and says where."""
    listed = json.loads(command("collections", "list", "--json").stdout)["collections"]
    assert [(one["name"], one["papers"], one["stale"], one["fault"]) for one in listed] == [
        ("ml", 4, False, None),
        ("bio", 2, False, None),
    ]
    assert [Path(one["corpus"]).resolve() for one in listed] == list(two.values())
    assert command("collections").stdout == command("collections", "list").stdout
    (two["bio"] / "more.txt").write_text(page([B]))
    assert "bio\t2\thas changed since it was indexed" in command("collections").stdout
    table = command("collections", "list", "--format", "table").stdout
    assert "bio  2 papers  has changed since it was indexed" in table
    removed = command("collections", "remove", "bio")
    indexes = Path(home["XDG_DATA_HOME"], "papersearch", "collections")
    places = {"bio": indexes / "bio", "bio, ml together": indexes / "bio+ml"}
    told = (
        f"papersearch: the index of {name} stays in {path}\nhint: rm -r {path}\n" for name, path in places.items()
    )
    assert (removed.returncode, removed.stderr) == (0, "".join(told))
    assert all(path.is_dir() for path in places.values())
    assert command("gene", "-c", "bio").returncode == 2
    assert json.loads(command("collections", "list", "--jsonl").stdout)["name"] == "ml"
    alone = command("index", "-c", "ml")
    assert (alone.returncode, "together" in alone.stderr) == (0, False), "bio has no name any more"


def test_an_index_of_ones_own_place(command: Command, two: dict[str, Path], tmp_path: Path) -> None:
    """--index puts the index elsewhere, or names one that is there, which several cannot be searched with."""
    place = tmp_path / "elsewhere"
    added = command("collections", "add", "own", str(two["ml"]), "--index", str(place))
    assert "papersearch index -c own" in added.stderr
    assert command("index", "-c", "own", "--words-only").returncode == 0
    assert len(papersearch.open(place)) == 4
    bare = command("collections", "add", "bare", "--index", str(place))
    assert "papersearch QUERY -c bare" in bare.stderr
    assert hits_of(command("graph", "-c", "bare", "--json"))
    built = command("index", "-c", "bare")
    assert (built.returncode, "its name means the index" in built.stderr) == (2, True)
    refused = command("graph", "-c", "bare", "-c", "own")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "cannot search bare with others: it has no corpus here" in refused.stderr


@pytest.mark.usefixtures("two")
def test_a_server_has_a_name(command: Command, home: dict[str, str]) -> None:
    """A name may mean a server, which may serve several collections as one."""
    with served(Path(home["XDG_DATA_HOME"], "papersearch", "collections", "bio+ml")) as server:
        assert command("collections", "add", "group", "--index", server.address).returncode == 0
        listed = json.loads(command("collections", "list", "--json").stdout)["collections"]
        assert (listed[-1]["index"], listed[-1]["fault"]) == (server.address, "on a server")
        found = hits_of(command("pipeline bubbles", "-c", "group", "--json"))
        assert found == hits_of(command("pipeline bubbles", "-c", "ml", "-c", "bio", "--json"))
        assert found[0]["collections"] == ["bio", "ml"]
        assert command("index", "-c", "group").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("graph", "-c", "none"), "unknown collection none: expected ml, bio or all"),
        (("graph", "-c", "all", "-c", "none"), "unknown collection none: expected ml, bio or all"),
        (("graph", "-c", "ml", "--index", "x"), "cannot use --index with -c"),
        (("graph", "-c", "ml", "--corpus", "x"), "cannot use --corpus with -c"),
        (("collections", "add", "ml", "."), "there is a collection of this name"),
        (("collections", "add", "all", "."), "all means every collection"),
        (("collections", "add", "a/b", "."), "expected a name of up to 40 small letters"),
        (("collections", "add", "../x", "."), "expected a name of up to 40 small letters"),
        (("collections", "add", "new", "./none"), "cannot find a corpus in none"),
        (("collections", "add", "new"), "expected a folder of dumps, or an index with --index"),
        (("collections", "add", "new", "--index", "http://me:secret@host"), "it has a name or password"),
        (("collections", "remove", "none"), "unknown collection none"),
        (("index", "-c", "all", "--rollback"), "--rollback takes one collection"),
        (("index", "-c", "all", "x.txt"), "dumps are indexed for one collection at a time"),
        (("index", "-c", "all", "--part", "1/2"), "cannot build several collections in parts"),
        (("index", "-c", "all", "--join"), "cannot build several collections in parts"),
    ],
)
def test_what_is_refused(command: Command, two: dict[str, Path], arguments: tuple[str, ...], said: str) -> None:
    """What cannot be meant is an error that says why."""
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("two")
def test_other_models_are_not_mixed(command: Command, tmp_path: Path) -> None:
    """Collections that were built with other models are not searched as one."""
    from tests.dense.families import make_static  # which imports torch

    other = make_static(tmp_path / "another", "model2vec")  # a command opens it without torch
    built = command("index", "-c", "bio", "--model", str(other), "--full")
    assert (built.returncode, "the index of bio, ml together is not up to date" in built.stderr) == (0, True)
    done = command("index", "-c", "ml", "-c", "bio", "--words-only")
    assert (done.returncode, "cannot search bio and ml together" in done.stderr) == (2, True)
    assert f"--model {other}" in done.stderr


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("choice", [("--language", "de"), ("--abstracts-only",)])
def test_other_choices_are_not_mixed(command: Command, small_model: Path, choice: tuple[str, ...]) -> None:
    """Collections of other languages, or of which one leaves out papers, are not searched as one, until alike."""
    built = command("index", "-c", "bio", "--model", str(small_model), *choice)
    assert (built.returncode, "the index of bio, ml together is not up to date" in built.stderr) == (0, True)
    done = together(command, small_model)
    assert (done.returncode, "cannot search bio and ml together" in done.stderr) == (2, True)
    assert together(command, small_model, *choice).returncode == 0


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "ml = 3",
        "[ml]",
        '[ml]\nfolder = "x"',
        "[ml]\ncorpus = 3",
        '["../x"]\ncorpus = "x"',
        "\0",
        "a" * (1 << 21),
    ],
)
def test_a_file_that_cannot_be_read(command: Command, home: dict[str, str], content: str) -> None:
    """A file that does not describe collections is one error, which names it."""
    path = Path(home["XDG_CONFIG_HOME"], "papersearch", "collections.toml")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    for arguments in (("graph", "-c", "ml"), ("collections",), ("collections", "add", "new", ".")):
        done = command(*arguments)
        assert (done.returncode, str(path) in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert path.read_text() == content


def test_the_file_is_the_users(command: Command, home: dict[str, str], tmp_path: Path) -> None:
    """Adding and removing keep comments and order; paths in the file may begin at its own folder."""
    path = Path(home["XDG_CONFIG_HOME"], "papersearch", "collections.toml")
    path.parent.mkdir(parents=True)
    (path.parent / "here").mkdir()
    (path.parent / "here" / "b.txt").write_text(page([B]))
    path.write_text('# mine\n[own]\ncorpus = "here"  # beside this file\n')
    command("index", "-c", "own", "--words-only")
    assert hits_of(command(B[0], "-c", "own", "--json"))
    command("collections", "add", "new", str(tmp_path))
    command("collections", "remove", "new")
    assert path.read_text().strip() == '# mine\n[own]\ncorpus = "here"  # beside this file'
    command("collections", "add", "new", str(tmp_path))
    assert tomllib.loads(path.read_text())["new"] == {"corpus": str(tmp_path.resolve())}


def test_names_are_completed(command: Command, two: dict[str, Path]) -> None:
    """TAB after -c offers the names, and ids after it are those of the collection."""

    def offers(*words: str) -> list[str]:
        asked = {"_PAPERSEARCH_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(words)}
        return command(env={**asked, "COMP_CWORD": str(len(words) - 1)}).stdout.split()

    assert offers("papersearch", "show", "-c", "") == ["ml", "bio", "all"]
    assert offers("papersearch", "collections", "remove", "b") == ["bio"]
    assert any(one.startswith("on-genes") for one in offers("papersearch", "show", "-c", "bio", "on-g"))
    assert not any(one.startswith("on-genes") for one in offers("papersearch", "show", "-c", "ml", "on-g"))
