"""The file of marks: what is written is read, by hand, by several machines, and by several processes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.errors import MarksNotWritable, MarksUnreadable
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change, Mark, mark_of
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper
from tests.conftest import PROJECT, command_environment
from tests.marks.collection import Collection, paper

NAMES = [f"{letter}{number}" for letter in "abc" for number in range(4)]
EVERY = Collection(*(paper(name, arxiv_id=f"2401.{at:05}") for at, name in enumerate(NAMES)))
HOSTILE = [
    '"',
    "\\",
    "'''",
    "# no comment",
    "[a]\nb = 1",
    "<<<<<<<",
    "\x1b[31mred",
    "--read",
    "é\u0301 \u2028 x",
    "}",
]


def mark(path: Path, names: Sequence[str], **change: object) -> None:
    """Change the marks of these papers."""
    change_marks(path, [EVERY.paper(name) for name in names], Change(**change), EVERY)  # type: ignore[arg-type]


def kept(path: Path) -> dict[str, tuple[tuple[str, ...], bool, str]]:
    """Return what the file says of each paper."""
    return {each.paper_id: (each.tags, each.is_read, each.note) for each in read_marks(path)}


texts = st.sampled_from([*HOSTILE, "moe", "to read"]) | st.text(max_size=20)
tags = st.lists(texts.filter(lambda text: bool(clean_text(text))), max_size=2).map(tuple)
changes = st.builds(Change, tags, tags, st.none() | texts, st.none() | st.booleans())


@given(st.lists(st.tuples(st.lists(st.sampled_from(NAMES), max_size=4), changes), max_size=6))
def test_any_changes(tmp_path_factory: pytest.TempPathFactory, made: list[tuple[list[str], Change]]) -> None:
    """After any changes the file says what applying them to each paper alone gives, one line a paper, in order."""
    path = tmp_path_factory.mktemp("marks") / "marks.jsonl"
    expected: dict[str, Mark] = {}
    for names, change in made:
        returned = change_marks(path, [EVERY.paper(name) for name in names], change, EVERY)
        for name in dict.fromkeys(names):
            expected[name] = change.checked().applied(expected.get(name, mark_of(EVERY.paper(name))))
        assert list(returned) == list(read_marks(path))
    expected = {name: each for name, each in sorted(expected.items()) if not each.is_empty}
    assert list(read_marks(path)) == list(expected.values())
    if path.exists():
        lines = [line for line in path.read_text("utf-8").split("\n") if line and not line.startswith("#")]
        assert [json.loads(line)["paper_id"] for line in lines] == list(expected)


def test_it_is_made_with_its_folder(tmp_path: Path) -> None:
    """The first mark makes the file; a change of nothing makes none."""
    path = tmp_path / "new" / "marks.jsonl"
    mark(path, ["a1"], is_read=False)
    assert not path.exists()
    mark(path, ["a1"], is_read=True)
    assert kept(path) == {"a1": ((), True, "")}
    assert path.read_text().startswith("# ")


def test_hands_may_edit_it(tmp_path: Path) -> None:
    """Comments, order of keys, spaces and names by other identifiers are read; unchanged lines keep their bytes."""
    path = tmp_path / "marks.jsonl"
    mine = '{ "tags": "moe",  "paper_id": "a1" }'
    path.write_text(
        "\ufeff# my marks\n\n# the first one\n" + mine + "\r\n\n"
        '{"arxiv_id": "arXiv:2401.00005v3", "read": true, "note": null}\n{"title": "On c2", "note": "later"}\n'
        "# end",
        "utf-8",
    )
    assert [each.tags for each in read_marks(path)] == [("moe",), (), ()]
    found = read_marks(path).of([EVERY.paper(name) for name in ("a1", "b1", "c2")], EVERY)
    assert [(each.tags, each.is_read, each.note) for each in found if each] == [
        (("moe",), False, ""),
        ((), True, ""),
        ((), False, "later"),
    ]
    mark(path, ["a3", "b1"], tags=("new",))
    text = path.read_text("utf-8")
    assert text.startswith("# my marks\n\n")
    assert f"\n\n# the first one\n{mine}\n\n" in text
    assert text.endswith("\n# end\n")
    assert kept(path)["b1"] == (("new",), True, "")
    mark(path, ["a1"], untags=("MOE",))
    assert "# the first one\n" in path.read_text("utf-8"), "the comment of a mark that is gone"
    assert "a1" not in kept(path)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("a note", "it is not JSON"),
        ('{"paper_id": "a1",}', "it is not JSON"),
        ("[1]", "expected an object in braces"),
        ('{"tags": ["moe"]}', "expected one of paper_id, title, arxiv_id, doi"),
        ('{"paper_id": "\\u0000", "title": " ", "note": "x"}', "expected one of paper_id, title, arxiv_id, doi"),
        ('{"paper_id": "a1", "tag": ["moe"]}', "unknown key 'tag'"),
        ('{"paper_id": "a1", "tags": [1]}', "expected a list of texts for tags"),
        ('{"paper_id": "a1", "tags": {"moe": 1}}', "expected a list of texts for tags"),
        ('{"paper_id": "a1", "read": "yes"}', "expected true or false for read"),
        ('{"paper_id": 1}', "expected text for paper_id"),
        ('{"paper_id": "a1", "note": ["x"]}', "expected text for note"),
        ("<<<<<<< HEAD", "a conflict of a merge is not resolved"),
        ("[" * 100_000, "it is not JSON"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, cause: str) -> None:
    """A line that is not a mark is an error with its number, and the file stays as it was."""
    path = tmp_path / "marks.jsonl"
    path.write_text('# mine\n{"paper_id": "a0", "read": true}\n' + line + "\n")
    before = path.read_bytes()
    for act in (lambda: read_marks(path), lambda: mark(path, ["a1"], is_read=True)):
        with pytest.raises(MarksUnreadable) as caught:
            act()
        assert caught.value.line == 3
        assert cause in caught.value.cause
    assert path.read_bytes() == before


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    """A line that is not UTF-8 is an error that names it."""
    path = tmp_path / "marks.jsonl"
    path.write_bytes(b'{"paper_id": "\xff"}\n')
    with pytest.raises(MarksUnreadable, match=r"marks\.jsonl:1: "):
        read_marks(path)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_not_a_file(tmp_path: Path, make: object) -> None:
    """A folder, a pipe and a link to itself are errors, which are not waited for."""
    path = tmp_path / "marks.jsonl"
    make(path)  # type: ignore[operator]
    with pytest.raises(MarksUnreadable):
        read_marks(path)
    with pytest.raises((MarksUnreadable, MarksNotWritable)):
        mark(path, ["a1"], is_read=True)


def test_a_link_stays_one(tmp_path: Path) -> None:
    """A file that is a link is written where it leads to; one that leads to no folder is an error."""
    path, target = tmp_path / "marks.jsonl", tmp_path / "dotfiles" / "mine.jsonl"
    path.symlink_to(target)
    with pytest.raises(MarksNotWritable):
        mark(path, ["a1"], is_read=True)
    target.parent.mkdir()
    for name in ("a1", "a2"):
        mark(path, [name], is_read=True)
        assert path.is_symlink()
        assert not target.is_symlink()
    assert list(kept(target)) == ["a1", "a2"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The error names the file, and the marks before are read as before."""
    path = tmp_path / "marks.jsonl"
    mark(path, ["a1"], is_read=True)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(MarksNotWritable, match="Permission denied"):
            mark(path, ["a2"], is_read=True)
        assert list(kept(path)) == ["a1"]
    finally:
        tmp_path.chmod(0o700)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a write that fails, the file is the one before, with nothing beside it."""
    path = tmp_path / "marks.jsonl"
    mark(path, ["a1"], is_read=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MarksNotWritable, match="No space left"):
        mark(path, ["a2"], is_read=True)
    assert list(kept(path)) == ["a1"]
    assert [each.name for each in tmp_path.iterdir()] == ["marks.jsonl"]


def test_marks_are_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks that are read again are parsed again only if the file has changed, whatever its time and size."""
    path = tmp_path / "marks.jsonl"
    parsed: list[bytes] = []
    loads = orjson.loads
    monkeypatch.setattr(orjson, "loads", lambda line: parsed.append(line) or loads(line))
    path.write_text('{"paper_id": "a1", "tags": ["old"]}\n')
    before = path.stat()
    assert [list(mark.tags) for _ in range(3) for mark in read_marks(path)] == [["old"]] * 3
    assert len(parsed) == 1
    path.write_text('{"paper_id": "a1", "tags": ["new"]}\n')
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [list(mark.tags) for _ in range(3) for mark in read_marks(path)] == [["new"]] * 3
    assert len(parsed) == 2
    path.unlink()
    assert list(read_marks(path)) == []
    path.write_text("[")
    for _ in range(2):
        with pytest.raises(MarksUnreadable):
            read_marks(path)


@pytest.mark.slow
def test_changes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Processes that change marks at once, of one paper and of several, all leave their change."""
    path = tmp_path / "marks.jsonl"
    script = (
        "import sys; from pathlib import Path; from tests.marks.test_file import mark\n"
        "sys.stdin.readline()\n"
        "for at in range(10):\n"
        "    mark(Path(sys.argv[1]), ['a1', f'b{at % 4}'], tags=(f'{sys.argv[2]}-{at}',))\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    running = [
        subprocess.Popen([*command, str(number)], cwd=PROJECT, env=command_environment(), stdin=subprocess.PIPE)
        for number in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0
    assert set(kept(path)["a1"][0]) == {f"{number}-{at}" for number in range(4) for at in range(10)}


def git(folder: Path, *arguments: str, code: int = 0) -> None:
    """Run git, which must end with this code."""
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr


def merged(
    folder: Path, common: Sequence[str], ours: dict[str, str], theirs: dict[str, str], code: int = 0
) -> Path:
    """Mark the `common` papers, and then others on two branches, by tag; merge these."""
    path = folder / "marks.jsonl"
    git(folder, "init", "-q", "-b", "main")
    if common:
        mark(path, common, tags=("common",))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "common")
    for branch, changed in (("other", theirs), ("main", ours)):
        git(folder, "checkout", "-q", *(["-b"] if branch == "other" else []), branch)
        for name, tag in changed.items():
            mark(path, [name], tags=(tag,))
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", branch)
    git(folder, "merge", "-q", "other", "-m", "merge", code=code)
    return path


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a1": "x"}, {"a2": "y"}),  # neighbours
        ({"a0": "x", "b1": "x"}, {"a1": "y", "b0": "y", "c3": "y"}),
        ({"a0": "x"}, {"a0": "x"}),
    ],
)
def test_two_machines_are_merged(tmp_path: Path, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """`git merge` joins changes to different papers, neighbours in the file too, and equal changes."""
    both = kept(merged(tmp_path, NAMES, ours, theirs))
    for name in NAMES:
        wanted = {"common", *(changed[name] for changed in (ours, theirs) if name in changed)}
        assert set(both[name][0]) == wanted


def test_new_marks_of_two_machines_are_merged(tmp_path: Path) -> None:
    """New marks merge where marks of before lie between them."""
    common = ["a1", "b1", "c1"]
    both = kept(merged(tmp_path, common, {"a0": "x", "c0": "x"}, {"b0": "y", "c2": "y"}))
    assert sorted(both) == sorted([*common, "a0", "b0", "c0", "c2"])


@pytest.mark.parametrize("common", [[], ["a1", "c3"]])
def test_union_merges_everything(tmp_path: Path, common: Sequence[str]) -> None:
    """With `merge=union` nothing is in conflict, and every tag of both machines is there."""
    (tmp_path / ".gitattributes").write_text("marks.jsonl merge=union\n")
    ours, theirs = {"b0": "x", "a1": "x", "b1": "x"}, {"b1": "y", "a1": "y", "b2": "y"}
    path = merged(tmp_path, common, ours, theirs)
    [*both] = read_marks(path).of([EVERY.paper(name) for name in NAMES], EVERY)
    for name, found in zip(NAMES, both, strict=True):
        wanted = {changed[name] for changed in (ours, theirs) if name in changed}
        wanted |= {"common"} if name in common else set()
        assert set(found.tags if found else ()) == wanted
    mark(path, ["b1"], is_read=True)
    assert list(kept(path)).count("b1") == 1
    assert set(kept(path)["b1"][0]) == {"x", "y"}


def test_a_conflict_is_said(tmp_path: Path) -> None:
    """Two changes of one paper are a conflict of git's; until it is resolved, the error names its line."""
    path = merged(tmp_path, ["a1"], {"a1": "x"}, {"a1": "y"}, code=1)
    with pytest.raises(MarksUnreadable, match="a conflict of a merge is not resolved") as caught:
        read_marks(path)
    assert caught.value.line == 3


def test_a_renamed_paper_keeps_one_line(tmp_path: Path) -> None:
    """A change of a paper that has got another id replaces its line, with the identifiers of now."""
    path = tmp_path / "marks.jsonl"
    mark(path, ["a1"], tags=("moe",), note="n")
    before = EVERY.paper("a1")
    now = Paper(paper_id="z9", title="Renamed", abstract="", arxiv_id=f"{before.arxiv_id}v2")
    change_marks(path, [now], Change(is_read=True), Collection(now))
    assert list(read_marks(path)) == [Mark("z9", ("moe",), True, "n", "Renamed", f"{before.arxiv_id}v2")]
