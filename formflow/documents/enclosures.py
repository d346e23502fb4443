"""What goes along with a paper: a copy for a person to check, how it looks, and what is filed of it.

A paper that was read from print or a picture, or not at all, comes back with the form filled in as far
as we could read it. Of a paper that could start something by itself, others get pictures alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from formflow.core.model import Entry
from formflow.forms import top_line
from formflow.forms.catalogue import Form

# What the files are called, after the reference.
SHEETS = TO_CHECK, TO_FILL_IN = "please check", "please fill in"
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


def enclose(entry: Entry, form: Form, keep: Keep) -> Enclosed:
    """Return what goes along with an entry. `form` is the one on which a person checks or completes it."""
    if not is_to_a_person(entry):
        return Enclosed(entry.filed)
    beside = {TO_CHECK if entry.answers else TO_FILL_IN: keep(_sheet(entry, form))}
    if entry.pictures is not None:
        beside[AS_IT_LOOKS] = entry.pictures
    return Enclosed(entry.filed, beside)


def _sheet(entry: Entry, form: Form) -> bytes:
    line = top_line.of_copy(entry.reference, was_read=bool(entry.answers))
    # Imported here: few papers need it, and pikepdf takes 15 MB.
    from formflow.documents.prefill import Copy, prefilled

    return prefilled(Copy(form, entry.reference, line), entry.answers)
