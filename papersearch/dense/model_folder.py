"""The layout of a model's folder, as its small JSON files describe it.

sentence-transformers writes `modules.json`, which lists the steps of a model and the folder of each.
model2vec may write none: its `config.json` has `normalize`, and no type of transformers. Everything here is decided
from these files, before any library is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import orjson

from papersearch.user_files import read_bounded

WEIGHTS_FILE = "model.safetensors"

_DECIDING = frozenset({".json", ".txt", ".model"})
"""Suffixes of the small files that decide how a text is encoded: configurations and tokenizers."""

_MAX_BYTES = 1 << 28
"""Greatest size of such a file: the vocabularies of all known models have a tenth of it."""

_OURS = "sentence_transformers."


class Module(NamedTuple):
    """One step of a model: its class in sentence-transformers, `kind`, and the folder of its files."""

    kind: str
    folder: Path
    is_foreign: bool = False


def read_model_file(path: Path) -> bytes:
    """Return the content of a small file of a model. Raises OSError, also for a pipe, a device or a large file."""
    return read_bounded(path, _MAX_BYTES)


def read_object(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file of a model. Raises OSError as `read_model_file` does, and ValueError."""
    content = orjson.loads(read_model_file(path))
    if not isinstance(content, dict):
        raise ValueError(f"expected an object in {path.name}")
    return content


def read_optional(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; empty if there is no such file, or it holds something else."""
    try:
        return read_object(path)
    except (OSError, ValueError):
        return {}


def read_modules(folder: Path) -> tuple[Module, ...]:
    """Return the steps of the model in `folder`.

    Without `modules.json`, word pieces are averaged, as sentence-transformers does, or the model is
    one of model2vec. Raises ValueError if the file is malformed or leads out of the folder.
    """
    try:
        listed = orjson.loads(read_model_file(folder / "modules.json"))
    except FileNotFoundError:
        config = read_optional(folder / "config.json")
        is_static = config.get("model_type", "model2vec") == "model2vec" and "normalize" in config
        return (Module("StaticEmbedding" if is_static else "Transformer", folder),)
    except (OSError, orjson.JSONDecodeError) as error:
        raise ValueError(f"its modules.json cannot be read ({error})") from error
    try:
        return tuple(_module(folder, one["type"], one["path"]) for one in listed)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("its modules.json does not list modules") from error


def _module(folder: Path, kind: str, path: str) -> Module:
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"its modules.json leads out of its folder: {path}")
    return Module(kind.rsplit(".", 1)[-1], place, is_foreign=not kind.startswith(_OURS))


def is_static(folder: Path) -> bool:
    """Tell whether the model in `folder` begins with static embeddings."""
    try:
        modules = read_modules(folder)
    except ValueError:
        return False
    return bool(modules) and modules[0].kind == "StaticEmbedding"


def body_folder(folder: Path) -> Path:
    """Return the folder of the first step, which has the weights and the tokenizer.

    It is `folder` itself in nearly every model.
    """
    if (folder / WEIGHTS_FILE).exists():
        return folder
    try:
        modules = read_modules(folder)
    except ValueError:
        return folder
    return modules[0].folder if modules else folder


def weights_path(folder: Path) -> Path:
    """Return the path of the weights of the first step; the file may be missing."""
    return body_folder(folder) / WEIGHTS_FILE


def deciding_files(folder: Path) -> list[str]:
    """List the files that decide how a text is encoded, relative to `folder` and sorted.

    They are the weights, configurations and tokenizers of the folder and of its modules' folders.
    Raises OSError, and ValueError as `read_modules` does, and for a pipe or a device.
    """
    folders = {folder, *(module.folder for module in read_modules(folder) if module.folder.is_dir())}
    deciding = (
        path
        for place in folders
        for path in place.iterdir()
        if (path.name == WEIGHTS_FILE or path.suffix in _DECIDING) and path.exists() and not path.is_dir()
    )
    found = set()
    for path in deciding:
        name = path.relative_to(folder).as_posix()
        if not path.is_file():  # the model libraries would wait for a pipe
            raise ValueError(f"its {name} is not a regular file")
        found.add(name)
    return sorted(found)


def needs_own_code(folder: Path) -> bool:
    """Tell whether the model names Python code of its own."""
    try:
        if any(module.is_foreign for module in read_modules(folder)):
            return True
    except ValueError:
        return False
    return "auto_map" in read_optional(body_folder(folder) / "config.json")


class OtherForm(NamedTuple):
    """Weights that are not read: what they are, as a clause, and whether they can be converted."""

    what: str
    is_convertible: bool


def weights_in_other_form(folder: Path) -> OtherForm | None:
    """Return the other form in which the weights of `folder` are; None if there are none of a known form."""
    body = body_folder(folder)
    parts = sorted(path.name for path in body.glob("model-*-of-*.safetensors"))
    if parts or (body / f"{WEIGHTS_FILE}.index.json").is_file():
        return OtherForm(f"its weights are divided among {_counted(parts)}", is_convertible=True)
    for pattern, what, is_convertible in _OTHER_FORMS:
        if found := next(iter(sorted(body.glob(pattern))), None):
            return OtherForm(f"its weights are {found.relative_to(folder).as_posix()}, {what}", is_convertible)
    return None


def _counted(parts: list[str]) -> str:
    """Describe the parts of divided weights; those of a model of the hub are not fetched."""
    return f"{len(parts)} files, {parts[0]} and so on" if parts else f"files that {WEIGHTS_FILE}.index.json lists"


_OTHER_FORMS = (
    ("pytorch_model*.bin", "a pickle, which could run code", True),
    ("**/*.onnx", "for ONNX alone", False),
    ("**/openvino_model.xml", "for OpenVINO alone", False),
    ("*.gguf", "for llama.cpp", False),
    ("tf_model.h5", "for TensorFlow", False),
    ("flax_model.msgpack", "for Flax", False),
)
"""Forms of weights that are not read: file names, what they are, and whether they can be converted."""
