# Two commands do everything on a bare machine: make demo, make test. Set-up happens once, and again when a pin changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PINS := constraints.txt pyproject.toml

.PHONY: demo test lint format clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.stamp-train
	$(BIN)/metier run quickstart

test: $(VENV)/.stamp-dev
	$(BIN)/ruff check metier tests benchmarks
	$(BIN)/ruff format --check metier tests benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest

$(VENV)/.stamp-train: $(PINS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch==$$(sed -n 's/^torch==//p' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train,serve]"
	touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-train
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train,serve,documents,ray,dev]"
	touch $@

format:
	$(BIN)/ruff format metier tests benchmarks
	$(BIN)/ruff check --fix metier tests benchmarks

clean:
	rm -rf $(VENV) runs
