"""Title keys: which titles are the same, which are not, and which are beginnings of others."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.identity import (
    loose_title_key,
    paper_id,
    title_beginnings,
    title_key,
    title_letters,
)


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("Learning C", ["Learning C++", "Learning C#", "Learning C*", "Learning F"]),
        ("C++11 at work", ["C11 at work"]),
        (".NET at work", ["NET at work"]),
        ("A* search", ["A search", "A+ search"]),
        ("B+ trees", ["B-trees", "B*-trees"]),
        ("Spec# in use", ["Spec in use"]),
        ("दिन", ["दीन", "दन"]),
        ("???", ["!!!"]),
    ],
)
def test_titles_that_differ(title: str, others: list[str]) -> None:
    """Signs that make a name, and vowel signs of a script, tell titles apart."""
    keys = [title_key(one) for one in (title, *others)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("title", "others"),
    [
        (
            "Attention Is All You Need?",
            ["Attention is all you need!", "Attention is all you need.", "“Attention Is All You Need”"],
        ),
        (
            "Learning C++",
            ["learning c++.", "Learning C$^{++}$", "Learning {C++}!", "Learning Ｃ＋＋", "Learning C⁺⁺"],
        ),
        ("Learning C#", ["Learning C\\#", "LEARNING C♯", "Learning {C}\\#"]),
        ("A* search", ["a* search", "A$^*$ Search", "A^{*} search:"]),
        ("M$^3$ViT", ["M3ViT", "M³ViT", "m3-vit"]),
        ("Planning at scale*", ["Planning at scale"]),  # a footnote's mark
        ("A *very* good title", ["A very good title"]),
        ("Old... and new", ["Old and new", "Old … and new"]),
        ("Node.js, x+y and PR #5", ["Nodejs x y and PR 5"]),
        ("Schrödinger", ["Schro\u0308dinger", "SCHRÖDINGER"]),
        ("نَدرُسُ", ["ندرس"]),
    ],
)
def test_titles_that_are_the_same(title: str, others: list[str]) -> None:
    """Case, punctuation, LaTeX's braces, composition and compatibility forms do not count."""
    assert {title_key(one) for one in others} == {title_key(title)}


@given(st.text(alphabet="abcXYZ ÄéΩß.-:?!{}$", max_size=30), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_keys_ignore_composition(title: str, form: str) -> None:
    """A title has the same key in every normal form."""
    changed = unicodedata.normalize(form, title)
    assert title_key(changed) == title_key(title)
    assert loose_title_key(changed) == loose_title_key(title)


@given(
    st.text(alphabet="abcXYZ ÄéΩßαι.-:?!{}$&\\+#*", max_size=30), st.text(alphabet="abcXYZ ÄéΩ.+#*&", max_size=30)
)
def test_equal_keys_are_equal_loose_keys(title: str, other: str) -> None:
    """The loose key distinguishes less than the key: titles with one key have one loose key."""
    for changed in (other, title.swapcase(), f"“{title}”", title.replace("-", " - ")):
        if title_key(changed) == title_key(title) and any(map(str.isalnum, title)):
            assert loose_title_key(changed) == loose_title_key(title)


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("On $\\alpha$-Rényi & \\textit{Schrödinger}", "On α-Renyi and Schrodinger"),
        ("A $\\mathcal{O}(n)$ bound", "A O(n) bound"),
        ("R\\&D of lamps", "R&D of lamps"),
        ("R&D of lamps", "R and D of Lamps"),
        ("X&", "X"),
    ],
)
def test_loose_keys_by_hand(title: str, other: str) -> None:
    """Two sources may differ in accents, Greek letters, `&` and LaTeX's styles."""
    assert title_key(title) != title_key(other) or "&" in title
    assert loose_title_key(title) == loose_title_key(other)


def test_beginnings_by_hand() -> None:
    """A subtitle begins after a colon, a dash, a question mark, a full stop or before a bracket."""
    assert title_beginnings("Moths: a study - of (night) lamps") == {"moths", "mothsastudy", "mothsastudyof"}
    assert title_beginnings("Why? Because 3.5 is more") == {"why"}
    assert title_beginnings("Moths.") == title_beginnings("Fine-tuning moths") == set()


def test_ids_come_from_letters() -> None:
    """An id does not depend on the signs that only the key has, and content tells namesakes apart."""
    assert title_letters("Learning C++") == title_letters("Learning C") == "learningc"
    digest = hashlib.sha256(b"learningc").hexdigest()
    assert paper_id("Learning C++") == paper_id("Learning C#") == f"learning-c-{digest[:6]}"
    assert paper_id("Learning C", content="c++") != paper_id("Learning C", content="c#")
