"""Encoding of a corpus in numpy: the same bits in every split, and nothing lost with a worker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import papersearch
from papersearch import processes
from papersearch.dense import bert, bulk, models
from papersearch.dense.bulk import NumpyEncoder, TextEncoder
from papersearch.dense.encoding import ModelConstants, TextEncoding, learn_constants
from papersearch.dense.model_folder import WEIGHTS_FILE
from papersearch.text.paper_text import paper_text
from tests.conftest import CORPUS, PATIENCE_S, command_environment, sentence
from tests.dense import lost_workers

ODD_TEXTS = [
    "",
    "?",
    "word " * 700,
    "模型的并行训练 — 対照学習による表現 — обучение представлений — τεχνητή νοημοσύνη",
    "\u0627\u0644\u062a\u0639\u0644\u0645 \u05dc\u05de\u05d9\u05d3\u05d4 \u0939\u093f\u0928\u094d\u0926 \U0001f600",
    "x" * 300,
    "naïve façade [MASK] $M^3$ [SEP] e\u0301\u200b\ufeff",
]


def small_encoder(folder: Path, n_workers: int = 0, prefixes: tuple[str, str] = ("", "")) -> NumpyEncoder:
    return NumpyEncoder(folder, 128, prefixes, n_workers=n_workers)


def encoded(encoder: Any, texts: list[str], constants: ModelConstants | None) -> list[TextEncoding]:
    """Return the encodings of `texts` in the order given."""
    found: dict[int, TextEncoding] = {}
    encoder.encode_for_index(texts, constants, found.__setitem__)
    assert len(found) == len(texts)
    return [found[number] for number in range(len(texts))]


def equal(one: Any, other: Any) -> bool:
    """Tell whether two tuples of arrays have the same types, shapes and bits."""
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(one, other, strict=True))


class Awaited:
    """Workers that this process waits for before it encodes anything itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.answered, self.lost = Event(), Event()
        ask, close = processes.Worker.ask, processes.Worker.close

        def asked(worker: processes.Worker, *parts: bytes) -> list[bytes]:
            reply = ask(worker, *parts)
            self.answered.set()
            return reply

        def closed(worker: processes.Worker) -> None:
            self.lost.set()
            close(worker)

        monkeypatch.setattr(processes.Worker, "ask", asked)
        monkeypatch.setattr(processes.Worker, "close", closed)

    def before(self, event: Event) -> None:
        """Let this process wait for `event` before its first text."""
        for name in ("paper", "query"):
            encode = getattr(TextEncoder, name)

            def patient(*arguments: Any, encode: Callable[..., Any] = encode) -> Any:
                assert event.wait(PATIENCE_S)
                return encode(*arguments)

            self._patch.setattr(TextEncoder, name, patient)


@pytest.fixture
def awaited(monkeypatch: pytest.MonkeyPatch) -> Awaited:
    return Awaited(monkeypatch)


@pytest.fixture(scope="module")
def constants(small_model: Path) -> ModelConstants:
    return learn_constants(small_encoder(small_model))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [sentence(f"topic {n}", 30 + 61 * (n % 17)) for n in range(45)] + ODD_TEXTS


@pytest.fixture(scope="module", params=[True, False], ids=["with word pieces", "without"])
def shown(request: pytest.FixtureRequest, constants: ModelConstants) -> ModelConstants | None:
    return constants if request.param else None


@pytest.fixture(scope="module")
def alone(small_model: Path, texts: list[str], shown: ModelConstants | None) -> list[TextEncoding]:
    """Encode each text by itself."""
    return [encoded(small_encoder(small_model), [text], shown)[0] for text in texts]


@pytest.mark.parametrize("n_workers", [0, 1, 2])
def test_every_split_gives_the_same_bits(
    small_model: Path,
    texts: list[str],
    shown: ModelConstants | None,
    alone: list[TextEncoding],
    awaited: Awaited,
    n_workers: int,
) -> None:
    """Texts alone, in any order and subset, by any number of processes have the same encodings."""
    numbers = np.random.default_rng(n_workers)
    if n_workers:
        awaited.before(awaited.answered)
    order = numbers.permutation(len(texts))[: numbers.integers(len(texts) // 2, len(texts))]
    found = encoded(small_encoder(small_model, n_workers), [texts[place] for place in order], shown)
    assert all(equal(one, alone[place]) for one, place in zip(found, order, strict=True))


def test_constants_do_not_depend_on_the_processes(
    small_model: Path, constants: ModelConstants, awaited: Awaited
) -> None:
    """Two workers learn the constants of one process, bit for bit."""
    awaited.before(awaited.answered)
    assert equal(learn_constants(small_encoder(small_model, 2)), constants)


def some_abstracts(index: papersearch.Index, step: int) -> list[str]:
    return [paper_text(paper) for paper in list(index.papers())[::step]]


def packaged() -> Path:
    return models.locate(None, print).folder


def test_the_packaged_model_in_every_split(real_index: papersearch.Index, awaited: Awaited) -> None:
    """The packaged model, whose products use other kernels, has the same bits in two processes."""
    abstracts = some_abstracts(real_index, 60)
    alone = [encoded(NumpyEncoder(packaged(), 512, ("", ""), n_workers=0), [text], None)[0] for text in abstracts]
    awaited.before(awaited.answered)
    found = encoded(NumpyEncoder(packaged(), 512, ("", ""), n_workers=1), abstracts[::-1], None)
    assert all(equal(one, other) for one, other in zip(found[::-1], alone, strict=True))


def test_bits_do_not_depend_on_places_in_memory(
    real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buffers at every offset from the boundaries of the processor's vectors give the same bits.

    Kernels may treat rows before such a boundary differently. The weights lie where the file has them.
    """
    text = some_abstracts(real_index, 400)[0]
    expected = TextEncoder(packaged(), 512, ("", "")).query(text)

    def shifted(offset: int) -> Callable[..., Any]:
        def take(self: Any, name: str, shape: tuple[int, ...]) -> Any:
            place = (offset * (1 + len(name))) % 16  # each buffer elsewhere
            room = np.empty(int(np.prod(shape)) + 32, dtype=np.float32)
            first = (-room.ctypes.data // 4) % 16 + place
            return room[first : first + int(np.prod(shape))].reshape(shape)

        return take

    for offset in range(1, 16, 2):
        monkeypatch.setattr(bert._Scratch, "take", shifted(offset))
        assert equal(TextEncoder(packaged(), 512, ("", "")).query(text), expected)


def test_weights_at_another_place_give_the_same_bits(small_model: Path, tmp_path: Path, texts: list[str]) -> None:
    """A file of weights whose tensors are shifted gives the same vectors."""
    expected = [TextEncoder(small_model, 128, ("", "")).query(text) for text in texts[:10]]
    for n_blanks in (4, 20, 36):
        folder = shutil.copytree(small_model, tmp_path / str(n_blanks))
        weights = (folder / WEIGHTS_FILE).read_bytes()
        length = int.from_bytes(weights[:8], "little")
        head = weights[8 : 8 + length] + b" " * n_blanks
        (folder / WEIGHTS_FILE).write_bytes(len(head).to_bytes(8, "little") + head + weights[8 + length :])
        found = [TextEncoder(folder, 128, ("", "")).query(text) for text in texts[:10]]
        assert all(equal(one, other) for one, other in zip(found, expected, strict=True))


def test_threads_of_the_program_do_not_matter(tmp_path: Path) -> None:
    """A program whose BLAS has one, two or all threads gets the same bits, and keeps its setting."""
    script = (
        "import sys; from pathlib import Path; import numpy, threadpoolctl\n"
        "from papersearch.dense.bulk import NumpyEncoder\n"
        "before = threadpoolctl.threadpool_info()\n"
        "encoder, found = NumpyEncoder(Path(sys.argv[1]), 512, ('', ''), n_workers=0), {}\n"
        "encoder.encode_for_index(['pipeline bubbles in ' * 40], None, found.__setitem__)\n"
        "assert threadpoolctl.threadpool_info() == before\n"
        "print(found[0].vector.tobytes().hex())"
    )
    told = set()
    for n_threads in ("1", "2", ""):
        environment = command_environment({"OPENBLAS_NUM_THREADS": n_threads})
        command = [sys.executable, "-c", script, str(packaged())]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
        told.add(done.stdout)
    assert len(told) == 1


def test_papers_equal_the_library(library: Any, real_index: papersearch.Index) -> None:
    """Abstracts, empty, long and in odd scripts, equal sentence-transformers' vectors to 1e-5."""
    papers = [*some_abstracts(real_index, 50), *ODD_TEXTS]
    expected = library.encode(papers, normalize_embeddings=True, batch_size=8)
    found = encoded(NumpyEncoder(packaged(), 512, ("", ""), n_workers=0), papers, None)
    vectors = np.array([one.vector for one in found])
    assert np.abs(vectors - expected).max() <= 1e-5
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() <= 1e-6


@pytest.mark.slow
def test_an_index_equals_the_library(library: Any, real_index: papersearch.Index) -> None:
    """The vectors of an index are those of sentence-transformers for its papers, in order, to 1e-5."""
    expected = library.encode(some_abstracts(real_index, 1), normalize_embeddings=True, batch_size=8)
    assert np.abs(real_index.vectors() - expected).max() <= 1e-5


def test_word_pieces_equal_the_library(library: Any, real_index: papersearch.Index) -> None:
    """The word pieces of papers and their places are those of the library's tokenizer."""
    tokenizer = TextEncoder(packaged(), 512, ("", ""))._tokenizer
    for text in [*some_abstracts(real_index, 25), *ODD_TEXTS]:
        expected = library.tokenizer(text, truncation=True, max_length=512, return_offsets_mapping=True)
        ids, starts = tokenizer.ids_and_starts(text)
        assert ids == expected["input_ids"]
        assert starts == [start for start, _ in expected["offset_mapping"]]
    assert TextEncoder(packaged(), 512, ("", "")).vocabulary() == [
        piece for piece, _ in sorted(library.tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    ]


@pytest.mark.parametrize("large", [1.0, 40.0, 4000.0])
def test_any_size_of_products(tmp_path: Path, small_model: Path, large: float) -> None:
    """Attention to products of any size is that of the library: without overflow, and to 1e-5."""
    model = SentenceTransformer(str(small_model), device="cpu")
    for layer in model[0].auto_model.encoder.layer:
        layer.attention.self.query.weight.data *= large
    model.save(str(tmp_path / "large"))
    texts = [sentence("pipelines", 200), "a", ""]
    found = [TextEncoder(tmp_path / "large", 128, ("", "")).query(text).vector for text in texts]
    np.testing.assert_allclose(found, model.encode(texts, normalize_embeddings=True), atol=1e-5)


def test_prefixes(small_model: Path, constants: ModelConstants) -> None:
    """A prefix is read as part of the text; places count from the text's own beginning."""
    plain = small_encoder(small_model)
    prefixed = small_encoder(small_model, prefixes=("query: ", "passage: "))
    assert equal(prefixed.encode_together(["model"])[0], plain.encode_together(["query: model"])[0])
    (found,), (whole,) = (
        encoded(prefixed, ["a model of pipelines"], constants),
        encoded(plain, ["passage: a model of pipelines"], constants),
    )
    assert np.array_equal(found.vector, whole.vector)
    assert np.array_equal(found.starts, np.maximum(whole.starts.astype(int) - len("passage: "), 0))


@pytest.mark.parametrize("service", [lost_workers.dying, lost_workers.not_starting])
def test_a_lost_worker_costs_time_alone(
    small_model: Path,
    constants: ModelConstants,
    texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    awaited: Awaited,
    service: processes.Service,
) -> None:
    """Workers that are killed in the middle, or do not start, change no encoding."""
    expected = encoded(small_encoder(small_model), texts, constants)
    monkeypatch.setattr(bulk, "encoding", service)
    monkeypatch.setattr(bulk, "_PART", 200)
    awaited.before(awaited.lost)
    found = encoded(small_encoder(small_model, 2), texts, constants)
    assert all(equal(one, other) for one, other in zip(found, expected, strict=True))


def test_no_process_can_be_started(
    small_model: Path, constants: ModelConstants, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system refuses processes, this one encodes all texts."""

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert len(encoded(small_encoder(small_model, 2), texts, constants)) == len(texts)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_an_error_of_the_reader_ends_the_workers(
    small_model: Path,
    texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    n_workers: int,
) -> None:
    """An interrupt, or an error, is raised at once and leaves no process; what was received stays."""
    started: list[processes.Worker] = []
    start = processes.Worker.__init__

    def noted(self: processes.Worker, *arguments: Any) -> None:
        start(self, *arguments)
        started.append(self)

    monkeypatch.setattr(processes.Worker, "__init__", noted)
    received: list[int] = []

    def receive(number: int, encoding: TextEncoding) -> None:
        if len(received) == 5:
            raise error
        received.append(number)

    with pytest.raises(error):
        small_encoder(small_model, n_workers).encode_for_index(texts, None, receive)
    assert len(set(received)) == 5
    assert len(started) == n_workers
    assert all(worker._process.returncode is not None for worker in started)


def imports_of_a_build(corpus: Path, index_path: Path, *model: str) -> str:
    """Build in a new process; return how many texts it encoded, and which libraries it imported."""
    script = (
        "import sys, papersearch; report = papersearch.build(*sys.argv[1:3], model=(*sys.argv[3:], None)[0]);"
        "print(report.n_encoded, sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, str(corpus), str(index_path), *model]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=command_environment()).stdout


def test_an_update_imports_no_torch(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """An update with a model that an earlier build has compared imports no library of models."""
    (small_corpus / "more.jsonl").write_text('{"_id": "p", "title": "On owls", "text": "Owls are quiet."}\n')
    assert imports_of_a_build(small_corpus, small_index, str(small_model)) == "1 []\n"


@pytest.mark.slow
def test_a_build_imports_no_torch(small_corpus: Path, tmp_path: Path) -> None:
    """A fresh build with the packaged model imports no library of models."""
    assert imports_of_a_build(small_corpus, tmp_path / "index") == "4 []\n"


@pytest.mark.slow
def test_the_five_dumps_one_by_one(tmp_path: Path, real_index: papersearch.Index) -> None:
    """With the packaged model, an index of dumps added one by one equals a fresh one in every vector."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in sorted(CORPUS.glob("0*.txt"), reverse=True):
        (corpus / path.name).write_bytes(path.read_bytes())
        papersearch.build(corpus, tmp_path / "grown")
    grown, fresh = papersearch.open(tmp_path / "grown")._opened, real_index._opened
    assert np.array_equal(grown.vectors.exact, fresh.vectors.exact)
    assert np.array_equal(grown.vectors.coarse, fresh.vectors.coarse)
    assert grown.pieces is not None
    assert fresh.pieces is not None
    assert equal(grown.pieces, fresh.pieces)
