"""The steps after a transformer: word pieces become one vector.

A pooling makes a vector of a text's hidden states. Dense layers may follow it, which may change its
width, and normalisations. The steps and their order are those of `modules.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from papersearch.dense.feedback import unit
from papersearch.dense.model_folder import WEIGHTS_FILE, Module, read_object
from papersearch.dense.products import row_dots
from papersearch.dense.safetensors_file import SafetensorsFile

if TYPE_CHECKING:
    from papersearch.types import Float32Array

Pooling = Literal["mean", "cls", "max", "lasttoken"]

_POOLINGS: dict[str, Pooling] = {name: name for name in get_args(Pooling)}


class DenseLayer(NamedTuple):
    """A linear layer: weight (D', D), bias (D',) or None, and whether tanh follows."""

    weight: Float32Array
    bias: Float32Array | None
    has_tanh: bool


class Head(NamedTuple):
    """A pooling, and the steps after it; None among them is a normalisation."""

    pooling: Pooling
    steps: tuple[DenseLayer | None, ...] = ()

    def vector(self, states: Float32Array) -> Float32Array:
        """Return the unit vector (D',) of a text with the hidden states (L, D)."""
        vector = _pooled(states, self.pooling)
        for step in self.steps:
            vector = unit(vector) if step is None else through(vector, step)
        return unit(vector)


def read_head(modules: Sequence[Module]) -> Head | None:
    """Return the head in the `modules` after the transformer, or None if it is not computed here.

    Raises OSError, KeyError, TypeError or ValueError for malformed files, ModelDamaged for weights.
    """
    if not modules or modules[0].kind != "Pooling":
        return None
    pooling = _pooling_mode(read_object(modules[0].folder / "config.json"))
    if pooling is None:
        return None
    steps: list[DenseLayer | None] = []
    for module in modules[1:]:
        if module.kind == "Normalize":
            steps.append(None)
        elif module.kind == "Dense" and (layer := _dense_layer(module.folder)) is not None:
            steps.append(layer)
        else:
            return None
    return Head(pooling, tuple(steps))


def _pooling_mode(config: dict[str, object]) -> Pooling | None:
    """Return the only active pooling, or None if it is another one.

    Reads both spellings that sentence-transformers has used in its configuration.
    """
    if "pooling_mode" in config:
        modes = [config["pooling_mode"]]
    else:
        modes = [
            name.removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens")
            for name, on in config.items()
            if name.startswith("pooling_mode_") and on
        ]
    if config.get("include_prompt", True) is not True or len(modes) != 1:
        return None
    return _POOLINGS.get(str(modes[0]))


def _dense_layer(folder: Path) -> DenseLayer | None:
    """Return the Dense module in `folder`, or None if it does more than a linear layer and tanh."""
    config = read_object(folder / "config.json")
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rsplit(".", 1)[-1]
    is_plain = (
        activation in ("Identity", "Tanh")
        and not config.get("use_residual", False)
        and config.get("module_input_name", "sentence_embedding") == "sentence_embedding"
        and config.get("module_output_name") in (None, "sentence_embedding")
    )
    if not is_plain:
        return None
    weights = SafetensorsFile(folder / WEIGHTS_FILE)
    bias = weights.tensor("linear.bias") if config.get("bias", True) else None
    return DenseLayer(weights.tensor("linear.weight"), bias, activation == "Tanh")


def _pooled(states: Float32Array, pooling: Pooling) -> Float32Array:
    if pooling == "mean":
        mean: Float32Array = states.mean(axis=0)
        return mean
    if pooling == "max":
        greatest: Float32Array = states.max(axis=0)
        return greatest
    chosen: Float32Array = states[0 if pooling == "cls" else -1]
    return chosen


def through(vector: Float32Array, layer: DenseLayer) -> Float32Array:
    """Return `vector` (D,) through a layer: (D',)."""
    projected: Float32Array = row_dots(layer.weight, vector).astype(np.float32)
    if layer.bias is not None:
        projected += layer.bias
    if layer.has_tanh:
        np.tanh(projected, out=projected)
    return projected
