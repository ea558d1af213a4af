"""Addresses of clusters, and what errors of Ray say. Nothing here needs Ray."""

from __future__ import annotations

import pytest

from papersearch.cluster.connection import connected, lines_of
from papersearch.errors import ClusterUnusable


@pytest.mark.parametrize(
    "address", ["", "auto", "ray://x:1", "x", "x:y", "x:123456", "127.0.0.1:1", "a..b:1", f"{'a' * 64}:1"]
)
def test_addresses_without_a_cluster(address: str) -> None:
    """A text that is not an address, and an address where nothing listens, are errors that name it."""
    with pytest.raises(ClusterUnusable) as caught, connected(address):
        pass
    assert caught.value.address == address
    assert caught.value.cause


def test_the_lines_of_an_error() -> None:
    """An error without a message is named by its class."""
    assert lines_of(ValueError("one\ntwo\n")) == ["one", "two"]
    assert lines_of(ValueError()) == lines_of(ValueError(" \n")) == ["ValueError"]
