"""The library's API: public names, types, filters as keywords, rollback, staleness."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import papersearch
import papersearch.errors
import papersearch.types
from papersearch.types import Filters
from papersearch.values import Value
from tests.conftest import PROJECT, page, sentence

QUERY = "pipeline bubbles"
OF_OTHERS = {"Float32Array", "Float64Array"}
"""Aliases of numpy's types."""

GOOD = """
import papersearch

try:
    index: papersearch.Index = papersearch.open("index")
except papersearch.IndexMissing as error:
    print(error.message)
    report: papersearch.BuildReport = papersearch.build("corpus", "index", late=False)
    index = papersearch.open("index")
if index.is_stale():
    manifest: papersearch.Manifest = papersearch.rollback("index")
answer: papersearch.Results = index.search("a query", since="2025", has_code=True, organisations=["nvidia"])
narrow = papersearch.Filters(since="2025").replace(has_code=True)
for found in index.search_many(["a query"], filters=narrow):
    for hit in found:
        rank: int = hit.rank
        verdict: papersearch.Verdict | None = hit.verdict
        parts = [] if hit.explanation is None else [signal.name for signal in hit.explanation.signals]
faults: list[papersearch.Fault] = index.verify()
first: list[papersearch.Hit] = [*index.similar(["an-id"], k=3, until="2024")[:2]]
"""

BAD = """
import papersearch
papersearch.serach("x")  # wrong
index = papersearch.open("index")
index.search("x", sinse="2025")  # wrong
index.search("x", since=2025)  # wrong
index.search("x", mode="fuzzy")  # wrong
index.search("x", explain=True)
rank, paper = index.search("x")[0]  # wrong
index.search("x")[0].rank = 2  # wrong
papersearch.Filters("2025")  # wrong
papersearch.Organisation(handle="x")  # wrong
"""


def static_imports() -> dict[str, str]:
    """Names that a type checker reads in the package, with the modules that they come from."""
    tree = ast.parse((PROJECT / "papersearch" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    return {
        alias.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_all_is_what_is_reachable() -> None:
    """A program, a type checker and `__all__` have the same names, each with its module's value."""
    static = static_imports()
    assert papersearch.__all__ == sorted(static, key=str.lower)
    assert dir(papersearch) == sorted(static)
    for name, home in static.items():
        assert getattr(papersearch, name) is getattr(importlib.import_module(home), name)
    for name in ("serach", "Generation", "_HOMES_"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(papersearch, name)


def test_every_error_and_value_is_exported() -> None:
    """The whole tree of errors is public, and so is every value of `types`."""

    def classes(module: ModuleType, base: type) -> set[str]:
        found = {name for name, one in vars(module).items() if isinstance(one, type) and issubclass(one, base)}
        return {name for name in found if vars(module)[name].__module__ == module.__name__}

    errors = classes(papersearch.errors, Exception)
    assert "AmbiguousPaper" in errors
    assert errors | classes(papersearch.types, Value) <= set(papersearch.__all__)


def annotations(value: object) -> Iterator[tuple[str, str, ModuleType]]:
    """Yield (place, annotation, module) for a public function, or a class's fields and public methods."""
    module = sys.modules[getattr(value, "__module__", "papersearch.types")]
    if inspect.isfunction(value):
        yield from ((value.__qualname__, written, module) for written in value.__annotations__.values())
    elif inspect.isclass(value) and module.__name__.startswith("papersearch"):
        yield from (
            (f"{value.__name__}.{name}", str(t), module) for name, t in inspect.get_annotations(value).items()
        )
        for name, member in vars(value).items():
            if not name.startswith("_") or name in ("__iter__", "__getitem__"):
                method = member.fget if isinstance(member, property) else member
                if inspect.isfunction(method) and method.__module__ == module.__name__:
                    yield from annotations(method)


def names_in(annotation: str) -> set[str]:
    """Return the names in an annotation, without the modules before a dot."""
    return {part.split(".")[-1] for part in re.findall(r"[\w.]+", annotation)}


@cache
def names_of_ours(module: ModuleType) -> set[str]:
    """Return the names that a module defines or imports from this package, also for type checkers only."""
    tree = ast.parse(inspect.getsource(module))
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    targets = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
    names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    names |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("papersearch"):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_every_type_in_a_public_signature_is_exported() -> None:
    """Every type in the signatures of public functions and in public values has a public name."""
    seen = set()
    for name in papersearch.__all__:
        for where, written, module in annotations(getattr(papersearch, name)):
            ours = (names_in(written) & names_of_ours(module)) - OF_OTHERS
            assert ours <= set(papersearch.__all__), where
            seen |= ours
    assert {"Results", "Fault", "BuildReport", "Manifest", "EncoderRecord", "SignalScore"} <= seen


@pytest.mark.slow
def test_a_type_checker_knows_the_api(tmp_path: Path) -> None:
    """mypy accepts a program that uses the API correctly, and finds each wrong line of another."""
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    version = "{}.{}".format(*sys.version_info)  # numpy's types are written for the Python that it is installed for
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    command += ["--python-version", version]
    done = subprocess.run(
        [*command, "--config-file", "pyproject.toml", str(tmp_path / "good.py"), str(tmp_path / "bad.py")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert not [line for line in told if "bad.py" not in line], done.stdout
    wrong = [number for number, line in enumerate(BAD.splitlines(), 1) if line.endswith("# wrong")]
    assert [int(line.split("bad.py:")[1].split(":")[0]) for line in told] == wrong, done.stdout
    assert 'Module has no attribute "serach"' in told[0]


def test_filters_are_keywords(real_index: papersearch.Index) -> None:
    """Filters as keywords give the answer of the same filters as one value, in every kind of search."""
    filters = Filters(since="2018", organisations=("gensyn", "uchicago"), include_undated=True)
    options = {"since": "2018", "organisations": ["gensyn", "uchicago"], "include_undated": True}
    first = real_index.papers()[0].paper_id
    assert real_index.search(QUERY, **options) == real_index.search(QUERY, filters=filters)
    assert real_index.search(QUERY, **options) != real_index.search(QUERY)
    assert real_index.similar([first], **options) == real_index.similar([first], filters=filters)
    many = list(real_index.search_many([QUERY, "experts"], **options))
    assert many == [real_index.search(query, literal=True, filters=filters) for query in (QUERY, "experts")]
    assert many == list(real_index.search_many([QUERY, "experts"], filters=filters))
    assert real_index.search(QUERY, organisations="gensyn") == real_index.search(QUERY, organisations=["gensyn"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"filters": Filters(new=True), "since": "2025"}, "not both"),
        ({"sinse": "2025"}, "unknown keyword 'sinse'"),
        ({"since": 2025}, 'since: expected a text such as "2025", not 2025'),
        ({"filters": Filters(until=2025)}, "until: expected a text"),  # type: ignore[arg-type]
    ],
)
def test_wrong_filters_are_type_errors(
    real_index: papersearch.Index, options: dict[str, object], said: str
) -> None:
    """Filters given twice, unknown keywords and dates that are not texts raise TypeError."""
    for call in (
        real_index.search,
        real_index.similar,
        lambda query, **o: list(real_index.search_many(query, **o)),
    ):
        with pytest.raises(TypeError, match=said):
            call([QUERY] if call != real_index.search else QUERY, **options)


def test_rollback(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """`rollback` makes the previous build current again.

    Without a previous build or without an index it raises an error and changes nothing.
    """
    with pytest.raises(papersearch.IndexMissing):
        papersearch.rollback(small_corpus.parent / "nothing")
    assert not (small_corpus.parent / "nothing").exists()
    with pytest.raises(papersearch.StoredIndexError, match="no generation before 1"):
        papersearch.rollback(small_index)
    before = papersearch.open(small_index)
    (small_corpus / "more.txt").write_text(page([("On cats", sentence("cats"))]), encoding="utf-8")
    papersearch.build(small_corpus, small_index, model=str(small_model))
    assert len(papersearch.open(small_index)) == len(before) + 1
    assert papersearch.rollback(small_index) == before.manifest
    assert papersearch.open(str(small_index)).search("cats").hits == before.search("cats").hits


def test_is_stale(small_corpus: Path, small_index: Path) -> None:
    """An index is stale if its own corpus has other dumps.

    It is not stale for another folder, a missing one, or an unknown corpus.
    """
    index = papersearch.open(small_index)
    other = shutil.copytree(small_corpus, small_corpus.parent / "other")
    assert not index.is_stale()
    (small_corpus / "page.txt").unlink()
    (small_corpus / "more.txt").write_text(page([("On cats", sentence("cats"))]), encoding="utf-8")
    assert index.is_stale()
    assert index.is_stale(small_corpus)
    assert index.is_stale(str(small_corpus))
    assert not index.is_stale(other)
    shutil.rmtree(small_corpus)
    assert not index.is_stale()
    single = small_corpus.parent / "single"
    papersearch.build([other / "page.txt"], single, words_only=True)
    (other / "page.txt").unlink()
    assert not papersearch.open(single).is_stale()
    assert not papersearch.open(single).is_stale(other)
