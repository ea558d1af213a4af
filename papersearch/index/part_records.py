"""Parts of an index: how a corpus is cut into them, and what describes one that is complete.

A part has a folder `parts/00003-of-00020` below that of the whole. It is an ordinary index of its own
dumps, from which the join takes encodings. Beside it are its appearances, in `read/`. `part.json` is
written last, with the checksums of all that the join reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from papersearch.checksums import sha256_of
from papersearch.dense.encoders import EncoderRecord
from papersearch.errors import IndexDamaged
from papersearch.index.checked_json import decode_checked, encode_checked
from papersearch.index.files import FileRecord
from papersearch.index.layout import PARTS, read_description
from papersearch.index.report import findings_in
from papersearch.index.typed_json import read_record
from papersearch.ingest.corpus_files import CorpusListing
from papersearch.types import Count, DumpFile, Finding, SkippedFile
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.ingest.corpus_files import CorpusFile

PART = "part.json"
READ = "read"

APPEARANCES = ("appearances.jsonl", "appearances.offsets.npy", "keys.npy", "keys.offsets.npy", "abstracts.npy")
"""Files in `read/` about A appearances: a string table of their lines; their keys, (K,) uint64, and the
range of each, (A + 1,) uint64; and whether each has an abstract, (A,) uint8."""

FINDINGS = "findings.json"


class Choices(Value):
    """The choices that all parts of one index share.

    places: the files or folders of the corpus, each relative to the index where it can be
    corpus: the corpus folder relative to the index; None if dumps or folders were named
    late: None keeps word pieces if the whole is small enough
    """

    places: tuple[str, ...]
    corpus: str | None
    late: bool | None
    abstracts_only: bool
    languages: tuple[str, ...]


class PartRecord(Value):
    """One part that is complete, as `part.json` describes it.

    number: from 1 to `n_parts`
    listing: SHA-256 of the names and sizes of all files of the corpus
    encoder, generation: those of its index; None and 0 if it has no paper
    archives: the archives whose members were read
    files: the files that a join reads, below the folder of the part
    """

    format_version: int
    written_by: str
    analyzer: str
    number: Count
    n_parts: Count
    listing: str
    choices: Choices
    encoder: EncoderRecord | None
    generation: Count
    n_appearances: Count
    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    archives: tuple[SkippedFile, ...]
    files: Mapping[str, FileRecord]

    @property
    def name(self) -> str:
        """The name of the part in messages."""
        return f"part {self.number}/{self.n_parts}"


class FoundPart(NamedTuple):
    """A part on disk: the name of its folder, and its record; None if it is unfinished or damaged."""

    folder: str
    record: PartRecord | None


def part_folder(number: int, n_parts: int) -> str:
    """Return the folder of a part, below that of the index."""
    return f"{PARTS}/{number:05}-of-{n_parts:05}"


def encode_part(record: PartRecord) -> bytes:
    """Return `part.json` as indented JSON with its checksum last."""
    return encode_checked(record.asdict())


def read_part(folder: Path) -> PartRecord | None:
    """Read the record of a part; return None if it is missing, damaged or of another form."""
    try:
        fields, is_checked = decode_checked(read_description(folder / PART))
        return read_record(PartRecord, fields) if is_checked else None
    except (OSError, ValueError, OverflowError):
        return None


def read_findings(folder: Path) -> dict[str, tuple[Finding, ...]]:
    """Return the findings of a part by kind: "findings" and "notes_left". Raises IndexDamaged or OSError."""
    try:
        stored = orjson.loads((folder / READ / FINDINGS).read_bytes())
        return {name: findings_in(stored[name]) for name in ("findings", "notes_left")}
    except (ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(path=folder, file=f"{READ}/{FINDINGS}", fault="cannot be read") from error


def find_parts(index_path: Path) -> list[FoundPart]:
    """List the folders of parts by name, with what is in them."""
    place = index_path / PARTS
    if not place.is_dir():
        return []
    folders = sorted(path.name for path in place.iterdir() if not path.name.startswith("."))
    return [FoundPart(f"{PARTS}/{name}", read_part(place / name)) for name in folders]


def fingerprint(listing: CorpusListing) -> str:
    """Return the SHA-256 of the names and sizes of all files of a corpus."""
    files = [(file.name, _size(file), file.is_named) for file in listing.files]
    return sha256_of(orjson.dumps([files, [folder.name for folder in listing.skipped]]))


def cut(listing: CorpusListing, n_parts: int) -> list[CorpusListing]:
    """Cut a corpus into runs of files that have about the same number of bytes.

    The cut depends on names and sizes alone, so each part can make it. A file goes where its middle
    lies: none is divided, and with few files some parts are empty. Folders that are left out belong
    to the first part.
    """
    parts = [CorpusListing([], list(listing.skipped) if number == 0 else []) for number in range(n_parts)]
    sizes = [max(_size(file), 1) for file in listing.files]
    total, before = sum(sizes), 0
    for file, size in zip(listing.files, sizes, strict=True):
        parts[(2 * before + size) * n_parts // (2 * total)].files.append(file)
        before += size
    return parts


def places_below(places: Sequence[str], index_path: Path) -> list[Path]:
    """Return the places of a corpus, which are stored relative to the index."""
    return [index_path / place for place in places]


def _size(file: CorpusFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:  # reading it will say why
        return 0
