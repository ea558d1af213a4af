"""Licences of the dependencies: each is listed, and is one that is allowed."""

from __future__ import annotations

import re
import tomllib

import pytest

from docs import licences
from tests.conftest import PROJECT

PAGE = licences.PAGE.read_text(encoding="utf-8")
DECLARED = licences.rows(licences.DECLARED, PAGE)
BROUGHT = licences.rows(licences.BROUGHT, PAGE)


def test_every_dependency_is_listed() -> None:
    """The first table has each package that pyproject.toml declares, with what needs it, and no other."""
    assert {name: row[1] for name, row in DECLARED.items()} == {
        name: ", ".join(extras) for name, extras in licences.declared().items()
    }


def test_every_dependency_has_a_reason() -> None:
    """docs/decisions/dependencies.md has each declared package once, by what needs it, and no other."""
    page = (PROJECT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    told: dict[str, set[str]] = {}
    for heading, need in (("Always installed", "use"), ("Optional", ""), ("Development", "dev")):
        for packages, (extra, *_) in licences.rows(heading, page).items():
            for package in packages.split(", "):
                assert package not in told
                told[package] = {need} if need else set(re.findall(r"`(\w+)`", extra))
    needed = {name: set(extras) for name, extras in licences.declared().items()}
    assert told == {name: extras if extras == {"dev"} else extras - {"dev"} for name, extras in needed.items()}


@pytest.mark.parametrize("package", sorted({*DECLARED, *BROUGHT}))
def test_its_licence_is_allowed(package: str) -> None:
    """Each licence in an expression is one of those that are allowed, with an exception or without."""
    [licence, *_] = DECLARED.get(package) or BROUGHT[package]
    assert licences.names_in(re.sub(r" WITH [\w.-]+", "", licence)) <= licences.ALLOWED


@pytest.mark.parametrize("package", sorted(DECLARED))
def test_what_is_installed_says_the_same(package: str) -> None:
    """The licence in the table is that of the installed package, which another version may have changed."""
    found = licences.licence_of(package)
    if found is None:
        pytest.skip("not installed")
    assert licences.names_in(found) <= licences.names_in(DECLARED[package][0])


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "LicenseRef-Proprietary", "unknown", "MIT AND SSPL-1.0"]
)
def test_other_licences_are_refused(licence: str) -> None:
    """A licence that asks for the source of the program around it, or is unknown, is not allowed."""
    assert not licences.names_in(licence) <= licences.ALLOWED


def test_the_own_licence() -> None:
    """pyproject.toml names the licence of LICENSE, and those of what is copied, which lie in LICENSES."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "MIT AND BSD-3-Clause"
    assert (PROJECT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert [path.name for path in (PROJECT / "LICENSES").iterdir()] == ["Snowball.txt"]
    assert "Redistribution" in (PROJECT / "LICENSES" / "Snowball.txt").read_text(encoding="utf-8")
