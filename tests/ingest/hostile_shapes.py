"""Files that make a careless reader take quadratic time: one thing over and over, or nested without end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

ABSTRACT = "We study how lanterns guide moths across a night garden."
_NOTE = b"---\ntitle: Moths\ndoi: 10.5555/a\n"
_RIS = b"TY  - JOUR\nTI  - Moths\n"
_NBIB = b"PMID- 1\nTI  - Moths\n"
_PAGE = b"Get trending papers in your email inbox!\n\n"
_HTML = b"<!doctype html><title>Hugging Face</title>"
_MAIL = b"\\\\\narXiv:2501.00001\nTitle: Moths\n"
_TITLE = b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>"
_TITLE_END = b"</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"

Shape = Callable[[int], bytes]


def _repeated(before: bytes, piece: bytes, after: bytes = b"") -> Shape:
    return lambda size: before + piece * (size // len(piece)) + after


def _nested(before: bytes, opening: bytes, closing: bytes, after: bytes = b"") -> Shape:
    def made(size: int) -> bytes:
        depth = size // len(opening + closing)
        return before + opening * depth + closing * depth + after

    return made


def _numbered(before: bytes, piece: str, after: bytes = b"") -> Shape:
    """Return a shape of pieces with numbers: `#` is the number, `^` the one before it."""

    def made(size: int) -> bytes:
        n = size // (len(piece) + 4)
        return (
            before
            + b"".join(piece.replace("#", f"{i}").replace("^", f"{i - 1}").encode() for i in range(n))
            + after
        )

    return made


def _records(**fields: Any) -> Shape:
    """Return JSON lines in which `#` is the number of the record."""
    return _numbered(b"", json.dumps(fields) + "\n")


def _joined(separator: str, name: str = "Jo D#") -> Shape:
    return _numbered(b'{"title": "Moths", "abstract": "", "authors": "', name + separator, b'Ed Poe"}\n')


def _growing(title: str) -> Shape:
    """Return papers with one DOI, in whose titles a piece is repeated ever more often."""

    def made(size: int) -> bytes:
        n = int((2 * size / len(title)) ** 0.5)
        records = ({"title": f"Moths {title * i}", "abstract": "", "doi": "10.5555/a"} for i in range(n))
        return b"".join(json.dumps(record).encode() + b"\n" for record in records)

    return made


SHAPES: Mapping[str, Shape] = {
    "JSON: lists in lists": _nested(b'{"title": "Moths", "abstract": "", "x": ', b"[", b"]", b"}"),
    "JSON: objects that are not closed": _repeated(b'[{"title": "Moths", "abstract": "", "x": ', b'{"a":'),
    "JSON: answers in answers": _repeated(b"", b'{"papers":['),
    "JSON: objects without a comma": _repeated(b"", b"{}"),
    "JSON: escaped quotation marks outside": _repeated(b'{"title": "Moths"}\n', b'\\"'),
    "JSON: lines of a brace": _repeated(b'{"title": "Moths"}\n', b"{\n"),
    "JSON: many fields": _numbered(b'{"title": "Moths", "abstract": "", ', '"k#": "v", ', b'"z": 1}'),
    "JSON: authors joined by commas": _joined(", "),
    "JSON: authors joined by and": _joined(" and "),
    "JSON: authors with initials": _joined(", ", "Doe#, J."),
    "JSON: one title": _records(title="Moths", abstract=f"{ABSTRACT} #"),
    "JSON: one title, many DOIs": _records(title="Moths", abstract="", doi="10.5555/a#"),
    "JSON: one DOI": _records(title="Moths #", abstract=ABSTRACT, doi="10.5555/a"),
    "JSON: one arXiv id": _records(title="Moths #", abstract=ABSTRACT, arxiv_id="2501.00001"),
    "JSON: one id": _records(id="a", title="Moths #", abstract=ABSTRACT),
    "JSON: untitled": _records(title="", abstract=f"{ABSTRACT} #", doi="10.5555/a"),
    "JSON: titles that begin alike": _growing("a "),
    "JSON: titles with colons": _growing(": a"),
    "JSON: a link of brackets": _repeated(b'{"title": "Moths", "abstract": "https://a.b/', b")", b'"}\n'),
    "BibTeX: a chain of cross-references": _numbered(b"", "@book{k#, title={T#}, crossref={k^}}\n"),
    "BibTeX: cross-references to one": _numbered(
        b"", "@inbook{k#, title={T#}, crossref={z}}\n", b"@book{z, title={Z}}"
    ),
    "BibTeX: macros that double": _numbered(b"", "@string{s#=s^ # s^}\n", b"@misc{a, title = s99}"),
    "BibTeX: macros joined": _repeated(b"@string{s={word}}@misc{a,title=", b"s#", b"s}"),
    "BibTeX: braces": _nested(b"@misc{a,title={", b"{", b"}", b"}}"),
    "BibTeX: braces that are not closed": _repeated(b"@misc{a,title={", b"{"),
    "BibTeX: entries in a value": _repeated(b"@misc{a,title={x},abstract={", b"\n@ a {x", b"}}"),
    "BibTeX: entries in one line": _repeated(b"", b"@misc{a,title={x}}"),
    "BibTeX: starts": _repeated(b"", b"@misc\n", b"{a,title={x}}"),
    "BibTeX: entries without a brace": _repeated(b"@misc{a,title={x}}\n", b"@misc b,\n c=\n"),
    "BibTeX: comments": _repeated(b"", b"@comment{ x\n", b"@misc{a,title={x}}"),
    "BibTeX: empty lines": _repeated(b"@misc{a,title={x}}", b"\n", b"@misc{b,title={y}}"),
    "BibTeX: authors": _numbered(b"@misc{a,title={x},author={", "D#, J and ", b"Poe, Ed}}"),
    "table: columns": _numbered(b"title,abstract", ",c#", b"\n" + b",,,a\n" * 99),
    "table: cells without a name": _repeated(b"title,abstract,doi\n", b"a,"),
    "table: quotation marks": _repeated(b"title,abstract,doi\na,", b'"'),
    "table: a quotation mark in each line": _repeated(b"title,abstract,doi\n", b'a,"x\n'),
    "RIS: authors": _repeated(_RIS, b"AU  - D, J\n", b"ER  - \n"),
    "RIS: lines without a tag": _repeated(_RIS + b"AB  - x\n", b"y\n", b"ER  - \n"),
    "RIS: starts": _repeated(b"", b"TY  - JOUR\n"),
    "nbib: authors": _repeated(_NBIB, b"FAU - D, J\nAU  - D J\n"),
    "XML: elements in elements": _nested(
        b"<PubmedArticleSet><PubmedArticle>", b"<a>", b"</a>", b"</PubmedArticle>"
    ),
    "XML: elements that are not closed": _repeated(b"<PubmedArticleSet>", b"<PubmedArticle>"),
    "XML: faults": _repeated(b"<PubmedArticleSet>", b"<PubmedArticle>&</PubmedArticle>"),
    "XML: unknown entities": _repeated(_TITLE, b"&x;", _TITLE_END),
    "XML: tags in a title": _nested(_TITLE, b"<i>a", b"</i>", _TITLE_END),
    "XML: documents": _repeated(b"", b"<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>"),
    "XML: comments": _repeated(b"", b"<!-- -->", b"<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>"),
    "HTML: tags that are not closed": _repeated(_HTML, b"<div "),
    "HTML: attributes that are not closed": _repeated(_HTML, b'<div a="'),
    "HTML: elements": _repeated(_HTML, b'\n<div data-target="DailyPapers" data-props="{}">'),
    "page: titles": _repeated(_PAGE, b"a\n\n"),
    "page: separators": _repeated(_PAGE, "·\n".encode()),
    "mail: starts": _repeated(b"", b"\\\\\narXiv:2501.00001\n"),
    "mail: further lines": _repeated(_MAIL, b"  a\n"),
    "mail: quotations": _repeated(_MAIL, b"> "),
    "note: lists in lists": _repeated(_NOTE + b"x: ", b"[", b"\n---\n"),
    "note: lines that are not YAML": _repeated(_NOTE, b"a: b: c\n", b"---\n"),
    "note: links that are not closed": _repeated(_NOTE + b'x: "', b"[[a|", b'"\n---\n'),
    "note: headings": _repeated(_NOTE + b"---\n", b"# abstract\n"),
    "line feeds": _repeated(b"", b"\n"),
    "blanks": _repeated(b"", b"\t"),
    "NULs": _repeated(b"", b"\0"),
    "bytes that are not UTF-8": _repeated(b"title,abstract\n", b"\xff"),
}

SIGNS = (
    *r"""{ } {} ( ( [ [] " "" ' \ \" \' \{ \} \\ \a{ \em{ \href{ \$ $ $$ $a & &amp; &# < </""".split(),
    *r"<a <a> <!-- <![CDATA[ ]]> @ @a{ @a{b, % # ~ ^{ -- , ; : | . = ! ? `` http:// 10.5555/a ".split(),
    *"arXiv: a A.B. 2020 é 中 * > ---".split(),
    *(
        " and ",
        "a b ",
        "Doe, J, ",
        "et al. ",
        "\n",
        "\n\n",
        "\r",
        "\t",
        "\0",
        "\x1b[",
        "\u0301",
        "\u200d",
        "\n{",
        "\n@a{b,\n",
    ),
    *("\nTY  - J", "\nAB  - ", "\n---\n", "a=b,", "a={b},", '"a":', "},{", "a: b\n", "- "),
)
"""Signs that mean something in a format or in a text, to be repeated where a value is."""
