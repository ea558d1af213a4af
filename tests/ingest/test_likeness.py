"""Likeness of abstracts, by hand and by law."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest import likeness
from papersearch.ingest.likeness import alike_classes, are_alike, is_part, wording
from tests.conftest import sentence

MOTHS = "We study how lanterns guide moths across a night garden and measure the detours they take."
LONG = (
    f"{MOTHS} Forty gardens were visited in spring. Each lantern was covered for one half of every night, and a "
    "camera counted the moths. Detours grew with the height of the lantern and shrank under a full moon. "
    "A simple model of steering explains both effects."
)


def pattern(topic: str) -> str:
    """Return an abstract that differs from others of the pattern in its topic alone."""
    return " ".join(f"We study {topic} at length, part {n} of a long look." for n in range(1, 9))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LONG, LONG.upper()),
        (LONG, MOTHS),  # cut after a sentence
        (LONG, LONG[:140]),  # cut within a word
        (LONG, f"{LONG[:30]}…"),
        (LONG, "Forty gardens were visited in spring. Each lantern was covered for one half of every night"),
        (LONG, f"BACKGROUND: {LONG}"),
        (LONG, LONG.replace("lantern", "lamp")),
        (LONG, LONG.replace("Forty gardens were visited in spring.", "We visited fifty parks.")),
        (LONG, f"Moths are animals. {LONG} The data are public."),
        (MOTHS, MOTHS.replace("measure", "quantify")),
        (MOTHS, MOTHS.replace("night garden", "night-garden")),
        ("One.", "One, longer."),
        ("我们研究灯笼如何引导飞蛾穿过夜间花园。", "我们研究灯笼如何引导飞蛾穿过夜间花园。结果很好。"),
        ("", "…"),
    ],
)
def test_alike_by_hand(one: str, other: str) -> None:
    """A cut or edited abstract is like the whole one."""
    assert are_alike(wording(one), wording(other))
    assert are_alike(wording(other), wording(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("One.", "Two."),
        ("A.", "Apples."),
        ("We study lanterns at dusk.", "We study lanterns at dawn."),
        ("Of apples.", "Of pears and quinces."),
        (LONG, sentence("bubbles")),
        (pattern("the first volume, on apples"), pattern("the second volume, on pears and quinces")),
        (pattern("apples"), pattern("pears")),
        (sentence("kilns"), sentence("ovens")),
        ("我们研究灯笼如何引导飞蛾穿过夜间花园。", "本文讨论语言模型的训练成本。"),
    ],
)
def test_unlike_by_hand(one: str, other: str) -> None:
    """Abstracts of two works are unlike, even if they were written by one pattern."""
    assert not are_alike(wording(one), wording(other))
    assert not are_alike(wording(other), wording(one))


def test_the_share_by_hand() -> None:
    """Of 20 words, 14 shared ones are 14 of 26 in all, and 13 are 13 of 27."""
    words = [f"word{n}" for n in range(20)]
    for n_shared, expected in ((14, True), (13, False)):
        other = words[:n_shared] + [f"other{n}" for n in range(20 - n_shared)]
        assert are_alike(wording(" ".join(words)), wording(" ".join(reversed(other)))) is expected


def test_a_short_text_needs_more() -> None:
    """Of 7 words, 6 shared ones are 6 of 8 in all, and 5 are 5 of 9."""
    words = [f"word{n}" for n in range(7)]
    for n_shared, expected in ((6, True), (5, False)):
        other = words[:n_shared] + [f"other{n}" for n in range(7 - n_shared)]
        assert are_alike(wording(" ".join(words)), wording(" ".join(reversed(other)))) is expected


TEXTS = st.lists(st.sampled_from("apples pears moths lamps night the a 12 3 x-ray".split()), max_size=12).map(
    " ".join
)


@given(TEXTS, TEXTS)
def test_likeness_is_symmetric_and_reflexive(one: str, other: str) -> None:
    """An abstract is like itself, and the order of two does not matter; a part is like its whole."""
    assert are_alike(wording(one), wording(one))
    assert are_alike(wording(one), wording(other)) == are_alike(wording(other), wording(one))
    short, long = sorted((wording(one), wording(other)), key=lambda text: (len(text.words), text.words))
    assert are_alike(short, long) or not is_part(short, long)


@given(st.lists(TEXTS, max_size=8))
def test_classes_are_the_closure(texts: list[str]) -> None:
    """Two texts share a class exactly if a chain of alike texts leads from one to the other."""
    reached = {place: {place} for place in range(len(texts))}
    for _ in texts:
        for one in reached:
            reached[one] |= {
                other
                for through in reached[one].copy()
                for other in range(len(texts))
                if are_alike(wording(texts[through]), wording(texts[other]))
            }
    assert sorted(alike_classes(map(wording, texts))) == sorted(
        {tuple(sorted(places)): sorted(places) for places in reached.values()}.values()
    )


def test_many_abstracts_are_compared_with_neighbours_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of abstracts, cut and edited ones are found with a bounded number of comparisons."""
    compared = 0

    def counting(one: likeness.Wording, other: likeness.Wording) -> bool:
        nonlocal compared
        compared += 1
        return are_alike(one, other)

    monkeypatch.setattr(likeness, "are_alike", counting)
    whole = [" ".join(f"w{n * 7919 % 4001}x{k}" for k in range(30)) for n in range(500)]
    cut = [" ".join(text.split()[:22]) for text in whole]
    late = [" ".join(["edited", "words", *text.split()[2:]]) for text in whole]
    classes = alike_classes(map(wording, whole + cut + late))
    assert sorted(map(sorted, classes)) == [[n, n + 500, n + 1000] for n in range(500)]
    assert compared <= 2 * 8 * 1500
