"""A query's word pieces without loading the whole tokenizer.

Reading `tokenizer.json` costs more than everything else that a query does with the model.
Here the `tokenizers` library still normalises and splits the text, so that Unicode is
treated exactly as in training, but the vocabulary comes from `vocab.txt`, and the greedy
longest match of WordPiece (Wu et al. 2016) is made in Python, on the few words of a query.
What is unusual (special tokens typed as text, a model without these files) is left to the
library; a build records whether both agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from tokenizers import Tokenizer, normalizers, pre_tokenizers

from papersearch.errors import ModelError

_CONTINUATION = "##"
_MAX_WORD_LENGTH = 100  # of BERT's WordPiece: a longer word is unknown as a whole
_ROLES = ("cls_token", "sep_token", "unk_token")


class LibraryTokenizer:
    """The model's own tokenizer, loaded whole."""

    def __init__(self, folder: Path, max_length: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"{folder / 'tokenizer.json'}: {error}", "papersearch index") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length)

    def ids(self, text: str) -> list[int]:
        """The ids of the word pieces of `text`, special tokens included."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids


class WordPieces:
    """BERT's word pieces by `vocab.txt`; equal to the library's. Raises ModelError when the
    model has not the files for it."""

    def __init__(self, folder: Path, max_length: int) -> None:
        self._folder = folder
        self._max_length = max_length
        try:
            config = orjson.loads((folder / "tokenizer_config.json").read_bytes())
            special = orjson.loads((folder / "special_tokens_map.json").read_bytes())
            pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
            lower = bool(config["do_lower_case"])
            self._normalizer = normalizers.BertNormalizer(
                clean_text=True,
                handle_chinese_chars=bool(config.get("tokenize_chinese_chars", True)),
                strip_accents=config.get("strip_accents"),
                lowercase=lower,
            )
            self._special = {role: _content(token) for role, token in special.items()}
            self._ids = {piece.rstrip("\r"): place for place, piece in enumerate(pieces)}
            self._first, self._last, self._unknown = (self._ids[self._special[role]] for role in _ROLES)
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelError(f"{folder} has no word pieces ({error})", "papersearch index") from error
        self._splitter = pre_tokenizers.BertPreTokenizer()

    def ids(self, text: str) -> list[int]:
        """The ids of the word pieces of `text`, special tokens included."""
        if any(token in text for token in self._special.values()):
            return LibraryTokenizer(self._folder, self._max_length).ids(text)
        words = self._splitter.pre_tokenize_str(self._normalizer.normalize_str(text))
        ids = [piece for word, _ in words for piece in self._pieces(word)]
        return [self._first, *ids[: self._max_length - 2], self._last]

    def _pieces(self, word: str) -> list[int]:
        """Greedy longest match from the left; the unknown piece when any part has none."""
        if len(word) > _MAX_WORD_LENGTH:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            for stop in range(len(word), start, -1):
                piece = self._ids.get(word[start:stop] if start == 0 else _CONTINUATION + word[start:stop])
                if piece is not None:
                    break
            else:
                return [self._unknown]
            found.append(piece)
            start = stop
        return found


def agrees(folder: Path, max_length: int, texts: Iterable[str]) -> bool:
    """Whether `WordPieces` can read this model and gives the library's ids for all `texts`."""
    try:
        ours, library = WordPieces(folder, max_length), LibraryTokenizer(folder, max_length)
    except ModelError:
        return False
    return all(ours.ids(text) == library.ids(text) for text in texts)


def _content(token: Any) -> str:
    content = token["content"] if isinstance(token, dict) else token
    if not isinstance(content, str) or not content:
        raise ValueError("a special token is not text")
    return content
