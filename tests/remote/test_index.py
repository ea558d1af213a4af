"""An index on a server, as programs use it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.errors import GenerationGone, LimitExceeded, NotServed
from papersearch.remote import calls
from papersearch.remote.index import RemoteIndex, _portions
from papersearch.types import LibraryPaper
from papersearch.values import fields_of
from tests.growing import add
from tests.served import Served, served

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def remote(server: Served) -> papersearch.Index:
    return papersearch.open(server.address)


def public(kind: type) -> dict[str, Any]:
    return {
        name: one for name, one in vars(kind).items() if not name.startswith("_") or name in ("__len__", "__repr__")
    }


def test_it_has_the_methods_of_an_index() -> None:
    """Every public method of an index has the same arguments and defaults on a server."""
    local, remote = public(papersearch.Index), public(RemoteIndex)
    assert remote.keys() - local.keys() <= {"is_current", "page"}
    assert local.keys() <= remote.keys()
    for name, one in local.items():
        if inspect.isfunction(one):
            expected, found = inspect.signature(one), inspect.signature(remote[name])
            assert list(found.parameters.values()) == list(expected.parameters.values()), name


@pytest.mark.slow
def test_every_value_is_that_of_the_index(remote: papersearch.Index, real_index: papersearch.Index) -> None:
    """All that an index tells of itself and its papers is equal from a server, in type too."""
    for ask in (
        len,
        lambda index: index.encoded,
        lambda index: index.manifest,
        lambda index: index.weights,
        lambda index: index.organisations(),
        lambda index: index.findings(),
        lambda index: index.counts(),
        lambda index: index.near_duplicates(),
        lambda index: list(index.papers()),
        lambda index: [index.papers()[7], len(index.papers())],
        lambda index: index.ids_beginning_with("a", 3),
        lambda index: index.look_up([index.papers()[7].paper_id, "nothing", ""] * 5_000),
        lambda index: index.look_up([index.papers()[7].title, "nothing"], "title"),
        lambda index: index.search("pipeline", within=["gpipe", index.papers()[7].title]),
        lambda index: index.search("pipeline", k=400, without=["gpipe"], within=[]),
        lambda index: index.similar(["gpipe"], within=[paper.paper_id for paper in index.papers()]),
        lambda index: list(index.rank_many(["pipeline"], 9, without=["gpipe"])),
        lambda index: index.search("pipeline", since="2024", organisations="nebius", include_undated=True),
        lambda index: index.similar((), text="We train \ud800 large models."),
        lambda index: index.recommend([LibraryPaper(paper_id="a", title="We train \ud800"), index.papers()[3]]),
    ):
        assert ask(remote) == ask(real_index)  # type: ignore[no-untyped-call]
    queries = ["pipeline bubbles", "a " * 1_000, "x \udfff y", *map(str, range(64))]
    assert list(remote.search_many(queries, 4, "keyword")) == list(real_index.search_many(queries, 4, "keyword"))
    assert list(remote.rank_many(queries, 9, "keyword")) == list(real_index.rank_many(queries, 9, "keyword"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda index: index.search(""),
        lambda index: index.search("x", since="soon"),
        lambda index: index.search("x", since=2024),
        lambda index: index.search("x", organisations="nobody"),
        lambda index: index.search("x", dumps=["nothing"]),
        lambda index: index.search("x", within=["gpipe", "no such paper"]),
        lambda index: index.search("x", without=["a"]),
        lambda index: index.search("x", filters=papersearch.Filters(new=True), new=True),
        lambda index: index.search("x", nothing=True),
        lambda index: index.search("x", 0),
        lambda index: index.search("x", mode="fuzzy"),
        lambda index: index.search("x", sort="size"),
        lambda index: index.search("a " * 30_000),
        lambda index: index.similar([]),
        lambda index: index.recommend([]),
        lambda index: index.similar(["no such paper"]),
        lambda index: index.paper("a"),
        lambda index: index.papers()[302],
        lambda index: list(index.search_many(["fine", ""])),
    ],
)
def test_every_error_is_that_of_the_index(
    ask: Any, remote: papersearch.Index, real_index: papersearch.Index
) -> None:
    """What cannot be answered raises the same error, with the same fields, from a server."""

    def raised(index: papersearch.Index) -> Exception:
        with pytest.raises(Exception) as caught:  # compared below
            ask(index)
        return caught.value

    assert repr(raised(remote)) == repr(raised(real_index))


def test_what_a_server_does_not_offer(remote: papersearch.Index, tmp_path: Path) -> None:
    """What needs the folder itself is an error that names the address; nothing is written."""
    for ask in (
        lambda: remote.path,
        lambda: remote.verify(),
        lambda: remote.keyword_scores("x"),
        lambda: papersearch.build(tmp_path, remote.place),
        lambda: papersearch.build_part(tmp_path, remote.place, 1, 2),
        lambda: papersearch.join_parts(remote.place),
        lambda: papersearch.rollback(remote.place),
    ):
        with pytest.raises(NotServed, match=remote.place):
            ask()
    assert not remote.is_stale(tmp_path)
    assert repr(remote) == f"<RemoteIndex '{remote.place}': 302 papers>"


def test_limits_have_names(remote: papersearch.Index) -> None:
    """More than a server takes is refused before it is sent, by the name of the limit."""
    own = LibraryPaper(paper_id="a", title="On moths")
    for ask, what, limit in (
        (lambda: remote.search("x", calls.MAX_K + 1), "papers", calls.MAX_K),
        (lambda: remote.search("x" * (calls.MAX_TEXT + 1)), "characters of text", calls.MAX_TEXT),
        (lambda: remote.similar(["x"] * (calls.MAX_NAMES + 1)), "names", calls.MAX_NAMES),
        (
            lambda: remote.search("x", without=["x"] * (calls.MAX_IDS + 1)),
            "papers to search among or to look up",
            calls.MAX_IDS,
        ),
        (lambda: remote.search("x", within=["x" * (calls.MAX_NAME + 1)]), "characters of a name", calls.MAX_NAME),
        (lambda: remote.recommend([own] * (calls.MAX_LIBRARY + 1)), "papers of a library", calls.MAX_LIBRARY),
        (lambda: remote.paper("x" * (calls.MAX_NAME + 1)), "characters of a name", calls.MAX_NAME),
        (lambda: list(remote.rank_many(["x"], calls.MAX_RANKED + 1)), "papers", calls.MAX_RANKED),
        (lambda: remote.ids_beginning_with("x", calls.MAX_K + 1), "papers", calls.MAX_K),
    ):
        with pytest.raises(LimitExceeded) as caught:
            ask()
        assert (caught.value.what, caught.value.limit) == (what, limit)
    assert len(remote.search("x", calls.MAX_K, "semantic")) == 302


@pytest.mark.slow
def test_an_opened_index_keeps_its_generation(build: Any, small_corpus: Path, small_index: Path) -> None:
    """An index opened on a server answers as before after a build, is gone after two, and is renewed on request."""
    with served(small_index) as found:
        first = papersearch.open(found.address)
        before = first.search("language", 9)
        assert first.renewed() is first
        assert isinstance(first, RemoteIndex)
        assert first.is_current()
        add(small_corpus, "second.txt", "language")
        build()
        assert not first.is_current()
        second = first.renewed()
        assert (len(first), len(second)) == (4, 5)
        assert second.manifest.generation == 2
        assert first.search("language", 9) == before != second.search("language", 9)
        add(small_corpus, "third.txt", "tongues")
        build()
        assert len(second.search("tongues", 9, "semantic")) == 5
        assert len(papersearch.open(found.address).search("tongues", 9, "semantic")) == 6
        with pytest.raises(GenerationGone, match=found.address):
            first.search("language")


@given(queries=st.lists(st.text(max_size=3).map(lambda text: text * 9_000), max_size=20), most=st.integers(1, 5))
def test_portions_fit_into_requests(queries: list[str], most: int) -> None:
    """Portions have all queries in order, not more than asked for, and each fits into a request."""
    portions = list(_portions(queries, most))
    assert [query for portion in portions for query in portion] == queries
    for portion in portions:
        assert 1 <= len(portion) <= most
        body = orjson.dumps(calls.RankManyCall(queries=portion, k=1, mode="keyword"), default=fields_of)
        assert len(body) <= calls.MAX_BODY_BYTES
