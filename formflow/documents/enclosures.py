"""What goes along with a paper: a copy for a person to check, how it looks, and what is filed of it.

A paper that was read from print or a picture, or not at all, comes back with the form filled in as far
as we could read it. Of a paper that could start something by itself, others get pictures alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from formflow.core.model import Entry
from formflow.forms import top_line
from formflow.forms.catalogue import Form

log = logging.getLogger("formflow")

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
    beside: Mapping[str, str] = made_by(default_factory=dict)  # name -> sha256: beside the note


def enclose(entry: Entry, form: Form, keep: Keep, *, looks: bytes, carries: bool) -> Enclosed:
    """Return what goes along with an entry. `looks` are its pages as pictures, b"" for none.

    `form` is the one on which a person checks or completes it. `carries` says whether the paper holds
    active content.
    """
    pictures = keep(looks) if looks else None
    filed = pictures if carries else entry.sha256 or None
    if not {found.code for found in entry.notices} & TO_A_PERSON:
        return Enclosed(filed)
    sheet = _sheet(entry, form)
    name = TO_CHECK if entry.answers else TO_FILL_IN
    beside = {name: keep(sheet)} if sheet else {}
    if pictures is not None:
        beside[AS_IT_LOOKS] = pictures
    return Enclosed(filed, beside)


def _sheet(entry: Entry, form: Form) -> bytes:
    line = top_line.of_copy(entry.reference, was_read=bool(entry.answers))
    # Imported here: few papers need it, and pikepdf takes 15 MB.
    from formflow.documents.prefill import Copy, prefilled

    try:
        return prefilled(Copy(form, entry.reference, line), entry.answers)
    except Exception as problem:  # noqa: BLE001 - a sheet that fails must not cost the record or the alert
        log.error("a copy to check could not be made: %s", type(problem).__name__)  # noqa: TRY400
        return b""
