"""Counts of the papers of an index: by date, name and host of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from papersearch.index.facts import has_code
from papersearch.ingest.links import host_of
from papersearch.types import Count, Counted, Paper
from papersearch.values import Value

LISTED = 100
"""Greatest number of names of each kind: a large corpus has a million authors."""


class Tally(Value):
    """Number of papers with a name of one kind, of such names, and the most frequent of them.

    top: most papers first, then in paper order
    """

    n_papers: Count
    n_distinct: Count
    top: tuple[Counted, ...]


class PaperCounts(Value):
    """Counts of papers by year, month, name and host.

    years: ascending; years_inferred: the part whose page printed no year
    months: `YYYY-MM`, ascending, for papers whose month is known
    added: `YYYY-MM` in UTC, ascending, in which papers came into the collection, where that is known
    hosts: by host of a link, without `www.`
    """

    years: tuple[Counted, ...]
    years_inferred: tuple[Counted, ...]
    n_undated: Count
    months: tuple[Counted, ...]
    added: tuple[Counted, ...]
    organisations: Tally
    authors: Tally
    categories: Tally
    venues: Tally
    hosts: Tally
    n_with_links: Count
    n_with_code: Count


def count_papers(papers: Iterable[Paper]) -> PaperCounts:
    """Count papers in one pass, because every access to a paper decodes it."""
    years: Counter[int] = Counter()
    inferred: Counter[int] = Counter()
    months: Counter[str] = Counter()
    added: Counter[str] = Counter()
    names: tuple[Counter[str], ...] = (Counter(), Counter(), Counter(), Counter(), Counter())
    having = [0] * len(names)
    n_undated = n_with_links = n_with_code = 0
    for paper in papers:
        if paper.year is None:
            n_undated += 1
        else:
            years[paper.year] += 1
            inferred[paper.year] += paper.year_inferred
        if paper.year is not None and paper.month:
            months[f"{paper.year:04}-{paper.month:02}"] += 1
        if paper.added:
            added[paper.added[:7]] += 1
        hosts = {host for link in paper.links if (host := host_of(link))}
        n_with_links += bool(paper.links)
        n_with_code += has_code(paper)
        organisation = (paper.organisation.name or paper.organisation.handle,) if paper.organisation else ()
        venue = (paper.venue,) if paper.venue else ()
        for place, found in enumerate((organisation, paper.authors, paper.categories, venue, sorted(hosts))):
            names[place].update(list(dict.fromkeys(found)))
            having[place] += bool(found)
    organisations, authors, categories, venues, of_links = map(_tally, names, having)
    return PaperCounts(
        years=_ascending(years),
        years_inferred=_ascending(+inferred),
        n_undated=n_undated,
        months=_ascending(months),
        added=_ascending(added),
        organisations=organisations,
        authors=authors,
        categories=categories,
        venues=venues,
        hosts=of_links,
        n_with_links=n_with_links,
        n_with_code=n_with_code,
    )


def _ascending(counts: Counter[Any]) -> tuple[Counted, ...]:
    return tuple(Counted(value=str(name), n_papers=counts[name]) for name in sorted(counts))


def _tally(counts: Counter[str], n_papers: int) -> Tally:
    top = tuple(Counted(value=name, n_papers=count) for name, count in counts.most_common(LISTED))
    return Tally(n_papers=n_papers, n_distinct=len(counts), top=top)
