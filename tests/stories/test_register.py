"""The safeguarding lead at her register: what she sees after each thing that happens, through real folders."""

from __future__ import annotations

import pytest

from formflow.core.settings import Settings
from tests.stories.test_one_harmful_case import ANSWERED, DECISION, REFERRED
from tests.support.desk import Desk, filled
from tests.support.offices import SAMPLES, drop, formflow, sample
from tests.support.register_pages import draw, links, pages, rows, words

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
CASE = "cases/FF-2026-000001.html"
HER_NAME = {"signed_name": "M. Head", "signed_date": "20/11/2026"}


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


def test_a_new_form_is_on_the_start_page_by_name_with_its_next_step(desk: Desk) -> None:
    desk.gets(GREEN)
    desk.gets(RED)
    draw(desk.office)
    red, green = rows(desk.office, "Today.html")[1], rows(desk.office, "Today.html")[3]
    assert "Seán D’Arcy-Müller" in red
    assert "13" in red
    assert "▲ Red suggested" in red
    assert "Decide the level" in red
    assert "● Green suggested" in green  # comes after it, although it came first
    assert all(link.exists() for page in pages(desk.office) for link in links(desk.office, page))


def test_a_harmful_case_from_form_to_referral_and_the_children_s_chronologies(desk: Desk) -> None:
    desk.gets(RED)
    draw(desk.office)
    assert "Awaiting your decision." in words(desk.office, CASE)
    desk.fills_in("F2", level="harmful", level_reason="Planned, and kept secret.", **HER_NAME)
    draw(desk.office)
    today = words(desk.office, "Today.html")
    assert "▲ Harmful" in today
    assert "Send referral F3a" in today
    case = words(desk.office, CASE)
    assert "Decided: Harmful" in case
    assert "signed M. Head" in case
    assert "FF-2026-000001 r1 F3a" in case  # the sheet to fill in is a link
    desk.fills_in(
        "F3a", sender_name="M. Head", sent_at="20/11/2026 at 2pm", reason="Harmful.", **HER_NAME
    )
    draw(desk.office)
    case = words(desk.office, CASE)
    assert "Referral F3a sent: 20 Nov 2026" in case
    assert "Answer due by" in case
    assert "23 November 2026" in case  # one working day after a Friday
    assert "Not yet" in case
    assert case.index("Form received") < case.index("F3a Referral")
    assert all(link.exists() for link in links(desk.office, CASE))

    # The chronology of the child who was targeted tells nothing of the other.
    by_name = {
        next(
            one for one in ("Seán", "Elżbieta", "Ełżbieta") if one in words(desk.office, page)
        ): page
        for page in pages(desk.office)
        if page.startswith("children/")
    }
    own = words(desk.office, by_name.pop("Seán"))
    ((_, page),) = by_name.items()
    targeted = words(desk.office, page)
    assert "Displayed the behaviour" in own
    assert "[another child] came in" in own  # what happened, without the other's name
    assert "Ełżbieta" not in own
    assert "Referral F3a sent" in own
    assert "Was targeted" in targeted
    assert "Decided: harmful" in targeted
    for confidence in ("Seán", "Müller", "F3a", "sweets", "closed the door"):
        assert confidence not in targeted


def test_what_somebody_has_seen_is_shown_as_seen(desk: Desk) -> None:
    desk.gets(RED)
    draw(desk.office)
    assert rows(desk.office, "Today.html")[-1].endswith("Not yet")
    alert = next(desk.office.folders.alerts.glob("*.html"))
    alert.rename(desk.office.folders.alerts / "Seen" / alert.name)
    desk.waits()
    draw(desk.office)
    assert rows(desk.office, "Today.html")[-1].endswith("Yes")
    assert "Alert about FF-2026-000001 r1 acknowledged" in words(desk.office, CASE)


def test_a_file_that_nobody_could_read_is_among_what_comes_first(desk: Desk) -> None:
    sample = SAMPLES / RED / "form.pdf"
    (desk.office.watch[0].folder / "half.pdf").write_bytes(sample.read_bytes()[:-2000])
    drop(desk.office, GREEN)
    desk.waits()
    draw(desk.office)
    first = rows(desk.office, "Today.html")[1]
    assert first.startswith("Name not given")
    assert "Read the original form" in first


def test_a_case_that_is_ended_leaves_what_waits_and_says_how_it_ended(desk: Desk) -> None:
    desk.gets(RED)
    desk.gets(GREEN)
    draw(desk.office)
    one, two = "FF-2026-000001", "FF-2026-000002"
    said = formflow(desk.office, "case", "close", one, "--reason", "x").stderr
    steps = [line.split()[1] for line in said.splitlines() if "--reason-for" in line]
    left = [word for step in steps for word in ("--reason-for", step, "They moved.")]
    formflow(desk.office, "case", "close", one, "--reason", "Moved to Leeds.", *left)
    formflow(desk.office, "case", "duplicate-of", two, "--of", one, "--reason", "Dropped twice.")
    desk.waits()
    draw(desk.office)
    assert "Decide the level" not in words(desk.office, "Today.html").partition("What came")[0]
    assert "Seán" not in words(desk.office, "Cases.html")
    assert "Seán" in words(desk.office, "Closed cases.html")
    assert f"Duplicate of {one}" in words(desk.office, "Duplicates.html")
    case = words(desk.office, CASE)
    assert "No actions outstanding." in case
    for line in said.splitlines():
        if "--reason-for" in line:
            assert f"{line.partition('“…”')[2].strip()}: They moved." in case
    assert "Moved to Leeds." in case.partition("History")[2]
    children = [words(desk.office, page) for page in pages(desk.office) if "children/" in page]
    assert any(one in page for page in children)
    assert not any(two in page for page in children)
    assert all(link.exists() for page in pages(desk.office) for link in links(desk.office, page))
    formflow(desk.office, "case", "reopen", one, two, "--reason", "They are back.")
    draw(desk.office)
    assert "Decide the level" in words(desk.office, "Today.html")
    assert "Reopened" in words(desk.office, CASE)
    assert any(
        two in words(desk.office, page) for page in pages(desk.office) if "children/" in page
    )


def test_what_is_sent_and_planned_on_next_steps_is_in_the_tables_and_the_figures(
    desk: Desk,
) -> None:
    figures = desk.office.figures.model_copy(update={"small_numbers_below": 1})
    desk.office = desk.office.model_copy(update={"figures": figures})
    desk.gets("short-red-threat-pdfium")
    desk.fills_in("F2", **DECISION)
    desk.fills_in("F8", **REFERRED, plan_b_review_on="11/01/2027")
    draw(desk.office)
    case = words(desk.office, CASE)
    assert case.count("16 November 2026 17 November 2026 Not yet") == 2
    assert "F3a Jowan Trevithick" in case
    assert "F3b Zoë Świątek-O’Connor" in case
    assert "Child Who Was Targeted Zoë Świątek-O’Connor 11/01/2027" in case
    told = words(desk.office, "Figures.html")
    assert "For children who displayed the behaviour 1" in told
    assert "For children who were targeted 1" in told
    desk.fills_in("F8", **ANSWERED, b_answered_date="17/11/2026")
    draw(desk.office)
    case = words(desk.office, CASE)
    assert "17 November 2026 No date given CS-1" in case
    assert "17 November 2026 17 November 2026 Early help instead." in case


def test_a_corrected_form_for_a_closed_case_waits_on_the_start_page_until_it_is_read(
    desk: Desk,
) -> None:
    one = "FF-2026-000001"
    desk.gets(GREEN)
    done = {"level": "healthy", "level_reason": "Play.", "lower_reason": "Play."}
    desk.fills_in("F2", **done, **HER_NAME)
    said = formflow(desk.office, "case", "close", one, "--reason", "Done.").stderr
    steps = [line.split()[1] for line in said.splitlines() if "--reason-for" in line]
    left = [word for step in steps for word in ("--reason-for", step, "Done.")]
    assert formflow(desk.office, "case", "close", one, "--reason", "Done.", *left).returncode == 0
    draw(desk.office)
    told = "Read the new form: it opened a closed case again"
    assert told not in words(desk.office, "Today.html")
    desk.takes(filled(sample(GREEN), {"more_text": "They were laughing."}), "corrected.pdf")
    draw(desk.office)
    assert told in words(desk.office, "Today.html")
    assert f"Reopened ({one} r2): It came when the case was marked “Closed”." in words(
        desk.office, CASE
    )
    formflow(desk.office, "ack", one)
    draw(desk.office)
    assert told not in words(desk.office, "Today.html")
