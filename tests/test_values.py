"""Values: classes that behave like frozen dataclasses with keyword fields."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.types import Filters, Organisation, Provenance
from papersearch.values import Value


class Ours(Value):
    number: int
    places: tuple[Provenance, ...] = ()
    text: str = "x"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Theirs:
    number: int
    places: tuple[Provenance, ...] = ()
    text: str = "x"


FIELDS = st.fixed_dictionaries({"number": st.integers(0, 2)}, optional={"text": st.sampled_from("xyz")})
PLACE = Provenance(dump="a.txt", first_line=1, last_line=2)


@given(FIELDS, FIELDS)
def test_values_behave_as_frozen_dataclasses(one: dict[str, object], other: dict[str, object]) -> None:
    """Equality, hashes, fields and replacement are those of a dataclass of the same fields."""
    ours, theirs = Ours(**one), Theirs(**one)
    assert ours.asdict() == dataclasses.asdict(theirs)
    assert list(ours.asdict()) == list(dataclasses.asdict(theirs))
    assert (ours == Ours(**other)) == (theirs == Theirs(**other))
    assert (hash(ours) == hash(Ours(**other))) == (hash(theirs) == hash(Theirs(**other)))
    assert ours.replace(**other).asdict() == dataclasses.asdict(dataclasses.replace(theirs, **other))
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")


@given(FIELDS)
def test_copies_are_equal(fields: dict[str, object]) -> None:
    """A value survives pickling and copying."""
    value = Ours(**fields, places=(PLACE,))
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value


def test_values_within_values_become_dictionaries() -> None:
    """`asdict` converts values within tuples too."""
    assert Ours(number=1, places=(PLACE,)).asdict()["places"] == (
        {"dump": "a.txt", "first_line": 1, "last_line": 2},
    )


def test_a_value_is_no_tuple() -> None:
    """A value cannot be unpacked, and equals neither a tuple nor a value of another class."""

    class Other(Value):
        handle: str
        name: str

    value = Organisation(handle="a", name="A")
    assert value != ("a", "A")
    assert value != Other(handle="a", name="A")
    with pytest.raises(TypeError, match="not iterable"):
        iter(value)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="positional"):
        Organisation("a", "A")  # type: ignore[misc]


def test_a_value_is_frozen() -> None:
    """No field is assigned or deleted, and no other attribute is added."""
    value = Organisation(handle="a", name="A")
    for change in (lambda: setattr(value, "name", "B"), lambda: setattr(value, "more", 1)):
        with pytest.raises(AttributeError, match="frozen"):
            change()
    with pytest.raises(AttributeError, match="frozen"):
        del value.name
    assert not hasattr(value, "__dict__")
    assert value == Organisation(handle="a", name="A")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"handle": "a"}, "missing field 'name'"),
        ({"handle": "a", "name": "A", "nmae": "B"}, "unknown field 'nmae'"),
    ],
)
def test_wrong_fields_are_named(fields: dict[str, str], said: str) -> None:
    """A TypeError names a missing or an unknown field."""
    with pytest.raises(TypeError, match=said):
        Organisation(**fields)


def test_help_shows_the_keywords() -> None:
    """`inspect.signature` has the fields with their defaults, all of them keywords."""
    parameters = inspect.signature(Filters).parameters
    assert list(parameters) == list(Filters().asdict())
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert parameters["has_code"].default is False
