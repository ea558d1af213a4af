"""Shared fixtures: the real corpus and its index, a small model, small corpora.

The real index takes most of a minute to build. pytest's cache keeps it for further runs;
`PAPERSEARCH_TEST_INDEX=FOLDER` gives one that was built from this corpus with the default model.
`PAPERSEARCH_TEST_HALF=0` runs one half of the tests, and 1 the other.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# The command line sets this too; it only takes effect before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A graphics processor is hidden: builds would take it, and tests tell what a machine without one does.
# With PAPERSEARCH_TEST_GPU=1 it is not, for tests/dense/test_graphics_processor.py.
if not os.environ.get("PAPERSEARCH_TEST_GPU"):
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ["HIP_VISIBLE_DEVICES"] = ""

# Builds record when a paper came. Tests that compare files build at one time.
os.environ["SOURCE_DATE_EPOCH"] = "1767225600"

# A shell that starts the tests in the background has them ignore interrupts, and with them every
# program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Compiled modules are kept: else every process of the tests compiles the package again.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    sys.dont_write_bytecode = False

import papersearch  # after the threads are set
from papersearch.text.analysis import Analyzer
from tests.commands import Commands

PROJECT = Path(__file__).parents[1]
CORPUS = PROJECT / "corpus"

HEADER = """new

Get trending papers in your email inbox!

Subscribe

byAK and the research community

Mar 11
"""

NO_CONFIGURATION = str(Path(tempfile.gettempdir(), f"no-configuration-{os.getpid()}"))
"""Folder that does not exist, in place of the configuration of who runs the tests."""

PATIENCE_S = 1200
"""Timeout of every wait, long enough for any machine: reaching it means that something hangs."""

# No deadline for examples: the machine may be slow or busy. The long run, which measures coverage,
# tries twice as many of them. They are the same in every run, so that a failure comes from a change;
# `PAPERSEARCH_TEST_EXAMPLES=5000` draws others, and that many.
_drawn = os.environ.get("PAPERSEARCH_TEST_EXAMPLES")
hypothesis.settings.register_profile(
    "papersearch",
    deadline=None,
    derandomize=not _drawn,
    max_examples=int(_drawn or (100 if "coverage" in sys.modules else 50)),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("papersearch")

# Builds in this process do not wait for the disk: only a loss of power would show it. Commands do.
os.fsync = lambda fd: None

_STATE = tempfile.TemporaryDirectory(prefix="papersearch-state-", ignore_cleanup_errors=True)
"""Folder in place of the user's state folder, for all commands of this process."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out one half of the tests if the environment says so; a test's name decides in which half it is."""
    if half := os.environ.get("PAPERSEARCH_TEST_HALF"):
        halves: list[list[pytest.Item]] = [[], []]
        for item in items:
            halves[zlib.crc32(item.nodeid.encode()) % 2].append(item)
        items[:] = halves.pop(int(half))
        config.hook.pytest_deselected(items=halves[0])


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Wait until `happened` returns true; after the timeout fail with the message `what`."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@contextmanager
def held_at(pipe: Path, process: subprocess.Popen[str] | None = None) -> Iterator[None]:
    """Wait until `process`, or any process, opens the named pipe to read; hold it there meanwhile.

    Send a signal inside, and wait for its effect outside: a signal that comes between the opening and
    the read itself does not end the read, which the end of the pipe does.
    """

    def is_read() -> bool:
        assert process is None or process.poll() is None, "it has ended before it read the pipe"
        try:
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            if error.errno != errno.ENXIO:  # no reader yet
                raise
        return bool(opened)

    opened: list[int] = []
    wait_until(is_read, f"nobody reads {pipe}")
    try:
        yield
    finally:
        os.close(opened[0])


def sentence(topic: str, length: int = 300) -> str:
    """Return an abstract on `topic`, longer than any title."""
    text = f"This paper is about {topic}. "
    while len(text) < length:
        text += f"We study how {topic} behaves when everything else is kept as it was. "
    return text.strip()


def n_positions(analyzer: Analyzer, text: str) -> int:
    """Return the number of positions that `text` takes, stop words included."""
    return sum(analyzer.word(written).n_parts for written in analyzer.words(text))


def page(papers: Sequence[tuple[str, str]]) -> str:
    """Return a Daily Papers page with these (title, abstract) pairs."""
    return HEADER + "".join(f"\n{title}\n\n{abstract}\n" for title, abstract in papers)


@pytest.fixture(scope="session")
def real_index_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the index of the committed corpus with the default model; tests must not write to it.

    It is kept in pytest's cache until anything changes from which it is made.
    """
    given = os.environ.get("PAPERSEARCH_TEST_INDEX")
    if given:
        return Path(given).resolve()
    cache = getattr(request.config, "cache", None)
    if cache is None:
        path = tmp_path_factory.mktemp("real") / "index"
    else:
        kernel = os.environ.get("OPENBLAS_CORETYPE", "own")
        path = cache.mkdir("real-index") / f"{kernel}-{made_from()}"
        for old in path.parent.glob(f"{kernel}-*"):
            if old != path:
                shutil.rmtree(old, ignore_errors=True)
    papersearch.build(CORPUS, path)  # by the first worker; the others wait and find it
    return path


def made_from() -> str:
    """Return a digest of what an index is made from: the corpus, the package, libraries, settings."""
    found = hashlib.sha256()
    package = Path(papersearch.__file__).parent
    for path in sorted([*CORPUS.rglob("*"), *package.rglob("*.py")]):
        if path.is_file():
            found.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    installed = sorted(f"{part.name} {part.version}" for part in importlib.metadata.distributions())
    settings = {name: value for name, value in os.environ.items() if name.startswith(("PAPERSEARCH_", "OPENBLAS_"))}
    found.update(repr((sys.version, installed, sorted(settings.items()))).encode())
    return found.hexdigest()[:16]


@pytest.fixture(scope="session")
def real_index(real_index_path: Path) -> papersearch.Index:
    """Open the real index."""
    return papersearch.open(real_index_path)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a BERT of two layers and 32 dimensions with random weights."""
    return make_model(tmp_path_factory.mktemp("model") / "small-bert")


def make_model(
    folder: Path, pooling: str = "mean", prompts: dict[str, str] | None = None, **changes: object
) -> Path:
    """Make and save such a model; `changes` go into its BertConfig."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    words = (
        "[PAD] [UNK] [CLS] [SEP] [MASK] a the of and pipeline bubble ##s parallel ##ism model data query".split()
    )
    letters = [prefix + letter for prefix in ("", "##") for letter in "abcdefghijklmnopqrstuvwxyz0123456789.,-"]
    vocabulary = folder.parent / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(words + letters)) + "\n", encoding="utf-8")
    settings: dict[str, object] = {
        "vocab_size": len(dict.fromkeys(words + letters)),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 128,
        **changes,
    }
    raw = folder.parent / "raw"
    BertModel(BertConfig(**settings)).save_pretrained(raw)
    BertTokenizerFast(str(vocabulary)).save_pretrained(raw)
    transformer = Transformer(str(raw))
    pool = Pooling(transformer.get_embedding_dimension(), pooling_mode=pooling)
    SentenceTransformer(modules=[transformer, pool, Normalize()], device="cpu", prompts=prompts).save(str(folder))
    return folder


@pytest.fixture(scope="session")
def any_index(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> papersearch.Index:
    """Index the committed corpus with the small model, for laws that hold with any encoder."""
    path = tmp_path_factory.mktemp("any") / "index"
    papersearch.build(CORPUS, path, model=str(small_model))
    return papersearch.open(path)


@pytest.fixture(scope="session")
def small_project(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Path:
    """Return a folder with `corpus/`, one page of four papers, and its `index/` by the small model.

    Tests must copy it before they change it. The last paper has an organisation and a date.
    """
    project = tmp_path_factory.mktemp("project")
    topics = ["pipeline bubbles", "protein folding", "graph colouring", "speech recognition"]
    papers = [(f"On {topic}", sentence(topic)) for topic in topics[:-1]]
    papers.append((f"On {topics[-1]}", sentence("automatic speech recognition (ASR)")))
    (project / "corpus").mkdir()
    metadata = "\nacme Acme Labs\n·\nJan 6, 2025 2\n"
    (project / "corpus" / "page.txt").write_text(page(papers) + metadata, encoding="utf-8")
    papersearch.build(project / "corpus", project / "index", model=str(small_model))
    return project


@pytest.fixture
def small_corpus(tmp_path: Path, small_project: Path) -> Path:
    """Copy a corpus of one page with four papers, without an index beside it."""
    return shutil.copytree(small_project / "corpus", tmp_path / "corpus")


@pytest.fixture
def small_index(small_corpus: Path, small_project: Path) -> Path:
    """Copy the index of the small corpus to its side; tests may damage it."""
    return shutil.copytree(small_project / "index", small_corpus.parent / "index")


@pytest.fixture
def build(small_corpus: Path, small_index: Path, small_model: Path) -> Any:
    """Bring the small index up to date with the small corpus."""

    def run(**options: Any) -> papersearch.BuildReport:
        return papersearch.build(small_corpus, small_index, model=str(small_model), **options)

    return run


@pytest.fixture(scope="session")
def server(real_index_path: Path) -> Iterator[Any]:
    """Serve the real index by a process."""
    from tests.served import served

    with served(real_index_path) as found:
        yield found


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients in this process wait for a server as long as a busy machine may need."""
    monkeypatch.setenv("PAPERSEARCH_TIMEOUT", str(PATIENCE_S))


@pytest.fixture
def env(real_index_path: Path) -> dict[str, str]:
    """Return the environment that names the real index and corpus."""
    return {"PAPERSEARCH_INDEX": str(real_index_path), "PAPERSEARCH_CORPUS": str(CORPUS)}


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands | None]:
    """Return the process that forks commands; none where coverage is measured, of whole processes."""
    if "coverage" in sys.modules or not hasattr(os, "fork"):
        yield None
        return
    forking = Commands(command_environment())
    yield forking
    forking.close()


@pytest.fixture
def run(tmp_path: Path, commands: Commands | None) -> Run:
    """Return a function that runs the command as a process: `run("query", "--json", env={...})`."""

    def start(
        *arguments: str,
        cwd: Path = tmp_path,
        env: dict[str, str] | None = None,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        environment = command_environment(env)
        if commands and commands.can_run(environment):
            return commands.run(arguments, cwd, environment, stdin)
        return subprocess.run(
            [sys.executable, "-m", "papersearch", *arguments],
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return start


def command_environment(changes: dict[str, str] | None = None) -> dict[str, str]:
    """Return this environment with `changes`, without variables that affect the command."""
    steering = (
        "PAPERSEARCH_",
        "NO_COLOR",
        "COLUMNS",
        "LINES",
        "FORCE_",
        "TERM",
        "VTE_VERSION",
        "KITTY_",
        "WT_SESSION",
        "KONSOLE_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return {
        **kept,
        "PYTHONPATH": str(PROJECT),
        "PYTHONUTF8": "0",
        "XDG_CONFIG_HOME": NO_CONFIGURATION,
        "XDG_STATE_HOME": _STATE.name,
        "XDG_CACHE_HOME": _STATE.name,
        **(changes or {}),
    }


@pytest.fixture
def at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all builds of a test happen at one time, so that papers of different builds can be equal."""
    monkeypatch.setattr("papersearch.index.first_seen._time_of_build", lambda newest: 1767225600)
