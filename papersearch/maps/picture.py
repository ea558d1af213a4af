"""A map as a still picture: SVG with names, a legend, and titles that a browser shows at the pointer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

import numpy as np

from papersearch.maps.palette import in_both
from papersearch.text.amounts import amount
from papersearch.text.cleaning import clean_text
from papersearch.text.shortening import shortened

if TYPE_CHECKING:
    from papersearch.maps.paper_map import PaperMap
    from papersearch.types import Float64Array

_WIDTH = 960
_MARGIN = 28
_LEAST_HEIGHT, _MOST_HEIGHT = 320, 760
_HEAD = 56
_ROW = 20
_COLUMNS = 2
"""Columns of the legend."""

_NAME_SIZE = 14
_MOST_TITLED = 2_000
"""Most papers that carry their titles: a picture of more would grow past what viewers like."""

_NUMBERED = 10
"""Best hits that carry their rank."""

_SMALL = 3.0
"""Radius up to which papers have no edge."""

_RANK = 9
"""Radius of the disc behind a rank."""

_LONGEST_TITLE = 160


class _Frame(NamedTuple):
    """Places on the picture, (N, 2), and its height without head and legend."""

    points: Float64Array
    height: float


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        """Tell whether two boxes overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def picture(drawn: PaperMap) -> bytes:
    """Return the SVG of a map, coloured by group, in light or dark as its reader prefers."""
    frame = _framed(drawn.places)
    legend_top = _HEAD + 2 * _MARGIN + frame.height
    entries = _entries(drawn)
    height = round(legend_top + -(-len(entries) // _COLUMNS) * _ROW + 16)
    size = _radius(len(drawn.papers))
    style = (resources.files("papersearch.maps") / "files" / "picture.css").read_text(encoding="utf-8")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img">',
        f"<title>{_text(drawn.title, _LONGEST_TITLE)}</title>",
        f"<style>{in_both(style)}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}"/>',
        f'<text class="head" x="{_MARGIN}" y="34">{_text(drawn.title, 85)}</text>',
        f'<text class="quiet" x="{_MARGIN}" y="55">{_counts(drawn)}</text>',
        *_papers(drawn, frame, size),
        *_names(drawn, frame),
        *_ranks(drawn, frame),
        *_legend(entries, legend_top),
        "</svg>\n",
    ]
    return "\n".join(parts).encode("utf-8")


def _framed(places: Float64Array) -> _Frame:
    """Scale places, (N, 2), to the picture, and centre them."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([_WIDTH - 2 * _MARGIN, _MOST_HEIGHT])
    points = (places - (low + high) / 2) * (room / np.maximum(high - low, 0.05)).min()
    height = max(_LEAST_HEIGHT, float(np.ptp(points[:, 1])))
    return _Frame(points + np.array([_WIDTH / 2, _HEAD + _MARGIN + height / 2]), height)


def _radius(n_papers: int) -> float:
    return round(min(5.0, max(1.0, 80 / math.sqrt(n_papers))), 1)


def _counts(drawn: PaperMap) -> str:
    n_behind = len(drawn.papers) - drawn.n_shown
    shown = amount(drawn.n_shown, "paper")
    return f"{shown}, {n_behind:,} others behind" if n_behind else shown


def _papers(drawn: PaperMap, frame: _Frame, size: float) -> Iterator[str]:
    """Yield the circles of papers, those behind first; neighbours of several groups in paper order."""
    has_titles = len(drawn.papers) <= _MOST_TITLED
    yield f'<g class="papers{" small" if size <= _SMALL else ""}">'
    order = np.argsort(drawn.is_shown, kind="stable")
    for number in order.tolist():
        x, y = frame.points[number].tolist()
        kind = f"g{int(drawn.coarse[number])}" if drawn.is_shown[number] else "behind"
        circle = f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{size:g}"'
        paper = drawn.papers[number]
        title = _text(paper.title or paper.paper_id, _LONGEST_TITLE)
        yield f"{circle}><title>{title}</title></circle>" if has_titles else f"{circle}/>"
    yield "</g>"


def _numbered(drawn: PaperMap) -> list[int]:
    """Return the hits that carry their rank, best first."""
    return sorted(drawn.hits, key=lambda number: drawn.hits[number].rank)[:_NUMBERED]


def _ranks(drawn: PaperMap, frame: _Frame) -> Iterator[str]:
    """Yield the ranks of the best hits, the best one last and thereby on top."""
    for number in reversed(_numbered(drawn)):
        x, y = frame.points[number].tolist()
        yield f'<circle class="g{int(drawn.coarse[number])}" cx="{x:.1f}" cy="{y:.1f}" r="{_RANK}"/>'
        yield f'<text class="rank" x="{x:.1f}" y="{y + 4:.1f}">{drawn.hits[number].rank}</text>'


def _names(drawn: PaperMap, frame: _Frame) -> Iterator[str]:
    """Yield the names of groups, the largest first; one that finds no room is in the legend alone."""
    taken = [
        _Box(x - _RANK, y - _RANK, x + _RANK, y + _RANK)
        for x, y in (frame.points[number].tolist() for number in _numbered(drawn))
    ]
    kind = "name" if drawn.is_shown.all() else "name quiet"
    for number, group in enumerate(drawn.groups):
        name = " · ".join(map(clean_text, group.terms[:2]))
        x, y = np.median(frame.points[drawn.coarse == number], axis=0).tolist()
        width = _width(name)
        left = min(max(x - width / 2, 6.0), _WIDTH - width - 6)
        for shift in (0, -18, 18, -36, 36):
            box = _Box(left - 4, y + shift - 10, left + width + 4, y + shift + 10)
            if name and not any(map(box.meets, taken)):
                taken.append(box)
                yield f'<text class="{kind}" x="{left:.1f}" y="{y + shift + 5:.1f}">{_text(name, 80)}</text>'
                break


def _entries(drawn: PaperMap) -> list[tuple[int, str, int]]:
    """Return the groups that have papers which are not behind: number, name, and their papers."""
    counts = np.bincount(drawn.coarse[drawn.is_shown], minlength=len(drawn.groups)).tolist()
    return [(number, group.name, counts[number]) for number, group in enumerate(drawn.groups) if counts[number]]


def _legend(entries: Sequence[tuple[int, str, int]], top: float) -> Iterator[str]:
    rows = -(-len(entries) // _COLUMNS)
    for place, (number, name, n_papers) in enumerate(entries):
        x = _MARGIN + (place // rows) * (_WIDTH - 2 * _MARGIN) / _COLUMNS
        y = top + (place % rows) * _ROW
        yield f'<circle class="g{number}" cx="{x + 5:.1f}" cy="{y:.1f}" r="5"/>'
        count = f'<tspan class="quiet">{n_papers:,}</tspan>'
        yield f'<text x="{x + 18:.1f}" y="{y + 5:.1f}">{_text(name, 60)} {count}</text>'


def _width(text: str) -> float:
    """Estimate the width of a name in pixels: fonts differ, so it is a little more than most need."""
    return sum(_NAME_SIZE * (1.0 if east_asian_width(one) in "WF" else 0.6) for one in text)


def _text(text: str, longest: int) -> str:
    """Return text for XML: clean, without the characters that XML forbids, and cut."""
    return escape(shortened(clean_text(text), longest))
