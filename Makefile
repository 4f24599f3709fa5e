# Two commands: `make book` and `make test`. Each makes the environment first if need be.
# The work is done by `genrelib`; where there is no make, see the README.

PYTHON ?= python3
# Options for genrelib, such as: make book ARGS="--corpus folder:~/Music/mine --fast"
ARGS ?=

BIN := .venv/bin/python
READY := .venv/ready

.PHONY: help book check test bench lab serve student slides pdf lint clean env
.DEFAULT_GOAL := help

help:
	@echo 'make book   make the book: execute what changed, build _build/html'
	@echo 'make check  check style and types, and run the quick tests'
	@echo 'make test   run all tests'
	@echo 'make bench  time the features side by side with librosa and openSMILE'
	@echo 'make lab    open the book in JupyterLab'
	@echo 'make serve  serve the built book on this computer'
	@echo 'make student  write the notebooks without solutions, and a zip for a course'
	@echo 'make slides  write the slides of the built book as a folder of their own'
	@echo 'make pdf    print the built book, through Chromium or Chrome, as one PDF'
	@echo 'make lint   check style, types, docstrings and notebooks'
	@echo 'make clean  remove what was made; the environment stays (delete .venv for that)'
	@echo 'make env    make the environment in .venv, as the others do when it is missing'
	@echo
	@echo 'Options of genrelib go into ARGS: make book ARGS="--seed 1 --fast"'
	@echo 'Another Python (3.11 or newer):   make book PYTHON=python3.12'

book: $(READY)
	@$(BIN) -m genrelib book $(ARGS)

check: $(READY)
	@$(BIN) -m genrelib lint
	@$(BIN) -m pytest -q -n 2 --dist worksteal --durations=5 -m "not slow" tests $(ARGS)

test: $(READY)
	@$(BIN) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: $(READY)
	@$(BIN) -m genrelib bench $(ARGS)

lab: $(READY)
	@$(BIN) -m genrelib lab $(ARGS)

serve: $(READY)
	@$(BIN) -m genrelib serve $(ARGS)

student: $(READY)
	@$(BIN) -m genrelib student

slides: $(READY)
	@$(BIN) -m genrelib slides

pdf: $(READY)
	@$(BIN) -m genrelib pdf

lint: $(READY)
	@$(BIN) -m genrelib lint $(ARGS)

clean:
	@$(BIN) -m genrelib clean 2>/dev/null || rm -rf _build

env: $(READY)

# The stamp is written last, so an interrupted installation is taken up again.
$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo 'error: there is no $(PYTHON). Install Python 3.11 or newer, or say which to use:' >&2; \
	  echo '       make book PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $$($(PYTHON) --version) is too old; the book needs Python 3.11 or newer." >&2; \
	  echo '       Say which to use: make book PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'error: this Python cannot make environments. On Debian and Ubuntu, let an' >&2; \
	  echo '       administrator run: apt install python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 14))' || \
	  echo 'note: the locked versions were chosen for Python 3.11 to 3.13' >&2
	@echo 'Making the environment in .venv (once; a few minutes)'
	@$(PYTHON) -m venv .venv
	@$(BIN) -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)
