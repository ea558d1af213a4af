"""Names of authors of many cultures, in parts and back."""

from __future__ import annotations

from collections import Counter
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papersearch.cli.output.exports.publication import inverted
from papersearch.text import names as names_module
from papersearch.text.cleaning import clean_text
from papersearch.text.names import displayed, parse_name, with_particle_apart
from papersearch.types import AuthorName

NAMES = [
    # reading order, inverted, given, particle, family, suffix
    ("Jane Doe", "Doe, Jane", "Jane", None, "Doe", None),
    ("J. R. R. Tolkien", "Tolkien, J. R. R.", "J. R. R.", None, "Tolkien", None),
    ("J.-P. Serre", "Serre, J.-P.", "J.-P.", None, "Serre", None),
    ("Lev N. Tolstoy", "Tolstoy, Lev N.", "Lev N.", None, "Tolstoy", None),
    ("Jan van der Berg", "van der Berg, Jan", "Jan", "van der", "Berg", None),
    ("Bruno de Finetti", "de Finetti, Bruno", "Bruno", "de", "Finetti", None),
    ("Jean de La Fontaine", "de La Fontaine, Jean", "Jean", "de", "La Fontaine", None),
    ("Charles Louis de la Vallée Poussin", "de la Vallée Poussin, Charles Louis", "Charles Louis", "de la",
     "Vallée Poussin", None),
    ("Gerard 't Hooft", "'t Hooft, Gerard", "Gerard", "'t", "Hooft", None),
    ("Jeanne d'Arc", "d'Arc, Jeanne", "Jeanne", None, "d'Arc", None),
    ("Yann LeCun", "LeCun, Yann", "Yann", None, "LeCun", None),
    ("Santiago Ramón y Cajal", "Ramón y Cajal, Santiago", "Santiago", None, "Ramón y Cajal", None),
    ("Abu Bakr al Baghdadi", "al Baghdadi, Abu Bakr", "Abu Bakr", "al", "Baghdadi", None),
    ("Muhammad al-Khwarizmi", "al-Khwarizmi, Muhammad", "Muhammad", None, "al-Khwarizmi", None),
    ("Yusuf bin Ahmad", "bin Ahmad, Yusuf", "Yusuf", "bin", "Ahmad", None),
    ("Ngũgĩ wa Thiong'o", "wa Thiong'o, Ngũgĩ", "Ngũgĩ", "wa", "Thiong'o", None),
    ("Conor O'Brien", "O'Brien, Conor", "Conor", None, "O'Brien", None),
    ("Иван Петров", "Петров, Иван", "Иван", None, "Петров", None),
    ("bell hooks", "hooks, bell", "bell", None, "hooks", None),
    ("e. e. cummings", "cummings, e. e.", "e. e.", None, "cummings", None),
    ("Martin Luther King Jr.", "King, Martin Luther, Jr.", "Martin Luther", None, "King", "Jr."),
    ("Henry Ford II", "Ford, Henry, II", "Henry", None, "Ford", "II"),
    ("The Anh Nguyen", "Nguyen, The Anh", "The Anh", None, "Nguyen", None),
]  # fmt: skip


@pytest.mark.parametrize(("read", "sorted_as", "given_name", "particle", "family", "suffix"), NAMES)
def test_parts(
    read: str, sorted_as: str, given_name: str, particle: str | None, family: str, suffix: str | None
) -> None:
    """A name has the same parts in reading order and inverted, and its parts give back both."""
    parts = AuthorName(given=given_name, particle=particle, family=family, suffix=suffix)
    assert parse_name(read) == parse_name(sorted_as) == parts
    assert (displayed(parts), inverted(parts)) == (read, sorted_as)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Doe, Jr., Jane", "Jane Doe Jr."), ("Doe, Jane, Jr.", "Jane Doe Jr."), ("Jane Doe, Jr.", "Jane Doe Jr."),
        ("King Jr., Martin Luther", "Martin Luther King Jr."),
        ("King, Martin Luther Jr.", "Martin Luther King Jr."),
        ("King III, Martin", "Martin King III"), ("Jane Doe, PhD", "Jane Doe PhD"), ("Doe, V", "V Doe"),
        ("García Márquez, Gabriel", "Gabriel García Márquez"), ("{van der Berg}, Jan", "Jan van der Berg"),
        ("王, 芳", "王芳"), ("  Doe ,  Jane ", "Jane Doe"), ("van der Berg", "van der Berg"),
    ],
)  # fmt: skip
def test_forms(written: str, read: str) -> None:
    """Suffixes may follow either part, several family names stay together, braces hold words together."""
    name = parse_name(written)
    assert displayed(name) == read
    assert name.literal is None
    assert name.family


@pytest.mark.parametrize(
    "written",
    [
        "The ATLAS Collaboration", "OpenAI", "Google DeepMind Team", "WHO Working Group on Moths", "Meta AI",
        "Microsoft Research", "University of Somewhere", "Barnes & Noble", "Acme, Inc.", "Madonna", "王芳", "王 芳",
        "김민수", "山田 太郎", "Johnson and Johnson", "Doe, Jane, MIT", "Doe J", "Vinod K", "1000 Genomes Project",
    ],
)  # fmt: skip
def test_whole_names(written: str) -> None:
    """A group, one word, and a name whose order is not known stay as written."""
    assert parse_name(written) == AuthorName(literal=written)
    assert displayed(parse_name(written)) == inverted(parse_name(written)) == written


def test_braces() -> None:
    """What braces hold is one name, whatever it contains."""
    assert parse_name("{The ATLAS and CMS Collaborations}") == AuthorName(
        literal="The ATLAS and CMS Collaborations"
    )
    assert parse_name("Jane {van der Berg}") == AuthorName(given="Jane", family="van der Berg")


def test_particles_of_sources() -> None:
    """A particle that a source wrote with the family name is a part of its own."""
    name = AuthorName(given="Jan", family="van der Berg")
    assert with_particle_apart(name) == parse_name("van der Berg, Jan")
    for untouched in (AuthorName(family="hooks", given="bell"), AuthorName(literal="van der Berg")):
        assert with_particle_apart(untouched) == untouched
    assert displayed(AuthorName(given="Jeanne", particle="d'", family="Arc")) == "Jeanne d'Arc"


LETTERS = "abcdefghijklmnopqrstuvwxyzäéøčñ"
words = st.builds(
    lambda first, rest: f"{first}{rest}ko",  # no group, suffix or company ends with these letters
    st.sampled_from("ABDEGHKLMNOPRSTUWZÄÉØČ"),
    st.text(LETTERS, min_size=2, max_size=6),
)
given_names = st.lists(words | st.sampled_from(["J.", "É.", "J.-P."]), min_size=1, max_size=3).map(" ".join)
particles = st.none() | st.sampled_from(["van", "van der", "de la", "von", "zu", "al", "bin", "dos"])
names = st.builds(
    lambda given_name, particle, family, suffix: AuthorName(
        given=given_name, particle=particle, family=family, suffix=suffix
    ),
    given_names,
    particles,
    words,
    st.none() | st.sampled_from(["Jr.", "Sr.", "II", "III", "IV"]),
)
"""Names that reading order does not make ambiguous: one family name, and no group words."""


@given(names)
def test_round_trip(name: AuthorName) -> None:
    """A name read from either of its written forms has the parts that it was written from."""
    assert parse_name(displayed(name)) == name
    assert parse_name(inverted(name)) == name


@given(st.text(st.sampled_from("aBc dE.,'-{}é王 "), max_size=30))
def test_nothing_is_lost(written: str) -> None:
    """Every letter that was written is displayed, once, however strange the name."""
    shown = displayed(parse_name(written))
    assert Counter(filter(str.isalpha, shown)) == Counter(filter(str.isalpha, written))


@given(st.text(st.sampled_from("aB de.,'{}é王\u0301\u200d "), max_size=20))
@example("{ }")
@example("{ a}")
def test_what_braces_leave_is_clean(written: str) -> None:
    """The parts of a clean name are clean, and none is empty, also where braces held a blank or a mark."""
    name = parse_name(clean_text(written))
    parts = [name.given, name.particle, name.family, name.suffix, displayed(name), inverted(name)]
    assert all(part != "" for part in parts[:4])
    assert all(clean_text(part) == part for part in parts if part)


@given(
    st.lists(
        st.sampled_from("Jane J. Doe Ng Al Others And Iii Jr Jr. Team Ai AI McFly van Et".split()),
        min_size=1,
        max_size=4,
    ).map(" ".join)
)
def test_plain_names_need_no_closer_look(written: str) -> None:
    """A name that is taken for plain has the parts that a closer look gives."""
    with mock.patch.object(names_module, "is_plain", lambda written: False):
        expected = names_module._parts_of(written)
    assert parse_name(written) == expected
    assert names_module.is_plain("Jane A. Doe")
