"""All doors by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz import dumps, exchanges, index_files, models, queries, texts, user_files
from tests.fuzz.door import Door

DOORS: Mapping[str, Door] = {
    **dumps.DOORS,
    **texts.DOORS,
    **queries.DOORS,
    **user_files.DOORS,
    **index_files.DOORS,
    **exchanges.DOORS,
    **models.DOORS,
}
