"""A plugin of pytest: where torch cannot be installed, a test that imports it is skipped.

    python -m pytest -p tests.without_torch

A build with the packaged model and every query need no torch. Builds for a Python come after
that Python, so that the other tests can run before they do.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

_REASON = "torch is not installed"


def is_absence(error: BaseException | None) -> bool:
    """Return whether `error`, or what caused it, is that torch cannot be imported."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "torch":
            return True
        error = error.__cause__ or error.__context__
    return False


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makemodule(module_path: Any, parent: Any) -> Generator[None, Any, Any]:
    module = yield
    load = module._getobj

    def loaded() -> Any:
        try:
            return load()
        except Exception as error:
            if is_absence(error):
                pytest.skip(_REASON, allow_module_level=True)
            raise

    module._getobj = loaded
    return module


def _calls(item: Any) -> Generator[None, Any, Any]:
    try:
        return (yield)
    except Exception as error:
        if is_absence(error):
            pytest.skip(_REASON)
        raise


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(_calls)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(_calls)
