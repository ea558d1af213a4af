"""Steps of a join on the processors of this machine, in worker processes.

A step is a function of one value. Function and value go to a worker as text, and the result comes back
as text. What a lost worker has not returned is computed in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_type_hints

import orjson

from papersearch.index.typed_json import read_record, read_value
from papersearch.processes import Answer, Worker, employed, function_at, in_order, n_spare_processors, place_of
from papersearch.values import fields_of


def on_all_processors(step: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
    """Apply a step to each value, on several processors; yield the results in order."""
    n_workers = min(n_spare_processors(), len(tasks) - 1)

    def there(worker: Worker, task: Any) -> Any:
        (reply,) = worker.ask(place_of(step).encode(), orjson.dumps(task, default=fields_of))
        return read_value(get_type_hints(step)["return"], orjson.loads(reply))

    with employed(stepping, max(n_workers, 0)) as workers:
        yield from in_order(tasks, step, workers, there)


def stepping() -> Answer:
    """Serve steps: reply to the name of one and its value with its result."""

    def answer(request: list[bytes]) -> list[bytes]:
        step = function_at(request[0].decode())
        (kind,) = (hint for name, hint in get_type_hints(step).items() if name != "return")
        return [orjson.dumps(step(read_record(kind, orjson.loads(request[1]))), default=fields_of)]

    return answer
