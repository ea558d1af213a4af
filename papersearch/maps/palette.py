"""Colours of maps in light and dark, as custom properties of CSS.

Groups have eight colours that stay apart for people with each kind of colour blindness, and years have
shades of viridis, which grow lighter in one direction. All have a contrast of 3 to the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

DARK = "@media (prefers-color-scheme: dark)"


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

    def properties(self) -> str:
        """Return the colours as custom properties."""
        named = {name: value for name, value in self._asdict().items() if isinstance(value, str)}
        for name, colours in (("group", self.groups), ("period", self.periods)):
            named |= {f"{name}-{number}": colour for number, colour in enumerate(colours)}
        return "".join(f"{_property(name)}:{value};" for name, value in named.items())


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


def group_rules(n_groups: int) -> str:
    """Return the rules that fill elements of the classes g0, g1 and so on."""
    return "".join(f".g{number}{{fill:var({_property('group')}-{number})}}" for number in range(n_groups))


def _property(name: str) -> str:
    return f"--{name}"


def stylesheet() -> str:
    """Return the rules that set the colours, dark ones where the reader prefers them."""
    return f":root{{{LIGHT_PALETTE.properties()}}}\n{DARK}{{:root{{{DARK_PALETTE.properties()}}}}}\n"
