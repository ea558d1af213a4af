"""Narrow terminals: what does not fit into a line goes on in the next one, and nothing is cut."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from papersearch.cli.output.facets import facet_lines, related_lines
from papersearch.cli.output.terminal import in_lines
from papersearch.types import Counted, Facets, RelatedTerm
from tests.conftest import Run

PIECES = st.lists(
    st.text(st.characters(categories=["L", "N", "P"], exclude_characters="·"), min_size=1, max_size=30)
)


@given(PIECES, st.integers(1, 80))
def test_pieces_in_lines(pieces: list[str], width: int) -> None:
    """Lines hold all pieces in order; each is as wide as allowed at most, or one piece; none could be longer."""
    lines = in_lines(pieces, width)
    assert [piece for line in lines for piece in line.split(" · ")] == pieces
    assert all(cell_len(line) <= width or " · " not in line for line in lines)
    for line, after in pairwise(lines):
        assert cell_len(f"{line} · {after.split(' · ')[0]}") > width
    assert in_lines(pieces, None) == ([" · ".join(pieces)] if pieces else [])


@pytest.mark.parametrize("width", [40, 60, 80, 120, None])
def test_facets_are_whole(width: int | None) -> None:
    """Every value of a facet and every term is shown with its number, within the width."""
    dumps = tuple(Counted(value=f"00{n}_dump of papers.txt", n_papers=n) for n in range(1, 6))
    facets = Facets(
        n_papers=15, n_undated=0, years=(), months=(), organisations=(), dumps=dumps, authors=dumps, categories=(),
        venues=(),
    )  # fmt: skip
    terms = tuple(RelatedTerm(term=f"tensor {n}", n_papers=n) for n in range(1, 9))
    lines = [line.plain for line in (*facet_lines(facets, width, False), *related_lines(terms, width))]
    assert all(len(line) <= (width or 1000) for line in lines)
    told = " ".join(lines)
    assert [told.count(f"{dump.value} {dump.n_papers}") for dump in dumps] == [2] * 5
    assert all(f"{term.term} ({term.n_papers})" in told for term in terms)
    assert [line[:12].strip() for line in lines if line[:12].strip()] == ["answer", "authors", "dumps", "narrow by"]


@pytest.mark.parametrize("columns", ["40", "60", "80"])
@pytest.mark.parametrize("verbs", [(), ("saved",)])
def test_summaries_of_commands_are_whole(run: Run, columns: str, verbs: tuple[str, ...]) -> None:
    """Help has the summary of every command to its full stop, whatever the width."""
    wide = run(*verbs, "--help", env={"COLUMNS": "200"}).stdout.split("Commands:\n")[1]
    narrow = run(*verbs, "--help", env={"COLUMNS": columns}).stdout.split("Commands:\n")[1]
    assert "..." not in wide + narrow
    assert narrow.split() == wide.split()
    assert all(line.rstrip().endswith(".") for line in wide.splitlines())
    assert len(re.findall(r"^  \w", wide, re.MULTILINE)) >= 6


@pytest.mark.parametrize("columns", ["50", "60", "200"])
def test_an_explanation_is_whole(run: Run, env: dict[str, str], columns: str) -> None:
    """The score that an explanation adds up to is told at any width, and acronyms in the heading."""
    options = ["mixture of experts", "--format", "table", "--explain", "-k", "1"]
    shown = run(*options, env={**env, "COLUMNS": columns}).stdout
    assert re.search(r"score \d\.\d{3}, the sum of$", shown, re.MULTILINE)
    assert re.search(r"Mixture-of-Experts = MoE$", shown, re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= int(columns)
