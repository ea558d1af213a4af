"""References as they are printed in a paper, in any citation style, by pandoc.

pandoc is a program of its own. It is given the papers as metadata of an empty Markdown document, with
every sign of punctuation escaped: so a title is text, whatever it holds. It reads no other file than
the style, and no address can be reached from it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

from papersearch.cli.errors import CommandError
from papersearch.cli.output.exports import cleaned
from papersearch.cli.output.exports.csl_json import item
from papersearch.cli.output.exports.publication import NotedPaper, kind_of
from papersearch.cli.output.exports.styles import EXTRA, Style, find_style
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper

WRITERS = {"plain": "plain", "markdown": "commonmark-raw_html"}
"""The formats of references, and the names that pandoc has for them."""

_READER = "markdown_strict+yaml_metadata_block+citations+all_symbols_escapable-raw_html"

_NOT_PRINTED = ("abstract", "annote", "keyword", "note", "archive", "archive_location")
"""Variables of an exported item that no reference should show."""

_WITHOUT_INITIALS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Chinese, Japanese and Korean letters: names in them have neither initials nor a space."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")

_REFERENCE_TO_A_CHARACTER = re.compile(r"&(?=#?\w+;)")

_PATIENCE_S = 60
_MEMORY = ("+RTS", "-M1g", "-RTS")
"""Bounds of one run: a style is a program, and may have been made to run for ever."""

_FEWER = "ask for fewer papers: styles compare each author's papers with one another"

_NOWHERE = "http://127.0.0.1:1"
"""Proxy of pandoc, which would fetch the parent of a style that depends on another."""


def references(papers: Sequence[Paper], wanted: str, writer: str = "plain") -> list[str]:
    """Return the references to papers in a style, one a line, in the order that the style asks for.

    wanted: the name of a style, or the path of its file

    Raises CommandError.
    """
    if not papers:
        return []
    style = find_style(wanted)
    items = [_item(cleaned(paper), f"paper{number}") for number, paper in enumerate(papers)]
    written = _formatted(_document(items), style, wanted, writer)
    if writer == "markdown":  # pandoc writes no reference to a character, and leaves those of a text as they are
        written = _REFERENCE_TO_A_CHARACTER.sub(r"\&", written)
    found = [clean_text(line) for line in written.splitlines() if line.strip()]
    if not found:
        raise CommandError(f"cannot use the style {wanted}: it is for citations, and has no references", "")
    return found


def _item(paper: Paper, key: str) -> dict[str, Any]:
    """Return a paper as an item of CSL-JSON. arXiv is the publisher of its preprints, as for reference managers."""
    variables = {name: value for name, value in item(NotedPaper(paper), key).items() if name not in _NOT_PRINTED}
    variables.setdefault("title", paper.paper_id)
    variables["author"] = list(map(_author, variables.get("author", ())))
    if paper.arxiv_id and kind_of(paper) in ("preprint", "other"):
        variables.setdefault("publisher", "arXiv")
    return variables


def _author(name: Mapping[str, str]) -> Mapping[str, str]:
    if not _WITHOUT_INITIALS.search(name.get("family", "")):
        return name
    return {"literal": name["family"] + name.get("given", "")}


def _document(items: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown document that cites the items.

    It is ASCII: YAML reads JSON, but not the two surrogates that JSON writes for one character.
    """
    text = json.dumps([_escaped(one) for one in items], ensure_ascii=False)
    encoded = "".join(char if char.isascii() else f"\\U{ord(char):08x}" for char in text)
    return f'---\nnocite: "@*"\nreferences: {encoded}\n---\n'


def _escaped(value: Any, name: str = "") -> Any:
    """Escape every text in an item, except the words of CSL itself."""
    if isinstance(value, str):
        return value if name in ("id", "type") else _PUNCTUATION.sub(r"\\\1", value.strip())
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    return {key: _escaped(each, key) for key, each in value.items()} if isinstance(value, dict) else value


def _formatted(document: str, style: Style, wanted: str, writer: str) -> str:
    """Run pandoc. Raises CommandError if it is missing, or fails."""
    options = ["--sandbox", "--wrap=none", "--citeproc", f"--csl={style.path.absolute()}"]
    options += [f"--metadata=lang:{style.locale}"] if style.locale else []
    refused = f"cannot use the style {wanted}: pandoc"
    command = [_pandoc(), *_MEMORY, f"--from={_READER}", f"--to={WRITERS[writer]}", *options]
    try:
        done = subprocess.run(  # noqa: S603  # the options are fixed, and the path of the style is one argument
            command,
            input=document.encode(),
            capture_output=True,
            env={**os.environ, "http_proxy": _NOWHERE, "https_proxy": _NOWHERE, "no_proxy": ""},
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{refused} did not end in {_PATIENCE_S} seconds", _FEWER) from None
    except OSError as error:
        raise CommandError(f"{refused} did not start: {error.strerror}", EXTRA) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CommandError(f"{refused} failed: {said[0] if said else done.returncode}", "")
    return done.stdout.decode("utf-8", "replace")


def _pandoc() -> str:
    """Return the path of pandoc: the one that was installed for this, or the one on PATH."""
    package = find_spec("pypandoc")
    if package is not None and package.origin:
        bundled = Path(package.origin).with_name("files") / "pandoc"
        if bundled.is_file():
            return str(bundled)
    found = which("pandoc")
    if found is None:
        raise CommandError("cannot format references: pandoc is not installed", EXTRA)
    return found
