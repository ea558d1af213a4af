"""Counts of `stats`, compared with counts by hand, from the papers and from the disk."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from rich.cells import cell_len

import papersearch
from papersearch.cli.counts import stats_fields
from papersearch.cli.output.stats_table import print_stats
from papersearch.cli.output.terminal import open_console
from papersearch.index.layout import CHECKSUMS
from papersearch.index.papers import PaperStore
from papersearch.ingest.links import host_of, leads_to_code
from tests.cli.conftest import OnTerminal
from tests.cli.test_output import ESCAPE
from tests.conftest import PROJECT, Run, page, sentence

SCHEMA = json.loads((PROJECT / "docs" / "schema" / "stats-1.json").read_text(encoding="utf-8"))
YEARS = [1950, *range(1990, 2012), 2023, 2023, 2023]
AUTHORS = [["Ada Ng", "Bo Li", "Ada Ng"], ["Bo Li"], []]
CATEGORIES = ["cs.LG cs.CL", "cs.LG", ""]
ABSTRACTS = [
    "Code: https://www.github.com/a/b and https://gitlab.example.org/c, page https://a.github.io.",
    "See https://example.org/x and https://example.org/y.",
    "Nothing to see.",
]
BAR_ROW = re.compile(r"^  (?:before )?(\d{4}) +([━┅#~]*) +(\d+)(?:  (\d+) inferred)?$")


def records() -> list[dict[str, Any]]:
    """Make a record for each of YEARS, with authors, categories and abstracts in turn."""
    return [
        {
            "_id": f"r{number}",
            "title": f"On topic {number}",
            "abstract": f"{ABSTRACTS[number % 3]} {sentence(f'topic {number}')}",
            "year": year,
            **({"date": f"{year}-05-{number + 1:02}"} if year == 2023 else {}),
            "authors": AUTHORS[number % 3],
            "categories": CATEGORIES[number % 3],
        }
        for number, year in enumerate(YEARS)
    ]


@pytest.fixture(scope="module")
def of_records(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> dict[str, str]:
    """Build an index of these records without late interaction."""
    project = tmp_path_factory.mktemp("records")
    (project / "corpus").mkdir()
    lines = "".join(json.dumps(record) + "\n" for record in records())
    (project / "corpus" / "records.jsonl").write_text(lines, encoding="utf-8")
    papersearch.build(project / "corpus", project / "index", model=str(small_model), late=False)
    return {"PAPERSEARCH_INDEX": str(project / "index"), "PAPERSEARCH_CORPUS": str(project / "corpus")}


def document(run: Run, env: dict[str, str]) -> dict[str, Any]:
    done = run("stats", "--json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def top(tally: dict[str, Any]) -> dict[str, int]:
    return {entry["name"]: entry["papers"] for entry in tally["top"]}


def bars(shown: str) -> list[tuple[int, str, int, int]]:
    """Parse the histogram: year, bar, papers and inferred papers of each line."""
    found = (BAR_ROW.match(line) for line in shown.splitlines())
    return [(int(row[1]), row[2], int(row[3]), int(row[4] or 0)) for row in found if row]


def test_the_real_corpus_recounted(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """Counts of years, months, organisations and links equal a count over the papers."""
    stats, papers = document(run, env), list(real_index.papers())
    assert stats["years"] == Counter(str(paper.year) for paper in papers if paper.year is not None)
    assert stats["undated"] == sum(paper.year is None for paper in papers)
    assert stats["years_inferred"] == Counter(str(paper.year) for paper in papers if paper.year_inferred)
    assert stats["months"] == Counter(paper.date[:7] for paper in papers if paper.date)
    assert list(stats["months"]) == sorted(stats["months"])
    assert stats["added"] == Counter(paper.added[:7] for paper in papers if paper.added)
    names = Counter(paper.organisation.name for paper in papers if paper.organisation)
    assert top(stats["organisations"]) == names
    assert (stats["organisations"]["papers"], stats["organisations"]["distinct"]) == (names.total(), len(names))
    assert stats["authors"] == stats["categories"] == {"papers": 0, "distinct": 0, "top": []}
    assert stats["with_links"] == sum(bool(paper.links) for paper in papers)
    of_github = sum(any("://github.com/" in link for link in paper.links) for paper in papers)
    of_others = [p for p in papers if any(re.search("//(bitbucket|gitlab)", link) for link in p.links)]
    assert top(stats["link_hosts"])["github.com"] == of_github
    assert of_github <= stats["with_source_code"] <= of_github + len(of_others)
    assert stats["finding_kinds"] == Counter(finding["kind"] for finding in stats["findings"])


def test_records_recounted(run: Run, of_records: dict[str, str]) -> None:
    """Counts of authors, categories, hosts and years equal those of the records, each name once a paper."""
    stats, n_papers = document(run, of_records), len(YEARS)
    of_each = [sum(number % 3 == kind for number in range(n_papers)) for kind in range(3)]
    assert stats["years"] == Counter(map(str, YEARS))
    assert stats["months"] == {"2023-05": 3}
    assert stats["authors"]["papers"] == stats["categories"]["papers"] == of_each[0] + of_each[1]
    assert top(stats["authors"]) == {"Bo Li": of_each[0] + of_each[1], "Ada Ng": of_each[0]}
    assert top(stats["categories"]) == {"cs.LG": of_each[0] + of_each[1], "cs.CL": of_each[0]}
    assert (stats["with_links"], stats["with_source_code"]) == (of_each[0] + of_each[1], of_each[0])
    hosts = dict.fromkeys(["github.com", "gitlab.example.org", "a.github.io"], of_each[0])
    assert top(stats["link_hosts"]) == {**hosts, "example.org": of_each[1]}
    assert stats["late_interaction"] is None


def test_parts_are_the_disk_s(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """Sizes and numbers of files equal those of the generation's folder, and shares sum to 1.

    Every file but that of the checksums has a purpose.
    """
    stats = document(run, env)
    folder = real_index.path / f"generation-{stats['generation']:06d}"
    files = [file for file in folder.iterdir() if file.name != "manifest.json"]
    assert sum(part["size"] for part in stats["parts"]) == sum(file.stat().st_size for file in files)
    assert sum(part["size"] for part in stats["parts"]) == stats["size"]
    assert sum(part["files"] for part in stats["parts"]) == len(files)
    assert sum(part["share"] for part in stats["parts"]) == pytest.approx(1)
    late = next(part for part in stats["parts"] if part["name"] == "late interaction")
    other = next(part for part in stats["parts"] if part["name"] == "other")
    assert (other["files"], (folder / CHECKSUMS).stat().st_size) == (1, other["size"])
    assert late["size"] == sum(file.stat().st_size for file in files if file.name.startswith("pieces."))
    assert stats["late_interaction"]["pieces"] == real_index.manifest.axis("M")
    encoder = {"name": stats["model"], "dimensions": 384, "query_backend": "numpy"}
    assert stats["encoder"] == {**encoder, "query_prefix": "", "paper_prefix": ""}


def test_the_schema(run: Run, env: dict[str, str], of_records: dict[str, str]) -> None:
    """Both documents conform to the schema, also as JSON lines; a document without a field does not."""
    Draft202012Validator.check_schema(SCHEMA)
    for place in (env, of_records):
        stats = document(run, place)
        Draft202012Validator(SCHEMA).validate(stats)
        assert json.loads(run("stats", "--format", "jsonl", env=place).stdout) == stats
        compared = json.loads(run("stats", "--duplicates", "--json", env=place).stdout)
        Draft202012Validator(SCHEMA).validate(compared)
        assert {**compared, "near_duplicates": None} == stats
    for field in stats:
        with pytest.raises(ValidationError):
            Draft202012Validator(SCHEMA).validate({key: stats[key] for key in stats if key != field})


def test_near_duplicates(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """`--duplicates` adds the groups to JSON, and to the table a paragraph for each, one paper a line."""
    found = real_index.near_duplicates()
    [groups] = [json.loads(run("stats", "--duplicates", "--json", env=env).stdout)["near_duplicates"]["groups"]]
    assert groups == [[one.asdict() for one in group] for group in found.groups] != []
    before, shown = (run("stats", *options, env=env).stdout for options in ((), ("--duplicates",)))
    assert shown.startswith(before)
    heading, *paragraphs = shown.removeprefix(before).strip("\n").split("\n\n")
    assert heading.endswith(f"of {sum(map(len, groups))} papers, among {len(real_index)}")
    for group, paragraph in zip(groups, paragraphs, strict=True):
        lines = paragraph.splitlines()
        assert [line.split()[0] for line in lines] == [one["short_id"] for one in group]
        assert all(line.endswith(one["title"]) for line, one in zip(lines, group, strict=True))


def test_one_pass(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each paper is read once, for JSON and for the table."""
    read: Counter[int] = Counter()
    get = PaperStore.__getitem__

    def counting(store: PaperStore, doc_idx: int) -> papersearch.Paper:
        paper = get(store, doc_idx)
        read[doc_idx] += 1
        return paper

    monkeypatch.setattr(PaperStore, "__getitem__", counting)
    stats_fields(real_index)
    assert read == Counter(range(len(real_index)))
    print_stats(open_console("never"), real_index)
    assert read == Counter(2 * list(range(len(real_index))))


def test_bars_are_as_long_as_there_are_papers(run: Run, env: dict[str, str]) -> None:
    """Bars grow with the number of papers, no year between is missing, and inferred years differ."""
    stats, rows = document(run, env), bars(run("stats", env=env).stdout)
    years = sorted(map(int, stats["years"]))
    assert [year for year, *_ in rows] == list(range(years[0], years[-1] + 1))
    for year, bar, count, inferred in rows:
        assert count == stats["years"].get(str(year), 0)
        assert inferred == stats["years_inferred"].get(str(year), 0)
        assert ("┅" in bar, "━" in bar) == (inferred > 0, count > inferred)
    in_order = sorted(rows, key=lambda row: row[2])
    assert [len(bar) for _, bar, *_ in in_order] == sorted(len(bar) for _, bar, *_ in rows)


def test_many_years(run: Run, of_records: dict[str, str]) -> None:
    """The latest of many years have a line each, all earlier ones share a line; no paper is lost."""
    shown = run("stats", env=of_records).stdout
    rows = bars(shown)
    assert sum(count for _, _, count, _ in rows) == len(YEARS)
    assert [year for year, *_ in rows[1:]] == sorted(set(YEARS))[-15:]
    assert re.search(r"^  before 1998 ", shown, re.MULTILINE)
    assert re.search("late interaction +not kept", shown)
    for name in ("Ada Ng", "cs.CL", "example.org", "records.jsonl"):
        assert name in shown


def test_findings_by_kind_and_one_by_one(run: Run, env: dict[str, str]) -> None:
    """Findings are counted by kind, then listed with their places."""
    stats, shown = document(run, env), run("stats", env=env).stdout
    by_kind, one_by_one = shown.split("\nFindings ")[1].split("\n\n")
    for kind, count in stats["finding_kinds"].items():
        assert re.search(rf"^  {kind} +━+ +{count}$", by_kind, re.MULTILINE)
        assert one_by_one.count(f": {kind}: ") == count
    assert len(one_by_one.splitlines()) == len(stats["findings"])


@pytest.mark.parametrize("width", [30, 60, 80, 120, 160])
def test_it_fits_the_terminal(
    env: dict[str, str], of_records: dict[str, str], width: int, on_terminal: OnTerminal
) -> None:
    """No line is wider than the terminal; from 110 columns on, sections are side by side."""
    for place in (env, of_records):
        code, shown = on_terminal(["stats"], width, place)
        lines = ESCAPE.sub("", shown).split("\n")
        assert code == 0
        assert max(map(cell_len, lines)) <= width
        assert any(line.startswith("Dated ") and "   Dumps " in line for line in lines) == (
            width >= 110 and place is env
        )
        assert width < 60 or sum("generation 1, format version" in line for line in lines) == 1


def test_an_ascii_terminal(env: dict[str, str], on_terminal: OnTerminal) -> None:
    """On an ASCII terminal, bars and months have ASCII characters only."""
    plain = {**env, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "NO_COLOR": "1"}
    _, shown = on_terminal(["stats"], 80, plain)
    drawn = shown.partition("Findings")[0]
    assert drawn.isascii()
    assert "?" not in drawn
    assert {mark for _, bar, *_ in bars(drawn) for mark in bar} == {"#", "~"}


def test_without_dates_or_links(run: Run, tmp_path: Path) -> None:
    """An index without dates and links says so, and leaves out empty sections."""
    (tmp_path / "corpus").mkdir()
    papers = [(f"On {topic}", sentence(topic)) for topic in ("apples", "pears", "plums", "quinces")]
    (tmp_path / "corpus" / "page.txt").write_text(page(papers), encoding="utf-8")
    papersearch.build(tmp_path / "corpus", tmp_path / "index", words_only=True)
    shown = run("stats", cwd=tmp_path).stdout
    assert "Dated  0 papers, 4 undated\n" in shown
    assert "Links  in 0 of 4 papers, to source code in 0\n" in shown
    assert "Findings  none" in shown
    assert not re.search("^(Authors|Organisations|Categories)", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("link", "host", "has_code"),
    [
        ("https://github.com/a/b", "github.com", True),
        ("https://WWW.GitHub.com./a", "github.com", True),
        ("https://gist.github.com/a", "gist.github.com", True),
        ("https://gitlab.inria.fr/a", "gitlab.inria.fr", True),
        ("https://codeberg.org/a", "codeberg.org", True),
        ("https://git.sr.ht/~a/b", "git.sr.ht", True),
        ("https://a.github.io/b", "a.github.io", False),
        ("https://notgithub.com/a", "notgithub.com", False),
        ("https://github.com.example.org/a", "github.com.example.org", False),
        ("https://example.org/github.com/a", "example.org", False),
        ("https://github.com@example.org/a", "example.org", False),
        ("https://[/INST]", None, False),
        ("https://", None, False),
    ],
)
def test_hosts(link: str, host: str | None, has_code: bool) -> None:
    """Links are counted by host, and only hosts of source code count as code."""
    assert host_of(link) == host
    assert leads_to_code(link) == has_code


def test_the_table_agrees_with_json(invoke: Any) -> None:
    """The table and JSON have the same counts, with rewritten lines; the README is left out in silence."""
    stats = json.loads(invoke("stats", "--json").stdout)
    assert (stats["papers"], stats["appearances"], len(stats["dumps"])) == (302, 392, 5)
    assert sum(stats["years"].values()) + stats["undated"] == 302
    table = invoke("stats").stdout
    assert "302 papers (392 appearances in 5 dumps)" in table
    assert "README.md" not in table
    assert table.count(": mirror link rewritten: ") == 7


def test_months_of_arrival(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers that came in several months are drawn by the month, and counted as JSON."""
    (tmp_path / "corpus").mkdir()
    env = {"PAPERSEARCH_INDEX": str(tmp_path / "index")}
    for number, seconds in enumerate((1_700_000_000, 1_700_000_001, 1_710_000_000)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(seconds))
        record = {"id": f"{number}", "title": f"On topic {number}", "abstract": f"We study topic {number}."}
        (tmp_path / "corpus" / f"{number}.jsonl").write_text(json.dumps(record) + "\n")
        papersearch.build(tmp_path / "corpus", tmp_path / "index", words_only=True)
        drawn = run("stats", env=env).stdout
        assert ("Added" in drawn) == (number == 2)
    assert "Added  3 papers in 2 months" in drawn
    assert "2023-11 █···▄ 2024-03  at most 2" in drawn
    assert document(run, env)["added"] == {"2023-11": 2, "2024-03": 1}
