"""Records read from JSON: values that the annotations allow, and errors that name the field."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from papersearch.index.typed_json import read_record
from papersearch.types import Count
from papersearch.values import Value


class Inner(Value):
    size: Count
    name: str


class Outer(Value):
    number: int
    figure: float
    kind: Literal["a", "b"]
    inner: Inner
    perhaps: Inner | None
    listed: tuple[Inner, ...]
    named: dict[str, Inner]


INNER = {"size": 0, "name": ""}
GOOD: dict[str, Any] = {
    "number": -1,
    "figure": 0.5,
    "kind": "a",
    "inner": INNER,
    "perhaps": None,
    "listed": [INNER, INNER],
    "named": {"x": INNER},
}


def test_what_is_annotated_is_read() -> None:
    """Each kind of annotation gives its value, nested records included."""
    inner = Inner(size=0, name="")
    assert read_record(Outer, GOOD) == Outer(
        number=-1, figure=0.5, kind="a", inner=inner, perhaps=None, listed=(inner, inner), named={"x": inner}
    )
    assert read_record(Outer, {**GOOD, "figure": 1, "perhaps": INNER, "listed": []}).perhaps == inner


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("number", True, "number: expected a whole number"),
        ("number", 1.0, "number: expected a whole number"),
        ("number", "1", "number: expected a whole number"),
        ("number", None, "number: expected a whole number"),
        ("figure", False, "figure: expected a finite number"),
        ("figure", float("nan"), "figure: expected a finite number"),
        ("figure", float("inf"), "figure: expected a finite number"),
        ("figure", "0.5", "figure: expected a finite number"),
        ("kind", "c", "kind: expected a or b"),
        ("kind", ["a"], "kind: expected a or b"),
        ("inner", None, "inner: expected an object"),
        ("inner", [0, ""], "inner: expected an object"),
        ("inner", {"size": 0}, "inner: missing field name"),
        ("inner", {**INNER, "more": 1}, "inner: unknown field 'more'"),
        ("inner", {**INNER, "size": -1}, "inner: size: expected at least 0"),
        ("inner", {**INNER, "size": True}, "inner: size: expected a whole number"),
        ("inner", {**INNER, "name": 7}, "inner: name: expected text"),
        ("perhaps", {}, "perhaps: missing field name"),
        ("perhaps", 0, "perhaps: expected an object"),
        ("listed", {"0": INNER}, "listed: expected a list"),
        ("listed", [INNER, None], "listed: expected an object"),
        ("named", [], "named: expected an object"),
        ("named", {"x": 1}, "named: expected an object"),
    ],
)
def test_all_else_is_refused(name: str, value: Any, told: str) -> None:
    """A value of another type, even a similar one, is an error with the field and the expected type."""
    with pytest.raises(ValueError, match=f"^{told}$"):
        read_record(Outer, {**GOOD, name: value})
