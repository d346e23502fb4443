"""A ledger of an older version is copied aside, then brought up to date; a newer one is refused."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy.exc import IntegrityError

from formflow.core.errors import ExitCode, IntegrityProblem, StorageProblem
from formflow.storage import migrations, sqlite
from formflow.storage.database import (
    SCHEMA_VERSION,
    open_for_looking,
    open_ledger,
    reading,
    writing,
)
from formflow.storage.migrations import older


def as_version_1(folder: Path) -> None:
    """Make a ledger as the first version had it, with one paper in it."""
    open_ledger(folder).dispose()
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger:
        ledger.execute("DROP TABLE paper")
        ledger.execute(
            "CREATE TABLE paper (id INTEGER NOT NULL PRIMARY KEY, sha256 VARCHAR UNIQUE, size INTEGER"
            " NOT NULL, file_name VARCHAR NOT NULL, received_at VARCHAR NOT NULL, code VARCHAR NOT NULL,"
            " words VARCHAR NOT NULL, entry_id INTEGER)"
        )
        ledger.execute("DROP TABLE parcel")
        ledger.execute(
            "CREATE TABLE parcel (id INTEGER NOT NULL PRIMARY KEY, key VARCHAR NOT NULL UNIQUE, entry_id"
            " INTEGER NOT NULL REFERENCES entry (id), destination VARCHAR NOT NULL, operation VARCHAR NOT"
            " NULL, body BLOB, headers VARCHAR NOT NULL, original_sha256 VARCHAR, delivered_at VARCHAR,"
            " delivered_how VARCHAR, delivered_where VARCHAR)"
        )
        ledger.execute("DELETE FROM counter")
        for table in (
            "own_page",
            "own_alert",
            "silence",
            "audit_line",
            "audit_head",
            "case_change",
            "disposal",
        ):
            ledger.execute(f"DROP TABLE {table}")
        for table, column in (
            ("arrival", "role"),
            ("entry", "role"),
            ("entry", "urgent"),
            ("entry", "epoch"),
            ("entry", "filed"),
            ("entry", "pictures"),
            ("entry", "seal"),
            ("entry", "audit_line"),
            ("task", "weight"),
            ("task", "unclear"),
            ("task", "last_text"),
        ):
            ledger.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        for index in ("entry_about", "entry_values", "entry_unseen", "entry_child", "arrival_path"):
            ledger.execute(f"DROP INDEX {index}")
        ledger.execute("CREATE INDEX entry_child ON entry (child_id)")
        ledger.execute("ALTER TABLE entry DROP COLUMN about")
        for index in ("entry_child_b", "child_upn", "child_born"):
            ledger.execute(f"DROP INDEX {index}")
        ledger.execute("ALTER TABLE entry DROP COLUMN child_b_id")
        ledger.execute("ALTER TABLE child DROP COLUMN upn")
        ledger.execute("DROP TABLE joined")
        ledger.execute(
            "INSERT INTO paper (sha256, size, file_name, received_at, code, words)"
            " VALUES ('ab', 1, 'a.pdf', '2026-11-20T12:00:00+00:00', '', '{}')"
        )
        ledger.execute(
            "INSERT INTO arrival (paper_id, folder, file_name, arrived_at, duplicate)"
            " VALUES (1, 'Drop here', 'a.pdf', '2026-11-20T12:00:00+00:00', 0)"
        )
        ledger.execute("PRAGMA user_version = 1")
        ledger.commit()


def version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as ledger:
        return int(ledger.execute("PRAGMA user_version").fetchone()[0])


def test_an_older_ledger_keeps_its_papers_and_a_copy_of_itself(tmp_path: Path) -> None:
    as_version_1(tmp_path)
    engine = open_ledger(tmp_path)
    with writing(engine) as connection:
        row = connection.exec_driver_sql(
            "SELECT sha256, continues, paper.role, reading, arrival.role FROM paper"
            " JOIN arrival ON arrival.paper_id = paper.id"
        ).one()
        twice = "INSERT INTO paper (sha256, size, file_name, received_at, code, words, role)"
        connection.exec_driver_sql(f"{twice} VALUES ('ab', 1, 'a', '', '', '{{}}', 'decisions')")
        with pytest.raises(IntegrityError):  # the table that was made again is still referred to
            connection.exec_driver_sql("DELETE FROM paper WHERE id = 1")
    engine.dispose()
    assert tuple(row) == ("ab", None, "staff", 1, "staff")
    assert version(tmp_path / "ledger.sqlite") == SCHEMA_VERSION
    assert version(tmp_path / "ledger-version-1.sqlite") == 1


def test_what_an_older_formflow_said_of_an_immediate_referral_cannot_wait(tmp_path: Path) -> None:
    engine = open_ledger(tmp_path)
    told = "INSERT INTO entry (reference, revision, outcome, received_at, recorded_at, paper_id, answers, notices)"
    with writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for number, code in enumerate(("FF-212", "FF-201"), 1):
            connection.exec_driver_sql(
                "INSERT INTO paper (size, file_name, received_at, code, words) VALUES (1, 'a', '', '', '')"
            )
            notices = f'[{{"code":"{code}","text":""}}]'
            connection.exec_driver_sql(
                f"{told} VALUES ('FF-2026-{number}', 1, 'recorded', '', '', {number}, '{{}}', ?)",
                (notices,),
            )
        for step in (one for one in older.STEPS[5] if one.startswith("UPDATE entry")):
            connection.exec_driver_sql(step)
        found = connection.exec_driver_sql("SELECT urgent FROM entry ORDER BY id").scalars().all()
    engine.dispose()
    assert list(found) == [1, 0]


def test_a_ledger_of_today_is_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        open_ledger(tmp_path).dispose()
    assert [path.name for path in tmp_path.glob("*.sqlite")] == ["ledger.sqlite"]


def schema_of(folder: Path) -> set[tuple[str, ...]]:
    """Return the columns, constraints and indexes of a ledger, each in words, in any order."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger:
        rows = ledger.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        ).fetchall()
        columns = [
            ledger.execute(
                "SELECT name, type, [notnull], dflt_value, pk, hidden FROM pragma_table_xinfo(?)",
                (name,),
            ).fetchall()
            for name, _ in rows
        ]
    constrained = (
        r"(?:UNIQUE|FOREIGN KEY|PRIMARY KEY) ?\([^)]*\)(?: REFERENCES[^)]*\))?|CREATE .*INDEX.*"
    )
    return {
        (name, *sorted(map(str, told)), *sorted(re.findall(constrained, sql)))
        for (name, sql), told in zip(rows, columns, strict=True)
        if name != "alembic_version"
    }


def as_version_5(folder: Path) -> None:
    """Make a ledger by alembic's first revision alone."""
    engine = sqlite.engine(folder / "ledger.sqlite")
    with writing(engine) as connection:
        command.upgrade(migrations.config_for(connection), "0005")
        connection.exec_driver_sql("PRAGMA user_version = 5")
    engine.dispose()


def test_the_revisions_make_the_ledger_that_a_new_one_is(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    as_version_5(old)
    for folder in (old, new):
        open_ledger(folder).dispose()
    assert version(old / "ledger.sqlite") == SCHEMA_VERSION
    assert version(old / "ledger-version-5.sqlite") == 5
    assert schema_of(old) == schema_of(new)


def test_alembic_is_not_loaded_for_a_ledger_of_today(tmp_path: Path) -> None:
    look = (
        "import sys; from pathlib import Path; from formflow.storage.database import open_ledger;"
        "open_ledger(Path(sys.argv[1])).dispose(); sys.exit('alembic' in sys.modules)"
    )
    for _new_then_known in range(2):
        assert (
            subprocess.run([sys.executable, "-c", look, str(tmp_path)], check=False).returncode == 0
        )


def test_a_newer_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    open_ledger(tmp_path).dispose()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        ledger.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StorageProblem, match="newer"):
        open_ledger(tmp_path)
    assert version(tmp_path / "ledger.sqlite") == SCHEMA_VERSION + 1


def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"a letter " * 500)
    for opened in (open_ledger, open_for_looking):
        with pytest.raises(IntegrityProblem, match="damaged") as said:
            opened(tmp_path)
        assert said.value.exit_code == ExitCode.INTEGRITY
        assert "backup" in said.value.advice


def test_what_an_older_review_sheet_answered_has_the_names_of_the_rules_afterwards(
    tmp_path: Path,
) -> None:
    as_version_1(tmp_path)
    told = '{"background_animals": {"value": "yes"}, "level_reason": {"value": "\\"background_fire\\": no"}}'
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        ledger.execute(
            "INSERT INTO paper (sha256, size, file_name, received_at, code, words)"
            " VALUES ('cd', 1, 'b.pdf', '', '', '{}')"
        )
        for number, form in enumerate(("review", "recording"), 1):
            ledger.execute(
                "INSERT INTO entry (reference, revision, outcome, received_at, recorded_at, paper_id, form_id,"
                " answers, notices) VALUES (?, 1, 'recorded', '', '', ?, ?, ?, '[]')",
                (f"FF-2026-00000{number}", number, form, told),
            )
        ledger.commit()
    engine = open_ledger(tmp_path)
    with writing(engine) as connection:
        rows = connection.exec_driver_sql("SELECT answers FROM entry ORDER BY id").scalars().all()
    engine.dispose()
    assert rows == [told.replace("background_animals", "background_cruelty_to_animals"), told]


def test_an_older_paper_that_could_start_something_is_filed_for_nobody(tmp_path: Path) -> None:
    as_version_1(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        for number, code in enumerate(("FF-129", "FF-201"), 2):
            ledger.execute(
                "INSERT INTO paper (sha256, size, file_name, received_at, code, words)"
                " VALUES (?, 1, 'b.pdf', '', '', '{}')",
                (code,),
            )
            ledger.execute(
                "INSERT INTO entry (reference, revision, outcome, received_at, recorded_at, paper_id, answers,"
                " notices) VALUES (?, 1, 'held', '', '', ?, '{}', ?)",
                (f"FF-2026-{number}", number, f'[{{"code":"{code}","text":""}}]'),
            )
        ledger.commit()
    engine = open_ledger(tmp_path)
    with reading(engine) as connection:
        filed = connection.exec_driver_sql("SELECT filed FROM entry ORDER BY id").scalars().all()
    engine.dispose()
    assert list(filed) == [None, "FF-201"]


def test_what_goes_along_with_a_parcel_that_waits_is_told_in_one_way_for_all(
    tmp_path: Path,
) -> None:
    as_version_1(tmp_path)
    waiting = {
        "returned": ({"note": "a.txt", "paper": "a.pdf", "beside": '{"a b.pdf": "bb"}'}, "aa"),
        "filed": ({"home": "C-1", "original": "a original.pdf"}, "aa"),
        "to decide": ({"page": "a.html", "sheets": '{"F2.pdf": "cc"}'}, None),
        "told": ({"name": "a.html"}, None),
    }
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        ledger.execute(
            "INSERT INTO entry (reference, revision, outcome, received_at, recorded_at, paper_id, answers,"
            " notices) VALUES ('FF-2026-000001', 1, 'held', '', '', 1, '{}', '[]')"
        )
        for key, (headers, original) in waiting.items():
            ledger.execute(
                "INSERT INTO parcel (key, entry_id, destination, operation, headers, original_sha256)"
                " VALUES (?, 1, '', 'record', ?, ?)",
                (key, json.dumps(headers), original),
            )
        ledger.commit()
    engine = open_ledger(tmp_path)
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT key, attachments FROM parcel").all()
    engine.dispose()
    assert {row.key: json.loads(row.attachments) for row in rows} == {
        "returned": [["a.pdf", "aa"], ["a b.pdf", "bb"]],
        "filed": [["a original.pdf", "aa"]],
        "to decide": [["F2.pdf", "cc"]],
        "told": [],
    }
