"""The page of a map in Chromium: what is drawn, found, opened, and what hostile papers cannot do.

Skipped where there is no Chromium. On Debian: apt-get install chromium-headless-shell.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.cli.output.addresses import page_of
from papersearch.maps.drawing import draw_answer, draw_collection
from papersearch.maps.page import page
from papersearch.maps.palette import DARK_PALETTE, LIGHT_PALETTE
from papersearch.maps.picture import picture
from papersearch.text.cleaning import clean_text
from tests.maps.browser import Browser, browsing, find
from tests.maps.nasty import nasty_map

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find() is None, reason="there is no Chromium on this machine")]

SIDE = 304
"""Width of the panel beside the map, in pixels."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = find()
    assert command
    with browsing(command, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, real_index: papersearch.Index) -> dict[str, Path]:
    """Write the maps of the real collection, of an answer, and of hostile papers."""
    folder = tmp_path_factory.mktemp("maps")
    hits = real_index.search("moe routing", 20).hits

    def quietly(step: str, done: int, total: int) -> None:
        """Pass over a step."""

    maps = {
        "collection": draw_collection(real_index, "All papers", quietly),
        "answer": draw_answer(real_index, "moe routing", hits, [real_index.papers()[0]], quietly),
        "nasty": nasty_map(is_answer=True),
    }
    for name, drawn in maps.items():
        (folder / f"{name}.html").write_bytes(page(drawn, page_of))
        (folder / f"{name}.svg").write_bytes(picture(drawn))
    return {path.name: path for path in folder.iterdir()}


def pixels(png: bytes) -> Any:
    """Return the pixels of a PNG of eight bits a colour, (height, width, 3)."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) in ((8, 2), (8, 6))
    step = 3 if kind == 2 else 4
    packed, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + size]
        at += size + 12
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * step)
    image = np.zeros((height, width * step), np.uint8)
    for number, row in enumerate(rows):
        above = image[number - 1] if number else np.zeros(width * step, np.uint8)
        image[number] = _unfiltered(int(row[0]), row[1:].copy(), above, step)
    return image.reshape(height, width, step)[:, :, :3]


def _unfiltered(filter_: int, row: Any, above: Any, step: int) -> Any:
    """Undo the filter of one row of a PNG."""
    if filter_ == 2:
        return row + above
    if filter_ == 0:
        return row
    for at in range(len(row)):
        left = int(row[at - step]) if at >= step else 0
        up, corner = int(above[at]), int(above[at - step]) if at >= step else 0
        guess = left + up - corner
        paeth = min((left, up, corner), key=lambda one: abs(guess - one))
        row[at] = (int(row[at]) + {1: left, 3: (left + up) // 2, 4: paeth}[filter_]) % 256
    return row


def share(browser: Browser, colour: str) -> float:
    """Return the share of the window's pixels that have exactly this colour."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return float((pixels(browser.picture()) == wanted).all(axis=2).mean())


def text(browser: Browser, selector: str) -> str:
    return str(browser.run(f"document.querySelector({selector!r}).textContent"))


def visible(browser: Browser, selector: str) -> bool:
    return bool(browser.run(f"document.querySelector({selector!r}).checkVisibility()"))


def type_in(browser: Browser, words: str) -> None:
    """Go to the search and type."""
    browser.press("/")
    browser.run("document.getElementById('query').value = ''")
    browser.press(*words)


def where(browser: Browser, number: int) -> tuple[float, float]:
    """Return where a paper is in the window at first, from the places in the page and its fit."""
    x, y = browser.run(
        f"""(() => {{
            const content = JSON.parse(document.getElementById('content').textContent);
            const box = document.getElementById('map').getBoundingClientRect();
            const [xs, ys] = [content.x, content.y];
            const ends = (values) => [Math.min(...values), Math.max(...values)];
            const [[left, right], [top, bottom]] = [ends(xs), ends(ys)];
            const scale = Math.min((box.width - 96) / (right - left), (box.height - 96) / (bottom - top));
            return [box.left + box.width / 2 + scale * (xs[{number}] - (left + right) / 2),
                    box.top + box.height / 2 + scale * (ys[{number}] - (top + bottom) / 2)];
        }})()"""
    )
    return float(x), float(y)


def alone(browser: Browser) -> int:
    """Return a paper of the map with no other near it."""
    places = np.array(
        browser.run("(({x, y}) => [x, y])(JSON.parse(document.getElementById('content').textContent))")
    ).T
    away = np.hypot(*(places[:, np.newaxis] - places).transpose(2, 0, 1))
    np.fill_diagonal(away, np.inf)
    return int(away.min(axis=1).argmax())


@pytest.mark.parametrize("name", ["collection.html", "answer.html", "nasty.html", "nasty.svg", "collection.svg"])
def test_nothing_is_loaded_and_nothing_fails(browser: Browser, pages: dict[str, Path], name: str) -> None:
    """A map asks for its own file alone, and the console stays empty: no error, no breach of the policy."""
    browser.open(pages[name])
    assert browser.requests() == [pages[name].as_uri()]
    assert browser.said() == []


def test_hostile_papers_run_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    """After every hostile paper has been pointed at and opened, the page is as it was, and shows their text."""
    browser.open(pages["nasty.html"])
    drawn = nasty_map(is_answer=True)
    title = browser.run("document.title")
    elements = browser.run("document.querySelectorAll('script, img, iframe, link, b, style').length")
    n_listed = browser.run("document.querySelectorAll('#matches button').length")
    assert n_listed == drawn.n_shown
    for number in range(n_listed):
        browser.run(f"document.querySelectorAll('#matches button')[{number}].focus()")
        browser.run(f"document.querySelectorAll('#matches button')[{number}].click()")
        shown = text(browser, "#paper-title")
        assert shown.rstrip("…") in {
            clean_text(p.title or p.paper_id)[: len(shown.rstrip("…"))] for p in drawn.papers
        }
        link = browser.run("document.getElementById('paper-link').href")
        assert link == "" or link.startswith(("http://", "https://"))
    assert browser.run("document.title") == title == clean_text(drawn.title)
    assert browser.run("document.querySelectorAll('script, img, iframe, link, b, style').length") == elements
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.said() == []


def test_the_policy_is_in_force(browser: Browser, pages: dict[str, Path]) -> None:
    """A script, a style and an image that are put into the page afterwards are refused by the browser."""
    browser.open(pages["collection.html"])
    browser.run(
        """(() => {
            const script = document.createElement('script');
            script.textContent = "document.title = 'owned'";
            const image = document.createElement('img');
            image.src = 'https://papers.example/pixel.png';
            const holder = document.createElement('div');
            holder.innerHTML = '<p id="styled" style="color: red" onclick="document.title = 1">x</p>';
            document.body.append(script, image, holder);
            document.getElementById('styled').click();
        })()"""
    )
    assert browser.run("document.title") == "All papers"
    assert browser.run("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"
    assert browser.refused() == ["csp"]
    assert len(browser.said()) >= 3


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT_PALETTE), ("dark", DARK_PALETTE)])
@pytest.mark.parametrize("name", ["collection.html", "collection.svg"])
def test_papers_have_the_colours_of_the_scheme(
    browser: Browser, pages: dict[str, Path], name: str, scheme: str, palette: Any
) -> None:
    """The ground and every group have their colours of the scheme that the reader prefers."""
    browser.open(pages[name], scheme=scheme)
    assert share(browser, palette.ground) > 0.4
    for colour in palette.groups:
        assert share(browser, colour) > 0.0003


def test_the_scheme_may_change_while_the_page_is_open(browser: Browser, pages: dict[str, Path]) -> None:
    """The map follows the reader's preference."""
    browser.open(pages["collection.html"])
    browser.prefer("dark")
    browser.settle()
    assert share(browser, DARK_PALETTE.groups[0]) > 0.0003
    assert share(browser, LIGHT_PALETTE.groups[0]) == 0


def test_the_pointer_shows_a_paper_and_a_click_opens_it(browser: Browser, pages: dict[str, Path]) -> None:
    """Over a paper its title is shown; a click opens it with abstract and link, a click beside closes it."""
    browser.open(pages["collection.html"])
    number = alone(browser)
    content = "JSON.parse(document.getElementById('content').textContent)"
    title, abstract = browser.run(f"[{content}.title[{number}], {content}.abstract[{number}]]")
    x, y = where(browser, number)
    browser.mouse("mouseMoved", x + 3, y)
    browser.settle()
    assert visible(browser, "#tip")
    assert text(browser, "#tip strong") == title
    browser.mouse("mouseMoved", SIDE + 4, 4)
    browser.settle()
    assert not visible(browser, "#tip")
    browser.click(x, y + 3)
    assert visible(browser, "#paper")
    assert text(browser, "#paper-title") == title
    assert text(browser, "#paper-abstract") == abstract
    browser.click(SIDE + 6, 6)
    assert not visible(browser, "#paper")


def test_evidence_of_an_answer_is_shown(browser: Browser, pages: dict[str, Path]) -> None:
    """The list has the answers by rank; pointing at one shows its evidence, opening it too."""
    browser.open(pages["answer.html"])
    ranks = browser.run("[...document.querySelectorAll('#matches small')].map((one) => one.textContent)")
    assert ranks[:20] == [str(rank) for rank in range(1, 21)]
    evidence = browser.run(
        "Object.values(JSON.parse(document.getElementById('content').textContent).hits)"
        ".find((hit) => hit.rank === 2).evidence"
    )
    browser.run("document.querySelectorAll('#matches button')[1].focus()")
    assert text(browser, "#tip q") == evidence
    browser.run("document.querySelectorAll('#matches button')[1].click()")
    assert text(browser, "#paper-evidence") == evidence


def test_the_search_finds_words_in_any_case_and_accent(browser: Browser, pages: dict[str, Path]) -> None:
    """Papers that have every word, compared without case and accents, are counted and listed; Escape clears."""
    browser.open(pages["collection.html"])
    texts = browser.run(
        "(({title, abstract}) => title.map((one, number) => `${one}\\n${abstract[number]}`.toLowerCase()))"
        "(JSON.parse(document.getElementById('content').textContent))"
    )
    type_in(browser, "MoÉ routing")
    expected = sum("moe" in one and "routing" in one for one in texts)
    assert 0 < expected < len(texts)
    assert text(browser, "#found") == f"{expected} papers shown"
    assert browser.run("document.querySelectorAll('#matches button').length") == min(50, expected)
    browser.press("Escape")
    assert text(browser, "#found") == ""
    type_in(browser, "qqqqzzzz")
    assert text(browser, "#found") == "0 papers shown"


def test_the_legend_narrows_and_the_colour_is_switched(browser: Browser, pages: dict[str, Path]) -> None:
    """An entry of the legend leaves its papers alone; the switch to years changes legend and colours."""
    browser.open(pages["collection.html"])
    count = int(text(browser, "#legend small"))
    browser.run("document.querySelector('#legend button').click()")
    browser.settle()
    assert text(browser, "#found") == f"{count} papers shown"
    assert browser.run("document.querySelector('#legend button').ariaPressed") == "true"
    assert share(browser, LIGHT_PALETTE.groups[1]) < 0.0003  # the legend alone has it
    browser.run("document.querySelector('[value=period]').click()")
    browser.settle()
    assert text(browser, "#found") == ""
    names = browser.run("[...document.querySelectorAll('#legend span')].map((one) => one.textContent)")
    assert names[-1] == "year unknown"
    assert names[-2] == "2026"
    assert share(browser, LIGHT_PALETTE.periods[6]) > 0.0003
    counts = browser.run("[...document.querySelectorAll('#legend small')].map((one) => Number(one.textContent))")
    assert sum(counts) == 302


def test_everything_works_by_keys_and_without_a_wheel(browser: Browser, pages: dict[str, Path]) -> None:
    """Arrows go to papers and say them, Enter opens, Escape closes, signs zoom, Shift with arrows moves."""
    browser.open(pages["collection.html"])
    browser.run("document.getElementById('map').focus()")
    browser.press("ArrowRight")
    first = text(browser, "#spoken")
    assert first
    browser.press("ArrowRight")
    second = text(browser, "#spoken")
    assert second and second != first
    browser.press("Enter")
    assert visible(browser, "#paper")
    assert second.startswith(text(browser, "#paper-title"))
    browser.press("Escape")
    assert not visible(browser, "#paper")
    assert browser.run("document.activeElement.id") == "map"
    browser.press("0")
    whole = browser.picture()
    for keys, shift in ((("+",), False), (("ArrowLeft",), True), (("-",), False)):
        before = browser.picture()
        browser.press(*keys, shift=shift)
        assert browser.picture() != before
    browser.press("Escape", "0")
    assert np.mean(pixels(browser.picture()) != pixels(whole)) < 0.01  # a tip may have gone
    for button in ("closer", "closer", "farther", "whole"):
        before = browser.picture()
        browser.run(f"document.getElementById('{button}').click()")
        browser.settle()
        assert browser.picture() != before


def test_zoom_keeps_the_paper_that_is_read(browser: Browser, pages: dict[str, Path]) -> None:
    """Buttons zoom around the opened paper: it stays where it is on the screen."""
    browser.open(pages["collection.html"])
    number = alone(browser)
    title = browser.run(f"JSON.parse(document.getElementById('content').textContent).title[{number}]")
    x, y = where(browser, number)
    browser.click(x, y)
    browser.mouse("mouseMoved", SIDE + 4, 4)
    ringed = np.argwhere((pixels(browser.picture())[:, SIDE:780] == accent()).all(axis=2)).mean(axis=0)
    for _ in range(4):
        browser.run("document.getElementById('closer').click()")
    browser.settle()
    after = np.argwhere((pixels(browser.picture())[:, SIDE:780] == accent()).all(axis=2)).mean(axis=0)
    assert np.abs(ringed - after).max() < 2
    assert text(browser, "#paper-title") == title


def accent() -> list[int]:
    """Return the colour of the ring around the opened paper."""
    return [int(LIGHT_PALETTE.accent[at : at + 2], 16) for at in (1, 3, 5)]


def test_a_drag_moves_the_map_and_opens_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    """A paper is under the pointer before and after it was dragged, and the wheel zooms around the pointer."""
    browser.open(pages["collection.html"])
    number = alone(browser)
    title = browser.run(f"JSON.parse(document.getElementById('content').textContent).title[{number}]")
    x, y = where(browser, number)
    browser.mouse("mouseMoved", x, y)
    browser.mouse("mousePressed", x, y, button="left", clickCount=1)
    for step in range(1, 6):
        browser.mouse("mouseMoved", x + 8 * step, y + 4 * step, button="left", buttons=1)
    browser.mouse("mouseReleased", x + 40, y + 20, button="left", clickCount=1)
    browser.mouse("mouseMoved", SIDE + 4, 4)
    assert not visible(browser, "#paper")
    browser.mouse("mouseMoved", x + 40, y + 20)
    browser.settle()
    assert text(browser, "#tip strong") == title
    for _ in range(5):
        browser.mouse("mouseWheel", x + 40, y + 20, deltaX=0, deltaY=-120)
    browser.mouse("mouseMoved", SIDE + 4, 4)
    browser.mouse("mouseMoved", x + 40, y + 20)
    browser.settle()
    assert text(browser, "#tip strong") == title


def test_two_fingers_zoom(browser: Browser, pages: dict[str, Path]) -> None:
    """Two fingers that part enlarge the map."""
    browser.open(pages["collection.html"])
    before = browser.picture()

    def touch(kind: str, *points: tuple[float, float]) -> None:
        browser.ask(
            "Input.dispatchTouchEvent",
            type=kind,
            touchPoints=[{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)],
        )

    touch("touchStart", (700, 400), (760, 400))
    for step in range(1, 6):
        touch("touchMove", (700 - 20 * step, 400), (760 + 20 * step, 400))
    touch("touchEnd")
    browser.settle()
    assert browser.picture() != before
    assert not visible(browser, "#paper")


@pytest.mark.parametrize(("width", "height"), [(360, 640), (800, 600), (1200, 800), (2400, 1200)])
def test_any_window(browser: Browser, pages: dict[str, Path], width: int, height: int) -> None:
    """In any window nothing is cut off to the side, and papers are drawn; another size later is followed."""
    browser.open(pages["answer.html"], width, height)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert share(browser, LIGHT_PALETTE.behind) > 0.0005
    browser.resize(height, width)
    browser.settle()
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert share(browser, LIGHT_PALETTE.behind) > 0.0005
    assert browser.said() == []
