"""Encoding of a corpus in numpy: every text by itself, shared between processes of one thread each.

A product's last digits depend on its shape and on the number of threads, and on nothing else. Here
the text alone decides the shape, and there is one thread. So an encoding has the same bits from any
process, beside any other texts, in any order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from papersearch.dense import architectures
from papersearch.dense.encoding import ModelConstants, TextEncoding, stored_form
from papersearch.dense.late import Encoded
from papersearch.dense.model_folder import body_folder
from papersearch.dense.threads import one_thread
from papersearch.dense.wordpiece import LibraryTokenizer
from papersearch.errors import ModelUnusable
from papersearch.processes import Answer, Worker, as_done, employed, n_spare_processors

_WORTH_A_WORKER = 32
"""Number of abstracts from which a worker saves more time than its start takes."""

_LETTERS_PER_ABSTRACT = 1500
_PART = 4 * _LETTERS_PER_ABSTRACT
"""Letters that a worker is sent at a time: a few tenths of a second of its work."""

_AHEAD = 64
"""Parts per process that may be done while the reader is busy, for instance with publishing."""


class TextEncoder:
    """Encoder of single texts, as a process runs it.

    max_length: number of word pieces that are read
    prefixes: text before each query, and before each paper
    """

    def __init__(self, folder: Path, max_length: int, prefixes: tuple[str, str]) -> None:
        self._tokenizer = LibraryTokenizer(body_folder(folder), max_length)
        self._query_prefix, self._paper_prefix = prefixes
        encoder = architectures.open_encoder(folder, self._tokenizer, self._query_prefix)
        if encoder is None:
            raise ModelUnusable(name=str(folder), cause="numpy does not compute it")
        self._encoder = encoder

    def paper(self, text: str, constants: ModelConstants | None) -> TextEncoding:
        """Encode a paper's text."""
        prefix = self._paper_prefix
        ids, starts = self._tokenizer.ids_and_starts(prefix + text)
        places = np.maximum(np.array(starts, dtype=np.int64) - len(prefix), 0)
        return stored_form(self._encoder.encode_pieces(ids), places, constants)

    def query(self, text: str) -> Encoded:
        """Encode a query."""
        return self._encoder.encode_pieces(self._tokenizer.ids(self._query_prefix + text))

    def vocabulary(self) -> list[str]:
        """List the model's word pieces by id."""
        return self._tokenizer.vocabulary()


class NumpyEncoder:
    """The encoder of a corpus in numpy; the arguments are those of `TextEncoder`.

    n_workers: worker processes beside this one; None for as many as save time
    """

    def __init__(
        self, folder: Path, max_length: int, prefixes: tuple[str, str], *, n_workers: int | None = None
    ) -> None:
        self._here = TextEncoder(folder, max_length, prefixes)
        self._n_workers = n_workers
        self._settings = os.fsencode(folder), orjson.dumps([max_length, prefixes])

    def encode_for_index(
        self, texts: Sequence[str], constants: ModelConstants | None, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        """Encode `texts` as papers, in the form of an index; see `encoding.PaperEncoder`."""
        told: set[Worker] = set()

        def there(worker: Worker, part: Sequence[int]) -> list[TextEncoding]:
            if constants is not None and worker not in told:
                worker.ask(b"constants", *_packed(constants.kept, constants.basis))
                told.add(worker)
            return list(_encodings(worker.ask(b"papers", orjson.dumps([texts[number] for number in part]))))

        with closing(self._shared(texts, lambda text: self._here.paper(text, constants), there)) as results:
            for number, encoding in results:
                receive(number, encoding)

    def encode_together(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts as queries, in the order given."""

        def there(worker: Worker, part: Sequence[int]) -> list[Encoded]:
            return list(_queries(worker.ask(b"queries", orjson.dumps([texts[number] for number in part]))))

        encoded = dict(self._shared(texts, self._here.query, there))
        return [encoded[number] for number in range(len(texts))]

    def vocabulary(self) -> list[str]:
        """List the model's word pieces by id; an unused id has an empty string."""
        return self._here.vocabulary()

    def _shared(
        self,
        texts: Sequence[str],
        here: Callable[[str], Any],
        there: Callable[[Worker, Sequence[int]], list[Any]],
    ) -> Generator[tuple[int, Any]]:
        """Yield the number and the result of each text as it is done, the longest texts first.

        A result comes from `here(text)` in this process, or with others from `there(worker, numbers)`.
        """
        limited = one_thread()
        lengths = [len(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda number: (-lengths[number], number))
        n_workers = self._n_workers
        if n_workers is None:
            is_worth = sum(lengths) >= _WORTH_A_WORKER * _LETTERS_PER_ABSTRACT
            n_workers = n_spare_processors() if is_worth else 0

        def alone(number: int) -> Any:
            with limited():
                return here(texts[number])

        if n_workers == 0:
            yield from ((number, alone(number)) for number in order)
            return
        parts = list(_parts(order, lengths))
        with (
            employed(encoding, min(n_workers, len(parts)), *self._settings) as workers,
            closing(as_done(parts, lambda part: list(map(alone, part)), workers, there, ahead=_AHEAD)) as results,
        ):
            for place, result in results:
                yield from zip(parts[place], result, strict=True)


def encoding(folder: bytes, settings: bytes) -> Answer:
    """Serve a `TextEncoder`: reply to papers, and to queries, with their encodings."""
    max_length, prefixes = orjson.loads(settings)
    encoder = TextEncoder(Path(os.fsdecode(folder)), max_length, tuple(prefixes))
    constants: ModelConstants | None = None

    def answer(request: list[bytes]) -> list[bytes]:
        nonlocal constants
        kind, *content = request
        if kind == b"constants":
            kept, basis = _unpacked(content, ("|b1", "<f4"))
            constants = ModelConstants(np.zeros((0, 0), dtype=np.float32), kept, basis)
            return []
        texts = orjson.loads(content[0])
        if kind == b"papers":
            return [part for text in texts for part in _packed(*encoder.paper(text, constants))]
        return [part for text in texts for part in _packed(*encoder.query(text))]

    return answer


def _parts(order: Iterable[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers in `order` in parts of about _PART letters."""
    part: list[int] = []
    n_letters = 0
    for number in order:
        part.append(number)
        n_letters += lengths[number]
        if n_letters >= _PART:
            yield part
            part, n_letters = [], 0
    if part:
        yield part


def _packed(*arrays: Any) -> Iterator[bytes]:
    """Yield the shape and the bytes of each array."""
    for array in arrays:
        yield orjson.dumps(array.shape)
        yield np.ascontiguousarray(array).tobytes()


def _unpacked(parts: Sequence[bytes], dtypes: Sequence[str]) -> Iterator[Any]:
    """Yield the arrays that `_packed` made; the dtypes repeat."""
    for number in range(0, len(parts), 2):
        dtype = dtypes[number // 2 % len(dtypes)]
        yield np.frombuffer(parts[number + 1], dtype).reshape(orjson.loads(parts[number]))


def _encodings(reply: Sequence[bytes]) -> Iterator[TextEncoding]:
    arrays = _unpacked(reply, ("<f4", "<u4", "<u4", "|i1"))
    yield from (TextEncoding(*four) for four in zip(arrays, arrays, arrays, arrays, strict=True))


def _queries(reply: Sequence[bytes]) -> Iterator[Encoded]:
    arrays = _unpacked(reply, ("<f4", "<i8", "<f4"))
    yield from (Encoded(*three) for three in zip(arrays, arrays, arrays, strict=True))
