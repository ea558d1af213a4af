"""Saved searches: the file that keeps them, and running them again on a larger corpus."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch import saved
from papersearch.cli.output.printer import _in_columns
from papersearch.cli.saved_answers import answers_of
from papersearch.errors import LimitExceeded, SavedSearchError
from papersearch.text.cleaning import clean_text
from papersearch.types import MODES, Filters
from tests.conftest import Run, page, sentence

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: clean_text(text) == text)


@pytest.fixture
def project(tmp_path: Path, small_corpus: Path, small_index: Path) -> Path:
    """Copy a folder with a corpus and its index, so that tests may change it."""
    return small_corpus.parent


@pytest.mark.slow
@given(
    st.dictionaries(
        texts,
        st.tuples(
            texts,
            st.sampled_from(MODES),
            st.builds(
                Filters,
                since=st.none() | st.just("2024-06"),
                until=st.none() | st.just("2025"),
                organisations=st.lists(texts, max_size=2).map(tuple),
                dumps=st.lists(texts, max_size=2).map(tuple),
                has_code=st.booleans(),
                new=st.just(False),
                include_undated=st.booleans(),
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_kept_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, tuple[str, str, Filters]]
) -> None:
    """For any names, queries and filters, the TOML file has them in order; removing one keeps the others."""
    path = tmp_path_factory.mktemp("saved") / "searches.toml"
    searches = [saved.SavedSearch(name, *given) for name, given in wanted.items()]  # type: ignore[arg-type]
    for search in searches:
        saved.add(path, search)
    assert list(saved.read(path).values()) == searches
    assert set(tomllib.loads(path.read_text("utf-8"))) == set(wanted)
    saved.remove(path, searches[0].name)
    assert list(saved.read(path).values()) == searches[1:]


def test_what_the_user_wrote_stays(run: Run, project: Path) -> None:
    """Comments, order and spacing of the file survive changes."""
    path = project / "searches.toml"
    written = '# my topics\n\n[first]\nquery = "apples"  # fruit\n\n[last]\nquery = "pears"\n'
    path.write_text(written, encoding="utf-8")
    assert run("saved", "add", "middle", "plums", cwd=project).returncode == 0
    assert path.read_text("utf-8").startswith(written)
    assert run("saved", "remove", "middle", cwd=project).returncode == 0
    assert path.read_text("utf-8").rstrip() == written.rstrip()
    assert run("saved", "remove", "first", cwd=project).returncode == 0
    assert tomllib.loads(path.read_text("utf-8")) == {"last": {"query": "pears"}}


@pytest.mark.slow
def test_saved_run_is_search(run: Run, project: Path) -> None:
    """A saved search has the hits of a search with its options, without weak ones, in each format."""
    options = ["--mode", "keyword", "--dump", "page.txt", "--since", "2020", "--include-undated"]
    kept = run("saved", "add", "bubbles", "pipeline", "bubbles", *options, cwd=project)
    assert (kept.returncode, kept.stdout) == (0, "")
    assert "searches.toml" in kept.stderr
    searched = run("search", "pipeline bubbles", *options, "--strict", "--json", cwd=project)
    expected = json.loads(searched.stdout)
    assert expected["hits"]
    document = json.loads(run("saved", "run", "--json", cwd=project).stdout)
    assert document == {"schema_version": 1, "searches": [{"name": "bubbles", **expected}]}
    lines = run("saved", "run", "bubbles", "--jsonl", cwd=project).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"search": "bubbles", **hit} for hit in expected["hits"]]
    rows = run("saved", "run", cwd=project).stdout.splitlines()
    plain = run("search", "pipeline bubbles", *options, "--strict", cwd=project).stdout.splitlines()
    assert rows == [f"bubbles\t{line}" for line in plain]
    bibtex = run("search", "pipeline bubbles", *options, "--strict", "--format", "bibtex", cwd=project).stdout
    assert run("saved", "run", "--format", "bibtex", cwd=project).stdout == bibtex
    assert "bubbles  pipeline bubbles" in run("saved", "run", "--format", "table", cwd=project).stdout
    listed = run("saved", "list", cwd=project).stdout
    assert listed == "bubbles\tpipeline bubbles\t--mode keyword --since 2020 --dump page.txt --include-undated\n"
    [search] = json.loads(run("saved", "list", "--json", cwd=project).stdout)["searches"]
    assert (search["name"], search["query"], search["filters"]["dumps"]) == (
        "bubbles",
        "pipeline bubbles",
        ["page.txt"],
    )


def test_what_is_new_on_my_topics(run: Run, project: Path, small_model: Path) -> None:
    """After a rebuild, --new shows exactly the added papers that answer."""
    assert run("saved", "add", "bubbles", "pipeline bubbles", "--mode", "keyword", cwd=project).returncode == 0
    fresh = [("New pipeline bubbles", sentence("new pipeline bubbles")), ("On quinces", sentence("quinces"))]
    (project / "corpus" / "new.txt").write_text(page(fresh), encoding="utf-8")
    papersearch.build(project / "corpus", project / "index", model=str(small_model))
    everything = run("saved", "run", cwd=project).stdout.splitlines()
    assert {line.split("\t")[5] for line in everything} == {"New pipeline bubbles", "On pipeline bubbles"}
    new = run("saved", "run", "--new", cwd=project)
    assert (new.returncode, [line.split("\t")[5] for line in new.stdout.splitlines()]) == (
        0,
        ["New pipeline bubbles"],
    )
    (project / "corpus" / "more.txt").write_text(page([("On plums", sentence("plums"))]), encoding="utf-8")
    papersearch.build(project / "corpus", project / "index", model=str(small_model))
    assert (run("saved", "run", "--new", cwd=project).returncode) == 1


def test_one_search_that_fails_does_not_stop_the_others(run: Run, project: Path) -> None:
    """A search that fails is named with its error; the others answer, and the exit code is 2."""
    path = project / "searches.toml"
    path.write_text('[gone]\nquery = "pears"\norg = ["acmee"]\n[here]\nquery = "bubbles"\nmode = "keyword"\n')
    done = run("saved", "run", cwd=project)
    assert done.returncode == 2
    assert "gone: unknown organisation 'acmee': did you mean acme" in done.stderr
    assert done.stdout.startswith("here\t1\t")


def test_where_searches_are(run: Run, project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Saved searches are beside the nearest corpus or index, else in the configuration folder.

    The environment variable takes precedence over both.
    """
    below = project / "notes" / "2024"
    below.mkdir(parents=True)
    assert run("saved", "add", "a", "apples", cwd=below).returncode == 0
    assert (project / "searches.toml").exists()
    elsewhere, config = tmp_path_factory.mktemp("elsewhere"), tmp_path_factory.mktemp("config")
    assert run("saved", "add", "a", "apples", cwd=elsewhere, env={"XDG_CONFIG_HOME": str(config)}).returncode == 0
    assert (config / "papersearch" / "searches.toml").exists()
    named = {"PAPERSEARCH_SEARCHES": str(elsewhere / "deep" / "mine.toml")}
    assert run("saved", "add", "a", "apples", cwd=project, env=named).returncode == 0
    assert saved.read(elsewhere / "deep" / "mine.toml")["a"].query == "apples"


def test_a_config_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """A configuration folder that cannot be made or written leads to exit 2, the reason and a hint."""
    (tmp_path / "config").write_text("mine")
    for config in (tmp_path / "config", Path("/proc/nowhere")):
        done = run("saved", "add", "a", "apples", env={"XDG_CONFIG_HOME": str(config)})
        assert (done.returncode, done.stdout) == (2, "")
        assert re.search(r"cannot (read|write) .*searches\.toml", done.stderr)
        assert "hint: " in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / "config").read_text() == "mine"


def test_a_failed_write_loses_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full while a search is added, the file is unchanged, and no other file is left."""
    path = project / "searches.toml"
    saved.add(path, saved.SavedSearch("a", "apples"))
    before, beside = path.read_bytes(), sorted(project.iterdir())

    def refuse(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("papersearch.index.files.os.fsync", refuse)
    with pytest.raises(SavedSearchError, match="No space left on device"):
        saved.add(path, saved.SavedSearch("b", "bananas"))
    assert (path.read_bytes(), sorted(project.iterdir())) == (before, beside)


def test_a_linked_file_stays_a_link(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Changes are written through a symbolic link, which stays a link."""
    target = tmp_path_factory.mktemp("dotfiles") / "mine.toml"
    target.write_text("")
    path = project / "searches.toml"
    path.symlink_to(target)
    saved.add(path, saved.SavedSearch("a", "apples"))
    assert path.is_symlink()
    assert "apples" in target.read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[a", "Expected"),
        (b"\xff", "utf-8"),
        (b"a = 1", "a has no query"),
        (b"[a]\nmode = 'keyword'", "a has no query"),
        (b"[a]\nquery = 'x'\ncolour = 'red'", "unknown key colour in a"),
        (b"[a]\nquery = 'x'\nmode = 'fuzzy'", "unknown mode fuzzy in a"),
        (b"[a]\nquery = 'x'\nsince = 2024", "for since of a"),
        (b"[a]\nquery = 'x'\nsince = 2024-06-01", "for since of a"),
        (b"[a]\nquery = 'x'\norg = 'nvidia'", "expected a list of texts for org of a"),
        (b"[a]\nquery = 'x'\nhas-code = 'yes'", "expected true or false for has-code of a"),
        (b"[a]\nquery = 'x'\n" * 2, "a"),
        (b"#" * (1 << 20) + b"#", "bytes"),
    ],
)
def test_a_file_that_says_something_else(tmp_path: Path, content: bytes, said: str) -> None:
    """Each malformed file is an error with its path and the reason, and is not changed."""
    path = tmp_path / "searches.toml"
    path.write_bytes(content)
    for use in (
        lambda: saved.read(path),
        lambda: saved.add(path, saved.SavedSearch("b", "bananas")),
        lambda: saved.remove(path, "a"),
    ):
        with pytest.raises(SavedSearchError) as refused:
            use()
        assert refused.value.message.startswith(f"cannot read {path}: ")
        assert said in refused.value.message
    assert path.read_bytes() == content


def test_every_verb_refuses_such_a_file(run: Run, project: Path) -> None:
    """Every verb refuses a malformed file with exit code 2 and without a traceback."""
    path = project / "searches.toml"
    content = b"[a]\nquery = 'x'\ncolour = 'red'"
    path.write_bytes(content)
    for arguments in (("list",), ("run",), ("add", "b", "bananas"), ("remove", "a")):
        done = run("saved", *arguments, cwd=project)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("papersearch: cannot read searches.toml: ")
        assert "unknown key colour in a" in done.stderr
        assert "Traceback" not in done.stderr
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "a"), "the query is empty"),
        (("add", "", "apples"), "expected 1 to 100 characters"),
        (("add", "x" * 101, "apples"), "expected 1 to 100 characters"),
        (("add", "a", ""), "the query is empty"),
        (("add", "a", '"apples'), "never closed"),
        (("add", "a", "apples", "--since", "soon"), "--since soon is not a date"),
        (("add", "a", "apples", "--since", "2025", "--until", "2024"), "is after"),
        (("add", "a", "apples", "--mode", "fuzzy"), "fuzzy"),
        (("run",), "searches.toml has no searches"),
        (("remove", "a"), "unknown search a"),
        ((), "missing command"),
        (("sing",), "no such command"),
    ],
)
def test_what_cannot_be_kept(run: Run, project: Path, arguments: tuple[str, ...], said: str) -> None:
    """A search that cannot be saved is refused with a hint, and nothing is written."""
    done = run("saved", *arguments, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (project / "searches.toml").exists()


def test_names_that_are_taken_or_unknown(run: Run, project: Path) -> None:
    """A second search of the same name is an error, and so is an unknown name."""
    assert run("saved", "add", "a", "apples", cwd=project).returncode == 0
    again = run("saved", "add", "a", "pears", cwd=project)
    assert (again.returncode, saved.read(project / "searches.toml")["a"].query) == (2, "apples")
    assert "papersearch saved add --replace a QUERY" in again.stderr
    unknown = run("saved", "run", "b", cwd=project)
    assert (unknown.returncode, "unknown search b" in unknown.stderr) == (2, True)
    shutil.rmtree(project / "index")
    assert run("saved", "list", cwd=project).stdout == "a\tapples\t\n"


def test_a_limit_of_a_server_ends_one_search(capsys: pytest.CaptureFixture[str]) -> None:
    """A search that asks a server for too much is named on stderr, and the others are answered."""

    def answer(search: saved.SavedSearch) -> str:
        if search.name == "large":
            raise LimitExceeded(what="papers to search among or to look up", n_found=10_001, limit=10_000)
        return search.query

    searches = [saved.SavedSearch("large", "x"), saved.SavedSearch("small", "y")]
    assert answers_of(searches, answer) == ([(searches[1], "y")], True)
    assert capsys.readouterr().err.startswith("papersearch: large: cannot ask a server for 10,001 papers")


def test_a_list_on_a_terminal_is_in_columns() -> None:
    """On a terminal the columns of `saved list` begin below each other, also with wide characters."""
    rows = [("a", "moe", "--since 2024"), ("模型模型模", "pipeline bubbles", ""), ("long-name", "模型", "--new")]
    assert _in_columns(rows) == [
        "a           moe               --since 2024",
        "模型模型模  pipeline bubbles",
        "long-name   模型              --new",
    ]
    assert _in_columns([]) == []
