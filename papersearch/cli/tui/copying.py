"""What `papersearch browse` copies of papers, and how it names that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from papersearch.marks.mark import Mark
from papersearch.text.amounts import amount
from papersearch.types import Paper

Form = Literal["bibtex", "key", "markdown"]


def copied(papers: Sequence[Paper], form: Form, marks: Mapping[str, Mark]) -> tuple[str, str]:
    """Return the text to copy of one paper or more, with their `marks` by paper id, and what it is.

    Keys are those of the BibTeX entries of the same papers; a comma is between them, as in \\cite.
    """
    from papersearch.cli.output.exports import export
    from papersearch.cli.output.exports.citation_keys import citation_keys

    n_papers = len(papers)
    if form == "key":
        keys = citation_keys(papers)
        return ",".join(keys), f"citation key {keys[0]}" if n_papers == 1 else amount(n_papers, "citation key")
    text = export(papers, form, marks=marks).decode()
    name = "BibTeX" if form == "bibtex" else "Markdown"
    return text, f"{name} of {amount(n_papers, 'paper')}"
