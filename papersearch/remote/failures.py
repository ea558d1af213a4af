"""Errors of an index as JSON, and back: the client raises what the server's index raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

from papersearch import errors
from papersearch.errors import PapersearchError
from papersearch.index.typed_json import read_value

_CARRIED = (
    errors.QueryError, errors.PaperLookupError, errors.ModelError, errors.LimitExceeded,
    errors.ShardUnanswered, errors.ShardRefused,
)  # fmt: skip
"""Errors that depend on the request alone, or say why the encoder or a shard gives nothing."""


def is_carried(error: PapersearchError) -> bool:
    """Tell whether the client is to raise this error too."""
    return isinstance(error, _CARRIED) and type(error).__name__ in vars(errors)


def error_fields(error: PapersearchError) -> dict[str, Any]:
    """Return the class of an error and its fields."""
    fields = {name: getattr(error, name) for name in _fields_of(type(error))}
    return {
        "kind": type(error).__name__,
        "fields": {name: str(value) if isinstance(value, Path) else value for name, value in fields.items()},
    }


def read_error(described: Any) -> PapersearchError:
    """Make an error of its class and fields. Raises ValueError."""
    if not isinstance(described, dict) or not isinstance(described.get("fields"), dict):
        raise ValueError("expected the fields of an error")
    kind, fields = vars(errors).get(str(described.get("kind"))), described["fields"]
    if not (isinstance(kind, type) and issubclass(kind, _CARRIED) and "__init__" in vars(kind)):
        raise ValueError("expected the name of an error")
    hints = _fields_of(kind)
    if hints.keys() != fields.keys():
        raise ValueError("expected the fields of this error")
    values = {
        name: Path(read_value(str, fields[name])) if hint is Path else read_value(hint, fields[name])
        for name, hint in hints.items()
    }
    maker: Any = kind
    made: PapersearchError = maker(**values)
    return made


def _fields_of(kind: type[PapersearchError]) -> dict[str, Any]:
    """Return the fields that make an error, and their types. Attributes that are set later are not carried."""
    hints = get_type_hints(vars(kind)["__init__"], {**vars(errors), "Path": Path})
    hints.pop("return")
    return hints
