"""What came of forms whose answers and level are known: on record, once at every destination, judged right, and told.

For campaigns that hurt FormFlow while forms flow: they look at each form, not only at how many there are.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import openpyxl
from sqlalchemy import text

from bench import forms as made_forms
from formflow.admin import status
from formflow.core.model import AnswerState, Entry, Outcome
from formflow.core.settings import Settings
from formflow.sdk import LIGHTS, Light, at_revision, find_revision
from formflow.storage import database, entries
from tests.support.inbox import Inbox
from tests.support.offices import REFERENCE, SAMPLES, csv_rows, dsl_folder, files

OWN = "LEDGER-"  # in the references of alerts about FormFlow itself
REGISTER = "FormFlow register.xlsx"
# Places where a person sees that a form has come: a form that is in none of one kind is unseen.
TELL = ("Alerts", "Mail", "Board")
_KEYS = text(
    "SELECT key, reference, revision FROM parcel JOIN entry ON entry.id = entry_id"
    " WHERE operation = 'alert' AND cause = 'entry'"
)


@dataclass(frozen=True, slots=True)
class KnownForm:
    """A form, what was typed on it, and the level that was worked out by hand."""

    path: Path
    sha256: str
    light: Light
    answers: Mapping[str, str]  # field -> value; what is not answered is not there


def make(folder: Path, count: int) -> list[KnownForm]:
    """Write so many forms, each about another child."""
    known = {case: tomllib.loads(_said(case).read_text("utf-8")) for case in made_forms.CASES}
    made = []
    paths = zip(made_forms.make(folder, count), cycle(made_forms.CASES), strict=False)
    for number, (path, case) in enumerate(paths, 1):
        said = known[case]
        answers = {**said["answers"], "child_a_name": f"Child Number {number}"}
        made.append(KnownForm(path, _sha256(path), Light(said["expect"]["light"]), answers))
    return made


def _said(case: str) -> Path:
    return SAMPLES / case / "expected.toml"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the news of an agency goes, beside its own folders."""

    office: Settings
    inbox: Inbox | None = None
    board: Path | None = (
        None  # of the connector of examples/connector, which has a process of its own
    )

    def held(self) -> dict[str, Counter[str]]:
        """Return how often each destination holds each revision: "FF-2026-000001 r1" -> times."""
        looks: dict[str, Callable[[], Iterable[str]]] = {
            "Register": self._registered,
            "Record lines": self._lines,
            "Child files, original": lambda: self._child_files("original"),
            "Child files, as read": lambda: self._child_files("as read"),
            "Receipts": lambda: map(_revision, files(self.office.folders.receipts)),
            "Alerts": self._alerts,
        }
        if self.inbox is not None:
            looks["Mail"] = self._mails
        if self.board is not None:
            looks["Board"] = self._cards
        return {place: Counter(filter(None, look())) for place, look in looks.items()}

    def mails_repeated(self) -> int:
        """Return how many mails came again under a Message-ID that had come before."""
        sent = [mail["Message-ID"] for mail in self.inbox.messages] if self.inbox else []
        return len(sent) - len(set(sent))

    def _registered(self) -> Iterable[str]:
        return (
            at_revision(str(row["Reference"]), int(str(row["Revision"])))
            for row in register(self.office)
        )

    def _lines(self) -> Iterable[str]:
        rows = csv_rows(self.office)
        return (at_revision(row["ff_reference"], int(row["ff_revision"])) for row in rows)

    def _child_files(self, kind: str) -> Iterable[str]:
        lying = files(dsl_folder(self.office) / "Child files")
        return (_revision(name) for name in lying if kind in name)

    def _alerts(self) -> Iterable[str]:
        """Yield what each page is about; pages about FormFlow itself are about no form."""
        pages = files(self.office.folders.alerts)
        return (_revision(name) for name in pages if OWN not in name)

    def _mails(self) -> Iterable[str]:
        """Yield each mail's revision, once for each Message-ID: the same one is shown once by mail programs."""
        keys = self._keys()
        assert self.inbox is not None
        numbers = {mail["Message-ID"].strip("<>") for mail in self.inbox.messages}
        return (keys.get(number.partition("@")[0], "") for number in sorted(numbers))

    def _cards(self) -> Iterable[str]:
        assert self.board is not None
        keys = self._keys()
        return (keys.get(card.stem, card.stem) for card in self.board.glob("*.txt"))

    def _keys(self) -> dict[str, str]:
        with database.looking(self.office.state.folder) as connection:
            rows = connection.execute(_KEYS).all()
        return {row.key: at_revision(row.reference, row.revision) for row in rows}


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of all forms: what is wrong with which, by its kind."""

    forms: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    wrong: tuple[str, ...]
    unseen: tuple[str, ...]
    mails_repeated: int

    @property
    def is_clean(self) -> bool:
        """Return whether nothing is wrong. The contract lets a mail come again, under its own Message-ID."""
        return not (self.lost or self.doubled or self.wrong or self.unseen)

    def __str__(self) -> str:
        counts = (
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.wrong)} judged wrongly,"
            f" {len(self.unseen)} unseen"
        )
        wrong = (*self.lost, *self.doubled, *self.wrong, *self.unseen)
        return f"{self.forms} forms: {counts}" + "".join(f"\n  {one}" for one in wrong)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found at one moment."""

    recorded: Mapping[str, Sequence[Entry]]  # by the sha256 of the paper
    held: Mapping[str, Counter[str]]  # by place and revision
    rows: Mapping[str, Mapping[str, object]]  # of the register, by revision
    lines: Mapping[str, Mapping[str, str]]  # of the CSV files, by revision
    originals: frozenset[str]  # sha256 of each in the child files


def tally(places: Places, forms: Sequence[KnownForm]) -> Tally:
    """Look at every form: the record, the row, the line, the child's file, the receipt, the alert, the mail."""
    office = places.office
    seen = _Seen(
        on_record(office),
        places.held(),
        {
            at_revision(str(row["Reference"]), int(str(row["Revision"]))): row
            for row in register(office)
        },
        {
            at_revision(row["ff_reference"], int(row["ff_revision"])): row
            for row in csv_rows(office)
        },
        _original_hashes(office),
    )
    found: dict[str, list[str]] = {"lost": [], "doubled": [], "wrong": [], "unseen": []}
    for form in forms:
        for kind, words in _troubles(form, seen):
            found[kind].append(f"{form.path.name}: {words}")
    for place, counts in seen.held.items():
        strangers = counts.keys() - {_named(one) for same in seen.recorded.values() for one in same}
        found["doubled"] += [f"{place} holds {one}, which is not on record" for one in strangers]
    named = {kind: tuple(words) for kind, words in found.items()}
    return Tally(len(forms), **named, mails_repeated=places.mails_repeated())


def _troubles(form: KnownForm, seen: _Seen) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one form: of what kind, and in words."""
    entries_of = seen.recorded.get(form.sha256, ())
    if not entries_of:
        yield "lost", "not on record"
    if len(entries_of) > 1:
        yield "doubled", f"{len(entries_of)} records"
    if entries_of and form.sha256 not in seen.originals:
        yield "lost", "no original in the child’s file has its bytes"
    for entry in entries_of:
        revision = _named(entry)
        for place, counts in seen.held.items():
            if counts[revision] == 0:
                yield "unseen" if place in TELL else "lost", f"{revision} is not in {place}"
            if counts[revision] > 1:
                yield "doubled", f"{revision} is in {place} {counts[revision]} times"
        yield from (("wrong", f"{revision}: {words}") for words in _misjudged(form, entry))
        row, line = seen.rows.get(revision, {}), seen.lines.get(revision, {})
        yield from (("wrong", f"{revision}: {words}") for words in _said_wrongly(form, row, line))


def _named(entry: Entry) -> str:
    return at_revision(entry.reference, entry.revision)


def at_rest(office: Settings) -> bool:
    """Return whether all that was dropped is taken, read and with every destination."""
    if files(office.watch[0].folder):
        return False
    view = status.overview(office)
    return view.papers_unread == 0 and view.undelivered == ()


def on_record(office: Settings) -> dict[str, list[Entry]]:
    """Return what is on record, by the sha256 of the paper."""
    found: dict[str, list[Entry]] = {}
    with database.looking(office.state.folder) as connection:
        for number in connection.execute(text("SELECT id FROM entry ORDER BY id")).scalars().all():
            entry = entries.entry(connection, number)
            found.setdefault(entry.sha256, []).append(entry)
    return found


def register(office: Settings) -> list[dict[str, object]]:
    """Return the rows of the register workbook, by their headings."""
    path = dsl_folder(office) / REGISTER
    book = openpyxl.load_workbook(path, read_only=True)
    headings: list[str] | None = None
    rows: list[dict[str, object]] = []
    for cells in book.worksheets[0].iter_rows(values_only=True):
        if headings is None:
            headings = [str(cell) for cell in cells] if "Reference" in cells else None
        elif any(REFERENCE.fullmatch(str(cell)) for cell in cells):
            rows.append(dict(zip(headings, cells, strict=False)))
    book.close()
    return rows


def _misjudged(form: KnownForm, entry: Entry) -> Iterable[str]:
    given = {
        name: answer.value
        for name, answer in entry.answers.items()
        if answer.state is AnswerState.GIVEN
    }
    if entry.outcome is not Outcome.RECORDED:
        yield f"outcome {entry.outcome.value}"
    elif given != form.answers:
        yield "other answers"
    light = entry.proposal.light if entry.proposal else None
    if light is not form.light:
        yield f"{light} instead of {form.light}"


def _said_wrongly(
    form: KnownForm, row: Mapping[str, object], line: Mapping[str, str]
) -> Iterable[str]:
    """Yield the destinations that say something else than the form."""
    if row and LIGHTS[form.light] not in str(row["Suggested or decided"]):
        yield f"the register says {row['Suggested or decided']}"
    if line and line["ff_proposed_light"] != form.light.value:
        yield f"the record line says {line['ff_proposed_light']}"
    if line and line["child_a_name"] != form.answers["child_a_name"]:
        yield "the record line names another child"


def _original_hashes(office: Settings) -> frozenset[str]:
    lying = (dsl_folder(office) / "Child files").rglob("* original.pdf")
    return frozenset(_sha256(path) for path in lying)


def _revision(name: str) -> str:
    """Return "FF-2026-000001 r1" of a file's name, "" where it names none."""
    found = find_revision(name)
    return at_revision(*found) if found else ""
