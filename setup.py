"""Make the package's description out of the README.

An index page cannot resolve a relative address, and this repository has no published one. The
description is therefore the README without its pictures, and with links into the repository
reduced to their words. Everything else about the package is in `pyproject.toml`.
"""

import re
from pathlib import Path

from setuptools import setup

PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n\n?", flags=re.MULTILINE)
RELATIVE_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")

README = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")

setup(
    long_description=RELATIVE_LINK.sub(r"\1", PICTURE.sub("", README)),
    long_description_content_type="text/markdown",
)
