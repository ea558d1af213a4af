"""The best papers pull the query towards them."""

from __future__ import annotations

import numpy as np

from papersearch.dense.feedback import FEEDBACK_WEIGHT, move_towards


def test_feedback_by_hand() -> None:
    """The query moves by half a unit towards its papers and has length one again."""
    query, paper = np.array([1.0, 0.0], np.float32), np.array([[0.0, 1.0]], np.float32)
    expected = np.array([1.0, FEEDBACK_WEIGHT]) / np.hypot(1.0, FEEDBACK_WEIGHT)
    np.testing.assert_allclose(move_towards(query, paper), expected, atol=1e-6)
    assert move_towards(query, paper[:0]) is query
