"""Papers for reference managers, spreadsheets and notes: BibTeX, RIS, CSV, Markdown.

Unknown fields are left out: a count of authors gives no names. Text of papers is escaped for each
format, so that a title cannot become a LaTeX command, a spreadsheet formula or a link.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from papersearch.cli.output.addresses import page_of
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # BibTeX counts braces, a backslash before them or not
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
# Sub- and superscripts of names like M$^3$ViT: kept as mathematics unless they contain a command.
_MATHEMATICS = re.compile(r"\$(?:[A-Za-z0-9+=*/(),. -]|[\^_](?:[A-Za-z0-9]|\{[A-Za-z0-9+-]+\})){1,40}\$")
_KEY = re.compile(r"[^A-Za-z0-9:._-]+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]|<>~$&])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "paper_id", "title", "authors", "date", "year", "year_inferred", "organisation", "categories", "arxiv_id",
    "doi", "url", "links", "abstract",
)  # fmt: skip


def export(papers: Sequence[Paper], chosen: str) -> bytes:
    """Write papers in one of the formats, as UTF-8."""
    return _WRITERS[chosen](papers).encode("utf-8", "replace")


def _bibtex(papers: Sequence[Paper]) -> str:
    keys: set[str] = set()
    entries = []
    for paper in papers:
        fields = {
            "title": f"{{{_latex(paper.title)}}}" if paper.title else None,  # braces keep its capitals
            "author": " and ".join(map(_author, paper.authors)),
            "year": str(paper.year) if paper.year is not None else None,
            "month": paper.date[5:7].lstrip("0") if paper.date else None,
            "note": "year inferred from the page" if paper.year_inferred else None,
            "organization": _latex(paper.organisation.name) if paper.organisation else None,
            "eprint": _latex(paper.arxiv_id) if paper.arxiv_id else None,
            "eprinttype": "arxiv" if paper.arxiv_id else None,
            "doi": _latex(paper.doi) if paper.doi else None,
            "url": _percent_encoded(page_of(paper)),
            "abstract": _latex(paper.abstract),
        }
        lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
        entries.append(f"@misc{{{_key(paper.paper_id, keys)},\n" + ",\n".join(lines) + "\n}\n")
    return "\n".join(entries)


def _ris(papers: Sequence[Paper]) -> str:
    records = []
    for paper in papers:
        fields = [
            ("TY", "GEN"),
            ("ID", paper.paper_id),
            ("TI", paper.title),
            *(("AU", name) for name in paper.authors),
            ("PY", "" if paper.year is None else str(paper.year)),
            ("DA", (paper.date or "").replace("-", "/")),
            ("PB", paper.organisation.name if paper.organisation else ""),
            ("DO", paper.doi or ""),
            ("UR", page_of(paper) or ""),
            *(("KW", name) for name in paper.categories),
            ("AB", paper.abstract),
        ]
        lines = [f"{tag}  - {clean_text(value)}" for tag, value in fields if value]
        records.append("\n".join([*lines, "ER  - ", ""]))
    return "\n".join(records)


def _csv(papers: Sequence[Paper]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for paper in papers:
        cells = (
            paper.paper_id,
            paper.title,
            "; ".join(paper.authors),
            paper.date or "",
            "" if paper.year is None else str(paper.year),
            "true" if paper.year_inferred else "false",
            paper.organisation.name if paper.organisation else "",
            "; ".join(paper.categories),
            paper.arxiv_id or "",
            paper.doi or "",
            page_of(paper) or "",
            " ".join(paper.links),
            paper.abstract,
        )
        writer.writerow([_cell(clean_text(cell)) for cell in cells])
    return table.getvalue()


def _markdown(papers: Sequence[Paper]) -> str:
    lines = []
    for paper in papers:
        title = _markdown_text(paper.title or paper.paper_id)
        page = page_of(paper)
        facts = [
            ", ".join(paper.authors),
            "" if paper.year is None else f"{paper.year}{' (inferred)' if paper.year_inferred else ''}",
            f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        ]
        said = ". ".join(_markdown_text(fact) for fact in facts if fact)
        lines.append(f"- {f'[{title}]({page})' if page else title}{f'. {said}' if said else ''}\n")
    return "".join(lines)


_WRITERS: dict[str, Callable[[Sequence[Paper]], str]] = {
    "bibtex": _bibtex,
    "ris": _ris,
    "csv": _csv,
    "markdown": _markdown,
}


def _markdown_text(text: str) -> str:
    """Escape text for Markdown; marks of lists and headings only at the beginning."""
    escaped = _MARKDOWN.sub(r"\\\1", clean_text(text))
    return re.sub(r"^(?:([#+-])|(\d+)([.)]))", r"\2\\\1\3", escaped)


def _latex(text: str) -> str:
    """Escape text for LaTeX."""
    escaped = []
    end = 0
    text = clean_text(text)
    for formula in _MATHEMATICS.finditer(text):
        escaped += [_LATEX.get(character, character) for character in text[end : formula.start()]]
        escaped.append(formula[0])
        end = formula.end()
    escaped += [_LATEX.get(character, character) for character in text[end:]]
    return "".join(escaped)


def _author(name: str) -> str:
    """Escape one name; braces keep an "and" in it from separating two names."""
    return f"{{{_latex(name)}}}" if re.search(r"\sand\s", name, re.IGNORECASE) else _latex(name)


def _percent_encoded(url: str | None) -> str | None:
    """Make a URL safe within braces: of LaTeX's special characters only the tilde remains."""
    return None if url is None else quote(url, safe=":/.;()%")


def _key(paper_id: str, taken: set[str]) -> str:
    """Make a citation key of the id, different from those taken, and add it to them."""
    plain = _KEY.sub("-", paper_id).strip("-") or "paper"
    key, number = plain, 2
    while key.lower() in taken:  # BibTeX ignores case
        key, number = f"{plain}-{number}", number + 1
    taken.add(key.lower())
    return key


def _cell(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would read as a formula (OWASP)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
