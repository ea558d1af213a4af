"""Results for programs: the JSON envelope, JSON lines, tab-separated lines.

Scripts depend on these formats. Fields are only ever added. Every field is always present, null if
unknown. Without hits, the envelope has an empty list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from papersearch.search.filter_table import NO_MARK_FILTERS
from papersearch.text.cleaning import clean_text
from papersearch.types import DumpFile, Finding, Hit, Paper, Results

if TYPE_CHECKING:
    from papersearch.cli.comparison import Comparison
    from papersearch.cli.output.marked import Marked
    from papersearch.marks.mark import Mark
    from papersearch.saved import SavedSearch

SCHEMA_VERSION = 1


def paper_fields(paper: Paper, mark: Mark | None = None) -> dict[str, Any]:
    """Return the fields of a paper, with those of its mark."""
    return {
        "paper_id": paper.paper_id,
        "title": paper.title,
        "abstract": paper.abstract,
        "date": paper.date,
        "year": paper.year,
        "year_inferred": paper.year_inferred,
        "author_count": paper.author_count,
        "organisation": paper.organisation.asdict() if paper.organisation else None,
        "comment_count": paper.comment_count,
        "links": paper.links,
        "provenance": [place.asdict() for place in paper.provenance],
        "authors": paper.authors,
        "categories": paper.categories,
        "arxiv_id": paper.arxiv_id,
        "doi": paper.doi,
        "upvotes": paper.upvotes,
        "month": paper.month,
        "author_names": [name.asdict() for name in paper.author_names],
        "venue": paper.venue,
        "volume": paper.volume,
        "issue": paper.issue,
        "pages": paper.pages,
        "publisher": paper.publisher,
        "url": paper.url,
        "citation_key": paper.citation_key,
        "added": paper.added,
        "collections": paper.collections,
        "marks": None if mark is None else mark_fields(mark),
    }


def mark_fields(mark: Mark) -> dict[str, Any]:
    """Return the fields of a mark beside its paper."""
    return {"tags": mark.tags, "read": mark.is_read, "note": mark.note or None}


def hit_fields(hit: Hit, mark: Mark | None = None) -> dict[str, Any]:
    """Return the fields of a hit: rank, scores, evidence, and the fields of its paper."""
    return {
        "rank": hit.rank,
        "score": hit.score,
        "keyword_score": hit.keyword_score,
        "semantic_score": hit.semantic_score,
        "exact_title": hit.exact_title,
        "verdict": hit.verdict,
        **paper_fields(hit.paper, mark),
        "evidence": hit.evidence.asdict(),
        "explanation": hit.explanation.asdict() if hit.explanation else None,
        "duplicates": [paper.asdict() for paper in hit.duplicates],
        "library_match": hit.library_match.asdict() if hit.library_match else None,
        "short_id": hit.short_id,
        "strength": hit.strength,
        "rerank_score": hit.rerank_score,
        "rank_before": hit.rank_before,
    }


def envelope(results: Results, marked: Marked | None = None, comparison: Comparison | None = None) -> bytes:
    """Return the JSON document of a search, ended by a line feed."""
    return dump(envelope_fields(results, marked, comparison))


def envelope_fields(
    results: Results, marked: Marked | None = None, comparison: Comparison | None = None
) -> dict[str, Any]:
    """Return the fields of an answer, with the marks of its papers, and its comparison with another one."""
    wanted = marked.wanted if marked else NO_MARK_FILTERS
    return {
        "schema_version": SCHEMA_VERSION,
        "query": results.query,
        "mode": results.mode,
        "mode_used": results.mode_used,
        "total": results.total,
        "verdict": results.verdict,
        "expansions": [expansion.asdict() for expansion in results.expansions],
        "filters": {**results.filters.asdict(), **wanted._asdict()},
        "sort": results.sort,
        "undated": results.undated.asdict() if results.undated else None,
        "unknown_words": [word.asdict() for word in results.unknown_words],
        "related": None if results.related is None else [term.asdict() for term in results.related],
        "facets": results.facets.asdict() if results.facets else None,
        "reading": results.reading.asdict() if results.reading else None,
        "notes": [note.asdict() for note in results.notes],
        "encoded": results.encoded.asdict() if results.encoded else None,
        "verdicts": results.verdicts.asdict() if results.verdicts else None,
        "comparison": None if comparison is None else comparison_fields(comparison),
        "reranked": results.reranked.asdict() if results.reranked else None,
        "weights": results.weights.asdict() if results.weights else None,
        "hits": [hit_fields(hit, marked.of(hit.paper) if marked else None) for hit in results],
    }


def named_answers(answers: Iterable[tuple[str, Results, Marked | None]]) -> bytes:
    """Return the JSON document of answers of saved searches, ended by a line feed."""
    searches = [{"name": name, **envelope_fields(results, marked)} for name, results, marked in answers]
    return dump({"schema_version": SCHEMA_VERSION, "searches": searches})


def search_fields(search: SavedSearch) -> dict[str, Any]:
    """Return the fields of a saved search."""
    filters = {**search.filters.asdict(), **search.marked._asdict()}
    return {"name": search.name, "query": search.query, "mode": search.mode, "filters": filters}


def papers(found: Iterable[Paper], marked: Marked | None = None, *, indent: bool = True) -> bytes:
    """Return the JSON document of whole records with the marks of the papers, ended by a line feed."""
    records = [paper_fields(paper, marked.of(paper) if marked else None) for paper in found]
    return dump({"schema_version": SCHEMA_VERSION, "papers": records}, indent=indent)


def reading(dumps: Iterable[DumpFile], findings: Iterable[Finding], n_left_out: int) -> bytes:
    """Return the JSON document of dumps, findings and papers left out, ended by a line feed."""
    from papersearch.cli.output.dumps import dump_fields

    found = [finding.asdict() for finding in findings]
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "dumps": dump_fields(dumps),
            "left_out": n_left_out,
            "findings": found,
        }
    )


def hit_lines(results: Results, marked: Marked | None = None, **first: str) -> bytes:
    """Return one JSON object per hit and line, each with the fields `first` before those of the hit."""
    return b"".join(
        dump({**first, **hit_fields(hit, marked.of(hit.paper) if marked else None)}, indent=False)
        for hit in results
    )


def hit_rows(results: Results, *first: str) -> str:
    """Return one line per hit: the cells of `first`, rank, score, paper_id, year, title and evidence,
    separated by tabs."""
    return "".join(
        _row(*first, str(hit.rank), f"{hit.score:.6f}", *_cells(hit.paper), hit.evidence.text) for hit in results
    )


def paper_rows(found: Iterable[Paper]) -> str:
    """Return one line per paper, with the cells of a hit: the score is empty, and the abstract is the evidence."""
    return "".join(
        _row(str(number), "", *_cells(paper), paper.abstract) for number, paper in enumerate(found, start=1)
    )


def _cells(paper: Paper) -> tuple[str, str, str]:
    return paper.paper_id, "" if paper.year is None else str(paper.year), paper.title


def _row(*cells: str) -> str:
    return "\t".join(map(clean_text, cells)) + "\n"


def comparison_rows(found: Comparison) -> str:
    """Return one line per paper: its id, both or first or second, year and title, separated by tabs."""
    return "".join(
        _row(paper_id, part, year, title)
        for part, hits in _parts(found)
        for paper_id, year, title in (_cells(hit.paper) for hit in hits)
    )


def comparison_fields(found: Comparison) -> dict[str, Any]:
    """Return the fields of a comparison for JSON; facets of the first query are those of its answer."""
    listed = {
        part: [
            {
                "paper_id": hit.paper.paper_id,
                "short_id": hit.short_id,
                "title": hit.paper.title,
                "year": hit.paper.year,
            }
            for hit in hits
        ]
        for part, hits in _parts(found)
    }
    return {"query": found.other, "facets": found.facets[1].asdict(), **listed, "is_cut": found.is_cut}


def _parts(found: Comparison) -> tuple[tuple[str, tuple[Hit, ...]], ...]:
    return ("both", found.both), ("first", found.first), ("second", found.second)


def dump(document: Any, *, indent: bool = True) -> bytes:
    """Encode as JSON, ended by a line feed."""
    option = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(document, option=option)
