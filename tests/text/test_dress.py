"""Identifiers in any dress have one key; words, numbers and titles have none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.dress import is_sure, mentioned, whole_identifier
from papersearch.text.query import may_identify

DRESSES = {
    "arxiv:2503.11731": """
        2503.11731 | 2503.11731v2 | arXiv:2503.11731v2 | ARXIV: 2503.11731 | arXiv 2503.11731
        arXiv preprint arXiv:2503.11731 | arXiv:2503.11731v2 [cs.LG] | "2503.11731" | [2503.11731]
        https://arxiv.org/abs/2503.11731 | http://www.arxiv.org/pdf/2503.11731v2.pdf | arxiv.org/abs/2503.11731
        HTTPS://ARXIV.ORG/PDF/2503.11731?download=1#page=3 | <https://arxiv.org/abs/2503.11731v12>.
        https://export.arxiv.org/abs/2503.11731 | https://ar5iv.labs.arxiv.org/html/2503.11731
        https://huggingface.co/papers/2503.11731 | hf.co/papers/2503.11731 | https://www.alphaxiv.org/abs/2503.11731
        https://www.semanticscholar.org/arxiv/2503.11731 | https://scirate.com/arxiv/2503.11731
        https://doi.org/10.48550/arXiv.2503.11731 | doi:10.48550/ARXIV.2503.11731v1
    """,
    "arxiv:hep-th/9901001": "hep-th/9901001 | hep-th/9901001v3 | https://arxiv.org/abs/hep-th/9901001",
    "arxiv:math/0309136": "math.GT/0309136 | arXiv:math/0309136v1",
    "doi:10.1000/xyz": """
        10.1000/xyz | 10.1000/XYZ. | doi:10.1000/xyz | DOI: 10.1000/xyz | doi = {10.1000/xyz} | (10.1000/xyz)
        https://doi.org/10.1000/xyz | http://dx.doi.org/10.1000%2Fxyz | doi.org/10.1000/xyz?nosfx=y
        https://dl.acm.org/doi/10.1000/xyz | https://onlinelibrary.wiley.com/doi/pdf/10.1000/xyz
    """,
    "doi:10.1016/s0140-6736(20)30183-5": "10.1016/S0140-6736(20)30183-5 | https://doi.org/10.1016/S0140-6736(20)30183-5",
    "doi:10.1101/2020.01.01.123456": """
        10.1101/2020.01.01.123456 | 10.1101/2020.01.01.123456v2
        https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2.full
    """,
    "doi:10.1038/s41586-020-2649-2": "https://www.nature.com/articles/s41586-020-2649-2.pdf",
    "pmid:12345678": """
        PMID:12345678 | pmid 12345678 | https://pubmed.ncbi.nlm.nih.gov/12345678/
        https://www.ncbi.nlm.nih.gov/pubmed/12345678 | https://europepmc.org/article/MED/12345678
    """,
    "pmc:7654321": """
        PMC7654321 | PMCID: PMC7654321 | https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7654321/pdf/x.pdf
        https://pmc.ncbi.nlm.nih.gov/articles/PMC7654321 | https://europepmc.org/articles/PMC7654321
    """,
    "acl:2020.acl-main.1": """
        2020.acl-main.1 | https://aclanthology.org/2020.acl-main.1.pdf | aclanthology.org/2020.acl-main.1/
    """,
    "acl:p19-1001": "https://www.aclweb.org/anthology/P19-1001/ | https://aclanthology.org/P19-1001",
    "openreview:r1xMH1BtvB": """
        https://openreview.net/forum?id=r1xMH1BtvB&noteId=x | openreview.net/pdf?id=r1xMH1BtvB
        https://openreview.net/forum?noteId=x&id=r1xMH1BtvB
    """,
    "s2:204e3073870fae3d05bcbc2f6a8e263d9b72e776": """
        204e3073870fae3d05bcbc2f6a8e263d9b72e776
        https://www.semanticscholar.org/paper/Attention/204e3073870fae3d05bcbc2f6a8e263d9b72e776?sort=x
    """,
    "corpus:13756489": "CorpusID:13756489 | https://api.semanticscholar.org/CorpusID:13756489",
    "openalex:W2741809807": "W2741809807 | https://openalex.org/W2741809807 | https://api.openalex.org/works/w2741809807",
    "address:example.org/papers/12": """
        https://example.org/papers/12 | http://www.example.org/papers/12.pdf | https://Example.org/papers/12/#top
        https://example.org/papers/12?utm_source=x
    """,
}  # fmt: skip


def written(listed: str) -> list[str]:
    return [part.strip() for line in listed.splitlines() for part in line.split(" | ") if part.strip()]


@pytest.mark.parametrize(
    ("text", "key"), [(text, key) for key, listed in DRESSES.items() for text in written(listed)]
)
def test_every_dress_has_the_key_of_the_bare_identifier(text: str, key: str) -> None:
    """Labels, addresses, versions, case, brackets and punctuation do not change the key."""
    found = whole_identifier(text)
    assert found is not None and found.key == key
    assert whole_identifier(f"  {text} ") == found
    assert may_identify(text)


@pytest.mark.parametrize(
    "text",
    [
        *("attention", "gpt-4", "10.5", "10.5 billion tokens", "1234.5678 meters", "1234.5678", "3.5/4", "2 + 2"),
        *(
            "and/or",
            "TCP/IP",
            "input/output",
            "client/server/2020",
            "physics/1234567",
            "doi",
            "arXiv",
            "arXiv papers",
        ),
        *(
            "PMID",
            "title:gpipe",
            "doi:foo",
            "i.e. this",
            "node.js",
            "P19-1001",
            "https://",
            "http://a b",
            "",
            " ",
            "()",
        ),
        *("GPipe: Efficient Training", "1.58-bit models are all you need", "3D/4D vision", "gpipe-86739e", "\x00"),
        "2503.11731 pipeline bubbles",
        "a" * 3000 + "/2503.11731",
    ],
)
def test_words_numbers_and_titles_have_no_key(text: str) -> None:
    """What people may mean as words of a query is not an identifier as a whole."""
    assert whole_identifier(text) is None


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    """No text raises an error, and an identifier reads as itself in its usual form."""
    found = whole_identifier(text)
    if found is not None and found.kind in ("arXiv id", "DOI"):
        again = whole_identifier(found.shown)
        assert again is not None and again.key == found.key
    mentioned(text)


@given(
    st.sampled_from(
        ["{}", "arXiv:{}", "https://arxiv.org/abs/{}", "http://arxiv.org/pdf/{}.pdf", "hf.co/papers/{}"]
    ),
    st.integers(15, 45),
    st.integers(1, 12),
    st.integers(0, 99999),
    st.sampled_from(["", "v1", "v12"]),
)
def test_every_arxiv_id_has_one_key(dress: str, year: int, month: int, number: int, version: str) -> None:
    """The key depends on the number alone, whatever the version and the dress."""
    bare = f"{year:02}{month:02}.{number:05}"
    found = whole_identifier(dress.format(bare + version))
    assert found is not None and found.key == f"arxiv:{bare}"


def test_identifiers_among_words_are_found() -> None:
    """Each is found with its words; a bare number and a page are not surely one."""
    text = "like arXiv 2503.11731 and doi: 10.1000/xyz, (PMID 12345) or https://a.org/b, not 1203.4567 meters"
    words = text.split()
    found = [(one.key, " ".join(words[at] for at in places)) for one, places in mentioned(text)]
    assert found == [
        ("arxiv:2503.11731", "arXiv 2503.11731"),
        ("doi:10.1000/xyz", "doi: 10.1000/xyz,"),
        ("pmid:12345", "(PMID 12345)"),
        ("address:a.org/b", "https://a.org/b,"),
        ("arxiv:1203.4567", "1203.4567"),
    ]
    sure = [is_sure(" ".join(words[at] for at in places), one) for one, places in mentioned(text)]
    assert sure == [True, True, True, False, False]
    assert len(mentioned("2503.11731 " * 50)) == 10
