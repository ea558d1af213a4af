"""Links: found, freed from punctuation, led back from mirrors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.links import _LINK, _trimmed, find_links, without_mirrors


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("at https://a.b/c.", ["https://a.b/c"]),
        ("at https://a.b/c .", ["https://a.b/c"]),
        (r"released at \url{https://a.b/c.}.", ["https://a.b/c"]),
        ("at magenta{https://a.b/c}.", ["https://a.b/c"]),
        ("data (https://a.b/c, https://a.b/d) and", ["https://a.b/c", "https://a.b/d"]),
        ("(see https://a.b/c_(d))", ["https://a.b/c_(d)"]),
        ("code: github.com/a/b.", ["https://github.com/a/b"]),
        ("twice https://a.b/c and https://a.b/c", ["https://a.b/c"]),
        ("https://a.b/c.git, www", ["https://a.b/c.git"]),
        ("no link: https:// or evilgithub.com/a", []),
    ],
)
def test_links_by_hand(text: str, links: list[str]) -> None:
    """Links are found in every kind of surrounding that dumps have, and in a few that they might."""
    assert list(find_links(text)) == links


LINK_PARTS = "http https HTTPS httpſ :// github.com GitHub.CO huggıngface.co huggingface.Co / a.b . ) ( x İ".split()


@given(st.lists(st.sampled_from([*LINK_PARTS, " ", "-"]), max_size=12).map("".join))
def test_no_link_is_passed_over(text: str) -> None:
    """Searching only where a link may start finds the same links as searching everywhere."""
    everywhere = [link for match in _LINK.finditer(text) if len(link := _trimmed(match[0])) > len("https://")]
    links = dict.fromkeys(link if "://" in link else f"https://{link}" for link in everywhere)
    assert list(find_links(text)) == list(links)


def trimmed(link: str) -> str:
    """Return a link without what may not end it, one sign after the other."""
    last = link[-1:]
    is_unopened = last in (")", "]") and link.count(last) > link.count("(" if last == ")" else "[")
    return trimmed(link[:-1]) if last and (is_unopened or last in ".,;:!?'*_") else link


@given(st.text("a/()[].,", max_size=30))
def test_what_ends_a_link(link: str) -> None:
    """Signs are taken from the end of a link one by one, closing brackets only without an opening one."""
    assert _trimmed(link) == trimmed(link)


@pytest.mark.parametrize(
    "host", ["hf-mirror.4927.workers.dev.", "hf-proxy-2.92.workers.dev", "hf-mirror.com", "HF-mirror.x.dev:443"]
)
def test_mirrors_lead_home(host: str) -> None:
    """A mirror's host becomes huggingface.co, the path stays, and the printed link is reported."""
    text, printed = without_mirrors(f"see https://{host}/datasets/a/b. And https://hf-x.org/c")
    assert find_links(text)[0] in ("https://huggingface.co/datasets/a/b", "https://huggingface.co:443/datasets/a/b")
    assert find_links(text)[1] == "https://hf-x.org/c"
    assert printed == (f"https://{host}/datasets/a/b",)
