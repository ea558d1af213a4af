"""Output: the JSON contract, lines for scripts, tables, hostile text, streams."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import unicodedata
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import papersearch
from papersearch.cli.output.reasons import how_many
from papersearch.cli.output.table import print_results
from tests.cli.conftest import OnTerminal
from tests.conftest import PROJECT, Run, command_environment, page, sentence

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HIT_FIELDS = {
    "rank", "score", "keyword_score", "semantic_score", "exact_title", "paper_id", "title", "abstract", "date",
    "year", "year_inferred", "author_count", "organisation", "comment_count", "links", "provenance", "evidence",
    "verdict", "explanation", "authors", "categories", "arxiv_id", "doi", "upvotes", "duplicates",
    "strength", "month", "author_names", "venue", "volume", "issue", "pages", "publisher", "url", "citation_key",
    "added", "marks", "short_id", "library_match", "rerank_score", "rank_before",
    "collections",
}  # fmt: skip


def test_json_envelope(run: Run, env: dict[str, str]) -> None:
    """The envelope and every hit have exactly their fields, null if unknown."""
    done = run("pipeline bubbles", "--json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    envelope = json.loads(done.stdout)
    fields = {"schema_version", "query", "mode", "mode_used", "total", "verdict", "expansions", "hits"}
    fields |= {
        "filters",
        "sort",
        "undated",
        "unknown_words",
        "related",
        "facets",
        "reading",
        "notes",
        "encoded",
        "verdicts",
        "comparison",
        "reranked",
        "weights",
    }
    assert set(envelope) == fields
    assert (envelope["schema_version"], envelope["total"], len(envelope["hits"])) == (1, 302, 10)
    assert all(set(hit) == HIT_FIELDS for hit in envelope["hits"])
    assert any(hit["author_count"] is None for hit in envelope["hits"])
    for hit in envelope["hits"]:
        evidence = hit["evidence"]
        assert hit["abstract"][evidence["start"] : evidence["end"]] == evidence["text"]


def test_no_hits(run: Run, env: dict[str, str]) -> None:
    """Without hits there are exit 1, an envelope with an empty list, no lines and an empty stderr."""
    done = run("qqqqzzzz", "--mode", "keyword", "--json", env=env)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["hits"] == []
    done = run("qqqqzzzz", "--mode", "keyword", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_formats_agree(run: Run, env: dict[str, str]) -> None:
    """JSON lines are the envelope's hits; plain lines have the same values, untruncated."""
    hits = json.loads(run("expert routing", "--json", env=env).stdout)["hits"]
    lines = run("expert routing", "--jsonl", env=env).stdout.splitlines()
    assert [json.loads(line) for line in lines] == hits
    plain = run("expert routing", env=env).stdout
    assert plain == run("expert routing", "--format", "tsv", env=env).stdout
    assert plain == run("expert routing", "--format", "plain", env={**env, "COLUMNS": "40"}).stdout
    expected = [
        [
            str(hit["rank"]),
            f"{hit['score']:.6f}",
            hit["paper_id"],
            str(hit["year"] or ""),
            hit["title"],
            hit["evidence"]["text"],
        ]
        for hit in hits
    ]
    assert [line.split("\t") for line in plain.splitlines()] == expected


def test_same_bytes_every_time(run: Run, env: dict[str, str]) -> None:
    """Two processes print the same bytes, also in a C locale."""
    first = run("naïve 模型", "--json", env=env)
    ascii_only = {**env, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    assert first.stdout == run("naïve 模型", "--json", env=ascii_only).stdout
    assert json.loads(first.stdout)["query"] == "naïve 模型"


@pytest.mark.parametrize("arguments", [["--format", "table"], ["--json"], ["--jsonl"], []])
def test_a_pipe_gets_no_escapes_and_no_wrapping(run: Run, env: dict[str, str], arguments: list[str]) -> None:
    """Piped output has no escape, stderr is empty, and a title is never cut or broken."""
    done = run("pipeline bubbles", *arguments, env={**env, "TERM": "xterm-256color"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    title = "SkipPipe: Partial and Reordered Pipelining Framework for Training LLMs in Heterogeneous Networks"
    assert any(title in line for line in done.stdout.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "pipeline -k 300",
        "pipeline -k 300 --json",
        "pipeline -k 300 --format table",
        "--help",
        "stats",
        "show gpipe",
    ],
)
def test_a_reader_that_leaves_early_is_no_error(env: dict[str, str], command: str) -> None:
    """A reader that stops at a line, at a byte or at once leads to exit 0 and an empty stderr."""
    for reader in ("head -1", "true", "head -c 1 > /dev/null"):
        done = subprocess.run(
            ["bash", "-c", f'set -o pipefail; "{sys.executable}" -m papersearch {command} | {reader}'],
            env=command_environment(env),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), reader


def test_into_a_file(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """A file gets the same output as a pipe; a full disk is an error."""
    target = tmp_path / "out.tsv"
    with target.open("w") as file:
        command = [sys.executable, "-m", "papersearch", "expert routing"]
        subprocess.run(command, stdout=file, env=command_environment(env), check=True)
    assert target.read_text(encoding="utf-8") == run("expert routing", env=env).stdout
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env=command_environment(env), text=True, check=False
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 160])
def test_tables_fit_the_terminal(env: dict[str, str], width: int, on_terminal: OnTerminal) -> None:
    """No line is wider than the terminal, and from 60 columns on the whole score is shown."""
    code, shown = on_terminal(["pipeline bubbles"], width, env)
    lines = ESCAPE.sub("", shown).split("\n")
    assert code == 0
    assert max(map(cell_len, lines)) <= width
    assert "Balancing" in shown
    assert "2024" in shown or width < 50
    assert "\x1b[" in shown


@pytest.mark.parametrize("command", ["pipeline", "stats", "show gpipe", "--help", "q --xx"])
@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_escape_where_none_is_wanted(
    env: dict[str, str], command: str, setting: dict[str, str], on_terminal: OnTerminal
) -> None:
    """With NO_COLOR or on a dumb terminal there is no escape, not even for bold."""
    _, shown = on_terminal(command.split(), 80, {**env, **setting})
    assert "\x1b" not in shown
    assert len(shown) > 40


def test_colour_by_option(run: Run, env: dict[str, str], on_terminal: OnTerminal) -> None:
    """--color=always colours a pipe, --color=never no terminal; an empty NO_COLOR has no effect."""
    assert "\x1b[" in run("q", "--format", "table", "--color", "always", env=env).stdout
    assert "\x1b" not in on_terminal(["q", "--color", "never"], 80, env)[1]
    assert "\x1b[" in on_terminal(["pipeline"], 80, {**env, "NO_COLOR": ""})[1]


def test_matches_are_marked(env: dict[str, str], on_terminal: OnTerminal) -> None:
    """On a terminal the matched words of title and evidence are marked, and no others."""
    _, shown = on_terminal(["pipeline bubbles", "-k", "2"], 100, env)
    marked = re.findall(r"\x1b\[1;35m([^\x1b]*)\x1b", shown)
    assert marked
    assert all(word.lower().startswith(("pipelin", "bubbl")) for text in marked for word in text.split())


HOSTILE = [
    "On markup [bold]bold[/bold] [/INST] and [link=https://evil.example]links[/link]",
    "Escapes \x1b[2J\x1b]0;owned\x07 and \x9b31m and \x1b]8;;https://evil.example\x07here\x1b]8;;\x07",
    "Directions \u202etxet\u202c and \u2066isolates\u2069 and zero\u200bwidth",
    "=cmd|'/C calc'!A0 $M^3$ViT with 3.6\\% `ticks` and :smile:",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> dict[str, str]:
    """Build an index of a corpus with hostile titles, abstracts and a hostile file name."""
    corpus = tmp_path_factory.mktemp("hostile") / "corpus"
    corpus.mkdir()
    papers = [(title, f"{title} {sentence('hostility')}") for title in HOSTILE]
    (corpus / "page\x1b[31m\u202e.txt").write_text(page(papers), encoding="utf-8")
    (corpus / "not\n a dump.txt").write_text("nothing")
    index_path = corpus.with_name("index")
    papersearch.build(corpus, index_path, model=str(small_model))
    return {"PAPERSEARCH_INDEX": str(index_path), "PAPERSEARCH_CORPUS": str(corpus)}


@pytest.mark.parametrize(
    "command", ["hostility", "hostility --format table --no-fold", "hostility --json", "stats", "show on-markup"]
)
def test_hostile_text_stays_text(run: Run, hostile: dict[str, str], command: str) -> None:
    """Titles, abstracts and file names reach a terminal as text only."""
    done = run(*command.split(), env=hostile)
    assert (done.returncode, done.stderr) == (0, "")
    control = {c for c in done.stdout if unicodedata.category(c) in ("Cc", "Cf")}
    assert control <= {"\n", "\t"}
    assert command == "stats" or "[/INST]" in done.stdout


def test_hostile_query_stays_text(run: Run, env: dict[str, str]) -> None:
    """A query with escapes and markup is echoed as text."""
    done = run("\x1b[31m[/INST] \u202e[bold]", "--format", "table", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[/INST] [bold]")
    assert "\nNone of the 302 papers matches this well; no paper has INST.\n" in done.stdout


def test_without_its_model_keywords_answer(run: Run, small_corpus: Path, small_model: Path, tmp_path: Path) -> None:
    """Without the model, keywords answer, and the envelope and one warning say so."""
    moved = tmp_path / "moved"
    shutil.copytree(small_model, moved)
    papersearch.build(small_corpus, tmp_path / "index", model=str(moved))
    shutil.rmtree(moved)
    done = run("bubbles", "--json", cwd=tmp_path)
    envelope = json.loads(done.stdout)
    assert (done.returncode, envelope["mode"], envelope["mode_used"]) == (0, "hybrid", "keyword")
    assert done.stderr.startswith("papersearch: answering by keywords alone: ")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["search", "--help"], ["browse", "--help"]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    """Help and version load neither numpy nor a model library, nor what draws the screen of `browse`."""
    script = (
        "import sys\nfrom papersearch.cli.app import app\n"
        "try: app(sys.argv[1:])\nexcept SystemExit as done: assert done.code == 0\n"
        "heavy = {'numpy', 'torch', 'tokenizers', 'sentence_transformers', 'rank_bm25', 'textual'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=command_environment(), check=True)
    assert done.stderr == "[]\n"


def test_completion(run: Run) -> None:
    """Completion offers the verbs that begin with what is typed."""
    env = {"_PAPERSEARCH_COMPLETE": "complete_bash", "COMP_WORDS": "papersearch st", "COMP_CWORD": "1"}
    assert run(env=env).stdout.split() == ["stats"]


def test_version(run: Run) -> None:
    """--version prints name and version, and the changelog has an entry for this version."""
    assert run("--version").stdout == f"papersearch {papersearch.__version__}\n"
    changelog = PROJECT.joinpath("CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {papersearch.__version__}" in changelog


HYPERLINK = re.compile("\x1b\\]8;[^;]*;([^\x1b]*)\x1b\\\\([^\x1b]*|.*?)\x1b\\]8;;\x1b\\\\", re.DOTALL)


@pytest.mark.parametrize("known", [{"VTE_VERSION": "7600"}, {"TERM_PROGRAM": "WezTerm"}, {"KITTY_WINDOW_ID": "1"}])
def test_titles_are_links_where_terminals_can(
    env: dict[str, str], known: dict[str, str], on_terminal: OnTerminal
) -> None:
    """On terminals with hyperlinks, a title links to its paper's page or to a search for it."""
    code, shown = on_terminal(["gpipe giant networks", "-k", "1"], 100, {**env, **known})
    assert code == 0
    addresses = [address for address, _ in HYPERLINK.findall(shown)]
    assert addresses
    assert all(
        address.startswith("https://arxiv.org/search/?searchtype=title&query=%22GPipe") for address in addresses
    )


@pytest.mark.parametrize(
    "unknown", [{}, {"VTE_VERSION": "4000"}, {"TERM": "tmux-256color", "VTE_VERSION": "7600"}, {"NO_COLOR": "1"}]
)
def test_no_links_elsewhere(env: dict[str, str], unknown: dict[str, str], on_terminal: OnTerminal) -> None:
    """Other terminals get no hyperlinks, nor do terminals without escapes."""
    places = {**env, **({"VTE_VERSION": "7600"} if "NO_COLOR" in unknown else {}), **unknown}
    code, shown = on_terminal(["gpipe giant networks", "-k", "1"], 100, places)
    assert (code, "\x1b]8;" in shown) == (0, False)


def test_no_links_in_a_pipe(run: Run, env: dict[str, str]) -> None:
    """A pipe gets no hyperlinks, regardless of the terminal."""
    assert "\x1b" not in run("gpipe", "--format", "table", env={**env, "VTE_VERSION": "7600"}).stdout


def bars(shown: str) -> list[tuple[int, str]]:
    """Return the number of filled cells and the word of each bar in a table."""
    return [(len(cells), word) for cells, word in re.findall(r"(?<!━)(?=[━─]{8} )(━*)─* (\w+)", shown)]


@pytest.mark.slow
def test_the_table_contradicts_no_verdict(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """On every query of the list the bars, their words, the counts and the sentence about the whole agree."""
    monkeypatch.setenv("COLUMNS", "80")
    queries = (PROJECT / "benchmarks" / "made" / "verdict-queries.tsv").read_text(encoding="utf-8").splitlines()
    for query in (line.split("\t")[1] for line in queries):
        results = real_index.search(query, k=5)
        console = Console(width=80, color_system=None, markup=False, highlight=False)
        with redirect_stdout(StringIO()) as output:
            print_results(console, results, len(real_index))
        heading = output.getvalue().split("\n\n")[0]
        assert results.verdicts is not None
        counts = {word: n for word, n in results.verdicts.asdict().items() if n}
        assert f"best 5 · {', '.join(f'{n} {word}' for word, n in counts.items())}" in heading
        drawn = bars(output.getvalue())
        assert [word for _, word in drawn] == [hit.verdict for hit in results]
        for cells, word in drawn:
            assert cells in {"weak": range(4), "fair": range(4, 5), "strong": range(5, 9)}[word]
        weak = "None of the 302 papers matches this well" in output.getvalue().replace("\n", " ")
        assert weak == (set(counts) == {"weak"}) == (results.verdict == "weak")
        assert not re.search(r"\b[01]\.\d\d\b", output.getvalue().split("\n\n")[0])


def test_how_many(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heading counts all papers, or says of how many it speaks; it calls the newest so."""
    whole = real_index.search("pipeline bubbles", k=5)
    assert how_many(whole) == "best 5 · 2 strong, 300 weak"
    assert how_many(real_index.search("pipeline bubbles", k=5, sort="date")) == "newest 2 · 2 strong, 300 weak"
    assert how_many(real_index.search("pipeline bubbles", strict=True)) == "best 2 · 2 strong, 300 weak"
    assert how_many(real_index.similar(["gpipe"], k=3)) == "best 3 of 301"
    assert how_many(real_index.search("qqqq zzzz", mode="keyword")) == "no papers"
    monkeypatch.setattr("papersearch.search.pipeline.COUNTED", 301)
    part = real_index.search("pipeline bubbles", k=5)
    assert how_many(part) == "best 5 of 302 · of the first 100: 2 strong, 98 weak"
    assert how_many(part.replace(total=1_234_567)).startswith("best 5 of 1,234,567 · ")


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_unknown_words_are_beside_the_verdict(env: dict[str, str], width: int, on_terminal: OnTerminal) -> None:
    """A table on a terminal says once, below its heading, that no paper has a word; stderr is for the rest."""
    code, received = on_terminal(["zebrafish heart regeneration", "-k", "1"], width, {**env, "NO_COLOR": "1"})
    assert code == 0
    told = " ".join(received.split("\n\n")[0].split())
    assert "None of the 302 papers matches this well; no paper has zebrafish" in told
    assert "papersearch: none of" not in received
    assert all(cell_len(line) <= width for line in received.splitlines() if not line.startswith("hint: "))


def test_similar_has_the_same_bar(run: Run, env: dict[str, str]) -> None:
    """In `similar` a bar and its word come from the strength too, and a text that is like nothing is weak."""
    found = json.loads(run("similar", "gpipe", "-k", "4", "--json", env=env).stdout)
    table = run("similar", "gpipe", "-k", "4", "--format", "table", env=env).stdout
    assert [cells for cells, _ in bars(table)] == [int(8 * hit["strength"]) for hit in found["hits"]]
    assert {word for _, word in bars(table)} == {"strong"}
    odd = run(
        "similar", "-", "-k", "3", "--format", "table", env=env, stdin="Fry the onions, then add rice and broth."
    )
    assert "No paper is very similar to this text." in odd.stdout
    assert {word for _, word in bars(odd.stdout)} == {"weak"}
    assert odd.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(("word", "meant"), [("help", "--help"), ("version", "--version"), ("list", "stats")])
def test_a_word_that_reads_like_a_command(
    run: Run, env: dict[str, str], word: str, meant: str, on_terminal: OnTerminal
) -> None:
    """On a terminal a lone word that is a command elsewhere is searched for, with the command that may be meant."""
    code, received = on_terminal([word, "-k", "1"], 80, env)
    assert code == 0
    assert f"papersearch: searching for the word {word}\nhint: papersearch {meant}\n" in received
    assert "hint:" not in run(word, "-k", "1", env=env).stderr
    assert "searching for" not in on_terminal([word, "wanted", "-k", "1"], 80, env)[1]


def test_notices_break_between_words(env: dict[str, str], on_terminal: OnTerminal) -> None:
    """On a terminal a notice is as wide as the terminal, and no word of it is broken."""
    wanted = {**env, "NO_COLOR": "1"}
    _, received = on_terminal(["pipeline parallelism", "--since", "2024", "-k", "1"], 40, wanted)
    notice = received.split("hint:")[0]
    assert notice.startswith("papersearch: ")
    assert max(map(len, notice.splitlines())) <= 40
    _, wide = on_terminal(["pipeline parallelism", "--since", "2024", "-k", "1"], 400, wanted)
    assert " ".join(notice.split()) == " ".join(wide.split("hint:")[0].split())
