# Two commands: `make course` and `make test`. Both make the environment first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
GRADES := autograder/grades
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Two threads a process: chapters, kernels and tests run side by side.
export OMP_NUM_THREADS ?= 2
# A thread that waits by spinning takes the core from another process's threads: two trainings
# side by side then took twice as long as with threads that wait asleep.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: course test coverage env data bench lock format lint clean help

help:           ## say what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

course: data    ## student notebooks, book, grades of the sample class
	course release
	course build
	course grade autograder/sample_class --out $(GRADES)
	@echo
	@echo "notebooks $(CURDIR)/release"
	@echo "book      $(CURDIR)/_build/html/index.html"
	@echo "grades    $(CURDIR)/$(GRADES)/grades.csv"

test: data      ## everything that CI runs
	ruff check .
	ruff format --check .
	mypy
	pytest -n 2

coverage: data  ## the tests again, slower: which lines they run
	pytest --cov --cov-report=term:skip-covered

env: $(STAMP)   ## the environment as locked in requirements.txt

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

# Without a network most of the course goes on; chapters 9 and 10 need this set and say so.
data: env       ## what may not ship, fetched once into the cache
	@course data fetch cifar10 || echo "going on without CIFAR-10"

bench: data     ## all benchmarks that this machine can run, and what has changed (NAMES="kit labels": these)
	python -m pip install --quiet --constraint requirements.txt --no-build-isolation --editable ".[bench]"
	python -m benchmarks $(NAMES)

lock: env       ## pin the newest versions that pyproject.toml allows
	$(BIN)/python -m piptools compile --quiet --strip-extras --extra dev --build-deps-for editable --allow-unsafe \
	  --no-emit-find-links --no-emit-index-url --no-emit-trusted-host --output-file requirements.txt pyproject.toml

format: env     ## code, notebooks and the sample class into their one form
	ruff check --fix --exit-zero .
	ruff format .
	course format
	python -m autograder.sample

lint: env       ## the fast half of the tests
	ruff check .
	mypy

clean:          ## remove what can be made again, but not the environment
	rm -rf _build .cache release $(GRADES) .pytest_cache .mypy_cache .ruff_cache
