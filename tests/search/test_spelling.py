"""Words that no paper has, and the words that were meant, by a textbook's distance."""

from __future__ import annotations

import random

import papersearch
from papersearch.text.paper_text import paper_text


def distance(one: str, other: str) -> int:
    """Edits, neighbours that change places being one: the textbook's table, cell by cell."""
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def slip(word: str, drawn: random.Random) -> str:
    """`word` with one letter missing, doubled, changed, or in its neighbour's place."""
    place = drawn.randrange(1, len(word) - 1)
    return drawn.choice(
        [
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[:place] + drawn.choice("qxzj") + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        ]
    )


def test_slips_are_understood(real_index: papersearch.Index) -> None:
    """Of words that papers have, with one slip, nine in ten are offered back, and everything
    offered is a word of a paper, near to what was typed."""
    drawn = random.Random(7)
    text = " ".join(paper_text(paper).lower() for paper in real_index.papers())
    words = sorted({word for word in text.split() if word.isascii() and word.isalpha() and 6 < len(word) < 14})
    offered = n_unknown = 0
    for word in drawn.sample(words, 150):
        typed = slip(word, drawn)
        found = real_index.search(typed, mode="keyword").unknown_words
        if not found:
            continue  # the slip made another word
        n_unknown += 1
        assert found[0].word == typed
        offered += word in found[0].instead
        for instead in found[0].instead:
            assert instead in text
            assert distance(typed, instead) <= 2
        distances = [distance(typed, instead) for instead in found[0].instead]
        assert distances == sorted(distances)
    assert n_unknown > 100
    assert offered / n_unknown > 0.9


def test_known_words_are_let_alone(real_index: papersearch.Index) -> None:
    """Other forms of words, stop words and acronyms that papers have are not unknown."""
    assert real_index.search("the pipelines of experts and MoE pre-training").unknown_words == ()


def test_nothing_near(real_index: papersearch.Index) -> None:
    """A word like no other is said to be unknown, without an offer; short words and numbers too."""
    found = real_index.search("qqqqqzzzzz qzj 99999991 expert").unknown_words
    assert [(word.word, word.instead) for word in found] == [("qqqqqzzzzz", ()), ("qzj", ()), ("99999991", ())]
