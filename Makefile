# Everything goes into a virtual environment here; the system's Python is left alone.
PYTHON ?= $(shell for v in python3.13 python3.12 python3.11 python3; do \
	command -v $$v >/dev/null 2>&1 && $$v -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null && echo $$v && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Wheels only: no package's code runs while it is installed. Locked: exactly the files whose hashes stand in the lock.
WHEELS := install --quiet --disable-pip-version-check --only-binary :all:
LOCKED := $(WHEELS) --require-hashes
# The project itself, by the setuptools of the lock.
ITSELF := install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
WITHOUT = { echo "The locked packages could not be installed; the reason stands above. When one has no wheel for this machine or" \
	"this Python, go without the lock: $(BIN)/python -m pip install -e '.[$(EXTRAS)]' && touch $@" \
	"(doc/install.md, Locked packages)." >&2; exit 1; }

.PHONY: demo test lint bench bench-economy bench-names clean package lowest picture lock audit reliability

demo: $(VENV)/.run
	@$(BIN)/movie-sync demo $(ARGS)

test: $(VENV)/.test $(VENV)-tools/.made programs lint
	$(BIN)/python -m pytest tests -q -n 2 --dist loadfile --cov=movie_sync --cov-report= -p no:cacheprovider $(ARGS)
	$(BIN)/python tests/coverage_floor.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; fi
	@if [ -x $(BIN)/shellcheck ]; then $(BIN)/shellcheck docker/*.sh locks/*.sh tests/*.sh .ci/run; fi

# The wheel in an empty environment, and python main.py.
package:
	@PYTHON="$(PYTHON)" sh tests/try_package.sh

# The suite with the lowest version of every dependency that pyproject.toml allows.
lowest: programs $(VENV)-tools/.made
	@$(PYTHON) -m venv $(VENV)-lowest
	@$(PYTHON) tests/lowest.py >$(VENV)-lowest/constraints.txt
	@$(VENV)-lowest/bin/python -m pip $(WHEELS) -c $(VENV)-lowest/constraints.txt -e '.[builtin,test]'
	$(VENV)-lowest/bin/python -m pytest tests -q -n 2 --dist loadfile -p no:cacheprovider $(ARGS)

# Everything that was tried against the promises: hours. doc/reliability.md is what it came to.
reliability: $(VENV)/.test $(VENV)-tools/.made programs
	$(BIN)/python -m reliability --long --write $(ARGS)

# The picture of the demo in README.md.
picture: $(VENV)/.run
	@$(BIN)/movie-sync demo --picture doc/demo.svg >/dev/null

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks $(ARGS)

# Months of the service by a simulated clock: what it asks of others, each figure also with its mechanism off.
bench-economy: $(VENV)/.test
	$(BIN)/python -m benchmarks.economy $(ARGS)

# Names read and films recognised, beside other parsers, which are installed for this alone.
bench-names: $(BIN)/python
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip $(WHEELS) -e . guessit parsett neurelease parse-torrent-title rapidfuzz
	@$(VENV)-bench/bin/python -m benchmarks.names $(ARGS); names=$$?; $(VENV)-bench/bin/python -m benchmarks.recognising && exit $$names

# The locks, anew from pyproject.toml.
lock: $(VENV)-tools/.made
	@sh locks/make.sh $(VENV)-tools/bin/uv $(ARGS)

# Known vulnerabilities of what is locked. The exit codes are of reliability/audit.py; make turns 1 and 69 into 2.
audit: $(VENV)-tools/.made
	@$(VENV)-tools/bin/python -m reliability.audit $(ARGS)

.PHONY: programs
programs:
	@sh tests/install_programs.sh

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Movie Sync needs Python 3.11 or newer; install it, or name one: make demo PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing; install it: sudo apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.run: EXTRAS := builtin
$(VENV)/.run: $(BIN)/python pyproject.toml locks/build.txt locks/run.txt
	@echo "Setting up $(VENV), once; this takes a while ..."
	@$(BIN)/python -m pip $(LOCKED) -r locks/build.txt -r locks/run.txt || $(WITHOUT)
	@$(BIN)/python -m pip $(ITSELF)
	@touch $@

$(VENV)/.test: EXTRAS := builtin,test
$(VENV)/.test: $(BIN)/python pyproject.toml locks/build.txt locks/test.txt
	@echo "Setting up $(VENV), once; this takes a while ..."
	@$(BIN)/python -m pip $(LOCKED) -r locks/build.txt -r locks/test.txt || $(WITHOUT)
	@$(BIN)/python -m pip $(ITSELF)
	@touch $@ $(VENV)/.run

$(VENV)-tools/.made: locks/tools.txt
	@test -n "$(PYTHON)" || { echo "This needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)-tools
	@$(VENV)-tools/bin/python -m pip $(LOCKED) -r locks/tools.txt
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-bench $(VENV)-tools build dist *.egg-info htmlcov .coverage*
