# `make app` runs the app, `make test` the tests; each sets up what it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: app test lint bench browser
.DELETE_ON_ERROR:

app: .venv/app
	$(BIN)/python app.py

# A file's tests stay together: what they share (an app, a browser, a run) is made once.
test: .venv/dev browser
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(TESTS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/dev browser
	$(BIN)/python -m bench

# An installed Chromium or Chrome is used; only where there is none is one fetched.
browser: .venv/dev
	@$(BIN)/python -m tests.browser

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed; name one: make app PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-train.txt requirements-dev.txt $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@ .venv/app
