"""Names that nothing else tells apart: each repeated one gets a number, and stays apart from the others."""

from __future__ import annotations

from collections.abc import Iterable


def numbered(names: Iterable[str], form: str = "{} ({})", taken: Iterable[str] = ()) -> list[str]:
    """Return the names in order; one that is taken gets its next free number, from 2 on, by `form`."""
    used = set(taken)
    last: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        free = name
        while free in used:
            last[name] = last.get(name, 1) + 1
            free = form.format(name, last[name])
        used.add(free)
        found.append(free)
    return found
