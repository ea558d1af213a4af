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

HOSTILE = st.text(alphabet=st.sampled_from("ab \x1b[]0;31m\x07\x9b\u202e\u2066\u200b\x00\t\r\n\u2028\x85\ud800\\"))


@given(st.text() | HOSTILE)
def test_clean_text_is_safe_and_stable(text: str) -> None:
    """No control, direction or surrogate character remains, and cleaning twice changes nothing more."""
    cleaned = clean_text(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in cleaned)
    assert not any(
        unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for c in cleaned
    )
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a \x1b]8;;https://evil\x07link\x1b]8;;\x07 b", "a link b"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("one\ttwo\r\nthree", "one two three"),
        ("ab\u202ecd", "abcd"),
        ("naïve M$^3$ViT 模型 [/INST] \\%", "naïve M$^3$ViT 模型 [/INST] \\%"),
    ],
)
def test_clean_text_by_hand(text: str, expected: str) -> None:
    """Escape sequences are removed, white space is folded, and all other text is unchanged."""
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
    assert title_key(f"{title} ﬁ") == title_key(f"{title} fi")
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
