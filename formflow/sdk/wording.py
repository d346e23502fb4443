"""The words that several destinations share: lights, outcomes, days, and what a destination says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from formflow.core.messages import notice
from formflow.core.model import Light, Outcome
from formflow.core.references import at_revision as at_revision
from formflow.core.references import find_revision as find_revision
from formflow.core.references import from_second_revision as from_second_revision
from formflow.core.wording import LIGHT_WORDS, NOTHING_PROPOSED, day_in_words
from formflow.core.wording import NOW as NOW
from formflow.core.wording import URGENCY as URGENCY
from formflow.sdk.contract import Ending
from formflow.sdk.parcels import DecisionParcel, RecordParcel

ORIGINAL, PICTURES = "original", "pictures of the pages"
LIGHTS: Mapping[Light | None, str] = {
    # Shape and words, never colour alone.
    **{light: f"{shape} {words}" for light, (shape, words, _) in LIGHT_WORDS.items()},
    None: " ".join(NOTHING_PROPOSED[:2]),
}
WAITS_FOR: Mapping[Outcome, str] = {
    Outcome.RECORDED: "The DSL decides.",
    Outcome.RETURNED: "The DSL decides. Office to correct the form.",
    Outcome.HELD: "A person checks it against the original form.",
    Outcome.UNREADABLE: "A person reads the form.",
}
# What XML and UTF-8 cannot hold: control characters, lone surrogates, two non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def proposed(parcel: RecordParcel) -> str:
    """Return what the rules propose for a record; of a sheet, what was decided on it."""
    return (parcel.decided or "Sheet") if parcel.about else LIGHTS[parcel.light]


def kept_as(parcel: RecordParcel | DecisionParcel) -> str:
    """Return what the paper itself is called in folders."""
    return PICTURES if parcel.only_pictures else ORIGINAL


def is_paper_itself(name: str) -> bool:
    """Return whether a file's name says that it is the paper itself, and nothing that FormFlow made of it."""
    return Path(name).stem.endswith((f" {ORIGINAL}", f" {PICTURES}"))


def ending(
    kind: type[Ending], code: str, *, after_seconds: float | None = None, **words: str
) -> Ending:
    """Return an ending with its numbered words, ready to raise."""
    return kind(code, notice(code, words=words).text, after_seconds)


def moment_in_words(moment: datetime) -> str:
    """Return a moment as "14 November 2026 at 2:02pm (GMT)", in the time zone it carries."""
    hour, half = moment.hour % 12 or 12, "am" if moment.hour < 12 else "pm"
    return f"{day_in_words(moment)} at {hour}:{moment.minute:02d}{half} ({moment.tzname()})"


def printable(text: str) -> str:
    """Return a text with "\\n" as its only line end and without characters that no file can hold."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
