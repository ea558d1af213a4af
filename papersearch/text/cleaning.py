"""Untrusted text made safe to store and to print.

Dumps are cleaned when they are read. Text from an index is cleaned again before it reaches a
terminal, since the index may come from elsewhere. Cleaning composes letters (NFC), makes one blank
of every white space, and removes the characters that a terminal would obey. It does not judge or
rewrite what the text says.

Characters of private use and unassigned ones stay: they may be letters to somebody. Noncharacters
and lone surrogates become U+FFFD.
"""

from __future__ import annotations

import re
import unicodedata

# CSI (colours, cursor), closed OSC and other strings (titles, links; ended by BEL or ST), and
# two-byte escapes. A string that is never closed loses its introducer alone, not the text after it.
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]"
)
# Control characters of ASCII and Latin-1 that are not white space, and the characters that reorder
# or hide text (Unicode TR36, "Trojan Source").
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Joiners spell words of Persian, Indic and other scripts, and join emoji. Elsewhere they only hide.
# Classes: Arabic to Tai Tham, symbols of emoji, scripts of Asia, Arabic forms with the variation
# selectors, and the planes of historic scripts and emoji.
_STRAY_JOINER = re.compile(
    "(?<![\u0600-\u1aff\u2190-\u2bff\ua800-\uabff\ufb50-\ufe0f\ufe70-\ufefc\U00010a00-\U0001faff])[\u200c\u200d]"
)
_LONGEST_RUN_OF_MARKS = 30
"""Longest run of combining marks that composition sees, as in Unicode's stream-safe format.

Sorting a run takes time that grows with its square."""

_RUN_WITHOUT_LETTERS = re.compile(rf"[^\w\x00-\x7f]{{{_LONGEST_RUN_OF_MARKS},}}")


def clean_text(text: str) -> str:
    """Return `text` on one line in NFC, without escape sequences, control or direction characters.

    Runs of white space become one space, and outer spaces are removed. Cleaning twice changes
    nothing more. The result has at most three times as many characters, by composition.
    """
    # Two checks in C, passed by nearly every text; `isprintable` is false for all that is removed.
    if not text.isprintable():
        bare = " ".join(text.split())  # most have line breaks and nothing else
        text = bare if bare.isprintable() else " ".join(printable_text(text).split())
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = _composed(text)
    return (" ".join(text.split()) if "  " in text else text).strip(" ")


def printable_text(text: str) -> str:
    """Return `text` without what a terminal would obey, with its white space as written."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPE_SEQUENCE.sub("", text)
    if not text.isascii():
        if _SURROGATE.search(text):
            text = without_surrogates(text)
        text = _NONCHARACTER.sub("\ufffd", text)
    text = _INVISIBLE.sub("", text)
    return _without_stray_joiners(text) if "\u200c" in text or "\u200d" in text else text


def without_surrogates(text: str) -> str:
    """Return text that UTF-8 can write: a surrogate pair becomes its character, and half a pair U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_stray_joiners(text: str) -> str:
    """Return `text` without joiners where they join nothing.

    Composition can move a mark between a letter and its joiner, so it precedes every pass.
    """
    while _STRAY_JOINER.search(text := _composed(text)):
        text = _STRAY_JOINER.sub("", text)
    return text


def _composed(text: str) -> str:
    """Return `text` in NFC; of a run of marks only the first thirty stay."""
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _RUN_WITHOUT_LETTERS.sub(_with_few_marks, text))


def _with_few_marks(run: re.Match[str]) -> str:
    """Return a run of marks and signs, without marks that follow thirty others."""
    kept: list[str] = []
    n_marks = 0
    for character in run.group():
        n_marks = n_marks + 1 if unicodedata.combining(character) else 0
        if n_marks <= _LONGEST_RUN_OF_MARKS:
            kept.append(character)
    return "".join(kept)
