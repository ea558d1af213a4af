"""Filters, sorting, facets and unknown words at the command line: output, hints and errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import papersearch
from tests.conftest import Run, page, sentence


def ids(output: str) -> list[str]:
    return [line.split("\t")[2] for line in output.splitlines()]


@pytest.mark.parametrize(
    ("options", "filters"),
    [
        (["--since", "2024", "--until", "2025-06"], {"since": "2024", "until": "2025-06"}),
        (["--since", "2024", "--include-undated"], {"since": "2024", "include_undated": True}),
        (["--org", "microsoft", "--org", "Gensyn"], {"organisations": ["microsoft", "Gensyn"]}),
        (["--dump", "001_9a167583107e1402.txt"], {"dumps": ["001_9a167583107e1402.txt"]}),
        (["--has-code", "--new"], {"has_code": True, "new": True}),
    ],
)
def test_options_are_the_library_s_filters(
    run: Run, env: dict[str, str], real_index: papersearch.Index, options: list[str], filters: dict[str, object]
) -> None:
    """Filters before or after the query give the library's answer, and JSON repeats them."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in filters.items()}
    expected = [
        hit.paper.paper_id for hit in real_index.search("expert routing", filters=papersearch.Filters(**given))
    ]
    assert expected
    assert ids(run("expert routing", *options, env=env).stdout) == expected
    assert ids(run(*options, "expert", "routing", env=env).stdout) == expected
    document = json.loads(run("expert routing", *options, "--json", env=env).stdout)
    assert {name: document["filters"][name] for name in filters} == filters
    nothing = (None, False, [])
    assert all(value in nothing for name, value in document["filters"].items() if name not in filters)
    similar = json.loads(run("similar", "gpipe", *options, "--json", env=env).stdout)
    assert similar["filters"] == document["filters"]


def test_undated_papers_are_counted_and_named(run: Run, env: dict[str, str]) -> None:
    """One line on stderr and a field in JSON have the number of undated papers and the best of them.

    Both are absent if undated papers are kept, or without a date filter.
    """
    done = run("expert routing", "--since", "2024", "--json", env=env)
    undated = json.loads(done.stdout)["undated"]
    lines = [line for line in done.stderr.splitlines() if not line.startswith("hint:")]
    assert len(lines) == 1
    assert lines[0].startswith(
        f"papersearch: {undated['n_papers']} papers of unknown date were left out; the best of them: "
    )
    assert all(paper["title"] in lines[0] for paper in undated["papers"][:3])
    assert "hint: --include-undated keeps them" in done.stderr
    for options in (["--since", "2024", "--include-undated"], []):
        done = run("expert routing", *options, "--json", env=env)
        assert (json.loads(done.stdout)["undated"], done.stderr) == (None, "")


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (["--since", "soon"], "--since soon is not a date", "--since 2024-06, 7d, 3-months, monday or last-week"),
        (["--added-since", "soon"], "--added-since soon is not a date", "--added-since 2024-06, 7d"),
        (["--until", "2024-02-30"], "--until 2024-02-30 is not a date", "--until 2024"),
        (["--since", ""], "--since '' is not a date", "--since 2024"),
        (
            ["--since", "2025", "--until", "2024-12"],
            "--since 2025 is after --until 2024-12",
            "--since 2024-12 --until 2025",
        ),
        (["--org", "Mircosoft"], "unknown organisation 'Mircosoft': did you mean microsoft", "--org microsoft"),
        (
            ["--org", "zzzz"],
            "unknown organisation 'zzzz'",
            "--org takes one of: CognizantAI, Gensyn, PekingUniversity, ",
        ),
        (["--dump", "001_9a16.txt"], "unknown dump '001_9a16.txt': did you mean 001_", "--dump 001_"),
        (["--sort", "size"], "'size' is not one of", "--help"),
        (["--mode", "fuzzy"], "'fuzzy' is not one of", "--help"),
        (["--format", "xml"], "'xml' is not one of", "--help"),
        (["--color", "red"], "'red' is not one of", "--help"),
        (["-k", "0"], "0 is not in the range", "--help"),
        (["-k", "ten"], "'ten' is not a valid int", "--help"),
        (["--since"], "requires an argument", "--help"),
        (["--sortt", "date"], "no such option: --sortt", "--help"),
    ],
)
def test_bad_options(run: Run, env: dict[str, str], options: list[str], said: str, hint: str) -> None:
    """Each bad option leads to exit 2, an error with a hint, and an empty stdout."""
    done = run("pipeline bubbles", *options, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert said.lower() in done.stderr.lower()
    assert hint in done.stderr.split("hint: ", 1)[1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["show", "similar", "open"])
def test_ids_that_do_not_exist(run: Run, env: dict[str, str], verb: str) -> None:
    """One unknown id among known ones is an error that names it, and nothing is printed."""
    done = run(verb, "gpipe", "no-such-paper", env={**env, "BROWSER": "true"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "no-such-paper" in done.stderr
    assert "hint: " in done.stderr


def test_unlike_an_id_that_does_not_exist(run: Run, env: dict[str, str]) -> None:
    """An unknown id after --unlike is an error, too."""
    done = run("similar", "gpipe", "--unlike", "no-such-paper", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no-such-paper" in done.stderr


def test_what_the_filters_leave(run: Run, env: dict[str, str]) -> None:
    """If filters leave nothing, stderr and the table say so; a single paper has a score as usual."""
    options = ["--dump", "003_754a33801e2b48b9.txt", "--org", "Cognizant", "--since", "2016", "--until", "2017"]
    done = run("training", *options, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    told = "--since 2016 --until 2017 --org Cognizant --dump 003_754a33801e2b48b9.txt leaves no paper to rank"
    assert f"papersearch: {told}\n" in done.stderr
    assert f"{told}." in run("training", *options, "--format", "table", env=env).stdout
    [line] = run("recovery", "--org", "Gensyn", "--since", "2025-03", env=env).stdout.splitlines()
    assert line.split("\t")[1] == "1.000000"


@pytest.mark.parametrize(
    ("query", "options", "told"),
    [
        ("zzzzqq", [], "No paper has a word of the query."),
        ("zzzzqq", ["--since", "2024"], "No paper that --since 2024 leaves has a word of the query."),
        ('models "zebra crossing"', [], "No paper meets the phrases, title: words and exclusions of the query."),
        (
            'models "zebra crossing"',
            ["--org", "Gensyn"],
            "No paper that --org Gensyn leaves meets the phrases, title: words and exclusions of the query.",
        ),
        ("models", ["--since", "2050"], "--since 2050 leaves no paper to rank."),
        ("zzzzqq", ["--since", "2050", "--has-code"], "--since 2050 --has-code leaves no paper to rank."),
    ],
)
def test_the_reason_for_no_hits_is_true(
    run: Run, env: dict[str, str], query: str, options: list[str], told: str
) -> None:
    """An empty answer names what emptied it: filters alone, operators, or missing words."""
    done = run(query, *options, "--mode", "keyword", "--format", "table", env=env)
    assert done.returncode == 1
    assert told in done.stdout.splitlines()


def test_filters_are_named_where_all_is_weak(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """Where weak papers are left out, the reason counts the papers that the filters leave, and names these."""
    query, options = "banana muffin recipe", ["--org", "Gensyn"]
    n_left = real_index.search(query, organisations="Gensyn").total
    assert 0 < n_left < len(real_index)
    shown = run(query, *options, "--strict", "--format", "table", env=env).stdout
    papers = "paper" if n_left == 1 else "papers"
    assert f"None of the {n_left} {papers} that --org Gensyn leaves answers the query." in shown
    assert (
        f"None of the {len(real_index)} papers answers the query."
        in run(query, "--strict", "--format", "table", env=env).stdout
    )


def test_one_paper_alone_is_spoken_of_as_one(run: Run, env: dict[str, str]) -> None:
    """Where filters leave one paper, which answers weakly, the table says so of the only paper."""

    def shown(*options: str) -> str:
        within = ["banana muffin recipe", "--within", "-", "--format", "table", *options]
        return run(*within, env=env, stdin="gpipe\n").stdout

    assert "\nThe only paper does not match this well" in shown()
    assert "\nThe only paper that --within 1 paper leaves does not answer the query." in shown("--strict")


def test_weak_hits_are_marked_beside_better_ones(run: Run, env: dict[str, str]) -> None:
    """A table has the verdict of each hit as JSON has it; if all hits are weak, one line says so."""
    hits = json.loads(run("lhcb lamarr", "--fold", "--json", env=env).stdout)["hits"]
    table = run("lhcb lamarr", "--format", "table", env=env).stdout
    words = [
        line.split()[-1]
        for line in table.splitlines()
        if line.endswith(("━ strong", "─ strong", "─ fair", "─ weak"))
    ]
    assert words == [hit["verdict"] for hit in hits]
    assert {"strong", "weak"} <= set(words)
    assert "(+1 similar)" in table
    assert (
        "\nNone of the 302 papers matches this well"
        in run("banana muffin recipe", "--format", "table", env=env).stdout
    )


def test_a_word_that_no_paper_has(run: Run, env: dict[str, str]) -> None:
    """A word that no paper has, spelt like no other, is named beside the verdict; not in a long text."""
    query = "oversmoothing in graph neural networks"
    assert "papersearch: no paper has oversmoothing\n" in run(query, env=env).stderr
    answer = run(query, "--json", env=env)
    assert json.loads(answer.stdout)["unknown_words"] == [{"word": "oversmoothing", "instead": []}]
    assert "oversmoothing" not in run(f"{query} and {'deep learning of ' * 5}", env=env).stderr


def test_did_you_mean(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """An unknown word is reported with suggestions and a corrected query, which has hits.

    The command changes whole words of the query alone, and no option.
    """
    done = run("pipelne bubbels", env=env)
    assert "no paper has the word pipelne: did you mean pipeline" in done.stderr
    assert "hint: papersearch 'pipeline bubbles'\n" in done.stderr
    optional = run("pipelne", "bubbles", "-k", "1", "--since", "2024", "--include-undated", env=env)
    assert "hint: papersearch pipeline bubbles -k 1 --since 2024 --include-undated\n" in optional.stderr
    (tmp_path / "pipelne").symlink_to(env["PAPERSEARCH_INDEX"])
    within = run("pipelne zpipelnez", "--index", "./pipelne", "--within", "gpipe", env=env)
    assert "hint: papersearch 'pipeline zpipelnez' --index ./pipelne --within gpipe\n" in within.stderr
    unknown = json.loads(run("pipelne bubbels", "--json", env=env).stdout)["unknown_words"]
    assert [(word["word"], word["instead"][0]) for word in unknown] == [
        ("pipelne", "pipeline"),
        ("bubbels", "bubbles"),
    ]
    assert run("pipeline bubbles", env=env).stderr == ""


def test_facets_and_related_terms_on_paper(run: Run, env: dict[str, str]) -> None:
    """Tables and JSON have facets and related terms.

    For plain lines, stderr has the terms and says that facets are left out.
    """
    table = run("mixture of experts", "--facets", "--suggest", "--format", "table", env=env).stdout
    document = json.loads(run("mixture of experts", "--facets", "--suggest", "--json", env=env).stdout)
    facets, related = document["facets"], document["related"]
    assert f"{facets['n_papers']} papers, {facets['n_undated']} of unknown year" in table
    assert f"{facets['dumps'][0]['value']} {facets['dumps'][0]['n_papers']}" in table
    assert all(f"{term['term']} ({term['n_papers']})" in table for term in related)
    [dates] = [line for line in table.splitlines() if line.startswith("dates")]
    years = facets["years"]  # there are fewer dated papers than months
    assert years[0]["value"] in dates
    assert years[-1]["value"] in dates
    bars = dates[dates.index(years[0]["value"]) + 5 :][: len(years)]
    most = max(year["n_papers"] for year in years)
    assert [bar == " " for bar in bars] == [year["n_papers"] == 0 for year in years]
    assert [bar == "█" for bar in bars] == [year["n_papers"] == most for year in years]
    plain = run("mixture of experts", "--facets", "--suggest", env=env)
    assert "narrow by: " in plain.stderr
    assert "cannot print facets as plain: only tables and JSON have them" in plain.stderr
    assert plain.stdout == run("mixture of experts", env=env).stdout


@pytest.mark.parametrize("columns", ["40", "60", "100", "160"])
def test_the_shape_fits_the_terminal(run: Run, env: dict[str, str], columns: str) -> None:
    """No line of facets is wider than the terminal; months become years if they do not fit."""
    done = run("mixture of experts", "--facets", "--suggest", "--format", "table", env={**env, "COLUMNS": columns})
    assert max(map(len, done.stdout.splitlines())) <= int(columns)
    assert "narrow by" in done.stdout


def test_folding_is_for_tables(run: Run, tmp_path: Path, small_model: Path) -> None:
    """A table folds near-duplicates to "+1 similar"; programs get every paper unless they ask to fold."""
    (tmp_path / "corpus").mkdir()
    same = sentence("pipeline bubbles", 900)
    papers = [("On pipeline bubbles", same), ("Pipeline bubbles, revisited", same + " Corrected.")]
    (tmp_path / "corpus" / "page.txt").write_text(page(papers), encoding="utf-8")
    papersearch.build(tmp_path / "corpus", tmp_path / "index", model=str(small_model))
    table = run("bubbles", "--format", "table", cwd=tmp_path).stdout
    assert "+1 similar" in table
    assert "similar" not in run("bubbles", "--format", "table", "--no-fold", cwd=tmp_path).stdout
    assert len(run("bubbles", cwd=tmp_path).stdout.splitlines()) == 2
    every = json.loads(run("bubbles", "--json", cwd=tmp_path).stdout)["hits"]
    assert [hit["duplicates"] for hit in every] == [[], []]
    [folded] = json.loads(run("bubbles", "--json", "--fold", cwd=tmp_path).stdout)["hits"]
    assert folded["duplicates"] == [{"paper_id": every[1]["paper_id"], "title": every[1]["title"]}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "journal:bubbles pipeline",
            "unknown field journal: it is read as a word; known are title:, author:, cat:, venue:, year:",
        ),
        ("year: 2024 pipeline", "year: is read as a word: its value must follow without a blank"),
        ("year:last pipeline", "year:last is read as a word: year: expects a year or a range of years"),
        ("AND experts", "AND is read as a word: it joins nothing"),
        ("PIPELINE BUBBLES AND EXPERTS", "AND is read as a word: the whole query is in capitals"),
        ("(pipeline OR bubbles", "the parenthesis at character 1 is left out: nothing closes it"),
    ],
)
def test_what_was_read_otherwise_is_said(run: Run, env: dict[str, str], query: str, said: str) -> None:
    """One line on stderr and a note in JSON tell what of a query was not read as it may have been meant."""
    done = run(query, "--json", env=env)
    assert done.stderr.splitlines()[0] == f"papersearch: {said}"
    assert [note["message"] for note in json.loads(done.stdout)["notes"]] == [said]
    assert run("mixture of experts NOT survey", env=env).stderr == ""
