"""A chronology in Word: each record has its row, in the agency's own document, and the document stays theirs."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.core import crash_points
from formflow.sdk import (
    Delivered,
    DeliveredAs,
    NamedAnswer,
    Operation,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
    conformance,
)
from formflow_connectors.word_table import WordTable, WordTableSettings
from tests.connectors.conftest import RECORDED_AT, a_parcel
from tests.support.systems import killed_in_a_fork
from tests.support.word_documents import HEADINGS, parts_of, plain, read_back, row
from tests.support.word_habits import OLD

COLUMNS = {
    "Date": "{incident_day}",
    "Pupil": "{child_a_name:surname}, {child_a_name:forename}",
    "What happened": {"format": "{what_happened}", "blank": "Not said"},
}
FIRST = "FF-2026-000123"


@dataclass
class Chronology:
    """A document in a folder, who writes to it, and what FormFlow knows of it."""

    folder: Path
    own: dict[str, Any] = field(default_factory=dict)
    kept: list[tuple[str, bytes]] = field(default_factory=list)
    newest: datetime | None = None  # of what was delivered of the record before

    @property
    def path(self) -> Path:
        return self.folder / "Chronology.docx"

    def connector(self) -> WordTable:
        told = {"columns": COLUMNS, "reference_column": "Our reference"} | self.own
        if "folder" not in told:
            told["file"] = self.path
        lent = replace(
            conformance.pretend_context(),
            keep_version=lambda name, content: self.kept.append((name, content)),
            filed_last=lambda _: self.newest,
        )
        return WordTable(WordTableSettings.model_validate(told), lent)

    def deliver(self, reference: str = FIRST, revision: int = 1, **said: Any) -> Delivered:
        connector = self.connector()
        return connector.deliver(connector.prepare(a_record(reference, revision, **said)))

    def rows(self, path: Path | None = None) -> list[list[str]]:
        return read_back((path or self.path).read_bytes())[1:]


def a_record(
    reference: str = FIRST, revision: int = 1, recorded_at: datetime = RECORDED_AT, **said: Any
) -> Any:
    known = {
        "incident_day": NamedAnswer("incident_day", "Day", "14/11/2026", date(2026, 11, 14)),
        "child_a_name": NamedAnswer("child_a_name", "Name", "Zoë Sample"),
        "what_happened": NamedAnswer("what_happened", "What happened?", "one\ntwo"),
        "child_reference": NamedAnswer("child_reference", "Child", "C-4821-000045"),
    } | {name: NamedAnswer(name, name, text) for name, text in said.items()}
    return a_parcel(
        reference=reference,
        revision=revision,
        answers=(),
        named=tuple(known.values()),
        recorded_at=recorded_at,
    )


@pytest.fixture
def chronology(tmp_path: Path) -> Chronology:
    folder = tmp_path / "DSL only"
    folder.mkdir()
    made = Chronology(folder)
    made.path.write_bytes(plain(row(*OLD)))
    return made


ROW = ["14/11/2026", "Sample, Zoë", "one\ntwo", FIRST]


def test_a_record_has_its_row_and_a_repeat_changes_no_byte(chronology: Chronology) -> None:
    assert chronology.deliver().how is DeliveredAs.CREATED
    assert chronology.rows() == [list(OLD), ROW]
    before = chronology.path.read_bytes()
    assert chronology.deliver().how is DeliveredAs.ALREADY_THERE
    assert chronology.path.read_bytes() == before


def test_a_corrected_form_changes_the_row_of_its_record(chronology: Chronology) -> None:
    chronology.deliver()
    assert chronology.deliver(revision=2, what_happened="").how is DeliveredAs.UPDATED
    assert chronology.rows() == [list(OLD), [*ROW[:2], "Not said", FIRST]]


def test_a_decision_sheet_changes_the_row_of_its_record(chronology: Chronology) -> None:
    chronology.deliver()
    chronology.deliver(f"{FIRST}-F2", what_happened="decided")
    assert chronology.rows() == [list(OLD), [*ROW[:2], "decided", FIRST]]


def test_with_append_each_revision_has_a_row(chronology: Chronology) -> None:
    chronology.own = {"revisions": "append"}
    chronology.deliver()
    chronology.deliver(revision=2)
    assert [line[-1] for line in chronology.rows()] == ["old-17", FIRST, f"{FIRST} r2"]


def test_what_the_document_held_is_kept_before_it_is_replaced(chronology: Chronology) -> None:
    before = chronology.path.read_bytes()
    chronology.deliver()
    chronology.deliver()
    assert chronology.kept == [("Chronology.docx", before)]


def test_an_older_revision_that_comes_late_changes_nothing(chronology: Chronology) -> None:
    chronology.deliver(revision=2, what_happened="newer")
    chronology.newest = RECORDED_AT + timedelta(hours=1)
    assert chronology.deliver().how is DeliveredAs.ALREADY_THERE
    assert chronology.rows()[-1][2] == "newer"


def test_a_row_that_somebody_deleted_does_not_come_back_unasked(chronology: Chronology) -> None:
    chronology.newest = RECORDED_AT
    with pytest.raises(Rejected, match="FF-527"):
        chronology.deliver(revision=2)
    assert chronology.rows() == [list(OLD)]


def test_of_two_rows_with_one_reference_none_is_changed(chronology: Chronology) -> None:
    chronology.path.write_bytes(plain(row(*OLD[:3], FIRST), row(*OLD[:3], FIRST)))
    with pytest.raises(Rejected, match="FF-531"):
        chronology.deliver()


def test_what_is_not_known_leaves_what_people_wrote(chronology: Chronology) -> None:
    chronology.own = {"columns": COLUMNS | {"Pupil": "{child_a_name}"}}
    chronology.path.write_bytes(plain(row("", "by hand", "", FIRST)))
    chronology.deliver(child_a_name="")
    assert chronology.rows() == [["14/11/2026", "by hand", "one\ntwo", FIRST]]


def test_a_document_that_somebody_saves_meanwhile_is_not_written_over(
    chronology: Chronology,
) -> None:
    theirs = plain(row("theirs", "", "", ""))
    chronology.kept = Saves(chronology.path, theirs)
    with pytest.raises(Retryable, match="FF-407"):
        chronology.deliver()
    assert chronology.path.read_bytes() == theirs


class Saves(list[tuple[str, bytes]]):
    """Somebody who saves the document just when its last version has been kept."""

    def __init__(self, path: Path, theirs: bytes) -> None:
        super().__init__()
        self._path, self._theirs = path, theirs

    def append(self, _: tuple[str, bytes]) -> None:
        self._path.write_bytes(self._theirs)


def test_a_test_is_taken_away_again(chronology: Chronology) -> None:
    before = chronology.path.read_bytes()
    connector = chronology.connector()
    prepared = connector.prepare(a_record())
    assert not connector.take_back(prepared)
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert parts_of(chronology.path.read_bytes()) == parts_of(before)


def test_the_headings_of_a_document_are_shown(chronology: Chronology) -> None:
    assert WordTable.first_rows(chronology.path) == {"table 1": [[*HEADINGS], [*OLD]]}
    chronology.path.write_bytes(b"none")
    with pytest.raises(Rejected, match="FF-532"):
        WordTable.first_rows(chronology.path)


def test_what_is_there_is_told_by_reference(chronology: Chronology) -> None:
    chronology.deliver()
    wanted = {"a" * 64: (FIRST, 1), "b" * 64: ("FF-2026-000124", 1)}
    told = chronology.connector().look_up_by_reference(wanted)
    assert told == [Delivered("a" * 64, DeliveredAs.ALREADY_THERE, "Chronology.docx")]


def test_a_batch_is_one_save_and_the_last_word_on_a_record_counts(chronology: Chronology) -> None:
    connector = chronology.connector()
    later = a_record(FIRST, 2, RECORDED_AT + timedelta(hours=1), what_happened="later")
    records = [later, a_record(), a_record("FF-2026-000124")]
    came = connector.deliver_batch([connector.prepare(one) for one in records])
    assert [type(one) for one in came] == [Delivered] * 3
    assert [line[2:] for line in chronology.rows()[1:]] == [
        ["later", FIRST],
        ["one\ntwo", "FF-2026-000124"],
    ]


def test_each_child_has_a_document_of_its_own_from_the_template(
    chronology: Chronology, tmp_path: Path
) -> None:
    template = tmp_path / "template.docx"
    chronology.path.rename(template)
    name = "{child_reference} chronology"
    chronology.own = {"folder": chronology.folder, "file_name": name, "template": template}
    assert chronology.deliver().where == "C-4821-000045 chronology.docx"
    chronology.deliver("FF-2026-000124", child_reference="C-4821-000046")
    chronology.deliver("FF-2026-000125", child_reference="")
    lying = sorted(path.name for path in chronology.folder.glob("*.docx"))
    assert lying == [
        "C-4821-000045 chronology.docx",
        "C-4821-000046 chronology.docx",
        "Not yet matched.docx",
    ]
    assert chronology.rows(chronology.folder / lying[0]) == [list(OLD), ROW]
    wanted = {"a" * 64: (FIRST, 1), "b" * 64: ("FF-2026-000125", 1)}
    told = chronology.connector().look_up_by_reference(wanted)
    assert [one.where for one in told] == [lying[0], lying[2]]
    # A damaged document of one child holds back none of the others'.
    (chronology.folder / lying[0]).write_bytes(b"damaged")
    with pytest.raises(Retryable, match="FF-532"):
        chronology.deliver("FF-2026-000126")
    chronology.deliver("FF-2026-000127", child_reference="C-4821-000046")


def test_without_document_and_template_rows_wait(chronology: Chronology) -> None:
    chronology.path.rename(chronology.folder / "elsewhere.docx")
    assert not chronology.connector().check().ok
    with pytest.raises(SettingsError, match="FF-525"):
        chronology.deliver()
    assert not chronology.path.exists()


@pytest.mark.parametrize(
    "owner", ["~$Chronology.docx", "~$ronology.docx", ".~lock.Chronology.docx#"]
)
def test_a_document_that_is_open_waits_and_is_not_touched(
    chronology: Chronology, owner: str
) -> None:
    before = chronology.path.read_bytes()
    (chronology.folder / owner).write_bytes(b"")
    assert not chronology.connector().check().ok
    with pytest.raises(Unavailable, match="FF-528"):
        chronology.deliver()
    assert chronology.path.read_bytes() == before
    (chronology.folder / owner).unlink()
    assert chronology.connector().check().ok
    chronology.deliver()


def test_a_table_that_was_changed_waits_and_then_goes_on(chronology: Chronology) -> None:
    right = chronology.path.read_bytes()
    wrong = plain(row(*OLD, cells="<w:vMerge/>"))
    chronology.path.write_bytes(wrong)
    with pytest.raises(SettingsError, match="merged cells") as problem:
        chronology.deliver()
    assert problem.value.code == "FF-534"
    assert chronology.path.read_bytes() == wrong
    chronology.path.write_bytes(right)
    chronology.deliver()
    assert chronology.rows() == [list(OLD), ROW]


@pytest.mark.skipif(sys.platform == "win32", reason="rights are kept in another way there")
def test_rights_and_group_of_the_document_stay(chronology: Chronology) -> None:
    chronology.path.chmod(0o640)
    group = next((one for one in os.getgroups() if one != chronology.path.stat().st_gid), None)
    if os.getuid() == 0:
        group = 12345
    if group is not None:
        os.chown(chronology.path, -1, group)
    before = chronology.path.stat()
    chronology.deliver()
    after = chronology.path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
@pytest.mark.parametrize("point", ["before-rename", "after-rename"])
def test_killed_before_or_after_the_document_is_replaced_the_row_is_there_once(
    chronology: Chronology, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with monkeypatch.context() as here:
        here.setenv(crash_points.VARIABLE, f"word_table.{point}")
        assert killed_in_a_fork(chronology.deliver)
    assert chronology.rows()[0] == list(OLD)
    chronology.deliver()
    assert chronology.rows() == [list(OLD), ROW]
    assert not list(chronology.folder.glob(".formflow-*.tmp"))


@pytest.mark.parametrize(
    "own",
    [
        {"folder": "."},
        {"file": None},
        {"file": None, "folder": "."},
        {"file": None, "folder": ".", "file_name": "{child_a_name}"},
        {"file": "Chronology.doc"},
        {"template": "Chronology.dotx"},
        {"reference_column": "pupil "},
        {"reference_column": ""},
        {"columns": {}},
        {"columns": None},
    ],
)
def test_settings_that_cannot_work_are_refused(own: dict[str, Any]) -> None:
    told = {"file": "Chronology.docx", "columns": COLUMNS, "reference_column": "Our reference"}
    WordTableSettings.model_validate(told)
    with pytest.raises(ValidationError):
        WordTableSettings.model_validate(told | own)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(
    chronology: Chronology, check: Callable[[conformance.Trial], None]
) -> None:

    def landed() -> Iterator[str]:
        for line in chronology.rows()[1:]:
            yield hashlib.sha256(f"{line[-1]}|{Operation.RECORD}".encode()).hexdigest()

    @contextmanager
    def away() -> Iterator[None]:
        chronology.folder.rename(chronology.folder.with_suffix(".away"))
        yield
        chronology.folder.with_suffix(".away").rename(chronology.folder)

    settings = chronology.connector().settings
    check(
        conformance.Trial(
            lambda context: WordTable(settings, context), lambda: list(landed()), away, kills=8
        )
    )
