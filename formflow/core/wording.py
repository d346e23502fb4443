"""The words that several pages share: levels, outcomes, dates as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from formflow.core.model import CaseState, Light, Outcome, Role

LIGHT_WORDS: Mapping[Light, tuple[str, str, str]] = {
    # light: shape, words, what it means. Never by colour alone.
    Light.RED: ("▲", "Red (harmful)", "At least one answer is on the guidance’s list for harmful."),
    Light.AMBER_OR_RED: (
        "◆",
        "At least amber",
        "An answer is on both the amber and red lists: you decide which.",
    ),
    Light.AMBER: (
        "◆",
        "Amber (concerning)",
        "At least one answer is on the guidance’s list for concerning.",
    ),
    Light.UNDETERMINED: (
        "?",
        "More information needed",
        "Too little is answered to suggest a level, or something must be checked first. Do not treat this as green.",
    ),
    Light.GREEN: (
        "●",
        "Green (healthy)",
        "None of the answers raises concern. Cruelty to animals, fire setting and violence are for you to ask about.",
    ),
}
CASE_STATE_WORDS: Mapping[CaseState, str] = {
    CaseState.OPEN: "Open",
    CaseState.CLOSED: "Closed",
    CaseState.ENTERED_IN_ERROR: "Entered in error",
    CaseState.DUPLICATE: "Duplicate",
}
# From what kind of folder a paper came: what it may do goes by that.
CAME_FROM: Mapping[Role, str] = {
    Role.STAFF: "from the staff folder",
    Role.DECISIONS: "from “Drop decisions here”",
}
NOTHING_PROPOSED = ("!", "A person must read this form", "FormFlow could not suggest a level.")
DOES_NOT_COUNT = (
    "!",
    "Sheet not accepted",
    "Nothing has been decided by it. What you wrote is kept.",
)
COUNTS = (
    "i",
    "Sheet accepted",
    "Read below what it does, or could not do, and check that you meant it.",
)

# In names of files and folders: sorted by name, the most urgent come first. Colours are what FormFlow suggests.
URGENCY: Mapping[Light | None, str] = {
    Light.RED: "1 RED",
    None: "1 TO READ",
    Light.AMBER_OR_RED: "2 AMBER OR RED",
    Light.AMBER: "3 AMBER",
    Light.UNDETERMINED: "4 MORE INFORMATION NEEDED",
    Light.GREEN: "5 GREEN",
}
NOW = "0 NOW"
DECIDED: Mapping[str, str] = {
    "harmful": "1 HARMFUL",
    "concerning": "3 CONCERNING",
    "healthy": "5 HEALTHY",
}
LEVEL_WORDS: Mapping[str | None, str] = {
    None: "Awaiting your decision",
    "harmful": "Decided: harmful",
    "concerning": "Decided: concerning",
    "healthy": "Decided: healthy",
    "doubt": "In doubt: taking advice",
}

REOPENED_WORDS: Mapping[Light, str] = {  # what a later form does to a decision below it
    Light.RED: "reopened: a later form suggests red",
    Light.AMBER_OR_RED: "reopened: a later form suggests at least amber",
    Light.AMBER: "reopened: a later form suggests amber",
    Light.UNDETERMINED: "reopened: a later form leaves too much open",
}

SHEET_WORDS: Mapping[str, str] = {  # form id: code and printed title
    "review": "F2 DSL Review Sheet",
    "next_steps": "F8 Next Steps",
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
    Outcome.RETURNED: "Recorded; sent back for correction",
    Outcome.HELD: "Held until someone has checked it",
    Outcome.UNREADABLE: "Could not be read",
}


def suggested(light: Light) -> str:
    """Return what is suggested, as a sentence says it: "Suggested level: red (harmful)"."""
    words = LIGHT_WORDS[light][1]
    if light is Light.UNDETERMINED:
        return words
    return f"Suggested level: {words[0].lower()}{words[1:]}"


def moment_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as it is said: "23 November 2026 at 2:02pm"."""
    local = moment.astimezone(zone)
    hour, half = local.hour % 12 or 12, "am" if local.hour < 12 else "pm"
    return f"{day_in_words(local)} at {hour}:{local.minute:02d}{half}"


def day_in_words(day: date) -> str:
    """Return a date or moment as "23 November 2026", on every system."""
    return f"{day.day} {day:%B %Y}"
