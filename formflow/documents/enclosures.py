"""What goes along with a paper: a copy for a person to check, how it looks, and what is filed of it.

A paper that was read from print or a picture, or not at all, comes back with the form filled in as far
as we could read it; a form that needs correcting comes back with its reference, by which it finds its record. Of a
paper that could start something by itself, others get pictures alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from formflow.core.copy_tokens import Tokens
from formflow.core.model import Entry, Outcome
from formflow.core.references import CopyReference
from formflow.forms import top_line
from formflow.forms.catalogue import Form

# What the files are called, after the reference.
SHEETS = TO_CHECK, TO_FILL_IN, TO_CORRECT = "please check", "please fill in", "please correct"
AS_IT_LOOKS = "as it looks"
# Notices: a person confirms what was read, or copies what nobody could read.
TO_A_PERSON = frozenset({"FF-105", "FF-124", "FF-125", "FF-128"})
Keep = Callable[[bytes], str]  # keeps bytes in the vault and returns their sha256


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What goes along with one entry, by the sha256 under which the vault has it."""

    filed: str | None  # the paper as others get it; None where they get none
    beside: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # name -> sha256: beside the note


def is_to_a_person(entry: Entry) -> bool:
    """Whether a person confirms what was read, or copies what nobody could read."""
    return bool({found.code for found in entry.notices} & TO_A_PERSON)


@dataclass(frozen=True, slots=True)
class Copies:
    """What copies of an entry's form are made with."""

    form: Form  # on which a person checks, completes or corrects it
    origin: str  # of its record, for the token
    tokens: Tokens
    keep: Keep


def enclose(entry: Entry, copies: Copies) -> Enclosed:
    """Return what goes along with an entry."""
    if is_to_a_person(entry):
        sheet, _ = _sheet(entry, copies, TO_CHECK if entry.answers else TO_FILL_IN)
        if entry.pictures is not None:
            sheet[AS_IT_LOOKS] = entry.pictures
        return Enclosed(entry.filed, sheet)
    if entry.outcome is not Outcome.RETURNED or not entry.answers:
        return Enclosed(entry.filed)
    sheet, is_whole = _sheet(entry, copies, TO_CORRECT)
    # One form to correct, not two: the form as it came has no reference. It is kept in any case.
    return Enclosed(None if is_whole else entry.filed, sheet)


def _sheet(entry: Entry, copies: Copies, name: str) -> tuple[dict[str, str], bool]:
    """Return a copy by its name, with its sha256, and whether it holds every answer."""
    # Imported here: few papers need it, and pikepdf takes 15 MB.
    from formflow.documents.prefill import Copy, not_stored, prefilled

    said = CopyReference(entry.reference)
    said = copies.tokens.given(said, copies.origin, copies.form.form_id)
    line = (
        top_line.of_copy_to_correct(said.stamp)
        if name == TO_CORRECT
        else top_line.of_copy(said.stamp, was_read=name == TO_CHECK)
    )
    copy = Copy(copies.form, str(said), line)
    content = prefilled(copy, entry.answers)
    return {name: copies.keep(content)}, not not_stored(copy, entry.answers)
