"""Papers that are hard to export, made the same every time."""

from __future__ import annotations

from random import Random

from papersearch.text.cleaning import clean_text
from papersearch.text.names import displayed
from papersearch.types import AuthorName, Organisation, Paper

TEXTS = (
    "Erdős–Rényi graphs & Schrödinger's cat, naïve façade, Łódź ß øre",
    "图神经网络综述：方法与应用",
    "量子コンピュータのための誤り訂正",
    "Фреймворк для обучения",
    "بحث في الشبكات العصبية",
    "Sets {a, b} and {{nested} braces}",
    "An opening { without a partner",
    "A closing } before an opening {",
    "Costs $5 to $10, or 100% of #1_top & more",
    "Bounds of $x^2$ and $O(n \\log n)$ for $\\alpha_{ij} \\leq \\frac{1}{2}$",
    "M$^3$ViT: $\\mathbb{R}^n$ to $\\mathcal{H}$",
    "Unknown commands $\\input{x}$ and \\write18{rm -rf /}",
    "C:\\temp\\new ~/papers ^caret^ under_score",
    '=HYPERLINK("http://x","y")',
    "-1 + 2",
    "@article{evil, title = {x}}",
    "+49 30 1234",
    "'=quoted formula",
    "# Heading [click](javascript:alert(1)) <script>alert(1)</script>",
    "1. A list - of * things | and `code` &amp; entities",
    "a < b and x<y> or c > d",
    'He said "yes" and it\'s “fine” -- or --- not',
    "Trailing backslash \\",
    "% a comment",
    "TY - BOOK and ER - in one line",
    "Emoji 🚀 and symbols ∑ ∞ ≤ ½",
    "Word" * 60,
)

NAMES = (
    AuthorName(family="Lovelace", given="Ada"),
    AuthorName(family="King", given="Martin Luther", suffix="Jr."),
    AuthorName(family="Berg", given="Jan", particle="van der"),
    AuthorName(family="Beethoven", given="Ludwig", particle="van", suffix="III"),
    AuthorName(family="Núñez y García", given="José María"),
    AuthorName(family="王", given="芳"),
    AuthorName(family="Erdős", given="Pál"),
    AuthorName(family="O'Neil-Smith", given="J. R."),
    AuthorName(family="{Brace}", given="B_c & D"),
    AuthorName(family="Bell and Sons", given="A."),
    AuthorName(literal="The ATLAS and CMS Collaborations"),
    AuthorName(literal="OpenAI"),
    AuthorName(literal="Plato"),
    AuthorName(literal="R&D Team #1_x"),
    AuthorName(family="Wolfeschlegelsteinhausenbergerdorff" * 3, given="Hubert Blaine"),
)

DOIS = ("10.1007/978-3-030-00001-7_", "10.1000/a_b#c%d", "10.1016/S0010-8650(80)", "10.1002/(sici)1<1::aid>3.0;2-#")
"""Beginnings: a number makes each one of its own."""

ARXIV_IDS = ("2401.{:05}v2", "0704.{:04}", "hep-th/9901{:03}")
CATEGORIES = ("cs.LG", "hep-th", "q-bio.PE", "Machine_learning & more", "自然言語")
VENUES = (
    ("Journal of Things & Stuff", "12", "3", "45-67", None),
    ("Proceedings of the 10th Conference on Things", "139", None, "1–9", "ACM {Press}"),
    ("NeurIPS 2023", None, None, None, None),
    ("Nature", "5", None, "e123", "Springer"),
    ("Proceedings of the VLDB Endowment", "5", "4", "101--112", None),
    ("arXiv.org", None, None, None, None),
    ("Somewhere", None, None, None, None),
)


def hostile_papers(count: int, seed: int = 7) -> list[Paper]:
    """Return papers of every hard kind, mixed; their texts are as the ingest leaves them."""
    random = Random(seed)
    return [_paper(number, random) for number in range(count)]


def _paper(number: int, random: Random) -> Paper:
    text = clean_text(TEXTS[number % len(TEXTS)])
    other = clean_text(random.choice(TEXTS))
    abstract = clean_text(f"{other}. {text}. " * random.choice((0, 1, 3)))
    if number % 60 == 0:
        abstract = clean_text((f"{other} ") * (10_000 // (len(other) + 1) + 1))[:10_000].strip()
    names = tuple(random.sample(NAMES, random.choice((0, 1, 1, 2, 3, 5))))
    year = random.choice((None, 1999, 2024, 2025))
    month = random.choice((None, 4, 12)) if year else None
    day = random.choice((None, 2)) if month else None
    venue, volume, issue, pages, publisher = random.choice(((None,) * 5, (None,) * 5, *VENUES))
    return Paper(
        paper_id=random.choice(
            (f"paper-{number}", f"x}}, evil{number} = {{1", f"图{number}", f"@a--{number}-->", f"{number}")
        ),
        title=f"{text} {number}" if number % 50 or not abstract else "",
        abstract=abstract,
        authors=tuple(map(displayed, names)),
        author_names=names,
        date=f"{year}-{month:02}-{day:02}" if day else None,
        year=year,
        month=month,
        year_inferred=bool(year) and number % 7 == 0,
        organisation=Organisation(handle="acme", name="ACME {Labs} & Co") if number % 9 == 0 else None,
        categories=tuple(random.sample(CATEGORIES, random.choice((0, 1, 3)))),
        arxiv_id=random.choice(("", *ARXIV_IDS)).format(number) or None if year else None,  # it tells a year
        doi=f"{random.choice(DOIS)}{number}" if random.random() < 0.6 else None,
        links=("https://github.com/a/b",) if number % 5 == 0 else (),
        venue=venue,
        volume=volume,
        issue=issue,
        pages=pages,
        publisher=publisher,
        url=random.choice((None, None, "https://example.org/a_b~c?x=1&y=%20#z", "http://example.org/päper(1)")),
        citation_key=random.choice(
            (None, None, f"smith{number}:x", f"müller_{number}", f"bad key {number}, {{x}}")
        ),
    )
