"""A stream of XML as the elements that describe papers, in bounded memory.

Expat reads the file. A fault costs the element around it: reading goes on behind its end tag, or at
the next element of its kind. Entities that a file declares are not expanded: a file that
declares any is read on from its first element, by a parser that has not seen the declarations.
Nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.entities import html5
from typing import IO, NamedTuple, TypeAlias
from xml.parsers import expat
from xml.parsers.expat import errors
from xml.sax.saxutils import quoteattr

from papersearch.ingest.formats.xml.encodings import in_utf8
from papersearch.ingest.formats.xml.tree import Element, local
from papersearch.types import FindingKind

MAX_RECORD_CHARACTERS = 32 << 20
"""Most characters of one element, far beyond any real record; a larger one is reported and skipped."""

_ELEMENT_COST = 160
"""Characters that one element counts for: a tree takes more memory than its text."""

_MAX_DEPTH = 60
_MAX_FAULTS = 1000
_ENTITY = re.compile(r"&(\w{1,32});")
_MOST_BYTES_OF_TAG = 300

_NEXT_DOCUMENT = {
    errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT],
    errors.codes[errors.XML_ERROR_MISPLACED_XML_PI],
}

Ancestors: TypeAlias = tuple[tuple[str, dict[str, str]], ...]
"""Names as written and attributes of the elements around one, from the outermost."""

Fault: TypeAlias = Callable[[FindingKind, int, str], None]


class Layout(NamedTuple):
    """The elements of a format.

    wanted: names of the elements to yield
    skipped: names of elements whose content is passed over
    may_nest: whether a wanted element may contain another one
    """

    wanted: frozenset[str]
    skipped: frozenset[str] = frozenset()
    may_nest: bool = False


class Found(NamedTuple):
    """A wanted element and what is around it."""

    element: Element
    ancestors: Ancestors


class _Stop(Exception):
    """A fault that the reader finds itself; the message says what is wrong."""


class _Document:
    """One run of the parser, from the beginning of a document or behind a fault."""

    def __init__(self, layout: Layout, report: Fault, around: Ancestors, first_line: int) -> None:
        self._layout = layout
        self._report = report
        self._line_offset = first_line - 1
        self._around = around
        self._opened: list[tuple[str, dict[str, str]]] = []
        self._tree: list[Element] = []
        self._cost = 0
        self._n_skipped = 0
        self.ready: list[Found] = []
        self.has_declarations = False
        self.doctype: str | None = None
        self.has_root = False
        self.parser = self._new_parser()
        self.n_added = 0
        for name, attributes in around:
            written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
            tag = f"<{name}{written}>".encode()
            self.parser.Parse(tag, False)
            self.n_added += len(tag)

    @property
    def is_inside(self) -> bool:
        """Whether a wanted element is open."""
        return bool(self._tree)

    @property
    def around(self) -> Ancestors:
        """The elements around the open wanted element, or all open elements."""
        n_inside = len(self._tree) + self._n_skipped
        return tuple(self._opened[: len(self._opened) - n_inside] if self._tree else self._opened)

    @property
    def open_name(self) -> str:
        """The name of the open wanted element."""
        return self._tree[0].name

    @property
    def key(self) -> str:
        """A short description of the open wanted element."""
        return f"<{self.open_name}> that begins in line {self._tree[0].first_line}" if self._tree else ""

    @property
    def line(self) -> int:
        """The line that the parser has come to."""
        return self.parser.CurrentLineNumber + self._line_offset

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.SkippedEntityHandler = self._entity
        parser.EntityDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        # An external subset that is read as empty makes expat pass over the names of unknown
        # entities, such as HTML's, in place of stopping there.
        parser.UseForeignDTD(True)
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
        parser.ExternalEntityRefHandler = self._external
        return parser

    def _external(self, context: str | None, *_: str | None) -> int:
        """Take any external entity for an empty one."""
        self.parser.ExternalEntityParserCreate(context).Parse(b"", True)  # type: ignore[arg-type]  # None is the DTD
        return 1

    def _doctype(self, name: str, *_: object) -> None:
        self.doctype = name

    def _declaration(self, *_: object) -> None:
        self.has_declarations = True
        raise _Stop("declares entities")

    def _start(self, written: str, attributes: dict[str, str]) -> None:
        self.has_root = True
        name = local(written) if ":" in written else written
        tree = self._tree
        if not tree:
            if len(self._opened) >= _MAX_DEPTH:
                raise _Stop(f"elements nested more than {_MAX_DEPTH} deep")
            self._opened.append((written, attributes))
            if name in self._layout.wanted:
                tree.append(Element(name, attributes, self.line))
                self._cost = 0
            return
        if name in self._layout.wanted and not self._layout.may_nest:
            raise _Stop(f"<{name}> inside {self.key}, which is not closed")
        self._opened.append((written, {}))
        if self._n_skipped or name in self._layout.skipped or len(tree) > _MAX_DEPTH:
            self._n_skipped += 1
            return
        self._pay(_ELEMENT_COST + 2 * len(attributes) * _ELEMENT_COST)
        element = Element(name, attributes, 0)
        if self._cost <= MAX_RECORD_CHARACTERS:
            tree[-1].content.append(element)
        tree.append(element)

    def _end(self, name: str) -> None:
        self._opened.pop()
        if self._n_skipped:
            self._n_skipped -= 1
            return
        if not self._tree:
            return
        element = self._tree.pop()
        if not self._tree:
            element.last_line = self.line
            if self._cost > MAX_RECORD_CHARACTERS:
                self._report("not a record", element.first_line, f"<{element.name}> larger than any record")
            else:
                self.ready.append(Found(element, tuple(self._opened)))

    def _text(self, text: str) -> None:
        if self._tree and not self._n_skipped:
            self._pay(len(text))
            if self._cost <= MAX_RECORD_CHARACTERS:
                self._tree[-1].content.append(text)

    def _pay(self, cost: int) -> None:
        self._cost += cost
        if self._cost > MAX_RECORD_CHARACTERS:
            self._tree[0].content.clear()

    def _entity(self, name: str, is_parameter: bool) -> None:
        """Keep an entity of HTML as its character, and any other as it is written."""
        if is_parameter:
            return
        character = html5.get(f"{name};")
        if character is None:
            self._report("metadata not understood", self.line, f"entity &{name[:40]}; is not expanded")
        self._text(character or f"&{name};")


class _Window:
    """The last bytes of a stream, so that reading can go back behind a fault."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.taken = b""
        self.start = 0
        self.line = 1
        self.is_ended = False

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.start + len(self.taken)

    def advance(self, keep: int) -> bool:
        """Read one more piece, and forget what comes before the offset `keep`."""
        n_forgotten = min(max(keep - self.start, 0), len(self.taken))
        self.line += self.taken.count(b"\n", 0, n_forgotten)
        self.taken = self.taken[n_forgotten:]
        self.start += n_forgotten
        piece = next(self._pieces, None)
        if piece is None:
            self.is_ended = True
            return False
        self.taken += piece
        return True

    def line_at(self, offset: int) -> int:
        """Return the line of an offset inside the window."""
        return self.line + self.taken.count(b"\n", 0, offset - self.start)

    def find(self, pattern: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        """Return the first match from `start` on, reading as far as needed."""
        start = max(start, self.start)
        while True:
            if found := pattern.search(self.taken, start - self.start):
                return found
            start = max(start, self.end - _MOST_BYTES_OF_TAG)
            if not self.advance(start):
                return None


def elements(stream: IO[bytes], head: bytes, layout: Layout, report: Fault) -> Iterator[Found]:
    """Yield the wanted elements of a file in order; report what cannot be read.

    Documents that were joined into one file are read one after the other.
    """
    window = _Window(in_utf8(stream, head, report))
    document = _Document(layout, report, (), 1)
    offset = 0  # of the next byte to parse
    base = 0  # of the first byte of this document
    n_faults = 0
    has_said = False
    while True:
        if offset >= window.end and not window.advance(min(offset, window.end - _MOST_BYTES_OF_TAG * 4)):
            break
        try:
            document.parser.Parse(window.taken[offset - window.start :], False)
            offset = window.end
            fault = None
        except (expat.ExpatError, _Stop) as error:
            fault = error
        yield from document.ready
        document.ready.clear()
        if fault is None:
            continue
        place = max(base + _index(document, fault) - document.n_added, window.start)
        line = document.line
        code = getattr(fault, "code", 0)
        around: Ancestors = ()
        if code in _NEXT_DOCUMENT and not document.is_inside and not document.around:
            found = window.find(re.compile(rb"<[?!]?[A-Za-z]"), place)
            if found is None:
                break
            place = window.start + found.start()
        else:
            if document.has_declarations:
                if not has_said:
                    report("metadata not understood", line, "the file declares entities, which are not expanded")
                    has_said = True
            else:
                n_faults += 1
                what = _described(fault)
                where = f"{document.key}: " if document.is_inside else ""
                report("not a record" if document.is_inside else "file damaged", line, f"{where}{what}")
                if n_faults >= _MAX_FAULTS:
                    report("file damaged", line, f"{n_faults:,} faults; the rest is not read")
                    return
            around = document.around
            resumed = _resume(window, document, layout, max(place - 2, base + 1))  # an end tag's fault is at its name
            if resumed is None:
                return
            place = resumed
        base = offset = place
        document = _Document(layout, report, around, window.line_at(place))
    yield from _finish(document, report)


def _finish(document: _Document, report: Fault) -> Iterator[Found]:
    """Yield what the end of the file completes; report a file that is cut."""
    try:
        document.parser.Parse(b"", True)
    except (expat.ExpatError, _Stop) as error:
        if document.has_root and document.n_added == 0 and not document.around and not document.is_inside:
            return
        inside = f" inside {document.key}" if document.is_inside else ""
        report("file damaged", document.line, f"it ends{inside} ({_described(error)}); what came before is kept")
    yield from document.ready


def _index(document: _Document, fault: Exception) -> int:
    if isinstance(fault, _Stop):
        return int(document.parser.CurrentByteIndex)
    return int(document.parser.ErrorByteIndex)


def _described(fault: Exception) -> str:
    return expat.ErrorString(fault.code) or "" if isinstance(fault, expat.ExpatError) else str(fault)


def _resume(window: _Window, document: _Document, layout: Layout, place: int) -> int | None:
    """Return the offset at which reading goes on after a fault, or None at the end of the file."""
    if document.has_declarations and document.doctype and not document.has_root:
        root = re.compile(rb"<%s(?=[\s/>])" % re.escape(document.doctype.encode()))
        found = window.find(root, place)
        return window.start + found.start() if found else None
    names = b"|".join(re.escape(name.encode()) for name in sorted(layout.wanted))
    start = rb"<(?:[\w.-]{1,60}:)?(?:%s)(?=[\s/>])" % names
    if not document.is_inside:
        found = window.find(re.compile(start), place)
        return window.start + found.start() if found else None
    end = rb"(?P<end></(?:[\w.-]{1,60}:)?%s\s{0,99}>)" % re.escape(document.open_name.encode())
    found = window.find(re.compile(rb"%s|%s" % (end, start)), place)
    if found is None:
        return None
    return window.start + (found.end() if found["end"] else found.start())
