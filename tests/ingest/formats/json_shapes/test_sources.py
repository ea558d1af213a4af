"""Every source gives what its records say, and says what it does not read."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats.json_shapes.envelopes import LISTS, candidates
from papersearch.ingest.formats.json_shapes.fields import Lines
from papersearch.ingest.formats.json_shapes.lookalikes import look_of
from papersearch.ingest.formats.json_shapes.unread import UnreadFields
from papersearch.ingest.reading import Ingest, ingest
from papersearch.ingest.record import admit
from tests.ingest.formats.json_shapes.samples import (
    ABSTRACT,
    BETTER_BIBTEX,
    OPENALEX,
    OPENREVIEW_1,
    OWLS,
    OWLS_ABSTRACT,
    OWN,
    S2_BULK,
    SAMPLES,
    TITLE,
)


def read(tmp_path: Path, *records: Any) -> Ingest:
    """Ingest JSON lines of these records."""
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return ingest([tmp_path])


@pytest.mark.parametrize("source", SAMPLES)
def test_a_record_gives_what_it_says(tmp_path: Path, source: str) -> None:
    """A record in its source's documented form gives all that the index can keep, and no finding."""
    record, expected = SAMPLES[source]
    found = read(tmp_path, record)
    (paper,) = found.papers
    assert {name: getattr(paper, name) for name in expected} == expected
    assert found.findings == ()


def test_two_files_of_one_source_complete_each_other(tmp_path: Path) -> None:
    """A file of abstracts without titles joins the file of papers by the ids of Semantic Scholar."""
    paper = {name: value for name, value in S2_BULK.items() if name != "abstract"}
    abstract = {"corpusid": 7, "openaccessinfo": {"externalids": {"DOI": None}}, "abstract": ABSTRACT}
    found = read(tmp_path, paper, abstract)
    assert [(paper.title, paper.abstract) for paper in found.papers] == [(TITLE, ABSTRACT)]


@pytest.mark.parametrize("month", [None, 4])
def test_own_papers_come_back(tmp_path: Path, month: int | None) -> None:
    """Papers written as JSON and read back are equal, apart from where they were read."""
    inferred = {"date": None, "year": 2025, "month": month, "year_inferred": True, "doi": None}
    names = [
        {"family": "Berg", "given": "Jan", "particle": "van der", "suffix": None, "literal": None},
        {"family": None, "given": None, "particle": None, "suffix": None, "literal": "The Lamp Collaboration"},
    ]
    people = {"authors": ["Jan van der Berg", "The Lamp Collaboration"], "author_names": names}
    plain = {"title": "If a < b & <i>c</i> &amp; d", "abstract": "Text with 5 $ and \\'e. See https://x.example/a."}
    links = {"links": ["https://github.com/z", "https://x.example/a"]}
    (tmp_path / "first").mkdir()
    found = read(tmp_path / "first", OWN, {**OWN, "paper_id": "two", **inferred, **people, **plain, **links})
    written = [paper.asdict() for paper in found.papers]
    assert [paper["year_inferred"] for paper in written] == [False, True]
    assert (written[1]["title"], written[1]["links"]) == (plain["title"], (*links["links"],))
    assert [name["literal"] for name in written[1]["author_names"]] == [None, "The Lamp Collaboration"]
    (tmp_path / "again").mkdir()
    again = read(tmp_path / "again", *written)
    assert [paper.replace(provenance=()) for paper in again.papers] == [
        paper.replace(provenance=()) for paper in found.papers
    ]


@pytest.mark.parametrize(
    ("source", "changes", "expected"),
    [
        ("OpenAlex", {"publication_date": None}, {"date": None, "year": 2026}),
        ("OpenAlex", {"title": None}, {"title": TITLE}),
        ("OpenAlex", {"keywords": []}, {"categories": ()}),
        ("Crossref", {"issued": {"date-parts": [[None]]}}, {"date": "2026-04-02"}),
        ("Crossref", {"issued": {"date-parts": [[2019]]}}, {"year": 2019, "date": None}),
        ("Crossref", {"subtitle": ["A Survey"]}, {"title": f"{TITLE}: A Survey"}),
        ("CSL", {"issued": {"date-parts": [[2026]]}}, {"date": None, "year": 2026}),
        ("CSL", {"issued": {"date-parts": [["2026", "04"]]}}, {"date": None, "year": 2026}),
        ("CSL", {"issued": {"raw": "2026-04-02"}}, {"date": "2026-04-02"}),
        ("CSL", {"author": [{"literal": "The Lamp Collaboration"}]}, {"authors": ("The Lamp Collaboration",)}),
        ("CSL", {"keyword": "moths; maps, of lanterns"}, {"categories": ("moths", "maps, of lanterns")}),
        ("CSL", {"DOI": "10.48550/arXiv.2604.00007", "note": ""}, {"arxiv_id": "2604.00007"}),
        (
            "Better BibTeX",
            {"creators": [{"name": "Lamp Group", "creatorType": "author"}]},
            {"authors": ("Lamp Group",)},
        ),
        ("Better BibTeX", {"DOI": None, "extra": "DOI: 10.5555/x"}, {"doi": "10.5555/x"}),
        ("OpenReview 1", {"pdate": None}, {"date": "2026-03-31"}),
        ("Europe PMC", {"authorList": None}, {"authors": ("A Grove", "B Lind")}),
        ("Europe PMC", {"firstPublicationDate": None}, {"date": None, "year": 2026}),
        ("arXiv's snapshot", {"versions": None}, {"date": None, "year": 2026, "year_inferred": True}),
        ("arXiv's snapshot", {"authors_parsed": None}, {"authors": ("Ada Grove", "Bo Lind")}),
        (
            "generic",
            {"Authors": [{"first": "Ada", "middle": ["M."], "last": "Grove"}]},
            {"authors": ("Ada M. Grove",)},
        ),
        ("generic", {"Publication Date": None, "year": 2026, "created": "2026-04-02"}, {"date": "2026-04-02"}),
        (
            "generic",
            {"Publication Date": None, "year": 2019, "created": "2026-04-02"},
            {"date": None, "year": 2019},
        ),
        ("generic", {"Abstract": ["One.", "Two."]}, {"abstract": "One. Two."}),
        ("generic", {"metadata": {"arxiv_id": "2604.00007"}}, {"arxiv_id": "2604.00007"}),
        ("generic", {"externalIds": {"ArXiv": "2604.00007"}}, {"arxiv_id": "2604.00007"}),
        ("generic", {"url": "https://arxiv.org/abs/2604.00007"}, {"arxiv_id": "2604.00007"}),
        ("generic", {"DOI": "10.48550/arXiv.2604.00007"}, {"arxiv_id": "2604.00007"}),
    ],
)
def test_variants(tmp_path: Path, source: str, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    """Where a source leaves a field out or writes it in another way, the next best one counts."""
    (paper,) = read(tmp_path, {**SAMPLES[source].record, **changes}).papers
    assert {name: getattr(paper, name) for name in expected} == expected


def test_editors_are_not_authors(tmp_path: Path) -> None:
    """A work with an editor alone has no author, and none is invented."""
    editor = {"firstName": "Ed", "lastName": "Itor", "creatorType": "editor"}
    found = read(tmp_path, {**BETTER_BIBTEX, "creators": [editor]})
    assert [paper.authors for paper in found.papers] == [()]
    assert found.findings == ()


@pytest.mark.parametrize("positions", [[400_000_000], [-1], [2**80]])
def test_positions_of_an_abstract_are_bounded(tmp_path: Path, positions: list[int]) -> None:
    """An inverted abstract with an impossible position gives no text, and no list of that length."""
    index = {"huge": [0], "gap": positions}
    found = read(
        tmp_path, OPENALEX, {"id": "https://openalex.org/W3", "title": None, "abstract_inverted_index": index}
    )
    assert len(found.papers) == 1
    assert [(finding.kind, finding.line) for finding in found.findings] == [("record without text", 2)]


@pytest.mark.parametrize(
    "item", [{"itemType": "attachment", "title": "x.pdf"}, {"itemType": "note", "note": "<p>x</p>"}]
)
def test_attachments_and_notes_are_passed_over(tmp_path: Path, item: dict[str, Any]) -> None:
    """Items of Zotero without a work in them are neither papers nor findings."""
    found = read(tmp_path, {"items": [BETTER_BIBTEX, item], "collections": {}})
    assert ([paper.title for paper in found.papers], found.findings) == ([TITLE], ())


def test_replies_are_passed_over(tmp_path: Path) -> None:
    """Reviews in a forum of OpenReview are neither papers nor findings."""
    review = {
        "id": "r",
        "forum": "mOtH",
        "replyto": "mOtH",
        "content": {"title": "Review", "review": "Good."},
        "cdate": 1,
    }
    found = read(tmp_path, {"notes": [OPENREVIEW_1, review], "count": 2})
    assert ([paper.title for paper in found.papers], found.findings) == ([TITLE], ())


def _answers(records: list[Any]) -> dict[str, Any]:
    return {
        "array": records,
        **{name: {"total": 2, name: records} for name in LISTS},
        "Crossref": {"status": "ok", "message-type": "work-list", "message": {"facets": {}, "items": records}},
        "INSPIRE": {"hits": {"hits": records, "total": 2}, "links": {"self": "x"}},
        "Europe PMC": {"version": "6", "hitCount": 2, "resultList": {"result": records}},
        "Solr": {"responseHeader": {"status": 0}, "response": {"numFound": 2, "docs": records}},
        "Elasticsearch": {
            "hits": {"total": 2, "hits": [{"_index": "x", "_score": 1, "_source": r} for r in records]}
        },
        "arXiv": {"feed": {"entry": records}},
        "references": {"data": [{"citedPaper": record} for record in records]},
        "by id": {f"key{n}": record for n, record in enumerate(records)},
        "titled": {"title": "My list", "papers": records},
    }


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("answer", _answers([]))
def test_answers(tmp_path: Path, answer: str, indent: int | None) -> None:
    """Records are found in the answers of APIs, on one line or many."""
    records = [
        {"id": "1", "title": TITLE, "abstract": ABSTRACT},
        {"id": "2", "title": OWLS, "abstract": OWLS_ABSTRACT},
    ]
    (tmp_path / "answer.json").write_text(json.dumps(_answers(records)[answer], indent=indent))
    found = ingest([tmp_path])
    assert [(paper.paper_id, paper.title) for paper in found.papers] == [("1", TITLE), ("2", OWLS)]
    assert found.findings == ()


def test_records_in_an_answer_have_their_own_lines(tmp_path: Path) -> None:
    """In an answer with one record a line, each paper says its line."""
    records = [json.dumps({"_id": str(n), "title": f"Title {n}", "text": f"Text {n}."}) for n in range(3)]
    body = ",\n".join(records)
    (tmp_path / "answer.json").write_text(f'{{"total": 3, "papers": [\n{body}\n], "next": {{"title": "x"}}}}\n')
    found = ingest([tmp_path])
    assert [paper.provenance[0].first_line for paper in found.papers] == [2, 3, 4]
    assert found.findings == ()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["a;b", "2026-04", "10.1/x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "value", "date-parts", "author", "family", "title", "id", "data", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_no_value_breaks_a_shape(source: str, data: st.DataObject) -> None:
    """A record with any values in its fields is read or refused without an error."""
    record = copy.deepcopy(SAMPLES[source].record)
    places = [record, *(value for value in record.values() if isinstance(value, dict))]
    for place in places:
        for name in data.draw(st.lists(st.sampled_from(sorted(place)), max_size=4)):
            place[name] = data.draw(VALUES)
    unread = UnreadFields()
    for fields, shape in candidates(record):
        if shape is not None and (found := shape.read(fields, Lines(1, 1))) is not None:
            unread.add(shape, fields, found)
            admit(found, "x", lambda finding: None)
        else:
            look_of(fields)
