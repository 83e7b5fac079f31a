# make run      set up what is missing and serve the assistant    (HOST=  PORT=  SETUP=  MIND=small)
# make cluster  two replicas of the server on Ray, behind one address   (REPLICAS=  and as above)
# make install  the set-up alone: environment, libraries, weights
# make test     set up and run every test                         (ARGS= for pytest, PROCESSES=0 for one process)
# make lint     style and types, and the page's JavaScript where node is installed
# make audit    the pinned libraries against the database of known vulnerabilities
# make docs     the documentation as a site in build/docs; warnings are errors

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
HOST ?= 127.0.0.1
PORT ?= 8080
SETUP ?= laptop
MIND ?= $(OMNILIVE_MIND)
REPLICAS ?= 2
ARGS ?=
PROCESSES ?= $$(( $$(nproc) + 1 ))

# Tests start this program many times: its byte code is kept, also where the environment asks for none.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

NATIVE_SOURCES := $(wildcard dialogue/llm/native/*.cpp dialogue/llm/native/*.h)

.PHONY: run cluster install test test-tools lint audit docs clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

run: install
	@OMNILIVE_MIND=$(MIND) exec $(BIN)/omnilive run --host $(HOST) --port $(PORT) --setup $(SETUP)

cluster: install
	@$(BIN)/python -c "import ray" 2>/dev/null || $(PIP) install -qq --constraint constraints.txt --editable ".[cluster]"
	@OMNILIVE_MIND=$(MIND) exec $(BIN)/omnilive cluster --replicas $(REPLICAS) --host $(HOST) --port $(PORT) --setup $(SETUP)

install: $(VENV)/.libraries $(VENV)/.native
	@$(BIN)/omnilive models pull

test: test-tools $(VENV)/.native
	@$(PYTEST) --numprocesses=$(PROCESSES) --maxprocesses=4 $(ARGS) || { \
		[ $$? -eq 1 ] && echo "failed tests that wait for a call, a program or a page run once more, alone (tests/processes.py)" && \
		$(PYTEST) --numprocesses=0 --last-failed --last-failed-no-failures=none --waiting-only; }

test-tools: $(VENV)/.libraries-of-tests
	@VENV=$(VENV) sh install/test_tools.sh

lint: $(VENV)/.libraries-of-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@sh install/lint_page.sh

audit: $(BIN)/python
	@$(BIN)/python install/audit.py

docs: $(VENV)/.libraries-of-tests
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "the site is in build/docs"

clean:
	rm -rf $(VENV) dialogue/llm/native/*.so .pytest_cache .ruff_cache .mypy_cache *.egg-info build

$(BIN)/python:
	@python=$$(sh install/find_python.sh) && "$$python" -m venv --clear $(VENV)

# The two OpenCV packages share their files. opencv-python goes first, so that those of the headless one, which
# needs no X11 and no OpenGL, end up on disk; should they not, the import fails (docs/decisions.md).
$(VENV)/.libraries: $(BIN)/python pyproject.toml setup.py constraints.txt install/cpu_torch.py
	@echo "installing libraries into $(VENV): some 500 MB to download, a few minutes"
	@$(PIP) install --quiet --constraint constraints.txt pip setuptools
	@$(BIN)/python install/cpu_torch.py constraints.txt
	@$(PIP) install --quiet --constraint constraints.txt opencv-python
	@$(PIP) install -qq --constraint constraints.txt --editable .
	@$(BIN)/python -c "import cv2" 2>/dev/null || \
		$(PIP) install --quiet --constraint constraints.txt --force-reinstall --no-deps opencv-python-headless
	@touch $@

$(VENV)/.libraries-of-tests: $(VENV)/.libraries
	@echo "installing the libraries of the tests and of the site"
	@$(PIP) install -qq --constraint constraints.txt --editable ".[test,dev,docs]"
	@touch $@

# Optional, and so tried again at every make until there is a compiler.
$(VENV)/.native: $(NATIVE_SOURCES) install/compiled_step.sh | $(VENV)/.libraries
	@VENV=$(VENV) sh install/compiled_step.sh && touch $@ || true
