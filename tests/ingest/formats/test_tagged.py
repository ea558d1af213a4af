"""RIS, PubMed's nbib and Web of Science text: samples, producers' variants, damage, and rispy as another reader."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats import nbib, ris, web_of_science
from papersearch.ingest.reading import Ingest, ingest
from papersearch.types import AuthorName, Paper, Provenance
from tests.ingest.formats.damage import damaged, reading, records
from tests.memory import peak_of, takes_less

REFERENCE_MANAGER = """\ufeff1.
TY  - JOUR
ID  - grove2026
T1  - Lantern Maps for Moths
A1  - Grove, Ada
A1  - Lind, Bo
Y1  - 2026/04/02/
N2  - We study how lanterns guide moths across a night garden
 and measure the detours they take.
DO  - https://doi.org/10.5555/moth_1
KW  - moths
KW  - lantern maps
ER  -

C1  - Database: Invented
Search Strategy: moths

2.
TY  - GEN
TI  - Owls at Noon: Łódź Revisited
AU  - Müller, José
AU  - van der Berg, Jan
PY  - 2025
AB  - Owls that hunt at noon catch fewer mice. We count 5% more misses under α-light & explain why.
UR  - https://arxiv.org/abs/2504.01234
ER  -
"""

PUBMED = """PMID- 99000001
OWN - NLM
DP  - 2026 Apr 2
TI  - Lantern Maps
      for Moths.
LID - 10.5555/moth_1 [doi]
AB  - We study how lanterns guide moths across a night garden and measure the
      detours they take.
FAU - Grove, Ada
AU  - Grove A
FAU - Lind, Bo
AU  - Lind B
OT  - moths
OT  - lantern maps
AID - S0000-1 [pii]
AID - 10.5555/moth_1 [doi]

PMID- 99000002
DP  - 2025 Spring
TI  - Owls at Noon: Łódź Revisited.
AB  - Owls that hunt at noon catch fewer mice. We count 5% more misses under α-light & explain why.
FAU - Müller, José
FAU - van der Berg, Jan
"""

WEB_OF_SCIENCE = """\ufeffFN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Grove, A
   Lind, B
AF Grove, Ada
   Lind, Bo
CA Moth Consortium
TI Lantern Maps
   for Moths
SO JOURNAL OF MOTHS
DE moths; lantern
   maps
ID LIGHT
AB We study how lanterns guide moths.
C1 [Grove, Ada] Univ Somewhere.
CR Roe R, 1999, J LIGHT, V1, P2, DOI 10.5555/not_this
   Poe P, 2000, J DARK
PU NIGHT PRESS
PD APR 2
PY 2026
VL 12
IS 3
BP 45
EP 67
DI 10.5555/moth_1
UT WOS:000000000000001
ER

PT C
AU Muller, J
TI Owls at Noon
AB Owls that hunt at noon catch fewer mice.
PY 2025
AR 1234
UT WOS:000000000000002
ER

EF
"""


def read(tmp_path: Path, content: str | bytes, name: str = "download") -> Ingest:
    """Ingest a file with this content, under a name that tells nothing."""
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return ingest([tmp_path / name])


def only(found: Ingest) -> Paper:
    """Return the only paper of a file without findings."""
    assert found.findings == ()
    (paper,) = found.papers
    return paper


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("content", "stop"), [(REFERENCE_MANAGER, ""), (PUBMED, ".")], ids=["RIS", "nbib"])
def test_the_samples(tmp_path: Path, content: str, stop: str, ends: str) -> None:
    """Two papers with all that the file says of them, and no finding, whatever ends the lines."""
    found = read(tmp_path, content.replace("\n", ends))
    assert found.findings == ()
    first, second = sorted(found.papers, key=lambda paper: paper.provenance[0].first_line)
    assert (first.title, first.date, first.doi) == (f"Lantern Maps for Moths{stop}", "2026-04-02", "10.5555/moth_1")
    assert first.abstract == (
        "We study how lanterns guide moths across a night garden and measure the detours they take."
    )
    assert first.authors == ("Ada Grove", "Bo Lind")
    assert first.categories == ("moths", "lantern maps")
    assert (second.title, second.date, second.year) == (f"Owls at Noon: Łódź Revisited{stop}", None, 2025)
    assert second.authors == ("José Müller", "Jan van der Berg")
    assert "5% more misses under α-light & explain" in second.abstract
    assert second.arxiv_id == (None if stop else "2504.01234")


def test_ids_and_lines(tmp_path: Path) -> None:
    """The ids of a file are kept, and provenance names the lines of the entry alone."""
    found = read(tmp_path, REFERENCE_MANAGER)
    first, second = sorted(found.papers, key=lambda paper: paper.provenance[0].first_line)
    assert (first.paper_id, first.citation_key) == ("grove2026", "grove2026")
    assert first.provenance == (Provenance(dump="download", first_line=2, last_line=13),)
    assert second.provenance[0].first_line == 19
    assert [paper.paper_id for paper in read(tmp_path, PUBMED).papers] == ["99000001", "99000002"]


def test_web_of_science(tmp_path: Path) -> None:
    """Full names go before abbreviated ones, groups come last, references are passed over."""
    found = read(tmp_path, WEB_OF_SCIENCE)
    assert found.findings == ()
    first, second = found.papers
    assert first.authors == ("Ada Grove", "Bo Lind", "Moth Consortium")
    assert (first.title, first.venue, first.date) == ("Lantern Maps for Moths", "JOURNAL OF MOTHS", "2026-04-02")
    assert first.categories == ("moths", "lantern maps", "LIGHT")
    assert (first.volume, first.issue, first.pages, first.publisher) == ("12", "3", "45-67", "NIGHT PRESS")
    assert (first.doi, first.paper_id) == ("10.5555/moth_1", "WOS:000000000000001")
    assert (second.year, second.pages, second.authors) == (2025, "1234", ("J Muller",))


def test_an_entry_without_its_end(tmp_path: Path) -> None:
    """An entry whose `ER` is missing ends where the next begins, or at the end of the file, and is named."""
    found = read(
        tmp_path, re.sub(r"ER  -\s*\n", "", REFERENCE_MANAGER.partition("\nC1")[0]) + "TY  - GEN\nTI  - X\n"
    )
    assert [paper.title for paper in found.papers] == ["Lantern Maps for Moths", "X"]
    assert [(one.kind, one.line, one.detail) for one in found.findings] == [
        ("file damaged", 2, "“grove2026”: its ER is missing; what came before the next is kept"),
        ("file damaged", 13, "its ER is missing; what came before the next is kept"),
    ]


def test_entries_without_their_type(tmp_path: Path) -> None:
    """Where a program leaves out `TY`, an entry is what lies between two ends."""
    entry = "C1  - {n}\nDB  - Scopus, LENS\nAU  - Grove, Ada\nTI  - Moths {n}\nPY  - 2026\nER  - \n\n"
    found = read(tmp_path, "\n" + "".join(entry.format(n=n) for n in range(3)))
    assert (len(found.papers), found.findings) == (3, ())
    assert {(paper.title, paper.authors) for paper in found.papers} == {
        (f"Moths {n}", ("Ada Grove",)) for n in range(3)
    }


OVID = """

{n}.
TY  - JOUR
DB  - APA PsycInfo <2021>
ID  - 2021-{n:05}-001
T1  - Study {n} of moths.
A1  - Keefer, Amy
A2  - Achenbach, T., Rescorla, L., et al., Bischof
JF  - Journal of Moths
Y1  - 2021///
VL  - 13
SP  - 4{n}
EP  - 4{n}
N2  - Abstract number {n}.
ER  -

C1  - Database: APA PsycInfo <2021>
C2  - Search Strategy:
TI  - a stray tag
"""


def test_ovid_numbers_its_records(tmp_path: Path) -> None:
    """Numbers and tags between the records of Ovid are passed over."""
    found = read(tmp_path, "".join(OVID.format(n=n) for n in range(1, 7)))
    assert (len(found.papers), found.findings) == (6, ())
    assert {paper.title for paper in found.papers} == {f"Study {n} of moths." for n in range(1, 7)}
    assert found.papers[0].authors == ("Amy Keefer",)
    assert (found.papers[0].year, found.papers[0].venue) == (2021, "Journal of Moths")


RIS_VARIANTS: dict[str, tuple[str, dict[str, object]]] = {
    "Cochrane": (
        'Record #3 of 18\nProvider: Wiley\nContent: text/plain; charset="UTF-8"\n\n'
        "TY  -  JOUR\nAN  -  CN-1\nA1  -  Bywater, T\nT1  -  Moths\nJA  -  Trials\nPY  -  2011\nER  -  \n",
        {"title": "Moths", "authors": ("T Bywater",), "venue": "Trials", "year": 2011},
    ),
    "Scopus": (
        "TY  - JOUR\nTI  - CO<inf>2</inf> &amp; moths\nT2  - Journal of Moths\nJ2  - J. Moths\n"
        "C7  - e12\nM3  - Article\nN1  - Export Date: 1 May 2026; Cited By: 3\nDB  - Scopus\nER  -\n",
        {"title": "CO2 & moths", "venue": "Journal of Moths", "pages": "e12", "arxiv_id": None},
    ),
    "EndNote": (
        "TY  - JOUR\nTI  - Moths\nPY  - 2026\nDA  - Apr 2\nJO  - J\n"
        "KW  - Humans\nAged, 80 and over\nID  - 12\nER  - \n",
        {"date": "2026-04-02", "paper_id": "12", "categories": ("Humans", "Aged, 80 and over")},
    ),
    "Zotero": (
        "TY  - CONF\nTI  - Moths\nC3  - Proc\nAU  - King, Martin Luther, Jr.\nDA  - 2026/04//\n"
        "PY  - 2026\nSP  - 1\nEP  - 9\nUR  - https://doi.org/10.5555/a\nER  - \n",
        {"authors": ("Martin Luther King Jr.",), "month": 4, "pages": "1-9", "doi": "10.5555/a"},
    ),
    "dblp": (
        "TY  - JOUR\nTI  - Moths\nJO  - CoRR\nVL  - abs/2401.00001\n"
        "UR  - https://arxiv.org/abs/2401.00001\nER  - \n",
        {"arxiv_id": "2401.00001", "venue": "CoRR"},
    ),
    "names of groups": (
        "TY  - JOUR\nTI  - Moths\nAU  - The ATLAS and CMS Collaborations\nAU  - Bell and Sons, A.\nER  - \n",
        {"author_names": (
            AuthorName(literal="The ATLAS and CMS Collaborations"), AuthorName(family="Bell and Sons", given="A.")
        )},
    ),
    "all authors in a line": (
        "TY  - JOUR\nTI  - Moths\nAU  - Grove, Ada; Lind, Bo\nER  - \n", {"authors": ("Ada Grove", "Bo Lind")}
    ),
    "one blank": (
        "TY - JOUR\nTI - Moths\nAB - Guided by\nAI - they fly.\nER -\n", {"title": "Moths", "abstract": "Guided by"}
    ),
    "a line like a tag": (
        "TY  - JOUR\nTI  - Moths\nAB  - Guided by\nAI - they fly.\nER  - \n",
        {"abstract": "Guided by AI - they fly."}
    ),
    "a mark after a blank": (" \ufeffTY  - JOUR\nTI  - Moths\nER  - \n", {"title": "Moths"}),
    "a chapter": (
        "TY  - CHAP\nCT  - Moths\nBT  - A Book\nPB  - Press\nER  - \n",
        {"title": "Moths", "venue": "A Book", "publisher": "Press"},
    ),
    "paragraphs": (
        "TY  - JOUR\nTI  - Moths\nAB  - One.\n\nTwo.\nN2  - One.\nER  - \n", {"abstract": "One. Two."}
    ),
    "a link after a DOI": (
        "TY  - JOUR\nTI  - Moths\nDO  - 10.5555/a     LK  - https://x.example/\nER  - \n", {"doi": "10.5555/a"}
    ),
    "PubMed with fewer full names": (
        "PMID- 1\nTI  - Moths.\nFAU - Grove, Ada\nAU  - Grove A\n"
        "AU  - van der Berg JW Jr\nCN  - Moth, Owl and Bat Group\n",
        {"authors": ("Ada Grove", "JW van der Berg Jr", "Moth, Owl and Bat Group")},
    ),
    "PubMed Central": (
        "PMC - PMC12\nPMID- 1\nTI  - Moths of <i>Lux</i>.\nMH  - *Moths/*physiology\nOT  - *lantern\nPG  - 1-9\n",
        {"paper_id": "1", "title": "Moths of Lux.", "categories": ("Moths", "lantern"), "pages": "1-9"},
    ),
    "PubMed's book": (
        "PMID- 1\nBTI - A Book of Moths\nPB  - Press\nPHST- 2020/01/02 00:00 [entrez]\n",
        {"title": "A Book of Moths", "publisher": "Press", "year": 2020, "year_inferred": True},
    ),
    "ERIC": (
        "\nOWN - ERIC\nTI  - Moths\nAU  - van Groen, Maaike M.\nAID - http://dx.doi.org/10.5555/a\n"
        "OID - EJ12\nDP  - 2020\nLID - http://eric.ed.gov/?id=EJ12\n",
        {"paper_id": "EJ12", "authors": ("Maaike M. van Groen",), "doi": "10.5555/a", "year": 2020},
    ),
    "PubMed's number of an article": (
        "PMID- 1\nOWN - NLM\nTI  - Moths.\nLID - e1042 [pii]\nDP  - 2022 Jan-Feb\n", {"pages": "e1042", "month": 1}
    ),
    "authors under both tags": (
        "TY  - JOUR\nT1  - Moths\nA1  - Bello, Leon\nAU  - Carmi, Avishy\nA1  - Cohen, Eliahu\nER  - \n",
        {"authors": ("Leon Bello", "Avishy Carmi", "Eliahu Cohen")},
    ),
    "a newer tag for the date": (
        "TY  - JOUR\nT1  - Moths\nY1  - 1900/01/01\nDA  - 1950/01/01\nER  - \n", {"date": "1950-01-01"}
    ),
    "a season": ("PT J\nAU Grove, A (a@b.example)\nTI Moths\nPD SPR\nPY 2011\nER\n", {"authors": ("A Grove",)}),
    "a number without its blank": ("PMID-22664220\nTI  - Moths.\n", {"paper_id": "22664220", "title": "Moths."}),
    "a number of PubMed's in RIS": (
        "TY  - JOUR\nTI  - Moths\nER  - \n\nPMID- 12\n", {"title": "Moths"}
    ),
    "PubMed without blank lines": ("PMID- 1\nTI  - Moths.\nDEP - 20260402\n", {"date": "2026-04-02"}),
    "Web of Science without a head": ("PT J\nAU Grove, A\nTI Moths\nEA APR 2026\nER\n", {"month": 4, "year": 2026}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIS_VARIANTS)
def test_what_producers_write(tmp_path: Path, name: str) -> None:
    """Each producer's way to write a field is understood."""
    content, expected = RIS_VARIANTS[name]
    paper = only(read(tmp_path, content))
    assert {field: getattr(paper, field) for field in expected} == expected


def test_editors_alone_are_said(tmp_path: Path) -> None:
    """Names that are not read are one finding for each field, where nobody else is named."""
    entry = "TY  - BOOK\nTI  - Moths {n}\nA2  - Grove, Ada\nER  - \n"
    found = read(tmp_path, "".join(entry.format(n=n) for n in range(3)))
    assert [(one.kind, one.line, one.detail) for one in found.findings] == [
        ("field not read", 1, "A2, in 3 records")
    ]


@pytest.mark.parametrize("content", ["PMID-  x\nOWN - NLM\n", "\nOWN - N\n", "FN Clarivate\nVR 1.0\nEF\n"])
def test_a_file_without_an_entry_is_said(tmp_path: Path, content: str) -> None:
    """A file of tagged lines gives a paper or a finding."""
    found = read(tmp_path, content)
    assert found.papers == ()
    assert len(found.findings) == 1


def test_a_date_that_cannot_be_read(tmp_path: Path) -> None:
    """A day in a shape that is unknown is reported; the year beside it counts."""
    found = read(tmp_path, "TY  - JOUR\nTI  - Moths\nPY  - 2026\nDA  - 2026, day 17 of 4\nER  - \n")
    assert [one.kind for one in found.findings] == ["not a date"]
    assert found.papers[0].year == 2026


@pytest.mark.parametrize("content", [REFERENCE_MANAGER, PUBMED, WEB_OF_SCIENCE])
def test_a_long_entry_costs_itself(tmp_path: Path, content: str) -> None:
    """An entry beyond all measure is named by line and key; the entries around it stay."""
    lines = content.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith(("N2  -", "AB  -", "AB "))) + 1
    indent = "      x" + "y" * 1000 + "\n"
    found = read(tmp_path, "".join([*lines[:at], *[indent] * 1100, *lines[at:]]))
    (finding,) = found.findings
    assert finding.kind == "not a record"
    key = next(key for key in ("grove2026", "99000001", "") if key in content)
    assert finding.detail == f"{f'“{key}”: ' if key else ''}longer than 1,048,576 characters"
    assert len(found.papers) == 1


def test_a_line_that_is_too_long(tmp_path: Path) -> None:
    """A line beyond all measure is reported and costs its field alone."""
    found = read(tmp_path, REFERENCE_MANAGER.replace("KW  - moths\n", f"KW  - {'x' * (2 << 20)}\n"))
    assert [one.kind for one in found.findings] == ["line too long"]
    assert found.papers[0].categories == ("lantern maps",)


def test_bytes_of_another_encoding_are_counted(tmp_path: Path) -> None:
    """A file in Latin-1 is read; the findings about it are few, whatever its length."""
    content = "".join(f"TY  - JOUR\nTI  - Mötten {n}\nER  - \n" for n in range(500)).encode("latin-1")
    found = read(tmp_path, content)
    assert (len(found.papers), len(found.findings)) == (500, 11)
    assert found.findings[-1].detail == "490 more from here on"


FORMATS = {"RIS": (ris, REFERENCE_MANAGER), "nbib": (nbib, PUBMED), "WoS": (web_of_science, WEB_OF_SCIENCE)}


AROUND = {
    "RIS": ("", "TY  - JOUR\nID  - {n}\nTI  - {title}\nER  -\n\n"),
    "nbib": ("", "PMID- 1{n}\nTI  - {title}\n\n"),
    "WoS": ("FN X\nVR 1.0\n", "PT J\nUT {n}\nTI {title}\nER\n\n"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_damage_costs_no_other_entry(name: str) -> None:
    """Wherever bytes are left out or replaced, the entries before and after stay; the next one may suffer."""
    module, content = FORMATS[name]
    begin, entry = AROUND[name]
    before = [entry.format(n=n, title=f"Before {n}") for n in range(2)]
    after = [entry.format(n=n, title=f"After {n}") for n in range(2, 5)]
    body = content.replace("\ufeffFN Clarivate Analytics Web of Science\nVR 1.0\n", "").replace("EF\n", "")
    for one in damaged(body.encode()):
        found = records(module, "".join([begin, *before]).encode() + one + b"\n" + "".join(after).encode())
        titles = [record.title for record in found]
        assert {"Before 0", "Before 1", "After 3", "After 4"} <= set(titles), one
        assert len(titles) <= 8


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_any_bytes_can_be_read(content: bytes, name: str) -> None:
    """No bytes are an error."""
    module, sample = FORMATS[name]
    records(module, content)
    shuffled = list(sample.encode())
    random.Random(len(content)).shuffle(shuffled)
    records(module, bytes(shuffled[:600]) + content)


WORD = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=8)
TEXT = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
REFERENCE = st.fixed_dictionaries(
    {
        "type_of_reference": st.sampled_from(["JOUR", "CONF", "GEN"]),
        "title": TEXT,
        "authors": st.lists(st.tuples(WORD, WORD).map(", ".join), max_size=4),
        "abstract": TEXT.map("We {}".format),  # "None" alone is what producers write for no abstract
        "year": st.integers(1950, 2030).map(str),
        "keywords": st.lists(TEXT, max_size=3),
        "journal_name": TEXT,
        "start_page": st.integers(1, 99).map(str),
        "id": WORD,
    }
)


@given(st.lists(REFERENCE, min_size=1, max_size=4))
def test_ris_agrees_with_rispy(references: list[dict[str, object]]) -> None:
    """What rispy writes and reads is what comes in here."""
    written = rispy.dumps(references)
    ours = records(ris, written.encode())
    for theirs, record in zip(rispy.loads(written), ours, strict=True):
        assert record.title == theirs["title"]
        assert record.abstract == theirs["abstract"]
        assert [_inverted(name) for name in record.authors] == theirs.get("authors", [])
        assert record.categories == theirs.get("keywords", [])
        assert (list(record.dates), record.venue) == ([theirs["year"]], theirs["journal_name"])
        assert (record.pages, record.record_id) == (theirs["start_page"], theirs["id"])


def _inverted(name: AuthorName | str) -> str:
    return name if isinstance(name, str) else f"{name.family}, {name.given}"


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_memory_is_flat(name: str) -> None:
    """Ten times the records take no more memory."""
    module, sample = FORMATS[name]
    text = (sample.replace("EF\n", "") + "\n").encode()
    reading(module, text * 1000, 2000)()  # fills the caches of regular expressions
    assert takes_less(peak_of(reading(module, text * 100, 200)) * 1.5, reading(module, text * 1000, 2000))
