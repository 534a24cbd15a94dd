# make demo     score the demo plan by qgis_process; files in build/demo/
# make test     the test suite
# make lint     ruff, flake8-qgis, mypy on the engine (in a venv of their own)
# make package  dist/dgo_twin_plugin-<version>.zip
# make link     let your own QGIS load this checkout
# make bench    measure the speed, into docs/benchmarks.md
# make matrix   the suite and the demo on Debian 13 (QGIS 3.40) as well
#
# demo, test, lint and matrix first install the Debian packages they miss: as root, or by sudo -n.

# The system's own Python is the one that QGIS is built for; another one on PATH is not.
PYTHON := /usr/bin/python3
BUILD := build
VENV := $(BUILD)/venv
TESTS ?= tests
ARGS ?=

export PYTHONNOUSERSITE := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help demo test lint format package link bench matrix clean
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo:
	@scripts/install-deps.sh run
	$(PYTHON) scripts/demo.py

test:
	@scripts/install-deps.sh run test
	QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest $(ARGS) $(TESTS)

# The venv sees Debian's packages (for NumPy's types); a change of the list makes it anew.
$(VENV)/.stamp: scripts/lint-requirements.txt
	@scripts/install-deps.sh run lint
	rm -rf $(VENV)
	$(PYTHON) -m venv --system-site-packages $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	touch $@

lint: $(VENV)/.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/python -m flake8 dgo_twin_plugin scripts tests
	$(VENV)/bin/python -m mypy

format: $(VENV)/.stamp
	$(VENV)/bin/ruff check --fix .

package:
	$(PYTHON) scripts/package.py

link:
	$(PYTHON) scripts/link.py

bench:
	@scripts/install-deps.sh run test
	QT_QPA_PLATFORM=offscreen $(PYTHON) -m bench $(ARGS)

matrix:
	scripts/matrix.sh trixie test demo

clean:
	rm -rf $(BUILD) dist
