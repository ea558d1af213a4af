"""Stand-ins that let the encoders be imported where only numpy, torch and their like are installed.

A program imports this module before the package: a machine with a graphics processor often comes
without the package and its smaller dependencies, which decide no speed there.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path


def stand_in(name: str, **contents: object) -> None:
    """Let a module be imported that is not installed."""
    if importlib.util.find_spec(name) is None:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(contents)


sys.path.insert(0, str(Path(__file__).parents[1]))
stand_in("Stemmer")
stand_in(
    "orjson",
    loads=json.loads,
    dumps=lambda value: json.dumps(value).encode(),
    JSONDecodeError=json.JSONDecodeError,
)
