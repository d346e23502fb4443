"""One harmful case as the safeguarding lead sees it in her browser: from the alert to the closed case, in six drops.

She opens each sheet by a link on the page before her. `make pictures` keeps what she sees for docs/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.pipeline.test_walk import entries
from tests.stories.test_one_harmful_case import ANSWERED, DECISION, REFERRED, REVIEWED
from tests.support import pictures, worker
from tests.support.chromium import PROGRAM, Chromium, chromium
from tests.support.desk import Desk, filled
from tests.support.offices import agency, sample
from tests.support.register_pages import draw

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
]
FORM, CASE = "short-red-threat-pdfium", "cases/FF-2026-000001.html"
HIM, HER = "Jowan Trevithick", "Zoë Świątek-O’Connor"
REVIEW_DATES = {"plan_a_review_on": "20/11/2026", "plan_b_review_on": "19/11/2026"}
CLOSED = {"case_state": "close", "case_state_reason": "Both plans have ended well."}
LATER = {"attempt_text": "A week later her mother told me of messages that he sent her."}


class Told:
    """What she saw at each moment of the story."""

    def __init__(self, desk: Desk, browser: Chromium) -> None:
        self.desk, self.browser = desk, browser
        self.seen: dict[str, str] = {}
        self.drops = 0

    def sees(self, moment: str, page: str | Path, picture: str = "", part: str = "main") -> None:
        """She opens a page, of the register unless it is a path, goes to a part of it and reads it."""
        draw(self.desk.office)
        self.browser.shows((self.desk.office.folders.dsl_register / page).as_uri())
        if picture:
            self.browser.looks_like(1200, 900)
            self.browser.asks(f"document.querySelector('{part}')?.scrollIntoView()")
            pictures.keep(picture, self.browser.looks_like(1200, 900))
        self.seen[moment] = " ".join(self.browser.asks("document.body.innerText").split())

    def follows(self, words: str) -> Path:
        """Return where the last link of the page before her leads whose text holds these words."""
        links = "[...document.querySelectorAll('main a, body > ol a')]"
        chosen = f"{links}.filter((one) => one.textContent.includes({json.dumps(words)}))"
        return Path(unquote(urlsplit(self.browser.asks(f"{chosen}.pop().href")).path))

    def fills_in(self, code: str, answers: dict[str, str]) -> None:
        """She opens a sheet by its link, fills it in and drops it."""
        self.drops += 1
        self.desk.fills_in(code, self.follows(f" {code} "), **answers)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The whole story, told once."""
    desk = Desk(agency(tmp_path_factory.mktemp("harmful") / "an agency"))
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        told = Told(desk, browser)
        desk.gets(FORM)
        told.drops += 1
        (alert,) = desk.office.folders.alerts.glob("*.html")
        told.sees("alert", alert, "harmful-alert", "body")
        told.sees("came", told.follows("the page of this case"))
        told.fills_in("F2", DECISION)
        told.sees("decided", CASE)
        told.fills_in("F8", REFERRED | REVIEW_DATES)
        told.sees("referred", CASE, "harmful-referred", "#done")
        told.fills_in("F8", ANSWERED)
        told.sees("answered", CASE)
        told.fills_in("F8", REVIEWED)
        told.sees("reviewed", CASE)
        told.fills_in("F2", CLOSED)
        told.sees("closed", CASE)
        told.sees("today", "Today.html")
        for page in desk.office.folders.alerts.glob("*.html"):
            page.rename(page.parent / "Seen" / page.name)  # she drags what she has read
        desk.waits()
        told.sees("seen", "Today.html")
        told.sees("open cases", "Cases.html")
        told.sees("closed cases", "Closed cases.html")
        told.sees("found", told.follows(HIM))
        hers = told.follows(HER)
        told.sees("his chronology", told.follows(HIM), "harmful-chronology")
        told.sees("her chronology", hers)
        desk.takes(filled(sample(FORM), LATER), "the same, corrected.pdf")
        told.sees("today again", "Today.html", "harmful-reopened")
        told.sees("reopened", CASE)
        yield told
    worker.close()


def test_the_alert_says_who_why_and_what_comes_first(told: Told) -> None:
    alert = told.seen["alert"]
    for words in (
        "Suggested level: red (harmful)",
        f"{HIM}, age 13",
        f"{HER}, age 11",
        "pulled her shorts down",
        "Do first Decide the level",
        "There was a threat.",
    ):
        assert words in alert
    assert "Awaiting your decision." in told.seen["came"]


def test_six_drops_lead_from_the_form_to_the_closed_case(told: Told) -> None:
    assert told.drops == 6
    assert len(entries(told.desk.office)) == 7  # and the form that came afterwards
    assert "Refer the child who displayed the behaviour" in told.seen["decided"]
    assert "Refer the child" not in told.seen["referred"]
    assert "No actions outstanding." not in told.seen["answered"]
    assert "No actions outstanding." in told.seen["reviewed"]
    assert f"{HIM} FF-2026-000001 ▲ Harmful Closed." in told.seen["closed"]


def test_both_clocks_and_the_plans_are_on_the_page_when_they_are_on_next_steps(told: Told) -> None:
    referred, answered = told.seen["referred"], told.seen["answered"]
    assert "Referral F3a sent: 16 Nov 2026 Referral F3b sent: 16 Nov 2026" in referred
    assert f"F3a {HIM}" in referred
    assert "16 November 2026 17 November 2026 Not yet F3b" in referred
    assert f"No date given CS-1 F3b {HER}" in answered
    assert f"Child Who Was Targeted {HER} 19/11/2026 F7s" in answered
    assert "20/11/2026 Kept. It ends. F7b" in told.seen["reviewed"]


def test_a_case_that_is_closed_has_left_today_and_stays_with_the_children(told: Told) -> None:
    assert "FF-2026-000001-F2 needs a look" in told.seen["today"]  # until she has read the alert
    assert "needs a look" not in told.seen["seen"]
    assert "Nothing is waiting. New in" in told.seen["seen"]
    assert "Open cases (0)" in told.seen["open cases"]
    assert f"{HIM} 13 ▲ Harmful Closed" in told.seen["closed cases"]
    assert "Closed (FF-2026-000001-F2 r2): Both plans have ended well." in told.seen["found"]
    assert "Referral F3a sent: 16 Nov 2026" in told.seen["his chronology"]
    assert ". Case closed" in told.seen["his chronology"]
    assert "Zoë" not in told.seen["his chronology"]
    assert "Referral F3b sent: 16 Nov 2026" in told.seen["her chronology"]
    assert ". Case closed" in told.seen["her chronology"]
    assert "Jowan" not in told.seen["her chronology"]


def test_a_closed_case_that_gets_a_corrected_form_is_on_today_again(told: Told) -> None:
    today = told.seen["today again"].partition("New in the last 7 days")[0]
    assert f"{HIM} FF-2026-000001" in today
    assert "Read the new form: it opened a closed case again" in today
    assert (
        "Reopened (FF-2026-000001 r2): It came when the case was marked “Closed”."
        in (told.seen["reopened"])
    )
