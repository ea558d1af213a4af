"""Words that no paper has, words that would narrow a search, papers that say nearly the same."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.search.duplicates import LIKENESS, fold
from papersearch.text.analysis import Analyzer
from papersearch.text.paper_text import paper_text
from tests.conftest import page, sentence


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


def test_related_terms_narrow(real_index: papersearch.Index) -> None:
    """Each related term is in more than one, and not in nearly all of the best papers, and none
    is of the query."""
    analyzer = Analyzer()
    for query in ("pipeline parallelism", "mixture of experts", "reinforcement learning exploration"):
        results = real_index.search(query, k=100, related=True)
        assert results.related
        answering = [hit for hit in results if hit.verdict != "weak"]
        chosen = (answering if len(answering) >= 10 else list(results))[:30]
        best = [f"{hit.paper.title}\n{hit.paper.abstract}" for hit in chosen]
        for related in results.related:
            wanted = [term for _, term in analyzer.sequence(related.term)]
            assert not set(wanted) & set(analyzer.terms(query))
            holding = sum(set(wanted) <= set(analyzer.terms(text)) for text in best)
            assert 2 <= related.n_papers <= holding <= len(best)
            assert related.n_papers <= max(2, 0.6 * len(best))


def test_related_is_asked_for(real_index: papersearch.Index) -> None:
    """Without, there is none; with a query that nothing has, there may be none to offer."""
    assert real_index.search("experts").related is None
    assert real_index.search("zzzzqqqq", mode="keyword", related=True).related == ()


def test_fold_by_hand() -> None:
    """A row joins the first group whose first row is like it, not one that is like another of its rows."""
    near, far = np.arccos(LIKENESS) * 0.9, np.arccos(LIKENESS) * 1.7
    angles = np.array([0.0, 2.0, near, far, 2.0])
    rows = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert fold(rows) == [[0, 2], [1, 4], [3]]
    assert fold(rows[:0]) == []


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> papersearch.Index:
    """An index in which one paper stands under two titles."""
    folder = tmp_path_factory.mktemp("twins")
    (folder / "corpus").mkdir()
    same = sentence("pipeline bubbles", 900)
    papers = [
        ("On pipeline bubbles", same),
        ("On protein folding", sentence("protein folding", 700)),
        ("Pipeline bubbles, revisited", same + " This version corrects a table."),
    ]
    (folder / "corpus" / "page.txt").write_text(page(papers), encoding="utf-8")
    papersearch.build(folder / "corpus", folder / "index", model=str(small_model))
    return papersearch.open(folder / "index")


def test_near_duplicates_are_folded(twins: papersearch.Index) -> None:
    """The better of the two stands for both; without folding both are hits; none is lost."""
    rows = twins._parts.vectors.exact
    assert float(rows[0] @ rows[2]) >= LIKENESS  # what the test is about
    apart = twins.search("pipeline bubbles")
    folded = twins.search("pipeline bubbles", fold=True)
    names = [hit.paper.paper_id for hit in apart]
    seen = [name for hit in folded for name in (hit.paper.paper_id, *(twin.paper_id for twin in hit.duplicates))]
    assert len(apart) == folded.total == 3
    assert len(folded) < len(apart)
    assert sorted(seen) == sorted(names)
    assert [hit.rank for hit in folded] == list(range(1, len(folded) + 1))
    assert all(hit.duplicates == () for hit in apart)
    assert twins.search("pipeline bubbles", k=1, fold=True)[0] == folded[0]


def test_folding_changes_nothing_where_papers_differ(real_index: papersearch.Index) -> None:
    """Without near-duplicates among the hits, folding shows the same hits."""
    plain = real_index.search("pipeline bubbles", k=20)
    vectors = real_index._parts.vectors.exact
    ids = {name: place for place, name in enumerate(real_index._parts.paper_ids)}
    rows = vectors[[ids[hit.paper.paper_id] for hit in plain]]
    assert ((rows @ rows.T) - np.eye(len(rows)) < LIKENESS).all()
    assert real_index.search("pipeline bubbles", k=20, fold=True).hits == plain.hits
