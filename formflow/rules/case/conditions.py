"""When a step of the guidance is asked for: one small function for each condition of steps.toml. Pure.

Blank is not "no": a condition that would close something looks for the answer that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Protocol

from formflow.core.model import Moment
from formflow.rules.matching import name_key


class CaseFacts(Protocol):
    """What a step needs to know about a case."""

    @property
    def zone(self) -> tzinfo:
        """The agency's time zone: it says on which day a moment falls."""

    @property
    def level(self) -> str | None:
        """What is decided: "harmful", "concerning", "healthy" or "doubt"; None where nothing is."""

    @property
    def is_reopened(self) -> bool:
        """Whether a later form suggests more than is decided, so that it must be decided again."""

    @property
    def has_child_b(self) -> bool:
        """Whether another child may have been targeted."""

    @property
    def was_harmful_before(self) -> bool:
        """Whether an earlier incident of the same child was decided as harmful."""

    @property
    def age(self) -> int | None:
        """How old the young person of an assessment was at the incident, in whole years."""

    @property
    def is_weighed(self) -> bool:
        """Whether the score sheets hold something, each with its nature and the weight of its evidence."""

    def says(self, form_id: str, name: str) -> str:
        """Return what a paper of the case answers, "" for nothing."""

    def moment(self, form_id: str, name: str) -> Moment | None:
        """Return the day that a paper of the case answers with, None unless it is clear and has come."""


YOUNGEST, OLDEST = (
    12,
    18,
)  # guidance 6: "aged between 12 and 18 years"; the 18th year is asked about
OTHER_MODELS = ("aim3", "other")  # the guidance's limits are those of AIM2


def _is_harmful(case: CaseFacts) -> bool:
    return case.level == "harmful"


def _is_concerning(case: CaseFacts) -> bool:
    return case.level == "concerning"


def _is_referred(case: CaseFacts, child: str) -> bool:
    # Decided as harmful, each child is referred, or a reason is there (guidance 3.2, "must").
    return _is_harmful(case) and not case.says("review", f"no_referral_{child}")


def _is_sent(case: CaseFacts, child: str) -> bool:
    sent = case.moment(f"referral_{child}", "sent_at") is not None
    return _is_referred(case, child) and sent


def _has(case: CaseFacts, name: str) -> bool:
    return case.says("review", name) == "yes"


def _in_spite_of_youth_justice(case: CaseFacts) -> bool:
    waived = bool(case.says("review", "no_referral_a"))
    return _is_harmful(case) and waived and _has(case, "youth_justice")


def _is_assessed(case: CaseFacts) -> bool:
    """Whether score sheets are wanted, after a decision or for a strong reason (guidance 1 and 6)."""
    may = _is_harmful(case) or bool(case.says("review", "aim2_reason"))
    return _has(case, "aim2") and may


def _wants_reason(case: CaseFacts) -> bool:
    return _has(case, "aim2") and not _is_harmful(case)


def _is_aim2(case: CaseFacts) -> bool:
    return _is_assessed(case) and case.says("aim2", "model") not in OTHER_MODELS


def _has_limits(case: CaseFacts) -> bool:
    young = case.age is not None and case.age < YOUNGEST
    female = case.says("aim2", "sex") == "female"
    disabled = case.says("aim2", "ability") == "disability"
    return _is_aim2(case) and (young or female or disabled)


def _is_older(case: CaseFacts) -> bool:
    return _is_aim2(case) and case.age is not None and case.age > OLDEST


def _may_deny(case: CaseFacts) -> bool:
    """Whether all three of guidance 7 hold, or may: only a "no" says that one does not."""
    questions = ("prosecution", "denies", "may_plead")
    return _is_assessed(case) and all(case.says("aim2", one) != "no" for one in questions)


def _takes_no_part(case: CaseFacts) -> bool:
    refuses = case.says("aim2", "takes_part") == "no"
    agreed = bool(case.says("aim2", "agreement_name"))
    return (_is_assessed(case) and refuses) or (_may_deny(case) and not agreed)


def _has_other_author(case: CaseFacts) -> bool:
    author = name_key(case.says("aim2", "report_author"))
    assessors = {name_key(case.says("aim2", one)) for one in ("lead_name", "second_name")}
    charged = case.says("aim2", "charged") == "yes"
    return _is_assessed(case) and charged and (not author or author not in assessors)


def _has_interviews(case: CaseFacts) -> bool:
    told = case.says("aim2", "interviews_text") or case.says("aim2", "first_interview_at")
    return _is_assessed(case) and bool(told)


def _is_too_early(case: CaseFacts) -> bool:
    first = case.moment("aim2", "first_interview_at")
    papers = case.moment("aim2", "stage_one_at")
    in_order = first is not None and papers is not None and papers.day <= first.day
    return _has_interviews(case) and not in_order


CONDITIONS: Mapping[str, Callable[[CaseFacts], bool]] = {
    "always": lambda _: True,
    "child_b": lambda case: case.has_child_b,
    "urgent": lambda case: case.says("recording", "urgent_referral") == "yes",
    "undecided": lambda case: case.level in (None, "doubt") or case.is_reopened,
    "doubt": lambda case: case.level == "doubt",
    "harmful": _is_harmful,
    "concerning": _is_concerning,
    "planned": lambda case: _is_harmful(case) or _is_concerning(case),
    "concerning_child_b": lambda case: _is_concerning(case) and case.has_child_b,
    "again": lambda case: case.was_harmful_before,
    "agencies": lambda case: _is_harmful(case) and _has(case, "background_agencies"),
    "disorder": lambda case: _is_harmful(case) and _has(case, "background_mental"),
    "complex": lambda case: _has(case, "background_complex"),
    "youth_justice": _in_spite_of_youth_justice,
    "referral_a": lambda case: _is_referred(case, "a"),
    "referral_b": lambda case: _is_referred(case, "b"),
    "sent_a": lambda case: _is_sent(case, "a"),
    "sent_b": lambda case: _is_sent(case, "b"),
    "aim2": _is_assessed,
    "aim2_early": _wants_reason,
    "aim2_model": _is_aim2,
    "age_unknown": lambda case: _is_aim2(case) and case.age is None,
    "age_18": lambda case: _is_aim2(case) and case.age == OLDEST,
    "age_over_18": _is_older,
    "limits": _has_limits,
    "denial": _may_deny,
    "no_interviews": _takes_no_part,
    "charged_elsewhere": _has_other_author,
    "victim_worker": lambda case: (
        _is_assessed(case) and case.says("aim2", "victim_worker") == "yes"
    ),
    "unweighed": lambda case: _is_assessed(case) and not case.is_weighed,
    "interviewed": _has_interviews,
    "too_early": _is_too_early,
}
