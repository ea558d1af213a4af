"""Laws of written words: marks, letters, scripts, signs that make names, and stop words as names."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.analysis import Analyzer
from papersearch.text.folding import fold
from papersearch.text.query import parse_query
from papersearch.text.scripts import MARKS, UNSPACED
from papersearch.text.words import patterns_of


def finds(asked: str, held: str) -> bool:
    """Tell whether a paper with the title `held` has a term that the query `asked` looks up."""
    analyzer = Analyzer()
    query = parse_query(asked, analyzer, literal=True)
    held_terms = {token.term for token in analyzer.tokens(held, title_length=len(held))}
    return bool(held_terms & {*query.terms, *(other for other, _ in query.compounds)})


def has_phrase(phrase: str, held: str) -> bool:
    """Tell whether the title `held` has the phrase at one place."""
    analyzer = Analyzer()
    sequence = analyzer.sequence(phrase)
    places = {(token.position, token.term) for token in analyzer.tokens(held, title_length=len(held))}
    return any(all((start + place, term) in places for place, term in sequence) for start, _ in places)


def test_the_marks_are_unicodes() -> None:
    """The class of marks matches every character of category M and no other assigned one."""
    mark = re.compile(f"[{MARKS}]")
    characters = map(chr, range(sys.maxunicode + 1))
    kinds = {character: unicodedata.category(character) for character in characters}
    wrong = [c for c, kind in kinds.items() if kind not in ("Cn", "Cs") and bool(mark.match(c)) != (kind[0] == "M")]
    assert wrong == []


@cache
def letters_and_names() -> list[tuple[str, str]]:
    """Return every letter of Unicode with its name."""
    return [(c, unicodedata.name(c, "")) for c in map(chr, range(sys.maxunicode + 1)) if c.isalpha()]


@pytest.mark.parametrize(
    "script",
    ["CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA LETTER", "KATAKANA LETTER", "THAI CHARACTER",
     "LAO LETTER", "KHMER LETTER", "MYANMAR LETTER", "HALFWIDTH KATAKANA LETTER", "BOPOMOFO LETTER"],
)  # fmt: skip
def test_unspaced_scripts_are_known_by_name(script: str) -> None:
    """Every letter that Unicode names after one of these scripts belongs to a script without blanks."""
    unspaced = re.compile(f"[{UNSPACED}]")
    letters = [letter for letter, name in letters_and_names() if name.startswith(script)]
    assert letters
    assert [letter for letter in letters if not unspaced.match(letter)] == []


@pytest.mark.parametrize("character", "aZéßλЖשन한ا١9_")
def test_spaced_scripts_are_not_unspaced(character: str) -> None:
    """Letters of scripts with blanks, and digits, are not split into pairs."""
    assert not re.match(f"[{UNSPACED}]", character)


def test_latin_letters_fold_to_the_letter_in_their_name() -> None:
    """A Latin letter with a stroke, hook or other addition becomes the ASCII letter that its name says."""
    with_addition = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH (?!SMALL LETTER).*")
    wrong = {}
    for letter in map(chr, range(0x10000)):
        named = with_addition.fullmatch(unicodedata.name(letter, ""))
        if named and fold(letter) != named[1].lower():
            wrong[letter] = fold(letter)
    assert wrong == {}


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Łojasiewicz", "lojasiewicz"),
        ("Bjørn", "bjorn"),
        ("Straße", "strasse"),
        ("STRAẞE", "strasse"),
        ("Đặng", "dang"),
        ("Ægir", "aegir"),
        ("œuvre", "oeuvre"),
        ("Þór", "thor"),
        ("Guðmundur", "gudmundur"),
        ("ılık", "ilik"),
        ("İstanbul", "istanbul"),
        ("Ŋ", "n"),
        ("ħ", "h"),
        ("نَدرُسُ", "ندرس"),
        ("نـــدرس", "ندرس"),
        ("أحمد", "احمد"),
        ("کتابی", "كتابي"),
        ("שָׁלוֹם", "שלום"),
        ("می\u200cخواهم", "ميخواهم"),
        ("Ёлка", "елка"),
        ("١٢٣", "123"),
    ],
)
def test_letters_fold(written: str, folded: str) -> None:
    """Accents and vowel points go, and letters without decomposition become those people type for them."""
    assert fold(written) == folded
    assert fold(unicodedata.normalize("NFD", written)) == folded


@pytest.mark.parametrize(
    ("one", "other"), [("か", "が"), ("हिन्दी", "हनद"), ("กา", "กิ"), ("ที่", "ที"), ("কি", "কী"), ("ハ", "パ")]
)
def test_marks_that_spell_are_kept(one: str, other: str) -> None:
    """Vowel signs, tones and voicing marks tell words apart."""
    assert not finds(one, other)
    assert finds(one, one)


@given(st.text())
def test_folding_is_stable(text: str) -> None:
    """A folded text folds to itself and does not depend on composition."""
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("Schönberg", "Scho\u0308nberg codes"),
        ("Schro\u0308dinger", "Schrödinger bridges"),
        ("Lojasiewicz", "A Łojasiewicz condition"),
        ("Polyak-Lojasiewicz", "A Łojasiewicz condition"),
        ("学习", "深度学习GPT模型"),
        ("GPT", "深度学习GPT模型"),
        ("網", "神経回路網の学習"),
        ("形態素", "日本語形態素解析"),
        ("ガ", "ｶﾞﾗｽ"),
        ("เรียน", "การเรียนรู้ของเครื่อง"),
        ("ພາສາ", "ພາສາລາວ"),
        ("ភាសា", "ភាសាខ្មែរ"),
        ("한국어", "한국어 처리"),
        ("한국어", unicodedata.normalize("NFD", "한국어 처리")),
        ("हिन्दी", "हिन्दी भाषा"),
        ("ندرس", "نَدرُسُ"),
        ("ＧＰＴ", "GPT"),
        ("c++", "Translating C++ to safe code"),
        ("C++", "Ｃ＋＋"),
        ("C++", "C++17 and after"),
        ("F#", "F# types"),
        ("C♯", "A C# front end"),
        (".net", "A .NET runtime"),
        ("asp.net", "ASP.NET pages"),
        (".NET", "ASP.NET pages"),
        ("a* search", "A*"),
        ("RRT*", "RRT$^*$ in high dimensions"),
        ("RRT", "RRT* in high dimensions"),
        ("k-means++", "k-means seeding"),
        ("k-means", "k-means++"),
        ("kmeans++", "k-means++"),
        ("k-means++", "kmeans++"),
        ("YOLOv5++", "YOLOv5++"),
        ("U-Net", "UNet"),
        ("UNet", "U-Net"),
        ("k-NN", "kNN"),
        ("pre-training", "pretraining"),
        ("HER", "HER"),
        ("her", "HER"),
        ("WHO", "Who Is Who"),
        ("who", "Who Is Who"),
        ("the the", "The The"),
        ("AT&T", "AT&T"),
        ("at&t", "AT&T"),
        ("to be or not to be", "To Be or Not to Be"),
        ("TO BE OR NOT TO BE", "To Be or Not to Be"),
    ],
)
def test_a_query_finds(asked: str, held: str) -> None:
    """A word is found by every way to write it, and by its parts in scripts without blanks."""
    assert finds(asked, held)


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("C", "C++"),
        ("C", "C# and F#"),
        ("C++", "vitamin C"),
        ("C#", "C++"),
        (".NET", "neural nets"),
        (".NET", "hosted at example.net"),
        ("A*", "*A* bird"),
        ("A*", "a bird"),
        ("学度", "深度学习"),
        ("the role of calcium", "the and of"),
        ("THE ROLE OF CALCIUM", "THE AND OF"),
    ],
)
def test_a_query_does_not_find(asked: str, held: str) -> None:
    """A sign that makes a name makes another word, and stop words are not looked up beside others."""
    assert not finds(asked, held)


@pytest.mark.parametrize(
    ("phrase", "held", "expected"),
    [
        ("C#", "parsing C#", True),
        ("C#", "parsing C++ and vitamin C", False),
        ("k-means++", "a k-means++ seeding", True),
        ("k-means++", "a k-means seeding", False),
        ("k-means", "a k-means++ seeding", True),
        ("B+ tree", "B+ trees", True),
        ("B+ tree", "B trees", False),
        ("学习模型", "深度学习模型", True),
        ("学习模型", "模型学习", False),
        ("to be or not to be", "Hamlet: To Be or Not to Be", True),
        ("to be or not to be", "Not to Be or to Be", False),
        ("T cell", "the T cell", True),
        ("T cell", "the B cell", False),
    ],
)
def test_phrases(phrase: str, held: str, expected: bool) -> None:
    """A phrase is exact to its signs, its characters and, if it has no other words, its stop words."""
    assert has_phrase(phrase, held) is expected


@pytest.mark.parametrize("text", ["i++;", "x+y", "p<0.05*", "a**b", "#1", "*emphasis*", "C+++", "a_b*c"])
def test_other_signs_make_no_names(text: str) -> None:
    """Signs of arithmetic, emphasis and notes are not part of a term, but for those after one letter."""
    assert all(re.fullmatch(r"[\w.]+|i\+\+", term) for term in Analyzer().terms(text))


@pytest.mark.parametrize(("text", "n_characters"), [("深度学习", 4), ("การเรียน", 8), ("ｶﾞﾗｽ", 4)])
def test_marked_ranges_cover_the_whole_run(text: str, n_characters: int) -> None:
    """The pairs of a run are marked as one range."""
    analyzer = Analyzer()
    assert analyzer.spans(set(analyzer.query_terms(text)), f"x {text} y") == ((2, 2 + n_characters),)


def test_a_title_in_capitals_is_marked() -> None:
    """The stop words of a query are marked in a title, and not in an abstract."""
    analyzer = Analyzer()
    terms = set(analyzer.query_terms("to be"))
    assert analyzer.spans(terms, "To Be", is_title=True) == ((0, 2), (3, 5))
    assert analyzer.spans(terms, "It is to be seen.") == ()


PIECES = "pre Training C ++ - – α é 模型 ß 3.5 # * $^ { } .net".split()


@given(st.lists(st.sampled_from([*PIECES, " "]), max_size=12).map("".join))
def test_narrow_patterns_find_the_same_words(text: str) -> None:
    """A text without marks has the same words and parts by the patterns for all texts."""
    narrow, wide = patterns_of(text), patterns_of(text + "e\N{COMBINING ACUTE ACCENT}")
    assert narrow is not wide
    for ours, theirs in zip(narrow, wide, strict=True):
        assert [match.regs for match in ours.finditer(text)] == [match.regs for match in theirs.finditer(text)]
