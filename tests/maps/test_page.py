"""The page of a map, as a parser of HTML reads it: hostile text stays text, and nothing is loaded."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from papersearch.cli.output.addresses import page_of
from papersearch.maps import page as module
from papersearch.maps.page import page
from papersearch.text.cleaning import clean_text
from tests.maps.nasty import ATTACKS, nasty_map

VOID = {"meta", "input", "br"}
KNOWN = VOID | set(
    "html head title style body aside main article fieldset legend label details summary dl dt dd div p h1 h2 "
    "ul ol a code q strong span button canvas blockquote noscript script".split()
)


class Reader(HTMLParser):
    """The elements of a page with their attributes, and the text in each kind of them."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[dict[str, str | None], str, str]] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(content.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, attributes = self._open[-1]
            self.texts.append((attributes, tag, data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:50]}")

    def text_of(self, tag: str, **wanted: str) -> str:
        """Return the text of the only element of this kind."""
        assert sum(one == tag and wanted.items() <= found.items() for one, found in self.elements) == 1
        return "".join(text for found, one, text in self.texts if one == tag and wanted.items() <= found.items())

    @property
    def policy(self) -> dict[str, str]:
        """The directives of the page's policy."""
        content = next(
            found["content"] or ""
            for tag, found in self.elements
            if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy"
        )
        return dict(part.strip().split(" ", 1) for part in content.split(";"))


@pytest.fixture(scope="module", params=[False, True], ids=["collection", "answer"])
def read(request: pytest.FixtureRequest) -> tuple[Any, Reader]:
    drawn = nasty_map(is_answer=request.param)
    return drawn, Reader(page(drawn, page_of))


def test_only_the_elements_of_the_page_are_there(read: tuple[Any, Reader]) -> None:
    """Hostile text opens no element, closes none, and sets no attribute that runs code."""
    _, reader = read
    assert {tag for tag, _ in reader.elements} <= KNOWN
    assert [attributes for tag, attributes in reader.elements if tag == "script"] == [
        {"id": "content", "type": "application/json"},
        {"type": "module"},
    ]
    assert sum(tag == "style" for tag, _ in reader.elements) == 1
    for _, attributes in reader.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "action")]


def test_texts_arrive_as_they_are(read: tuple[Any, Reader]) -> None:
    """The JSON of the page has each paper's clean title, abstract and id, cut only where it is too long."""
    drawn, reader = read
    content = json.loads(reader.text_of("script", id="content"))
    assert content["heading"] == reader.text_of("title") == clean_text(drawn.title)
    for number, paper in enumerate(drawn.papers):
        for name, whole in (("title", paper.title), ("abstract", paper.abstract), ("id", paper.paper_id)):
            found, expected = content[name][number], clean_text(whole)
            assert found == expected or (found.endswith("…") and expected.startswith(found[:-1]))
        assert len(content["title"][number]) <= 500
    for number, hit in drawn.hits.items():
        assert content["hits"][str(number)]["rank"] == hit.rank


def test_nothing_reorders_or_controls_text(read: tuple[Any, Reader]) -> None:
    """No direction, control or line separator character is on the page, nor half a surrogate pair."""
    _, reader = read
    everything = "".join(text for _, _, text in reader.texts) + reader.text_of("script", id="content")
    assert not re.search(
        "[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", everything
    )


def test_addresses_are_of_the_web(read: tuple[Any, Reader]) -> None:
    """A paper's link begins with https or http and has no sign that ends an attribute; else there is none."""
    _, reader = read
    addresses = json.loads(reader.text_of("script", id="content"))["address"]
    assert any(addresses)
    for address in filter(None, addresses):
        assert re.fullmatch(r"https?://[^\s\"'<>]+", address, flags=re.IGNORECASE)


def test_the_policy_allows_this_script_and_style_alone(read: tuple[Any, Reader]) -> None:
    """Everything is forbidden but the inline script and style, by the hashes of what a parser finds in them."""
    _, reader = read

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert reader.policy == {
        "default-src": "'none'",
        "script-src": hashed(reader.text_of("script", type="module")),
        "style-src": hashed(reader.text_of("style")),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_names_no_other_file(read: tuple[Any, Reader]) -> None:
    """Neither script nor style nor an element has the address of anything that a browser would load."""
    _, reader = read
    code = reader.text_of("script", type="module") + reader.text_of("style")
    assert not re.search(r"https?://|@import|url\(|import\(|fetch|XMLHttpRequest|WebSocket|innerHTML", code)
    assert not [
        tag for tag, attributes in reader.elements if attributes.get("href") or tag in ("link", "img", "iframe")
    ]


def test_templates_are_filled_once() -> None:
    """Signs of templates in a paper's text are kept as they are."""
    number = ATTACKS.index("${content} $script $$ %s {0}")
    content = json.loads(Reader(page(nasty_map(), page_of)).text_of("script", id="content"))
    assert content["title"][number] == ATTACKS[number]


def test_abstracts_share_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """All abstracts of a page together stay within its limit, and one that is cut ends with an ellipsis."""
    monkeypatch.setattr(module, "_MOST_TEXT", 20_000)
    drawn = nasty_map(80)
    abstracts = json.loads(Reader(page(drawn, page_of)).text_of("script", id="content"))["abstract"]
    assert sum(map(len, abstracts)) <= 20_000
    cut = [number for number, text in enumerate(abstracts) if text != clean_text(drawn.papers[number].abstract)]
    assert cut
    assert all(abstracts[number].endswith("…") for number in cut)


def test_the_same_map_gives_the_same_page() -> None:
    """A map is written the same each time."""
    assert page(nasty_map(), page_of) == page(nasty_map(), page_of)
