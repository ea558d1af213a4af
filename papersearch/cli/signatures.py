"""Signatures for Typer, built from tables of options.

A verb declares its options once, as fields of a named tuple, and its function takes one frozen value of
that class. Typer reads `__signature__`, in which every field is a parameter. A field may also be a
`Group`: several options, declared elsewhere, that together give one value. No option is declared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, NamedTuple, Optional, TypeVar, get_args, get_type_hints

from typer.models import OptionInfo

from papersearch.cli.output.terminal import typed_path

Options = TypeVar("Options")
Answer = TypeVar("Answer")
Kind = TypeVar("Kind")

_FLAGS = (bool, Optional[bool])


class Group(NamedTuple):
    """Options that give one value: their parameters, and the function from values by name."""

    parameters: tuple[Parameter, ...]
    make: Callable[[Mapping[str, Any]], Any]


def takes(options: type[Options]) -> Callable[[Callable[[Options], Answer]], Callable[..., Answer]]:
    """Make a command of a function of one value of `options`, a class of named tuples."""
    fields = get_type_hints(options, include_extras=True)
    groups = {name: group for name, hint in fields.items() if (group := _metadata(hint, Group)) is not None}
    parameters = list(_parameters(options, fields, groups))

    def decorate(verb: Callable[[Options], Answer]) -> Callable[..., Answer]:
        def command(**values: Any) -> Answer:
            for field, group in groups.items():
                values[field] = group.make({each.name: values.pop(each.name) for each in group.parameters})
            return verb(options(**{name: _at_home(value) for name, value in values.items()}))

        command.__name__ = verb.__name__
        command.__doc__ = verb.__doc__
        command.__module__ = verb.__module__
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
        return command

    return decorate


def _at_home(value: Any) -> Any:
    """Return an option's value with the home folder in its paths."""
    if isinstance(value, Path):
        return typed_path(value)
    return [_at_home(each) for each in value] if isinstance(value, list) else value


def parameter(name: str, annotation: Any, default: Any) -> Parameter:
    """Return a parameter given by name."""
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def valued_options(command: Callable[..., Any]) -> frozenset[str]:
    """Return the names of a command's options that take a value, from its signature."""
    return option_names(command, valued=True)


def option_names(command: Callable[..., Any], *, valued: bool = False) -> frozenset[str]:
    """Return the names of a command's options, or of those that take a value, from its signature."""
    names: set[str] = set()
    for each in Signature.from_callable(command).parameters.values():
        option = _metadata(each.annotation, OptionInfo)
        if option is not None and not (valued and get_args(each.annotation)[0] in _FLAGS):
            # In an annotation, the first name is where Typer otherwise has the default.
            declared = (str(option.default), *(option.param_decls or ()))
            names |= {name for part in declared for name in part.split("/")}
    return frozenset(names)


def _parameters(options: Any, fields: Mapping[str, Any], groups: Mapping[str, Group]) -> Iterator[Parameter]:
    for name, hint in fields.items():
        if name in groups:
            yield from groups[name].parameters
        else:
            yield parameter(name, hint, options._field_defaults.get(name, Parameter.empty))


def _metadata(hint: Any, kind: type[Kind]) -> Kind | None:
    """Return an annotation's metadata of this kind; None if there is none."""
    found: Iterable[Any] = getattr(hint, "__metadata__", ())
    return next((one for one in found if isinstance(one, kind)), None)
