"""Signals that become one score: normalised, in balance, and worked out by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.search.fusion import KEYWORD_WEIGHT, Signal, balance, combine
from papersearch.types import SignalName
from tests.conftest import PROJECT

WEIGHTS = (0.7, 1.0, 0.6)
NAMES: tuple[SignalName, ...] = ("keyword", "semantic", "late interaction")


def signal(scores: list[float], low: float, high: float, weight: float = 1.0) -> Signal:
    return Signal("semantic", np.array(scores, dtype=np.float64), low, high, weight)


def shares(*signals: Signal) -> list[float]:
    return [balanced.weight for balanced in balance(signals)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.0, 3.0, [0.0, 0.5, 1.0]),
        (0.0, 4.0, [0.25, 0.5, 0.75]),
        (-1.0, 3.0, [0.5, 0.75, 1.0]),
        (1.0, 1.5, [0.0, 2.0, 4.0]),
        (2.0, 2.0, [0.0, 0.0, 0.0]),
        (3.0, 1.0, [0.0, 0.0, 0.0]),
    ],
)
def test_normalised_by_hand(low: float, high: float, expected: list[float]) -> None:
    """`low` becomes 0 and `high` 1, in a straight line; without a width between them all is 0."""
    assert signal([1.0, 2.0, 3.0], low, high).normalised.tolist() == expected


def test_balance_ranks_as_z_scores() -> None:
    """The combination of balanced signals is, up to a shift and a scale, the weighted sum of
    z-scores, whatever their bounds are; its weights are shares of one. Most cases have a spread
    and a lower bound other than 0."""
    reached: Counter[str] = Counter()
    rows = st.lists(st.tuples(*[st.floats(0, 100)] * 3), min_size=3, max_size=20)

    @given(rows, st.tuples(*[st.sampled_from([0.0, -1.0, -50.0])] * 3))
    def law(rows: list[tuple[float, float, float]], below: tuple[float, float, float]) -> None:
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        reached["cases"] += 1
        if any(column.std() < 1e-3 for column in columns):
            return
        reached["spread"] += 1
        reached["low"] += any(column.min() + lower != 0.0 for column, lower in zip(columns, below, strict=True))
        signals = balance(
            [
                Signal(name, column, float(column.min()) + lower, float(column.max()), weight)
                for name, column, lower, weight in zip(NAMES, columns, below, WEIGHTS, strict=True)
            ]
        )
        assert sum(one.weight for one in signals) == pytest.approx(1.0)
        expected = sum(w * (c - c.mean()) / c.std() for w, c in zip(WEIGHTS, columns, strict=True))
        fused = combine(signals)
        centred, reference = fused - fused.mean(), expected - expected.mean()
        scale = float((centred * reference).sum() / (reference**2).sum()) if (reference**2).sum() > 1e-9 else 0.0
        np.testing.assert_allclose(centred, scale * reference, atol=1e-6)
        assert (fused <= 1 + 1e-9).all()
        assert (fused >= -1e-9).all()

    law()
    assert reached["spread"] >= reached["cases"] / 5
    assert reached["low"] >= reached["cases"] / 5


def test_balance_by_hand() -> None:
    """A share is weight times width over spread, as a part of one; all else of a signal stays."""
    narrow, wide = signal([1.0, 3.0], 1.0, 3.0, 1.0), signal([0.0, 4.0], -2.0, 6.0, 0.5)
    assert shares(narrow, wide) == [0.5, 0.5]  # 1 · 2 / 1 and 0.5 · 8 / 2
    assert shares(narrow, wide._replace(weight=1.0)) == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    assert shares(narrow._replace(low=-1.0), wide) == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
    [first, _] = balance([narrow, wide])
    assert first._replace(weight=1.0) == narrow


def test_a_signal_that_is_the_same_for_all_has_no_share() -> None:
    """It cannot tell the papers apart, and does not count."""
    assert shares(signal([0.5, 0.5], 0.0, 0.5), signal([0.1, 0.9], 0.0, 0.9)) == [0.0, 1.0]


def test_a_spread_of_rounding_errors_has_no_share() -> None:
    """A spread counts above 1e-12, and not from there on."""
    steep = signal([0.0, 2.0], 0.0, 2.0)
    at, above = signal([0.0, 2e-12], 0.0, 1.0), signal([0.0, 2.5e-12], 0.0, 1.0)
    assert float(at.scores.std()) == 1e-12
    assert shares(steep, at) == [1.0, 0.0]
    assert shares(steep, above)[1] > 0.5


@pytest.mark.parametrize("high", [1.0, 0.5])
def test_a_signal_without_a_width_has_no_share(high: float) -> None:
    """Where `high` is not above `low` all normalises to 0, whatever the spread, and does not count."""
    flat, steep = signal([0.0, 3.0], 1.0, high), signal([0.0, 2.0], 0.0, 2.0)
    assert shares(flat, steep) == [0.0, 1.0]
    assert shares(flat) == [0.0]
    assert shares(flat, flat) == [0.0, 0.0]
    assert combine(balance([flat, flat])).tolist() == [0.0, 0.0]


def test_nothing_to_compare() -> None:
    """With one paper, or several alike in everything, shares are as the weights of the signals
    that have a width."""
    one, other = signal([0.5], 0.0, 0.5, 0.7), signal([0.9], 0.0, 0.9, 1.0)
    assert shares(one, other) == pytest.approx([0.7 / 1.7, 1.0 / 1.7])
    assert shares(one, other._replace(low=0.9)) == [1.0, 0.0]
    alike = signal([0.5, 0.5], 0.0, 0.5, 3.0), signal([0.25, 0.25], 0.0, 0.5, 1.0)
    assert shares(*alike) == [0.75, 0.25]


def test_no_papers() -> None:
    """Signals of no papers have shares as their weights, and no score comes of them."""
    none = signal([], 0.0, 2.0, 0.5), signal([], 0.0, 1.0, 1.5)
    assert shares(*none) == [0.25, 0.75]
    assert combine(balance(none)).tolist() == []


def test_combined_by_hand() -> None:
    """The sum of weight times normalised score, of one, two and three signals."""
    first = signal([1.0, 3.0], 1.0, 3.0, 0.5)
    second, third = signal([4.0, 0.0], 0.0, 4.0, 0.25), signal([-1.0, 0.0], -1.0, 1.0, 0.125)
    assert combine([first]).tolist() == [0.0, 0.5]
    assert combine([first, second]).tolist() == [0.25, 0.5]
    assert combine([first, second, third]).tolist() == [0.25, 0.5625]


def test_the_keywords_share_is_the_document_s() -> None:
    """docs/ranking.md says what words and meaning count in choosing candidates."""
    told = (PROJECT / "docs" / "ranking.md").read_text(encoding="utf-8")
    assert f"{KEYWORD_WEIGHT:g} · min-max(BM25) + {1 - KEYWORD_WEIGHT:g} · min-max(cosine)" in told
