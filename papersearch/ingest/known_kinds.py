"""Kinds of files that are known and not read: their marks, their names, and the way out of each.

To read a kind, add its format to `formats/` and remove its line here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_EXPORT = "export its papers as BibTeX or RIS"
_CONVERT = "convert it to BibTeX, RIS or CSL-JSON"
_TO_LINES = "save it as JSON lines, one paper a line"
_TO_ABSTRACTS = "add columns named title and abstract"
_SAVE_TEXT = "save the text of the page in a .txt file"
_UNPACK = "unpack it first"
_NO_TEXT = "no text can be read from it"
_WITH_DATABASE = "its database is read with it"
_ZIP = "a zip archive"
_AS_RIS = "export its papers as RIS"
_ITS_BIB = "give the .bib file that it was made from"
_FEEDS = "it lists feeds, not papers"
_CITE = "add its reference as BibTeX, RIS or CSL-JSON"

# Possessive, because the number of ways to divide a run of comments doubles with each.
_PROLOGUE = rb"\A(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>)*+"


class _Kind(NamedTuple):
    """A kind of file: a pattern that its first bytes match, what it is, and what to do with it."""

    mark: re.Pattern[bytes]
    what: str
    advice: str


def kind_of(head: bytes) -> str | None:
    """Return what a file that begins with `head` is and what to do with it, or None if it is unknown."""
    text = head.lstrip()
    if _XML.match(text):
        return _described(_first(_XML_KINDS, text))
    found = _first(_BINARY_KINDS, head)
    if found is None and b"\0" not in head:
        found = _first(_TEXT_KINDS, text)
    return _described(found) if found else None


def unread_kinds() -> dict[str, str]:
    """Return what to do with each kind of file that is not read."""
    return {kind.what: kind.advice for kind in (*_BINARY_KINDS, *_XML_KINDS, *_TEXT_KINDS) if kind.what != _ZIP}


def is_zip(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a zip archive, and not a document in that form."""
    if not head.startswith(b"PK"):
        return False
    found = _first(_BINARY_KINDS, head)
    return found is not None and found.what == _ZIP


def _described(kind: _Kind | None) -> str:
    what, advice = (kind.what, kind.advice) if kind else ("XML of an unknown kind", _CONVERT)
    return f"{what}, which is not read: {advice}"


def _first(kinds: Sequence[_Kind], head: bytes) -> _Kind | None:
    return next((kind for kind in kinds if kind.mark.search(head)), None)


def _begins(pattern: bytes, what: str, advice: str) -> _Kind:
    """Make a kind whose files begin with `pattern`."""
    return _Kind(re.compile(rb"\A(?:%s)" % pattern, re.DOTALL | re.MULTILINE), what, advice)


def _has_line(pattern: bytes, what: str, advice: str) -> _Kind:
    """Make a kind with a line that begins with `pattern`, after any other lines."""
    return _Kind(re.compile(rb"^[ \t]*(?:%s)" % pattern, re.MULTILINE | re.IGNORECASE), what, advice)


def _has_element(pattern: bytes, what: str, advice: str) -> _Kind:
    """Make a kind of XML whose first element, with or without a prefix, has a name like `pattern`."""
    return _Kind(
        re.compile(rb"%s<(?:[\w.-]+:)?(?:%s)" % (_PROLOGUE, pattern), re.DOTALL | re.IGNORECASE), what, advice
    )


_BINARY_KINDS: tuple[_Kind, ...] = (
    _Kind(re.compile(rb"\A.{0,1024}?%PDF-\d", re.DOTALL), "a PDF", _CITE),
    _begins(rb"\x37\x7f\x06[\x82\x83]|\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "a journal of SQLite", _WITH_DATABASE),
    _begins(rb"PK\x03\x04.{26}mimetypeapplication/epub", "an EPUB book", _NO_TEXT),
    _begins(
        rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet", "an ODS table", _TO_LINES
    ),
    _begins(rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", "an OpenDocument file", _SAVE_TEXT),
    _begins(rb"PK\x03\x04.*?xl/", "an Excel table", _TO_LINES),
    _begins(rb"PK\x03\x04.*?word/", "a Word document", _SAVE_TEXT),
    _begins(rb"PK\x03\x04.*?ppt/", "a PowerPoint file", _NO_TEXT),
    _begins(rb"PK\x03\x04.*?\[Content_Types\]\.xml", "an Office document", _SAVE_TEXT),
    _begins(rb"PK\x03\x04.*?\.npy", "arrays of NumPy", _NO_TEXT),
    _begins(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", _ZIP, _UNPACK),
    _begins(rb".{257}ustar", "a tar archive", _UNPACK),
    _begins(rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    _begins(rb"Rar!\x1a\x07", "a rar archive", _UNPACK),
    _begins(rb"\x04\x22\x4d\x18|\x1f[\x9d\xa0]|LZIP", "a file compressed in another way", _UNPACK),
    _begins(rb"\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\0|\x28\xb5\x2f\xfd", "a file compressed twice", "unpack it once"),
    _begins(rb"ARROW1|\xff\xff\xff\xff.{3}\0\x10\0\0\0", "an Arrow table", _TO_LINES),
    _begins(rb"Obj\x01", "an Avro table", _TO_LINES),
    _begins(rb"ORC", "an ORC table", _TO_LINES),
    _begins(rb"\x89HDF\r\n\x1a\n", "an HDF5 file", _TO_LINES),
    _begins(rb"\x93NUMPY", "an array of NumPy", _NO_TEXT),
    _begins(rb"\x80[\x02-\x05](?:\x95|[\]}(cqX])", "a pickle of Python", _TO_LINES),
    _begins(
        rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF.{4}WEBP|.{4}ftyp(?:heic|avif|mif1)",
        "an image",
        _NO_TEXT,
    ),
    _begins(rb"AT&TFORM", "a DjVu document", _CITE),
    _begins(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", _SAVE_TEXT),
    _begins(rb"%!PS", "a PostScript document", _CITE),
    _begins(rb"\{\\rtf", "a rich text document", _SAVE_TEXT),
)

_XML = re.compile(rb"\A(?:<\?xml|<!--|<!DOCTYPE|<[A-Za-z][\w.:-]*(?:\s+[\w.:-]+\s*=|\s*/?>))", re.IGNORECASE)
_XML_KINDS: tuple[_Kind, ...] = (
    _begins(rb"<!doctype\s+html\b", "a web page", _SAVE_TEXT),
    _has_element(rb"(?:html|head|body|div|meta|title|script|table|p)\b", "a web page", _SAVE_TEXT),
    _has_element(rb"modsCollection|mods\b", "MODS XML", _CONVERT),
    _has_element(rb"mets\b", "METS XML", _CONVERT),
    _has_element(rb"(?:collection|record|searchRetrieveResponse)\b.{0,2000}?MARC21/slim", "MARC XML", _CONVERT),
    _has_element(rb"resource\b.{0,400}?datacite\.org", "DataCite XML", _CONVERT),
    _has_element(rb"Sources\b.{0,400}?/bibliography", "a list of sources of Word", _CONVERT),
    _has_element(rb"context-objects\b", "OpenURL XML", _CONVERT),
    _has_element(rb"opml\b", "OPML", _FEEDS),
    _has_element(rb"feed\b", "an Atom feed", _CONVERT),
    _has_element(rb"RDF\b.*?zotero", "Zotero RDF", _EXPORT),
    _has_element(rb"RDF\b", "RDF", _CONVERT),
    _has_element(rb"rss\b", "an RSS feed", _CONVERT),
    _has_element(rb"dblp\b", "DBLP's XML", _CONVERT),
    _has_element(rb"TEI\b", "TEI XML", _CONVERT),
    _has_element(rb"svg\b", "an SVG image", _NO_TEXT),
)

_HEADER = rb"(?:[\w \"'#()./-]*[,;\t])*[\"']?(?:doi|abstract)[\"']?[ ]*(?:[,;\t]|\r?$)"
_HAYAGRIVA = (
    rb"[\"']?(?i:article|chapter|entry|anthos|anthology|report|thesis|web|patent|case|manuscript|misc|proceedings|book"
    rb"|blog|conference|repository|video)\b"
)
_TEXT_KINDS: tuple[_Kind, ...] = (
    _begins(rb"%0 [A-Z]|(?:%[0A-Z](?: [^\n]*)?\r?\n){2}", "an EndNote file (refer)", _CONVERT),
    _begins(rb"(?:\w[\w-]*:[^\n]*\n|[# \t-][^\n]*\n|\r?\n)*?cff-version:", "a CITATION.cff file", _CONVERT),
    _begins(rb"<\d+\. ?>\s+[A-Z]{2} +- |VN +- Ovid", "Ovid's tagged text", _AS_RIS),
    _begins(rb"RT [A-Z][^\n]*\n(?:[A-Z][A-Z0-9] [^\n]*\n)*?(?:SR|A1|T1) ", "RefWorks tagged text", _AS_RIS),
    _begins(rb"\d{5}[acdnp][a-z]{2}[ a-z0-9]{2}2200\d{3}", "MARC", _CONVERT),
    _begins(rb"(?s:.{0,4000}?)^\\begin\{thebibliography\}", "a bibliography as LaTeX prints it", _ITS_BIB),
    _begins(rb"- [^\n]*<!-- paper_id: \S+ -->", "a list of papers in Markdown", _EXPORT),
    _begins(rb"% \$ biblatex ", "a bibliography as LaTeX prints it", _ITS_BIB),
    _begins(rb"(?>#[^\n]*\n|\s)*+[\w.:/+-]+:[ \t]*\r?\n[ \t]+type:[ \t]*%s" % _HAYAGRIVA, "hayagriva", _CONVERT),
    _begins(
        rb"(?>#[^\n]*\n)*+(?=(?s:.{0,4000}?)^title:)(?=(?s:.{0,4000}?)^(?:author|doi|year)s?:)[\w-]+:",
        "YAML",
        _CONVERT,
    ),
    _begins(rb"(?>%[^\n]*\n|\s+)*+\\documentclass", "a LaTeX document", _CITE),
    _Kind(
        re.compile(rb"\A(?:sep=.\r?\n)?%s" % _HEADER, re.IGNORECASE | re.MULTILINE),
        "a table without titles (CSV or TSV)",
        _TO_ABSTRACTS,
    ),
)
