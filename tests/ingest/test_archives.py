"""Zip archives: their members are dumps of their own, in bounded number and size."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.ingest import archives, reading
from papersearch.ingest.archives import is_archive, with_members
from papersearch.ingest.corpus_files import CorpusFile
from papersearch.ingest.reading import ingest, is_dump
from papersearch.types import Finding

LINE = '{"title": "On Moths", "abstract": "Moths fly at night.", "year": 2026}\n'
RIS = "TY  - JOUR\nTI  - On Owls\nAB  - Owls hunt at noon.\nER  - \n"


def zipped(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_are_dumps(tmp_path: Path, method: int) -> None:
    """Each member is a dump under its own name; what is hidden, and a README, is passed over."""
    members: dict[str, bytes | str] = {
        "a/corpus.jsonl": LINE,
        "owls": RIS,
        "README.md": "# x",
        "__MACOSX/._owls": "x",
    }
    (tmp_path / "download").write_bytes(zipped(members, method))
    found = ingest([tmp_path])
    assert [dump.name for dump in found.dumps] == ["download/a/corpus.jsonl", "download/owls"]
    assert [paper.title for paper in found.papers] == ["On Moths", "On Owls"]
    assert found.papers[0].provenance[0].dump == "download/a/corpus.jsonl"
    assert (found.findings, [one.name for one in found.skipped]) == ((), ["download"])
    assert is_dump(tmp_path / "download")


def test_an_archive_in_an_archive_is_named(tmp_path: Path) -> None:
    """An archive inside an archive is not unpacked, and other members are read."""
    (tmp_path / "a.zip").write_bytes(zipped({"b.zip": zipped({"corpus.jsonl": LINE}), "owls.ris": RIS}))
    found = ingest([tmp_path])
    (finding,) = found.findings
    assert (len(found.papers), finding.file, finding.kind) == (1, "a.zip/b.zip", "file skipped")
    assert finding.detail.startswith("a zip archive")


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    """An encrypted member is skipped, and other members are read."""
    content = bytearray(zipped({"corpus.jsonl": LINE, "owls.ris": RIS}))
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    found = ingest([tmp_path])
    (finding,) = found.findings
    assert (len(found.papers), finding.file) == (1, "a.zip/corpus.jsonl")
    assert finding.detail.startswith("encrypted")


def test_damage_costs_its_member(tmp_path: Path) -> None:
    """A damaged member is named, and other members are read."""
    content = zipped({"corpus.jsonl": LINE, "owls.ris": RIS}, zipfile.ZIP_STORED)
    (tmp_path / "a.zip").write_bytes(content.replace(b"at night", b"at lunch", 1))
    found = ingest([tmp_path])
    assert "On Owls" in [paper.title for paper in found.papers]
    assert next((one.kind, one.file) for one in found.findings) == ("file damaged", "a.zip/corpus.jsonl")


def test_number_and_size_are_bounded(tmp_path: Path) -> None:
    """Members beyond a number are not read, nor what unpacks to far more than its size."""
    (tmp_path / "many.zip").write_bytes(zipped({f"{n}": "" for n in range(1100)}, zipfile.ZIP_STORED))
    (tmp_path / "bomb.zip").write_bytes(zipped({"corpus.jsonl": LINE + " " * (80 << 20), "owls.ris": RIS}))
    findings: list[Finding] = []
    files = [CorpusFile(name, tmp_path / name, False) for name in ("many.zip", "bomb.zip")]
    sizes = [source.path.stat().st_size for source in with_members(files, findings.append)]
    assert len(sizes) == 1001
    assert max(sizes) <= 64 << 20
    assert [(one.kind, one.file) for one in findings] == [
        ("file skipped", "many.zip"),
        ("file damaged", "bomb.zip/corpus.jsonl"),
    ]


def test_names_are_never_paths(tmp_path: Path) -> None:
    """A member's name leads to no file outside of the temporary folder, and equal names are told apart."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name in ("x/../../escaped.jsonl", "twice", "twice"):
            archive.writestr(name, LINE)
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.zip").write_bytes(made.getvalue())
    assert [dump.name for dump in ingest([folder]).dumps] == ["a.zip/twice", "a.zip/twice (2)"]
    assert [file.name for file in tmp_path.rglob("*")] == ["corpus", "a.zip"]


def test_equal_names_stay_apart(tmp_path: Path) -> None:
    """A member whose name is the one that would tell two others apart has a name of its own too."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name in ("twice (2)", "twice", "twice"):
            archive.writestr(name, LINE)
    (tmp_path / "a.zip").write_bytes(made.getvalue())
    assert [dump.name for dump in ingest([tmp_path]).dumps] == [
        "a.zip/twice (2)", "a.zip/twice", "a.zip/twice (3)"
    ]  # fmt: skip


def test_a_path_from_the_archive_is_not_hidden(tmp_path: Path) -> None:
    """A member whose path begins with a dot and a slash is read."""
    (tmp_path / "a.zip").write_bytes(zipped({"./owls.ris": RIS}))
    assert [paper.title for paper in ingest([tmp_path]).papers] == ["On Owls"]


def test_an_archive_on_several_disks(tmp_path: Path) -> None:
    """A part of an archive over several disks is a file that is skipped, with a finding."""
    end = struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 2)  # where the end of the directory is, of two disks
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + end + struct.pack("<4s4H2LH", b"PK\x05\x06", *[0] * 7))
    (finding,) = ingest([tmp_path]).findings
    assert (finding.kind, finding.file) == ("file skipped", "a.zip")


WHOLE = zipped({"corpus.jsonl": LINE, "owls.ris": RIS})


@settings(max_examples=200)
@given(at=st.integers(0, len(WHOLE) - 1), noise=st.binary(max_size=30), cut=st.booleans())
def test_any_damage_is_survived(tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes, cut: bool) -> None:
    """An archive that is cut short or overwritten raises nothing."""
    path = tmp_path_factory.mktemp("damaged") / "a.zip"
    path.write_bytes(WHOLE[:at] + noise + (b"" if cut else WHOLE[at + len(noise) :]))
    ingest([path])


def test_a_file_is_opened_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a file is an archive is looked at once."""
    (tmp_path / "a.jsonl").write_text('{"title": "Moths", "abstract": "We count moths."}\n')
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("c.jsonl", '{"title": "Owls", "abstract": "We count owls."}\n')
    looked_at: list[str] = []

    def counted(path: Path) -> bool:
        looked_at.append(path.name)
        return is_archive(path)

    for module in (archives, reading):
        monkeypatch.setattr(module, "is_archive", counted)
    found = ingest([tmp_path])
    assert (len(found.papers), looked_at) == (2, ["a.jsonl", "b.zip"])
    assert [one.name for one in found.skipped] == ["b.zip"]
