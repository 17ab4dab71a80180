# Every target sets the tools up first, once (scripts/bootstrap.py).  `make help` lists them.
PYTHON ?= python3
ARGS ?=
RUNTIME := .tools/venv/runtime-test/bin
CONTRACTS := .tools/venv/contracts/bin
# brownie's commands run with the tools on PATH and a HOME of the project's own
BROWNIE := $(CONTRACTS)/python scripts/toolchain.py $(CURDIR)/$(CONTRACTS)/python
FORGE := HOME=$(CURDIR)/.tools/home .tools/bin/forge
# a linter's build has no bytecode: kept apart, or the next real build would take its artifacts for its own
LINT := FOUNDRY_OUT=.tools/forge/lint/out FOUNDRY_CACHE_PATH=.tools/forge/lint/cache $(FORGE) lint
FORGE_ROOT ?= .
FORGE_ARGS ?=
PYTEST_ARGS ?= -q
TEST_STEPS ?= test-forge test-contracts test-keeper test-house test-audit
TWO := -n 2 --dist loadscope
KEYSTORES := .tools/home/.brownie/accounts

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

setup: ## install and build everything, into .tools/ and node_modules/
	@$(PYTHON) scripts/bootstrap.py

provers: setup ## the provers' own environment, halmos and slither: made when a proof asks for it
	@$(PYTHON) scripts/bootstrap.py prove

build: setup ## forge's build of contracts and tests (set-up already made brownie's)
	@$(FORGE) build -q

demo: setup ## the story on a local chain: ARGS="--quick --json --keep --seed S"
	@$(RUNTIME)/python scripts/demo.py $(ARGS)

test: setup ## all tests: forge's, brownie's, the keeper's, the house's
	@red=; for step in $(TEST_STEPS); do $(MAKE) $$step || red="$$red $$step"; done; \
	if [ -n "$$red" ]; then echo "make test: failed:$$red" >&2; exit 1; fi

test-forge: setup ## contract tests, fuzzing and invariants
	@$(FORGE) test --root $(FORGE_ROOT) $(FORGE_ARGS)

test-contracts: build ## contract and deploying tests through brownie
	@$(CONTRACTS)/python -m pytest $(PYTEST_ARGS) $(TWO) $(wildcard tests/contracts) tests/scripts

test-keeper: build ## the keeper's tests, two at a time: each worker has a chain of its own
	@$(RUNTIME)/python -m pytest $(PYTEST_ARGS) $(TWO) tests/keeper

test-house: build ## the house's tests, one at a time: the demo among them is timed
	@$(RUNTIME)/python -m pytest $(PYTEST_ARGS) tests/house tests/prove

test-audit: build ## the audit's tests: a short story kept, audited, and tampered with figure by figure
	@$(RUNTIME)/python -m pytest $(PYTEST_ARGS) tests/audit

AUDITED := demo-audit
AUDIT_OUT := .tools/$(AUDITED).json
demo-audit: setup ## the whole story, kept, every figure recomputed by a stranger, all ended: ARGS="--quick …"
	@red=0; $(RUNTIME)/python scripts/demo.py --json --keep --name $(AUDITED) $(ARGS) > $(AUDIT_OUT) || red=$$?; \
	if [ $$red = 0 ]; then $(RUNTIME)/python -m tests.audit --json-file $(AUDIT_OUT) || red=$$?; fi; \
	$(RUNTIME)/keeper devnet down --name $(AUDITED) >&2; exit $$red

check: setup ## linters, formats, types and the floors
	@$(RUNTIME)/ruff check .
	@$(RUNTIME)/ruff format --check .
	@$(RUNTIME)/mypy
	@$(RUNTIME)/lint-imports --cache-dir .tools/cache/import_linter
	@$(FORGE) fmt --check
	@$(LINT) contracts --deny warnings
	@$(LINT) tests/forge --deny warnings --severity high # narrowing casts of indices are no danger in a test

prove: provers build ## the proof: every section, build/proof.json and build/proof.md: ARGS="--only NAME --json --fresh"
	@$(RUNTIME)/python -m tests.prove $(ARGS)

mutate: build ## the whole draw of mutants, and docs/mutation.md (an hour; resumable): ARGS="--first N --match TEXT --fresh"
	@$(RUNTIME)/python -m tests.prove.mutants $(ARGS)

bench: build ## gas and round trips, measured now: ARGS="--only NAME --json"
	@$(RUNTIME)/python -m tests.benchmarks $(ARGS)

deploy: setup ## deploy from one TOML: NETWORK=devnet|rpc CONFIG=file.toml ARGS="--from KEY"
	@$(if $(and $(NETWORK),$(CONFIG)),,$(error say NETWORK=devnet (or rpc, with RPC_URL set) and CONFIG=file.toml))
	@$(BROWNIE) -m scripts.deploy --network $(NETWORK) --config $(CONFIG) $(ARGS)

compare: setup ## hold a chain against its manifest (the script exits 9 where they differ): NETWORK= MANIFEST=
	@$(if $(and $(NETWORK),$(MANIFEST)),,$(error say NETWORK=devnet (or rpc) and MANIFEST=deployments/CHAINID/NAME.json))
	@$(BROWNIE) -m scripts.compare --network $(NETWORK) --manifest $(MANIFEST) $(ARGS)

deposit: setup ## deposit from a key, or write a Safe's batch: NETWORK= MANIFEST= ARGS="--from KEY|--safe ADDRESS --wrap ETH"
	@$(if $(and $(NETWORK),$(MANIFEST)),,$(error say NETWORK=devnet (or rpc) and MANIFEST=deployments/CHAINID/NAME.json))
	@$(BROWNIE) -m scripts.deposit --network $(NETWORK) --manifest $(MANIFEST) $(ARGS)

bounds: setup ## the most a stolen key can cost, from a deployment's TOML: CONFIG=file.toml ARGS="--hours N --json"
	@$(if $(CONFIG),,$(error say CONFIG=file.toml))
	@$(RUNTIME)/python -m scripts.bounds --config $(CONFIG) $(ARGS)

owner: setup ## the owner's or a guardian's hand, at once or by the queue (docs/owner.md): NETWORK= MANIFEST= ARGS="unhalt|…"
	@$(if $(and $(NETWORK),$(MANIFEST)),,$(error say NETWORK=devnet (or rpc) and MANIFEST=deployments/CHAINID/NAME.json))
	@$(BROWNIE) -m scripts.owner --network $(NETWORK) --manifest $(MANIFEST) $(ARGS)

publish: setup ## verify the sources at Sourcify and Etherscan: NETWORK= MANIFEST= ARGS="--to sourcify|etherscan --dry-run"
	@$(if $(and $(NETWORK),$(MANIFEST)),,$(error say NETWORK=rpc and MANIFEST=deployments/CHAINID/NAME.json))
	@$(BROWNIE) -m scripts.publish --network $(NETWORK) --manifest $(MANIFEST) $(ARGS)

account: setup ## a new encrypted key for deploying: NAME=who
	@$(if $(NAME),,$(error say NAME=who))
	@echo "brownie's HOME is the project's own: the key goes to $(KEYSTORES)/$(NAME).json, never to ~/.brownie." >&2
	@echo "make clean keeps that folder. Back the file up, and its password elsewhere." >&2
	@$(BROWNIE) -m scripts.account $(NAME) $(ARGS)

LOCK = .tools/uv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
locks: setup ## resolve the Python locks anew; then look at the diff
	$(LOCK) pyproject.toml --upgrade -o requirements/runtime.lock
	$(LOCK) pyproject.toml --upgrade --group runtime-test -c requirements/runtime.lock -o requirements/runtime-test.lock
	$(LOCK) pyproject.toml --upgrade --group contracts -o requirements/contracts.lock
	$(LOCK) --upgrade --group prove -o requirements/prove.lock

clean: ## remove what set-up made; encrypted keys stay
	@rm -rf node_modules build dist
	@if [ -n "$$(ls -A $(KEYSTORES) 2>/dev/null)" ]; then \
	  echo "kept the encrypted keys in $(KEYSTORES): delete that folder yourself if they are worth nothing"; fi
	@if [ -d .tools ]; then find .tools -mindepth 1 -maxdepth 1 ! -name home -exec rm -rf {} +; \
	  find .tools -depth -mindepth 2 ! -path '$(KEYSTORES)*' ! -path .tools/home/.brownie -delete; \
	  rmdir $(KEYSTORES) .tools/home/.brownie .tools/home .tools 2>/dev/null; fi; true

.PHONY: help setup provers build demo demo-audit test test-forge test-contracts test-keeper test-house test-audit check prove mutate bench deploy compare deposit bounds owner publish account locks clean
