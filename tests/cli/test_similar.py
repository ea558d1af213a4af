"""Similar papers: agreement with brute force, and verbs in a pipe."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.dense.feedback import UNLIKE_WEIGHT, between
from papersearch.errors import AmbiguousPaper, ModelUnusable, PaperLookupError, QueryError
from papersearch.search.evidence import sentences
from papersearch.search.verdict import is_like
from papersearch.text.paper_text import paper_text
from tests.conftest import Run


@pytest.mark.parametrize(("like", "unlike"), [([3], []), ([3, 50], []), ([3], [50]), ([3, 7], [50, 90])])
def test_similar_is_brute_force(real_index: papersearch.Index, like: list[int], unlike: list[int]) -> None:
    """The result is the nearest papers to one mean minus half of the other, without the given ones."""
    vectors = real_index._opened.vectors.exact.astype(np.float64)
    direction = vectors[like].mean(axis=0)
    direction /= np.linalg.norm(direction)
    if unlike:
        away = vectors[unlike].mean(axis=0)
        direction -= UNLIKE_WEIGHT * away / np.linalg.norm(away)
        direction /= np.linalg.norm(direction)
    cosines = vectors @ direction
    expected = [n for n in np.argsort(-cosines, kind="stable").tolist() if n not in like + unlike][:15]
    ids = [paper.paper_id for paper in real_index.papers()]
    found = real_index.similar([ids[n] for n in like], [ids[n] for n in unlike], 15)
    assert [hit.paper.paper_id for hit in found] == [ids[n] for n in expected]
    np.testing.assert_allclose([hit.score for hit in found], cosines[expected], atol=1e-6)
    assert found.total == 302 - len(like) - len(unlike)


def test_unlike_keeps_away(real_index: papersearch.Index) -> None:
    """Papers that are near to the paper to avoid get lower ranks."""
    plain = [hit.paper.paper_id for hit in real_index.similar(["gpipe"], k=301)]
    nearest = real_index.similar(["megascale"], k=1)[0].paper.paper_id
    apart = [hit.paper.paper_id for hit in real_index.similar(["gpipe"], ["megascale"], 300)]
    assert apart.index(nearest) > plain.index(nearest)


def test_between_by_hand() -> None:
    """For two orthogonal papers, half of the one to avoid is subtracted from the other."""
    rows = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(between(rows[:1], rows[1:]), np.array([1.0, -0.5]) / np.sqrt(1.25), atol=1e-6)
    np.testing.assert_allclose(between(rows, rows[:0]), np.array([1.0, 1.0]) / np.sqrt(2), atol=1e-6)


def test_a_pasted_abstract_finds_its_paper(real_index: papersearch.Index) -> None:
    """The text of a paper's abstract, without its title, is nearest to that paper."""
    for paper in list(real_index.papers())[::60]:
        assert real_index.similar([], text=paper.abstract, k=1)[0].paper == paper


def test_what_cannot_be_named(real_index: papersearch.Index) -> None:
    """No name, an unknown name and an ambiguous name are errors; the last lists candidates."""
    with pytest.raises(QueryError):
        real_index.similar([], text=" ")
    with pytest.raises(PaperLookupError, match="nonsense"):
        real_index.similar(["gpipe"], ["nonsense"])
    with pytest.raises(AmbiguousPaper) as caught:
        real_index.similar(["p"])
    assert len(caught.value.candidates) == 10


def test_names_are_looked_up_before_the_model_is_loaded(
    real_index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown name beside a pasted text is an error that needs no model; with known names, it is needed."""

    def failing(*_: object) -> None:
        raise ModelUnusable(name="any", cause="is away")

    monkeypatch.setattr("papersearch.search.shards.query_encoder", failing)
    index = papersearch.open(real_index_path)
    for like, unlike in ((["nonsense"], []), ([], ["nonsense"]), (["gpipe"], ["nonsense"])):
        with pytest.raises(PaperLookupError, match="nonsense"):
            index.similar(like, unlike, text="Bubbles of a pipeline.")
    with pytest.raises(ModelUnusable):
        index.similar(["gpipe"], text="Bubbles of a pipeline.")


def test_verbs_compose(run: Run, env: dict[str, str]) -> None:
    """`similar` and `show` read the ids of a search from standard input."""
    ids = [line.split("\t")[2] for line in run("pipeline bubbles", "-k", "3", env=env).stdout.splitlines()]
    piped = run("similar", "-", "-k", "5", "--json", env=env, stdin="\n".join(ids) + "\n")
    assert piped.stdout == run("similar", *ids, "-k", "5", "--json", env=env).stdout
    answer = json.loads(piped.stdout)
    assert (answer["mode"], answer["mode_used"], answer["verdict"]) == ("semantic", "semantic", None)
    assert answer["query"] == "like " + " ".join(ids)
    assert not {hit["paper_id"] for hit in answer["hits"]} & set(ids)
    assert all(hit["verdict"] is None and hit["keyword_score"] is None for hit in answer["hits"])
    shown = run("show", "-", "--jsonl", env=env, stdin="\n".join(ids))
    assert [json.loads(line)["paper_id"] for line in shown.stdout.splitlines()] == ids


def test_an_abstract_on_standard_input(run: Run, env: dict[str, str]) -> None:
    """Text that names no paper is an abstract; together with an id, both count."""
    text = "We cut the idle time of pipeline parallelism.\nWe train large models over many devices.\n"
    done = run("similar", "-", "--unlike", "gpipe", "-k", "3", env=env, stdin=text)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Pipe" in done.stdout
    assert run("similar", "-", "megascale", "-k", "3", env=env, stdin=text).returncode == 0


def test_whole_lines_of_results_are_read(run: Run, env: dict[str, str]) -> None:
    """Plain lines of results on standard input name the papers in their third column."""
    lines = run("pipeline bubbles", "-k", "3", env=env).stdout
    ids = [line.split("\t")[2] for line in lines.splitlines()]
    for verb in ("similar", "show"):
        expected = run(verb, *ids, "--json", env=env).stdout
        assert run(verb, "-", "--json", env=env, stdin=lines).stdout == expected
    unlike = run("similar", "gpipe", "--unlike", "-", "--json", env=env, stdin=lines)
    assert unlike.stdout == run("similar", "gpipe", *(f"--unlike={name}" for name in ids), "--json", env=env).stdout


def test_a_text_like_nothing_here(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """A text about another subject is reported; abstracts of the field and of the corpus are not."""
    whales = "Whales sing. We recorded the songs of humpback whales for ten years, and they change every season."
    done = run("similar", "-", "--json", env=env, stdin=whales)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "weak")
    assert done.stderr == "papersearch: no paper is very similar to this text\n"
    vectors = real_index._opened.vectors.exact
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    assert all(is_like(float(best), real_index.manifest.background) for best in cosines.max(axis=1))


@pytest.mark.slow
def test_evidence_is_near_in_meaning(real_index: papersearch.Index) -> None:
    """The evidence of a similar paper is nearer to the given paper than a random sentence, on average.

    The encoder's own vectors of sentences decide.
    """
    better = 0.0
    encode = real_index._opened.encoder.encode_many
    for paper_id in [paper.paper_id for paper in list(real_index.papers())[::50]]:
        [asked] = encode([paper_text(real_index.paper(paper_id))])
        hit = real_index.similar([paper_id], k=1)[0]
        spans = sentences(hit.paper.abstract)
        vectors = np.array([one.vector for one in encode([hit.paper.abstract[a:b] for a, b in spans])])
        near = vectors @ asked.vector
        better += float(near[spans.index((hit.evidence.start, hit.evidence.end))] - near.mean())
    assert better > 0.5


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["similar", "gpipe", "--unlike", "-"], "what is this?", "expected ids or titles on standard input"),
        (["similar", "-"], "", "expected a paper or a text to be similar to"),
        (["similar", "p"], "", "'p' is ambiguous: 17 ids begin with it"),
        (["similar", "-"], "p\n", "'p' is ambiguous: 17 ids begin with it"),
        (["similar", "-"], "gpipe\nnonsense\n", "cannot find the paper 'nonsense'"),
        (["similar", "gpipe", "--unlike", "nonsense"], "", "cannot find the paper 'nonsense'"),
        (["show", "-"], "what is this?", "expected ids or titles on standard input"),
    ],
)
def test_bad_names(run: Run, env: dict[str, str], arguments: list[str], stdin: str, said: str) -> None:
    """Bad names lead to exit code 2 and an empty stdout."""
    done = run(*arguments, env=env, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_lost_paper_does_not_cost_a_reading_list(run: Run, env: dict[str, str]) -> None:
    """`show -` prints the papers it finds, skips comments, names the lost on stderr and ends with 2."""
    shown = run("show", "-", "--jsonl", env=env, stdin="# my list\nnosuchpaper\ngpipe\n\nskippipe\n")
    titles = [json.loads(line)["title"].split(":")[0] for line in shown.stdout.splitlines()]
    assert titles == ["GPipe", "SkipPipe"]
    assert shown.returncode == 2
    assert (
        shown.stderr
        == "papersearch: cannot find the paper 'nosuchpaper': no paper has this id, title or citation key\n"
    )


def test_a_library_ranks(run: Run, real_index_path: Path, tmp_path: Path) -> None:
    """A bibliography, and ids on standard input, rank the other papers; each hit names the nearest of them."""
    (tmp_path / "mine.bib").write_text("@article{k1, title={Speculative decoding with draft models}}")
    at = ("--index", str(real_index_path), "--json")
    found = json.loads(run("similar", "--library", str(tmp_path / "mine.bib"), *at).stdout)
    assert {hit["library_match"]["paper_id"] for hit in found["hits"]} == {"k1"}
    assert found["hits"][0]["score"] == found["hits"][0]["library_match"]["likeness"] or found["total"] == 302
    told = run("similar", "--library", "-", *at, stdin="gpipe\nmegascale\n")
    named = {hit["library_match"]["title"] for hit in json.loads(told.stdout)["hits"]}
    assert len(named) == 2 and not named & {hit["title"] for hit in json.loads(told.stdout)["hits"]}


def test_libraries_that_rank_nothing(run: Run, real_index_path: Path, tmp_path: Path) -> None:
    """A missing or empty library, examples of two kinds, and none, are errors that say what to type."""
    (tmp_path / "empty.bib").write_text("% nothing yet")
    for arguments, told in (
        (["--library", str(tmp_path / "no.bib")], "no.bib"),
        (["--library", "~no-such-user/mine.bib"], "no-such-user"),
        (["--library", str(tmp_path / "empty.bib")], "cannot find a paper in"),
        (["gpipe", "--library", str(tmp_path / "empty.bib")], "at once"),
        ([], "--library library.bib"),
    ):
        failed = run("similar", *arguments, "--index", str(real_index_path))
        assert failed.returncode == 2 and told in failed.stderr and "hint: " in failed.stderr
