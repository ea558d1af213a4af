"""Commands made of tables of options: the parameters for Typer, and the function's argument."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, Optional

import typer
from typer.testing import CliRunner

from papersearch.cli.signatures import Group, parameter, takes, valued_options


def total(values: Mapping[str, Any]) -> int:
    """Add a group's values."""
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
    """Typer parses the options, and a group's function converts its options to one value."""
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
    """Parameters are in the order of the fields, with those of a group in its place."""

    @takes(Options)
    def run(options: Options) -> int:
        """Run."""
        return 3

    assert list(inspect.signature(run).parameters) == ["word", "first", "second", "loud", "fold"]
    assert (run.__name__, run.__doc__) == ("run", "Run.")
    assert run(word="w", first=1, second=2, loud=False, fold=None) == 3


def test_options_with_a_value() -> None:
    """Options with a value include neither flags nor arguments."""
    assert valued_options(takes(Options)(lambda options: None)) == {"--first", "--second", "-s"}
