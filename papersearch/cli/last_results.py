"""The results that were shown last in this terminal, so that `show 3` means the third of them.

They are kept in a file for each terminal session, and never looked for in another one: the name of
the file is made from the controlling terminal and the leader of its session. PAPERSEARCH_SESSION
names a session in their place. Results are kept after they are printed, where a terminal shows them as a
table, or in any format of a named session.

The file is private and small. Nothing is trusted that is read from it: ids are looked up in the
index that a command has opened.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from papersearch.cli.errors import CommandError, typed
from papersearch.cli.locations import user_folder
from papersearch.cli.output.printer import SESSION_VARIABLE
from papersearch.private_files import read_private, remove_old, write_private
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import Results

_VERSION = 1
_MOST_PAPERS = 999
_LONGEST_TEXT = 300
_MOST_BYTES = 1 << 20
_KEPT_DAYS = 30
_MOST_FILES = 200
_FAILURES = (OSError, ValueError, RuntimeError, TypeError)
"""Failures of a state folder, or of finding one: none of them may end a command.

orjson raises TypeError for a path that is not UTF-8.
"""


class ShownPaper(NamedTuple):
    """A paper among the last results."""

    paper_id: str
    short_id: str
    title: str


class LastResults(NamedTuple):
    """The last results of a session.

    place: the index, by its whole path or the address of its server
    query: empty for papers similar to others
    """

    place: str
    query: str
    papers: Sequence[ShownPaper]


def keep(opened: Index, answers: Sequence[Results]) -> None:
    """Keep what was printed, so that a number can mean it later. Of several answers at once none is kept.

    A failure is ignored: the results have been printed.
    """
    with suppress(*_FAILURES):
        path = _path()
        if path is None:
            return
        if len(answers) != 1:
            path.unlink(missing_ok=True)
            return
        hits = answers[0].hits[:_MOST_PAPERS]
        papers = [ShownPaper(hit.paper.paper_id, hit.short_id, hit.paper.title[:_LONGEST_TEXT]) for hit in hits]
        query = answers[0].query if answers[0].reading is not None else ""
        _write(path, LastResults(place_of(opened), query, papers))
        remove_old(path.parent, path, _MOST_FILES, _KEPT_DAYS)


def find() -> LastResults | None:
    """Return the last results of this session; None if there are none that can be read."""
    with suppress(*_FAILURES, KeyError):  # a file may hold anything
        path = _path()
        if path is not None:
            return _read(path)
    return None


def id_of(number: int, opened: Index) -> str:
    """Return the id of a paper by its number in the last results of this terminal.

    Raises CommandError where the number means no paper of this index.
    """
    from papersearch.errors import PaperLookupError

    what, last = f"cannot find result {number}", find()
    if last is None:
        raise CommandError(f"{what}: no search of this terminal is kept", 'papersearch "pipeline bubbles"')
    if last.place != place_of(opened):
        raise CommandError(
            f"{what} in this index: the last search of this terminal was in another one",
            typed("name that one: --index", last.place),
        )
    again = typed("papersearch search --", last.query) if last.query else ""
    if number > len(last.papers):
        had = amount(len(last.papers), "result") if last.papers else "no results"
        raise CommandError(f"{what}: the last search had {had}", again)
    paper_id = last.papers[number - 1].paper_id
    with suppress(PaperLookupError):
        if opened.paper(paper_id).paper_id == paper_id:
            return paper_id
    raise CommandError(f"{what}: {paper_id} is not in the collection any more", again)


def place_of(opened: Index) -> str:
    """Return the whole path of an index, or the address of its server."""
    from papersearch.remote.addresses import address_in

    return opened.place if address_in(opened.place) is not None else os.path.realpath(opened.place)


def _path() -> Path | None:
    """Return the file of this session; None where the session is unknown."""
    session = _session()
    if session is None:
        return None
    from papersearch.checksums import sha256_of

    folder = user_folder("state") / "results"
    return folder / f"{sha256_of(session.encode('utf-8', 'surrogateescape'))[:32]}.json"


def _session() -> str | None:
    """Return what no other terminal session has, on this machine or another with the same home folder."""
    if named := os.environ.get(SESSION_VARIABLE):
        return f"named {named}"
    if not hasattr(os, "getsid"):
        return None
    found = _of_linux() if Path("/proc/self/stat").exists() else _of_unix()
    return None if found is None else f"{os.uname().nodename} {found}"


def _of_linux() -> str | None:
    """Return the controlling terminal, the session, its leader's start and the boot; None without a terminal."""
    _, _, _, session, terminal = _status("self")[:5]
    if terminal == "0" or session == "0":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{terminal} {session} {_status(session)[19]} {boot}"


def _status(process: str) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on, the state (proc(5)); a name may hold anything."""
    return Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()


def _of_unix() -> str | None:
    """Return terminal, session and its leader's start, as far as the standard streams and `ps` tell."""
    import subprocess

    session = os.getsid(0)
    terminal = next((os.ttyname(stream) for stream in range(3) if os.isatty(stream)), None)
    if terminal is None:
        return None
    asked = ["/bin/ps", "-o", "lstart=", "-p", str(session)]
    try:
        done = subprocess.run(asked, capture_output=True, encoding="utf-8", errors="replace", timeout=5)  # noqa: S603  # a fixed program, and a number
    except subprocess.SubprocessError:
        return None
    started = done.stdout.strip()
    return f"{terminal} {session} {started}" if started else None


def _write(path: Path, results: LastResults) -> None:
    """Replace the file of a session. Raises OSError."""
    import orjson

    papers = [tuple(paper) for paper in results.papers]
    fields = {"version": _VERSION, "place": results.place, "query": results.query, "papers": papers}
    write_private(path, orjson.dumps(fields))


def _read(path: Path) -> LastResults | None:
    """Read a file that nobody else has written. Raises OSError, ValueError, TypeError or KeyError."""
    import orjson

    content = read_private(path, _MOST_BYTES, _KEPT_DAYS)
    if content is None:
        return None
    fields: Any = orjson.loads(content)
    if fields["version"] != _VERSION or not all(isinstance(fields[name], str) for name in ("place", "query")):
        return None
    papers = [ShownPaper(*each) for each in fields["papers"][:_MOST_PAPERS]]
    if not all(isinstance(text, str) and len(text) <= _MOST_BYTES for paper in papers for text in paper):
        return None
    return LastResults(fields["place"], fields["query"], papers)
