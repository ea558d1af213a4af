"""Named entities: those of HTML, and the Greek letters of ISO 8879, which SGML and older XML have.

ISO's sets are ISOgrk1 (`rgr`), ISOgrk2 (`aacgr`) and ISOgrk3 (`thetas`). Where HTML has the name of one
of them too, HTML's character is taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html.entities import html5

_LETTERS = (
    "a:α b:β g:γ d:δ e:ε z:ζ ee:η th:θ i:ι k:κ l:λ m:μ n:ν x:ξ o:ο p:π r:ρ sf:ς s:σ t:τ u:υ ph:φ kh:χ ps:ψ oh:ω"
)
"""Small letters after ISO's names of them; a capital letter has the name in capitals."""

_ACCENTED = {"ac": "a e ee i o oh u A E EE I O OH U", "di": "i u I U", "dia": "i u"}
_ACCENTS = {"ac": "\u0301", "di": "\u0308", "dia": "\u0308\u0301"}
"""Tonos, dialytika and both, and the letters that have them."""

_SYMBOLS = {"epsis": "ϵ", "phis": "ϕ", "thetas": "θ"}
"""Names of ISOgrk3 that HTML lacks."""


def character_of(name: str) -> str | None:
    """Return the characters of an entity without its `&` and `;`, or None for an unknown name."""
    return html5.get(f"{name};") or _GREEK.get(name)


def _greek() -> Iterator[tuple[str, str]]:
    letters = dict(pair.split(":") for pair in _LETTERS.split())
    letters |= {name.upper(): letter.upper() for name, letter in letters.items() if name != "sf"}
    yield from ((f"{name}gr", letter) for name, letter in letters.items())
    for accent, names in _ACCENTED.items():
        for name in names.split():
            yield f"{name}{accent}gr", unicodedata.normalize("NFC", letters[name] + _ACCENTS[accent])


_GREEK = {**_SYMBOLS, **dict(_greek())}
