"""Untrusted text and identity: laws of cleaning, title keys and ids."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.merging import merge
from papersearch.text.cleaning import clean_text
from papersearch.text.identity import paper_id, title_key

HOSTILE = st.text(
    st.sampled_from(
        "ab \x1b[]0;31m\x07\x9b\u202e\u2066\u200b\x00\t\r\n\u2028\x85\\"
        "\ud83d\ude00\ufdd0\u0301\u0316\u0345\u1ab0\u064e\u0344\ufb2c\U0001d160\u2adc\u200c\u200d\u0646\u094d\u1100\u1161\xad"
    )
)
"""Escapes, separators, halves of pairs, marks that reorder, letters that grow, and joiners."""

SEPARATORS = [chr(code) for code in range(0x110000) if chr(code).isspace()]


@given(st.text() | HOSTILE)
def test_clean_text_is_safe_and_stable(text: str) -> None:
    """No control, direction or surrogate character remains, and cleaning twice changes nothing more."""
    cleaned = clean_text(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in cleaned)
    assert not any(
        unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for c in cleaned
    )
    assert not any(0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE for c in cleaned)
    assert cleaned == " ".join(cleaned.split())
    assert unicodedata.is_normalized("NFC", cleaned)
    assert len(cleaned) <= 3 * len(text)
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_separators_part_words(separator: str) -> None:
    """Every white space of Unicode, controls among it, is one blank between words."""
    assert clean_text(f"walrus{separator}tusk{separator}{separator}wombat{separator}") == "walrus tusk wombat"


def test_separators_are_those_of_unicode() -> None:
    """The separators tested are the categories of Unicode and the controls that part words."""
    by_category = {c for c in map(chr, range(0x110000)) if unicodedata.category(c) in ("Zs", "Zl", "Zp")}
    assert set(SEPARATORS) == by_category | set("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1b\x9b")))
def test_forms_of_letters_meet(text: str) -> None:
    """A text and its decomposition are one text after cleaning, if no letter ends an escape sequence."""
    assert clean_text(unicodedata.normalize("NFD", text)) == clean_text(unicodedata.normalize("NFC", text))


def test_long_runs_of_marks_are_cut() -> None:
    """A hundred thousand marks on one letter, which would take minutes to sort, become thirty."""
    assert clean_text("a" + "\u0301\u0316" * 100_000 + "b") == "á" + "\u0316" * 15 + "\u0301" * 14 + "b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a \x1b]8;;https://evil\x07link\x1b]8;;\x07 b", "a link b"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("one\ttwo\r\nthree", "one two three"),
        ("ab\u202ecd", "abcd"),
        ("so\xadlar cell\ufeff, a\u200b\u2060b", "solar cell, ab"),
        ("text \x1b]0;never closed", "text 0;never closed"),
        ("a \u200b b", "a b"),
        ("Scho\u0308nberg \u212b", "Schönberg Å"),
        ("\ud83d\ude00 \ud83d. \ude00 \udcff", "😀 \ufffd. \ufffd \ufffd"),
        ("می\u200cخواهم न\u094d\u200dय ന\u0d4d\u200d", "می\u200cخواهم न\u094d\u200dय ന\u0d4d\u200d"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 辻\U000e0100", "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 辻\U000e0100"),
        ("pass\u200cword \u200dzero 5\u200c0 漢\u200d字", "password zero 50 漢字"),
        ("\ue000 \u0378 \uffff", "\ue000 \u0378 \ufffd"),
        ("naïve M$^3$ViT 模型 [/INST] \\%", "naïve M$^3$ViT 模型 [/INST] \\%"),
    ],
)
def test_clean_text_by_hand(text: str, expected: str) -> None:
    """Escapes, invisible characters and stray joiners go, letters are composed, other text is unchanged."""
    assert clean_text(text) == expected


@given(st.text(alphabet="abcxyz019 -:{}$^_,.", min_size=1))
def test_title_key_folds_spelling(title: str) -> None:
    """Titles that differ in case, spaces, punctuation or braces have the same key."""
    if any(map(str.isalnum, title)):
        assert title_key(title) == title_key("  {" + title.upper().replace(" ", "  -") + "}!")


@given(st.text(alphabet="aBz09 -:{}$^_,.\t"))
def test_title_key_of_ascii(title: str) -> None:
    """The fast path for ASCII gives the same key as the general one."""
    key = title_key(title)
    assert title_key(f"{title}ﬁ") == ("".join(filter(str.isalnum, key)) + "fi")
    assert key or not title.strip()


@given(st.text(min_size=1))
def test_paper_id_is_short_and_plain(title: str) -> None:
    """The id of any title consists of lower-case ASCII words and hash characters."""
    name = paper_id(title)
    assert len(name) <= 47
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in name)


def test_ids_do_not_depend_on_order() -> None:
    """Shuffling the corpus does not change the id of any paper."""
    appearances = [Appearance("d", n, n, f"On the matter of number {n}", "a", ()) for n in range(200)]
    ids = {paper.title: paper.paper_id for paper in merge(appearances)[0]}
    random.Random(3).shuffle(appearances)
    assert {paper.title: paper.paper_id for paper in merge(appearances)[0]} == ids
    assert len(set(ids.values())) == 200
