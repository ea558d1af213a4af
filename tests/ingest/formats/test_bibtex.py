"""Bibliographies of BibTeX and BibLaTeX: as their producers write them, damaged, and hostile."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats import bibtex
from papersearch.ingest.formats.bibtex_entries import Entry, read_entries
from papersearch.ingest.lines import read_lines
from papersearch.ingest.reading import Ingest, ingest
from papersearch.ingest.record import NotADump, Record, complain_about
from papersearch.types import AuthorName, Finding, Paper, Provenance
from tests.memory import peak_of, takes_less

ZOTERO = r"""@comment{jabref-meta: databaseType:biblatex;}
@string{jir = "Journal of Invented Results"}

@article{grove2026,
  title = {{Lantern Maps} for Moths},
  author = {Grove, Ada and Lind, Bo},
  date = {2026-04-02},
  journal = jir,
  doi = {10.5555/moth_1},
  abstract = {We study how lanterns guide moths across a night garden and measure the detours they take.},
  keywords = {moths, lantern maps},
  file = {Full Text:/home/reader/x {1}.pdf:application/pdf},
}

@misc{muller2025,
  title = {Owls at Noon: {\L}{\'o}d{\'z} Revisited},
  author = {M{\"u}ller, Jos\'{e} and van der Berg, Jan},
  year = 2025,
  eprint = {2504.01234v2},
  archiveprefix = {arXiv},
  abstract = "Owls that hunt at noon catch fewer mice. We count 5\% more misses
    under $\alpha$-light \& explain why."
}

@article{broken2024,
  title = {A brace that {never closes},
  author = {Nobody},

@inproceedings{grove2026,
  title = {Same Key, Another Paper},
  author = {{Night {and} Day Collaboration}},
  year = {2024}
}
"""


def ingested(tmp_path: Path, content: str | bytes) -> Ingest:
    """Ingest a file with this content."""
    path = tmp_path / "library.bib"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return ingest([path])


def only(tmp_path: Path, entry: str) -> Paper:
    """Return the paper of one entry, of which nothing may be reported."""
    result = ingested(tmp_path, entry)
    assert result.findings == ()
    (paper,) = result.papers
    return paper


def said(result: Ingest) -> list[tuple[str, int | None, str]]:
    return [(finding.kind, finding.line, finding.detail) for finding in result.findings]


def records(content: bytes) -> tuple[list[Record], list[Finding]]:
    """Read a file into records and findings."""
    findings: list[Finding] = []
    complain = complain_about("library.bib", findings.append)
    return list(bibtex.read(io.BytesIO(content), content[:8192], complain)), findings


def entries(content: str) -> tuple[list[Entry], list[tuple[int, str, str]]]:
    """Read a text into entries, and what is lost."""
    lost: list[tuple[int, str, str]] = []
    lines = read_lines(io.BytesIO(content.encode()))
    return list(read_entries(lines, lambda *one: lost.append(one))), lost


def test_a_library(tmp_path: Path) -> None:
    """Macros, accents, mathematics and braces are read; a broken entry costs itself; both papers of a key stay."""
    result = ingested(tmp_path, ZOTERO)
    lanterns, owls, same = result.papers
    assert (lanterns.title, lanterns.authors) == ("Lantern Maps for Moths", ("Ada Grove", "Bo Lind"))
    assert (lanterns.date, lanterns.doi, lanterns.venue) == (
        "2026-04-02", "10.5555/moth_1", "Journal of Invented Results",
    )  # fmt: skip
    assert (lanterns.categories, lanterns.citation_key) == (("moths", "lantern maps"), "grove2026")
    assert lanterns.provenance == (Provenance(dump="library.bib", first_line=4, last_line=13),)
    assert (owls.title, owls.authors) == ("Owls at Noon: Łódź Revisited", ("José Müller", "Jan van der Berg"))
    assert (owls.year, owls.date, owls.arxiv_id) == (2025, None, "2504.01234v2")
    assert owls.abstract == (
        "Owls that hunt at noon catch fewer mice. We count 5% more misses under $\\alpha$-light & explain why."
    )
    assert same.author_names == (AuthorName(literal="Night and Day Collaboration"),)
    lost, twice = said(result)
    assert lost == (
        "not a record", 25, "broken2024: a brace is not closed; it is lost, and the next one is read",
    )  # fmt: skip
    assert twice[:2] == ("id used twice", 29)


PRODUCERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Better BibTeX, BibLaTeX": (
        r"""@online{berg2026,
  title = {On {{DNA}} of Moths},
  subtitle = {A Study},
  author = {family=Berg, given=Jan, prefix=van der, useprefix=true and {\'E}mile, Zo{\"e}},
  date = {2026-04},
  eprint = {2504.01234},
  eprinttype = {arxiv},
  eprintclass = {cs},
  urldate = {2026-05-01},
  url = {http://arxiv.org/abs/2504.01234},
  pubstate = {prepublished}
}""",
        {
            "title": "On DNA of Moths: A Study",
            "authors": ("Jan van der Berg", "Zoë Émile"),
            "year": 2026,
            "month": 4,
            "arxiv_id": "2504.01234",
        },
    ),
    "Web of Science": (
        """@article{ WOS:000123456700001,
Author = {Grove, Ada and Lind, Bo},
Title = {{Lantern Maps
   for Moths}},
Journal = {{JOURNAL OF INVENTED RESULTS}},
Year = {{2026}},
Month = {{APR 2}},
Abstract = {{We study
   lanterns.}},
DOI = {{10.5555/moth_1}},
Keywords = {{moths; lanterns, maps}},
Cited-References = {{Poe E., 2001, J MOTHS, V1, P1.}},
}""",
        {
            "title": "Lantern Maps for Moths",
            "abstract": "We study lanterns.",
            "date": "2026-04-02",
            "doi": "10.5555/moth_1",
            "categories": ("moths", "lanterns, maps"),
        },
    ),
    "Scopus": (
        r"""Scopus
EXPORT DATE: 12 March 2026

@ARTICLE{Grove20261,
	author = {Grove, A. and Lind, B.},
	title = {CO<inf>2</inf> and Moths},
	year = {2026},
	journal = {J. Inv. Res.},
	pages = {12 – 14},
	doi = {10.5555/moth\_1},
	author_keywords = {moths;  lanterns},
	note = {Cited by: 3},
}""",
        {"title": "CO2 and Moths", "pages": "12-14", "doi": "10.5555/moth_1", "categories": ("moths", "lanterns")},
    ),
    "Mendeley": (
        r"""@article{Grove2026,
annote = {mine},
abstract = {We study.},
archivePrefix = {arXiv},
arxivId = {2504.01234},
author = {Grove, Ada},
eprint = {2504.01234},
file = {:home/x.pdf:pdf},
keywords = {moths},
mendeley-tags = {moths,maps},
month = {apr},
title = {{Lantern Maps {\&} Moths}},
year = {2026}
}""",
        {"title": "Lantern Maps & Moths", "month": 4, "arxiv_id": "2504.01234", "categories": ("moths", "maps")},
    ),
    "ACL Anthology": (
        r"""@inproceedings{grove-lind-2026-lantern,
    title = "Lantern {M}aps: {\textquotedblleft}So{\textquotedblright}",
    author = "Grove, Ada  and
      {\O}rsted, H. C.",
    booktitle = "Proceedings of Moths",
    month = apr,
    year = "2026",
    url = "https://aclanthology.org/2026.acl-long.1/",
    pages = "1--12",
}""",
        {
            "title": "Lantern Maps: “So”",
            "authors": ("Ada Grove", "H. C. Ørsted"),
            "venue": "Proceedings of Moths",
            "pages": "1-12",
            "url": "https://aclanthology.org/2026.acl-long.1/",
        },
    ),
    "DBLP": (
        """@article{DBLP:journals/corr/GroveL25,
  author       = {Ada Grove 0001 and
                  Bo Lind},
  title        = {Lantern Maps.},
  journal      = {CoRR},
  volume       = {abs/2504.01234},
  year         = {2025},
}""",
        {"authors": ("Ada Grove", "Bo Lind"), "arxiv_id": "2504.01234"},
    ),
    "Google Scholar": (
        """@article{grove2025lantern,
  title={Lantern maps},
  author={Grove, Ada and others},
  journal={arXiv preprint arXiv:2504.01234},
  year={2025}
}""",
        {"authors": ("Ada Grove",), "author_count": None, "arxiv_id": "2504.01234"},
    ),
    "ADS": (
        r"""@ARTICLE{2026ApJ...900....1G,
       author = {{Grove}, Ada and {LIGO Scientific Collaboration} and {Barnes and Noble}, X.},
        title = "{Lantern Maps}",
         year = 2026,
        month = apr,
          eid = {12},
}""",
        {"authors": ("Ada Grove", "LIGO Scientific Collaboration", "X. Barnes and Noble"), "pages": "12"},
    ),
    "IEEE": (
        """@INPROCEEDINGS{9146512,
  author={Grove, Ada},
  booktitle={2026 Moths},\x20
  title={Lantern Maps},\x20
  year={2026},
  keywords={Moths;Lanterns},
  month={2-4 April},}""",
        {"date": "2026-04-02", "categories": ("Moths", "Lanterns"), "citation_key": "9146512"},
    ),
    "Springer": (
        """@Article{Grove2026,
author="Grove, Ada
and King, Jr., Martin Luther",
title="Lantern Maps",
year="2026",
month="Apr",
day="02"
}""",
        {"date": "2026-04-02", "authors": ("Ada Grove", "Martin Luther King Jr.")},
    ),
    "EndNote": (
        """@article{
   author = {Grove, A.},
   title = {Lantern Maps},
   year = {2026},
   type = {Journal Article}
}""",
        {"title": "Lantern Maps", "citation_key": None, "year": 2026},
    ),
    "EndNote's keywords": (
        """@article{RN12,
   title = {Lantern Maps},
   keywords = {*Abstracting and Indexing
Databases, Protein/statistics & numerical data
Humans},
}""",
        {"categories": ("*Abstracting and Indexing", "Databases, Protein/statistics & numerical data", "Humans")},
    ),
    "wrapped keywords": (
        "@article{a,\n title = {Moths},\n keywords = {moths, lantern\n  maps, owls}\n}",
        {"categories": ("moths", "lantern maps", "owls")},
    ),
    "Mendeley's line feeds": (
        r"@article{a, title = {Moths}, abstract = {One.$\backslash$n$\backslash$nTwo of $\backslash$nu.}}",
        {"abstract": r"One. Two of $\backslash$nu."},
    ),
    "EBSCO": (
        '@article{1599,\n abstract  = "The "triple helix", a model, and "more" = less.",\n'
        ' author    = "Grove, Ada",\n title     = "On "moths"",\n note      = "",\n year      = "2022",\n}\n',
        {"title": 'On "moths"', "abstract": 'The "triple helix", a model, and "more" = less.', "year": 2022},
    ),
    "a key with a semicolon": ("@Article{Grove;2026,\n title = {Moths},\n}", {"citation_key": "Grove;2026"}),
    "a key without its comma": ("@article{grove2026\n title = {Moths},\n}", {"citation_key": "grove2026"}),
    "OpenReview": (
        """@misc{
grove2026lantern,
title={Lantern Maps},
author={Ada Grove},
year={2026},
url={https://openreview.net/forum?id=x}
}""",
        {"citation_key": "grove2026lantern", "authors": ("Ada Grove",)},
    ),
    "parentheses, joined values": (
        '@misc(a:b,\n title = "On " # {Moths (all)}, year = 2026, month = "2~" # apr)',
        {"title": "On Moths (all)", "date": "2026-04-02"},
    ),
    "BibTeX's keys for sorting": (
        r"@book{a, title = {Moths}, year = {{\noopsort{1973a}}1973}, month = {SPR}, publisher = {P \& Q}}",
        {"year": 1973, "month": None, "publisher": "P & Q"},
    ),
}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_entries_of_each_producer(producer: str, tmp_path: Path) -> None:
    """An entry is read as its producer writes it, and nothing is reported."""
    written, expected = PRODUCERS[producer]
    assert bibtex.matches(written.encode())
    paper = only(tmp_path, written)
    assert {name: getattr(paper, name) for name in expected} == expected


def test_an_id_of_web_of_science_counts_in_every_file() -> None:
    """A citation key means something in its file alone, an accession number everywhere."""
    (known, cited), _ = records(b"@article{ WOS:000123456700001,\nTitle={A}}\n@misc{grove2026, title={B}}")
    assert (known.record_id, known.namespace) == ("WOS:000123456700001", "wos")
    assert (cited.record_id, cited.namespace, cited.citation_key) == ("grove2026", "", "grove2026")


def test_fields_of_a_book_are_inherited(tmp_path: Path) -> None:
    """A paper takes place and date from its book, which comes later; what is missing is reported once."""
    written = """@inproceedings{child, title = {Child}, crossref = {Book}}
@inproceedings{own, title = {Own}, year = 1999, crossref = {book}, xdata = {press}}
@proceedings{book, title = {Proceedings}, year = 2026, month = apr, abstract = {Of the book.}}
@xdata{press, publisher = {Press}}
@inproceedings{lost, title = {Lost}, crossref = {nowhere}}
@inproceedings{lost too, title = {Lost too}, crossref = {nowhere}}
"""
    result = ingested(tmp_path, written)
    papers = {paper.title: paper for paper in result.papers}
    child, own = papers["Child"], papers["Own"]
    assert (child.venue, child.year, child.month, child.abstract) == ("Proceedings", 2026, 4, "")
    assert (own.venue, own.year, own.month, own.publisher) == ("Proceedings", 1999, None, "Press")
    assert len(papers) == 5
    detail = "crossref or xdata, in 2 records: no such entry in the file"
    assert said(result) == [("field not read", 5, detail)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_of_books(tmp_path: Path, order: int) -> None:
    """Each of thousands of books that refer to the next one inherits what the last has, in any order."""
    n_books = 3000
    books = [f"@book{{k{at}, title = {{T {at}}}, crossref = {{k{at + 1}}}}}\n" for at in range(n_books - 1)]
    books.append(f"@book{{k{n_books - 1}, title = {{T {n_books - 1}}}, publisher = {{Press}}}}\n")
    result = ingested(tmp_path, "".join(books[::order]))
    assert {paper.title for paper in result.papers} == {f"T {at}" for at in range(n_books)}
    assert {paper.publisher for paper in result.papers} == {"Press"}
    assert said(result) == []


def test_fields_that_are_not_read_are_said_once(tmp_path: Path) -> None:
    """Names and texts that are not read are one finding a field; other fields are passed over."""
    written = """@book{a, title = {A}, editor = {Doe, Jane}, file = {x}, isbn = {1}}
@book{b, title = {B}, editor = {Doe, Jane}, annote = {Mine}}
@book{c, title = {C}, editor = {Doe, Jane}, author = {Roe, Rick}, abstract = {So.}, annote = {Mine}}
"""
    assert said(ingested(tmp_path, written)) == [
        ("field not read", 1, "editor, in 2 records"),
        ("field not read", 2, "annote, in 1 record"),
    ]


ASIDE = r"""% Encoding: UTF-8
% @misc{commented, title = {No}}
@preamble{"\newcommand{\noop}[1]{}" # " @misc{no, title = {No}}"}
@comment{
@misc{hidden, title = {No}}
}
@control{REVTEX41Control, title = "0"}
@misc{one, title = {One}} @misc{two,
  % title = {Old},
  title = {Two},
  year = undefined,
}
some words of me@example.org {x} on @article{ } and @book{, with % @misc{no, title = {No}}
and @misc{words, title = {Three}} in a line
"""


def test_what_is_no_entry() -> None:
    """Comments, preambles, settings and words around entries are passed over; entries may share a line."""
    found, findings = records(ASIDE.encode())
    assert [record.title for record in found] == ["One", "Two", "Three"]
    assert findings == []


def test_a_comment_that_is_never_closed_hides_nothing() -> None:
    """Entries after an open comment are read."""
    found, _ = records(b"@comment{ not closed\n\n@misc{a, title={A}}\n@comment{\n@misc{b, title={B}}\n")
    assert [record.title for record in found] == ["A", "B"]


MENDED = {
    "bracket on the next line": "x@y\n@misc\n (a\n, title = {T}\n, year = 2026)",
    "comma after the key": "@misc{a\n title = {T}, year = 2026}",
    "comma after a field": "@misc{a, title = {T}\n year = 2026}",
    "brace too many": "@misc{a, title = {T}},\n year = 2026}",
    "escaped brace alone": r"@misc{a, note = {x \} y}, title = {T}, year = 2026}",
    "escaped quotation mark": r'@misc{a, note = "x \"y\" z", title = {T}, year = 2026}',
    "field without value": "@misc{a, note = , title = {T}, year = 2026}",
    "commas": "@misc{a,, title = {T},,\n,year = 2026,}",
    "field twice": "@misc{a, title = {}, title = {T}, title = {U}, year = 2026}",
    "blanks in a name": "@misc{a, Early Access Date = {x}, title = {T}, year = 2026}",
}


@pytest.mark.parametrize("slip", MENDED)
def test_slips_that_leave_the_meaning_plain(slip: str) -> None:
    """Slips that BibTeX itself does not accept cost nothing where the meaning is plain."""
    (entry,), lost = entries(MENDED[slip])
    assert (entry.key, entry.fields["title"], entry.fields["year"]) == ("a", "T", "2026")
    assert lost == []


LOST = {
    "@misc{a, title = {T": "a brace is not closed",
    '@misc{a, title = "T': "a quotation mark is not closed",
    '@misc{a, title = "T}"}': "a quotation mark is not closed",
    "@misc{a, title = {T} stray {x}}": "expected a comma after “title”",
    "@misc{a, title {T}}": "expected a field",
    "@misc{a, title = = {T}}": "expected a value of “title”",
    "@misc{a": "a brace is not closed",
}


@pytest.mark.parametrize("written", LOST)
def test_a_lost_entry_is_named(written: str) -> None:
    """An entry that cannot be read is reported with its line, key and reason; its neighbours are read."""
    found, lost = entries(f"@misc{{x, title = {{X}}}}\n{written}\n@misc{{y, title = {{Y}}}}\n")
    assert [entry.key for entry in found] == ["x", "y"]
    assert lost == [(2, "a", LOST[written])]


def test_macros() -> None:
    """Macros are joined, hold for the rest of the file, ignore case, and never grow without bound."""
    found, lost = entries(
        '@STRING{a = "x"}@string(b = a # {y} # A)\n@misc{k, note = B # 1, month = JAN, other = none}\n'
        + "@string{a = a # a}\n" * 60
        + "@misc{l, note = a # a # a}\n"
    )
    assert found[0].fields == {"note": "xyx1", "month": "January", "other": "none"}
    assert len(found[1].fields["note"]) <= 6000
    assert lost == []


NOT_BIBTEX = {
    "Python": "@dataclass(frozen=True)\nclass A: ...\n@cache(a, b=1)\ndef f(): ...\n@lru_cache(maxsize=512)\n",
    "Java": '@Size(min = 1)\n@Column(name = "x")\nString a;\n',
    "CSS": "@page {\n  margin: 1cm;\n}\n@media screen {\n  a { color: red }\n}\n@font-face {\n a: A, B;}\n",
    "a web page": "<pre>\n@misc{a, title = {T}}\n</pre>",
    "a note": "---\ntitle: T\n---\n@misc{a, title = {T}}\n",
    "words": "Write to me@example.org {x}, or @jane (Jane)\n@team {hello, world}\n",
}


@pytest.mark.parametrize("kind", NOT_BIBTEX)
def test_what_only_looks_like_bibtex(kind: str) -> None:
    """Annotations, style sheets, pages and notes are not taken for bibliographies."""
    assert not bibtex.matches(NOT_BIBTEX[kind].encode())


@pytest.mark.parametrize("content", ['@string{a = "b"}\n', "@comment{x}\n", "@misc{a, title = {T}\n"])
def test_a_file_without_an_entry_is_no_dump(content: str) -> None:
    """A file of macros, comments or lost entries alone is not a dump."""
    assert bibtex.matches(content.encode())
    with pytest.raises(NotADump):
        records(content.encode())


def test_the_encoding_that_jabref_names(tmp_path: Path) -> None:
    """A file may name its encoding; without a name, bytes that are not UTF-8 are reported, a few by line."""
    entry = "@misc{a, title = {Łódź},\n author = {Müller, Jörg}}\n".replace("Łódź", "Größe")
    paper = only(tmp_path, b"% Encoding: Cp1252\n\n" + entry.encode("cp1252"))
    assert (paper.title, paper.authors) == ("Größe", ("Jörg Müller",))
    assert only(tmp_path, f"% Encoding: ISO8859_1\n{entry}").title == "Größe"
    result = ingested(tmp_path, b"".join(b"@misc{a%d, title = {\xfc %d}}\n" % (n, n) for n in range(50)))
    assert len(result.papers) == 50
    assert [finding.kind for finding in result.findings] == ["bytes not UTF-8"] * 11
    assert result.findings[-1].detail == "40 more from here on"


WORDS = st.text("abcXYZ ä王0-'$\\&^_~.:;/", max_size=12).filter(lambda text: not text.endswith("\\"))
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9:_./+-]{0,12}", fullmatch=True)
NESTED = st.recursive(
    WORDS,
    lambda inner: st.lists(st.one_of(inner, inner.map("{{{}}}".format)), max_size=3).map("".join),
    max_leaves=8,
)
VALUES = st.one_of(
    NESTED.map(lambda text: (f"{{{text}}}", text)),
    NESTED.map(lambda text: (f'"{text}"', text)),
    st.integers(0, 3000).map(lambda number: (str(number), str(number))),
)
FIELDS = st.dictionaries(NAMES.map(str.lower), VALUES, max_size=5)
TYPES = st.sampled_from(["article", "Misc", "INPROCEEDINGS", "online"])
LIBRARIES = st.lists(st.tuples(TYPES, KEYS, FIELDS), max_size=6, unique_by=lambda one: one[1].lower())


def written_library(library: Sequence[tuple[str, str, dict[str, tuple[str, str]]]]) -> str:
    def body(fields: dict[str, tuple[str, str]]) -> str:
        return "".join(f",\n  {name} = {value}" for name, (value, _) in fields.items())

    return "\n".join(f"@{kind}{{{key}{body(fields)}\n}}\n" for kind, key, fields in library)


@given(LIBRARIES)
def test_entries_are_those_that_bibtexparser_finds(
    library: list[tuple[str, str, dict[str, tuple[str, str]]]],
) -> None:
    """Of well-formed files, types, keys, fields and values are what was written, and what bibtexparser reads."""
    written = written_library(library)
    found, lost = entries(written)
    ours = [(entry.kind, entry.key, entry.fields) for entry in found]
    meant = [
        (kind.lower(), key, {name: value for name, (_, value) in fields.items()}) for kind, key, fields in library
    ]
    assert (ours, lost) == (meant, [])
    theirs = bibtexparser.parse_string(written)
    assert theirs.failed_blocks == []
    read = [
        (entry.entry_type, entry.key, {name: field.value for name, field in entry.fields_dict.items()})
        for entry in theirs.entries
    ]
    assert [(kind, key, stripped(fields)) for kind, key, fields in ours] == [
        (kind, key, stripped(fields)) for kind, key, fields in read
    ]


def stripped(fields: dict[str, Any]) -> dict[str, str]:
    """Return the fields without the blanks around their values, which bibtexparser removes."""
    return {name: str(value).strip() for name, value in fields.items()}


GOOD = (
    b'@article{good1,\n  title = {Good one},\n  author = {Grove, Ada},\n  year = "2026"\n}\n',
    b"@misc{good2, title = {{Good} two}, abstract = {So.\n\nMore.}, year = 2026}\n",
)
SOUND = ZOTERO.encode()


def cut(content: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(content)).map(lambda end: content[:end])


def without_pieces(content: bytes) -> st.SearchStrategy[bytes]:
    ends = st.lists(st.tuples(st.integers(0, len(content)), st.integers(1, 30)), max_size=8)

    def removed(pieces: list[tuple[int, int]]) -> bytes:
        left = content
        for start, length in pieces:
            left = left[:start] + left[start + length :]
        return left

    return ends.map(removed)


def with_signs(content: bytes) -> st.SearchStrategy[bytes]:
    signs = st.sampled_from(
        [b"{", b"}", b'"', b"\\", b",", b"=", b"#", b"%", b"(", b")", b"\xff", b"\0", b"$", b"\n"]
    )
    places = st.lists(st.tuples(st.integers(0, len(content)), signs), max_size=12)

    def inserted(signs_at: list[tuple[int, bytes]]) -> bytes:
        grown = content
        for place, sign in signs_at:
            grown = grown[:place] + sign + grown[place:]
        return grown

    return places.map(inserted)


DAMAGES: tuple[Callable[[bytes], st.SearchStrategy[bytes]], ...] = (cut, without_pieces, with_signs)
ENTRY = SOUND[SOUND.index(b"@misc") : SOUND.index(b"@article{broken")]


@given(st.one_of([damage(ENTRY) for damage in DAMAGES]))
def test_damage_in_an_entry_stays_there(damaged: bytes) -> None:
    """The entries before and after a damaged one are read as if it were not there."""
    found, _ = records(GOOD[0] + damaged + b"\n" + GOOD[1])
    assert {record.title for record in found} >= {"Good one", "{Good} two"}
    (first,) = [record for record in found if record.record_id == "good1"]
    (last,) = [record for record in found if record.record_id == "good2"]
    assert (first.authors, first.first_line, first.last_line) == (["Grove, Ada"], 1, 5)
    assert last.abstract == "So.\n\nMore."


@given(st.one_of([*(damage(SOUND) for damage in DAMAGES), st.binary(max_size=300)]))
def test_damage_raises_nothing(damaged: bytes) -> None:
    """Reading ends for any bytes, and lines lie within the file."""
    try:
        found, findings = records(damaged)
    except NotADump:
        return
    n_lines = damaged.count(b"\n") + 1
    assert all(1 <= record.first_line <= record.last_line <= n_lines for record in found)
    assert all(finding.line is not None and 1 <= finding.line <= n_lines for finding in findings)


def test_every_tenth_entry_is_damaged() -> None:
    """Of 2,000 entries with damage in every tenth, the sound ones are read, and the others are named."""
    kinds = ("title = {Never {closed},", 'title = "Never closed,', "title {No sign}", "title = {Cut")
    written = [
        f"@misc{{k{n},\n  {kinds[n // 10 % 4] if n % 10 == 0 else f'title = {{Paper {n}}},'}\n  year = 2026\n}}\n"
        for n in range(2000)
    ]
    found, findings = records("\n".join(written).encode())
    assert [record.record_id for record in found] == [f"k{n}" for n in range(2000) if n % 10]
    assert [finding.detail.partition(":")[0] for finding in findings] == [f"k{n}" for n in range(0, 2000, 10)]
    assert [finding.line for finding in findings] == [1 + 5 * n for n in range(0, 2000, 10)]


def reading(content: bytes) -> Callable[[], None]:
    """Return a function that reads a bibliography and keeps nothing."""

    def read() -> None:
        for _ in bibtex.read(io.BytesIO(content), content[:8192], lambda *_: None):
            pass

    return read


@pytest.mark.parametrize(
    "entry",
    [
        "@misc{{k{n}, title = {{T {n}}}, abstract = {{" + "word " * 200 + "}}}}\n",
        "@misc{{k{n}, title = {{T {n}, abstract = {{" + "word " * 200 + "}}\n",
    ],
    ids=["sound", "broken"],
)
def test_memory_does_not_grow_with_the_file(entry: str) -> None:
    """Five times as many entries take as much memory, whether they can be read or not."""
    sound = "@misc{x, title = {X}}\n"
    few, many = ((sound + "".join(entry.format(n=n) for n in range(count))).encode() for count in (300, 1500))
    assert takes_less(peak_of(reading(few)) + 100_000, reading(many))


def test_an_endless_entry_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text without an end takes bounded memory, and costs its entry."""
    monkeypatch.setattr("papersearch.ingest.formats.bibtex_entries.MAX_ENTRY_CHARACTERS", 1000)
    found, findings = records(b"@misc{a, title={A\n" + b"word\n" * 1000 + b"@misc{b, title={B}}\n")
    assert [record.title for record in found] == ["B"]
    assert [(finding.line, finding.kind) for finding in findings] == [(1, "not a record")]
