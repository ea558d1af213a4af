"""Citation keys: typed by people, different in one export, the same tomorrow."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.cli.output.exports.citation_keys import PLACEHOLDERS, KeyPatternError, citation_keys
from papersearch.types import AuthorName, Paper
from tests.conftest import Run


def paper(
    title: str = "Pipeline Bubbles", family: str | None = "Doe", year: int | None = 2024, **more: object
) -> Paper:
    """Make a paper with what a key is made of."""
    names = (AuthorName(family=family, given="Jane"),) if family else ()
    bare = Paper(paper_id="p1", title=title, abstract="", year=year, author_names=names)
    return bare.replace(**more)


def key(one: Paper, pattern: str | None = None) -> str:
    [found] = citation_keys([one], pattern)
    return found


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (paper(), "doe2024pipeline"),
        (paper(year=None), "doepipeline"),
        (paper("The Art of Pipelines"), "doe2024art"),
        (paper("On the"), "doe2024on"),
        (paper("Pre-training with M$^3$ViT"), "doe2024pretraining"),
        (paper("$x^2$ for all"), "doe2024all"),
        (paper(family="Núñez y García"), "nunezygarcia2024pipeline"),
        (paper(family="Łukasiewicz"), "lukasiewicz2024pipeline"),
        (paper(family="Groß-Bülow"), "grossbulow2024pipeline"),
        (paper(family="Ærø"), "aero2024pipeline"),
        (paper(family="Erdős"), "erdos2024pipeline"),
        (paper(family="O'Neil"), "oneil2024pipeline"),
        (paper(author_names=(AuthorName(family="Berg", given="Jan", particle="van der"),)), "berg2024pipeline"),
        (paper(author_names=(AuthorName(literal="The ATLAS Collaboration"),)), "atlas2024pipeline"),
        (paper(author_names=(AuthorName(literal="OpenAI"),)), "openai2024pipeline"),
        (paper(author_names=(), authors=("Jane Doe",)), "doe2024pipeline"),
        (paper(family=None), "pipeline2024bubbles"),
        (paper("图神经网络", family="王"), "p1"),
        (paper("", family=None, year=None, paper_id="2401.00001v2"), "2401.00001v2"),
        (paper("", family=None, year=None, paper_id="图"), "paper"),
    ],
)
def test_a_key_is_what_a_person_types(one: Paper, expected: str) -> None:
    """A key is family, year and the first word that tells something, in ASCII."""
    assert key(one) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{family}{year}", "doe2024"),
        ("{year}", "2024"),
        ("{family}_{year}-{month}", "doe_2024-04"),
        ("{year}:{words}", "2024:pipelinebubbleslarge"),
        ("{id}", "hep-th/1"),
        ("{arxiv}", "2404.00001"),
        ("doi-{doi}", "doi-10.1/a-b"),
        ("{family} {year}, x", "doe-2024-x"),
        ("{{{family}}}", "doe"),
        ("x", "x"),
    ],
)
def test_a_pattern_names_the_parts(pattern: str, expected: str) -> None:
    """A pattern is filled in; what no key may hold becomes a hyphen."""
    one = paper(
        "Pipeline Bubbles of Large Models", paper_id="hep-th/1", arxiv_id="2404.00001", doi="10.1/a{b", month=4
    )
    assert key(one, pattern) == expected


@pytest.mark.parametrize(
    "pattern", ["{nix}", "{}", "{0}", "{family", "family}", "{family!r}", "{year:>9}", "{year.real}"]
)
def test_a_pattern_that_cannot_be_read(pattern: str) -> None:
    """An unknown placeholder is an error that names the known ones; so are formats and open braces."""
    with pytest.raises(KeyPatternError) as caught:
        key(paper(), pattern)
    message = str(caught.value)
    assert message.startswith("cannot read the pattern") or all(f"{{{name}}}" in message for name in PLACEHOLDERS)


def test_equal_keys_get_letters() -> None:
    """The letters are a, b, c and on, by paper id: the order of the papers does not matter."""
    papers = [paper(paper_id=name) for name in "abc"]
    expected = {"a": "doe2024pipeline", "b": "doe2024pipelinea", "c": "doe2024pipelineb"}
    for order in permutations(papers):
        assert {one.paper_id: name for one, name in zip(order, citation_keys(order), strict=True)} == expected
    many = citation_keys([paper(paper_id=f"{number:03}") for number in range(60)])
    assert (many[26], many[27], many[52], many[53]) == tuple(
        f"doe2024pipeline{end}" for end in ("z", "aa", "az", "ba")
    )


def test_a_key_from_a_bibliography_is_kept() -> None:
    """A paper keeps the key that it came with, and has the first claim to it; a pattern overrules it."""
    mine = paper(paper_id="z", citation_key="doe2024pipeline")
    assert citation_keys([paper(paper_id="a"), mine]) == ["doe2024pipelinea", "doe2024pipeline"]
    assert key(mine, "{family}") == "doe"
    assert key(paper(citation_key="müller:2020_x")) == "müller:2020_x"
    assert key(paper(citation_key="a b, {c}")) == "a-b-c"


@given(
    st.lists(
        st.builds(paper, st.text(max_size=12), st.text(max_size=8), citation_key=st.none() | st.text(max_size=6))
    )
)
def test_keys_differ_and_are_keys(papers: list[Paper]) -> None:
    """No two keys of an export are equal in any case, and none has a sign that BibTeX or biber forbids."""
    keys = citation_keys(papers)
    assert len({one.lower() for one in keys}) == len(papers)
    assert not any(re.search(r"[\s\"#%'(),={}~\\]", one) for one in keys)
    assert all(keys)


@given(
    st.lists(
        st.builds(paper, st.sampled_from(("A b", "C d", "E")), st.sampled_from(("Doe", "Roe")), paper_id=st.text())
    )
)
def test_a_key_depends_on_its_paper(papers: list[Paper]) -> None:
    """Other papers change a key by letters at its end alone."""
    for one, found in zip(papers, citation_keys(papers), strict=True):
        assert re.fullmatch(rf"{re.escape(key(one))}[a-z]*", found)


def test_keys_on_the_command_line(run: Run, env: dict[str, str]) -> None:
    """A wrong pattern, or one for a format without keys, is an error before anything is searched."""
    wrong = run("pipeline bubbles", "--format", "bibtex", "--key", "{nix}", env=env)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "unknown placeholder {nix}" in wrong.stderr
    assert "{family}, {year}" in wrong.stderr
    for options in (("--format", "ris"), ("--json",), ()):
        other = run("show", "gpipe", *options, "--key", "{id}", env=env)
        assert (other.returncode, other.stdout) == (2, "")
        assert "--format bibtex or csl-json" in other.stderr
    items = run("similar", "gpipe", "-k", "1", "--format", "csl-json", "--key", "{id}", env=env).stdout
    assert re.search(r'"id": "(.*)"', items)[1] in items.partition('"note": "paper_id: ')[2]  # type: ignore[index]
