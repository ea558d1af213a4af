"""Elements of XML as small trees, and their text as a record needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

_WITHOUT_TAGS = frozenset({"url", "x", "taxon-name", "taxon-name-part"})
"""Elements inside words or sentences that `text.markup` does not know."""


class Element:
    """An element with its attributes and its content in order, and the lines that it covers.

    Names are without prefix; attributes keep theirs.
    """

    __slots__ = ("attributes", "content", "first_line", "last_line", "name")

    def __init__(self, name: str, attributes: Mapping[str, str], first_line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.content: list[str | Element] = []
        self.first_line = first_line
        self.last_line = first_line

    def __iter__(self) -> Iterator[Element]:
        """Yield the elements directly inside."""
        return (part for part in self.content if isinstance(part, Element))

    def get(self, name: str) -> str:
        """Return an attribute, with or without a prefix, or ""."""
        if (found := self.attributes.get(name)) is not None:
            return found
        return next((value for key, value in self.attributes.items() if local(key) == name), "")


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def inner(element: Element | None, *path: str) -> Element | None:
    """Return the first element at a path of names below `element`."""
    for name in path:
        if element is None:
            return None
        for part in element.content:
            if isinstance(part, Element) and part.name == name:
                element = part
                break
        else:
            return None
    return element


def every(element: Element | None, *path: str) -> Iterator[Element]:
    """Yield the elements at a path of names below `element`, in order."""
    if element is None:
        return
    name, *rest = path
    for part in element.content:
        if isinstance(part, Element) and part.name == name:
            if rest:
                yield from every(part, *rest)
            else:
                yield part


def within(element: Element, name: str) -> Iterator[Element]:
    """Yield the elements of a name at any depth below `element`, none inside another."""
    for part in element:
        if part.name == name:
            yield part
        else:
            yield from within(part, name)


def plain(element: Element | None, *path: str) -> str:
    """Return the text of the element at a path, without tags."""
    found = inner(element, *path)
    return "" if found is None else " ".join("".join(_texts(found)).split())


def plain_of_each(element: Element | None, *path: str) -> list[str]:
    """Return the texts of all elements at a path, without empty ones."""
    return [text for found in every(element, *path) if (text := plain(found))]


def markup(element: Element | None, *path: str, dropped: frozenset[str] = frozenset()) -> str:
    """Return the content of the element at a path as XML, for `text.markup` to read.

    Elements get a prefix that makes them certain, so that none is taken for mathematics.
    """
    found = inner(element, *path)
    if found is None:
        return ""
    if len(found.content) == 1 and isinstance(text := found.content[0], str):  # the common case
        return escaped(text).strip()
    return "".join(_written(found, dropped)).strip()


def escaped(text: str) -> str:
    """Return plain text as it is written in XML."""
    return escape(text, quote=False)


def _texts(element: Element) -> Iterator[str]:
    for part in element.content:
        if isinstance(part, str):
            yield part
        else:
            yield from _texts(part)


def _written(element: Element, dropped: frozenset[str]) -> Iterator[str]:
    for part in element.content:
        if isinstance(part, str):
            yield escaped(part)
        elif part.name in _WITHOUT_TAGS:
            yield from _written(part, dropped)
        elif part.name not in dropped:
            attributes = "".join(
                f' {local(name)}="{escape(value)}"'
                for name, value in part.attributes.items()
                if value and not name.startswith("xmlns")
            )
            yield f"<jats:{part.name}{attributes}>"
            yield from _written(part, dropped)
            yield f"</jats:{part.name}>"
