"""One XML document as the elements that describe papers.

Expat reads it. Entities that a file declares are refused, and external ones are taken for empty: nothing
is fetched. Depth and size of an element are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from papersearch.ingest.formats.xml.tree import Element, local
from papersearch.text.entities import character_of
from papersearch.types import FindingKind

MAX_RECORD_CHARACTERS = 32 << 20
"""Most characters of one element, far beyond any real record; a larger one is reported and skipped."""

_ELEMENT_COST = 160
"""Characters that one element counts for: a tree takes more memory than its text."""

_MAX_DEPTH = 60
_MAX_NAMES = 1000
"""Most names of elements that are kept: they come from the file."""

Ancestors: TypeAlias = tuple[tuple[str, dict[str, str]], ...]
"""Names as written and attributes of the elements around one, from the outermost."""

Fault: TypeAlias = Callable[[FindingKind, int, str], None]


class Layout(NamedTuple):
    """The elements of a format.

    wanted: names of the elements to yield
    skipped: names of elements whose content is passed over
    transparent: names of elements whose content counts as that of the element around them
    may_nest: whether a wanted element may contain another one
    """

    wanted: frozenset[str]
    skipped: frozenset[str] = frozenset()
    transparent: frozenset[str] = frozenset()
    may_nest: bool = False


class _Kind(NamedTuple):
    """What a layout says of the elements of a name."""

    name: str
    is_wanted: bool
    is_skipped: bool
    is_transparent: bool


class Found(NamedTuple):
    """A wanted element and what is around it."""

    element: Element
    ancestors: Ancestors


class Stopped(Exception):
    """A fault that the reader finds itself; the message says what is wrong.

    The parser goes on to the end of its piece, so that the place is kept here.
    """

    def __init__(self, message: str, index: int, line: int) -> None:
        super().__init__(message)
        self.index = index
        self.line = line


class Document:
    """One run of the parser, from the beginning of a document or behind a fault."""

    def __init__(self, layout: Layout, report: Fault, around: Ancestors, first_line: int) -> None:
        self._layout = layout
        self._report = report
        self._line_offset = first_line - 1
        self._opened: list[tuple[str, dict[str, str]]] = []
        self._tree: list[Element] = []
        self._cost = 0
        self._n_skipped = 0
        self._kinds: dict[str, _Kind] = {}
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
        return tuple(self._opened)

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

    def _stop(self, message: str) -> Stopped:
        return Stopped(message, self.parser.CurrentByteIndex, self.line)

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
        self.parser.ExternalEntityParserCreate(context).Parse(b"", True)  # None is the DTD
        return 1

    def _doctype(self, name: str, *_: object) -> None:
        self.doctype = name

    def _declaration(self, *_: object) -> None:
        self.has_declarations = True
        raise self._stop("declares entities")

    def _start(self, written: str, attributes: dict[str, str]) -> None:
        tree = self._tree
        kind = self._kinds.get(written) or self._kind(written)
        if not tree:
            self._start_outside(kind, written, attributes)
        elif self._n_skipped:
            self._n_skipped += 1
        elif kind.is_skipped or len(tree) > _MAX_DEPTH:
            self._n_skipped = 1
        elif kind.is_transparent:
            tree.append(tree[-1])
        elif kind.is_wanted and not self._layout.may_nest:
            raise self._stop(f"<{kind.name}> inside {self.key}, which is not closed")
        else:
            self._cost += _ELEMENT_COST + 2 * _ELEMENT_COST * len(attributes)
            element = Element(kind.name, attributes, 0)
            if self._cost <= MAX_RECORD_CHARACTERS:
                tree[-1].content.append(element)
            else:
                tree[0].content.clear()
            tree.append(element)

    def _start_outside(self, kind: _Kind, written: str, attributes: dict[str, str]) -> None:
        """Open a wanted element, or one around it."""
        self.has_root = True
        if kind.is_wanted:
            self._tree.append(Element(kind.name, attributes, self.line))
            self._cost = 0
            return
        if len(self._opened) >= _MAX_DEPTH:
            raise self._stop(f"elements nested more than {_MAX_DEPTH} deep")
        self._opened.append((written, attributes))

    def _kind(self, written: str) -> _Kind:
        name, layout = local(written), self._layout
        kind = _Kind(name, name in layout.wanted, name in layout.skipped, name in layout.transparent)
        if len(self._kinds) < _MAX_NAMES:
            self._kinds[written] = kind
        return kind

    def _end(self, _: str) -> None:
        tree = self._tree
        if not tree:
            self._opened.pop()
        elif self._n_skipped:
            self._n_skipped -= 1
        else:
            element = tree.pop()
            if not tree:
                self._complete(element)

    def _complete(self, element: Element) -> None:
        element.last_line = self.line
        if self._cost > MAX_RECORD_CHARACTERS:
            self._report("not a record", element.first_line, f"<{element.name}> larger than any record")
        else:
            self.ready.append(Found(element, tuple(self._opened)))

    def _text(self, text: str) -> None:
        if self._tree and not self._n_skipped:
            self._cost += len(text)
            if self._cost <= MAX_RECORD_CHARACTERS:
                self._tree[-1].content.append(text)
            else:
                self._tree[0].content.clear()

    def _entity(self, name: str, is_parameter: bool) -> None:
        """Keep a known entity as its character, and any other as it is written."""
        if is_parameter:
            return
        character = character_of(name)
        if character is None:
            self._report("metadata not understood", self.line, f"entity &{name[:40]}; is not expanded")
        self._text(character or f"&{name};")
