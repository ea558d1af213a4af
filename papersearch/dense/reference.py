"""The reference encoder: sentence-transformers, for graphics processors and for any model.

Importing this module loads no library of models; making a `ReferenceEncoder` does, which takes
seconds.
"""

from __future__ import annotations

import copy
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

import numpy as np

from papersearch.dense.accelerators import check_device, unusable
from papersearch.dense.device_batches import ahead, batch_of, computed, longest_first
from papersearch.dense.encoding import TextEncoding, stored_places, without_pieces
from papersearch.dense.feedback import unit
from papersearch.dense.late import SCALE, TINY, Encoded
from papersearch.dense.model_folder import needs_own_code, read_modules, weights_path
from papersearch.dense.models import ModelFiles, has_tokenizer
from papersearch.dense.prefixes import Prefixes, choose_prefixes
from papersearch.dense.quiet import quiet_models
from papersearch.dense.safetensors_file import SafetensorsFile
from papersearch.dense.wordpiece import by_number
from papersearch.errors import ModelDamaged, ModelNeedsCode, ModelUnusable, UnknownPrecision

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

    from papersearch.dense.device_batches import Batch
    from papersearch.dense.encoding import ModelConstants
    from papersearch.types import Float32Array

MAX_LENGTH = 512
"""Greatest number of word pieces read of a paper, if the model has as many positions. MiniLM's own
default is 256, and nearly every abstract is longer."""

_BATCH_SIZE = 8
_ACCELERATOR_BATCH_SIZE = 128
_QUERY_BATCH_SIZE = 64
"""Texts per forward pass. On CPUs, 8 papers are faster than 32 because of less padding. Queries are
short, so that more fit."""

Precision = Literal["float32", "bfloat16"]
PRECISION_VARIABLE = "PAPERSEARCH_PRECISION"

_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
"""Architectures that reserve their first two positions for padding."""


class ReferenceEncoder:
    """A sentence-transformers model, loaded from disk only and without its messages.

    device: a device of torch; None chooses one
    prefixes: what goes before queries and papers; None takes what `choose_prefixes` finds
    batch_size: papers per forward pass; None chooses by the device

    The weights are loaded as float32, whatever they are stored as: in half precision, a vector would
    depend on the texts beside it. With PAPERSEARCH_PRECISION=bfloat16, the transformer encodes papers
    in bfloat16; queries, and all steps after the last hidden states, stay in float32.
    """

    in_context = True

    def __init__(
        self,
        model: ModelFiles,
        device: str | None = None,
        prefixes: Prefixes | None = None,
        *,
        batch_size: int | None = None,
    ) -> None:
        prefixes = choose_prefixes(model) if prefixes is None else prefixes
        self._folder = model.folder
        self._model, self.opening = _measured(partial(_loaded, model, device))
        self.max_length = self._positions()
        self._model.max_seq_length = self.max_length
        self._model.prompts = {"document": prefixes.paper}
        self._model.default_prompt_name = None
        self._papers_model = self._model
        if wanted_precision() == "bfloat16":
            self._papers_model = _with_bfloat16(self._model)
        self._batch_size = batch_size or _batch_size(self._model.device.type)
        self.prefixes = prefixes

    def encode_for_index(
        self, texts: Sequence[str], constants: ModelConstants | None, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        """Encode `texts` as papers, in the form of an index; see `encoding.PaperEncoder`.

        The device compresses word pieces, so that a sixth of their states is copied from it.
        """
        wanted = _vectors if constants is None else partial(_vectors_and_pieces, self._on_device(constants.basis))
        for batch, found in self._computed(texts, wanted, with_starts=constants is not None):
            for row, (number, real) in enumerate(zip(batch.numbers, batch.is_real, strict=True)):
                vector = unit(found["vectors"][row])
                if constants is None:
                    receive(number, without_pieces(vector))
                    continue
                places = stored_places(batch.pieces[row], constants, real)
                pieces, starts = (array[row, places].astype(np.uint32) for array in (batch.pieces, batch.starts))
                receive(number, TextEncoding(vector, pieces, starts, found["pieces"][row, places]))

    def _computed(
        self,
        texts: Sequence[str],
        wanted: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        *,
        with_starts: bool,
    ) -> Iterator[tuple[Batch, dict[str, Any]]]:
        """Yield `texts` in batches, the longest first, with what is wanted of the model's output.

        Where a batch is too large for the device's memory, the rest comes in batches of half the size.
        Raises DeviceUnusable.
        """
        import torch

        make = partial(
            batch_of, self._papers_model, "document", self.prefixes.paper, texts, with_starts=with_starts
        )
        n_done = 0
        while n_done < len(texts):
            asked = longest_first(texts, self._batch_size, n_done)
            try:
                with quiet_models(), closing(ahead(make, asked)) as batches:
                    for batch, found in computed(self._papers_model, "document", batches, wanted):
                        yield batch, found
                        n_done += len(batch.numbers)
            except torch.cuda.OutOfMemoryError as error:
                if self._batch_size == 1:
                    raise unusable(str(self._model.device), error) from error
                self._batch_size //= 2

    def _on_device(self, array: Float32Array) -> torch.Tensor:
        import torch

        return torch.from_numpy(np.array(array)).to(self._model.device)

    def encode(self, text: str) -> Encoded:
        """Encode `text` as a query."""
        return self.encode_together([text])[0]

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]:
        """Encode queries in the order given, each in a batch of its own; see `encoders.QueryEncoder`.

        In a batch with others, a query's last digits would change, and its results might.
        """
        return [self.encode_together([text], prefix)[0] for text in texts]

    def encode_together(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]:
        """Encode texts as queries, in the order given, in batches for speed."""
        encoded: dict[int, Encoded] = {}
        before = self.prefixes.query if prefix is None else prefix
        make = partial(batch_of, self._model, "query", before, texts, with_starts=False)
        batches = map(make, longest_first(texts, _QUERY_BATCH_SIZE))
        with quiet_models():
            for batch, found in computed(self._model, "query", batches, _vectors_and_states):
                encoded |= zip(batch.numbers, _encoded(batch, found), strict=True)
        return [encoded[i] for i in range(len(texts))]

    def vocabulary(self) -> list[str]:
        """List the model's word pieces by id; an unused id has an empty string."""
        return by_number(self._model.tokenizer.get_vocab(), self._folder)

    def _positions(self) -> int:
        """Return MAX_LENGTH, or the model's number of positions if that is smaller."""
        config = getattr(self._model[0].auto_model, "config", None)
        positions = int(getattr(config, "max_position_embeddings", MAX_LENGTH))
        if getattr(config, "model_type", "") in _OFFSET_POSITIONS:
            positions -= 2
        return min(MAX_LENGTH, positions)


def _batch_size(device: str) -> int:
    return _BATCH_SIZE if device == "cpu" else _ACCELERATOR_BATCH_SIZE


class Opening(NamedTuple):
    """The cost of opening a model, which a query pays too: seconds, and bytes of memory."""

    seconds: float
    n_bytes: int


def _measured(load: Callable[[], SentenceTransformer]) -> tuple[SentenceTransformer, Opening | None]:
    """Return the loaded model, and what it cost; None if another model was loaded here before."""
    is_first = "sentence_transformers" not in sys.modules
    started, resident = time.perf_counter(), _resident_bytes()
    loaded = load()
    spent = Opening(time.perf_counter() - started, _resident_bytes() - resident)
    return loaded, spent if is_first and resident else None


def _resident_bytes() -> int:
    """Return the memory of this process; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _loaded(model: ModelFiles, device: str | None) -> SentenceTransformer:
    """Load a model; raise ModelError if it or the device cannot be used, or if its weights do not fill it."""
    from sentence_transformers import SentenceTransformer

    check_modules(model)
    if device is not None:
        check_device(device)
    try:
        loaded: SentenceTransformer = load(SentenceTransformer, model, device)
    except Exception as error:
        if needs_own_code(model.folder):
            raise ModelNeedsCode(name=model.name, cause="its config.json names it") from error
        raise ModelUnusable(name=model.name, cause=f"loading it failed: {error}") from error
    cause = what_is_missing(loaded[0].auto_model, model, unused="pooler")
    if cause is not None:
        kind = ModelNeedsCode if needs_own_code(model.folder) else ModelUnusable
        raise kind(name=model.name, cause=cause)
    return loaded


def load(kind: type[Any], model: ModelFiles, device: str | None) -> Any:
    """Load a model by a class of sentence-transformers: from disk, in float32, without code of its own.

    The libraries raise many kinds of errors for a malformed model folder.
    """
    import torch

    with quiet_models():
        return kind(
            str(model.folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )


def check_modules(model: ModelFiles) -> None:
    """Raise ModelError unless the model is a transformer with a tokenizer, and modules of sentence-transformers."""
    try:
        modules = read_modules(model.folder)
    except ValueError as error:
        raise ModelUnusable(name=model.name, cause=str(error)) from error
    foreign = next((module.kind for module in modules if module.is_foreign), None)
    if foreign is not None:
        raise ModelNeedsCode(name=model.name, cause=f"its modules.json names {foreign}")
    first = modules[0].kind if modules else "nothing"
    if first != "Transformer":
        cause = f"it begins with {first}: expected a transformer or static embeddings"
        raise ModelUnusable(name=model.name, cause=cause)
    if not has_tokenizer(model.folder):
        raise ModelDamaged(path=model.folder, fault="it has no tokenizer")


def what_is_missing(transformer: Any, model: ModelFiles, unused: str | None = None) -> str | None:
    """Say which of the transformer's tensors are not in the weights, and so have been filled at random.

    Those of an `unused` part are not counted: the output of a pooler is not used for vectors. Names are
    compared first: a checkpoint may have a prefix, or the old names of layer normalisation. If a name is
    not found, transformers loads the model again and says which are missing, since it knows of other
    renamings.
    """
    stored = {_modern(name) for name in SafetensorsFile(weights_path(model.folder)).names()}
    tails = {name[place:] for name in stored for place in _parts(name)}
    needed = {name for name in transformer.state_dict() if unused not in name.split(".")}
    if needed <= tails:
        return None
    import torch

    with quiet_models():
        _, report = type(transformer).from_pretrained(
            str(weights_path(model.folder).parent),
            output_loading_info=True,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
        )
    missing = sorted(needed & {str(name) for name in report["missing_keys"]})
    return f"model.safetensors lacks {len(missing)} of its tensors, {missing[0]} first" if missing else None


def _modern(name: str) -> str:
    """Return the present name of a tensor; checkpoints of BERT's time have others."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _parts(name: str) -> list[int]:
    """Return where each part of a dotted name begins."""
    return [0, *(place + 1 for place, letter in enumerate(name) if letter == ".")]


def wanted_precision() -> Precision:
    """Return the value of PAPERSEARCH_PRECISION, by default float32. Raises UnknownPrecision.

    With a small model a graphics processor is as fast in float32, since it waits for the host
    (docs/performance.md), and its vectors then equal those of numpy to 1e-5.
    """
    wanted = os.environ.get(PRECISION_VARIABLE) or "float32"
    known = get_args(Precision)
    if wanted not in known:
        raise UnknownPrecision(variable=PRECISION_VARIABLE, value=wanted, known=known)
    return cast(Precision, wanted)


def _with_bfloat16(model: SentenceTransformer) -> SentenceTransformer:
    """Copy the model with its transformer in bfloat16; pooling and later steps stay in float32."""
    import torch
    from sentence_transformers import SentenceTransformer

    class ToFloat32(torch.nn.Module):  # type: ignore[misc]  # torch is not read by the type checker
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            features["token_embeddings"] = features["token_embeddings"].float()
            return features

    transformer = copy.deepcopy(model[0]).to(torch.bfloat16)
    lighter = SentenceTransformer(
        modules=[transformer, ToFloat32(), *list(model)[1:]],
        device=str(model.device),
        prompts=model.prompts,
        default_prompt_name=model.default_prompt_name,
    )
    lighter.max_seq_length = model.max_seq_length
    return lighter


def _vectors(output: Mapping[str, Any]) -> dict[str, Any]:
    return {"vectors": output["sentence_embedding"].float()}


def _vectors_and_states(output: Mapping[str, Any]) -> dict[str, Any]:
    return _vectors(output) | {"states": output["token_embeddings"].float()}


def _vectors_and_pieces(basis: torch.Tensor, output: Mapping[str, Any]) -> dict[str, Any]:
    """Return vectors and compressed word pieces, as `late.compress` does."""
    import torch

    rows = output["token_embeddings"].float() @ basis
    lengths = torch.linalg.vector_norm(rows, dim=-1, keepdim=True).clamp_min(TINY)
    return _vectors(output) | {"pieces": (rows / lengths * SCALE).round().to(torch.int8)}


def _encoded(batch: Batch, found: Mapping[str, Any]) -> list[Encoded]:
    """Return the encodings of one batch, without padding."""
    return [
        Encoded(unit(vector), pieces[real], states[real])
        for vector, pieces, states, real in zip(
            found["vectors"], batch.pieces, found["states"], batch.is_real, strict=True
        )
    ]
