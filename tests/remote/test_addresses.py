"""Addresses of servers, as text and as paths, and tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from papersearch.errors import InvalidAddress, TokenUnreadable
from papersearch.remote.addresses import address_in, find_token, parse_address


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8765",
        "https://papers.example.org",
        "http://[::1]:9000",
        "https://host/papers",
        "http://localhost:80/a/b",
    ],
)
def test_an_address_survives_a_path(address: str) -> None:
    """An address is found in a text and in a path, and is written as it was read."""
    assert address_in(address) == address
    assert address_in(Path(address)) == address
    assert str(parse_address(address)) == address.replace(":80/", "/")


@pytest.mark.parametrize(
    "place", ["index", "/srv/http:/x", "http", "./http://x", "ftp://host", "https", "http:", "http:///"]
)
def test_a_folder_is_no_address(place: str) -> None:
    """A place that does not begin as an address of HTTP is a folder."""
    assert address_in(place) is None


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("http://host:99999", "Port"),
        ("http://host:port", "Port"),
        ("http://host:0", "expected"),
        ("http://us er@host", "password"),
        ("http://user:secret@host", "password"),
        ("http://[::1", "IPv6"),
        ("http://ho st", "expected"),
        ("http://host/?q=1", "more than"),
        ("http://host/#x", "more than"),
        ("http://host/a b", "more than"),
        ("http://host/é", "more than"),
        ("http://\u202ehost", "expected"),
    ],
)
def test_a_wrong_address_is_refused(address: str, cause: str) -> None:
    """An address that is more or less than host, port and folder is refused, and no password is repeated."""
    with pytest.raises(InvalidAddress) as caught:
        parse_address(address)
    assert cause.lower() in caught.value.cause.lower()
    assert "secret" not in caught.value.message


def test_where_the_token_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is that of the file given, of the file in the environment, or of the environment."""
    for name in ("PAPERSEARCH_TOKEN", "PAPERSEARCH_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert find_token() is None
    monkeypatch.setenv("PAPERSEARCH_TOKEN", "of-variable")
    assert find_token() == "of-variable"
    (tmp_path / "named").write_text(" of-named\n")
    monkeypatch.setenv("PAPERSEARCH_TOKEN_FILE", str(tmp_path / "named"))
    assert find_token() == "of-named"
    (tmp_path / "given").write_text("of-given")
    assert find_token(tmp_path / "given") == "of-given"


@pytest.mark.parametrize("content", [b"", b"\n", b"a b", b"a\nb", b"\xff", "é".encode(), b"x" * 1001, b"a\x00b"])
def test_a_token_that_no_header_carries(content: bytes, tmp_path: Path) -> None:
    """A token must be of printable ASCII without blanks, and is not repeated in the error."""
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(TokenUnreadable) as caught:
        find_token(tmp_path / "token")
    assert len(caught.value.message) < 200 + len(str(tmp_path))
