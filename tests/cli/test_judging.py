"""`search --judge`: which hits answer, as a person or a pipe says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.cli.judging import chosen
from papersearch.evaluation.qrels import read_qrels
from tests.conftest import Run


@given(st.sets(st.integers(1, 30), min_size=1), st.sampled_from([" ", ", ", ","]))
def test_numbers_name_ranks(ranks: set[int], between: str) -> None:
    """Numbers in any order with blanks or commas, and ranges, name ranks."""
    assert chosen(between.join(map(str, sorted(ranks, reverse=True))), 30) == ranks
    low, high = min(ranks), max(ranks)
    assert chosen(f"{low}-{high}{between}{low}", 30) == set(range(low, high + 1))
    assert (chosen("all", 3), chosen(" NONE ", 3)) == ({1, 2, 3}, set())


@pytest.mark.parametrize("line", ["0", "6", "1-6", "3-2", "-1", "1--2", "one", "1 none", "1.5", "٣", "9" * 30])
def test_what_names_no_rank(line: str) -> None:
    """Anything else is an error that says what is expected."""
    with pytest.raises(ValueError, match="expected numbers"):
        chosen(line, 5)


def test_a_pipe_judges(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Standard input names the ranks that answer; all shown papers are judged; eval and tune read the files."""
    query = ("pipeline bubbles", "-k", "4", "--format", "plain")
    done = run(*query, "--judge", "mine.qrels", env=env, stdin="1 3\n")
    assert done.returncode == 0
    plain = run(*query, env=env)
    assert done.stdout == plain.stdout
    shown = [line.split("\t")[2] for line in plain.stdout.splitlines()]
    judged = read_qrels(tmp_path / "mine.qrels")
    assert [(one.doc_id, one.relevance) for one in judged] == list(zip(shown, (1, 0, 1, 0), strict=True))
    assert "2 of 4 papers answer: judged in mine.qrels, as topic q" in done.stderr
    assert "papersearch tune mine.topics.tsv mine.qrels" in done.stderr
    measured = run("eval", "mine.topics.tsv", "mine.qrels", "--mode", "hybrid", "--json", env=env)
    assert '"MRR@10": 1.0' in measured.stdout
    few = run("tune", "mine.topics.tsv", "mine.qrels", env=env)
    assert few.returncode == 2
    assert "expected at least 10 topics with a relevant paper, found 1\n" in few.stderr


@pytest.mark.parametrize(
    ("stdin", "code", "said"),
    [("", 0, "nothing is judged"), ("\n1\n", 0, "nothing is judged"), ("5\n", 2, "expected numbers from 1 to 2")],
)
def test_what_judges_nothing(
    run: Run, env: dict[str, str], tmp_path: Path, stdin: str, code: int, said: str
) -> None:
    """An empty line or the end of the input keeps nothing; a mistake in a pipe is an error, and keeps nothing."""
    done = run("expert routing", "-k", "2", "--judge", "mine.qrels", env=env, stdin=stdin)
    assert (done.returncode, said in done.stderr) == (code, True)
    assert not list(tmp_path.glob("mine*"))


def test_nothing_to_judge(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Without hits, and where nothing is ranked, nothing is asked."""
    for words in (("zzzzzz qqqqqq", "--mode", "keyword"), ("year:2024",)):
        done = run(*words, "--judge", "mine.qrels", env=env, stdin="1\n")
        assert "nothing to judge" in done.stderr
    assert not list(tmp_path.glob("mine*"))


def test_a_wrong_file_is_told_before_the_search(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """A file of something else is an error before anything is printed, and stays as it is."""
    (tmp_path / "notes.txt").write_text("remember the milk\n")
    done = run("expert routing", "--judge", "notes.txt", env=env, stdin="1\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert (tmp_path / "notes.txt").read_text() == "remember the milk\n"
