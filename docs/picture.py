"""Draw the README's picture: a real run of the command, exported as SVG by Rich.

    python docs/picture.py docs/result.svg

Runs the installed `papersearch` in a pipe of 100 columns with colours, and draws what it
printed. The picture names no host: the font is whatever monospaced one the viewer has.
"""

from __future__ import annotations

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
QUERY = "pipeline bubbles"
HITS = "5"


def draw(target: Path) -> None:
    """Write the SVG to `target`."""
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


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
