"""The words of the register: steps in a few words, levels with their shape, days as they are said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from formflow.core.model import Light
from formflow.core.wording import SHEET_WORDS
from formflow.rules.case.clocks import NOW
from formflow.rules.case.steps import Step

YOU, OFFICE, COUNCIL = "You", "Office", "Council"
DECIDE = "Decide the level"
AT_ONCE: Mapping[str, str] = {  # steps with the clock “now”, by their number
    "IR1": "Immediate referral: make it, or say why not",
    "AL1": "Possible allegation: tell the head and the LADO",
    "DX2": "Report it to the police",
    "IR6": "Arrange a medical assessment",
}
BY_CLOCK: Mapping[str, str] = {
    "decision": DECIDE,
    "advice": "Take advice, then decide",
    "referral": "Send referral {code}",
    "council": "Chase the answer to {code}",
    "review": "Review plan {code}",
}
REVIEW_OF_CASE = "Look at the case again"
REOPENED = "Read the new form: it opened a closed case again"
GO_ON = "Complete {code}"
DONE = (  # form, question that takes a day, whose it is ("": everybody's), what was done on it
    ("recording", "parents_informed_at", "a", "Parents informed"),
    ("review", "urgent_at", "", "Immediate referral made"),
    ("review", "police_at", "", "Reported to the police"),
    ("review", "allegation_at", "", "Allegation passed on"),
    ("review", "parents_a_at", "a", "Parents of the child who displayed the behaviour contacted"),
    ("review", "parents_b_at", "b", "Parents of the child who was targeted contacted"),
    ("review", "parents_again_at", "a", "Options discussed with parents"),
    ("referral_a", "sent_at", "a", "Referral F3a sent"),
    ("referral_b", "sent_at", "b", "Referral F3b sent"),
    ("referral_a", "council_at", "a", "Answer to F3a received"),
    ("referral_b", "council_at", "b", "Answer to F3b received"),
)
REFERRALS, SENT = ("referral_a", "referral_b"), "sent_at"  # forms, and the question that makes one
WHOSE_PLAN: Mapping[str, str] = {"plan_a": "a", "plan_b": "b", "plan_setting": ""}
KINDS: Mapping[
    str, str
] = {  # questions of the recording form that name a kind of behaviour, in a few words
    "type_language": "Sexual language or personal space",
    "type_touching": "Sexual touching",
    "type_disinhibition": "Taking clothes off",
    "type_self_directed": "Own body only",
    "type_pornography": "Pornography",
    "type_online": "Online or with images",
    "context_force": "Force",
    "context_coercion": "Coercion",
    "context_threat": "Threat",
    "context_blackmail": "Blackmail",
    "context_social_media": "Social media",
    "context_peer_pressure": "Peer pressure",
}
# What is shown of a level: class of the page, shape, words. Never by colour alone.
DECIDED: Mapping[str, tuple[str, str, str]] = {
    "harmful": ("red", "▲", "Harmful"),
    "concerning": ("amber", "◆", "Concerning"),
    "healthy": ("green", "●", "Healthy"),
    "doubt": ("undetermined", "?", "In doubt"),
}
SUGGESTED: Mapping[Light | None, tuple[str, str, str]] = {
    Light.RED: ("red", "▲", "Red suggested"),
    Light.AMBER_OR_RED: ("amber", "◆", "Amber or red suggested"),
    Light.AMBER: ("amber", "◆", "Amber suggested"),
    Light.UNDETERMINED: ("undetermined", "?", "More information needed"),
    Light.GREEN: ("green", "●", "Green suggested"),
    None: ("red", "!", "Not read"),
}
GRAVEST_FIRST = ("▲", "!", "◆", "?", "●")
TERMS = ("Spring", "Summer", "Autumn")  # from January, April and September


def short(step: Step) -> str:
    """Return a step in a few words."""
    if step.clock == NOW:
        return AT_ONCE[step.id]
    if step.clock == "review" and step.sheet == "review":
        return REVIEW_OF_CASE
    return BY_CLOCK.get(step.clock, GO_ON).format(code=code_of(step.sheet, step.child))


def who_does(step: Step) -> str:
    """Return for whom a step waits."""
    return COUNCIL if step.clock == "council" else YOU


def code_of(form_id: str, child: int = 0) -> str:
    """Return the code of a sheet, with the number of a further child: "F3b2"."""
    return SHEET_WORDS[form_id].partition(" ")[0] + (str(child) if child > 1 else "")


def day(one: date) -> str:
    """Return a day as lists show it: "3 Nov 2026"."""
    return f"{one.day} {one:%b %Y}"


def year(group: str) -> str:
    """Return a year group as it is said: "Year 4" for "4"."""
    return f"Year {group}" if group.isdecimal() else group


def term(one: date) -> tuple[int, int]:
    """Return the term of a day as a year and a place in TERMS. Terms sort in their order."""
    place = 0 if one.month < 4 else 1 if one.month < 9 else 2
    return one.year, place


def term_words(one: tuple[int, int]) -> str:
    """Return what a term is called: "Autumn 2026"."""
    return f"{TERMS[one[1]]} {one[0]}"
