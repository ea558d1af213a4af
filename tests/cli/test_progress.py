"""Progress of a build on a terminal and in a file."""

from __future__ import annotations

import io

import pytest

from papersearch.cli.output.progress import build_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, term: str) -> str:
    """Return the output of two steps of a build on this kind of standard error."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "100")
    with build_progress() as progress:
        progress("reading", 1, 1)
        progress("encoding", 20, 80)
        progress("encoding", 40, 80)
    return stream.getvalue()


def test_a_terminal_sees_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, the bar shows the step and its progress, in colour unless NO_COLOR is set."""
    told = shown(monkeypatch, Terminal(), "xterm-256color")
    assert "encoding" in told
    assert "40/80" in told
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(monkeypatch, Terminal(), "xterm-256color")


@pytest.mark.parametrize(("stream", "term"), [(io.StringIO(), "xterm"), (Terminal(), "dumb")])
def test_elsewhere_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, term: str) -> None:
    """Files and dumb terminals get no progress."""
    assert shown(monkeypatch, stream, term) == ""
