"""The time for which a server is waited: steps of one question share it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.errors import ServerSilent
from papersearch.remote import asking
from papersearch.remote.addresses import parse_address
from papersearch.remote.asking import LONG_PATIENCE_S, PATIENCE_S, Asker
from papersearch.remote.calls import PATIENCE_HEADER, About, OrganisationsCall, SearchManyCall
from papersearch.remote.connection import Connection, Patience, Reply
from tests.served import ABOUT

OPENED = About(**ABOUT)
MANY = SearchManyCall(queries=("a",), k=1, mode="keyword")


class Slow:
    """A clock, and a server that takes a given time for each answer."""

    def __init__(self, delays: list[float]) -> None:
        self.now = 0.0
        self.delays = delays
        self.told: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def post(
        self, connection: Connection, path: str, body: bytes, headers: dict[str, str], patience: Patience
    ) -> Reply:
        self.told.append(float(headers[PATIENCE_HEADER]))
        delay = self.delays.pop(0)
        self.now += min(delay, patience.left)
        if delay > patience.left:
            raise ServerSilent(address="it", seconds=patience.whole)
        return Reply(200, "application/json", None, orjson.dumps({"about": ABOUT, "result": []}))


@pytest.fixture(scope="module", autouse=True)
def usual() -> Any:
    """Let clients have their usual patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(asking.TIMEOUT_VARIABLE, raising=False)
        yield


def asker(slow: Slow, patch: pytest.MonkeyPatch, waited: float = 0.0) -> Asker:
    """Return what asks this server."""
    patch.setattr(asking, "time", slow)
    patch.setattr(Connection, "post", lambda self, *given: slow.post(self, *given))
    return Asker(parse_address("http://127.0.0.1:1"), None, waited)


delays = st.floats(0, 2 * PATIENCE_S)


@given(st.floats(0, 2.0), delays, delays)
def test_opening_and_the_first_call_share_their_time(start: float, opening: float, call: float) -> None:
    """From the start of a command, a server that is silent at any step is left within five seconds."""
    slow = Slow([opening, call])
    with pytest.MonkeyPatch.context() as patch:
        asked = asker(slow, patch, start)
        try:
            asked.ask(OrganisationsCall(), asked.current())
        except ServerSilent as error:
            assert error.seconds == PATIENCE_S
            assert start + slow.now >= PATIENCE_S - 1e-9
    assert start + slow.now < 5.0
    for told, spent in zip(slow.told, (start, start + opening), strict=False):
        assert told == pytest.approx(max(PATIENCE_S - spent, PATIENCE_S / 10), abs=0.001)


def test_later_calls_have_their_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call after the first one has the whole patience, also after an error, and after any rest of the user."""
    slow = Slow([1.0, 2.0, 4.0, 99.0, 1.0, 3.0, 4.0])
    asked = asker(slow, monkeypatch)
    opened = asked.current()
    slow.now += 1000
    for _ in range(2):
        asked.ask(OrganisationsCall(), opened)
    with pytest.raises(ServerSilent):
        asked.ask(OrganisationsCall(), opened)
    assert asked.ask(OrganisationsCall(), asked.current()) == []
    asked.ask(MANY, opened)
    whole, less = PATIENCE_S, PATIENCE_S - 1.0
    assert slow.told == [whole, less, whole, whole, whole, less, LONG_PATIENCE_S]
