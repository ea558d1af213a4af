"""Compression, encodings and line ends: whatever a file's bytes are, its readers get the same text."""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.ingest import decompression
from papersearch.ingest.encodings import in_utf8, with_line_feeds
from papersearch.ingest.reading import ingest
from papersearch.ingest.streams import Unreadable, open_stream
from tests.conftest import page
from tests.growing import A, B

RECORDS = [
    {"_id": "r1", "title": "Ångström lanterns", "text": "Cormorants — counted by lamplight."},
    {"_id": "r2", "title": "北京 moths 😀", "text": "Weevils were weighed twice."},
]
LINES = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS)

PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
    "zst": zstandard.ZstdCompressor().compress,
}
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


def text_of(path: Path) -> bytes:
    """Return everything that can be read of a file."""
    text = b""
    with suppress(Unreadable), open_stream(path) as stream:
        text = stream.read()
    return text


@pytest.mark.parametrize("is_marked", [True, False])
@pytest.mark.parametrize("encoding", MARKS)
@pytest.mark.parametrize("packing", PACKINGS)
def test_every_encoding_and_compression(tmp_path: Path, packing: str, encoding: str, is_marked: bool) -> None:
    """A file gives the same papers in every encoding and compression, and has no finding."""
    content = (MARKS[encoding] if is_marked else b"") + LINES.encode(encoding)
    (tmp_path / "corpus.jsonl").write_bytes(PACKINGS[packing](content))
    found = ingest([tmp_path])
    assert [(paper.title, paper.abstract) for paper in found.papers] == [
        (record["title"], record["text"]) for record in RECORDS
    ]
    assert found.findings == ()


@pytest.mark.parametrize("encoding", MARKS)
@pytest.mark.parametrize("ending", ["\r", "\r\n", "\n"])
def test_line_ends(tmp_path: Path, ending: str, encoding: str) -> None:
    """A page with the line ends of any system has its papers, at the same lines."""
    (tmp_path / "page.txt").write_bytes(page([A, B]).replace("\n", ending).encode(encoding))
    found = ingest([tmp_path])
    (tmp_path / "page.txt").write_text(page([A, B]))
    assert [paper.provenance for paper in found.papers] == [paper.provenance for paper in ingest([tmp_path]).papers]
    assert len(found.papers) == 2
    assert found.findings == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_broken_surrogate_costs_itself(tmp_path: Path, encoding: str) -> None:
    """Half a character of UTF-16 is reported with its line, and its paper and the rest are kept."""
    text = page([A, B]).replace("about apples", "about \ud83d apples")
    (tmp_path / "page.txt").write_bytes(MARKS[encoding] + text.encode(encoding, "surrogatepass"))
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == [A[0], B[0]]
    assert [(finding.kind, finding.line) for finding in found.findings] == [("bytes not UTF-8", 13)]


def test_a_file_of_utf16_that_is_cut(tmp_path: Path) -> None:
    """A file cut within its last character keeps its papers, and the cut is reported."""
    (tmp_path / "page.txt").write_bytes(page([A, B]).rstrip().encode("utf-16")[:-1])
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == [A[0], B[0]]
    assert [finding.kind for finding in found.findings] == ["bytes not UTF-8"]


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name != "plain"])
def test_members_one_after_the_other(tmp_path: Path, packing: str) -> None:
    """A file of several compressed members is read to the end of the last."""
    pack = PACKINGS[packing]
    first, second = LINES.splitlines(keepends=True)
    (tmp_path / "corpus.jsonl").write_bytes(pack(first.encode()) + pack(second.encode()))
    assert [paper.paper_id for paper in ingest([tmp_path]).papers] == ["r1", "r2"]


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name != "plain"])
def test_a_compressed_file_that_is_cut(tmp_path: Path, packing: str) -> None:
    """What comes before the cut is kept, all members before it at least, and the damage is reported."""
    pack, noise = PACKINGS[packing], random.Random(1)
    lines = [json.dumps({"_id": f"n{n}", "title": f"Noise {noise.randbytes(30).hex()}"}) for n in range(3000)]
    lines = [line.replace("}", ', "text": "Sounds."}') for line in lines]
    half = "\n".join(lines[:1500]) + "\n"
    rest = pack("\n".join(lines[1500:]).encode())
    (tmp_path / "corpus.jsonl").write_bytes(pack(half.encode()) + rest[: len(rest) * 2 // 3])
    found = ingest([tmp_path])
    assert [paper.paper_id for paper in found.papers[:1500]] == [f"n{n}" for n in range(1500)]
    assert len(found.papers) < 3000
    assert "file damaged" in {finding.kind for finding in found.findings}
    assert "what came before is kept" in found.findings[-1].detail


@pytest.mark.parametrize("packing", ["gz", "xz", "lzma", "zst"])
def test_a_small_file_that_is_cut(tmp_path: Path, packing: str) -> None:
    """A cut file is a damaged dump, not a skipped one, if it is shorter than what is looked at first."""
    whole = PACKINGS[packing](LINES.encode()) if packing != "zst" else two_blocks(LINES.encode())
    (tmp_path / "corpus.jsonl").write_bytes(whole[:-9] if packing == "gz" else whole[:-30])
    found = ingest([tmp_path])
    assert "r1" in {paper.paper_id for paper in found.papers}
    assert [finding.kind for finding in found.findings][-1] == "file damaged"


def two_blocks(content: bytes) -> bytes:
    """Compress `content` so that its first part can be read without its end."""
    packer = zstandard.ZstdCompressor().compressobj()
    cut = content.index(b"\n") + 1
    return (
        packer.compress(content[:cut])
        + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        + (packer.compress(content[cut:]) + packer.flush())
    )


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name != "plain"])
@pytest.mark.parametrize("n_free", [1 << 20, pytest.param(None, marks=pytest.mark.slow)])
def test_a_bomb(tmp_path: Path, packing: str, n_free: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to more than is plausible is given up on, also at the bound of users."""
    if n_free is not None:
        monkeypatch.setattr(decompression, "_FREE_BYTES", n_free)
    path = tmp_path / "bomb"
    path.write_bytes(PACKINGS[packing](b" " * (decompression._FREE_BYTES + (1 << 20))))
    with pytest.raises(Unreadable, match="attack"), open_stream(path) as stream:
        while stream.read(1 << 20):
            pass


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name not in ("plain", "lzma")])
def test_a_file_compressed_twice(tmp_path: Path, packing: str) -> None:
    """A file that is compressed once more than it should be says so."""
    (tmp_path / "corpus.jsonl").write_bytes(gzip.compress(PACKINGS[packing](LINES.encode())))
    (finding,) = ingest([tmp_path]).findings
    assert "compressed twice" in finding.detail


def test_a_frame_to_pass_over(tmp_path: Path) -> None:
    """A frame of zstd that holds no content, as parallel packers write, is passed over."""
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + PACKINGS["zst"](LINES.encode()))
    assert text_of(path) == LINES.encode()


def pieces_of(content: bytes, size: int) -> list[bytes]:
    return [content[place : place + size] for place in range(0, len(content), size)]


@settings(max_examples=200)
@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff")),
    encoding=st.sampled_from(sorted(MARKS)),
    size=st.integers(1, 7),
)
def test_text_is_the_same_in_every_encoding(text: str, encoding: str, size: int) -> None:
    """Text with a byte order mark comes out as UTF-8, however it is cut into pieces."""
    pieces = pieces_of(MARKS[encoding] + text.encode(encoding), size)
    assert b"".join(in_utf8(iter(pieces))) == text.encode()


@settings(max_examples=200)
@given(content=st.binary(), mark=st.sampled_from(sorted(MARKS.values())), size=st.integers(1, 7))
def test_any_bytes_can_be_read(content: bytes, mark: bytes, size: int) -> None:
    """No bytes after a byte order mark are an error, and the pieces do not matter."""
    whole = b"".join(in_utf8(iter([mark + content])))
    assert b"".join(in_utf8(iter(pieces_of(mark + content, size)))) == whole


@settings(max_examples=200)
@given(lines=st.lists(st.text("ab\x0b ", max_size=3)), size=st.integers(1, 7))
def test_carriage_returns_end_lines(lines: list[str], size: int) -> None:
    """A file whose lines end in carriage returns has the same lines as with line feeds."""
    whole = "\r".join(["first", *lines, "last"]).encode()
    assert b"".join(with_line_feeds(iter(pieces_of(whole, size)))) == whole.replace(b"\r", b"\n")


@pytest.mark.parametrize("n_before", range(8190, 8195))
def test_a_pair_at_the_end_of_the_head_stays(n_before: int) -> None:
    """A carriage return and the line feed after it are one line end, wherever a piece ends."""
    whole = b"x" * n_before + b"\r\ny\rz\r\n"
    assert b"".join(with_line_feeds(iter(pieces_of(whole, 8192)))).count(b"\n") == 2


DUMPS = {
    "RIS": b"".join(b"TY  - JOUR\nTI  - Moth %d \xff\nAB  - We count.\nER  - \n" % n for n in range(15)),
    "Web of Science": b"FN x\nVR 1.0\n" + b"".join(b"PT J\nAU x\nTI Moth %d\n" % n for n in range(15)),
    "BibTeX": b"".join(b"@misc{k%d,\n title={Moth %d \xff},\n note={x}}\n" % (n, n) for n in range(15)),
    "CSV": b"title,abstract,doi\n" + b"".join(b"Moth %d \xff,We count.,\n" % n for n in range(15)),
    "JSON lines": b"".join(b'{"title": "Moth %d \xff", "abstract": "x"}\n' % n for n in range(15)),
    "arXiv mail": b"".join(b"\\\\\narXiv:2501.%05d\nTitle: Moth %d \xff\n" % (n, n) for n in range(15)),
    "note": b"---\ntitle: Moths\ndoi: 10.5555/a\n---\n# Abstract\nWe count.\n",
    "page": b"byAK and the research community\n\nMoths\n\n" + b"We count moths. " * 20 + b"\n",
}


@pytest.mark.parametrize("dump", DUMPS)
def test_damage_costs_what_a_cut_costs(tmp_path: Path, dump: str) -> None:
    """Before damage, a compressed file has the papers and findings that its text has where it ends there."""
    path = tmp_path / "dump"
    path.write_bytes(DUMPS[dump])
    cut = ingest([path])
    path.write_bytes(gzip.compress(DUMPS[dump])[:-8])  # all of the text, without the sum that proves it
    damaged = ingest([path])
    assert cut.papers
    assert damaged.papers == cut.papers
    (last,) = [finding for finding in damaged.findings if finding not in cut.findings]
    assert damaged.findings == (*cut.findings, last)
    assert last.kind == "file damaged"
