"""Pages of Hugging Face saved as HTML: papers come from the JSON in an attribute."""

from __future__ import annotations

import html
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.ingest.formats import daily_papers_html
from papersearch.ingest.reading import Ingest, ingest

PAPER = {
    "id": "2504.01234",
    "authors": [{"name": "José Müller", "hidden": False}, {"name": "Jan van der Berg", "hidden": False}],
    "publishedAt": "2025-04-02T10:00:00.000Z",
    "title": "Owls at Noon: Łódź Revisited",
    "summary": 'Owls that hunt at noon catch > 5% fewer mice & "explain" why.',
    "upvotes": 31,
}
ENTRY = {"paper": PAPER, "publishedAt": "2025-04-03T00:00:00.000Z", "title": PAPER["title"], "numComments": 4}
HEAD = "<!doctype html><html><head><title>Daily Papers - Hugging Face</title></head><body>"


def page(*entries: Any, quote: str = '"', before: str = "") -> str:
    """Return a page with a list of papers; a browser leaves `>` in attributes as it is."""
    written = json.dumps({"dailyPapers": entries}, ensure_ascii=False).replace("&", "&amp;")
    written = written.replace('"', "&quot;") if quote == '"' else written.replace("'", "&#x27;")
    div = f"<div class={quote}x{quote} data-target={quote}DailyPapers{quote} data-props={quote}{written}{quote}>"
    return f"{HEAD}{before}\n<main>{div}</div></main></body></html>"


def read(tmp_path: Path, text: str) -> Ingest:
    """Ingest one file."""
    (tmp_path / "page.html").write_text(text)
    return ingest([tmp_path])


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("before", ["", "<div data-target='Other' data-props='{}'></div>", "<p>x</p>\n" * 3000])
def test_a_saved_page(tmp_path: Path, quote: str, before: str) -> None:
    """A page gives its papers, with votes and comments, in either quotation and far behind its head."""
    found = read(tmp_path, page(ENTRY, quote=quote, before=before))
    (paper,) = found.papers
    assert (paper.title, paper.abstract) == (PAPER["title"], PAPER["summary"])
    assert (paper.arxiv_id, paper.date) == ("2504.01234", "2025-04-02")
    assert (paper.authors, paper.upvotes, paper.comment_count) == (("José Müller", "Jan van der Berg"), 31, 4)
    assert paper.provenance[0].first_line == 2 + before.count("\n")
    assert found.findings == ()


@pytest.mark.parametrize("entries", [(ENTRY, {"a": 1}, 5), ({"a": 1}, ENTRY, 5), ({"a": 1}, 5, ENTRY)])
def test_an_odd_entry_costs_itself(tmp_path: Path, entries: tuple[Any, ...]) -> None:
    """An entry that is not a paper is named, at any place, and the others are read."""
    found = read(tmp_path, page(*entries))
    assert len(found.papers) == 1
    assert [finding.kind for finding in found.findings] == ["not a record"] * 2


@pytest.mark.parametrize("text", [page(), HEAD, f"{HEAD}<div data-target='DailyPapers' data-props='{{'></div>"])
def test_a_page_without_papers_is_not_a_dump(tmp_path: Path, text: str) -> None:
    """Another page of Hugging Face is skipped, with the way out."""
    found = read(tmp_path, text)
    assert (found.papers, found.dumps) == ((), ())
    assert "save the text of the page" in found.findings[-1].detail


def test_other_web_pages_stay_unread() -> None:
    """A web page of another site is not taken for one."""
    assert not daily_papers_html.matches(b"<!DOCTYPE html><html><head><title>Moths</title></head>")
    assert not daily_papers_html.matches(b"See huggingface.co/papers")


class Divs(HTMLParser):
    """The attributes of `div` elements as the library's parser reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div":
            self.found.append(dict(attrs))


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30), max_size=4))
@settings(max_examples=100)
def test_attributes_are_those_of_html_parser(values: list[str]) -> None:
    """The attributes of elements are those that Python's own parser finds."""
    written = "".join(
        "<div " + " ".join(f'a{n}="{html.escape(value).replace("&gt;", ">")}"' for n in range(2)) + ">x</div>"
        for value in values
    )
    oracle = Divs()
    oracle.feed(written)
    found = [
        {
            name.decode(): html.unescape(value.decode())
            for name, value in daily_papers_html.attributes(tag[1]).items()
        }
        for tag in daily_papers_html.divs(written.encode())
    ]
    assert found == oracle.found


def test_a_page_beyond_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is read up to its bound says so, and one that ends there does not."""
    text = page(ENTRY)
    monkeypatch.setattr(daily_papers_html, "MAX_VALUE_BYTES", len(text.encode()))
    assert read(tmp_path, text).findings == ()
    found = read(tmp_path, f"{text}{' ' * 100}")
    assert len(found.papers) == 1
    assert [(finding.kind, finding.line) for finding in found.findings] == [("text cut", 1)]
