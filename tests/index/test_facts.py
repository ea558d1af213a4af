"""Facts of a paper besides its text."""

from __future__ import annotations

import papersearch
from papersearch.index.facts import has_code


def test_what_is_code(real_index: papersearch.Index) -> None:
    """A link counts as code if it leads into a host of repositories, but not to its front page."""
    paper = real_index.papers()[0]
    for link, expected in (
        ("https://github.com/owner/name", True),
        ("http://www.GitHub.com/owner", True),
        ("https://codeberg.org/owner/name", True),
        ("https://owner.github.io/name", False),
        ("https://example.org/?u=https://github.com/owner/name", False),
    ):
        assert has_code(paper.replace(links=(link,))) is expected
