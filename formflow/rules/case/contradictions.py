"""Answers of a case that do not go together: each is told, and changes nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from formflow.core.messages import notice
from formflow.core.model import Notice
from formflow.rules.case.case import REVIEW, Case
from formflow.rules.case.steps import SCORES

ANYTHING = ""  # an answer in any words
# Answers that do not go together: notice, and the answers as form, question and what it says.
CONTRADICTIONS = (
    ("FF-307", ((REVIEW, "level", "healthy"), (REVIEW, "police", "yes"))),
    ("FF-308", ((REVIEW, "child_b_kind", "nobody"), (REVIEW, "b_views", ANYTHING))),
    ("FF-309", ((REVIEW, "no_referral_a", ANYTHING), ("referral_a", "sent_at", ANYTHING))),
    ("FF-309", ((REVIEW, "no_referral_b", ANYTHING), ("referral_b", "sent_at", ANYTHING))),
    ("FF-312", ((SCORES, "harmful_known", "yes"), (SCORES, "established", "neither"))),
    ("FF-313", ((SCORES, "denies", "no"), (SCORES, "may_plead", "yes"))),
    ("FF-350", ((SCORES, "paper_only", "yes"), (SCORES, "interviews_text", ANYTHING))),
    ("FF-350", ((SCORES, "paper_only", "yes"), (SCORES, "first_interview_at", ANYTHING))),
)


def contradictions(case: Case) -> Iterator[Notice]:
    """Yield what the sheets of a case say that does not go together. It closes nothing and opens nothing."""
    told = dict.fromkeys(_contradicted(case))
    yield from (notice(code, field=field) for code, field in told)


def _contradicted(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the code of each contradiction and the question that it is told at."""
    for code, answers in CONTRADICTIONS:
        said = ((case.says(form_id, name), wanted) for form_id, name, wanted in answers)
        if all(words == wanted if wanted else words for words, wanted in said):
            yield code, answers[0][1]
    interview, agreed = (case.moment(SCORES, one) for one in ("first_interview_at", "agreement_at"))
    if interview and agreed and interview.day < agreed.day:
        yield "FF-351", "first_interview_at"
