"""A query's word pieces without loading the tokenizer, and for ASCII without its library.

Reading `tokenizer.json` costs more than everything else that a query does with the model. Here the
vocabulary is searched in the bytes of `vocab.txt`. WordPiece's greedy longest match (Wu et al.
2016) runs in Python, on the few words of a query. ASCII is normalised and split here. Other text
goes through the `tokenizers` library, so that Unicode is treated exactly as in training. Special
tokens typed as text, and models without these files, are left to the library. A build records
whether both agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papersearch.dense.model_folder import read_model_file, read_object
from papersearch.errors import ModelDamaged, ModelError
from papersearch.user_files import open_regular

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_CONTINUATION = "##"
_MAX_WORD_LENGTH = 100  # limit of BERT's WordPiece: a longer word is unknown as a whole
_GREATEST_ID = 1 << 23  # the largest vocabularies have a million word pieces
_ROLES = ("cls_token", "sep_token", "unk_token")
_ASCII_WORDS = re.compile(r"[A-Za-z0-9]+|[!-/:-@\[-`{-~]")  # every punctuation mark is a word of its own


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Raise ModelDamaged, which names the file at `path`, for any error of the library."""
    try:
        yield
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelDamaged(path=path, fault=str(error)) from error


class LibraryTokenizer:
    """The model's own tokenizer, loaded completely. Raises ModelError if it cannot be."""

    def __init__(self, folder: Path, max_length: int) -> None:
        self._path = folder / "tokenizer.json"
        self._tokenizer = load_tokenizer(self._path, max_length)

    def ids(self, text: str) -> list[int]:
        """Return the ids of the word pieces of `text`, special tokens included."""
        ids: list[int] = self._split(text).ids
        return ids

    def ids_and_starts(self, text: str) -> tuple[list[int], list[int]]:
        """Return the ids, and the offset in characters of each word piece in the text."""
        found = self._split(text)
        return found.ids, [start for start, _ in found.offsets]

    def ids_and_segments(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """Return the ids of two texts together, and the token type of each; the longer text is cut first."""
        found = self._split(first, second)
        return found.ids, found.type_ids

    def _split(self, text: str, second: str | None = None) -> Encoding:
        """Split a text, or two together. Raises ModelDamaged."""
        with damage_told(self._path):
            return self._tokenizer.encode(text, second)

    def vocabulary(self) -> list[str]:
        """List the word pieces by id; an unused id has an empty string. Raises ModelDamaged."""
        return by_number(self._tokenizer.get_vocab(), self._path)


class WordPieces:
    """BERT's word pieces, looked up in `vocab.txt`; equal to the library's for supported models.

    Raises ModelError if the model lacks the necessary files.
    """

    def __init__(self, folder: Path, max_length: int) -> None:
        self._folder = folder
        self._max_length = max_length
        self._known: dict[str, int | None] = {}
        try:
            config = read_object(folder / "tokenizer_config.json")
            special = read_object(folder / "special_tokens_map.json")
            self._lower = bool(config["do_lower_case"])
            self._other_settings: dict[str, Any] = {
                "handle_chinese_chars": bool(config.get("tokenize_chinese_chars", True)),
                "strip_accents": config.get("strip_accents"),
            }
            vocabulary = read_model_file(folder / "vocab.txt")
            self._lines = b"\n" + vocabulary.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
            self._special = {role: _content(token) for role, token in special.items()}
            first, last, unknown = (self._id(self._special[role]) for role in _ROLES)
            if first is None or last is None or unknown is None:
                raise ValueError("a special token is not in vocab.txt")
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelDamaged(path=folder, fault=f"it has no word pieces ({error})") from error
        self._first, self._last, self._unknown = first, last, unknown

    def ids(self, text: str) -> list[int]:
        """Return the ids of the word pieces of `text`, special tokens included."""
        if any(token in text for token in self._special.values()):
            return LibraryTokenizer(self._folder, self._max_length).ids(text)
        ids = [piece for word in self._words(text) for piece in self._pieces(word)]
        return [self._first, *ids[: self._max_length - 2], self._last]

    def _words(self, text: str) -> Sequence[str]:
        """Return the normalised words of `text`, as BERT's pre-tokenizer splits them."""
        if text.isascii() and text.isprintable():
            return _ASCII_WORDS.findall(text.lower() if self._lower else text)
        from tokenizers import normalizers, pre_tokenizers

        normalizer = normalizers.BertNormalizer(clean_text=True, lowercase=self._lower, **self._other_settings)
        split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normalizer.normalize_str(text))
        return [word for word, _ in split]

    def _pieces(self, word: str) -> list[int]:
        """Return the greedy longest match from the left, or the unknown piece if a part has no match."""
        if len(word) > _MAX_WORD_LENGTH:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            for stop in range(len(word), start, -1):
                piece = self._id(word[start:stop] if start == 0 else _CONTINUATION + word[start:stop])
                if piece is not None:
                    break
            else:
                return [self._unknown]
            found.append(piece)
            start = stop
        return found

    def _id(self, piece: str) -> int | None:
        """Return the number of the line that equals `piece`, or None if there is none."""
        if piece not in self._known:
            place = self._lines.find(f"\n{piece}\n".encode("utf-8", "surrogatepass"))
            self._known[piece] = None if place < 0 else self._lines.count(b"\n", 0, place)
        return self._known[piece]


def load_tokenizer(path: Path, max_length: int | None = None) -> Tokenizer:
    """Load a tokenizer by its library, without padding. Raises ModelDamaged.

    max_length: number of word pieces to which a text is cut; None keeps what the file says
    """
    from tokenizers import Tokenizer

    with damage_told(path):
        open_regular(path).close()  # the library would wait for a pipe
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        if max_length is not None:
            tokenizer.enable_truncation(max_length)
    return tokenizer


def by_number(pieces: Mapping[str, int], path: Path) -> list[str]:
    """List word pieces by their ids; an unused id has an empty string.

    Raises ModelDamaged, which names the file or folder at `path`, for a greater id than any model has.
    """
    greatest = max(pieces.values(), default=-1)
    if greatest > _GREATEST_ID:
        raise ModelDamaged(path=path, fault=f"a word piece has the number {greatest:,}")
    named = [""] * (greatest + 1)
    for piece, number in pieces.items():
        named[number] = piece
    return named


def agrees(folder: Path, max_length: int, texts: Iterable[str]) -> bool:
    """Return whether `WordPieces` can read this model and gives the library's ids for all `texts`."""
    try:
        ours, library = WordPieces(folder, max_length), LibraryTokenizer(folder, max_length)
        return all(ours.ids(text) == library.ids(text) for text in texts)
    except ModelError:
        return False


def _content(token: Any) -> str:
    """Return the text of a special token, given as string or object. Raises ValueError."""
    content = token["content"] if isinstance(token, dict) else token
    if not isinstance(content, str) or not content:
        raise ValueError("a special token is not text")
    return content
