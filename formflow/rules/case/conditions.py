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
    def has_allegation(self) -> bool:
        """Whether an adult may have harmed a child, by what the papers say."""

    @property
    def cannot_wait(self) -> bool:
        """Whether something on the papers makes it urgent, by answers, dates or words."""

    @property
    def may_be_harmful(self) -> bool:
        """Whether it is decided as harmful, or may still be."""

    @property
    def was_harmful_before(self) -> bool:
        """Whether an earlier incident of the same child was decided as harmful."""

    @property
    def age(self) -> int | None:
        """How old the young person is when the assessment begins, in whole years, None where that is not clear."""

    @property
    def ages(self) -> tuple[int, int]:
        """For whom the agency's model of assessment is: the youngest and the oldest, in whole years."""

    @property
    def is_weighed(self) -> bool:
        """Whether the score sheets hold something, each with its nature and the weight of its evidence."""

    def says(self, form_id: str, name: str) -> str:
        """Return what a paper of the case answers, "" for nothing."""

    def moment(self, form_id: str, name: str) -> Moment | None:
        """Return the day that a paper of the case answers with, None unless it is clear and has come."""

    def is_ahead(self, form_id: str, name: str) -> bool:
        """Return whether a paper of the case answers with a day that lay ahead when it was recorded."""


OTHER_MODELS = ("aim3", "other")  # the guidance's limits are those of AIM2


def _is_harmful(case: CaseFacts) -> bool:
    return case.level == "harmful"


def _is_concerning(case: CaseFacts) -> bool:
    return case.level == "concerning"


def _is_planned(case: CaseFacts) -> bool:
    return _is_harmful(case) or _is_concerning(case)


def _is_undecided(case: CaseFacts) -> bool:
    return case.level in (None, "doubt") or case.is_reopened


def _may_concern(case: CaseFacts) -> bool:
    """Whether the steps for a concerning or harmful incident are asked for: unless it is decided as healthy."""
    return _is_undecided(case) or case.level != "healthy"


def _either(case: CaseFacts, name: str) -> bool:
    """Whether the form or the review sheet says yes: a later answer takes no duty away."""
    return "yes" in (case.says("recording", name), case.says("review", name))


def _may_be_urgent(case: CaseFacts) -> bool:
    """Whether a paper speaks of an immediate referral, or of something for which one may be warranted.

    Guidance 3.1 leaves open what warrants it. So whatever makes a form urgent asks a person, until the level is
    decided as healthy. What the form says of a referral itself is asked whatever is decided.
    """
    return _speaks_of_referral(case) or (case.cannot_wait and _may_concern(case))


def _speaks_of_referral(case: CaseFacts) -> bool:
    """Whether a paper speaks of an immediate referral: warranted, made already, or nobody could tell."""
    is_open = case.says("recording", "urgent_referral") == "unknown"
    return is_open or any(
        _either(case, name) for name in ("urgent_referral", "urgent_contact_made")
    )


def _must_refer_a(case: CaseFacts) -> bool:
    # Decided as harmful, each child is referred, or a reason is there (guidance 3.2, "must").
    return _is_harmful(case) and not case.says("review", "no_referral_a")


def _is_referred_elsewhere(case: CaseFacts) -> bool:
    wanted = _is_concerning(case) and _has(case, "other_referral")
    return wanted and not case.says("review", "no_referral_a")


def _is_referred_a(case: CaseFacts) -> bool:
    return _must_refer_a(case) or _is_referred_elsewhere(case)


def _is_referred_b(case: CaseFacts) -> bool:
    waived = bool(case.says("review", "no_referral_b"))
    return _is_harmful(case) and case.has_child_b and not waived


def _is_sent(case: CaseFacts, child: str) -> bool:
    return case.moment(f"referral_{child}", "sent_at") is not None


def _has_no_consent(case: CaseFacts) -> bool:
    answers = {case.says("review", f"parents_{child}_consent") for child in ("a", "b")}
    return _is_concerning(case) and "no" in answers


def _waits_for_review(case: CaseFacts, plan: str) -> bool:
    """Whether a plan has still to be reviewed: its review date lay ahead, or nothing says how it went."""
    is_over = bool(case.says(plan, "outcome")) and not case.is_ahead(plan, "review_on")
    return bool(case.says(plan, "actions")) and not is_over


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
    young = case.age is not None and case.age < case.ages[0]
    female = case.says("aim2", "sex") == "female"
    disabled = case.says("aim2", "ability") == "disability"
    return _is_aim2(case) and (young or female or disabled)


def _is_older(case: CaseFacts) -> bool:
    return _is_aim2(case) and case.age is not None and case.age > case.ages[1]


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


def _is_interviewed_unagreed(case: CaseFacts) -> bool:
    """Whether interviews are noted that the legal representative had not agreed to, as far as the dates say."""
    first = case.moment("aim2", "first_interview_at")
    agreed = case.moment("aim2", "agreement_at")
    in_order = first is not None and agreed is not None and agreed.day <= first.day
    from_papers = case.says("aim2", "paper_only") == "yes"
    return _may_deny(case) and _has_interviews(case) and (from_papers or not in_order)


def _is_too_early(case: CaseFacts) -> bool:
    first = case.moment("aim2", "first_interview_at")
    papers = case.moment("aim2", "stage_one_at")
    in_order = first is not None and papers is not None and papers.day <= first.day
    return _has_interviews(case) and not in_order


CONDITIONS: Mapping[str, Callable[[CaseFacts], bool]] = {
    "always": lambda _: True,
    "child_b": lambda case: case.has_child_b,
    "unless_healthy": _may_concern,
    "unless_healthy_child_b": lambda case: _may_concern(case) and case.has_child_b,
    "urgent": _may_be_urgent,
    "allegation": lambda case: case.has_allegation,
    "police": lambda case: _has(case, "police"),
    "medical": lambda case: _either(case, "medical_needed"),
    "may_be_harmful": lambda case: case.may_be_harmful,
    "undecided": _is_undecided,
    "doubt": lambda case: case.level == "doubt",
    "next_look": lambda case: case.is_ahead("review", "review_on"),
    "harmful": _is_harmful,
    "harmful_child_b": lambda case: _is_harmful(case) and case.has_child_b,
    "harmful_or_again": lambda case: _is_harmful(case) or case.was_harmful_before,
    "concerning": _is_concerning,
    "concerning_child_b": lambda case: _is_concerning(case) and case.has_child_b,
    "no_consent": _has_no_consent,
    "planned": _is_planned,
    "plan_a_review": lambda case: _waits_for_review(case, "plan_a"),
    "plan_b_review": lambda case: _waits_for_review(case, "plan_b"),
    "plan_setting_review": lambda case: _waits_for_review(case, "plan_setting"),
    "agencies": lambda case: _is_harmful(case) and _has(case, "background_agencies"),
    "disorder": lambda case: _is_harmful(case) and _has(case, "background_mental"),
    "complex": lambda case: _has(case, "background_complex"),
    "youth_justice": _in_spite_of_youth_justice,
    "referral_a": _must_refer_a,
    "referral_b": _is_referred_b,
    "other_referral": _is_referred_elsewhere,
    "referred_a": _is_referred_a,
    "sent_a": lambda case: _is_referred_a(case) and _is_sent(case, "a"),
    "sent_b": lambda case: _is_referred_b(case) and _is_sent(case, "b"),
    "aim2": _is_assessed,
    "aim2_early": _wants_reason,
    "aim2_model": _is_aim2,
    "age_unknown": lambda case: _is_aim2(case) and case.age is None,
    "age_oldest": lambda case: _is_aim2(case) and case.age == case.ages[1],
    "age_over": _is_older,
    "limits": _has_limits,
    "denial": _may_deny,
    "interviewed_unagreed": _is_interviewed_unagreed,
    "no_interviews": _takes_no_part,
    "charged_elsewhere": _has_other_author,
    "victim_worker": lambda case: (
        _is_assessed(case) and case.says("aim2", "victim_worker") == "yes"
    ),
    "unweighed": lambda case: _is_assessed(case) and not case.is_weighed,
    "interviewed": _has_interviews,
    "too_early": _is_too_early,
}
