"""Results at a Python prompt and in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

import papersearch
from papersearch.types import Evidence, FilterOptions, Filters, Hit, Paper, Results

MARKUP = "<script>alert(\"1\")</script> & <b title='x'>bold</b>"


def hit(rank: int, title: str, text: str = "") -> Hit:
    return Hit(
        rank=rank,
        paper=Paper(paper_id=f"id-{rank}", title=title, abstract=text),
        score=1 / rank,
        keyword_score=None,
        semantic_score=None,
        exact_title=False,
        verdict="fair",
        evidence=Evidence(text=text, start=0, end=len(text), text_spans=(), title_spans=()),
    )


def results(*hits: Hit, query: str = "a query") -> Results:
    return Results(query=query, mode="hybrid", mode_used="hybrid", mode_reason=None, total=40, hits=hits)


class Reader(HTMLParser):
    """Parser that collects the elements and texts of an HTML page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_reprs_are_one_short_line() -> None:
    """A repr is one short line with titles and counts, without abstracts and control characters."""
    long = "Long \x1b[31m title " * 20
    found = results(*(hit(rank, long, "An abstract. " * 100) for rank in range(1, 6)))
    for value in (found, found[0], found[0].paper):
        assert len(repr(value)) < 400
        assert repr(value).isprintable()
        assert "An abstract" not in repr(value)
    assert repr(results(hit(1, "On cats"), hit(2, ""))) == (
        "<Results 'a query', hybrid: 2 of 40 papers: 'On cats', 'id-2'>"
    )
    assert repr(results()) == "<Results 'a query', hybrid: 0 of 40 papers>"
    assert repr(hit(1, "On cats")) == "<Hit 1, 1.000: 'On cats'>"
    assert repr(hit(1, "On cats").paper) == "<Paper 'id-1': 'On cats'>"


def test_repr_of_an_index(real_index: papersearch.Index) -> None:
    """An index shows its folder, its size and its model."""
    assert repr(real_index) == f"<Index {str(real_index.path)!r}: {len(real_index)} papers, all-MiniLM-L6-v2>"


def test_notebooks_show_markup_as_text() -> None:
    """Markup in a title, an evidence, an id or a query adds no element to the table, and is shown as written."""
    plain = Reader(results(hit(1, "a", "b"))._repr_html_())
    hostile = Reader(results(hit(1, MARKUP, MARKUP), hit(2, ""), query=MARKUP)._repr_html_())
    assert hostile.elements == plain.elements
    assert hostile.texts.count(MARKUP) == 2
    assert "id-2" in hostile.texts
    assert any(text.startswith(MARKUP) for text in hostile.texts[:1])


def test_results_are_a_sequence_of_hits() -> None:
    """Iteration, length, indexing and slicing of results are those of their hits."""
    found = results(hit(1, "a"), hit(2, "b"), hit(3, "c"))
    assert (tuple(found), len(found), found[-1], found[1:]) == (found.hits, 3, found.hits[2], found.hits[1:])


def test_every_filter_is_a_keyword() -> None:
    """The keywords of a search are the fields of `Filters`, in the same order."""
    assert list(FilterOptions.__annotations__) == list(Filters().asdict())
