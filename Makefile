# Needs Python 3.11 or newer (with venv) and make, nothing else.
#   make demo    try it: a server with two made-up MSPs and a NinjaOne of its own
#   make test    all tests (DATABASE_URL=postgresql://... runs them there; ARGS="tests/config -x" narrows)
#   make check   lint, types, import rules, migrations
#   make bench   calls per second and CPU per call, over HTTP; then the staff's pages at a million calls (PAGES=--help)
#   make chaos   kill -9 under load, then what NinjaOne received against what the ledger says
#   make lock    pin the dependencies anew
#   make mcp-tools   what some tests of /mcp need: the official suite and the Inspector, by npm, for Linux on x64
#   make clean   forget everything that the above made

SHELL = /bin/sh
.DEFAULT_GOAL = help
.PHONY: help demo test check check-types check-rest bench chaos lock mcp-tools clean

DEMO_PORT = 8800
DEMO_SANDBOX_PORT = 8801
# Processes that share the tests, and the branch coverage below which they fail (empty: not measured).
TEST_PROCESSES = 2
COVERAGE =
ARGS =

# What the tests of a file share, a server or a database, is started by one process alone; tests/conftest.py has the long
# ones come first.
BY_FILE = --dist loadfile --no-loadscope-reorder

# Servers, workers and tests start Python hundreds of times; without its compiled files each start takes seconds.
unexport PYTHONDONTWRITEBYTECODE

VENV = .venv
RUN = $(VENV)/bin/python
PIP_INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile
CHECK = DJANGO_SETTINGS_MODULE=tests.settings DATABASE_URL=sqlite://:memory: $(RUN) -W error manage.py
ROOMS = approvals tools integrations
CODE = config $(ROOMS) tests bench chaos manage.py

help:
	@sed -n '/^#   /s/^#  //p' Makefile

$(RUN):
	@for python in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with venv was found. Install one (Debian, Ubuntu: apt install python3-venv)," \
	  "or name it: make PYTHON=/path/to/python3" >&2; exit 1

# Existing installations are brought up to date only when a lock file is newer than the last one.
$(VENV)/.run-time: requirements.txt | $(RUN)
	@echo "Installing what Countersign needs"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt | $(RUN)
	@echo "Installing what Countersign, its tests and checks need"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $(VENV)/.run-time $@

demo: $(VENV)/.run-time
	@$(RUN) -m config.demo --port $(DEMO_PORT) --sandbox-port $(DEMO_SANDBOX_PORT)

test: $(VENV)/.development
	$(RUN) -m pytest $(if $(filter-out 1,$(TEST_PROCESSES)),-n $(TEST_PROCESSES) $(BY_FILE)) \
	  $(if $(COVERAGE),$(ROOMS:%=--cov=%) --cov-branch --cov-report=term --cov-fail-under=$(COVERAGE)) $(ARGS)

check: check-types check-rest

# Takes one core for a minute; `make --jobs 2 check` has the rest done beside it.
check-types: $(VENV)/.development
	$(RUN) -m mypy $(wildcard $(CODE))

check-rest: $(VENV)/.development
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/lint-imports
	$(RUN) -m djlint templates --check --lint
	$(CHECK) makemigrations --check --dry-run
	$(CHECK) check --fail-level WARNING

bench: $(VENV)/.development
	$(RUN) -m bench $(ARGS)
	$(RUN) -m bench.pages $(PAGES)

chaos: $(VENV)/.development
	$(RUN) -m chaos $(ARGS)

lock: | var/uv/bin/uv
	UV="var/uv/bin/uv pip compile pyproject.toml --upgrade --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-emit-index-url --no-header --no-annotate" && \
	$$UV --output-file requirements.txt && \
	$$UV --group test --group lint --constraint requirements.txt --output-file requirements-dev.txt

var/uv/bin/uv: | $(RUN)
	$(RUN) -m venv var/uv
	var/uv/bin/pip install --quiet --disable-pip-version-check uv

# The scripts of packages are not run; Node comes as a package, too.
MCP_TOOLS = var/mcp-tools
NPM_FILES = tests/mcp/npm/package.json tests/mcp/npm/package-lock.json tests/mcp/npm/.npmrc

mcp-tools: $(MCP_TOOLS)/.installed

$(MCP_TOOLS)/.installed: $(NPM_FILES)
	@echo "Installing what tests of /mcp need"
	@mkdir -p $(MCP_TOOLS) && cp $(NPM_FILES) $(MCP_TOOLS)
	@npm ci --prefix $(MCP_TOOLS) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf $(VENV) var .coverage .coverage.* htmlcov .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
	  .hypothesis test-results
