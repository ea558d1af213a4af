"""Names of authors that mean the same person, as far as names can tell.

A name is found by its family name: whole, by any of its words, and with or without its particle. What
else is asked for must not contradict the name: given names may be initials or missing on either side.
A name without parts, such as that of a group, is found by its words.

    Doe             Jane Doe, J. Doe, Doe
    J. Doe          Jane Doe, J. A. Doe; not Karl Doe, not A. J. Doe
    Jane Doe        Jane Doe, Doe J, Jane A. Doe; not Janet Doe
    Berg            Jan van der Berg; so does van der Berg
    Garcia          Ana García Márquez; so does Marquez
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from papersearch.text.name_words import Units, joined, units_of
from papersearch.text.names import is_family_first, is_initials, is_particle, with_particle_apart
from papersearch.types import AuthorName

LITERAL = "*"
"""The given names of a name without parts."""

_SUFFIXES = {
    **dict.fromkeys(("jr", "junior"), "jr"),
    **dict.fromkeys(("sr", "senior"), "sr"),
    **dict.fromkeys(("ii", "2nd"), "ii"),
    **dict.fromkeys(("iii", "3rd"), "iii"),
    **dict.fromkeys(("iv", "4th"), "iv"),
}
_MOST_RUNS = 5
"""Number of words of a family name up to which it is found by every run of them."""

_MOST_UNITS = 12
"""Number of units up to which a query is read as a name; a longer one is words of a list of names."""

_INITIALS = range(2, 4)
_PLAIN_FAMILY = re.compile("[A-Z][a-z]+")
_PLAIN_GIVEN = re.compile(r"[A-Z](?:[a-z]+|\.)?(?: [A-Z](?:[a-z]+|\.)?)*")
_ELIDED = re.compile("(?:d|l|all|dell|dall)['’](?=\\w)")


class StoredAuthor(NamedTuple):
    """A name as an index has it.

    keys: family names by which it is found, each written as one word; of a name without parts, its words
    given: words of the given names, or `LITERAL`
    suffix: "jr", "sr", "ii", "iii", "iv" or nothing
    """

    keys: tuple[str, ...]
    given: str
    suffix: str


class Split(NamedTuple):
    """One reading of a name that is looked for: the family name as one word, given names, suffix."""

    family: str
    given: tuple[str, ...]
    suffix: str


class AskedAuthor(NamedTuple):
    """A name that is looked for.

    splits: its readings
    units: its units, for names without parts
    """

    splits: tuple[Split, ...]
    units: Units

    @property
    def anchors(self) -> frozenset[str]:
        """Keys of which a stored name has at least one if it fits; of a long list of words only the longest."""
        if len(self.units) > _MOST_UNITS:
            return frozenset((max(chain(*self.units), key=len), *(split.family for split in self.splits)))
        words = (word for unit in self.units for word in unit if not _is_initial(word))
        return frozenset(chain((split.family for split in self.splits), words, self._wholes))

    @property
    def _wholes(self) -> tuple[str, ...]:
        """The whole name written as one word, in both orders."""
        return joined(self.units), joined(self.units[::-1])

    def fits(self, keys: Sequence[str], given: str, suffix: str) -> bool:
        """Tell whether a stored name may be the same."""
        if given == LITERAL:
            return any(whole in keys for whole in self._wholes) or _are_words_of(self.units, keys)
        names = tuple(given.split())
        return any(
            split.family in keys and _agree(split.given, names) and suffix in ("", split.suffix or suffix)
            for split in self.splits
        )


@lru_cache(maxsize=65_536)
def stored_author(name: AuthorName) -> StoredAuthor:
    """Return a name of a paper as an index keeps it."""
    if name.family and name.given and not (name.particle or name.suffix) and _is_plain(name.family, name.given):
        return StoredAuthor((name.family.lower(),), name.given.replace(".", "").lower(), "")
    return _in_all_parts(name)


def _is_plain(family: str, given: str) -> bool:
    """Tell whether a name is of ASCII words and single initials, as most are."""
    return bool(_PLAIN_FAMILY.fullmatch(family) and _PLAIN_GIVEN.fullmatch(given))


def _in_all_parts(name: AuthorName) -> StoredAuthor:
    if not name.family:
        return StoredAuthor(_keys_of_whole(name.literal or name.given or ""), LITERAL, "")
    apart = with_particle_apart(name)
    given = units_of(_initials_apart(apart.given or "", apart.family or ""))
    given, after = _particles_behind(given, apart.given or "")
    before, written = _elided_apart(apart.family or "")
    particle, family = after + units_of(apart.particle or "") + units_of(before), units_of(written)
    keys = list(_runs([*chain(*particle)], [*chain(*family)]))
    if name.given and is_family_first(name.family) and is_family_first(name.given):
        keys.append(joined(family + given))
    suffix = _SUFFIXES.get(joined(units_of(apart.suffix or "")), "")
    return StoredAuthor(tuple(dict.fromkeys(filter(None, keys))), " ".join(chain(*given)), suffix)


def asked_author(text: str) -> AskedAuthor:
    """Return the readings of a name as people type it, with or without a comma, in either order."""
    readings = dict.fromkeys((text, _initials_apart(text, "")))
    splits = dict.fromkeys(split for reading in readings for split in _splits(reading))
    return AskedAuthor(tuple(splits), units_of(_without_others(text)))


def _splits(text: str) -> Iterator[Split]:
    parts = [part for part in text.split(",") if units_of(part)]
    suffixes = [one for part in parts[1:] if (one := _SUFFIXES.get(joined(units_of(part))))]
    named = [parts[0], *(part for part in parts[1:] if joined(units_of(part)) not in _SUFFIXES)] if parts else []
    suffix = suffixes[0] if suffixes else ""
    if len(named) > 1:
        family, inner = _without_suffix(units_of(named[0]))
        given, last = _without_suffix(units_of(" ".join(named[1:])))
        given, particles = _particles_behind(given, named[1])
        yield Split(joined(particles + family), tuple(chain(*given)), suffix or inner or last)
        return
    units = units_of(_without_others(named[0])) if named else ()
    if len(units) > _MOST_UNITS:
        return
    yield from _in_either_order(units, suffix)
    shorter, last = _without_suffix(units)
    if last:
        yield from _in_either_order(shorter, suffix or last)


def _in_either_order(units: Units, suffix: str) -> Iterator[Split]:
    if not units:
        return
    yield Split(joined(units), (), suffix)
    for place in range(1, len(units)):
        for family, given in ((units[place:], units[:place]), (units[:place], units[place:])):
            yield Split(joined(family), tuple(chain(*given)), suffix)


def _without_suffix(units: Units) -> tuple[Units, str]:
    """Return the units without a suffix at the end, and the suffix."""
    suffix = _SUFFIXES.get(joined(units[-1:]), "") if len(units) > 1 else ""
    return (units[:-1], suffix) if suffix else (units, "")


def _without_others(text: str) -> str:
    """Return a name without "et al." behind it."""
    words = text.split()
    is_open = len(words) > 2 and words[-2].lower() == "et" and words[-1].lower().rstrip(".") == "al"
    return " ".join(words[:-2]).rstrip(",") if is_open else text


def _particles_behind(given: Units, written: str) -> tuple[Units, Units]:
    """Return given names without the particles at their end, as in "Berg, Jan van der", and those."""
    words = written.split()
    n_particles = 0
    while n_particles + 1 < len(words) and is_particle(words[-1 - n_particles]):
        n_particles += 1
    if not n_particles or len(given) <= n_particles:
        return given, ()
    return given[:-n_particles], given[-n_particles:]


def _elided_apart(family: str) -> tuple[str, str]:
    """Return the particle that an apostrophe joins to a family name, as in "d'Alembert", and the rest."""
    found = _ELIDED.match(family)
    return (found[0], family[found.end() :]) if found else ("", family)


def _initials_apart(text: str, beside: str) -> str:
    """Return names in which initials that are written together, as in "JP", are apart.

    In a name that is in capitals throughout, short words may be names: "LI".
    """
    if beside.isupper() and len(beside) > 1:
        return text
    return " ".join(" ".join(word) if _are_initials(word) else word for word in text.split())


def _are_initials(word: str) -> bool:
    return len(word) in _INITIALS and word.isalpha() and is_initials(word)


def _runs(particles: Sequence[str], family: Sequence[str]) -> Iterator[str]:
    """Yield the runs of words by which a family name is found, the whole name first; each has a word of it."""
    words, n_particles = [*particles, *family], len(particles)
    yield "".join(words)
    if len(words) > _MOST_RUNS:
        yield from family
        return
    for start in range(len(words)):
        for stop in range(len(words), max(start, n_particles), -1):
            yield "".join(words[start:stop])


def _keys_of_whole(literal: str) -> tuple[str, ...]:
    """Return the words of a name without parts, and its whole; an undivided East Asian name also by its start."""
    units = units_of(literal)
    words = list(chain(*units))
    keys = [*words, *map("".join, units), joined(units)]
    for word in words:
        if is_family_first(word) and min(word) >= _AFTER_KANA:
            keys += (word[:length] for length in _FAMILY_LENGTHS.get(len(word), ()))
            keys += [word[:2]] if len(word) == 3 and word[:2] in _DOUBLE_FAMILIES else []
    return tuple(dict.fromkeys(filter(None, keys)))


_FAMILY_LENGTHS = {2: (1,), 3: (1,), 4: (2,), 5: (2, 3)}
"""Lengths that the family name may have in a name of two to five characters."""

_DOUBLE_FAMILIES = frozenset(
    "欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 东方 東方 夏侯 皇甫 公孙 公孫 慕容 令狐 南宫 南宮 "
    "남궁 황보 제갈 선우 독고".split()
)
"""Family names of two characters in names of three, where one is the rule."""

_AFTER_KANA = "\u3400"
"""Least character that is not of a syllabary: a name in one is foreign, and not cut."""


def _agree(asked: tuple[str, ...], stored: tuple[str, ...]) -> bool:
    """Tell whether given names may be those of one person; either side may lack some of the other's."""
    if not asked or _join_to_one(asked, stored):
        return True
    if len(asked) <= len(stored) and _left_over(asked, stored) is not None:
        return True
    rest = _left_over(stored, asked) if stored else list(asked)
    return rest is not None and not any(len(word) > 1 and is_particle(word) for word in rest)


def _join_to_one(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether the same letters are parted otherwise: Xiao Ming, Xiaoming; not Karl A., Karla."""
    apart = max(some, others, key=len)
    return "".join(some) == "".join(others) and (some == others or len({_is_initial(word) for word in apart}) == 1)


def _left_over(few: tuple[str, ...], many: tuple[str, ...]) -> list[str] | None:
    """Return the words of `many` that are not in `few`, or None unless those of `few` are in it, in order.

    The first one is the first, or a later one that is written out: a person may go by a middle name.
    """
    first = 0
    if not _are_alike(few[0], many[0]):
        if few[0] not in many[1:] or _is_initial(few[0]):
            return None
        first = many.index(few[0], 1)
    rest = [*many[:first]]
    place = first + 1
    for word in few[1:]:
        while place < len(many) and not _are_alike(word, many[place]):
            rest.append(many[place])
            place += 1
        if place == len(many):
            return None
        place += 1
    return [*rest, *many[place:]]


def _are_alike(one: str, other: str) -> bool:
    """Tell whether two words are equal, or one is an initial of the other."""
    return (
        one == other
        or (_is_initial(one) and other.startswith(one))
        or (_is_initial(other) and one.startswith(other))
    )


def _is_initial(word: str) -> bool:
    return len(word) == 1 and not is_family_first(word)


def _are_words_of(units: Units, keys: Iterable[str]) -> bool:
    """Tell whether every unit is a word of a name without parts; initials may be, but not all of them."""
    known = frozenset(keys)
    has_word = False
    for unit in units:
        whole = "".join(unit)
        if whole in known or all(word in known for word in unit):
            has_word = has_word or not _is_initial(whole)
        elif not all(any(_are_alike(word, key) for key in known) for word in unit):
            return False
    return has_word
