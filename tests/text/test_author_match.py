"""Names of authors as people type them, against names of papers; the oracle knows who is meant."""

from __future__ import annotations

from itertools import combinations, product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.cli.output.exports.publication import inverted
from papersearch.text.author_match import _in_all_parts, asked_author, stored_author
from papersearch.text.name_lines import asked_name, author_line, lines_of, read_line
from papersearch.text.names import displayed, parse_name
from papersearch.types import AuthorName, Paper


def finds(asked: str, written: str) -> bool:
    """Tell whether a name as typed finds the name of a paper as a source writes it."""
    return asked_author(asked).fits(*stored_author(parse_name(written)))


class Person(NamedTuple):
    """A made-up author, of whom everything is known."""

    given: tuple[str, ...]
    particle: tuple[str, ...]
    family: str


_GIVEN = ("Jane", "Janet", "J.", "Karl", "K.", "Ann", "A.", "Bo")
_FAMILIES = ("Doe", "Roe", "Dober", "Moran")
people = st.builds(
    Person,
    st.lists(st.sampled_from(_GIVEN), min_size=1, max_size=3).map(tuple),
    st.sampled_from([(), ("van",), ("van", "der"), ("de",)]),
    st.sampled_from(_FAMILIES),
)


def bare(word: str) -> str:
    return word.rstrip(".").lower()


def alike(one: str, other: str) -> bool:
    """Two given names are alike if they are equal, or one is the other's initial."""
    short, long = sorted((bare(one), bare(other)), key=len)
    return short == long or (len(short) == 1 and long[0] == short)


def are_compatible(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """The fewer given names are among the others in order, and begin with the first or a written one."""
    few, many = sorted((some, others), key=len)
    pairs = [(few, many)] if len(few) < len(many) else [(few, many), (many, few)]
    return any(
        all(alike(word, larger[place]) for word, place in zip(smaller, places, strict=True))
        and (places[0] == 0 or (bare(smaller[0]) == bare(larger[places[0]]) and len(bare(smaller[0])) > 1))
        for smaller, larger in pairs
        for places in combinations(range(len(larger)), len(smaller))
    )


def means(asked: Person, paper: Person) -> bool:
    """Tell whether a paper's author may be the person that is asked for with as many particles as are named."""
    n_asked = len(asked.particle)
    ends = paper.particle[len(paper.particle) - n_asked :] if n_asked else ()
    has_particle = asked.particle == ends if n_asked else True
    return asked.family == paper.family and has_particle and are_compatible(asked.given, paper.given)


def spellings(person: Person) -> list[str]:
    given, family = " ".join(person.given), " ".join((*person.particle, person.family))
    return [
        f"{given} {family}",
        f"{family}, {given}",
        f"{family} {given}",
        f"{given} {family}".upper().title().lower(),
    ]


@pytest.mark.slow
@settings(max_examples=400)
@given(people, people, st.integers(0, 3))
def test_whole_names(asked: Person, paper: Person, form: int) -> None:
    """A whole name in any order and case finds exactly the names that the oracle takes for the same."""
    written = f"{' '.join((*paper.particle, paper.family))}, {' '.join(paper.given)}"
    assert finds(spellings(asked)[form], written) == means(asked, paper)


@settings(max_examples=200)
@given(people, st.sampled_from(_FAMILIES), st.booleans(), st.booleans())
def test_family_names(paper: Person, family: str, with_particle: bool, joins: bool) -> None:
    """A family name finds everybody who has it, whole or without the particle, apart or joined."""
    typed = " ".join((*(paper.particle if with_particle else ()), family))
    assert finds(typed.replace(" ", "") if joins else typed, displayed_as(paper)) == (family == paper.family)


def displayed_as(person: Person) -> str:
    return " ".join((*person.given, *person.particle, person.family))


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        *product(
            ["garcia", "García", "marquez", "García Márquez", "Garcia-Marquez", "Ana Garcia"],
            ["García Márquez, Ana"],
        ),
        *product(["muller", "MÜLLER", "J. Müller", "Jorg Muller"], ["Jörg Müller"]),
        *product(["ostergaard", "Østergaard, O."], ["Ole Østergaard"]),
        *product(["strasse", "Straße"], ["Hans Straße"]),
        *product(["obrien", "O'Brien", "O’Brien", "o brien"], ["Pat O'Brien", "Pat O’Brien"]),
        *product(["alembert", "d'Alembert", "Jean d’Alembert"], ["Jean d'Alembert"]),
        *product(
            ["King", "King Jr.", "M. L. King", "King, Martin Luther, Jr.", "King, Jr., Martin"],
            ["Martin Luther King Jr."],
        ),
        *product(
            ["J.-P. Serre", "JP Serre", "Serre JP", "Jean Pierre Serre", "Jeanpierre Serre", "J. Serre"],
            ["Jean-Pierre Serre"],
        ),
        *product(
            ["J.-P. Serre", "J. P. Serre", "JP Serre", "Jean-Pierre Serre"],
            ["J.-P. Serre", "JP Serre", "Serre, J. P."],
        ),
        *product(
            ["Wang Xiaoming", "Xiao-Ming Wang", "X. Wang", "X. M. Wang", "wang"],
            ["Xiaoming Wang", "Xiao-Ming Wang"],
        ),
        *product(["王芳", "王 芳", "王"], ["王芳"]),
        *product(["欧阳", "欧阳锋"], ["欧阳锋"]),
        *product(["김", "김철수"], ["김철수"]),
        *product(
            ["atlas", "ATLAS Collaboration", "collaboration atlas", "the atlas collaboration"],
            ["The ATLAS Collaboration"],
        ),
        *product(
            ["Doe", "J. Doe", "Jane Doe", "Doe, Jane", "Doe J"],
            ["Doe J", "Jane Doe", "J. Doe", "Doe, Jane", "JANE DOE"],
        ),
        *product(["jane doe", "roe", "Rick Roe"], ["Doe, Jane and Roe, Rick"]),
        ("Robert Oppenheimer", "J. Robert Oppenheimer"),
        ("J. Robert Oppenheimer", "Robert Oppenheimer"),
        ("Doe et al.", "Jane Doe"),
        ("Berg, Jan van der", "Jan van der Berg"),
        ("van den Berg", "Vandenberg, Jan"),
        ("Vandenberg", "Jan van den Berg"),
        ("Le Wang", "Le Wang"),
        ("LI WANG", "Li Wang"),
        ("Li Wang", "WANG, LI"),
        ("Plato", "Plato"),
    ],
)
def test_names_of_one_person(asked: str, written: str) -> None:
    """Spellings of one name find each other."""
    assert finds(asked, written)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("J. Doe", "Karl Doe"),
        ("Jane Doe", "Janet Doe"),
        ("Karla Doe", "Karl A. Doe"),
        ("J. Doe", "A. J. Doe"),
        ("Jane B. Doe", "Jane A. Doe"),
        ("Jan van der Berg", "Jan Berg"),
        ("van der Berg", "Berg"),
        ("van", "Jan van der Berg"),
        ("King Sr.", "Martin Luther King Jr."),
        ("Jane", "Jane Doe"),
        ("Lopez-Garcia", "L. Garcia"),
        ("Do", "Jane Doe"),
        ("oe", "Jane Doe"),
        ("brien", "Pat O'Brien"),
        ("芳", "王芳"),
        ("王 芳", "王芳芳"),
        ("J. R.", "J. Roe Collaboration"),
        ("", "Jane Doe"),
        ("...", "Jane Doe"),
        ("|", "Jane Doe"),
        (",", "Jane Doe"),
    ],
)
def test_names_of_others(asked: str, written: str) -> None:
    """A name that contradicts another, and a part of a word, finds nothing."""
    assert not finds(asked, written)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_name(asked: str, written: str) -> None:
    """Any text can be asked for and be stored: its line has four fields, and its anchors decide before it does."""
    name = parse_name(" ".join(written.split()))
    line = author_line(name, " ".join(displayed(name).split()))
    assert line.count("\t") == 3
    assert "\n" not in line
    sought = asked_name("authors", asked)
    if sought.fits(read_line(line)):
        assert set(sought.anchors) & set(read_line(line).keys)


@given(
    st.sampled_from(
        [
            "Jane Doe",
            "Jan van der Berg",
            "Ana García Márquez",
            "王芳",
            "J.-P. Serre",
            "ATLAS Collaboration",
            "King Jr., Martin",
        ]
    )
)
def test_a_name_finds_itself(written: str) -> None:
    """A name as it is shown, and as lists sort it, finds itself."""
    name = parse_name(written)
    assert finds(displayed(name), written)
    assert finds(inverted(name), written)


@given(people)
def test_plain_names_are_no_special_case(person: Person) -> None:
    """The short way for names of ASCII words and initials gives what the general one does."""
    name = AuthorName(given=" ".join(person.given), family=person.family)
    assert stored_author(name) == _in_all_parts(name)


def test_each_name_once() -> None:
    """A paper that names an author twice has one line of it, and its venue and categories have theirs."""
    doe = AuthorName(given="Jane", family="Doe")
    paper = Paper(
        paper_id="p", title="t", abstract="a", authors=("Jane Doe", "Jane Doe"), author_names=(doe, doe),
        categories=("cs.LG", "cs.LG", "hep-th"), venue="NeurIPS\t2023",
    )  # fmt: skip
    assert list(lines_of("authors", paper)) == ["|doe|\tjane\t\tJane Doe"]
    assert list(lines_of("categories", paper)) == ["|cs.lg|cs|\t\t\tcs.LG", "|hep-th|\t\t\thep-th"]
    assert list(lines_of("venues", paper)) == ["|neurips|2023|\t\t\tNeurIPS 2023"]


@pytest.mark.parametrize(
    ("asked", "shown", "is_found"),
    [
        ("cs.LG", "cs.LG", True),
        ("CS.lg", "cs.LG", True),
        ("cs", "cs.LG", True),
        ("cs.*", "cs.LG", True),
        ("cs.", "cs.LG", True),
        ("c", "cs.LG", False),
        ("LG", "cs.LG", False),
        ("cs.LG", "cs.L", False),
        ("astro-ph", "astro-ph.CO", True),
        ("hep", "hep-th", False),
        ("Machine  learning", "machine learning", True),
        ("machine", "machine learning", False),
        ("", "cs.LG", False),
    ],
)
def test_categories(asked: str, shown: str, is_found: bool) -> None:
    """A category is found by itself and by those above it, in any case."""
    [line] = lines_of("categories", Paper(paper_id="p", title="t", abstract="a", categories=(shown,)))
    sought = asked_name("categories", asked)
    assert (bool(set(sought.anchors) & set(read_line(line).keys)) and sought.fits(read_line(line))) == is_found


@pytest.mark.parametrize(
    ("asked", "shown", "is_found"),
    [
        ("neurips", "NeurIPS 2023", True),
        ("neurips", "Proceedings of NeurIPS", True),
        ("NeurIPS 2022", "NeurIPS 2023", False),
        ("2023 neurips", "NeurIPS 2023", True),
        ("neur", "NeurIPS 2023", False),
        ("the annals of statistics", "Annals of Statistics", True),
        ("academie", "Comptes Rendus de l'Académie", False),
        ("lacademie", "Comptes Rendus de l'Académie", True),
        ("e-life", "eLife", True),
        ("elife", "e-Life", True),
        ("of", "Annals of Statistics", True),
        ("", "NeurIPS 2023", False),
        ("---", "NeurIPS 2023", False),
    ],
)
def test_venues(asked: str, shown: str, is_found: bool) -> None:
    """A venue is found by the words of its name, whatever their case, accents and order."""
    [line] = lines_of("venues", Paper(paper_id="p", title="t", abstract="a", venue=shown))
    sought = asked_name("venues", asked)
    assert (bool(set(sought.anchors) & set(read_line(line).keys)) and sought.fits(read_line(line))) == is_found
