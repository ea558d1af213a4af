"""Names of authors: the parts of one name, and the name written for reading or for sorting.

The rules are those of BibTeX: a word in small letters before the family name is a particle. A name
is never guessed into existence: what has no parts that can be told, such as a group or "王芳", stays
whole. `name_lists` splits lists of names in one string.
"""

from __future__ import annotations

import re
from functools import lru_cache

from papersearch.text.cleaning import clean_text
from papersearch.types import AuthorName

_SUFFIXES = frozenset("jr jr. sr sr. ii iii iv vi vii viii 2nd 3rd 4th".split())
_SUFFIXES_AFTER_COMMA = _SUFFIXES | frozenset(
    "junior senior júnior filho neto sobrinho fils père esq esq. phd ph.d. m.d. msc m.sc. dphil".split()
)
_CORPORATE = frozenset("inc inc. ltd ltd. llc corp corp. co. gmbh plc s.a. b.v. ag".split())

_GROUP_WORDS = frozenset(
    "collaboration collaborations collaborative collaborators consortium consortia team teams group groups"
    " subgroup workgroup project projects committee committees association associations society societies"
    " institute institutes institution institut instituto istituto university universities universität"
    " université università universidad universidade foundation foundations network networks initiative"
    " initiatives developers authors contributors editors members investigators researchers research"
    " participants panel commission agency organization organisation organizations organisations department"
    " laboratory laboratories labs center centers centre centres company corporation inc inc. ltd ltd. llc gmbh"
    " community communities alliance federation union taskforce program programme study trial trials survey"
    " academy hospital hospitals ministry government observatory partnership coalition workshop deepmind".split()
)
_TAKEN_FOR_FAMILIES = frozenset(
    "consortium group collaboration team network investigators initiative committee association foundation".split()
)
"""Last words of groups that programs take for family names."""

_COMPANY_OF_AI = (" AI", "-AI")
"""The end of a company's name such as Meta AI; the family name is written Ai, initials follow a comma."""

_PARTICLES = frozenset(
    "von van der den de del della di da das do dos du des la le les los las lo ten ter te zu zum zur und af av"
    " al el bin bint ibn ben bar abu ap 't d' y e i".split()
)
_CONJUNCTIONS = frozenset(("y", "e", "i"))
"""Words that join two family names to one: Ramón y Cajal."""

_BRACKETS_TO_BLANKS = str.maketrans("(){},", "     ")
_FAMILY_FIRST = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_DOTTED_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.[-‐]?)+(?:[^\W\d_])?")
_COMMA = re.compile(",")
_JOINED_BY_AND = re.compile(r"\s(?:and|und|&)\s", re.IGNORECASE)
_MOST_INITIALS = 3
_PLAIN = re.compile(r"[A-Z](?:[a-z]+|\.)(?: [A-Z](?:[a-z]+|\.))* [A-Z][a-z]+")
_NOT_PLAIN = _GROUP_WORDS | _SUFFIXES | frozenset("and und et al others coauthors".split())
_LONGEST_KNOWN = 80
_BRACED = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_WORD = re.compile(r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s{}])+")


def parse_name(written: str) -> AuthorName:
    """Return the parts of one name, written "Given Family" or "Family, Given" or "Family, Jr., Given"."""
    return (_known_name if len(written) <= _LONGEST_KNOWN else _parts_of)(written)


def is_plain(written: str) -> bool:
    """Return whether a name is plainly written "Given Family" in ASCII, as most are: "Jane A. Doe"."""
    return bool(_PLAIN.fullmatch(written)) and _NOT_PLAIN.isdisjoint(written.lower().split())


def _parts_of(written: str) -> AuthorName:
    if is_plain(written):
        given, _, family = written.rpartition(" ")
        return AuthorName(given=given, family=family)
    text = " ".join(written.split()).strip(" ,;")
    if text.startswith("{") and _BRACED.fullmatch(text):
        return AuthorName(literal=_without_braces(text))
    if (group := _group_in(text)) is not None:
        return AuthorName(literal=_without_braces(group))
    if "," not in text:
        return _in_reading_order(text)
    parts = [part.strip() for part in split_at_commas(text)]
    if len(parts) == 1:
        return _in_reading_order(text)
    suffix = None
    if len(parts) == 3:
        parts, suffix = _without_suffix_part(parts)
        if suffix is None:
            return AuthorName(literal=_without_braces(text))
    if len(parts) != 2:
        return AuthorName(literal=_without_braces(text))
    if suffix is None and is_suffix(parts[1]) and not (is_initials(parts[1]) and len(words_of(parts[0])) == 1):
        name = _in_reading_order(parts[0])
        return name.replace(suffix=parts[1]) if name.family else _name([], [], parts[:1], parts[1])
    return _inverted_parts(parts[0], parts[1], suffix)


def _group_in(text: str) -> str | None:
    """Return the name of a group, or None for that of a person."""
    if "," in text and (group := group_of_parts(*text.split(",", 1))):
        return group
    return text if is_group(text) or len(split_outside_braces(_JOINED_BY_AND, text)) > 1 else None


_known_name = lru_cache(maxsize=16_384)(_parts_of)
"""Names that were met before: papers share their authors."""


def displayed(name: AuthorName) -> str:
    """Return a name as it is read: "Jan van der Berg", "Martin Luther King Jr.", "王芳"."""
    if name.literal:
        return name.literal
    if name.family and name.given and is_family_first(name.family) and is_family_first(name.given):
        return f"{name.family}{name.given}"
    return " ".join(filter(None, (name.given, _with_particle(name), name.suffix)))


def with_particle_apart(name: AuthorName) -> AuthorName:
    """Return a name whose source wrote the particle with the family name, as arXiv does, in all its parts."""
    if name.particle or not name.family or not is_lower(name.family):
        return name
    words = words_of(name.family)
    n_particles = _particles_before(words)
    if not n_particles:
        return name
    return name.replace(particle=" ".join(words[:n_particles]), family=" ".join(words[n_particles:]))


def is_group(text: str) -> bool:
    """Return whether a name is that of a group of people or an institution."""
    small = text.lower()
    if "," in text or "(" in text or "{" in text:
        small = small.translate(_BRACKETS_TO_BLANKS)
    is_company = text.endswith(_COMPANY_OF_AI) and not text.endswith(", AI")
    return is_company or not _GROUP_WORDS.isdisjoint(small.split())


def group_of_parts(family: str, given: str) -> str | None:
    """Return the name of a group that a source took for a person's: "Consortium, PsychENCODE"; else None."""
    before = given.strip()
    is_whole = family.strip().lower() in _TAKEN_FOR_FAMILIES and before[:1].isupper() and "," not in before
    return f"{before} {family.strip()}" if is_whole else None


def is_suffix(text: str) -> bool:
    """Return whether a part of a name between commas is a suffix or a degree."""
    return text.lower() in _SUFFIXES_AFTER_COMMA


def is_corporate_suffix(text: str) -> bool:
    """Return whether a part between commas ends the name of a company: "Inc."."""
    return text.lower() in _CORPORATE


def is_initials(word: str) -> bool:
    """Return whether a word consists of initials, without dots at most three: "J.", "J.-P.", "JR"."""
    if (len(word) > _MOST_INITIALS and word.isalpha()) or word in ("Jr.", "Sr."):
        return False
    letters = word.replace("-", "").replace("‐", "")
    is_short = len(letters) <= _MOST_INITIALS and letters.isalpha() and letters.isupper()
    return is_short or bool(_DOTTED_INITIALS.fullmatch(word))


def is_lower(word: str) -> bool:
    """Return whether the first letter of a word is small, as that of a particle is."""
    if word[:1].isupper():  # the common case
        return False
    first = next((letter for letter in word if letter.isalpha()), "")
    return first.islower() and not word.startswith("{") and not is_initials(word)


def is_particle(word: str) -> bool:
    """Return whether a word in small letters is one that comes before family names: "van"."""
    return word in _PARTICLES


def words_of(text: str) -> list[str]:
    """Return the words of a name; what braces hold is one word."""
    return _WORD.findall(text) if "{" in text or "}" in text else text.split()


def split_at_commas(text: str) -> list[str]:
    """Return the parts between the commas outside braces."""
    return split_outside_braces(_COMMA, text) if "{" in text else text.split(",")


def split_outside_braces(separator: re.Pattern[str], text: str) -> list[str]:
    """Return the parts of `text` between the separators outside braces."""
    if "{" not in text:
        return separator.split(text)
    parts, begin, depth, checked = [], 0, 0, 0
    for found in separator.finditer(text):
        between = text[checked : found.start()]
        depth = max(0, depth + between.count("{") - between.count("}"))
        checked = found.start()
        if depth == 0:
            parts.append(text[begin : found.start()])
            begin = found.end()
    return [*parts, text[begin:]]


def _in_reading_order(text: str) -> AuthorName:
    """Return the parts of a name without commas; a single word or a name of East Asia stays whole."""
    words = words_of(text)
    suffix = words.pop() if len(words) > 2 and words[-1].lower() in _SUFFIXES else None
    is_east_asian = not text.isascii() and _FAMILY_FIRST.search(text)
    if len(words) < 2 or is_east_asian or _ends_in_initials(words):
        return AuthorName(literal=_without_braces(text))
    first = _first_of_family(words)
    family = len(words) - 1
    if 0 < first < family and words[first] in _CONJUNCTIONS:
        return _name(words[: first - 1], [], words[first - 1 :], suffix)
    particle = words[first:family]
    while particle and not is_lower(particle[-1]):  # "Jean de La Fontaine"
        particle.pop()
    return _name(words[:first], particle, words[first + len(particle) :], suffix)


def _ends_in_initials(words: list[str]) -> bool:
    """Return whether the name may be "Doe J": the last word may be the family name or the initials."""
    return is_initials(words[-1]) and not all(map(is_initials, words))


def _first_of_family(words: list[str]) -> int:
    """Return the place where particle and family name begin."""
    is_all_lower = is_lower(words[-1]) and all(is_lower(word) or is_initials(word) for word in words)
    for place, word in enumerate(words[:-1]):
        if is_lower(word) and (word in _PARTICLES or not (is_all_lower or place == 0)):  # "bell hooks" has none
            return place
    return len(words) - 1


def _inverted_parts(family: str, given: str, suffix: str | None) -> AuthorName:
    """Return the parts of "Family, Given"; a suffix may follow either of them."""
    names, before = words_of(family), words_of(given)
    for words in (names, before):
        if suffix is None and len(words) > 1 and words[-1].lower() in _SUFFIXES:
            suffix = words.pop()
    n_particles = _particles_before(names)
    return _name(before, names[:n_particles], names[n_particles:], suffix)


def _particles_before(names: list[str]) -> int:
    """Return the number of particles with which a family name begins."""
    is_all_lower = all(map(is_lower, names))
    n_particles = 0
    for word in names[:-1]:
        if not is_lower(word) or (is_all_lower and word not in _PARTICLES):  # "van berg, jan"
            break
        n_particles += 1
    return n_particles


def _without_suffix_part(parts: list[str]) -> tuple[list[str], str | None]:
    """Return the two other parts of "Doe, Jr., Jane" or "Doe, Jane, Jr.", and the suffix."""
    if is_suffix(parts[2]):
        return parts[:2], parts[2]
    return ([parts[0], parts[2]], parts[1]) if is_suffix(parts[1]) else (parts, None)


def _name(given: list[str], particle: list[str], family: list[str], suffix: str | None) -> AuthorName:
    text = [_without_braces(" ".join(words)) or None for words in (given, particle, family)]
    return AuthorName(given=text[0], particle=text[1], family=text[2], suffix=suffix)


def _with_particle(name: AuthorName) -> str:
    """Return particle and family name; an apostrophe joins them."""
    if not name.particle or not name.family:
        return name.particle or name.family or ""
    joint = "" if name.particle.endswith(("'", "’")) else " "
    return f"{name.particle}{joint}{name.family}"


def is_family_first(text: str) -> bool:
    """Tell whether a name is written in characters of East Asia alone, where the family name comes first."""
    return not text.isascii() and all(_FAMILY_FIRST.match(letter) or letter in "々〆·" for letter in text)


def _without_braces(text: str) -> str:
    """Return a text without braces, clean again: they may have held blanks, and marks from their letters."""
    return clean_text(text.replace("{", "").replace("}", "")) if "{" in text or "}" in text else text
