"""Disjoint classes that grow together: the closure of "is the same as"."""

from __future__ import annotations

from collections.abc import Iterable


class Partition:
    """A partition of [0, n) into classes. A class is named by its least member."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def root(self, member: int) -> int:
        """Return the least member of the class of `member`."""
        above = self._above
        while above[member] != member:
            above[member] = above[above[member]]
            member = above[member]
        return member

    def unite(self, one: int, other: int) -> None:
        """Make one class of two."""
        one, other = self.root(one), self.root(other)
        if one != other:
            self._above[max(one, other)] = min(one, other)

    def unite_all(self, members: Iterable[int]) -> None:
        """Make one class of the classes of `members`."""
        listed = list(members)
        for other in listed[1:]:
            self.unite(listed[0], other)

    def classes(self) -> list[list[int]]:
        """Return the members of each class, by the least member."""
        found: dict[int, list[int]] = {}
        for member in range(len(self._above)):
            found.setdefault(self.root(member), []).append(member)
        return list(found.values())
