"""Colours of maps in light and dark, as custom properties of CSS.

Groups have eight colours that stay apart for people with each kind of colour blindness, and years have
shades of viridis, which grow lighter in one direction. All have a contrast of 3 to the ground.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_IN_THE_DARK = "@media (prefers-color-scheme: dark)"
_PREFIX = "--"


class Palette(NamedTuple):
    """Colours of one scheme.

    ground, surface: behind the points, and of panels
    ink, quiet: of text, and of text that matters less
    line: of borders
    behind: of papers that are not shown now
    unknown: of papers without a year
    accent: of what is chosen
    groups, periods: by number
    """

    ground: str
    surface: str
    ink: str
    quiet: str
    line: str
    behind: str
    unknown: str
    accent: str
    groups: Sequence[str]
    periods: Sequence[str]

    def named(self) -> dict[str, str]:
        """Return the colours by the names of their properties."""
        found = {name: value for name, value in self._asdict().items() if isinstance(value, str)}
        for name, colours in (("group", self.groups), ("period", self.periods)):
            found |= {f"{name}-{number}": colour for number, colour in enumerate(colours)}
        return found


LIGHT_PALETTE = Palette(
    ground="#ffffff",
    surface="#f6f7f9",
    ink="#1b1f24",
    quiet="#57606a",
    line="#d0d7de",
    behind="#d9dde2",
    unknown="#8a929b",
    accent="#0b57d0",
    groups="#1257d9 #a39500 #6b8f91 #ab4013 #893a80 #0097ff #612417 #430060".split(),
    periods="#22a186 #238b8c #2c738e #375b8c #424185 #482273 #440154".split(),
)

DARK_PALETTE = Palette(
    ground="#14171c",
    surface="#1c2026",
    ink="#e6e9ee",
    quiet="#a0a8b3",
    line="#363c45",
    behind="#3a4049",
    unknown="#7d8691",
    accent="#8ab4f8",
    groups="#00a2ff #f29f05 #03d89f #f31000 #e160ba #23f3ff #777a6a #bdfe5a".split(),
    periods="#31698d #26848d #229f87 #3ab876 #6fcd57 #b6de2a #fde725".split(),
)


def properties() -> str:
    """Return the rule that sets the properties, with dark colours where the reader prefers them."""
    light, dark = (
        "".join(f"{_PREFIX}{name}:{colour};" for name, colour in palette.named().items())
        for palette in (LIGHT_PALETTE, DARK_PALETTE)
    )
    return f":root{{{light}}}\n{_IN_THE_DARK}{{:root{{{dark}}}}}\n"


def in_both(rules: str) -> str:
    """Return rules with colours in place of properties, and again for the dark.

    Programs that draw SVG outside of browsers know no properties, and pass over the dark.
    """
    light, dark = (_coloured(rules, palette.named()) for palette in (LIGHT_PALETTE, DARK_PALETTE))
    return f"{light}{_IN_THE_DARK} {{\n{dark}}}\n"


def _coloured(rules: str, colours: dict[str, str]) -> str:
    return re.sub(rf"var\({_PREFIX}([\w-]+)\)", lambda match: colours[match[1]], rules)
