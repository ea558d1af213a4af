"""Texts by an attacker on their way out: names of files, arguments in errors, archives, many papers of one name."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from papersearch.cli.output.exports.citation_keys import citation_keys
from papersearch.ingest import archives, decompression
from papersearch.ingest.record import Report
from papersearch.serving import requests
from papersearch.serving.refusals import Refusal
from papersearch.types import Paper
from tests.conftest import Run, page, sentence
from tests.ingest.test_hostile_shapes import calls_of

OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that a terminal obeys, and those that reorder or hide text."""

EVIL = {
    "a colour": "\x1b[31mred\x1b[0m",
    "a title of the window": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;file:etc\x1b\\click\x1b]8;;\x1b\\",
    "the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "C1 controls": "\x9b2J\x9d0;owned\x9c",
    "a string that is not closed": "\x1bPq#0",
    "right to left": "\u202egnp.exe\u202c \u2067x\u2069",
    "a line of its own": "x\npapersearch: all is well\r",
}


@pytest.mark.slow
@pytest.mark.parametrize("what", EVIL)
def test_names_of_files_reach_no_terminal(tmp_path: Path, run: Run, what: str) -> None:
    """No name of a dump, of an unread file, or of a broken one makes a terminal do anything."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    name = EVIL[what]
    (corpus / f"{name}.txt").write_text(page([("On bubbles", sentence("pipeline bubbles"))]))
    (corpus / f"{name}.bin").write_bytes(b"\x00\x01\x02")
    (corpus / f"{name}.json").write_text('[{"title": "Moths", "abstract": "We count"')
    (corpus / f"{name}.gz").write_bytes(b"\x1f\x8b\x08\x00cut")
    (corpus / f"{name}.link").symlink_to("nowhere")
    Path(os.fsdecode(os.fsencode(corpus / "not") + b"\xff\x9b2J.json")).write_text('[{"title": "Owls"')
    env = {"PAPERSEARCH_CORPUS": "", "PAPERSEARCH_INDEX": ""}
    for arguments in (
        ["index", "--words-only"],
        ["bubbles", "--facets", "--format", "table"],
        ["stats"],
        ["stats", "--json"],
        ["show", "on-bubbles", "--format", "markdown"],
        ["doctor"],
    ):
        done = run(*arguments, env=env)
        assert done.returncode == 0, done.stderr
        assert OBEYED.findall(done.stdout + done.stderr) == [], arguments


@pytest.mark.parametrize("what", EVIL)
def test_errors_name_what_was_typed_as_text(tmp_path: Path, run: Run, what: str) -> None:
    """An error that names a place, a paper or a value says it without what a terminal obeys."""
    for arguments in (
        ["bubbles", "--index", EVIL[what]],
        ["index", "--corpus", EVIL[what]],
        ["bubbles", "--since", EVIL[what]],
        ["bubbles", "--format", EVIL[what]],
        ["bubbles", "-c", EVIL[what]],
        ["show", "x", "--index", EVIL[what]],
        ["saved", "run", EVIL[what]],
    ):
        done = run(*arguments)
        assert done.returncode == 2
        assert OBEYED.findall(done.stdout + done.stderr) == [], arguments


def overlapping(n: int, content: bytes) -> bytes:
    """Return a zip archive of `n` members that share the bytes of one."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.jsonl", content)
        archive.filelist *= n
        archive._didModify = True
    return made.getvalue()


def test_members_that_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All members of an archive together unpack to no more than its bound, also where they share their bytes."""
    monkeypatch.setattr(decompression, "_FREE_BYTES", 3 << 20)
    monkeypatch.setattr(decompression, "_MAX_RATIO", 1)
    path = tmp_path / "a.zip"
    path.write_bytes(overlapping(500, b" " * (1 << 20)))
    assert path.stat().st_size < 1 << 17
    said: list[str] = []
    report: Report = lambda finding: said.append(finding.detail)  # noqa: E731  # the type of the argument
    sources = archives.with_members([archives.CorpusFile("a.zip", path, False)], report)
    read = [source.path.stat().st_size for source in sources]
    assert sum(read) <= 3 << 20
    assert sum(size > 0 for size in read) <= 3  # newer versions of zipfile refuse all but one
    assert said


def test_keys_of_many_papers_of_one_name() -> None:
    """Four times the papers that want one citation key take five times the calls at most."""

    def calls(n: int) -> int:
        papers = [Paper(paper_id=f"p{number}", title="On moths", abstract="", year=2024) for number in range(n)]
        return calls_of(lambda: citation_keys(papers))

    calls(10)  # fills caches
    assert calls(400) < 5 * calls(100) + 1000


@pytest.mark.parametrize("given", ["", "s", "s3cre", "s3cret0", "x" * 6, "é" * 6])
def test_the_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """A wrong token is refused by one comparison in constant time, whatever it has in common with the right one."""
    compared: list[tuple[bytes, bytes]] = []
    real = requests.hmac.compare_digest

    def compare(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return real(first, second)

    monkeypatch.setattr(requests.hmac, "compare_digest", compare)
    with pytest.raises(Refusal, match="Bearer"):
        requests.check_token(Headers({"authorization": f"Bearer {given}"}), "s3cret")
    assert compared == [(given.encode("latin-1"), b"s3cret")]
