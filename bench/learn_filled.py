"""What is read in filled public forms through the definitions that `formflow forms learn` drafts: `make learn` prints it.

A folder of forms has a filled.json: file name -> form: the blank, stored: box -> what a program stored in it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from formflow.admin.learn import draft
from formflow.core.limits import BLANK
from formflow.core.model import Answer, AnswerState, Unread
from formflow.forms import catalogue
from formflow.forms.catalogue import Form
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from formflow.reading.text import normalised


@dataclass(frozen=True, slots=True)
class Filled:
    """What was read in one filled form."""

    values: int  # that a program stored
    exact: int  # of these
    unsure: int  # answers that no definition says the meaning of: a person has to correct it first
    wrong: tuple[str, ...]  # names of boxes
    note: str = ""  # why nothing was read


def filled(folder: Path, name: str, blank: str, stored: Mapping[str, str]) -> Filled:
    """Return what is read in a filled form through the draft of its blank, uncorrected."""
    made = draft.draft(folder / blank, catalogue.shipped()[0])
    with tempfile.TemporaryDirectory() as place:
        for file, content in draft.files(made).items():
            (Path(place) / file).write_bytes(content)
        form = catalogue.load(Path(place) / f"{made.stem}.toml")
        found = read_paper(folder / name, Reader([form], BLANK, "always"))
    if isinstance(found, Unread):
        return Filled(len(stored), 0, 0, tuple(stored), found.reason)
    told = {box: said(form, name, box, found.answers[name], stored) for name, box in _boxes(form)}
    asked = {box: told[box] for box in stored if box in told}
    return Filled(
        len(stored),
        sum(one is True for one in asked.values()),
        sum(one is None for one in asked.values()),
        tuple(box for box in stored if asked.get(box) is False or box not in asked),
    )


def _boxes(form: Form) -> list[tuple[str, str]]:
    return [(name, box) for name, field in form.fields.items() for box in field.sources]


def said(form: Form, name: str, box: str, answer: Answer, stored: Mapping[str, str]) -> bool | None:
    """Return whether an answer holds what was stored in one of its boxes; None where the draft leaves its meaning open."""
    field, raw = form.fields[name], stored.get(box, "")
    if field.means:
        key = f"{box}={raw}" if len(field.sources) > 1 else raw
        meant = field.means.get(key)
        if meant == "unknown":
            return None
        return meant is not None and answer.value is not None and meant in answer.value
    if answer.state is AnswerState.UNREADABLE:
        return False
    text = normalised(raw)
    return (answer.value or "") == text if len(field.sources) == 1 else text in (answer.value or "")


def main(folder: Path) -> None:
    """Print a line for each filled form."""
    table = json.loads((folder / "filled.json").read_text("utf-8"))
    print(f"\n{'filled form':48} values  exact  meaning open  wrong")
    for name, entry in table.items():
        one = filled(folder, name, entry["form"], entry["stored"])
        print(
            f"{name[:48]:48}{one.values:7}{one.exact:7}{one.unsure:14}{len(one.wrong):7}  {one.note}"
        )
