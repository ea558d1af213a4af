"""The verb `mark`, and marks in searches, records, exports and saved searches."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import bibtexparser
import pytest
import rispy

import papersearch
from papersearch.marks.file import read_marks
from tests.conftest import Run, command_environment, sentence
from tests.served import served
from tests.terminal import Terminal

HOSTILE = ["--read", "a,b", 'quo"te', "new\nline", "\x1b[31mred", "[x]\ny = 1", "{}\\%$&#_", "é\u0301", "a" * 100]


@pytest.fixture
def project(small_corpus: Path, small_index: Path) -> Path:
    """Return a folder with a corpus of four papers and its index."""
    return small_corpus.parent


@pytest.fixture
def names(project: Path) -> list[str]:
    """Return the ids of the four papers."""
    return [paper.paper_id for paper in papersearch.open(project / "index").papers()]


def ids(output: str) -> list[str]:
    """Return the ids of JSON lines."""
    return [json.loads(line)["paper_id"] for line in output.splitlines()]


def kept(project: Path) -> dict[str, tuple[tuple[str, ...], bool, str]]:
    """Return what the file says of each paper."""
    return {mark.paper_id: (mark.tags, mark.is_read, mark.note) for mark in read_marks(project / "marks.jsonl")}


def test_marks_are_kept_and_printed(run: Run, project: Path, names: list[str]) -> None:
    """`mark` changes what it names, prints the marks without a change, and `--list` prints all of them."""
    done = run("mark", names[0], names[1], "--tag", "moe", "--tag", "to read", "--note", "good", cwd=project)
    assert (done.returncode, done.stdout) == (0, "")
    assert "marked 2 papers in marks.jsonl" in done.stderr
    assert run("mark", names[0], "--read", "--untag", "MOE", "--note", "", cwd=project).returncode == 0
    assert kept(project) == {names[0]: (("to read",), True, ""), names[1]: (("moe", "to read"), False, "good")}
    printed = run("mark", names[1], names[2], "--json", cwd=project)
    assert printed.returncode == 0
    first, second = json.loads(printed.stdout)["marks"]
    assert (first["tags"], first["read"], first["note"]) == (["moe", "to read"], False, "good")
    assert (second["paper_id"], second["tags"], second["read"], second["note"]) == (names[2], [], False, None)
    assert run("mark", names[2], cwd=project).returncode == 1, "no marks"
    listed = run("mark", "--list", cwd=project).stdout.splitlines()
    assert [line.split("\t")[:3] for line in listed] == [
        [name, state, ", ".join(tags)]
        for name, state, tags in sorted(
            [(names[0], "read", ("to read",)), (names[1], "unread", ("moe", "to read"))]
        )
    ]
    for option, expected in ((["--read"], names[:1]), (["--unread"], names[1:2]), (["--tag", "moe"], names[1:2])):
        assert ids(run("mark", "--list", *option, "--jsonl", cwd=project).stdout) == expected
    table = run("mark", "--list", "--format", "table", cwd=project).stdout
    assert "(read, #to read)" in table
    assert run("mark", names[0], "--unread", "--untag", "to read", cwd=project).returncode == 0
    assert list(kept(project)) == [names[1]]


def test_the_results_of_a_search_are_marked(run: Run, project: Path) -> None:
    """JSON lines of a search on standard input are marked; a lost name is said, and the others are marked."""
    found = run("pipeline bubbles", "--jsonl", cwd=project).stdout
    done = run("mark", "-", "--tag", "moe", cwd=project, stdin=found + "nosuchpaper\n")
    assert done.returncode == 2
    assert "nosuchpaper" in done.stderr
    assert sorted(kept(project)) == sorted(ids(found))
    assert run("mark", "nosuchpaper", "--tag", "x", cwd=project).returncode == 2
    assert all("x" not in tags for tags, _, _ in kept(project).values())


@pytest.mark.parametrize("mode", ["keyword", "semantic", "hybrid"])
def test_marks_filter(run: Run, project: Path, names: list[str], mode: str) -> None:
    """`--tag` keeps the papers with any of the tags, `--unread` and `--read` by the state, in each mode."""
    run("mark", names[0], names[1], "--tag", "one", cwd=project)
    run("mark", names[2], "--tag", "two", "--read", cwd=project)

    def found(*options: str) -> set[str]:
        done = run("paper about", *options, "--mode", mode, "--jsonl", cwd=project)
        assert done.returncode in (0, 1), done.stderr
        return set(ids(done.stdout))

    assert found() == set(names)
    assert found("--tag", "one") == set(names[:2])
    assert found("--tag", "ONE", "--tag", "two") == set(names[:3])
    assert found("--unread") == set(names) - {names[2]}
    assert found("--unread", "--tag", "two") == set()
    assert found("--read") == {names[2]}
    assert found("--read", "--tag", "one") == found("--read", "--unread") == set()
    assert found("--read", "--tag", "two") == {names[2]}
    assert found("--tag", "one", "--without", str(_list(project, names[:1]))) == {names[1]}
    assert found("--tag", "one", "--within", str(_list(project, names[1:]))) == {names[1]}


def _list(project: Path, names: list[str]) -> Path:
    path = project / "list.txt"
    path.write_text("\n".join(names))
    return path


def test_an_unknown_tag(run: Run, project: Path, names: list[str]) -> None:
    """A tag that no paper has is an error that names the nearest, also as one to remove."""
    run("mark", names[0], "--tag", "routing", cwd=project)
    for arguments in (["pipeline", "--tag", "rooting"], ["mark", names[0], "--untag", "rooting"]):
        done = run(*arguments, cwd=project)
        assert (done.returncode, done.stdout) == (2, "")
        assert "unknown tag 'rooting': did you mean routing?" in done.stderr
    assert run("mark", "--list", "--tag", "rooting", cwd=project).returncode == 2


def test_no_paper_is_left(run: Run, project: Path, names: list[str]) -> None:
    """Where marks leave no paper, the reason names the options."""
    run("mark", *names, "--read", cwd=project)
    done = run("pipeline", "--unread", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--unread leaves no paper to rank" in done.stderr


def test_marks_are_shown(run: Run, project: Path, names: list[str]) -> None:
    """Tables, records and JSON show marks where there are any; plain lines and the JSON of others have none."""
    table = ["pipeline bubbles", "--format", "table", "--no-fold"]
    assert "#" not in run(*table, cwd=project).stdout
    plain = run("pipeline bubbles", cwd=project).stdout
    run("mark", names[0], "--tag", "moe", "--read", "--note", "compare", cwd=project)
    assert run(*table, cwd=project).stdout.count("(read, #moe)") == 1
    assert run("pipeline bubbles", cwd=project).stdout == plain
    shown = run("show", names[0], cwd=project).stdout
    assert "read, #moe" in shown
    assert "note: compare" in shown
    hits = json.loads(run("pipeline bubbles", "--json", cwd=project).stdout)["hits"]
    expected = {"tags": ["moe"], "read": True, "note": "compare"}
    assert {hit["paper_id"]: hit["marks"] for hit in hits} == {
        name: expected if name == names[0] else None for name in names
    }
    [paper] = [json.loads(line) for line in run("show", names[0], "--jsonl", cwd=project).stdout.splitlines()]
    assert paper["marks"] == expected


def test_marks_are_exported(run: Run, project: Path, names: list[str]) -> None:
    """The readers of each format find tags among the keywords, and the note."""
    run("mark", names[0], "--tag", "moe", "--tag", "50% off", "--note", "see $5 & more", cwd=project)

    def exported(form: str) -> str:
        return run("show", names[0], "--format", form, cwd=project).stdout

    [entry] = bibtexparser.parse_string(exported("bibtex")).entries
    assert entry["keywords"] == r"moe, 50\% off"
    assert entry["annote"] == r"see \$5 \& more"
    [record] = rispy.loads(exported("ris"))
    assert record["keywords"] == ["moe", "50% off"]
    assert record["notes"] == ["see $5 & more"]
    [item] = json.loads(exported("csl-json"))
    assert (item["keyword"], item["annote"]) == ("moe, 50% off", "see $5 & more")
    [row] = csv.DictReader(io.StringIO(exported("csv").lstrip("\ufeff")))
    assert (row["categories"], row["note"]) == ("moe; 50% off", "see $5 & more")
    [other] = csv.DictReader(
        io.StringIO(run("show", names[1], "--format", "csv", cwd=project).stdout.lstrip("\ufeff"))
    )
    assert (other["categories"], other["note"]) == ("", "")


@pytest.mark.parametrize("form", ["bibtex", "ris", "csl-json", "csv", "json", "jsonl"])
def test_marked_exports_are_read_back(run: Run, project: Path, names: list[str], form: str) -> None:
    """What is exported with marks is read without a finding, and the note belongs to no field of the paper."""
    run("mark", *names, "--tag", "moe", "--note", "SECRET", cwd=project)
    path = project / f"export.{form}"
    path.write_text(run("show", *names, "--format", form, cwd=project).stdout)
    done = run("convert", str(path), "--findings", "list", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "SECRET" not in done.stdout
    assert len(done.stdout.splitlines()) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_tags_and_notes(run: Run, project: Path, names: list[str], text: str) -> None:
    """A tag and a note of any characters are kept on one line, shown without escapes, and found again."""
    done = run("mark", names[0], f"--tag={text}", f"--note={text}", cwd=project)
    assert done.returncode == 0, done.stderr
    [(tags, _, note)] = kept(project).values()
    assert tags == (note,)
    assert "\n" not in note
    assert ids(run("paper", f"--tag={text}", "--jsonl", cwd=project).stdout) == [names[0]]
    for arguments in (["paper", "--format", "table"], ["show", names[0]], ["mark", "--list", "--format", "table"]):
        assert "\x1b" not in run(*arguments, cwd=project).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mark"], "expected the ids of papers"),
        (["mark", "--tag", "x"], "expected the ids of papers"),
        (["mark", "{}", "--read", "--unread"], "--read or --unread"),
        (["mark", "{}", "--tag", "X", "--untag", "x"], "expected --tag or --untag"),
        (["mark", "{}", "--list"], "cannot list and change marks at once"),
        (["mark", "--list", "--note", "x"], "cannot list and change marks at once"),
        (["mark", "{}", "--tag", ""], "cannot keep a tag of 0 characters"),
        (["mark", "{}", "--tag", "x" * 101], "cannot keep a tag of 101 characters"),
        (["mark", "{}", "--note", "x" * 10_001], "cannot keep a note of 10,001 characters"),
    ],
)
def test_what_is_refused(run: Run, project: Path, names: list[str], arguments: list[str], said: str) -> None:
    """Contradictions and texts that cannot be kept are errors with a next step, and change nothing."""
    run("mark", names[0], "--tag", "x", cwd=project)
    before = (project / "marks.jsonl").read_bytes()
    done = run(*(word.format(names[0]) if word == "{}" else word for word in arguments), cwd=project)
    assert done.returncode == 2
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert (project / "marks.jsonl").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--read",), ("--tag", "moe", "--unread")])
def test_no_marks_to_list(run: Run, project: Path, names: list[str], options: tuple[str, ...]) -> None:
    """Where no mark is to be listed, a terminal gets one sentence, and a pipe nothing in any form but JSON."""
    if options:
        state = "--read" if "--unread" in options else "--unread"
        run("mark", names[0], "--tag", "moe", state, cwd=project)
    listing = ("mark", "--list", *options)
    for form in ("auto", "table", "plain", "jsonl"):
        done = run(*listing, "--format", form, cwd=project)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert json.loads(run(*listing, "--json", cwd=project).stdout)["marks"] == []
    terminal = Terminal([sys.executable, "-m", "papersearch", *listing], project, command_environment())
    terminal.wait_for(f"papersearch: {'no paper has these marks' if options else 'no paper is marked'}")
    assert terminal.wait_for_end() == 1
    terminal.close()


def test_a_broken_file_costs_no_answer(run: Run, project: Path, names: list[str]) -> None:
    """A line that is not a mark is named; a search still answers, and what needs the marks fails."""
    (project / "marks.jsonl").write_text('{"paper_id": "x"}\noops\n')
    done = run("pipeline bubbles", "--json", cwd=project)
    assert done.returncode == 0
    assert "marks.jsonl:2: " in done.stderr
    assert json.loads(done.stdout)["hits"]
    for arguments in (["pipeline", "--unread"], ["mark", names[0], "--read"], ["mark", "--list"]):
        failed = run(*arguments, cwd=project)
        assert (failed.returncode, failed.stdout) == (2, "")
        assert "marks.jsonl:2: " in failed.stderr
        assert "hint: correct it with an editor" in failed.stderr


def test_marks_follow_their_papers(run: Run, project: Path, names: list[str], build: object) -> None:
    """After a build that renames one paper and removes another, marks follow the one, and stay with the other."""
    run("mark", names[0], names[3], "--tag", "moe", cwd=project)
    papers = {paper.paper_id: paper for paper in papersearch.open(project / "index").papers()}
    record = {"id": "renamed", "title": papers[names[0]].title, "abstract": sentence("something else")}
    (project / "corpus" / "page.txt").unlink()
    (project / "corpus" / "new.json").write_text(json.dumps(record))
    build()  # type: ignore[operator]
    [now] = papersearch.open(project / "index").papers()
    assert now.paper_id not in names
    done = run("paper", "--tag", "moe", "--jsonl", cwd=project)
    assert ids(done.stdout) == [now.paper_id]
    assert json.loads(done.stdout)["marks"]["tags"] == ["moe"]
    assert f"1 marked paper is not in this collection: {papers[names[3]].title}" in done.stderr
    listed = [json.loads(line) for line in run("mark", "--list", "--jsonl", cwd=project).stdout.splitlines()]
    assert {(one["paper_id"], one["in_collection"]) for one in listed} == {(now.paper_id, True), (names[3], False)}
    assert "not in this collection" in run("mark", "--list", "--format", "table", cwd=project).stdout


def test_marks_without_an_index(run: Run, project: Path, names: list[str], tmp_path_factory: object) -> None:
    """Marks are listed without an index, which then tells nothing of their papers."""
    run("mark", names[0], "--read", cwd=project)
    place = {"PAPERSEARCH_MARKS": str(project / "marks.jsonl")}
    empty = project / "empty"
    empty.mkdir()
    done = run("mark", "--list", "--jsonl", "--index", str(empty), cwd=project, env=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["in_collection"] is None


def test_saved_searches_have_marks(run: Run, project: Path, names: list[str]) -> None:
    """A saved search keeps the keys `tag` and `unread`, and looks at the marks of each run."""
    run("mark", names[0], names[1], "--tag", "moe", cwd=project)
    run("saved", "add", "mine", "paper about", "--tag", "moe", "--unread", "--mode", "keyword", cwd=project)
    text = (project / "searches.toml").read_text()
    assert 'tag = ["moe"]' in text
    assert "unread = true" in text
    assert "--tag moe --unread" in run("saved", "list", cwd=project).stdout
    run("saved", "add", "done", "paper about", "--read", "--mode", "keyword", cwd=project)
    assert "read = true" in (project / "searches.toml").read_text().splitlines()
    assert "--read" in run("saved", "list", cwd=project).stdout

    def found(*options: str) -> set[str]:
        return set(ids(run("saved", "run", "mine", *options, "--jsonl", cwd=project).stdout))

    assert found() <= set(names[:2])
    everything = found()
    run("mark", names[0], "--read", cwd=project)
    assert found() == everything - {names[0]}
    assert ids(run("saved", "run", "done", "--jsonl", cwd=project).stdout) == [names[0]]
    assert found("--without", str(_list(project, names[1:2]))) == everything - set(names[:2])
    run("mark", names[0], names[1], "--untag", "moe", cwd=project)
    done = run("saved", "run", "mine", cwd=project)
    assert done.returncode == 2
    assert "unknown tag 'moe'" in done.stderr


def test_an_index_on_a_server(run: Run, project: Path, names: list[str]) -> None:
    """With an index on a server, marks are the client's: they are shown, filter, and are changed."""
    with served(project / "index") as server:
        run("mark", names[0], "--tag", "moe", cwd=project, env=server.env)
        assert list(kept(project)) == [names[0]]
        for options in (["--tag", "moe"], ["--within", str(_list(project, names[:1]))]):
            done = run("paper about", *options, "--jsonl", cwd=project, env=server.env)
            assert ids(done.stdout) == [names[0]], done.stderr
        assert json.loads(done.stdout)["marks"]["tags"] == ["moe"]
        left = run(
            "paper about", "--without", str(_list(project, names[:1])), "--jsonl", cwd=project, env=server.env
        )
        assert set(ids(left.stdout)) == set(names[1:])
        listed = run("mark", "--list", "--jsonl", cwd=project, env=server.env)
        assert json.loads(listed.stdout)["in_collection"] is True


def test_the_place_of_the_file(run: Run, tmp_path: Path, small_index: Path, names: list[str]) -> None:
    """The variable names the file, and its folder is made."""
    path = tmp_path / "mine" / "marks.jsonl"
    named = {"PAPERSEARCH_INDEX": str(small_index), "PAPERSEARCH_MARKS": str(path)}
    assert run("mark", names[0], "--read", cwd=tmp_path, env=named).returncode == 0
    assert len(read_marks(path)) == 1
    assert not (tmp_path / "marks.jsonl").exists()


@pytest.mark.parametrize("words", [["moe", "--tag"], ["mark", "x", "--untag"], ["mark", "--list", "--tag"]])
def test_tags_are_completed(run: Run, project: Path, names: list[str], words: list[str]) -> None:
    """A shell is offered the tags that there are, but for those that it would have to quote."""
    run("mark", names[0], "--tag", "moe", "--tag", "routing", "--tag", "to read", "--tag", "--x", cwd=project)
    for typed, expected in (("", ["moe", "routing"]), ("r", ["routing"]), ("z", [])):
        asked = ["papersearch", *words, typed]
        shell = {
            "_PAPERSEARCH_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(asked),
            "COMP_CWORD": str(len(asked) - 1),
        }
        assert run(cwd=project, env=shell).stdout.split() == expected
