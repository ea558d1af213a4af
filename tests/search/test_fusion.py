"""Signals that become one score: in balance, and worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.search.fusion import Signal, balance, combine
from papersearch.types import SignalName


@given(st.lists(st.tuples(*[st.floats(0, 100)] * 3), min_size=2, max_size=20))
def test_balance_ranks_as_z_scores(rows: list[tuple[float, float, float]]) -> None:
    """The combination of balanced signals is, up to a shift and a scale, the weighted sum of
    z-scores; its weights are shares of one."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    if any(column.std() < 1e-3 for column in columns):
        return
    weights = (0.7, 1.0, 0.6)
    names: tuple[SignalName, ...] = ("keyword", "semantic", "late interaction")
    signals = balance(
        [
            Signal(name, column, 0.0, float(column.max()), weight)
            for name, column, weight in zip(names, columns, weights, strict=True)
        ]
    )
    assert sum(signal.weight for signal in signals) == pytest.approx(1.0)
    expected = sum(w * (c - c.mean()) / c.std() for w, c in zip(weights, columns, strict=True))
    fused = combine(signals)
    centred, reference = fused - fused.mean(), expected - expected.mean()
    scale = float((centred * reference).sum() / (reference**2).sum()) if (reference**2).sum() > 1e-9 else 0.0
    np.testing.assert_allclose(centred, scale * reference, atol=1e-6)
    assert (fused <= 1 + 1e-9).all()


def test_a_signal_that_is_the_same_for_all_has_no_share() -> None:
    """It cannot tell the papers apart, and does not count."""
    flat, steep = np.array([0.5, 0.5]), np.array([0.1, 0.9])
    alone = balance([Signal("keyword", flat[:1], 0.0, 0.5, 0.7), Signal("semantic", steep[:1], 0.0, 0.9, 1.0)])
    assert [signal.weight for signal in alone] == pytest.approx([0.7 / 1.7, 1.0 / 1.7])  # nothing to compare
    signals = balance([Signal("keyword", flat, 0.0, 0.5, 1.0), Signal("semantic", steep, 0.0, 0.9, 1.0)])
    assert [signal.weight for signal in signals] == [0.0, 1.0]
