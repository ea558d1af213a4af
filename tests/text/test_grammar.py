"""Operators, groups and typographic signs: what a query is understood as, by hand and by an older parser."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papersearch.errors import (
    EmptyQuery,
    InvalidYear,
    OnlyExclusions,
    QueryError,
    QueryTooComplex,
    UnclosedQuote,
    UnindexedClause,
)
from papersearch.text.analysis import Analyzer
from papersearch.text.clauses import Clause
from papersearch.text.query import Query, parse_query
from papersearch.text.syntax import prefixes
from papersearch.text.words import TITLE_PREFIX

ANALYZER = Analyzer()

PIECES = st.sampled_from(
    [
        *("moe", "GPT-4", "routing", "the", "AND", "OR", "NOT", "and", "rout*", "A*", "RRT*"),
        *("title:", "title:moe", "venue:", "author:", "author:doe", "year:2024"),
        *"()-–—\"“”«»‹›*:,.'",
        *("-moe", '"two words"', "–survey", "((", "))", "f(x)", "é", "\u2011", "预训练", "̈", "\u3000"),
    ]
)
TYPED = st.lists(st.tuples(PIECES, st.sampled_from(["", " "]))).map(
    lambda pieces: "".join(piece + blank for piece, blank in pieces)
)


def read(text: str) -> tuple[str, list[str], list[str]]:
    """Return what ranks, what is required and what is excluded."""
    query = parse_query(text, ANALYZER)
    return query.plain, list(query.reading.required), list(query.reading.excluded)


@pytest.mark.parametrize(
    ("text", "plain", "required", "excluded"),
    [
        ("mixture of experts NOT survey", "mixture of experts", [], ["survey"]),
        ("moe AND routing NOT survey", "moe routing", ["moe", "routing"], ["survey"]),
        ("moe AND NOT survey", "moe", ["moe"], ["survey"]),
        ('moe NOT "data pipeline" routing', "moe routing", [], ['"data pipeline"']),
        ("moe OR gate", "moe gate", ["moe OR gate"], []),
        ('moe OR "mixture of experts"', "moe mixture of experts", ['moe OR "mixture of experts"'], []),
        ("moe OR gate AND routing", "moe gate routing", ["moe OR (gate AND routing)"], []),
        ("moe AND gate OR routing", "moe gate routing", ["(moe AND gate) OR routing"], []),
        ("(moe OR gate) AND routing", "moe gate routing", ["moe OR gate", "routing"], []),
        ("moe AND (gate OR (a1 AND b1))", "moe gate a1 b1", ["moe", "gate OR (a1 AND b1)"], []),
        ("diffusion model OR language model", "diffusion model language model",
         ["(diffusion AND model) OR (language AND model)"], []),
        ("routing (moe OR gate)", "routing moe gate", ["moe OR gate"], []),
        ("moe OR gate NOT survey", "moe gate", ["moe OR gate"], ["survey"]),
        ("moe OR (gate NOT survey)", "moe gate", ["moe OR (gate AND NOT survey)"], []),
        ("moe OR NOT survey", "moe", ["moe OR NOT survey"], []),
        ("moe NOT (survey OR review)", "moe", [], ["survey OR review"]),
        ("moe AND gate -(survey OR review)", "moe gate", ["moe", "gate"], ["survey OR review"]),
        ("title:moe OR title:gate", "moe gate", ["title:moe OR title:gate"], []),
        ("mixture of experts AND (routing, fast)", "mixture of experts routing, fast",
         ["mixture", "experts", "routing", "fast"], []),
        ("RLHF AND PPO", "RLHF PPO", ["RLHF", "PPO"], []),
        ("RLHF (PPO OR DPO)", "RLHF PPO DPO", ["PPO OR DPO"], []),
        ("f(x) AND g(y)", "f(x) g(y)", ["f(x)", "g(y)"], []),
        ("预训练 AND moe", "预训练 moe", ["预训练", "moe"], []),
    ],
)  # fmt: skip
def test_operators_by_hand(text: str, plain: str, required: list[str], excluded: list[str]) -> None:
    """NOT binds before AND, AND before OR; words without an operator are ranked by."""
    assert read(text) == (plain, required, excluded)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("AND moe", "joins nothing"),
        ("moe OR", "joins nothing"),
        ("moe NOT", "excludes nothing"),
        ("OR", "joins nothing"),
        ("moe AND ()", "joins nothing"),
        ("DEEP LEARNING AND ITS USES", "in capitals"),
        ("TO BE OR NOT TO BE", "in capitals"),
        ("a survey of many models that we do NOT trust " + "and of words " * 20, "a text of"),
    ],
)
def test_operators_that_are_words(text: str, why: str) -> None:
    """An operator without operands, in a title in capitals or in prose is a word, and a note says so."""
    query = parse_query(text, ANALYZER)
    assert (query.plain, query.required, query.excluded) == (query.text, (), ())
    assert any(why in note.message and note.part in ("AND", "OR", "NOT", "OR, NOT") for note in query.notes)


@pytest.mark.parametrize("text", ["moe OR OR gate", "moe AND OR gate", "OR moe OR gate AND"])
def test_a_stray_operator_changes_nothing_else(text: str) -> None:
    """An operator that joins nothing is never required, and the others still count."""
    query = parse_query(text, ANALYZER)
    assert list(query.reading.required) == ["moe OR gate"]
    assert query.notes


@pytest.mark.parametrize(
    "text",
    ["late interaction (ColBERT)", "f(x)", "(a b", "a) b", ":-) moe", "moe and routing or not", "ANDROID ORE"],
)
def test_parentheses_in_plain_text(text: str) -> None:
    """Parentheses, and operators in small letters or inside words, are text."""
    query = parse_query(text, ANALYZER)
    assert (query.plain, query.required, query.excluded, query.notes) == (text, (), (), ())


@pytest.mark.parametrize(("text", "place"), [("(moe OR routing", "1"), ("moe OR routing) gate", "15")])
def test_a_parenthesis_alone(text: str, place: str) -> None:
    """A parenthesis without its partner is left out, and a note says where it is."""
    query = parse_query(text, ANALYZER)
    assert query.reading.required[0].startswith("moe OR ")
    [note] = query.notes
    assert (note.kind, place in note.message) == ("parenthesis", True)


def test_limits() -> None:
    """A query at a limit is read; beyond it the error names the limit."""
    for deep, many in ((16, 256), (17, 256), (16, 257)):
        inner = " OR ".join(["moe"] * many)
        text = "(" * deep + inner + ")" * deep
        if (deep, many) == (16, 256):
            assert len(parse_query(text, ANALYZER).required) == 1
        else:
            with pytest.raises(QueryTooComplex, match="16" if deep > 16 else "256"):
                parse_query(text, ANALYZER)


@pytest.mark.parametrize("dash", "-‐‑‒–—―−﹘﹣－")
def test_every_dash_excludes(dash: str) -> None:
    """A dash before a word or phrase excludes, a dash inside a word or between blanks does not."""
    assert read(f"moe {dash}survey") == ("moe", [], ["survey"])
    assert read(f'moe {dash}"data pipeline"') == ("moe", [], ['"data pipeline"'])
    for plain in (f"moe {dash} survey", f"moe pre{dash}training", f"moe {dash}"):
        assert read(plain) == (plain, [], [])


@pytest.mark.parametrize("marks", ['""', "“”", "„“", "”“", "‟”", "«»", "»«", "‹›", "＂＂", '"”', '“"'])
def test_every_quotation_mark_quotes(marks: str) -> None:
    """Quotation marks of every kind make a phrase, also where a program has changed one of the two."""
    [clause] = parse_query(f"moe {marks[0]}expert parallelism{marks[1]}", ANALYZER).required
    assert isinstance(clause, Clause)
    assert clause.words == "expert parallelism"


def test_quotations_nest() -> None:
    """A phrase ends at a mark of the kind that opened it, so a quotation in it is text."""
    [clause] = parse_query("«the “expert” parallelism»", ANALYZER).required
    assert isinstance(clause, Clause)
    assert clause.sequence == ((0, "expert"), (1, "parallel"))


@pytest.mark.parametrize("text", ['a 14" display', "a 14” display", "“one” and “two", "»one"])
def test_an_open_quotation(text: str) -> None:
    """A quotation mark without a partner is an error at its place."""
    with pytest.raises(UnclosedQuote) as caught:
        parse_query(text, ANALYZER)
    assert text[caught.value.position] in '"“”»'
    assert not re.search('["“”»]', text[caught.value.position + 1 :])


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("journal:icml moe", ["journal:"]),
        ("au:huang published:2018", ["au:", "published:"]),
        ("Keywords: huang", ["Keywords:"]),
        ("moe NOT journal:icml", ["journal:"]),
        ("title:moe", []),
        ("title: moe", []),
        ("GPipe: efficient training", []),
        ("https://arxiv.org/abs/1 arxiv:2503.11731 doi:10.1/x", []),
        ("a:b 3:4", []),
    ],
)
def test_unknown_fields(text: str, fields: list[str]) -> None:
    """A field that there is not is a word, and a note names it and the known one."""
    notes = parse_query(text, ANALYZER).notes
    assert [note.part for note in notes] == fields
    assert all("title:" in note.message and note.part in note.message for note in notes)


@pytest.mark.parametrize(
    ("text", "plain", "required", "excluded"),
    [
        ("author:doe moe routing", "moe routing", ["author:doe"], []),
        ('author:"Jane Doe"', "", ['author:"Jane Doe"'], []),
        ("author:“Jane Doe” moe", "moe", ["author:“Jane Doe”"], []),
        ("Author:Doe, moe", "moe", ["Author:Doe"], []),
        ("moe -author:doe", "moe", [], ["author:doe"]),
        ("cat:cs.LG. moe", "moe", ["cat:cs.LG"], []),
        ("category:cs venue:neurips year:2024", "", ["category:cs", "venue:neurips", "year:2024"], []),
        ("year:2023.. year:-2025 year:2023–2025 moe", "moe", ["year:2023..", "year:-2025", "year:2023–2025"], []),
        ("author:doe OR (moe AND year:2024)", "moe", ["author:doe OR (moe AND year:2024)"], []),
        ("(author:doe OR author:roe) moe", "moe", ["author:doe OR author:roe"], []),
        ("moe NOT (author:doe OR author:roe)", "moe", [], ["author:doe OR author:roe"]),
        ("year:2024 -survey", "", ["year:2024"], ["survey"]),
        ('"author:doe" moe', "author:doe moe", ['"author:doe"'], []),
        ("author: doe moe", "author: doe moe", [], []),
        ("note: this is moe", "note: this is moe", [], []),
        ("coauthor:doe", "coauthor:doe", [], []),
        ("year:last year:2024/25 author:) cat:...", "year:last year:2024/25 author:) cat:...", [], []),
        ("https://x.org/?author:doe", "https://x.org/?author:doe", [], []),
    ],
)
def test_fields(text: str, plain: str, required: list[str], excluded: list[str]) -> None:
    """A field and the value that touches it are a condition, and not words to rank by."""
    assert read(text) == (plain, required, excluded)
    assert parse_query(text, ANALYZER, literal=True).plain == text


def test_values_of_fields() -> None:
    """A value is the word or phrase, without the punctuation of the sentence; a year is a range of days."""
    fields = parse_query('author:"J. Doe" author:O’Brien, author:doe. cat:cs.LG. year:2023-2024;', ANALYZER).fields
    assert [clause.value for clause in fields] == ["J. Doe", "O’Brien", "doe", "cs.LG", "2023-2024"]
    assert fields[-1].days == (20230101, 20241231)


@pytest.mark.parametrize(
    "text", ["year:20244", "moe year:2025-2023", "moe OR year:2024-13", "-year:2024-2025-2026"]
)
def test_numbers_that_are_no_range(text: str) -> None:
    """Numbers that are not a range of years are an error, since a condition was meant."""
    with pytest.raises(InvalidYear):
        parse_query(text, ANALYZER)


def test_too_many_fields() -> None:
    """Each name of a query is searched for, so their number has a limit."""
    parse_query("author:doe " * 256, ANALYZER)
    with pytest.raises(QueryTooComplex):
        parse_query("author:doe " * 257, ANALYZER)


@pytest.mark.parametrize(
    ("text", "plain", "required", "excluded"),
    [
        ("author:(doe OR roe) moe", "moe", ["author:doe OR author:roe"], []),
        ("author:( doe OR roe ) moe", "moe", ["author:doe OR author:roe"], []),
        ('author:("Jane Doe" OR roe)', "", ['author:"Jane Doe" OR author:roe'], []),
        ("Author:(Jane Doe OR Roe, R.) moe", "moe", ['Author:"Jane Doe" OR Author:"Roe, R."'], []),
        ("author:(Jane Doe AND roe)", "", ['author:"Jane Doe"', "author:roe"], []),
        ("venue:(machine learning) moe", "moe", ['venue:"machine learning"'], []),
        ("title:(moe routing)", "moe routing", ["title:moe", "title:routing"], []),
        ("title:(“moe routing” OR gate) bert", "moe routing gate bert", ["title:“moe routing” OR title:gate"], []),
        ("cat:(cs.LG OR stat.ML) NOT author:(doe)", "", ["cat:cs.LG OR cat:stat.ML"], ["author:doe"]),
        ("moe -author:(doe OR roe)", "moe", [], ["author:doe OR author:roe"]),
        ("moe –cat:(cs.LG)", "moe", [], ["cat:cs.LG"]),
        ("year:(2020 OR 2022-2024) moe", "moe", ["year:2020 OR year:2022-2024"], []),
        ("author:(doe -roe) moe", "moe", ["author:doe"], ["author:roe"]),
        (
            "author:(doe OR title:moe OR (roe AND poe))",
            "moe",
            ["author:doe OR title:moe OR (author:roe AND author:poe)"],
            [],
        ),
        ("author:(doe OR cat:(cs.LG stat.ML))", "", ["author:doe OR (cat:cs.LG AND cat:stat.ML)"], []),
        ("coauthor:(doe) moe", "coauthor:(doe) moe", [], []),
    ],
)
def test_a_field_before_a_group(text: str, plain: str, required: list[str], excluded: list[str]) -> None:
    """A field before a parenthesis is the field of every operand in the group that has none of its own."""
    assert read(text) == (plain, required, excluded)


@pytest.mark.parametrize("text", ["author:(doe OR roe", "author:()", "year:(last OR 2024) moe", "year:(moe)"])
def test_a_group_without_its_field_is_noted(text: str) -> None:
    """What a field before a parenthesis cannot be read for is told in a note."""
    assert parse_query(text, ANALYZER).notes


OPERATORS = ("AND", "OR", "NOT")
GROUPS = st.recursive(
    st.sampled_from(["doe", "roe", "2024", '"jane poe"', "cs.LG"]),
    lambda inner: st.builds(lambda a, word, b: f"({a} {word} {b})", inner, st.sampled_from(OPERATORS), inner),
    max_leaves=6,
)


@given(st.sampled_from(["author", "venue", "cat", "title"]), GROUPS, st.booleans())
def test_a_group_means_what_its_parts_mean(field: str, group: str, is_excluded: bool) -> None:
    """A field before a group of operators is the same field before each of its words and phrases."""
    whole = group if group.startswith("(") else f"({group})"
    apart = re.sub(
        r'"[^"]*"|[^\s()"]+', lambda word: word[0] if word[0] in OPERATORS else f"{field}:{word[0]}", whole
    )
    sign = "-" if is_excluded else ""
    one, other = (parse_query(f"moe AND gate {sign}{text}", ANALYZER) for text in (f"{field}:{whole}", apart))
    assert one._replace(text="", title_key="") == other._replace(text="", title_key="")


@given(st.lists(st.sampled_from(["author", ":", "year", " ", "doe", "cat", "-", "(", ")", "OR", "2024", ".", ","])))
def test_any_text_with_fields(pieces: list[str]) -> None:
    """A query with colons anywhere is read, or refused for what it says."""
    with suppress(EmptyQuery, OnlyExclusions, UnindexedClause, InvalidYear):
        query = parse_query("".join(pieces), ANALYZER)
        assert query.plain or query.fields or query.required


def test_title_before_a_blank() -> None:
    """A blank after `title:` changes nothing, unless no indexed word follows."""
    assert read("title: gpipe -title: survey") == ("gpipe", ["title: gpipe"], ["title: survey"])
    assert read("Title: the") == ("Title: the", [], [])


@pytest.mark.parametrize(
    ("text", "found", "plain"),
    [
        ("rout* experts", ("rout",), "rout experts"),
        ("pre-train*", ("train",), "pre-train"),
        ("A* search", (), "A* search"),
        ("RRT* and LPA*", (), "RRT* and LPA*"),
        ("ab* x**", (), "ab* x**"),
        ("2 * 3", (), "2 * 3"),
    ],
)
def test_prefixes(text: str, found: tuple[str, ...], plain: str) -> None:
    """Three letters and an asterisk begin words; names in capitals do not."""
    query = parse_query(text, ANALYZER)
    assert (query.prefixes, query.plain) == (found, plain)
    assert query.reading.ranked_by == text


@given(st.text(st.sampled_from("abCé_*-1 "), max_size=20))
def test_where_prefixes_are(words: str) -> None:
    """Before an asterisk that ends a word, all letters and digits behind the last other sign are the beginning."""
    ends = [at for at, sign in enumerate(words) if sign == "*" and not re.match(r"[\w*]", words[at + 1 :])]
    before = [re.split(r"[\W_]", words[:at])[-1] for at in ends]
    assert prefixes(words) == [letters for letters in before if len(letters) >= 3 and not letters.isupper()]


@given(TYPED)
@example("NOT" * 5)
@example("((AND)NOT)OR()")
def test_no_text_fails(text: str) -> None:
    """Any text is a query or a QueryError, and its words come from the text."""
    try:
        query = parse_query(text, ANALYZER)
    except QueryError:
        return
    assert set(query.plain) <= set(query.text) | {" "}
    assert all(note.message and note.part for note in query.notes)


@given(st.text())
def test_no_characters_fail(text: str) -> None:
    """Any string is a query or a QueryError."""
    try:
        parse_query(text, ANALYZER)
    except QueryError:
        return


@given(TYPED)
def test_quoted_text_is_one_phrase(text: str) -> None:
    """Between straight quotation marks everything else is text."""
    text = text.replace('"', "").strip()
    try:
        [clause] = parse_query(f'"{text}"', ANALYZER).required
    except QueryError:
        assert all(term.startswith(TITLE_PREFIX) for _, term in ANALYZER.sequence(text))
        return
    assert isinstance(clause, Clause)
    assert list(clause.sequence) == ANALYZER.sequence(text)
    assert not parse_query(f'"{text}"', ANALYZER).is_operated


@given(TYPED)
def test_literal_text_has_no_operators(text: str) -> None:
    """Literal text is ranked by as it is, whatever operators it has."""
    try:
        query = parse_query(text, ANALYZER, literal=True)
    except QueryError:
        return
    assert (query.required, query.excluded, query.prefixes, query.notes) == ((), (), (), ())
    assert query.plain == query.text


_SIGNS = re.compile(
    r'(?P<minus>(?<!\S)-(?=[^\s-]))?(?P<title>(?<![^\s-])title:(?=[^\s]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)


_BESIDE = re.compile(r"AND|OR|NOT|[–—\u2011“”«»‹›*]|title:\s|(author|venue|year):\S")


@given(TYPED.filter(lambda text: not _BESIDE.search(text)))
def test_plain_text_is_read_by_one_pattern(text: str) -> None:
    """Without operators and typographic signs, one regular expression reads a query alike."""
    try:
        query: Query | None = parse_query(text, ANALYZER)
    except (UnindexedClause, OnlyExclusions, QueryError):
        return
    assert query is not None
    plain: list[str] = []
    required: list[tuple[str, bool]] = []
    excluded: list[tuple[str, bool]] = []
    for piece in _SIGNS.finditer(query.text):
        words = piece["word"] if piece["phrase"] is None else piece["phrase"]
        clause = words, piece["title"] is not None
        if piece["minus"]:
            excluded.append(clause)
            continue
        plain.append(words)
        if piece["phrase"] is not None or piece["title"]:
            required.append(clause)
    assert query.plain == (" ".join(plain).strip() or query.text)
    for found, expected in ((query.required, required), (query.excluded, excluded)):
        assert [(one.words, one.in_title) for one in found if isinstance(one, Clause)] == expected
