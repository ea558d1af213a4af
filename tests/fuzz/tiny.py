"""A tiny model of each sort and a tiny index, made in a moment and without a model library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

import papersearch
from papersearch.api import Index

WIDTH = 8
_PIECES = "[PAD] [UNK] [CLS] [SEP] [MASK] a the of and moth ##s lamp graph colour ##ing data".split()
_LETTERS = [mark + letter for mark in ("", "##") for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
_SPECIAL = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}

PAPERS: tuple[dict[str, Any], ...] = (
    {"title": "Moths at the lamp", "abstract": "Moths circle a lamp (MAL). We study pre-training of moths.",
     "authors": ["Ada Grove", "Bo Lind"], "date": "2026-04-02", "doi": "10.5555/moth_1",
     "categories": ["q-bio.PE"]},
    {"title": "Graph colouring", "abstract": "We colour graphs by three colours. Nobody needs more of them.",
     "authors": ["Cy Rook"], "date": "2025", "venue": "Journal of Lamps", "arxiv_id": "2504.01234"},
    {"title": "A survey of moths", "abstract": "This survey covers moths, lamps and graphs: data and code.",
     "authors": ["Grove, A.", "The Lamp Collaboration"], "date": "2024-12", "links": ["https://github.com/a/b"]},
    {"title": "Moths at a lamp", "abstract": "Moths circle a lamp (MAL). We study pretraining of moths."},
    {"title": "", "abstract": "A paper without a title is about owls at noon, and about nothing else."},
    {"title": "王伟的论文", "abstract": "Étude des papillons de nuit près d'une lampe, en hiver."},
)  # fmt: skip
"""Papers of the index: dates, names, identifiers, acronyms, near-duplicates, and their absence."""


def tiny_transformer(folder: Path) -> Path:
    """Make a BERT of one layer with random weights, and a tokenizer of word pieces."""
    folder.mkdir()
    pieces = [*_PIECES, *_LETTERS]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="ascii")
    tokenizer = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    chosen = np.random.default_rng(1)
    shapes = {
        **{f"embeddings.{name}_embeddings.weight": (rows, WIDTH)
           for name, rows in (("word", len(pieces)), ("position", 32), ("token_type", 2))},
        **{f"{name}.weight": shape for name, shape in _LINEAR.items()},
        **{f"{name}.bias": shape[:1] for name, shape in _LINEAR.items()},
        **{f"{name}.{part}": (WIDTH,) for name in _NORMS for part in ("weight", "bias")},
    }  # fmt: skip
    tensors = {name: chosen.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors")
    _write(folder / "config.json", model_type="bert", hidden_act="gelu", num_hidden_layers=1, num_attention_heads=2,
           layer_norm_eps=1e-12, hidden_size=WIDTH, max_position_embeddings=32)  # fmt: skip
    _write(folder / "tokenizer_config.json", do_lower_case=True, model_max_length=32)
    _write(folder / "special_tokens_map.json", **_SPECIAL)
    _write(folder / "config_sentence_transformers.json", prompts={"query": "query: ", "document": ""})
    (folder / "1_Pooling").mkdir()
    _write(folder / "1_Pooling" / "config.json", pooling_mode_mean_tokens=True)
    _write_modules(folder, Transformer=".", Pooling="1_Pooling", Normalize="2_Normalize")
    return folder


def tiny_reranker(folder: Path) -> Path:
    """Make a cross-encoder of the same transformer, with the two layers after its first state."""
    tiny_transformer(folder)
    tensors = load_file(folder / "model.safetensors")
    for name, n_rows in (("bert.pooler.dense", WIDTH), ("classifier", 1)):
        tensors |= {f"{name}.weight": np.eye(WIDTH, dtype=np.float32)[:n_rows].copy()}
        tensors |= {f"{name}.bias": np.zeros(n_rows, dtype=np.float32)}
    save_file(tensors, folder / "model.safetensors")
    config = orjson.loads((folder / "config.json").read_bytes())
    _write(folder / "config.json", **config, architectures=["BertForSequenceClassification"], id2label={"0": "a"})
    (folder / "modules.json").unlink()
    (folder / "config_sentence_transformers.json").unlink()
    return folder


_LAYER = "encoder.layer.0"
_LINEAR = {
    **{f"{_LAYER}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")},
    f"{_LAYER}.attention.output.dense": (WIDTH, WIDTH),
    f"{_LAYER}.intermediate.dense": (2 * WIDTH, WIDTH),
    f"{_LAYER}.output.dense": (WIDTH, 2 * WIDTH),
}
_NORMS = ("embeddings.LayerNorm", f"{_LAYER}.attention.output.LayerNorm", f"{_LAYER}.output.LayerNorm")


def tiny_table(folder: Path) -> Path:
    """Make static embeddings in the form of model2vec, with a mapping and weights."""
    folder.mkdir()
    pieces = [*_PIECES, *_LETTERS]
    tokenizer = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    chosen = np.random.default_rng(2)
    tensors = {
        "embeddings": chosen.standard_normal((len(pieces) // 2, WIDTH)).astype(np.float32),
        "mapping": np.arange(len(pieces)) // 2,
        "weights": chosen.random(len(pieces)),
    }
    save_file(tensors, folder / "model.safetensors")
    _write(folder / "config.json", model_type="model2vec", normalize=True)
    _write_modules(folder, StaticEmbedding=".", Normalize="1_Normalize")
    return folder


def tiny_index(folder: Path) -> Index:
    """Build an index of `PAPERS` with static embeddings."""
    (folder / "corpus").mkdir(parents=True)
    (folder / "corpus" / "papers.jsonl").write_bytes(b"".join(orjson.dumps(paper) + b"\n" for paper in PAPERS))
    papersearch.build(folder / "corpus", folder / "index", model=str(tiny_table(folder / "model")))
    return papersearch.open(folder / "index")


def _write(path: Path, **fields: Any) -> None:
    path.write_bytes(orjson.dumps(fields))


def _write_modules(folder: Path, **folders: str) -> None:
    kinds = [{"type": f"sentence_transformers.models.{kind}", "path": path} for kind, path in folders.items()]
    (folder / "modules.json").write_bytes(orjson.dumps(kinds))
