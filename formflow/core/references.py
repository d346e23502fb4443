"""References: how those of records, revisions, sheets and children are built, and read again.

FF-2026-000123              a record: prefix, year, number (six digits, more from the millionth on)
FF-2026-000123-F3b2         a sheet about it: the sheet's code, and which further child it is about
FF-2026-000123 r2           a revision of either
FF-2026-000123 r2 child 2 after 3 token 5d…   what the hidden box of a copy says, see CopyReference
C-4821-000045               a child: the ledger's epoch, then the number; older ones have no epoch
LEDGER-4821-000001          an alert about FormFlow itself
FF-2026-000000              a test of a destination
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import NamedTuple, Self

# What is in a file may be anything: numbers have so many digits and no more, in ASCII alone.
_OWN_ALERT = "LEDGER"
_RECORD = r"[A-Z]{1,6}-[0-9]{4}-[0-9]{6,9}"
_NUMBERED = re.compile(r"[A-Z]{1,6}-(?P<year>[0-9]{4})-(?P<number>[0-9]{6,9})")
_REVISION = r" r(?P<revision>[0-9]{1,6})"
_SHEET = (
    r"(?:-F[0-9]{1,2}(?:[a-z](?P<of>[0-9]{1,3})?)?)"  # children are counted on sheets with a letter
)
_IS_RECORD = re.compile(_RECORD)
_ENDS_WITH_RECORD = re.compile(rf"(?<!\S){_RECORD}$")
_IS_SHEET = re.compile(rf"(?P<record>{_RECORD}){_SHEET}")
_AT_REVISION = re.compile(rf"(?P<reference>{_RECORD}{_SHEET}?){_REVISION}(?![0-9])")
_OF_COPY = re.compile(
    rf"(?P<record>{_RECORD})(?:{_REVISION})?"
    r"(?: child (?P<child>[2-9]|[1-9][0-9]{1,2}))?"
    r"(?: after (?P<after>[1-9][0-9]{0,5}))?"
    r"(?: token (?P<token>[0-9a-f]{32}))?"
)
# As a person types it or copies it from the name of a file, with a revision that may follow.
_TYPED = re.compile(
    r"\s*(?P<prefix>[a-z]{1,6})[\s-]*(?P<year>[0-9]{4})[\s-]*(?P<number>[0-9]{6,9})"
    r"(?:[\s-]*f(?P<code>[0-9]{1,2}(?:[a-z](?:[0-9]{1,3})?)?))?(?:\s+r[0-9]{1,6})?\s*",
    re.IGNORECASE | re.ASCII,
)
# Six digits exactly: an epoch has no more children, see storage/counters.py.
_CHILD = re.compile(r"C-(?:(?P<epoch>[0-9]{4})-)?(?P<number>[0-9]{6})")


class SheetKey(NamedTuple):
    """One sheet within its case: which form it is, and about which of several children."""

    form_id: str
    child: int = 0  # 2 or more: a further child who was targeted; 0: the only or the first one


@dataclass(frozen=True, slots=True)
class CopyReference:
    """What the hidden box of a copy says: for what it was made, and the token that shows who made it."""

    record: str
    revision: int = 0  # of the record; 0: not said, as on a form that goes back to be corrected
    child: int = 0  # 2 or more: a further child who was targeted
    after: int = 0  # the revision of the sheet that counted when the copy was made; 0: none
    token: str = dataclasses.field(default="", repr=False)  # see copy_tokens.py; "" for none

    def __str__(self) -> str:
        """Return it as it is in the box: with the token, so it must not be shown."""
        return self.claim + (f" token {self.token}" if self.token else "")

    @property
    def claim(self) -> str:
        """All that it says of itself, which anybody could write."""
        after = f" after {self.after}" if self.after else ""
        return self.stamp + child_suffix(self.child) + after

    @property
    def stamp(self) -> str:
        """Record and revision alone, as they are printed at the top of the copy."""
        return at_revision(self.record, self.revision) if self.revision else self.record

    @classmethod
    def parse(cls, words: str) -> Self | None:
        """Return what a hidden box says, None where it says something else."""
        said = _OF_COPY.fullmatch(words)
        if said is None:
            return None
        revision, child, after = (int(said[one] or 0) for one in ("revision", "child", "after"))
        return cls(said["record"], revision, child, after, said["token"] or "")


def record_reference(prefix: str, year: int, number: int) -> str:
    """Return the reference of a record: "FF-2026-000123"."""
    return f"{prefix}-{year}-{number:06d}"


def is_record(words: str) -> bool:
    """Return whether words are the reference of a record, and nothing else."""
    return _IS_RECORD.fullmatch(words) is not None


def typed(words: str) -> str:
    """Return the reference of a record or sheet that a person has typed as FormFlow writes it; other words stripped."""
    said = _TYPED.fullmatch(words)
    if said is None:
        return words.strip()
    sheet = f"-F{said['code'].lower()}" if said["code"] else ""
    return f"{said['prefix'].upper()}-{said['year']}-{said['number']}{sheet}"


def parse_record(words: str) -> tuple[int, int] | None:
    """Return year and number of a record's reference, None where words are anything else, such as a sheet's."""
    said = _NUMBERED.fullmatch(words)
    return (int(said["year"]), int(said["number"])) if said else None


def reference_of_test(prefix: str, year: int) -> str:
    """Return the reference of what only tries a destination: "FF-2026-000000". No record ever has it."""
    return record_reference(prefix, year, 0)


def is_test(reference: str) -> bool:
    """Return whether a reference is that of a test, or of a revision or sheet of one."""
    said = _NUMBERED.match(reference)
    return said is not None and int(said["number"]) == 0


def sheet_reference(record: str, code: str, child: int = 0) -> str:
    """Return the reference of a sheet about a record: "FF-2026-000123-F3b", "…-F3b2" for child 2."""
    return f"{record}-{code}{child or ''}"


def record_of(reference: str) -> str:
    """Return the reference of the record that a sheet is about; that of anything else as it is."""
    said = _IS_SHEET.fullmatch(reference)
    return said["record"] if said else reference


def child_of_sheet(reference: str) -> int:
    """Return which further child a sheet is about, by its reference; 0 for the only or the first one."""
    said = _IS_SHEET.fullmatch(reference)
    return int(said["of"] or 0) if said else 0


def at_revision(reference: str, revision: int) -> str:
    """Return a revision's name: "FF-2026-000123 r2"."""
    return f"{reference} r{revision}"


def short(sha256: str) -> str:
    """Return what a paper is called until it has a reference: the beginning of its sha256."""
    return sha256[:12]


def from_second_revision(reference: str, revision: int) -> str:
    """Return the reference alone for the first revision, and with its number from the second on."""
    return at_revision(reference, revision) if revision > 1 else reference


def find_revision(text: str) -> tuple[str, int] | None:
    """Return the first reference with a revision that is in a text, such as a file name."""
    found = _AT_REVISION.search(text)
    return (found["reference"], int(found["revision"])) if found else None


def record_at_end(text: str) -> str:
    """Return the reference of a record with which a text ends, such as a folder's name; "" for none."""
    found = _ENDS_WITH_RECORD.search(text)
    return found[0] if found else ""


def child_suffix(child: int) -> str:
    """Return what tells copies about several children apart: " child 2", "" for the first."""
    return f" child {child}" if child else ""


def child_reference(epoch: int, number: int) -> str:
    """Return a child's reference, "C-4821-000045", which stands wherever a name must not."""
    return f"C-{epoch}-{number:06d}" if epoch else f"C-{number:06d}"


def parse_child(words: str) -> tuple[int, int] | None:
    """Return epoch (0: none) and number of a child's reference, None where words are anything else."""
    said = _CHILD.fullmatch(words.strip().upper())
    return (int(said["epoch"] or 0), int(said["number"])) if said else None


def own_alert_reference(epoch: int, number: int) -> str:
    """Return the reference of an alert about FormFlow itself: "LEDGER-4821-000001"."""
    return f"{_OWN_ALERT}-{epoch}-{number:06d}"


def is_own_alert(reference: str) -> bool:
    """Return whether a reference is that of an alert about FormFlow itself."""
    return reference.startswith(f"{_OWN_ALERT}-")
