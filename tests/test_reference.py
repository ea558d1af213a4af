"""Agreement of docs/cli.md with --help, and of options between verbs."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import pytest

from docs.reference import reference
from papersearch.cli.app import VERBS
from papersearch.cli.group import with_verb
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")


def options(verb: str) -> list[Any]:
    """Return the options of a verb from Typer."""
    return [param for param in VERBS[verb].load(verb).params if param.param_type_name == "option"]


def names(verb: str) -> set[str]:
    return {name for option in options(verb) for name in (*option.opts, *option.secondary_opts)}


@pytest.mark.slow
def test_the_reference_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/cli.md equals the output of its generator, in any terminal."""
    pinned = re.search(r"^typer==(.*)$", (PROJECT / "constraints.txt").read_text(), flags=re.MULTILINE)
    assert pinned is not None
    if version("typer") != pinned[1]:
        pytest.skip(f"Typer {pinned[1]} words the help, this is {version('typer')}")
    for name, value in {"COLUMNS": "60", "TERMINAL_WIDTH": "60", "FORCE_COLOR": "1", "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    if reference() != PAGE:
        pytest.fail("docs/cli.md is not what --help prints; type: make reference", pytrace=False)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_in_the_reference(verb: str) -> None:
    """A verb's section begins with its name, and has its summary and all its options."""
    section = PAGE.split(f"\n## papersearch {verb}\n")[1].split("\n## ")[0]
    assert VERBS[verb].summary in section
    assert names(verb) <= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section))


def test_every_variable_is_in_the_reference() -> None:
    """The table of environment variables has each one of papersearch that the package reads, and no other."""
    read = {
        name
        for path in (PROJECT / "papersearch").rglob("*.py")
        for name in re.findall(r"PAPERSEARCH_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    table = PAGE.split("\n## Environment variables\n")[1].split("\n## ")[0]
    completion = {"PAPERSEARCH_COMPLETE"}  # between a shell and Typer
    assert set(re.findall(r"`(PAPERSEARCH_[A-Z_]+)`", table)) == read - completion


def test_short_options_mean_the_same_everywhere() -> None:
    """A letter is short for the same long option in every verb."""
    meanings: dict[str, set[str]] = {}
    for verb in VERBS:
        for option in options(verb):
            long_names = {name for name in option.opts if name.startswith("--")}
            for name in set(option.opts) - long_names:
                meanings.setdefault(name, set()).update(long_names)
    assert meanings
    assert {name: said for name, said in meanings.items() if len(said) != 1} == {}


def test_an_option_takes_a_value_in_every_verb_or_in_none() -> None:
    """No option is a flag in one verb and takes a value in another."""
    flags = {name for verb in VERBS for option in options(verb) if option.is_flag for name in option.opts}
    valued = {name for verb in VERBS for option in options(verb) if not option.is_flag for name in option.opts}
    assert flags & valued == set()


@pytest.mark.parametrize("verb", VERBS)
def test_what_prints_results_prints_them_for_programs(verb: str) -> None:
    """A verb with colours or a cutoff has formats, and --json if json is one of them."""
    formats = [option for option in options(verb) if "--format" in option.opts]
    if names(verb) & {"--color", "--top"} and verb != "browse":  # browse draws hits but prints only ids
        assert formats
    # batch prints JSON lines by default, since one document would have to wait for the last topic.
    known = {choice for option in formats for choice in option.type.choices}
    assert ("--json" in names(verb)) == ("json" in {getattr(choice, "value", choice) for choice in known})


def test_options_before_a_query_are_told_from_it() -> None:
    """The word after an option with a value is that value; after a flag, it may be the verb."""
    for option in options("search"):
        for name in (*option.opts, *option.secondary_opts):
            if option.is_flag:
                assert with_verb([name, "stats"], VERBS) == ["stats", name]
            else:
                assert with_verb([name, "stats", "q"], VERBS) == ["search", name, "stats", "q"]
