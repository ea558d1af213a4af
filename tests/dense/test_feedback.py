"""Pseudo-relevance feedback: the query's vector moves towards the best papers."""

from __future__ import annotations

import numpy as np

from papersearch.dense.feedback import move_towards


def test_feedback_by_hand() -> None:
    """The query moves by a weight towards the mean of the papers, at unit length; without papers it stays."""
    query = np.array([1.0, 0.0], np.float32)
    papers = np.array([[0.6, 0.8], [-0.6, 0.8]], np.float32)  # with a mean along the second axis
    expected = np.array([1.0, 0.7]) / np.hypot(1.0, 0.7)
    np.testing.assert_allclose(move_towards(query, papers, 0.7), expected, atol=1e-6)
    assert move_towards(query, papers[:0], 0.7) is query
    half = np.array([1.0, 0.35]) / np.hypot(1.0, 0.35)
    np.testing.assert_allclose(move_towards(query, papers, 0.35), half, atol=1e-6)
