"""Letters, accents and signs of LaTeX as characters of Unicode."""

from __future__ import annotations

import unicodedata


def _table(pairs: str) -> dict[str, str]:
    """Return a table written as names and values in turn, parted by blanks."""
    words = pairs.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SIGNS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
r"""Accents named by a sign, as combining characters: `\'e`, `\'{e}`."""

WORDS = _table(
    "u \u0306 v \u030c H \u030b c \u0327 k \u0328 d \u0323 b \u0331 r \u030a t \u0361 h \u0309"
    " textcommabelow \u0326 textogonekcentered \u0328 polhk \u0328 ocirc \u030a"
)
r"""Accents named by a word, as combining characters: `\v c`, `\v{c}`."""

LETTERS = _table(
    "L Ł l ł O Ø o ø AE Æ ae æ OE Œ oe œ AA Å aa å ss ß SS ẞ i ı j ȷ DH Ð dh ð TH Þ th þ DJ Đ dj đ NG Ŋ ng ŋ"
    " OHORN Ơ ohorn ơ UHORN Ư uhorn ư"
)
"""Letters of their own, by command."""

SYMBOLS = _table(
    "textasciitilde ~ textasciicircum ^ textbackslash \\ textunderscore _ textbar | slash / textdollar $"
    " textbraceleft { textbraceright } textless < textgreater > textquotedbl \" textquotesingle ' ldots …"
    " dots … textellipsis … textendash – textemdash — textquoteleft ‘ textquoteright ’ textquotedblleft “"
    " textquotedblright ” guillemotleft « guillemotright » textregistered ® texttrademark ™ copyright ©"
    " textcopyright © pounds £ euro € texteuro € textdegree ° degree ° textmu µ textperiodcentered ·"
    " textbullet • textexclamdown ¡ textquestiondown ¿ textsection § textparagraph ¶ cprime ʹ cdprime ʺ"
    " LaTeX LaTeX TeX TeX BibTeX BibTeX"
) | {"newline": " ", "quad": " ", "xspace": ""}
"""Signs and blanks, by command."""


def accented(written: str, mark: str) -> str | None:
    """Return a letter with a combining mark, or None if `written` is not one letter.

    A tie is over two letters. `\\b{eta}` is the rest of another command, such as `\\beta`.
    """
    if not written[:1].isalpha() or sum(map(str.isalnum, written)) != 1 + (mark == WORDS["t"]):
        return None
    if written[0] == "ı" and mark == SIGNS["."]:
        return "i" + written[1:]
    first = {"ı": "i", "ȷ": "j"}.get(written[0], written[0])
    return unicodedata.normalize("NFC", first + mark + written[1:])
