"""Services of workers in tests. The module imports little, since every worker imports it."""

from __future__ import annotations

import os
import signal
import struct

from papersearch.processes import Answer, Worker


def square(number: int) -> bytes:
    """Return more than a pipe holds at once."""
    return str(number**2).encode() * 50_000


def squaring(*fault: bytes) -> Answer:
    """Serve squares; `fault` names what happens to the worker at part 4 and later."""
    if fault == (b"raise at once",):
        raise ValueError

    def answer(request: list[bytes]) -> list[bytes]:
        number = int(request[0])
        if fault and number >= 4:
            if fault[0] == b"kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif fault[0] == b"end":
                os._exit(0)
            elif fault[0] == b"raise":
                raise ValueError
            elif fault[0] == b"cut short":
                os.write(1, b"papers 1" + struct.pack("<QQ", 1, 1000) + b"cut")
                os._exit(0)
            elif fault[0] == b"babble":
                os.write(1, b"x" * 100)
        return [square(number)]

    return answer


def own_pid() -> Answer:
    """Serve the worker's process id, and print."""

    def answer(request: list[bytes]) -> list[bytes]:
        print("not a frame")
        return [str(os.getpid()).encode()]

    return answer


def there(worker: Worker, number: int) -> bytes:
    """Ask a worker of `squaring`."""
    return worker.ask(str(number).encode())[0]
