"""Hugging Face's pages of papers, saved as HTML: the page carries its papers as JSON in an attribute."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import IO, Any

from papersearch.ingest.formats.few_findings import FewFindings
from papersearch.ingest.formats.json_shapes import hugging_face
from papersearch.ingest.formats.json_shapes.fields import Lines
from papersearch.ingest.formats.json_shapes.unread import UnreadFields
from papersearch.ingest.formats.json_values import MAX_VALUE_BYTES, TOO_DEEP, is_deep, parse
from papersearch.ingest.record import Complain, NotADump, Record

NAME = "Daily Papers (HTML)"
ABOUT = "Hugging Face's pages of papers, saved from the browser"

_PAGE = re.compile(rb"\A\s*+(?>(?><!--.{0,2000}?-->)\s*+)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_OF_HUGGING_FACE = re.compile(rb"data-target\s*=\s*[\"']?DailyPapers|hugging ?face", re.IGNORECASE)
_TARGET = b"DailyPapers"
# Possessive, so that a hostile page takes linear time.
_TAG = re.compile(rb"<div((?:\s++[\w:.-]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s<>\"']++))?+)*+)\s*+/?>")
_ATTRIBUTE = re.compile(rb"(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"']++))")


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a web page of Hugging Face."""
    return _PAGE.match(head) is not None and _OF_HUGGING_FACE.search(head) is not None


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of a page in order. Raises NotADump for a page without any."""
    page = stream.read(MAX_VALUE_BYTES)
    if len(page) >= MAX_VALUE_BYTES and stream.read(1):
        complain("text cut", 1, f"only the first {MAX_VALUE_BYTES >> 20} MB of the page are read")
    findings = FewFindings(complain, are_held=True)
    unread = UnreadFields()
    for tag in divs(page):
        given = attributes(tag[1]) if _TARGET in tag[1] else {}
        if given.get(b"data-target") != _TARGET:
            continue
        line = 1 + page.count(b"\n", 0, tag.start())
        for entry in _papers(given.get(b"data-props", b""), line, complain):
            if isinstance(entry, dict) and hugging_face.matches(entry):
                record = hugging_face.read(entry, Lines(line, line))
                findings.release()
                unread.add(hugging_face, entry, record)
                yield record
            else:
                findings.add("not a record", line, "an entry of the page's list without a paper")
    if findings.are_held:
        raise NotADump("a web page of Hugging Face without papers: save the text of the page in a .txt file")
    findings.end()
    unread.report(complain)


def divs(page: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the start tags of `div` elements; their attributes are group 1."""
    return _TAG.finditer(page)


def attributes(written: bytes) -> dict[bytes, bytes]:
    """Return the attributes of an element by name, with their entities."""
    return {
        found[1].lower(): next((value for value in found.groups()[1:] if value is not None), b"")
        for found in _ATTRIBUTE.finditer(written)
    }


def _papers(properties: bytes, line: int, complain: Complain) -> list[Any]:
    """Return the list of papers in the properties of the page's element."""
    value, fault, _ = parse(html.unescape(properties.decode("utf-8", "replace")))
    if fault:
        complain("not valid JSON", line, fault)
    if is_deep(value):
        complain("not a record", line, TOO_DEEP)
        return []
    papers = value.get("dailyPapers") if isinstance(value, dict) else None
    return papers if isinstance(papers, list) else []
