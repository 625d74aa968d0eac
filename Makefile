# Two commands: `make app` opens Penumbra, `make test` checks it.
# The first Python that starts, is new enough and can make virtual environments.
PYTHON ?= $(shell for python in python3.12 python3.11 python3.13 python3; do \
  $$python -c 'import sys, ensurepip, venv; assert sys.version_info >= (3, 11)' 2>/dev/null && break; done; echo $$python)
VENV ?= .venv
export OMP_NUM_THREADS ?= 2

.PHONY: app test check fuzz install install-dev checkpoints

app: install
	$(VENV)/bin/streamlit run app/main.py

test: install-dev chromium postgresql check
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Properties on random examples, many more of them than `make test` takes, and first of all those
# that failed before. `make fuzz SEED=…` draws the same again.
fuzz: install-dev
	$(VENV)/bin/python -m pytest -n 2 --fuzz $(SEED)

check: install-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

install: $(VENV)/installed
install-dev: $(VENV)/installed-dev

# A virtual environment is made once and made anew when a requirements file changes.
$(VENV)/installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(VENV)/bin/python -m pip install --quiet -r requirements-dev.txt
	touch $@

# The browser tests drive Debian's headless Chromium; where that cannot be had, the browser that is there.
.PHONY: chromium
chromium:
	@command -v chromium-headless-shell >/dev/null || \
	  { echo "installing chromium-headless-shell for the browser tests"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium-headless-shell; } || \
	  command -v chromium || command -v google-chrome
# Studies are kept in SQLite or PostgreSQL, and are tested on both: a server of the tests' own.
.PHONY: postgresql
postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
	  { echo "installing PostgreSQL for the tests of studies"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq postgresql; }
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Rebuild the checkpoints that come with Penumbra; it can be stopped and given again.
checkpoints: install
	$(VENV)/bin/python -m core shipped --workers 2
