"""Bounded patience with copies of shards, with futures that the test completes by hand."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.cluster import copies as module
from papersearch.cluster.copies import Copies, Copy
from papersearch.errors import EmptyQuery, PapersearchError, ShardRefused, ShardUnanswered
from papersearch.serving.answering import DEADLINE

NEVER: Any = object()
"""The answer of a copy that is silent."""

PATIENT = 1200.0
IMPATIENT = 0.0


def copy_that(answer: Any) -> Copy:
    """Make a copy that answers at once with `answer`, fails with it if that is an error, or is silent."""

    def begin(method: str, request: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if isinstance(answer, PapersearchError):
            future.set_result(answer)
        elif isinstance(answer, Exception):
            future.set_exception(answer)
        elif answer is not NEVER:
            future.set_result((answer, method, request))
        return future

    return begin


def ask(shards: Sequence[Sequence[Any]], patience_s: float) -> tuple[list[Any], Copies]:
    """Ask every shard once, and return what answered, with the transport."""
    copies = Copies([[copy_that(one) for one in shard] for shard in shards], patience_s)
    answers = copies.call("best", [(shard, f"request {shard}") for shard in range(len(shards))])
    return answers, copies


GONE = ConnectionError("the actor died on 10.0.0.7")
answers = st.sampled_from(["answer", NEVER, GONE])


@given(st.lists(st.lists(answers, min_size=1, max_size=3), min_size=1, max_size=5))
def test_every_shard_answers_or_is_named(shards: list[list[Any]]) -> None:
    """A round answers if each shard has a copy that does; else the error names a shard that has none."""
    dead = [shard for shard, copies in enumerate(shards) if "answer" not in copies]
    if not dead:
        found, _ = ask(shards, IMPATIENT)
        assert found == [("answer", "best", f"request {shard}") for shard in range(len(shards))]
        return
    with pytest.raises(ShardUnanswered) as caught:
        ask(shards, IMPATIENT)
    assert caught.value.shard in dead
    assert caught.value.n_copies == len(shards[caught.value.shard])


def test_answers_come_in_the_order_of_the_calls() -> None:
    """Answers are in the order of the calls, in which a shard may come twice and others not at all."""
    copies = Copies([[copy_that(shard)] for shard in range(4)])
    found = copies.call("show", [(3, "a"), (1, "b"), (3, "c")])
    assert found == [(3, "show", "a"), (1, "show", "b"), (3, "show", "c")]
    assert copies.call("show", []) == []


def test_a_failure_needs_no_patience() -> None:
    """After a failure the other copy is asked at once."""
    found, copies = ask([[GONE, "answer"]], PATIENT)
    assert [answer for answer, _, _ in found] == ["answer"]
    assert copies.asked == {"first": 1, "again": 1}


def test_an_answer_in_time_asks_nobody_else() -> None:
    """While copies answer in time, each shard is asked once."""
    _, copies = ask([["answer", NEVER], [NEVER, "answer"]], PATIENT)
    assert copies.asked == {"first": 2}


def test_a_copy_that_was_late_is_asked_last() -> None:
    """A silent copy costs patience once: the next calls ask the other copy first."""
    copies = Copies([[copy_that(NEVER), copy_that("answer")]], IMPATIENT)
    copies.call("best", [(0, 1)])
    assert copies.asked == {"first": 1, "again": 1}
    copies.patience_s = PATIENT
    for _ in range(10):
        copies.call("best", [(0, 1)])
    assert copies.asked == {"first": 11, "again": 1}


def test_the_last_copy_may_answer_until_its_own_time_is_over() -> None:
    """The answer of a copy that was late counts, if it comes before that of the copy asked after it."""
    late: Future[Any] = Future()
    asked_again = threading.Event()

    def second(method: str, request: Any) -> Future[Any]:
        asked_again.set()
        copies.patience_s = PATIENT
        late.set_result("late")
        return Future()

    copies = Copies([[lambda method, request: late, second]], IMPATIENT)
    assert copies.call("best", [(0, None)]) == ["late"]
    assert asked_again.is_set()


def test_what_a_shard_says_is_no_failure_of_its_copy() -> None:
    """An error of the query is raised as it is, and no other copy is asked."""
    with pytest.raises(EmptyQuery):
        ask([[EmptyQuery(), "answer"]], PATIENT)


def refused(found: str) -> ShardRefused:
    return ShardRefused(shard=0, what="release", found=found, asked="2")


def test_a_copy_of_another_release_is_passed_over() -> None:
    """A copy that refuses is passed over for one that answers; if all refuse, the error says so."""
    found, _ = ask([[refused("1"), "answer"]], PATIENT)
    assert [answer for answer, _, _ in found] == ["answer"]
    for all_refuse in ([refused("1"), refused("1")], [refused("1"), GONE], [GONE, refused("1")]):
        with pytest.raises(ShardRefused, match="shard 1: it has release 1, and is asked for 2"):
            ask([all_refuse], PATIENT)


def test_a_call_that_cannot_begin_has_failed() -> None:
    """An exception at the beginning of a call is a failure of that copy alone."""

    def broken(method: str, request: Any) -> Future[Any]:
        raise GONE

    copies = Copies([[broken, copy_that("answer")]], PATIENT)
    assert copies.call("best", [(0, None)])[0][0] == "answer"


def test_threads_take_turns() -> None:
    """A thread keeps to one copy, and threads share the copies evenly."""
    used: list[tuple[int, int]] = []
    copies = Copies([[copy_that(0), copy_that(1)], [copy_that(0), copy_that(1)]], PATIENT)

    def query() -> None:
        first = [copies.call("best", [(0, None), (1, None)]) for _ in range(3)]
        assert first[0] == first[1] == first[2]
        used.append((first[0][0][0], first[0][1][0]))

    threads = [threading.Thread(target=query) for _ in range(4)]
    for thread in threads:
        thread.start()
        thread.join()
    assert sorted(used) == [(0, 1), (0, 1), (1, 0), (1, 0)]


def test_the_message_has_no_particulars() -> None:
    """The error names the shard as its folder does, and the kind of the cause without its message."""
    with pytest.raises(PapersearchError) as caught:
        ask([["answer"], [GONE, GONE]], PATIENT)
    assert caught.value.message == ("cannot ask shard 2: none of its 2 copies answers (ConnectionError)")


class Simulated:
    """A clock, and futures that are done at instants of it: nothing waits in truth."""

    def __init__(self) -> None:
        self.now = 0.0
        self._ends: dict[Future[Any], float] = {}

    def monotonic(self) -> float:
        return self.now

    def copy(self, delay: float) -> Copy:
        """Make a copy that answers after `delay` seconds; never, if it is endless."""

        def begin(method: str, request: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self._ends[future] = self.now + delay
            return future

        return begin

    def wait(
        self, futures: Iterable[Future[Any]], seconds: float, _: str
    ) -> tuple[set[Future[Any]], set[Future[Any]]]:
        """Advance to the first end, or by `seconds`, as `concurrent.futures.wait` does."""
        running = {future: self._ends[future] for future in futures}
        self.now = max(self.now, min(self.now + seconds, *running.values(), math.inf))
        done = {future for future, end in running.items() if end <= self.now}
        for future in done:
            if not future.done():
                future.set_result("answer")
        if not done:
            self.now += 1e-9  # a wait is never shorter than agreed
        return done, running.keys() - done


delays = st.sampled_from([0.0, 0.3, 0.9, 1.7, 2.5, math.inf])


@given(
    st.lists(st.lists(delays, min_size=1, max_size=3), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.4, 1.0, 3.6, 10.0]),
    st.integers(1, 5),
)
def test_all_rounds_of_a_query_share_its_time(shards: list[list[float]], seconds: float, n_rounds: int) -> None:
    """However many rounds a query has, its time bounds them, and every copy of a shard is asked within it."""
    clock = Simulated()
    token = DEADLINE.set(seconds)
    try:
        with mock.patch.object(module, "time", clock), mock.patch.object(module, "wait", clock.wait):
            copies = Copies([[clock.copy(delay) for delay in shard] for shard in shards])
            for _ in range(n_rounds):
                asked = copies.call("best", [(shard, None) for shard in range(len(shards))])
                assert asked == ["answer"] * len(shards)
    except ShardUnanswered as error:
        assert seconds == 0 or min(shards[error.shard]) > 0
    finally:
        DEADLINE.reset(token)
    assert clock.now <= seconds + 0.001


def test_without_time_the_error_says_so() -> None:
    """A shard that is asked after the query's time is named, and no wait is claimed."""
    token = DEADLINE.set(0.0)
    try:
        with pytest.raises(ShardUnanswered, match="the query's time is over"):
            ask([[NEVER, NEVER]], PATIENT)
    finally:
        DEADLINE.reset(token)
