"""Lists of names in one string, split as they were joined."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.cli.output.exports.publication import inverted
from papersearch.text import name_lists
from papersearch.text.name_lists import is_joined, split_names
from papersearch.text.names import displayed
from papersearch.types import AuthorName
from tests.text.test_names import names

LISTS = [
    ("Doe, Jane and Roe, Rick", ["Jane Doe", "Rick Roe"]),
    ("Doe, Jane and Roe, Rick and Poe, Ed", ["Jane Doe", "Rick Roe", "Ed Poe"]),
    ("Doe, Jane\n  and Roe, Rick", ["Jane Doe", "Rick Roe"]),
    ("Jane Doe and Roe, Rick", ["Jane Doe", "Rick Roe"]),
    ("Doe, Jane and Rick Roe", ["Jane Doe", "Rick Roe"]),
    ("García Márquez, Gabriel José and Roe, Rick", ["Gabriel José García Márquez", "Rick Roe"]),
    ("Doe, Jane; Roe, Rick", ["Jane Doe", "Rick Roe"]),
    ("Grove, Ada; Lind, Bo", ["Ada Grove", "Bo Lind"]),
    ("Doe, Jane; Roe, Rick; and Poe, Ed", ["Jane Doe", "Rick Roe", "Ed Poe"]),
    ("Doe, Jane;", ["Jane Doe"]),
    ("Jane Doe; Rick Roe", ["Jane Doe", "Rick Roe"]),
    ("Doe, Jane|Roe, Rick", ["Jane Doe", "Rick Roe"]),
    ("Jane Doe\nRick Roe", ["Jane Doe", "Rick Roe"]),
    ("Doe, Jane\nRoe, Rick", ["Jane Doe", "Rick Roe"]),
    ("A. Bee, C. Dee and E. Eff", ["A. Bee", "C. Dee", "E. Eff"]),
    ("A. Bee, C. Dee, and E. Eff", ["A. Bee", "C. Dee", "E. Eff"]),
    ("A. Bee, C. Dee & E. Eff", ["A. Bee", "C. Dee", "E. Eff"]),
    ("A. Bee and C. Dee", ["A. Bee", "C. Dee"]),
    ("Jane Doe, Rick Roe", ["Jane Doe", "Rick Roe"]),
    ("Jane Doe,Rick Roe, Ed van der Poe", ["Jane Doe", "Rick Roe", "Ed van der Poe"]),
    ("Doe J, Roe R", ["J Doe", "R Roe"]),
    ("Doe JA, van der Berg R, Poe E Jr", ["JA Doe", "R van der Berg", "E Poe Jr"]),
    ("Doe J., Roe R.", ["J. Doe", "R. Roe"]),
    ("Doe, J., Roe, R., & Poe, E.", ["J. Doe", "R. Roe", "E. Poe"]),
    ("Doe, J., & Roe, R.", ["J. Doe", "R. Roe"]),
    ("García Márquez, G., Roe, R. B.", ["G. García Márquez", "R. B. Roe"]),
    ("Smith, John A., Roe, Rick B.", ["John A. Smith", "Rick B. Roe"]),
    ("Doe, Jane, Roe, Rick and Poe, Ed", ["Jane Doe", "Rick Roe", "Ed Poe"]),
    ("Doe, Jane, Rick Roe, and Ed Poe", ["Jane Doe", "Rick Roe", "Ed Poe"]),
    ("Doe, Jane", ["Jane Doe"]),
    ("García Márquez, Gabriel", ["Gabriel García Márquez"]),
    ("van der Berg, Jan Willem", ["Jan Willem van der Berg"]),
    ("King, Jr., Martin", ["Martin King Jr."]),
    ("King, Martin Luther, Jr.; Doe, Jane", ["Martin Luther King Jr.", "Jane Doe"]),
    ("Sanders, Jr., Bernie and Doe, Jane", ["Bernie Sanders Jr.", "Jane Doe"]),
    ("A. Bee Jr., C. Dee", ["A. Bee Jr.", "C. Dee"]),
    ("A. Bee, Jr., C. Dee and E. Eff", ["A. Bee Jr.", "C. Dee", "E. Eff"]),
    ("Jane Doe (1), Rick Roe (1 and 2) ((1) MIT, (2) ETH)", ["Jane Doe", "Rick Roe"]),
    ("A. Bee (MIT, Cambridge), C. Dee (ETH)", ["A. Bee", "C. Dee"]),
    ("William (Bill) Gates, Jane Doe", ["William (Bill) Gates", "Jane Doe"]),
    ("The ATLAS and CMS Collaborations", ["The ATLAS and CMS Collaborations"]),
    ("{The ATLAS and CMS Collaborations} and Doe, Jane", ["The ATLAS and CMS Collaborations", "Jane Doe"]),
    ("Jane Doe and The ATLAS Collaboration", ["Jane Doe", "The ATLAS Collaboration"]),
    ("Jane Doe, Rick Roe and the ALICE Collaboration", ["Jane Doe", "Rick Roe", "the ALICE Collaboration"]),
    ("Jane Doe, OpenAI, Rick Roe", ["Jane Doe", "OpenAI", "Rick Roe"]),
    ("Google, Inc. and Doe, Jane", ["Google, Inc.", "Jane Doe"]),
    ("Centers for Disease Control and Prevention", ["Centers for Disease Control and Prevention"]),
    ("王芳、李明", ["王芳", "李明"]),
    ("王芳, 李明", ["王芳", "李明"]),
    ("王, 芳", ["王芳"]),
    ("Kim Y and Lee S", ["Y Kim", "S Lee"]),
    ("Doe J, de Roe R; Moth-ADHD Group; Poe E, Bee A", ["J Doe", "R de Roe", "Moth-ADHD Group", "E Poe", "A Bee"]),
    ("Moth, Owl and Bat Consortium; Doe J", ["Moth, Owl and Bat Consortium", "J Doe"]),
    ("Doe J,Roe R,Poe ET,Bee C", ["J Doe", "R Roe", "ET Poe", "C Bee"]),
    ("Doe J.; Roe R.B.", ["J. Doe", "R.B. Roe"]),
    ("Doe J, Roe R, Poe E, Campos AI", ["J Doe", "R Roe", "E Poe", "AI Campos"]),
    ("Jane Doe, Eugene d'Eon, Rick Roe", ["Jane Doe", "Eugene d'Eon", "Rick Roe"]),
    ("van der Roe,Jane,J.P.;Doe,Rick", ["Jane J.P. van der Roe", "Rick Doe"]),
    ("Smith JR Jr, Doe J", ["JR Smith Jr", "J Doe"]),
    ("OpenAI: Jane Doe, Rick Roe", ["OpenAI", "Jane Doe", "Rick Roe"]),
    ("NVIDIA, : , Jane Doe, Rick Roe", ["NVIDIA", "Jane Doe", "Rick Roe"]),
    ("DeepSeek-AI, Jane Doe, Rick Roe", ["DeepSeek-AI", "Jane Doe", "Rick Roe"]),
    ("Authors: Jane Doe*, Rick Roe†‡", ["Jane Doe", "Rick Roe"]),
    ("Plato", ["Plato"]),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("written", "read"), LISTS)
def test_lists(written: str, read: list[str]) -> None:
    """A list is split where its author joined it, and its names are those of people and groups."""
    split = split_names(written)
    assert [displayed(name) for name in split.names] == read
    assert split.is_certain
    assert split.is_whole


@pytest.mark.parametrize(
    "written",
    ["Grove, Ada, Lind, Bo", "Bee, Dee and Eff", "Jane Doe, MIT, Rick Roe, ETH", "Johnson and Johnson",
     "Department of Energy and Climate Change", "Doe, Jane, Mary"],
)  # fmt: skip
def test_uncertain_lists(written: str) -> None:
    """A list that can be read in several ways stays whole, so that nobody is invented."""
    split = split_names(written)
    assert split.names == (AuthorName(literal=written),)
    assert not split.is_certain


@pytest.mark.parametrize(
    "end", [", et al.", " et al", " and others", "; et al.", ", ...", " and 12 others", "\net al.", ", and others."]
)
def test_cut_lists(end: str) -> None:
    """The words for the others are not a name, and the list is known to be cut."""
    split = split_names(f"Jane Doe, Rick Roe{end}")
    assert [displayed(name) for name in split.names] == ["Jane Doe", "Rick Roe"]
    assert not split.is_whole


people = st.lists(names.filter(lambda name: not name.suffix), min_size=2, max_size=6)


@given(people, st.sampled_from([" and ", "; ", "|", "\n", " ; ", " and\n"]))
def test_inverted_lists(listed: list[AuthorName], joint: str) -> None:
    """Names joined as "Family, Given" by "and", semicolons, bars or lines come back in their parts."""
    split = split_names(joint.join(map(inverted, listed)))
    assert (list(split.names), split.is_certain) == (listed, True)


@given(people, st.sampled_from([" and ", ", and ", " & ", ", "]))
def test_prose(listed: list[AuthorName], last_joint: str) -> None:
    """Names in reading order, joined by commas and perhaps a last "and", come back in their parts."""
    *first, last = map(displayed, listed)
    split = split_names(", ".join(first) + last_joint + last)
    assert (list(split.names), split.is_certain) == (listed, True)


@given(people)
def test_initials(listed: list[AuthorName]) -> None:
    """Family names with initials, as PubMed and psychologists write them, are one name each."""
    initials = [name.replace(given=f"{(name.given or '')[0]}.") for name in listed]
    joined = ", ".join(map(inverted, initials))
    assert list(split_names(joined).names) == initials
    plain = [name.replace(given=(name.given or "")[0]) for name in listed]
    joined = ", ".join(inverted(name).replace(",", "") for name in plain)
    assert list(split_names(joined).names) == plain


def test_cleaning() -> None:
    """Each name is cleaned by itself, after braces have held it together."""
    split = split_names("{Bee and Dee} and {\\'E}va, Jo", lambda name: name.replace("{\\'E}", "É"))
    assert split.names == (AuthorName(literal="Bee and Dee"), AuthorName(family="Éva", given="Jo"))


def test_entries() -> None:
    """An entry that holds a separator may be several names; one with a comma alone is one name."""
    assert is_joined("Jane Doe; Rick Roe") and is_joined("Jane Doe and Rick Roe")
    assert is_joined("A. Bee, C. Dee", is_alone=True) and is_joined("Grove, Ada, Lind, Bo", is_alone=True)
    assert not is_joined("García Márquez, Gabriel José", is_alone=True) and not is_joined("A. Bee, C. Dee")
    assert not is_joined("Doe, Jane") and not is_joined("{Bee and Dee}") and not is_joined("Anders Andersen")


@pytest.mark.parametrize("piece", ["a,", "A. ", "a and ", "(", "{", " ,", "et al ", "a\n", ";", "(a)", "Doe J, "])
def test_hostile_lists(piece: str) -> None:
    """The work grows with the length alone: counted in names, long lists neither fail nor explode."""
    assert len(split_names(piece * 20_000).names) <= 20_000


_PLAIN_WORDS = "Jane J. Doe Lee Ng Al Others And Iii Jr Team Many Ai MIT McFly van Et".split()


@given(
    st.lists(st.lists(st.sampled_from(_PLAIN_WORDS), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=5),
    st.lists(st.sampled_from([", ", " and ", ", and ", ",", " And ", "  and "]), min_size=5, max_size=5),
)
def test_plain_lists_need_no_closer_look(items: list[str], joints: list[str]) -> None:
    """A list that is taken for plain gives the names that a closer look gives."""
    written = "".join(
        f"{joint if place else ''}{item}" for place, (item, joint) in enumerate(zip(items, joints, strict=False))
    )
    with mock.patch.object(name_lists, "_plain_names", lambda written: None):
        expected = split_names(written)
    assert split_names(written) == expected


def test_most_lists_are_plain() -> None:
    """Prose and lists of plain names are read without a closer look; a comma that may be inside a name is not."""
    for written in ("Jane Doe, R. Roe and Ed A. Poe", "Jane Doe, R. Roe, Ed Poe", "Jane Doe and Ed Poe"):
        assert name_lists._plain_names(written)
    for written in ("Jane Doe, Ed Poe", "Jane Doe and Poe Roe, Ed Lee", "Jane Doe and Ed van Poe"):
        assert name_lists._plain_names(written) is None
