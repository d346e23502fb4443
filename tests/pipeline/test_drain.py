"""Whatever goes wrong inside, the paper reaches a person and the next one is taken."""

from __future__ import annotations

from typing import Any

import pytest

from formflow.admin import status
from formflow.core.model import Outcome
from formflow.core.settings import Settings
from formflow.pipeline import service, walk
from formflow.storage import database
from tests.pipeline.test_walk import entries
from tests.support import worker
from tests.support.offices import drop, files

ONE, OTHER = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"


def test_a_paper_that_no_rule_can_assess_goes_to_a_person_and_the_next_is_taken(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = walk.walk

    def stumbles(context: Any, paper: Any, now: Any) -> Any:
        if paper.file_name == "1.pdf":
            raise ValueError("Alex Example")  # a mistake of ours, with a name in its message
        return walked(context, paper, now)

    monkeypatch.setattr(walk, "walk", stumbles)
    drop(office, ONE, "1.pdf")
    drop(office, OTHER, "2.pdf")
    worker.settle(office)
    second, first = entries(office)
    assert [found.code for found in first.notices] == ["FF-120"]
    assert first.outcome is Outcome.UNREADABLE
    assert second.outcome is Outcome.RECORDED
    assert any(first.reference in name for name in files(office.folders.alerts))


def test_a_mistake_that_does_not_come_again_costs_a_paper_nothing(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked, seen = walk.walk, []

    def stumbles_once(*arguments: Any) -> Any:
        seen.append(arguments)
        if len(seen) == 1:
            raise ValueError("Alex Example")
        return walked(*arguments)

    monkeypatch.setattr(walk, "walk", stumbles_once)
    drop(office, ONE)
    worker.settle(office)
    assert [entry.outcome for entry in entries(office)] == [Outcome.RECORDED]


def test_a_mistake_while_recording_keeps_the_paper_waiting_and_says_so(
    office: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumbles(*_arguments: Any, **_more: Any) -> Any:
        raise RuntimeError("Alex Example")

    monkeypatch.setattr(walk, "record", stumbles)
    monkeypatch.setattr(walk, "SOON_SECONDS", -1.0)
    drop(office, ONE)
    worker.settle(office)
    assert entries(office) == []
    assert status.overview(office).papers_unread == 1
    assert "RuntimeError" in caplog.text
    assert "Alex Example" not in caplog.text
    monkeypatch.undo()
    with database.writing(worker.context_of(office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0")
    worker.settle(office)
    (entry,) = entries(office)
    assert entry.outcome is Outcome.RECORDED


def test_that_a_paper_was_claimed_often_says_nothing_about_it(office: Settings) -> None:
    drop(office, ONE)
    context = worker.context_of(office)
    with database.writing(context.engine) as connection:  # as many kills leave it
        connection.exec_driver_sql(
            "CREATE TRIGGER tried AFTER INSERT ON task WHEN NEW.kind = 'read'"
            " BEGIN UPDATE task SET attempts = 9 WHERE id = NEW.id; END"
        )
    worker.settle(office)
    assert [entry.outcome for entry in entries(office)] == [Outcome.RECORDED]


def test_a_turn_that_fails_does_not_end_the_service(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []

    def fails(*_arguments: Any, **_more: Any) -> Any:
        turns.append(1)
        if len(turns) == 3:
            context.stop()
        raise OSError(28, "No space left on device")

    class Bell:
        """A watcher that rings at once."""

        def start(self) -> None:
            """Nothing to start."""

        def stop(self) -> None:
            """Nothing to stop."""

        def wait(self, _seconds: float) -> bool:
            """Ring."""
            return True

    context = worker.context_of(office)
    monkeypatch.setattr(service, "turn", fails)
    service.serve(context, Bell())  # type: ignore[arg-type]
    assert len(turns) == 3
