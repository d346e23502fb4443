"""Rows into a CSV file that an agency keeps: in its own way, found again, and nothing else changed."""

from __future__ import annotations

import hashlib
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import conformance, registry
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import DeliveredAs, Ending, Rejected, Retryable, Unavailable
from formflow.sdk.field_map import same_heading
from formflow.sdk.parcels import NamedAnswer, RecordParcel
from formflow_connectors import csv_text
from tests.connectors.conftest import a_parcel
from tests.support.agency_csvs import HABITS, Habit

COLUMNS = {
    "Date": "{incident_at:%d/%m/%Y}",
    "Pupil": "{child_a_name}",
    "Level": {"field": "level", "values": {"red": "Level 3", "amber": "Level 2"}},
}
REFERENCE = "FF-2026-000123"
AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


class Log:
    """A log that somebody keeps as CSV, and FormFlow at it."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.path = folder / "log.csv"
        self.path.write_bytes(content)
        self.kept: list[bytes] = []
        self.filed: dict[str, datetime] = {}

    def connector(self, **own: Any) -> Any:
        kind = registry.load("csv_file")
        table = {"file": self.path, "columns": COLUMNS, "reference_column": "FF ref"} | own
        lent = replace(
            pretend_context(),
            keep_version=lambda _name, content: self.kept.append(content),
            filed_last=self.filed.get,
        )
        return kind(kind.Settings.model_validate(table), lent)

    def gets(self, *parcels: RecordParcel, **own: Any) -> Any:
        """Deliver; return what came of each."""
        connector = self.connector(**own)
        return connector.deliver_batch([connector.prepare(one) for one in parcels])


@pytest.fixture
def log(tmp_path: Path) -> Callable[[bytes], Log]:
    return lambda content: Log(tmp_path, content)


def told(
    pupil: str = "Zoë",
    level: str = "red",
    *,
    reference: str = REFERENCE,
    revision: int = 1,
    later: int = 0,
) -> Any:
    named = (
        NamedAnswer("child_a_name", "Name", pupil),
        NamedAnswer("level", "Level", f"Suggested: {level}", level),
        NamedAnswer("incident_at", "When", "20/11/2026", date(2026, 11, 20)),
    )
    at = AT + timedelta(hours=later)
    return a_parcel(named=named, answers=(), reference=reference, revision=revision, recorded_at=at)


def row_of(habit: Habit, content: bytes, reference: str = REFERENCE) -> dict[str, str]:
    """Return the one row with a reference, by headings as people see them."""
    rows = [{same_heading(k): v for k, v in row.items()} for row in habit.rows(content)]
    (row,) = [row for row in rows if row["ff ref"] == reference]
    return row


@pytest.mark.parametrize("habit", HABITS.values(), ids=HABITS.keys())
def test_a_row_is_added_and_changed_in_the_way_of_the_file(log: Any, habit: Habit) -> None:
    place = log(habit.content)
    (came,) = place.gets(told(habit.holds))
    assert (came.how, came.where) == (DeliveredAs.CREATED, "log.csv")
    added = place.path.read_bytes()
    assert added.startswith(habit.content), "old bytes have changed"
    assert added.endswith((b"\n", b"\r", b"\n\0")) is habit.content.endswith(
        (b"\n", b"\r", b"\n\0")
    )
    row = row_of(habit, added)
    assert (row["pupil"], row["level"], row["date"]) == (habit.holds, "Level 3", "20/11/2026")
    assert not row.get("notes")

    (came,) = place.gets(told(habit.holds, "amber", revision=2, later=1))
    assert came.how is DeliveredAs.UPDATED
    changed = place.path.read_bytes()
    three, two = (f"Level {n}".encode("utf-16-le" if habit.encoding == "utf-16" else "ascii") for n in "32")  # fmt: skip
    assert changed == added.replace(three, two), "more than the one cell has changed"
    assert place.kept == [habit.content, added]
    assert place.gets(told(habit.holds, "amber", revision=2, later=1))[0].how is DeliveredAs.ALREADY_THERE  # fmt: skip
    assert place.path.read_bytes() == changed


def test_there_are_a_dozen_habits() -> None:
    assert len(HABITS) >= 12


EXCEL = HABITS["excel, CSV UTF-8"]


def test_what_people_do_to_the_file_between_two_saves_does_not_matter(log: Any) -> None:
    place = log(EXCEL.content)
    place.gets(told())
    # Sorted, a column moved and one added, and saved with another separator, encoding and line end.
    place.path.write_bytes(
        f"FF ref;Who;Level;Date;Pupil\n{REFERENCE};Kim;Level 3;20/11/2026;Zoë\n;Pat;Level 1;;“Pat”\n".encode(
            "cp1252"
        )
    )
    assert place.gets(told(level="amber", revision=2, later=1))[0].how is DeliveredAs.UPDATED
    words = place.path.read_bytes().decode("cp1252")
    assert words.splitlines()[1] == f"{REFERENCE};Kim;Level 2;20/11/2026;Zoë"
    assert words.splitlines()[2] == ";Pat;Level 1;;“Pat”"


def test_a_cell_that_is_told_nothing_is_left_alone(log: Any) -> None:
    place = log(EXCEL.content)
    place.gets(told())
    by_hand = place.path.read_bytes().replace(b"Level 3,,", b"Level 3,seen by Kim,")
    place.path.write_bytes(by_hand)
    nothing = a_parcel(named=(), answers=(), revision=2, recorded_at=AT + timedelta(hours=1))
    assert place.gets(nothing)[0].how is DeliveredAs.ALREADY_THERE
    assert place.path.read_bytes() == by_hand


def test_with_append_each_revision_and_sheet_has_a_row(log: Any) -> None:
    place = log(EXCEL.content)
    sheet = told(reference=f"{REFERENCE}-F2", later=2)
    place.gets(told(), told(level="amber", revision=2, later=1), sheet, revisions="append")
    references = [row["FF ref"] for row in EXCEL.rows(place.path.read_bytes())]
    assert references[2:] == [REFERENCE, f"{REFERENCE} r2", f"{REFERENCE}-F2"]
    held = {(one.reference, one.revision) for one in place.connector().filed()}
    assert held == {(REFERENCE, 1), (REFERENCE, 2), (f"{REFERENCE}-F2", 1)}


def test_with_update_a_sheet_changes_the_row_of_its_record(log: Any) -> None:
    place = log(EXCEL.content)
    came = place.gets(told(), told(level="amber", reference=f"{REFERENCE}-F2", later=1))
    assert [one.how for one in came] == [DeliveredAs.CREATED, DeliveredAs.CREATED]
    assert row_of(EXCEL, place.path.read_bytes())["level"] == "Level 2"


def test_an_earlier_revision_that_comes_late_puts_nothing_back(log: Any) -> None:
    place = log(EXCEL.content)
    place.gets(told(level="amber", revision=2, later=1))
    place.filed[REFERENCE] = AT + timedelta(hours=1)
    assert place.gets(told())[0].how is DeliveredAs.ALREADY_THERE
    assert row_of(EXCEL, place.path.read_bytes())["level"] == "Level 2"
    both = place.gets(told(level="red", revision=4, later=3), told("Late", revision=3, later=2))
    assert [one.how for one in both] == [DeliveredAs.UPDATED, DeliveredAs.UPDATED]
    row = row_of(EXCEL, place.path.read_bytes())
    assert (row["level"], row["pupil"]) == ("Level 3", "Zoë")


@pytest.mark.parametrize(
    "text", ["=1+1", "+44 1632 960001", "-2", "@SUM(A1)", "\t=1", "＝1", "a\r\nb\x00\ud800", "x" * 32_768]
)  # fmt: skip
def test_no_value_becomes_a_formula_or_a_row_of_its_own(log: Any, text: str) -> None:
    place = log(EXCEL.content)
    place.gets(told(text))
    row = row_of(EXCEL, place.path.read_bytes())
    plain = text.replace("\r\n", "\n").replace("\x00", "").replace("\ud800", "")
    assert row["pupil"] in (plain, f"'{plain}")
    assert not row["pupil"].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "＝"))


def refused(place: Log, *parcels: RecordParcel, **own: Any) -> Ending:
    """Return why nothing was written, seen that nothing was."""
    before = place.path.read_bytes() if place.path.exists() else None
    try:
        (why,) = place.gets(*parcels or (told(),), **own)
    except Ending as problem:
        why = problem
    assert isinstance(why, Ending)
    assert (place.path.read_bytes() if place.path.exists() else None) == before
    assert not place.kept
    assert "Zo" not in why.text
    return why


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"Date,Pupil,FF ref\n", "FF-485"),
        (b"Date,Pupil,Level\n", "FF-485"),
        (b"Date,Pupil,Level,level ,FF ref\n", "FF-486"),
        (b"Date,Pupil,Level,FF ref,FF ref\n", "FF-486"),
        (b"Date,Pupil,Level,FF ref\na,b,c,d,e\n", "FF-488"),
        (b"Date,Pupil,Level,FF ref\na,b,c,d\nTotal: 1\n", "FF-488"),
        (b'Date,Pupil,Level,FF ref\na,"b,c,d\n', "FF-488"),
        (b'Date,Pupil,Level,FF ref\na,"b"c,d,e\n', "FF-488"),
        (b"", "FF-488"),
        (b"Date,Pupil,Level,FF ref\n\x81\xe9,b,c,d\n", "FF-489"),
        (b"\xef\xbb\xbfDate,Pupil,Level,FF ref\n\xe9,b,c,d\n", "FF-489"),
        ("Date,Pupil,Level,FF ref\n".encode("utf-16-le"), "FF-489"),
    ],
)
def test_a_file_that_is_not_as_the_settings_say_waits_in_words(
    log: Any, content: bytes, code: str
) -> None:
    why = refused(log(content))
    assert (why.code, type(why)) == (code, Unavailable)
    assert "{" not in why.text


def test_a_file_that_is_gone_is_not_made_anew(log: Any) -> None:
    place = log(b"")
    place.path.unlink()
    assert refused(place).code == "FF-491"


@pytest.mark.parametrize(
    ("habit", "pupil", "own"),
    [
        ("google, headings alone", "Zoë", {}),
        ("excel, CSV (Windows)", "Łukasz", {}),
        ("google, headings alone", "Łukasz", {"encoding": "cp1252"}),
    ],
)
def test_a_letter_that_the_file_cannot_hold_waits_alone(
    log: Any, habit: str, pupil: str, own: dict[str, str]
) -> None:
    place = log(HABITS[habit].content)
    why = refused(place, told(pupil), **own)
    assert (why.code, type(why)) == ("FF-487", Retryable)
    came = place.gets(told(pupil), told("Pat", reference="FF-2026-000124"), **own)
    assert [type(one).__name__ for one in came] == ["Retryable", "Delivered"]


def test_the_settings_may_say_the_encoding_of_a_file_without_such_letters(log: Any) -> None:
    for encoding in ("utf-8", "cp1252"):
        place = log(HABITS["google, headings alone"].content)
        place.gets(told("Zoe\u0308"), encoding=encoding)
        assert "Zo" in place.path.read_bytes().decode(encoding)


def test_a_file_that_was_saved_in_another_encoding_overnight_is_told(log: Any) -> None:
    place = log(HABITS["excel, CSV (Windows)"].content)
    assert refused(place, encoding="utf-8").code == "FF-489"
    place = log(HABITS["excel, CSV UTF-8"].content)
    assert refused(place, encoding="cp1252").code == "FF-489"


def test_a_reference_in_two_rows_and_a_deleted_row_are_told(log: Any) -> None:
    place = log(EXCEL.content + (f",,,,{REFERENCE}\r\n" * 2).encode())
    why = refused(place)
    assert (why.code, type(why)) == ("FF-490", Rejected)
    place = log(EXCEL.content)
    place.filed[REFERENCE] = AT
    assert refused(place, told(revision=2, later=1)).code == "FF-492"


def test_it_waits_while_libreoffice_has_the_file_open(log: Any) -> None:
    place = log(EXCEL.content)
    lock = place.path.with_name(".~lock.log.csv#")
    lock.write_text("Kim")
    assert refused(place).code == "FF-407"
    assert not place.connector().check().ok
    lock.unlink()
    assert place.gets(told())[0].how is DeliveredAs.CREATED


def test_what_another_program_saves_meanwhile_is_not_lost(
    log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = log(EXCEL.content)
    saved = EXCEL.content + b"03/09/2026,Kim,Level 1,,\r\n"
    connector = place.connector()
    prepared = [connector.prepare(told())]
    monkeypatch.setattr(
        connector._agencys, "_prove", lambda *_: place.path.write_bytes(saved)
    )  # as if in that moment
    with pytest.raises(Retryable, match="FF-407"):
        connector.deliver_batch(prepared)
    assert place.path.read_bytes() == saved


@pytest.mark.parametrize(
    "wrong",
    [
        lambda new: new.replace(b"Sample", b"Simple"),
        lambda new: new + b"03/09/2026,Kim,Level 1,,\r\n",
        lambda new: new[: new.rindex(b",", 0, -2)] + b",else\r\n",
        lambda _: b"Quite another file\r\n",
    ],
    ids=["another cell", "another row", "what was meant to be written", "the headings"],
)
def test_a_change_that_would_touch_anything_else_is_never_saved(
    log: Any, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[bytes], bytes]
) -> None:
    with_rows = csv_text.Table.with_rows
    monkeypatch.setattr(csv_text.Table, "with_rows", lambda *given: wrong(with_rows(*given)))
    place = log(EXCEL.content)
    assert refused(place).code == "FF-494"
    assert place.path.read_bytes() == EXCEL.content


@pytest.mark.skipif(sys.platform == "win32", reason="rights as numbers")
def test_rights_of_the_file_stay(log: Any) -> None:
    place = log(EXCEL.content)
    place.path.chmod(0o640)
    place.gets(told())
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o640


def test_reconciling_asks_by_reference(log: Any) -> None:
    place = log(EXCEL.content)
    place.gets(told())
    connector = place.connector()
    wanted = {"a": (REFERENCE, 1), "b": (f"{REFERENCE}-F2", 3), "c": ("FF-2026-000999", 1)}
    assert sorted(one.key for one in connector.look_up_by_reference(wanted)) == ["a", "b"]
    assert [(one.reference, one.revision) for one in connector.filed()] == [(REFERENCE, 1)]
    assert connector.look_up("a") is None
    assert connector.look_up_many(["a"]) == []


def test_check_says_what_would_be_filled_and_changes_nothing(log: Any) -> None:
    place = log(EXCEL.content)
    report = place.connector().check()
    assert report.ok
    assert "2 rows, with commas" in report.lines[-1].text
    assert "“FF ref”, “Date”, “Pupil”, “Level”" in report.lines[-1].text
    assert place.path.read_bytes() == EXCEL.content


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"folder": "a", "file": "b"},
        {"file": "b"},
        {"file": "b", "columns": {"A": "x"}},
        {"folder": "a", "columns": {"A": "x"}},
        {"folder": "a", "encoding": "utf-8"},
        {"file": "b", "columns": {"ff ref ": "x"}, "reference_column": "FF ref"},
    ],
)
def test_settings_that_do_not_belong_together_are_refused(own: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        registry.load("csv_file").Settings.model_validate(own)


def test_it_passes_what_every_connector_must(tmp_path: Path) -> None:
    for number, check in enumerate(conformance.CHECKS):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = Log(folder, EXCEL.content)

        def landed(place: Log = place) -> list[str]:
            named = [row["FF ref"] for row in EXCEL.rows(place.path.read_bytes())]
            return [hashlib.sha256(f"{one}|record".encode()).hexdigest() for one in named if one]

        def opened(_context: Any, place: Log = place) -> Any:
            return place.connector(columns={"Pupil": "{child_a_name}", "Notes": "{what_happened}"})

        check(conformance.Trial(open=opened, landed=landed))


CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "existing"
FOUND = sorted(CORPUS.glob("*.csv"))


@pytest.mark.parametrize(
    "found",
    FOUND
    or [pytest.param(None, marks=pytest.mark.skip(reason=f"no CSV files of agencies in {CORPUS.name}"))],
    ids=lambda path: path.name if path else "none",
)  # fmt: skip
def test_a_row_goes_into_every_file_that_was_found_or_it_says_why_not(
    log: Any, found: Path
) -> None:
    place = log(found.read_bytes())
    rows = registry.load("csv_file").first_rows(found)[""]  # type: ignore[attr-defined]
    names = [name for name in max(rows, key=len) if name.strip()]
    own = {"columns": {names[0]: "{child_a_name}"}, "reference_column": names[-1]}
    try:
        (came,) = place.gets(told("Pat"), **own)
    except Unavailable as problem:
        came = problem
    if isinstance(came, Ending):
        assert came.text
        return
    assert came.how is DeliveredAs.CREATED
    assert place.path.read_bytes().startswith(found.read_bytes())
    assert REFERENCE.encode() in place.path.read_bytes().replace(b"\0", b"")
