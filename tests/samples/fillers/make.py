"""Make the sample forms: hand each case of cases.toml to the program that fills it.

Usage: python tests/samples/fillers/make.py [CASE ...]     (all cases, when none is named)

It needs programs that `make test` does not install; the README beside this file lists them. Tools and
half-finished files lie under build/fillers.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from formflow.forms import catalogue

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent
ROOT = SAMPLES.parent.parent

sys.path.insert(0, str(ROOT))  # the scripts beside this one are no installed package
from tests.samples.fillers import cases, expected, not_ours, programs, readme  # noqa: E402


def main(names: list[str]) -> None:
    """Fill the named cases, or all of them and the files that are not ours."""
    programs.set_up()
    forms = {(form.form_id, form.version): form for form in catalogue.known()}
    every = cases.load(HERE / "cases.toml", forms)
    for case in every:
        if not names or case.name in names:
            print(case.name, flush=True)
            _make(case)
    if not names or "not-ours" in names:
        not_ours.make(SAMPLES)
    readme.write(HERE / "README.md", SAMPLES, every)


def _make(case: cases.Case) -> None:
    folder = SAMPLES / case.name
    folder.mkdir(exist_ok=True)
    job = programs.Job(
        source=SAMPLES / case.opens / "form.pdf" if case.opens else case.form.blank,
        answers=programs.WORK / f"{case.name}.json",
        out=programs.WORK / f"{case.name}.pdf",
        how=case.how,
    )
    job.out.unlink(missing_ok=True)
    columns = {
        name: case.form.fields[name].states.index(state) for name, state in case.buttons.items()
    }
    words = {"text": dict(_typed(case)), "buttons": case.buttons, "columns": columns}
    job.answers.write_text(json.dumps(words, ensure_ascii=False, indent=1), "utf-8")
    programs.PROGRAMS[case.program](job)
    shutil.copyfile(job.out, folder / "form.pdf")
    expected.write(folder / "expected.toml", case, programs.VERSIONS[case.program]())


def _typed(case: cases.Case) -> Iterator[tuple[str, str]]:
    """Yield what is typed into each box: of an answer in several boxes, a word in each and the rest in the last."""
    for name, value in case.text.items():
        boxes = case.form.fields[name].sources
        yield from zip(boxes, value.split(" ", len(boxes) - 1), strict=False)


if __name__ == "__main__":
    main(sys.argv[1:])
