"""Laws of analysis and evidence, with small independent oracles."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
import Stemmer
from hypothesis import example, given
from hypothesis import strategies as st

from papersearch.cli.output.table import window
from papersearch.search.evidence import find_evidence, sentences
from papersearch.text.analysis import Analyzer, stretches, words_of_stretch
from papersearch.text.words import STOP_WORDS, TITLE_PREFIX, WordAnalysis
from papersearch.types import Paper
from tests.conftest import n_positions


def paper_with(abstract: str) -> Paper:
    return Paper(paper_id="id", title="A title", abstract=abstract)


# Characters of words, joints of words, signs of names, and separators.
WRITTEN = st.text(alphabet="abSTthe0179.-$^_{}+#*\u2010é β\n,;(")
# Several scripts: composed, decomposed, with and without blanks, half and full width, vowel marks.
SCRIPTS = st.text(
    alphabet="aS0 -+é\u0301łßнй한국\u1112\u1161नमस\u094d\u0924\u0947深度学がカ\uff76\uff9eﾞ"
    "ทีน\u0e48\u0e33ندر\u064e\u0640\u200c\u200dשל\u05b8＋Ａ٣₂ﬁ\ufe0f"
)
ANY_TEXT = st.one_of(st.text(), WRITTEN, SCRIPTS)


@given(ANY_TEXT)
def test_tokens_and_terms_agree(text: str) -> None:
    """Tokens, terms and matches agree; positions ascend; ranges lie inside the text."""
    analyzer = Analyzer()
    tokens = analyzer.tokens(text)
    assert [token.term for token in tokens] == analyzer.terms(text)
    matches = [(match.term, match.start, match.end) for match in analyzer.matches(set(analyzer.terms(text)), text)]
    assert sorted(matches) == sorted((token.term, token.start, token.end) for token in tokens)
    assert all(a.position <= b.position for a, b in pairwise(tokens))
    assert all(token.position < n_positions(analyzer, text) for token in tokens)
    assert all(token.term and text[token.start : token.end].strip() for token in tokens)


@given(ANY_TEXT)
def test_a_title_is_indexed_by_all_that_a_query_asks(text: str) -> None:
    """A title has every term of a query in the same words, and the query's phrase at its first place."""
    analyzer = Analyzer()
    if len(analyzer.words(text)) >= 4 and text.isupper():
        return  # a query in capitals has no names
    tokens = analyzer.tokens(text, title_length=len(text))
    terms = {token.term for token in tokens}
    assert set(analyzer.query_terms(text)) <= terms
    places = {(token.position, token.term) for token in tokens}
    sequence = analyzer.sequence(text)
    firsts = [token.position for token in tokens if sequence and token.term == sequence[0][1]]
    assert not sequence or {(firsts[0] + place, term) for place, term in sequence} <= places
    found = [(match.term, match.start, match.end) for match in analyzer.matches(terms, text, is_title=True)]
    assert sorted(found) == sorted((token.term, token.start, token.end) for token in tokens)


@given(ANY_TEXT)
def test_a_title_adds_stop_words_alone(text: str) -> None:
    """A title is indexed as other text is, and by its stop words."""
    analyzer = Analyzer()
    tokens = analyzer.tokens(text, title_length=len(text))
    assert [token for token in tokens if not token.term.startswith(TITLE_PREFIX)] == analyzer.tokens(text)
    stops = {token.term.removeprefix(TITLE_PREFIX) for token in tokens} - {token.term for token in tokens}
    assert stops <= STOP_WORDS


@given(ANY_TEXT)
def test_stretches_hold_the_words(text: str) -> None:
    """The words of a text's stretches are the text's words, in order, in titles too."""
    words = Analyzer().words(text)
    assert [word for stretch in stretches(text) for word in words_of_stretch(stretch)] == words
    of_title = Analyzer().title_stretches(text)
    assert [word for stretch in of_title for word in words_of_stretch(stretch)] == words


@given(ANY_TEXT)
def test_composed_and_decomposed_forms_meet(text: str) -> None:
    """A text has the same terms at the same positions, however its letters are composed."""
    analyzer = Analyzer()
    composed, decomposed = (
        [
            (token.term, token.position, token.is_whole)
            for token in analyzer.tokens(unicodedata.normalize(form, text))
        ]
        for form in ("NFC", "NFD")
    )
    assert composed == decomposed


@given(WRITTEN)
def test_common_words_are_analysed_as_any(text: str) -> None:
    """The fast paths for words of letters and hyphens agree with the general analysis."""
    analysis = WordAnalysis()
    for word in Analyzer().words(text):
        assert analysis.analyse(word) == analysis.mixed(word)


@given(ANY_TEXT)
def test_first_term(text: str) -> None:
    """The first term is the one that a phrase begins with."""
    sequence = Analyzer().sequence(text)
    assert Analyzer().first_term(text) == (sequence[0][1] if sequence else None)


@given(ANY_TEXT, ANY_TEXT)
def test_positions_go_on(first: str, second: str) -> None:
    """The text after a line feed is analysed as it is alone, with later positions."""
    analyzer = Analyzer()
    start = n_positions(analyzer, first)
    moved = [(token.term, token.position + start) for token in analyzer.tokens(second)]
    both = [(token.term, token.position) for token in analyzer.tokens(f"{first}\n{second}")]
    assert both == [(token.term, token.position) for token in analyzer.tokens(first)] + moved


@given(ANY_TEXT)
def test_spans_hold_their_terms(text: str) -> None:
    """Spans hold the matches of the terms, each at least one, and do not overlap."""
    analyzer = Analyzer()
    terms = set(analyzer.terms(text)[::2])
    spans = analyzer.spans(terms, text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    held = [
        [start for start, end in spans if start <= match.start and match.end <= end]
        for match in analyzer.matches(terms, text)
    ]
    assert all(len(around) == 1 for around in held)
    assert {start for around in held for start in around} == {start for start, _ in spans}


def test_terms_are_stems_without_stop_words() -> None:
    """Words are lower-cased, stop words left out, and the rest stemmed by Snowball."""
    stem = Stemmer.Stemmer("english").stemWord
    text = "The Pipelines of networks are bubbling, and other models wait"
    expected = [stem(word) for word in text.lower().replace(",", "").split() if word not in STOP_WORDS]
    assert Analyzer().terms(text) == expected


@pytest.mark.parametrize(
    ("written", "terms"),
    [
        ("pre-training", ["pre", "pretrain", "train"]),
        ("pre‐training", ["pre", "pretrain", "train"]),
        ("state-of-the-art", ["state", "stateoftheart", "art"]),
        ("M$^3$ViT", ["m", "m3vit", "3", "vit"]),
        ("H_2O", ["h", "h2o", "2o"]),
        ("$10^5$", ["10", "105", "5"]),
        ("GPT-4o", ["gpt", "gpt4o", "4o"]),
        ("70B", ["70b"]),
        ("Llama3.1", ["llama", "llama3.1", "3.1"]),
        ("Qwen2", ["qwen", "qwen2", "2"]),
        ("β-catenin", ["beta", "betacatenin", "catenin"]),
        ("Gödel's", ["godel"]),
    ],
)
def test_words_of_several_parts(written: str, terms: list[str]) -> None:
    """Hyphens, LaTeX marks and digits join parts: a paper is indexed by each part and by the whole."""
    assert sorted(Analyzer().terms(written)) == sorted(terms)


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("pretraining", "pre-training"),
        ("pre-training", "pre training"),
        ("M3ViT", "M$^3$ViT"),
        ("M$^3$ViT", "M3ViT"),
        ("H2O", "H_2O"),
        ("H₂O", "H_2O"),
        ("gpt4o", "GPT-4o"),
        ("GPT-4o", "gpt4o"),
        ("few-shot", "fewshot"),
        ("beta-catenin", "β-catenin"),
        ("Poincare", "Poincaré"),
    ],
)
def test_spellings_meet(asked: str, held: str) -> None:
    """A query in one spelling shares a term with a paper in another."""
    analyzer = Analyzer()
    assert set(analyzer.query_terms(asked)) & set(analyzer.terms(held))


@pytest.mark.parametrize("plural", ["LLMs", "llms", "GPUs", "gpus", "LMs", "VAEs", "LoRAs", "models", "classes"])
def test_plurals_meet_their_singular(plural: str) -> None:
    """A plural has the term of its singular, even if Snowball does not remove its s."""
    singular = plural[:-2] if plural == "classes" else plural[:-1]
    assert Analyzer().terms(plural) == Analyzer().terms(singular) == Analyzer().terms(singular.upper())


@pytest.mark.parametrize(("written", "same"), [("ﬁne", "fine"), ("ＧＰＵ", "gpu"), ("H₂O", "h2o")])
def test_compatibility_forms_are_folded(written: str, same: str) -> None:
    """Ligatures, full-width letters and subscripts give the plain word's term."""
    assert Analyzer().terms(written) == Analyzer().terms(same)


@given(st.text())
def test_sentences_cover_the_text(text: str) -> None:
    """Sentences are in order, do not overlap, and leave out nothing but white space."""
    spans = sentences(text)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One ends. Two ends.", ["One ends.", "Two ends."]),
        ("It costs 3.5 GB. See e.g. Smith et al. Then go.", ["It costs 3.5 GB.", "See e.g. Smith et al. Then go."]),
        ('Is it so? (Yes.) "Fine!" Good.', ["Is it so?", "(Yes.)", '"Fine!"', "Good."]),
        ("Code: https://a.b/c. Done", ["Code: https://a.b/c.", "Done"]),
        ("no end", ["no end"]),
        ("", []),
    ],
)
def test_sentences_by_hand(text: str, expected: list[str]) -> None:
    """Figures, abbreviations and links do not end a sentence."""
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_evidence_is_the_sentence_with_the_rarest_words() -> None:
    """The sentence with the larger sum of idf wins, though another repeats a common word."""
    paper = paper_with("Models and models and models. Bubbles in a pipeline. Models have bubbles.")
    evidence = find_evidence(paper, {"bubbl": 3.0, "pipelin": 2.0, "model": 0.5}, Analyzer())
    assert evidence.text == "Bubbles in a pipeline."
    assert [evidence.text[a:b] for a, b in evidence.text_spans] == ["Bubbles", "pipeline"]


def test_evidence_without_any_match_is_the_first_sentence() -> None:
    """Without any query term, the first sentence of the abstract is shown, with nothing marked."""
    evidence = find_evidence(paper_with("First one. Second one."), {"bubbl": 1.0}, Analyzer())
    assert (evidence.text, evidence.text_spans) == ("First one.", ())


def test_evidence_of_an_empty_abstract() -> None:
    """An empty abstract gives empty evidence and no error."""
    assert find_evidence(paper_with(""), {"bubbl": 1.0}, Analyzer()).text == ""


@given(
    st.lists(st.sampled_from(["pipeline", "of", "bubbles", "x" * 50, "data"]), min_size=1, max_size=60),
    st.integers(20, 200),
)
@example(["data", "data", "of", "bubbles", "data"], 20)
def test_window_keeps_to_its_room(words: list[str], room: int) -> None:
    """A cut sentence fits, its marks cover the same words, and at least one mark stays."""
    text = " ".join(words)
    spans = Analyzer().spans(["bubbl"], text)
    shown, kept = window(text, spans, room)
    assert len(shown) <= room + len("… ") + len(" …")
    assert all(shown[start:end] == "bubbles" for start, end in kept)
    assert bool(kept) == bool(spans)
    assert shown.strip("… ") in text
