"""A cell of the ledger that holds what FormFlow does not write is damage, never a mistake of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from formflow.core.errors import ExitCode
from formflow.storage import cells, soundness
from formflow.storage.database import looking
from tests.support.spoilt_ledger import REFERENCE, Ledger

NO_TEXT = b"\xff\xfe\0"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("cells"))


def wrong(ledger: Ledger) -> list[str]:
    with looking(ledger.office.state.folder) as connection:
        return list(cells.wrong_cells(connection))


def test_nothing_is_wrong_with_what_formflow_has_written(ledger: Ledger) -> None:
    ledger.file.write_bytes(ledger.sound)
    assert wrong(ledger) == []
    assert ledger.asked("verify")[0] == ExitCode.DONE


def test_a_value_of_another_kind_is_found_in_every_column(ledger: Ledger) -> None:
    tried = 0
    for table, column in ledger.columns():
        is_blob = (table, column) in {("sighting", "name"), ("parcel", "body")}
        if ledger.with_cell(table, column, "words" if is_blob else NO_TEXT):
            tried += 1
            assert any(f"“{table}”, “{column}”" in said for said in wrong(ledger)), (table, column)
    assert tried > 100


@pytest.mark.parametrize(
    ("table", "column", "value", "command"),
    [
        ("parcel", "attachments", "of no kind", ("verify",)),
        ("parcel", "attachments", '{"a": {"b": [1]}}', ("verify",)),
        ("paper", "sha256", NO_TEXT, ("verify",)),
        ("paper", "file_name", None, ("show", REFERENCE)),
        ("child", "born", "2026-02-31", ("show", REFERENCE)),
        ("child", "id", 2**62, ("show", REFERENCE)),
        ("silence", "since", "2026-02-03", ("status", "--json")),
        ("task", "due", 1e300, ("status",)),
        ("task", "due", 2**62, ("status",)),
        ("task", "last_code", NO_TEXT, ("status", "--json")),
        ("own_alert", "words", "of no kind", ("status",)),
        ("own_alert", "code", "FF-000", ("status",)),
        ("own_alert", "told_at", "2026-02-03", ("health",)),
        ("entry", "recorded_at", "of no kind", ("status",)),
        ("entry", "highest_light", "violet", ("status",)),
        ("audit_line", "event", "of no kind", ("audit",)),
        ("audit_line", "at", "of no kind", ("audit", REFERENCE)),
        ("audit_line", "who", NO_TEXT, ("audit", REFERENCE)),
        ("audit_head", "number", "of no kind", ("verify",)),
        ("counter", "name", "of no kind", ("backup", ".")),
    ],
)
def test_commands_call_it_damage(
    ledger: Ledger,
    table: str,
    column: str,
    value: object,
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ledger.with_cell(table, column, value)
    code, said = ledger.asked(*command)
    assert code == ExitCode.INTEGRITY, said


def test_a_table_or_column_that_is_gone_is_damage(ledger: Ledger) -> None:
    ledger.file.write_bytes(ledger.sound.replace(b"last_text", b"last_texu"))
    assert ledger.asked("status")[0] == ExitCode.INTEGRITY
    ledger.file.write_bytes(ledger.sound)


def test_a_mistake_of_ours_is_none_of_the_ledger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.file.write_bytes(ledger.sound)
    monkeypatch.setattr(soundness, "rows", lambda _: 1 / 0)
    code, said = ledger.asked("verify")
    assert code == ExitCode.OUR_BUG
    assert "ZeroDivisionError" in said
