"""Colours of maps: told from the ground and from each other, also by people with colour blindness."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from papersearch.maps.palette import DARK_PALETTE, LIGHT_PALETTE, Palette

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency" (2009), severity 1.0, on linear RGB.
SIGHTS: dict[str, Any] = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
LEAST = {"usual": 0.12, "protanopia": 0.12, "deuteranopia": 0.12, "tritanopia": 0.08}
PALETTES = pytest.mark.parametrize("palette", [LIGHT_PALETTE, DARK_PALETTE], ids=["light", "dark"])


def linear(colour: str) -> Any:
    value = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG defines it."""
    lights = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def oklab(rgb: Any) -> Any:
    """Return a linear RGB colour in Oklab, where distances are as they are seen (Ottosson, 2020)."""
    cones = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ np.clip(rgb, 0, 1)
    )
    return (
        np.array(
            [
                [0.2104542553, 0.793617785, -0.0040720468],
                [1.9779984951, -2.428592205, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.808675766],
            ]
        )
        @ cones
    )


@PALETTES
def test_colours_of_papers_contrast_with_the_ground(palette: Palette) -> None:
    """Every colour of a paper that is shown has the contrast 3 that WCAG asks of graphics, and text has 4.5."""
    for colour in (*palette.groups, *palette.periods, palette.unknown):
        assert contrast(colour, palette.ground) >= 3, colour
    for colour in (palette.ink, palette.quiet, palette.accent):
        assert contrast(colour, palette.ground) >= 4.5
        assert contrast(colour, palette.surface) >= 4.5


@PALETTES
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_of_groups_stay_apart(palette: Palette, sight: str) -> None:
    """The colours of any two groups differ for each kind of sight."""
    seen = [oklab(np.array(SIGHTS[sight]) @ linear(colour)) for colour in palette.groups]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) >= LEAST[sight]


@PALETTES
@pytest.mark.parametrize("sight", SIGHTS)
def test_shades_of_years_have_an_order(palette: Palette, sight: str) -> None:
    """Shades of later years go farther from the ground, for each kind of sight."""
    lights = [float(oklab(np.array(SIGHTS[sight]) @ linear(colour))[0]) for colour in palette.periods]
    ground = float(oklab(linear(palette.ground))[0])
    away = [abs(light - ground) for light in lights]
    assert away == sorted(away)
