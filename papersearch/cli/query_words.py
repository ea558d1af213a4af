"""Words of a query among options: which typed words exclude, and how to type them surely.

`-survey` is written like a row of short options. After a word of the query it can only be meant as
an exclusion: no verb has short options without a value but `-h`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from papersearch.cli.errors import CommandError, complain, typed

_EXCLUSION = re.compile(r"-(?!-)(?!k=?\d*$).{2,}", re.DOTALL)
_DASHED = re.compile(r"-(?!-).+", re.DOTALL)


def refuse_dash(words: Sequence[str]) -> None:
    """Raise CommandError for a dash before or after a query, which may be meant for standard input.

    A dash between words is punctuation, as in a title, and a line says so.
    """
    if "-" not in words:
        return
    others = [word for word in words if word != "-"]
    within = "to search among papers that standard input names"
    if others and words[0] != "-" != words[-1]:
        complain("- between words is punctuation", f"{within}: --within -")
        return
    hint = typed("papersearch search", *(others or ["QUERY"]), "--within", "-")
    raise CommandError("cannot read - as a word of a query", f"{within}: {hint}")


def with_exclusions(arguments: Sequence[str], valued: Container[str]) -> list[str]:
    """Return a search's arguments with its exclusions as words; `valued` are the options with a value."""
    options, words = _parted(arguments, valued, _EXCLUSION)
    return [*options, "--", *words] if may_exclude(words) else list(arguments)


def typed_surely(arguments: Sequence[str], valued: Container[str]) -> list[str]:
    """Return a search's arguments in an order in which no word is taken for an option."""
    options, words = _parted(arguments, valued, _DASHED)
    return [*options, "--", *words]


def as_options(words: Sequence[str], known: Container[str], valued: Container[str]) -> tuple[list[str], list[str]]:
    """Part words of a query into those that are `known` options, with their values, and the others."""
    options: list[str] = []
    query: list[str] = []
    rest = iter(words)
    for word in rest:
        if word.partition("=")[0] not in known:
            query.append(word)
        elif word in valued:
            options += [word, *([value] if (value := next(rest, None)) is not None else [])]
        else:
            options.append(word)
    return options, query


def _parted(
    arguments: Sequence[str], valued: Container[str], exclusion: re.Pattern[str]
) -> tuple[list[str], list[str]]:
    """Part arguments into options with their values, and words."""
    options: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words += rest
        elif argument in valued:
            options += [argument, *([value] if (value := next(rest, None)) is not None else [])]
        elif argument.startswith("-") and argument != "-" and not (words and exclusion.fullmatch(argument)):
            options.append(argument)
        else:
            words.append(_quoted_again(argument))
    return options, words


def _quoted_again(word: str) -> str:
    """Return an excluded phrase with the quotation marks that the shell took: `-"a phrase"`."""
    is_phrase = _EXCLUSION.fullmatch(word) and len(word.split()) > 1 and '"' not in word
    return f'-"{word[1:]}"' if is_phrase else word


def may_exclude(arguments: Sequence[str]) -> bool:
    """Return whether any argument looks like an exclusion, before it is known which are values."""
    return any(map(_EXCLUSION.fullmatch, arguments))
