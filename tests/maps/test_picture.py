"""The picture of a map, as a parser of XML reads it."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

from papersearch.maps import picture as module
from papersearch.maps.palette import DARK_PALETTE, LIGHT_PALETTE
from papersearch.maps.paper_map import make_map
from papersearch.maps.picture import picture
from papersearch.text.analysis import Analyzer
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper
from tests.maps.nasty import nasty_map

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("is_answer", [False, True])
def test_every_paper_is_a_titled_circle(is_answer: bool) -> None:
    """The picture is XML with one circle for each paper inside its frame, and hostile titles are text of it."""
    shown = nasty_map(is_answer=is_answer)
    root = ElementTree.fromstring(picture(shown))
    assert {element.tag for element in root.iter()} <= {
        SVG + name for name in "svg title style rect text tspan circle g".split()
    }
    assert not [
        name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name
    ]
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    circles = root.findall(f"{SVG}g/{SVG}circle")
    assert all(0 <= float(one.attrib["cx"]) <= width and 0 <= float(one.attrib["cy"]) <= height for one in circles)
    titles = sorted(one.findtext(f"{SVG}title") or "" for one in circles)
    expected = sorted(clean_text(paper.title or paper.paper_id) for paper in shown.papers)
    for found, whole in zip(titles, expected, strict=True):
        assert found == whole or (found.endswith("…") and whole.startswith(found[:-1]))
    assert sum(one.attrib["class"] == "behind" for one in circles) == len(shown.papers) - shown.n_shown


def test_the_best_hits_carry_their_rank() -> None:
    """Ten ranks are written, of the ten best hits."""
    root = ElementTree.fromstring(picture(nasty_map(is_answer=True)))
    ranks = [text.text for text in root.iter(f"{SVG}text") if text.attrib.get("class") == "rank"]
    assert sorted(int(rank or 0) for rank in ranks) == list(range(1, 11))


def test_names_do_not_overlap() -> None:
    """Boxes around the names of groups have no point in common, by their size of letters."""
    topics = ["sparse routing", "protein folding", "speech recognition", "graph colouring", "image restoration"]
    random = np.random.default_rng(0)
    papers = [
        Paper(paper_id=f"{topic}-{number}", title=f"On {topic}", abstract=f"We study {topic} in detail.")
        for topic in topics
        for number in range(30)
    ]
    places = np.repeat(random.random((5, 2)) * 0.2, 30, axis=0) + random.normal(0, 0.01, (150, 2))
    root = ElementTree.fromstring(picture(make_map("Topics", papers, np.clip(places, 0, 1), analyzer=Analyzer())))
    names = [text for text in root.iter(f"{SVG}text") if (text.attrib.get("class") or "").startswith("name")]
    assert len(names) >= 2
    boxes = [(float(one.attrib["x"]), float(one.attrib["y"]), 14 * 0.5 * len(one.text or "")) for one in names]
    for (left, top, width), (other_left, other_top, other_width) in combinations(boxes, 2):
        assert abs(top - other_top) >= 14 or left + width <= other_left or other_left + other_width <= left


def test_many_papers_have_no_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit circles carry no titles, so that the picture stays small."""
    shown = nasty_map()
    for most, expected in ((len(shown.papers), len(shown.papers)), (len(shown.papers) - 1, 0)):
        monkeypatch.setattr(module, "_MOST_TITLED", most)
        root = ElementTree.fromstring(picture(shown))
        assert len(root.findall(f"{SVG}g/{SVG}circle/{SVG}title")) == expected


def test_colours_are_written_out() -> None:
    """The style names no property of CSS, which programs other than browsers do not know: only colours."""
    style = ElementTree.fromstring(picture(nasty_map())).findtext(f"{SVG}style") or ""
    assert "var(" not in style
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for part, palette in ((light, LIGHT_PALETTE), (dark, DARK_PALETTE)):
        for number, colour in enumerate(palette.groups):
            assert f".g{number} {{ fill: {colour}; }}" in part


@pytest.mark.parametrize("n_papers", [1, 2, 3])
def test_few_papers(n_papers: int) -> None:
    """A picture of one paper, or of papers at one place, is a picture too."""
    papers = [Paper(paper_id=str(number), title=f"Title {number}", abstract="") for number in range(n_papers)]
    root = ElementTree.fromstring(
        picture(make_map("Few", papers, np.full((n_papers, 2), 0.5), analyzer=Analyzer()))
    )
    assert len(root.findall(f"{SVG}g/{SVG}circle")) == n_papers
