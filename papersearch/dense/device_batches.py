"""Batches for a device, such as a graphics processor, that is to be kept busy.

A thread makes the next batches while the device computes. What the device has computed is copied
while it computes the next batch, and then read here. So the device waits for the slowest of the
three, and for no sum of them.

Importing this module loads no library of models.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from papersearch.types import BoolArray, IntArray

_AHEAD = 3
"""Batches that are made before they are needed. Texts of one length take about equally long."""

_AS_LISTS = {"common": {"return_tensors": None}}
"""Form of a tokenizer's output: transformers copies each number in Python before it makes an array."""

Task = Literal["document", "query"]
"""Names by which sentence-transformers tells papers from queries."""

Asked = TypeVar("Asked")
Made = TypeVar("Made")


class Batch(NamedTuple):
    """Texts as a model reads them.

    numbers: those of the texts
    features: the model's input, in memory from which a device copies by itself
    pieces: (B, L) ids of word pieces, with padding
    starts: (B, L) offset of each in its text, in characters; 0 if the tokenizer does not report them
    is_real: (B, L) False for padding
    """

    numbers: Sequence[int]
    features: Mapping[str, Any]
    pieces: IntArray
    starts: IntArray
    is_real: BoolArray


def longest_first(texts: Sequence[str], size: int, n_done: int = 0) -> Iterator[list[int]]:
    """Yield the numbers of the texts in batches of `size`, the longest texts first, without the first `n_done`.

    Texts of a batch need little padding then, and a lack of memory shows at the first batch.
    """
    lengths = [len(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda number: (-lengths[number], number))
    yield from (order[start : start + size] for start in range(n_done, len(order), size))


def ahead(make: Callable[[Asked], Made], asked: Iterable[Asked], depth: int = _AHEAD) -> Generator[Made]:
    """Yield `make` of each, in order; a thread makes up to `depth` of them before they are needed.

    There is one thread, since tokenizers keep settings between calls. An exception of `make` is
    raised where its result would have been. Closing the generator ends the thread.
    """
    from concurrent.futures import Future, ThreadPoolExecutor  # slow to import

    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(1) as thread:
        try:
            for one in asked:
                waiting.append(thread.submit(make, one))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            thread.shutdown(wait=True, cancel_futures=True)


def batch_of(
    model: SentenceTransformer,
    task: Task,
    prefix: str,
    texts: Sequence[str],
    numbers: Sequence[int],
    *,
    with_starts: bool,
) -> Batch:
    """Return texts, each with `prefix` before it, as a batch of `model`.

    Without `with_starts`, offsets in texts are 0.
    """
    import torch

    read = model.preprocess(
        [texts[number] for number in numbers], prompt=prefix, task=task, processing_kwargs=_AS_LISTS
    )
    features: dict[str, Any] = {}
    for name, value in read.items():
        tensor = torch.from_numpy(np.array(value, np.int64)) if isinstance(value, list) else value
        is_pinned = model.device.type == "cuda" and isinstance(tensor, torch.Tensor)
        features[name] = tensor.pin_memory() if is_pinned else tensor
    pieces = features["input_ids"].numpy()
    starts = np.zeros_like(pieces)
    if with_starts and (encodings := getattr(read, "encodings", None)):
        for row, encoding in zip(starts, encodings, strict=True):
            row[:] = [start for start, _ in encoding.offsets]
        np.maximum(starts - len(prefix), 0, out=starts)
    return Batch(numbers, features, pieces, starts, features["attention_mask"].numpy().astype(np.bool_))


def computed(
    model: SentenceTransformer,
    task: Task,
    batches: Iterable[Batch],
    wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Iterator[tuple[Batch, dict[str, Any]]]:
    """Yield each batch with what `model` computes of it, as arrays.

    wanted: returns what is copied from the device, of the model's output

    A batch is yielded after the device has been given the next one.
    """
    import torch

    model.eval()
    before: tuple[Batch, dict[str, Any], Any] | None = None
    for batch in batches:
        with torch.inference_mode():
            features = {
                name: value.to(model.device, non_blocking=True) if isinstance(value, torch.Tensor) else value
                for name, value in batch.features.items()
            }
            given = batch, *_copied(wanted(model(features, task=task)), model.device)
        if before is not None:
            yield _arrived(*before)
        before = given
    if before is not None:
        yield _arrived(*before)


def _copied(outputs: Mapping[str, Any], device: Any) -> tuple[dict[str, Any], Any]:
    """Begin to copy tensors from the device; return the copies, and an event after which they are whole."""
    import torch

    if device.type != "cuda":
        return {name: value.cpu() for name, value in outputs.items()}, None
    copies = {name: value.to("cpu", non_blocking=True) for name, value in outputs.items()}
    event = torch.cuda.Event()
    event.record()
    return copies, event


def _arrived(batch: Batch, copies: dict[str, Any], event: Any) -> tuple[Batch, dict[str, Any]]:
    """Return the copies as arrays, as soon as they are whole."""
    if event is not None:
        event.synchronize()
    return batch, {name: value.numpy() for name, value in copies.items()}
