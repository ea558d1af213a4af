r"""LaTeX in texts of sources: accents and special letters become letters, mathematics stays.

Sources mix LaTeX with plain text, so a command counts only where it is surely one: `\d+` of a
regular expression, `C:\Users`, `$5`, `--flag`, sets in braces, unknown commands and their arguments
stay as they are written. So does mathematics between `$`, `$$`, `\(` and `\[`.

Braces go where they hold a command (`{\'e}`, `{\em so}`) or protect capitals inside a word
(`{B}ayesian`). In values of BibTeX every other pair of braces protects capitals, and goes as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from papersearch.text.latex_letters import LETTERS, SIGNS, SYMBOLS, WORDS, accented

_STYLES = frozenset(
    "textit textbf textsc texttt textsf textrm textsl textup textmd textnormal emph underline uline mbox"
    " textsuperscript textsubscript mkbibemph mkbibitalic mkbibbold".split()
)
_QUOTATIONS = frozenset("enquote mkbibquote".split())
_SWITCHES = frozenset(
    "em it bf sc tt sl rm sf itshape bfseries scshape ttfamily slshape rmfamily sffamily upshape mdseries"
    " normalfont small footnotesize large".split()
)
_ESCAPED = frozenset("&%$#_{}")
_LOOK_ALIKES = frozenset("bdrtuh")
r"""Accents that are also escapes of programs (`\d`, `\t`): before a blank they need a letter or brace."""

# Each alternative begins with a literal, and its name follows in a group that may be empty: so the
# search compiles to a scan for a few characters, which takes a fifth of the time.
_TOKEN = re.compile(
    r"\$(?P<display>\$[^$]*+\$\$)"
    r"|\$(?P<dollars>(?:[^$\\]|\\.)++\$)"
    r"|\\(?P<formula>\((?:[^\\]|\\[^()\[\]])*+\\\)|\[(?:[^\\]|\\[^()\[\]])*+\\\])"
    r"|\\(?P<word>[A-Za-z]++)(?P<gap>\s*+)"
    r"|\\(?P<sign>[^A-Za-z])"
    r"|\{(?P<opening>)"
    r"|\}(?P<closing>)"
    r"|:(?P<address>(?:(?<=http:)|(?<=https:)|(?<=ftp:))//(?:\\~\{\}|(?!\\[{}])[^\s{}<>\"])+)"
    r"|:(?P<path>(?<=[A-Za-z]:)(?<![A-Za-z]{2}:)\\(?!textbackslash\{)[^\s{}$]*+)"
    r"|`(?P<quotation>(?<!``)`(?!`)(?=(?:[^`']|'(?!'))++''))"
    r"|'(?P<quoted>'(?!'))"
    r"|-(?P<dash>(?<=[\w})$.'\"]-)--?(?=[\w\\{$(\"`]))"
    r"|~(?P<tie>~*+)",
    re.DOTALL,
)
_LETTER_COMMAND = re.compile(rf"\\({'|'.join(sorted(LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\s+)?")
_COLOURS = ("textcolor", "color")
_COLOUR = re.compile(r"(?:\[[^\[\]{}]*\])?\{[^{}]*\}\s*")
_ARGUMENT = re.compile(r"\{([^{}]*)\}")
_FORMULA = re.compile(r"\\[A-Za-z]{2,}|[\^_]")
_ORDINAL = re.compile(
    r"\s*+(?:\{\})?(\d*+)\s*+\^\s*+\{?\s*+(?:\\(?:mbox|text[a-z]*|mathrm|rm)\b\s*+)?\{?\s*+"
    r"(st|nd|rd|th|[eè]me|[eè]re|er)\s*+\}*+\s*+"
)
_ADDRESS_ESCAPE = re.compile(r"\\([&%$#_~])(?:\{\})?|\$\\sim\$")
_QUOTES_OF_PROGRAMS = {'"': re.compile(r"\\\"(?![^\W\d_]|[{\\]|\Z)"), "'": re.compile(r"\\'(?![^\W\d_]|[{\\]|\Z)")}
r"""Signs of accents before something that takes no accent: `\"so\"` is an escaped quotation."""

_STANDALONE = {SIGNS["~"]: "~", SIGNS["^"]: "^", SIGNS["'"]: "´", SIGNS["`"]: "`", SIGNS['"']: "¨"}
"""Signs for accents on nothing: `\\~{}`."""

_FEW_PIECES = 12
"""Most pieces of a group's content that is looked at; a word with accents has fewer."""

_LAST_WORD = re.compile(r"[^\s~(\[{\"'`]{2,}(?<=[\w.,:;)}\]'\"$])\Z")
_LONGEST_BEFORE_TIE = 40


def without_latex(text: str, *, is_bibtex: bool = False) -> str:
    """Return `text` with LaTeX's accents and special letters as letters; mathematics stays.

    is_bibtex: braces protect capitals, as in values of BibTeX
    """
    # Every text that changes holds one of these; a loop over them would take three times as long.
    if "\\" in text or "{" in text or "~" in text or "--" in text or ("`" in text and "``" in text):
        return _Reader(text, is_bibtex).read()
    return text


@dataclass(slots=True)
class _Group:
    """An open brace.

    start: the index of its text in the output
    mark: the accent on its content
    is_style: the braces belong to a command that changes the look alone
    is_kept: the braces belong to a command that stays
    begins_with_command: its content begins with a command that was understood
    has_letters: its content had accents
    suffix: the text that follows the content
    is_quotation: the content is in quotation marks
    """

    start: int
    mark: str = ""
    is_style: bool = False
    is_kept: bool = False
    begins_with_command: bool = False
    has_letters: bool = False
    suffix: str = ""
    is_quotation: bool = False


class _Reader:
    """A pass over one text. The output is a list of pieces, so that nested braces cost no copies."""

    def __init__(self, text: str, is_bibtex: bool) -> None:
        self._text = text
        self._is_bibtex = is_bibtex
        self._out: list[str] = []
        self._open: list[_Group] = []
        self._position = 0
        self._quotations = 0
        self._argument_stays_at = -1  # where a brace would be an argument of a command that stays
        quotes = _QUOTES_OF_PROGRAMS.items() if "\\" in text else ()
        self._quoted_signs = {sign for sign, pattern in quotes if pattern.search(text)}

    def read(self) -> str:
        """Return the text read."""
        handlers = {
            "display": self._keep,
            "formula": self._formula,
            "dollars": self._dollars,
            "address": self._address,
            "path": self._keep,
            "gap": self._word,
            "sign": self._sign,
            "opening": self._brace,
            "closing": self._brace,
            "quotation": self._quotation,
            "quoted": self._quotation,
            "dash": self._dash,
            "tie": self._tie,
        }
        while match := _TOKEN.search(self._text, self._position):
            self._out.append(self._text[self._position : match.start()])
            self._position = match.end()
            handlers[match.lastgroup or ""](match)
        self._out.append(self._text[self._position :])
        return "".join(self._out)

    def _keep(self, match: re.Match[str]) -> None:
        self._out.append(match.group())

    def _convert(self, value: str, *, is_letter: bool = False) -> None:
        """Write what a command says, and tell the group around it."""
        if self._open:
            group = self._open[-1]
            group.has_letters |= is_letter
            group.begins_with_command |= self._is_at_start(group)
        self._out.append(value)

    def _is_at_start(self, group: _Group) -> bool:
        """Return whether nothing was written since the brace of `group`."""
        return len(self._out) <= group.start + 2 and not any(self._out[group.start + 1 :])

    def _dollars(self, match: re.Match[str]) -> None:
        """Keep mathematics; a price opens none."""
        content = match.group()[1:-1]
        if content[0].isspace() or content[-1].isspace():
            is_formula = not content[0].isdigit() and _FORMULA.search(content) is not None
        else:
            is_formula = not (content[0].isdigit() and self._next().isdigit())
        if self._ordinal(match, content):
            return
        if is_formula:
            self._keep(match)
        else:
            self._out.append("$")
            self._position = match.start() + 1

    def _formula(self, match: re.Match[str]) -> None:
        """Keep mathematics, but not the end of an ordinal number."""
        if not self._ordinal(match, match.group()[2:-2]):
            self._keep(match)

    def _ordinal(self, match: re.Match[str], content: str) -> bool:
        """Write the end of an ordinal number, `4$^{th}$`; return false if this is another formula."""
        found = _ORDINAL.fullmatch(content)
        if found is None or not (found[1] or self._before(match).isdigit()):
            return False
        self._convert(found[1] + found[2])
        return True

    def _before(self, match: re.Match[str]) -> str:
        """Return the character before a match, or an empty text."""
        return self._text[max(match.start() - 1, 0) : match.start()]

    def _next(self) -> str:
        """Return the character that follows, or an empty text."""
        return self._text[self._position : self._position + 1]

    def _address(self, match: re.Match[str]) -> None:
        """Write a web address without its escapes."""
        self._out.append(_plain_address(match.group()))

    def _sign(self, match: re.Match[str]) -> None:
        """Read a backslash and a sign: an accent, an escaped sign, or neither."""
        sign = match["sign"]
        before, after = self._before(match), self._next()
        if sign in SIGNS and sign not in self._quoted_signs and self._accent(match, SIGNS[sign]):
            return
        if sign in _ESCAPED:
            self._convert(sign)
        elif sign.isspace() or (sign == "\\" and not after.strip()) or (sign == "," and _are_words(before, after)):
            self._convert(" ")
        elif not ((sign == "-" or (sign == "/" and self._is_bibtex)) and _are_words(before, after)):
            self._keep(match)

    def _word(self, match: re.Match[str]) -> None:
        """Read a command: an accent, a letter, a sign, a style, an address, or an unknown one."""
        word = match["word"]
        if word in WORDS and self._may_be_accent(match) and self._accent(match, WORDS[word]):
            return
        if word in LETTERS or word in SYMBOLS:
            if self._text.startswith("{}", match.end()) and not match["gap"]:
                self._position += 2
            self._convert(LETTERS.get(word) or SYMBOLS[word], is_letter=word in LETTERS)
        elif word in _STYLES and self._next() == "{":
            self._begin(match.group() + "{", is_style=True)
        elif word in _QUOTATIONS and self._next() == "{":
            self._begin(match.group() + "{", is_style=True)
            self._open[-1].is_quotation = True
        elif word in _SWITCHES and self._open and self._is_at_start(self._open[-1]):
            self._switch(match)
        elif (word in ("url", "href") and self._link(match)) or (word in _COLOURS and self._colour(word)):
            return
        else:
            self._keep(match)
            self._argument_stays_at = self._position

    def _switch(self, match: re.Match[str]) -> None:
        """Leave out a command for the look of its group; write it if the group is never closed."""
        group = self._open[-1]
        if group.mark or group.is_style or group.is_kept:
            self._keep(match)
        else:
            group.is_style = True
            self._out[group.start] += match.group()

    def _may_be_accent(self, match: re.Match[str]) -> bool:
        """Return whether an accent's word is not the escape of a program."""
        if self._next() == "{" or match["word"] not in _LOOK_ALIKES or self._next() == "\\":
            return True
        is_in_braces = bool(self._open) and self._is_at_start(self._open[-1])
        return is_in_braces or self._before(match).isalpha()

    def _accent(self, match: re.Match[str], mark: str) -> bool:
        """Read the letter under an accent; return false if none follows."""
        if self._next() == "{":
            self._begin(match.group() + "{", mark=mark)
            return True
        if command := _LETTER_COMMAND.match(self._text, self._position):
            letter, end = LETTERS[command[1]], command.end()
        else:
            letter, end = self._next(), self._position + 1
        composed = accented(letter, mark)
        if composed is None or len(composed) > 1:  # no such letter exists, so this is something else
            return False
        self._position = end
        self._convert(composed, is_letter=True)
        return True

    def _link(self, match: re.Match[str]) -> bool:
        """Read the address of a link; return false if there is none."""
        word, address = match["word"], _ARGUMENT.match(self._text, self._position)
        if address is None or (word == "href" and self._text[address.end() : address.end() + 1] != "{"):
            return False
        plain = _plain_address(address[1])
        self._position = address.end()
        if word == "href":
            self._begin(f"\\href{address.group()}{{", is_style=True, suffix=plain)
        else:
            # Nothing separates the two in the source, since a link looks different.
            self._convert(f" {plain}" if self._before(match).isalnum() else plain)
        return True

    def _colour(self, word: str) -> bool:
        """Leave out a command for colour; return false if it is written in another way."""
        colour = _COLOUR.match(self._text, self._position)
        if colour is None or (word == "textcolor" and not self._text.startswith("{", colour.end())):
            return False
        self._position = colour.end()
        if word == "textcolor":
            self._begin(f"\\textcolor{colour.group()}{{", is_style=True)
        else:
            self._convert("")
        return True

    def _begin(self, written: str, *, mark: str = "", is_style: bool = False, suffix: str = "") -> None:
        """Open the braces of a command that was understood."""
        if self._open:
            self._open[-1].begins_with_command |= self._is_at_start(self._open[-1])
        self._position += self._next() == "{"
        self._open.append(_Group(len(self._out), mark=mark, is_style=is_style, suffix=suffix))
        self._out.append(written)

    def _brace(self, match: re.Match[str]) -> None:
        """Open a group, or close the last one."""
        if match.lastgroup == "opening":
            is_kept = self._argument_stays_at == match.start() or self._before(match) in ("^", "_")
            self._open.append(_Group(len(self._out), is_kept=is_kept))
            self._out.append("{")
        elif self._open:
            self._close(self._open.pop())
        else:
            self._out.append("}")

    def _close(self, group: _Group) -> None:
        """Write the end of a group, and take back its start where the braces go."""
        content = self._out[group.start + 1 :] if len(self._out) <= group.start + _FEW_PIECES else None
        if group.mark:
            composed = accented("".join(content), group.mark) if content else None
            if composed is None:
                composed = _STANDALONE.get(group.mark) if content is not None and not any(content) else None
            if composed is None:
                self._out.append("}")
            else:
                del self._out[group.start :]
                self._convert(composed, is_letter=True)
        elif group.is_style or self._goes(group, content):
            self._out[group.start] = "“" if group.is_quotation else ""
            if group.is_quotation:
                self._out.append("”")
            if group.is_style and self._text.startswith("{}", self._position):
                self._position += 2
            if group.suffix and not (content and group.suffix == "".join(content)):
                self._out.append(f" ({group.suffix})")
            if self._open:
                self._open[-1].has_letters |= group.has_letters
        else:
            self._out.append("}")
            if group.is_kept:
                self._argument_stays_at = self._position

    def _goes(self, group: _Group, content: list[str] | None) -> bool:
        """Return whether the braces of a group only hold a command or protect capitals."""
        if group.is_kept:
            return False
        if self._is_bibtex or group.begins_with_command:
            return True
        word = "".join(content or ())
        if group.has_letters:
            return word.isalpha()
        return word.isascii() and word.isalpha() and word.isupper() and self._next().islower()

    def _quotation(self, match: re.Match[str]) -> None:
        """Write a quotation mark; a mark without its partner stays."""
        if match.lastgroup == "quotation":
            self._quotations += 1
            self._out.append("“")
        elif self._quotations:
            self._quotations -= 1
            self._out.append("”")
        else:
            self._keep(match)

    def _dash(self, match: re.Match[str]) -> None:
        """Write a dash between words; options of programs and spaced hyphens stay.

        Typewriters write `--` for a dash in a sentence too, so between words in lower case it stays:
        an en dash would make one compound of them.
        """
        if len(match.group()) == 3:
            self._out.append("—")
        elif self._is_bibtex or self._next().isupper() or self._next() == "\\":
            self._out.append("–")
        else:
            self._keep(match)

    def _tie(self, match: re.Match[str]) -> None:
        """Write a blank for a tie between words; "about" and addresses keep their tilde."""
        start = max(match.start() - _LONGEST_BEFORE_TIE, 0)
        word = _LAST_WORD.search(self._text[start : match.start()])
        after = self._next()
        if after.isdigit():
            is_tie = word is not None and not any(map(str.isdigit, word.group()))
        else:
            is_tie = word is not None and (after.isalpha() or after in tuple("$\\({[\"'"))
        self._out.append(" " if is_tie else match.group())


def _are_words(before: str, after: str) -> bool:
    """Return whether two characters are letters or digits."""
    return before.isalnum() and after.isalnum()


def _plain_address(written: str) -> str:
    """Return a web address without LaTeX's escapes."""
    return _ADDRESS_ESCAPE.sub(lambda escape: escape[1] or "~", written)
