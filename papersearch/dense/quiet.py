"""Silence for the model libraries while they work for us, and the host program's settings after it.

The libraries print load reports, progress bars and advice. Their switches are global to the
process, so each is put back: a program that builds an index keeps its own levels and bars.
No environment variable is set here; the command line sets those of its own process.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_LOGGERS = ("huggingface_hub", "sentence_transformers", "transformers")


@contextmanager
def quiet_hub() -> Iterator[None]:
    """Show no progress bar of the hub, and no message below an error."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    were_disabled = are_progress_bars_disabled()
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    try:
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.ERROR)
        if not were_disabled:
            disable_progress_bars()
        yield
    finally:
        if not were_disabled:
            enable_progress_bars()
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def quiet_models() -> Iterator[None]:
    """Do the same for all libraries that load or run a model, Python's warnings included."""
    from transformers.utils import logging as transformers_logging

    with ExitStack() as restored:
        restored.enter_context(quiet_hub())
        restored.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if transformers_logging.is_progress_bar_enabled():
            transformers_logging.disable_progress_bar()
            restored.callback(transformers_logging.enable_progress_bar)
        yield
