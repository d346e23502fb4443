"""Read cases.toml: what the people of the sample forms typed, and what must come of it."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formflow.forms.catalogue import FieldKind, Form

STATES = ("yes", "no", "unknown")
SENTENCES = (
    "I was on duty by the gate – Mr Gruffydd was with me – when the bell went.",
    "The children came past in twos and threes, and he stayed behind by the wall.",
    "He said: “You’re not going anywhere till you’ve said it.”",
    "She looked at the ground and said nothing; her friend Zoë called me over.",
    "I asked everybody to stand where they were, and I wrote down the time.",
    "His aunt, Frau Größer, pays £3.50 (about €4) a week for the bus and was waiting.",
    "Nothing was said for a minute or two.",
)


@dataclass(frozen=True)
class Case:
    """One sample: who fills what with which program."""

    name: str
    form: Form  # the version that is filled in
    program: str
    how: str  # one of the ways a program's script offers, "" for its only one
    purpose: str
    opens: str  # another case whose finished file is changed, "" for the blank form
    text: dict[str, str]  # what is typed now, by field name
    buttons: dict[str, str]  # which circle is chosen now, by field name
    answers: dict[str, str]  # everything the finished file must hold, normalised
    light: str
    held: list[str]
    findings: list[str]


def load(path: Path, forms: Mapping[tuple[str, int], Form]) -> list[Case]:
    """Return all cases of a cases.toml. Raise KeyError or ValueError for what their form does not have."""
    table = tomllib.loads(path.read_text("utf-8"))
    cases: dict[str, Case] = {}
    for entry in table["case"]:
        earlier = cases[entry["from"]].answers if "from" in entry else {}
        form_id = entry.get("form", "recording")
        newest = max(version for name, version in forms if name == form_id)
        form = forms[form_id, entry.get("version", newest)]
        cases[entry["name"]] = _case(entry, table["sets"], form, earlier)
    return list(cases.values())


def _case(entry: dict[str, Any], sets: dict[str, Any], form: Form, earlier: dict[str, str]) -> Case:
    text = {name: value.strip("\n") for name, value in entry.get("text", {}).items()}
    text |= {name: _long_text(length) for name, length in entry.get("long", {}).items()}
    buttons = _buttons(entry, sets, form)
    for name, state in buttons.items():
        if state not in form.fields[name].states:
            raise ValueError(f"{entry['name']}: {name} cannot be {state}")
    kept = {**text, **buttons, **entry.get("altered", {})}
    answers = {**earlier, **{name: _normalised(value) for name, value in kept.items()}}
    return Case(
        name=entry["name"],
        form=form,
        program=entry["program"],
        how=entry.get("how", ""),
        purpose=entry["purpose"],
        opens=entry.get("from", ""),
        text=_in_order(text, form),
        buttons=_in_order(buttons, form),
        answers=_in_order({name: value for name, value in answers.items() if value}, form),
        light=entry["light"],
        held=entry.get("held", []),
        findings=entry.get("findings", []),
    )


def _buttons(entry: dict[str, Any], sets: dict[str, Any], form: Form) -> dict[str, str]:
    buttons: dict[str, str] = {}
    if "every_tick" in entry:
        ticks = (name for name, field in form.fields.items() if field.kind is FieldKind.TICK)
        buttons |= dict.fromkeys(ticks, entry["every_tick"])
    for name in entry.get("sets", ()):
        for state in STATES:
            # A set may ask what an older version of the form does not.
            asked = (one for one in sets[name].get(state, ()) if one in form.fields)
            buttons |= dict.fromkeys(asked, state)
    for state in STATES:
        buttons |= dict.fromkeys(entry.get(state, ()), state)
    return {**buttons, **entry.get("choose", {})}


def _in_order(values: dict[str, str], form: Form) -> dict[str, str]:
    unknown = set(values) - set(form.fields)
    if unknown:
        raise ValueError(f"the form has no field {sorted(unknown)}")
    return {name: values[name] for name in form.fields if name in values}


def _normalised(value: str) -> str:
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _long_text(length: int) -> str:
    """Return exactly so many characters in paragraphs of four numbered sentences."""
    words = ""
    number = 0
    while len(words) < length:
        gap = "\n\n" if number and number % 4 == 0 else " " if number else ""
        words += f"{gap}{number + 1}. {SENTENCES[number % len(SENTENCES)]}"
        number += 1
    return words[: length - 1].rstrip().ljust(length - 1, ".") + "."
