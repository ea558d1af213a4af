"""Conditions of a query: phrases and words that papers must, or must not, contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

TermSequence: TypeAlias = tuple[tuple[int, str], ...]
"""Terms in the order of a text, each as (distance from the first, term): an exact phrase if a clause has it."""


ClauseField: TypeAlias = Literal["authors", "categories", "venues", "year"]
"""Fields of a query other than `title`."""


class Clause(NamedTuple):
    """A phrase or single word, in any form, that a paper contains or not.

    sequence: the phrase as it is indexed in the spelling of the query
    words: the words as typed; the index's own words tell their other forms
    written: the clause as typed, with quotation marks and `title:`, without a minus
    """

    sequence: TermSequence
    in_title: bool
    words: str
    written: str


class FieldClause(NamedTuple):
    """A name or a range of years that a paper has or not, besides its words.

    value: the name as typed
    days: the first and the last day of the range as YYYYMMDD; 0 and 99,999,999 for an open end
    written: the clause as typed, without a minus
    """

    field: ClauseField
    value: str
    days: tuple[int, int]
    written: str


class Compound(NamedTuple):
    """Conditions of which a paper must meet all, any, or none."""

    kind: Literal["all", "any", "none"]
    parts: tuple[Condition, ...]


Condition: TypeAlias = Clause | FieldClause | Compound


def compound(kind: Literal["all", "any"], parts: list[Condition]) -> Condition | None:
    """Join conditions; one condition stays as it is, and of none there is nothing to meet."""
    flat: list[Condition] = []
    for part in parts:
        flat += part.parts if isinstance(part, Compound) and part.kind == kind else [part]
    if len(flat) < 2:
        return flat[0] if flat else None
    return Compound(kind, tuple(flat))


def leaves(conditions: Iterable[Condition]) -> Iterator[Clause | FieldClause]:
    """Yield every clause of these conditions."""
    for condition in conditions:
        if isinstance(condition, Compound):
            yield from leaves(condition.parts)
        else:
            yield condition


def shown(condition: Condition) -> str:
    """Write a condition with AND, OR, NOT and parentheses."""
    if isinstance(condition, Clause | FieldClause):
        return condition.written
    if condition.kind == "none":
        return " AND ".join(f"NOT {_enclosed(part)}" for part in condition.parts)
    return (" AND " if condition.kind == "all" else " OR ").join(map(_enclosed, condition.parts))


def _enclosed(condition: Condition) -> str:
    is_joined = isinstance(condition, Compound) and condition.kind != "none"
    return f"({shown(condition)})" if is_joined else shown(condition)
