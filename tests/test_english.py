"""Phrases that the English rule of CONTRIBUTING.md bans from documents, docstrings, comments and messages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PROJECT

BANNED = (
    r"\bso (many|much)\b",
    r"\b(begins?|began) so\b",
    r"\b(stands?|stood|standing)\b",
    r"\bhears?\b",
    r"\bof ours\b",
    r"\bof then\b",
    r"\b(is|are|was|were) no [a-z]",
    r"\b(is|are|was|were) none\b",
    r"\b(has|have|had) not (the|a|an|any)\b",
    r"\bbe had\b",
    r"(?:\A|[.!?]\s+)(who|what|which)ever\b",
)
"""Patterns, in any case."""

ANYWHERE = re.compile("|".join(BANNED).replace(r"(?:\A|[.!?]\s+)", ""), re.IGNORECASE | re.MULTILINE)
"""One pattern that occurs wherever a banned one does, to pass over most texts quickly."""

ALLOWED = (
    r"\bstand(s|ing)? for\b",  # of an acronym
    r"\bstand[- ](alone|ins?)\b",
    r"\bthere (is|are|was|were) no(ne)?\b",
    r"\b(is|are|was|were) no (longer|more)\b",
    r"\b(is|are|was|were) (?-i:None)\b",  # the value of Python
)
"""Patterns of ordinary phrases that contain a banned one."""

DOCUMENTS = ("*.md", "docs/**/*.md", "corpus/*.md")
CODE = ("papersearch/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", "docs/*.py", "setup.py")

RULE = PROJECT / "CONTRIBUTING.md"
"""The page that quotes the banned phrases: its quotations and tables are not checked."""


class Passage(NamedTuple):
    """A text for readers, and the line of the file where it begins."""

    line: int
    text: str


def prose(page: str) -> str:
    """Return a document without its code, keeping the number of lines."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match.group().count("\n")

    without_blocks = re.sub(r"^```.*?^```", blank, page, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "x", without_blocks)


def passages(path: Path) -> Iterator[Passage]:
    """Yield the lines of a document, or the strings of a module and those of its comments that need a look.

    In tests, only docstrings and comments count: other strings are input.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        for number, line in enumerate(prose(text).splitlines(), 1):
            yield Passage(number, line)
        return
    nodes = ast.walk(ast.parse(text))
    is_test = path.is_relative_to(PROJECT / "tests")
    for string in (node.value for node in nodes if isinstance(node, ast.Expr)) if is_test else nodes:
        if isinstance(string, ast.Constant) and isinstance(string.value, str):
            yield Passage(string.lineno, string.value)
    if not any("#" in line and ANYWHERE.search(line) for line in text.splitlines()):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield Passage(token.start[0], token.string.lstrip("# "))


def findings(text: str) -> list[str]:
    """Return the banned phrases in `text`, without those that an allowed phrase contains."""
    if not ANYWHERE.search(text):
        return []
    allowed = [match.span() for pattern in ALLOWED for match in re.finditer(pattern, text, re.IGNORECASE)]
    return [
        match.group()
        for pattern in BANNED
        for match in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE)
        if not any(start < match.end() and match.start() < end for start, end in allowed)
    ]


def readable_files() -> list[Path]:
    """Return the documents and modules whose English is checked."""
    found = {path for pattern in (*DOCUMENTS, *CODE) for path in PROJECT.glob(pattern)}
    found.remove(Path(__file__).resolve())
    return sorted(found)


def test_no_banned_phrase() -> None:
    """No text for readers has a phrase that the English rule bans."""
    found = [
        f"{path}:{passage.line}: {phrase!r} in {passage.text.strip()[:100]!r}"
        for path in readable_files()
        for passage in passages(path)
        for phrase in findings(re.sub(r'"[^"]*"|^\|.*', "x", passage.text) if path == RULE else passage.text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("So many more of each number.", ["So many"]),
        ("no line that begins so", ["begins so"]),
        ("the table stands below it", ["stands"]),
        ("what a program hears", ["hears"]),
        ("an index of ours", ["of ours"]),
        ("no paper can be of then", ["of then"]),
        ("--since 'x' is no date", ["is no d"]),
        ("standard error is none", ["is none"]),
        ("it has not the package", ["has not the"]),
        ("no browser can be had", ["be had"]),
        ("Whoever holds the lock", ["Whoever"]),
        ("It waits. Whatever comes is read", [". Whatever"]),
        ("the words of standard input; there is no index; whatever the order", []),
        ("`year` is None for an open end", []),
        ("MoE stands for Mixture of Experts, and is no longer new", []),
        ("so that it understands, as soon as it is known", []),
    ],
)
def test_findings_by_hand(text: str, phrases: list[str]) -> None:
    """Each banned phrase is found, and ordinary words that contain its letters are not."""
    assert findings(text) == phrases


def test_code_in_documents_is_not_prose() -> None:
    """Code blocks and quoted code are left out, and lines keep their numbers."""
    page = "one\n```console\n$ x stands\n```\nthe `is no` stands\n"
    assert [number for number, line in enumerate(prose(page).splitlines(), 1) if findings(line)] == [5]
    assert findings(prose(page)) == ["stands"]


def test_strings_and_comments_are_read(tmp_path: Path) -> None:
    """Docstrings, messages, parts of f-strings and comments of a module are all checked."""
    module = tmp_path / "module.py"
    module.write_text('"""Stands one."""\n\nx = f"{1} stands two"  # stands three\n')
    assert sorted((passage.line, findings(passage.text)) for passage in passages(module)) == [
        (1, ["Stands"]),
        (3, ["stands"]),
        (3, ["stands"]),
    ]
