"""Commands made of tables of options: what Typer reads, and what the function gets."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, Optional

import typer
from typer.testing import CliRunner

from papersearch.cli.signatures import Group, parameter, takes, valued_options


def total(values: Mapping[str, Any]) -> int:
    """The sum of a group's values."""
    return sum(values.values())


NUMBERS = Group(
    (
        parameter("first", Annotated[int, typer.Option("--first")], 1),
        parameter("second", Annotated[int, typer.Option("--second", "-s")], 2),
    ),
    total,
)


class Options(NamedTuple):
    """Options of a command."""

    word: Annotated[str, typer.Argument()]
    numbers: Annotated[Any, NUMBERS] = None
    loud: Annotated[bool, typer.Option("--loud")] = False
    fold: Annotated[Optional[bool], typer.Option("--fold/--no-fold")] = None


def test_a_function_gets_one_value() -> None:
    """Options are parsed by Typer; those of a group arrive as what the group makes of them."""
    got: list[Options] = []
    app = typer.Typer()

    @app.command()
    @takes(Options)
    def run(options: Options) -> None:
        """Run."""
        got.append(options)

    for arguments in (["w"], ["w", "-s", "5", "--loud", "--no-fold"]):
        assert CliRunner().invoke(app, arguments).exit_code == 0
    assert got == [Options("w", 3, False, None), Options("w", 6, True, False)]


def test_a_command_keeps_order_name_and_help() -> None:
    """Parameters are in the order of the fields, a group's in its place."""

    @takes(Options)
    def run(options: Options) -> int:
        """Run."""
        return 3

    assert list(inspect.signature(run).parameters) == ["word", "first", "second", "loud", "fold"]
    assert (run.__name__, run.__doc__) == ("run", "Run.")
    assert run(word="w", first=1, second=2, loud=False, fold=None) == 3


def test_options_with_a_value() -> None:
    """Flags take none, arguments are not options."""
    assert valued_options(takes(Options)(lambda options: None)) == {"--first", "--second", "-s"}
