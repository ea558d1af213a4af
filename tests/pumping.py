"""Texts that make a regular expression backtrack, derived from the expression itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from re import _constants as codes  # type: ignore[attr-defined]  # private: the stubs do not have it
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

_MOST_SAMPLES = 4
_LEAST_ENDLESS = 20
"""Repetitions from which a repeat is taken for an endless one."""

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_OF_CATEGORY = {
    codes.CATEGORY_DIGIT: "1",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_WORD: "-",
}
_ENDINGS = ("", "\x00", "\n")
"""Endings that let most matches fail after all."""


def pumped(pattern: re.Pattern[Any], size: int) -> Iterator[str]:
    """Yield texts of about `size` characters: what each endless repeat takes, and what leads to it, many times."""
    seen: set[tuple[str, str]] = set()
    for before, body in _repeats(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG), [""]):
        for start, unit in ((before, body), ("", before + body), ("", before)):
            if unit and (start, unit) not in seen:
                seen.add((start, unit))
                yield from (start + unit * (size // len(unit)) + ending for ending in _ENDINGS)


def _repeats(parts: Sequence[Any], before: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield for each endless repeat a text that leads to it, and one that it takes."""
    for code, argument in parts:
        inner = _inner(code, argument)
        if code in _REPEATS and argument[1] > _LEAST_ENDLESS:
            samples = _samples(inner[0])
            yield from ((start, sample) for start in before for sample in [*samples, "".join(samples)])
        for each in inner:
            yield from _repeats(each, before)
        before = _joined(before, _samples_of(code, argument))


def _inner(code: Any, argument: Any) -> list[Any]:
    """Return the sequences within a part of an expression."""
    if code in _REPEATS:
        return [argument[2]]
    if code is codes.SUBPATTERN:
        return [argument[-1]]
    if code is codes.ATOMIC_GROUP:
        return [argument]
    if code is codes.BRANCH:
        return list(argument[1])
    return [argument[1]] if code in (codes.ASSERT, codes.ASSERT_NOT) else []


def _samples(parts: Sequence[Any]) -> list[str]:
    """Return a few texts that a sequence matches, looking at each part alone."""
    found = [""]
    for code, argument in parts:
        found = _joined(found, _samples_of(code, argument))
    return found


def _joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    n = min(max(len(first), len(second)), _MOST_SAMPLES)
    return [first[place % len(first)] + second[place % len(second)] for place in range(n)]


def _samples_of(code: Any, argument: Any) -> list[str]:
    """Return a few texts that one part matches."""
    if code is codes.LITERAL:
        return [chr(argument)]
    if code is codes.IN:
        return _of_class(argument)
    if code in (codes.ANY, codes.NOT_LITERAL):
        return [" ", "b"]
    if code in _REPEATS:
        return [sample * max(argument[0], min(argument[1], 2)) for sample in _samples(argument[2])]
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [""]
    inner = _inner(code, argument)
    return [sample for each in inner for sample in _samples(each)] or [""]


def _of_class(members: Sequence[Any]) -> list[str]:
    """Return characters of a class: the first ones of its members, or common ones that it does not exclude."""
    if members[0][0] is codes.NEGATE:
        excluded = re.compile(f"[{''.join(map(_written, members[1:]))}]")
        return [character for character in "a1 -\n<.,A" if not excluded.match(character)][:3] or ["\u0100"]
    found = [
        chr(argument)
        if code is codes.LITERAL
        else chr(argument[0])
        if code is codes.RANGE
        else _OF_CATEGORY.get(argument, "a")
        for code, argument in members
    ]
    return [*found[:3], found[-1]]


def _written(member: Any) -> str:
    code, argument = member
    if code is codes.LITERAL:
        return re.escape(chr(argument))
    if code is codes.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    return {
        codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
    }[argument]  # fmt: skip
