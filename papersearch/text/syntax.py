"""Tokens of a typed query: words, phrases, signs, parentheses and the operators AND, OR and NOT.

Every token knows its place in the text. A phrase is closed by a quotation mark of the same kind
as the one that opens it, or else by the next one of any kind, so that quotations nest and a mark
that a program has made typographic still fits. What the tokens mean together is told in `grammar`.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from papersearch.errors import UnclosedQuote

FIELDS: dict[str, Field] = {
    "title": "title",
    "author": "authors",
    "cat": "categories",
    "category": "categories",
    "venue": "venues",
    "year": "year",
}
"""Fields that a query can name, and their meaning."""

Field: TypeAlias = Literal["title", "authors", "categories", "venues", "year"]
TokenKind: TypeAlias = Literal["word", "phrase", "open", "close", "and", "or", "not"]

_QUOTES = {mark: re.compile(f"[{marks}]") for marks in ('"\uff02', "“”„‟", "«»‹›") for mark in marks}
_QUOTE = re.compile(f"[{''.join(_QUOTES)}]")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_DASH = re.compile(rf"(?<![^\s(])[{_DASHES}](?=[^\s{_DASHES}-])")
"""A typographic dash where a sign may be: at the beginning of a word."""

# After `title:` a blank is allowed, unless a sign or an operator follows it.
_FIELD = (
    rf"(?<![^\s(-])(?P<field>{'|'.join(FIELDS)}):"
    r"(?:(?=\S)|(?<=title:)\s(?=[^\s()-])(?!(?:AND|OR|NOT)\b))"
)
_TOKEN = re.compile(
    rf'(?P<minus>(?<![^\s(])-(?=[^\s-]))?(?:{_FIELD})?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)
_OF_YEARS = re.compile(r"[\d.…‐‑‒–—-]+[,;:!?)]*", re.ASCII)
_BLANK = re.compile(r"-?title:\s", re.IGNORECASE)
_FIELD_GROUP = re.compile(rf"(?<![^\s({_DASHES}-])(?P<field>(?i:{'|'.join(FIELDS)})):\(")
MAY_OPERATE = re.compile(rf"\b(?:AND|OR|NOT)\b|{_FIELD_GROUP.pattern}")
"""What gives parentheses a meaning."""

_OPERATOR = re.compile(r'(?:AND|OR|NOT)(?=[\s()"]|\Z)')
_EXCLUDED_GROUP = re.compile(rf"(?<![^\s(])-(?=\(|{_FIELD_GROUP.pattern})")
_KINDS: dict[str, TokenKind] = {"(": "open", ")": "close", "AND": "and", "OR": "or", "NOT": "not"}
_AFTER_A_GROUP = ".,;:!?"

# Names such as A*, LPA* and RRT* are not prefixes: they are short, or in capitals.
_PREFIX = re.compile(r"(?<![^\W_])([^\W_]{3,}+)\*(?![\w*])")


class Token(NamedTuple):
    """A token of a query.

    text: its words, without quotation marks, field and minus
    written: the token as it was typed, for messages
    field: of an operand, or before a group
    is_stray: an operator that joins nothing, and is read as a word
    """

    kind: TokenKind
    text: str
    written: str
    position: int
    is_excluded: bool = False
    field: Field | None = None
    is_stray: bool = False

    @property
    def is_operand(self) -> bool:
        return self.kind in ("word", "phrase")

    @property
    def in_title(self) -> bool:
        return self.field == "title"

    @property
    def is_ranked_by(self) -> bool:
        """True for words that rank, if they are not excluded: those of texts."""
        return self.field in (None, "title")

    @property
    def is_tentative(self) -> bool:
        """True for signs that prose has too: a blank behind `title:`, a typographic dash."""
        return self.written[0] in _DASHES or _BLANK.match(self.written) is not None


def tokens(text: str, *, grouped: bool) -> list[Token]:
    """Return the tokens of a query; parentheses and operators are tokens only if it is `grouped`.

    Raises UnclosedQuote.
    """
    plain = _with_plain_signs(text)
    found: list[Token] = []
    place = 0
    while place < len(plain):
        if plain[place].isspace():
            place += 1
            continue
        token, place = (_grouped_token if grouped else _plain_token)(text, plain, place)
        found.append(token)
    return found


def prefixes(words: str) -> list[str]:
    """Return the beginnings of words that end in an asterisk, without it."""
    return [found[1] for found in _PREFIX.finditer(words) if not found[1].isupper()] if "*" in words else []


def without_prefix_signs(words: str) -> str:
    """Return `words` without the asterisks of `prefixes`."""
    return _PREFIX.sub(lambda found: found[0] if found[1].isupper() else found[1], words) if "*" in words else words


def _with_plain_signs(text: str) -> str:
    """Return `text` with plain quotation marks around phrases, and plain minus signs, at the same places."""
    if text.isascii() and '"' not in text:
        return text
    plain = list(_DASH.sub("-", text))
    place = 0
    while (opened := _QUOTE.search(text, place)) is not None:
        start = opened.start()
        closed = _QUOTES[opened[0]].search(text, start + 1) or _QUOTE.search(text, start + 1)
        if closed is None:
            raise UnclosedQuote(query=text, position=start)
        for mark in _QUOTE.finditer(text, start + 1, closed.start()):  # inside the phrase
            plain[mark.start()] = " "
        plain[start] = plain[closed.start()] = '"'
        place = closed.end()
    return "".join(plain)


def _plain_token(text: str, plain: str, place: int) -> tuple[Token, int]:
    """Return the token at `place` and the place behind it; `place` is not a blank."""
    piece = _TOKEN.match(plain, place)
    if piece is None:  # a quotation mark that has no partner
        raise UnclosedQuote(query=text, position=place)
    stop = piece.end()
    kind: TokenKind = "word" if piece["phrase"] is None else "phrase"
    start, end = piece.span(kind)
    written, is_excluded = text[place:stop], piece["minus"] is not None
    field = FIELDS[piece["field"].lower()] if piece["field"] else None
    if field is not None and not has_value(field, text[start:end]):
        field, kind, start = None, "word", place + is_excluded
    return Token(kind, text[start:end], written, place, is_excluded, field), stop


def has_value(field: Field, value: str) -> bool:
    """Tell whether a value may be one of the field: not a dash, and of a year numbers and dashes."""
    if field == "year":
        return any(map(str.isdecimal, value)) and _OF_YEARS.fullmatch(value) is not None
    return field == "title" or any(map(str.isalnum, value))


def _grouped_token(text: str, plain: str, place: int) -> tuple[Token, int]:
    """Return the token at `place` where parentheses and operators count, and the place behind it."""
    sign = _OPERATOR.match(plain, place)
    written = sign[0] if sign else plain[place]
    if sign or written in "()":
        return Token(_KINDS[written], written, written, place), place + len(written)
    if _EXCLUDED_GROUP.match(plain, place):
        return Token("not", "-", "-", place), place + 1
    if group := _FIELD_GROUP.match(plain, place):
        return Token("open", "(", group[0], place, field=FIELDS[group["field"].lower()]), group.end()
    token, stop = _plain_token(text, plain, place)
    extra = _closing(token.text) if token.kind == "word" else 0
    if extra == 0:
        return token, stop
    return token._replace(text=token.text[:-extra], written=token.written[:-extra]), stop - extra


def _closing(word: str) -> int:
    """Count the characters at the end of a word from the first parenthesis that closes a group."""
    core = word.rstrip(_AFTER_A_GROUP)
    unopened = max(core.count(")") - core.count("("), 0)
    at_end = len(core) - len(core.rstrip(")"))
    closing = min(unopened, at_end)
    return closing + len(word) - len(core) if 0 < closing < len(core) else 0
