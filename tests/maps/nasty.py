"""Papers that try to leave their place on a page, and maps of them."""

from __future__ import annotations

import numpy as np

from papersearch.maps.paper_map import PaperMap, make_map
from papersearch.text.analysis import Analyzer
from papersearch.types import Evidence, Hit, Paper
from tests.cli.hostile_papers import hostile_papers

ATTACKS = (
    "</script><script>document.title='owned'</script>",
    "</SCRIPT ><img src=x onerror=\"document.title='owned'\">",
    "<!--<script>",
    "--></script>",
    "]]></title></style><script>document.title='owned'</script>",
    "\u202egnisrever\u202c and \u2067isolates\u2069",
    "line\u2028separator\u2029and\x00control\x1b[31m",
    "\ud800 half a pair",
    "${content} $script $$ %s {0}",
    "\\u003c/script\\u003e",
    "&lt;b&gt; &amp; <b>bold</b> & \"quoted\" 'single'",
    "שלום עולם بحث في",
    "a" * 100_000,
    "👩‍👩‍👧‍👦" * 200,
)

ADDRESSES = (
    "javascript:document.title='owned'",
    "data:text/html,<script>1</script>",
    "HTTPS://example.org/\"'><b>",
)


def attackers() -> list[Paper]:
    """Return papers whose every text is an attack."""
    return [
        Paper(
            paper_id=f"{attack[:60]}-{number}",
            title=attack,
            abstract=f"{attack} {attack[:2000]}",
            authors=(attack[:500], "Jane Doe"),
            venue=attack[:300],
            url=ADDRESSES[number % len(ADDRESSES)],
            year=(None, 2024, 1, 9999)[number % 4],
        )
        for number, attack in enumerate(ATTACKS)
    ]


def nasty_map(n_papers: int = 60, *, is_answer: bool = False) -> PaperMap:
    """Return a map of hostile papers at random places, or of an answer among them."""
    papers = [*attackers(), *hostile_papers(n_papers)]
    places = np.round(np.random.default_rng(3).random((len(papers), 2)), 5)
    hits = {number: hit(paper, rank) for rank, (number, paper) in enumerate(list(enumerate(papers))[:20], 1)}
    title = f"{ATTACKS[0]} {ATTACKS[5]}"
    examples = frozenset({30} if is_answer else ())
    return make_map(title, papers, places, analyzer=Analyzer(), hits=hits if is_answer else None, examples=examples)


def hit(paper: Paper, rank: int) -> Hit:
    """Return a hit whose evidence is the paper's title."""
    return Hit(
        rank=rank,
        paper=paper,
        score=1 / rank,
        keyword_score=None,
        semantic_score=None,
        exact_title=False,
        verdict="strong",
        evidence=Evidence(text=paper.title, start=0, end=len(paper.title), text_spans=(), title_spans=()),
    )
