"""What the tests of formats share: records of bytes, damage in every place, and the memory in use."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from types import ModuleType

from papersearch.ingest.record import NotADump, Record, admit
from papersearch.types import Finding


def iterated(module: ModuleType, content: bytes, findings: list[Finding] | None = None) -> Iterator[Record]:
    """Yield the records that a format's reader finds in bytes; each must pass the door."""
    found = [] if findings is None else findings

    def complain(kind: str, line: int, detail: str) -> None:
        found.append(Finding(kind=kind, file="f", line=line, detail=detail))  # type: ignore[arg-type]

    try:
        for record in module.read(io.BytesIO(content), content[:8192], complain):
            assert 1 <= record.first_line <= record.last_line
            admit(record, "f", found.append)
            yield record
    except NotADump:
        return


def records(module: ModuleType, content: bytes, findings: list[Finding] | None = None) -> list[Record]:
    """Return the records that a format's reader finds in bytes."""
    return list(iterated(module, content, findings))


def damaged(content: bytes, length: int = 7) -> Iterator[bytes]:
    """Yield `content` cut short, with bytes left out, and with others in their place, at places all over."""
    for at in range(0, len(content), length):
        yield content[:at]
        yield content[:at] + content[at + length :]
        yield content[:at] + b'"\xff\n\t,;'[: at % 7] + content[at + length // 2 :]


def reading(module: ModuleType, content: bytes, n_records: int) -> Callable[[], None]:
    """Return a function that reads `n_records` records from bytes, and keeps none."""

    def read() -> None:
        assert sum(1 for _ in iterated(module, content)) == n_records

    return read
