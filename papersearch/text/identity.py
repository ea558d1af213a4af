"""Identity of papers: when two titles are the same, and the short id of a paper.

The functions are pure, so the same title has the same key in every build, regardless of the rest of
the corpus.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice, pairwise

from papersearch.checksums import sha256_of

_SLUG_LENGTH = 40
_HASH_LENGTH = 6
_SHORT_LENGTH = 12
_DIGEST_LENGTH = 16
_EASY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
"""Ids that need no shell quoting, and are not options."""

_OF_A_RESULT = 3
"""Most digits of a number that means a result of the last search, and not an id."""

_NO_LETTER = re.compile(r"[\W_]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())

# LaTeX's signs go first, so that "A$^*$" is "A*" and "C\#" is "C#".
_LATEX_SIGNS = str.maketrans("♯", "#", "{}$^\\")
# Each alternative begins with its sign, and looks behind it: so a search skips to the next sign.
_NAMING_SIGNS = re.compile(
    r"\+(?<=[^\W\d_]\+)\++"  # C++, C++11
    r"|\+(?<=[^\W_]\+)(?![\w+])"  # B+ tree, Na+
    r"|#(?<![^\W_][^\W\d_]#)(?<=[^\W\d_]#)|#(?<=[^\W\d_]#)(?!\w)"  # F#, Spec#
    r"|\.(?<![\w.]\.)(?=[^\W\d_])"  # .NET
)
_STARRED = re.compile(r"(?<![\w*])[^\W\d_]{1,3}\*(?![\w*])")
"""A*, RRT*: a star after a longer word is a footnote's mark."""

_LEADING_DOT = re.compile(r"\.(?<![^\W_]\.)")
"""A dot that does not follow a letter or digit. The pattern begins with the dot, so that a search skips to it."""

_STYLES = re.compile(r"\\(?:math[a-z]+|text[a-z]+|emph|operatorname|boldsymbol|bm|rm|it|bf|sf|tt|cal)\b\*?")
_SUBTITLE = re.compile(r"[:?!]|\.(?=\s)|\s[-–—]+\s|—|\s(?=[(\[])")
_SUBTITLES = 8
"""Most subtitles that are looked at."""


def title_key(title: str) -> str:
    """Return `title` without case, spaces, punctuation, LaTeX braces and compatibility forms.

    Letters and digits are kept, so "M$^3$ViT" and "M3ViT" have the same key. So are signs that make
    a name: "C", "C++" and "C#" are three titles. A title without letters and digits keeps its other
    characters, so that two such titles stay two papers.
    """
    if title.isascii() and not _may_have_sign(title):
        return title_letters(title)
    plain = _folded(title).translate(_LATEX_SIGNS)
    if not any(map(str.isalnum, plain)):
        return title_letters(title)
    signs = {found.start(): found[0] for found in _NAMING_SIGNS.finditer(plain)}
    if "*" in plain:
        signs |= {found.end() - 1: "*" for found in _STARRED.finditer(plain)}
    if plain.isascii():
        places = sorted(signs)
        pieces = pairwise([*places, len(plain)])
        signed = (signs[start] + _ascii_letters(plain[start:end]) for start, end in pieces)
        return "".join([_ascii_letters(plain[: min(places, default=None)]), *signed])
    return _NO_LETTER.sub(lambda c: c[0] if _is_kept(c[0]) else signs.get(c.start(), ""), plain)


def _may_have_sign(title: str) -> bool:
    """Return whether a title in ASCII may have a sign that makes a name."""
    if "+" in title or "#" in title or "*" in title:
        return True
    return "." in title and _LEADING_DOT.search(title) is not None


def title_letters(title: str) -> str:
    """Return the letters and digits of `title`, without case and compatibility forms.

    Ids are made from them, so an id does not change when keys distinguish more.
    """
    if title.isascii():  # most titles are, and ASCII needs no normalisation
        lowered = title.lower()
        return _ascii_letters(lowered) or "".join(lowered.split())
    normal = _folded(title)
    return "".join(filter(str.isalnum, normal)) or "".join(normal.split())


def loose_title_key(title: str) -> str:
    """Return a key that accents, Greek letters, `&` and LaTeX's styles do not change either.

    It tells whether two sources mean the same title. It distinguishes less than `title_key`, so it
    needs an identifier or an abstract beside it. The letters `and` are left out wherever they are:
    a key has no blanks, and titles with equal keys need equal loose keys.
    """
    if title.isascii() and "\\" not in title:
        key = title_key(title)
    else:
        letters = unicodedata.normalize("NFKD", _STYLES.sub("", title))
        key = title_key(_NOT_ASCII.sub(lambda c: _loose(c[0]), letters))
    return key.replace("and", "") or key


def title_beginnings(title: str) -> set[str]:
    """Return the loose keys of what `title` is without its subtitles: "X" for "X: a study"."""
    heads = (title[: mark.start()] for mark in islice(_SUBTITLE.finditer(title), _SUBTITLES))
    whole = loose_title_key(title)
    return {key for head in heads if (key := loose_title_key(head)) and key != whole}


def paper_id(title: str, hash_length: int = _HASH_LENGTH, content: str = "") -> str:
    """Return a readable id: the title's first words and a prefix of the SHA-256 of its letters.

    A build raises `hash_length` if two titles share an id, and adds `content` if two papers share the
    letters of a title.
    """
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_title.lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > _SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    hashed = f"{title_letters(title)}\n{content}" if content else title_letters(title)
    digest = sha256_of(hashed.encode("utf-8", "surrogatepass"))
    return f"{slug or 'paper'}-{digest[:hash_length]}"


def short_id(name: str, title: str, n_papers: int) -> str:
    """Return the short form of a paper's id, which finds the paper in a collection of `n_papers`.

    A short id is its own. Another one has the first digits of a SHA-256: for an id made from a title
    those at its end. There are as many digits that hardly two of 200 collections have two papers
    with the same ones.

    title: of the paper, or its abstract
    """
    if is_short(name):
        return name
    length = _HASH_LENGTH
    while 16**length < 100 * n_papers**2 and length < _DIGEST_LENGTH:
        length += 1
    return id_digest(name, title)[:length]


def key_of_citation(written: str) -> str:
    """Return the key under which `index.identifiers` lists a citation key, whose case counts."""
    return f"key:{' '.join(written.split())}"


def is_short(name: str) -> bool:
    """Return whether an id is its own short form: brief, easy to type, and not the number of a result."""
    if len(name) > _SHORT_LENGTH or not _EASY.fullmatch(name):
        return False
    return not (name.isdecimal() and len(name) <= _OF_A_RESULT)


def id_digest(name: str, title: str) -> str:
    """Return the hexadecimal digits of which a short id has the first."""
    made = sha256_of(title_letters(title).encode("utf-8", "surrogatepass"))
    is_made = name.rpartition("-")[2] == made[:_HASH_LENGTH]
    return (made if is_made else sha256_of(name.encode("utf-8", "surrogatepass")))[:_DIGEST_LENGTH]


def _ascii_letters(text: str) -> str:
    """Return the letters and digits of a text in ASCII."""
    return text.encode().translate(None, _ASCII_MARKS).decode()


def _loose(character: str) -> str:
    """Return a character beyond ASCII as a loose key has it: no accent, the name of a Greek letter."""
    if unicodedata.combining(character) and not _is_kept(character):
        return ""
    return _greek_name(character)


def _folded(title: str) -> str:
    """Return `title` without case and compatibility forms."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())


def _is_kept(character: str) -> bool:
    """Return whether a character is a letter, a digit, or a vowel sign that belongs to its letter.

    Accents and the points of Arabic and Hebrew are left out: they may be written or not.
    """
    if character.isalnum():
        return True
    if character.isascii() or unicodedata.category(character) not in ("Mn", "Mc"):
        return False
    order = unicodedata.combining(character)
    is_vowel_sign = order in (0, 7, 8, 9) or 103 <= order <= 132  # Indic, Thai, Lao, Tibetan
    return is_vowel_sign and not "\ufe00" <= character <= "\ufe0f" and character != "\u034f"


def _greek_name(character: str) -> str:
    """Return "alpha" for a Greek letter alpha, and any other character unchanged."""
    if not "\u0391" <= character <= "\u03d6":
        return character
    name = unicodedata.name(character, "")
    return name.rsplit(" ", 1)[-1].lower() if name.startswith("GREEK ") else character
