"""Encoding of papers on a graphics processor, by the path that builds take.

    python benchmarks/gpu_encoding.py MODEL_FOLDER [--papers 8192] [--batches 64 128 256]
        [--precisions float32 bfloat16] [--device cuda] [--no-late] [--json FILE]
        [--abstracts RECORDS.jsonl.gz]

The abstracts are made here, in the lengths of real ones, or they are the first of RECORDS. For each
precision and batch size it prints abstracts per second, and the share of that time in which the device
computed, from torch's profiler.
"Host" is the time per abstract with a model that computes nothing: that of tokenizing, copying and
reading. "By the library" is sentence-transformers' own `encode` of the same texts in the same
precision. Vectors are compared with those of numpy; TF32 is off.

The package need not be installed: PYTHONPATH=. suffices, with numpy, torch and
sentence-transformers. Without a graphics processor, the processor computes, and a line says so.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import bare_machine  # noqa: F401  # before the package
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from papersearch.dense import models
from papersearch.dense.bulk import TextEncoder
from papersearch.dense.encoding import ModelConstants, TextEncoding
from papersearch.dense.late import DIMENSIONS, kept_pieces
from papersearch.dense.quiet import quiet_models
from papersearch.dense.reference import PRECISION_VARIABLE, ReferenceEncoder

COMPARED = 64
MEAN_WORDS = 190
"""Words of a real abstract and its title."""


def made_abstracts(n_papers: int, vocabulary: list[str]) -> list[str]:
    """Make texts of words of the model's vocabulary, in lengths as real abstracts have them."""
    chosen = random.Random(1)
    words = [piece for piece in vocabulary if piece.isalpha() and len(piece) > 2] or ["word"]
    lengths = (max(20, min(400, int(chosen.gauss(MEAN_WORDS, 55)))) for _ in range(n_papers))
    return [" ".join(chosen.choices(words, k=length)) + "." for length in lengths]


def real_abstracts(records: Path, n_papers: int) -> list[str]:
    """Return title and abstract of the first records."""
    with gzip.open(records) as file:
        papers = [json.loads(line) for line in itertools.islice(file, n_papers)]
    return [f"{paper['title']}\n{paper['text']}" for paper in papers]


def some_constants(encoder: ReferenceEncoder) -> ModelConstants:
    """Return constants of late interaction with any basis; learning one takes longer than this program."""
    kept = kept_pieces(encoder.vocabulary())
    width = len(encoder.encode("").states[0])
    basis, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((width, min(DIMENSIONS, width))))
    return ModelConstants(np.zeros((1, width), np.float32), kept, basis.astype(np.float32))


def encoded(
    encoder: ReferenceEncoder, texts: list[str], constants: ModelConstants | None
) -> tuple[float, dict[int, TextEncoding]]:
    """Return the seconds that an encoding of `texts` takes, and its result."""
    found: dict[int, TextEncoding] = {}
    synchronize()
    start = time.perf_counter()
    encoder.encode_for_index(texts, constants, found.__setitem__)
    synchronize()
    return time.perf_counter() - start, found


def synchronize() -> None:
    """Wait until the graphics processor has done everything."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def busy_share(work: Callable[[], object]) -> float | None:
    """Return the share of `work`'s time in which kernels ran; None without a graphics processor."""
    if not torch.cuda.is_available():
        return None
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        start = time.perf_counter()
        work()
        synchronize()
        spent = time.perf_counter() - start
    spans = sorted(
        (event.time_range.start, event.time_range.end)
        for event in profile.events()
        if event.device_type == torch.autograd.DeviceType.CUDA and "Memcpy" not in event.name
    )
    busy, reached = 0.0, 0.0
    for first, last in spans:
        busy += max(0.0, last - max(first, reached))
        reached = max(reached, last)
    return busy / 1e6 / spent


@contextmanager
def nothing_to_compute(encoder: ReferenceEncoder) -> Iterator[None]:
    """Replace the transformer by a state that is the same for every word piece."""
    transformer = encoder._papers_model[0]
    width = len(encoder.encode("").states[0])
    state = torch.ones(1, 1, width, device=encoder._model.device)

    def forward(features: dict[str, Any], **_: object) -> dict[str, Any]:
        features["token_embeddings"] = state.expand(*features["input_ids"].shape, width)
        return features

    transformer.forward = forward
    try:
        yield
    finally:
        del transformer.forward


def by_the_library(model: models.ModelFiles, device: str, precision: str, size: int, texts: list[str]) -> float:
    """Return the seconds of sentence-transformers' `encode`, with vectors as its only result."""
    with quiet_models():
        library = SentenceTransformer(
            str(model.folder), device=device, model_kwargs={"dtype": getattr(torch, precision)}
        )
    library.max_seq_length = 512
    library.encode(texts[: 2 * size], batch_size=size, show_progress_bar=False)
    synchronize()
    start = time.perf_counter()
    library.encode(texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False)
    synchronize()
    return time.perf_counter() - start


def measured(
    model: models.ModelFiles, device: str, precision: str, size: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return the figures of one precision and batch size."""
    os.environ[PRECISION_VARIABLE] = precision
    encoder = ReferenceEncoder(model, device, batch_size=size)
    texts = (
        real_abstracts(arguments.abstracts, arguments.papers)
        if arguments.abstracts
        else made_abstracts(arguments.papers, encoder.vocabulary())
    )
    constants = some_constants(encoder) if arguments.late else None
    encoded(encoder, texts[: 4 * size], constants)  # uncounted: kernels are chosen, memory is taken
    runs = [encoded(encoder, texts, constants) for _ in range(arguments.rounds)]
    spent, found = statistics.median(spent for spent, _ in runs), runs[-1][1]
    share = busy_share(partial(encoder.encode_for_index, texts, constants, lambda number, encoding: None))
    with nothing_to_compute(encoder):
        host, _ = encoded(encoder, texts, constants)
    library = by_the_library(model, device, precision, size, texts)
    return {
        "precision": precision,
        "batch": size,
        "abstracts_per_second": len(texts) / spent,
        "busy": share,
        "host_ms": host / len(texts) * 1e3,
        "library_per_second": len(texts) / library,
        **agreement(model, encoder, texts, found, constants),
    }


def agreement(
    model: models.ModelFiles,
    encoder: ReferenceEncoder,
    texts: list[str],
    found: dict[int, TextEncoding],
    constants: ModelConstants | None,
) -> dict[str, Any]:
    """Compare with numpy: the greatest difference of vectors, and of the components of word pieces."""
    try:
        ours = TextEncoder(model.folder, encoder.max_length, (encoder.prefixes.query, encoder.prefixes.paper))
    except Exception as error:  # not every model is computed by numpy
        return {"difference": None, "pieces_off": None, "why": str(error)}
    step = max(1, len(texts) // COMPARED)
    vectors, pieces = [0.0], [0]
    for number in range(0, len(texts), step):
        expected = ours.paper(texts[number], constants)
        vectors.append(float(np.abs(expected.vector - found[number].vector).max()))
        if expected.pieces.tolist() != found[number].pieces.tolist():
            raise AssertionError(f"other word pieces are stored of text {number}")
        apart = expected.piece_vectors.astype(int) - found[number].piece_vectors
        pieces.append(int(np.abs(apart).max(initial=0)))
    return {"difference": max(vectors), "pieces_off": max(pieces)}


def printed(row: dict[str, Any]) -> str:
    """Return one line of the table."""
    busy = "-" if row["busy"] is None else f"{row['busy']:.0%}"
    difference = "-" if row["difference"] is None else f"{row['difference']:.1e}"
    return (
        f"{row['precision']:<10}{row['batch']:>6}{row['abstracts_per_second']:>13.0f}{busy:>7}"
        f"{row['host_ms']:>9.3f}{row['library_per_second']:>13.0f}"
        f"{row['abstracts_per_second'] / row['library_per_second']:>10.2f}{difference:>12}"
        f"{row['pieces_off'] if row['pieces_off'] is not None else '-':>11}"
    )


def main() -> None:
    """Measure each precision and batch size in turn, and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("model", help="a folder in the layout of sentence-transformers")
    options.add_argument("--papers", type=int, default=8192)
    options.add_argument("--batches", type=int, nargs="+", default=[64, 128, 256])
    options.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--late", action=argparse.BooleanOptionalAction, default=True)
    options.add_argument("--abstracts", type=Path, help="real ones, as JSON lines compressed by gzip")
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = options.parse_args()
    if arguments.device == "cpu":
        print("no graphics processor is used: the processor computes", file=sys.stderr)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    model = models.ModelFiles(arguments.model, "folder", Path(arguments.model).resolve())
    name = torch.cuda.get_device_name() if arguments.device.startswith("cuda") else arguments.device
    print(f"{arguments.papers:,} abstracts, {name}, torch {torch.__version__}, {os.cpu_count()} processors")
    print(
        f"{'precision':<10}{'batch':>6}{'abstracts/s':>13}{'busy':>7}{'host ms':>9}{'library/s':>13}"
        f"{'it / that':>10}{'difference':>12}{'pieces off':>11}"
    )
    rows = []
    for precision in arguments.precisions:
        for size in arguments.batches:
            rows.append(measured(model, arguments.device, precision, size, arguments))
            print(printed(rows[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    if any(row["precision"] == "float32" and (row["difference"] or 0) > 1e-5 for row in rows):
        sys.exit("float32 differs from numpy by more than 1e-5")


if __name__ == "__main__":
    main()
