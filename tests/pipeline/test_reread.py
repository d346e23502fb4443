"""What could not be read is read again: by command, and when the same file is dropped once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from formflow.admin import status
from formflow.cli import run as command
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.model import Light, Outcome
from formflow.core.settings import Settings
from formflow.pipeline import reread
from formflow.pipeline.gate import Gate, tail_gate
from formflow.reading.sandbox import parent
from formflow.storage import database
from tests.pipeline.test_walk import entries
from tests.support import lock, worker
from tests.support.offices import drop, files

RED = "red-planned-secrecy-pdfjs"
CHILD = Path(__file__).parents[1] / "support" / "reading_child.py"


def run(office: Settings, *arguments: str) -> int:
    file = office.state.folder.parent / "formflow.toml"
    return command(["--settings", str(file), *arguments])


@pytest.fixture
def unread(office: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A red form that could not be read (its child died of it, twice); its reference."""
    with monkeypatch.context() as dying:
        dying.setattr(parent, "COMMAND", (str(CHILD), "die"))
        drop(office, RED)
        worker.settle(office)
        worker.context_of(office).cage.close()
    (entry,) = entries(office)
    assert [told.code for told in entry.notices] == ["FF-112"]
    assert entry.outcome is Outcome.UNREADABLE
    return entry.reference


def assert_read(office: Settings, reference: str) -> None:
    """Say that the red form is the next revision of the same record, and nobody waits for the first."""
    first, second = entries(office)
    assert (second.reference, second.revision) == (reference, 2)
    assert second.outcome is Outcome.RECORDED
    assert second.proposal is not None
    assert second.proposal.light is Light.RED
    assert second.sha256 == first.sha256
    waiting = [(one.reference, one.revision) for one in status.overview(office).waiting]
    assert waiting == [(reference, 2)]
    with database.reading(worker.context_of(office).engine) as connection:
        seen = "SELECT acknowledged_by FROM entry ORDER BY revision"
        assert connection.exec_driver_sql(seen).scalars().all() == ["read again", None]
    assert f"1 RED {reference} r2.html" in files(office.folders.alerts)


@pytest.mark.parametrize("how", ["reference", "--code", "--all-unread"])
def test_an_unread_form_is_read_again_by_command(
    office: Settings, unread: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = {"reference": [unread], "--code": [how, "FF-112"]}.get(how, [how])
    assert run(office, "reread", *arguments) == ExitCode.DONE
    assert f"{unread}: will be read again." in capsys.readouterr().err
    assert run(office, "reread", *arguments) == ExitCode.DONE
    assert f"{unread}: waits to be read again already." in capsys.readouterr().err
    worker.settle(office)
    assert_read(office, unread)
    assert run(office, "reread", "--all-unread") == ExitCode.DONE
    assert "Nothing to read again." in capsys.readouterr().err


def test_no_file_is_read_while_the_ledger_is_held(
    office: Settings, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, held = worker.context_of(office), list[bool]()

    def looked_at(path: Path, *, largest: int) -> Gate:
        held.append(is_held())
        return tail_gate(path, largest=largest)

    monkeypatch.setattr("formflow.pipeline.reread.tail_gate", looked_at)
    with lock.watched(bench.engine) as is_held:
        found = reread.read_again(
            bench.engine, bench.vault, bench.trail, utc_now(), 1 << 20, [], None
        )
    assert found == {unread: reread.Became.AGAIN}
    assert held == [False]


def test_dropping_an_unread_form_again_reads_it_again(office: Settings, unread: str) -> None:
    drop(office, RED, "once more.pdf")
    worker.settle(office)
    assert_read(office, unread)
    drop(office, RED, "and again.pdf")
    worker.settle(office)
    assert len(entries(office)) == 2, "now we have it"


def test_what_still_cannot_be_read_is_a_repeat_and_the_receipt_says_so(
    office: Settings, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "COMMAND", (str(CHILD), "die"))
    for name in ("again.pdf", "and again.pdf"):
        drop(office, RED, name)
        worker.settle(office)
    assert [entry.reference for entry in entries(office)] == [unread]
    pages = [
        (office.folders.receipts / name).read_text("utf-8")
        for name in files(office.folders.receipts)
    ]
    assert sum("still cannot read this file" in page for page in pages) == 2
    monkeypatch.undo()
    worker.context_of(office).cage.close()
    assert run(office, "reread", unread) == ExitCode.DONE
    worker.settle(office)
    assert_read(office, unread)


def test_another_reason_is_a_new_revision(
    office: Settings, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "COMMAND", (str(CHILD), "stumble"))
    drop(office, RED, "again.pdf")
    worker.settle(office)
    _, second = entries(office)
    assert (second.reference, second.revision) == (unread, 2)
    assert [told.code for told in second.notices] == ["FF-120"]


def test_reread_says_what_it_cannot_do(
    office: Settings, unread: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(office, "reread") == ExitCode.USAGE
    assert run(office, "reread", unread, "--all-unread") == ExitCode.USAGE
    assert run(office, "reread", "FF-2026-999999") == ExitCode.USAGE
    assert "there is no unread form with this reference" in capsys.readouterr().err
    (original,) = (office.state.folder / "originals").rglob("*.pdf")
    original.unlink()
    assert run(office, "reread", unread) == ExitCode.STORAGE
    assert "its original is missing" in capsys.readouterr().err


def test_what_was_no_file_cannot_be_read_again(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (office.watch[0].folder / "a folder.pdf").mkdir()
    worker.settle(office)
    assert run(office, "reread", "--all-unread") == ExitCode.DONE
    assert "nothing to read" in capsys.readouterr().err


def make_quiet(office: Settings) -> int:
    """Let the half hour pass after which what took too long is read once more; return how many wait for that."""
    with database.writing(worker.context_of(office).engine) as connection:
        waits = "UPDATE task SET due = 0 WHERE kind = 'again' AND state = 0"
        return connection.exec_driver_sql(waits).rowcount


def test_what_took_too_long_is_read_once_more_by_itself_later(
    office: Settings, unread: str
) -> None:
    worker.settle(office)
    assert len(entries(office)) == 1, "not at once"
    (told,) = entries(office)[0].notices
    assert "tries once more by itself in about half an hour" in told.text
    assert make_quiet(office) == 1
    worker.settle(office)
    assert_read(office, unread)
    assert make_quiet(office) == 0


def test_what_takes_too_long_again_is_not_read_a_third_time_and_the_receipt_says_so(
    office: Settings, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "COMMAND", (str(CHILD), "die"))
    make_quiet(office)
    worker.settle(office)
    assert [entry.reference for entry in entries(office)] == [unread]
    pages = [path.read_text("utf-8") for path in office.folders.receipts.glob("*again*.html")]
    assert sum("still cannot read this file" in page for page in pages) == 1
    assert make_quiet(office) == 0


def test_what_a_person_has_had_read_meanwhile_is_let_be(office: Settings, unread: str) -> None:
    assert run(office, "reread", unread) == ExitCode.DONE
    make_quiet(office)
    worker.settle(office)
    assert_read(office, unread)
    assert len(files(office.folders.receipts)) == 2
