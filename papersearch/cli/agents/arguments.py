"""Arguments of tools: their JSON Schema, and the reading of what an agent passed.

Each field of a class of arguments says in its annotation what it takes. A tool reads what its schema
allows and nothing else; null is the same as an argument left out. All faults of a call are told
together, up to five, in the names that the agent knows, so that one more call is enough.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from inspect import Parameter
from typing import Any, Literal, NamedTuple

from papersearch.errors import PapersearchError
from papersearch.search.filter_table import FILTER_ROWS
from papersearch.text.cleaning import without_surrogates

MAX_TEXT = 100_000
MAX_NAME = 1_000

_NAMED = 5
"""Greatest number of faults that one error names."""

_QUOTED = 60
"""Longest text of an agent that an error quotes."""


class Takes(NamedTuple):
    """What an argument takes.

    least, most: of a number; of the texts in a list; `most` also of the characters of a text
    """

    kind: Literal["text", "texts", "number", "switch", "choice"]
    about: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = MAX_TEXT

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the argument, without its default."""
        shape: dict[str, Any]
        match self.kind:
            case "text":
                shape = {"type": "string", "maxLength": self.most}
            case "texts":
                bounds = {"minItems": self.least} if self.least else {}
                shape = {
                    "type": "array",
                    "items": {"type": "string", "maxLength": MAX_NAME},
                    **bounds,
                    "maxItems": self.most,
                }
            case "number":
                shape = {"type": "integer", "minimum": self.least, "maximum": self.most}
            case "switch":
                shape = {"type": "boolean"}
            case "choice":
                shape = {"type": "string", "enum": list(self.choices)}
        return {**shape, "description": self.about}

    def read(self, value: Any) -> Any:
        """Return the value of the argument. Raises ValueError with what was expected and found."""
        match self.kind:
            case "text" if _is_text(value, self.most):
                return without_surrogates(value)
            case "texts" if isinstance(value, list) and self.least <= len(value) <= self.most:
                if all(_is_text(each, MAX_NAME) for each in value):
                    return list(map(without_surrogates, value))
            case "number" if isinstance(value, int | float) and not isinstance(value, bool):
                if value == value and self.least <= value <= self.most and value == int(value):
                    return int(value)
            case "switch" if isinstance(value, bool):
                return value
            case "choice" if isinstance(value, str) and value in self.choices:
                return value
        raise ValueError(f"expected {self._expected()}, found {_seen(value)}")

    def _expected(self) -> str:
        match self.kind:
            case "text":
                return f"a text of at most {self.most:,} characters"
            case "texts":
                return f"a list of {self.least} to {self.most} texts, each of at most {MAX_NAME:,} characters"
            case "number":
                return f"a whole number from {self.least} to {self.most}"
            case "switch":
                return "true or false"
        return either(self.choices)


class ArgumentError(PapersearchError):
    """A call whose arguments cannot be read; the message tells the first faults, and the number of the others."""


class Arguments:
    """The arguments of one tool."""

    def __init__(self, tool: str, call: Callable[..., Any]) -> None:
        """Read them from the signature of a function that `takes` has made."""
        self._tool = tool
        self._defaults: dict[str, Any] = {}
        self._takes: dict[str, Takes] = {}
        for name, each in inspect.signature(call).parameters.items():
            self._takes[name] = next(one for one in each.annotation.__metadata__ if isinstance(one, Takes))
            if each.default is not Parameter.empty:
                self._defaults[name] = each.default

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a call."""
        properties = {name: takes.schema() for name, takes in self._takes.items()}
        for name, default in self._defaults.items():
            if default not in (None, ()):
                properties[name]["default"] = default
        required = [name for name in self._takes if name not in self._defaults]
        return {
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for each argument. Raises ArgumentError."""
        found = {name: value for name, value in given.items() if value is not None or name not in self._defaults}
        values = dict(self._defaults)
        faults = list(self._unknown(found))
        for name, takes in self._takes.items():
            if name in found:
                try:
                    values[name] = takes.read(found[name])
                except ValueError as fault:
                    faults.append(f"{name}: {fault}")
            elif name not in values:
                faults.append(f"expected the argument {name}")
        if faults:
            raise ArgumentError("\n".join(self._told(faults)))
        return values

    def _unknown(self, given: Iterable[str]) -> Iterator[str]:
        for name in given:
            if name not in self._takes:
                meant = meant_by(name, tuple(self._takes))
                yield f"unknown argument {_shortened(name)!r}{f': did you mean {meant}?' if meant else ''}"

    def _told(self, faults: list[str]) -> Iterator[str]:
        yield from faults[:_NAMED]
        if len(faults) > _NAMED:
            yield f"{len(faults) - _NAMED} more are wrong"
        known = ", ".join(self._takes)
        yield f"{self._tool} takes {known}" if known else f"{self._tool} takes no argument"


_USUAL = {
    "query": ("q", "text", "search", "search_query", "keywords", "terms", "topic", "question", "title"),
    "k": ("limit", "n", "count", "num", "top", "top_k", "max", "max_results", "num_results", "size", "page_size"),
    "papers": (
        *("id", "ids", "paper", "paper_id", "paper_ids", "name", "names", "title", "titles"),
        *("like", "query", "arxiv_id", "doi", "uri"),
    ),
    "text": ("abstract", "query", "content"),
    "unlike": ("not", "exclude", "negative"),
    "since": ("from", "after", "start", "start_date", "from_date", "date_from", "min_year", "year", "date"),
    "until": ("to", "before", "end", "end_date", "to_date", "date_to", "max_year"),
    "organisations": ("organization", "organizations", "organisation", "orgs", "affiliation"),
    "detail": ("verbose", "full", "short", "format", "fields"),
    "format": ("as", "form", "output"),
    "style": ("csl", "citation_style"),
    "facets": ("facet", "counts", "aggregate"),
    "suggest": ("related", "suggestions"),
    "fold": ("dedupe", "deduplicate", "unique"),
    "sort": ("order", "sort_by", "order_by"),
}
"""Names that agents use for an argument elsewhere."""


def _names_of_filters() -> dict[str, list[str]]:
    """Return the other names of each filter: its option, its word, and the singular of a list."""
    return {row.field: [row.name.replace("-", "_"), row.word, row.field.removesuffix("s")] for row in FILTER_ROWS}


def meant_by(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known argument that an unknown name probably means."""
    plain = _shortened(name).strip("-_ ").replace("-", "_").casefold()
    if plain in known:
        return plain
    others = _names_of_filters()
    for argument in known:
        if plain in _USUAL.get(argument, ()) or plain in others.get(argument, ()):
            return argument
    near = get_close_matches(plain, known, 1, 0.7)
    return near[0] if near else None


def either(names: Sequence[str]) -> str:
    """Return names as a choice: a, b or c."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _seen(value: Any) -> str:
    """Describe a value that was passed, in a few words."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**15:
            return "a greater number"
        case int() | float():
            return str(value)
        case str():
            return f"the text {_shortened(value)!r}"
        case list():
            return f"a list of {len(value)}"
    return "an object"


def _shortened(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."
