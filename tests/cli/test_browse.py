"""The verb `browse`: the application under textual's pilot, and the command at a terminal."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

import papersearch
from papersearch.cli.output.exports.citation_keys import citation_keys
from papersearch.cli.tui import acting
from papersearch.cli.tui.widgets import HitList, InputLine, Page
from papersearch.types import Filters, Hit
from tests.cli.browsing import QUERY, K, asked, browse, browser_of, ids, press, screen, settled, status, write
from tests.conftest import command_environment, sentence
from tests.terminal import Terminal, terminal_environment

pytestmark = pytest.mark.typed


def test_typing_searches(real_index: papersearch.Index) -> None:
    """A typed query shows the library's hits, one per row, and a preview of the best one."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await write(pilot, QUERY)
        hits = real_index.search(QUERY, K, fold=True).hits
        assert browser_of(pilot).results is not None
        assert browser_of(pilot).results.hits == hits
        shown = screen(pilot)
        assert hits[0].paper.title[:30] in shown
        assert hits[20].paper.title[:30] in shown
        assert hits[0].paper.abstract[:20] in shown
        assert f"hybrid · best {K}" in status(pilot)

    browse(real_index, talk)


def test_the_arguments_are_where_it_begins(real_index: papersearch.Index) -> None:
    """The query and the mode of the command line are the initial ones, and the query can be edited."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert ids(pilot) == asked(real_index, "pipeline", "keyword")
        await write(pilot, " bubbles")
        assert ids(pilot) == asked(real_index, QUERY, "keyword")

    browse(real_index, talk, "pipeline", "keyword")


def test_nothing_typed_shows_help(real_index: papersearch.Index) -> None:
    """Without a query there are no hits but help, at the start and after deletion; enter chooses nothing."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert "words to rank by" in screen(pilot)
        await press(pilot, "enter", "ctrl+t", "ctrl+s", "ctrl+y", "ctrl+o", "down", "pagedown")
        assert pilot.app.is_running
        await write(pilot, "moe")
        assert "words to rank by" not in screen(pilot)
        await press(pilot, "f1")
        assert "words to rank by" in screen(pilot)
        await press(pilot, "escape")
        assert "words to rank by" not in screen(pilot)
        await press(pilot, "ctrl+u")
        assert ids(pilot) == []
        assert "words to rank by" in screen(pilot)
        await press(pilot, "escape")

    assert browse(real_index, talk).return_value == []


def test_tab_changes_the_mode(real_index: papersearch.Index) -> None:
    """Tab cycles through the modes, repeats the search, and does not move the focus."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        for mode in ("keyword", "semantic", "hybrid"):
            await press(pilot, "tab")
            assert status(pilot).startswith(mode)
            assert ids(pilot) == asked(real_index, QUERY, mode)
        await write(pilot, "s")
        assert pilot.app.query_one("#query", InputLine).value == f"{QUERY}s"

    browse(real_index, talk, QUERY)


def test_marks_are_given_back_in_order(real_index: papersearch.Index) -> None:
    """The result is the marked papers in the order of marking; a mark can be removed."""
    expected = asked(real_index)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "down", "down", "ctrl+t", "up", "up", "up", "ctrl+t")  # the third, the first
        assert pilot.app.query_one(HitList).place == 1
        assert "* " in screen(pilot)
        await press(pilot, "ctrl+@", "up", "ctrl+t")  # the second, and not
        assert "2 marked" in status(pilot)
        await press(pilot, "ctrl+q")

    assert browse(real_index, talk, QUERY).return_value == [expected[2], expected[0]]


@pytest.mark.parametrize(
    ("keys", "places"),
    [(["down", "enter"], [1]), (["ctrl+t", "down", "enter"], [0]), (["ctrl+t", "up", "ctrl+t", "enter"], [1])],
)
def test_enter_takes(real_index: papersearch.Index, keys: list[str], places: list[int]) -> None:
    """Enter takes the marked papers, and the current one only where none is marked."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, *keys)

    expected = asked(real_index)
    assert browse(real_index, talk, QUERY).return_value == [expected[place] for place in places]


def test_enter_waits_for_the_answer(real_index: papersearch.Index) -> None:
    """Enter right after a query chooses from the hits of that query, not from stale hits."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await pilot.press("ctrl+u", *"gpipe", "enter")
        await settled(pilot)

    assert browse(real_index, talk, "speech").return_value == asked(real_index, "gpipe")[:1]


def test_interrupt_gives_nothing(real_index: papersearch.Index) -> None:
    """Ctrl+C ends with exit code 130, even if papers are marked."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+t", "ctrl+c")

    app = browse(real_index, talk, QUERY)
    assert (app.return_value, app.return_code) == (None, 130)


def test_moving_shows_other_papers(real_index: papersearch.Index) -> None:
    """The preview shows the current hit, which stays visible; moves stop at the first and last hit."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        hits = pilot.app.query_one(HitList)
        found = browser_of(pilot).results
        assert found is not None
        for keys, place in (
            (["up"], 0),
            (["down"], 1),
            (["pagedown"] * 9, K - 1),
            (["down"], K - 1),
            (["up"], K - 2),
        ):
            await press(pilot, *keys)
            assert hits.place == place
            assert hits.top <= place < hits.top + hits.size.height
            paper = found[place].paper
            assert str(pilot.app.query_one(Page).shown).startswith(paper.title)
        await press(pilot, "pageup", "pageup", "pageup", "pageup")
        assert hits.place == 0
        await pilot.click(HitList, offset=(5, 3))
        assert hits.place == 3

    browse(real_index, talk, QUERY)


def test_similar_and_back(real_index: papersearch.Index) -> None:
    """Ctrl+S shows papers similar to the current one; escape goes back to the previous place."""
    found = asked(real_index)
    like = real_index.similar([found[2]], k=K)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "down", "down", "ctrl+s")
        assert ids(pilot) == [hit.paper.paper_id for hit in like]
        assert status(pilot).startswith("similar to ")
        await press(pilot, "down", "ctrl+s")
        assert ids(pilot) == [hit.paper.paper_id for hit in real_index.similar([ids_of(like)[1]], k=K)]
        await press(pilot, "escape")
        assert (ids(pilot), pilot.app.query_one(HitList).place) == (ids_of(like), 1)
        await press(pilot, "escape")
        assert (ids(pilot), pilot.app.query_one(HitList).place) == (found, 2)
        await press(pilot, "ctrl+s")
        await write(pilot, "s")  # another query: nothing to go back to
        assert ids(pilot) == asked(real_index, f"{QUERY}s")
        await press(pilot, "escape")
        assert not pilot.app.is_running

    browse(real_index, talk, QUERY)


def ids_of(hits: papersearch.Results) -> list[str]:
    return [hit.paper.paper_id for hit in hits]


def test_filters(real_index: papersearch.Index) -> None:
    """The filter line has the effect of the options; enter keeps it, and escape restores the line before.

    An error in it is shown in the status line, and the hits stay.
    """
    of_2025 = ids_of(real_index.search(QUERY, K, filters=Filters(since="2025"), fold=True))

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+f")
        await write(pilot, "since:2025")
        assert ids(pilot) == of_2025
        await write(pilot, "-x")  # never a valid date, whatever part of it has been typed
        assert status(pilot).startswith("since '2025-x' is not a date")
        assert ids(pilot) == of_2025
        await press(pilot, "backspace", "backspace", "enter")
        assert pilot.app.is_running
        assert pilot.app.focused is pilot.app.query_one("#query")
        assert "since:2025" in status(pilot)
        await press(pilot, "ctrl+f")
        await write(pilot, " frob")
        assert status(pilot).startswith("unknown filter frob")
        await press(pilot, "escape")
        assert (ids(pilot), pilot.app.is_running) == (of_2025, True)

    browse(real_index, talk, QUERY)


def test_a_weak_answer_says_so(real_index: papersearch.Index) -> None:
    """When no hit is better than weak, the status line says so."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert "none matches this well" in status(pilot)

    browse(real_index, talk, "banana bread recipe")


def test_reading_opens_the_page(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+O opens the current paper's page, or a search for it, in the web browser."""
    opened: list[str] = []
    monkeypatch.setattr(acting, "open_page", opened.append)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+o")

    browse(real_index, talk, "gpipe")
    assert [url.split("/")[:3] for url in opened] == [["https:", "", "arxiv.org"]]


HOSTILE = [
    "A [bold]title[/bold] of [/x] and [link=https://example.com]markup[/link] $text {brace}",
    "An \x1b[31mescape\x1b[0m and \x1b]0;a title\x07 and \x9b2J in it",
]


@pytest.fixture(scope="module")
def hostile_index(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Iterator[papersearch.Index]:
    """Build an index of papers with markup and escapes in titles and abstracts."""
    project = tmp_path_factory.mktemp("hostile")
    (project / "corpus").mkdir()
    lines = [
        json.dumps({"_id": f"hostile-{number}[/]", "title": title, "text": f"{title}. {sentence('markup')}"})
        for number, title in enumerate(HOSTILE)
    ]
    (project / "corpus" / "records.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    papersearch.build(project / "corpus", project / "index", model=str(small_model))
    yield papersearch.open(project / "index")


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
def test_hostile_text_is_shown_as_it_is(
    hostile_index: papersearch.Index, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markup is shown as text, and no escape reaches the screen, even if the index has some."""

    def tamper(hit: Hit) -> Hit:
        paper = hit.paper.replace(organisation=papersearch.Organisation(handle="x", name="Labs [/] \x1b[2J"))
        return hit.replace(paper=paper.replace(title=f"{paper.title} \x1b[5m[/]", links=("https://x/\x1b[1m",)))

    search = hostile_index.search

    def tampered(*arguments: object, **options: object) -> papersearch.Results:
        results = search(*arguments, **{**options, "fold": False})  # type: ignore[arg-type]
        return results.replace(hits=tuple(map(tamper, results.hits)))

    monkeypatch.setattr(hostile_index, "search", tampered)

    async def talk(pilot: Pilot[list[str]]) -> None:
        shown = ""
        for _ in HOSTILE:
            shown += screen(pilot)
            await press(pilot, "down")
        assert "[bold]title[/bold] of [/x]" in shown
        assert "An escape and" in shown
        assert "Labs [/]" in shown
        assert not [character for character in shown if not character.isprintable() and character != "\n"]
        await press(pilot, "ctrl+t", "ctrl+s")
        assert "[/x]" in status(pilot) or "escape" in status(pilot)

    browse(hostile_index, talk, "title [/x] [bold", size=size)


def test_what_is_pasted_is_one_clean_line(real_index: papersearch.Index) -> None:
    """A pasted abstract becomes one line without line ends and escapes, complete otherwise."""
    from textual.events import Paste

    async def talk(pilot: Pilot[list[str]]) -> None:
        pilot.app.post_message(Paste("mixture of\nexperts \x1b[31mrouting\x1b[0m\n"))
        await settled(pilot)
        assert pilot.app.query_one("#query", InputLine).value == "mixture of experts routing"
        assert ids(pilot) == asked(real_index, "mixture of experts routing")

    browse(real_index, talk)


@pytest.mark.parametrize("size", [(120, 40), (100, 30), (99, 30), (80, 24), (60, 20), (30, 10), (20, 8)])
def test_it_fits(real_index: papersearch.Index, size: tuple[int, int]) -> None:
    """From 100 columns on the preview is beside the hits, otherwise below; every pane fits and is visible."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        hits, preview = pilot.app.query_one(HitList).region, pilot.app.query_one(Page).region
        if size[0] >= 100:
            assert preview.x >= hits.right
        else:
            assert preview.y >= hits.bottom
        assert min(hits.width, hits.height, preview.width, preview.height) > 0
        assert max(hits.right, preview.right) <= size[0]
        assert all(len(line) <= size[0] for line in screen(pilot).splitlines())

    browse(real_index, talk, QUERY, size=size)


def test_an_error_of_the_index_ends_it(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verb raises an unexpected error of the application, and prints nothing on stdout."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(real_index, "search", fail)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await pilot.press("x")
        await settled(pilot)

    assert isinstance(browse(real_index, talk).failure, ZeroDivisionError)


# The command


@pytest.fixture
def at_terminal(tmp_path: Path, real_index_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Open a terminal that runs a shell command."""
    started: list[Terminal] = []

    def start(command: str, **changes: str) -> Terminal:
        environment = {**terminal_environment(tmp_path, real_index_path), **changes}
        started.append(Terminal(["sh", "-c", command], tmp_path, environment))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


def test_ids_land_in_a_captured_stdout(
    at_terminal: Callable[..., Terminal], tmp_path: Path, real_index: papersearch.Index
) -> None:
    """If stdout is a file, the application draws on the terminal, and the file gets the ids alone."""
    terminal = at_terminal("papersearch browse gpipe > ids; echo ended $?")
    terminal.wait_for("hybrid · best")
    terminal.type("\x14\x15expert routing\r")
    terminal.wait_for("ended 0")
    assert terminal.wait_for_end() == 0
    assert (tmp_path / "ids").read_text().splitlines() == [asked(real_index, "gpipe")[0]]


def test_it_is_as_large_as_the_terminal(at_terminal: Callable[..., Terminal]) -> None:
    """With stdout in a pipe, the application has the size of the terminal and draws its last line."""
    terminal = at_terminal("papersearch browse gpipe | cat; echo ended", COLUMNS="33", LINES="11")
    terminal.wait_for("\x1b[50;1H")
    terminal.wait_for("hybrid · best")
    terminal.type("\x11")
    terminal.wait_for("ended")


def test_a_copy_without_programs_goes_to_the_terminal(
    at_terminal: Callable[..., Terminal], real_index: papersearch.Index
) -> None:
    """Where no program copies, the terminal is sent the text, and the status line says no more than that."""
    terminal = at_terminal("papersearch browse gpipe", TMUX="", DISPLAY="", WAYLAND_DISPLAY="", STY="")
    terminal.wait_for("best 50")
    terminal.type("\x0b")
    paper = real_index.paper(asked(real_index, "gpipe")[0])
    encoded = base64.b64encode(citation_keys([paper])[0].encode()).decode()
    terminal.wait_for(f"\x1b]52;c;{encoded}\x07")
    terminal.wait_for("sent to the terminal")
    terminal.type("\x11")
    assert terminal.wait_for_end() == 1


def test_the_numbers_of_rows_are_kept(at_terminal: Callable[..., Terminal], real_index: papersearch.Index) -> None:
    """After browsing, a number means the paper that its row showed."""
    terminal = at_terminal(
        "papersearch browse gpipe; papersearch show 2 --json; echo ended", PAPERSEARCH_SESSION="rows"
    )
    terminal.wait_for("best 50")
    terminal.type("\x11")
    terminal.wait_for(asked(real_index, "gpipe")[1])
    terminal.wait_for("ended")


@pytest.mark.parametrize(("keys", "code"), [("\x11", 1), ("\x03", 130), ("\x14\x11", 0), ("\x14\x03", 130)])
def test_exit_codes(at_terminal: Callable[..., Terminal], keys: str, code: int) -> None:
    """The exit code is 0 with chosen papers, 1 without, 130 after an interrupt."""
    terminal = at_terminal("papersearch browse gpipe")
    terminal.wait_for("best 50")  # all of them
    terminal.type(keys)
    assert terminal.wait_for_end() == code


def test_a_dumb_terminal_is_none(at_terminal: Callable[..., Terminal]) -> None:
    """On a dumb terminal, browse exits with 2 and names the type of the terminal."""
    terminal = at_terminal("papersearch browse", TERM="dumb")
    terminal.wait_for("cannot browse on a terminal of type dumb")
    assert terminal.wait_for_end() == 2


def test_without_textual(at_terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    """Without the package textual, browse exits with 2 and says how to install it."""
    (tmp_path / "textual.py").write_text("raise ImportError('no textual here')\n")
    path = f"{tmp_path}:{command_environment()['PYTHONPATH']}"
    terminal = at_terminal("papersearch browse", PYTHONPATH=path)
    terminal.wait_for("cannot browse without the package textual, 8.2 or newer: no textual here")
    terminal.wait_for("hint: pip install '.[tui]' in a clone of the repository")
    assert terminal.wait_for_end() == 2
