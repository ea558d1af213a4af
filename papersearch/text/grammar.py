"""The operators AND, OR and NOT, and parentheses: tokens become conditions.

    group  := both { OR both }
    both   := run { AND run }
    run    := item { item }
    item   := [ NOT | - ] ( word | phrase | field:... | [field:] ( group ) )

The words between two operators are one operand: a paper has it if it has all of them. An exclusion
holds for the whole group around it, unless it is all that an operand has: `a OR b NOT c`
excludes c, and `a OR (b NOT c)` keeps papers with a and c. Words of a group without AND and OR
are ranked by and not required.

Nothing that people paste fails here. An operator that joins nothing, and an operator in a text that
is prose or all in capitals, is read as a word; a parenthesis without its partner is left out; a note
tells so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise, zip_longest
from typing import Literal, NamedTuple

from papersearch.errors import InvalidYear, QueryTooComplex, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.clauses import Clause, ClauseField, Compound, Condition, FieldClause, compound
from papersearch.text.field_groups import with_fields
from papersearch.text.syntax import Token
from papersearch.text.words import TITLE_PREFIX
from papersearch.text.years import ALL_DAYS, days_of_years
from papersearch.types import Note

MAX_CLAUSES = 256
MAX_DEPTH = 16
"""Greatest number of clauses of a query with operators, and of parentheses inside each other."""

_WORDS_PER_OPERATOR = 30
"""Number of words for each operator above which a text is prose. A long query of a systematic review
has fewer than ten, an abstract a hundred."""

_NAMES = {"and": "AND", "or": "OR", "not": "NOT"}


class Node(NamedTuple):
    """A part of a query: one token, or parts that are joined."""

    kind: Literal["leaf", "run", "all", "any", "not", "group"]
    parts: tuple[Node, ...] = ()
    token: Token | None = None


class Conditions(NamedTuple):
    """The meaning of a query: operands to rank by, and conditions on the papers."""

    plain: list[Token]
    required: list[Condition]
    excluded: list[Condition]


def operated(found: list[Token], notes: list[Note]) -> list[Token] | None:
    """Return the tokens of a query whose operators and parentheses all have what they need.

    None if no operator is left: then the query is plain. Notes are added to `notes`.
    """
    remarks: list[Note] = []
    paired = _without_empty_groups(_paired(found, remarks))
    joined = _joined(_negated(paired, notes), notes)
    operators = [token for token in joined if _is_operator(token)]
    if not operators:
        return None
    named = ", ".join(dict.fromkeys(token.written for token in operators))
    are = "are read as words" if "," in named else "is read as a word"
    operands = [token for token in joined if token.is_operand]
    n_words = sum(len(token.text.split()) for token in operands)
    if n_words > _WORDS_PER_OPERATOR * len(operators):
        message = f"{named} {are}: the query is a text of {n_words} words"
        notes.append(Note(kind="operator", part=named, message=message))
        return None
    if _is_title_in_capitals(joined):
        notes.append(Note(kind="operator", part=named, message=f"{named} {are}: the whole query is in capitals"))
        return None
    notes += remarks
    return with_fields(joined)


def conditions(found: list[Token], analyzer: Analyzer, notes: list[Note]) -> Conditions:
    """Return the meaning of tokens that `operated` returned. Raises QueryTooComplex, UnindexedClause."""
    depth = deepest = 0
    for token in found:
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise QueryTooComplex(what="parentheses inside each other", n_found=deepest, limit=MAX_DEPTH)
    n_clauses = sum(token.is_operand for token in found)
    if n_clauses > MAX_CLAUSES:
        raise QueryTooComplex(what="words and phrases with operators", n_found=n_clauses, limit=MAX_CLAUSES)
    reader = _Meaning(analyzer, notes)
    reader.read(_Tree(found).group())
    return Conditions(reader.plain, reader.required, reader.excluded)


def clause_of(token: Token, analyzer: Analyzer) -> Clause | FieldClause | None:
    """Return the clause of a word or phrase, or None if nothing of it is indexed.

    Signs that prose has too need more than stop words behind them. Raises InvalidYear.
    """
    if token.field is not None and token.field != "title":
        return _field_clause(token, token.field)
    if token.is_tentative and not analyzer.terms(token.text):
        return None
    sequence = tuple(analyzer.sequence(token.text))
    # Abstracts are not indexed by stop words, so only titles can be asked for one.
    is_of_titles = bool(sequence) and sequence[0][1].startswith(TITLE_PREFIX)
    if is_of_titles and not token.in_title and (token.is_excluded or len(sequence) == 1):
        return None
    written = token.written[1:] if token.is_excluded else token.written
    if token.kind == "word":
        written = written.rstrip(".,;:!?")
    return Clause(sequence, token.in_title, token.text, written) if sequence else None


def _field_clause(token: Token, field: ClauseField) -> FieldClause:
    value, written = token.text, token.written[1:] if token.is_excluded else token.written
    if token.kind == "word":
        value, written = value.rstrip(",;:!?"), written.rstrip(",;:!?")
        if not value.endswith(".."):
            value, written = value.rstrip("."), written.rstrip(".")
    if field != "year":
        return FieldClause(field, value, ALL_DAYS, written)
    days = days_of_years(value.strip())
    if days is None or days[0] > days[1]:
        raise InvalidYear(clause=written, is_reversed=days is not None)
    return FieldClause(field, value, days, written)


def _paired(found: list[Token], notes: list[Note]) -> list[Token]:
    """Leave out parentheses without a partner."""
    opened: list[int] = []
    lost: set[int] = set()
    for place, token in enumerate(found):
        if token.kind == "open":
            opened.append(place)
        elif token.kind == "close":
            if opened:
                opened.pop()
            else:
                lost.add(place)
    lost.update(opened)
    for place in sorted(lost)[:1]:
        what = "nothing closes it" if found[place].kind == "open" else "it closes nothing"
        sign = found[place].written if found[place].field else "the parenthesis"
        message = f"{sign} at character {found[place].position + 1} is left out: {what}"
        notes.append(Note(kind="parenthesis", part=found[place].written, message=message))
    return [token for place, token in enumerate(found) if place not in lost]


def _without_empty_groups(found: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for token in found:
        if token.kind == "close" and kept[-1].kind == "open":
            kept.pop()
        else:
            kept.append(token)
    return kept


def _negated(found: list[Token], notes: list[Note]) -> list[Token]:
    """Make a word of each NOT that has nothing to exclude."""
    kept: list[Token] = []
    for token in reversed(found):
        begins = bool(kept) and kept[-1].kind != "not" and _begins_operand(kept[-1])
        kept.append(token if token.kind != "not" or begins else _as_word(token, "it excludes nothing", notes))
    return kept[::-1]


def _joined(found: list[Token], notes: list[Note]) -> list[Token]:
    """Make a word of each AND and OR that has nothing before or behind it."""
    kept: list[Token] = []
    before: Token | None = None  # the last token other than a stray operator
    for token, after in zip_longest(found, found[1:]):
        if token.kind in ("and", "or"):
            ends = before is not None and (before.is_operand or before.kind == "close")
            begins = after is not None and _begins_operand(after)
            if not (ends and begins):
                token = _as_word(token, "it joins nothing", notes)
        kept.append(token)
        if not token.is_stray:
            before = token
    return kept


def _is_operator(token: Token) -> bool:
    """Tell whether a token gives the query a structure: AND, OR, NOT, or a field before a group."""
    if token.kind == "open":
        return token.field is not None
    return token.kind in _NAMES and token.written in _NAMES.values()


def _begins_operand(token: Token) -> bool:
    return token.kind in ("open", "not") or (token.is_operand and not token.is_stray)


def _as_word(token: Token, why: str, notes: list[Note]) -> Token:
    message = f"{token.written} is read as a word: {why}"
    notes.append(Note(kind="operator", part=token.written, message=message))
    return token._replace(kind="word", is_stray=True)


def _is_title_in_capitals(found: list[Token]) -> bool:
    """Tell whether a query is in capitals as titles are, and not of acronyms that operators join.

    DEEP LEARNING AND ITS USES is a title; RLHF AND PPO, and every query with other signs, is not.
    """
    operands = [token for token in found if token.is_operand and not token.is_stray]
    has_signs = any(token.kind in ("phrase", "open") or token.is_excluded or token.field for token in found)
    if has_signs or not " ".join(token.text for token in operands).isupper():
        return False
    return any(first.is_operand and second.is_operand for first, second in pairwise(found))


class _Tree:
    """Reads tokens by recursive descent; `operated` has made sure that they can be read."""

    def __init__(self, found: list[Token]) -> None:
        self._found = found
        self._place = 0

    def group(self) -> Node:
        return self._joined("or", "any", lambda: self._joined("and", "all", self._run))

    def _joined(self, operator: str, kind: Literal["all", "any"], part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._kind() == operator:
            self._place += 1
            parts.append(part())
        return Node(kind, tuple(parts)) if len(parts) > 1 else parts[0]

    def _run(self) -> Node:
        items: list[Node] = []
        while self._kind() not in (None, "close", "and", "or"):
            items.append(self._item())
        return Node("run", tuple(items))

    def _item(self) -> Node:
        token = self._found[self._place]
        self._place += 1
        if token.kind == "not":
            return Node("not", (self._item(),), token)
        if token.kind == "open":
            inner = self.group()
            self._place += 1  # its partner
            return Node("group", (inner,))
        leaf = Node("leaf", token=token)
        return Node("not", (leaf,), token) if token.is_excluded else leaf

    def _kind(self) -> str | None:
        return self._found[self._place].kind if self._place < len(self._found) else None


class _Meaning:
    """Collects what a tree asks for."""

    def __init__(self, analyzer: Analyzer, notes: list[Note]) -> None:
        self.plain: list[Token] = []
        self.required: list[Condition] = []
        self.excluded: list[Condition] = []
        self._analyzer = analyzer
        self._notes = notes

    def read(self, node: Node) -> None:
        """Read the whole query, or a group of it whose words are ranked by and not required."""
        if node.kind == "run":
            for item in node.parts:
                self._read_item(item)
            return
        condition = self._condition(node, self.excluded)
        parts = condition.parts if isinstance(condition, Compound) and condition.kind == "all" else (condition,)
        for part in parts:
            if isinstance(part, Compound) and part.kind == "none":
                self.excluded += part.parts
            elif part is not None:
                self.required.append(part)

    def _read_item(self, item: Node) -> None:
        if item.kind == "group":
            self.read(item.parts[0])
        elif item.kind == "not":
            self.excluded += self._negations([item])
        elif item.token is not None and (item.token.kind == "phrase" or item.token.field):
            self.required += self._parts([item], self.excluded)
        elif item.token is not None:
            self.plain.append(item.token)

    def _condition(self, node: Node, excluded: list[Condition]) -> Condition | None:
        """Return the condition of a part; exclusions from its whole group are added to `excluded`."""
        if node.kind == "leaf" and node.token is not None:
            if node.token.is_ranked_by:
                self.plain.append(node.token)
            return self._clause(node.token)
        if node.kind == "group":
            inner: list[Condition] = []
            condition = self._condition(node.parts[0], inner)
            parts = [*([condition] if condition else []), *(Compound("none", (one,)) for one in inner)]
            return compound("all", parts)
        if node.kind == "run":
            wanted = [item for item in node.parts if item.kind != "not"]
            unwanted = self._negations([item for item in node.parts if item.kind == "not"])
            if not wanted:
                return compound("all", [Compound("none", (one,)) for one in unwanted])
            excluded += unwanted
            return compound("all", self._parts(wanted, excluded))
        return compound("any" if node.kind == "any" else "all", self._parts(node.parts, excluded))

    def _parts(self, nodes: Iterable[Node], excluded: list[Condition]) -> list[Condition]:
        found = (self._condition(node, excluded) for node in nodes)
        return [condition for condition in found if condition is not None]

    def _negations(self, nodes: Iterable[Node]) -> list[Condition]:
        """Return what these parts exclude. Their words are not ranked by."""
        n_plain = len(self.plain)
        found: list[Condition] = []
        for node in nodes:
            unwanted = self._condition(node.parts[0], found)
            if unwanted is not None:
                found.append(unwanted)
            elif node.token is not None:
                message = f"{node.token.written} excludes nothing: its words are not indexed"
                self._notes.append(Note(kind="operator", part=node.token.written, message=message))
        del self.plain[n_plain:]
        return found

    def _clause(self, token: Token) -> Clause | FieldClause | None:
        is_plain = token.kind == "word" and not token.field and not token.is_excluded
        if token.is_stray or (is_plain and not self._analyzer.terms(token.text)):  # stop words rank nothing
            return None
        clause = clause_of(token, self._analyzer)
        if clause is None and not is_plain and not token.is_tentative:
            raise UnindexedClause(clause=token.written)
        return clause
