"""Packs of one child's papers for people outside: what stands in them, and where they may be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from formflow.admin.child_papers import ChildPapers, OwnCase
from formflow.core import files
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode, FormFlowError, StorageProblem
from formflow.core.model import Entry
from formflow.core.references import at_revision
from formflow.core.settings import Settings
from formflow.core.wording import SHEET_WORDS, day_in_words, moment_in_words
from formflow.delivery.overlaps import places_of
from formflow.delivery.parcels import named_answers
from formflow.documents.child_pack import Pack, Part, Said
from formflow.documents.register import words
from formflow.documents.register.children import NO_BLAME, ROLES, in_general
from formflow.documents.register.rows import level_of
from formflow.forms.catalogue import Form
from formflow.rules.case.masking import Mask, Masked

# Questions whose answers are another child's own, in the papers of the child who displayed the behaviour.
OTHERS_OWN = ("child_b_", "parents_b_", "b_")
NOT_PASSED_ON = frozenset({
    *("others_words", "words_b_text", "history_b_text", "near_text", "same_child", "no_referral_b"),
    "incident_nearby",
})  # fmt: skip
STILL_TOLD = frozenset({"child_b_kind", "child_b_name"})
LEFT_OUT = "[left out: it is about another person]"
NOT_READ = "This form was not read. Ask for a copy of the original."
OPEN_AND_RED = (
    "An incident in these papers is harmful, or may be, and not everything is done that it asks for. The two"
    " safeguarding leads should speak before the child starts at the new school."
)


class NotThere(FormFlowError):
    """A pack cannot be written where somebody wants it."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes a pack."""

    settings: Settings
    forms: Sequence[Form]
    now: datetime

    def pack(self, papers: ChildPapers) -> Pack:
        """Return the hand-over pack of a child."""
        mask, agency = papers.mask(), self.settings.agency
        to = agency.return_address or "the address on the letter that came with these papers"
        return Pack(
            reference=papers.reference,
            about=tuple(self._about(papers)),
            warnings=tuple(_warnings(papers)),
            incidents=tuple(self._incident(one, mask) for one in papers.cases),
            papers=tuple(
                self._paper(one, paper, mask) for one in papers.cases for paper in one.papers
            ),
            sender=(("Return to", f"{agency.safeguarding_lead}, {agency.name}\n{to}"),),
        )

    def _about(self, papers: ChildPapers) -> Iterator[tuple[str, str]]:
        people = [one.incident.person for one in papers.cases]
        born = {day_in_words(one.born) for one in people if one.born}
        yield "Child", "\n".join(filter(None, papers.names)) or "Name not given"
        yield "Date of birth", " or ".join(sorted(born)) or "Not known"
        yield (
            "UPN or number",
            ", ".join({one.number: None for one in people if one.number}) or "Not known",
        )
        yield "Reference here", ", ".join((papers.reference, *papers.also))
        yield "Sent by", f"{self.settings.agency.safeguarding_lead}, {self.settings.agency.name}"
        yield "Made", moment_in_words(self.now, self.settings.zone)
        yield "Incidents", str(len(papers.cases))

    def _incident(self, one: OwnCase, mask: Mask) -> Part:
        """Return an incident as the chronology tells it."""
        line, person, zone = one.line, one.incident.person, self.settings.zone
        what = mask.over(line.story) if one.is_own else Masked(in_general(line))
        outcome = words.DECIDED[line.level][2] if line.level else "Not decided"
        if line.level and line.decided_at:
            outcome = f"{outcome}, {words.day(local_day(line.decided_at, zone))}"
        done = [each.what for each in line.done if each.whose in ("", one.incident.whose)]
        action = mask.over("\n".join(done) or "None recorded")
        told = (
            Said("Role", (NO_BLAME if line.has_allegation else ROLES)[person.part]),
            Said("What happened", what.text, _why(what)),
            Said("Level", level_of(line)[2]),
            Said("Outcome", outcome),
            Said("Action", action.text, _why(action)),
            Said("Recorded", words.day(local_day(line.received_at, zone))),
            Said("Form completed by", line.author or "Not given"),
            *(
                [Said("Steps of the guidance still open", str(line.open_steps))]
                if line.open_steps
                else []
            ),
        )
        return Part(f"{words.day(line.day)}: {line.reference}", told)

    def _paper(self, one: OwnCase, paper: Entry, mask: Mask) -> Part:
        """Return a form or sheet as FormFlow read it, for people outside."""
        about = (paper.form_id, paper.form_version)
        form = next((one for one in self.forms if (one.form_id, one.version) == about), None)
        title = SHEET_WORDS.get(
            paper.form_id or "", f"{form.code} {form.title}" if form else "Form"
        )
        received = moment_in_words(paper.received_at, self.settings.zone)
        said = [Said("Received", received)]
        said += [
            _answer(answer.field, answer.label, answer.text, mask, one)
            for answer in named_answers(paper, form)
            if answer.text
        ]
        if len(said) == 1:
            said.append(Said("Answers", NOT_READ, ("this form was not read",)))
        return Part(f"{title} ({at_revision(paper.reference, paper.revision)})", tuple(said))


def _answer(field: str, label: str, text: str, mask: Mask, one: OwnCase) -> Said:
    is_theirs = field in NOT_PASSED_ON or (one.is_own and field.startswith(OTHERS_OWN))
    if is_theirs and field not in STILL_TOLD:
        return Said(label, LEFT_OUT)
    masked = mask.over(text)
    return Said(label, masked.text, _why(masked))


def _why(masked: Masked) -> tuple[str, ...]:
    return tuple(sorted(masked.why))


def _warnings(papers: ChildPapers) -> Iterator[str]:
    if any(one.is_open_and_red for one in papers.cases):
        yield OPEN_AND_RED


def refuse_place(file: Path, settings: Settings) -> None:
    """Refuse a place for a pack that FormFlow watches, or that staff read. Raise NotThere."""
    if file.exists():
        raise NotThere("There is a file of this name already.", "Give a name that is new.")
    if not file.parent.is_dir():
        raise NotThere("The folder for the pack is not there.", "Make it first, or name another.")
    inside = {parent.resolve() for parent in file.resolve().parents}
    for place in places_of(settings):
        if place.path.resolve() in inside:
            raise NotThere(
                f"The pack holds a child’s papers, and this folder is FormFlow’s ({place.name}).",
                "Choose a folder that only the safeguarding lead can open, outside FormFlow’s folders.",
            )


def write(file: Path, content: bytes) -> None:
    """Write a pack for the account's own eyes. Raise StorageProblem."""
    try:
        files.write(file, content)
    except OSError as problem:
        raise StorageProblem(
            "The pack could not be written.",
            "Check that there is room, and that this account may write there.",
        ) from problem
