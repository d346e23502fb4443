"""Monday: thirty forms came over the weekend. What the safeguarding lead sees in her browser, and how she finds her way.

Her keys are counted instead of her seconds: no test goes by a clock. `make pictures` keeps what she sees for docs/.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from formflow.core.settings import Settings
from tests.support import pictures, worker
from tests.support.chromium import PROGRAM, Chromium, chromium
from tests.support.desk import Desk, filled, lying
from tests.support.offices import agency
from tests.support.papers import BLANK
from tests.support.register_pages import draw, pages

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
]
FORENAMES = ("Amara", "Ben", "Chloe", "Dawid", "Erin", "Farah", "Gethin", "Hana", "Isla", "Jakub")
SURNAMES = ("Example", "O’Sample", "Specimen-Test")
FORMS, MOST_BYTES = 30, 300_000
CANNOT_WAIT, HARMFUL, PROBLEMATIC = (3, 17), (8, 21, 26), (5, 12)
SEEN = (
    "Lifted another child’s skirt by the shed and laughed. Stopped when told.",
    "Told a joke about sex at lunch, loudly, three times. The others asked for it to stop.",
    "Pulled trousers down in the changing room and ran around.",
    "Drew body parts on the table and showed them to the others.",
    "Tried to kiss another child in the queue, who turned away.",
)
SIGNED = {"signed_name": "M. Head", "signed_date": "20/11/2026"}


def child(number: int) -> str:
    return f"{FORENAMES[number % 10]} {SURNAMES[number // 10]}"


def form(number: int) -> dict[str, str]:
    """Return what staff typed on one of the forms."""
    answers = {
        "child_a_name": child(number),
        "child_a_dob": f"{number % 28 + 1}/05/{2011 + number % 8}",
        "incident_at": f"{13 + number % 7}/11/2026 at 1.{10 + number}pm",
        "incident_place": "Playground",
        "completed_by": "T. Assistant",
        "type_text": SEEN[number % len(SEEN)],
        "signed_name": "T. Assistant",
        "signed_date": "20/11/2026",
    }
    if number in CANNOT_WAIT:
        answers["urgent_referral"] = "yes"
    if number in CANNOT_WAIT + HARMFUL:
        answers |= {"context_planned": "yes", "context_force": "yes"}
    if number in PROBLEMATIC:
        answers["context_happened_before"] = "yes"
    return answers


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An office into which the forms of a weekend have come."""
    office: Settings = agency(tmp_path_factory.mktemp("monday") / "an agency")
    for number in range(FORMS):
        name = f"form {number:02}.pdf"
        (office.watch[0].folder / name).write_bytes(filled(BLANK, form(number)))
    desk = Desk(office)
    desk.waits()
    draw(office)
    yield desk
    worker.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def address(desk: Desk, name: str) -> str:
    return (desk.office.folders.dsl_register / name).as_uri()


def test_what_cannot_wait_and_what_is_red_is_seen_first_without_scrolling(
    desk: Desk, browser: Chromium
) -> None:
    browser.shows(address(desk, "Today.html"))
    pictures.keep("monday-today", browser.looks_like(1200, 900))
    first = [
        browser.asks(f"document.querySelectorAll('main tbody tr')[{at}].textContent")
        for at in range(len(CANNOT_WAIT + HARMFUL))
    ]
    for rows, numbers in ((first[:2], CANNOT_WAIT), (first[2:], HARMFUL)):
        assert {one for one in map(child, numbers) for row in rows if one in row} == set(
            map(child, numbers)
        )
    assert all("Immediate referral" in row for row in first[:2])
    last = f"document.querySelectorAll('main tbody tr')[{len(first) - 1}]"
    assert browser.asks(f"{last}.getBoundingClientRect().bottom") < 900


def test_every_form_is_there_once_and_the_alerts_lie_in_the_order_of_the_day(desk: Desk) -> None:
    listed = (desk.office.folders.dsl_register / "Cases.html").read_text("utf-8")
    assert [listed.count(f">{child(number)}<") for number in range(FORMS)] == [1] * FORMS
    alerts = sorted(one.name for one in desk.office.folders.alerts.glob("*.html"))
    assert [name.split()[1] for name in alerts[:5]] == ["NOW", "NOW", "RED", "RED", "RED"]
    for name in pages(desk.office):
        assert (desk.office.folders.dsl_register / name).stat().st_size < MOST_BYTES, name


def test_a_child_is_found_by_name_with_two_clicks_and_a_few_letters(
    desk: Desk, browser: Chromium
) -> None:
    browser.shows(address(desk, "Today.html"))
    browser.clicks_on("#find")
    browser.writes("farah o")
    browser.presses("Enter")
    browser.comes_to(address(desk, "Children.html"))
    rows = "[...document.querySelectorAll('tbody tr')].filter((row) => !row.hidden)"
    assert browser.asks(f"{rows}.length") == 1
    pictures.keep("monday-found", browser.looks_like(1200, 420))
    browser.clicks_on("tbody tr:not([hidden]) a")
    browser.comes_to(address(desk, "children/"))
    assert "Farah O’Sample" in browser.asks("document.querySelector('h1').textContent")
    assert SEEN[15 % len(SEEN)][:20] in browser.asks("document.querySelector('main').textContent")


def test_what_she_decided_is_on_the_start_page_when_she_looks_again(
    desk: Desk, browser: Chromium
) -> None:
    browser.shows(address(desk, "Today.html"))
    row = f"[...document.querySelectorAll('main tbody tr')].find((row) => row.textContent.includes('{child(8)}'))"
    assert "Red suggested" in browser.asks(f"{row}.textContent")
    reference = browser.asks(f"{row}.textContent.match(/FF-....-....../)[0]")
    sheet = next(lying(desk.office, f"{reference}* F2 *.pdf"))
    desk.fills_in("F2", sheet, level="harmful", level_reason="Planned, with force.", **SIGNED)
    draw(desk.office)
    assert "Red suggested" in browser.asks(f"{row}.textContent")  # as she has it open
    browser.shows(address(desk, "Today.html"))
    assert "▲ Harmful" in browser.asks(f"{row}.textContent")
    assert "Send referral" in browser.asks(f"{row}.textContent")
    browser.clicks_on(f"a[href*='{reference}']")
    browser.comes_to(address(desk, f"cases/{reference}"))
    assert "Decided: Harmful" in browser.asks("document.querySelector('main').textContent")
    pictures.keep("monday-decided", browser.looks_like(1200, 900))
