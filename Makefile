# Each target sets up what it needs: in .venv, .venv-runtime, .venv-train, .local and the folders node_modules, and nowhere else.
# Another Python gets an environment of its own: make test PYTHON=python3.13 VENV=.venv-3.13
.PHONY: help demo emulators test test-fast test-train test-runtime check format lock client bench torture drill deploy setup clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
VENV_READY := $(VENV)/.ready
# One process more than two cores: many tests wait for processes that they have started.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile
TRAIN_BIN := .venv-train/bin
TRAIN_READY := .venv-train/.ready
TRAIN_TESTS := tests/jobs/encoders/test_training_loop.py tests/jobs/encoders/test_autoencoder.py tests/jobs/encoders/test_fashion_fusion.py tests/jobs/encoders/test_fashion_export.py
FUNCTIONS_READY := functions/venv/.ready
STACK_READY := infra/local/node_modules/.ready
CLIENT_READY := clients/web/node_modules/.ready
CLIENT_BUILT := clients/web/dist/index.js
EXAMPLE_READY := examples/react/node_modules/.ready

help:
	@echo "make demo          run everything on this machine, with an app to look at       (ARGS=\"--help\" for options)"
	@echo "make emulators     run Firebase's own emulators with the functions, on any system (ARGS=\"--import DIR\")"
	@echo "make test          run all tests but those of training                         (ARGS=\"-k name\" for some)"
	@echo "make test-fast     run the unit tests, in less than a minute"
	@echo "make test-train    run the tests of training, in an environment of its own (6 GB)"
	@echo "make test-runtime  run the unit tests with the Python version of the functions"
	@echo "make check         check format, lint and types; run the tests; report coverage"
	@echo "make format        format the code and fix what ruff can fix"
	@echo "make lock          update the locked requirements                              (ARGS=--upgrade)"
	@echo "make client        write the client library's types, build and pack it"
	@echo "make bench         measure speed and memory                                    (ARGS=--json)"
	@echo "make torture       attack the local stack and count what is lost or leaked      (ARGS=\"--only photos\")"
	@echo "make drill         lose and restore the local stack's database, and check what comes back"
	@echo "make deploy        deploy to Google Cloud                                      (ENVIRONMENT=prod DRY_RUN=1)"
	@echo "make clean         delete what these commands have set up"

demo: setup
	@$(BIN)/closetspace demo $(ARGS)

# The bucket has the name that it has in `closetspace local up` and in new projects.
emulators: $(FUNCTIONS_READY)
	@rm -rf functions/closetspace && cp -R shared/closetspace functions/closetspace
	@cp requirements-functions.lock functions/requirements.txt
	@STORAGE_BUCKET_URL=demo-closetspace.firebasestorage.app firebase emulators:start --project demo-closetspace $(ARGS)

test: setup
	@$(PYTEST) $(ARGS)

test-fast: $(VENV_READY)
	@$(PYTEST) tests/unit $(ARGS)

# On one thread: with two, training takes three times as long if another program is running.
test-train: $(TRAIN_READY)
	@OMP_NUM_THREADS=1 $(TRAIN_BIN)/python -m pytest $(TRAIN_TESTS) $(ARGS)

test-runtime: $(VENV_READY)
	@python=$$($(BIN)/python -m closetspace_infra.vendor --python) && $(MAKE) --no-print-directory test-fast PYTHON=$$python VENV=.venv-runtime

check: setup
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(PYTEST) --cov --cov-report=term --cov-report=html $(ARGS)

format: $(VENV_READY)
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

# Written for Linux, whatever machine this is: what is deployed for the Python of the functions' runtime, what tests use
# for the oldest that is supported. Training's lock is for all systems.
COMPILE = $(BIN)/uv pip compile --quiet --no-header --no-annotate $(ARGS)
RUNTIME := --python-version $(shell sed -n 's/.*"runtime": "python3\([0-9]*\)".*/3.\1/p' firebase.json)
OLDEST := --python-version 3.11
LINUX := --python-platform x86_64-manylinux_2_28

lock: $(VENV_READY)
	@$(COMPILE) $(OLDEST) $(LINUX) --extra dev --extra scrapfly pyproject.toml --output-file requirements.lock
	@$(COMPILE) $(RUNTIME) $(LINUX) --generate-hashes --extra scrapfly pyproject.toml --output-file requirements-jobs.lock
	@$(COMPILE) $(OLDEST) --universal --extra train-autoencoder --extra dev pyproject.toml --output-file requirements-train.lock
	@$(COMPILE) $(RUNTIME) $(LINUX) --generate-hashes pyproject.toml --output-file requirements-functions.lock

client: $(VENV_READY) $(CLIENT_READY)
	@$(BIN)/python -m closetspace_infra.client_types
	@mkdir -p .local
	@cd clients/web && npm pack --silent --pack-destination ../../.local

bench: setup
	@$(BIN)/closetspace bench $(ARGS)

torture: setup
	@$(BIN)/python -m tests.torture $(ARGS)

drill: setup
	@$(BIN)/python -m tests.torture --only restore $(ARGS)

deploy: setup
	@test -n "$(PROJECT)$(ENVIRONMENT)" || { echo 'name an environment or a project: make deploy ENVIRONMENT=prod, or make deploy PROJECT=my-project ARGS="--alert-email me@example.com"'; exit 1; }
	@$(BIN)/closetspace cloud deploy $(if $(ENVIRONMENT),--env $(ENVIRONMENT)) $(if $(PROJECT),--project $(PROJECT)) $(if $(DRY_RUN),--dry-run) $(ARGS)

setup:
	@$(MAKE) --silent --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,--jobs=2) $(VENV_READY) $(CLIENT_BUILT) $(EXAMPLE_READY) $(STACK_READY)

$(VENV_READY): requirements.lock pyproject.toml
	@echo "setting up Python packages in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(TRAIN_READY): requirements-train.lock pyproject.toml | $(VENV_READY)
	@echo "setting up Python packages for training in .venv-train"
	@$(PYTHON) -m venv .venv-train
	@$(BIN)/uv pip install --quiet --python $(TRAIN_BIN)/python --requirement requirements-train.lock
	@$(BIN)/uv pip install --quiet --python $(TRAIN_BIN)/python --no-deps --editable .
	@touch $@

# The Firebase CLI runs the functions in this environment, which has to be of their runtime's Python.
$(FUNCTIONS_READY): requirements-functions.lock firebase.json | $(VENV_READY)
	@echo "setting up the functions' packages in functions/venv"
	@python=$$($(BIN)/python -m closetspace_infra.vendor --python) && $$python -m venv --clear functions/venv
	@$(BIN)/uv pip install --quiet --python functions/venv/bin/python --require-hashes --requirement requirements-functions.lock
	@touch $@

%/node_modules/.ready: %/package.json %/package-lock.json
	@echo "setting up Node.js packages in $*/node_modules"
	@command -v npm >/dev/null || { echo "Node.js 20.19 or newer is needed, with npm"; exit 1; }
	@npm ci --prefix $* --ignore-scripts --no-fund --no-audit --loglevel=error
	@mkdir -p $(@D)
	@touch $@

$(CLIENT_BUILT): $(wildcard clients/web/src/*.ts) clients/web/tsconfig.json $(CLIENT_READY)
	@echo "building the client library in clients/web/dist"
	@npm run --silent --prefix clients/web build

clean:
	rm -rf .venv .venv-runtime .venv-train .local functions/closetspace functions/wheels functions/venv functions/requirements.txt
	rm -rf infra/local/node_modules clients/web/node_modules clients/web/dist
	rm -rf examples/react/node_modules examples/react/dist
