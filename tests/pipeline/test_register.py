"""When the register is drawn, what of it, and what happens where something stands in the way."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from formflow.admin import status
from formflow.core import files
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline.pen import drawing
from formflow.pipeline.register import AWAY, IN_USE, MISTAKE
from formflow.rules.case.case import AGES
from formflow.storage import cases, entries
from formflow.storage.database import looking
from tests.documents.test_register import LONG_NAME, MARKUP
from tests.support import services, worker
from tests.support.desk import filled
from tests.support.disks import fill, mounted
from tests.support.offices import drop, formflow, strays
from tests.support.papers import BLANK
from tests.support.register_pages import draw, keeper, pages, redraw, rows, source, words
from tests.support.systems import KILLED
from tests.support.waiting import eventually

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
SECOND = "red-second-incident-itext5-append"  # about the same child as RED
ONE, TWO = "cases/FF-2026-000001.html", "cases/FF-2026-000002.html"


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """Yield a list that gets each statement which a connection is asked for."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


def written(office: Settings) -> dict[str, int]:
    folder = office.folders.dsl_register
    return {name: (folder / name).stat().st_mtime_ns for name in pages(office)}


def test_only_what_has_changed_is_written(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    assert draw(office).cases == 1
    before = written(office)
    assert draw(office).cases == 0
    for name in ("Today.html", "Health.html"):  # they say when they were drawn
        before.pop(name)
    assert before.items() <= written(office).items()
    drop(office, GREEN)
    worker.settle(office)
    assert draw(office).cases == 1
    after = written(office)
    assert after[ONE] == before[ONE]
    assert {TWO, "Cases.html", "Children.html"} <= {
        name for name in after if after[name] != before.get(name)
    }


def test_a_register_that_remembers_writes_nothing_where_nothing_came(office: Settings) -> None:
    drop(office, GREEN)
    worker.settle(office)
    register = keeper(office)
    assert register.draw(utc_now()).pages > 0
    assert register.draw(utc_now()).pages == 0
    later = utc_now() + timedelta(minutes=20)
    assert register.draw(later).pages == 2  # the start page and the health say when they were drawn


def test_a_second_incident_draws_the_first_case_of_that_child_too(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    draw(office)
    drop(office, SECOND)
    worker.settle(office)
    assert draw(office).cases == 2
    with looking(office.state.folder) as connection:
        every = list(cases.whole(connection, cases.every(connection), office.zone, AGES))
        each = [entries.case(connection, one.case.record.reference, office.zone) for one in every]
    assert [one.case for one in every] == [replace(one, near=()) for one in each if one]
    (child,) = (
        name
        for name in pages(office)
        if "FF-2026-000002" in source(office, name)
        and "children/" in name
        and "Displayed" in words(office, name)
    )
    assert len(rows(office, child)) >= 3
    assert words(office, child).count("Displayed the behaviour") == 2


def test_cases_that_are_read_together_share_what_came_before(office: Settings) -> None:
    """A hundred cases of one child must not hold a hundred histories of a hundred incidents."""
    for number in range(3):
        answers = {"child_a_name": "Sam Two", "child_a_dob": "1/5/2015", "type_text": "Ran."}
        answers["incident_at"] = f"1{number}/11/2026 at 9am"
        (office.watch[0].folder / f"{number}.pdf").write_bytes(filled(BLANK, answers))
    worker.settle(office)
    with looking(office.state.folder) as connection:
        every = list(cases.whole(connection, cases.every(connection), office.zone, AGES))
    earlier = [one for whole in every for one in whole.case.history.earlier]
    assert len(earlier) == 6
    assert len({id(one) for one in earlier}) == 3


def test_a_case_of_another_child_with_the_same_one_targeted_is_not_drawn_again(
    office: Settings,
) -> None:
    """No page of a case tells of other cases in which its child was targeted: the child's own page does."""
    register = keeper(office)
    for number, name in enumerate(("Ash Marlow", "Rowan Tye", "Kit Larch")):
        answers = {"child_a_name": name, "child_a_dob": f"{number + 1}/5/2015", "type_text": "Ran."}
        answers |= {"child_b_name": "Robin Fell", "child_b_dob": "7/8/2016"}
        (office.watch[0].folder / f"{number}.pdf").write_bytes(filled(BLANK, answers))
        worker.settle(office)
        assert register.draw(utc_now()).cases == 1
    texts = {name: source(office, name) for name in pages(office) if "/" in name}
    assert register.draw(utc_now(), everything=True).cases == 3
    assert {name: source(office, name) for name in texts} == texts
    assert any(
        text.count("Robin Fell") and text.count("FF-2026-00000") >= 3 for text in texts.values()
    )


def test_who_is_near_is_read_once_and_not_once_for_each(office: Settings) -> None:
    """Where many children are near each other, no case holds the cases of all others, nor asks for them one by one."""
    asked: list[int] = []
    for number, name in enumerate(("Ash Marlow", "Ash Marlov", "Ash Marlowe", "Ash Marlows")):
        answers = {"child_a_name": name, "child_a_dob": "1/5/2015", "type_text": "Ran."}
        (office.watch[0].folder / f"{number}.pdf").write_bytes(filled(BLANK, answers))
        worker.settle(office)
        with looking(office.state.folder) as connection, counted(connection) as statements:
            (one,) = cases.whole(connection, ["FF-2026-000001"], office.zone, AGES)
        assert len(one.near) == number
        asked.append(len(statements))
    assert asked[1] == asked[2] == asked[3]
    with looking(office.state.folder) as connection:
        every = list(cases.whole(connection, cases.every(connection), office.zone, AGES))
    told = [record for one in every for _, records in one.near for record in records]
    assert len(told) == 12
    assert len({id(record) for record in told}) == 4


def test_a_new_day_says_what_is_overdue_although_nothing_came(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    register = keeper(office)
    register.draw(utc_now())
    assert "Overdue" not in words(office, "Today.html")
    drawn = register.draw(utc_now() + timedelta(days=8))
    assert drawn.cases == 1
    assert "Overdue since" in rows(office, "Today.html")[1]
    assert "Overdue since" in words(office, ONE)


def test_names_as_they_come_are_shown_as_names(office: Settings) -> None:
    for number, name in enumerate(("", LONG_NAME, MARKUP, MARKUP)):
        answers = {"child_a_name": name, "child_a_dob": f"1{number}/05/2015", "type_text": "Ran."}
        (office.watch[0].folder / f"{number}.pdf").write_bytes(
            filled(BLANK, {box: said for box, said in answers.items() if said})
        )
    worker.settle(office)
    draw(office)
    everywhere = "".join(source(office, name) for name in pages(office))
    assert "<script>alert" not in everywhere
    listed = words(office, "Children.html")
    assert LONG_NAME in listed
    assert listed.count(MARKUP.replace("  ", " ")) == 2
    assert "Name not given" in listed
    for born in ("11 May 2015", "12 May 2015", "13 May 2015"):
        assert born in listed


def test_a_kill_in_the_middle_is_put_right_the_next_time(office: Settings) -> None:
    drop(office, RED)
    killed = formflow(office, "run", "--once", crash_at="register.before-page:4")
    assert killed.returncode == KILLED, killed.stderr
    assert formflow(office, "run", "--once").returncode == ExitCode.DONE
    assert "Seán D’Arcy-Müller" in words(office, "Today.html")
    assert "Seán D’Arcy-Müller" in words(office, ONE)
    before = {name: source(office, name) for name in pages(office)}
    redraw(office)
    assert {name: source(office, name) for name in before if "drawn" not in before[name]} == {
        name: page for name, page in before.items() if "drawn" not in page
    }
    assert not strays(office.folders.dsl_register)


def test_every_page_is_durable_before_the_drawing_counts(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(office, RED)
    killed = formflow(office, "run", "--once", crash_at="register.before-page:4")
    assert killed.returncode == KILLED, killed.stderr
    synced, fsync = list[int](), os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        synced.append(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    assert draw(office).pages > 5
    kept = synced.index((office.state.folder / "register.json").stat().st_ino)
    of_pages = {(office.folders.dsl_register / name).stat().st_ino for name in pages(office)}
    # Those of the killed drawing, too: they are there just so, and nobody had made them durable.
    assert of_pages <= set(synced[:kept])


def test_a_page_that_a_kill_left_unfinished_is_taken_away_with_the_next_start(
    office: Settings,
) -> None:
    drop(office, RED)
    worker.settle(office)
    redraw(office)
    for folder in ("", "cases", "children", "look"):
        (office.folders.dsl_register / folder / ".formflow-0123456789abcdef.tmp").write_bytes(b"<")
    redraw(office)
    assert not strays(office.folders.dsl_register)


def test_a_share_that_is_away_is_told_and_the_register_comes_back(office: Settings) -> None:
    folder = office.folders.dsl_register
    away = folder.with_name("away")
    drop(office, RED)
    worker.settle(office)
    draw(office)
    folder.rename(away)
    folder.mkdir()  # an empty folder in place of the share
    drop(office, GREEN)
    worker.settle(office)
    assert draw(office).trouble == AWAY
    assert not list(folder.iterdir())  # no name is written there
    view = status.overview(office)
    assert view.register == AWAY
    assert "(FF-630)" in status.as_text(view, office)
    folder.rmdir()
    away.rename(folder)
    assert draw(office).trouble == ""
    assert status.overview(office).register == ""
    assert (folder / TWO).exists()


def test_a_share_that_goes_away_in_the_middle_is_told_and_nothing_is_missing_afterwards(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = office.folders.dsl_register
    away = folder.with_name("away")
    drop(office, RED)
    worker.settle(office)
    draw(office)
    drop(office, GREEN)
    worker.settle(office)
    write, written = files.write_for_now, list[Path]()

    def goes_away(final: Path, content: bytes) -> None:
        write(final, content)
        if folder in final.parents:
            written.append(final)
            if len(written) == 3:
                folder.rename(away)

    monkeypatch.setattr(files, "write_for_now", goes_away)
    assert draw(office).trouble == AWAY
    assert not folder.exists()  # nothing with a name is written where the share was
    monkeypatch.undo()
    away.rename(folder)
    assert draw(office).trouble == ""
    there = {name: source(office, name) for name in pages(office)}
    redraw(office)
    assert {name: source(office, name) for name in pages(office) if "drawn" not in there[name]} == {
        name: page for name, page in there.items() if "drawn" not in page
    }


def test_a_register_that_is_gone_is_made_again_where_the_share_is_there(office: Settings) -> None:
    folder = office.folders.dsl_register
    drop(office, RED)
    worker.settle(office)
    draw(office)
    folder.rename(folder.with_name("old"))
    assert draw(office).pages > 5
    assert (folder / ONE).exists()


def test_a_page_that_another_program_holds_is_written_later(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(office, RED)
    worker.settle(office)
    write = files.write_for_now

    def held(final: Path, content: bytes) -> None:
        if final.name == Path(ONE).name:
            raise PermissionError(13, "held")
        write(final, content)

    monkeypatch.setattr(files, "write_for_now", held)
    assert draw(office).trouble == IN_USE
    assert "Seán" in words(office, "Today.html")
    assert status.overview(office).register == IN_USE
    monkeypatch.undo()
    assert draw(office).trouble == ""
    assert (office.folders.dsl_register / ONE).exists()


def test_a_mistake_of_ours_ends_nothing_and_is_told(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(office, RED)
    monkeypatch.setattr("formflow.documents.register.today.today_page", lambda *_: 1 / 0)
    assert formflow(office, "run", "--once").returncode == ExitCode.DONE
    assert status.overview(office).register == MISTAKE


def test_a_full_state_folder_does_not_end_the_drawing(office: Settings) -> None:
    with mounted(office.state.folder, 16):
        drop(office, RED)
        worker.settle(office)
        filler = fill(office.state.folder)
        assert draw(office).trouble  # which cannot even be noted
        with drawing(worker.context_of(office)) as pen:
            with pen.waits():
                pass
            filler.unlink()
            drop(office, GREEN)
            worker.settle(office)
            with pen.waits():
                pass
            eventually((office.folders.dsl_register / TWO).exists)


def test_the_command_draws_everything_and_says_where_to_start(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    done = formflow(office, "register", "--rebuild")
    assert done.returncode == ExitCode.DONE
    assert str(office.folders.dsl_register / "Today.html") in done.stderr
    assert "Seán D’Arcy-Müller" in words(office, "Today.html")


def test_the_service_draws_after_a_turn(office: Settings) -> None:
    command = ("--settings", str(office.state.folder.parent / "formflow.toml"), "run")
    page = office.folders.dsl_register / ONE
    with services.start(command, stderr=subprocess.PIPE) as service:
        drop(office, RED)
        eventually(page.exists)
        eventually(lambda: "original" in page.read_text("utf-8"))  # once it is filed
        services.stop(service)
        service.communicate()
    assert service.returncode == ExitCode.DONE
    assert "Seán D’Arcy-Müller" in words(office, "Today.html")


def test_a_ledger_of_yesterday_that_was_put_back_is_what_the_register_shows(
    office: Settings,
) -> None:
    drop(office, RED)
    worker.settle(office)
    worker.close()
    ledger = office.state.folder / "ledger.sqlite"
    yesterday = ledger.read_bytes()
    drop(office, GREEN)
    worker.settle(office)
    draw(office)
    assert TWO in pages(office)
    worker.close()
    ledger.write_bytes(yesterday)
    draw(office)
    assert ONE in pages(office)
    assert TWO in pages(office)  # it may be the last trace of that form; nothing leads to it
    assert "FF-2026-000002" not in words(office, "Today.html") + words(office, "Cases.html")
