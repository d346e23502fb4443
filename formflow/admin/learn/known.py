"""What does not fit together in an agency's definition, and what the rules will never know from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from formflow.core.model import Tri
from formflow.forms.catalogue import FieldKind, Form
from formflow.rules.light.book import Rule, asked_on_review, green_waits_for, rules_in_force
from formflow.rules.light.establish import BEFORE, FREQUENT
from formflow.rules.light.green import CHILD, DATES, EXCESSIVE, NOBODY, OTHER, SELF_DIRECTED

CASE = "case_ref"  # hidden box of our forms: the record that a copy was made for


@dataclass(frozen=True, slots=True)
class Unknown:
    """A rule of the guidance whose facts a form does not ask for, or not all of them."""

    rule: str
    section: str
    quote: str
    questions: tuple[str, ...]  # our labels of what is not asked
    is_partly_asked: bool


def misfits(form: Form) -> Iterator[str]:
    """Yield what does not fit between a definition and the manifest of its blank."""
    boxes = form.manifest.boxes
    for name, field in form.fields.items():
        missing = [source for source in field.sources if source not in boxes]
        yield from (f"{name}: the PDF has no box “{source}”" for source in missing)
        if missing or not (field.states or field.means):
            continue
        offered = {
            f"{source}={state}" if len(field.sources) > 1 else state
            for source in field.sources
            for state in boxes[source].states or tuple(boxes[source].labels)
        }
        known = set(field.means or {state: state for state in field.states})
        yield from (f"{name}: nobody says what “{one}” means" for one in sorted(offered - known))
        yield from (f"{name}: the box cannot say “{one}”" for one in sorted(known - offered))
    told = {*form.asked_boxes, *form.hidden}
    # An addendum has the hidden boxes of a form of ours, one of which says nothing here.
    unread = [name for name in boxes if name not in told and name.rpartition(".")[2] != CASE]
    yield from (f"the box “{name}” is not read" for name in unread)


def required(form: Form, ours: Form) -> list[str]:
    """Return the labels of what our form asks of everybody and this one does not ask."""
    return [
        field.label
        for name, field in ours.fields.items()
        if field.required and name not in form.fields
    ]


def unknown(form: Form, ours: Form, on: date) -> Iterator[Unknown]:
    """Yield the rules that this form cannot tell anything about, or not everything."""
    for rule in rules_in_force(on):
        asked = {fact.field for fact in rule.facts if _can_say(form, rule, fact.field)}
        absent = [fact.field for fact in rule.facts if fact.field not in asked]
        labels = dict.fromkeys(ours.fields[name].label for name in absent if name in ours.fields)
        if labels:
            yield Unknown(rule.id, rule.section, rule.quote, tuple(labels), bool(asked))


def keeps_from_green(form: Form, ours: Form, on: date) -> list[str]:
    """Return our labels of the questions without which a form can never be suggested as green; [] if it can.

    A box that can only be ticked is one of them: left blank, it does not say the harmless answer.
    """
    wanted = green_waits_for(rules_in_force(on)).items()
    missing = {
        name
        for name, harmless in wanted
        if name not in asked_on_review() and not _offers(form, name, harmless)
    }
    missing |= {name for name in DATES if name not in form.fields}
    missing -= _not_needed(form)
    if not _can_say_who(form):
        missing.add(OTHER)
    return [field.label for name, field in ours.fields.items() if name in missing]


def _not_needed(form: Form) -> set[str]:
    """Return the questions that a form need not ask because another one takes their weight."""
    either = {BEFORE, FREQUENT}
    return {
        *(either if any(_offers(form, name, Tri.NO) for name in either) else ()),
        *((EXCESSIVE,) if _offers(form, SELF_DIRECTED, Tri.NO) else ()),
    }


def _can_say_who(form: Form) -> bool:
    """Return whether a form can say that the other person was a child, or that there was nobody."""
    field = form.fields.get(OTHER)
    said = () if field is None else field.means.values() if field.means else field.states
    return bool({CHILD, NOBODY} & set(said))


def _offers(form: Form, name: str, answer: Tri) -> bool:
    field = form.fields.get(name)
    if field is None or field.kind is not FieldKind.TICK:
        return False
    return answer in (field.means.values() if field.means else field.states)


def _can_say(form: Form, rule: Rule, name: str) -> bool:
    """Return whether a form can give one of the answers that the rule waits for."""
    return any(_offers(form, name, fact.answer) for fact in rule.facts if fact.field == name)
