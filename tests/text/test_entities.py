"""Named entities of HTML and of ISO 8879."""

from __future__ import annotations

import unicodedata
from html.entities import html5

import pytest

from papersearch.text.entities import _GREEK, character_of
from papersearch.text.markup import without_markup

LETTERS = {
    "a": "ALPHA", "b": "BETA", "g": "GAMMA", "d": "DELTA", "e": "EPSILON", "z": "ZETA", "ee": "ETA", "th": "THETA",
    "i": "IOTA", "k": "KAPPA", "l": "LAMDA", "m": "MU", "n": "NU", "x": "XI", "o": "OMICRON", "p": "PI", "r": "RHO",
    "s": "SIGMA", "t": "TAU", "u": "UPSILON", "ph": "PHI", "kh": "CHI", "ps": "PSI", "oh": "OMEGA",
}  # fmt: skip
ISOGRK1 = {
    **{f"{name}gr": f"GREEK SMALL LETTER {letter}" for name, letter in LETTERS.items()},
    **{f"{name.upper()}gr": f"GREEK CAPITAL LETTER {letter}" for name, letter in LETTERS.items()},
    "sfgr": "GREEK SMALL LETTER FINAL SIGMA",
}
ISOGRK2 = {
    **{
        f"{name if size == 'SMALL' else name.upper()}acgr": f"GREEK {size} LETTER {LETTERS[name]} WITH TONOS"
        for name in ("a", "e", "ee", "i", "o", "oh", "u")
        for size in ("SMALL", "CAPITAL")
    },
    "idigr": "GREEK SMALL LETTER IOTA WITH DIALYTIKA",
    "Idigr": "GREEK CAPITAL LETTER IOTA WITH DIALYTIKA",
    "udigr": "GREEK SMALL LETTER UPSILON WITH DIALYTIKA",
    "Udigr": "GREEK CAPITAL LETTER UPSILON WITH DIALYTIKA",
    "idiagr": "GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS",
    "udiagr": "GREEK SMALL LETTER UPSILON WITH DIALYTIKA AND TONOS",
}
ISOGRK3 = (
    "alpha beta chi Delta delta epsi epsis epsiv eta Gamma gamma gammad iota kappa kappav Lambda lambda mu nu Omega"
    " omega Phi phi phis phiv Pi pi piv Psi psi rho rhov Sigma sigma sigmav tau Theta theta thetas thetav Upsi upsi"
    " Xi xi zeta"
).split()


def test_the_sets_of_iso() -> None:
    """The Greek letters of ISOgrk1 and ISOgrk2 are those of Unicode's names, and there are no others."""
    named = {name: unicodedata.lookup(letter) for name, letter in {**ISOGRK1, **ISOGRK2}.items()}
    assert (len(ISOGRK1), len(ISOGRK2)) == (49, 20)
    assert {name: character_of(name) for name in named} == named
    assert _GREEK.keys() == {*named, "epsis", "phis", "thetas"}


@pytest.mark.parametrize("name", ISOGRK3)
def test_symbols(name: str) -> None:
    """Every name of ISOgrk3 is a Greek letter or its symbol."""
    character = character_of(name)
    assert character is not None
    assert unicodedata.name(character).startswith("GREEK ")


def test_html_is_as_it_was() -> None:
    """Every entity of HTML has HTML's characters, and no other name has any."""
    assert all(character_of(name[:-1]) == character for name, character in html5.items() if name.endswith(";"))
    assert [character_of(name) for name in ("", "gr", "qgr", "rGR", "RGR", "rgr;", "sFgr", "SFgr")] == [None] * 8


def test_texts() -> None:
    """Entities are decoded in texts with and without tags; an unknown name stays as it is written."""
    assert without_markup("&rgr; &OHgr; &thetas; &nosuchgr; &amp;rgr;") == "ρ Ω θ &nosuchgr; &rgr;"
    assert without_markup("<i>&bgr;</i>-catenin") == "β-catenin"
