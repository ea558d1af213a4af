"""Cross-encoders: models that read a query and a text together, and give the pair a score.

Numpy computes BERTs and RoBERTas; sentence-transformers computes the others. Numpy is used only where
both agree on a few pairs, which is tried when a model is first opened. A pair's score depends on no
other pair: each is computed by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from papersearch.dense import models
from papersearch.dense.accelerators import has_accelerator
from papersearch.dense.architectures import bert, roberta
from papersearch.dense.encoders import TOLERANCE
from papersearch.dense.heads import DenseLayer, Head, through
from papersearch.dense.model_folder import body_folder, needs_own_code, read_object, read_optional, weights_path
from papersearch.dense.models import ModelFile, ModelFiles
from papersearch.dense.quiet import quiet_models
from papersearch.dense.safetensors_file import SafetensorsFile
from papersearch.dense.wordpiece import LibraryTokenizer
from papersearch.errors import ModelError, RerankerUnusable
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.dense.bert import BertEncoder

Scorer: TypeAlias = Callable[[str, str], float]
"""A function of a query and a text that returns their score: higher is better."""

Backend = Literal["numpy with token types", "numpy", "sentence-transformers"]
"""Ways to compute a model. Some tokenizers tell the query's word pieces from the text's by token types."""

_IN_NUMPY: tuple[Backend, ...] = ("numpy with token types", "numpy")

_HEADS: dict[str, tuple[Any, tuple[str, str]]] = {
    "BertForSequenceClassification": (bert, ("bert.pooler.dense", "classifier")),
    "RobertaForSequenceClassification": (roberta, ("classifier.dense", "classifier.out_proj")),
    "XLMRobertaForSequenceClassification": (roberta, ("classifier.dense", "classifier.out_proj")),
    "CamembertForSequenceClassification": (roberta, ("classifier.dense", "classifier.out_proj")),
}
"""Classes that numpy computes: the module of the transformer, and the two layers after its first state."""

_PROBES = (
    ("pipeline bubbles", "Pipeline parallelism leaves processors idle.\nWe fill the bubbles."),
    (
        "Does quantisation below 4 bits hurt reasoning?",
        "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \u6a21\u578b 10^5",
    ),
    ("a", "pipeline bubbles and no end of them, " * 100),
)
"""Pairs on which numpy and sentence-transformers are compared; the last is longer than most models read."""


class CrossEncoderRecord(Value):
    """A model that was opened before: its files, their hash, and what computes it."""

    files: tuple[ModelFile, ...]
    fingerprint: str
    backend: Backend


class OpenedCrossEncoder(NamedTuple):
    """A model that was opened for the first time."""

    described: CrossEncoderRecord
    scorer: Scorer


def find_cross_encoder(name: str, announce: Callable[[str], None]) -> ModelFiles:
    """Return the files of a cross-encoder, a folder or a name of the hub. Raises RerankerUnusable."""
    try:
        model = models.locate(name, announce)
        if not weights_path(model.folder).exists():
            models.fingerprint(model)  # says which other form of weights there is
    except ModelError as error:
        raise _refused(name, error) from error
    cause = _why_not(model.folder)
    if cause is not None:
        raise RerankerUnusable(name=name, cause=cause)
    return model


def is_untouched(described: CrossEncoderRecord, model: ModelFiles) -> bool:
    """Tell whether the files still have the sizes and times that they had when they were described."""
    try:
        return models.touched(model) == described.files
    except ModelError:
        return False


def describe(model: ModelFiles) -> OpenedCrossEncoder:
    """Open a model for the first time, and compare numpy with sentence-transformers on it.

    Raises RerankerUnusable.
    """
    try:
        files, fingerprint = models.touched(model), models.fingerprint(model)
    except (OSError, ModelError) as error:
        raise _refused(model.name, error) from error
    library = _open_library(model, "cpu")  # a graphics processor computes other last digits
    expected = [library(*probe) for probe in _PROBES]
    for backend in _IN_NUMPY:
        scorer = _open_numpy(model.folder, has_segments=backend == "numpy with token types")
        if scorer is not None and _agrees(scorer, expected):
            return OpenedCrossEncoder(
                CrossEncoderRecord(files=files, fingerprint=fingerprint, backend=backend), scorer
            )
    described = CrossEncoderRecord(files=files, fingerprint=fingerprint, backend="sentence-transformers")
    return OpenedCrossEncoder(described, _open_library(model) if has_accelerator() else library)


def open_scorer(model: ModelFiles, described: CrossEncoderRecord) -> Scorer:
    """Open a model that was described before. Raises RerankerUnusable."""
    if described.backend not in _IN_NUMPY:
        return _open_library(model)
    scorer = _open_numpy(model.folder, has_segments=described.backend == "numpy with token types")
    return _open_library(model) if scorer is None else scorer


def _refused(name: str, error: Exception) -> RerankerUnusable:
    """Return the error of a reranker for another error of its files."""
    cause = str(error).removeprefix(f"cannot use the model {name}: ")
    return RerankerUnusable(name=name, cause=cause, is_convertible=getattr(error, "is_convertible", False))


def _why_not(folder: Path) -> str | None:
    """Say why the model in `folder` is not a cross-encoder with one score; None if it is.

    sentence-transformers would load any transformer as one, with a last layer filled at random.
    """
    config = read_optional(body_folder(folder) / "config.json")
    made_for = read_optional(folder / "config_sentence_transformers.json").get("model_type")
    named = config.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else "no architecture"
    if made_for != "CrossEncoder" and not architecture.endswith("ForSequenceClassification"):
        return (
            f"it is not a cross-encoder: its config.json names {architecture}, and one for sequence "
            "classification is expected"
        )
    labels = config.get("id2label")
    n_labels = len(labels) if isinstance(labels, dict) else config.get("num_labels", 2)
    if architecture.endswith("ForSequenceClassification") and n_labels != 1:
        return f"it gives {n_labels} scores of a pair, of which none is known to be relevance: expected one"
    return None


def _agrees(scorer: Scorer, expected: list[float]) -> bool:
    """Tell whether a scorer gives the expected scores of the probes, within TOLERANCE."""
    try:
        found = [scorer(*probe) for probe in _PROBES]
    except Exception:  # tokenizers raises bare Exception; sentence-transformers then scores, or says why not
        return False
    return all(
        abs(one - other) <= TOLERANCE * max(1.0, abs(other)) for one, other in zip(found, expected, strict=True)
    )


class _NumpyCrossEncoder:
    """A transformer in numpy with two layers after the first hidden state, of which the last has one row."""

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: LibraryTokenizer,
        layers: tuple[DenseLayer, DenseLayer],
        activation: Callable[[float], float],
        *,
        has_segments: bool,
    ) -> None:
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._layers = layers
        self._activation = activation
        self._has_segments = has_segments

    def __call__(self, query: str, text: str) -> float:
        ids, segments = (
            np.array(numbers, dtype=np.int64) for numbers in self._tokenizer.ids_and_segments(query, text)
        )
        vector = self._encoder.states_of(ids, segments if self._has_segments else None)[0]
        for layer in self._layers:
            vector = through(vector, layer)
        return self._activation(float(vector[0]))


def _open_numpy(folder: Path, *, has_segments: bool) -> Scorer | None:
    """Open a model in numpy; None if numpy does not compute it."""
    body = body_folder(folder)
    try:
        config = read_object(body / "config.json")
        activation = _ACTIVATIONS.get(_activation_of(folder, config))
        found = _HEADS.get(config["architectures"][0])
        if found is None or activation is None or needs_own_code(folder) or _has_prompt(folder):
            return None
        architecture, names = found
        longest = read_optional(body / "tokenizer_config.json").get("model_max_length", math.inf)
        tokenizer = LibraryTokenizer(body, int(min(longest, config["max_position_embeddings"])))
        weights = SafetensorsFile(weights_path(folder))
        first, last = (
            DenseLayer(weights.tensor(f"{name}.weight"), weights.tensor(f"{name}.bias"), has_tanh)
            for name, has_tanh in zip(names, (True, False), strict=True)
        )
        encoder = architecture.open_encoder(body, config, Head("cls"), tokenizer, "")
        if encoder is None:
            return None
        return _NumpyCrossEncoder(encoder, tokenizer, (first, last), activation, has_segments=has_segments)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, ModelError):
        return None


def _sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


_ACTIVATIONS: dict[str, Callable[[float], float]] = {"Sigmoid": _sigmoid, "Identity": float}


def _activation_of(folder: Path, config: dict[str, Any]) -> str:
    """Return the class of what follows the last layer, by default a sigmoid.

    Three releases of sentence-transformers have written it in three places.
    """
    in_config = config.get("sentence_transformers")
    named = (
        read_optional(folder / "config_sentence_transformers.json").get("activation_fn")
        or (in_config.get("activation_fn") if isinstance(in_config, dict) else None)
        or config.get("sbert_ce_default_activation_function")
        or "Sigmoid"
    )
    return str(named).rsplit(".", 1)[-1]


def _has_prompt(folder: Path) -> bool:
    """Tell whether a prompt goes before a query by default; sentence-transformers knows where."""
    return read_optional(folder / "config_sentence_transformers.json").get("default_prompt_name") is not None


def _open_library(model: ModelFiles, device: str | None = None) -> Scorer:
    """Open a model by sentence-transformers, in float32, on the best device or a given one.

    Raises RerankerUnusable.
    """
    import torch
    from sentence_transformers import CrossEncoder

    from papersearch.dense.reference import check_modules, load, what_is_missing

    try:
        check_modules(model)
        loaded = load(CrossEncoder, model, device)
        missing = what_is_missing(loaded.model, model)
    except ModelError as error:
        raise _refused(model.name, error) from error
    except Exception as error:
        own_code = "it needs code of its own, which is not run: " if needs_own_code(model.folder) else ""
        raise RerankerUnusable(name=model.name, cause=f"{own_code}loading it failed: {error}") from error
    if missing is not None:
        raise RerankerUnusable(name=model.name, cause=missing)
    activation, identity = loaded.activation_fn, torch.nn.Identity()

    def score(query: str, text: str) -> float:
        try:
            with quiet_models():
                logits = loaded.predict([(query, text)], activation_fn=identity, show_progress_bar=False)
            exact = torch.tensor(np.asarray(logits, dtype=np.float64))  # in float32 a sigmoid is soon 1
            return float(activation(exact).reshape(-1)[0])
        except Exception as error:
            raise RerankerUnusable(name=model.name, cause=f"scoring a text failed: {error}") from error

    return score
