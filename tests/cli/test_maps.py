"""The options `--map` and `--svg`: where maps go, and what is refused before anything is computed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import hinted
from tests.conftest import PROJECT, Run, command_environment, sentence
from tests.maps.nasty import ATTACKS
from tests.maps.test_page import Reader

QUERY = ("moe routing", "-k", "3")


def content_of(page: str) -> dict[str, Any]:
    """Return the JSON of a page."""
    match = re.search(r'<script id="content" type="application/json">(.*?)</script>', page)
    assert match
    found: dict[str, Any] = json.loads(match[1])
    return found


@pytest.fixture
def small(small_index: Path, small_corpus: Path) -> dict[str, str]:
    """Return the environment of an index of four papers, whose maps are quick."""
    return {"PAPERSEARCH_INDEX": str(small_index), "PAPERSEARCH_CORPUS": str(small_corpus)}


@pytest.mark.slow
def test_a_search_writes_a_page_beside_its_hits(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """The hits are printed as without a map; the page has them, the collection behind, and other good answers."""
    without = run(*QUERY, env=env)
    done = run(*QUERY, "--map", "map.html", env=env)
    assert (done.returncode, done.stdout) == (0, without.stdout)
    content = content_of((tmp_path / "map.html").read_text(encoding="utf-8"))
    assert content["heading"] == "moe routing"
    assert len(content["x"]) == 302
    ranked = sorted(content["hits"].items(), key=lambda item: item[1]["rank"])
    assert len(ranked) > 3
    assert {hit["verdict"] for _, hit in ranked[3:]} <= {"strong", "fair"}
    printed = [line.split("\t") for line in done.stdout.splitlines()]
    assert [content["id"][int(number)] for number, _ in ranked[:3]] == [row[2] for row in printed]
    assert [hit["evidence"] for _, hit in ranked[:3]] == [row[5] for row in printed]
    assert done.stderr == f"papersearch: wrote a map of {len(ranked)} papers to map.html\n"


@pytest.mark.slow
def test_the_same_index_gives_the_same_map(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Two runs write the same bytes, and `stats` and `search` put every paper at the same place."""
    for name in ("one.html", "two.html"):
        assert run("stats", "--map", name, env=env).returncode == 0
    one, two = ((tmp_path / name).read_bytes() for name in ("one.html", "two.html"))
    assert one == two
    run(*QUERY, "--map", "answer.html", env=env)
    whole, answer = (content_of((tmp_path / name).read_text("utf-8")) for name in ("one.html", "answer.html"))
    assert (whole["x"], whole["y"], whole["group"]) == (answer["x"], answer["y"], answer["group"])
    assert whole["hits"] == {}
    assert whole["heading"] == "Papers of corpus"


@pytest.mark.slow
def test_similar_shows_its_examples(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """The map of similar papers marks the papers that they are like, by any of their names."""
    paper_id = run(*QUERY, env=env).stdout.split("\t")[2]
    done = run("similar", paper_id, "-k", "2", "--map", "map.html", env=env)
    content = content_of((tmp_path / "map.html").read_text(encoding="utf-8"))
    assert done.returncode == 0
    assert [content["id"][number] for number in content["examples"]] == [paper_id]
    assert len(content["hits"]) == 50
    assert "like" in content["heading"]
    text = run("similar", "-", "--map", "text.html", env=env, stdin="Routing of tokens to experts in a mixture.\n")
    assert text.returncode == 0
    assert (
        content_of((tmp_path / "text.html").read_text(encoding="utf-8"))["heading"] == "Papers like the given text"
    )


def test_the_suffix_tells_a_picture(run: Run, small: dict[str, str], tmp_path: Path) -> None:
    """A map in .svg is a picture, whichever option names it; both may be written at once."""
    assert run("stats", "--map", "a.SVG", env=small).returncode == 0
    assert run("stats", "--map", "b.htm", "--svg", "c.picture", env=small).returncode == 0
    assert (tmp_path / "a.SVG").read_bytes() == (tmp_path / "c.picture").read_bytes()
    assert ElementTree.fromstring((tmp_path / "a.SVG").read_bytes()).tag.endswith("svg")
    assert len(content_of((tmp_path / "b.htm").read_text(encoding="utf-8"))["x"]) == 4


@pytest.mark.parametrize("option", ["--map", pytest.param("--svg", marks=pytest.mark.slow)])
def test_a_dash_prints_the_map_alone(run: Run, small: dict[str, str], option: str) -> None:
    """With `-`, standard output has the map in place of what the verb prints."""
    done = run("stats", option, "-", env=small)
    assert done.returncode == 0
    assert done.stdout.startswith("<!doctype html>" if option == "--map" else "<svg")
    assert done.stdout.rstrip().endswith("</html>" if option == "--map" else "</svg>")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "map.png"], "expected a name that ends in .html or .svg"),
        (["--map", "map"], "expected a name that ends in .html or .svg"),
        (["--map", ""], "for --map: expected a name"),
        (["--map", "folder"], "folder"),
        (["--map", "folder.html"], "it is a folder"),
        (["--svg", "folder"], "it is a folder"),
        (["--svg", ""], "for --svg: expected a name"),
        (["--map", "none/map.html"], "there is no folder none"),
        (["--map", "a.svg", "--svg", "b.svg"], "expected one picture"),
        (["--map", "-", "--svg", "-"], "expected another file"),
        (["--map", "a.html", "--svg", "a.html"], "expected another file"),
        (["--map", "-", "--json"], "cannot print a map and json"),
        (["--svg", "-", "--format", "table"], "cannot print a map and table"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    run: Run, small: dict[str, str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    """A wrong name is an error before anything is printed, drawn or written."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.html").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = run("stats", *arguments, env=small)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("verb", [["pipeline"], ["stats"], ["similar", "On pipeline bubbles"]])
def test_every_verb_refuses(run: Run, small: dict[str, str], verb: list[str]) -> None:
    """A map that cannot be written, or would share standard output, costs no answer in any verb."""
    for arguments in (["--map", "none/map.html"], ["--map", "-", "--json"]):
        done = run(*verb, *arguments, env=small)
        assert (done.returncode, done.stdout) == (2, "")


def test_a_file_is_replaced_as_a_whole(
    invoke: Any, small: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier map is replaced; if that fails, it is still there and nothing else is."""
    monkeypatch.setenv("PAPERSEARCH_INDEX", small["PAPERSEARCH_INDEX"])
    folder = tmp_path / "maps"
    folder.mkdir()
    target = folder / "map.html"
    target.write_text("earlier", encoding="utf-8")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for broken in ("replace", "write", "fsync"):
        with monkeypatch.context() as faults:
            faults.setattr(os, broken, full)
            done = invoke("stats", "--map", str(target))
        assert done.exit_code == 2
        assert "No space left on device" in done.stderr
        assert [path.name for path in folder.iterdir()] == ["map.html"]
        assert target.read_text(encoding="utf-8") == "earlier"
    assert invoke("stats", "--map", str(target)).exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow
def test_a_link_keeps_leading_to_its_file(run: Run, small: dict[str, str], tmp_path: Path) -> None:
    """A symbolic link is kept, and the file that it names is written."""
    (tmp_path / "link.html").symlink_to("target.html")
    assert run("stats", "--map", "link.html", env=small).returncode == 0
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "target.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow
def test_a_pipe_takes_a_page(run: Run, small: dict[str, str], tmp_path: Path) -> None:
    """A named pipe, as of a shell's process substitution, is written to and stays a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    done = run("stats", "--map", str(pipe), env=small)
    if done.returncode != 0:
        reader.kill()  # it would wait for a writer
    page, _ = reader.communicate()
    assert done.returncode == 0, done.stderr
    assert page.startswith(b"<!doctype html>")
    assert pipe.is_fifo()


@pytest.mark.slow
def test_a_hostile_dump_stays_text(run: Run, small: dict[str, str], build: Any, tmp_path: Path) -> None:
    """From a dump full of attacks to page and picture, nothing becomes an element, and every title arrives."""
    records = [
        {"_id": f"r{number}", "title": attack[:900], "text": f"{attack[:900]} {sentence('attacks')} {number}"}
        for number, attack in enumerate(ATTACKS)
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (Path(small["PAPERSEARCH_CORPUS"]) / "hostile.jsonl").write_text(lines, encoding="utf-8")
    build()
    done = run("stats", "--map", "map.html", "--svg", "map.svg", env=small)
    assert done.returncode == 0, done.stderr
    reader = Reader((tmp_path / "map.html").read_bytes())
    assert [tag for tag, _ in reader.elements if tag in ("script", "img", "b")] == ["script", "script"]
    titles = json.loads(reader.text_of("script", id="content"))["title"]
    shown = [
        circle.findtext("{*}title") or ""
        for circle in ElementTree.fromstring((tmp_path / "map.svg").read_bytes()).iterfind("{*}g/{*}circle")
    ]
    assert len(titles) == len(shown) == 4 + len(ATTACKS)
    for listed in (titles, shown):
        assert any("isolates" in title for title in listed)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x1f]", "".join(listed))


@pytest.mark.slow
def test_a_reader_that_leaves_early_gets_its_map(small: dict[str, str], tmp_path: Path) -> None:
    """Where the reader of standard output has gone, the map is still written, quietly and without an error."""
    reading, writing = os.pipe()
    os.close(reading)
    for verb in (["stats"], ["pipeline"]):
        target = tmp_path / f"{verb[0]}.html"
        done = subprocess.run(
            [sys.executable, "-m", "papersearch", *verb, "--map", str(target)],
            env=command_environment(small),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        assert done.stderr.splitlines()[-1].startswith("papersearch: wrote a map")
        assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    os.close(writing)


def test_no_answer_has_no_map(run: Run, small: dict[str, str], tmp_path: Path) -> None:
    """Where no paper answers, no file is written, a line says so, and the exit code is that of no hits."""
    done = run("qqqqzzzz", "--mode", "keyword", "--map", "map.html", env=small)
    assert done.returncode == 1
    assert "cannot draw a map: no paper answers" in done.stderr
    assert not (tmp_path / "map.html").exists()


def test_without_the_extra_the_error_says_what_to_install(small: dict[str, str], tmp_path: Path) -> None:
    """Where the package is missing, nothing is printed and the hint installs the extra."""
    (tmp_path / "openTSNE.py").write_text("raise ImportError('No module named openTSNE')", encoding="utf-8")
    environment = {**small, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"}
    done = subprocess.run(
        [sys.executable, "-m", "papersearch", "stats", "--map", str(tmp_path / "map.html")],
        env=command_environment(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "openTSNE" in done.stderr
    assert "pip install '.[map]'" in done.stderr
    assert not (tmp_path / "map.html").exists()


def test_papers_without_a_vector_are_told(run: Run, small: dict[str, str], small_index: Path) -> None:
    """Before papers are encoded, the error says so and hints at the command that encodes them."""
    shutil.rmtree(small_index)
    assert run("index", "--words-only", "--quiet", env=small).returncode == 0
    done = run("stats", "--map", "map.html", env=small)
    assert done.returncode == 2
    assert "encoded" in done.stderr
    assert hinted(done.stderr)[0] == "index"


def test_a_server_says_where_maps_are_drawn(run: Run, server: Any) -> None:
    """An index on a server is refused, with a hint to draw the map where the index is."""
    for arguments in (["moe routing"], ["stats"]):
        done = run(*arguments, "--map", "map.html", env=server.env)
        assert done.returncode == 2
        assert "cannot give the vectors of papers" in done.stderr
        assert "hint: run it where the index is" in done.stderr


def test_other_commands_import_no_maps(env: dict[str, str]) -> None:
    """A query without a map imports neither this package's maps nor what draws them."""
    script = (
        "import sys\nfrom papersearch.cli.app import app\n"
        "try: app(sys.argv[1:])\nexcept SystemExit as done: assert done.code == 0\n"
        "found = [name for name in sys.modules if name.startswith(('papersearch.maps', 'papersearch.cli.maps',"
        " 'openTSNE', 'sklearn', 'scipy'))]\nprint(found, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "pipeline bubbles"],
        env=command_environment(env),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"
