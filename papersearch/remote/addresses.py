"""Addresses of servers, and the token that opens them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from papersearch.errors import InvalidAddress, NotServed, TokenUnreadable

TOKEN_VARIABLE = "PAPERSEARCH_TOKEN"  # noqa: S105  # the name of a variable, not a token
TOKEN_FILE_VARIABLE = "PAPERSEARCH_TOKEN_FILE"  # noqa: S105  # as above

MAX_TOKEN_LENGTH = 1_000

_ADDRESS = re.compile(r"(https?):/+(?=[^/])", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_FOLDER = re.compile(r"[\w./~%+-]*", re.ASCII)


class Address(NamedTuple):
    """A server's address: `folder` is empty, or begins with a slash and ends without one."""

    is_encrypted: bool
    host: str
    port: int
    folder: str

    def __str__(self) -> str:
        scheme, usual = ("https", 443) if self.is_encrypted else ("http", 80)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}{'' if self.port == usual else f':{self.port}'}{self.folder}"


def address_in(place: str | Path) -> str | None:
    """Return the address that is written as the place of an index; None for a folder.

    A path has one slash of the two after `http:`, and it is put back.
    """
    text = str(place)
    return f"{found[1].lower()}://{text[found.end() :]}" if (found := _ADDRESS.match(text)) else None


def refuse_address(place: str | Path, what: str) -> None:
    """Raise NotServed for an index on a server, which is only read."""
    if (address := address_in(place)) is not None:
        raise NotServed(address=address, what=what)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches the host."""
    from ipaddress import ip_address  # not for a query

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def parse_address(text: str) -> Address:
    """Read an address. Raises InvalidAddress."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidAddress(address=text, cause=str(error)) from error
    if "@" in parts.netloc:
        raise InvalidAddress(address=text.replace(parts.netloc, "..."), cause="it has a name or password")
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host) or port == 0:
        raise InvalidAddress(address=text, cause="expected http://HOST:PORT or https://HOST")
    if parts.query or parts.fragment or not _FOLDER.fullmatch(parts.path):
        raise InvalidAddress(address=text, cause="it has more than a host, a port and a folder")
    is_encrypted = parts.scheme == "https"
    return Address(is_encrypted, host, port or (443 if is_encrypted else 80), parts.path.rstrip("/"))


def find_token(file: Path | None = None) -> str | None:
    """Return the token in `file`, in the file of the environment, or in the environment; None without any.

    Raises TokenUnreadable.
    """
    named = file or os.environ.get(TOKEN_FILE_VARIABLE)
    if not named:
        given = os.environ.get(TOKEN_VARIABLE)
        return _checked_token(given, TOKEN_VARIABLE) if given else None
    try:
        with open(named, encoding="utf-8", errors="replace") as opened:
            return _checked_token(opened.read(MAX_TOKEN_LENGTH + 2).strip(), str(named))
    except OSError as error:
        raise TokenUnreadable(place=str(named), cause=error.strerror or str(error)) from error


def _checked_token(token: str, place: str) -> str:
    if len(token) > MAX_TOKEN_LENGTH:
        raise TokenUnreadable(place=place, cause=f"it is longer than {MAX_TOKEN_LENGTH:,} characters")
    if not _TOKEN.fullmatch(token):
        raise TokenUnreadable(place=place, cause="expected letters, digits and signs of ASCII, without blanks")
    return token
