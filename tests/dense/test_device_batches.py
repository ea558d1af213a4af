"""Batches for a device: made ahead, computed in order, equal to texts encoded alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from papersearch.dense import models
from papersearch.dense.device_batches import Batch, ahead, computed, longest_first
from papersearch.dense.encoding import TextEncoding, learn_constants, stored_form
from papersearch.dense.prefixes import choose_prefixes
from papersearch.dense.reference import ReferenceEncoder
from papersearch.errors import DeviceUnusable
from tests.conftest import make_model
from tests.dense.families import FAMILIES, OTHERS
from tests.dense.papers_with_states import encode_papers

TEXTS = [
    "a",
    "pipeline bubbles",
    "",
    "How does one keep the idle time of pipeline parallelism low in heterogeneous clusters?",
    "naïve façade 模型 10^5, written [SEP] in the text",
    "window after window " * 300,
    "the model of the data " * 20,
]


@given(asked=st.lists(st.integers()), depth=st.integers(0, 5))
def test_results_come_in_order(asked: list[int], depth: int) -> None:
    """Each result is that of its own request, in the order of requests."""
    assert list(ahead(lambda number: (number, number * 2), asked, depth)) == [(one, one * 2) for one in asked]


@pytest.mark.parametrize("depth", [1, 3])
def test_a_bounded_number_is_made_ahead(depth: int) -> None:
    """At most `depth` requests are taken beyond the one whose result is used; another thread makes them."""
    taken, made_by = list[int](), set[int]()

    def requests() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    for used in ahead(lambda number: made_by.add(threading.get_ident()) or number, requests(), depth):
        assert used < len(taken) <= used + 1 + depth
    assert len(made_by) == 1
    assert threading.get_ident() not in made_by


def test_an_exception_comes_in_its_place() -> None:
    """What fails while a batch is made is raised after all earlier batches, and ends the thread."""
    before = set(threading.enumerate())

    def make(number: int) -> float:
        return 1 / (3 - number)

    found: list[float] = []
    with closing(ahead(make, range(9))) as made, pytest.raises(ZeroDivisionError):
        found.extend(made)
    assert found == [1 / 3, 1 / 2, 1.0]
    assert set(threading.enumerate()) <= before


def test_closing_ends_the_thread() -> None:
    """A reader that stops early, by an interrupt for instance, leaves no thread and no request."""
    before, made = set(threading.enumerate()), list[int]()
    with closing(ahead(lambda number: made.append(number) or number, range(10**9))) as results:
        assert next(results) == 0
    assert set(threading.enumerate()) <= before
    assert len(made) <= 5


def test_the_next_batch_is_computing_while_one_is_read() -> None:
    """A batch is read after the device has been given the next one."""
    events: list[str] = []

    class Model:
        device = torch.device("cpu")

        def eval(self) -> None: ...

        def __call__(self, features: Any, task: str) -> Any:
            events.append(f"given {int(features['number'][0])}")
            return features

    no_array = np.zeros((1, 0), dtype=np.int64)
    batches = [
        Batch([number], {"number": torch.tensor([number])}, no_array, no_array, no_array.astype(np.bool_))
        for number in range(3)
    ]
    for batch, found in computed(Model(), "document", batches, lambda output: output):
        assert found["number"].tolist() == batch.numbers
        events.append(f"read {batch.numbers[0]}")
    assert events == ["given 0", "given 1", "read 0", "given 2", "read 1", "read 2"]


@given(lengths=st.lists(st.integers(0, 50)), size=st.integers(1, 9), n_done=st.integers(0, 60))
def test_batches_are_the_texts_by_length(lengths: list[int], size: int, n_done: int) -> None:
    """Batches together are all texts once, the longest first, and full except the last; some may be done."""
    texts = ["x" * length for length in lengths]
    batches = list(longest_first(texts, size))
    order = [number for batch in batches for number in batch]
    assert sorted(order) == list(range(len(texts)))
    assert [number for batch in longest_first(texts, size, n_done) for number in batch] == order[n_done:]
    assert [lengths[number] for number in order] == sorted(lengths, reverse=True)
    assert all(len(batch) == size for batch in batches[:-1])


def stored(encoder: ReferenceEncoder, texts: list[str], constants: Any) -> list[TextEncoding]:
    found: dict[int, TextEncoding] = {}
    encoder.encode_for_index(texts, constants, found.__setitem__)
    return [found[number] for number in range(len(texts))]


@pytest.mark.parametrize("kind", ["another activation", "another dense layer", "xlm-roberta", "nomic"])
def test_papers_equal_the_library(tmp_path: Path, kind: str) -> None:
    """Papers of any model equal sentence-transformers' documents to 1e-6, in batches of any size."""
    folder = (OTHERS | FAMILIES)[kind](tmp_path / "model")
    theirs = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    expected = [theirs.encode_document(text, normalize_embeddings=True) for text in TEXTS]
    model = models.locate(str(folder), pytest.fail)
    for size in (1, 3, 64):
        encoder = ReferenceEncoder(model, "cpu", choose_prefixes(model), batch_size=size)
        for one, other in zip(stored(encoder, TEXTS, None), expected, strict=True):
            assert np.abs(one.vector - other).max() <= 1e-6


@pytest.mark.parametrize("room", [1, 2, 5, 64])
def test_a_device_with_little_memory(small_model: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Where the device lacks memory for a batch, each text is still received once, and its vector is the same."""
    encoder = little_encoder(small_model, batch_size=64)
    expected = stored(encoder, TEXTS, None)
    has_room_for(encoder, room, monkeypatch)
    received: list[int] = []
    encoder.encode_for_index(TEXTS, None, lambda number, encoding: received.append(number))
    assert sorted(received) == list(range(len(TEXTS)))
    for one, other in zip(stored(encoder, TEXTS, None), expected, strict=True):
        assert np.abs(one.vector - other.vector).max() <= 1e-6


def test_a_device_without_memory_for_one_text(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that lacks memory for a single text is refused with the first sentence of torch's reason."""
    encoder = little_encoder(small_model, batch_size=3)
    has_room_for(encoder, 0, monkeypatch)
    with pytest.raises(DeviceUnusable, match=r"cpu: CUDA out of memory$"):
        stored(encoder, TEXTS, None)


def little_encoder(folder: Path, batch_size: int) -> ReferenceEncoder:
    return ReferenceEncoder(models.locate(str(folder), pytest.fail), "cpu", batch_size=batch_size)


def has_room_for(encoder: ReferenceEncoder, n_texts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the model fail as on a device whose memory is enough for `n_texts` at once."""
    transformer = encoder._papers_model[0]
    forward = transformer.forward

    def limited(features: Any, **options: Any) -> Any:
        if len(features["input_ids"]) > n_texts:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the manual.")
        return forward(features, **options)

    monkeypatch.setattr(transformer, "forward", limited)


@pytest.mark.parametrize("device", ["cuda:99", "nowhere", "meta"])
def test_a_device_that_torch_cannot_use(small_model: Path, device: str) -> None:
    """A device that is unknown, missing or holds no numbers is refused by its name, and the model is not blamed."""
    model = models.locate(str(small_model), pytest.fail)
    with pytest.raises(DeviceUnusable, match=f"cannot use the device {device}: ."):
        ReferenceEncoder(model, device)


@pytest.mark.parametrize("prompt", ["", "passage: "])
def test_stored_pieces_are_the_states_compressed(tmp_path: Path, prompt: str) -> None:
    """What the device compresses is the stored form of the same text's states, except for rounding."""
    folder = make_model(tmp_path / "model", prompts={"query": "", "document": prompt})
    model = models.locate(str(folder), pytest.fail)
    encoder = ReferenceEncoder(model, "cpu", choose_prefixes(model), batch_size=3)
    constants = learn_constants(encoder)
    expected = [stored_form(*paper, constants) for paper in encode_papers(encoder, TEXTS)]
    assert any(len(one.pieces) for one in expected)
    for number, found in enumerate(stored(encoder, TEXTS, constants)):
        assert (found.vector == expected[number].vector).all()
        assert found.pieces.tolist() == expected[number].pieces.tolist()
        assert found.starts.tolist() == expected[number].starts.tolist()
        assert [array.dtype for array in found] == [array.dtype for array in expected[number]]
        exact = expected[number].piece_vectors.astype(int)
        assert np.abs(found.piece_vectors - exact).max(initial=0) <= 1
