"""Daily Papers pages: lines that are not understood are reported, and the papers beside them are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.formats.daily_papers import matches, parse
from papersearch.ingest.lines import Line
from papersearch.ingest.merging import merge
from papersearch.ingest.reading import ingest
from papersearch.ingest.record import admit, complain_about
from papersearch.types import Finding, Organisation
from tests.conftest import HEADER, page, sentence
from tests.growing import A, B


def read(text: str) -> tuple[list[Appearance], list[Finding]]:
    """Parse a page given as text."""
    findings: list[Finding] = []
    lines = [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]
    records = parse(lines, complain_about("page.txt", findings.append))
    return list(filter(None, [admit(record, "page.txt", findings.append) for record in records])), findings


def metadata(*lines: str) -> str:
    return "\n" + "\n".join(lines) + "\n"


ACME = Organisation(handle="acme", name="Acme Labs of Ohio")
DATED = metadata("  • 3 authors", "·", "Jan 6, 2025 2")


def test_metadata_block() -> None:
    """Authors, date and comments belong to the paper above them; its lines reach to the date."""
    (a, b), findings = read(page([A]) + DATED + page([B]).removeprefix(HEADER))
    assert (a.date, a.year, a.author_count, a.comment_count) == ("2025-01-06", 2025, 3, 2)
    assert (b.date, b.author_count) == (None, None)
    assert a.last_line == a.first_line + 6
    assert findings == []


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (("  • 1 author", "·", "Feb 29, 2024"), (1, None, "2024-02-29", None)),
        (("acme Acme Labs of Ohio", "·", "Mar 1, 2023 7"), (None, ACME, "2023-03-01", 7)),
        (("  • 4 authors", "Mar 1, 2023"), (4, None, "2023-03-01", None)),
        (("·", "Mar 1, 2023"), (None, None, "2023-03-01", None)),
        (("  • 4 authors",), (4, None, None, None)),
    ],
)
def test_shapes_of_metadata(block: tuple[str, ...], expected: tuple[object, ...]) -> None:
    """One author, an organisation of many words, and blocks that lost a line are read."""
    (a,), findings = read(page([A]) + metadata(*block))
    assert (a.author_count, a.organisation, a.date, a.comment_count) == expected
    assert findings == []


def test_metadata_glued_to_its_abstract() -> None:
    """A block without the blank line before it is still metadata, not abstract."""
    (a,), findings = read(page([A]).rstrip("\n") + DATED)
    assert (a.abstract, a.author_count, findings) == (A[1], 3, [])


def test_title_glued_to_its_abstract() -> None:
    """A title without the blank line after it is still a title."""
    (a,), findings = read(f"{HEADER}\n{A[0]}\n{A[1]}\n")
    assert ((a.title, a.abstract), findings) == (A, [])


def test_year_is_unknown_where_the_page_prints_none() -> None:
    """Without any printed year a day stays without year and date; nothing is guessed."""
    (a,), _ = read(page([A]) + metadata("  • 3 authors", "·", "Jan 6"))
    assert (a.date, a.year, a.year_inferred) == (None, None, False)


def test_impossible_day_is_reported() -> None:
    """February 30 is not read as a date, and a finding names its line."""
    (a,), findings = read(page([A]) + metadata("  • 3 authors", "·", "Feb 30, 2024"))
    assert (a.date, a.author_count) == (None, 3)
    assert [(finding.kind, finding.line) for finding in findings] == [("metadata not understood", 17)]


@pytest.mark.parametrize(
    ("middle", "kind"),
    [
        ("\nA title alone\n", "title without abstract"),
        (f"\n{sentence('orphans')}\n", "abstract without title"),
    ],
)
def test_halves_are_reported(middle: str, kind: str) -> None:
    """Half a paper between two whole ones is reported, and both are found."""
    papers, findings = read(page([A]) + DATED + middle + page([B]).removeprefix(HEADER))
    assert [(paper.title, paper.abstract) for paper in papers] == [A, B]
    assert [finding.kind for finding in findings] == [kind]


def test_metadata_without_paper_is_reported() -> None:
    """Metadata before any paper, or a second block after one, belongs to none."""
    papers, findings = read(HEADER + DATED + page([A]).removeprefix(HEADER) + DATED + DATED)
    assert [paper.author_count for paper in papers] == [3]
    assert [finding.kind for finding in findings] == ["metadata without paper"] * 2


def test_page_cut_in_a_title() -> None:
    """The half title at the end is reported with its line; the paper before it is whole."""
    text = page([A]) + "\nOn be"
    (a,), (finding,) = read(text)
    assert a.title == A[0]
    assert (finding.kind, finding.line, finding.detail) == ("title without abstract", 15, "On be")


def test_two_pages_in_one_file() -> None:
    """A second header in the middle is a header."""
    papers, findings = read(page([A]) + page([B]))
    assert ([paper.title for paper in papers], findings) == ([A[0], B[0]], [])


@pytest.mark.parametrize("change", ["crlf", "bom", "no last line feed"])
def test_spellings_of_a_text_file(tmp_path: Path, change: str) -> None:
    """Windows line ends, a byte order mark and a missing last line feed change nothing."""
    text = page([A, B])
    changed = {"crlf": text.replace("\n", "\r\n"), "bom": "\ufeff" + text, "no last line feed": text[:-1]}
    (tmp_path / "page.txt").write_bytes(changed[change].encode())
    found = ingest([tmp_path])
    assert [(paper.title, paper.abstract) for paper in found.papers] == [A, B]
    assert [place.first_line for paper in found.papers for place in paper.provenance] == [11, 15]


JUNK = st.lists(
    st.sampled_from(["", "·", "  • 2 authors", "Jan 6, 2025", "A stray line", sentence("junk"), "new", "\x1b[2J"]),
    max_size=8,
)


@given(JUNK, JUNK, JUNK)
def test_whole_papers_survive_any_junk(before: list[str], between: list[str], after: list[str]) -> None:
    """Two complete papers are found unchanged between any other lines."""
    parts = [*before, "", A[0], "", A[1], "", *between, "", B[0], "", B[1], "", *after]
    papers, _ = read(HEADER + "\n" + "\n".join(parts))
    found = [(paper.title, paper.abstract) for paper in papers]
    assert A in found
    assert B in found


def test_merging_prefers_what_is_printed() -> None:
    """A printed year beats an inferred one, links are united, places kept, conflicts reported."""
    inferred = Appearance("a.txt", 1, 3, "On X", "short", ("https://a.b/1",), (), "2026-01-02", 2026, True, 3)
    printed = Appearance("b.txt", 5, 9, "ON {X}", "short", ("https://a.b/2",), (), "2025-01-02", 2025, False, 4)
    (paper,), findings = merge([inferred, printed])
    assert (paper.title, paper.date, paper.year_inferred, paper.author_count) == ("On X", "2025-01-02", False, 3)
    assert paper.links == ("https://a.b/1", "https://a.b/2")
    assert [place.dump for place in paper.provenance] == ["a.txt", "b.txt"]
    assert [(finding.kind, finding.file) for finding in findings] == [("metadata conflict", "b.txt")]


SUMMARY = "Lanterns guide moths across a night garden and change the detours that they take, by a third."

TRENDING = f"""new

Get trending papers in your email inbox once a day!

Get trending papers in your email inbox!

Subscribe

Trending Papers
byAK and the research community

Daily

Weekly

Monthly
Trending Papers

Submitted by

adagrove

{A[0]}

{SUMMARY}

acme Acme Labs of Ohio · Published on Apr 2, 2026

Upvote
117

GitHub 13.1k
arXiv Page

{B[0]}

{B[1]}

4 authors

· Published on Dec 28, 2024

Upvote

149

GitHub 110k
arXiv Page
"""
CARDS = f"""Daily Papers
byAK and the research community
Daily
Weekly
Monthly
Trending Papers
Week 14
Submitted by
adagrove
101
{A[0]}
·
12 authors
6
Submitted by
bolind
{B[0]}
·
3 authors
"""
MARKDOWN = f"""Get trending papers in your email inbox once a day!

[Subscribe](https://huggingface.co/login?next=%2Fpapers)

# Daily Papers

## by [![](https://huggingface.co/front/x.png)AK](https://huggingface.co/akhaliq) and the research community

- Daily
- Weekly
- Monthly

[Trending Papers](https://huggingface.co/papers/trending)

Oct 2

[101](https://huggingface.co/login?next=%2Fpapers%2F2604.00007)

### [{A[0]}](https://huggingface.co/papers/2604.00007)

[{A[1]}](https://huggingface.co/papers/2604.00007)

[![acme](https://cdn-avatars.huggingface.co/x.png)Acme Labs of Ohio](https://huggingface.co/acme)

·

May 29[6](https://huggingface.co/papers/2604.00007#community)

[-](https://huggingface.co/login?next=%2Fpapers%2F2502.20581)

### [On
bees](https://huggingface.co/papers/2502.20581)

[{B[1][:150]}\\\\
{B[1][150:]}](https://huggingface.co/papers/2502.20581)

[- ![](https://cdn-avatars.huggingface.co/a.jpeg)\\\\
- 3 authors](https://huggingface.co/papers/2502.20581)

·

Feb 27, 2025
"""
ADDRESSES = f"""Get trending papers in your email inbox once a day!

Daily Papers

by

AK

https://huggingface.co/akhaliq

 and the research community

Mar 25

 [-] 1

https://huggingface.co/login?next=%2Fpapers%2F2410.05434

{A[0]}

https://huggingface.co/papers/2410.05434

{A[1]}

https://huggingface.co/papers/2410.05434

 5 authors

·

Oct 7, 2024

https://huggingface.co/papers/2410.05434
"""


def told(paper: Appearance) -> tuple[object, ...]:
    return (paper.date, paper.author_count, paper.upvotes, paper.comment_count, paper.arxiv_id)


def test_trending_pages() -> None:
    """A trending page gives papers with its short abstracts, their days, authors and votes, and no finding."""
    (a, b), findings = read(TRENDING)
    assert [(one.title, one.abstract) for one in (a, b)] == [(A[0], SUMMARY), B]
    assert (told(a), a.organisation) == (("2026-04-02", None, 117, None, None), ACME)
    assert told(b) == ("2024-12-28", 4, 149, None, None)
    assert findings == []


@pytest.mark.parametrize("break_", ["\n", "\n\n", "\r\n", "\n \n\n"])
def test_cards_have_titles_alone(break_: str, tmp_path: Path) -> None:
    """Cards, which have no abstracts, give papers of titles alone, whatever lines a browser puts between."""
    (tmp_path / "page.txt").write_bytes(CARDS.replace("\n", break_).encode())
    found = ingest([tmp_path])
    assert {(paper.title, paper.abstract, paper.author_count, paper.upvotes) for paper in found.papers} == {
        (A[0], "", 12, 101),
        (B[0], "", 3, None),
    }
    assert (found.dumps[0].n_without_abstract, found.findings) == (2, ())


def test_pages_as_markdown() -> None:
    """A page that a tool saved as Markdown gives the same papers, with their arXiv ids, and no finding."""
    (a, b), findings = read(MARKDOWN)
    assert [(one.title, one.abstract) for one in (a, b)] == [A, B]
    assert (a.upvotes, a.comment_count, a.arxiv_id, a.organisation) == (101, 6, "2604.00007", ACME)
    assert told(b) == ("2025-02-27", 3, None, None, "2502.20581")
    assert findings == []


def test_pages_with_addresses() -> None:
    """A page with the address of each link on a line of its own is read too."""
    (a,), findings = read(ADDRESSES)
    assert ((a.title, a.abstract), told(a)) == (A, ("2024-10-07", 5, 1, None, "2410.05434"))
    assert findings == []


def test_a_page_without_blank_lines() -> None:
    """Titles and abstracts in turn are papers, also where a browser copied no blank line."""
    text = f"Daily Papers\nbyAK and the research community\nMar 11\n{A[0]}\n{A[1]}\n{B[0]}\n{B[1]}\n• 9 authors\n"
    (a, b), findings = read(text)
    assert [(one.title, one.abstract) for one in (a, b)] == [A, B]
    assert (b.author_count, findings) == (9, [])


def test_a_name_in_a_card_is_reported() -> None:
    """What is neither abstract nor metadata below a title is reported, and does not become an abstract."""
    (a, _), findings = read(CARDS.replace(A[0], f"{A[0]}\n\nNight Lab"))
    assert (a.title, a.abstract) == (A[0], "")
    assert [(finding.kind, finding.detail) for finding in findings] == [("metadata not understood", "Night Lab")]


@pytest.mark.parametrize(
    "line",
    [
        "by AK and the research community",
        "byAK and the research community",
        "## by[AK](https://x.example) and the research community",
    ],
)
def test_marks_of_a_page(line: str) -> None:
    """The line below the heading tells a page, in each of its shapes; a mention of it in a text does not."""
    assert matches(f"Daily Papers\n{line}\n".encode())
    assert not matches(f"These papers are chosen {line}, and others.\n".encode())


def test_a_page_without_papers(tmp_path: Path) -> None:
    """A page without any paper is skipped, with what to do."""
    (tmp_path / "page.txt").write_text("Trending Papers\nbyAK and the research community\nDaily\nWeekly\n")
    found = ingest([tmp_path])
    (finding,) = found.findings
    assert (found.dumps, finding.kind) == ((), "file skipped")
    assert finding.detail.startswith("a page of Hugging Face without papers: select all")


@pytest.mark.parametrize(
    "line",
    ["\\\\" * 90_000, "[" * 150_000, "![" * 70_000, "# " * 90_000, "· Jan " * 30_000, "[x](/papers/" * 15_000],
)
def test_hostile_lines_take_linear_time(line: str) -> None:
    """A line of signs, as long as a line can be, is read at once, also twice as Markdown."""
    papers, _ = read(f"{MARKDOWN}\n{line}x [y](https://x.example)\n\n{line}\n{page([A]).removeprefix(HEADER)}")
    assert [paper.title for paper in papers][-1] == A[0]
