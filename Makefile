# Two commands do everything on a fresh machine: `make demo` and `make test`.

# On Windows they need GNU make and Python, and no other program: no recipe is in the language of a shell.

ifeq ($(OS),Windows_NT)
PYTHON ?= python
SCRIPTS := Scripts
else
PYTHON ?= python3
SCRIPTS := bin
endif
BIN := .venv/$(SCRIPTS)
READY := .venv/.ready
TYPING := build/typing

.PHONY: demo test check bench words crash faults flips found rehearsal burst fuzz prints mutants fillpdf windows docs clean learn accessible pictures

demo: $(READY)
	"$(BIN)/formflow" demo demo-agency

# The tests start many processes: none of them is to compile every module anew. Many wait for one: three at a time
# keep two cores at work.
test: export PYTHONDONTWRITEBYTECODE =
test: check
ifneq ($(OS),Windows_NT)
	@sh tests/system.sh
endif
	"$(BIN)/python" -m pytest -n 3 --dist worksteal

# The packages `connectors/` and `forms/` have other names when installed: mypy is shown copies that have them.
check: $(READY)
	@"$(BIN)/python" -c "from shutil import copytree as copy, rmtree; rmtree('$(TYPING)', True); copy('connectors', '$(TYPING)/formflow_connectors'); copy('forms', '$(TYPING)/formflow_forms')"
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/lint-imports" --no-cache --no-logo
	"$(BIN)/deptry" .

docs: $(READY)
	"$(BIN)/python" docs/generate.py

bench: $(READY)
	"$(BIN)/python" -m bench

# How well the words of the rules understand sentences as people in schools write them.
words: $(READY)
	"$(BIN)/python" -m bench.words

# How well the labels of public forms are found that `formflow forms learn` has never seen.
learn: $(READY)
	"$(BIN)/python" -m bench.learn

# kill -9 at every named point, then KILLS times at random: service, reading child, worker, a connector's process.
KILLS ?= 200
crash: export FORMFLOW_KILLS := $(KILLS)
crash: $(READY)
	"$(BIN)/python" -m pytest tests/crash/test_kill.py -n 2 --timeout 3600
	"$(BIN)/python" -m pytest -q -s tests/crash/test_random.py --timeout 86400

# Whatever goes wrong with disks, clocks, destinations and the ledger, while forms flow, and with each kind of destination: two
# tables, ended with 1 where a cell is red.
faults: $(READY)
	"$(BIN)/python" -m tests.campaigns.faults
	"$(BIN)/python" -m tests.campaigns.each_kind

# Every column of a ledger holds what it should not, then a bit is flipped here and there; no command may meet a mistake of ours.
flips: $(READY)
	"$(BIN)/python" -m tests.campaigns.flips

# Two hundred files of public test suites at once: a receipt for each, and none is a record.
found: export FORMFLOW_FOUND_EVERY := 1
found: $(READY)
	"$(BIN)/python" -m pytest -q -s tests/pipeline/test_found_corpus.py --timeout 3600

# A backup while FORMS forms flow, the computer lost, a restore: every form once everywhere.
FORMS ?= 300
rehearsal: export FORMFLOW_REHEARSAL := $(FORMS)
rehearsal: $(READY)
	"$(BIN)/python" -m pytest -q -s tests/stories/test_lost_computer.py --timeout 21600

# FORMS forms and FILES other files at once, with no word from the watcher, and a red form behind them all.
FILES ?= 200
burst: export FORMFLOW_BURST_FORMS := $(FORMS)
burst: export FORMFLOW_BURST_FILES := $(FILES)
burst: $(READY)
	"$(BIN)/python" -m pytest -q -s tests/stories/test_burst.py --timeout 86400

# N damaged forms; none may pass with other answers, green with a field missing, or hang.
N ?= 10000
fuzz: export FORMFLOW_FUZZ := $(N)
fuzz: $(READY)
	"$(BIN)/python" -m pytest -q tests/reading/test_mutants.py --timeout 21600

# N prints of our forms and an agency's whose words were changed; every one must be held.
prints: export FORMFLOW_PRINTS := $(N)
prints: $(READY)
	"$(BIN)/python" -m pytest -q tests/reading/test_reworded_prints.py --timeout 21600

# Every small change to the rules, to what is decided by them and to the clocks; a test must notice each.
# make mutants OF=light.green: those of one module, or of one function.
OF :=
mutants: $(READY)
	"$(BIN)/python" -m bench.mutants $(OF)

# Can every PDF that FormFlow draws be read aloud? Each blank, each sheet filled in, what was read of each sample.
accessible: $(READY)
	"$(BIN)/python" -m tests.campaigns.accessible

# What a safeguarding lead sees, as pictures for docs/: taken while her stories are told.
pictures: export FORMFLOW_PICTURES := docs/pictures
pictures: $(READY)
	"$(BIN)/python" -m pytest -q tests/stories/test_monday.py tests/stories/test_harmful_in_a_browser.py tests/stories/test_last_day_of_term.py

# The sheets stored by fillpdf, in an environment of its own: PyMuPDF is under the AGPL.
FILLPDF := build/with-fillpdf
fillpdf: $(READY)
	$(PYTHON) -m venv $(FILLPDF)
	"$(FILLPDF)/$(SCRIPTS)/python" -m pip install --quiet --require-hashes -r requirements.lock
	"$(FILLPDF)/$(SCRIPTS)/python" -m pip install --quiet --editable ".[fillpdf]"
	"$(FILLPDF)/$(SCRIPTS)/python" -m pytest tests/documents/test_prefill.py tests/admin/test_settings_file.py -n 2

# FormFlow on a real Windows Python, under Wine (on Linux).
windows: $(READY)
	PYTHON="$(CURDIR)/$(BIN)/python" tests/windows.sh

clean:
	$(PYTHON) -c "from shutil import rmtree; from pathlib import Path; [rmtree(p, True) for p in ('.venv', 'build', 'mutants', 'demo-agency', *Path().glob('*.egg-info'))]"

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	"$(BIN)/python" -m pip install --quiet --require-hashes -r requirements.lock
	"$(BIN)/python" -m pip install --quiet --no-deps --editable .
	@"$(BIN)/python" -c "open('$(READY)', 'w').close()"
