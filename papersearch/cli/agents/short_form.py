"""The short form of answers: what an agent needs to choose, in few bytes.

Ten hits take less than 4 kB. What is unknown, empty or as usual is left out. The whole abstract is
one call of `show` away, and `detail` gives the JSON of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from papersearch.cli.output.exports.publication import family_with_particle
from papersearch.cli.output.json_documents import paper_fields
from papersearch.text.cleaning import clean_text
from papersearch.types import Counted, Facets, Hit, Paper, Results, Span
from papersearch.values import fields_of

if TYPE_CHECKING:
    from papersearch.cli.comparison import Comparison
    from papersearch.cli.output.marked import Marked
    from papersearch.marks.mark import Mark

HIT_BYTES = 360
REMARK_BYTES = 320
"""Bounds of one hit, and of all that is said beside the hits unless more is asked for, as JSON in UTF-8."""

_TITLE_BYTES = 130
_LEAST_TITLE_BYTES = 40
_AUTHORS_BYTES = 40
_NAME_BYTES = 60
_TAGS_BYTES = 60
_NAMED = 10
"""Number of values of a facet or a count that are listed."""

_BEFORE = 24
"""Characters kept before the first matched word, where evidence is cut at its beginning."""


def short_results(results: Results, marked: Marked | None = None, comparison: Comparison | None = None) -> bytes:
    """Return an answer in short, as JSON with one line for each hit; with what it has in common with another."""
    compared = {} if comparison is None else {"comparison": _short_comparison(comparison)}
    head = _json({**_remarks(results), **_requested(results), **compared})
    marks = (marked.of(hit.paper) if marked else None for hit in results)
    shown = (_short_hit(hit, mark, is_ranked=results.is_ranked) for hit, mark in zip(results, marks, strict=True))
    hits = b",\n".join(map(_json, shown))
    separator = b"," if len(head) > 2 else b""
    return head[:-1] + separator + b'"hits":[' + hits + b"]}"


def short_papers(papers: Iterable[Paper], marked: Marked | None = None) -> bytes:
    """Return records without what is empty, as JSON with one line for each paper."""
    records = (_short_paper(paper, marked.of(paper) if marked else None) for paper in papers)
    return b'{"papers":[' + b",\n".join(map(_json, records)) + b"]}"


def short_stats(fields: Mapping[str, Any], *, is_stale: bool) -> bytes:
    """Return the counts of `counts.stats_fields` in short."""
    tallies = {
        name: {"papers": found["papers"], "distinct": found["distinct"], "top": _top(found["top"])}
        for name in ("organisations", "authors", "categories", "venues")
        if (found := fields.get(name, {})).get("papers")
    }
    dumps = fields["dumps"]
    return _json(
        {
            "papers": fields["papers"],
            "papers_encoded": fields["papers_encoded"],
            "years": fields["years"],
            "undated": fields["undated"],
            **tallies,
            "with_source_code": fields["with_source_code"],
            "dumps": {"number": len(dumps), "largest": _largest(dumps)},
            "not_understood": fields["finding_kinds"],
            "corpus_has_changed": is_stale,
            **_short_groups(fields["near_duplicates"]),
        }
    )


def _short_groups(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the number of groups of near-duplicates, and the first ones: ids and titles."""
    if found is None:
        return {}
    first = [
        [_named(paper["short_id"], paper["title"]) for paper in group[:_NAMED]]
        for group in found["groups"][:_NAMED]
    ]
    numbers = {"compared": found["compared"], "groups": len(found["groups"])}
    return {"near_duplicates": {**numbers, "first": first}}


def _remarks(results: Results) -> dict[str, Any]:
    """Return what is said beside the hits: always the verdict and the total, the rest where there is any.

    What does not fit into the bound is counted under `more_remarks`.
    """
    said: dict[str, Any] = {"verdict": results.verdict} if results.verdict else {}
    said["total"] = results.total
    possible = {
        "verdicts": results.verdicts.asdict() if results.verdicts and results.verdicts.total else None,
        "mode_used": results.mode_used if results.mode_used != results.mode else None,
        "encoded": f"{results.encoded.n_encoded} of {results.encoded.n_papers}"
        if results.encoded and not results.encoded.is_complete
        else None,
        "undated_left_out": results.undated.n_papers if results.undated else None,
        "emptied_by": results.emptied_by,
        "notes": [_clipped(note.message, 120) for note in results.notes],
        "unknown_words": {
            _clipped(unknown.word, 40): [_clipped(word, 40) for word in unknown.instead]
            for unknown in results.unknown_words
        },
    }
    n_left_out = 0
    for name, value in possible.items():
        if value not in (None, 0, [], {}):
            more = {**said, name: value}
            if len(_json(more)) <= REMARK_BYTES:
                said = more
            else:
                n_left_out += 1
    return {**said, "more_remarks": n_left_out} if n_left_out else said


def _requested(results: Results) -> dict[str, Any]:
    """Return the terms and facets that were asked for."""
    asked: dict[str, Any] = {}
    if results.related is not None:
        asked["narrow_by"] = {term.term: term.n_papers for term in results.related}
    if results.facets is not None:
        asked["facets"] = _short_facets(results.facets)
    return asked


def _short_facets(facets: Facets) -> dict[str, Any]:
    """Return the counts of facets without months, and of names the most frequent."""
    fields: dict[str, Any] = {"papers": facets.n_papers, "undated": facets.n_undated}
    for name, values in fields_of(facets).items():
        if isinstance(values, tuple) and values and name != "months":
            fields[name] = _counted(values if name == "years" else values[:_NAMED])
    return fields


def _short_comparison(found: Comparison) -> dict[str, Any]:
    """Return the facets of the other answer, numbers of papers, and the first papers of both answers."""
    return {
        "facets": _short_facets(found.facets[1]),
        "both": len(found.both),
        "first_alone": len(found.first),
        "second_alone": len(found.second),
        "first_of_both": [_named(hit.short_id, hit.paper.title) for hit in found.both[:_NAMED]],
        **({"is_cut": True} if found.is_cut else {}),
    }


def _named(short_id: str, title: str) -> dict[str, str]:
    return {"short_id": short_id, "title": _clipped(title, _TITLE_BYTES)}


def _counted(values: Sequence[Counted]) -> dict[str, int]:
    return {_clipped(each.value, _NAME_BYTES): each.n_papers for each in values}


def _top(counts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {_clipped(str(each["name"]), _NAME_BYTES): each["papers"] for each in counts[:_NAMED]}


def _largest(dumps: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the dumps with most appearances, and the number of these."""
    ordered = sorted(dumps, key=lambda dump: (-dump["appearances"], dump["name"]))
    return {_clipped(str(dump["name"]), _NAME_BYTES): dump["appearances"] for dump in ordered[:_NAMED]}


def _short_hit(hit: Hit, mark: Mark | None, *, is_ranked: bool) -> dict[str, Any]:
    """Return one hit. Its id is whole; a long one leaves few bytes for the title, and the evidence has the rest."""
    paper = hit.paper
    short_id = hit.short_id or paper.paper_id
    room = max(_LEAST_TITLE_BYTES, min(_TITLE_BYTES, HIT_BYTES * 3 // 5 - len(_json(short_id))))
    fields: dict[str, Any] = {"short_id": short_id, "title": _clipped(paper.title, room)}
    if paper.year is not None:
        fields["year"] = paper.year
    if hit.verdict is not None:
        fields["verdict"] = hit.verdict
    elif is_ranked:
        fields["score"] = round(hit.score, 3)
    if hit.duplicates:
        fields["duplicates"] = len(hit.duplicates)
    if mark is not None:
        fields |= _short_mark(mark)
    authors = _short_authors(paper)
    if authors and len(_json({**fields, "authors": authors, "evidence": ""})) < HIT_BYTES:
        fields["authors"] = authors
    room = HIT_BYTES - len(_json({**fields, "evidence": ""}))
    if evidence := _cut_around(hit.evidence.text, hit.evidence.text_spans, room):
        fields["evidence"] = evidence
    if hit.explanation is not None:
        fields["explanation"] = hit.explanation.asdict()
    return fields


def _short_mark(mark: Mark) -> dict[str, Any]:
    """Return state and tags, as far as they fit; the note is one call of `show` away."""
    tags: list[str] = []
    for tag in mark.tags:
        shown = _clipped(tag, _TAGS_BYTES // 2)
        if len(_json([*tags, shown])) > _TAGS_BYTES:
            break
        tags.append(shown)
    return {**({"read": True} if mark.is_read else {}), **({"tags": tags} if tags else {})}


def _short_authors(paper: Paper) -> str:
    """Return the family names of up to two authors, or of the first and "et al."."""
    names = list(map(family_with_particle, paper.author_names)) or list(paper.authors)
    if not names:
        return ""
    first = _clipped(names[0], _AUTHORS_BYTES - 16)
    if len(names) > 2:
        return f"{first} et al."
    return " and ".join([first, *(_clipped(name, 16) for name in names[1:])])


def _short_paper(paper: Paper, mark: Mark | None) -> dict[str, Any]:
    """Return the fields of a paper that have a value, each thing once."""
    fields = paper_fields(paper, mark)
    del fields["author_names"], fields["provenance"]
    if paper.authors:
        del fields["author_count"]
    if paper.organisation:
        fields["organisation"] = paper.organisation.name or paper.organisation.handle
    if paper.date:
        del fields["year"], fields["month"]
    read_from = [f"{place.dump}:{place.first_line}" for place in paper.provenance]
    return {
        name: value
        for name, value in {**fields, "read_from": read_from}.items()
        if value not in (None, "", (), [], False)
    }


def _cut_around(text: str, spans: Sequence[Span], n_bytes: int) -> str:
    """Return `text` in `n_bytes` of JSON: from its beginning, or from just before the first span if that is far."""
    if (
        spans
        and len(_json(text)) - 2 > n_bytes
        and len(text[: spans[0][1]].encode("utf-8", "replace")) > n_bytes // 2
    ):
        start = max(0, spans[0][0] - _BEFORE)
        start = text.find(" ", start, spans[0][0]) + 1 or spans[0][0]
        text = f"…{text[start:]}"
    return _clipped(text, n_bytes)


def _clipped(text: str, n_bytes: int) -> str:
    """Return `text` cleaned, and cut at a word so that it takes at most `n_bytes` of JSON without quotes."""
    text = clean_text(text)
    if len(_json(text)) - 2 <= n_bytes:
        return text
    cut = text[: max(0, n_bytes)]
    while cut and len(_json(f"{cut}…")) - 2 > n_bytes:
        cut = cut[: -max(1, (len(_json(f"{cut}…")) - 2 - n_bytes) // 6)]
    if not cut:
        return ""
    whole_words = cut.rpartition(" ")[0]
    return f"{whole_words if len(whole_words) > len(cut) // 2 else cut}…"


def _json(value: Any) -> bytes:
    return orjson.dumps(value)
