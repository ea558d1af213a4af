"""The daily mail of arXiv: entries with and without abstracts, whole, cut or damaged."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.ingest.formats import arxiv_mail
from papersearch.ingest.reading import Ingest, ingest
from papersearch.ingest.record import NotADump, admit

RULE = "-" * 78 + "\n"
HEAD = f"""{RULE}Submissions to:
Quantitative Biology
 received from  Tue 1 Apr 25 18:00:00 GMT  to  Wed 2 Apr 25 18:00:00 GMT
{RULE}{RULE}"""
NEW = r"""\\
arXiv:2504.01234
Date: Wed, 2 Apr 2025 10:00:00 GMT   (215kb,D)

Title: Owls at Noon: {\L}\'od\'z
  Revisited
Authors: Jos\'e M\"uller and Jan van der Berg
Categories: q-bio.PE cs.LG
Comments: 3 pages
Journal-ref: J. Owls 7
DOI: 10.5555/owl_2
License: http://creativecommons.org/licenses/by/4.0/
\\
  Owls that hunt at noon catch fewer mice. We count 5% more misses under
$\alpha$-light & explain why.
\\ ( https://arxiv.org/abs/2504.01234 ,  215kb)
"""
CROSS = (
    NEW.replace("2504.01234", "2504.00005")
    .replace("00005\n", "00005 (*cross-listing*)\n")
    .replace("owl_2", "owl_5")
    .replace("Owls at Noon", "Owls at Night")
)
REPLACED = r"""\\
arXiv:2503.00001
replaced with revised version Wed, 2 Apr 2025 11:00:00 GMT   (20kb)

Title: A Paper that Came Again
Authors: Ada Grove
Categories: q-bio.PE
\\ ( https://arxiv.org/abs/2503.00001 ,  20kb)
"""
MAIL = HEAD + NEW + RULE + CROSS + "%%--%%" * 12 + "\n" + RULE + REPLACED + RULE


def read(tmp_path: Path, text: str | bytes) -> Ingest:
    """Ingest one file."""
    (tmp_path / "mail").write_bytes(text if isinstance(text, bytes) else text.encode())
    return ingest([tmp_path])


def test_a_mail(tmp_path: Path) -> None:
    """Every entry gives its fields; a replacement has neither an abstract nor the paper's date."""
    found = read(tmp_path, MAIL)
    new, cross, replaced = found.papers
    assert (new.title, new.authors) == ("Owls at Noon: Łódź Revisited", ("José Müller", "Jan van der Berg"))
    assert new.abstract.endswith("We count 5% more misses under $\\alpha$-light & explain why.")
    assert (new.date, new.doi, new.arxiv_id) == ("2025-04-02", "10.5555/owl_2", "2504.01234")
    assert (new.categories, new.venue) == (("q-bio.PE", "cs.LG"), "J. Owls 7")
    assert cross.arxiv_id == "2504.00005"
    assert (replaced.title, replaced.abstract) == ("A Paper that Came Again", "")
    assert (replaced.date, replaced.year, replaced.arxiv_id) == (None, None, "2503.00001")
    assert found.findings == ()
    lines = MAIL.splitlines()
    place = new.provenance[0]
    assert lines[place.first_line] == "arXiv:2504.01234"
    assert lines[place.last_line - 1].startswith("\\\\ ( https")


@pytest.mark.parametrize("dress", ["crlf", "quoted", "mail headers"])
def test_a_mail_in_another_dress(tmp_path: Path, dress: str) -> None:
    """Mail programs change line ends, quote, and put headers before the text."""
    dressed = {
        "crlf": MAIL.replace("\n", "\r\n"),
        "quoted": "".join(f"> {line}\n" for line in MAIL.splitlines()),
        "mail headers": f"From: no-reply@arxiv.org\nSubject: q-bio daily\n\n{MAIL}",
    }[dress]
    ids = [paper.arxiv_id for paper in read(tmp_path, dressed).papers]
    assert ids == ["2504.01234", "2504.00005", "2503.00001"]


@pytest.mark.parametrize("label", ["Paper: arXiv:", "Paper: ", "Paper (*cross-listing*): ", "arXiv:"])
def test_an_old_mail(tmp_path: Path, label: str) -> None:
    """Entries of earlier years have other labels and old ids."""
    old = NEW.replace("arXiv:2504.01234", f"{label}hep-th/9901001").replace("Date:", "Date (v1):")
    (paper,) = read(tmp_path, HEAD + old).papers
    assert (paper.arxiv_id, paper.date) == ("hep-th/9901001", "2025-04-02")


def test_damage_costs_its_entry(tmp_path: Path) -> None:
    """An entry without a title is named, and one without an end does not take the next one with it."""
    cut = NEW[: NEW.index("Title")]
    found = read(tmp_path, HEAD + REPLACED + RULE + cut + CROSS + NEW[: NEW.index("\\\\ (")])
    assert [paper.arxiv_id for paper in found.papers] == ["2503.00001", "2504.00005", "2504.01234"]
    (finding,) = found.findings
    assert (finding.kind, finding.detail) == ("not a record", "an entry without a title: arXiv:2504.01234")


@given(st.data())
@settings(max_examples=200)
def test_no_damage_is_an_error(data: st.DataObject) -> None:
    """Bytes that were cut, exchanged or put in raise nothing but NotADump."""
    content = bytearray(MAIL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 40)))
        content[start:end] = data.draw(st.binary(max_size=6) | st.sampled_from([b"\\\\\n", b"\n", b"arXiv:"]))
    with contextlib.suppress(NotADump):
        for record in arxiv_mail.read(io.BytesIO(bytes(content)), bytes(content), lambda *_: None):
            admit(record, "x", lambda _: None)


def test_a_mail_without_papers_is_not_a_dump(tmp_path: Path) -> None:
    """A mail whose entries have no titles is skipped."""
    found = read(tmp_path, HEAD + "\\\\\narXiv:2504.01234\n\\\\\n")
    assert (found.papers, found.dumps) == ((), ())
    assert found.findings[0].kind == "file skipped"
