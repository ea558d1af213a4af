"""Identity of papers: when two appearances are the same paper, and the short id of a paper.

A paper is identified by its normalised title. The functions are pure, so the same title has the
same key in every build, regardless of the rest of the corpus.
"""

from __future__ import annotations

import re
import unicodedata

from papersearch.checksums import sha256_of

_SLUG_LENGTH = 40
_HASH_LENGTH = 6
_ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())


def title_key(title: str) -> str:
    """Return `title` without case, spaces, punctuation, LaTeX braces and compatibility forms.

    Only letters and digits are kept: "M$^3$ViT" and "M3ViT" have the same key. A title without
    letters and digits keeps its other characters, so that two such titles stay two papers.
    """
    if title.isascii():  # most titles are, and ASCII needs no normalisation
        lowered = title.lower()
        return lowered.encode().translate(None, _ASCII_MARKS).decode() or "".join(lowered.split())
    normal = unicodedata.normalize("NFKC", title).casefold()
    normal = unicodedata.normalize("NFKC", normal)
    return "".join(filter(str.isalnum, normal)) or "".join(normal.split())


def paper_id(title: str, hash_length: int = _HASH_LENGTH) -> str:
    """Return a readable id: the title's first words and a prefix of its key's SHA-256.

    A build raises `hash_length` if two titles share an id.
    """
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_title.lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > _SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    digest = sha256_of(title_key(title).encode("utf-8", "surrogatepass"))
    return f"{slug or 'paper'}-{digest[:hash_length]}"
