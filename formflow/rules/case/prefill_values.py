"""What a sheet is filled in with: what the papers of its case say, and what FormFlow works out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from formflow.core.dates import local_day
from formflow.core.model import (
    Answer,
    AnswerState,
    EarlierIncident,
    Entry,
    Finding,
    History,
    Proposal,
    Tri,
    Weighs,
)
from formflow.core.references import SheetKey
from formflow.core.wording import LEVEL_WORDS, LIGHT_WORDS, REOPENED_WORDS, day_in_words, suggested
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.forms.top_line import NOT_AIM2
from formflow.rules.assessment import profile
from formflow.rules.case.case import A_NAME, OF_CHILD_B, RECORDING, REPORT, REVIEW, Case
from formflow.rules.case.closing import (
    CHANGED,
    IN_VAIN,
    OF,
    REASONS,
    STATE,
    WHY,
    left_open,
    lines_for_reasons,
)
from formflow.rules.case.named_child import given, known_of
from formflow.rules.case.next_steps import counts_for
from formflow.rules.case.standing import standing
from formflow.rules.case.steps import OUTCOME, SCORES, Kind, steps
from formflow.rules.case.unnamed import without_names, words_of_names
from formflow.rules.light import urgency
from formflow.rules.roster import Pupil

# Where something is known from.
REFERRED_TO, SERVICES, PROFILE = "case.referred_to", "services.", "profile."
HAPPENED = "case.what_happened"  # to the child who was targeted
REFERRALS = ("referral_a", "referral_b")  # sheets that are filled in from the pupil list, too
DECIDED_ANEW = ("level", "lower_reason")  # questions of the review sheet
# Questions of the review sheet that are done once: dropping the next copy must not close a case again.
DONE_ONCE = (STATE, WHY, OF)
# What comes first, in a few words: steps with the clock “now”, by their number.
FIRST: Mapping[str, str] = {
    "IR1": "Immediate referral to the police or social care: make it, or record why not.",
    "AL1": "Possible allegation against an adult: tell {head} and {lado} before anyone is questioned.",
    "DX2": "Report it to {police}.",
    "IR6": "Arrange a medical assessment with {medical}.",
}
STORY = ("type_text", "context_text", "others_text", "others_words", "child_text", "child_words")
TO_CHILD_B = ("type_text", "context_text", "others_text")
OPEN_TO_A = ("report", "plan_a", "plan_setting")  # sheets that child A or the parents may read


@dataclass(frozen=True, slots=True)
class Desk:
    """What sheets are filled in from besides the case."""

    forms: Mapping[str, Form]  # the sheets, by form id
    services: Mapping[str, str]  # the agency's own words for services
    by_fillpdf: bool = False  # True: fillpdf stores the answers


def known(form: Form, case: Case, desk: Desk) -> dict[str, Answer]:
    """Return what a sheet is filled in with: its own last answers, else what other papers say."""
    own = case.paper(form.form_id)
    found = dict(own.answers) if own else {}
    if case.is_reopened and form.form_id == REVIEW:
        # Nobody decides again by dropping what lies there: the level and its reason are hers to give again.
        found = {name: one for name, one in found.items() if name not in DECIDED_ANEW}
    if form.form_id == REVIEW:
        found = _about_closing(found, own, case, desk)
    asked = {name: field for name, field in form.fields.items() if not field.for_reading}
    for name, field in asked.items():
        if counts := _counts(field, form, case):
            found[name] = _given(counts)
        elif name not in found or found[name].state is AnswerState.BLANK:
            words = _from_others(field, case, desk) or _from_list(form, name, case)
            found[name] = _given(_unnamed(words, form, case))
    # What stands for reading tells of this very copy: what it lacks, for one.
    copy = replace(own or case.record, answers=dict(found))
    shown = replace(case, sheets={**case.sheets, SheetKey(form.form_id): copy})
    for name in form.fields.keys() - asked.keys():
        found[name] = _given("\n".join(FOR_READING[name](shown, desk)))
    return found


def _about_closing(
    found: dict[str, Answer], own: Entry | None, case: Case, desk: Desk
) -> dict[str, Answer]:
    """Return the answers of a review sheet with what closes its case: what was asked in vain, and reasons to give."""
    codes = {one.code for one in own.notices} if own else set()
    is_in_vain = bool(codes & IN_VAIN) and not case.is_reopened
    if not is_in_vain:
        found = {name: one for name, one in found.items() if name not in DONE_ONCE}
    told = given(own, REASONS) if own and CHANGED not in codes else ""
    if CHANGED not in codes and (is_in_vain or not case.is_undecided):
        on = local_day((own or case.record).recorded_at, case.zone)
        told = lines_for_reasons(told, left_open(case, on, desk.services))
    return {**found, REASONS: _given(told)}


def _counts(field: Field, form: Form, case: Case) -> str:
    """Return the answer that counts where a question is on two sheets, "" where it is on one or nobody answered it."""
    if not field.counts_for and (form.form_id, field.name) not in counts_for():
        return ""
    form_id, _, name = (field.counts_for or f"{form.form_id}.{field.name}").partition(".")
    paper, _ = case.answering(form_id, name)
    said = case.says(form_id, name)
    return said if paper and paper.form_id == form.form_id else _unnamed(said, form, case)


def is_marked(form_id: str, desk: Desk) -> bool:
    """Return whether a sheet is marked as no AIM2 assessment: without an agency's own licensed items."""
    return form_id in (SCORES, OUTCOME, REPORT) and not desk.forms[SCORES].is_licensed


def _given(words: str) -> Answer:
    return Answer(words, words, AnswerState.GIVEN) if words else Answer(None, "", AnswerState.BLANK)


def _unnamed(words: str, form: Form, case: Case) -> str:
    """Return what a sheet is filled in with: one that the young person reads names nobody else."""
    return without_names(words, case.names_of_others) if form.form_id in OPEN_TO_A else words


def _from_others(field: Field, case: Case, desk: Desk) -> str:
    """Return what is known of a question: from papers, the agency's settings or the profile."""
    for source in field.known_from:
        if source == REFERRED_TO and case.referred_to:
            return case.referred_to
        if source.startswith(SERVICES):
            return desk.services[source.removeprefix(SERVICES)]
        if source.startswith(PROFILE):
            return _from_profile(source.removeprefix(PROFILE), case, desk)
    said = known_of(field, case)
    if not said and HAPPENED in field.known_from:
        return _what_happened(case)
    # “Not known” on the recording form is for her to find out: her circle stays blank.
    is_hers = any(source.startswith(f"{RECORDING}.") for source in field.known_from)
    return "" if is_hers and field.kind is FieldKind.TICK and said == Tri.UNKNOWN else said


def _what_happened(case: Case) -> str:
    """Return what happened in the words of the form, without the name of the child who displayed the behaviour.

    Of several who were targeted nobody can tell what happened to which.
    """
    told = (case.says(RECORDING, name) for name in TO_CHILD_B if not case.child)
    names = (case.says(paper, A_NAME) for paper in (RECORDING, REVIEW))
    others = words_of_names(" ".join(names), but=" ".join(case.children_b))
    return "\n".join(without_names(words, others) for words in told if words)


def _from_list(form: Form, name: str, case: Case) -> str:
    """Return what the agency's pupil list says to a question of a referral, "" where it says nothing."""
    is_of_b = form.form_id in OF_CHILD_B
    if form.form_id not in REFERRALS or (is_of_b and len(case.children_b) != 1):
        return ""
    pupil = case.on_list.child_b if is_of_b else case.on_list.child_a
    return FROM_LIST[name](pupil) if pupil and name in FROM_LIST else ""


def _listed(*lines: str) -> str:
    """Return what the list says, and that it is the list that says it."""
    return "\n".join(("From the pupil list, please check:", *lines)) if any(lines) else ""


def _family(pupil: Pupil) -> str:
    return _listed(*filter(None, (pupil.parents, pupil.parents_phone, pupil.parents_email)))


FROM_LIST: Mapping[str, Callable[[Pupil], str]] = {
    "child_number": lambda pupil: pupil.upn,  # a number alone: sheets are matched by it
    "child_lives": lambda pupil: _listed(pupil.address),
    "family": _family,
}


def _from_profile(name: str, case: Case, desk: Desk) -> str:
    nature, _, kind = name.partition("_")
    if kind:
        return profile.of_nature(case.marks, nature, kind, _labels(desk))
    return profile.of_domain(case.marks, name, _labels(desk))


def _labels(desk: Desk) -> Mapping[str, str]:
    """Return what each item is called: a licensed one by its number alone, as its words stay on F4."""
    return {
        name: f"{name.split('_')[1]}:" if field.licensed else field.label
        for name, field in desk.forms[SCORES].fields.items()
    }


def _first(case: Case, desk: Desk) -> Iterator[str]:
    """Yield what cannot wait, each once."""
    now = dict.fromkeys(step.id for step in steps() if step.clock == "now" and step.is_open(case))
    words = {**desk.services, **case.words}
    yield from (FIRST[one].format_map(words) for one in now)
    if not now:
        yield "Nothing that cannot wait is known."


def _story(case: Case, _desk: Desk) -> Iterator[str]:
    """Yield what happened in the words of the form, and where."""
    told = [case.says(RECORDING, name) for name in STORY]
    yield from (words for words in told if words)
    if place := case.says(RECORDING, "incident_place"):
        yield f"Where: {place}"
    if not any(told):
        yield "The form does not say it in words that could be read. Open the original."


def _suggestion(case: Case, _desk: Desk) -> Iterator[str]:
    """Yield the suggested level and what raises it, in short; the guidance's own words are further back."""
    if case.reopened_by is not None:
        yield f"The decision is {REOPENED_WORDS[case.reopened_by]}. Please decide again."
    proposal = case.record.proposal
    if proposal is None:
        yield "No level could be suggested: the form could not be read. Read it yourself."
        return
    highest = case.suggested or proposal.light
    yield f"{suggested(highest)}. {LIGHT_WORDS[highest][2]}"
    yield from (reason.text for reason in urgency.reasons(case.record))
    found = (*proposal.findings, *case.established)
    weighty = [one for one in found if one.weighs is Weighs.RAISES]
    reasons: dict[str, list[str]] = {}
    for one in weighty or found:
        reasons.setdefault(one.text, []).append(f"{one.rule}, guidance {one.section}")
    yield from (f"{text} ({'; '.join(lines)})" for text, lines in reasons.items())


def _open(case: Case, desk: Desk) -> Iterator[str]:
    """Yield what is still open, what comes first before the rest."""
    words = {**desk.services, **case.words}
    still = [step for step in steps() if step.is_open(case)]
    first = [step for step in still if step.clock == "now" or step.kind is Kind.GATE]
    ordered = dict.fromkeys(step.text.format_map(words) for step in (*first, *still))
    yield from ordered or ("Nothing.",)


def _proposal(case: Case, _desk: Desk) -> Iterator[str]:
    if case.reopened_by is not None:
        yield f"The decision is {REOPENED_WORDS[case.reopened_by]}. Please decide again."
    proposal = case.record.proposal
    highest = case.record.highest_light
    if highest is not None and (proposal is None or highest is not proposal.light):
        yield f"An earlier form of this record: {suggested(highest)}. That holds until you decide."
    if proposal is None:
        yield "No level could be suggested: the form could not be read. Read it yourself."
        return
    yield f"{suggested(proposal.light)}. {LIGHT_WORDS[proposal.light][2]}"
    yield from (caution.text for caution in proposal.cautions)
    yield from (_cited(found) for found in proposal.findings)
    yield from (contradiction.text for contradiction in proposal.contradictions)
    if case.together is not None:
        yield from _with_review(case, proposal, case.together)


def _with_review(case: Case, by_form: Proposal, together: Proposal) -> Iterator[str]:
    """Yield what the form and the review sheets suggest together, and what the sheets add to the form."""
    yield f"With what your review sheet says: {suggested(together.light).lower()}."
    yield from (_cited(found) for found in case.established)
    told = by_form.contradictions
    yield from (one.text for one in together.contradictions if one not in told)


def _cited(found: Finding) -> str:
    colours = " and ".join(found.colours)
    return f"{found.text} – {found.rule}, guidance {found.section}, {colours}: “{found.quote}”"


def _history_a(case: Case, _desk: Desk) -> Iterator[str]:
    yield from _history(case.history)


def _history_b(case: Case, _desk: Desk) -> Iterator[str]:
    yield from _history(case.history_b)


def _history(history: History) -> Iterator[str]:
    yield from (_incident(one, "") for one in history.earlier)
    yield from (_incident(one, ", in which this child was targeted") for one in history.targeted)
    if not history.earlier and not history.targeted:
        yield "No earlier records under exactly this name and date of birth, or this number. See possible matches below."


def _incident(one: EarlierIncident, role: str) -> str:
    day = day_in_words(one.incident_day) if one.incident_day else "day not known"
    decided = f". {LEVEL_WORDS[one.decided]}" if one.decided else ""
    return f"{one.reference}: {day}{role}, {suggested(one.light).lower()}{decided}"


def _near(case: Case, _desk: Desk) -> Iterator[str]:
    told = (*_on_record(case), *_on_the_list(case))
    yield from told or ("Nobody.",)


def _on_record(case: Case) -> Iterator[str]:
    for one in case.near:
        papers = f" (see {', '.join(one.papers)})" if one.papers else ""
        yield f"{one.child_reference}: {one.why}{papers}"
    if case.joined:
        yield f"Linked by you: {', '.join(case.joined)}. To take that back, clear the box below."


def _on_the_list(case: Case) -> Iterator[str]:
    """Yield whom the pupil list knows by this name, or comes near to it: which of them it is, a person says."""
    if case.on_list.child_a and not case.on_list.offered:
        yield f"On the pupil list: {case.on_list.child_a.in_words}."
    for one in case.on_list.offered:
        number = one.pupil.number
        how = f"write {number} below" if number else "the list has no number for this child: ask IT"
        yield f"On the pupil list: {one.pupil.in_words} – {one.why}. If it is this child: {how}."


def _limits(case: Case, desk: Desk) -> Iterator[str]:
    """Yield what is on every outcome sheet and report (EL7, AC3), and what is on this one."""
    if is_marked(OUTCOME, desk):
        yield f"{NOT_AIM2} Nothing is scored or added up."
    printed = {line.id: line for line in standing()}
    for rule, words in (
        ("AC3", "It supports a decision and makes none"),
        ("EL7", "What it can foretell is limited"),
    ):
        yield f"{words}: “{printed[rule].quote}” (guidance {printed[rule].section})."
    if case.says(SCORES, "paper_only") == "yes":
        yield "From papers alone (Stage One): “likely to provide a limited outcome” (guidance 7)."


def _chart(case: Case, _desk: Desk) -> Iterator[str]:
    """Yield the profile as lines of signs. On the sheet itself it is drawn."""
    for domain, title in profile.DOMAINS.items():
        for kind in profile.KINDS:
            for nature in profile.NATURES:
                there = profile.signs(case.marks, domain, kind, nature)
                yield f"{title}, {nature} {kind}s: {there or 'none'}"


def _profile(case: Case, desk: Desk) -> Iterator[str]:
    yield profile.in_words(case.marks, _labels(desk))
    yield from profile.values(case.marks, desk.forms[SCORES].bands)


def _most(case: Case, _desk: Desk) -> Iterator[str]:
    yield from profile.where_most_is_noted(case.marks)


def _missing(case: Case, _desk: Desk) -> Iterator[str]:
    wanted = [step for step in steps() if step.sheet == REPORT and step.is_open(case)]
    yield from (f"{step.id}: {step.text}" for step in wanted)


FOR_READING: Mapping[str, Callable[[Case, Desk], Iterator[str]]] = {
    "first_text": _first,
    "story_text": _story,
    "suggestion_text": _suggestion,
    "open_text": _open,
    "proposal_text": _proposal,
    "history_text": _history_a,
    "history_b_text": _history_b,
    "near_text": _near,
    "limits_text": _limits,
    "profile_chart": _chart,
    "profile_text": _profile,
    "significant_text": _most,
    "missing_text": _missing,
}
