"""Papers of every kind that a reference may be of: journal, conference, preprint, and with much unknown."""

from __future__ import annotations

from papersearch.types import AuthorName, Paper


def people(*names: str) -> tuple[AuthorName, ...]:
    """Make names of "Family, Given"."""
    return tuple(AuthorName(family=family, given=given) for family, _, given in (n.partition(", ") for n in names))


def paper(paper_id: str, title: str, *authors: str, **fields: object) -> Paper:
    return Paper(paper_id=paper_id, title=title, abstract="An abstract.").replace(
        **{"author_names": people(*authors), **fields}
    )


def dated(year: int, month: int | None = None, day: int | None = None) -> dict[str, object]:
    date = f"{year}-{month:02}-{day:02}" if month and day else None
    return {"year": year, "month": month, "date": date}


STYLED = (
    paper(
        "journal",
        "Deep learning for pipelines: A study",
        "Doe, Jane A.",
        "Roe, Rick",
        **dated(2021, 3, 4),
        venue="Journal of Machine Learning Research",
        volume="12",
        issue="3",
        pages="101-123",
        doi="10.1000/abc_def",
    ),
    paper(
        "preprint",
        "GPipe: efficient training of giant neural networks",
        "Huang, Yanping",
        "Cheng, Youlong",
        "Bapna, Ankur",
        **dated(2018, 11, 16),
        arxiv_id="1811.06965",
    ),
    paper(
        "conference",
        "Attention is all you need",
        "Vaswani, Ashish",
        "Shazeer, Noam",
        "Parmar, Niki",
        "Uszkoreit, Jakob",
        "Jones, Llion",
        "Gomez, Aidan N.",
        "Kaiser, Łukasz",
        "Polosukhin, Illia",
        **dated(2017),
        venue="Advances in Neural Information Processing Systems",
        volume="30",
        pages="5998-6008",
    ),
    paper("bare", "A title without authors or a date"),
    paper("undated", "On things without a year", "Smith, Anna", venue="Physical Review D"),
    paper("anonymous", "An unsigned note", **dated(2019, 6), venue="Nature", volume="570"),
    paper(
        "group",
        "Observation of a new particle in the search for the Higgs boson",
        **dated(2012, 9, 17),
        author_names=(AuthorName(literal="ATLAS Collaboration"),),
        venue="Physics Letters B",
        volume="716",
        issue="1",
        pages="1-29",
        doi="10.1016/j.physletb.2012.08.020",
    ),
    paper(
        "many",
        "A work of many hands",
        *(f"Author{letter}, {letter}avid" for letter in "ABCDEFGHIJKLMNOPQRSTUV"),
        **dated(2020, 1),
        venue="Science",
        volume="367",
        issue="6474",
        pages="10-20",
    ),
    paper(
        "accents",
        "Über die Ränder der Lösungen",
        "Müller, Jörg",
        "Élie, Zoé",
        "Çelik, Ayşe",
        **dated(1999, 1),
        venue="Zeitschrift für Physik",
        volume="3",
        pages="7",
    ),
    paper(
        "particle",
        "A theorem on graphs",
        **dated(2005, 12, 31),
        author_names=(AuthorName(family="Berg", given="Anna", particle="van der"),),
        venue="Annals of Mathematics",
        volume="161",
        pages="1-50",
    ),
    paper(
        "suffix",
        "Is this a question?",
        **dated(2024, 5, 6),
        author_names=(AuthorName(family="Smith", given="John", suffix="Jr."),),
        url="https://example.org/x",
    ),
    paper("chinese", "大型语言模型的训练", "李, 明", "王, 芳", **dated(2023, 7), venue="计算机学报", volume="46"),
    paper(
        "mononym",
        "A song",
        **dated(2022, 12),
        author_names=(AuthorName(literal="Madonna"), AuthorName(family="Li", given="Wei")),
        venue="Science",
        volume="1",
        issue="2",
        pages="e123",
    ),
    paper("marks", "Growth of 50% & more: x_i, #1 {and} C* ~ 3^2", "Roe, R.", **dated(2016, 2, 29), venue="Nature"),
    paper("later", "The second of a year", "Roe, R.", **dated(2016, 3), venue="Nature", volume="2"),
    paper(
        "article",
        "A number, not pages",
        "Poe, E.",
        **dated(2010),
        venue="Physical Review B",
        volume="81",
        pages="045101",
    ),
    paper(
        "workshop",
        "Small models",
        "Kim, Min-Jun",
        **dated(2023, 12, 10),
        venue="Workshop on Efficient Systems",
        publisher="ACM",
        doi="10.1145/1234567.7654321",
    ),
    paper(
        "web", "A page of a source", "Lee, A.", "Ray, B.", **dated(2026, 4, 2), url="https://example.org/a?b=c&d=e"
    ),
    paper(
        "old",
        "Sur quelques points",
        "Grothendieck, Alexander",
        **dated(1957),
        venue="Tohoku Mathematical Journal",
        volume="9",
        issue="2",
        pages="119-221",
    ),
    paper("oldid", "An early preprint", "Witten, Edward", **dated(1998, 2), arxiv_id="hep-th/9802150"),
)
"""Twenty papers."""
