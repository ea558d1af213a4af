"""Absence of sleeps: tests wait for a state, in one of two places."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.conftest import PROJECT

WAITING = {("tests/conftest.py", "wait_until"), ("tests/terminal.py", "Terminal")}


def sleepers(source: str) -> list[str]:
    """Name the outermost function or class, or "", around every use of a name `sleep`."""
    found: list[str] = []
    if "sleep" not in source:
        return found
    for statement in ast.parse(source).body:
        name = getattr(statement, "name", "")
        for node in ast.walk(statement):
            named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", getattr(node, "name", ""))
            found += [name] * (named == "sleep")
    return found


def test_only_waiting_sleeps() -> None:
    """No code in tests/ names `sleep`, except the two loops that wait for a state."""
    found = {
        (str(path.relative_to(PROJECT)), function)
        for path in sorted((PROJECT / "tests").rglob("*.py"))
        if path != Path(__file__)
        for function in sleepers(path.read_text(encoding="utf-8"))
    }
    assert found == WAITING


def test_every_way_to_sleep_is_seen() -> None:
    """Every use of `sleep` is found: by module, by name, by alias, in a method, with asyncio."""
    assert sleepers("import time\ndef f():\n    time.sleep(1)") == ["f"]
    assert sleepers("from time import sleep\ndef f():\n    sleep(1)") == ["", "f"]
    assert sleepers("from time import sleep as rest") == [""]
    assert sleepers("class C:\n    async def g(self):\n        await asyncio.sleep(0)") == ["C"]
    assert sleepers("def sleeper():\n    return 'sleep'") == []
