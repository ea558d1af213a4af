"""The recipes of docs/recipes.md, for the tests that run them."""

from __future__ import annotations

import re

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "recipes.md").read_text(encoding="utf-8")


def blocks(marking: str) -> list[str]:
    """Return the contents of the page's blocks with this language and name."""
    return re.findall(rf"^```{re.escape(marking)}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def block(marking: str) -> str:
    """Return the content of the only block with this language and name."""
    (found,) = blocks(marking)
    return found
