"""The choice of a shape, whatever fields an object has."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats.json_shapes import SHAPES, shape_of

_KEYS = sorted({name for shape in SHAPES for name in getattr(shape, "KNOWN", ())} | {"_id", "text"})
_PLAIN = st.sampled_from(
    ["", "preprint", "book", "https://openalex.org/W1", "arXiv:2604.01234", 1, None, [], ["a"]]
)
_INNER = st.dictionaries(st.sampled_from(_KEYS), _PLAIN, max_size=4)


@given(st.dictionaries(st.sampled_from(_KEYS), _PLAIN | _INNER, max_size=8))
def test_the_first_shape_that_matches_is_chosen(fields: dict[str, Any]) -> None:
    """Shapes that the names of the fields rule out match none of them."""
    assert shape_of(fields) is next((shape for shape in SHAPES if shape.matches(fields)), None)
