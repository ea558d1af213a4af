"""Fields before a parenthesis: `author:(doe OR roe)` is `(author:doe OR author:roe)`.

Words side by side in a group of authors or venues are one name; in other groups each is a value.
"""

from __future__ import annotations

from papersearch.text.syntax import Token, has_value

_NAMES = ("authors", "venues")


def with_fields(found: list[Token]) -> list[Token]:
    """Give the operands of each group the field before it, unless they have one of their own."""
    groups: list[Token] = []
    kept: list[Token] = []
    is_name = False  # whether the last token is a word of a name, which may go on
    for token in found:
        goes_on, is_name = is_name, False
        if token.kind == "open":
            groups.append(token if token.field or not groups else groups[-1])
        elif token.kind == "close":
            groups.pop()
        elif token.is_operand and not token.is_stray and not token.field and groups and groups[-1].field:
            is_name = token.kind == "word" and not token.is_excluded and groups[-1].field in _NAMES
            if goes_on and is_name:
                token = _joined(kept.pop(), token, groups[-1])
            else:
                token = _with_field(token, groups[-1])
        kept.append(token)
    return kept


def _with_field(token: Token, group: Token) -> Token:
    """Return an operand with the field of its group.

    Where the field takes no such value, it is a word that begins with the field's name.
    """
    name, field = group.written[:-1], group.field
    sign = token.written[:1] if token.is_excluded else ""
    written = f"{sign}{name}{token.written[len(sign) :]}"
    if field is not None and has_value(field, token.text):
        return token._replace(field=field, written=written)
    return token._replace(kind="word", text=f"{name}{token.text}", written=written)


def _joined(before: Token, token: Token, group: Token) -> Token:
    """Return a name with one more word."""
    text = f"{before.text} {token.text}"
    return before._replace(kind="phrase", field=group.field, text=text, written=f'{group.written[:-1]}"{text}"')
