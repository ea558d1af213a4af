"""Verification of an index: every byte by its checksum, every array by its invariants.

Opening an index checks only what is cheap; this module checks everything. It reports the faults and
repairs nothing: the remedy is nearly always a rebuild.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from papersearch.checksums import sha256_of_file
from papersearch.dense import models
from papersearch.dense.vectors import quantization_error
from papersearch.errors import IndexDamaged, ModelError, StoredIndexError
from papersearch.index.facts import fact_arrays, organisation_table
from papersearch.index.identifiers import identifier_order
from papersearch.index.layout import CHECKSUMS, MANIFEST, TEXTS, read_description
from papersearch.index.manifest import decode_manifest
from papersearch.index.name_tables import name_files
from papersearch.index.papers import decode_paper
from papersearch.index.string_table import StringTable
from papersearch.text.words import TITLE_PREFIX
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.index.generation import Generation
    from papersearch.types import Paper


class Fault(Value):
    """A defect of an index: the file, what is wrong with it, and what must be made anew.

    `part` is "index" where the index must be built in full, "model" where its model is gone
    or changed.
    """

    file: str
    what: str
    part: Literal["index", "model"]


def verify(generation: Generation) -> list[Fault]:
    """Return all faults of a generation, ordered by file; the list is empty if it is intact."""
    faults = [Fault(file=name, what=what, part="index") for name, what in _broken_files(generation)]
    for law in _LAWS:  # each relies on the earlier ones, and all on the checksums
        if faults:
            break
        try:
            with np.errstate(all="ignore"):
                faults = [Fault(file=name, what=what, part="index") for name, what in law(generation)]
        except (StoredIndexError, ValueError, IndexError, TypeError, OverflowError, MemoryError) as error:
            faults = [Fault(file=MANIFEST, what=f"does not fit its files ({error})", part="index")]
    faults += [Fault(file="model", what=what, part="model") for what in _model_faults(generation)]
    return sorted(faults, key=lambda fault: (fault.file, fault.what, fault.part))


def _broken_files(generation: Generation) -> Iterator[tuple[str, str]]:
    """Yield the files that are missing, too short, too long, or have another checksum."""
    for name, record in generation.manifest.files.items():
        try:
            if sha256_of_file(generation.checked_path(name)) != record.sha256:
                yield name, "has another SHA-256 than the manifest says"
        except IndexDamaged as error:
            yield name, error.fault
        except OSError as error:
            yield name, f"cannot be read ({error.strerror or error})"
    try:
        inner = read_description(generation.file_path(MANIFEST))
        # Not compared with the index's present one, which a build may have replaced.
        if decode_manifest(inner, "") != generation.manifest:
            yield MANIFEST, "differs from the generation's own"
        decode_manifest(read_description(generation.index_path / MANIFEST), "")
    except StoredIndexError:
        yield MANIFEST, "differs from the generation's own"
    except OSError as error:
        yield MANIFEST, f"cannot be read ({error.strerror or error})"


def _blocks(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check that the checksums of blocks are those of the files."""
    for name in generation.manifest.files:
        try:
            generation.text(name)
        except IndexDamaged:
            yield CHECKSUMS, f"has other checksums than {name}"


def _offsets(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check that offsets ascend from zero to the end of what they divide."""
    manifest = generation.manifest
    tables = (name for name in TEXTS if name != "report.json")
    ends = {
        **{f"{name.partition('.')[0]}.offsets.npy": manifest.files[name].size for name in tables},
        "authors.starts.npy": manifest.n_by_author,
        "categories.starts.npy": manifest.n_in_category,
        "venues.starts.npy": manifest.n_at_venue,
        "dumps.offsets.npy": manifest.n_appearances,
        "postings.offsets.npy": manifest.n_postings,
        "positions.offsets.npy": manifest.n_positions,
    }
    if manifest.late is not None:
        ends["pieces.offsets.npy"] = manifest.late.n_pieces
    for name, end in ends.items():
        offsets = generation.array(name).astype(np.int64)
        if offsets[0] != 0 or offsets[-1] != end or (np.diff(offsets) < 0).any():
            yield name, f"does not ascend from 0 to {end:,}"


def _postings(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check the inverted index.

    Papers ascend within a term; positions are divided among postings; impacts are positive. A
    paper's length is the sum of its postings' positions, without the stop words of its title.
    """
    n_papers = generation.manifest.n_papers
    offsets = generation.array("postings.offsets.npy").astype(np.int64)
    papers = generation.array("postings.papers.npy").astype(np.int64)
    first_of_term = np.zeros(len(papers), dtype=np.bool_)
    first_of_term[offsets[:-1][np.diff(offsets) > 0]] = True
    if (papers >= n_papers).any():
        yield "postings.papers.npy", "names unknown papers"
    if ((np.diff(papers, prepend=-1) <= 0) & ~first_of_term).any():
        yield "postings.papers.npy", "does not ascend within each term"
    impacts = generation.array("postings.impacts.npy")
    if not (np.isfinite(impacts) & (impacts > 0)).all():
        yield "postings.impacts.npy", "has impacts that are not positive"
    starts = generation.array("postings.starts.npy").astype(np.int64)
    position_offsets = generation.array("positions.offsets.npy").astype(np.int64)
    terms = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    absolute = starts + position_offsets[terms]
    tf = np.diff(absolute, append=generation.manifest.n_positions)
    if (starts[first_of_term] != 0).any() or (tf <= 0).any():
        yield "postings.starts.npy", "does not divide the positions"
    elif not (papers >= n_papers).any():
        names = StringTable(generation.text("terms.txt"), generation.array("terms.offsets.npy"))
        stops = names.find_prefix(TITLE_PREFIX)
        counted = np.where((terms >= stops.start) & (terms < stops.stop), 0, tf)
        lengths = np.bincount(papers, weights=counted, minlength=n_papers).astype(np.int64)
        if (lengths != generation.array("lengths.npy")).any():
            yield "lengths.npy", "is not the sum of the postings"
    if not np.isfinite(generation.array("terms.idf.npy")).all():
        yield "terms.idf.npy", "has values that are not numbers"


def _vectors(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check the vectors.

    Those of encoded papers have length one, the others are zero, and their int8 form is within the
    stated error.
    """
    manifest = generation.manifest
    is_encoded = np.ones(manifest.n_papers, dtype=np.uint8)
    if manifest.is_partial:
        is_encoded = generation.array("papers.encoded.npy")
        if (is_encoded > 1).any() or int(is_encoded.sum()) != manifest.n_encoded:
            yield "papers.encoded.npy", "has other papers than the manifest counts"
    for name, expected in (("vectors.npy", is_encoded), ("probes.npy", np.ones(manifest.n_probes))):
        lengths = np.linalg.norm(generation.array(name), axis=1)
        if not np.allclose(lengths, expected, atol=1e-3):
            yield name, "has rows that are not unit vectors"
    said = generation.manifest.quantization
    coarse = generation.array("vectors.int8.npy")
    if not quantization_error(generation.array("vectors.npy"), coarse, said.scale) <= said.error:
        yield "vectors.int8.npy", "is further from the vectors than the manifest says"


def _pieces(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check the word pieces of encoded papers.

    The basis has orthonormal columns, and weights are not negative.
    """
    if generation.manifest.late is None:
        return
    basis = generation.array("pieces.basis.npy").astype(np.float64)
    if not np.allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-3):
        yield "pieces.basis.npy", "has columns that are not orthonormal"
    if (generation.array("pieces.ids.npy") >= generation.manifest.late.n_vocabulary).any():
        yield "pieces.ids.npy", "names unknown word pieces"
    offsets = generation.array("pieces.offsets.npy").astype(np.int64)
    if generation.manifest.is_partial and np.diff(offsets)[generation.array("papers.encoded.npy") == 0].any():
        yield "pieces.offsets.npy", "gives word pieces to papers that are not encoded"
    starts = generation.array("pieces.starts.npy").astype(np.int64)
    is_first = np.zeros(len(starts) + 1, dtype=np.bool_)
    is_first[offsets] = True
    if ((np.diff(starts, prepend=0) < 0) & ~is_first[:-1]).any():
        yield "pieces.starts.npy", "does not ascend within each paper"
    if not (generation.array("pieces.weights.npy") >= 0).all():
        yield "pieces.weights.npy", "has negative weights"


def _facts(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check that the facts for filters and facets agree with the papers."""
    lines = StringTable(generation.text("papers.jsonl"), generation.array("papers.offsets.npy"))
    papers = [decode_paper(line) for line in lines]
    for name, expected in fact_arrays(papers, [dump.name for dump in generation.manifest.dumps]):
        if (generation.array(name) != expected).any():
            yield name, "says other than the papers"
    if (generation.array("papers.added.npy") > generation.manifest.last_added).any():
        yield "papers.added.npy", "has a later time than the manifest says"
    table, numbers = organisation_table(papers)
    if _lines(generation, "organisations.txt") != table:
        yield "organisations.txt", "has other organisations than the papers"
    elif (generation.array("papers.organisations.npy") != numbers).any():
        yield "papers.organisations.npy", "says other than the papers"
    yield from _names(generation, papers)


def _names(generation: Generation, papers: Sequence[Paper]) -> Iterator[tuple[str, str]]:
    """Check that names and identifiers are those of the papers."""
    for name, names in name_files(papers):
        if isinstance(names, np.ndarray):
            is_equal = np.array_equal(generation.array(name), names)
        else:
            is_equal = bytes(generation.text(name)) == names
        if not is_equal:
            yield name, "has other names than the papers"
    keys, owners = identifier_order(papers, generation.manifest.dumps)
    if _lines(generation, "identifiers.txt") != keys:
        yield "identifiers.txt", "has other identifiers than the papers"
    elif generation.array("identifiers.papers.npy").tolist() != owners:
        yield "identifiers.papers.npy", "says other than the papers"


def _papers(generation: Generation) -> Iterator[tuple[str, str]]:
    """Check that every line is a paper, and that ids and titles are sorted and name each paper once."""
    lines = _lines(generation, "papers.jsonl")
    if len(lines) != generation.manifest.n_papers:
        yield "papers.jsonl", f"has {len(lines):,} lines in place of {generation.manifest.n_papers:,}"
    found = [decode_paper(line) for line in lines]
    for table, names in (("ids", [paper.paper_id for paper in found]), ("titles", None)):
        order = generation.array(f"{table}.papers.npy").tolist()
        strings = _lines(generation, f"{table}.txt")
        if sorted(order) != list(range(len(found))):
            yield f"{table}.papers.npy", "does not name every paper once"
        elif strings != sorted(strings):
            yield f"{table}.txt", "is not in order"
        elif names is not None and strings != [names[doc_idx] for doc_idx in order]:
            yield f"{table}.txt", "has other ids than the papers"
    for name in ("terms.txt", "words.txt"):
        strings = _lines(generation, name)
        if any(a >= b for a, b in pairwise(strings)):
            yield name, "is not in order"


def _lines(generation: Generation, name: str) -> list[str]:
    """Return the lines of a file, each of which ends with a line feed. Raises ValueError unless it is UTF-8."""
    return bytes(generation.text(name)).decode().split("\n")[:-1]


def _model_faults(generation: Generation) -> Iterator[str]:
    """Check that the model for queries is on this machine and unchanged."""
    encoder = generation.manifest.encoder
    if encoder is None:
        return
    try:
        found = models.relocate(encoder.name, encoder.source, encoder.folder)
        if models.fingerprint(found) != encoder.fingerprint:
            yield f"{encoder.name} is not the one the index was built with"
    except ModelError as error:
        yield f"cannot be used ({error.message})"


_Law = Callable[["Generation"], Iterator[tuple[str, str]]]
_LAWS: tuple[_Law, ...] = (_blocks, _offsets, _postings, _vectors, _pieces, _papers, _facts)
