"""The last bytes of a stream, so that reading can go back behind a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OVERLAP = 300
"""Bytes that are looked at again with the next piece: a tag may be cut between two."""

_KEPT = 4 * _OVERLAP


class Window:
    """The last bytes of a stream, so that reading can go back behind a fault."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.taken = b""
        self.start = 0
        self.line = 1
        self.is_ended = False

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.start + len(self.taken)

    def advance(self, keep: int) -> bool:
        """Read one more piece, and forget what comes before the offset `keep`."""
        n_forgotten = min(max(keep - self.start, 0), len(self.taken))
        self.line += self.taken.count(b"\n", 0, n_forgotten)
        self.taken = self.taken[n_forgotten:]
        self.start += n_forgotten
        piece = next(self._pieces, None)
        if piece is None:
            self.is_ended = True
            return False
        self.taken += piece
        return True

    def line_at(self, offset: int) -> int:
        """Return the line of an offset inside the window."""
        return self.line + self.taken.count(b"\n", 0, offset - self.start)

    def find(self, pattern: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        """Return the first match from `start` on, reading as far as needed."""
        start = max(start, self.start)
        while True:
            if found := pattern.search(self.taken, start - self.start):
                return found
            start = max(start, self.end - _OVERLAP)
            if not self.advance(start):
                return None

    def has_more(self, offset: int) -> bool:
        """Return whether there are bytes from `offset` on, reading one more piece if needed."""
        return offset < self.end or self.advance(min(offset, self.end - _KEPT))
