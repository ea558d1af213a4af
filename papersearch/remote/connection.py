"""A connection to the server of an index, on which every exchange ends within a bound.

An exchange runs in a thread, and the caller waits for it no longer than agreed: looking a name up,
connecting, TLS and an answer that drips count together. A proxy of the environment is not used, and
no redirect is followed, since both would show the query and the token to somebody else.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from typing import NamedTuple

from papersearch.errors import ServerForeign, ServerSilent, ServerUnreachable
from papersearch.remote.addresses import Address

MAX_ANSWER_BYTES = 1 << 28
"""Limit of an answer: the findings and counts of a large corpus take some of it."""


class Reply(NamedTuple):
    """The answer of a server: status, media type, place of a redirect, and body."""

    status: int
    media_type: str
    leads_to: str | None
    body: bytes


class Patience(NamedTuple):
    """The seconds for which an answer is waited: what is left of a whole that several steps share."""

    left: float
    whole: float


class Connection:
    """One connection, opened at the first exchange and again where the server has closed it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._open: HTTPConnection | None = None

    def __del__(self) -> None:
        self.close()  # nobody has to close an index

    def post(self, path: str, body: bytes, headers: dict[str, str], patience: Patience) -> Reply:
        """Send a request, and return the answer.

        Raises ServerUnreachable, ServerForeign, and ServerSilent after the patience.
        """
        found: SimpleQueue[Reply | Exception] = SimpleQueue()

        def exchange() -> None:
            try:
                found.put(self._exchanged(path, body, headers, patience.left))
            except Exception as error:
                found.put(error)

        threading.Thread(target=exchange, name="papersearch-exchange", daemon=True).start()
        try:
            reply = found.get(timeout=patience.left)
        except Empty:
            self.close()
            raise ServerSilent(address=str(self._address), seconds=patience.whole) from None
        except BaseException:  # an interrupt leaves an answer half read
            self.close()
            raise
        if isinstance(reply, Reply):
            return reply
        self.close()
        raise self._told(reply, patience.whole) from reply

    def close(self) -> None:
        """Cut the connection, also under an exchange that is not waited for any more."""
        connection, self._open = self._open, None
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        if connection is not None:
            with suppress(OSError):
                connection.close()

    def _exchanged(self, path: str, body: bytes, headers: dict[str, str], patience: float) -> Reply:
        """Send and receive; once more on a new connection, if the server had closed the one kept."""
        kept = self._open
        if kept is not None:
            try:
                return self._once(kept, path, body, headers)
            except (ConnectionError, HTTPException):
                if self._open is not kept:  # cut by the caller
                    raise
                self.close()
        kind = HTTPSConnection if self._address.is_encrypted else HTTPConnection
        self._open = opened = kind(self._address.host, self._address.port, timeout=patience)
        try:
            return self._once(opened, path, body, headers)
        finally:
            if self._open is not opened:  # cut by the caller while it was being opened
                opened.close()

    def _once(self, connection: HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection.request("POST", self._address.folder + path, body, headers)
        with connection.getresponse() as response:
            announced = response.length
            if announced is not None and announced > MAX_ANSWER_BYTES:
                raise _TooLong
            content = response.read(MAX_ANSWER_BYTES + 1)
            if len(content) > MAX_ANSWER_BYTES:
                raise _TooLong
            if announced is not None and len(content) != announced:
                raise ConnectionError("it was cut in the middle of an answer")
            media_type = response.headers.get_content_type()
            return Reply(response.status, media_type, response.headers.get("Location"), content)

    def _told(self, error: Exception, seconds: float) -> Exception:
        """Return the error of the product for one of the exchange."""
        address = str(self._address)
        match error:
            case _TooLong():
                return ServerForeign(address=address, cause="it is longer than any answer of papersearch")
            case TimeoutError():
                return ServerSilent(address=address, seconds=seconds)
            case ConnectionRefusedError():
                return ServerUnreachable(address=address, cause="nothing listens there")
            case socket.gaierror() | UnicodeError():
                return ServerUnreachable(address=address, cause="the name of the host is unknown")
            case OSError():
                return ServerUnreachable(address=address, cause=_cause(error))
            case HTTPException():
                return ServerForeign(address=address, cause=f"it is not HTTP ({type(error).__name__})")
        return error


class _TooLong(Exception):
    """An answer above the limit."""


def _cause(error: OSError) -> str:
    """Return the reason of the system, or of TLS, without codes."""
    verified = getattr(error, "verify_message", None)
    return f"its certificate is not valid: {verified}" if verified else error.strerror or str(error)
