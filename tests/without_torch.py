"""A plugin of pytest: where torch cannot be installed, a test that imports it is skipped.

    python -m pytest -p tests.without_torch

A build with the packaged model and every query need no torch. Its builds come later than a new Python.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

ABSENCE = "No module named 'torch'"


def is_absence(error: BaseException | None) -> bool:
    """Return whether torch could not be imported: the error says so, or one that led to it."""
    while error is not None and not (isinstance(error, ModuleNotFoundError) and ABSENCE in str(error)):
        error = error.__cause__ or error.__context__
    return error is not None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    if report.outcome == "failed" and f"ModuleNotFoundError: {ABSENCE}" in str(report.longrepr):
        report.outcome, report.longrepr = "skipped", (str(collector.path), 0, ABSENCE)
    return report


def _skipped(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        return (yield)
    except Exception as error:
        if is_absence(error):
            pytest.skip(ABSENCE)
        raise


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(_skipped)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(_skipped)
