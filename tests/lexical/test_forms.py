"""Forms of required and excluded words, with regular expressions over plain texts as the oracle."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.lexical.conditions import Conditions, spell
from papersearch.lexical.forms import MAX_FORMS, MAX_PREFIXED, beginning_with, forms, prefix_terms
from papersearch.lexical.matching import LexicalIndex, Matched, Statistics, match
from papersearch.lexical.phrases import DocumentLengths
from papersearch.lexical.statistics import statistics_of
from papersearch.text.analysis import Analyzer, stretches
from papersearch.text.clauses import FieldClause
from papersearch.text.paper_text import paper_text
from papersearch.text.query import parse_query
from tests.conftest import n_positions


class WholeIndex(LexicalIndex):
    """An index of a whole collection: it has the words that a query's forms are looked for in."""

    spellings: Sequence[str]

    def beginning(self, prefix: str) -> tuple[list[str], list[str]]:
        return beginning_with(prefix, self.spellings), beginning_with(prefix, self.postings.terms)


def index_of(texts: Sequence[str], titles: Sequence[str] | None = None) -> WholeIndex:
    """Index texts, each behind its title if there are titles."""
    analyzer = Analyzer()
    whole = texts if titles is None else [f"{title}. {text}" for title, text in zip(titles, texts, strict=True)]
    statistics = statistics_of([stretches(text) for text in whole], analyzer.stretch)
    spellings = sorted({word.lower() for text in whole for word in re.findall(r"[A-Za-z]{4,}", text)})
    n_terms = np.array([max(len(analyzer.terms(text)), 1) for text in whole], dtype=np.uint32)
    n_title = np.array([n_positions(analyzer, title) for title in titles or texts], dtype=np.uint32)
    lengths = DocumentLengths(n_terms, float(n_terms.mean()), n_title)
    index = WholeIndex(statistics.postings(), lengths, analyzer)
    index.spellings = spellings
    return index


def _no_fields(clause: FieldClause, doubtful: bool) -> npt.NDArray[np.bool_]:
    """Refuse clauses of names and years, which no query here has."""
    raise AssertionError(clause, doubtful)


def allowed(query: str, index: WholeIndex) -> set[int]:
    """Return the papers that meet the conditions of a query."""
    parsed = parse_query(query, index.analyzer)
    return set(
        Conditions(parsed, index, spell(parsed, index), index.n_indexed, _no_fields).allowed().surely.tolist()
    )


def matched(query: str, index: WholeIndex) -> tuple[Matched, Statistics]:
    """Match a query against an index that is the whole."""
    parsed = parse_query(query, index.analyzer)
    statistics = Statistics(index.n_indexed, spell(parsed, index), index.postings.idf_of(parsed.terms), ())
    return match(parsed, index, statistics, _no_fields), statistics


COMPOUNDS = [
    ("pre", "training"), ("fine", "tuned"), ("trade", "off"), ("U", "Net"), ("k", "NN"), ("multi", "task"),
    ("data", "sets"), ("few", "shot"), ("co", "operation"), ("hyper", "parameters"), ("3", "D"), ("GPT", "4"),
]  # fmt: skip
JOINTS = ["-", "", "\u2011", "\u2013", "$_{"]


@pytest.mark.parametrize("halves", COMPOUNDS, ids="".join)
def test_compounds_in_every_spelling(halves: tuple[str, str]) -> None:
    """However a compound is spelled in the query, papers with any of its spellings are found, in a
    phrase as alone, and no paper that has only a half of it or both apart."""
    first, second = halves
    spelled = [f"{first}{joint}{second}" for joint in JOINTS]
    others = [f"one {second}", f"{first} large {second}", f"{second} {first}ly", "nothing"]
    texts = [f"We saw a {word} model here." for word in [*spelled, *others]]
    index = index_of(texts)
    expected = set(range(len(spelled)))
    for word in spelled:
        assert allowed(f'"{word}"', index) == expected, word
        assert allowed(f'"{word} model"', index) == expected, word
        assert allowed(f'"saw a {word} model here"', index) == expected, word
        assert allowed(f"nothing -{word}", index) == set(range(len(texts))) - expected, word
        assert allowed(f"nothing AND {word} OR {word} AND model", index) == expected, word


@pytest.mark.parametrize(
    "halves", [halves for halves in COMPOUNDS if halves not in (("trade", "off"), ("few", "shot"))]
)
def test_compounds_in_two_words(halves: tuple[str, str]) -> None:
    """The spaced spelling is one of the forms, where neither half is a stop word."""
    first, second = halves
    texts = [
        f"a {first} {second} model",
        f"a {first}-{second} model",
        f"a {first}{second} model",
        f"{second} {first}",
    ]
    index = index_of(texts)
    for joint in (" ", "-", ""):
        assert allowed(f'"{first}{joint}{second} model"', index) == {0, 1, 2}


def test_titles_in_every_spelling() -> None:
    """`title:` matches the forms too, and in titles alone."""
    titles = ["Pretraining on tables", "Pre-training on charts", "Pre training", "On tables"]
    index = index_of(["We like pre-training and pretraining."] * 4, titles)
    for query in ("title:pretraining", "title:pre-training", 'title:"pre training"', "title: pre-training"):
        assert allowed(query, index) == {0, 1, 2}


def test_a_cut_needs_evidence() -> None:
    """A word is cut in two only where the corpus writes it so: with a hyphen, or as two words of three
    letters and more."""
    apart = ["an on set of words", "important ants import an ant", "the net was at work"]
    index = index_of([*apart, "onset", "network", "important"])
    assert allowed('"onset"', index) == {3}
    assert allowed('"network"', index) == {4}
    assert allowed('"important"', index) == {1, 5}
    assert allowed('"network"', index_of(["a network", "a net work", "net"])) == {0, 1}
    assert allowed('"ab"', index_of(["ab", "a b"])) == {0}
    assert allowed('"xy"', index_of(["xy", "x y"])) == {0}
    assert allowed('"xy"', index_of(["xy", "x y", "x-y"])) == {0, 1, 2}


def test_half_a_compound_is_another_word() -> None:
    """A compound with a stop word is found as a whole: few-shot is not one-shot."""
    index = index_of(
        ["few-shot learning", "fewshot learning", "one-shot learning", "a shot", "a trade", "trade-off"]
    )
    assert allowed('"few-shot"', index) == {0, 1}
    assert allowed('"few-shot learning"', index) == {0, 1}
    assert allowed("learning -few-shot", index) == {2, 3, 4, 5}
    assert allowed('"tradeoff"', index) == allowed('"trade-off"', index) == {5}


@pytest.mark.parametrize(
    ("queries", "texts"),
    [
        (["M3ViT", "M$^3$ViT", "M^3-ViT"], ["M$^3$ViT", "M3ViT", "M^{3}ViT", "m3vit"]),
        (["LLM", "LLMs", "llms"], ["LLM", "LLMs", "llms", "an LLM's"]),
        (["CO2", "CO$_2$", "CO_2"], ["CO2", "CO$_2$", "CO$_{2}$"]),
        (["IL-6", "IL6"], ["IL-6", "IL6", "IL 6"]),
    ],
)
def test_latex_and_acronyms(queries: list[str], texts: list[str]) -> None:
    """Conditions match LaTeX's marks, and plurals of acronyms, as words do."""
    index = index_of([*texts, "vit and co and il"])
    for query in queries:
        for condition in (f'"{query}"', f"nothing AND {query} OR {query}"):
            assert allowed(condition, index) == set(range(len(texts)))
        assert allowed(f"nothing -{query}", index) == {len(texts)}


def test_other_forms_are_matched_and_marked() -> None:
    """A paper that has only another form of a required word is matched, covers the word, and its form is
    marked; a paper that has the query's own form gains nothing."""
    index = index_of(["we like pre training a lot", "we like pretraining a lot", "pre and training apart"])
    found, statistics = matched('"pretraining"', index)
    assert found.allowed.surely.tolist() == [0, 1]
    assert found.matched.tolist() == [True, True, False]
    [form] = found.forms
    impacts = form.impacts[np.arange(3)]
    assert impacts[0] > 0
    assert impacts[1] == impacts[2] == 0
    assert found.coverage(np.array([0, 1]), statistics).tolist() == [1.0, 1.0]
    assert {"pre", "train"} <= set(found.idf_in(0, {}))
    [impact] = [term for term in found.explain(0, with_pairs=False) if term.kind == "form"]
    assert (impact.term, impact.impact) == ('"pretraining"', pytest.approx(found.scores[0]))


def test_spaced_words_are_marked_where_they_are_adjacent() -> None:
    """The halves of a cut word are marked only in papers that have them side by side."""
    index = index_of(["pretraining", "pre training", "training of pre"])
    found, _ = matched('"pretraining"', index)
    assert {"pre", "train"} <= set(found.idf_in(1, {}))
    assert not {"pre", "train"} & set(found.idf_in(0, {}))


PREFIXED = ["rout", "router", "routes", "routing", "Routability", "crouton", "optimal", "optimization", "optimizer"]


@pytest.mark.parametrize("prefix", ["rout", "Rout", "routi", "optimi", "optimiz", "optimizat", "cro", "zzz"])
def test_words_by_their_beginning(prefix: str) -> None:
    """`word*` matches the papers with a word of this beginning, and with other inflections of one."""
    index = index_of(PREFIXED)
    beginning = {place for place, word in enumerate(PREFIXED) if word.lower().startswith(prefix.lower())}
    stems = {index.analyzer.terms(PREFIXED[place])[0] for place in beginning} | set(index.analyzer.terms(prefix))
    expected = {place for place, word in enumerate(PREFIXED) if index.analyzer.terms(word)[0] in stems}
    assert beginning <= expected
    assert allowed(f'"{prefix}*"', index) == allowed(f"title:{prefix}*", index) == expected
    assert allowed(f"nothing -{prefix}*", index) == set(range(len(PREFIXED))) - expected
    found, _ = matched(f"{prefix}*", index)
    assert set(np.flatnonzero(found.matched).tolist()) == expected


def test_beginnings_in_phrases_and_compounds() -> None:
    """A beginning can be any word of a phrase, and the last part of a compound."""
    index = index_of(
        ["expert routing", "expert routers", "expert large router", "pretrained", "pre-training", "pre"]
    )
    assert allowed('"expert rout*"', index) == {0, 1}
    assert allowed('"pre-train*"', index) == {3, 4}
    assert allowed('"exp* rout*"', index) == {0, 1}


def test_a_beginning_has_a_limit() -> None:
    """Of a beginning with too many words those of most papers are kept, and that is told."""
    words = [f"abc{chr(97 + i // 26)}{chr(97 + i % 26)}x" for i in range(MAX_PREFIXED + 10)]
    index = index_of([*words, *words[5:]])
    terms, is_cut = prefix_terms("abc", index)
    assert (len(terms), is_cut) == (MAX_PREFIXED, True)
    assert not set(terms) & set(words[:5])
    assert prefix_terms("abca", index)[1] is False


def test_the_number_of_forms_has_a_limit() -> None:
    """A phrase of many compounds has few sequences, its own spelling first, and takes no time."""
    words = [f"{a}b-{a}c" for a in "defghijklmno"]
    index = index_of([" ".join(words), " ".join(words).replace("-", ""), " ".join(words).replace("-", " ")])
    found = forms(" ".join(words), index)
    assert len(found) == len(set(found)) == MAX_FORMS
    assert list(found[0]) == index.analyzer.sequence(" ".join(words))
    assert forms(" ".join(words * 200), index)
    assert forms(" ".join([*words, "unknown"]), index) == []


WORDS = ["alpha", "beta", "gamma", "delta"]
Test = Callable[[str], bool]


def with_words(*words: str) -> tuple[str, Test]:
    """Make a word or phrase, and the test whether a text has it."""
    pattern = rf"\b{' '.join(words)}\b"
    typed = f'"{" ".join(words)}"' if len(words) > 1 else words[0]
    return typed, lambda text: re.search(pattern, text) is not None


def joined(operator: str, first: tuple[str, Test], second: tuple[str, Test]) -> tuple[str, Test]:
    """Join two conditions into one in parentheses."""
    return f"({first[0]} {operator} {second[0]})", lambda text: JOIN[operator](first[1](text), second[1](text))


JOIN: dict[str, Callable[[bool, bool], bool]] = {
    "AND": lambda first, second: first and second,
    "OR": lambda first, second: first or second,
    "AND NOT": lambda first, second: first and not second,
    "OR NOT": lambda first, second: first or not second,
}
LEAVES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(lambda words: with_words(*words))
CONDITIONS = st.recursive(LEAVES, lambda inner: st.builds(joined, st.sampled_from(list(JOIN)), inner, inner))
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join), min_size=1, max_size=6)


@given(TEXTS, st.sampled_from(list(JOIN)), CONDITIONS, CONDITIONS)
def test_operators_are_set_operations(
    texts: list[str], operator: str, first: tuple[str, Test], second: tuple[str, Test]
) -> None:
    """AND, OR, NOT and parentheses keep the papers that loops over the texts keep."""
    query, holds = joined(operator, first, second)
    index = index_of(texts)
    expected = {place for place, text in enumerate(texts) if holds(text)}
    assert allowed(query.removeprefix("(").removesuffix(")"), index) == expected
    assert allowed(f"zeta {query}", index) == expected
    assert allowed(f"zeta NOT {query}", index) == set(range(len(texts))) - expected


@given(TEXTS, st.lists(st.sampled_from(WORDS), min_size=3, max_size=3), st.sampled_from(["AND", "OR"]))
def test_words_between_operators_are_one_operand(texts: list[str], words: list[str], operator: str) -> None:
    """A paper has an operand of several words if it has all of them; NOT beside OR excludes from both."""
    index = index_of(texts)
    a, b, c = ({place for place, text in enumerate(texts) if word in text.split()} for word in words)
    first, second, third = words
    expected = a & b & c if operator == "AND" else (a & b) | c
    assert allowed(f"{first} {second} {operator} {third}", index) == expected
    assert allowed(f"{first} OR {second} NOT {third}", index) == (a | b) - c
    assert allowed(f"{first} OR ({second} NOT {third})", index) == a | (b - c)


def spelled(papers: papersearch.Index, pattern: str, *, title_only: bool = False) -> set[str]:
    """Return the ids of the papers that a regular expression finds."""
    return {
        paper.paper_id
        for paper in papers.papers()
        if re.search(pattern, paper.title if title_only else paper_text(paper), re.IGNORECASE)
    }


def found(papers: papersearch.Index, query: str, mode: papersearch.Mode = "keyword") -> set[str]:
    """Return the ids of all papers that a query finds."""
    (ranked,) = papers.rank_many([query], len(papers), mode, literal=False)
    return {one.paper_id for one in ranked}


def test_every_spelling_in_the_corpus(real_index: papersearch.Index) -> None:
    """In the corpus every spelling of a compound requires, and excludes, the same papers."""
    for pattern, words, n_papers, n_titles in (
        (r"\bpre-?train", ("pre-training", "pretraining", "pre training"), 41, 5),
        (r"\bfine-?tun", ("fine-tuning", "finetuning", "fine tuning"), None, None),
        (r"\btrade-?offs?\b", ("trade-off", "tradeoffs"), None, None),
    ):
        expected, titled = spelled(real_index, pattern), spelled(real_index, pattern, title_only=True)
        assert n_papers in (None, len(expected))
        assert n_titles in (None, len(titled))
        for word in words:
            assert found(real_index, f'"{word}"') == found(real_index, f'"{word}"', "hybrid") == expected
            assert found(real_index, f'title:"{word}"') == titled
            assert not found(real_index, f'language models -"{word}"', "hybrid") & expected


def test_operators_in_the_corpus(real_index: papersearch.Index) -> None:
    """NOT leaves no paper with the word, AND leaves papers with both words, OR those with either."""
    patterns = (r"\bmoes?\b", r"\brout(e|es|ed|ing)\b", r"\bsurvey")
    moe, routing, survey = (spelled(real_index, pattern) for pattern in patterns)
    everyone = spelled(real_index, "")
    assert found(real_index, "mixture of experts NOT survey", "hybrid") == everyone - survey
    assert found(real_index, "moe AND routing NOT survey") == (moe & routing) - survey
    assert found(real_index, "moe OR routing", "hybrid") == moe | routing


def test_a_joined_form_is_marked_in_the_evidence(real_index: papersearch.Index) -> None:
    """Evidence and titles mark the form that the paper has, where the query spells another."""
    hits = real_index.search('"pre-training"', len(real_index)).hits
    marked = [
        [text[start:end] for text, spans in ((hit.paper.title, hit.evidence.title_spans),
                                             (hit.evidence.text, hit.evidence.text_spans)) for start, end in spans]
        for hit in hits
    ]  # fmt: skip
    joined_marks = [word for words in marked for word in words if re.match(r"pretrain", word, re.IGNORECASE)]
    assert len(joined_marks) > 10
    assert all(hit.verdict for hit in hits)


@pytest.mark.parametrize(("query", "spelling"), list(product(["-", "", " "], ["-", ""])))
def test_a_phrase_with_a_compound(query: str, spelling: str) -> None:
    """`"pre-training data"` and `"pretraining data"` find each other's papers, whatever follows."""
    index = index_of([f"clean pre{spelling}training data helps", "pre-training helps data", "data pretraining"])
    assert allowed(f'"pre{query}training data"', index) == {0}
    assert allowed(f'"clean pre{query}training data helps"', index) == {0}
