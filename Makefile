# Two commands do it all: `make run` starts voxloop on the demo volume, `make test` proves that it works.
PYTHON ?= python3
WORKERS ?= 3
VENV   := .venv
BIN    := $(VENV)/bin
PARTS  := shared services/registry services/train services/infer services/annotate compose
SOURCES := $(addsuffix /src,$(PARTS))
PACKAGES := voxloop_shared voxloop_registry voxloop_train voxloop_infer voxloop_annotate voxloop_compose
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run install test check format bench clean

run: install                                  ## start the stack on the demo volume and print its address
	$(BIN)/voxloop up --demo

install: $(VENV)/installed                    ## make .venv with all six distributions

$(VENV)/installed: constraints.txt $(addsuffix /pyproject.toml,$(PARTS))
	$(PYTHON) -m venv $(VENV)
	@echo "installing voxloop into $(VENV); the first time takes a few minutes"
	$(PIP) $(addprefix -e ./,$(PARTS))
	touch $@

$(VENV)/installed-tests: $(VENV)/installed tests/requirements.txt
	$(PIP) -r tests/requirements.txt
	touch $@

test: $(VENV)/installed-tests                 ## run every test; as root on Debian, install the browser they need
	tests/install-system-packages
	@if command -v node >/dev/null; then node --test tests/js/*.test.mjs; else echo "no node: JavaScript unit tests skipped"; fi
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST)

check: $(VENV)/installed-tests                ## formatting, lint, types
	$(BIN)/ruff format --check $(PARTS) tests
	$(BIN)/ruff check $(PARTS) tests
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES))

format: $(VENV)/installed-tests               ## mend what check would complain about, where a machine can
	$(BIN)/ruff format $(PARTS) tests
	$(BIN)/ruff check --fix $(PARTS) tests

bench: $(VENV)/installed-tests                ## print the figures of tests/benchmarks
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
