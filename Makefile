# The commands of the project. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m
# What `make setup` leaves behind, so that it is quick the second time.
VENV := .venv/.installed
NODE := node_modules/.installed
SOLC := .solcx/solc-v0.8.37
LINKS := .venv/.linked
SCHEMATHESIS := .venv-schemathesis/.installed

# Brownie starts what it finds on PATH, and looks for the compiler where this says.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SOLCX_BINARY_PATH := $(CURDIR)/.solcx
export PYTHONUTF8 := 1

.PHONY: help setup setup-tests postgresql softhsm generate test test-contracts test-python check gas bench economy teeth fuzz demo devnet outcomes lock clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: $(VENV) $(NODE) $(SOLC) $(LINKS) ## Install all that is needed, inside this folder

setup-tests: setup $(SCHEMATHESIS) postgresql softhsm ## And what the tests alone start: Schemathesis, PostgreSQL, SoftHSM

$(VENV): requirements.txt pyproject.toml
	@echo "installing Python packages"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python tools/install.py packages
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(NODE): package-lock.json .npmrc
	@echo "installing Node packages"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(SOLC): tools/solc-shim.js $(NODE)
	@$(PYTHON) tools/install.py compiler

$(LINKS): tools/install.py $(VENV) $(NODE)
	@$(PYTHON) tools/install.py links
	@$(BIN)/python tools/install.py networks
	@touch $@

$(SCHEMATHESIS): tools/schemathesis.txt
	@$(PYTHON) tools/install.py schemathesis
	@touch $@

postgresql:
	@$(PYTHON) tools/install.py postgresql

# One after the other, as apt-get lets in one at a time.
softhsm: postgresql
	@$(PYTHON) tools/install.py softhsm

generate: setup ## Write what is made from the vocabulary, the typed data and the contracts
	@$(RUN) tools.generate

test: setup-tests ## Run all tests: contracts on Anvil and Ganache, and the Python ones, two suites at a time
	@$(RUN) tools.test

test-contracts: setup ## Run the tests of the contracts; T=<path> for some of them
	@$(RUN) tools.test contracts $(T)

test-python: setup-tests ## Run the tests that need no Brownie; T=<path> for some of them
	@$(RUN) tools.test python $(T)

check: setup ## Check formats, types, drift, sizes and secrets
	@$(RUN) tools.check

gas: setup ## Measure gas on Anvil, compare with gas.json and budgets.json; WRITE=1 to renew gas.json
	@$(RUN) tools.gas $(if $(WRITE),--write)

bench: setup ## Measure the speed and write docs/performance.md
	@$(RUN) bench

economy: setup ## Simulate the economy into docs/economy.md; ends red where an attack pays; PEOPLE=n TRIALS=n
	@$(RUN) bench.economy $(if $(PEOPLE),--people $(PEOPLE)) $(if $(TRIALS),--trials $(TRIALS))

teeth: setup-tests ## Plant faults one by one and see the tests notice; SAMPLE=n SEED=s for some
	@$(RUN) tools.teeth $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

fuzz: setup ## Look for bytes that a reader fails on; SECONDS_PER_READER=n SEED=s READER=name
	@$(RUN) tools.fuzz $(if $(SECONDS_PER_READER),--seconds $(SECONDS_PER_READER)) $(if $(SEED),--seed $(SEED)) $(if $(READER),--reader $(READER))

demo: setup ## Show it all from import to payment; DATA=<folder> for files of your own
	@$(RUN) aceso.cli demo $(if $(DATA),--data "$(DATA)")

devnet: setup ## Keep a chain, two IPFS nodes, custodians and the suite running
	@$(RUN) aceso.cli devnet

outcomes: setup ## Write what becomes of each file of a folder to docs/import-outcomes.md; DATA=<folder>
	@$(RUN) tools.outcomes "$(DATA)"

lock: ## Renew requirements.txt from requirements.in, and package-lock.json
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.in
	@{ echo "# Made from requirements.in by \`make lock\`: every package, pinned. Do not edit."; \
	   build/lock/bin/python -m pip freeze --all --exclude pip --exclude setuptools; } > requirements.txt
	@npm install --package-lock-only --ignore-scripts --loglevel=error
	@$(PYTHON) tools/lock.py

clean: ## Remove what was built, keep what was installed
	@rm -rf build reports dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
