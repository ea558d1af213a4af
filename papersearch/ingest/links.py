"""Links in an abstract: found, freed from punctuation, and led back from mirrors.

Some dumps were copied through mirrors that rewrite `huggingface.co` to a host of their own. A
mirror is a server of a third party, so a paper's links are rewritten to the original host.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LINK = re.compile(
    r"(?P<scheme>https?://)(?P<rest>[^\s<>\"{}|\\^`]+)"
    r"|(?<![\w/.@-])(?P<bare>(?:github\.com|gitlab\.com|huggingface\.co)/[^\s<>\"{}|\\^`]+)",
    re.IGNORECASE,
)
_MARKS_OF_LINKS = ("://", ".co", ".Co", ".cO", ".CO")
_LONGEST_BEFORE_MARK = len("huggingface")
"""Longest distance from the start of a link to its first mark; every link contains a mark."""

_MIRROR = re.compile(r"(?P<scheme>https?://)hf-(?:mirror|proxy)[\w.-]*?\.?(?=[/:\s]|$)", re.IGNORECASE)
_CODE_HOSTS = frozenset(
    "anonymous.4open.science bitbucket.org codeberg.org gitee.com github.com gitlab.com sourceforge.net"
    " sr.ht".split()
)
"""Hosts of source code, each with its subdomains; any host `gitlab.*` is one as well."""

_TRAILING = ".,;:!?'*_"


def without_mirrors(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` with mirrors replaced by huggingface.co, and the links as they were printed."""
    if "/" not in text or "://" not in text or "://hf-" not in text.lower():
        return text, ()
    replaced = tuple(link for link in _printed_links(text) if _MIRROR.match(link))
    return _MIRROR.sub(r"\g<scheme>huggingface.co", text), replaced


def find_links(text: str) -> tuple[str, ...]:
    """Return the links of `text` in order, each once and with a scheme.

    Punctuation that ends a sentence, or closes a bracket around the link, is not part of the link.
    """
    links = (link if "://" in link else f"https://{link}" for link in _printed_links(text))
    return tuple(dict.fromkeys(links))


def host_of(link: str) -> str | None:
    """Return the host of a link without `www.`, or None if it has none."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:  # brackets around something else than an address, or lookalikes of the separators
        return None
    return host.rstrip(".").removeprefix("www.") or None


def leads_to_code(link: str) -> bool:
    """Return whether the link's host keeps source code; hosted pages (`github.io`) do not count."""
    host = host_of(link) or ""
    return host in _CODE_HOSTS or host.startswith("gitlab.") or host.partition(".")[2] in _CODE_HOSTS


def _printed_links(text: str) -> list[str]:
    """Return the links of `text` as printed, without trailing punctuation."""
    # Most abstracts have no link, or one at their end. Trying the pattern from the start of each
    # would take most of the time of an ingest. Every link has a slash, which is found the fastest.
    if "/" not in text:
        return []
    marks = [place for mark in _MARKS_OF_LINKS if (place := text.find(mark)) >= 0]
    if not marks:
        return []
    found = _LINK.finditer(text, max(0, min(marks) - _LONGEST_BEFORE_MARK))
    return [link for match in found if len(link := _trimmed(match[0])) > len("https://")]


def _trimmed(link: str) -> str:
    """Return `link` without trailing punctuation; a closing bracket stays if its opening one is inside."""
    unopened = {closing: link.count(closing) - link.count(opening) for opening, closing in ("()", "[]")}
    end = len(link)
    while end:
        last = link[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return link[:end]
