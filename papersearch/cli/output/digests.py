"""What is new to saved searches, as text, Markdown, HTML, JSON or a feed.

Text for people is empty where nothing is new. Text of papers is cleaned, and escaped for its format.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from papersearch.cli.output.addresses import page_of
from papersearch.cli.output.exports import export, markdown
from papersearch.search.filter_table import described
from papersearch.text.amounts import amount
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from papersearch.cli.saved_answers import NewPapers
    from papersearch.saved import SavedSearch
    from papersearch.types import Hit

_WIDTH = 76
_AUTHORS = 5

_STYLE = (
    "body{max-width:42rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 sans-serif}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}li{margin:0 0 1rem}"
    ".facts{color:#555;font-size:.9rem}p{margin:.2rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}.facts{color:#aaa}}"
)


class Section(NamedTuple):
    """The new papers of one search, under its name and what it asks for."""

    name: str
    asked: str
    hits: Sequence[Hit]


def digest_of(found: NewPapers, chosen: str) -> bytes:
    """Return a digest in a format; empty if nothing is new, except as JSON and as a feed."""
    if chosen == "json":
        from papersearch.cli.output.json_documents import named_answers
        from papersearch.cli.output.marked import Marked

        return named_answers(
            (search.name, news.results, Marked({}, search.marked)) for search, news in found.answers
        )
    if chosen == "atom":
        from papersearch.cli.output.atom import feed_of

        return feed_of(found)
    sections = [_section(search, news.results.hits) for search, news in found.answers if news.results.hits]
    if not sections:
        return b""
    write = {"text": _text, "markdown": _markdown, "html": _html}[chosen]
    return write(sections).encode("utf-8", "replace")


def _section(search: SavedSearch, hits: Sequence[Hit]) -> Section:
    asked = search.query or described(search.filters, search.marked)
    return Section(clean_text(search.name), clean_text(asked), hits)


def _title(sections: Sequence[Section]) -> str:
    return amount(sum(len(section.hits) for section in sections), "new paper")


def _facts(hit: Hit) -> str:
    """Return authors, date and venue of a paper, as far as they are known."""
    paper = hit.paper
    authors = ", ".join(paper.authors[:_AUTHORS])
    others = len(paper.authors) - _AUTHORS
    date = paper.date or (f"{paper.year}-{paper.month:02}" if paper.year and paper.month else paper.year)
    facts = [authors + (f" and {others} more" if others > 0 else ""), str(date or ""), paper.venue or ""]
    return clean_text(" · ".join(fact for fact in facts if fact))


def _heading(hit: Hit) -> str:
    return clean_text(hit.paper.title or hit.paper.paper_id)


def _text(sections: Sequence[Section]) -> str:
    return "\n".join([_title(sections), "", *(line for section in sections for line in _text_section(section))])


def _text_section(section: Section) -> Iterator[str]:
    yield from _wrapped(f"{section.name}: {section.asked}", "")
    yield ""
    for hit in section.hits:
        yield from _wrapped(_heading(hit), "  ", f"{hit.rank}. ")
        for line in (_facts(hit), clean_text(hit.evidence.text)):
            yield from _wrapped(line, "     ")
        yield f"     {page_of(hit.paper) or 'papersearch show ' + clean_text(hit.paper.paper_id)}"
        yield ""


def _wrapped(text: str, indent: str, first: str = "") -> Iterable[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent + first,
        subsequent_indent=indent + " " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _markdown(sections: Sequence[Section]) -> str:
    lines = [f"# {_title(sections)}", ""]
    for section in sections:
        lines += [f"## {markdown.escaped(section.name)}: {markdown.escaped(section.asked)}", ""]
        for hit in section.hits:
            lines.append(export([hit.paper], "markdown").decode().rstrip("\n"))
            evidence = clean_text(hit.evidence.text)
            lines += ["", f"  {markdown.escaped(evidence)}"] if evidence else []
            lines.append("")
    return "\n".join(lines)


def _html(sections: Sequence[Section]) -> str:
    """Return a page without scripts that loads nothing."""
    title = _title(sections)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    body = "".join(map(_html_section, sections))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )


def _html_section(section: Section) -> str:
    items = "".join(map(_html_item, section.hits))
    return f"<h2>{escape(section.name)}: {escape(section.asked)}</h2>\n<ol>\n{items}</ol>\n"


def _html_item(hit: Hit) -> str:
    page, heading = page_of(hit.paper), escape(_heading(hit))
    linked = f'<a href="{escape(page)}" rel="noreferrer">{heading}</a>' if page else heading
    facts = _facts(hit) or clean_text(hit.paper.paper_id)
    evidence = clean_text(hit.evidence.text)
    said = f"<p>{escape(evidence)}</p>" if evidence else ""
    return f'<li>{linked}<p class="facts">{escape(facts)}</p>{said}</li>\n'
