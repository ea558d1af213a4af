"""TOML files of the user's that several processes change at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from papersearch import saved, seen
from papersearch.cli import registry
from papersearch.errors import SearchExists

N_THREADS, N_CHANGES = 4, 6

SAVED = saved.SavedSearch("one", "pipeline bubbles")


def at_once(work: Callable[[int], None]) -> None:
    """Do work in several threads, each of which has its number."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_searches_that_are_kept_at_once(tmp_path: Path) -> None:
    """Searches that are kept and removed at once are all kept and removed."""
    path = tmp_path / "new" / "searches.toml"

    def work(number: int) -> None:
        for at in range(N_CHANGES):
            saved.add(path, SAVED._replace(name=f"{number}-{at}"))
            if at % 2:
                saved.remove(path, f"{number}-{at - 1}")

    at_once(work)
    assert set(saved.read(path)) == {f"{n}-{at}" for n in range(N_THREADS) for at in range(1, N_CHANGES, 2)}


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """Of several searches that are kept under one name at once, one is kept, and the others are told."""
    path = tmp_path / "searches.toml"
    refused: list[str] = []

    def work(number: int) -> None:
        try:
            saved.add(path, SAVED._replace(query=f"query {number}"))
        except SearchExists as error:
            refused.append(error.name)

    at_once(work)
    assert refused == ["one"] * (N_THREADS - 1)
    assert list(saved.read(path)) == ["one"]


@pytest.mark.parametrize("is_link", [False, True])
def test_collections_that_are_added_at_once(tmp_path: Path, is_link: bool) -> None:
    """Collections that are added and removed at once are all added and removed, also behind a link."""
    path = tmp_path / "collections.toml"
    if is_link:
        (tmp_path / "elsewhere").mkdir()
        path.symlink_to(tmp_path / "elsewhere" / "mine.toml")

    def work(number: int) -> None:
        for at in range(N_CHANGES):
            registry.add_collection(path, f"c{number}-{at}", tmp_path, None)
            if at % 2:
                registry.remove_collection(path, f"c{number}-{at - 1}")

    at_once(work)
    expected = {f"c{n}-{at}" for n in range(N_THREADS) for at in range(1, N_CHANGES, 2)}
    assert set(registry.read_collections(path)) == expected
    assert path.is_symlink() == is_link


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_change_leaves_other_lines_as_they_are(tmp_path: Path, line_end: str) -> None:
    """Adding and removing a search keeps every byte of the others: comments, order and line ends."""
    path = tmp_path / "searches.toml"
    kept = line_end.join(["# of mine", "[two]", 'query = "moths"  # at night', "", "[one]", 'query = "bees"', ""])
    path.write_bytes(kept.encode())
    saved.add(path, SAVED._replace(name="three"))
    assert path.read_bytes().startswith(kept.encode())
    saved.remove(path, "three")
    assert path.read_bytes().rstrip() == kept.encode().rstrip()


def test_what_is_forgotten_while_others_are_shown(tmp_path: Path) -> None:
    """Forgetting a search loses nothing of what other searches show meanwhile."""
    path = tmp_path / "searches.toml"
    record = seen.Record(query="", since=0, shown={})

    def work(number: int) -> None:
        for at in range(N_CHANGES):
            with seen.taking_turns(path):
                seen.Seen(path, "index", "run").keep({f"{number}-{at}": record})
            if at % 2:
                seen.forget(path, f"{number}-{at - 1}")

    at_once(work)
    records = seen.Seen(path, "index", "run")
    kept = {(n, at): records.record(f"{n}-{at}") is not None for n in range(N_THREADS) for at in range(N_CHANGES)}
    assert kept == {(n, at): at % 2 == 1 for n in range(N_THREADS) for at in range(N_CHANGES)}
