.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export LIANXIN_SECRET_KEY ?= development-only-key-that-protects-invented-people

.PHONY: help demo test test-debian search check format bench setup setup-dev messages clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' Makefile

demo: setup ## Run the whole product with a seeded demo hospital; Ctrl-C stops it
	@$(BIN)/python -m lianxin demo $(ARGS)

test: setup-dev check ## Everything that CI checks
	@$(BIN)/python -m pytest -n auto --dist worksteal

test-debian: setup-dev ## The tests again on Debian's PostgreSQL 15; browsers and crashes need no second time
	@$(BIN)/python -m tools.debian_postgresql pytest -n auto --dist worksteal -m "not browser and not crash"

search: setup-dev ## Look for counterexamples of every property test, with other examples each time
	@$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile searching -m hypothesis

check: setup-dev ## Everything that CI checks, short of the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy lianxin sandbox bench tools tests conftest.py
	$(BIN)/lint-imports
	$(BIN)/python -m tools.house_rules lianxin
	$(BIN)/djlint --quiet --check lianxin
	$(BIN)/djlint --quiet --lint lianxin
	$(BIN)/python -m tools.messages check
	$(BIN)/python -m tools.check_migrations

format: setup-dev ## Rewrite files to the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	-$(BIN)/djlint --quiet --reformat lianxin

bench: setup-dev ## Benchmarks as ratios to a baseline of the same run (NAME=… SCALE=small|full)
	@$(BIN)/python -m bench $(if $(NAME),--name $(NAME)) --scale $(or $(SCALE),small)

messages: setup ## Compile the translations
	@$(BIN)/python -m tools.messages compile

setup: .venv/.runtime node_modules/.installed .venv/.built ## Install what running needs

setup-dev: setup .venv/.dev ## Install what developing and testing needs
	@$(PYTHON) tools/install_browser.py

.venv/.runtime: requirements/runtime.txt
	@$(PYTHON) tools/require_python.py
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json .venv/.runtime
	@$(BIN)/python tools/install_packages.py
	@touch $@

.venv/.built: node_modules/.installed $(wildcard lianxin/*/locale/*/LC_MESSAGES/*.po lianxin/*/templates/*/*.html) tools/icons.py
	@$(BIN)/python -m tools.icons
	@$(BIN)/python -m tools.messages compile
	@touch $@

clean: ## Remove what was installed and built (demo data stays)
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache
