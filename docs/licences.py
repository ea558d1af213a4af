"""Write the tables of docs/licences.md from the metadata of the installed packages.

    python docs/licences.py

A declared package that is not installed keeps the row that the document has.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "licences.md"
DECLARED, BROUGHT = "Declared", "Brought by them"

ALLOWED = frozenset(
    "0BSD Apache-2.0 BSD BSD-2-Clause BSD-3-Clause BSL-1.0 CC0-1.0 CNRI-Python ISC MIT MPL-2.0 PSF-2.0 Zlib".split()
)
"""Licences that a dependency may have: none asks for the source of the program around it."""

_NAMES = {
    "MIT": r"\bMIT(?: License)?\b",
    "Apache-2.0": r"\bApache(?:[ -]?2(?:\.0)?| Software License| License,? (?:Version )?2\.0)?\b",
    "BSD-3-Clause": r"\bBSD-3-Clause\b|\b3-Clause BSD\b|\bNew BSD\b",
    "BSD-2-Clause": r"\bBSD-2-Clause\b",
    "BSD": r"\bBSD(?: License)?\b(?!-\d)(?<!New BSD)(?<!Clause BSD)",
    "MPL-2.0": r"\bMPL[ -]2\.0\b|Mozilla Public License 2\.0",
    "ISC": r"\bISC\b",
    "PSF-2.0": r"\bPSF(?:-2\.0|L)?\b|Python Software Foundation",
}
_LONGEST_NAME = 60


def declared() -> dict[str, list[str]]:
    """Return the packages that pyproject.toml declares, each with what needs it: "use", or the names of extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, list[str]] = {}
    for extra, lines in {"use": project["dependencies"], **project["optional-dependencies"]}.items():
        for line in lines:
            found.setdefault(Requirement(line).name, []).append(extra)
    return found


def licence_of(package: str) -> str | None:
    """Return the licence of an installed package by its SPDX names; None if it is not installed."""
    try:
        told = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return None
    if "License-Expression" in told:
        return told["License-Expression"]
    field = "".join(told.get_all("License") or ())
    classified = [line for line in told.get_all("Classifier") or () if line.startswith("License ::")]
    for text in (field if len(field) <= _LONGEST_NAME else "", "; ".join(classified)):
        if names := [name for name, pattern in _NAMES.items() if re.search(pattern, text)]:
            return " AND ".join(names)
    return "unknown"


def brought(packages: Iterable[str]) -> list[str]:
    """Return the installed packages that these need, and those that these need, without the extras of any."""
    ahead, found = list(packages), set[str]()
    while ahead:
        try:
            lines = metadata.requires(ahead.pop()) or ()
        except metadata.PackageNotFoundError:
            continue
        for needed in map(Requirement, lines):
            name = re.sub(r"[-_.]+", "-", needed.name).lower()
            if name not in found and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
                found.add(name)
                ahead.append(needed.name)
    return sorted(found)


def rows(heading: str, page: str) -> dict[str, list[str]]:
    """Return the cells of a table of the page by the package in the first one."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line)
    return {row[0]: row[1:] for row in list(cells)[2:]}


def names_in(licence: str) -> set[str]:
    """Return the licences in an expression."""
    return set(re.split(r"[\s()]+|\bAND\b|\bOR\b", licence)) - {""}


def table(heads: tuple[str, ...], content: Mapping[str, list[str]]) -> str:
    """Return a table, one row for each package."""
    lines = [heads, ("---",) * len(heads), *((name, *cells) for name, cells in content.items())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Replace both tables."""
    page = PAGE.read_text(encoding="utf-8")
    before = rows(DECLARED, page)
    needed = declared()
    first = {
        name: [licence_of(name) or before[name][0], ", ".join(needed[name])]
        for name in sorted(needed, key=str.lower)
    }
    own = {re.sub(r"[-_.]+", "-", name).lower() for name in needed}
    in_use = [name for name, extras in needed.items() if "use" in extras]
    second = {name: [found] for name in brought(in_use) if name not in own and (found := licence_of(name))}
    for heading, made in (
        (DECLARED, table(("package", "licence", "for"), first)),
        (BROUGHT, table(("package", "licence"), second)),
    ):
        start, rest = page.split(f"\n## {heading}\n")
        lead, _, rest = rest.partition("\n|")
        tail = re.sub(r"\A(?:.*\|\n)+", "", rest)
        page = f"{start}\n## {heading}\n{lead}\n{made}{tail}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
