"""Records in JSON and JSON lines, with the field names of common sources: whole, cut and hostile."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest import decompression
from papersearch.ingest.formats.json_values import MAX_VALUE_BYTES, read_values
from papersearch.ingest.reading import Ingest, ingest
from papersearch.types import Organisation, Provenance
from tests.conftest import page, sentence

BEIR = {"_id": "MED-10", "title": "Statin use", "text": "Statins after diagnosis.", "metadata": {}}
ARXIV = {
    "id": "0704.0001",
    "submitter": "Pavel Nadolsky",
    "authors": "C. Bal\\'azs, E. L. Berger, P. M. Nadolsky and C.-P. Yuan (MSU)",
    "title": "Calculation of prompt\n  diphoton production",
    "doi": "10.1103/PhysRevD.76.013009",
    "categories": "hep-ph hep-ex",
    "abstract": "  A fully differential calculation\nin QCD.\n",
    "update_date": "2008-11-26",
    "authors_parsed": [["Balázs", "C.", ""], ["Berger", "E. L.", "Jr"]],
}
SEMANTIC_SCHOLAR = {
    "paperId": "649def34f8be52c8b66281af98ae884c09aef38b",
    "externalIds": {"ArXiv": "1805.02262", "DOI": "10.18653/v1/n18-3011", "CorpusId": 19170988},
    "title": "Construction of the Literature Graph",
    "abstract": "We describe a system. Code: https://github.com/allenai/x.",
    "year": 2018,
    "authors": [{"authorId": "1", "name": "Waleed Ammar"}, {"authorId": "2", "name": "Dirk Groeneveld"}],
}
HUGGING_FACE = {
    "paper": {
        "id": "2501.00001",
        "authors": [{"name": "Ada", "hidden": False}],
        "publishedAt": "2025-01-06T09:00:00.000Z",
        "title": "A model",
        "summary": "We train a model.",
        "upvotes": 41,
        "organization": {"name": "nebius", "fullname": "Nebius AI"},
    },
    "publishedAt": "2025-01-07T00:00:00.000Z",
    "title": "A model",
    "numComments": 3,
}


def read(tmp_path: Path, content: str | bytes, name: str = "records.jsonl") -> Ingest:
    """Ingest a file with this content."""
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return ingest([tmp_path])


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def problems(read: Ingest) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.line) for finding in read.findings]


def test_beir(tmp_path: Path) -> None:
    """BEIR's fields are read, the id is kept, and unknown fields stay empty."""
    (paper,) = read(tmp_path, lines(BEIR)).papers
    assert (paper.paper_id, paper.title, paper.abstract) == ("MED-10", "Statin use", "Statins after diagnosis.")
    assert (paper.date, paper.year) == (None, None)
    assert paper.provenance == (Provenance(dump="records.jsonl", first_line=1, last_line=1),)
    assert (paper.authors, paper.author_count, paper.doi, paper.arxiv_id) == ((), None, None, None)


def test_arxiv(tmp_path: Path) -> None:
    """arXiv's metadata is read with lines folded, names in reading order and categories separated."""
    (paper,) = read(tmp_path, lines(ARXIV), "arxiv-metadata-oai-snapshot.json").papers
    assert (paper.paper_id, paper.title) == ("0704.0001", "Calculation of prompt diphoton production")
    assert paper.abstract == "A fully differential calculation in QCD."
    assert (paper.date, paper.year, paper.year_inferred) == (None, 2007, True)  # not the last update
    assert paper.authors == ("C. Balázs", "E. L. Berger Jr")
    assert (paper.categories, paper.arxiv_id) == (("hep-ph", "hep-ex"), "0704.0001")
    assert (paper.doi, paper.author_count) == ("10.1103/PhysRevD.76.013009", 2)


def test_arxiv_authors_as_text(tmp_path: Path) -> None:
    """Without parsed names the string is split at commas and `and`, affiliations left out."""
    (paper,) = read(tmp_path, lines({**ARXIV, "authors_parsed": None})).papers
    assert paper.authors == ("C. Balázs", "E. L. Berger", "P. M. Nadolsky", "C.-P. Yuan")


def test_semantic_scholar(tmp_path: Path) -> None:
    """Semantic Scholar's ids, names and links are read."""
    (paper,) = read(tmp_path, lines(SEMANTIC_SCHOLAR)).papers
    assert (paper.paper_id, paper.year, paper.date) == (SEMANTIC_SCHOLAR["paperId"], 2018, None)
    assert paper.authors == ("Waleed Ammar", "Dirk Groeneveld")
    assert (paper.arxiv_id, paper.doi) == ("1805.02262", "10.18653/v1/n18-3011")
    assert paper.links == ("https://github.com/allenai/x",)


@pytest.mark.parametrize("record", [HUGGING_FACE, HUGGING_FACE["paper"]])
def test_hugging_face(tmp_path: Path, record: dict[str, Any]) -> None:
    """Records of Hugging Face's papers API are read, wrapped or not."""
    (paper,) = read(tmp_path, lines(record)).papers
    assert (paper.paper_id, paper.title, paper.abstract) == ("2501.00001", "A model", "We train a model.")
    assert (paper.date, paper.upvotes, paper.authors) == ("2025-01-06", 41, ("Ada",))
    assert paper.organisation == Organisation(handle="nebius", name="Nebius AI")
    assert paper.comment_count == (3 if "paper" in record else None)


RECORDS = [BEIR, ARXIV, SEMANTIC_SCHOLAR, HUGGING_FACE]
ARRANGEMENTS: dict[str, Callable[[list[Any]], str]] = {
    "lines": lambda records: lines(*records),
    "array": json.dumps,
    "indented array": lambda records: json.dumps(records, indent=2),
    "objects": lambda records: "\n".join(json.dumps(record, indent=1) for record in records),
    "answer": lambda records: json.dumps({"total": len(records), "data": records}),
    "mark": lambda records: "\ufeff" + lines(*records),
    "carriage returns": lambda records: lines(*records).replace("\n", "\r\n"),
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_arrangements(tmp_path: Path, arrangement: str, packing: str) -> None:
    """Every arrangement and compression of the records gives the same papers, regardless of the file's name."""
    content = PACKINGS[packing](ARRANGEMENTS[arrangement](RECORDS).encode())
    found = read(tmp_path, content, "download")
    assert [paper.paper_id for paper in found.papers] == [
        "MED-10",
        "0704.0001",
        SEMANTIC_SCHOLAR["paperId"],
        "2501.00001",
    ]
    assert (found.findings, found.n_appearances) == ((), 4)


def test_a_bad_line_costs_a_line(tmp_path: Path) -> None:
    """A malformed line is reported with its number, and the lines beside it are read."""
    bad = [
        "{",
        '"a string"',
        "[1, 2]",
        '{"_id": "x"}',
        '{"_id": "y", "title": " ", "text": ""}',
        "nonsense",
        '{"title": "alone"}',
        "null",
    ]
    good = [json.dumps({"_id": str(n), "title": "", "text": f"Paper {n}."}) for n in range(len(bad) + 1)]
    content = "".join(f"{a}\n{b}\n" for a, b in zip(good, [*bad, ""], strict=True))
    found = read(tmp_path, content)
    assert [paper.paper_id for paper in found.papers] == [str(n) for n in range(len(good))]
    assert [finding.line for finding in found.findings] == [2, 4, 6, 6, 8, 10, 12, 14, 16]
    assert {finding.kind for finding in found.findings} == {"not a record", "record without text"}


def test_first_line_may_be_bad(tmp_path: Path) -> None:
    """A file whose first line is cut is still read by lines."""
    found = read(tmp_path, '{"_id": "1", "title": "cut\n' + lines(BEIR))
    assert [paper.paper_id for paper in found.papers] == ["MED-10"]
    assert problems(found) == [("not a record", 1)]


def test_a_bad_element_costs_an_element(tmp_path: Path) -> None:
    """A balanced element of an array that is not JSON is reported with its line; the rest is read."""
    found = read(tmp_path, f'[\n{json.dumps(BEIR)},\n{{"title": nonsense}},\n\n{json.dumps(ARXIV)}]')
    assert [paper.paper_id for paper in found.papers] == ["MED-10", "0704.0001"]
    assert problems(found) == [("not a record", 3)]
    assert found.papers[1].provenance == (Provenance(dump="records.jsonl", first_line=5, last_line=5),)


def test_a_file_cut_short(tmp_path: Path) -> None:
    """If the end of an array is missing, whole records are kept, and the cut one is reported."""
    found = read(tmp_path, json.dumps([BEIR, ARXIV])[:-40])
    assert [paper.paper_id for paper in found.papers] == ["MED-10"]
    assert problems(found) == [("not a record", 1)]


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to more than is plausible has no papers, and a finding says why."""
    monkeypatch.setattr(decompression, "_FREE_BYTES", 1 << 20)
    found = read(tmp_path, gzip.compress(b'{"title": "' + b"x" * (2 << 20) + b'", "text": "y"}'))
    assert found.papers == ()
    assert any("attack" in finding.detail for finding in found.findings)


def test_title_or_abstract_alone(tmp_path: Path) -> None:
    """In an unknown shape a title or a text alone is not a paper; each is reported with its fields."""
    others = ({"_id": "1", "title": "Only"}, {"_id": "2", "text": "Only."}, {"_id": "3", "name": "?"})
    found = read(tmp_path, lines(BEIR, *others))
    assert [paper.paper_id for paper in found.papers] == ["MED-10"]
    assert [(finding.kind, finding.detail) for finding in found.findings] == [
        ("not a record", "a title without an abstract; its fields: _id, title"),
        ("not a record", "a query; its fields: _id, text"),
        ("record without text", "neither title nor abstract; its fields: _id, name"),
    ]


def test_different_ids_of_one_file_are_different_papers(tmp_path: Path) -> None:
    """A file that gives one title two ids has two papers; with one id, there is one."""
    found = read(
        tmp_path,
        lines(
            {"_id": "a", "title": "Attention", "text": "One."},
            {"_id": "b", "title": "Attention", "text": "One."},
            {"_id": "a", "title": "Attention", "text": "One, longer."},
            {"_id": 7, "title": "Attention", "text": "Three."},
        ),
    )
    assert [(paper.paper_id, paper.abstract) for paper in found.papers] == [
        ("a", "One, longer."),
        ("b", "One."),
        ("7", "Three."),
    ]
    assert len(found.papers[0].provenance) == 2
    assert problems(found) == [("papers kept apart", 2), ("papers kept apart", 4)]


def test_one_id_two_papers(tmp_path: Path) -> None:
    """If two collections use an id for different papers, both are kept, and the id is reported."""
    found = read(
        tmp_path, lines({"_id": "1", "title": "Wings", "text": "A."}, {"_id": "1", "title": "Lungs", "text": "B."})
    )
    assert [paper.title for paper in found.papers] == ["Wings", "Lungs"]
    assert [paper.paper_id[:2] for paper in found.papers] == ["1", "1-"]
    assert problems(found) == [("id used twice", 2)]


@pytest.mark.parametrize(("n_records", "n_papers"), [(0, 1), (1, 1), (2, 3)])
def test_a_page_joins_the_only_record(tmp_path: Path, n_records: int, n_papers: int) -> None:
    """A page's paper becomes one with the record of its title and cut abstract if there is only one."""
    cut = sentence("bubbles")[:90] + "…"
    records = [{"_id": f"r{n}", "title": "On Bubbles", "text": cut, "upvotes": 5} for n in range(n_records)]
    (tmp_path / "a-page.txt").write_text(page([("On bubbles", sentence("bubbles"))]))
    found = read(tmp_path, lines(*records, {"_id": "other", "title": "Else", "text": "Else."}))
    assert len(found.papers) == n_papers + 1
    if n_records == 1:
        (paper,) = [paper for paper in found.papers if paper.paper_id == "r0"]
        assert [place.dump for place in paper.provenance] == ["a-page.txt", "records.jsonl"]
        assert (paper.abstract, paper.upvotes) == (sentence("bubbles"), 5)


@pytest.mark.parametrize(
    "content", ["[link](to.html)\n", "{not json", "[1, 2]", "{{template}}", "[section]\nkey=1\n", "{\\rtf1"]
)
def test_what_only_begins_like_json(tmp_path: Path, content: str) -> None:
    """A file that begins with a bracket but is not JSON is reported and skipped."""
    found = read(tmp_path, content, "notes.md")
    assert problems(found) == [("file skipped", None)]


def test_memory_does_not_grow_with_a_value(tmp_path: Path) -> None:
    """A value beyond the limit is skipped and reported, and the next one is read."""
    content = b'[{"title": "' + b"x" * (MAX_VALUE_BYTES + 10) + b'"},\n{"title": "after"}]'
    found = list(read_values(io.BytesIO(content)))
    assert [(value.first_line, value.value, bool(value.fault)) for value in found] == [
        (1, None, True),
        (2, {"title": "after"}, False),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
# No key is one that holds the list of an answer, such as "results".
OBJECTS = st.lists(st.dictionaries(st.text().map("k{}".format), JSON, max_size=4), max_size=5)


class Dripping(io.BytesIO):
    """A stream that gives a few bytes at a time, to cut values anywhere."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3)


@given(OBJECTS, st.sampled_from([None, 0, 2]), st.booleans())
def test_values_are_those_of_the_library(objects: list[Any], indent: int | None, as_array: bool) -> None:
    """Cut anywhere, an array or a row of objects gives what the json module wrote, on its lines."""
    separator = "\n" if indent is None else "\n\n"
    content = (
        json.dumps(objects, indent=indent)
        if as_array
        else separator.join(json.dumps(o, indent=indent) for o in objects)
    )
    found = list(read_values(Dripping(content.encode("utf-8", "surrogatepass"))))
    # A lone surrogate, which is not Unicode, is a fault; all other values are unchanged.
    assert [value.value for value in found if not value.fault] == [o for o in objects if _is_unicode(o)]
    for value in found:
        assert content.split("\n")[value.first_line - 1].lstrip(" [").startswith("{")
        assert content.split("\n")[value.last_line - 1].rstrip(" ],").endswith("}")


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


HOSTILE = {
    "deep": '{"_id": "x", "title": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "deeper object": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "surrogate": '{"_id": "x", "title": "\\ud800 alone"}',
    "nul": '{"_id": "x", "title": "nul \\u0000 within", "text": "\\u001b[31m red \\u202e"}',
    "raw nul": '{"_id": "x", "title": "nul \0 within"}',
    "long abstract": json.dumps({"_id": "x", "title": "long", "text": "many words " * 1_000_000}),
    "long word": json.dumps({"_id": "x", "title": "word", "text": "x" * 1_000_000}),
    "infinite": '{"_id": "x", "title": "n", "year": 1e999, "upvotes": -1, "authors": {"name": 3}}',
    "number": '{"_id": "x", "title": "n", "year": ' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records(tmp_path: Path, name: str) -> None:
    """The lines beside a hostile line are read, and its text is cleaned and cut to a bounded length."""
    found = read(tmp_path, f"{json.dumps(BEIR)}\n{HOSTILE[name]}\n{json.dumps(ARXIV)}\n")
    papers = {paper.paper_id: paper for paper in found.papers}
    assert {"MED-10", "0704.0001"} <= papers.keys()
    if "x" in papers:
        text = f"{papers['x'].title}{papers['x'].abstract}"
        assert text.isprintable()
        assert len(text) <= 101_000
    assert ("x" in papers) or found.findings
    if name.startswith("long"):
        assert problems(found) == [("text cut", 2)]
