"""Keys of `papersearch browse`: the bindings and the help are made from one table.

Keys that terminals and multiplexers keep for themselves have a second key: tmux takes ctrl+b, input
methods ctrl+space, some terminals f1. All but an interrupt wait for what was typed before.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType

from papersearch.cli.tui.filter_words import FILTER_WORDS


class KeyRow(NamedTuple):
    """Keys with one action.

    shown: the keys in the help; empty for keys that it tells in another row
    said: what they do, for the help
    keys, action: as textual names them; empty for keys that belong to the lines to type on
    label: what they do, for the last line of the screen; empty where it leaves them out
    """

    shown: str
    said: str
    keys: str = ""
    action: str = ""
    label: str = ""


SECTIONS: tuple[tuple[KeyRow, ...], ...] = (
    (
        KeyRow("type", 'words to rank by; "a phrase", -word, title:word, author:doe, AND, OR, NOT, word*'),
        KeyRow("paste", "an identifier or address of a paper, or an abstract"),
        KeyRow("ctrl+f", f"filter by {FILTER_WORDS}", "ctrl+f", "filter", "filter"),
        KeyRow("tab", "rank by words and meaning, by words, by meaning; complete a filter"),
        KeyRow("up down", "another paper; also pgup pgdn"),
        KeyRow("shift+up", "scroll the abstract; also shift+down"),
        KeyRow("ctrl+s", "papers similar to this one; escape goes back", "ctrl+s", "similar", "similar"),
    ),
    (
        KeyRow("enter", "take what is marked, or else this paper, and leave"),
        KeyRow(
            "ctrl+t", "mark this paper, or no longer; also ctrl+space", "ctrl+t,ctrl+@,ctrl+space", "mark", "mark"
        ),
        KeyRow("ctrl+y", "copy BibTeX; also ctrl+b", "ctrl+y,ctrl+b", "copy('bibtex')", "BibTeX"),
        KeyRow("ctrl+k", "copy the citation key", "ctrl+k", "copy('key')"),
        KeyRow("ctrl+l", "copy title and address, as Markdown", "ctrl+l", "copy('markdown')"),
        KeyRow("ctrl+o", "read this paper in the web browser", "ctrl+o", "read", "web"),
    ),
    (
        KeyRow("f2", "read, or not yet; also ctrl+r", "f2,ctrl+r", "toggle_read"),
        KeyRow("f3", "tags, with commas between them; also alt+t", "f3,alt+t", "edit('tags')"),
        KeyRow("f4", "a note on this paper; also alt+n", "f4,alt+n", "edit('note')"),
        KeyRow("f5", "this paper answers the query, or does not (--judge FILE); also alt+j", "f5,alt+j", "judge"),
    ),
    (
        KeyRow("escape", "go back; leave with what is marked, as ctrl+q does"),
        KeyRow("ctrl+c", "leave with nothing"),
        KeyRow("f1", "this help, or no longer; also ctrl+g", "f1,ctrl+g", "help", "help"),
    ),
)
"""The keys as the help lists them."""

_HIDDEN = (
    Binding("ctrl+q", "leave", show=False),
    Binding("ctrl+c", "interrupt", show=False, priority=True),
    Binding("up,ctrl+p", "move(-1)", show=False),
    Binding("down,ctrl+n", "move(1)", show=False),
    Binding("pageup", "turn(-1)", show=False),
    Binding("pagedown", "turn(1)", show=False),
    Binding("shift+up", "scroll_preview(-1)", show=False),
    Binding("shift+down", "scroll_preview(1)", show=False),
)

_FOOTER = ("help", "mark", "filter", "similar", "BibTeX", "web")
"""Labels in the order in which a narrow screen leaves them out, the last one first."""


def bindings() -> list[BindingType]:
    """Return the bindings of the application."""
    rows = [row for section in SECTIONS for row in section if row.action]
    order = {label: place for place, label in enumerate(_FOOTER)}
    rows.sort(key=lambda row: order.get(row.label, len(order)))
    return [*map(_binding, rows), *_HIDDEN]


def _binding(row: KeyRow) -> Binding:
    first = row.keys.split(",", 1)[0]
    return Binding(row.keys, row.action, row.label, show=bool(row.label), key_display=first.replace("ctrl+", "^"))
