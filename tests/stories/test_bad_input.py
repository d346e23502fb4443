"""What goes wrong around a case: shares that go away, corrections without end, papers for a case that is closed."""

from __future__ import annotations

import shutil

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.pipeline.test_walk import run
from tests.support.desk import Desk, filled
from tests.support.offices import drop, dsl_folder, files, formflow, register_rows
from tests.support.papers import BLANK
from tests.support.register_pages import draw, rows, words

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
ONE, TWO = "FF-2026-000001", "FF-2026-000002"
CASE = f"cases/{ONE}.html"
ANSWERS = {
    "child_a_name": "Sam Stone",
    "child_a_dob": "11/05/2015",
    "child_b_name": "Tom O’Brien",
    "incident_at": "14/11/2026 at 1pm",
    "completed_by": "P. Nair",
    "type_text": "Version 1.",
    "context_threat": "yes",
}


def test_a_share_that_goes_away_and_comes_back_has_everything_once(office: Settings) -> None:
    desk, share = Desk(office), dsl_folder(office)
    away = share.with_name("away")
    desk.gets(GREEN)
    draw(office)
    share.rename(away)
    drop(office, RED)
    run(office)
    draw(office)
    told = formflow(office, "status")
    assert told.returncode == ExitCode.DESTINATION
    assert "Offline" in told.stdout
    assert "The register is not up to date." in told.stdout

    # The folders are there and empty, as where a share is mounted and is not.
    for folder in (one for one in away.iterdir() if one.is_dir()):
        (share / folder.name).mkdir(parents=True)
    formflow(office, "retry")
    run(office)
    draw(office)
    assert files(share) == []

    shutil.rmtree(share)
    away.rename(share)
    formflow(office, "retry")
    desk.waits()
    draw(office)
    assert register_rows(office) == {f"{ONE} r1": 1, f"{TWO} r1": 1}
    assert len(list(office.folders.alerts.glob(f"*{TWO} r1.html"))) == 1
    assert TWO in words(office, "Today.html")
    assert formflow(office, "verify", "--delivered").returncode == ExitCode.DONE


def test_a_case_with_forty_revisions_is_one_case_everywhere(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANK, ANSWERS | {"child_a_name": ""}), "form.pdf")
    (returned,) = office.folders.needs_attention.glob("*.pdf")
    for number in range(2, 40):
        copy = filled(returned, {"type_text": f"Version {number}."})
        (office.watch[0].folder / f"{number:02}.pdf").write_bytes(copy)
    desk.waits()
    named = ANSWERS | {"type_text": "Version 40."}
    desk.takes(filled(returned, named), "last.pdf")
    draw(office)
    case = words(office, CASE)
    assert "Sam Stone" in case
    assert "Version 40." in case
    assert all(f"({ONE} r{number})" in case for number in range(2, 41))
    assert len(rows(office, "Children.html")) == 3  # the headings, Sam and Tom
    told = formflow(office, "status").stdout
    assert f"{ONE} r40" in told
    assert f"Awaiting a decision (1): {ONE}." in told
    assert formflow(office, "show", ONE).stdout.count("\nreference ") == 39
    assert formflow(office, "verify", "--delivered").returncode == ExitCode.DONE


def test_a_corrected_form_of_a_closed_case_opens_it_and_she_is_told(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANK, ANSWERS | {"child_a_name": ""}), "form.pdf")
    (returned,) = office.folders.needs_attention.glob("*.pdf")
    asked = ("case", "close", ONE, "--reason", "They have moved.")
    refused = formflow(office, *asked).stderr
    steps = [line.split()[1] for line in refused.splitlines() if "--reason-for" in line]
    left = [word for step in steps for word in ("--reason-for", step, "They have moved.")]
    assert formflow(office, *asked, *left).returncode == ExitCode.DONE
    desk.waits()
    draw(office)
    assert ONE not in words(office, "Today.html").partition("What came")[0]
    desk.takes(filled(returned, ANSWERS), "corrected.pdf")
    draw(office)
    assert "Reopened" in words(office, CASE).partition("History")[2]
    assert ONE in words(office, "Today.html").partition("What came")[0]
    (alert,) = office.folders.alerts.glob(f"*{ONE} r2.html")
    assert "was closed" in alert.read_text("utf-8")
    assert "was closed" in formflow(office, "show", ONE).stdout
