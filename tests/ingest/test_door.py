"""The door for text: what a record says enters clean, whatever its source wrote."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.reading import ingest
from papersearch.ingest.record import Record, admit
from papersearch.types import Finding

DRESSED = (
    r"""\'e \"{o} {\L} \v{c} $x$ { } \( \em -- `` '' ~ \\ <b> </b> <sub> <jats:p> <!-- --> < > & &amp; &lt; &#0;"""
)
PIECES = st.sampled_from(
    [
        *DRESSED.split(),
        *("&#xD800;", "&#8238;", "\ud83d", "\ude00", "\udcff", "e", "\u0301", "\u0344", "\u0316", "\ufb2c"),
        *("\x1b[31m", "\x1b]0;", "\x07", "\x9b", "\u202e", "\u200d", "\u0646", "\u200b", "\xad", "\ufffe", "\x00"),
        *(" ", "\r", "\v", "\f", "\x85", "\x1c", "\u2028", "\u3000", "\t", "\n"),
    ]
)
HOSTILE = st.lists(PIECES).map("".join) | st.text()


def admitted(record: Record) -> tuple[Appearance | None, list[Finding]]:
    """Return what becomes of a record, and what is said of it."""
    findings: list[Finding] = []
    return admit(record, "dump", findings.append), findings


@given(HOSTILE, HOSTILE, HOSTILE, st.booleans(), st.booleans())
def test_what_enters_is_clean(title: str, abstract: str, name: str, has_markup: bool, has_latex: bool) -> None:
    """Titles, abstracts and names have no control, surrogate or loose blank, are in NFC, and bounded."""
    record = Record(
        first_line=1,
        last_line=1,
        title=f"x{title}",
        abstract=abstract,
        authors=[f"y{name}"],
        has_markup=has_markup,
        has_latex=has_latex,
    )
    appearance, _ = admitted(record)
    assert appearance is not None
    for written, text in ((record.title, appearance.title), (abstract, appearance.abstract)):
        assert len(text) <= 3 * len(written)
        assert text == " ".join(text.split())
    for text in (appearance.title, appearance.abstract, *appearance.authors):
        assert unicodedata.is_normalized("NFC", text)
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)
        text.encode()


@given(HOSTILE, HOSTILE)
def test_plain_text_enters_once(title: str, abstract: str) -> None:
    """What entered can enter again as plain text, and stays the same."""
    first, _ = admitted(Record(first_line=1, last_line=1, title=f"x{title}", abstract=abstract, has_markup=True))
    assert first is not None
    second, _ = admitted(Record(first_line=1, last_line=1, title=first.title, abstract=first.abstract))
    assert second is not None
    assert (second.title, second.abstract) == (first.title, first.abstract)


def test_sources_known_to_be_plain_are_not_decoded() -> None:
    """A record without markup and LaTeX keeps what looks like them."""
    title, abstract = r"The tag <b>x</b> &amp; \'e", "CO<sub>2</sub> {a}"
    appearance, _ = admitted(Record(first_line=1, last_line=1, title=title, abstract=abstract))
    assert appearance is not None
    assert (appearance.title, appearance.abstract) == (title, abstract)


def test_halves_of_pairs_cost_themselves() -> None:
    """A lone surrogate is replaced and a pair is joined; the record stays."""
    record = Record(first_line=1, last_line=1, title="Half a \ud83d pair", abstract="A \ud83e\udd89 and \udc00.")
    appearance, findings = admitted(record)
    assert appearance is not None
    assert (appearance.title, appearance.abstract, findings) == ("Half a \ufffd pair", "A 🦉 and \ufffd.", [])


def test_entities_of_latex_are_read_after_markup() -> None:
    """Markup is outside LaTeX: an entity may be part of a command."""
    record = Record(first_line=1, last_line=1, title="R\\&#39;enyi &amp; \\&amp;", has_markup=True, has_latex=True)
    appearance, _ = admitted(record)
    assert appearance is not None
    assert appearance.title == "Rényi & &"


DRESSES = [
    (
        "latex",
        {
            "title": r"Random graphs of Erd\H{o}s and R\'enyi",
            "abstract": r"An Erd\H{o}s--R\'enyi graph, a Poincar\'e inequality on K\"ahler cones.",
            "authors": r"Paul Erd\H{o}s, Alfr\'ed R\'enyi",
        },
        "Random graphs of Erdős and Rényi",
        "An Erdős–Rényi graph, a Poincaré inequality on Kähler cones.",
        ("Paul Erdős", "Alfréd Rényi"),
    ),
    (
        "mathematics",
        {
            "title": r"Owls at Noon: {\L}\'od\'z Revisited",
            "abstract": "  We count 5% more misses under $\\alpha$-light & explain 5\\%.\n",
            "authors": ["Jos\\'e M\\\"uller", "Jan van der Berg"],
        },
        "Owls at Noon: Łódź Revisited",
        r"We count 5% more misses under $\alpha$-light & explain 5%.",
        ("José Müller", "Jan van der Berg"),
    ),
    (
        "separators",
        {
            "title": "Glued lines",
            "abstract": "The walrus\rtusk and the\vwombat, then\x85echidna,\x1ethen\fquoll\u2028and\u2003emu.",
            "authors": ["Ada\u00a0Grove"],
        },
        "Glued lines",
        "The walrus tusk and the wombat, then echidna, then quoll and emu.",
        ("Ada Grove",),
    ),
    (
        "markup",
        {
            "title": "Capture of CO<sub>2</sub> by wet sand",
            "abstract": "<jats:p>It &amp; CO<sub>2</sub> <jats:italic>so</jats:italic>, p<0.05, a < b.</jats:p>",
            "authors": ["Jos&eacute; Grove"],
        },
        "Capture of CO2 by wet sand",
        "It & CO2 so, p<0.05, a < b.",
        ("José Grove",),
    ),
    (
        "unicode",
        {"title": "Scho\u0308nberg", "abstract": "A \ud83e\udd89 here.", "authors": ["Jose\u0301 Grove"]},
        "Schönberg",
        "A 🦉 here.",
        ("José Grove",),
    ),
]
"""Kinds of dress, each with a record and its title, abstract and authors."""


NAMES = [kind for kind, *_ in DRESSES]


@pytest.mark.parametrize(("record", "title", "abstract", "authors"), [rest for _, *rest in DRESSES], ids=NAMES)
def test_records_are_read_as_people_write(
    tmp_path: Path, record: dict[str, object], title: str, abstract: str, authors: tuple[str, ...]
) -> None:
    """Each kind of dress that text comes in is taken off: LaTeX, separators, markup, decomposed letters."""
    (tmp_path / "papers.jsonl").write_text(json.dumps({"_id": "1", **record}) + "\n")
    (paper,) = ingest([tmp_path]).papers
    assert (paper.title, paper.abstract, paper.authors) == (title, abstract, authors)
