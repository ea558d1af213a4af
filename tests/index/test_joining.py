"""An index that is built in parts and joined: it equals the one that is built in one go, byte for byte."""

from __future__ import annotations

import functools
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.dense.encoding import ModelConstants
from papersearch.index import joining, meaning, previous, shard_build
from papersearch.index.joining import JoinReport
from papersearch.index.locking import writing
from papersearch.index.part_steps import on_all_processors
from papersearch.index.shards import open_shards, read_shards
from tests.conftest import page, sentence, wait_until
from tests.growing import tree
from tests.index.parts_of import build_parts, built_and_joined, contents, cut_whole, differing, records
from tests.ingest.test_merging import pattern

InParts = Callable[[int], tuple[Path, JoinReport]]

TOPICS = ("pipeline bubbles", "automatic speech recognition (ASR)", "moth maps", "graph colouring", "annealing")
PAPERS: list[dict[str, Any]] = [
    {"id": f"{n}", "title": f"On {topic}", "abstract": sentence(topic, 120 + 40 * n), "doi": f"10.1000/{n}"}
    for n, topic in enumerate(TOPICS)
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus whose papers are spread over dumps: twice, with other abstracts, titles and conflicts."""
    folder = tmp_path_factory.mktemp("parts") / "corpus"
    (folder / "inner").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    records(folder / "a.jsonl", PAPERS[:3])
    records(folder / "b.jsonl", [{**PAPERS[1], "abstract": sentence("speech", 700), "year": 2021}, PAPERS[3]])
    records(folder / "c.jsonl", [{**PAPERS[0], "id": "9", "doi": "10.1000/9", "abstract": pattern("apples")}])
    records(folder / "d.jsonl", [{**PAPERS[2], "abstract": "", "year": 2020}, {**PAPERS[4], "abstract": ""}])
    records(folder / "inner" / "e.jsonl", [{**PAPERS[2], "title": "On moth maps: a study", "year": 2022}])
    (folder / "f.txt").write_text(page([("On bees", sentence("bees")), ("On moth maps", sentence("moth maps"))]))
    (folder / "note.md").write_text("a note\n")
    (folder / "other.md").write_text("another note\n")
    (folder / "README.md").write_text("about\n")
    (folder / "zeros.bin").write_bytes(bytes(9))
    return folder


@pytest.fixture(scope="module")
def whole(corpus: Path, small_model: Path) -> Path:
    """Return the index of the corpus that was built in one go."""
    papersearch.build(corpus, corpus.parent / "whole", model=str(small_model))
    return corpus.parent / "whole"


@pytest.fixture(scope="module")
def in_parts(corpus: Path, small_model: Path) -> InParts:
    """Return a function that builds the corpus in parts and joins them, once for each number of parts."""

    @functools.cache
    def make(n_parts: int) -> tuple[Path, JoinReport]:
        index_path = corpus.parent / f"in-{n_parts}"
        order = random.Random(n_parts).sample(range(1, n_parts + 1), n_parts)
        return index_path, built_and_joined(corpus, index_path, n_parts, small_model, order=order)

    return make


@pytest.mark.slow
@pytest.mark.parametrize("n_parts", [1, 3, 8])
def test_parts_and_join_equal_the_whole(tmp_path: Path, whole: Path, in_parts: InParts, n_parts: int) -> None:
    """Parts in any order and their join give the shards of the whole, and every shard is well."""
    index_path, report = in_parts(n_parts)
    assert report.n_papers == len(papersearch.open(whole))
    assert differing(contents(index_path), cut_whole(whole, tmp_path / "cut", n_parts)) == []
    assert papersearch.open(index_path).verify() == []
    for query in ("pipeline bubbles", "ASR", "moth maps"):
        assert papersearch.open(index_path).search(query) == papersearch.open(whole).search(query)


def test_one_part_is_the_whole(whole: Path, in_parts: InParts) -> None:
    """One part and its join are the index that is built in one go, in every byte of every file."""
    index_path, _ = in_parts(1)
    (shard,) = open_shards(index_path).generations
    assert tree(shard.index_path / "generation-000001") == tree(whole / "generation-000001")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"abstracts_only": True},
        {"language": "de,en"},
        {"late": False},
        {"paper_prefix": "paper: "},
    ],
)
def test_choices(tmp_path: Path, corpus: Path, small_model: Path, options: dict[str, Any]) -> None:
    """The choices of a build are those of its parts."""
    copied = shutil.copytree(corpus, tmp_path / "corpus")
    papersearch.build(copied, tmp_path / "whole", model=str(small_model), **options)
    built_and_joined(copied, tmp_path / "index", 3, small_model, **options)
    assert differing(contents(tmp_path / "index"), cut_whole(tmp_path / "whole", tmp_path / "cut", 3)) == []


@pytest.mark.slow
def test_workers_make_no_difference(corpus: Path, small_model: Path) -> None:
    """A join by worker processes gives the same files as one in this process."""
    index_path = corpus.parent / "by-workers"
    built_and_joined(corpus, index_path, 3, small_model)
    here = contents(index_path)
    shutil.rmtree(index_path / "shards")
    (index_path / "shards.json").unlink()
    with mock.patch("papersearch.index.part_steps.n_spare_processors", lambda: 2):
        joining.join(index_path, run=on_all_processors)
    assert differing(contents(index_path), here) == []


@pytest.mark.slow
def test_only_what_merging_made_is_encoded(tmp_path: Path, small_model: Path) -> None:
    """The join encodes the texts that no part has, once, and opens no model where there are none."""
    (tmp_path / "corpus").mkdir()
    first, second = PAPERS[:2]
    records(tmp_path / "corpus" / "a.jsonl", [{**first, "title": "On pipeline"}, second])
    cut = first["abstract"][:80]
    records(tmp_path / "corpus" / "b.jsonl", [{**first, "title": "On pipeline: bubbles", "abstract": cut}])
    index_path = tmp_path / "index"
    assert build_parts(tmp_path / "corpus", index_path, 2, small_model) == 3
    report = papersearch.join_parts(index_path)
    assert (report.n_papers, report.n_encoded) == (2, 1)
    with mock.patch.object(shard_build, "open_paper_encoder", side_effect=AssertionError):
        assert papersearch.join_parts(index_path, full=True).n_encoded == 0
    papersearch.build(tmp_path / "corpus", tmp_path / "whole", model=str(small_model))
    found = [hit.paper.title for hit in papersearch.open(index_path).search("pipeline")]
    assert found == [hit.paper.title for hit in papersearch.open(tmp_path / "whole").search("pipeline")]


def test_only_shards_with_a_missing_text_are_read_again(tmp_path: Path, small_model: Path) -> None:
    """Of the shards before, a join reads the encodings of those alone that have a text which no part has."""
    (tmp_path / "corpus").mkdir()
    cut = PAPERS[0]["abstract"][:80]
    records(tmp_path / "corpus" / "a.jsonl", [{**PAPERS[0], "title": "On pipeline"}, PAPERS[1]])
    records(
        tmp_path / "corpus" / "b.jsonl",
        [{**PAPERS[0], "title": "On pipeline: bubbles", "abstract": cut}, PAPERS[2]],
    )
    index_path = tmp_path / "index"
    assert built_and_joined(tmp_path / "corpus", index_path, 2, small_model).n_encoded == 1
    with mock.patch.object(previous, "_is_intact", wraps=previous._is_intact) as hashing:
        assert papersearch.join_parts(index_path, full=True).n_encoded == 0
    assert [call.args[0].index_path.name for call in hashing.call_args_list] == ["00001-of-00002"]


@pytest.mark.slow
def test_a_journal_of_other_constants_is_not_taken(tmp_path: Path, small_model: Path) -> None:
    """An interrupted join's encodings are left out once the parts have constants that come with the package."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    records(corpus / "a.jsonl", [{**PAPERS[0], "title": "On pipeline"}])
    cut = PAPERS[0]["abstract"][:80]
    records(corpus / "b.jsonl", [{**PAPERS[0], "title": "On pipeline: bubbles", "abstract": cut}, PAPERS[2]])
    build_parts(corpus, index_path, 2, small_model)
    with (
        mock.patch.object(shard_build, "quantize", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        papersearch.join_parts(index_path)
    assert list((index_path / "shards").glob("*/.encoded/*"))
    [first] = (index_path / "parts").glob("00001-*/generation-000001")
    probes, basis, weights = (
        np.load(first / f"{name}.npy") for name in ("probes", "pieces.basis", "pieces.weights")
    )
    others = ModelConstants(probes[::-1].copy(), weights > 0, basis[:, ::-1].copy())
    with mock.patch.multiple(meaning, known_constants=lambda identity: others):
        build_parts(corpus, index_path, 2, small_model, full=True)
        papersearch.build(corpus, tmp_path / "whole", model=str(small_model))
    with mock.patch.multiple(shard_build, known_constants=lambda identity: others):
        assert papersearch.join_parts(index_path).n_encoded == 1
    assert differing(contents(index_path), cut_whole(tmp_path / "whole", tmp_path / "cut", 2)) == []


@pytest.mark.slow
def test_updates(tmp_path: Path, small_model: Path) -> None:
    """A changed dump costs its own part and a join, which publishes one generation after the other."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for name, papers in (("a.jsonl", PAPERS[:2]), ("b.jsonl", PAPERS[2:4])):
        records(corpus / name, papers)
    built_and_joined(corpus, index_path, 2, small_model)
    assert build_parts(corpus, index_path, 2, small_model) == 0
    assert papersearch.join_parts(index_path).outcome == "up to date"
    old = papersearch.open(index_path)
    before = old.search("moth maps")
    changed = {**PAPERS[3], "abstract": PAPERS[3]["abstract"].replace("graph", "chart")}
    records(corpus / "b.jsonl", [PAPERS[2], changed])
    reports = [papersearch.build_part(corpus, index_path, n, 2, model=str(small_model)) for n in (1, 2)]
    assert [(one.outcome, one.n_encoded) for one in reports] == [("up to date", 0), ("published", 1)]
    report = papersearch.join_parts(index_path)
    assert (report.generation, report.n_added, report.n_removed) == (2, 0, 0)
    assert old.search("moth maps") == before
    assert {one.manifest.generation for one in open_shards(index_path).generations} == {2}
    records(corpus / "a.jsonl", [PAPERS[0], {**PAPERS[4]}])
    build_parts(corpus, index_path, 2, small_model)
    report = papersearch.join_parts(index_path)
    assert (report.generation, report.n_added, report.n_removed) == (3, 1, 1)
    papersearch.build(corpus, tmp_path / "whole", model=str(small_model))
    assert [paper.paper_id for paper in papersearch.open(index_path).papers()] == [
        paper.paper_id for paper in papersearch.open(tmp_path / "whole").papers()
    ]
    new = papersearch.open(index_path).search("annealing", new=True)
    assert [hit.paper.paper_id for hit in new] == ["4"]


def test_rollback(tmp_path: Path, small_model: Path) -> None:
    """A rollback makes all shards of the generation before current, and the next join gets a new number."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    with pytest.raises(papersearch.StoredIndexError):
        papersearch.rollback(tmp_path)
    for number in range(4):
        records(corpus / "a.jsonl", PAPERS[: number + 1])
        records(corpus / "b.jsonl", PAPERS[4:])
        built_and_joined(corpus, index_path, 2, small_model)
        if number == 2:
            assert papersearch.rollback(index_path).generation == 2
            assert len(papersearch.open(index_path)) == 3
            assert papersearch.open(index_path).verify() == []
            with pytest.raises(papersearch.NoEarlierGeneration):
                papersearch.rollback(index_path)
    assert read_shards(index_path).generation == 4
    folders = sorted(path.name for path in (index_path / "shards" / "00001-of-00002").glob("generation-*"))
    assert folders == ["generation-000002", "generation-000004"]


def test_leftovers_of_a_killed_join(tmp_path: Path, small_model: Path) -> None:
    """A join removes what one left that was killed right after it had published, also if nothing has changed."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    records(corpus / "a.jsonl", PAPERS)
    built_and_joined(corpus, index_path, 2, small_model)
    left = [index_path / ".joining", index_path / "shards" / "00002-of-00002" / ".encoded"]
    for folder in left:
        folder.mkdir()
        (folder / "something").touch()
    assert papersearch.join_parts(index_path).outcome == "up to date"
    assert not any(folder.exists() for folder in left)


def test_a_join_waits_for_the_parts(corpus: Path, small_model: Path) -> None:
    """While a part is being built, a join waits, says for which, and publishes nothing."""
    index_path = corpus.parent / "waiting"
    build_parts(corpus, index_path, 2, small_model)
    said: list[str] = []
    with ThreadPoolExecutor() as threads:
        with writing(index_path / "parts" / "00002-of-00002", said.append):
            joined = threads.submit(papersearch.join_parts, index_path, announce=said.append)
            wait_until(lambda: bool(said), "the join does not say that it waits")
            assert "parts/00002-of-00002" in said[0]
            assert not (index_path / "shards.json").exists()
        assert joined.result().outcome == "published"


TITLES = ["Moth maps", "Moth maps!", "Moth maps: a study", "Lamps", "Lamps: a light", "", "Bees"]
ABSTRACTS = ["", pattern("apples"), pattern("apples")[:150], pattern("pears"), sentence("bees"), "One."]
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"title": st.sampled_from(TITLES), "abstract": st.sampled_from(ABSTRACTS)},
        optional={
            "id": st.sampled_from(["1", "2", "3"]),
            "doi": st.sampled_from(["10.1000/a", "10.1000/b"]),
            "arxiv_id": st.sampled_from(["2604.01234", "2604.01235"]),
            "year": st.sampled_from([2020, 2021, 2024]),
        },
    ),
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=12)
@given(
    dumps=st.lists(RECORDS, min_size=1, max_size=5),
    n_parts=st.integers(1, 4),
    abstracts_only=st.booleans(),
    data=st.data(),
)
def test_any_corpus_in_any_parts(
    tmp_path_factory: pytest.TempPathFactory,
    small_model: Path,
    dumps: list[list[dict[str, Any]]],
    n_parts: int,
    abstracts_only: bool,
    data: st.DataObject,
) -> None:
    """Any small corpus gives the same shards in parts, in any order, as in one go; or the same error."""
    folder = tmp_path_factory.mktemp("any-parts")
    (folder / "corpus").mkdir()
    for number, papers in enumerate(dumps):
        records(folder / "corpus" / f"{number}.jsonl", papers)
    order = data.draw(st.permutations(range(1, n_parts + 1)))
    options = {"abstracts_only": abstracts_only}
    build_parts(folder / "corpus", folder / "index", n_parts, small_model, order, **options)
    try:
        papersearch.build(folder / "corpus", folder / "whole", model=str(small_model), **options)
    except papersearch.NothingToIndex as error:
        with pytest.raises(papersearch.NothingToIndex) as raised:
            papersearch.join_parts(folder / "index")
        assert raised.value.reasons == error.reasons
    else:
        papersearch.join_parts(folder / "index")
        expected = cut_whole(folder / "whole", folder / "cut", n_parts)
        assert differing(contents(folder / "index"), expected) == []
    shutil.rmtree(folder)
