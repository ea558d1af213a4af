"""Copying: which program takes a text, what it is given, and what a terminal is sent instead."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.cli.errors import CommandError
from papersearch.cli.output import clipboard
from tests.conftest import PATIENCE_S, Run, command_environment, wait_until

NEEDED = {
    "wl-copy": {"WAYLAND_DISPLAY": "wayland-0"},
    "xclip": {"DISPLAY": ":0"},
    "xsel": {"DISPLAY": ":0"},
    "pbcopy": {},
    "clip.exe": {},
    "tmux": {"TMUX": "/tmp/tmux-0/default,1,0"},
}
"""Programs, the preferred one first, with the variables without which they cannot work."""

VARIABLES = ("WAYLAND_DISPLAY", "DISPLAY", "TMUX", "STY", "TERM", "SSH_CONNECTION", "SSH_TTY")
HOSTILE = "Ünïcode 🙂 \x1b]52;c;ZXZpbA==\x07 $(touch pwned) `x` \\ 'q' \"d\"\n\n%s\t-o /tmp/x\n"

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make programs, alone on PATH, that write their input to a file beside them and end with a code."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def make(name: str, code: int = 0) -> Path:
        script = folder / name
        script.write_text(f'#!/bin/sh\n/bin/cat > "$0.input"\necho noise; echo noise >&2\nexit {code}\n')
        script.chmod(0o755)
        for variable, value in NEEDED[name].items():
            monkeypatch.setenv(variable, value)
        return folder / f"{name}.input"

    return make


class Screen(io.StringIO):
    """A terminal that keeps what is written on it."""

    def isatty(self) -> bool:
        return True


def taken_by(screen: str) -> str:
    """Return the text that a terminal is asked to copy by the only sequence on the screen."""
    (encoded,) = re.findall("\x1b]52;c;([A-Za-z0-9+/=]*)\x07", screen)
    return base64.b64decode(encoded, validate=True).decode()


@pytest.mark.parametrize("name", NEEDED)
def test_each_program_gets_the_text(install: Install, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A program that can work gets exactly the text as its input, is named, and its noise is discarded."""
    given_to = install(name)
    assert clipboard.copy(HOSTILE) == name
    encoding = "utf-16-le" if name == "clip.exe" else "utf-8"
    assert given_to.read_bytes().decode(encoding) == HOSTILE
    assert capfd.readouterr() == ("", "")


def test_the_preferred_program_is_taken(install: Install) -> None:
    """Of all that can work, the first of the list copies, and no other is started."""
    inputs = {name: install(name) for name in reversed(NEEDED)}
    for place, name in enumerate(NEEDED):
        assert clipboard.copy("text") == name
        started = [other for other in NEEDED if inputs[other].exists()]
        assert started == list(NEEDED)[: place + 1]
        inputs[name].with_suffix("").unlink()


@pytest.mark.parametrize("name", [name for name, needed in NEEDED.items() if needed])
def test_a_program_without_its_display_is_not_started(
    install: Install, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program whose display or server is missing is not started."""
    given_to = install(name)
    for variable in NEEDED[name]:
        monkeypatch.setenv(variable, "")
    with pytest.raises(CommandError, match="no program that copies was found"):
        clipboard.copy("text")
    assert not given_to.exists()


@pytest.mark.parametrize("name", ["pbcopy", "clip.exe"])
@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_TTY"])
def test_the_clipboard_of_another_machine_is_left(
    install: Install, name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an SSH login, programs that copy on the machine itself are not started."""
    given_to = install(name)
    monkeypatch.setenv(variable, "x")
    with pytest.raises(CommandError):
        clipboard.copy("text")
    assert not given_to.exists()


def test_after_a_failure_the_next_program_is_tried(install: Install) -> None:
    """A program that fails costs nothing where another one works; where none does, each is named with its fault."""
    install("xclip", code=1)
    given_to = install("xsel")
    assert clipboard.copy("text") == "xsel"
    assert given_to.read_text() == "text"
    install("xsel", code=7)
    with pytest.raises(CommandError, match="xclip ended with 1; xsel ended with 7, and neither standard error"):
        clipboard.copy("text")


def test_a_program_that_cannot_start_is_named(install: Install) -> None:
    """A broken program is a fault, and no traceback."""
    install("xclip").with_suffix("").write_text("#!/nowhere/interpreter\n")
    with pytest.raises(CommandError, match="xclip did not start"):
        clipboard.copy("text")


def test_a_program_that_hangs_is_ended(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end is left after a bounded time."""
    os.mkfifo(tmp_path / "pipe")
    install("xclip").with_suffix("").write_text(f'#!/bin/sh\nexec /bin/cat "{tmp_path}/pipe"\n')
    monkeypatch.setattr(clipboard, "_PATIENCE_S", 0.01)
    with pytest.raises(CommandError, match="xclip did not end within"):
        clipboard.copy("text")


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_the_terminal_gets_any_text(text: str) -> None:
    """What a terminal is sent is one sequence, which decodes to the text."""
    sent: list[str] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PATH", "")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("STY", raising=False)
        assert clipboard.copy(text, sent.append) == clipboard.TERMINAL
    assert taken_by("".join(sent)) == text


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_either_stream_may_be_the_terminal(install: Install, stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a program, the sequence goes to the stream that is a terminal; to one alone if both are."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, stream, screen := Screen())
    assert clipboard.copy(HOSTILE) == clipboard.TERMINAL
    assert taken_by(screen.getvalue()) == HOSTILE
    monkeypatch.setattr(sys, "stdout", out := Screen())
    monkeypatch.setattr(sys, "stderr", err := Screen())
    clipboard.copy(HOSTILE)
    assert (out.getvalue(), taken_by(err.getvalue())) == ("", HOSTILE)


@pytest.mark.parametrize("term", ["dumb", "linux", ""])
def test_a_terminal_without_a_clipboard_is_sent_nothing(
    install: Install, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dumb terminal and a console get no escape, and the copy fails with the reason."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    with pytest.raises(CommandError, match="the terminal has no clipboard"):
        clipboard.copy("text")
    assert screen.getvalue() == ""


def test_what_a_terminal_would_cut_is_refused(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest text that is sent makes a sequence of 100,000 characters; a longer one is an error."""
    monkeypatch.setenv("TERM", "xterm")
    sent: list[str] = []
    clipboard.copy("a" * 74_994, sent.append)
    assert 99_990 < len("".join(sent)) <= 100_000
    with pytest.raises(CommandError, match="74,995 bytes"):
        clipboard.copy("a" * 74_995, sent.append)
    assert len(sent) == 1


def test_a_closed_terminal_is_a_fault(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that takes nothing any more is an error with its reason."""
    monkeypatch.setenv("TERM", "xterm")

    def send(sequence: str) -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(CommandError, match="Input/output error"):
        clipboard.copy("text", send)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Return a function that runs tmux on a server of its own; skip where there is none."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    environment = command_environment({"HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})
    server = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "tmux")]

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [*server, *arguments], capture_output=True, text=True, env=environment, timeout=PATIENCE_S, check=False
        )
        return done.stdout

    yield call
    call("kill-server")


def copying(text: str, *, path: str = "") -> str:
    """Return a shell command that copies, with these programs alone on PATH."""
    program = f"from papersearch.cli.output.clipboard import copy; print('by', copy({text!r}))"
    quoted = program.replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return f'env PATH="{path}" DISPLAY= WAYLAND_DISPLAY= {sys.executable} -c "{quoted}"'


@pytest.mark.slow
def test_tmux_keeps_it(tmux: Callable[..., str]) -> None:
    """In tmux as it comes, the copied text is a buffer of tmux."""
    path = str(Path(shutil.which("tmux") or "").parent)
    tmux("new-session", "-d", "-x", "80", "-y", "20", f"cd {Path.cwd()}; {copying('of tmux', path=path)}; cat")
    wait_until(lambda: "by tmux" in tmux("capture-pane", "-p"), "nothing was copied")
    assert tmux("show-buffer") == "of tmux"


@pytest.mark.slow
@pytest.mark.parametrize("inside", ["", "screen"])
def test_a_terminal_keeps_it(tmux: Callable[..., str], inside: str, tmp_path: Path) -> None:
    """A terminal that takes OSC 52 has the text, also through GNU screen."""
    if inside and shutil.which(inside) is None:
        pytest.skip(f"{inside} is not installed")
    text = "sent " * 400
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ncd {Path.cwd()}\nunset TMUX\n{copying(text)}\nexec cat\n")
    script.chmod(0o755)
    tmux("new-session", "-d", "-x", "80", "-y", "20", "cat", ";", "set", "-g", "set-clipboard", "on")
    tmux("respawn-pane", "-k", f"SCREENDIR={tmp_path}/screens {inside} {script}")
    wait_until(lambda: "by the terminal" in tmux("capture-pane", "-p"), "nothing was copied")
    wait_until(lambda: tmux("show-buffer") == text, "the terminal has no copy")


@pytest.mark.slow
@pytest.mark.parametrize("program", ["xclip", "xsel"])
def test_a_desktop_keeps_it(program: str, tmp_path: Path) -> None:
    """A program of the desktop has the text after the command has ended, and no pipe waits for it."""
    if not (found := shutil.which(program)) or not shutil.which("Xvfb"):
        pytest.skip(f"{program} or Xvfb is not installed")
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / program).symlink_to(found)
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-noreset", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with open(reading) as number:
            display = f":{number.readline().strip()}"
        source = f"from papersearch.cli.output.clipboard import copy; print(copy({HOSTILE!r}))"
        environment = command_environment({"DISPLAY": display, "PATH": str(tmp_path / "programs")})
        done = subprocess.run(
            [sys.executable, "-c", source],
            capture_output=True,
            text=True,
            env=environment,
            timeout=PATIENCE_S,
            check=True,
        )
        assert (done.stdout, done.stderr) == (f"{program}\n", "")
        asked = ["-selection", "clipboard", "-o"] if program == "xclip" else ["--clipboard", "--output"]

        def kept() -> bytes:
            reading = [found, *asked]
            return subprocess.run(reading, capture_output=True, env={"DISPLAY": display}, check=False).stdout

        # xsel ends before its process in the background has the clipboard.
        wait_until(lambda: kept().decode() == HOSTILE, "the clipboard has another text")
    finally:
        server.terminate()  # the program in the background ends with its display
        server.wait(PATIENCE_S)


@pytest.fixture
def copier(tmp_path: Path, env: dict[str, str]) -> Callable[[], str]:
    """Put a program that copies on PATH of `env`; return a function that reads what it was given last."""
    script = tmp_path / "programs" / "xclip"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\n/bin/cat > "$0.input"\n')
    script.chmod(0o755)
    env.update({"PATH": str(script.parent), "DISPLAY": ":0", "WAYLAND_DISPLAY": "", "TMUX": "", "TERM": "dumb"})
    return lambda: Path(f"{script}.input").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "called"),
    [
        (["show", "gpipe"], "1 paper as text"),
        (["show", "gpipe", "skippipe", "--format", "bibtex"], "2 papers as bibtex"),
        (["show", "gpipe", "--json"], "1 paper as json"),
        (["pipeline bubbles", "-k", "3"], "3 papers as text"),
        (["search", "pipeline bubbles", "--format", "table", "-k", "2"], "2 papers as text"),
        (["search", "pipeline bubbles", "--format", "csl-json", "--key", "{year}"], "10 papers as csl-json"),
        (["similar", "gpipe", "-k", "4", "--jsonl"], "4 papers as jsonl"),
    ],
)
def test_what_a_pipe_would_get_is_copied(
    run: Run, env: dict[str, str], copier: Callable[[], str], command: list[str], called: str
) -> None:
    """--copy copies what the command prints into a pipe, prints nothing itself, and says what and how."""
    printed = run(*command, env=env)
    copied = run(*command, "--copy", env=env)
    assert (copied.returncode, copied.stdout) == (0, "")
    assert copied.stderr == f"{printed.stderr}papersearch: {called} copied by xclip\n"
    assert copier() == printed.stdout


def test_nothing_is_copied_where_nothing_is_printed(
    run: Run, env: dict[str, str], copier: Callable[[], str]
) -> None:
    """Without hits the clipboard keeps what it has; a lost paper costs the copy of no other."""
    assert run("zzzzqqqq", "--mode", "keyword", "--copy", env=env).returncode == 1
    with pytest.raises(FileNotFoundError):
        copier()
    assert run("show", "nosuchpaper", "--copy", env=env).returncode == 2
    with pytest.raises(FileNotFoundError):
        copier()
    done = run("show", "-", "--format", "bibtex", "--copy", env=env, stdin="gpipe\nnosuchpaper\n")
    assert done.returncode == 2
    assert copier().count("@") == 1


def test_a_copy_that_cannot_be_made_is_an_error(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Without a program and a terminal, --copy ends with 2, a reason, and nothing on standard output."""
    done = run("show", "gpipe", "--copy", env={**env, "PATH": str(tmp_path), "TMUX": "", "TERM": "xterm"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("papersearch: cannot copy: no program that copies was found, and neither")
    assert "\nhint: install wl-clipboard, xclip or xsel, or print it: leave --copy out\n" in done.stderr


def test_a_pipe_does_not_wait_for_the_program(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """A program that goes on in the background holds neither the streams nor the end of the command."""
    os.mkfifo(tmp_path / "held")
    script = tmp_path / "xclip"
    script.write_text(f'#!/bin/sh\n/bin/cat > /dev/null\n/bin/cat "{tmp_path}/held" &\n')
    script.chmod(0o755)
    alone = {"PATH": str(tmp_path), "DISPLAY": ":0", "WAYLAND_DISPLAY": "", "TMUX": ""}
    done = run("show", "gpipe", "--copy", env={**env, **alone})
    assert done.stderr == "papersearch: 1 paper as text copied by xclip\n"
    with open(tmp_path / "held", "w"):  # the program has waited until now, and ends
        pass
