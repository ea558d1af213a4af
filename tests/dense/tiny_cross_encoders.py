"""Tiny random cross-encoders, saved by the libraries themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import processors

from papersearch.search.reranking import Reranker
from tests.dense.families import PADDED, SPECIAL_TOKENS, WIDTH, byte_tokenizer, config_of


def make_cross_encoder(
    folder: Path,
    kind: str = "Bert",
    *,
    activation: torch.nn.Module | None = None,
    has_token_types: bool = True,
    is_saved_by_the_library: bool = True,
    **changes: Any,
) -> Path:
    """Save a transformer for sequence classification with random weights, with the tokenizer of bytes.

    changes: fields of its configuration
    """
    import transformers
    from sentence_transformers import CrossEncoder

    raw = folder if not is_saved_by_the_library else folder.parent / f"{folder.name}-raw"
    torch.manual_seed(11)
    made = getattr(transformers, f"{kind}ForSequenceClassification")(
        config_of(kind, **{"num_labels": 1, "pad_token_id": 1, **changes})
    )
    for parameter in made.parameters():  # large enough that scores differ
        spread = {"std": 0.3} if parameter.dim() > 1 else {"mean": parameter.mean().item(), "std": 0.1}
        torch.nn.init.normal_(parameter, **spread)
    made.save_pretrained(raw)
    tokenizer = byte_tokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = ["input_ids", *(["token_type_ids"] if has_token_types else []), "attention_mask"]
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, model_input_names=names, **SPECIAL_TOKENS
    ).save_pretrained(raw)
    if is_saved_by_the_library:
        CrossEncoder(str(raw), device="cpu", activation_fn=activation).save(str(folder))
    return folder


def keep_description(model: Path, cache: Path) -> Path:
    """Make a cache that knows the model and no scores: comparing the model would take each test seconds."""
    Reranker(model, cache=cache).scores("a", ["b"])
    for path in cache.glob("query-*"):
        path.unlink()
    return cache


IN_NUMPY: dict[str, Callable[[Path], Path]] = {
    "bert": make_cross_encoder,
    "bert, as transformers saves it": lambda folder: make_cross_encoder(folder, is_saved_by_the_library=False),
    "bert without token types": lambda folder: make_cross_encoder(folder, has_token_types=False),
    "bert, logits": lambda folder: make_cross_encoder(folder, activation=torch.nn.Identity()),
    "roberta": lambda folder: make_cross_encoder(
        folder, "Roberta", has_token_types=False, type_vocab_size=1, **PADDED
    ),
    "xlm-roberta": lambda folder: make_cross_encoder(
        folder, "XLMRoberta", has_token_types=False, type_vocab_size=1, **PADDED
    ),
}
"""Cross-encoders that numpy computes: a name, and what makes the model in a folder."""

BY_THE_LIBRARY: dict[str, Callable[[Path], Path]] = {
    "electra": lambda folder: make_cross_encoder(folder, "Electra", embedding_size=WIDTH),
    "bert, another activation inside": lambda folder: make_cross_encoder(folder, hidden_act="relu"),
    "bert, another activation at the end": lambda folder: make_cross_encoder(folder, activation=torch.nn.Tanh()),
}
"""Cross-encoders that sentence-transformers computes."""
