"""Text as LaTeX that prints it, in forms that biber, BibTeX, pandoc and bibtexparser all read.

Unicode stays. Mathematics stays where every command in it is known; another dollar is money.
"""

from __future__ import annotations

import re

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "{}&%$#_"},
}
_ALONE = {"{": r"\{\vphantom{\}}", "}": r"\vphantom{\{}\}"}
"""Braces without a partner. BibTeX counts braces, a backslash before them or not."""

_CODED = "^^"
"""Beginning of a character by its code, which TeX reads before anything else: `^^5c` is a backslash."""

_COMMANDS = frozenset(
    r"alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma "
    r"tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar "
    r"infty partial nabla emptyset forall exists neg prime sum prod int times cdot cdots ldots dots circ ast star "
    r"pm mp div oplus otimes cap cup setminus in notin ni subset subseteq supset supseteq leq le geq ge neq ne ll "
    r"gg approx sim simeq equiv cong propto mid parallel perp to rightarrow leftarrow leftrightarrow Rightarrow "
    r"Leftarrow Leftrightarrow mapsto uparrow downarrow langle rangle lfloor rfloor lceil rceil vert Vert left "
    r"right big Big bigl bigr frac sqrt binom hat widehat bar overline tilde widetilde vec dot mathcal mathrm "
    r"mathbf mathit mathsf mathbb mathfrak boldsymbol text textrm operatorname log ln exp sin cos tan min max sup "
    r"inf lim arg argmax argmin det dim ker deg gcd Pr bmod quad".split()
)
"""Commands of mathematics without side effects; a few need amsmath or amssymb."""

_FORMULA = re.compile(
    r"(?<![\\$])\$(?=[^\s$])((?:\\[A-Za-z]++|\\[,;:!{}| %_]|[^\\$%#&~]){1,300}?)(?<!\s)\$(?![\d$])"
)
_PROSE = re.compile(r"(?:^|\s)[a-z]{3,}(?=\s|$)")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\\&(?=(?:\\#)?[A-Za-z0-9]{1,31};)")
"""Starts of text about tags and entities. Readers of BibTeX decode these, but not with an empty group inside."""

_BRACE = re.compile(r"[{}]")
_COMMAND = re.compile(r"\\([A-Za-z]+)")


def latex(text: str) -> str:
    """Escape text for LaTeX."""
    partners = _partners(text)
    escaped: list[str] = []
    end = 0
    for formula in _FORMULA.finditer(text):
        if _is_mathematics(formula[1]):
            escaped.append(_plain(text, end, formula.start(), partners))
            escaped.append(formula[0])
            end = formula.end()
    escaped.append(_plain(text, end, len(text), partners))
    # Two hyphens would print as a dash.
    return re.sub(r"-(?=-)", "-{}", "".join(escaped)) if "--" in text else "".join(escaped)


def verbatim(text: str) -> str:
    """Return an identifier for a field that LaTeX does not interpret: only braces must balance there."""
    if "\\" not in text and _CODED not in text and _is_balanced(text):
        return text
    return re.sub(r"[\\{}^]", lambda found: f"%{ord(found[0]):02X}", text)


def _plain(text: str, start: int, end: int, partners: frozenset[int]) -> str:
    escaped = "".join(
        _ALONE[one] if one in _ALONE and place not in partners else _ESCAPES.get(one, one)
        for place, one in enumerate(text[start:end], start)
    )
    return _MARKUP.sub(r"\g<0>{}", escaped) if "<" in escaped or "&" in escaped else escaped


def _partners(text: str) -> frozenset[int]:
    """Return the places of the braces in `text` that have a partner."""
    opened: list[int] = []
    paired: set[int] = set()
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            paired |= {opened.pop(), brace.start()}
    return frozenset(paired)


def _is_mathematics(formula: str) -> bool:
    """Return whether a text between dollars is a formula that is safe to keep.

    Braces must balance for LaTeX, and for BibTeX, which counts escaped ones as well.
    """
    return (
        _CODED not in formula
        and all(command in _COMMANDS for command in _COMMAND.findall(formula))
        and not _PROSE.search(re.sub(r"\{[^{}]*\}", "", formula))
        and _is_balanced(formula)
        and _is_balanced(re.sub(r"\\[{}]", "", formula))
    )


def _is_balanced(text: str) -> bool:
    return len(_partners(text)) == len(_BRACE.findall(text))
