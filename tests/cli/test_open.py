"""The verb `open`: addresses, and the arguments of a browser that records them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.cli.output.addresses import page_of, search_for
from papersearch.types import Paper
from tests.conftest import PATIENCE_S, Run, command_environment, held_at, sentence

HOSTILE = "\"; touch pwned; $(touch pwned) `touch pwned` 'x' & | > out %s -new-window <b>\nfile:///etc/passwd"
NO_BROWSER = {"BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """Make a browser that appends the number of its arguments, and each, to `opened` beside it.

    It prints on both streams, too.
    """
    script = tmp_path / "browser"
    script.write_text('#!/bin/sh\necho chatter\nprintf "%s\\n" "$#" "$@" >> "$(dirname "$0")/opened"\n')
    script.chmod(0o755)
    return script


def opened(browser: Path) -> list[str]:
    """Return the browser's arguments, after checking that each call had one."""
    file = browser.with_name("opened")
    lines = file.read_text().splitlines() if file.exists() else []
    assert lines[::2] == ["1"] * (len(lines) // 2)
    return lines[1::2]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build an index of papers with a hostile title, a hostile DOI, and two kinds of arXiv ids."""
    project = tmp_path_factory.mktemp("hostile")
    (project / "corpus").mkdir()
    papers: list[dict[str, str]] = [
        {"_id": "titled", "title": HOSTILE},
        {"_id": "registered", "title": "Of a DOI", "doi": f"10.1000/{HOSTILE.replace(' ', '')}"},
        {"_id": "archived", "title": "Of an arXiv id", "arxiv_id": "2401.00001", "doi": "10.1000/1"},
        {"_id": "1811.06965", "title": "Known by its arXiv id"},
        {"_id": "linking", "title": "Of a link", "text": f"As https://arxiv.org/abs/1. {sentence('links')}"},
    ]
    lines = "".join(json.dumps({"text": sentence(paper["_id"]), **paper}) + "\n" for paper in papers)
    (project / "corpus" / "records.jsonl").write_text(lines, encoding="utf-8")
    papersearch.build(project / "corpus", project / "index", words_only=True)
    return {"PAPERSEARCH_INDEX": str(project / "index"), "PAPERSEARCH_CORPUS": str(project / "corpus")}


def test_it_opens_what_it_prints(run: Run, env: dict[str, str], browser: Path) -> None:
    """Each paper is a line of id and address, and the browser gets the addresses in this order.

    The browser's output is discarded.
    """
    done = run("open", "gpipe", "skippipe", env={**env, "BROWSER": str(browser)})
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [paper_id.split("-")[0] for paper_id, _ in rows] == ["gpipe", "skippipe"]
    assert [address for _, address in rows] == opened(browser)
    printed = run("open", "--print", "gpipe", "skippipe", env={**env, "BROWSER": str(browser)})
    assert printed.stdout == done.stdout
    assert len(opened(browser)) == 2


def test_names_as_elsewhere(run: Run, env: dict[str, str]) -> None:
    """An id, its beginning, a title and standard input name the same paper, which is opened once."""
    (line,) = run("open", "--print", "gpipe", env=env).stdout.splitlines(keepends=True)
    title = "GPipe: efficient training of giant neural networks using pipeline parallelism"
    assert run("open", "--print", line.split("\t")[0], title, env=env).stdout == line
    assert run("open", "--print", "-", env=env, stdin=f"gpipe\n{title}\n").stdout == line
    found = run("pipeline bubbles", "-k", "30", env=env).stdout.splitlines()
    ids = [row.split("\t")[2] for row in found]
    done = run("open", "--print", "-", env=env, stdin="\n".join(ids))
    assert [row.split("\t")[0] for row in done.stdout.splitlines()] == ids


def test_pages(run: Run, hostile: dict[str, str]) -> None:
    """An arXiv id leads to arXiv and a DOI to its registrar; links in the abstract are ignored."""
    names = ("archived", "1811.06965", "linking")
    lines = run("open", "--print", *names, env=hostile).stdout.splitlines()
    assert lines == [
        "archived\thttps://arxiv.org/abs/2401.00001",
        "1811.06965\thttps://arxiv.org/abs/1811.06965",
        "linking\thttps://arxiv.org/search/?searchtype=title&query=%22Of%20a%20link%22",
    ]


def test_hostile_text_is_an_address(run: Run, hostile: dict[str, str], browser: Path, tmp_path: Path) -> None:
    """Quotes, commands and line ends of titles and DOIs are percent-encoded, and nothing is run."""
    for command in (f"{browser}", f"{browser} %s"):
        done = run("open", "titled", "registered", env={**hostile, "BROWSER": command})
        assert (done.returncode, done.stderr) == (0, "")
    first, second = opened(browser)[:2]
    assert opened(browser) == [first, second, first, second]
    assert first.startswith("https://arxiv.org/search/?")
    assert second.startswith("https://doi.org/10.1000/")
    for address in (first, second):
        assert not set(address) & set("\"'`$<>|\\ \n")
    (query,) = parse_qs(urlsplit(first).query)["query"]
    assert query.startswith('""; touch pwned; $(touch pwned)')
    assert not list(tmp_path.rglob("pwned"))
    assert not (tmp_path / "out").exists()


@given(title=st.text(min_size=1), doi=st.none() | st.text(), arxiv_id=st.none() | st.text())
def test_every_address_is_one(title: str, doi: str | None, arxiv_id: str | None) -> None:
    """For any paper, addresses lead to arXiv or doi.org and have only characters of URLs."""
    paper = Paper(paper_id="x", title=title, abstract="", arxiv_id=arxiv_id, doi=doi)
    for address in (page_of(paper), search_for(paper)):
        if address is not None:
            assert urlsplit(address).scheme == "https"
            assert urlsplit(address).netloc in ("arxiv.org", "doi.org")
            assert address.isascii()
            assert not set(address) & set("\"'`$<>|\\{}^ \t\r\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a browser")
@pytest.mark.parametrize("chosen", ["", "/nonexistent/browser", "false"])
def test_without_a_browser(run: Run, env: dict[str, str], chosen: str) -> None:
    """Without a browser the addresses are printed, as with --print, and one line on stderr says why."""
    done = run("open", "gpipe", "skippipe", env={**env, **NO_BROWSER, "BROWSER": chosen})
    printed = run("open", "--print", "gpipe", "skippipe", env={**env, **NO_BROWSER})
    assert (done.returncode, done.stdout) == (0, printed.stdout)
    assert done.stderr == "papersearch: cannot open a page: no browser was found; the address follows\n"
    assert printed.stderr == ""


def test_a_query_that_begins_with_open(run: Run, env: dict[str, str], browser: Path) -> None:
    """Words that name no paper are an error whose hint is the search for them; nothing is opened."""
    for words in (["source", "models"], ["gpipe", "source models"], ["--", "-minus"]):
        done = run("open", *words, env={**env, "BROWSER": str(browser)})
        assert (done.returncode, done.stdout) == (2, "")
        assert "no paper has this id, title or citation key" in done.stderr
        dashes = "-- " if words[0] == "--" else ""
        rest = " ".join(f"'{word}'" if " " in word else word for word in words if word != "--")
        assert done.stderr.endswith(f"\nhint: papersearch search {dashes}open {rest}\n")
    assert opened(browser) == []
    assert run("search", "open", "source", "models", env=env).returncode == 0


def test_an_ambiguous_beginning(run: Run, env: dict[str, str], browser: Path) -> None:
    """The common beginning of several ids opens no paper; the hint has one of them."""
    done = run("open", "p", env={**env, "BROWSER": str(browser)})
    assert (done.returncode, done.stdout, opened(browser)) == (2, "", [])
    assert "hint: papersearch open p" in done.stderr
    assert done.stderr.endswith(", or: papersearch search open p\n")


def test_at_most_ten(run: Run, env: dict[str, str], browser: Path) -> None:
    """Ten papers are opened at once, but eleven are an error."""
    found = run("pipeline", "-k", "11", env=env).stdout.splitlines()
    ids = [row.split("\t")[2] for row in found]
    done = run("open", *ids, env={**env, "BROWSER": str(browser)})
    assert (done.returncode, done.stdout, opened(browser)) == (2, "", [])
    assert "cannot open 11 papers at once: the limit is 10" in done.stderr
    assert run("open", *ids[:10], env={**env, "BROWSER": str(browser)}).returncode == 0
    assert len(opened(browser)) == 10


def test_what_is_no_name(run: Run, env: dict[str, str]) -> None:
    """Text on standard input is an error, and so is a lost name in a list; no name at all is a usage error."""
    assert run("open", "-", env=env, stdin="what is this?").returncode == 2
    lost = run("open", "-", env=env, stdin="gpipe\nwhat is this?\n")
    assert (lost.returncode, lost.stdout) == (2, "")
    assert lost.stderr.endswith("\nhint: papersearch search -- 'what is this?'\n")
    assert run("open", env=env).returncode == 2


def test_a_browser_that_stays_does_not_keep_the_pipe(env: dict[str, str], tmp_path: Path) -> None:
    """A reader of the pipe sees its end while the browser is still running."""
    script, pipe = tmp_path / "browser", tmp_path / "pipe"
    os.mkfifo(pipe)
    script.write_text(f"#!/bin/sh\ncat '{pipe}' 2>/dev/null &\n")
    script.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "papersearch", "open", "gpipe"],
        env=command_environment({**env, "BROWSER": str(script)}),
        stdout=subprocess.PIPE,
        check=True,
        timeout=PATIENCE_S,
    )
    assert done.stdout.startswith(b"gpipe-")
    with held_at(pipe):  # the browser runs until this pipe is released
        pass
