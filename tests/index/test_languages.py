"""Collections in other languages than English, and in several."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import papersearch
from papersearch.cli.app import app
from papersearch.lexical.definition import LuceneBM25
from papersearch.lexical.indexing import analyse_corpus
from papersearch.lexical.matching import AS_TYPED, Statistics, match
from papersearch.text.analysis import Analyzer
from papersearch.text.languages import language_of
from papersearch.text.paper_text import paper_text
from papersearch.text.query import parse_query
from tests.rewriting import rewrite_json

ABSTRACTS = [
    (
        "Häuser der Zukunft",
        "Wir untersuchen die Modelle der Häuser und zeigen, dass sie für das Klima wichtig sind.",
    ),
    (
        "Waren und Preise",
        "Die Preise der Waren sind mit dem Krieg gestiegen, und wir erklären das durch ein Modell.",
    ),
    (
        "Réseaux profonds",
        "Nous étudions les réseaux de neurones et nous montrons que la réalité est dans les données.",
    ),
    (
        "Données générées",
        "Les données générées par un réseau sont utiles pour nous et dans la pratique des médecins.",
    ),
    (
        "Models of houses",
        "We study models of houses and show that they are of importance for the climate as it was.",
    ),
    (
        "War and prices",
        "We explain the prices during the war by a model of trade, and they rise with its costs.",
    ),
    (
        "Transformers at scale",
        "The transformers (TRF) that we train are networks of attention, and they generate data.",
    ),
]
LANGUAGES = ("en", "de", "fr")
QUERIES = (
    "Modell Häusern",
    "models of the houses",
    "die Preise in dem Krieg",
    "réseau générer",
    "war prices prices",
    "Transformer",
    "die der das",
    "données house Modelle Ware",
)


def write(folder: Path) -> Path:
    """Write the abstracts as three dumps."""
    folder.mkdir(parents=True)
    for number in range(3):
        papers = [{"title": title, "abstract": abstract} for title, abstract in ABSTRACTS[number::3]]
        (folder / f"{number}.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the corpus, and an index of each choice of languages."""
    folder = tmp_path_factory.mktemp("languages")
    write(folder / "corpus")
    for name, language in (("mixed", ",".join(LANGUAGES)), ("german", "de"), ("named", "en"), ("usual", None)):
        papersearch.build(folder / "corpus", folder / name, language=language, words_only=True)
    return folder


@pytest.fixture(scope="module")
def mixed(folder: Path) -> papersearch.Index:
    """Return the index of papers in three languages."""
    return papersearch.open(folder / "mixed")


def titles_found(index: papersearch.Index, query: str) -> set[str]:
    """Return the titles of all papers that a query finds by words."""
    return {hit.paper.title for hit in index.search(query, 50, "keyword").hits}


@pytest.mark.parametrize("query", QUERIES)
def test_scores_are_those_of_rank_bm25(mixed: papersearch.Index, query: str) -> None:
    """A paper has the terms of its language; of each word of a query, the term with the greatest score counts."""
    each = {language: Analyzer((language,)) for language in LANGUAGES}
    texts = [paper_text(paper) for paper in mixed.papers()]
    titles = [[token.term for token in each[language_of(text, LANGUAGES)].tokens(text)] for text in texts]
    reference = LuceneBM25(titles)
    own = each[language_of(query, LANGUAGES)]
    expected = np.zeros(len(texts))
    for word in own.words(query):
        if own.terms(word):
            forms = {term for analyzer in each.values() for term in analyzer.terms(word)}
            expected += np.max([reference.get_scores([form]) for form in sorted(forms)], axis=0)
    matched = match(
        parse_query(query, mixed._analyzer),
        mixed._opened.lexical,
        Statistics(7, AS_TYPED, {}, ()),
        lambda *_: None,  # type: ignore[arg-type,return-value]
    )
    if own.terms(query):
        assert np.abs(matched.scores - expected).max() < 1e-9
        assert matched.scores.max() > 0


def test_inflected_words_find_papers_of_their_language(mixed: papersearch.Index) -> None:
    """Each language's forms of a word find its papers, and English ones find English papers as before."""
    assert "Häuser der Zukunft" in titles_found(mixed, "Hauses")
    assert {"Réseaux profonds", "Données générées"} <= titles_found(mixed, "réseau")
    assert "Models of houses" in titles_found(mixed, "house modeling")
    assert titles_found(mixed, "Modellen") >= {"Häuser der Zukunft", "Waren und Preise"}


@pytest.mark.parametrize("word", ["Häuser", "Preise", "données", "generate", "Klima"])
def test_a_word_begun_in_full_scores_as_the_word(mixed: papersearch.Index, word: str) -> None:
    """Where no other word has a beginning, it gives the scores of the word, in any language, and only once."""

    def scores(query: str) -> dict[str, float]:
        return {hit.paper.title: hit.score for hit in mixed.search(query, 50, "keyword").hits}

    assert scores(f"{word}*") == scores(word) != {}


def test_one_language(folder: Path) -> None:
    """An index in German stems German, and leaves its stop words out of abstracts."""
    german = papersearch.open(folder / "german")
    assert titles_found(german, "Modellen") >= {"Häuser der Zukunft", "Waren und Preise"}
    assert german._opened.postings.find("und") is None
    assert german.manifest.lexical.analyzer == "snowball-german-3"


def test_english_is_as_it_was(folder: Path) -> None:
    """English that is named gives the files of a build that names no language, byte for byte."""
    named, usual = (
        {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("[!.]*") if path.is_file()}
        for place in (folder / "named", folder / "usual")
    )
    assert named == usual


def test_conditions_hold_in_every_language(mixed: papersearch.Index) -> None:
    """Phrases, exclusions, beginnings and fields are those of each paper's own language."""
    assert titles_found(mixed, '"réseau de neurone"') == {"Réseaux profonds"}
    assert titles_found(mixed, '"Modell des Hauses"') == {"Häuser der Zukunft"}
    assert titles_found(mixed, "title:Haus") == {"Häuser der Zukunft"}
    assert "Häuser der Zukunft" not in titles_found(mixed, "Modelle -Haus")
    assert "Réseaux profonds" not in titles_found(mixed, "donnée -réalités")
    assert titles_found(mixed, "génér*") == {"Données générées"}
    assert titles_found(mixed, "gener*") == {"Données générées", "Transformers at scale"}
    assert titles_found(mixed, "Modelle AND Preis") == {"Waren und Preise"}


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_shown(mixed: papersearch.Index, query: str) -> None:
    """Explanations add up to the scores, and each hit marks a word in its text."""
    for hit in mixed.search(query, 50, "keyword", explain=True).hits:
        assert hit.explanation is not None
        evidence = hit.evidence
        assert evidence.text_spans or evidence.title_spans or hit.score == 0
        assert all(evidence.text[start:end].strip() for start, end in evidence.text_spans)


def test_an_acronym_covers_words_in_any_language(tmp_path: Path) -> None:
    """A paper with an acronym alone has the words of its long form, also for a query in another language."""
    abstracts = {
        "long": "We train a recurrent neural network (RNN) and it is better than all of the others.",
        "short": "We have the RNN and it is on the river, by the sea, and over the hill with us.",
        "other": "Wir sind mit der Blume und dem Baum nicht in einem Studio oder bei der Studie.",
    }
    records = [{"id": name, "title": name, "abstract": text} for name, text in abstracts.items()]
    (tmp_path / "papers.json").write_text(json.dumps(records))
    papersearch.build([tmp_path / "papers.json"], tmp_path / "index", language="en,de", words_only=True)
    index = papersearch.open(tmp_path / "index")
    for query in ("recurrent neural network", "wie sind die recurrent neural network"):
        hits = index.search(query, 5, "keyword", explain=True).hits
        covered = {hit.paper.paper_id: hit.explanation.coverage for hit in hits if hit.explanation}
        assert covered == {"long": 1.0, "short": 1.0}


def test_evidence_marks_inflected_words(mixed: papersearch.Index) -> None:
    """The words that are marked in a paper are those of its language."""
    [hit] = [hit for hit in mixed.search("Modell Hauses", 5, "keyword").hits if "Zukunft" in hit.paper.title]
    marked = {hit.evidence.text[start:end] for start, end in hit.evidence.text_spans}
    assert marked == {"Modelle", "Häuser"}
    assert {hit.paper.title[start:end] for start, end in hit.evidence.title_spans} == {"Häuser"}


def test_unknown_words(mixed: papersearch.Index) -> None:
    """A word that a paper has in its own language is known; one of no paper is not, and gets suggestions."""
    assert mixed.search("Hauses réseau", 5, "keyword").unknown_words == ()
    [word] = mixed.search("Modelle Häusre", 5, "keyword").unknown_words
    assert (word.word, word.instead) == ("Häusre", ("häuser",))


def test_workers_make_no_difference() -> None:
    """Papers in several languages have the same postings from workers as from one process."""
    texts = [f"{title}\n{abstract}" for title, abstract in ABSTRACTS] * 3
    lengths = [len(title) for title, _ in ABSTRACTS] * 3
    one, other = (analyse_corpus(texts, lengths, languages=LANGUAGES, n_workers=n, chunk_size=2) for n in (0, 2))
    assert one.spellings == other.spellings
    for first, second in zip(_arrays(one.statistics.postings()), _arrays(other.statistics.postings()), strict=True):
        assert np.array_equal(first, second)


def _arrays(postings: Any) -> list[Any]:
    return [
        postings.terms,
        postings.idf,
        postings.offsets,
        postings.doc_indices,
        postings.impacts,
        postings.positions,
    ]


@pytest.mark.slow
def test_shards_answer_as_the_whole(tmp_path: Path, folder: Path, small_model: Path) -> None:
    """Shards of papers in several languages give every answer of the one index."""
    language = ",".join(LANGUAGES)
    papersearch.build(folder / "corpus", tmp_path / "whole", model=str(small_model), language=language)
    for number in (3, 1, 2):
        papersearch.build_part(
            folder / "corpus", tmp_path / "index", number, 3, model=str(small_model), language=language
        )
    papersearch.join_parts(tmp_path / "index")
    whole, shards = papersearch.open(tmp_path / "whole"), papersearch.open(tmp_path / "index")
    assert shards.manifest.lexical == whole.manifest.lexical
    for query in (*QUERIES, '"Modell des Hauses"', "Modelle -Haus", "génér*", "Häusre"):
        for mode in ("keyword", "hybrid"):
            assert shards.search(query, 7, mode, explain=True, related=True) == whole.search(
                query, 7, mode, explain=True, related=True
            )


def test_the_choice_is_kept(tmp_path: Path, small_model: Path) -> None:
    """A later build keeps the languages, in full too, until others are named; only words are made again."""
    corpus, index = write(tmp_path / "corpus"), tmp_path / "index"

    def build(**options: Any) -> tuple[str, int, str]:
        report = papersearch.build(corpus, index, model=str(small_model), **options)
        assert report.manifest is not None
        assert papersearch.open(index).verify() == []
        return report.outcome, report.n_encoded, report.manifest.lexical.analyzer

    assert build() == ("published", 7, "snowball-english-3")
    assert build(language="de") == ("published", 0, "snowball-german-3")
    assert build() == ("up to date", 0, "snowball-german-3")
    assert build(full=True) == ("published", 7, "snowball-german-3")
    assert build(language="en,de") == ("published", 0, "snowball-english+german-3")
    assert build(language="en") == ("published", 0, "snowball-english-3")
    with pytest.raises(ValueError, match="unknown language 'xx'"):
        build(language="xx")


def test_another_language_of_an_unfinished_build(tmp_path: Path) -> None:
    """A generation whose papers are not encoded yet gets no part with the words of another language."""
    corpus, index = write(tmp_path / "corpus"), tmp_path / "index"
    papersearch.build(corpus, index, words_only=True)
    report = papersearch.build(corpus, index, words_only=True, language="de")
    assert report.manifest is not None
    assert report.manifest.generation == 2


def renamed(index: Path, analysis: str) -> Path:
    """Write another analysis into the manifests of a German index."""
    for manifest in index.rglob("manifest.json"):
        lexical = json.loads(manifest.read_bytes())["lexical"]
        rewrite_json(manifest, lexical={**lexical, "analyzer": analysis})
    return index


@pytest.mark.parametrize(
    ("analysis", "readable"),
    [
        ("snowball-klingon-3", "snowball-english-3"),
        ("snowball-german-2", "snowball-german-3"),
        ("german", "snowball-english-3"),
    ],
)
def test_an_unknown_analysis_is_refused(tmp_path: Path, folder: Path, analysis: str, readable: str) -> None:
    """An index whose analysis this release does not know is not opened; that of its languages is named."""
    copied = renamed(Path(shutil.copytree(folder / "german", tmp_path / "index")), analysis)
    with pytest.raises(papersearch.IndexVersionError, match=analysis) as raised:
        papersearch.open(copied)
    assert raised.value.readable == readable


def test_an_older_analysis_tells_the_languages(tmp_path: Path, folder: Path) -> None:
    """A build over an index of an older analysis keeps its languages."""
    copied = renamed(Path(shutil.copytree(folder / "german", tmp_path / "index")), "snowball-german-2")
    report = papersearch.build(folder / "corpus", copied, words_only=True)
    assert report.outcome == "published"
    assert papersearch.open(copied).manifest.lexical.analyzer == "snowball-german-3"


def test_the_command_line(folder: Path, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`index --language` names languages, `stats` tells them, and the hint to build names them."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Any:
        return CliRunner().invoke(app, list(map(str, arguments)))

    built = run(
        "index", folder / "corpus", "--index", "index", "--model", small_model, "--language", "EN,de", "--json"
    )
    assert json.loads(built.stdout)["languages"] == ["en", "de"]
    assert "English, German" in run("stats", "--index", "index").stdout
    wrong = run("index", folder / "corpus", "--index", "index", "--language", "xx")
    assert wrong.exit_code == 2
    assert "unknown language 'xx'" in " ".join(wrong.stderr.split())
    assert run("index", "--join", "--index", "index", "--language", "de").exit_code == 2
    assert run("index", "--rollback", "--index", "index", "--language", "de").exit_code == 2
    from papersearch.cli.rebuilding import build_command

    assert "--language en,de" in build_command(Path("index"))


def test_acronyms_are_found_from_every_language(tmp_path: Path) -> None:
    """An acronym of an English paper is expanded in a query of another language too."""
    papers = [
        {"title": "Routing", "abstract": "We train mixtures of experts (MoE) with a router that learns from them."},
        {"title": "Gating", "abstract": "The mixtures of experts have gates, and these are what we study here."},
        {
            "title": "Netze",
            "abstract": "Wir untersuchen die Netze und zeigen, dass sie für das Klima wichtig sind.",
        },
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    papersearch.build([tmp_path / "a.jsonl"], tmp_path / "index", language="de,en", words_only=True)
    index = papersearch.open(tmp_path / "index")
    for query in ("MoE", "die Netze mit dem MoE", "the MoE and what it learns"):
        assert "Gating" in titles_found(index, query)
