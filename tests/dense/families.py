"""Tiny random models of the architectures that people choose, saved by the libraries themselves.

The tests compare what numpy makes of them with sentence-transformers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers import models as tokenizer_models

from papersearch.dense.architectures.nomic import AUTHORS_NAMES

WIDTH = 32
_SHAPE = {"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
SPECIAL_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "mask_token": "<mask>",
}


def byte_tokenizer() -> Tokenizer:
    """Make a tokenizer whose pieces are bytes, and a few frequent pairs of them."""
    pieces = [*_SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    pairs = [("i", "n"), ("e", "r"), ("t", "h"), ("a", "n"), ("p", "i")]
    numbers = {piece: number for number, piece in enumerate([*pieces, *map("".join, pairs)])}
    tokenizer = Tokenizer(tokenizer_models.BPE(vocab=numbers, merges=pairs, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def make_family(
    folder: Path,
    transformer: Any,
    *,
    pooling: str = "mean",
    after: Sequence[torch.nn.Module] = (),
    prompts: dict[str, str] | None = None,
) -> Path:
    """Save a transformer with random weights as a model, with the tokenizer of bytes."""
    from transformers import PreTrainedTokenizerFast

    raw = folder.parent / f"{folder.name}-raw"
    transformer.save_pretrained(raw)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), model_max_length=512, **SPECIAL_TOKENS)
    tokenizer.save_pretrained(raw)
    body = Transformer(str(raw), model_kwargs={"dtype": transformer.dtype})
    pool = Pooling(transformer.config.hidden_size, pooling_mode=pooling)
    SentenceTransformer(modules=[body, pool, *after], device="cpu", prompts=prompts).save(str(folder))
    return folder


def config_of(kind: str, **changes: object) -> Any:
    """Make a configuration of transformers with `kind` in its name."""
    import transformers

    size = byte_tokenizer().get_vocab_size()
    return getattr(transformers, f"{kind}Config")(vocab_size=size, **{**_SHAPE, **changes})


def _random(kind: str, **changes: object) -> Any:
    """Make a transformer of this kind, with weights large enough that every step matters."""
    import transformers

    torch.manual_seed(7)
    made = getattr(transformers, f"{kind}Model")(config_of(kind, **changes))
    for parameter in made.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
        else:
            torch.nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.1)
    return made


PADDED = {"max_position_embeddings": 514, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}


def _bert(folder: Path, **options: Any) -> Path:
    return make_family(folder, _random("Bert", pad_token_id=1), **options)


def _half(folder: Path, dtype: torch.dtype) -> Path:
    return make_family(folder, _random("Bert", pad_token_id=1).to(dtype), pooling="cls")


def _dense(folder: Path, width: int, activation: torch.nn.Module, *, bias: bool) -> Path:
    torch.manual_seed(3)
    layer = Dense(WIDTH, width, bias=bias, activation_function=activation)
    return _bert(folder, after=[layer, Normalize()])


def _modernbert(folder: Path) -> Path:
    made = _random(
        "ModernBert",
        num_hidden_layers=4,
        local_attention=8,
        max_position_embeddings=1024,
        pad_token_id=1,
        cls_token_id=0,
        sep_token_id=2,
        bos_token_id=0,
        eos_token_id=2,
    )
    return make_family(folder, made, pooling="cls")


def _distilbert(folder: Path) -> Path:
    import transformers

    torch.manual_seed(7)
    size = byte_tokenizer().get_vocab_size()
    config = transformers.DistilBertConfig(
        vocab_size=size, dim=WIDTH, n_layers=3, n_heads=4, hidden_dim=48, pad_token_id=1
    )
    return make_family(folder, transformers.DistilBertModel(config))


def _renamed_nomic(folder: Path) -> Path:
    """Make a NomicBERT whose tensors have the names of transformers, not those of its authors' code."""
    FAMILIES["nomic"](folder)
    tensors: dict[str, Any] = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        for ours, theirs in AUTHORS_NAMES:
            name = name.replace(theirs, ours)
        if "attn.Wqkv" in name:
            parts = zip("qkv", tensor.reshape(3, WIDTH, WIDTH), strict=True)
            tensors |= {name.replace("attn.Wqkv", f"self_attn.{part}_proj"): one.copy() for part, one in parts}
        else:
            tensors[name] = tensor
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "bert in float16": lambda folder: _half(folder, torch.float16),
    "bert in bfloat16": lambda folder: _half(folder, torch.bfloat16),
    "bert, greatest": lambda folder: _bert(folder, pooling="max"),
    "bert, last": lambda folder: _bert(folder, pooling="lasttoken", after=[Normalize()]),
    "bert, wider": lambda folder: _dense(folder, 48, torch.nn.Identity(), bias=False),
    "bert, narrower": lambda folder: _dense(folder, 20, torch.nn.Tanh(), bias=True),
    "roberta": lambda folder: make_family(folder, _random("Roberta", type_vocab_size=1, **PADDED), pooling="cls"),
    "xlm-roberta": lambda folder: make_family(folder, _random("XLMRoberta", type_vocab_size=1, **PADDED)),
    "distilbert": _distilbert,
    "mpnet": lambda folder: make_family(folder, _random("MPNet", **PADDED)),
    "modernbert": _modernbert,
    "nomic": lambda folder: make_family(folder, _random("NomicBert", pad_token_id=1)),
    "nomic, renamed": _renamed_nomic,
}
"""Models that numpy computes: a name, and what makes the model in a folder."""

OTHERS: dict[str, Callable[[Path], Path]] = {
    "another activation": lambda folder: make_family(folder, _random("Bert", pad_token_id=1, hidden_act="relu")),
    "another dense layer": lambda folder: _dense(folder, 20, torch.nn.ReLU(), bias=True),
    "another architecture": lambda folder: make_family(folder, _random("Electra", embedding_size=WIDTH)),
}
"""Models that sentence-transformers computes."""


def make_static(folder: Path, form: str) -> Path:
    """Make a model of static embeddings: as sentence-transformers saves it, or in a form of model2vec."""
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(5)
    tokenizer = byte_tokenizer()
    size = tokenizer.get_vocab_size()
    table = torch.randn(size, WIDTH)
    if form == "sentence-transformers":
        modules = [StaticEmbedding(tokenizer, embedding_weights=table)]
        SentenceTransformer(modules=modules, device="cpu").save(str(folder))
        return folder
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    tensors = {"embeddings": table.numpy()}
    if form == "model2vec with mapping":
        tensors = {
            "embeddings": table[: size // 2].numpy(),
            "mapping": (torch.arange(size) // 2).clamp(max=size // 2 - 1).numpy(),
            "weights": torch.rand(size, dtype=torch.float64).numpy(),
        }
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "model2vec", "normalize": True}))
    kinds = [("StaticEmbedding", "."), ("Normalize", "1_Normalize")]
    listed = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (kind, path) in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    return folder
