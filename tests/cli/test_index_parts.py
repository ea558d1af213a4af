"""`index --part` and `--join` as processes: what they print, their exit codes and hints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from papersearch.cli.app import app
from tests.cli.conftest import hinted
from tests.conftest import Run
from tests.index.parts_of import records
from tests.index.test_joining import PAPERS


@pytest.mark.slow
@pytest.mark.parametrize("is_small", [False, True])
def test_parts_and_join(run: Run, tmp_path: Path, small_model: Path, is_small: bool) -> None:
    """Parts are built and joined by commands; what is missing is named, and the hint builds it.

    The joined index is found from a folder below it, as any other.
    """
    (tmp_path / "corpus").mkdir()
    records(tmp_path / "corpus" / "a.jsonl", PAPERS[:3])
    records(tmp_path / "corpus" / "b.jsonl", PAPERS[2:])
    model = ("--model", str(small_model)) if is_small else ()
    first = run("index", "corpus", "--part", "1/2", "--index", "ix", *model)
    assert (first.returncode, first.stdout.splitlines()[0]) == (
        0, "part 1/2: 3 papers (3 appearances in 1 dump), built in ix",
    )  # fmt: skip
    missing = run("index", "--join", "--index", "ix")
    assert missing.returncode == 2
    assert "papersearch: cannot join ix: part 2/2 is missing" in missing.stderr
    assert hinted(missing.stderr) == ["index", "corpus", "--part", "2/2", "--index", "ix", *model]
    unjoined = run("moth maps", "--index", "ix")
    assert unjoined.returncode == 2
    assert hinted(unjoined.stderr) == ["index", "--join", "--index", "ix"]
    second = json.loads(run(*hinted(missing.stderr), "--json").stdout)
    assert (second["outcome"], second["part"], second["parts"], second["papers"]) == ("published", 2, 2, 3)
    joined = run("index", "--join", "--index", "ix", "--quiet")
    assert (joined.returncode, joined.stderr) == (0, "")
    assert joined.stdout.splitlines()[0] == "5 papers (6 appearances in 2 dumps), joined into 2 shards in ix"
    again = json.loads(run("index", "--join", "--index", "ix", "--json").stdout)
    assert (again["outcome"], again["shards"], again["generation"], again["papers"]) == ("up to date", 2, 1, 5)
    found = json.loads(run("moth maps", "--index", "ix", "--json").stdout)
    assert found["hits"][0]["title"] == "On moth maps"
    (tmp_path / "away" / "below").mkdir(parents=True)
    (tmp_path / "away" / "index").symlink_to(tmp_path / "ix")
    assert json.loads(run("moth maps", "--json", cwd=tmp_path / "away" / "below").stdout) == found
    at_once = run("index", "--index", "ix", "--corpus", "corpus", *model)
    assert at_once.returncode == 2
    assert "cannot build ix in one go: it is built in parts" in at_once.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--part", "0/3"), "expected I/N from 1/N to N/N, such as 3/20"),
        (("--part", "3"), "is not a part"),
        (("--part", "1/2", "--words-only"), "--part cannot be used with --words-only"),
        (("-", "--part", "1/2"), "--part cannot read standard input"),
        (("--join", "--part", "1/2"), "--join cannot be used with --part"),
        (("--join", "--model", "other"), "--join takes the model and the choices of its parts"),
        (("--join", "--abstracts-only"), "--join takes the model and the choices of its parts"),
    ],
)
def test_options_that_exclude_each_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    """Options that make no sense together are a usage error, before anything is read or written."""
    monkeypatch.setattr("sys.argv", ["papersearch", "index", *arguments])
    with pytest.raises(SystemExit) as ended:
        app()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
