# Two commands are meant for everybody: `make demo` and `make test`. Both begin from nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUERY ?= pipeline bubbles
ROUNDS ?= 1
PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal
EXACTNESS := tests/dense tests/lexical/test_bm25.py tests/search/test_evidence.py tests/test_last_digits.py

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-ray test-conditions test-exactness test-typed test-soak coverage check dist bench bench-scale picture reference clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

SOURCES := $(shell find papersearch -name '*.py')
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/dependencies: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "papersearch needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "installing the dependencies into $(VENV): some 2 GB on disk, and some minutes"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --constraint constraints.txt '.[dev]'
	touch $@

# Installed as a user installs it, not in place: what is tested and timed is what is shipped.
$(VENV)/installed: $(VENV)/dependencies $(SOURCES)
	rm -rf build
	$(PIP) --no-deps --force-reinstall .
	touch $@

demo: $(VENV)/installed  ## Install, build the index from corpus/, answer "pipeline bubbles"
	$(BIN)/papersearch index
	$(BIN)/papersearch --format table "$(QUERY)"

test: $(VENV)/installed  ## Install, run the tests
	$(BIN)/python -m pytest $(PARALLEL)

test-slow: $(VENV)/installed  ## Install, run the tests that take long
	$(BIN)/python -m pytest $(PARALLEL) -m "slow and not typed and not soak"

$(VENV)/ray: $(VENV)/installed
	$(PIP) --constraint constraints.txt '.[ray]'
	touch $@

test-ray: $(VENV)/ray  ## Install Ray, run the tests on a cluster of two nodes on this machine
	$(BIN)/python -m pytest -rs -m "slow or not slow" tests/cluster

test-conditions: $(VENV)/installed  ## Install, run the tests under other kernels of OpenBLAS, orders and loads
	$(BIN)/python -m tests.conditions --rounds $(ROUNDS)

test-exactness: $(VENV)/installed  ## Install, run the tests of exactness under two kernels of OpenBLAS
	OPENBLAS_CORETYPE=Haswell $(BIN)/python -m pytest $(PARALLEL) $(EXACTNESS)
	OPENBLAS_CORETYPE=Prescott $(BIN)/python -m pytest $(PARALLEL) $(EXACTNESS)

test-typed: $(VENV)/installed  ## Install, run the tests that type at a terminal
	$(BIN)/python -m pytest -m typed

test-soak: $(VENV)/installed  ## Install atheris, run hours of drawn examples, injected faults and fuzzing
	$(PIP) --constraint constraints.txt '.[fuzz]'
	PAPERSEARCH_TEST_EXAMPLES=5000 $(BIN)/python -m pytest $(PARALLEL) -m "hypothesis and not soak"
	$(BIN)/python -m pytest -m soak

# What a killed process was writing cannot be combined; what others wrote can.
coverage: $(VENV)/installed  ## Install, run the quick and slow tests, measure which branches they reach
	rm -f .coverage .coverage.*
	$(BIN)/python -m coverage run -m pytest $(PARALLEL) -m "not typed and not soak"
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

check: $(VENV)/installed  ## Lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy docs/*.py
	cd benchmarks && MYPYPATH=.. ../$(BIN)/mypy --config-file ../pyproject.toml *.py crowded/*.py

dist: $(VENV)/dependencies  ## Build the wheel and the source archive, check both, collect the archive's tests
	rm -rf build dist
	$(PIP) --constraint constraints.txt build twine
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	tar -xzf dist/*.tar.gz -C dist
	cd dist/papersearch-*/ && ../../$(BIN)/python -m pytest --collect-only -p no:cacheprovider

bench: $(VENV)/installed  ## Measure cold queries and many queries, against their peers
	$(BIN)/python benchmarks/cold_query.py
	$(BIN)/python benchmarks/batch.py

bench-scale: $(VENV)/installed  ## Measure size, postings and encoding on ABSTRACTS=records.jsonl.gz
	@test -n "$(ABSTRACTS)" || { echo "say which: make bench-scale ABSTRACTS=records.jsonl.gz"; exit 1; }
	$(PIP) --constraint constraints.txt '.[bench]'
	$(BIN)/python benchmarks/lexical.py "$(ABSTRACTS)"
	$(BIN)/python benchmarks/encoding.py "$(ABSTRACTS)"
	$(BIN)/python benchmarks/scale.py "$(ABSTRACTS)"

picture: $(VENV)/installed  ## Draw docs/result.svg, docs/browse.svg and docs/map.svg from real runs
	$(BIN)/python docs/picture.py docs/result.svg docs/browse.svg docs/map.svg

reference: $(VENV)/installed  ## Write docs/cli.md from --help, and the tables of formats, keys and filter words
	$(BIN)/python docs/reference.py docs/cli.md
	$(BIN)/python docs/tables.py README.md docs/sources.md docs/browse.md

clean:  ## Remove what was made here; the corpus stays
	rm -rf $(VENV) index build dist *.egg-info
