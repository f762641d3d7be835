# Two commands matter: `make demo` and `make test`. Both install what is missing first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test test-all lint format lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

setup: $(VENV)/.installed ## Build .venv from requirements.lock

browser: setup
	@$(BIN)/charterbot doctor --fix

demo: browser ## Run the main job on this machine (ONCE=1 to the end, JSON=1, TWIN=1 against the clean twin)
	@$(BIN)/charterbot demo $(if $(ONCE),--once) $(if $(JSON),--json) $(if $(TWIN),--twin)

# In the order of the folders: with the longest stories last, one core would wait for the other.
PYTEST := $(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test: browser ## Run the tests, but for the long ones
	$(PYTEST) -m "not long" $(ARGS)

test-all: browser ## Run all tests, also those of whole recorded runs and of killed workers
	$(PYTEST) $(ARGS)

lint: setup ## ruff, pyright, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup ## Resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements.lock

clean: ## Remove what the commands above made
	rm -rf $(VENV) .charterbot runs
