"""Markup in texts of sources: HTML and JATS tags and entities become plain text.

Papers use `<` and `&` for other things than markup: `a < b`, `p<0.05`, `List<T>`, `<EOS>`,
`R&D`. So only elements of the tables below count as tags, those with ordinary names only where they
are closed or have attributes, and only entities with a semicolon are decoded. Everything is decoded
once: `&lt;b&gt;` is a text about the tag `<b>`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from papersearch.text.entities import character_of

_BLOCKS = frozenset(
    # HTML
    "address article aside blockquote body br caption center dd details div dl dt fieldset figcaption figure"
    " footer h1 h2 h3 h4 h5 h6 head header hr html li main nav ol p pre section summary table tbody td tfoot"
    " th thead title tr ul"
    # JATS, and its relatives in other publishers' records
    " abstract abstracttext break copyrightinformation def def-item def-list disp-formula disp-formula-group"
    " disp-quote fig fn fn-group label list list-item para sec section-title simple-para statement subtitle"
    " table-wrap trans-abstract verse-group verse-line"
    # MathML
    " mspace mtable mtr mtd mlabeledtr".split()
)
"""Elements whose tags separate words."""

_INLINE = frozenset(
    # HTML
    "a abbr acronym b bdi bdo big cite code del dfn em font i img ins kbd mark nobr q rb rp rt ruby s samp"
    " small span strike strong sub sup tt u var wbr script style"
    # JATS, Crossref's face markup and relatives
    " abbrev alternatives bold chem-struct email emphasis equationsource ext-link fixed-case inf inline-equation"
    " inline-formula inline-graphic inlineequation institution inter-ref italic list-content monospace"
    " formula named-content ovl overline roman sans-serif sc scp small-caps styled-content subscript superscript"
    " tex tex-math underline uri xref cross-ref"
    # MathML
    " annotation annotation-xml maction math menclose merror mfenced mfrac mglyph mi mmultiscripts mn mo mover"
    " mpadded mphantom mprescripts mroot mrow ms msqrt mstyle msub msubsup msup mtext munder munderover none"
    " semantics".split()
)
"""Elements whose tags are inside words."""

_CERTAIN = frozenset(
    "br div span sub sup em strong li ul ol h1 h2 h3 h4 h5 h6 tbody thead tfoot td th tr blockquote nobr wbr tt"
    " abstracttext copyrightinformation disp-formula disp-formula-group disp-quote equationsource ext-link fn-group"
    " inf inline-formula inline-graphic inlineequation italic bold list-item named-content sc scp small-caps"
    " styled-content tex-math xref annotation-xml".split()
)
"""Elements that nobody writes but as markup, so that one tag without its partner counts."""

_TOKENS = frozenset("s code mark math q var summary".split())
"""Elements whose names are also tokens of models and of programs, as in "between `<s>` and `</s>`"."""

_LETTERS = frozenset("abiu")
"""Elements whose end tag counts without a start: `</b>` is not mathematics, `<b>` may be."""

_DROPPED = frozenset("script style rt rp annotation annotation-xml".split())
"""Elements whose content is not part of the text, or says it a second time."""

_SURE_PREFIXES = frozenset("jats mml m ce sb xhtml html".split())

_TAG = re.compile(
    r"<(?P<slash>/?)(?:(?P<prefix>[A-Za-z][A-Za-z0-9]{0,15}):)?(?P<name>[A-Za-z][A-Za-z0-9-]{0,31})"
    r"(?P<attributes>(?:\s++(?:[A-Za-z_:][\w:.-]*+\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'=<>`]++)"
    r"|(?:nowrap|noshade|hidden|compact|disabled|itemscope)\b))*+)\s*+(?P<empty>/?)>"
)
_ENTITY = re.compile(r"&(?P<entity>#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# No part of the tag's pattern crosses a `<`, so that hostile text takes linear time.
_MARK = re.compile(
    r"(?P<passage><!--|<!\[CDATA\[|<\?(?=[A-Za-z])|<!(?i:DOCTYPE)\b)"
    rf"|{_TAG.pattern}|{_ENTITY.pattern}"
)
_END_OF_PASSAGE = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}

_LINKS = ("a", "ext-link", "uri")
_HREF = re.compile(r"\bhref\s*=\s*[\"']?(https?://[^\s\"'<>]+)")
_FEW_PIECES = 12
"""Most pieces of a link's text that are compared with its address."""

_LAYOUT = " \t\r\n"


@dataclass(slots=True)
class _Piece:
    """A piece of text, or a tag with its text as written.

    partner: the index of the tag that closes or opens this one
    """

    text: str
    name: str = ""
    is_end: bool = False
    is_sure: bool = False
    partner: int | None = None


def without_markup(text: str) -> str:
    """Return `text` with entities decoded and tags removed; mathematics such as `a < b` stays."""
    if "<" not in text:
        return _ENTITY.sub(_decoded, text) if "&" in text else text
    pieces = list(_pieces(text))
    _pair(pieces)
    _doubt(pieces)
    return "".join(_plain(pieces))


def _decoded(match: re.Match[str]) -> str:
    """Return the character of an entity, or an unknown entity as it is written."""
    entity = match["entity"]
    if entity.startswith("#"):
        return html.unescape(match.group())
    return character_of(entity) or match.group()


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield the text in pieces; entities are decoded, comments and declarations are left out."""
    position = 0
    never_closed: set[str] = set()
    for match in _MARK.finditer(text):
        if match.start() < position:
            continue
        end = match.end()
        if match["entity"]:
            piece = _Piece(_decoded(match))
        elif opening := match["passage"]:
            closing = _END_OF_PASSAGE.get(opening, ">")
            found = -1 if closing in never_closed else text.find(closing, end)
            if found < 0:
                never_closed.add(closing)
                continue
            piece = _Piece(text[end:found] if opening == "<![CDATA[" else "")
            end = found + len(closing)
        else:
            tag = _tag(match)
            if tag is None:
                continue
            piece = tag
        if match.start() > position:
            yield _Piece(text[position : match.start()])
        yield piece
        position = end
    if position < len(text):
        yield _Piece(text[position:])


def _tag(match: re.Match[str]) -> _Piece | None:
    """Return the tag of a known element, or None."""
    name = match["name"].lower()
    prefix = (match["prefix"] or "").lower()
    is_prefixed = prefix in _SURE_PREFIXES
    if name not in _BLOCKS and name not in _INLINE and not is_prefixed:
        return None
    is_sure = is_prefixed or name in _CERTAIN or bool(match["attributes"] or match["empty"])
    return _Piece(match.group(), name, bool(match["slash"]), is_sure)


def _pair(pieces: list[_Piece]) -> None:
    """Set the partners of tags: an end tag closes the nearest open tag of its name."""
    opened: dict[str, list[int]] = {}
    for index, piece in enumerate(pieces):
        if not piece.name:
            continue
        if not piece.is_end:
            if not piece.text.endswith("/>"):
                opened.setdefault(piece.name, []).append(index)
        elif waiting := opened.get(piece.name):
            piece.partner = waiting.pop()
            pieces[piece.partner].partner = index


def _doubt(pieces: list[_Piece]) -> None:
    """Make text of the tags that are not surely markup."""
    doubtful: list[_Piece] = []
    has_paragraphs = any(piece.is_sure or (piece.name == "p" and piece.partner is not None) for piece in pieces)
    words_before = [0]
    for piece in pieces:
        has_word = not piece.name and not piece.text.isspace() and any(map(str.isalnum, piece.text))
        words_before.append(words_before[-1] + has_word)
    for index, piece in enumerate(pieces):
        if not piece.name or piece.is_sure:
            continue
        if piece.partner is None:
            # HTML lets a paragraph end without a tag; mathematics has no end tags.
            has_paragraphs |= piece.name == "p" and (piece.is_end or not words_before[index])
            is_markup = has_paragraphs if piece.name == "p" else piece.is_end and piece.name in _LETTERS
        else:
            first, last = sorted((index, piece.partner))
            is_used = words_before[last] > words_before[first] and _touches(
                pieces[first + 1].text, pieces[last - 1].text
            )
            is_markup = is_used or piece.name not in _TOKENS or pieces[piece.partner].is_sure
        if not is_markup:
            doubtful.append(piece)
    for piece in doubtful:
        piece.name = ""


def _touches(first: str, last: str) -> bool:
    """Return whether the content of an element touches one of its tags."""
    return not first[:1].isspace() or not last[-1:].isspace()


def _repeated_formulas(pieces: list[_Piece]) -> set[int]:
    """Return the indexes of formulas in TeX whose alternative in MathML is there too."""
    opened: list[int] = []
    tex_of: dict[int, int] = {}
    with_mathml: set[int] = set()
    for index, piece in enumerate(pieces):
        if piece.name in ("alternatives", "inlineequation"):
            if not piece.is_end and piece.partner is not None:
                opened.append(index)
            elif piece.is_end and opened:
                opened.pop()
        elif opened and piece.name == "math" and not piece.is_end:
            with_mathml.add(opened[-1])
        elif opened and not piece.is_end and (piece.name == "tex-math" or _is_tex(piece)):
            tex_of[index] = opened[-1]
    return {index for index, place in tex_of.items() if place in with_mathml}


def _is_tex(piece: _Piece) -> bool:
    """Return whether a tag opens a formula in TeX: JATS has an element for it, Springer an attribute."""
    return piece.name == "tex-math" or (piece.name == "equationsource" and '"TEX"' in piece.text)


def _plain(pieces: list[_Piece]) -> Iterator[str]:
    """Yield the text of the pieces, with a blank for tags that separate words."""
    repeated = _repeated_formulas(pieces)
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        end = index
        if piece.partner is not None and piece.partner > index:
            end = piece.partner
        if not piece.name:
            yield piece.text
        elif piece.name not in _INLINE:
            yield " "
        elif piece.name in _LINKS and piece.is_end and piece.partner is not None:
            yield _address(pieces, piece.partner, index)
        elif end > index and (piece.name in _DROPPED or index in repeated):
            index = end
        elif end > index and piece.name == "math":
            yield from _formula(pieces, index, end)
            index = end
        elif end > index and _is_tex(piece):
            yield _tex("".join(inner.text for inner in pieces[index + 1 : end]))
            index = end
        index += 1


def _address(pieces: list[_Piece], start: int, end: int) -> str:
    """Return the address of a link in parentheses, or nothing if the link's text says it."""
    found = _HREF.search(pieces[start].text)
    if found is None:
        return ""
    address = _ENTITY.sub(_decoded, found[1])
    is_said = end - start <= _FEW_PIECES and address in "".join(piece.text for piece in pieces[start + 1 : end])
    return "" if is_said else f" ({address})"


def _tex(source: str) -> str:
    """Return a formula in TeX between dollars, freed from the document around it."""
    inside, end, _ = source.partition("\\begin{document}")[2].rpartition("\\end{document}")
    source = (inside if end else source).strip()
    return source if not source or source.startswith(("$", "\\(", "\\[")) else f"${source}$"


def _formula(pieces: list[_Piece], start: int, end: int) -> Iterator[str]:
    """Yield the text of MathML, where blanks beside tags mean nothing; a fraction is written `1/2`."""
    opened: list[_Opened] = []
    index = start
    while (index := index + 1) < end:
        piece = pieces[index]
        has_partner = piece.partner is not None
        if piece.name in _DROPPED and piece.partner is not None and not piece.is_end:
            index = piece.partner
            continue
        if piece.is_end and piece.name:
            yield " " if piece.name in _BLOCKS else ""
            if has_partner and opened:
                yield opened.pop().closing
            continue
        text = "" if piece.name else _token(pieces, index)
        if not piece.name and not text:
            continue
        if opened and opened[-1].is_fraction:
            opened[-1].n_children += 1
            yield "/" if opened[-1].n_children == 2 else ""
        yield text or _opening(piece)
        if piece.name and has_partner:
            opened.append(_Opened(piece.name == "mfrac", ")" if _opening(piece) == "(" else ""))


@dataclass(slots=True)
class _Opened:
    """An open element of a formula."""

    is_fraction: bool
    closing: str
    n_children: int = 0


def _token(pieces: list[_Piece], index: int) -> str:
    """Return the text of a piece without the blanks beside tags."""
    text = pieces[index].text
    if pieces[index - 1].name:
        text = text.lstrip(_LAYOUT)
    return text.rstrip(_LAYOUT) if pieces[index + 1].name else text


def _opening(piece: _Piece) -> str:
    """Return the text that an element of MathML draws before its content."""
    if piece.name == "mfenced":
        return "" if "open=" in piece.text else "("
    if piece.name == "msqrt":
        return "√"
    return " " if piece.name in _BLOCKS else ""
