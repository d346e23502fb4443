"""The case: a record, the sheets about it that count, what is still open, and what keeps a sheet out. Pure.

The safeguarding lead decides on F2. Decided as harmful, each child is referred on a sheet of their own.
A step of the guidance is on the list until it is done, or until a reason says why it is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from formflow.core.dates import age_on, local_day, parse_moment
from formflow.core.model import (
    CaseState,
    Entry,
    Finding,
    History,
    Light,
    Moment,
    Proposal,
    StateChange,
    Weighs,
    highest,
)
from formflow.core.references import SheetKey, child_of_sheet
from formflow.rules.assessment import profile
from formflow.rules.assessment.profile import Mark
from formflow.rules.case.levels import AS_PROPOSED as AS_PROPOSED
from formflow.rules.case.levels import Level as Level
from formflow.rules.case.levels import is_below
from formflow.rules.case.named_child import BETWEEN, given
from formflow.rules.case.next_steps import NEXT_STEPS, elsewhere, last_asking, later_of
from formflow.rules.case.steps import CONDITIONS, SCORES, Step, steps_with
from formflow.rules.case.unnamed import words_of_names
from formflow.rules.light import urgency
from formflow.rules.light.with_review import suggested_together
from formflow.rules.matching import NearChild, name_key
from formflow.rules.roster import NOBODY_ON_IT, OnTheList

RECORDING, REVIEW, REPORT = "recording", "review", "report"
OF_CHILD_B = ("referral_b", "plan_b")  # sheets that lie in the file of the child who was targeted
SAME_CHILD = "same_child"  # question of the review sheet
A_NAME = "child_a_name"  # question
B_NAME, B_KIND, B_BIRTH = "child_b_name", "child_b_kind", "child_b_dob"  # questions
# Questions of the record and the review sheet about the child who was targeted: of several nobody can tell which.
ABOUT_ONE_CHILD_B = frozenset(
    {
        *("child_b_dob", "others_words", "words_b_text", "b_views", "b_impact", "b_position"),
        *("b_feelings", "b_support", "parents_b_at", "parents_b_plan", "parents_b_text"),
    }
)
# Notices: a day that lies ahead, signed before it happened; a day with a time that lay ahead.
NO_SUCH_DAY, NO_SUCH_TIME = frozenset({"FF-206", "FF-210"}), "FF-345"
COUNTED_FROM_ASKING = (
    "now",
    "referral",
)  # clocks that run from when their step was first asked for
ALLEGATIONS = frozenset({"FF-323", "FF-324", "FF-325"})  # notices: an adult may have harmed a child
BY_KIND = "FF-322"  # the same, because the form says that the other person was an adult
BY_BIRTH = (
    "FF-324"  # the same, because the other person was an adult by the date of birth on the form
)
WHICH_SERVICE = "another service (record which one on the review sheet)"
ROLES = {
    "child_a": "the child who displayed the behaviour",
    "child_b": "the child who was targeted",
}
# Where an adult may have harmed a child, nobody is said to have displayed or suffered anything.
ROLES_LEFT_OPEN = {"child_a": "the child named on the form", "child_b": "the other child"}
AGES = (12, 18)  # guidance 6: "aged between 12 and 18 years"; the 18th year is asked about


@dataclass(frozen=True, slots=True)
class Case:
    """One record, the sheets about it that count, and what was known of the children before."""

    record: Entry
    sheets: Mapping[SheetKey, Entry] = dataclasses.field(
        default_factory=dict
    )  # the last of each that counts
    history: History = dataclasses.field(
        default_factory=History
    )  # of the child who displayed the behaviour
    history_b: History = dataclasses.field(default_factory=History)  # of the child who was targeted
    near: tuple[NearChild, ...] = ()  # who may be the same child as the one who displayed it
    joined: tuple[str, ...] = ()  # child references that the safeguarding lead joined with it
    on_list: OnTheList = NOBODY_ON_IT  # what the agency's pupil list says of the children
    decided_at: datetime | None = (
        None  # since when the level stands; filling in more changes nothing
    )
    reviews: tuple[Entry, ...] = ()  # every review sheet that counted, first to last
    together: Proposal | None = (
        None  # what form and review sheets suggest together; None without one
    )
    reopened_at: datetime | None = None  # when a later form suggested more than is decided
    reopened_by: Light | None = None  # the highest that such a form suggests
    asked_since: Mapping[tuple[str, SheetKey], datetime] | None = (
        None  # since when steps of COUNTED_FROM_ASKING are asked for; None: with the record
    )
    zone: tzinfo = UTC  # the agency's, which says on which day a moment falls
    ages: tuple[int, int] = AGES  # for whom the agency's model of assessment is
    changes: tuple[StateChange, ...] = ()  # of whether it is open, first to last
    child: int = 0  # which of several who were targeted is looked at; 0: all of them
    origin: str = (
        ""  # what tells it from a case of the same reference in another copy of the ledger
    )
    # What was looked up on the papers, each answer once: a case never changes.
    _answers: dict[tuple[str, str], str] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _moments: dict[tuple[str, str], Moment | None] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def level(self) -> Level | None:
        """What is decided, None where nothing is."""
        told = self.says(REVIEW, "level")
        return Level(told) if told else None

    @property
    def state(self) -> CaseState:
        """Whether it is open, closed, entered in error or a duplicate."""
        return self.changes[-1].state if self.changes else CaseState.OPEN

    @property
    def is_undecided(self) -> bool:
        """Whether she has still to decide: nothing is decided, it is in doubt, or a later form reopened it."""
        return self.level in (None, Level.DOUBT) or self.is_reopened

    @property
    def is_reopened(self) -> bool:
        """Whether a later form suggests more than is decided, so that it must be decided again."""
        return self.reopened_at is not None

    @property
    def suggested(self) -> Light | None:
        """The highest that the forms and the review sheets suggest, None where nothing could be suggested."""
        return highest(self.record.highest_light, self.together.light if self.together else None)

    @property
    def established(self) -> tuple[Finding, ...]:
        """What the review sheets add to the form: findings that raise or are context, and are new."""
        proposal = self.record.proposal
        known = (
            {(one.rule, one.weighs, one.text) for one in proposal.findings} if proposal else set()
        )
        findings = self.together.findings if self.together else ()
        weighty = (one for one in findings if one.weighs in (Weighs.RAISES, Weighs.CONTEXT))
        return tuple(one for one in weighty if (one.rule, one.weighs, one.text) not in known)

    @property
    def has_child_b(self) -> bool:
        """Whether another child may have been targeted. Only an answer, or a date of birth, says that there is none."""
        return self._kind_of_b not in ("adult", "nobody") and not self._is_adult_by_birth

    @property
    def _is_adult_by_birth(self) -> bool:
        """Whether the other person was an adult by the form's date of birth, and the review sheet gives no other."""
        by_form = any(one.code == BY_BIRTH for one in urgency.reasons(self.record))
        if not by_form or len(self.children_b) > 1:  # there is one date, and nobody can tell whose
            return False
        hers = self.moment(REVIEW, B_BIRTH)
        return hers is None or hers == self.moment(RECORDING, B_BIRTH)

    @property
    def _kind_of_b(self) -> str:
        return self.says(REVIEW, B_KIND) or self.says(RECORDING, B_KIND)

    @property
    def has_allegation(self) -> bool:
        """Whether an adult may have harmed a child, by what the papers say."""
        found = {one.code for one in urgency.reasons(self.record)}
        by_form = BY_KIND in found and not self.says(REVIEW, B_KIND)
        return self._kind_of_b == "adult" or by_form or bool(found & ALLEGATIONS)

    @property
    def roles(self) -> Mapping[str, str]:
        """What the children are called in the words of a step."""
        return ROLES_LEFT_OPEN if self.has_allegation else ROLES

    @property
    def words(self) -> Mapping[str, str]:
        """What words in {braces} stand for in this case."""
        return {**self.roles, "referred_to": self.referred_to or WHICH_SERVICE}

    @property
    def referred_to(self) -> str:
        """The service that a child is referred to where it is decided as concerning, "" where none is named."""
        is_elsewhere = CONDITIONS["other_referral"](self)
        return self.says(REVIEW, "other_referral_to") if is_elsewhere else ""

    @property
    def cannot_wait(self) -> bool:
        """Whether something on the record, or on the review sheets, makes it urgent."""
        return urgency.cannot_wait(self.record) or bool(self.together and self.together.urgent)

    @property
    def may_be_harmful(self) -> bool:
        """Whether it is decided as harmful, or may still be: what is suggested is neither green nor amber."""
        is_mild = self.suggested in (Light.GREEN, Light.AMBER) and not self.record.urgent
        return self.level is Level.HARMFUL or (self.is_undecided and not is_mild)

    @property
    def age(self) -> int | None:
        """How old the young person is when the assessment begins, in whole years, None where that is not clear.

        Where nobody says when it begins, the day counts on which the score sheets were dropped.
        """
        sheet, born = self.paper(SCORES), self.moment(SCORES, "child_dob")
        if sheet is None or born is None:
            return None
        begins = self.moment(SCORES, "begins_on")
        on = begins.day if begins else local_day(sheet.recorded_at, self.zone)
        return age_on(born.day, on) if born.day <= on else None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What the score sheets of an assessment note."""
        scores = self.sheets.get(SheetKey(SCORES))
        return profile.marks(scores.answers) if scores else ()

    @property
    def is_weighed(self) -> bool:
        """Whether the score sheets hold something, each with its nature and the weight of its evidence."""
        return profile.is_weighed(self.marks)

    @property
    def was_harmful_before(self) -> bool:
        """Whether an earlier incident of the same child was decided as harmful."""
        return any(earlier.decided == Level.HARMFUL for earlier in self.history.earlier)

    def with_sheet(self, sheet: Entry) -> Case:
        """Return the case with one more sheet that counts, the newest of its form."""
        after = replace(self, sheets={**self.sheets, sheet_key(sheet): sheet})
        if sheet.form_id == REVIEW:
            after = replace(
                after, reviews=(*self.reviews, sheet), reopened_at=None, reopened_by=None
            )
            after = after._looked_at_together()
        stands = after.level is self.level  # also where nothing is decided yet
        decided_at = self.decided_at if stands else sheet.recorded_at
        return replace(after, decided_at=decided_at)._asked_from(self, sheet.recorded_at)

    def with_revision(self, record: Entry) -> Case:
        """Return the case with the next revision of its record. Suggests it more than is decided, it is reopened."""
        after = replace(self, record=record)._looked_at_together()
        after = after._asked_from(self, record.recorded_at)
        light = record.proposal.light if record.proposal else None
        if light is None or self.level is None or not is_below(self.level, light):
            return after
        since, most = self.reopened_at or record.recorded_at, highest(self.reopened_by, light)
        return replace(after, reopened_at=since, reopened_by=most)

    def _looked_at_together(self) -> Case:
        """Return the case with what the rules suggest by the form and the review sheets."""
        if not self.reviews:
            return self
        together = suggested_together(self.record, self.reviews, self.history, self.zone)
        return replace(self, together=together)

    def since(self, step: Step) -> datetime:
        """Return since when a step with a clock of COUNTED_FROM_ASKING is asked for. Dropping a sheet again restarts none."""
        return self._all_asked_since[step.id, step.key]

    @property
    def _all_asked_since(self) -> Mapping[tuple[str, SheetKey], datetime]:
        if self.asked_since is not None:
            return self.asked_since
        return dict.fromkeys(self._counted(), self.record.recorded_at)

    def _asked_from(self, before: Case, at: datetime) -> Case:
        """Return the case with the moments since when its clocks run: as before it, or from now on."""
        known = before._all_asked_since
        return replace(self, asked_since={key: known.get(key, at) for key in self._counted()})

    def _counted(self) -> Iterator[tuple[str, SheetKey]]:
        for step in steps_with(COUNTED_FROM_ASKING):
            for view in self.views(step.sheet):
                if step.applies(view):
                    yield step.id, step.of_child(view.child).key

    @property
    def child_a(self) -> str:
        """The name of the child whom the form is about, or the one on the review sheet where the form gives none."""
        return self._told(RECORDING, A_NAME) or self._told(REVIEW, A_NAME)

    @property
    def children_b(self) -> tuple[str, ...]:
        """The names of those who were targeted, as the review sheet or the record gives them."""
        told = self._told(REVIEW, B_NAME) or self._told(RECORDING, B_NAME)
        return tuple(name.strip() for name in told.split(BETWEEN) if name.strip())

    @property
    def names_of_others(self) -> frozenset[str]:
        """The words by which others than the child who displayed the behaviour are named on the papers."""
        of_their_own = (
            given(s, "child_name") for k, s in self.sheets.items() if k.form_id in OF_CHILD_B
        )
        told = (self._told(RECORDING, B_NAME), self._told(REVIEW, B_NAME), *of_their_own)
        named = " ".join(told)
        ours = f"{self._told(RECORDING, A_NAME)} {self._told(REVIEW, A_NAME)}"
        return words_of_names(named, but=ours)

    def views(self, form_id: str) -> Iterator[Case]:
        """Yield the case, once for each child where a sheet is about one of several who were targeted."""
        if form_id not in OF_CHILD_B or len(self.children_b) < 2:
            yield self
            return
        yield from (replace(self, child=n) for n in range(1, len(self.children_b) + 1))

    def view(self, key: SheetKey) -> Case:
        """Return the case as one of its sheets looks at it."""
        return replace(self, child=key.child) if key.child else next(self.views(key.form_id))

    def says(self, form_id: str, name: str) -> str:
        """Return what a paper of this case answers, "" where nothing that could be read."""
        told = self._told(form_id, name)
        if not self.child or form_id not in (RECORDING, REVIEW):
            return told
        if name == B_NAME:
            return self.children_b[self.child - 1] if self.child <= len(self.children_b) else ""
        return "" if name in ABOUT_ONE_CHILD_B else told

    def _told(self, form_id: str, name: str) -> str:
        if (form_id, name) not in self._answers:
            paper, asked = self.answering(form_id, name)
            self._answers[form_id, name] = given(paper, asked) if paper else ""
        return self._answers[form_id, name]

    def answering(self, form_id: str, name: str) -> tuple[Entry | None, str]:
        """Return the paper that answers a question, and what the question is called there; None where none does.

        The sheet of the next steps answers questions of others, see next_steps.py.
        """
        if form_id == NEXT_STEPS and name in elsewhere():
            return self.answering(*elsewhere()[name])
        own = self.paper(form_id)
        if own and form_id == REVIEW:
            own = last_asking(own, self.reviews, name)
        is_of_several = form_id in OF_CHILD_B and len(self.children_b) > 1
        on_next_steps = None if is_of_several else self.sheets.get(SheetKey(NEXT_STEPS))
        return later_of(own, on_next_steps, (form_id, name))

    def moment(self, form_id: str, name: str) -> Moment | None:
        """Return the day that a sheet answers with, None unless it is clear and had come by then."""
        if (form_id, name) not in self._moments:
            self._moments[form_id, name] = self._moment(form_id, name)
        return self._moments[form_id, name]

    def _moment(self, form_id: str, name: str) -> Moment | None:
        paper, asked = self.answering(form_id, name)
        codes = {one.code for one in paper.notices if one.field == asked} if paper else set()
        if paper is None or codes & NO_SUCH_DAY:
            return None
        found = parse_moment(self.says(form_id, name), local_day(paper.recorded_at, self.zone))
        if isinstance(found, Moment) and NO_SUCH_TIME not in codes:
            return found
        return Moment(found.day) if found.day else None

    def is_ahead(self, form_id: str, name: str) -> bool:
        """Return whether a paper of this case answers with a day that lay ahead when it was recorded."""
        (paper, _), found = self.answering(form_id, name), self.moment(form_id, name)
        return bool(paper and found and found.day > local_day(paper.recorded_at, self.zone))

    def paper(self, form_id: str) -> Entry | None:
        """Return the record, or the sheet that counts: of the child that is looked at, where there are several."""
        if form_id == RECORDING:
            return self.record
        if form_id not in OF_CHILD_B:
            return self.sheets.get(SheetKey(form_id))
        found = self.sheets.get(self._key(form_id))
        return found if found and self._is_about_the_child(found) else None

    def _key(self, form_id: str) -> SheetKey:
        """Return the key of a sheet about the child that is looked at."""
        return SheetKey(form_id, self.child if self.child > 1 else 0)

    def _is_about_the_child(self, sheet: Entry) -> bool:
        """Whether a sheet names the child that is looked at. She may have taken away or changed round names."""
        named = name_key(given(sheet, "child_name"))
        names = self.children_b[max(self.child, 1) - 1 :]
        return not named or not names or named == name_key(names[0])


def sheet_key(sheet: Entry) -> SheetKey:
    """Return which sheet of its case it is."""
    return SheetKey(str(sheet.form_id), child_of_sheet(sheet.reference))
