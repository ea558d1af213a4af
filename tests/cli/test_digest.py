"""New papers of saved searches at the command line: shown once, in formats that other programs read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from markdown_it import MarkdownIt

import papersearch
from papersearch import clock
from papersearch.cli.output.atom import feed_of
from papersearch.cli.output.digests import digest_of
from papersearch.cli.output.exports.markdown import id_in
from papersearch.cli.saved_answers import NewPapers
from papersearch.saved import SavedSearch
from papersearch.seen import News, Record, Shown
from papersearch.text.cleaning import clean_text
from papersearch.types import Evidence, Hit, Paper, Results
from tests.cli.hostile_papers import hostile_papers
from tests.conftest import Run, command_environment, page, sentence
from tests.served import served

ATOM = "{http://www.w3.org/2005/Atom}"
FORMATS = ("text", "markdown", "html", "json", "atom")

Grow = Callable[[str], None]


@pytest.fixture
def project(small_corpus: Path, small_index: Path) -> Path:
    """Return a folder with a corpus, its index and two saved searches."""
    text = (
        '[bubbles]\nquery = "pipeline bubbles"\nmode = "keyword"\n[quinces]\nquery = "quinces"\nmode = "keyword"\n'
    )
    (small_corpus.parent / "searches.toml").write_text(text)
    return small_corpus.parent


@pytest.fixture
def grow(project: Path, small_model: Path) -> Grow:
    """Return a function that adds a paper on a topic."""

    def add(topic: str) -> None:
        (project / "corpus" / f"{topic}.txt").write_text(page([(f"On {topic}", sentence(topic))]), encoding="utf-8")
        papersearch.build(project / "corpus", project / "index", model=str(small_model))

    return add


def titles(output: str) -> list[str]:
    return [line.split("\t")[5] for line in output.splitlines()]


def test_every_run_shows_what_came_since(run: Run, project: Path, grow: Grow) -> None:
    """`saved run --new` shows each paper once: exit code 0 with new papers, 1 without."""
    first = run("saved", "run", "--new", cwd=project)
    assert (first.returncode, titles(first.stdout)) == (0, ["On pipeline bubbles"])
    again = run("saved", "run", "--new", cwd=project)
    assert (again.returncode, again.stdout, again.stderr) == (1, "", "")
    assert "Nothing new." in run("saved", "run", "--new", "--format", "table", cwd=project).stdout
    grow("fresh pipeline bubbles")
    grow("quinces")
    some = run("saved", "run", "quinces", "--new", "--json", cwd=project)
    [search] = json.loads(some.stdout)["searches"]
    assert [hit["title"] for hit in search["hits"]] == ["On quinces"]
    assert titles(run("saved", "run", "--new", cwd=project).stdout) == ["On fresh pipeline bubbles"]
    everything = run("saved", "run", cwd=project).stdout
    assert len(everything.splitlines()) == 3


def test_what_is_cut_off_comes_next(run: Run, project: Path, grow: Grow) -> None:
    """With -k the best new papers come first, a line tells how many are left, and these come next."""
    run("saved", "run", "--new", cwd=project)
    for number in range(3):
        grow(f"pipeline bubbles {number}")
    done = run("saved", "run", "--new", "-k", "2", cwd=project)
    assert "bubbles: 1 more new papers come with the next run" in done.stderr
    found = titles(done.stdout) + titles(run("saved", "run", "--new", "-k", "2", cwd=project).stdout)
    assert sorted(found) == [f"On pipeline bubbles {number}" for number in range(3)]
    assert run("saved", "run", "--new", cwd=project).returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize("verb", [("run", "--new"), ("digest",), ("digest", "--format", "atom")])
def test_what_was_not_written_is_shown_again(run: Run, project: Path, verb: tuple[str, ...]) -> None:
    """An output that fails, or whose reader has gone, leaves papers new."""
    command = [sys.executable, "-m", "papersearch", "saved", *verb]
    environment = command_environment()
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, cwd=project, env=environment, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, b"No space left" in done.stderr) == (2, True)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command, cwd=project, env=environment, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (project / "searches.seen.json").exists()
    assert "On pipeline bubbles" in run("saved", *verb, cwd=project).stdout
    if verb != ("run", "--new"):
        beside = project / "nowhere" / "digest"
        (project / "searches.seen.json").unlink()
        assert run("saved", *verb, "--output", str(beside), cwd=project).returncode == 2
        assert not (project / "searches.seen.json").exists()


def test_runs_at_once_share_what_is_new(run: Run, project: Path) -> None:
    """Of runs at the same time, one shows a new paper."""
    command = [sys.executable, "-m", "papersearch", "saved", "run", "--new"]
    running = [
        subprocess.Popen(command, cwd=project, env=command_environment(), stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in running]
    assert sorted(map(len, map(titles, outputs))) == [0, 0, 1]
    assert sorted(process.returncode for process in running) == [0, 1, 1]


def test_one_search_that_fails(run: Run, project: Path) -> None:
    """A search that fails is named, the others are shown once, and it shows its papers when it is mended."""
    path = project / "searches.toml"
    whole = path.read_text()
    path.write_text(whole + '[broken]\nquery = "pipeline"\nmode = "keyword"\norg = ["nobody"]\n')
    done = run("saved", "digest", cwd=project)
    assert (done.returncode, "On pipeline bubbles" in done.stdout) == (2, True)
    assert "broken: unknown organisation 'nobody'" in done.stderr
    again = run("saved", "digest", cwd=project)
    assert (again.returncode, again.stdout) == (2, "")
    path.write_text(whole + '[broken]\nquery = "pipeline"\nmode = "keyword"\n')
    assert "broken: pipeline" in run("saved", "digest", cwd=project).stdout


@pytest.mark.slow
def test_a_digest_in_every_format(run: Run, project: Path, grow: Grow) -> None:
    """Text, Markdown and HTML are silent where nothing is new, also on stderr; JSON and Atom are always whole."""
    for chosen in FORMATS:
        (project / "searches.seen.json").unlink(missing_ok=True)
        done = run("saved", "digest", "--format", chosen, cwd=project)
        assert (done.returncode, done.stderr) == (0, "")
        assert "On pipeline bubbles" in done.stdout
        assert "\x1b" not in done.stdout
        output = project / f"digest.{chosen}"
        assert (run("saved", "digest", "--format", chosen, "-o", str(output), cwd=project).returncode) == 1
        assert output.exists() == (chosen in ("json", "atom"))
        again = run("saved", "digest", "--format", chosen, cwd=project)
        assert (again.returncode, again.stderr) == (1, "")
        if chosen in ("json", "atom"):
            assert again.stdout == output.read_text()
        else:
            assert again.stdout == ""
    (project / "searches.seen.json").unlink()
    kept = project / "kept.html"
    target = project / "target.html"
    target.write_text("old")
    kept.symlink_to(target)
    assert run("saved", "digest", "--format", "html", "-o", str(kept), cwd=project).stdout == ""
    assert kept.is_symlink()
    assert "On pipeline bubbles" in target.read_text()
    (project / "searches.seen.json").unlink()
    pipe = project / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        done = run("saved", "digest", "-o", str(pipe), cwd=project)
        if done.returncode or not pipe.is_fifo():
            reader.kill()  # it would wait for a writer
        assert b"On pipeline bubbles" in reader.communicate()[0]
    assert (done.returncode, pipe.is_fifo()) == (0, True)
    assert run("saved", "digest", "--format", "xml", cwd=project).returncode == 2
    assert run("saved", "digest", "--format", "text", "--json", cwd=project).returncode == 2


def test_a_search_without_words_says_what_it_keeps(run: Run, project: Path) -> None:
    """The heading of a search by filters alone has the filters in place of a query."""
    (project / "searches.toml").write_text('[mine]\nquery = ""\nsince = "2000"\ninclude-undated = true\n')
    asked = "mine: since:2000 undated"
    for chosen, heading in (("text", asked), ("markdown", f"## {asked}"), ("html", f"<h2>{asked}</h2>")):
        (project / "searches.seen.json").unlink(missing_ok=True)
        done = run("saved", "digest", "--format", chosen, cwd=project)
        assert (done.returncode, done.stderr) == (0, "")
        assert heading in done.stdout.splitlines()


def test_the_filters_of_a_digest_are_those_of_a_run(run: Run, project: Path) -> None:
    """The JSON of a digest has the conditions on marks among the filters, as that of a run has."""
    (project / "searches.toml").write_text('[mine]\nquery = "pipeline"\nmode = "keyword"\nunread = true\n')
    outputs = [run("saved", *verb, "--json", cwd=project).stdout for verb in (["run", "--new"], ["digest"])]
    first, second = (json.loads(output)["searches"][0]["filters"] for output in outputs)
    assert first == second
    assert first["unread"] is True


def test_readers_do_not_take_papers_from_each_other(run: Run, project: Path) -> None:
    """The terminal, digests and the feed each show a paper; digests of all other formats share."""
    assert run("saved", "run", "--new", cwd=project).returncode == 0
    assert run("saved", "digest", cwd=project).returncode == 0
    assert run("saved", "digest", "--format", "markdown", cwd=project).returncode == 1
    assert run("saved", "digest", "--format", "atom", cwd=project).returncode == 0


def test_a_feed_keeps_its_entries(run: Run, project: Path, grow: Grow) -> None:
    """An entry of a feed keeps its id and time as others come; one paper of two searches is one entry."""
    (project / "searches.toml").write_text(
        "".join(f'[{name}]\nquery = "{name}"\nmode = "keyword"\n' for name in ("pipeline", "bubbles"))
    )
    first = ElementTree.fromstring(run("saved", "digest", "--format", "atom", cwd=project).stdout)
    [entry] = first.findall(f"{ATOM}entry")
    assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["pipeline", "bubbles"]
    grow("more pipelines")
    second = ElementTree.fromstring(run("saved", "digest", "--format", "atom", cwd=project).stdout)
    entries = second.findall(f"{ATOM}entry")
    assert {one.findtext(f"{ATOM}title") for one in entries} == {"On pipeline bubbles", "On more pipelines"}
    assert ElementTree.tostring(entry) in list(map(ElementTree.tostring, entries))
    assert first.findtext(f"{ATOM}id") == second.findtext(f"{ATOM}id")


@pytest.mark.slow
def test_a_server_has_the_papers_and_this_machine_what_was_shown(run: Run, project: Path, grow: Grow) -> None:
    """New papers of an index on a server are those of the index itself; what was shown is kept here."""
    grow("quinces")
    with served(project / "index") as server:
        for arguments in (("run", "--new", "--json"), ("digest",), ("digest", "--format", "atom")):
            from_folder = run("saved", *arguments, cwd=project)
            from_server = run("saved", *arguments, cwd=project, env=server.env)
            assert from_server.returncode == from_folder.returncode == 0
            if arguments[-1] != "atom":  # whose ids are those of a place
                assert from_server.stdout == from_folder.stdout
            assert run("saved", *arguments, cwd=project, env=server.env).returncode == 1
        kept = json.loads((project / "searches.seen.json").read_text())["searches"]["quinces"]
        assert set(kept) == {"index", server.env["PAPERSEARCH_INDEX"]}
        recent = run("quinces", "--added-since", "2000", "--json", cwd=project, env=server.env)
        assert json.loads(recent.stdout)["hits"][0]["added"].startswith("2026-01-01T")


def found_of(papers: list[Paper], names: list[str], place: Path) -> NewPapers:
    """Return papers as what is new to searches of these names, each to all of them."""
    hits = tuple(
        Hit(
            rank=rank, paper=paper, score=1.0, keyword_score=1.0, semantic_score=None, exact_title=False,
            verdict="fair",
            evidence=Evidence(text=paper.abstract[:200], start=0, end=200, text_spans=(), title_spans=()),
        )
        for rank, paper in enumerate(papers, 1)
    )  # fmt: skip
    shown = {paper.paper_id: Shown(title="", at=clock.now()) for paper in papers}
    answers = [
        (
            SavedSearch(name, f"<b>{name}</b> & [x](javascript:1)"),
            News(
                Results(query=name, mode="keyword", mode_used="keyword", mode_reason=None, total=9, hits=hits),
                0,
                Record(query="", since=0, shown=shown),
            ),
        )
        for name in names
    ]

    class Opened:
        place = "index"

    return NewPapers(Opened(), place / "searches.toml", answers, False)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hostile() -> list[Paper]:
    """Return hard papers with ids of their own."""
    extra = [
        "<script>alert(1)</script>", "]]>", "&amp;<!--", "</feed>", "a\x00b\x0bc\ufffe", "\u202eevil",
        "line\u2028sep", "<![CDATA[x]]>", "'\"`",
    ]  # fmt: skip
    papers = [
        *hostile_papers(120),
        *(
            Paper(paper_id=f"h{n} {text}", title=text, abstract=text, authors=(text,), url=f"javascript:{text}")
            for n, text in enumerate(extra)
        ),
        *(
            Paper(paper_id=f"u{n}", title="", abstract=text, url=f"https://x.org/{text}")
            for n, text in enumerate(extra)
        ),
    ]
    return list({paper.paper_id: paper for paper in papers}.values())


def test_a_feed_is_valid_atom(hostile: list[Paper], tmp_path: Path) -> None:
    """A feed has what RFC 4287 asks for, in its numbers and forms, and a reader of feeds finds all in it."""
    names = ["first", "<sec&ond>", "\x07bell"]
    content = feed_of(found_of(hostile, names, tmp_path))
    assert content.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns=")
    feed = ElementTree.fromstring(content)
    one, some = (1, 1), (0, 999)
    n = len(hostile)
    check(feed, {"id": one, "title": one, "updated": one, "author": (1, 9), "entry": (n, n)})
    ids = [feed.findtext(f"{ATOM}id")]
    for entry in feed.findall(f"{ATOM}entry"):
        check(
            entry,
            {"id": one, "title": one, "updated": one, "content": one, "link": (0, 1), "published": (0, 1),
             "author": some, "category": (3, 3)},
        )  # fmt: skip
        ids.append(entry.findtext(f"{ATOM}id"))
        for link in entry.findall(f"{ATOM}link"):
            assert set(link.attrib) == {"rel", "href"}
            assert re.fullmatch(r"https?://[!#-;=?-\[\]_a-z~%]*", link.get("href", ""))
        for author in entry.findall(f"{ATOM}author"):
            check(author, {"name": one})
            assert author.findtext(f"{ATOM}name", "").strip()
    assert len(set(ids)) == len(ids)
    for tag in ids:
        assert re.fullmatch(
            r"tag:papersearch\.invalid,2026:[0-9a-f]{16}(/([A-Za-z0-9._~-]|%[0-9A-F]{2})+)?", tag or ""
        )
    for element in feed.iter():
        if element.tag in (f"{ATOM}updated", f"{ATOM}published"):
            assert clock.seconds_of(element.text or "") > 0
    read = feedparser.parse(content)
    assert not read.bozo
    assert read.version == "atom10"
    assert [entry.id for entry in read.entries] == ids[1:]
    assert [feed_text(entry.content[0].value) for entry in read.entries] == [
        feed_text(clean_text(paper.abstract or paper.title)) for paper in hostile
    ]


def feed_text(text: str) -> str:
    """Return a text as a reader of feeds may space it, without what XML cannot hold."""
    return " ".join(text.replace("\ufffe", "\ufffd").split())


def check(element: ElementTree.Element, expected: dict[str, tuple[int, int]]) -> None:
    """Check which children an element has, and how many of each."""
    found = [child.tag.removeprefix(ATOM) for child in element]
    assert set(found) <= set(expected)
    for name, (least, most) in expected.items():
        assert least <= found.count(name) <= most, name


class Page(HTMLParser):
    """A page as a browser reads it: elements, attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts += data


@pytest.mark.slow
def test_hostile_papers_in_every_format(hostile: list[Paper], tmp_path: Path) -> None:
    """Text of papers stays text in every format, and pages load and run nothing."""
    found = found_of(hostile, ["first", "<i>second</i>"], tmp_path)
    written = {chosen: digest_of(found, chosen).decode() for chosen in FORMATS}
    page_read = Page(written["html"])
    assert page_read.tags == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "ol", "li", "p", "a"
    }  # fmt: skip
    for name, value in page_read.attributes:
        assert name in ("lang", "charset", "http-equiv", "content", "name", "href", "rel", "class")
        assert name != "href" or (value or "").startswith(("http://", "https://"))
    assert "<script>alert(1)</script>" in page_read.texts
    assert "url(" not in written["html"]
    tokens = MarkdownIt().parse(written["markdown"])
    inline = [child for token in tokens for child in token.children or []]
    links = [child.attrs["href"] for child in inline if child.type == "link_open"]
    assert all(str(link).startswith(("http://", "https://")) for link in links)
    assert {token.type for token in tokens if token.type.startswith("html")} == set()
    assert all(child.content.startswith("<!-- paper_id: ") for child in inline if child.type == "html_inline")
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == 3
    ids = [id_in(line) for line in written["markdown"].splitlines() if line.startswith("- ")]
    assert ids == [clean_text(paper.paper_id) for paper in hostile] * 2
    for chosen in ("text", "markdown", "html"):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", written[chosen])
    assert max(map(len, written["text"].splitlines())) < 400
    document: dict[str, Any] = json.loads(written["json"])
    assert [len(search["hits"]) for search in document["searches"]] == [len(hostile)] * 2


def test_a_search_is_replaced_and_shown(run: Run, project: Path) -> None:
    """`saved add --replace` replaces a search in its place; `saved show` prints it as a command."""
    path = project / "searches.toml"
    path.write_text("# mine\n" + path.read_text())
    options = ("--since", "2 weeks", "--include-undated", "--mode", "keyword")
    assert run("saved", "add", "bubbles", "it's bubbles", *options, cwd=project).returncode == 2
    assert run("saved", "add", "bubbles", "it's bubbles", *options, "--replace", cwd=project).returncode == 0
    assert path.read_text().startswith("# mine\n")
    assert [line.split("\t")[0] for line in run("saved", "list", cwd=project).stdout.splitlines()] == [
        "bubbles",
        "quinces",
    ]
    assert 'since = "2 weeks"' in path.read_text()
    shown = run("saved", "show", "bubbles", cwd=project).stdout.strip()
    assert (
        shown == """papersearch search --mode keyword --since '2 weeks' --include-undated -- 'it'"'"'s bubbles'"""
    )
    [fields] = json.loads(run("saved", "show", "bubbles", "--json", cwd=project).stdout)["searches"]
    assert (fields["query"], fields["filters"]["since"]) == ("it's bubbles", "2 weeks")
    assert run("saved", "show", "nothing", cwd=project).returncode == 2
    assert run("saved", "add", "new", "plums", "--replace", cwd=project).returncode == 0
