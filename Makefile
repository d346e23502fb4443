# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready
TYPING := build/typing

.PHONY: demo test check bench crash fuzz mutants fillpdf docs clean

demo: $(READY)
	"$(BIN)/formflow" demo demo-agency

# The tests start many processes: none of them is to compile every module anew.
test: export PYTHONDONTWRITEBYTECODE =
test: check
	@sh tests/system.sh
	"$(BIN)/python" -m pytest -n 2 --dist worksteal

# The packages `connectors/` and `forms/` have other names when installed: mypy is shown them by link.
check: $(READY)
	@mkdir -p $(TYPING)
	@ln -sfn ../../connectors $(TYPING)/formflow_connectors
	@ln -sfn ../../forms $(TYPING)/formflow_forms
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/lint-imports" --no-cache --no-logo
	"$(BIN)/deptry" .

docs: $(READY)
	"$(BIN)/python" docs/generate.py

bench: $(READY)
	"$(BIN)/python" -m bench

# kill -9 at every named point, then at KILLS random moments.
KILLS ?= 200
crash: $(READY)
	FORMFLOW_KILLS=$(KILLS) "$(BIN)/python" -m pytest tests/crash -n 2 --timeout 3600

# N damaged forms; none may pass with other answers, green with a field missing, or hang.
N ?= 10000
fuzz: $(READY)
	FORMFLOW_FUZZ=$(N) "$(BIN)/python" -m pytest -q tests/reading/test_mutants.py --timeout 21600

# Every small change to the rules, to what is decided by them and to the clocks; a test must notice each.
mutants: $(READY)
	rm -rf mutants
	@mkdir -p build
	"$(BIN)/mutmut" run > build/mutants.log
	@"$(BIN)/mutmut" results | tee build/mutants.txt
	@! grep -q . build/mutants.txt && echo "Every one was noticed."

# The sheets stored by fillpdf, in an environment of its own: PyMuPDF is under the AGPL.
fillpdf: $(READY)
	$(PYTHON) -m venv build/with-fillpdf
	build/with-fillpdf/bin/pip install --quiet --require-hashes -r requirements.lock
	build/with-fillpdf/bin/pip install --quiet --editable ".[fillpdf]"
	build/with-fillpdf/bin/python -m pytest tests/documents/test_prefill.py tests/admin/test_settings_file.py -n 2

clean:
	rm -rf .venv build mutants demo-agency *.egg-info

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	"$(BIN)/python" -m pip install --quiet --require-hashes -r requirements.lock
	"$(BIN)/python" -m pip install --quiet --no-deps --editable .
	@touch $(READY)
