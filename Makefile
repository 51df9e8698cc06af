# The virtual environments .venv and .venv-bench are made anew when pyproject.toml changes. A stamp in each says what has
# been installed; an installation that fails leaves none. Paths are relative, so that the folder's name is free.

python := .venv/bin/python
pip := $(python) -m pip --disable-pip-version-check --quiet

.PHONY: help train test check bench docs develop

help:
	@echo "make train   train a network on the bundled handwritten digits, through every stage"
	@echo "make test    run the tests, on all cores"
	@echo "make check   formatting, lint, types, layers"
	@echo "make bench   measure, side by side with the peers, in some hours; ARGS=--help says how to run a part"
	@echo "make docs    build the documents and the API reference as web pages"
	@echo "make develop set up .venv for working on chainrule"
	@echo
	@echo "Each first sets up what it needs in .venv, bench in .venv-bench (Python 3.11 or later)."

train: .venv/stamp-package
	.venv/bin/chainrule train

test: develop
	$(python) -m pytest --numprocesses auto --dist worksteal

check: develop
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports

bench: .venv-bench/stamp
	.venv-bench/bin/python -m benchmarks $(ARGS)

docs: develop
	$(python) scripts/build_docs.py
	@echo "Open build/docs/index.html"

develop: .venv/stamp-develop

.venv/stamp-made: pyproject.toml
	@scripts/make_venv.sh .venv
	@touch $@

.venv/stamp-package: .venv/stamp-made
	@echo "Installing chainrule ..."
	@$(pip) install --editable .
	@touch $@

.venv/stamp-develop: .venv/stamp-package
	@echo "Installing what its development needs ..."
	@$(pip) install --editable '.[dev]'
	@touch $@

.venv-bench/stamp: pyproject.toml
	@scripts/make_venv.sh .venv-bench
	@echo "Installing chainrule and the peers ..."
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[bench]'
	@touch $@
