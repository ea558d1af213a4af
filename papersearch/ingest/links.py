"""Links in an abstract: found, freed from punctuation, and led back from mirrors.

Some dumps were copied through mirrors that rewrite `huggingface.co` to a host of their own.
A mirror is somebody else's server, so no link of a paper ever leads there.
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
"""Every link has such a mark, so many characters or fewer after its beginning."""

_MIRROR = re.compile(r"(?P<scheme>https?://)hf-(?:mirror|proxy)[\w.-]*?\.?(?=[/:\s]|$)", re.IGNORECASE)
_CODE_HOSTS = frozenset(
    "anonymous.4open.science bitbucket.org codeberg.org gitee.com github.com gitlab.com sourceforge.net"
    " sr.ht".split()
)
"""Each with its subdomains; besides them, any `gitlab.` of an institute."""

_TRAILING = ".,;:!?'*_"


def without_mirrors(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` with the hosts of mirrors replaced by huggingface.co, and the links replaced."""
    if "://" not in text or "://hf-" not in text.lower():
        return text, ()
    replaced = tuple(link for link in _printed_links(text) if _MIRROR.match(link))
    return _MIRROR.sub(r"\g<scheme>huggingface.co", text), replaced


def find_links(text: str) -> tuple[str, ...]:
    """The links of `text` in order, each once, complete with a scheme and without the
    punctuation that ends a sentence or closes a bracket around them."""
    links = (link if "://" in link else f"https://{link}" for link in _printed_links(text))
    return tuple(dict.fromkeys(links))


def host_of(link: str) -> str | None:
    """The host that a link leads to, without `www.`; None where it has none."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:  # brackets that are no address, characters that pass for others
        return None
    return host.rstrip(".").removeprefix("www.") or None


def leads_to_code(link: str) -> bool:
    """Whether repositories of source code are kept where the link leads; not on pages made of
    them (`github.io`)."""
    host = host_of(link) or ""
    return host in _CODE_HOSTS or host.startswith("gitlab.") or host.partition(".")[2] in _CODE_HOSTS


def _printed_links(text: str) -> list[str]:
    # Most abstracts have no link, or one at their end; trying the pattern everywhere in them
    # takes most of an ingest.
    marks = [place for mark in _MARKS_OF_LINKS if (place := text.find(mark)) >= 0]
    if not marks:
        return []
    found = _LINK.finditer(text, max(0, min(marks) - _LONGEST_BEFORE_MARK))
    return [link for match in found if len(link := _trimmed(match[0])) > len("https://")]


def _trimmed(link: str) -> str:
    """`link` without trailing punctuation; a closing bracket stays when it has an opening one."""
    while link:
        last = link[-1]
        opening = {")": "(", "]": "["}.get(last)
        if last in _TRAILING or (opening and link.count(last) > link.count(opening)):
            link = link[:-1]
        else:
            break
    return link
