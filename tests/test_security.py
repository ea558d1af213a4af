"""The threats of docs/security.md: each has a test, and the package has no way to run what it reads."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PACKAGE = PROJECT / "papersearch"
MODULES = sorted(PACKAGE.rglob("*.py"))

RUNS_WHAT_IT_READS = {
    "eval", "exec", "compile", "__import__", "input", "breakpoint",
    "os.system", "os.popen", "pickle.load", "pickle.loads", "marshal.load", "marshal.loads", "shelve.open",
    "yaml.load", "yaml.full_load", "yaml.unsafe_load", "torch.load", "joblib.load", "runpy.run_path",
}  # fmt: skip
"""Functions that run code, or read a format that runs some."""

READS_CODE = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "imp", "runpy", "code"}


def table_rows() -> list[list[str]]:
    """Return the cells of each row of the tables of docs/security.md, without their heads."""
    page = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0].strip() not in ("threat", "---")]


def test_every_threat_has_a_test() -> None:
    """Each row of docs/security.md names tests, and each of them is a function in tests/."""
    written = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^(?:async )?def (test_\w+)", written, flags=re.MULTILINE))
    rows = table_rows()
    assert len(rows) > 40
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row[-1])
        assert named, row
        assert set(named) <= known, row


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unpickles_or_evaluates(path: Path) -> None:
    """No module evaluates text, unpickles, starts a shell, or lets NumPy unpickle."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            assert READS_CODE.isdisjoint(name.partition(".")[0] for name in names), node.lineno
        if isinstance(node, ast.Call):
            called, options = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
            assert called not in RUNS_WHAT_IT_READS, node.lineno
            assert options.get("shell", "False") == "False", node.lineno
            assert options.get("trust_remote_code", "False") == "False", node.lineno
            if called == "np.load":
                assert options.get("allow_pickle") == "False", node.lineno
