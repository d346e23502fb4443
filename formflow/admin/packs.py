"""Packs of one child's papers for people outside: what stands in them, and where they may be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from formflow.admin.child_papers import ChildPapers, OwnCase
from formflow.core import files
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode, FormFlowError, StorageProblem
from formflow.core.model import Entry, Role
from formflow.core.references import at_revision
from formflow.core.settings import Settings
from formflow.core.wording import SHEET_WORDS, day_in_words, moment_in_words
from formflow.delivery.overlaps import places_of
from formflow.delivery.parcels import named_answers
from formflow.documents.child_pack import Pack, Part, Said
from formflow.documents.register import words
from formflow.documents.register.children import NO_BLAME, ROLES, in_general
from formflow.documents.register.rows import level_of
from formflow.forms.catalogue import FieldKind, Form
from formflow.rules.case.case import REVIEW
from formflow.rules.case.masking import Mask, Masked
from formflow.sdk.parcels import NamedAnswer

# Questions whose answers are another child's own: in the papers of the child who displayed the behaviour, and in the
# form and the review sheet where the child was targeted.
OF_CHILD_B = (
    *("child_b_", "parents_b_", "b_", "others_words", "words_b_text", "history_b_text"),
    "no_referral_b",
)
OF_CHILD_A = (
    *("child_", "parents_", "a_", "attempt_", "background_", "history_text", "words_a_text"),
    *("no_referral_a", "complex_text", "aim2"),
)
OF_NEITHER = ("near_text", "same_child", "incident_nearby")
STILL_TOLD = frozenset({"child_b_kind", "child_a_name", "child_b_name"})
TRANSFER = "Child protection file: hand-over to the next school"
HOW_MASKED = (
    "Other children are called Child B, Child C and so on, the same child by the same letter throughout. What only"
    " concerns them is left out. Names of staff stay. The originals of the forms are kept by the school that sends this."
)
KEEP_APART = (
    "Keep them apart from the main pupil file. Sign and return the receipt on the last page."
)
LEFT_OUT = "[left out: it is about another person]"
NOT_READ = "This form could not be read. Ask for a copy of the original."
OPEN_AND_RED = (
    "An incident in these papers is, or may be, harmful, and some actions are outstanding. The two"
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

    def transfer(self, papers: ChildPapers) -> Pack:
        """Return the hand-over pack of a child for the next school."""
        mask, agency = papers.mask(), self.settings.agency
        to = agency.return_address or "the address on the letter that came with these papers"
        return Pack(
            title=TRANSFER,
            notes=(HOW_MASKED, KEEP_APART),
            reference=papers.reference,
            about=tuple(self.about(papers)),
            warnings=tuple(_warnings(papers)),
            incidents=tuple(self.incident(one, mask) for one in papers.cases),
            papers=tuple(
                self.paper(one, paper, mask) for one in papers.cases for paper in one.papers
            ),
            sender=(("Return to", f"{agency.safeguarding_lead}, {agency.name}\n{to}"),),
        )

    def about(self, papers: ChildPapers) -> Iterator[tuple[str, str]]:
        """Yield the rows of the cover."""
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

    def incident(self, one: OwnCase, mask: Mask) -> Part:
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
            *([Said("Actions outstanding", str(line.open_steps))] if line.open_steps else []),
        )
        return Part(f"{words.day(line.day)}: {line.reference}", told)

    def paper(self, one: OwnCase, paper: Entry, mask: Mask) -> Part:
        """Return a form or sheet as FormFlow read it, for people outside."""
        about = (paper.form_id, paper.form_version)
        form = next((one for one in self.forms if (one.form_id, one.version) == about), None)
        title = SHEET_WORDS.get(
            paper.form_id or "", f"{form.code} {form.title}" if form else "Form"
        )
        received = moment_in_words(paper.received_at, self.settings.zone)
        said = [Said("Received", received)]
        fields = form.fields if form else {}
        for answer in filter(lambda one: one.text, named_answers(paper, form)):
            is_free = fields[answer.field].kind in (FieldKind.TEXT, FieldKind.LONG_TEXT)
            said.append(_answer(answer, paper, mask, one, is_free=is_free))
        if len(said) == 1:
            said.append(Said("Answers", NOT_READ, ("this form was not read",)))
        return Part(f"{title} ({at_revision(paper.reference, paper.revision)})", tuple(said))


def _answer(answer: NamedAnswer, paper: Entry, mask: Mask, one: OwnCase, *, is_free: bool) -> Said:
    field, label, text = answer.field, answer.label, answer.text
    if _is_others(field, paper, is_own=one.is_own) and field not in STILL_TOLD:
        return Said(label, LEFT_OUT)
    masked = mask.over(text)
    return Said(label, masked.text, _why(masked), field, is_free=is_free)


def _is_others(field: str, paper: Entry, *, is_own: bool) -> bool:
    """Return whether the answer to a question is another child's own."""
    if field in OF_NEITHER:
        return True
    if is_own:
        return field.startswith(OF_CHILD_B)
    is_about_both = paper.about is None or paper.form_id == REVIEW
    is_of_b = field.startswith(("child_b_", "parents_b_"))
    return is_about_both and field.startswith(OF_CHILD_A) and not is_of_b


def _why(masked: Masked) -> tuple[str, ...]:
    return tuple(sorted(masked.why))


def _warnings(papers: ChildPapers) -> Iterator[str]:
    if any(one.is_open_and_red for one in papers.cases):
        yield OPEN_AND_RED


def refuse_place(file: Path, settings: Settings) -> None:
    """Refuse a place for a pack that FormFlow watches, or that staff read. Raise NotThere."""
    if file.exists():
        raise NotThere("There is already a file or folder with this name.", "Choose another name.")
    if not file.parent.is_dir():
        raise NotThere(
            "The folder for the pack is not there.", "Create it first, or choose another folder."
        )
    if file.resolve().parent in {folder.resolve().parent for folder in _of_staff(settings)}:
        raise NotThere(
            "Staff can open this folder, and the pack holds a child’s papers.",
            "Choose a folder that only the DSL can open.",
        )
    inside = {parent.resolve() for parent in file.resolve().parents}
    for place in places_of(settings):
        if place.path.resolve() in inside:
            raise NotThere(
                f"The pack holds a child’s papers, and this folder is FormFlow’s ({place.name}).",
                "Choose a folder that only the DSL can open, outside FormFlow’s folders.",
            )


def _of_staff(settings: Settings) -> Iterator[Path]:
    """Yield the folders that staff open: what lies beside one of them is theirs to see, too."""
    yield from (settings.folders.blank_forms, settings.folders.receipts)
    yield settings.folders.needs_attention
    yield from (watch.needs_attention for watch in settings.watch if watch.needs_attention)
    yield from (watch.folder for watch in settings.watch if watch.role is Role.STAFF)


def write(files_of_pack: Mapping[Path, bytes]) -> None:
    """Write a pack for the account's own eyes, with its folder where that is new: whole or not. Raise StorageProblem."""
    new = {file.parent for file in files_of_pack if not file.parent.exists()}
    try:
        for file, content in files_of_pack.items():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            files.write(file, content)
    except OSError as problem:
        with suppress(OSError):  # a share that has gone away keeps what it has
            for file in files_of_pack:
                file.unlink(missing_ok=True)
            for folder in new:
                folder.rmdir()
        raise StorageProblem(
            "The pack could not be written.",
            "Check that the disk is there and has room, and that this account may write there. Then try again.",
        ) from problem
