"""Which child a paper names, and what may be another on a form that went back and came again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from formflow.core.messages import notice
from formflow.core.model import Answer, AnswerState, Entry, Outcome
from formflow.rules.case.named_child import child_said, corrected
from formflow.rules.matching import Named
from tests.support.facts import recorded

BORN, OTHER = date(2013, 3, 4), date(2011, 9, 9)
TURNED = date(2013, 4, 3)
ADA = Named("ada hill", BORN)


def returned(*asked: str) -> Entry:
    """Return a form that went back for these boxes."""
    told = tuple(notice("FF-201", field=one, label="Box") for one in asked)
    return replace(recorded({}), outcome=Outcome.RETURNED, notices=told)


@pytest.mark.parametrize(
    ("asked", "known", "said", "is_other_day", "what"),
    [
        ("child_a_name", ADA, Named("tom young", BORN), False, "another name"),
        ("completed_by", ADA, Named("tom young", BORN), False, ""),
        ("completed_by", ADA, Named("ada hil", BORN), False, "another name"),  # a slip of the pen
        ("child_a_name", ADA, Named("ada hil", OTHER), False, ""),  # both is another child
        ("child_a_name", ADA, Named("tom young", None), False, ""),
        ("child_a_dob", ADA, Named("tom young", BORN), False, ""),
        ("child_a_dob", ADA, Named("ada hill", OTHER), False, "another date of birth"),
        ("completed_by", ADA, Named("ada hill", OTHER), False, "another date of birth"),
        ("child_a_dob", Named("", BORN), Named("ada hill", OTHER), False, "another date of birth"),
        ("completed_by", Named("", BORN), Named("ada hill", OTHER), False, ""),
        ("completed_by", Named("", BORN), Named("", TURNED), False, "another date of birth"),
        ("completed_by", ADA, ADA, True, ""),
        ("child_a_name", ADA, ADA, True, ""),
        *(
            (box, ADA, ADA, True, "another day of the incident")
            for box in ("incident_at", "child_a_dob", "child_b_dob", "signed_date")
        ),
        ("incident_at", ADA, Named("ada hil", BORN), True, "another name and another day of the incident"),
        ("incident_at", ADA, Named("ada hill", OTHER), True,
         "another date of birth and another day of the incident"),
        ("completed_by", ADA, ADA, False, ""),
        ("completed_by", Named("", None), ADA, False, ""),  # the form is complete now
    ],
)  # fmt: skip
def test_of_a_form_that_went_back_what_was_asked_about_may_be_another_answer(
    asked: str, known: Named, said: Named, is_other_day: bool, what: str
) -> None:
    assert corrected(returned(asked), known, said, is_other_day=is_other_day) == what


def test_of_a_form_that_did_not_go_back_nothing_is_corrected() -> None:
    counts = replace(returned("child_a_name"), outcome=Outcome.RECORDED)
    assert corrected(counts, ADA, Named("tom young", BORN), is_other_day=False) == ""
    mild = replace(returned(), notices=(notice("FF-207", field="incident_at"),))
    assert corrected(mild, ADA, ADA, is_other_day=True) == ""


@pytest.mark.parametrize(
    ("written", "born"),
    [
        ("25/11/2026", (date(2026, 11, 25), None)),  # by the clock of east and of Greenwich
        ("24 November 2026", (date(2026, 11, 24), date(2026, 11, 24))),
        ("4/3/13", (BORN, BORN)),
        ("9/9/98", (date(1998, 9, 9), date(1998, 9, 9))),
        ("in spring", (None, None)),
        ("", (None, None)),
    ],
)
def test_who_a_record_is_about_is_its_name_and_a_date_of_birth_that_has_come(
    written: str, born: tuple[date | None, date | None]
) -> None:
    said = {"child_a_name": " Ada  HILL", "child_a_dob": written}
    given = {n: Answer(w, w, AnswerState.GIVEN) for n, w in said.items() if w}
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    record = replace(recorded(given), recorded_at=late)
    east = timezone(timedelta(hours=1))
    assert child_said(record, east) == Named("ada hill", born[0])
    assert child_said(record, UTC) == Named("ada hill", born[1])
    lost = {n: replace(one, state=AnswerState.UNREADABLE) for n, one in given.items()}
    assert child_said(replace(record, answers=lost), UTC) == Named("", None)
