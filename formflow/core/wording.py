"""The words that stand on several pages: lights, outcomes, dates as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from formflow.core.model import Light, Outcome

LIGHT_WORDS: Mapping[Light, tuple[str, str, str]] = {
    # light: shape, words, what it means. Never by colour alone.
    Light.RED: ("▲", "Red proposed", "At least one answer is on the guidance’s list for harmful."),
    Light.AMBER_OR_RED: (
        "◆",
        "At least amber proposed",
        "An answer stands on the guidance’s amber list and on its red list: you decide which.",
    ),
    Light.AMBER: ("◆", "Amber proposed", "Answers on the guidance’s list for concerning."),
    Light.UNDETERMINED: (
        "?",
        "Not enough information",
        "Questions are not answered or not asked, or something must be checked. Do not treat this as green.",
    ),
    Light.GREEN: (
        "●",
        "Green proposed",
        "None of the answers raises concern. Cruelty to animals, fire setting and violence are still yours to establish.",
    ),
}
NOTHING_PROPOSED = ("!", "A person must read this paper", "FormFlow could not assess it.")
DOES_NOT_COUNT = (
    "!",
    "This sheet does not count yet",
    "Nothing has been decided by it. What was written on it is kept.",
)
COUNTS = (
    "i",
    "This sheet counts",
    "It lowers a level or joins two children. Check that you meant it.",
)

LEVEL_WORDS: Mapping[str | None, str] = {
    None: "Nothing is decided yet",
    "harmful": "Decided: harmful",
    "concerning": "Decided: concerning",
    "healthy": "Decided: healthy",
    "doubt": "In doubt: advice is being taken",
}

REOPENED_WORDS: Mapping[Light, str] = {  # what a later form does to a decision below it
    Light.RED: "reopened: a later form suggests red",
    Light.AMBER_OR_RED: "reopened: a later form suggests at least amber",
    Light.AMBER: "reopened: a later form suggests amber",
    Light.UNDETERMINED: "reopened: a later form gives not enough information to say so",
}

SHEET_WORDS: Mapping[str, str] = {  # form id: code and printed title
    "review": "F2 DSL Review Sheet",
    "referral_a": "F3a Referral – Child Who Displayed the Behaviour",
    "referral_b": "F3b Referral – Child Who Was Targeted",
    "plan_a": "F7a Safety and Support Plan – Child Who Displayed the Behaviour",
    "plan_b": "F7b Safety and Support Plan – Child Who Was Targeted",
    "plan_setting": "F7s Safety Plan – The Setting",
    "aim2": "F4 Assessment – Eligibility and Score Sheets",
    "outcome": "F5 Assessment – Outcome Sheet",
    "report": "F6 Assessment – Report",
}

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.RECORDED: "Recorded",
    Outcome.RETURNED: "Recorded, and returned to be put right",
    Outcome.HELD: "Held until a person has checked it",
    Outcome.UNREADABLE: "Could not be read",
}


def moment_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as it is said: "23 November 2026 at 2:02pm"."""
    local = moment.astimezone(zone)
    hour, half = local.hour % 12 or 12, "am" if local.hour < 12 else "pm"
    return f"{day_in_words(local)} at {hour}:{local.minute:02d}{half}"


def day_in_words(day: date) -> str:
    """Return a date or moment as "23 November 2026", on every system."""
    return f"{day.day} {day:%B %Y}"
