"""Rows in a table of the agency's database: PostgreSQL, MariaDB and SQLite, each a real one."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from formflow.sdk import (
    Ambiguous,
    Delivered,
    DeliveredAs,
    NamedAnswer,
    Operation,
    Rejected,
    SettingsError,
    Unavailable,
    conformance,
)
from formflow_connectors.sql_table import SqlTable, SqlTableSettings
from tests.connectors.conftest import RECORDED_AT, a_parcel
from tests.support.databases import STARTS, Server, breaking, engine
from tests.support.systems import killed_in_a_fork

FIRST = "FF-2026-000123"
KINDS = ("sqlite", *STARTS)
COLUMNS = {
    "Date": "{incident_day}",
    "pupil": "{child_a_name}",
    "what": "{what_happened}",
    "Level": {"field": "level", "values": {"red": "Level 3"}},
    "respond_by": "{respond_by}",
    "age": "{child_a_age}",
}
MAKE = (
    "CREATE TABLE incidents (id {serial}, {q}Date{q} DATE, pupil VARCHAR(40), what TEXT, {q}Level{q} VARCHAR(20)"
    " DEFAULT 'none', respond_by {moment}, age INTEGER, noted VARCHAR(20), reference VARCHAR(40) NOT NULL UNIQUE)"
)
WORDS = {
    "sqlite": {"serial": "INTEGER PRIMARY KEY", "q": '"', "moment": "TIMESTAMP"},
    "postgresql": {"serial": "SERIAL PRIMARY KEY", "q": '"', "moment": "TIMESTAMP"},
    "mariadb": {"serial": "INTEGER PRIMARY KEY AUTO_INCREMENT", "q": "`", "moment": "DATETIME"},
}
HARD = '\'; DROP TABLE incidents; -- \u0645\u0631 \U0001f622 %(x)s :y \\ "q" \x00\n\tend'
KNOWN: dict[str, Any] = {
    "incident_day": date(2026, 11, 14),
    "child_a_name": "Zoë O’Sample",
    "what_happened": HARD,
    "level": "red",
    "respond_by": datetime(2026, 11, 23, 18, 2),  # noqa: DTZ001 - as the agency's clock shows it
    "child_a_age": "12",
}


@dataclass
class Register:
    """A database with a table, and who writes to it."""

    url: str
    family: str
    own: dict[str, Any] = field(default_factory=dict)
    newest: datetime | None = None

    def connector(self, **own: Any) -> SqlTable:
        told = {"url": SecretStr(self.url), "table": "incidents", "columns": COLUMNS}
        told |= {"reference_column": "reference"} | self.own | own
        lent = replace(conformance.pretend_context(), filed_last=lambda _: self.newest)
        return SqlTable(SqlTableSettings.model_validate(told), lent)

    def deliver(self, reference: str = FIRST, revision: int = 1, **said: Any) -> Delivered:
        connector = self.connector()
        return connector.deliver(connector.prepare(a_record(reference, revision, **said)))

    def do(self, *statements: str) -> None:
        with engine(self.url).begin() as connection:
            for one in statements:
                connection.exec_driver_sql(one.replace("%", "%%"))

    def rows(self) -> list[dict[str, Any]]:
        table = sa.Table("incidents", sa.MetaData(), autoload_with=engine(self.url))
        with engine(self.url).connect() as connection:
            found = connection.execute(sa.select(table).order_by(table.c.id)).mappings()
            return [{name: row[name] for name in row if name != "id"} for row in found]


def a_record(reference: str = FIRST, revision: int = 1, **said: Any) -> Any:
    at = said.pop("recorded_at", RECORDED_AT)
    named = tuple(
        NamedAnswer(name, name, "" if value is None else str(value), value)
        for name, value in (KNOWN | said).items()
    )
    return a_parcel(reference=reference, revision=revision, recorded_at=at, answers=(), named=named)


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """Each server is started by the first test that needs it."""
    with ExitStack() as stack:
        known: dict[str, Server] = {}

        def running(name: str) -> Server:
            if name not in known:
                known[name] = stack.enter_context(STARTS[name]())
            return known[name]

        yield running


def a_register(family: str, folder: Path, servers: Callable[[str], Server]) -> Register:
    if family == "sqlite":
        (folder / "agency.db").touch()
        made = Register(f"sqlite:///{folder / 'agency.db'}", family)
    else:
        made = Register(servers(family).url, family)
    made.do("DROP TABLE IF EXISTS incidents")
    made.do(MAKE.format(**WORDS[family]))
    return made


@pytest.fixture(params=KINDS)
def register(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], Server]
) -> Register:
    return a_register(request.param, tmp_path, servers)


@pytest.fixture
def sqlite(tmp_path: Path, servers: Callable[[str], Server]) -> Register:
    return a_register("sqlite", tmp_path, servers)


ROW = {
    "Date": date(2026, 11, 14),
    "pupil": "Zoë O’Sample",
    "what": HARD.replace("\x00", ""),
    "Level": "Level 3",
    "respond_by": KNOWN["respond_by"],
    "age": 12,
    "noted": None,
    "reference": FIRST,
}


def test_a_record_has_its_row_a_repeat_changes_nothing_and_a_correction_changes_it(
    register: Register,
) -> None:
    assert register.connector().check().ok
    assert register.deliver() == Delivered(a_parcel().key, DeliveredAs.CREATED, "incidents")
    assert register.rows() == [ROW]
    register.do("UPDATE incidents SET noted = 'by hand'")
    assert register.deliver().how is DeliveredAs.ALREADY_THERE
    changed = register.deliver(revision=2, child_a_name="Kim Sample", child_a_age=None)
    assert changed.how is DeliveredAs.UPDATED
    assert register.rows() == [ROW | {"pupil": "Kim Sample", "noted": "by hand"}]
    wanted = {"a" * 64: (FIRST, 2), "b" * 64: ("FF-2026-000124", 1)}
    connector = register.connector()
    told = connector.look_up_by_reference(wanted)
    assert told == [Delivered("a" * 64, DeliveredAs.ALREADY_THERE, "incidents")]
    assert connector.take_back(connector.prepare(a_record()))
    assert register.rows() == []
    assert not connector.take_back(connector.prepare(a_record()))


def test_what_is_not_known_is_left_to_the_table(register: Register) -> None:
    register.deliver(level=None, incident_day=None)
    (row,) = register.rows()
    assert (row["Level"], row["Date"]) == ("none", None)


def test_a_batch_is_one_transaction(register: Register) -> None:
    connector = register.connector()
    records = [a_record(f"FF-2026-{number:06d}") for number in range(300)]
    prepared = [connector.prepare(one) for one in records]
    connector.deliver_batch(prepared[:100])
    came = connector.deliver_batch(prepared[50:250])
    hows = [one.how for one in came if isinstance(one, Delivered)]
    assert hows == [DeliveredAs.ALREADY_THERE] * 50 + [DeliveredAs.CREATED] * 150
    spoilt = [*prepared[250:], connector.prepare(a_record("FF-2026-000999", child_a_name="x" * 41))]
    with pytest.raises(Rejected, match="FF-537"):
        connector.deliver_batch(spoilt)
    assert len(register.rows()) == 250


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"child_a_name": "Robin " * 10}, "a text is too long for its column (“pupil”)"),
        ({"child_a_age": "twelve"}, "a value does not fit its column (“age”)"),
        ({"incident_day": "last Tuesday"}, "a value does not fit its column (“Date”)"),
    ],
)
def test_a_value_that_does_not_fit_is_told_and_never_cut_off(
    sqlite: Register, said: dict[str, Any], why: str
) -> None:
    with pytest.raises(Rejected) as problem:
        sqlite.deliver(**said)
    assert why in problem.value.text
    assert not any(str(value) in str(problem.value) for value in said.values())
    assert sqlite.rows() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "ALTER TABLE incidents ADD CONSTRAINT adult CHECK (age < 10)",
            "a rule of the table forbids it",
        ),
        ("CREATE UNIQUE INDEX one_pupil ON incidents (pupil)", "only once"),
        ("ALTER TABLE incidents MODIFY pupil VARCHAR(40) NOT NULL", "must be filled"),
        ("ALTER TABLE incidents ALTER pupil SET NOT NULL", "must be filled"),
    ],
)
def test_what_the_table_forbids_is_told_without_a_value(
    register: Register, change: str, why: str
) -> None:
    speaks = {"MODIFY": "mariadb", "SET NOT": "postgresql"}
    is_for = next((family for word, family in speaks.items() if word in change), register.family)
    if is_for != register.family or (register.family == "sqlite" and "CONSTRAINT" in change):
        pytest.skip("this database says it in another way")
    register.deliver("FF-2026-000001", child_a_age="9", child_a_name="Kim Sample")
    register.do(change)
    with pytest.raises(Rejected) as problem:
        register.deliver(child_a_name="Kim Sample" if "INDEX" in change else None)
    assert why in problem.value.text
    assert "Kim" not in str(problem.value)
    assert len(register.rows()) == 1


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ({"table": "incident"}, "no table “incident”; near to it: “incidents”"),
        ({"columns": {"Pupill": "{child_a_name}"}}, "no column “Pupill”; near to it: “pupil”"),
        ({"reference_column": "noted"}, "must be filled"),
        ({"reference_column": "noted", "columns": {"reference": "{reference}"}}, "unique index"),
        ({"table": "nowhere.incidents"}, "there"),
    ],
)
def test_settings_that_do_not_fit_the_table_are_told_by_check_and_wait(
    sqlite: Register, own: dict[str, Any], why: str
) -> None:
    sqlite.own = own
    report = sqlite.connector().check()
    assert not report.ok
    assert why in report.lines[0].text
    with pytest.raises(SettingsError, match="FF-536"):
        sqlite.deliver()


def test_an_older_revision_that_comes_late_and_a_row_that_was_deleted(register: Register) -> None:
    register.deliver(revision=2)
    register.newest = RECORDED_AT + timedelta(hours=1)
    assert register.deliver(child_a_name="Old Name").how is DeliveredAs.ALREADY_THERE
    assert register.rows() == [ROW]
    register.do("DELETE FROM incidents")
    with pytest.raises(Rejected, match="FF-527"):
        register.deliver(revision=3)


def test_with_append_each_revision_has_a_row(sqlite: Register) -> None:
    sqlite.own = {"revisions": "append"}
    sqlite.deliver()
    sqlite.newest = RECORDED_AT
    sqlite.deliver(revision=2)
    assert [row["reference"] for row in sqlite.rows()] == [FIRST, f"{FIRST} r2"]


def test_a_table_that_is_locked_waits(register: Register) -> None:
    lock = {
        "sqlite": ["BEGIN IMMEDIATE"],
        "postgresql": ["LOCK TABLE incidents"],
        "mariadb": ["LOCK TABLES incidents WRITE"],
    }
    connector = register.connector(timeout_seconds=1)
    assert connector.check().ok  # and its columns are known
    prepared = connector.prepare(a_record())
    with engine(register.url).connect() as other:
        for one in lock[register.family]:
            other.exec_driver_sql(one)
        with pytest.raises(Unavailable, match="FF-538"):
            connector.deliver(prepared)
        if register.family == "mariadb":
            other.exec_driver_sql("UNLOCK TABLES")
    connector.deliver(prepared)
    assert register.rows() == [ROW]


def test_four_at_once_leave_one_row(register: Register) -> None:
    came: list[DeliveredAs] = []

    def deliver() -> None:
        came.append(register.deliver().how)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(came) == ["already_there"] * 3 + ["created"]
    assert register.rows() == [ROW]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
def test_killed_between_the_statement_and_the_commit_nothing_is_there_and_then_once(
    register: Register,
) -> None:
    connector = register.connector()
    prepared = connector.prepare(a_record())

    def kill(_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def deliver() -> None:
        sa.event.listen(connector._opened(), "commit", kill)
        connector.deliver(prepared)

    assert killed_in_a_fork(deliver)
    assert register.connector().look_up_by_reference({prepared.key: (FIRST, 1)}) == []
    register.connector().deliver(prepared)
    assert register.rows() == [ROW]


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("family", STARTS)
def test_a_connection_that_breaks_at_the_commit_is_ambiguous_and_the_repeat_is_invisible(
    tmp_path: Path, servers: Callable[[str], Server], family: str, heard: bool
) -> None:
    register = a_register(family, tmp_path, servers)
    with breaking(register.url, heard=heard) as url:
        connector = Register(url, family).connector()
        prepared = connector.prepare(a_record())
        with pytest.raises(Ambiguous, match="FF-539"):
            connector.deliver(prepared)
    assert register.rows() == ([ROW] if heard else [])
    register.connector().deliver(prepared)
    assert register.rows() == [ROW]


@pytest.mark.parametrize(
    ("url", "kind", "code"),
    [
        ("postgresql://u:secret-word@127.0.0.1:1/x", Unavailable, "FF-535"),
        ("mariadb://u:secret-word@127.0.0.1:1/x", Unavailable, "FF-535"),
        ("sqlite:////nowhere/at/all.db", Unavailable, "FF-535"),
        ("oracle://u:secret-word@127.0.0.1/x", SettingsError, "FF-536"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    url: str, kind: type[Exception], code: str
) -> None:
    register = Register(url, "")
    report = register.connector().check()
    assert not report.ok
    with pytest.raises(kind, match=code) as problem:
        register.deliver()
    assert "secret" not in f"{report} {problem.value} {register.connector().settings!r}"


@pytest.mark.parametrize("family", STARTS)
def test_who_may_not_write_or_get_in_is_told(
    tmp_path: Path, servers: Callable[[str], Server], family: str
) -> None:
    register = a_register(family, tmp_path, servers)
    name = sa.make_url(register.url).database
    user = "reader"
    if family == "postgresql":
        register.do(f"CREATE USER {user}", f"GRANT SELECT ON incidents TO {user}")
    else:
        register.do(f"CREATE USER {user}", f"GRANT SELECT ON {name}.* TO {user}")
    register.url = register.url.replace("formflow@", f"{user}@").replace("root@", f"{user}@")
    with pytest.raises(SettingsError, match="FF-536"):
        register.deliver()
    register.url = register.url.replace(f"{user}@", "nobody:wrong@")
    with pytest.raises(SettingsError, match="FF-536"):
        register.deliver()


def test_a_server_that_is_ended_in_the_middle_waits(
    tmp_path: Path, servers: Callable[[str], Server]
) -> None:
    register = a_register("postgresql", tmp_path, servers)
    connector = register.connector()
    prepared = connector.prepare(a_record())

    def end(connection: sa.Connection, *_: object) -> None:
        pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        register.do(f"SELECT pg_terminate_backend({pid})")

    sa.event.listen(sa.Engine, "before_cursor_execute", once(end))
    with pytest.raises(Unavailable, match="FF-535"):
        connector.deliver(prepared)
    connector.deliver(prepared)
    assert register.rows() == [ROW]


def once(action: Callable[..., None]) -> Callable[..., None]:
    """Return an action that is done the first time alone."""
    done: list[bool] = []

    def first(connection: sa.Connection, *more: object) -> None:
        if not done:
            done.append(True)
            action(connection, *more)

    return first


@pytest.mark.parametrize("url", ["not an address", "http//x", "postgresql://u:p@server:no-port/x"])
def test_an_address_that_is_none_is_told_without_saying_it(url: str) -> None:
    report = Register(url, "").connector().check()
    assert not report.ok
    assert "is no address of a database" in report.lines[0].text
    assert url not in str(report)


def test_the_reference_is_no_column_of_the_map() -> None:
    told = {"url": "env:X", "table": "t", "columns": COLUMNS, "reference_column": "level"}
    with pytest.raises(ValidationError, match="leave it out of columns"):
        SqlTableSettings.model_validate(told)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(
    sqlite: Register, check: Callable[[conformance.Trial], None]
) -> None:
    sqlite.own = {"columns": {"pupil": "{child_a_name}", "what": "{what_happened}"}}
    file = Path(sqlite.url.removeprefix("sqlite:///"))

    def landed() -> list[str]:
        references = [row["reference"] for row in sqlite.rows()]
        return [
            hashlib.sha256(f"{one}|{Operation.RECORD}".encode()).hexdigest() for one in references
        ]

    @contextmanager
    def away() -> Iterator[None]:
        file.rename(file.with_suffix(".away"))
        yield
        file.with_suffix(".away").rename(file)

    settings = sqlite.connector().settings
    check(conformance.Trial(lambda context: SqlTable(settings, context), landed, away, kills=8))
