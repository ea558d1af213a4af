"""What sources write in place of an abstract or before it: "[No abstract available]", "Abstract: …"."""

from __future__ import annotations

import re

_LONGEST = 60
_NO_VALUE = re.compile(
    r"\[?\s*(?:no (?:abstract|author names?|author id|authors?)"
    r"(?: (?:is |was )?(?:available|listed|found|provided))?"
    r"|(?:the )?abstract (?:is |was )?(?:missing|unavailable|not (?:available|provided|found))"
    r"|none|null|nan|n/?a|[-–—.*]{1,3})\s*[.\]]*",
    re.IGNORECASE,
)
_HEADINGS = ("abstract", "summary", "a b s t r")
_SENTENCE = (
    r"(?:Abstract|Aims?|Objectives?|Background|Introduction|Purpose|Motivation|Context|BACKGROUND|INTRODUCTION"
    r"|PURPOSE|OBJECTIVES?|AIMS?|A|An|As|At|Although|Both|By|Despite|Due|For|From|How|However|If|In|It|Many|Most|On"
    r"|Our|Recent|Recently|Since|Some|The|There|These|This|To|Using|We|What|When|While|With)(?![\w-])"
)
_HEADING = re.compile(
    r"(?:(?i:abstract|summary|a b s t r a c t)\s*(?:[:.—–|]|\s-\s)"
    rf"|(?:Abstract|ABSTRACT|Summary|SUMMARY|A B S T R A C T)\s+(?={_SENTENCE}))\s*(?=\S)"
)
"""The word alone is a heading before the first word of a sentence: not in "Abstract Syntax Trees"."""


_HEADING_ELEMENT = re.compile(
    r"\s*+(?:<[^<>]{1,60}>\s*+){0,3}?<(?P<name>(?:[a-z]{1,9}:)?(?:title|h\d|b|strong|bold|p|label|section-title))\b[^<>]{0,60}>"
    r"\s*+(?:abstract|summary)\s*+[:.]?\s*+</(?P=name)>",
    re.IGNORECASE,
)
"""The heading of an abstract as an element of its own, as Crossref and Europe PMC keep it."""


def is_no_value(written: str) -> bool:
    """Return whether a source says that it has no value: "[No abstract available]"."""
    return (
        not written or written.isspace() or (len(written) < _LONGEST and bool(_NO_VALUE.fullmatch(written.strip())))
    )


def without_heading_element(written: str) -> str:
    """Return an abstract in markup without the element that is its heading."""
    found = _HEADING_ELEMENT.match(written) if "<" in written[:20] else None
    return written[found.end() :] if found else written


def abstract_of(text: str) -> str:
    """Return an abstract without the heading before it, or "" for one that says there is none."""
    while text[:9].lower().startswith(_HEADINGS) and (found := _HEADING.match(text)):
        text = text[found.end() :]
    return "" if is_no_value(text) else text
