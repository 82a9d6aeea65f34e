# `make` prints the targets. Everything is installed into .venv; a stamp file there marks each step
# that is done, so that it is not repeated and needs no network again.

# Debian builds the GStreamer bindings for the system's own Python: no other one can load them,
# whatever `python3` means in this shell.
PYTHON := /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt
.DEFAULT_GOAL := help
.PHONY: help demo test test-runtime lint bench proof deb clean
.DELETE_ON_ERROR:

help:  ## print this text
	@echo "edgecrack: finds road cracks in the video of a moving camera, each with its position."
	@echo
	@awk -F ':.*##  *' '/^[a-z-]+:.*##/ {printf "  make %-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "Start with 'make demo', then look at demo/index.html. System packages are installed"
	@echo "by deploy/setup.sh, as root or through sudo, and only those that are missing."

demo: $(VENV)/runtime.stamp  ## survey a synthetic road, and show it in demo/index.html
	$(BIN)/edgecrack demo

test: $(VENV)/everything.stamp  ## run all tests; under 15 minutes
	$(BIN)/python -m pytest

test-runtime: $(VENV)/tests.stamp  ## run the tests of a unit, without torch, onnx and scipy
	$(BIN)/python -m pytest -p tests.without_training edgecrack deploy tests/edgecrack tests/deploy

lint: $(VENV)/everything.stamp  ## check style, types, imports, and doubles against real bindings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.doubles.check_interfaces

bench: $(VENV)/everything.stamp  ## measure speed and memory
	$(BIN)/edgecrack-export front edgecrack/models/vehicle edgecrack/models/crack-n \
		training/checkpoints/crack-n.pt training/checkpoints/vehicle.pt training/checkpoints/crack-m.pt \
		--left-out crack-n=tests/proof/training/leave_out.json --out build/front
	$(BIN)/edgecrack bench --out build/bench.json --markdown build/bench.md --png build/bench.png
	$(BIN)/python tests/benchmarks/bench_run.py

proof: $(VENV)/everything.stamp  ## run the long tests, up to two hours each
	$(BIN)/python -m pytest tests/proof --override-ini python_files='proof_*.py' --timeout 7200

deb: $(VENV)/pip.stamp  ## make a Debian package of a unit's service, for machines like this one
	@PYTHON=$(BIN)/python deploy/deb.sh $(if $(EXTRA),--extra $(EXTRA))

clean:  ## remove .venv and everything that was built; keep surveys
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/system.stamp: deploy/setup.sh
	@deploy/setup.sh
	@mkdir -p $(@D) && touch $@

$(VENV)/pip.stamp: $(VENV)/system.stamp
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) setuptools
	@touch $@

$(VENV)/runtime.stamp: $(VENV)/pip.stamp pyproject.toml constraints.txt
	@echo "Setting up the runtime in $(VENV): 0.6 GB, about a minute."
	@$(PIP) --no-build-isolation --editable .
	@$(PIP) --no-build-isolation --only-binary openvino --editable '.[openvino]' || \
		echo "OpenVINO has no wheel for this machine: ONNX Runtime works alone, more slowly."
	@$(BIN)/edgecrack-deploy link
	@touch $@

$(VENV)/tests.stamp: $(VENV)/runtime.stamp
	@deploy/setup.sh --with-tests
	@echo "Setting up the tests in $(VENV): 0.1 GB more."
	@$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@

$(VENV)/everything.stamp: $(VENV)/tests.stamp
	@echo "Setting up training and export in $(VENV): 1 GB more, a few minutes."
	@$(PIP) --no-build-isolation --editable '.[train,export,test]'
	@touch $@
