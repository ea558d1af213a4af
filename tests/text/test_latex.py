"""LaTeX becomes letters where it is surely LaTeX, and everything else stays as it is written."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.latex import without_latex

ACCENTS = {
    "'": "ACUTE",
    "`": "GRAVE",
    "^": "CIRCUMFLEX",
    '"': "DIAERESIS",
    "~": "TILDE",
    "=": "MACRON",
    ".": "DOT ABOVE",
    "u": "BREVE",
    "v": "CARON",
    "H": "DOUBLE ACUTE",
    "c": "CEDILLA",
    "k": "OGONEK",
    "d": "DOT BELOW",
    "b": "LINE BELOW",
    "r": "RING ABOVE",
    "h": "HOOK ABOVE",
}
"""Accents by the name of their letters in Unicode's tables, which are the oracle."""

SPECIAL = {
    "l": "L WITH STROKE",
    "o": "O WITH STROKE",
    "ae": "AE",
    "aa": "A WITH RING ABOVE",
    "dh": "ETH",
    "th": "THORN",
    "dj": "D WITH STROKE",
    "ng": "ENG",
    "ohorn": "O WITH HORN",
    "uhorn": "U WITH HORN",
}


def named(case: str, rest: str) -> str | None:
    """Return the Latin letter of that name, or None."""
    try:
        return unicodedata.lookup(f"LATIN {case} LETTER {rest}")
    except KeyError:
        return None


PAIRS = [
    (accent, letter, composed)
    for accent, name in ACCENTS.items()
    for letter in string.ascii_letters
    if (composed := named("SMALL" if letter.islower() else "CAPITAL", f"{letter.upper()} WITH {name}"))
    and len(composed) == 1  # `lookup` knows sequences as well
]


def test_accents_have_letters() -> None:
    """The oracle knows letters for each accent, more than two hundred in all."""
    assert {accent for accent, _, _ in PAIRS} == set(ACCENTS)
    assert len(PAIRS) > 200


@pytest.mark.parametrize("accent", ACCENTS)
def test_accents_in_every_form(accent: str) -> None:
    """Each accent on each letter that Unicode knows is that letter, however it is braced."""
    for _, letter, composed in (pair for pair in PAIRS if pair[0] == accent):
        forms = [rf"\{accent}{{{letter}}}", rf"{{\{accent}{{{letter}}}}}", rf"\{accent} {{{letter}}}"]
        if accent.isalpha():
            forms += [rf"{{\{accent} {letter}}}"]
        else:
            forms = [*forms[:2], rf"\{accent}{letter}", rf"{{\{accent}{letter}}}"]
        if letter in "ij" and accent not in "ckdbhr.":
            forms += [rf"\{accent}{{\{letter}}}", rf"{{\{accent}\{letter}}}", rf"\{accent}\{letter}{{}}"]
        for form in forms:
            assert without_latex(f"Ab{form}yz") == f"Ab{composed}yz", form


@pytest.mark.parametrize("case", ["SMALL", "CAPITAL"])
@pytest.mark.parametrize("command", SPECIAL)
def test_special_letters_in_every_form(command: str, case: str) -> None:
    """Each special letter is the letter of its name in Unicode, in braces or before a blank."""
    letter = named(case, SPECIAL[command])
    name = command if case == "SMALL" else command.upper()
    for form in (rf"\{name}{{}}", rf"{{\{name}}}", rf"\{name} ", rf"{{\{name} }}"):
        assert without_latex(f"S{form}ren") == f"S{letter}ren", form
    assert without_latex(rf"S\{name}-\{name}\{name}") == f"S{letter}-{letter}{letter}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"the Erd\H{o}s--R\'enyi graph", "the Erdős–Rényi graph"),
        (r"a Poincar\'e inequality on K\"ahler cones", "a Poincaré inequality on Kähler cones"),
        (r"Owls at Noon: {\L}\'od\'z Revisited, Bouchard-C\^ot\'e", "Owls at Noon: Łódź Revisited, Bouchard-Côté"),
        (r"Nikola \v Cori\'c, Erdo\u gan, Nguy\~{\^e}n, Ph{\d a}m", "Nikola Čorić, Erdoğan, Nguyễn, Phạm"),
        (r"\'{\'{e}} {\'{\^e}} \d{\'{o}} \.{\i} \t{oo} Y{\i}ld{\i}z \O{} {\OE}uvre Stra\ss e", None),
        (r"5\% \& more\_than \$6 \#1 \{a, b\}", "5% & more_than $6 #1 {a, b}"),
        (r"et al.\ 2019, 10\,km, data\-base, one\\ two \\", "et al. 2019, 10 km, database, one  two  "),
        (r"\textit{a \emph{b} c} {\em (ii)} {\bf \texttt{x}}\textsuperscript{2}{}y", "a b c (ii) x2y"),
        (r"\textcolor{red}{Te}xt \textcolor[RGB]{1,2,3}{b} {\color{blue} c}", "Text b c"),
        (
            r"we\url{https://x.org/a\_b}, \href{https://y.org/\~u}{here}",
            "we https://x.org/a_b, here (https://y.org/~u)",
        ),
        (
            r"\href{https://y.org}{https://y.org} https://x.org/\~{}u/$\sim$v\%20",
            "https://y.org https://x.org/~u/~v%20",
        ),
        (
            r"models~(LLMs), Fig.~3, J.~Smith, in~$n$ steps, 10~km",
            "models (LLMs), Fig. 3, J. Smith, in $n$ steps, 10 km",
        ),
        ("a ``memory wall'', Rao--Blackwell---or so", "a “memory wall”, Rao–Blackwell—or so"),
        (r"\enquote{so \emph{it} is} \mkbibquote{b}, \enquote{open", "“so it is” “b”, \\enquote{open"),
        (r"{B}ayesian {GPU}s and {M\"uller}", "Bayesian GPUs and Müller"),
        (r"\LaTeX{} \textasciitilde\textbackslash{}n \ldots", "LaTeX ~\\n …"),
        (r"the 5\({}^{\mbox{th}}\) moth, 4$^{th}$, $3^{\textrm{rd}}$, $2^{\rm nd}$", "the 5th moth, 4th, 3rd, 2nd"),
        (r"SEN\'{C}OTEN \'{} \~{}x \^{}", "SENĆOTEN ´ ~x ^"),
    ],
)
def test_latex_by_hand(text: str, expected: str | None) -> None:
    """Accents, letters, escapes, styles, links, ties, quotation marks and dashes become characters."""
    expected = expected or "é́ ế ọ́ i o͡o Yıldız Ø Œuvre Straße"
    assert without_latex(text) == unicodedata.normalize("NFC", expected)


MATHEMATICS = (
    r"$\alpha$-light",
    r"$\{\'e\}_{B}ayes~\%$",
    r"$ \hat{\i} $",
    r"$$ {\'e}--\"o $$",
    r"\(a\'b{\c c}\)",
    r"\[x~\%\]",
    r"M$^{3}$ViT",
    r"$2^n$, $x^{th}$, a$^{th}$",
    r"$O(n^2)$, $3 \times 10$",
)


@pytest.mark.parametrize("formula", MATHEMATICS)
def test_mathematics_stays(formula: str) -> None:
    """Between dollars and brackets nothing changes, and around it everything does."""
    assert without_latex(rf"\'e {formula} \'e") == f"é {formula} é"


@pytest.mark.parametrize(
    "text",
    [
        r"C:\Users\o\l and d:\v\c, \d+ \w* \s, match \d and \b a \t b",
        r"\alpha, \proj, \foo{x}{\bar y} [\cite{smith2020}] x^{\alpha}",
        r"\frac{{a}}{b}, N_E sum_{i=1}^{N_E} f_i",
        "the sets {a, b} and {A}, the name {placeholder}, f{x}, {}, {{}}, } {",
        r"prices of $5 and $10, or $5-$10 a day, 5% more",
        "use --flag or -- a - b, the sand--a wet one--is so, 1--3, i-- and <!-- x -->, ----",
        "http://x.org/~user, ~95%, x ~ y, y~N(0,1), 1M~60M, 1.53times~20, ~",
        "``never closed, ```py``` and it''s 'so'",
        r"the \"best\" model, users\' don\'t",
        r"unclosed {\em x and \'{e and \textit{y",
        r"\\server\share, \b{eta}, \u{abc}, \={1}, \color red, \href{x}",
        "\\",
    ],
)
def test_other_signs_stay(text: str) -> None:
    """Paths, patterns, unknown commands, sets, prices, options and addresses are as they are written."""
    assert without_latex(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{Lantern {Maps}} of {\\'E}cole", "Lantern Maps of École"),
        (r"{The ATLAS \& CMS Collaborations}", "The ATLAS & CMS Collaborations"),
        (r"$\{x\}$ {and} $M_{2}$ \foo{x}", r"$\{x\}$ and $M_{2}$ \foo{x}"),
        ("a {} b", "a  b"),
        (r"\{a\}", "{a}"),
        (r"Gaf\/fey", "Gaffey"),
        ("12--34, so---or --so", "12–34, so—or --so"),
    ],
)
def test_braces_of_bibtex_go(text: str, expected: str) -> None:
    """Braces that protect capitals go from values of BibTeX, and ranges have dashes."""
    assert without_latex(text, is_bibtex=True) == expected


COMMANDS = r"\' \" \v \c \o \em \url \textit \foo \href \color \\ \( \) { } $ e o ~ -- `` '' ^ 5 https:// C: é"
PIECES = st.sampled_from([*COMMANDS.split(), " ", "\ud800", "\u0301"])


@given(st.text() | st.lists(PIECES).map("".join), st.booleans())
def test_latex_never_fails(text: str, is_bibtex: bool) -> None:
    """Any text is read; it never becomes longer."""
    assert len(without_latex(text, is_bibtex=is_bibtex)) <= len(text)


@given(st.text(st.characters(exclude_characters="\\{~-`")), st.booleans())
def test_text_without_latex_is_unchanged(text: str, is_bibtex: bool) -> None:
    """A text without a backslash, brace, tie, hyphen or backquote has no LaTeX."""
    assert without_latex(text, is_bibtex=is_bibtex) == text


@given(st.text(string.ascii_letters + "éłø 0123456789.,;:()[]<>&%#@!?*+=/|'\"_^$-"))
def test_plain_prose_is_unchanged(text: str) -> None:
    """Prose, code and prices without backslashes, with single hyphens, stay."""
    text = text.replace("--", "-").replace("--", "-")
    assert without_latex(text) == text


@pytest.mark.parametrize(
    "piece", ["{", r"{\em ", r"\'{", "}{", "$", r"\(", "``", "a~ ", r"\url{x", "{a}", r"\href{x}{"]
)
def test_hostile_latex_is_read_in_linear_steps(piece: str) -> None:
    """Unclosed groups of 100,000 characters are read, which in quadratic time would take minutes."""
    text = piece * (100_000 // len(piece))
    assert without_latex(text).count("x") == text.count("x")
