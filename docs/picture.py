"""Draw the pictures of the documents: real runs of the command, as SVG.

    python docs/picture.py docs/result.svg docs/browse.svg docs/map.svg

The first picture is the output of the installed `papersearch` in a pipe of 100 columns with
colours. The second is the screen of `papersearch browse` after typing, as in its tests. The third is
the map of the sample corpus. The pictures fetch nothing: a viewer uses its own fonts.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

COLUMNS = 100
LINES = 30
QUERY = "pipeline bubbles"
HITS = "5"


def draw(target: Path) -> None:
    """Write the SVG of a search to `target`."""
    command = [str(Path(sys.executable).with_name("papersearch")), QUERY, "-k", HITS]
    environment = {**os.environ, "COLUMNS": str(COLUMNS)}
    printed = subprocess.run(
        [*command, "--format", "table", "--color", "always"],
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text.from_ansi(f'$ papersearch "{QUERY}" -k {HITS}\n\n{printed.rstrip()}'))
    template = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    target.write_text(
        console.export_svg(title="papersearch", code_format=template, unique_id="result"), encoding="utf-8"
    )


async def draw_browsing(target: Path) -> None:
    """Write the SVG of browsing to `target`: the query typed, the best hit marked."""
    os.environ.pop("NO_COLOR", None)
    import papersearch
    from papersearch.cli.locations import find_locations
    from papersearch.cli.tui.browser import Browser

    app = Browser(papersearch.open(find_locations().index_path))
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await pilot.press(*("space" if character == " " else character for character in QUERY))
        while app.is_answering:
            await pilot.pause(0.01)
        await pilot.press("ctrl+t", "up")
        await pilot.pause()
        picture = app.export_screenshot()
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    target.write_text(re.sub(r"terminal-\d+", "browse", picture), encoding="utf-8")


def draw_map(target: Path) -> None:
    """Write the map of the collection to `target`."""
    command = [str(Path(sys.executable).with_name("papersearch")), "stats", "--svg", str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
    asyncio.run(draw_browsing(Path(sys.argv[2])))
    draw_map(Path(sys.argv[3]))
