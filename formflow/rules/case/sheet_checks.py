"""What keeps a sheet from counting, and what of one that counts the safeguarding lead is told. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from formflow.core.messages import notice
from formflow.core.model import AnswerState, Entry, Light, Notice, Weighs
from formflow.forms.catalogue import FieldKind, Form
from formflow.rules.case.case import REPORT, REVIEW, SAME_CHILD, Case
from formflow.rules.case.levels import HEIGHT, Level, is_below
from formflow.rules.case.named_child import given, other_child
from formflow.rules.case.next_steps import NEXT_STEPS
from formflow.rules.case.prefill_values import OPEN_TO_A
from formflow.rules.case.steps import steps
from formflow.rules.case.unnamed import names_somebody
from formflow.rules.matching import visible

REFERRALS = ("referral_a", "referral_b")
# Notices: she is alerted though the sheet counts.
TOLD = frozenset(
    {"FF-241", "FF-242", "FF-257", "FF-346", "FF-660", "FF-661", "FF-662", "FF-663", "FF-664"}
)
# Questions of the review sheet that only she may answer, besides the level.
DECIDES = (SAME_CHILD, "case_state", "no_referral_a", "no_referral_b")
NO_REFERRAL = ("no_referral_a", "no_referral_b")  # questions: a reason closes the referral
IN_WORDS = (FieldKind.TEXT, FieldKind.LONG_TEXT)
# Questions about the child whose sheet it is, or who did something: they may share a name with the other child.
WHO = frozenset({"child_name", "authors", "authors_second", "owner", "signed_name"})
LITTLE_KNOWN = "FF-230"  # notice: healthy, without enough information to suggest that


def about_the_sheet(form: Form, sheet: Entry, case: Case) -> Iterator[Notice]:
    """Yield what keeps a sheet from counting. `case` is as it stood before it."""
    yield from other_child(form, sheet, case)
    if form.form_id in REFERRALS and given(sheet, "sent_at") and not _is_signed(sheet):
        yield notice("FF-258", field="sender_name")
    if form.form_id in OPEN_TO_A:
        yield from _names_others(form, sheet, case)
    if form.form_id == REPORT:
        yield from _shared_too_early(case.with_sheet(sheet))
    if form.form_id in (REVIEW, NEXT_STEPS):
        yield from _unreferred(sheet, case)
    if form.form_id == NEXT_STEPS and _closes_a_referral(sheet) and not _is_signed(sheet):
        yield notice("FF-700", field="signed_name")
    if form.form_id == REVIEW:
        yield from _about_the_review(sheet, case)


def _about_the_review(sheet: Entry, case: Case) -> Iterator[Notice]:
    """Yield what keeps a review sheet from counting. One that decides nothing yet is welcome as it is."""
    told = sheet.answers.get("level")
    if told is None or told.value is None:
        if case.level is not None or (told and told.state is AnswerState.UNREADABLE):
            yield notice("FF-221", field="level")
        elif any(given(sheet, name) for name in DECIDES) and not _is_signed(sheet):
            yield notice("FF-240", field="signed_name")
    else:
        if not _is_signed(sheet):
            yield notice("FF-240", field="signed_name")
        yield from _about_the_level(Level(told.value), sheet, case)
    if _joins_anew(sheet, case):
        yield notice("FF-242", field=SAME_CHILD)


def _about_the_level(level: Level, sheet: Entry, case: Case) -> Iterator[Notice]:
    lower = list(_below(level, case, case.with_sheet(sheet)))
    if not given(sheet, "lower_reason"):
        yield from lower
    elif _is_new(level, case) and any(found.code != LITTLE_KNOWN for found in lower):
        yield notice("FF-241", field="level")


def _unreferred(sheet: Entry, case: Case) -> Iterator[Notice]:
    """Yield that a sheet gives a reason why a child is not referred, which it had not given before."""
    for name in NO_REFERRAL:
        if given(sheet, name) and not case.says(REVIEW, name):
            yield notice("FF-257", field=name)


def _closes_a_referral(sheet: Entry) -> bool:
    return any(given(sheet, name) for name in (*NO_REFERRAL, "a_sent_at", "b_sent_at"))


def _names_others(form: Form, sheet: Entry, case: Case) -> Iterator[Notice]:
    """Yield which answers name the other child or person, unless the sheet said the same before."""
    others = case.names_of_others
    told = (
        field for field in form.fields.values() if field.kind in IN_WORDS and field.name not in WHO
    )
    for field in told:
        said = given(sheet, field.name)
        if said != case.says(form.form_id, field.name) and names_somebody(said, others):
            yield notice("FF-346", field=field.name, label=field.label)


def _is_signed(sheet: Entry) -> bool:
    """Whether somebody has put a name to a sheet: a referral also by the name of who refers."""
    names = ("signed_name", "sender_name") if sheet.form_id in REFERRALS else ("signed_name",)
    return any(visible(given(sheet, name)) for name in names)


def _below(level: Level, before: Case, after: Case) -> Iterator[Notice]:
    """Yield what a level is below, for which it needs a reason: what is higher, or that too little is known."""
    assert after.together is not None  # noqa: S101 - after a review sheet
    together = after.together.light
    raising = [one for one in after.established if one.weighs is Weighs.RAISES]
    by_form = before.record.highest_light or Light.UNDETERMINED
    decided = before.level if before.level in HEIGHT else None
    if raising and is_below(level, together):
        what = " ".join(one.text for one in raising)
        yield notice("FF-319", field="lower_reason", words={"what": what})
    elif (decided and level in HEIGHT and HEIGHT[level] < HEIGHT[decided]) or (
        by_form is not Light.UNDETERMINED and is_below(level, by_form)
    ):
        yield notice("FF-222", field="lower_reason")
    elif is_below(level, together):
        yield notice(LITTLE_KNOWN, field="lower_reason")


def _is_new(level: Level, case: Case) -> bool:
    return level is not case.level or case.is_reopened


def _joins_anew(sheet: Entry, case: Case) -> bool:
    """Whether a sheet joins a child with another that its last revision did not join it with."""
    said = given(sheet, SAME_CHILD)
    is_nobody = any(found.field == SAME_CHILD for found in sheet.notices)
    return bool(said) and not is_nobody and said != case.says(REVIEW, SAME_CHILD)


def _shared_too_early(case: Case) -> Iterator[Notice]:
    """Yield that a report went out before the young person and the parents have seen it (guidance 10)."""
    share_first = next(step for step in steps() if step.id == "SH1")
    went_out = (case.says(REPORT, one) for one in ("sent_to", "sent_at", "meeting_at"))
    sent = case.moment(REPORT, "sent_at")
    shared = [case.moment(REPORT, one) for one in ("shared_young_at", "shared_parents_at")]
    late = sent is not None and any(one is not None and sent.day < one.day for one in shared)
    late = late and not case.says(REPORT, "not_shared_reason")  # who decided it, and why
    if any(went_out) and (late or not share_first.is_done(case)):
        yield notice("FF-227", field="shared_young_at")
