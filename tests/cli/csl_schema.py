"""A schema of CSL-JSON: the properties and types of an item (csl-data of the CSL project, version 1.0.2)."""

from __future__ import annotations

from typing import Any

_TYPES = (
    "article article-journal article-magazine article-newspaper bill book broadcast chapter classic collection "
    "dataset document entry entry-dictionary entry-encyclopedia event figure graphic hearing interview legal_case "
    "legislation manuscript map motion_picture musical_score pamphlet paper-conference patent performance "
    "periodical personal_communication post post-weblog regulation report review review-book software song "
    "speech standard thesis treaty webpage"
).split()

_TEXTS = (
    "abstract annote archive archive_collection archive_location archive-place authority call-number "
    "citation-key citation-label container-title container-title-short dimensions division DOI event event-place "
    "event-title genre ISBN ISSN journalAbbreviation jurisdiction keyword language medium note "
    "original-publisher original-publisher-place original-title part-title PMCID PMID publisher publisher-place "
    "references reviewed-genre reviewed-title scale section shortTitle source status title title-short URL version "
    "volume-title volume-title-short year-suffix"
).split()

_NUMBERS = (
    "chapter-number citation-number collection-number edition first-reference-note-number id issue locator number "
    "number-of-pages number-of-volumes page page-first part printing supplement volume"
).split()

_NAMES = "author chair collection-editor composer container-author editor original-author translator".split()
_DATES = "accessed available-date event-date issued original-date submitted".split()

_TEXT = {"type": "string"}
_NUMBER = {"type": ["string", "number"]}
_FLAG = {"type": ["string", "number", "boolean"]}
_NAME = {
    "type": "object",
    "properties": {
        **dict.fromkeys(
            ("family", "given", "dropping-particle", "non-dropping-particle", "suffix", "literal"), _TEXT
        ),
        **dict.fromkeys(("comma-suffix", "static-ordering", "parse-names"), _FLAG),
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_DATE = {
    "type": "object",
    "properties": {
        "date-parts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {"type": "array", "minItems": 1, "maxItems": 3, "items": _NUMBER},
        },
        "season": _NUMBER,
        "circa": _FLAG,
        "literal": _TEXT,
        "raw": _TEXT,
    },
    "additionalProperties": False,
}

CSL_DATA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "type": {"enum": _TYPES},
            **dict.fromkeys(_TEXTS, _TEXT),
            **dict.fromkeys(_NUMBERS, _NUMBER),
            **{name: {"type": "array", "items": _NAME} for name in _NAMES},
            **dict.fromkeys(_DATES, _DATE),
            "categories": {"type": "array", "items": _TEXT},
            "custom": {"type": "object"},
        },
        "required": ["type", "id"],
        "additionalProperties": False,
    },
}
