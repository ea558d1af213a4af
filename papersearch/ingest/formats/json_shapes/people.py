"""Authors in JSON: strings, and objects with parts of names under many keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from papersearch.ingest.formats.json_shapes.fields import Fields, label, text
from papersearch.types import AuthorName

Person: TypeAlias = AuthorName | str

_FAMILY = ("family", "lastName", "last_name", "lastname", "last", "familyName", "family_name", "surname", "keyname")
_GIVEN = (
    "given",
    "firstName",
    "first_name",
    "firstname",
    "first",
    "givenName",
    "given_name",
    "forenames",
    "foreName",
)
_WHOLE = ("name", "full_name", "fullName", "fullname", "display_name", "displayName", "author_name", "authorName")
_GROUP = ("literal", "collectiveName", "collaboration", "collective")
_WRAPPED = ("author", "creator", "person", "value", "#text", "text")
_ROLES = ("creatorType", "role", "contributor_type", "contributorType")
_UNKNOWN = frozenset(
    {"anonymous", "anonymous author", "anonymous authors", "unknown", "et al", "et al.", "n/a", "none"}
)
_MAX_AUTHORS = 100_000


def people(value: Any) -> list[Person]:
    """Return the authors in a list; entries without a name, and other roles, are left out."""
    if isinstance(value, dict):
        value = value["author"] if isinstance(value.get("author"), list) else [value]
    if not isinstance(value, list):
        return []
    found = (person(entry) for entry in value[:_MAX_AUTHORS])
    return [name for name in found if name is not None]


def person(entry: Any) -> Person | None:
    """Return one author, or None if the entry names nobody or has another role."""
    if isinstance(entry, dict):
        return _person_of(entry)
    return whole_name(entry)


def whole_name(value: Any) -> str | None:
    """Return a string that is a name; identifiers and placeholders are not names."""
    name = text(value).strip()
    is_name = any(map(str.isalpha, name)) and name.lower() not in _UNKNOWN
    return name if is_name else None


def named(**parts: Any) -> AuthorName | None:
    """Return a name of these parts, or None if all are empty. A given name alone is a whole name."""
    known = {part: written for part, value in parts.items() if (written := text(value).strip())}
    if known.keys() == {"given"}:
        return AuthorName(literal=known["given"])
    return AuthorName(**known) if "family" in known or "literal" in known else None


def parsed_name(parts: Any) -> AuthorName | None:
    """Return the name that arXiv writes as [family, given, suffix, ...]."""
    family, given, suffix = (*parts, None, None, None)[:3] if isinstance(parts, list) else (None, None, None)
    if isinstance(family, str) and isinstance(given, str) and family and given and not suffix:
        return AuthorName(family=family, given=given)  # nearly all
    return named(family=family, given=given, suffix=suffix)


def joined(value: Any) -> str | None:
    """Return the authors that a source joins in one string."""
    return whole_name(value) if isinstance(value, str) else None


def _person_of(entry: Fields) -> Person | None:
    if not _is_author(entry):
        return None
    family = _first(entry, _FAMILY)
    if family:
        given = " ".join(filter(None, (_first(entry, _GIVEN), _middle(entry))))
        particles = (text(entry.get(f"{kind}-particle")) for kind in ("non-dropping", "dropping"))
        return named(
            family=family,
            given=given,
            particle=" ".join(filter(None, particles)) or text(entry.get("particle")),
            suffix=text(entry.get("suffix")),
        )
    group = _first(entry, _GROUP)
    if group:
        return AuthorName(literal=group)
    for key in (*_WHOLE, *_WRAPPED):
        value = entry.get(key)
        if isinstance(value, dict):
            return _person_of(value) if key in _WRAPPED and _WRAPPED[0] not in value else whole_name(value)
        if (name := whole_name(value)) is not None:
            return name
    given = _first(entry, _GIVEN)
    return AuthorName(literal=given) if given else None


def _first(entry: Fields, names: Iterable[str]) -> str:
    return next(
        (found for name in names if isinstance(found := entry.get(name), str) and found.strip()), ""
    ).strip()


def _middle(entry: Fields) -> str:
    middle = entry.get("middle")
    return " ".join(filter(None, (label(part) for part in middle))) if isinstance(middle, list) else text(middle)


def _is_author(entry: Fields) -> bool:
    """Return whether an entry has no role, or an author's."""
    role = next((entry[name] for name in _ROLES if isinstance(entry.get(name), str)), "author").lower()
    return "author" in role or role in {"aut", "creator", "first", "middle", "last", "additional", ""}
