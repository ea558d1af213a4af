"""Doors of files that a user keeps: topics, judgements, saved searches, collections, weights, marks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import orjson
from ir_measures import ScoredDoc

from papersearch import saved
from papersearch.cli.errors import CommandError
from papersearch.cli.registry import add_collection, read_collections, remove_collection
from papersearch.errors import EvaluationError, MarksUnreadable, SavedSearchError, WeightsUnreadable
from papersearch.evaluation.judging import add_judgements
from papersearch.evaluation.measures import evaluate
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.runs import trec_lines
from papersearch.evaluation.topics import parse_topics
from papersearch.index.layout import WEIGHTS
from papersearch.index.weights import read_weights, write_weights
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change
from papersearch.saved import SavedSearch
from papersearch.seen import Record, Seen, Shown, file_beside
from papersearch.text.cleaning import clean_text
from papersearch.types import Filters, RankedPaper
from tests.fuzz.door import Door, Enter
from tests.marks.collection import Collection, paper

_RANKING = [RankedPaper(paper_id="a b", score=2.0), RankedPaper(paper_id="c", score=2.0)]
_N_COLUMNS = 6


def _enter_topics(content: bytes) -> None:
    """Read topics: each has an id of its own and a text, and a run names it in six columns."""
    try:
        topics = parse_topics(BytesIO(content), "topics")
    except EvaluationError:
        return
    assert topics
    assert len({topic.topic_id for topic in topics}) == len(topics)
    for topic in topics:
        assert topic.text
        assert topic.topic_id
        assert (clean_text(topic.text), clean_text(topic.topic_id)) == (topic.text, topic.topic_id)
        lines = trec_lines(topic, _RANKING, "tag").split("\n")
        assert [len(line.split(" ")) for line in lines] == [_N_COLUMNS, _N_COLUMNS, 1]


def _open_qrels(folder: Path) -> Enter:
    path = folder / "judged.qrels"

    def enter(content: bytes) -> None:
        """Read judgements, measure a run by them, and add one: the others stay."""
        path.write_bytes(content)
        path.with_name("judged.topics.tsv").unlink(missing_ok=True)
        try:
            qrels = read_qrels(path)
        except EvaluationError:
            return
        run = [ScoredDoc(qrel.query_id, qrel.doc_id, -float(place)) for place, qrel in enumerate(qrels)]
        values = evaluate(qrels, {"one": run}).per_topic["one"].values()
        assert all(math.isfinite(value) for each in values for value in each.values())
        try:
            judged = add_judgements(path, "moths at a lamp", {"new-paper": 2})
        except EvaluationError:
            return
        after = read_qrels(path)
        assert after[:-1] == [one for one in qrels if (one.query_id, one.doc_id) != (judged.topic_id, "new-paper")]
        assert tuple(after[-1][:3]) == (judged.topic_id, "new-paper", 2)

    return enter


def _open_searches(folder: Path) -> Enter:
    path = folder / saved.FILE

    def enter(content: bytes) -> None:
        """Read saved searches; add one, and remove it: the others stay, and the file is as it was."""
        path.write_bytes(content)
        try:
            before = saved.read(path)
        except SavedSearchError:
            return
        for search in before.values():
            assert clean_text(search.query) == search.query
        _assert_added_and_removed(path, saved.read, before, _add_search, saved.remove)
        for search in before.values():
            path.unlink(missing_ok=True)
            saved.add(path, search)
            assert saved.read(path) == {search.name: search}

    return enter


def _add_search(path: Path, name: str) -> None:
    saved.add(path, SavedSearch(name, 'a "moth" \\ \'\n=', "keyword", Filters(authors=("d'Oe",), since="2024")))


def _assert_added_and_removed(
    path: Path,
    read: Callable[[Path], dict[str, object]],
    before: dict[str, object],
    add: Callable[[Path, str], object],
    remove: Callable[[Path, str], object],
) -> None:
    """Add an entry with a new name to a file of the user's, and remove it again."""
    name = next(f"new{number}" for number in range(len(before) + 1) if f"new{number}" not in before)
    try:
        add(path, name)
    except (SavedSearchError, CommandError):
        assert read(path) == before
        return
    after = read(path)
    assert after.pop(name) is not None
    assert after == before
    remove(path, name)
    assert read(path) == before


def _open_collections(folder: Path) -> Enter:
    path = folder / "collections.toml"

    def enter(content: bytes) -> None:
        """Read collections; add one, and remove it."""
        path.write_bytes(content)
        try:
            before = read_collections(path)
        except CommandError as error:
            assert error.message
            return
        _assert_added_and_removed(
            path,
            read_collections,
            before,
            lambda path, name: add_collection(path, name, folder, None),
            remove_collection,
        )

    return enter


def _open_weights(folder: Path) -> Enter:
    def enter(content: bytes) -> None:
        """Read weights: numbers within their bounds, which are written and read again."""
        (folder / WEIGHTS).write_bytes(content)
        try:
            weights = read_weights(folder)
        except WeightsUnreadable:
            return
        assert weights is not None
        write_weights(folder, weights, "told")
        assert read_weights(folder) == weights

    return enter


def _open_seen(folder: Path) -> Enter:
    searches = folder / saved.FILE
    record = Record(query="q", since=1, shown={"a": Shown(title="A", at=2, arxiv_id="", doi="")})

    def enter(content: bytes) -> None:
        """Read what searches have shown; keep a record more, and read it."""
        path = file_beside(searches)
        path.write_bytes(content)
        try:
            seen = Seen(searches, str(folder / "index"), "run")
        except SavedSearchError:
            return
        before = seen.record("moths")
        seen.keep({"moths": record, "others": record})
        after = Seen(searches, str(folder / "index"), "run")
        assert after.record("moths") == after.record("others") == record
        assert before is None or Record(**orjson.loads(orjson.dumps(before.asdict()))).query == before.query

    return enter


def _open_marks(folder: Path) -> Enter:
    path = folder / "marks.jsonl"
    papers = [paper("moths", arxiv_id="2504.01234", doi="10.5555/Moth"), paper("owls", "Owls at noon")]
    index = Collection(*papers)

    def enter(content: bytes) -> None:
        """Read marks, and change two: the file says then what was said before and the change."""
        path.write_bytes(content)
        try:
            before = read_marks(path)
        except MarksUnreadable:
            return
        for mark in before:
            assert mark.name
            for text in (*mark.tags, mark.note, mark.title, mark.paper_id, mark.arxiv_id, mark.doi):
                assert clean_text(text) == text
        own = {place for places in before.places(papers, index) for place in places}
        others = [mark for place, mark in enumerate(before) if place not in own]
        after = change_marks(path, papers, Change(tags=("new tag",), is_read=True), index)
        written = path.read_bytes()
        assert list(read_marks(path)) == list(after)
        assert Counter(mark for mark in after if mark.paper_id not in ("moths", "owls")) == Counter(others)
        for mark in after.of(papers, index):
            assert mark is not None
            assert mark.is_read
            assert "new tag" in map(str.casefold, mark.tags)
        change_marks(path, papers, Change(tags=("new tag",), is_read=True), index)
        assert path.read_bytes() == written

    return enter


_TOPICS = (
    b'{"_id": "1", "text": "pipeline bubbles"}\n{"_id": 2, "query": "moths", "metadata": {}}\n',
    b"query-id\ttext\r\n1\tmoths\r\n", b'"query","id","year"\r\n"a ""b""","1",2020\r\n',
    b'id;title\n1;"a\nb"\n\nx;c\n',
    b"moths at a lamp\n\n\xef\xbb\xbfowls\n", b"1\ta  b\nx-2\tc\n",
)  # fmt: skip
_QRELS = (b"1 0 a 2\n1 0 b 0\n2\tQ0\tc\t-1\n", b"query-id\tcorpus-id\tscore\n1\ta b\t1\n", b"q1 x 1_0\nq1  y  +2\n")
_SEARCHES = (
    b'# mine\n[moths]\nquery = "moths -survey" # all\nmode = "keyword"\nauthor = ["doe"]\nsince = "2024-06"\n\n'
    b'["a b".x]\nquery = ""\n',
    b"[a]\nquery = '''x\ny'''\nnew = true\ncategory = ['cs.LG']\ntag = [\"to read\"]\n[\"\\u00e9\"]\nquery=\"b\"\n",
    b'moths = {query = "a", code = true}\n',
    b'moths.query = "a"\nowls . query = """b\\\n  c"""\n',
)
_COLLECTIONS = (
    b'# mine\n[moths]\ncorpus = "moths"\n\n[owls]\nindex = "http://localhost:8000"\n',
    b'a = {corpus = "~/a", index = "/b"}\n', b'b.corpus = "x"\n[c]\nindex = "y"\n',
)  # fmt: skip
_WEIGHTS = (b"# told\nkeyword = 1.5 # 1 by default\nneighbours = 0\n", b"late_interaction = 1e-3\nfeedback = 0x1\n")
_SEEN = (
    b'{"version": 2, "searches": {"moths": {"index": {"run": {"query": "{}", "since": 5, "shown": '
    b'{"a": {"title": "A", "at": 7, "arxiv_id": "", "doi": ""}}}}}}}',
    b'{"version": 1, "searches": {"moths": {"index": {"digest": {"query": "", "since": 0, "shown": '
    b'{"a": {"title": "A", "at": 7}}}}}}}',
)
_MARKS = (
    b'# Marks\n\n{"paper_id": "moths", "tags": ["to read"], "read": true, "note": "n", "title": "On moths"}\n\n'
    b'# about owls\n{"title": "Owls at noon", "tags": "a"}\n',
    b'{"arxiv_id": "2504.01234v2", "note": "x"}\n{"doi": "10.5555/moth", "tags": []}\n{"paper_id": "gone"}\n# end',
)
_TOML = (
    *"[ ] [[ ]] = . # ' \" ''' \"\"\" { } , \\u0000 \\n true false 1979-05-27 07:32:00Z 0x 1e 1_0 inf nan".split(),
    "\r\n",
    "\t",
)
_JSON = (*'{ } [ ] : , " \\" \\u0000 \\ud800 null true false -1 1.5 1e999 18446744073709551616'.split(), "\n")


def _door(opened: Callable[[Path], Enter], seeds: tuple[bytes, ...], *tokens: str) -> Door:
    return Door(opened, lambda folder: seeds, tokens, 4_000)


DOORS = {
    "topics": _door(lambda folder: _enter_topics, _TOPICS, *_JSON, "\t", ";", '""', "_id", "qid", "text", "\r"),
    "qrels": _door(_open_qrels, _QRELS, "\t", " 0 ", "\n", "-1", "9" * 30, "\u0663", "q4e0c9"),
    "saved-searches": _door(_open_searches, _SEARCHES, *_TOML, *saved._ROWS, "query = ", "mode = "),
    "collections": _door(_open_collections, _COLLECTIONS, *_TOML, "corpus = ", "index = ", "all", "~", "http:/"),
    "weights": _door(_open_weights, _WEIGHTS, *_TOML, "keyword = ", "neighbours = "),
    "seen": _door(_open_seen, _SEEN, *_JSON, *"version searches query since shown title at".split()),
    "marks": _door(_open_marks, _MARKS, *_JSON, *"paper_id tags read note title arxiv_id doi # <<<<<<<".split()),
}
"""The doors of the user's files."""
