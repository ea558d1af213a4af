"""Untrusted text made safe to store and to print.

Dumps are cleaned line by line when they are read. Text from an index is cleaned again before it
reaches a terminal, since the index may come from elsewhere. Cleaning removes the characters that a
terminal would obey; it does not judge or rewrite what the text says.
"""

from __future__ import annotations

import re

# CSI (colours, cursor), OSC (titles, links; ended by BEL or ST) and two-byte escapes.
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]"
)
# Control characters of ASCII and Latin-1, line and paragraph separators, the characters
# that reorder or hide text (Unicode TR36, "Trojan Source"), and lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
    "|[\U000e0000-\U000e007f]"
)
_SPACE = re.compile(r"[\t\n\u00a0\u2028\u2029 ]+")


def clean_text(text: str) -> str:
    """Return `text` on one line, without escape sequences, control or direction characters.

    Runs of white space become one space, and outer spaces are removed.
    """
    # A substitution takes ten times as long as this check, which nearly every line passes.
    if not text.isascii() or not text.isprintable():
        if "\x1b" in text or "\x9b" in text:
            text = _ESCAPE_SEQUENCE.sub("", text)
        text = _INVISIBLE.sub("", _SPACE.sub(" ", text))
    return (_SPACE.sub(" ", text) if "  " in text else text).strip(" ")
