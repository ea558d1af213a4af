"""The choice between numpy and sentence-transformers for papers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.dense import accelerators, choice, models
from papersearch.dense.bulk import NumpyEncoder
from papersearch.dense.encoders import EncoderRecord, Identity
from papersearch.dense.reference import ReferenceEncoder
from papersearch.errors import UnknownPrecision
from tests.conftest import make_model

PACKAGED = models.locate(None, print)


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make a machine without graphics processor, whose torch could use one; return its devices' folder."""
    devices = tmp_path / "dev"
    devices.mkdir()
    monkeypatch.setattr(accelerators, "_DEVICES", devices)
    monkeypatch.setattr(accelerators, "_torch_version", lambda: "2.9.0")
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "PAPERSEARCH_PRECISION"):
        monkeypatch.delenv(name, raising=False)
    return devices


def identity(fingerprint: str, query_prefix: str = "", paper_prefix: str = "") -> Identity:
    return Identity(fingerprint, "", query_prefix, paper_prefix)


def fail() -> ReferenceEncoder:
    raise AssertionError("sentence-transformers was opened")


@pytest.mark.parametrize(
    ("device", "environment", "expected"),
    [
        (None, {}, "numpy"),
        (None, {"PAPERSEARCH_PRECISION": "float32"}, "numpy"),
        (None, {"PAPERSEARCH_PRECISION": "bfloat16"}, "sentence-transformers"),
        ("cpu", {}, "sentence-transformers"),
        ("cuda", {}, "sentence-transformers"),
    ],
)
def test_the_choice(
    monkeypatch: pytest.MonkeyPatch, device: str | None, environment: dict[str, str], expected: str
) -> None:
    """Numpy encodes papers of the packaged model, unless a device or bfloat16 was asked for."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choice.choose_backend(PACKAGED, device, []) == expected


@pytest.mark.parametrize("name", ["nvidia0", "kfd"])
def test_a_graphics_processor_is_taken(monkeypatch: pytest.MonkeyPatch, plain_machine: Path, name: str) -> None:
    """A device counts, unless it is hidden or torch cannot use it; a driver's control file does not."""
    (plain_machine / "nvidiactl").touch()
    assert choice.choose_backend(PACKAGED, None, []) == "numpy"
    (plain_machine / name).touch()
    assert choice.choose_backend(PACKAGED, None, []) == "sentence-transformers"
    monkeypatch.setattr(accelerators, "_torch_version", lambda: "2.9.0+cpu")
    assert choice.choose_backend(PACKAGED, None, []) == "numpy"
    monkeypatch.setattr(accelerators, "_torch_version", lambda: "2.9.0+cu128")
    for variable in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
        monkeypatch.setenv(variable, "")
    assert choice.choose_backend(PACKAGED, None, []) == "numpy"


def test_an_unknown_precision_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A precision that nobody knows is refused before anything is encoded."""
    monkeypatch.setenv("PAPERSEARCH_PRECISION", "float8")
    with pytest.raises(UnknownPrecision, match="float8"):
        choice.choose_backend(PACKAGED, None, [])


def test_names_tell_encodings_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encodings whose bits may differ have different names; float32 need not be named."""
    found = {choice.encoding_by(backend) for backend in ("numpy", "sentence-transformers")}
    for precision in ("float32", "bfloat16"):
        monkeypatch.setenv("PAPERSEARCH_PRECISION", precision)
        found.add(choice.encoding_by("sentence-transformers"))
    assert len(found) == 3
    monkeypatch.setenv("PAPERSEARCH_PRECISION", "float32")
    assert choice.encoding_by("numpy") in found


def test_the_packaged_model_is_described_as_the_library_would(library_record: EncoderRecord) -> None:
    """The record of the packaged model, made without the library, is that of a comparison."""
    described = choice.describe(PACKAGED, identity(models.DEFAULT_MODEL_SHA256), None, [], [], fail)
    assert described == library_record.replace(encoding=choice.encoding_by("numpy"))
    assert isinstance(choice.open_paper_encoder(PACKAGED, described, fail), NumpyEncoder)


@pytest.fixture(scope="module")
def library_record() -> EncoderRecord:
    """Describe the packaged model by comparing it with sentence-transformers."""
    reference = ReferenceEncoder(PACKAGED, "cpu")
    return choice.encoders.record(PACKAGED, models.DEFAULT_MODEL_SHA256, reference, 384, ["pipeline bubbles"])


@pytest.mark.parametrize(("activation", "expected"), [("gelu", "numpy"), ("relu", "sentence-transformers")])
def test_another_model_is_compared_once(tmp_path: Path, activation: str, expected: str) -> None:
    """The first build compares numpy with the library; later ones take its result."""
    folder = make_model(tmp_path / "model", hidden_act=activation)
    model = models.locate(str(folder), print)
    wanted = identity(models.fingerprint(model))
    opened: list[ReferenceEncoder] = []

    def open_reference() -> ReferenceEncoder:
        opened.append(ReferenceEncoder(model, "cpu"))
        return opened[-1]

    assert choice.choose_backend(model, None, []) is None
    first = choice.describe(model, wanted, None, [], ["a pipeline"], open_reference)
    assert (first.query_backend, len(opened)) == (expected, 1)
    assert first.encoding == choice.encoding_by(first.query_backend)
    assert choice.choose_backend(model, None, [first]) == expected
    assert choice.describe(model, wanted, None, [first], ["a pipeline"], fail) == first


def test_prefixes_of_papers(tmp_path: Path) -> None:
    """The prompt of documents is put before papers, as by sentence-transformers."""
    folder = make_model(tmp_path / "model", prompts={"query": "query: ", "document": "passage: "})
    model = models.locate(str(folder), print)
    reference = ReferenceEncoder(model, "cpu")
    described = choice.describe(model, identity("", "query: ", "passage: "), None, [], [], lambda: reference)
    ours = choice.open_paper_encoder(model, described, fail)
    assert isinstance(ours, NumpyEncoder)
    vectors: list[Any] = []
    for encoder in (ours, reference):
        encoder.encode_for_index(["a model"], None, lambda number, encoding: vectors.append(encoding.vector))
        vectors.append(encoder.encode_together(["a model"])[0].vector)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-6)
    assert vectors[1] == pytest.approx(vectors[3], abs=1e-6)
    assert vectors[0] != pytest.approx(vectors[1], abs=1e-3)


def test_another_encoder_encodes_all_papers_again(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """Encodings by the library are not mixed with those by numpy, and an index says whose it has."""
    library = papersearch.build(small_corpus, small_index, model=str(small_model), device="cpu")
    assert (library.outcome, library.n_encoded) == ("published", 4)
    again = papersearch.build(small_corpus, small_index, model=str(small_model), device="cpu")
    assert again.outcome == "up to date"
    (small_index / "generation-000001").rename(small_corpus.parent / "elsewhere")
    numpy = papersearch.build(small_corpus, small_index, model=str(small_model))
    assert (numpy.outcome, numpy.n_encoded) == ("published", 4)
    assert numpy.manifest is not None
    assert numpy.manifest.encoder.encoding.endswith("by numpy")
