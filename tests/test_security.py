"""The threats of docs/security.md: each has a test, and the package has no way to run what it reads."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import PROJECT
from tests.package_code import MODULES, name_of, parsed

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


def runs_what_it_reads(node: ast.AST) -> bool:
    """Return whether a part of a module imports or calls what runs text or files."""
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in READS_CODE
    if isinstance(node, ast.Import):
        return not READS_CODE.isdisjoint(one.name.partition(".")[0] for one in node.names)
    if not isinstance(node, ast.Call):
        return False
    called, options = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
    return (
        called in RUNS_WHAT_IT_READS
        or options.get("shell", "False") != "False"
        or options.get("trust_remote_code", "False") != "False"
        or (called == "np.load" and options.get("allow_pickle") != "False")
    )


def test_nothing_unpickles_or_evaluates() -> None:
    """No module evaluates text, unpickles, starts a shell, or lets NumPy unpickle."""
    nodes = ((path, node) for path in MODULES for node in ast.walk(parsed(path)))
    assert [f"{name_of(path)}:{node.lineno}" for path, node in nodes if runs_what_it_reads(node)] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("import pickle", True),
        ("from marshal import loads", True),
        ("import json, shelve", True),
        ("eval('1')", True),
        ("yaml.load(text)", True),
        ("subprocess.run(line, shell=True)", True),
        ("load(name, trust_remote_code=chosen)", True),
        ("np.load(path)", True),
        ("np.load(path, allow_pickle=False)", False),
        ("yaml.safe_load(text)", False),
        ("subprocess.run([name], shell=False)", False),
    ],
)
def test_ways_to_run_text_are_recognised(code: str, is_found: bool) -> None:
    """The test above finds each of these ways, and no safe one."""
    assert any(map(runs_what_it_reads, ast.walk(ast.parse(code)))) == is_found
