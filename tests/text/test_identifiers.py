"""Identifiers in the dress in which people and sources write them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.identifiers import (
    arxiv_id_of_doi,
    bare_arxiv_id,
    bare_doi,
    folded_doi,
    without_version,
)

SICI = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"
DOIS = (
    "10.9999/w123", "10.1007/978-3-030-00001-7_4", "10.1016/S0140-6736(20)30183-5", SICI, "10.1000.10/123",
    "10.48550/arXiv.2101.00001", "10.1000/a_b", "10.1145/3292500.3330701",
)  # fmt: skip

ends = st.text(st.sampled_from("abcXYZ0123456789"), min_size=1, max_size=3)
middles = st.text(st.sampled_from("abcXYZ0123456789._-;:+/~"), max_size=12)
inner = st.builds(lambda text: f"({text})", ends) | middles
dois = st.builds(
    lambda number, parts: f"10.{number}/{''.join(parts)}",
    st.integers(1000, 99999),
    st.tuples(ends, inner, middles, ends),
).filter(lambda doi: "//" not in doi and not doi.endswith(("/pdf", "/abs")))


@pytest.mark.parametrize("doi", DOIS)
@pytest.mark.parametrize(
    "dress",
    ["{}", "doi:{}", "DOI: {}", "doi {}", "DOI{}", "urn:doi:{}", "info:doi/{}", " {}\n", "{}.", "({})", "[{}],",
     "{};", "<{}>", "“{}”", "see {}, and more", "\u200b{}"],
)  # fmt: skip
def test_dresses_of_dois(doi: str, dress: str) -> None:
    """Prefixes, and punctuation and brackets around a DOI, go; its own brackets stay."""
    assert bare_doi(dress.format(doi)) == doi


@given(dois, st.sampled_from(["https://doi.org/", "http://dx.doi.org/", "HTTPS://WWW.DOI.ORG/", "doi.org/"]))
def test_addresses_of_dois(doi: str, resolver: str) -> None:
    """The address of a DOI leads back to it, percent-encoded or not, and doubled by an export."""
    assert bare_doi(resolver + doi) == doi
    assert bare_doi(resolver + quote(doi, safe="")) == doi
    assert bare_doi(f"{resolver}{quote(doi, safe='/')}?utm_source=x&y=10.1000/other#section") == doi
    assert bare_doi(f"https://doi.org/{quote(resolver + doi, safe='/')}") == doi


@given(dois)
def test_bare_dois(doi: str) -> None:
    """A bare DOI is itself; reading twice changes nothing; case does not distinguish two."""
    assert bare_doi(doi) == doi
    assert folded_doi(doi.upper()) == folded_doi(doi) != folded_doi(doi + "x")


@pytest.mark.parametrize(
    ("address", "doi"),
    [
        ("https://onlinelibrary.wiley.com/doi/10.1002/abc", "10.1002/abc"),
        ("https://onlinelibrary.wiley.com/doi/full/10.1002/abc?x=1#y", "10.1002/abc"),
        ("https://dl.acm.org/doi/pdf/10.1145/3292500.3330701", "10.1145/3292500.3330701"),
        ("https://link.springer.com/content/pdf/10.1007/978-3-030-00001-7_4.pdf", "10.1007/978-3-030-00001-7_4"),
        ("https://link.springer.com/article/10.1007%2Fs00453-020-00001-x", "10.1007/s00453-020-00001-x"),
        ("https://www.frontiersin.org/articles/10.3389/fpsyg.2013.00123/full", "10.3389/fpsyg.2013.00123"),
        ("https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2.full.pdf", "10.1101/2020.01.01.123456"),
        ("10.1002%2Fabc", "10.1002/abc"),
        ("10.1000/abc\\_def", "10.1000/abc_def"),
        ("10.1000/abc\\\\_def", "10.1000/abc_def"),
        ("10.1000/a_b#c%d", "10.1000/a_b#c%d"),
        ("10.1000/a&amp;b", "10.1000/a&b"),
        (SICI.replace("<", "&lt;").replace(">", "&gt;"), SICI),
    ],
)
def test_written_dois(address: str, doi: str) -> None:
    """Addresses of publishers, percent-encoding, LaTeX and XML are undone; a bare DOI keeps its signs."""
    assert bare_doi(address) == doi


@pytest.mark.parametrize(
    "text", ["", "n/a", "10.1000", "10.1000/", "10.1/x", "110.1000/x", "https://example.org", "PMC1"]
)
def test_no_dois(text: str) -> None:
    """A text without prefix and suffix of a DOI holds none."""
    assert bare_doi(text) is None


ARXIV_IDS = (
    "2101.00001",
    "2101.00001v2",
    "0704.4321",
    "1412.1234v10",
    "1001.00077",
    "hep-th/9901001",
    "math.GT/0309136v1",
)


@pytest.mark.parametrize("arxiv_id", ARXIV_IDS)
@pytest.mark.parametrize(
    "dress",
    ["{}", "arXiv:{}", "arxiv: {}", "ARXIV:{}", "arXiv {}", "arXiv:{} [cs.CL]", "arXiv preprint arXiv:{}", "[{}]",
     "oai:arXiv.org:{}", "10.48550/arXiv.{}", "https://doi.org/10.48550/arXiv.{}", "http://arxiv.org/abs/{}",
     "https://arxiv.org/pdf/{}", "https://arxiv.org/pdf/{}.pdf", "arxiv.org/abs/{}", "https://export.arxiv.org/abs/{}",
     "https://www.arxiv.org/abs/{}?context=cs#x", "https://huggingface.co/papers/{}", "https://hf.co/papers/{}",
     "https://www.alphaxiv.org/abs/{}", "https://ar5iv.labs.arxiv.org/html/{}", "https://papers.cool/arxiv/{}",
     "arXiv%3A{}", " {}\n"],
)  # fmt: skip
def test_dresses_of_arxiv_ids(arxiv_id: str, dress: str) -> None:
    """Prefixes and addresses go; the version and the case stay."""
    assert bare_arxiv_id(dress.format(arxiv_id)) == arxiv_id


@pytest.mark.parametrize(
    "text",
    ["", "12345.67890", "1234.5678 foo", "1234.5678", "2021.12345", "2100.00001", "2101.0001", "2101.000001",
     "W123", "see 2101.00001", "10.1234/5678.12345", "https://github.com/a/2101.00001", "foo/0112017",
     "hep-th/0113001",
     "https://arxiv.org/list/cs.CL/2101", "0612.1234", "2101.00001.txt", "9912.12345"],
)  # fmt: skip
def test_no_arxiv_ids(text: str) -> None:
    """An id needs a possible month, the digits of its time, and no other words unless arXiv is named."""
    assert bare_arxiv_id(text) is None


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99999))
def test_months_of_arxiv_ids(year: int, month: int, number: int) -> None:
    """Five digits after a month are an id exactly if arXiv existed in that form in that month."""
    written = f"{year:02}{month:02}.{number:05}"
    assert bare_arxiv_id(written) == (written if 1 <= month <= 12 and 7 <= year < 90 else None)


def test_dois_of_arxiv() -> None:
    """DataCite's DOI of an arXiv paper names its arXiv id, in any case; other DOIs name none."""
    assert arxiv_id_of_doi("10.48550/arxiv.2504.01234") == "2504.01234"
    assert arxiv_id_of_doi("10.48550/arXiv.math.GT/0309136v2") == "math.GT/0309136v2"
    assert arxiv_id_of_doi("10.5555/arxiv.2504.01234") is None


def test_versions() -> None:
    """Versions, case and subject classes of one paper are one id."""
    assert len({without_version(one) for one in ("math.GT/0309136", "math/0309136v2", "Math.GT/0309136V1")}) == 1
    assert without_version("2101.00001v2") == "2101.00001" != without_version("2101.00012")
