"""The table of identifiers: the keys of each paper, by hand and by brute force."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.index.identifiers import identifier_order, keys_of
from papersearch.index.string_table import StringTable, pack_strings
from papersearch.text.identity import paper_id, short_id
from papersearch.types import DumpFile, Paper, Provenance


def dump(name: str, format: str) -> DumpFile:
    numbers = ("size", "mtime_ns", "n_appearances", "n_without_abstract", "n_left_out", "n_findings")
    return DumpFile(name=name, format=format, sha256="", **dict.fromkeys(numbers, 0))


def paper(name: str = "x", **fields: Any) -> Paper:
    place = Provenance(dump=fields.pop("dump", "a.bib"), first_line=1, last_line=1)
    return Paper(paper_id=name, title=fields.pop("title", "T"), abstract="", provenance=(place,), **fields)


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (paper(arxiv_id="2503.11731v2", doi="10.48550/arXiv.2503.11731"), ["arxiv:2503.11731"]),
        (paper(doi="10.1000/ABC_d"), ["doi:10.1000/abc_d"]),
        (paper(citation_key="Doe 2024:a"), ["key:Doe 2024:a"]),
        (paper(url="https://www.Example.org/a/B.pdf#page=2"), ["address:example.org/a/B"]),
        (paper(url="https://openreview.net/forum?id=aB-c_1"), ["openreview:aB-c_1"]),
        (paper(links=("https://arxiv.org/abs/2503.11731", "https://github.com/a/b")), ["address:github.com/a/b"]),
        (paper(links=("not a link", "")), []),
        (paper("PMC7654321"), ["pmc:7654321"]),
        (paper("12345678", dump="a.nbib"), ["pmid:12345678"]),
        (paper("12345678", dump="a.bib"), []),
        (paper("1234", dump="a.csv"), []),
        (paper("12345678", dump="a.csv"), ["pmid:12345678"]),
        (paper("https://openalex.org/W2741809807"), ["openalex:W2741809807", "short:SHA"]),
        (paper("3"), ["short:SHA"]),
    ],
)
def test_the_keys_of_a_paper(given: Paper, keys: list[str]) -> None:
    """A paper is found under its identifiers and addresses, and not under those of papers that it links to."""
    digest = hashlib.sha256(given.paper_id.encode()).hexdigest()[:16]
    dumps = [dump("a.bib", "BibTeX"), dump("a.nbib", "PubMed (nbib)"), dump("a.csv", "table")]
    expected = sorted(key.replace("SHA", digest) for key in keys)
    assert identifier_order([given], dumps) == (expected, [0] * len(expected))


KNOWN = ["2503.11731", "3", "a b", "10.1000/x", "doe2024", "", "https://a.org/b"]
NAMES = st.sampled_from(KNOWN) | st.text(max_size=9)


@given(st.lists(st.tuples(NAMES, NAMES, NAMES, st.lists(NAMES, max_size=2)), max_size=6))
def test_a_lookup_is_a_scan(fields: list[tuple[str, str, str, list[str]]]) -> None:
    """Finding a key in the packed table gives the papers, ascending, that a scan of all papers gives."""
    papers = [
        paper(name or "x", citation_key=key or None, url=url or None, links=tuple(links), title=f"On {name}")
        for name, key, url, links in fields
    ]
    lines, owners = identifier_order(papers, [])
    assert lines == sorted(lines)
    text, offsets = pack_strings(lines)
    table = StringTable(bytes(text), offsets)
    keys = [set(keys_of(one, {})) for one in papers]
    for key in {*lines, "arxiv:2503.11731", "key:nobody"}:
        scanned = [at for at, of_paper in enumerate(keys) if key in of_paper]
        assert [owners[place] for place in table.find(key)] == scanned


@given(st.text(min_size=1, max_size=30), st.integers(1, 10**7))
def test_short_ids(title: str, n_papers: int) -> None:
    """An id made from a title ends with the first digits of its short id, which are enough for the collection."""
    made = paper_id(title)
    short = short_id(made, title, n_papers)
    if len(made) > 12:
        assert made.endswith(f"-{short[:6]}")
        assert 16 ** len(short) >= 100 * n_papers**2
    assert short_id("2503.11731", title, n_papers) == "2503.11731"
    for number in ("1", "12", "999"):
        assert len(short_id(number, title, n_papers)) >= 6
