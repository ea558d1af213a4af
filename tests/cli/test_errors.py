"""Errors as a user reads them: every kind has a hint, and its commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from papersearch import errors
from papersearch.cli.app import VERBS
from papersearch.cli.errors import CommandError
from papersearch.cli.hints import explained, hint_of, repair_of
from papersearch.errors import PapersearchError
from papersearch.index.verification import Fault
from papersearch.search.filters import days
from papersearch.types import Filters
from tests.test_errors import FAMILIES, LEAVES, example

MORE_EXAMPLES: list[PapersearchError] = [
    errors.InvalidDate(field="until", value="two words"),
    errors.UnknownFilterValue(field="organisations", value="x", nearest=("Peking University",), known=()),
    errors.UnknownFilterValue(field="dumps", value="x", nearest=(), known=("a.txt", "b.txt")),
    errors.UnknownFilterValue(field="dumps", value="x", nearest=(), known=tuple(map(str, range(99)))),
    errors.UnknownFilterValue(field="organisations", value="x", nearest=(), known=()),
    errors.IndexVersionError(path=Path("an index"), what="analysis", found="en-1", readable="en-2"),
    errors.IndexDamaged(path=Path("an index"), file=None, fault="reading it failed"),
    errors.IndexDamaged(path=None, file="papers.jsonl", fault="has a line that is not a paper"),
    errors.NothingToIndex(
        places=(Path("an index"),), reasons=("2 papers without abstract left out",), n_left_out=2
    ),
    errors.AmbiguousPaper(name="a", matched="title", n_papers=11, candidates=("a-1", "a-2")),
]
ALL_EXAMPLES = [*map(example, LEAVES), *MORE_EXAMPLES]


def named(error: PapersearchError) -> str:
    return type(error).__name__


def options_of(verb: str) -> set[str]:
    """Return the options of a verb's command, or of the commands in its group."""
    command = VERBS[verb].load(verb)
    commands = [command, *getattr(command, "commands", {}).values()]
    parameters = [parameter for one in commands for parameter in one.params]
    return {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("error", ALL_EXAMPLES, ids=named)
def test_every_error_has_a_hint(error: PapersearchError) -> None:
    """Each kind of error that is raised has a hint of one line."""
    hint = hint_of(error)
    assert hint.strip()
    assert "\n" not in hint


@pytest.mark.parametrize("kind", FAMILIES)
def test_families_have_no_hint(kind: type[PapersearchError]) -> None:
    """A family of errors is never raised, so it has no hint."""
    assert explained(kind("what failed")) == ("what failed", "")


@pytest.mark.parametrize("error", ALL_EXAMPLES, ids=named)
def test_hints_can_be_typed(error: PapersearchError) -> None:
    """A command in a hint has a verb, or one quoted query, and options of its verb.

    Options named without a command are options of `search`.
    """
    before, name, command = hint_of(error).partition("papersearch ")
    typed = set(re.findall(r"(?<!\S)--[a-z-]+", before))
    assert typed <= options_of("search") or before.startswith("pip install ")
    if name and not before.startswith("upgrade"):
        verb, *words = shlex.split(command)
        assert verb in VERBS or (" " in verb and not words)
        if verb in VERBS:
            assert {word for word in words if re.match(r"--[a-z]", word)} <= options_of(verb)


@pytest.mark.parametrize("error", ALL_EXAMPLES, ids=named)
def test_no_hint_installs_an_unpublished_name(error: PapersearchError) -> None:
    """No hint has `pip install papersearch`: the package is installed from its repository."""
    assert not re.search(r"pip install [^&]*papersearch", hint_of(error))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            errors.InvalidDate(field="since", value="next week"),
            (
                "--since 'next week' is not a date",
                "give a year, month or day, or words: --since 2024-06, 7d, 3-months, monday or last-week",
            ),
        ),
        (
            errors.EmptyDateRange(since="2026", until="2024"),
            ("--since 2026 is after --until 2024: no date can match", "--since 2024 --until 2026"),
        ),
        (
            errors.UnknownFilterValue(field="organisations", value="pku", nearest=("Peking University",), known=()),
            ("unknown organisation 'pku': did you mean Peking University?", "--org 'Peking University'"),
        ),
        (
            errors.IndexDamaged(path=Path("an index"), file="terms.txt", fault="is missing"),
            ("an index is damaged: terms.txt is missing", "papersearch index --full --index 'an index'"),
        ),
        (
            errors.PaperNotFound(name='say "this" $HOME'),
            (
                "cannot find the paper 'say \"this\" $HOME': no paper has this id, title or citation key",
                "papersearch search -- 'say \"this\" $HOME'",
            ),
        ),
        (CommandError("what failed", "what to type"), ("what failed", "what to type")),
        (
            MemoryError(),
            ("cannot continue: there is too little memory", "free some, and run the same command again"),
        ),
        (OSError(28, "No space left"), ("cannot read or write standard input or output: No space left", "")),
    ],
)
def test_what_a_user_reads(error: Exception, expected: tuple[str, str]) -> None:
    """Messages name options, not fields, and hints quote values for a shell."""
    assert explained(error) == expected


@pytest.mark.parametrize("given", [{"since": "x"}, {"until": "2024-02-30"}, {"since": "2025", "until": "2024"}])
def test_options_are_fields_in_python(given: dict[str, Any]) -> None:
    """A wrong filter is named by its field in Python, and by its option on the command line."""
    with pytest.raises(errors.QueryError) as caught:
        days(Filters(**given))
    message, hint = explained(caught.value)
    for field, value in given.items():
        assert field in caught.value.message
        assert f"--{field} {value}" in message
        assert f"--{field} " in hint
    assert "--" not in caught.value.message


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("index", "papersearch index --full --index 'an index'"),
        ("model", "papersearch index --index 'an index'"),
    ],
)
def test_faults_have_a_command(part: Any, expected: str) -> None:
    """A fault names the faulty part, and the command line adds the command that mends it."""
    assert repair_of(Fault(file="terms.txt", what="is missing", part=part), Path("an index")) == expected
